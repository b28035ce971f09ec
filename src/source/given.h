// SPDX-License-Identifier: Apache-2.0
// What the cluster's objects leave open: the workloads that come without pods,
// the services that come without an address, and the addresses that are taken.
// A look at one moment; everything in it is borrowed from the cluster.
#ifndef ORDINALD_SOURCE_GIVEN_H
#define ORDINALD_SOURCE_GIVEN_H

#include "base/base.h"
#include "model/cluster.h"
#include "model/ordinal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object_list {
    const struct object **items;
    uint32_t n;
    size_t room;
};

// Returns 0 or -ENOMEM with the list as it was.
int object_list_add(struct object_list *l, const struct object *o) ORD_CHECKED;

struct given {
    struct object_list workloads;
    bool *has_pods; // of each workload
    struct object_list services;
    struct address *taken;
    uint32_t taken_n;
    size_t taken_room;

    // private
    const struct cluster *cluster;
    const struct ordinals_settings *settings;
    const struct object *(*original)(void *context, const struct object *o);
    void *context;
};

// Safe on a look that failed and on one of zero bytes.
void given_release(struct given *g);

/*
 * Find all workloads, by namespace, kind and name, and all services that are to
 * get an address here.
 *
 * original  the object that a copy made here stands before, NULL where that is
 *           gone; any other object itself. Kept until given_release()
 *
 * Returns 0 or -ENOMEM.
 */
int given_begin(struct given *g, const struct cluster *c,
                const struct ordinals_settings *settings,
                const struct object *(*original)(void *context,
                                                 const struct object *o),
                void *context) ORD_CHECKED;

/*
 * Leave only those workloads that come without pods, and note what is taken in
 * the ranges. Pods that model/ordinal made do not count.
 *
 * Returns 0 or -ENOMEM.
 */
int given_finish(struct given *g) ORD_CHECKED;

#endif
