// SPDX-License-Identifier: Apache-2.0
#include "dump_names.h"

#include "dns/arpa.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void dump_names_init(struct dump_names *names)
{
    *names = (struct dump_names){0};
    arena_init(&names->arena, SIZE_MAX);
}

void dump_names_release(struct dump_names *names)
{
    free(names->items);
    arena_release(&names->arena);
    dump_names_init(names);
}

static int grow(struct dump_names *names)
{
    const size_t room = names->room ? 2 * names->room : 16;
    struct dump_name *items =
        reallocarray(names->items, room, sizeof *names->items);
    if (!items)
        return -ENOMEM;
    names->items = items;
    names->room = room;
    return 0;
}

// labels: n octets of wire form without a root label, the left-most first
static int add(struct dump_names *names, const uint8_t *labels, size_t n,
               const struct zone_block *block)
{
    // too long for a name, whatever the base
    if (n >= DNS_NAME_MAX)
        return 0;
    if (names->n == names->room && grow(names))
        return -ENOMEM;
    uint8_t *reversed = arena_bytes(&names->arena, n);
    if (!reversed)
        return -ENOMEM;
    size_t to = n;
    for (size_t at = 0; at < n; at += label_size(labels + at)) {
        to -= label_size(labels + at);
        memcpy(reversed + to, labels + at, label_size(labels + at));
    }
    names->items[names->n++] =
        (struct dump_name){.labels = reversed, .block = block, .n = (uint8_t)n};
    return 0;
}

static int add_text(struct dump_names *names, const char *wire)
{
    return add(names, (const uint8_t *)wire, strlen(wire), NULL);
}

// --- order -----------------------------------------------------------------

// RFC 4034 6.1: label by label from the right, as octets; what ends first comes
// first. All is lower case here.
static int compare(const void *a, const void *b)
{
    const struct dump_name *x = a, *y = b;
    size_t at = 0;

    while (at < x->n && at < y->n) {
        const uint8_t *p = x->labels + at, *q = y->labels + at;
        const int c = memcmp(p + 1, q + 1, p[0] < q[0] ? p[0] : q[0]);
        if (c)
            return c;
        if (p[0] != q[0])
            return p[0] < q[0] ? -1 : 1;
        at += label_size(p);
    }
    return (int)x->n - (int)y->n;
}

static void sort(struct dump_names *names)
{
    if (names->n)
        qsort(names->items, names->n, sizeof *names->items, compare);
}

// --- the domain ------------------------------------------------------------

static int add_service(struct dump_names *names, const struct zone_slot *slot)
{
    static const uint8_t svc[] = "\3svc";
    uint8_t labels[SLOT_KEY_MAX + sizeof svc - 1];
    const struct zone_block *block =
        atomic_load_explicit(&slot->block, memory_order_relaxed);

    if (!block)
        return 0;
    memcpy(labels, slot->key, slot->key_n);
    memcpy(labels + slot->key_n, svc, sizeof svc - 1);
    return add(names, labels, slot->key_n + sizeof svc - 1, block);
}

static int add_services(struct dump_names *names, const struct zone *z)
{
    const struct zone_slot *slot;
    int rc = 0;
    for (size_t at = 0; rc == 0 && (slot = table_next(&z->slots, &at));)
        rc = add_service(names, slot);
    return rc;
}

// The label of a pod, as the look-up reads it back: see dashed.h.
static size_t dash(const struct address *a, uint8_t label[1 + DNS_LABEL_MAX])
{
    char text[ADDRESS_TEXT_SIZE];
    char *to = text;

    address_format(a, text);
    // RFC 5952 5 has a dotted end for IPv4 in IPv6, which dashes would hide
    if (a->family == FAMILY_IPV6 && strchr(text, '.'))
        for (unsigned i = 0; i < 16; i += 2)
            to += sprintf(to, i ? ":%x" : "%x", bytes_load_u16(a->octets + i));
    const size_t n = strlen(text);
    label[0] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        label[1 + i] =
            text[i] == '.' || text[i] == ':' ? '-' : (uint8_t)text[i];
    return 1 + n;
}

static int add_pod(struct dump_names *names, struct span key)
{
    static const uint8_t pod[] = "\3pod";
    const size_t namespace_n = label_size(key.p);
    struct address a = {.family = FAMILY_IPV6};
    uint8_t labels[3 * (1 + DNS_LABEL_MAX)];

    if (key.n - namespace_n == 4)
        a.family = FAMILY_IPV4;
    memcpy(a.octets, key.p + namespace_n, key.n - namespace_n);
    struct bytes_out out = bytes_out_of(labels, sizeof labels);
    const size_t n = dash(&a, labels);
    bytes_out_room(&out, n);
    bytes_out_put(&out, span_of(key.p, namespace_n));
    bytes_out_put(&out, span_of(pod, sizeof pod - 1));
    const struct span written = bytes_out_written(&out);
    return add(names, written.p, written.n, NULL);
}

static int add_pods(struct dump_names *names, const struct zone *z)
{
    struct span key;
    int rc = 0;
    for (size_t at = 0; rc == 0 && roll_next(&z->pods, &at, &key);)
        rc = add_pod(names, key);
    return rc;
}

// --- a reverse zone --------------------------------------------------------

// The addresses of a reverse zone: its name read as a question.
static struct cidr range_of(const struct zone_origin *origin)
{
    struct dns_query q = {.name = origin->name.wire,
                          .name_n = origin->name.n,
                          .labels = origin->labels};
    struct cidr range;
    unsigned bits;

    for (unsigned i = 0, at = 0; i < origin->labels; i++) {
        q.label_at[i] = (uint8_t)at;
        at += (unsigned)label_size(origin->name.wire + at);
    }
    const bool ok = dns_arpa_parse(&q, &range.base, &bits);
    assert(ok);
    range.prefix = (uint8_t)bits;
    return range;
}

// Whether the entry is a whole address, not a part of one.
static bool whole_address(const struct zone_address *entry, struct address *out)
{
    const bool v4 = entry->key[0] <= 32;

    *out = (struct address){.family = v4 ? FAMILY_IPV4 : FAMILY_IPV6};
    memcpy(out->octets, entry->key + 1, address_size(out));
    return entry->key[0] == 32 || entry->key[0] == ADDRESS_KEY_IPV6 + 32;
}

static int add_addresses(struct dump_names *names, const struct zone *z,
                         const struct zone_origin *origin)
{
    const struct cidr range = range_of(origin);
    const struct zone_address *entry;
    struct dns_name name;
    struct address a;
    int rc = 0;

    for (size_t at = 0; rc == 0 && (entry = table_next(&z->addresses, &at));)
        if (whole_address(entry, &a) && cidr_contains(&range, &a)) {
            dns_name_of_address(&a, address_bits(&a), &name);
            rc = add(names, name.wire, name.n - origin->name.n, NULL);
        }
    return rc;
}

// --- what others ask for ---------------------------------------------------

int dump_names_of_origin(struct dump_names *names, const struct zone *z,
                         size_t origin)
{
    dump_names_init(names);
    int rc = add_text(names, "");
    if (rc == 0)
        rc = add_text(names, "\13dns-version");
    if (rc == 0)
        rc = add_text(names, "\2ns\3dns");
    if (rc == 0 && origin == 0)
        rc = add_services(names, z);
    if (rc == 0 && origin == 0)
        rc = add_pods(names, z);
    if (rc == 0 && origin > 0)
        rc = add_addresses(names, z, &z->origins[origin]);
    if (rc) {
        dump_names_release(names);
        return rc;
    }
    sort(names);
    return 0;
}

static int add_port(struct dump_names *names, const struct zone_port *port)
{
    const struct span protocol =
        span_of_text(protocol_label((enum protocol)port->protocol));
    uint8_t labels[2 * (1 + DNS_LABEL_MAX)];
    struct bytes_out out = bytes_out_of(labels, sizeof labels);

    // what is longer than a label cannot be asked for
    if (port->name.n >= DNS_LABEL_MAX)
        return 0;
    bytes_out_u8(&out, (uint8_t)(1 + port->name.n));
    bytes_out_u8(&out, '_');
    bytes_out_put(&out, port->name);
    bytes_out_u8(&out, (uint8_t)(1 + protocol.n));
    bytes_out_u8(&out, '_');
    bytes_out_put(&out, protocol);
    const struct span written = bytes_out_written(&out);
    return add(names, written.p, written.n, NULL);
}

static int add_topology(struct dump_names *names,
                        const struct zone_topology *topology)
{
    static const char *const ways[] = {"\3pin\5_zone", "\6prefer\5_zone"};
    int rc = 0;

    for (size_t i = 0; i < ORD_COUNT(ways) && rc == 0; i++) {
        uint8_t labels[DNS_NAME_MAX];
        struct bytes_out out = bytes_out_of(labels, sizeof labels);
        bytes_out_put(&out, topology->name);
        bytes_out_put(&out, span_of_text(ways[i]));
        const struct span written = bytes_out_written(&out);
        if (written.n)
            rc = add(names, written.p, written.n, NULL);
    }
    return rc;
}

int dump_names_below(struct dump_names *names, const struct zone_block *block)
{
    int rc = 0;

    names->n = 0;
    arena_reset(&names->arena);
    if (!block->exists)
        return 0;
    for (uint32_t i = 0; block->peers_n && i <= block->index_mask && rc == 0;
         i++)
        if (block->index[i]) {
            const struct zone_peer *peer =
                block_peer_at(block, block->index[i]);
            rc = add(names, peer->label, label_size(peer->label), NULL);
        }
    for (uint32_t i = 0; i < block->ports_n && rc == 0; i++)
        rc = add_port(names, &block->ports[i]);
    for (uint32_t i = 0; i < block->topologies_n && rc == 0; i++)
        rc = add_topology(names, &block->topologies[i]);
    if (rc == 0)
        sort(names);
    return rc;
}

int dump_name_expand(const struct dump_name *name, const struct dns_name *base,
                     struct dns_name *out)
{
    if (name->n + base->n > DNS_NAME_MAX)
        return -ENAMETOOLONG;
    size_t to = name->n;
    for (size_t at = 0; at < name->n; at += label_size(name->labels + at)) {
        to -= label_size(name->labels + at);
        memcpy(out->wire + to, name->labels + at,
               label_size(name->labels + at));
    }
    memcpy(out->wire + name->n, base->wire, base->n);
    out->n = (uint8_t)(name->n + base->n);
    return 0;
}
