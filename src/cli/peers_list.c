// SPDX-License-Identifier: Apache-2.0
#include "peers_list.h"

#include "dns/dashed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDINAL_DIGITS_MAX = 10 }; // of 4294967295

struct peers *peers_new(void)
{
    struct peers *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    arena_init(&p->arena, SIZE_MAX);
    p->refs = 1;
    return p;
}

struct peers *peers_ref(struct peers *p)
{
    p->refs++;
    return p;
}

void peers_unref(struct peers *p)
{
    if (!p || --p->refs)
        return;
    arena_release(&p->arena);
    free(p);
}

// --- names -----------------------------------------------------------------

const char *peers_name_text(const struct dns_name *name,
                            char out[DNS_NAME_TEXT_SIZE])
{
    dns_name_format(dns_name_view(name), out);
    const size_t n = strlen(out);
    if (n > 1)
        out[n - 1] = '\0';
    return out;
}

static bool is_address(const char *text)
{
    struct address a;
    return address_parse(text, &a);
}

// 10-0-0-1 is an address, and 1 is no ordinal.
static bool is_dashed(const char *name)
{
    uint8_t label[1 + DNS_LABEL_MAX];
    const size_t n = strlen(name);
    struct address a;

    if (n > DNS_LABEL_MAX)
        return false;
    label[0] = (uint8_t)n;
    memcpy(label + 1, name, n);
    return dns_dashed_parse(label, &a);
}

// K8S: <statefulset>-<ordinal>, in decimal without leading zeroes.
static bool read_ordinal(const char *name, uint64_t *out)
{
    const char *dash = strrchr(name, '-');
    const char *digits = dash ? dash + 1 : "";
    const size_t n = strlen(digits);

    if (n == 0 || n > ORDINAL_DIGITS_MAX || dash == name ||
        strspn(digits, "0123456789") != n || (digits[0] == '0' && n > 1) ||
        is_dashed(name))
        return false;
    *out = strtoull(digits, NULL, 10);
    return true;
}

// --- making a list ---------------------------------------------------------

// Room for one more behind n items. They move when n is a power of two.
static void *grow(struct peers *p, void *items, size_t n, size_t size)
{
    if (n & (n - 1))
        return items;
    void *more = arena_array(&p->arena, n ? 2 * n : 1, size);
    if (more && n)
        memcpy(more, items, n * size);
    p->no_memory |= !more;
    return more;
}

static const char *keep(struct peers *p, const char *text, size_t n)
{
    const char *copy = n ? arena_text(&p->arena, text, n) : "";

    p->no_memory |= !copy;
    return copy;
}

// Octets of a name's first label. A dot behind a backslash is part of it (RFC
// 1035 5.1).
static size_t label_size_of(const char *text)
{
    size_t n = 0;

    while (text[n] && text[n] != '.')
        n += text[n] == '\\' && text[n + 1] ? 2 : 1;
    return n;
}

struct peer *peers_add(struct peers *p, const char *hostname)
{
    struct peer *items = grow(p, p->items, p->n, sizeof *items);
    const char *text = keep(p, hostname, strlen(hostname));
    const char *name =
        !text || is_address(text) ? text : keep(p, text, label_size_of(text));

    if (!items || !name)
        return NULL;
    p->items = items;
    struct peer *peer = &items[p->n++];
    *peer = (struct peer){.hostname = text, .name = name};
    peer->has_ordinal = read_ordinal(name, &peer->ordinal);
    return peer;
}

struct peer *peers_add_name(struct peers *p, const struct dns_name *name)
{
    struct dns_name folded = *name;
    char text[DNS_NAME_TEXT_SIZE];

    dns_name_fold(&folded);
    return peers_add(p, peers_name_text(&folded, text));
}

void peers_add_address(struct peers *p, struct peer *to,
                       const struct address *a)
{
    if (!to)
        return;
    struct address *items =
        grow(p, to->addresses, to->addresses_n, sizeof *items);
    if (!items)
        return;
    to->addresses = items;
    items[to->addresses_n++] = *a;
}

void peers_add_port(struct peers *p, struct peer *to, uint16_t number,
                    const char *name, const char *protocol)
{
    if (!to)
        return;
    struct peer_port *items = grow(p, to->ports, to->ports_n, sizeof *items);
    const char *name_copy = keep(p, name, strlen(name));
    const char *protocol_copy = keep(p, protocol, strlen(protocol));
    if (!items || !name_copy || !protocol_copy)
        return;
    to->ports = items;
    items[to->ports_n++] = (struct peer_port){name_copy, protocol_copy, number};
}

// --- one peer a hostname ---------------------------------------------------

static int compare_hostnames(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;
    return strcmp(x->hostname, y->hostname);
}

static void merge(struct peers *p, struct peer *to, const struct peer *from)
{
    for (uint32_t i = 0; i < from->addresses_n; i++)
        peers_add_address(p, to, &from->addresses[i]);
    for (uint32_t i = 0; i < from->ports_n; i++)
        peers_add_port(p, to, from->ports[i].number, from->ports[i].name,
                       from->ports[i].protocol);
    if (to->readiness == PEER_UNKNOWN)
        to->readiness = from->readiness;
}

void peers_unite(struct peers *p)
{
    size_t n = 0;

    if (p->n == 0)
        return;
    qsort(p->items, p->n, sizeof *p->items, compare_hostnames);
    for (size_t i = 1; i < p->n; i++)
        if (compare_hostnames(&p->items[n], &p->items[i]) == 0)
            merge(p, &p->items[n], &p->items[i]);
        else
            p->items[++n] = p->items[i];
    p->n = n + 1;
}

struct peer *peers_find(struct peers *p, const char *hostname)
{
    const struct peer wanted = {.hostname = hostname};

    return p->n ? bsearch(&wanted, p->items, p->n, sizeof *p->items,
                          compare_hostnames)
                : NULL;
}

struct peer *peers_find_name(struct peers *p, const struct dns_name *name)
{
    struct dns_name folded = *name;
    char text[DNS_NAME_TEXT_SIZE];

    dns_name_fold(&folded);
    return peers_find(p, peers_name_text(&folded, text));
}

void peers_drop_unaddressed(struct peers *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].addresses_n)
            p->items[n++] = p->items[i];
    p->n = n;
}

// --- order -----------------------------------------------------------------

static int compare_addresses(const void *a, const void *b)
{
    return address_compare(a, b);
}

static int compare_ports(const void *a, const void *b)
{
    const struct peer_port *x = a, *y = b;
    const int c = (int)x->number - (int)y->number;

    // what is known of it first: then that is what is kept
    return c ? c : (int)!*x->protocol - (int)!*y->protocol;
}

static int compare_peers(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;

    if (x->has_ordinal != y->has_ordinal)
        return x->has_ordinal ? -1 : 1;
    if (x->has_ordinal && x->ordinal != y->ordinal)
        return x->ordinal < y->ordinal ? -1 : 1;
    return compare_hostnames(a, b);
}

static void order(struct peer *peer)
{
    uint32_t n = 0;

    if (peer->addresses_n)
        qsort(peer->addresses, peer->addresses_n, sizeof *peer->addresses,
              compare_addresses);
    for (uint32_t i = 0; i < peer->addresses_n; i++)
        if (n == 0 ||
            address_compare(&peer->addresses[n - 1], &peer->addresses[i]) != 0)
            peer->addresses[n++] = peer->addresses[i];
    peer->addresses_n = n;
    n = 0;
    if (peer->ports_n)
        qsort(peer->ports, peer->ports_n, sizeof *peer->ports, compare_ports);
    for (uint32_t i = 0; i < peer->ports_n; i++)
        if (n == 0 || peer->ports[n - 1].number != peer->ports[i].number)
            peer->ports[n++] = peer->ports[i];
    peer->ports_n = n;
}

int peers_end(struct peers *p)
{
    peers_unite(p);
    for (size_t i = 0; i < p->n; i++)
        order(&p->items[i]);
    if (p->n)
        qsort(p->items, p->n, sizeof *p->items, compare_peers);
    return p->no_memory ? -ENOMEM : 0;
}

// --- reading it ------------------------------------------------------------

static bool equal(const struct peer *a, const struct peer *b)
{
    if (strcmp(a->hostname, b->hostname) != 0 ||
        a->addresses_n != b->addresses_n || a->ports_n != b->ports_n)
        return false;
    for (uint32_t i = 0; i < a->addresses_n; i++)
        if (address_compare(&a->addresses[i], &b->addresses[i]) != 0)
            return false;
    for (uint32_t i = 0; i < a->ports_n; i++)
        if (a->ports[i].number != b->ports[i].number)
            return false;
    return true;
}

bool peers_equal(const struct peers *a, const struct peers *b)
{
    if (!a || !b || a == b)
        return a == b;
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

// Of several StatefulSets in one service, it is that of the first peer.
bool peers_missing(const struct peers *p, char out[DNS_NAME_TEXT_SIZE])
{
    const struct peer *first = p->n ? &p->items[0] : NULL;
    uint64_t missing = 0;

    if (!first || !first->has_ordinal)
        return false;
    const size_t set_n = (size_t)(strrchr(first->name, '-') - first->name);
    for (size_t i = 0; i < p->n; i++) {
        const struct peer *peer = &p->items[i];
        if (peer->has_ordinal && peer->ordinal == missing &&
            strncmp(peer->name, first->name, set_n + 1) == 0 &&
            strchr(peer->name + set_n + 1, '-') == NULL)
            missing++;
    }
    (void)snprintf(out, DNS_NAME_TEXT_SIZE, "%.*s-%" PRIu64 "%s", (int)set_n,
                   first->name, missing, first->hostname + strlen(first->name));
    return true;
}
