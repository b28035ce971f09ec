// SPDX-License-Identifier: Apache-2.0
// One pod of a workload made here: how far it has come, which is kept as plain
// numbers that change, apart from the immutable object that the outside is told
// of. And the template that it shares with its fellows.
#ifndef ORDINALD_MODEL_ORDINAL_POD_H
#define ORDINALD_MODEL_ORDINAL_POD_H

#include "base/arena.h"
#include "list.h"
#include "map.h"
#include "model/object.h"
#include "pool.h"

#include <stddef.h>
#include <stdint.h>

struct ordinals;
struct workload;

// A workload's object, copied out of its source, which may free it. Counted,
// because templates and told objects point into it.
struct spec {
    struct object object; // read-only

    // private
    uint32_t users;
    struct arena arena;
};

// Returns a copy with one user, or NULL when there is no memory.
struct spec *spec_new(const struct object *workload);
struct spec *spec_share(struct spec *s);
void spec_drop(struct spec *s); // NULL is fine

// What all pods of one revision of a workload have in common. Counted, because
// pods outlive the revision.
struct template
{
    // read-only
    uint64_t revision; // pods of another one are to be replaced
    uint64_t digest;   // of all that a pod gets from here
    bool ordinal;      // a StatefulSet's: names are counted
    const char *base;  // of pod names, with the dash: "web-", "web-5d9c4b7f-"
    const char *owner_kind;
    const char *owner_name;
    struct labels labels;
    const struct probe *probes;
    uint32_t probes_n;
    struct spec *spec; // for the rest; labels and probes point into it

    // private
    uint32_t users;
    struct arena arena;
};

/*
 * The template that a workload's pods have now.
 *
 * restarts  how often its pods were to be replaced by hand: counts as another
 *           template
 *
 * Returns one with one user, or NULL when there is no memory.
 */
struct template *template_new(struct spec *spec, uint64_t restarts,
                              uint64_t seed);
struct template *template_share(struct template *t);
void template_drop(struct template *t); // NULL is fine

// An object that the outside knows, or is about to, with its memory.
struct told {
    struct told *link;         // private: a list of those that go
    struct template *template; // what its texts live in; or NULL
    struct spec *spec;         // the same
    struct arena arena;        // the same
    char *reason;              // the same: a pod's, or NULL
    struct object object;
};

void told_free(struct told *t); // NULL is fine

// What has a told object: a pod, a service or a workload.
enum face_of { FACE_POD, FACE_VIP, FACE_WORKLOAD };

struct face {
    struct list_node dirty; // in a list while `told` is not how it is
    struct told *told;      // what the outside knows; NULL: nothing
    struct told *next;      // private: while a step tells
    struct face *link;      // the same
    uint8_t of;             // enum face_of
    bool gone;              // nothing is to be known any more
};

// A volume claim, `<template>-<workload>-<ordinal>`. It outlives its pod.
struct claim {
    struct map_node node;
    struct claim *link; // of those of one pod
    struct pod *pod;    // who has it bound, or NULL
    const char *namespace;
    const char *name;
    const char *workload; // all three stand behind it
};

// How it stands with one probe of a pod.
struct probing {
    struct map_node node; // by ticket, while it is asked
    struct pod *pod;
    uint64_t ticket;  // 0: not asked now
    uint64_t next_ms; // when it is asked next, or counts as failed
    uint64_t asked_ms;
    uint32_t successes; // in a row
    uint32_t failures;
    bool success;
};

// The faults that a pod has at the moment.
struct pod_faults {
    bool not_ready;
    bool no_address;  // the successor of one that is gone
    bool elsewhere;   // has to have an address that is not its declared one
    uint32_t flap_ms; // 0: none
    uint64_t flap_since_ms;
};

struct pod {
    struct face face;      // first
    struct list_node node; // of the workload's pods
    struct map_node by_name;
    struct workload *workload;
    struct template *template;
    uint64_t ordinal; // or place in the annotation, where names have none
    uint64_t number;  // counts the pods that were made: who is older
    struct grant *grants[POOL_FAMILIES];
    struct address evicted[POOL_FAMILIES]; // family 0, or whence it has to go

    uint8_t phase;  // enum pod_phase
    bool addressed; // has an address, and its time has come
    bool healthy;   // would be ready if no fault were
    bool ready;     // condition Ready
    bool available; // Ready for minReadySeconds
    bool terminating;
    bool condemned; // a StatefulSet's: its ordinal is out of range
    bool to_delete; // asked for; the next step does it
    bool to_fail;
    bool lost;  // an address, and that was not looked at yet
    bool moved; // lives elsewhere than declared
    bool gone;
    uint32_t since_unix_s; // when it came to its phase or readiness, or 0
    uint64_t created_ms;
    uint64_t addressed_ms;
    uint64_t ready_ms;    // since when it is Ready
    uint64_t deleted_ms;  // since when it terminates
    uint64_t since_ms;    // when it came to where it is
    uint64_t faults_seen; // numbers up to this one began before it did
    struct pod_faults faults;
    struct claim *claims;
    struct probing *probings;
    uint32_t probings_n;
    struct list_node asking; // in a list while probes of it are due

    struct pod *next_due; // private
    uint32_t timer;       // place in the heap, counted from 1; 0: none
    uint64_t timer_ms;
    struct pod *link; // private: of those that are gone
    char name[];
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

// The object of a pod as it is now, or NULL when there is no memory; and the
// digest that it would have.
struct told *pod_object(const struct ordinals *o, const struct pod *p);
uint64_t pod_digest(const struct ordinals *o, const struct pod *p);

// --- what controllers ask --------------------------------------------------

// K8S: phase Failed (or Succeeded); such a pod does nothing any more.
static inline bool pod_is_failed(const struct pod *p)
{
    return p->phase == POD_FAILED || p->phase == POD_SUCCEEDED;
}

// K8S "available", and not about to go.
static inline bool pod_is_available(const struct pod *p)
{
    return p->available && !p->terminating;
}

// Whether it is of the revision of this template.
static inline bool pod_is_of(const struct pod *p, const struct template *t)
{
    return p->template->revision == t->revision;
}

static inline struct pod *pod_of_node(struct list_node *n)
{
    return n ? ORD_CONTAINER(n, struct pod, node) : NULL;
}

// --- what controllers do: see ordinal_life.c -------------------------------

/*
 * Make a pod; it comes as far at once as its delays and faults let it, up to
 * available.
 *
 * ordinal  of a StatefulSet; otherwise its place in the annotation, from 0,
 *          which no living pod of the workload should have
 *
 * Returns 0 or -ENOMEM.
 */
int pod_create(struct ordinals *o, struct workload *w, struct template *t,
               uint64_t ordinal, struct pod **out) ORD_CHECKED;

// Delete a pod: it terminates, and is gone when its time is over. Returns
// whether it is gone at once: p is invalid then. One that terminates already
// stays as it is.
bool pod_delete(struct ordinals *o, struct pod *p, const char *reason);

// It is gone now, without terminating first.
void pod_end(struct ordinals *o, struct pod *p, const char *reason);

#endif
