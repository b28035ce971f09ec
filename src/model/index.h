// SPDX-License-Identifier: Apache-2.0
// How the cluster is kept, private to src/model.
//
//   space   a namespace that something names
//   entry   one object that was put in. Entries of the same kind, namespace and
//           name form a chain by rank; only its head counts and is linked into
//           what follows. All memory is taken when an entry is made, so that
//           linking, unlinking and promoting the next in the chain cannot fail
//   hub     what belongs to one service name: the Service, its slices, its
//           Endpoints, the StatefulSets that it governs, the pods that are
//           named below it, whether they came or not
//   pair    a label `key=value` of a namespace, with the pods that carry it,
//           the workloads whose template has it, and the services that were
//           filed under it: the way from a pod to the services that may select
//           it, and back, without a walk over either
//   pod_address
//           an address in a namespace that pods have, where pods are told
//
// What the settings hide (filter.c) holds nothing of this: so there is nothing
// to link, to mark or to tell. Only a hidden slice or Endpoints belongs to its
// hub all the same, so that nothing else speaks for the service; service.c
// leaves it out.
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
    uint32_t parts;   // hubs and pod_addresses
    bool dirty;       // in cluster.dirty_spaces, which keeps it alive
    bool known;       // cluster_take_changes() said that it exists
    bool hidden;      // it and all that is in it: never told
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
    struct list_node *sets;        // StatefulSets that count
    // Pods that count and are named below it. While the service is there, those
    // that lack nothing are told from the others, of which there are few:
    // nobody has to look at ten thousand to find out that all is well
    struct list_node *whole;
    struct list_node *lacking;
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
    struct list_node *templates; // postings
    struct list_node *services;  // service entries
    uint32_t pods_n;
    uint32_t templates_n;
    uint32_t services_n;
    uint32_t refs; // entries that hold it, counting or not
};

struct pod_address {
    struct map_node node;
    struct space *space;
    struct pod_address *dirty_next;
    struct address address;
    uint32_t pods; // entries that count; exists while there are any
    uint32_t refs; // entries that hold it, counting or not
    bool dirty;    // in cluster.dirty_addresses, which keeps it alive
    bool known;    // cluster_take_changes() said that it exists
};

// One label of a pod, or of a workload's template.
struct posting {
    struct list_node at; // in pair->pods, or pair->templates
    struct pair *pair;
    struct entry *entry;
};

struct service_entry {
    struct entry entry;
    struct hub *hub;     // NULL: hidden
    struct pair *pair;   // NULL: derives no endpoints from pods
    struct list_node at; // in pair->services
};

struct slice_entry {
    struct entry entry;
    struct hub *hub;     // NULL: names no service, or of no interest
    struct list_node at; // in hub->slices
};

struct endpoints_entry {
    struct entry entry;
    struct hub *hub; // NULL: of no interest
};

struct workload_entry {
    struct entry entry;
    struct hub *hub;     // NULL: no StatefulSet, no service governs it, or of
                         // no interest
    struct list_node at; // in hub->sets
    uint32_t postings_n; // 0: of no interest
    struct posting postings[];
};

struct pod_entry {
    struct entry entry;
    struct hub *hub;      // NULL: named below no service, or of no interest
    struct list_node at;  // in hub->whole or hub->lacking
    uint32_t postings_n;  // 0 for a pod that nobody may select
    uint32_t addresses_n; // 0 for a pod of which no address is told
    struct posting postings[];
};

// The addresses of a pod: behind its postings, so that a pod pays for them only
// where they are told. There are none before the last posting is made.
static inline struct pod_address **pod_entry_addresses(struct pod_entry *e)
{
    return (struct pod_address **)&e->postings[e->postings_n];
}

struct cluster {
    struct cluster_settings settings;
    struct hub *own; // that settings.self is named below; NULL: not known
    uint64_t seed;
    struct map kinds[OBJECT_KINDS]; // entries that count
    struct map spaces;
    struct map hubs;
    struct map pairs;
    struct map addresses;
    struct hub *dirty_hubs;
    struct pod_address *dirty_addresses;
    struct space *dirty_spaces;
};

// The namespace an object belongs to; a Namespace belongs to itself.
static inline const char *object_space(const struct object *o)
{
    return o->kind == OBJECT_NAMESPACE ? o->name : o->namespace;
}

// What has a name in a namespace is found by this.
uint64_t space_hash(const struct space *s, const char *name);

// Hold a part, made where there is none yet, and let go of it. Acquiring
// returns NULL when there is no memory; NULL is fine to be released, but for a
// namespace.
struct space *space_acquire(struct cluster *c, const char *namespace);
void space_release(struct cluster *c, struct space *s);
struct hub *hub_acquire(struct cluster *c, struct space *s, const char *name);
void hub_release(struct cluster *c, struct hub *h);
struct pair *pair_acquire(struct cluster *c, const struct space *s,
                          const struct label *label);
void pair_release(struct cluster *c, struct pair *p);

// The pair of a selector that the fewest pods carry, or templates have; NULL:
// none has one of them.
const struct pair *pair_rarest(const struct cluster *c, const struct space *s,
                               struct labels selector, bool templates);

// The entry that counts, or NULL. The namespace of a Namespace is its name.
struct entry *entry_find(const struct cluster *c, enum object_kind kind,
                         const char *namespace, const char *name);

struct space *space_find(const struct cluster *c, const char *namespace);
struct hub *hub_find(const struct cluster *c, const char *namespace,
                     const char *name);
struct pair *pair_find(const struct cluster *c, const struct space *s,
                       const struct label *label);

// Whether the settings hide a namespace, and an object of one that they do not
// hide.
bool filter_hides_namespace(const struct cluster *c, const char *namespace);
bool filter_hides(const struct cluster *c, const struct object *o);

// Whether there is no Service of the hub's name, not even a hidden one, and a
// StatefulSet that is to be seen names it.
bool filter_shows_missing(const struct cluster *c, const struct hub *h);

// Whether the hub is told of and asked for: for its Service, one that is
// missing, or the server's own pod.
bool filter_shows(const struct cluster *c, const struct hub *h);

// Hold an address of a namespace, and let go of it. Acquiring returns NULL when
// there is no memory.
struct pod_address *address_acquire(struct cluster *c, struct space *s,
                                    const struct address *address);
void address_release(struct cluster *c, struct pod_address *a);

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

// Let an entry count, or no more, for its service, labels and addresses.
void entry_link(struct cluster *c, struct entry *e);
void entry_unlink(struct cluster *c, struct entry *e);

// Let go of what only its dirt may still have kept alive.
void space_settle(struct cluster *c, struct space *s);
void hub_settle(struct cluster *c, struct hub *h);
void address_settle(struct cluster *c, struct pod_address *a);

// The head of a chain changed from `before` to `after`, either may be NULL and
// both are alive: mark the services for which it makes a difference.
void change_note(struct cluster *c, const struct entry *before,
                 const struct entry *after);

// A service is to be told, whatever has changed. NULL is fine.
void hub_mark(struct cluster *c, struct hub *h);

// A namespace, or an address of pods, may have come or gone.
void change_note_space(struct cluster *c, struct space *s);
void change_note_address(struct cluster *c, struct pod_address *a);

#endif
