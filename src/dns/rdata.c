// SPDX-License-Identifier: Apache-2.0
#include "rdata.h"

#include "dns/message.h"
#include "dns/record.h"

// --- one name --------------------------------------------------------------

// Pointers of one name. The longest chains come of aliases that each have a
// label more than the one before, of which resolvers follow 17 at most. A name
// with more is taken for an attack: it bounds the work that a message of many
// such names makes, to some milliseconds for one of 64 KiB.
enum { HOPS_MAX = 32 };

// A name that is being read. A run is what stands between two pointers.
struct course {
    size_t at;
    size_t run;
    unsigned hops;
    size_t in_place; // octets where it stands; 0: its end was not seen yet
};

// RFC 1035 4.1.4: to a prior name. Each leads before the run it ends, so none
// leads back to where it came from.
static bool follow(struct span msg, size_t start, struct course *c)
{
    if (msg.n - c->at < 2)
        return false;
    const size_t target =
        bytes_load_u16(msg.p + c->at) & (DNS_POINTER_LIMIT - 1u);
    if (target < DNS_HEADER || target >= c->run || ++c->hops > HOPS_MAX)
        return false;
    if (!c->in_place)
        c->in_place = c->at + 2 - start;
    c->at = c->run = target;
    return true;
}

size_t rdata_name(struct span msg, size_t at, struct dns_name *out)
{
    struct course c = {.at = at, .run = at};
    uint8_t wire[DNS_NAME_MAX];
    size_t octets = 0;
    unsigned n;

    do {
        if (c.at >= msg.n)
            return 0;
        n = msg.p[c.at];
        if (n >= DNS_POINTER >> 8) {
            if (!follow(msg, at, &c))
                return 0;
            continue;
        }
        // RFC 6891 5: the label types between are no more
        if (n > DNS_LABEL_MAX || msg.n - c.at <= n ||
            octets + n + 1 > sizeof wire)
            return 0;
        memcpy(wire + octets, msg.p + c.at, n + 1u);
        octets += n + 1u;
        c.at += n + 1u;
    } while (n > 0);
    if (out) {
        out->n = (uint8_t)octets;
        memcpy(out->wire, wire, octets);
    }
    return c.in_place ? c.in_place : c.at - at;
}

// --- names in RDATA --------------------------------------------------------

enum { REST_ANY = UINT8_MAX };

// Octets, character strings (RFC 1035 3.3), names, and what stands behind them.
struct layout {
    uint16_t type;
    uint8_t skip;
    uint8_t strings;
    uint8_t names;
    uint8_t rest; // octets, or REST_ANY
};

/*
 * Types whose names may come compressed: those of RFC 1035, and those that RFC
 * 3597 4 has receivers decompress, since senders once did so. DNAME and KX are
 * younger than some of these senders, and so are taken the same way.
 */
static const struct layout layouts[] = {
    {DNS_TYPE_NS, 0, 0, 1, 0},
    {3, 0, 0, 1, 0}, // MD
    {4, 0, 0, 1, 0}, // MF
    {DNS_TYPE_CNAME, 0, 0, 1, 0},
    {DNS_TYPE_SOA, 0, 0, 2, 5 * 4},
    {7, 0, 0, 1, 0}, // MB
    {8, 0, 0, 1, 0}, // MG
    {9, 0, 0, 1, 0}, // MR
    {DNS_TYPE_PTR, 0, 0, 1, 0},
    {14, 0, 0, 2, 0},         // MINFO
    {15, 2, 0, 1, 0},         // MX
    {17, 0, 0, 2, 0},         // RP (RFC 1183 2.2)
    {18, 2, 0, 1, 0},         // AFSDB (RFC 1183 1)
    {21, 2, 0, 1, 0},         // RT (RFC 1183 3.3)
    {24, 18, 0, 1, REST_ANY}, // SIG (RFC 2535 4.1)
    {26, 2, 0, 2, 0},         // PX (RFC 2163 4)
    {30, 0, 0, 1, REST_ANY},  // NXT (RFC 2535 5.2)
    {DNS_TYPE_SRV, 6, 0, 1, 0},
    {35, 4, 3, 1, 0}, // NAPTR (RFC 3403 4.1)
    {36, 2, 0, 1, 0}, // KX (RFC 2230 3.1)
    {39, 0, 0, 1, 0}, // DNAME (RFC 6672 2.1)
};

static const struct layout *layout_of(uint16_t type)
{
    for (size_t i = 0; i < ORD_COUNT(layouts); i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return NULL;
}

bool rdata_find_names(struct span msg, uint16_t type, size_t at, size_t n,
                      struct rdata_names *out)
{
    const struct layout *layout = layout_of(type);

    out->n = 0;
    if (!layout)
        return true;
    struct bytes_in in = bytes_in_of(span_of(msg.p + at, n));
    (void)bytes_in_take(&in, layout->skip);
    for (unsigned i = 0; i < layout->strings; i++)
        (void)bytes_in_take(&in, bytes_in_u8(&in));
    while (bytes_in_ok(&in) && out->n < layout->names) {
        const size_t name_at = (size_t)(in.at - msg.p);
        const size_t name_n = rdata_name(msg, name_at, NULL);
        if (name_n == 0)
            return false;
        out->at[out->n++] = name_at;
        (void)bytes_in_take(&in, name_n);
    }
    return bytes_in_ok(&in) &&
           (layout->rest == REST_ANY || bytes_in_left(&in) == layout->rest);
}
