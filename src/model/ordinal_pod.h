// SPDX-License-Identifier: Apache-2.0
// One pod that a workload has, as an object in memory of its own, and the
// template that it shares with its fellows.
#ifndef ORDINALD_MODEL_ORDINAL_POD_H
#define ORDINALD_MODEL_ORDINAL_POD_H

#include "base/arena.h"
#include "model/object.h"
#include "pool.h"

#include <stddef.h>
#include <stdint.h>

// What all pods of a workload have in common, copied out of the workload, which
// its source may free. Counted, because pods outlive the workload's text.
struct template
{
    // read-only
    uint64_t digest; // of all that a pod gets from here
    bool ordinal;    // a StatefulSet's: names are counted
    const char *namespace;
    const char *base; // of pod names, with the dash: "web-", "web-5d9c4b7f-"
    const char *subdomain;
    const char *owner_kind;
    const char *owner_name;
    struct labels labels;
    const struct container_port *ports;
    uint32_t ports_n;

    // private
    uint32_t users;
    struct arena arena;
};

// The digest that the template of a workload would have.
uint64_t template_digest(const struct object *workload, uint64_t seed);

// Returns a template with one user, or NULL when there is no memory.
struct template *template_new(const struct object *workload, uint64_t seed);
struct template *template_share(struct template *t);
void template_drop(struct template *t); // NULL is fine

struct pod {
    struct pod *link; // the list of those that come, or of those that go
    struct pod *was;  // on its way: whom it replaces, or NULL
    struct template *template;
    uint64_t ordinal; // or place, for a workload that has none
    struct grant *range[POOL_FAMILIES]; // what the ranges gave; the ledger's
    struct object object;
};

// Octets of the longest name of an object (RFC 1123 subdomain), with its NUL.
enum { POD_NAME_SIZE = 254 };

// The name of an ordinal of a StatefulSet.
void pod_name_of_ordinal(const struct template *t, uint64_t ordinal,
                         char out[POD_NAME_SIZE]);

// The name of a pod that has no ordinal. The serial counts the names made so
// far, of all workloads; a name comes again after 14 million others.
void pod_name_of_serial(const struct template *t, uint64_t seed,
                        uint64_t *serial, char out[POD_NAME_SIZE]);

/*
 * A pod that is running and ready.
 *
 * t          counted up for it
 * addresses  at most two, the primary one first
 *
 * Returns NULL when there is no memory.
 */
struct pod *pod_new(struct template *t, uint64_t ordinal, const char *name,
                    const struct address *addresses, uint8_t addresses_n);
void pod_free(struct pod *p);

#endif
