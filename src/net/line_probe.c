// SPDX-License-Identifier: Apache-2.0
#include "line_probe.h"

#include "dns/message.h"

#include <assert.h>
#include <string.h>

enum {
    LABEL = 16, // octets of each label of a name
    NAME = 2 * (1 + LABEL) + 1,
    TYPE_HINFO = 13,
    TYPE_TXT = 16,
    CLASS_IN = 1,
    CLASS_CHAOS = 3,
};

static void put_label(uint8_t *out, uint64_t label)
{
    out[0] = LABEL;
    for (int i = LABEL; i > 0; i--, label >>= 4)
        out[i] = (uint8_t) "0123456789abcdef"[label & 15];
}

static bool get_label(const uint8_t *in, uint64_t *out)
{
    uint64_t label = 0;

    if (in[0] != LABEL)
        return false;
    for (int i = 1; i <= LABEL; i++) {
        const uint8_t c = in[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f'))
            return false;
        label = label << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
    }
    *out = label;
    return true;
}

static size_t put_query(uint8_t *out, struct span name, uint16_t type,
                        uint16_t class)
{
    uint8_t *const behind = out + DNS_HEADER + name.n;

    assert(DNS_HEADER + name.n + 4 <= LINE_PROBE_MAX);
    memset(out, 0, DNS_HEADER);
    bytes_store_u16(out + 2, DNS_FLAG_RD);
    bytes_store_u16(out + 4, 1); // QDCOUNT
    memcpy(out + DNS_HEADER, name.p, name.n);
    bytes_store_u16(behind, type);
    bytes_store_u16(behind + 2, class);
    return DNS_HEADER + name.n + 4;
}

size_t line_probe_named(uint8_t out[LINE_PROBE_MAX], struct upstream_name name)
{
    uint8_t wire[NAME];

    put_label(wire, name.labels[0]);
    put_label(wire + 1 + LABEL, name.labels[1]);
    wire[NAME - 1] = 0;
    return put_query(out, span_of(wire, NAME), TYPE_HINFO, CLASS_IN);
}

size_t line_probe_self(uint8_t out[LINE_PROBE_MAX])
{
    static const uint8_t name[] = "\x02id\x06server"; // and the root

    return put_query(out, span_of(name, sizeof name), TYPE_TXT, CLASS_CHAOS);
}

bool line_probe_read(struct span question, struct upstream_name *out)
{
    struct upstream_name name;

    if (question.n != NAME + 4 || question.p[NAME - 1] != 0 ||
        bytes_load_u16(question.p + NAME) != TYPE_HINFO ||
        bytes_load_u16(question.p + NAME + 2) != CLASS_IN ||
        !get_label(question.p, &name.labels[0]) ||
        !get_label(question.p + 1 + LABEL, &name.labels[1]))
        return false;
    *out = name;
    return true;
}
