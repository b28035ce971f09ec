// SPDX-License-Identifier: Apache-2.0
#include "ports.h"

#include "dns/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- order -----------------------------------------------------------------

static int compare_folded(const char *a, const char *b)
{
    for (;; a++, b++) {
        const uint8_t x = dns_fold_octet((uint8_t)*a),
                      y = dns_fold_octet((uint8_t)*b);
        if (x != y || x == 0)
            return (x > y) - (x < y);
    }
}

static int compare_by_slice(const void *x, const void *y)
{
    const struct port_use *a = x, *b = y;
    if (a->slice != b->slice)
        return a->slice < b->slice ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

// Which port of the service it is: all that its name in DNS says.
static int compare_names(const struct port_use *a, const struct port_use *b)
{
    int c = compare_folded(a->name, b->name);
    return c ? c : (a->protocol > b->protocol) - (a->protocol < b->protocol);
}

static int compare_by_name(const void *x, const void *y)
{
    int c = compare_names(x, y);
    return c ? c : compare_by_slice(x, y);
}

// --- what there is ---------------------------------------------------------

static bool is_label(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= DNS_LABEL_MAX;
}

// How many uses all slices have.
static size_t count_uses(const struct service *s)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s->slices_n; i++)
        n += s->slices[i]->ports_n ? s->slices[i]->ports_n : 1;
    return n;
}

static void add_slices(const struct service *s, struct ports *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->slices_n; i++) {
        const struct slice_facts *slice = s->slices[i];
        const uint32_t first = n;
        for (uint32_t k = 0; k < slice->ports_n; k++)
            out->by_slice[n++] = (struct port_use){
                .name = slice->ports[k].name,
                .slice = i,
                .number = slice->ports[k].number,
                .protocol = slice->ports[k].protocol,
            };
        if (slice->ports_n == 0)
            out->by_slice[n++] = (struct port_use){.name = "", .slice = i};
        out->slices[i] = (struct port_run){first, n - first};
        // who collects the numbers of a name finds them in order
        qsort(out->by_slice + first, n - first, sizeof *out->by_slice,
              compare_by_slice);
    }
    out->number_max = n;
}

// Named ports of slices in the set. Returns how many.
static uint32_t name_slices(const struct service *s,
                            const struct endpoints *ends, struct ports *out)
{
    uint32_t n = 0, served = 0;
    for (uint32_t i = 0; i < s->slices_n; i++) {
        const struct port_run run = out->slices[i];
        if (!ends->serves[i])
            continue;
        served += run.n;
        for (uint32_t k = 0; k < run.n; k++)
            if (is_label(out->by_slice[run.first + k].name))
                out->by_name[n++] = out->by_slice[run.first + k];
    }
    out->same = n == served;
    return n;
}

static uint32_t name_service(const struct service_facts *facts,
                             struct ports *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < facts->ports_n; i++)
        if (is_label(facts->ports[i].name))
            out->by_name[n++] = (struct port_use){
                .name = facts->ports[i].name,
                .number = facts->ports[i].number,
                .protocol = facts->ports[i].protocol,
            };
    return n;
}

static void group_names(struct ports *out, uint32_t n)
{
    qsort(out->by_name, n, sizeof *out->by_name, compare_by_name);
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || compare_names(&out->by_name[i - 1], &out->by_name[i]))
            out->names[out->names_n++] = (struct port_run){.first = i};
        out->names[out->names_n - 1].n++;
    }
    out->same = out->same && out->names_n == 1;
}

// Those that have names in DNS.
static uint32_t name_ports(const struct service *s,
                           const struct endpoints *ends, struct ports *out)
{
    if (!s->object || s->object->service.type == SERVICE_EXTERNAL_NAME)
        return 0;
    return s->object->service.type == SERVICE_HEADLESS
               ? name_slices(s, ends, out)
               : name_service(&s->object->service, out);
}

int ports_collect(const struct service *s, const struct endpoints *ends,
                  struct arena *scratch, struct ports *out)
{
    const size_t uses = count_uses(s);
    const size_t own = s->object ? s->object->service.ports_n : 0;
    const size_t names = uses > own ? uses : own;
    const size_t runs = (size_t)s->slices_n + 1;

    *out = (struct ports){
        .by_slice = arena_array(scratch, uses + 1, sizeof(struct port_use)),
        .slices = arena_array(scratch, runs, sizeof(struct port_run)),
        .by_name = arena_array(scratch, names + 1, sizeof(struct port_use)),
        .names = arena_array(scratch, names + 1, sizeof(struct port_run)),
        .chosen = arena_array(scratch, runs, sizeof(struct port_run)),
    };
    if (!out->by_slice || !out->slices || !out->by_name || !out->names ||
        !out->chosen)
        return -ENOMEM;
    add_slices(s, out);
    group_names(out, name_ports(s, ends, out));
    return 0;
}

// --- some of them ----------------------------------------------------------

struct port_choice ports_all(const struct ports *p)
{
    return (struct port_choice){.uses = p->by_slice, .runs = p->slices};
}

struct port_choice ports_choose(struct ports *p, uint32_t i)
{
    const struct port_run run = p->names[i], last = p->last;

    for (uint32_t k = last.first; k < last.first + last.n; k++)
        p->chosen[p->by_name[k].slice].n = 0;
    p->last = run;
    for (uint32_t k = run.first; k < run.first + run.n; k++) {
        struct port_run *chosen = &p->chosen[p->by_name[k].slice];
        if (chosen->n++ == 0)
            chosen->first = k;
    }
    return (struct port_choice){.uses = p->by_name, .runs = p->chosen};
}
