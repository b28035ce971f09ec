// SPDX-License-Identifier: Apache-2.0
#include "peers_read.h"

#include "dns/record.h"

#include <stdio.h>
#include <string.h>

enum { SRV_PORT_AT = 4, SRV_TARGET_AT = 6 }; // in RDATA (RFC 2782)

// --- addresses -------------------------------------------------------------

static bool read_address(const struct dns_reply_record *record,
                         struct address *out)
{
    const uint8_t family =
        record->type == DNS_TYPE_A ? FAMILY_IPV4 : FAMILY_IPV6;

    if ((record->type != DNS_TYPE_A && record->type != DNS_TYPE_AAAA) ||
        record->class != DNS_CLASS_IN || record->rdata.n != family_size(family))
        return false;
    *out = (struct address){.family = family};
    memcpy(out->octets, record->rdata.p, record->rdata.n);
    return true;
}

void peers_read_addresses(const struct dns_reply *r,
                          void (*visit)(void *context, const struct address *a),
                          void *context)
{
    struct dns_reply_record record;
    struct address a;

    for (size_t at = 0; dns_reply_next(r, &at, &record);)
        if (record.section == DNS_ANSWER && read_address(&record, &a))
            visit(context, &a);
}

// --- SRV -------------------------------------------------------------------

static void add_targets(const struct dns_reply *r, struct peers *p)
{
    struct dns_reply_record record;
    struct dns_name target;

    for (size_t at = 0; dns_reply_next(r, &at, &record);) {
        if (record.section != DNS_ANSWER || record.type != DNS_TYPE_SRV ||
            record.class != DNS_CLASS_IN || record.rdata.n <= SRV_TARGET_AT ||
            !dns_reply_rdata_name(r, &record, SRV_TARGET_AT, &target))
            continue;
        // RFC 2782: a target of "." says that there is no such service
        if (target.n > 1)
            peers_add_port(p, peers_add_name(p, &target),
                           bytes_load_u16(record.rdata.p + SRV_PORT_AT), "",
                           "");
    }
}

// An address in the answer is of a target as well where that is an alias's end.
static void add_addresses(const struct dns_reply *r, struct peers *p)
{
    struct dns_reply_record record;
    struct address a;

    for (size_t at = 0; dns_reply_next(r, &at, &record);)
        if (record.section != DNS_AUTHORITY && read_address(&record, &a))
            peers_add_address(p, peers_find_name(p, &record.owner), &a);
}

size_t peers_read_srv(const struct dns_reply *r, struct peers *p,
                      size_t *lacking)
{
    add_targets(r, p);
    peers_unite(p);
    add_addresses(r, p);
    *lacking = 0;
    for (size_t i = 0; i < p->n; i++)
        *lacking += p->items[i].addresses_n == 0;
    return p->n;
}

// --- PTR -------------------------------------------------------------------

static bool is_below(const struct dns_name *name, const struct dns_name *base)
{
    size_t at = 0;

    while (name->n - at > base->n)
        at += name->wire[at] + 1u;
    return at > 0 && name->n - at == base->n &&
           memcmp(name->wire + at, base->wire, base->n) == 0;
}

// Whether x is to be preferred.
static bool is_better(const struct dns_name *x, const struct dns_name *y,
                      const struct dns_name *base)
{
    const bool x_below = is_below(x, base), y_below = is_below(y, base);

    if (x_below != y_below)
        return x_below;
    const int c = memcmp(x->wire, y->wire, x->n < y->n ? x->n : y->n);
    return c ? c < 0 : x->n < y->n;
}

bool peers_read_ptr(const struct dns_reply *r, const struct dns_name *base,
                    struct dns_name *out)
{
    struct dns_reply_record record;
    struct dns_name name;
    bool found = false;

    for (size_t at = 0; dns_reply_next(r, &at, &record);) {
        if (record.section != DNS_ANSWER || record.type != DNS_TYPE_PTR ||
            record.class != DNS_CLASS_IN ||
            !dns_reply_rdata_name(r, &record, 0, &name) || name.n <= 1)
            continue;
        dns_name_fold(&name);
        if (!found || is_better(&name, out, base))
            *out = name;
        found = true;
    }
    return found;
}

// --- why not ---------------------------------------------------------------

bool peers_is_sure(const struct dns_reply *r)
{
    return r->rcode == DNS_RCODE_NOERROR || r->rcode == DNS_RCODE_NXDOMAIN;
}

static const char *rcode_text(uint16_t rcode, char out[16])
{
    static const char *const names[] = {
        [DNS_RCODE_NOERROR] = "no such records",
        [DNS_RCODE_FORMERR] = "FORMERR",
        [DNS_RCODE_SERVFAIL] = "SERVFAIL",
        [DNS_RCODE_NXDOMAIN] = "NXDOMAIN",
        [DNS_RCODE_NOTIMP] = "NOTIMP",
        [DNS_RCODE_REFUSED] = "REFUSED",
    };

    if (rcode < ORD_COUNT(names))
        return names[rcode];
    (void)snprintf(out, 16, "RCODE %u", rcode);
    return out;
}

void peers_reason(const struct dns_reply *r, struct error *err)
{
    char rcode[16], text[256];
    struct span why;
    uint16_t code;

    (void)error_set(err, 0, "%s", rcode_text(r->rcode, rcode));
    if (!dns_reply_error(r, &code, &why))
        return;
    // whoever sent it: one line on a terminal
    const size_t n = why.n < sizeof text - 1 ? why.n : sizeof text - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = why.p[i] < ' ' || why.p[i] == 0x7f ? '?' : (char)why.p[i];
    text[n] = '\0';
    if (n)
        (void)error_set(err, 0, "%s: %s", rcode_text(r->rcode, rcode), text);
    else
        (void)error_set(err, 0, "%s, extended error %u",
                        rcode_text(r->rcode, rcode), code);
}
