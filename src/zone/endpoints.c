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

// --- order -----------------------------------------------------------------

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
static int compare_whole_labels(const char *a, const char *b)
{
    int c = a == b ? 0 : compare_labels(a, b);
    return c || a == b ? c : strcmp(a, b);
}

static int compare_by_label(const void *x, const void *y)
{
    const struct endpoint_entry *a = x, *b = y;
    int c = compare_whole_labels(a->label, b->label);
    return c ? c : compare_addresses(a, b);
}

// Entries stand in the order of their labels.
static int compare_by_address(const void *x, const void *y)
{
    const struct endpoint_entry *const *a = x, *const *b = y;
    int c = compare_addresses(*a, *b);
    if (c)
        return c;
    if ((*a)->self != (*b)->self)
        return (*a)->self ? -1 : 1;
    if ((*a)->in_set != (*b)->in_set)
        return (*a)->in_set ? -1 : 1;
    if ((*a)->managed != (*b)->managed)
        return (*a)->managed ? -1 : 1;
    return *a < *b ? -1 : *a > *b;
}

// --- labels ----------------------------------------------------------------

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

/*
 * The address with dashes for its dots and colons, as the slice writes it
 * (CoreDNS). A text that ends with "::" gets a 0, because a label does not end
 * with a dash.
 */
static const char *dashed_label(const struct slice_facts *slice,
                                const uint8_t *octets, struct arena *scratch)
{
    struct address a = {.family = slice->family};
    char label[DNS_LABEL_MAX + 1];
    const char *text = slice_address_text(slice, octets);
    size_t n = text ? strlen(text) : 0;

    if (n == 0 || n >= ADDRESS_TEXT_SIZE) {
        memcpy(a.octets, octets, address_size(&a));
        text = address_format(&a, label);
        n = strlen(text);
    }
    for (size_t i = 0; i < n; i++)
        label[i] = text[i] == '.' || text[i] == ':'
                       ? '-'
                       : (char)dns_fold_octet((uint8_t)text[i]);
    if (n > 0 && label[n - 1] == '-')
        label[n++] = '0';
    return arena_text(scratch, label, n);
}

// --- who counts ------------------------------------------------------------

// What holds for the endpoints of one service.
struct collector {
    const struct service *service;
    uint8_t names; // enum endpoint_rule
    uint8_t set;
    bool pod_names;
    struct arena *scratch;
    struct endpoints *out;
    unsigned told; // bit of each own address that a slice has led to
};

static uint8_t rule_of(uint8_t own, enum endpoint_rule usual)
{
    if (own != RULE_UNSET)
        return own;
    return (uint8_t)(usual == RULE_UNSET ? RULE_READY : usual);
}

static bool meets(const struct endpoint *e, uint8_t rule)
{
    // K8S: with publishNotReadyAddresses an endpoint is ready that does not
    // serve yet; it is in each set that is wider than that of the ready ones
    return rule == RULE_ADDRESSED || e->ready ||
           (rule == RULE_SERVING && e->serving);
}

// Whether it has a name: then it has an address, and its hostname is a label.
static bool has_name(const struct collector *c, const struct endpoint *e)
{
    return (meets(e, c->names) || meets(e, c->set)) && e->addresses_n > 0 &&
           strlen(e->hostname) <= DNS_LABEL_MAX;
}

// A pod's name may have dots, of which no label below a service is made.
static bool is_called_by_pod(const struct collector *c,
                             const struct endpoint *e)
{
    size_t n = c->pod_names ? strlen(e->pod) : 0;
    return n > 0 && n <= DNS_LABEL_MAX && !strchr(e->pod, '.');
}

static uint32_t count_entries(const struct collector *c)
{
    const struct service *s = c->service;
    const uint32_t own_n = s->self ? s->self->addresses_n : 0;
    uint32_t n = own_n;
    for (uint32_t i = 0; i < s->slices_n; i++)
        for (uint32_t k = 0; k < s->slices[i]->endpoints_n; k++) {
            const struct endpoint *e = &s->slices[i]->endpoints[k];
            if (has_name(c, e))
                n += service_is_self(s, e) ? own_n : e->addresses_n;
        }
    return n;
}

static void add_own(struct collector *c, uint32_t slice, unsigned i,
                    uint16_t zone, bool in_set)
{
    const struct self *self = c->service->self;
    c->out->entries[c->out->entries_n++] = (struct endpoint_entry){
        .label = self->hostname,
        .octets = self->addresses[i].octets,
        .slice = slice,
        .zone = zone,
        .label_n = (uint8_t)strlen(self->hostname),
        .family = self->addresses[i].family,
        .managed = true,
        .self = true,
        .in_set = in_set,
    };
    c->told |= 1u << i;
}

// Where a slice has the server's own pod, that is where it really is.
static void add_self(struct collector *c, uint32_t slice,
                     const struct endpoint *e)
{
    const struct self *self = c->service->self;
    const bool in_set = meets(e, c->set);
    for (unsigned i = 0; i < self->addresses_n; i++) {
        if (self->addresses[i].family != c->service->slices[slice]->family)
            continue;
        add_own(c, slice, i, e->zone, in_set);
        c->out->set_n += in_set;
        c->out->serves[slice] |= in_set;
    }
}

// It has its name all the same where no slice has it, or does not have all of
// it; but no place in the set, and no ports.
static void add_rest_of_self(struct collector *c)
{
    const struct self *self = c->service->self;
    for (unsigned i = 0; self && i < self->addresses_n; i++)
        if (!(c->told & 1u << i))
            add_own(c, c->service->slices_n, i, 0, false);
}

static int add_endpoint(const struct collector *c, uint32_t slice,
                        const struct endpoint *e)
{
    struct endpoints *out = c->out;
    const struct slice_facts *facts = c->service->slices[slice];
    bool managed = e->hostname[0];
    bool in_set = meets(e, c->set);
    unsigned size = family_size(facts->family);
    const char *own = managed                  ? e->hostname
                      : is_called_by_pod(c, e) ? e->pod
                                               : NULL;

    if (own && !(own = folded(own, c->scratch)))
        return -ENOMEM;
    for (unsigned i = 0; i < e->addresses_n; i++) {
        const uint8_t *octets = e->addresses + i * size;
        const char *label = own ? own : dashed_label(facts, octets, c->scratch);
        if (!label)
            return -ENOMEM;
        out->entries[out->entries_n++] = (struct endpoint_entry){
            .label = label,
            .octets = octets,
            .slice = slice,
            .zone = e->zone,
            .label_n = (uint8_t)strlen(label),
            .family = facts->family,
            .managed = managed,
            .in_set = in_set,
        };
    }
    out->set_n += in_set ? e->addresses_n : 0;
    out->serves[slice] |= in_set;
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
        name->self |= e->self;
        name->in_set |= e->in_set;
        e->name = out->names_n - 1;
        out->by_address[i] = e;
    }
}

static int add_endpoints(struct collector *c)
{
    for (uint32_t i = 0; i < c->service->slices_n; i++) {
        const struct slice_facts *slice = c->service->slices[i];
        for (uint32_t k = 0; k < slice->endpoints_n; k++) {
            const struct endpoint *e = &slice->endpoints[k];
            if (!has_name(c, e))
                continue;
            if (service_is_self(c->service, e))
                add_self(c, i, e);
            else if (add_endpoint(c, i, e))
                return -ENOMEM;
        }
    }
    add_rest_of_self(c);
    return 0;
}

int endpoints_collect(const struct service *s, const struct zone_rules *rules,
                      struct arena *scratch, struct endpoints *out)
{
    const struct service_facts *facts = s->object ? &s->object->service : NULL;
    struct collector c = {
        .service = s,
        .names = rule_of(facts ? facts->names : RULE_UNSET, rules->names),
        .set = rule_of(facts ? facts->set : RULE_UNSET, rules->set),
        .pod_names = rules->endpoint_pod_names,
        .scratch = scratch,
        .out = out,
    };
    const uint32_t n = count_entries(&c);

    *out = (struct endpoints){0};
    if (s->slices_n == 0 && !s->self)
        return 0;
    out->serves =
        arena_array(scratch, s->slices_n + (size_t)1, sizeof *out->serves);
    out->entries = arena_array(scratch, n + 1, sizeof *out->entries);
    out->names = arena_array(scratch, n + 1, sizeof *out->names);
    out->by_address = arena_array(scratch, n + 1, sizeof *out->by_address);
    if (!out->serves || !out->entries || !out->names || !out->by_address ||
        add_endpoints(&c))
        return -ENOMEM;
    sort_entries(out->entries, out->entries_n);
    group_names(out);
    sort_by_address(out->by_address, out->entries_n);
    return 0;
}

bool endpoints_have(const struct endpoints *ends, const char *label)
{
    uint32_t low = 0, high = ends->names_n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int c = compare_whole_labels(ends->names[middle].label, label);
        if (c == 0)
            return true;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
