// SPDX-License-Identifier: Apache-2.0
// Faults that a test asks for: what goes wrong, with whom, and until when. A
// list; what each fault does is done by those who ask for it: the pods' by
// model/ordinal, the answers' by zone/sync and answer. Pure; control thread.
//
// A fault is of one pod or of one service:
//
//     not-ready   the pods, or all that the service selects; only pods that are
//     gone        made here: one that a manifest gives, or a cluster, is what
//     move        that says, and these change nothing about it
//     flap
//
//     stale       the service, or the whole service of the pod: what changed is
//                 published ms later
//     no-aaaa     answers at the service's name and all names below it; or at
//     slow        the pod's name, which is its hostname below its service, and
//     truncate    all names below that. Wherever pods and endpoints come from
//     servfail
//
// An answer waits first (slow), then it fails, or is cut, or lacks AAAA. With
// no-aaaa names stay: AAAA is NODATA where there was one, and no additional
// record. Such a pod is not in its service's set of IPv6 addresses either, if
// it has another address. PTR questions are not faulty, nor is a name because
// an alias leads to one that is.
//
// A pod without hostname and subdomain (a Deployment's) has no name of its own,
// so that faults of answers do nothing there.
#ifndef ORDINALD_MODEL_FAULT_H
#define ORDINALD_MODEL_FAULT_H

#include "base/base.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    // pods
    FAULT_NOT_READY, // is not Ready
    FAULT_GONE,      // ends at once, and its successor gets no address
    FAULT_MOVE,      // is replaced by one with another address
    FAULT_FLAP,      // Ready for MS, not Ready for MS, ...
    // answers
    FAULT_STALE,    // changes are seen MS later
    FAULT_NO_AAAA,  // IPv6 addresses are left out
    FAULT_SLOW,     // replies leave MS later
    FAULT_TRUNCATE, // over UDP: no answer, but TC
    FAULT_SERVFAIL,
};

enum { FAULT_KINDS = FAULT_SERVFAIL + 1 };

// "not-ready", "servfail".
const char *fault_kind_name(enum fault_kind kind);
static inline bool fault_is_of_pods(enum fault_kind kind)
{
    return kind <= FAULT_FLAP;
}
// Whether it is written with milliseconds: "slow=200".
bool fault_has_ms(enum fault_kind kind);

enum {
    FAULTS_MAX = 256,         // at a time
    FAULT_MS_MAX = 3600000,   // of a fault with milliseconds
    FAULT_SLOW_MS_MAX = 5000, // as long as any resolver waits
};

struct fault {
    enum fault_kind kind;
    bool of_service; // or of one pod
    uint32_t ms;     // 0 where the kind has none
    uint64_t since_ms;
    uint64_t until_ms; // UINT64_MAX: until it is cleared
    uint64_t number;   // counts from 1: which of them is meant
    const char *namespace;
    const char *name;
};

struct faults;

struct faults *faults_new(void); // NULL: no memory
void faults_free(struct faults *f);

/*
 * Read a kind as a command has it: "gone", "flap=500".
 *
 * Returns 0, or -EINVAL with err filled: what is known, and its bounds.
 */
int fault_parse(const char *text, enum fault_kind *kind, uint32_t *ms,
                struct error *err) ORD_CHECKED;

/*
 * Begin a fault. One of the same kind and target is replaced; its texts are
 * copied, its number is given.
 *
 * Returns 0; or with err filled -EINVAL for milliseconds out of bounds, -E2BIG
 * for more than FAULTS_MAX, -ENOMEM.
 */
int faults_add(struct faults *f, const struct fault *fault,
               struct error *err) ORD_CHECKED;

// End all faults of a target, be it a pod or a service; namespace NULL: in any
// namespace; name NULL: all there are. Returns how many.
uint32_t faults_clear(struct faults *f, const char *namespace,
                      const char *name);

// End those whose time is over.
void faults_run(struct faults *f, uint64_t now_ms);

// When the next one ends; UINT64_MAX: none does.
uint64_t faults_next_ms(const struct faults *f);

// Another number after each change of the list.
uint64_t faults_version(const struct faults *f);

// How many there are; the i-th, in order of their numbers. Borrowed until the
// next change.
uint32_t faults_count(const struct faults *f);
const struct fault *faults_at(const struct faults *f, uint32_t i);

// The fault of a kind that a pod or a service has itself, or NULL.
const struct fault *faults_find(const struct faults *f, enum fault_kind kind,
                                bool of_service, const char *namespace,
                                const char *name);

#endif
