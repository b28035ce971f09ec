// SPDX-License-Identifier: Apache-2.0
// What struct ordinals is made of, for the files that make a step of it. Each
// thing has a `now`, which the world knows, and during a step a `next`, which
// becomes `now` when nothing is left that can fail.
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
    const char *name;            // both stand behind it
    const struct object *object; // of this step, borrowed
    uint64_t seen;               // the step that last named it
    uint64_t due;                // the step in which it was last looked at
    uint64_t born;               // the step that made it
    struct holder *link;         // the list of those that are gone
    bool wanting;                // lacks an address: look again in each step
    uint64_t digest;             // of the object that `now` follows; 0: none
};

// The addresses that an annotation declares, family by family; those that
// another has declared before are not held.
struct claims {
    uint8_t order[POOL_FAMILIES]; // families as they appear first
    uint8_t families_n;
    uint32_t n[POOL_FAMILIES];
    struct grant *of[POOL_FAMILIES];
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

struct workload_state {
    struct template *template;
    struct claims *claims;
    struct pod **pods; // by ordinal
    uint32_t pods_n;
    struct lack lacks[POOL_FAMILIES][LACK_REASONS];
};

struct workload {
    struct holder holder;
    struct workload_state now;
    struct workload_state next;
};

// A service's copy, with addresses.
struct copy {
    struct copy *link; // the list of those that come, or of those that go
    struct copy *was;
    struct grant *range[POOL_FAMILIES];
    struct arena arena;
    struct object object;
};

struct vip {
    struct holder holder;
    struct copy *now;
    struct copy *next;
    struct lack lacks_now[POOL_FAMILIES][LACK_REASONS];
    struct lack lacks_next[POOL_FAMILIES][LACK_REASONS];
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
    uint64_t serial;    // names made for pods without ordinal
    uint64_t step;
    uint64_t now_ms;

    // of this step
    struct holder **due; // room for all that the input names
    uint32_t due_n;
    struct holder *gone;
    struct pod *pods_come;
    struct pod *pods_go;
    struct copy *copies_come;
    struct copy *copies_go;
    uint32_t come_n;
};

// A holder is the first member of what it heads; its texts stand behind that.
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

// Who has this kind and name, or NULL.
struct holder *holder_find(const struct ordinals *o, uint8_t kind,
                           const char *namespace, const char *name);

// Someone new, among the others at once; NULL when there is no memory.
struct holder *holder_new(struct ordinals *o, const struct object *of);

// The holder alone; what it has is freed or told gone elsewhere.
void holder_free(struct holder *h);

// Look at a holder in this step; once is enough.
void ordinals_due(struct ordinals *o, struct holder *h);

// Take an address that a range gave from who has it: its pod moves.
void ordinals_evict(struct ordinals *o, struct grant *g);

static inline bool lacks_any(
    const struct lack lacks[POOL_FAMILIES][LACK_REASONS])
{
    for (unsigned f = 0; f < POOL_FAMILIES; f++)
        for (unsigned why = 0; why < LACK_REASONS; why++)
            if (lacks[f][why].n)
                return true;
    return false;
}

// The steps of one workload, in this order for all that are due; each returns
// 0 or -ENOMEM. `prepare` reads the new facts, `claim` declares addresses,
// `loosen` gives back what is not needed any more, `fill` makes the pods.
int workload_prepare(struct ordinals *o, struct workload *w) ORD_CHECKED;
void workload_claim(struct ordinals *o, struct workload *w);
void workload_loosen(struct ordinals *o, struct workload *w);
int workload_fill(struct ordinals *o, struct workload *w) ORD_CHECKED;
// Everything of it goes.
void workload_retire(struct ordinals *o, struct workload *w);
// Report what is lacking in `next` and was not so in `now`, and who moved.
void workload_tell(const struct ordinals *o, const struct workload *w,
                   const struct report *report);
// Let go of grants that are about to be freed; then `next` becomes `now`.
void workload_settle(const struct ordinals *o, struct workload *w);
void workload_commit(struct workload *w);
// `next` is forgotten.
void workload_rollback(struct workload *w);
void workload_free(struct workload *w);

// The same for a service.
void vip_loosen(struct ordinals *o, struct vip *v);
int vip_fill(struct ordinals *o, struct vip *v) ORD_CHECKED;
void vip_retire(struct ordinals *o, struct vip *v);
void vip_tell(const struct ordinals *o, const struct vip *v,
              const struct report *report);
void vip_commit(struct vip *v);
void vip_rollback(struct vip *v);
void vip_free(struct vip *v);
void copy_free(struct copy *c);

#endif
