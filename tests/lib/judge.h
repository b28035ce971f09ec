// SPDX-License-Identifier: Apache-2.0
// The rules of Kubernetes' workload controllers, stated a second time: what
// model/ordinal tells is held against them, event by event and after each step.
// Written from the controllers' behaviour, without the program's code. The
// first violation is kept as a sentence; the caller ends the test.
#ifndef ORDINALD_TESTS_LIB_JUDGE_H
#define ORDINALD_TESTS_LIB_JUDGE_H

#include "base/base.h"
#include "model/ordinal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A restart gives a revision as far from that which the object says.
enum { JUDGE_RESTART = 1000000 };
// One that is not the newest; which, nobody says.
#define JUDGE_OTHER UINT64_MAX

enum {
    JUDGE_WORKLOADS = 16,
    JUDGE_PODS = 64, // of one workload
    JUDGE_NAME = 64,
    JUDGE_TOLD = 512,
    JUDGE_CLAIMS = 128,
};

// What the events say about a pod.
struct judged_pod {
    char name[JUDGE_NAME];
    uint64_t ordinal;
    uint64_t revision; // of the template that it was made of
    bool vague;        // ... which the events do not say
    bool addressed;
    bool ready;
    bool failed;
    bool terminating;
    bool doomed;         // somebody else than its controller ends it
    uint64_t ready_ms;   // since when
    uint64_t ready_turn; // both count all events
    uint64_t born_turn;
};

struct judged {
    uint8_t kind;
    char name[JUDGE_NAME];
    const struct object *object; // of the input of now; NULL: none
    bool over;                   // it has been gone for a step
    uint64_t digest;
    uint32_t replicas; // wanted
    uint32_t start;
    // Deployment: as many pods there may be, the surge included; no less than
    // there were when it was lowered
    uint32_t most;
    uint64_t revision; // of its template; a restart gives another one
    uint64_t newest;   // the highest there has been
    uint64_t restarts;
    uint64_t declared_revision;
    bool deletes_claims; // when it goes
    bool deletes_scaled; // those of pods that are scaled away
    bool moved;          // its facts are others than in the step before
    // pods below this index may not be of the revision `held_back`
    uint32_t held_below;
    uint64_t held_back;
    // Deployment: which revision has which hash in the names
    uint32_t hashes_n;
    struct judged_hash {
        char text[16];
        uint64_t revision;
        bool begun; // it has pods
    } hashes[JUDGE_PODS];
    uint32_t pods_n;
    struct judged_pod pods[JUDGE_PODS];
};

struct judged_claim {
    char name[JUDGE_NAME];
    char pod[JUDGE_NAME]; // whose it is, now or next time
    bool bound;
    bool may_go; // its pod was scaled away, and the policy says Delete
};

struct judge {
    const struct faults *faults;
    uint64_t now_ms;
    uint64_t turn;
    bool failing; // memory ran out in this step: not all has been done
    uint32_t workloads_n;
    struct judged workloads[JUDGE_WORKLOADS];
    const struct object *told[JUDGE_TOLD]; // what lives
    uint32_t told_n;
    struct judged_claim claims[JUDGE_CLAIMS];
    uint32_t claims_n;
    unsigned did;   // events and objects of this step
    int announced;  // calls that prepare() promised; -1: it was not called
    char says[512]; // the first violation; "" for none
};

void judge_init(struct judge *j, const struct faults *faults);

// Say what is wrong, unless something was before. Returns false.
bool judge_object(struct judge *j, const char *format, ...) ORD_PRINTF(2, 3);

// The input of the next step; borrowed until the one after it.
void judge_input(struct judge *j, struct object *const *workloads, uint32_t n,
                 uint64_t now_ms);

// Steering that succeeded.
void judge_scaled(struct judge *j, uint8_t kind, const char *name,
                  uint32_t replicas);
void judge_restarted(struct judge *j, uint8_t kind, const char *name);
void judge_doomed(struct judge *j, const char *pod);

// What a step tells.
void judge_prepare(struct judge *j, uint32_t n);
void judge_event(struct judge *j, const struct ordinals_event *e);
void judge_came(struct judge *j, const struct object *o);
void judge_changed(struct judge *j, const struct object *old,
                   const struct object *now);
void judge_went(struct judge *j, const struct object *o);

// After a step that returned 0: what is told, what is looked at and what the
// rules want agree.
void judge_end(struct judge *j, const struct ordinals *o,
               const struct address *taken, uint32_t taken_n);

// Everything is as it is wanted, except for what the rules hold up for ever.
void judge_quiet(struct judge *j);

// --- for its other files ---------------------------------------------------

struct judged *judge_workload(struct judge *j, uint8_t kind, const char *name);
// Any workload's; sets `of`.
struct judged_pod *judge_pod(struct judge *j, const char *name,
                             struct judged **of);
struct judged_pod *judged_find(struct judged *w, const char *pod);
bool judged_is_available(const struct judge *j, const struct judged *w,
                         const struct judged_pod *p);
// One that counts: it neither terminates nor failed.
bool judged_is_active(const struct judged_pod *p);
uint32_t judged_max_unavailable(const struct judged *w);
uint32_t judged_max_surge(const struct judged *w);

// A pod was created (it is not counted yet), or its controller deletes it: may
// it? And after a step: nothing that could be done was left.
void judge_set_creation(struct judge *j, const struct judged *w,
                        const struct judged_pod *p);
void judge_set_deletion(struct judge *j, const struct judged *w,
                        const struct judged_pod *p);
void judge_set_progress(struct judge *j, const struct judged *w);
void judge_replica_creation(struct judge *j, struct judged *w,
                            const struct judged_pod *p);
void judge_replica_deletion(struct judge *j, const struct judged *w,
                            const struct judged_pod *p);
void judge_replica_progress(struct judge *j, struct judged *w);
// What the rules hold up for ever: two that failed among those to go.
bool judged_is_stuck(const struct judge *j, const struct judged *w);

// An event about a claim, and a pod that is gone.
void judge_claim(struct judge *j, const struct judged *w,
                 const struct ordinals_event *e);
void judge_claims_of(struct judge *j, const struct judged *w,
                     const struct judged_pod *p, bool is_replica);
// After a step: those that exist are those that were told.
void judge_claims(struct judge *j, const struct ordinals *o);

#endif
