// SPDX-License-Identifier: Apache-2.0
// Which faults a question meets: the few there are, one after the other, since
// a server that has some is being tested, and is asked nothing in a hurry.
#include "faults.h"

#include "lookup.h"
#include "update.h"

#include <errno.h>
#include <stdlib.h>

// Labels in wire form and lower case.
struct fault_entry {
    struct zone_fault fault;
    uint8_t key_n;
    uint8_t key[SLOT_KEY_MAX];      // service, namespace
    uint8_t pod[DNS_LABEL_MAX + 1]; // no octets: the whole service
};

struct zone_faults {
    uint32_t n;
    struct fault_entry entries[];
};

// --- the control thread ----------------------------------------------------

// Returns whether the fault is of a name that can be asked for.
static bool make_entry(const struct zone_fault_of *from, struct fault_entry *to)
{
    const bool of_pod = from->pod[0];

    if (!update_is_label(from->namespace) || !update_is_label(from->service) ||
        (of_pod && !update_is_label(from->pod)))
        return false;
    to->fault = from->fault;
    to->key_n =
        (uint8_t)update_slot_key(from->namespace, from->service, to->key);
    to->pod[0] = 0;
    if (of_pod)
        update_put_label(to->pod, from->pod);
    return true;
}

int zone_faults_new(const struct zone_fault_of *faults, uint32_t n,
                    struct zone_faults **out)
{
    struct zone_faults *f = NULL;

    if (n > 0) {
        f = malloc(sizeof *f + n * sizeof *f->entries);
        if (!f)
            return -ENOMEM;
        f->n = 0;
        for (uint32_t i = 0; i < n; i++)
            f->n += make_entry(&faults[i], &f->entries[f->n]);
        if (f->n == 0) {
            free(f);
            f = NULL;
        }
    }
    *out = f;
    return 0;
}

void zone_faults_free(struct zone_faults *f)
{
    free(f);
}

// --- readers ---------------------------------------------------------------

bool zone_has_faults(const struct zone *z)
{
    return atomic_load_explicit(&z->faults, memory_order_relaxed) != NULL;
}

static void add_fault(struct zone_fault *sum, const struct zone_fault *f)
{
    sum->servfail |= f->servfail;
    sum->truncate |= f->truncate;
    sum->no_aaaa |= f->no_aaaa;
    if (f->slow_ms > sum->slow_ms)
        sum->slow_ms = f->slow_ms;
}

struct zone_fault zone_find_fault(const struct zone *z,
                                  const struct dns_query *q)
{
    const struct zone_faults *faults =
        atomic_load_explicit(&z->faults, memory_order_acquire);
    const struct zone_origin *domain = &z->origins[0];
    struct zone_fault sum = {0};

    if (!faults || !is_within(q, domain))
        return sum;
    // [...] [pod] service namespace "svc"
    const unsigned below = (unsigned)q->labels - domain->labels;
    if (below < 3 || !label_is(label_at(q, below - 1), "\3svc"))
        return sum;
    const unsigned at = q->label_at[below - 3];
    const struct span key = span_of(q->name + at, q->label_at[below - 1] - at);
    const uint8_t *pod = below > 3 ? label_at(q, below - 4) : NULL;
    for (uint32_t i = 0; i < faults->n; i++) {
        const struct fault_entry *e = &faults->entries[i];
        if (span_equal(key, span_of(e->key, e->key_n)) &&
            (e->pod[0] == 0 ||
             (pod && bytes_equal(pod, e->pod, label_size(pod)))))
            add_fault(&sum, &e->fault);
    }
    return sum;
}
