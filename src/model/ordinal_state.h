// SPDX-License-Identifier: Apache-2.0
// What struct ordinals is made of, and what the files that make a step of it do
// for one another.
#ifndef ORDINALD_MODEL_ORDINAL_STATE_H
#define ORDINALD_MODEL_ORDINAL_STATE_H

#include "map.h"
#include "model/ordinal.h"
#include "ordinal_pod.h"
#include "pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

// Who wants addresses: the head of a workload and of a service.
struct holder {
    struct map_node node;
    uint8_t kind; // enum object_kind
    const char *namespace;
    const char *name;     // both stand behind it
    uint64_t digest;      // of the object that it follows; 0: none
    uint64_t seen;        // the step that last named it
    struct list_node due; // in a list while it is to be looked at
    struct holder *link;  // private: of those that a step looks at or retires
};

// One address that an annotation declares.
struct declared_address {
    struct address address;
    struct grant *grant; // NULL: another has it
};

// The addresses that an annotation declares, family by family.
struct declared {
    uint8_t order[POOL_FAMILIES]; // families as they appear first
    uint8_t families_n;
    bool contested; // another has some of them
    uint32_t n[POOL_FAMILIES];
    struct declared_address *of[POOL_FAMILIES];
};

enum lack_reason {
    LACK_FULL,  // no address is left in the range
    LACK_LOST,  // another has declared it before
    LACK_RANGE, // there is no range of that family
    LACK_REASONS,
};

// Who lacks an address of one family for one reason.
struct lack {
    uint32_t n;
    uint32_t first; // place of the first one
};

enum { WORKLOAD_REASON_SIZE = 192 };

struct replica_set; // see ordinal_replicas.h

struct workload {
    struct holder holder; // first
    struct face face;     // the copy of one that was scaled
    struct spec *spec;    // NULL until it was read
    // StatefulSet: pods below the partition come back in `current`; it follows
    // `update` when that is rolled out. Others need `update` only.
    struct template *current;
    struct template *update;
    struct list_node *pods; // that live, the terminating included; youngest
    uint32_t pods_n;        // first
    uint32_t wanted;        // how many there should be: bounded
    uint32_t asked;         // the same, before it was bounded
    bool scaled;            // `asked` is another's than the object's
    bool settled;           // see workload_settled()
    bool readdress;         // its pods' addresses are to be looked at
    bool rerun;             // its pods' times are others now
    bool steered;           // a pod of it is to be deleted or to fail
    bool changed;           // something happened to a pod since it was told
    bool resized;           // `wanted` is not told yet
    uint64_t restarts;      // asked for
    uint64_t restarts_done;
    struct declared *declared; // or NULL
    struct list_node lacking;  // in a list while a pod lacks an address
    struct lack lacks[POOL_FAMILIES][LACK_REASONS];
    // Deployment: its ReplicaSets, the youngest first
    struct replica_set *sets;
    uint32_t sized_for;                // the replicas that they were sized for
    uint32_t sized_max;                // the same, with maxSurge
    char reason[WORKLOAD_REASON_SIZE]; // why it is not settled
};

struct vip {
    struct holder holder; // first
    struct face face;
    struct grant *grants[POOL_FAMILIES];
    struct address evicted[POOL_FAMILIES];
    const struct object *object; // of this step, borrowed; or NULL
    bool wanting;                // lacks an address: look again
    struct lack lacks[POOL_FAMILIES][LACK_REASONS];
};

struct ordinals {
    struct ordinals_settings settings;
    uint64_t seed;
    struct range pods[POOL_FAMILIES];     // by family_index()
    struct range services[POOL_FAMILIES]; // by family_index()
    uint8_t pods_order[POOL_FAMILIES];    // families, 0 for none
    uint8_t services_order[POOL_FAMILIES];
    struct ledger ledger;
    struct map holders; // workloads and services by kind and name
    struct map names;   // pods
    struct map claims;
    struct map tickets; // probes that are asked
    uint64_t serial;    // names made for pods without ordinal
    uint64_t pods_made;
    uint64_t ticket;
    uint64_t step;
    uint64_t now_ms;
    uint64_t told_ms;          // when it was told_unix_s for people
    uint32_t told_unix_s;      // 0: not known
    struct list_node *due;     // holders to be looked at
    struct list_node *later;   // the same, by the next step: no memory
    struct list_node *lacking; // workloads with pods that lack addresses
    struct list_node *dirty;   // faces
    struct holder *retired;    // in this step
    struct list_node *askers;  // pods with probes that are due
    uint64_t drops_seen;       // of the ledger
    uint32_t contested;        // workloads with addresses that others declared
    bool failed;               // memory ran out: the next step goes on
    struct pod **timers;       // a heap, with room for all pods
    uint32_t timers_n;
    uint32_t timers_room;
    uint32_t pods_n;
    uint64_t faults_version;
    struct pod **scratch;
    size_t scratch_room;
};

static_assert(offsetof(struct vip, holder) == 0, "see holder_new()");
static_assert(offsetof(struct workload, holder) == 0, "see holder_new()");

static inline bool is_vip(const struct holder *h)
{
    return h->kind == OBJECT_SERVICE;
}

static inline struct vip *vip_of(struct holder *h)
{
    return ORD_CONTAINER(h, struct vip, holder);
}

static inline struct workload *workload_of(struct holder *h)
{
    return ORD_CONTAINER(h, struct workload, holder);
}

static inline struct holder *holder_of(struct map_node *n)
{
    return n ? ORD_CONTAINER(n, struct holder, node) : NULL;
}

static inline struct holder *holder_of_due(struct list_node *n)
{
    return n ? ORD_CONTAINER(n, struct holder, due) : NULL;
}

static inline const struct workload_facts *facts_of(const struct workload *w)
{
    return &w->spec->object.workload;
}

static inline const struct workload_rules *rules_of(const struct workload *w)
{
    return w->spec->object.workload.rules;
}

// --- holders: ordinal.c ----------------------------------------------------

// Of what has a name in a namespace; kinds apart where they share a map.
uint64_t ordinals_hash(const struct ordinals *o, uint8_t kind,
                       const char *namespace, const char *name);

// Who has this kind and name, or NULL.
struct holder *holder_find(const struct ordinals *o, uint8_t kind,
                           const char *namespace, const char *name);

// Someone new, among the others at once; NULL when there is no memory.
struct holder *holder_new(struct ordinals *o, const struct object *of);

// With all that it has, untold.
void holder_free(struct ordinals *o, struct holder *h);

// By namespace, name and kind.
int holder_compare(const struct holder *a, const struct holder *b);

// Look at a holder in this step, or where none is under way, in the next one.
void ordinals_due(struct ordinals *o, struct holder *h);

// What the face shows is not how it is any more.
void face_changed(struct ordinals *o, struct face *f);

// --- workloads: ordinal_workload.c -----------------------------------------

// Follow an object. Returns 0 or -ENOMEM, with what was followed before.
int workload_follow(struct ordinals *o, struct workload *w,
                    const struct object *object) ORD_CHECKED;
// Follow what was steered. Returns 0 or -ENOMEM.
int workload_steered(struct ordinals *o, struct workload *w) ORD_CHECKED;
// Everything of it goes.
void workload_retire(struct ordinals *o, struct workload *w);
// How many pods a workload gets that asks for so many.
uint32_t workload_bound(const struct object *object, uint32_t asked);
// The first place in the annotation is that of this ordinal.
uint64_t workload_start(const struct workload *w);

// --- addresses: ordinal_address.c ------------------------------------------

// What an annotation declares, which the workload does not declare yet. *out is
// NULL where it declares nothing. Returns 0 or -ENOMEM.
int declared_new(const struct workload_facts *facts,
                 struct declared **out) ORD_CHECKED;
// Let it stand for what the workload declared before, which gives back what is
// declared no more. NULL for nothing.
void workload_declare(struct ordinals *o, struct workload *w,
                      struct declared *d);
// Take what is declared, from ranges' pods too. Returns 0 or -ENOMEM.
int workload_claim(struct ordinals *o, struct workload *w) ORD_CHECKED;
// Take the address from who uses it, unless it is a pod that terminates: that
// keeps it until it is gone.
void grant_evict(struct ordinals *o, struct grant *g);
// Let pods give back what they are not to have any more.
void workload_loosen(struct ordinals *o, struct workload *w);
// Give the pods what they lack. Returns 0 or -ENOMEM.
int workload_readdress(struct ordinals *o, struct workload *w) ORD_CHECKED;
// The same for one pod. Where memory runs out the workload is due again.
void pod_readdress(struct ordinals *o, struct pod *p);
void pod_give_back(struct ordinals *o, struct pod *p);
// Whether it is time for a pod to have an address.
bool pod_is_to_have_address(const struct ordinals *o, const struct pod *p);
// The families of the workload's pods, the primary one first.
uint8_t workload_families(const struct ordinals *o, const struct workload *w,
                          uint8_t out[POOL_FAMILIES]);
// The addresses of a pod in that order.
uint8_t pod_get_addresses(const struct ordinals *o, const struct pod *p,
                          struct address out[POOL_FAMILIES]);
// What its place has in the annotation, or NULL.
const struct declared_address *pod_declared(const struct pod *p, unsigned f);

// --- a pod's life: ordinal_life.c ------------------------------------------

// Bring a pod as far as time lets it come.
void pod_run(struct ordinals *o, struct pod *p);
// When something happens to it by itself; UINT64_MAX: never.
uint64_t pod_next_ms(const struct ordinals *o, const struct pod *p);
// Its containers ended.
void pod_fail(struct ordinals *o, struct pod *p);
// An address came, went, or is another one.
void pod_address_changed(struct ordinals *o, struct pod *p);
// Something about it changed that is told.
void pod_changed(struct ordinals *o, struct pod *p);
void pod_free(struct ordinals *o, struct pod *p);
// A pod that lives, or NULL.
struct pod *pod_find(const struct ordinals *o, const char *namespace,
                     const char *name);
void pod_event(const struct ordinals *o, const struct pod *p,
               enum ordinals_what what, const char *reason, const char *claim);
void workload_event(const struct ordinals *o, const struct workload *w,
                    enum ordinals_what what, const char *reason,
                    const char *claim);

// --- why: ordinal_why.c, ordinal_look.c ------------------------------------

// It is where it is since now, for people.
void pod_arrives(struct ordinals *o, struct pod *p);
/*
 * Why it is not ready, as its facts have it: "" for a pod that is, that
 * terminates or has ended. Whoever lets it become another text without
 * pod_changed() says face_changed().
 *
 * out  may be written to
 */
const char *pod_why(const struct ordinals *o, const struct pod *p,
                    char out[POD_REASON_MAX + 1]);
// As it stands just now: why it is not ready, or not available; "" where it is.
void pod_reason(const struct ordinals *o, const struct pod *p, char *out,
                size_t size);

// --- probes: ordinal_probe.c -----------------------------------------------

// It has an address from now on, or none any more.
void pod_probe_start(struct ordinals *o, struct pod *p);
void pod_probe_stop(struct ordinals *o, struct pod *p);
// Count what has no answer in time, and note who is to be asked.
void pod_probe_run(struct ordinals *o, struct pod *p);
// Whether all of them are successful.
bool pod_probe_success(const struct pod *p);
uint64_t pod_probe_next_ms(const struct pod *p);
// Ask what is due; the last thing in a step.
void ordinals_ask(struct ordinals *o);
// Why a pod's probes do not succeed, or "" where they do.
void pod_probe_reason(const struct pod *p, char *out, size_t size);

// --- timers: ordinal_timer.c -----------------------------------------------

// Room for one more pod. Returns 0 or -ENOMEM.
int timer_reserve(struct ordinals *o) ORD_CHECKED;
// When pod_run() is to be called; UINT64_MAX: not by itself.
void timer_set(struct ordinals *o, struct pod *p, uint64_t at_ms);
// Let all pods go on whose time has come.
void ordinals_time(struct ordinals *o);

// --- faults: ordinal_fault.c -----------------------------------------------

// The faults of a pod that is made now. Returns 0 or -ENOMEM.
int pod_fault_first(struct ordinals *o, struct pod *p) ORD_CHECKED;
// Let all pods have the faults of now, where those may be others than before;
// `objects` may be, too.
void ordinals_fault(struct ordinals *o, bool objects);
// Whether the pod is to be Ready now, as far as faults let it; and when that
// may be otherwise.
bool pod_fault_ready(const struct ordinals *o, const struct pod *p);
uint64_t pod_fault_next_ms(const struct ordinals *o, const struct pod *p);

// --- claims: ordinal_claim.c -----------------------------------------------

// Make the claims of a pod or bind those that are there. Returns 0 or -ENOMEM.
int pod_claim(struct ordinals *o, struct pod *p) ORD_CHECKED;
// The pod is gone; with `delete` its claims, too.
void pod_unclaim(struct ordinals *o, struct pod *p, bool delete);
// The workload is gone: its claims, too.
void workload_unclaim(struct ordinals *o, const struct workload *w);

// --- services: ordinal_vip.c -----------------------------------------------

void vip_loosen(struct ordinals *o, struct vip *v);
int vip_fill(struct ordinals *o, struct vip *v) ORD_CHECKED;
void vip_retire(struct ordinals *o, struct vip *v);
// 0: it has no address, and nothing is to be told.
uint64_t vip_digest(const struct vip *v);
struct told *vip_object(const struct ordinals *o, const struct vip *v);

// --- steering: ordinal_steer.c ---------------------------------------------

// Who is meant. Returns 0, -ENOENT or -EINVAL with err filled.
int workload_target(const struct ordinals *o, struct ordinals_target target,
                    struct workload **out, struct error *err) ORD_CHECKED;

// --- telling: ordinal_tell.c, ordinal_face.c -------------------------------

// Report what is lacking and was not so before.
void workload_tell(struct ordinals *o, struct workload *w);
// What was asked for and is more than may be.
void workload_tell_limit(const struct ordinals *o, const struct workload *w);
void pod_tell_move(const struct ordinals *o, const struct pod *p, unsigned f);
void vip_tell(const struct ordinals *o, struct vip *v,
              const struct lack lacks[POOL_FAMILIES][LACK_REASONS]);
// Tell of what is dirty. Returns 0, -ENOMEM, or what `prepare` said.
int ordinals_tell(struct ordinals *o) ORD_CHECKED;

static inline bool lacks_any(
    const struct lack lacks[POOL_FAMILIES][LACK_REASONS])
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        for (unsigned why = 0; why < LACK_REASONS; why++)
            if (lacks[f][why].n)
                return true;
    return false;
}

// --- for controllers -------------------------------------------------------

// Do what the rules want now, as far as they let it; called in each step in
// which something of the workload changed, and once more after it did
// something. Ends with workload_waits() or workload_settled(). Returns 0 or
// -ENOMEM: what was done stays.
int set_control(struct ordinals *o, struct workload *w) ORD_CHECKED;
// Deployment, ReplicaSet, ReplicationController
int deployment_control(struct ordinals *o, struct workload *w) ORD_CHECKED;

// Forget a workload's ReplicaSets, before it is freed.
void deployment_release(struct workload *w);

// Room for n pods until the next call of this, or NULL when there is no memory.
struct pod **ordinals_scratch(struct ordinals *o, size_t n);

// The number that an amount stands for among so many. A part may be more than
// the whole, and more than 32 bits.
static inline uint64_t amount_floor(struct pod_amount a, uint32_t all)
{
    return a.percent ? (uint64_t)a.value * all / 100 : a.value;
}
static inline uint64_t amount_ceil(struct pod_amount a, uint32_t all)
{
    return a.percent ? ((uint64_t)a.value * all + 99) / 100 : a.value;
}

// Why nothing more can be done now.
void workload_waits(struct workload *w, const char *format, ...)
    ORD_PRINTF(2, 3);
// Nothing is left to be done: told once.
void workload_settled(struct ordinals *o, struct workload *w);

#endif
