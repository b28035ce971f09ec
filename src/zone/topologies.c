// SPDX-License-Identifier: Apache-2.0
#include "topologies.h"

#include "dns/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// "pin" and "_zone" with their length octets, between zone and service
enum { DIRECTIVE_SIZE = 4 + 6 };

// A zone as one slice names it.
struct candidate {
    struct span name; // in wire form; empty: cannot be labels
    uint32_t *index;  // where the topology it is becomes known
};

struct collector {
    const struct service *service;
    const struct endpoints *ends;
    struct arena *scratch;
    struct candidate *candidates; // by slice, and zone of the slice
    uint32_t candidates_n;
    uint32_t *first; // by slice, among `indexes`
    // by slice, and zone of the slice: its topology, counted from 1; 0: none
    uint32_t *indexes;
};

// The labels of a text, at most max octets, or an empty span.
static struct span make_labels(const char *text, uint8_t *to, size_t max)
{
    const size_t n = strlen(text) + 1;
    size_t length_at = 0;

    if (n < 2 || n > max)
        return (struct span){0};
    for (size_t i = 0; i < n; i++) {
        if (text[i] && text[i] != '.') {
            to[i + 1] = dns_fold_octet((uint8_t)text[i]);
            continue;
        }
        if (i == length_at || i - length_at > DNS_LABEL_MAX)
            return (struct span){0};
        to[length_at] = (uint8_t)(i - length_at);
        length_at = i + 1;
    }
    return span_of(to, n);
}

static int compare_names(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    return span_compare(a->name, b->name);
}

static uint32_t count_zones(const struct service *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->slices_n; i++)
        n += s->slices[i]->zones_n;
    return n;
}

static int add_candidates(struct collector *c, size_t max)
{
    const struct service *s = c->service;

    for (uint32_t i = 0; i < s->slices_n; i++) {
        c->first[i] = c->candidates_n;
        for (uint32_t k = 0; k < s->slices[i]->zones_n; k++) {
            const char *text = s->slices[i]->zones[k];
            uint8_t *wire = arena_bytes(c->scratch, strlen(text) + 1);
            if (!wire)
                return -ENOMEM;
            c->candidates[c->candidates_n] = (struct candidate){
                .name = make_labels(text, wire, max),
                .index = &c->indexes[c->candidates_n],
            };
            c->candidates_n++;
        }
    }
    return 0;
}

// Each distinct name is a topology.
static void number_names(struct collector *c, struct topologies *out)
{
    qsort(c->candidates, c->candidates_n, sizeof *c->candidates, compare_names);
    for (uint32_t i = 0; i < c->candidates_n; i++) {
        const struct candidate *at = &c->candidates[i];
        if (at->name.n == 0)
            continue;
        if (out->n == 0 || !span_equal(out->items[out->n - 1].name, at->name))
            out->items[out->n++].name = at->name;
        *at->index = out->n;
    }
}

// The topology of an entry in the set, or NULL.
static struct topology *topology_of(const struct collector *c,
                                    const struct endpoint_entry *e,
                                    const struct topologies *out)
{
    if (!e->in_set || e->zone == 0)
        return NULL;
    const uint32_t index = c->indexes[c->first[e->slice] + e->zone - 1u];
    return index ? &out->items[index - 1] : NULL;
}

// Room for n pointers to entries, or NULL.
static const struct endpoint_entry **make_entries(struct arena *scratch,
                                                  size_t n)
{
    return arena_array(scratch, n + 1, sizeof(struct endpoint_entry *));
}

// All entries stand in one array, those of one topology together.
static int add_entries(const struct collector *c, struct topologies *out)
{
    const struct endpoints *ends = c->ends;
    const struct endpoint_entry **entries =
        make_entries(c->scratch, ends->set_n);
    struct topology *t;

    if (!entries)
        return -ENOMEM;
    for (uint32_t i = 0; i < ends->entries_n; i++)
        if ((t = topology_of(c, ends->by_address[i], out)))
            t->entries_n++;
    for (uint32_t i = 0; i < out->n; i++) {
        out->items[i].by_address = entries;
        entries += out->items[i].entries_n;
        out->items[i].entries_n = 0;
    }
    for (uint32_t i = 0; i < ends->entries_n; i++)
        if ((t = topology_of(c, ends->by_address[i], out)))
            t->by_address[t->entries_n++] = ends->by_address[i];
    return 0;
}

// Which of two entries comes first: they stand in one array, by name.
static int compare_places(const void *x, const void *y)
{
    const struct endpoint_entry *const *a = x, *const *b = y;
    return (*a > *b) - (*a < *b);
}

// The same entries once more.
static int sort_by_name(const struct collector *c, struct topologies *out)
{
    const struct endpoint_entry **entries =
        make_entries(c->scratch, c->ends->set_n);

    if (!entries)
        return -ENOMEM;
    for (uint32_t i = 0; i < out->n; i++) {
        struct topology *t = &out->items[i];
        t->by_name = entries;
        memcpy(entries, t->by_address, t->entries_n * sizeof(*entries));
        qsort(entries, t->entries_n, sizeof(*entries), compare_places);
        entries += t->entries_n;
    }
    return 0;
}

// A zone without an endpoint in the set is none.
static void drop_empty(struct topologies *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out->n; i++)
        if (out->items[i].entries_n)
            out->items[n++] = out->items[i];
    out->n = n;
}

int topologies_collect(const struct service *s, const struct endpoints *ends,
                       size_t suffix_n, struct arena *scratch,
                       struct topologies *out)
{
    const uint32_t n = count_zones(s);
    struct collector c = {.service = s, .ends = ends, .scratch = scratch};

    *out = (struct topologies){0};
    if (n == 0 || suffix_n + DIRECTIVE_SIZE > DNS_NAME_MAX)
        return 0;
    c.candidates = arena_array(scratch, n, sizeof *c.candidates);
    c.first = arena_array(scratch, s->slices_n, sizeof *c.first);
    c.indexes = arena_array(scratch, n, sizeof *c.indexes);
    out->items = arena_array(scratch, n, sizeof *out->items);
    if (!c.candidates || !c.first || !c.indexes || !out->items ||
        add_candidates(&c, DNS_NAME_MAX - DIRECTIVE_SIZE - suffix_n))
        return -ENOMEM;
    number_names(&c, out);
    if (add_entries(&c, out) || sort_by_name(&c, out))
        return -ENOMEM;
    drop_empty(out);
    return 0;
}
