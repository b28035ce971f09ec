// SPDX-License-Identifier: Apache-2.0
// How the cluster is kept, private to src/model.
//
//   space   a namespace that something names
//   entry   one object that was put in. Entries of the same kind, namespace and
//           name form a chain by rank; only its head counts and is linked into
//           what follows. All memory is taken when an entry is made, so that
//           linking, unlinking and promoting the next in the chain cannot fail
//   hub     what belongs to one service name: the Service, its slices, its
//           Endpoints, whether they came or not
//   pair    a label `key=value` of a namespace, with the pods that carry it and
//           the services that were filed under it: the way from a pod to the
//           services that may select it, and back, without a walk over either
#ifndef ORDINALD_MODEL_INDEX_H
#define ORDINALD_MODEL_INDEX_H

#include "list.h"
#include "map.h"
#include "model/cluster.h"

#include <stdbool.h>
#include <stdint.h>

struct space {
    struct map_node node;
    struct space *dirty_next;
    uint32_t entries; // exists while there are any
    uint32_t hubs;
    bool dirty; // in cluster.dirty_spaces, which keeps it alive
    bool known; // cluster_take_changes() said that it exists
    char name[];
};

// What each entry begins with; the kinds below add to it.
struct entry {
    struct map_node node; // in the map of its kind while it counts
    struct space *space;
    const struct object *object;
    struct entry *lower; // the next one by rank
    uint64_t rank;
};

struct hub {
    struct map_node node;
    struct space *space;
    const struct entry *service;   // that counts, or NULL
    const struct entry *endpoints; // that counts, or NULL
    struct list_node *slices;      // slice entries that count
    struct hub *dirty_next;
    uint32_t refs; // entries that hold it, counting or not
    bool dirty;    // in cluster.dirty_hubs, which keeps it alive
    bool known;    // cluster_take_changes() said that the service exists
    char name[];
};

struct pair {
    struct map_node node;   // known by a 64-bit keyed hash alone: whoever finds
                            // something here compares the labels themselves
    struct list_node *pods; // postings
    struct list_node *services; // service entries
    uint32_t pods_n;
    uint32_t services_n;
    uint32_t refs; // entries that hold it, counting or not
};

// One label of a pod.
struct posting {
    struct list_node at; // in pair->pods
    struct pair *pair;
    struct pod_entry *pod;
};

struct service_entry {
    struct entry entry;
    struct hub *hub;
    struct pair *pair;   // NULL: derives no endpoints from pods
    struct list_node at; // in pair->services
};

struct slice_entry {
    struct entry entry;
    struct hub *hub;     // NULL: names no service
    struct list_node at; // in hub->slices
};

struct endpoints_entry {
    struct entry entry;
    struct hub *hub;
};

struct pod_entry {
    struct entry entry;
    uint32_t postings_n; // 0 for a pod that nobody may select
    struct posting postings[];
};

struct cluster {
    struct cluster_settings settings;
    uint64_t seed;
    struct map kinds[OBJECT_KINDS]; // entries that count
    struct map spaces;
    struct map hubs;
    struct map pairs;
    struct hub *dirty_hubs;
    struct space *dirty_spaces;
};

// The namespace an object belongs to; a Namespace belongs to itself.
static inline const char *object_space(const struct object *o)
{
    return o->kind == OBJECT_NAMESPACE ? o->name : o->namespace;
}

// What has a name in a namespace is found by this.
uint64_t space_hash(const struct space *s, const char *name);

struct space *space_find(const struct cluster *c, const char *namespace);
struct hub *hub_find(const struct cluster *c, const char *namespace,
                     const char *name);
struct pair *pair_find(const struct cluster *c, const struct space *s,
                       const struct label *label);

/*
 * Make an entry that does not count yet.
 *
 * Returns NULL when there is no memory, with nothing to be seen of it.
 */
struct entry *entry_new(struct cluster *c, const struct object *o,
                        uint64_t rank);

// Free an entry that is in no chain; its namespace may go with it. NULL is
// fine.
void entry_free(struct cluster *c, struct entry *e);

// Let an entry count, or no more, for its service and its labels.
void entry_link(struct entry *e);
void entry_unlink(struct entry *e);

// Let go of what only its dirt may still have kept alive.
void space_settle(struct cluster *c, struct space *s);
void hub_settle(struct cluster *c, struct hub *h);

// The head of a chain changed from `before` to `after`, either may be NULL and
// both are alive: mark the services for which it makes a difference.
void change_note(struct cluster *c, const struct entry *before,
                 const struct entry *after);

// A namespace may have come or gone.
void change_note_space(struct cluster *c, struct space *s);

#endif
