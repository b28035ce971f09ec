// SPDX-License-Identifier: Apache-2.0
#include "dns/arpa.h"

#include "dns/label.h"

// An octet in decimal, as the reverse tree has it: no leading zero.
static bool parse_octet(const uint8_t *label, uint8_t *out)
{
    unsigned value = 0;
    if (label[0] > 3 || (label[0] > 1 && label[1] == '0'))
        return false;
    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] < '0' || label[i] > '9')
            return false;
        value = 10 * value + (label[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= 255;
}

static bool parse_nibble(const uint8_t *label, unsigned *out)
{
    uint8_t c = label[1];
    if (label[0] != 1)
        return false;
    if (c >= '0' && c <= '9')
        *out = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (unsigned)(c - 'a' + 10);
    else
        return false;
    return true;
}

bool dns_arpa_parse(const struct dns_query *q, struct address *a,
                    unsigned *bits)
{
    // "arpa" and the label before it belong to the origin's name
    unsigned labels = q->labels - 2u;
    bool v4 = label_is(label_at(q, labels), "\7in-addr");

    *a = (struct address){.family = v4 ? FAMILY_IPV4 : FAMILY_IPV6};
    *bits = labels * (v4 ? 8 : 4);
    if (*bits > (v4 ? 32 : 128))
        return false;
    for (unsigned i = 0; i < labels; i++) {
        const uint8_t *label = label_at(q, labels - 1 - i);
        unsigned nibble;
        if (v4) {
            if (!parse_octet(label, &a->octets[i]))
                return false;
            continue;
        }
        if (!parse_nibble(label, &nibble))
            return false;
        a->octets[i / 2] |= (uint8_t)(i % 2 ? nibble : nibble << 4);
    }
    return true;
}
