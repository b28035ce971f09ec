// SPDX-License-Identifier: Apache-2.0
// A cluster with a service db and who is around it, and what it says of why
// names of db are none, as text. All of it for cmocka's tests.
#ifndef ORDINALD_TESTS_LIB_CROWD_H
#define ORDINALD_TESTS_LIB_CROWD_H

#include "lib/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// --- objects --------------------------------------------------------------

// A workload whose template has app=x; a StatefulSet of that kind; one of db
// with podManagementPolicy Parallel.
struct object *make_workload(enum object_kind kind, const char *name,
                             uint32_t replicas);
struct object *make_set(const char *name, const char *service,
                        uint32_t replicas);
struct object *make_parallel_set(const char *name, uint32_t replicas);

// Pods with app=x that are named below db: ready at an address; not ready; not
// even with an address. Both of these since second 1234.
struct object *make_named(const char *name);
struct object *make_unready(const char *name);
struct object *make_pending(const char *name);

// A slice of db without endpoints.
struct object *make_bare_slice(const char *name);
// Its first endpoint terminates.
void slice_terminates(struct object *slice);

// --- what becomes of a pod ------------------------------------------------

struct pod_life {
    void (*becomes)(struct object *pod);
    const char *lack;   // what db says of db-0 then; "": it lacks nothing
    const char *blocks; // and of those that wait for it
};

enum { POD_LIVES = 9 };

// The first one lacks nothing.
extern const struct pod_life pod_lives[POD_LIVES];

void pod_ends(struct object *pod);
void pod_goes(struct object *pod);

// --- a cluster ------------------------------------------------------------

enum { CROWD_MANY = 16 };

// A cluster with objects of its own: they go with it.
struct crowd {
    struct cluster *c;
    struct object *all[CROWD_MANY];
    size_t n;
};

struct crowd crowd_with(const struct cluster_settings *settings,
                        struct object *const *objects, size_t n);

#define CROWD(...)                                                             \
    crowd_with(NULL, (struct object *[]){__VA_ARGS__},                         \
               ORD_COUNT(((struct object *[]){__VA_ARGS__})))

// One more of them.
void crowd_add(struct crowd *s, struct object *o);
// One in another's place, which is dropped.
void crowd_swap(struct crowd *s, size_t at, struct object *now);
// Nothing is left that nobody holds.
void crowd_end(struct crowd *s);

// --- what is said ---------------------------------------------------------

enum crowd_why { WHY_LACK, WHY_NONE, WHY_EMPTY, WHY_UNNAMED };

/*
 * A reason of a service, as text until the next call:
 * "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed"
 *
 * name  of the hostname or the StatefulSet; "" for the others
 */
const char *crowd_say(const struct crowd *s, enum crowd_why what,
                      const char *service, const char *name);

#define assert_lack(s, hostname, wanted)                                       \
    assert_string_equal(crowd_say(s, WHY_LACK, "db", hostname), wanted)
#define assert_none(s, set, wanted)                                            \
    assert_string_equal(crowd_say(s, WHY_NONE, "db", set), wanted)
#define assert_empty(s, wanted)                                                \
    assert_string_equal(crowd_say(s, WHY_EMPTY, "db", ""), wanted)
#define assert_unnamed(s, wanted)                                              \
    assert_string_equal(crowd_say(s, WHY_UNNAMED, "db", ""), wanted)

// How many hostnames of db lack something.
uint32_t crowd_lacks(const struct crowd *s);

#endif
