// SPDX-License-Identifier: Apache-2.0
#include "endpoints.h"

#include "dns/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_addresses(const struct endpoint_entry *a,
                             const struct endpoint_entry *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->octets, b->octets, entry_size(a));
}

bool entry_same_address(const struct endpoint_entry *a,
                        const struct endpoint_entry *b)
{
    return compare_addresses(a, b) == 0;
}

// The run of digits at p, without leading zeroes; *end is what follows it.
static size_t digits(const char *p, const char **digits_at, const char **end)
{
    while (*p == '0' && isdigit((unsigned char)p[1]))
        p++;
    *digits_at = p;
    while (isdigit((unsigned char)*p))
        p++;
    *end = p;
    return (size_t)(p - *digits_at);
}

// Order as people read it: web-2 before web-10.
static int compare_labels(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            const char *da, *db;
            size_t na = digits(a, &da, &a), nb = digits(b, &db, &b);
            int c = na == nb ? strncmp(da, db, na) : (na < nb ? -1 : 1);
            if (c)
                return c;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

// Total: labels that only differ in leading zeroes are told apart by text.
static int compare_by_label(const void *x, const void *y)
{
    const struct endpoint_entry *a = x, *b = y;
    int c = a->label == b->label ? 0 : compare_labels(a->label, b->label);
    if (c == 0 && a->label != b->label)
        c = strcmp(a->label, b->label);
    return c ? c : compare_addresses(a, b);
}

static int compare_by_address(const void *x, const void *y)
{
    const struct endpoint_entry *const *a = x, *const *b = y;
    int c = compare_addresses(*a, *b);
    if (c)
        return c;
    if ((*a)->managed != (*b)->managed)
        return (*a)->managed ? -1 : 1;
    return *a < *b ? -1 : *a > *b;
}

/*
 * The address with dashes for its dots or colons. An IPv6 text that ends with
 * "::" gets a 0, because a label does not end with a dash.
 */
static const char *dashed_label(uint8_t family, const uint8_t *octets,
                                struct arena *scratch)
{
    struct address a = {.family = family};
    char text[ADDRESS_TEXT_SIZE + 1];

    memcpy(a.octets, octets, address_size(&a));
    address_format(&a, text);
    for (char *p = text; *p; p++)
        if (*p == '.' || *p == ':')
            *p = '-';
    size_t n = strlen(text);
    if (text[n - 1] == '-')
        text[n++] = '0';
    return arena_text(scratch, text, n);
}

static const char *folded(const char *label, struct arena *scratch)
{
    const char *p = label;
    while (*p && !(*p >= 'A' && *p <= 'Z'))
        p++;
    if (!*p)
        return label;
    char *copy = arena_text_dup(scratch, label);
    for (char *c = copy; c && *c; c++)
        *c = (char)dns_fold_octet((uint8_t)*c);
    return copy;
}

bool endpoint_counts(const struct endpoint *e)
{
    return e->ready && e->addresses_n > 0 &&
           strlen(e->hostname) <= DNS_LABEL_MAX;
}

static uint32_t count_entries(const struct service *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t k = 0; k < s->slices[i]->endpoints_n; k++)
            if (endpoint_counts(&s->slices[i]->endpoints[k]))
                n += s->slices[i]->endpoints[k].addresses_n;
    return n;
}

static int add_endpoint(struct endpoints *out, const struct slice_facts *slice,
                        const struct endpoint *e, struct arena *scratch)
{
    bool managed = e->hostname[0];
    const char *label = managed ? folded(e->hostname, scratch) : NULL;
    unsigned size = family_size(slice->family);

    if (managed && !label)
        return -ENOMEM;
    for (unsigned i = 0; i < e->addresses_n; i++) {
        const uint8_t *octets = e->addresses + i * size;
        if (!managed)
            label = dashed_label(slice->family, octets, scratch);
        if (!label)
            return -ENOMEM;
        out->entries[out->entries_n++] = (struct endpoint_entry){
            .label = label,
            .octets = octets,
            .slice = slice,
            .label_n = (uint8_t)strlen(label),
            .family = slice->family,
            .managed = managed,
        };
    }
    return 0;
}

// Most input comes in order: look before sorting.
static void sort_entries(struct endpoint_entry *entries, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (compare_by_label(&entries[i - 1], &entries[i]) > 0) {
            qsort(entries, n, sizeof *entries, compare_by_label);
            return;
        }
}

static void sort_by_address(const struct endpoint_entry **entries, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (compare_by_address(&entries[i - 1], &entries[i]) > 0) {
            qsort(entries, n, sizeof(struct endpoint_entry *),
                  compare_by_address);
            return;
        }
}

static void group_names(struct endpoints *out)
{
    for (uint32_t i = 0; i < out->entries_n; i++) {
        struct endpoint_entry *e = &out->entries[i];
        if (i == 0 || strcmp(e[-1].label, e->label) != 0)
            out->names[out->names_n++] = (struct endpoint_name){
                .label = e->label, .first = i, .label_n = e->label_n};
        struct endpoint_name *name = &out->names[out->names_n - 1];
        name->n++;
        name->managed |= e->managed;
        e->name = out->names_n - 1;
        out->by_address[i] = e;
    }
}

int endpoints_collect(const struct service *s, struct arena *scratch,
                      struct endpoints *out)
{
    uint32_t n = count_entries(s);

    *out = (struct endpoints){0};
    if (n == 0)
        return 0;
    out->entries = arena_array(scratch, n, sizeof *out->entries);
    out->names = arena_array(scratch, n, sizeof *out->names);
    out->by_address = arena_array(scratch, n, sizeof *out->by_address);
    if (!out->entries || !out->names || !out->by_address)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t k = 0; k < s->slices[i]->endpoints_n; k++) {
            const struct endpoint *e = &s->slices[i]->endpoints[k];
            if (endpoint_counts(e) &&
                add_endpoint(out, s->slices[i], e, scratch))
                return -ENOMEM;
        }
    sort_entries(out->entries, out->entries_n);
    group_names(out);
    sort_by_address(out->by_address, out->entries_n);
    return 0;
}
