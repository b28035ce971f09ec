// SPDX-License-Identifier: Apache-2.0
// A cluster under test: small objects of namespace `ns`, and what changed as
// one text. Aborts where the cluster refuses.
#ifndef ORDINALD_TESTS_LIB_CHANGES_H
#define ORDINALD_TESTS_LIB_CHANGES_H

#include "lib/objects.h"
#include "model/cluster.h"

void cluster_add(struct cluster *c, struct object *o, uint64_t rank);
// Replace an object and drop it at once, as a source does.
void cluster_swap(struct cluster *c, struct object *o, uint64_t rank,
                  struct object *old);
void cluster_drop(struct cluster *c, struct object *o);

// A headless service; one that selects app=value; a pod with that label; a
// slice of one endpoint.
struct object *make_service(const char *name);
struct object *make_selecting(const char *name, const char *value);
struct object *make_pod(const char *name, const char *value);
struct object *make_slice(const char *name, const char *service);

uint32_t endpoints_of(const struct cluster *c, const char *name);

// "+ns +ns/db -ns/old +ns@10.0.0.1": what came or changed, and what went; of
// pods their addresses.
struct changes {
    char text[1024];
    int left; // changes until one is refused with -EAGAIN; -1: none is
};

int changes_take(struct cluster *c, struct changes *changes) ORD_CHECKED;

// The test fails at the caller's line.
#define assert_changes(c, wanted)                                              \
    do {                                                                       \
        struct changes t_ = {.left = -1};                                      \
        assert_int_equal(changes_take(c, &t_), 0);                             \
        assert_string_equal(t_.text, wanted);                                  \
    } while (0)

#endif
