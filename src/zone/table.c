// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include "zone/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>

/*
 * The thread sanitizer does not see inside liburcu: tell it which of our own
 * reads and writes liburcu puts in order.
 */
#if defined(__SANITIZE_THREAD__)
#define ORDINALD_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ORDINALD_TSAN 1
#endif
#endif
#ifdef ORDINALD_TSAN
#include <sanitizer/tsan_interface.h>
static char grace; // only its address counts
#define BEFORE_HANDING_OVER(p) __tsan_release((void *)(p))
#define AFTER_TAKING_OVER(p) __tsan_acquire((void *)(p))
#define READERS_DONE() __tsan_release(&grace)
#define ALL_READERS_DONE() __tsan_acquire(&grace)
#else
#define BEFORE_HANDING_OVER(p) ((void)(p))
#define AFTER_TAKING_OVER(p) ((void)(p))
#define READERS_DONE() ((void)0)
#define ALL_READERS_DONE() ((void)0)
#endif

static_assert(sizeof(struct table_node) == sizeof(struct cds_lfht_node),
              "an entry's room for liburcu's links");

enum {
    BUCKETS_MIN = 64,
    // 16 octets of address space each, taken from the system as they are used:
    // this bounds the reservation (256 MiB), not the entries
    BUCKETS_MAX = 1 << 24,
};

struct table {
    struct cds_lfht *hash;
    size_t count;
    size_t buckets;
};

static struct cds_lfht_node *to_urcu(struct table_node *node)
{
    return (struct cds_lfht_node *)(void *)node;
}

struct table *table_new(void)
{
    struct table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->buckets = BUCKETS_MIN;
    t->hash = cds_lfht_new_flavor(BUCKETS_MIN, BUCKETS_MIN, BUCKETS_MAX, 0,
                                  &urcu_qsbr_flavor, NULL);
    if (!t->hash) {
        free(t);
        return NULL;
    }
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    int rc = cds_lfht_destroy(t->hash, NULL);
    assert(rc == 0);
    (void)rc;
    free(t);
}

struct table_node *table_find(const struct table *t, uint64_t hash,
                              int (*equal)(struct table_node *node,
                                           const void *key),
                              const void *key)
{
    struct cds_lfht_iter iter;
    // both structs are two pointers that only liburcu looks into
    cds_lfht_match_fct match = (cds_lfht_match_fct)(void *)equal;
    cds_lfht_lookup(t->hash, hash, match, key, &iter);
    struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
    if (!node)
        return NULL;
    AFTER_TAKING_OVER(node);
    return (struct table_node *)(void *)node;
}

void table_add(struct table *t, uint64_t hash, struct table_node *node)
{
    BEFORE_HANDING_OVER(node);
    cds_lfht_node_init(to_urcu(node));
    cds_lfht_add(t->hash, hash, to_urcu(node));
    // growing does not wait for readers: chains stay short during a load
    if (++t->count > 2 * t->buckets)
        table_fit(t);
}

void table_remove(struct table *t, struct table_node *node)
{
    int rc = cds_lfht_del(t->hash, to_urcu(node));
    assert(rc == 0);
    (void)rc;
    t->count--;
}

struct table_node *table_any(const struct table *t)
{
    struct cds_lfht_iter iter;
    cds_lfht_first(t->hash, &iter);
    return (struct table_node *)(void *)cds_lfht_iter_get_node(&iter);
}

size_t table_count(const struct table *t)
{
    return t->count;
}

void table_fit(struct table *t)
{
    size_t buckets = t->buckets;
    while (buckets < t->count && buckets < BUCKETS_MAX)
        buckets *= 2;
    while (buckets > BUCKETS_MIN && t->count < buckets / 8)
        buckets /= 2;
    if (buckets != t->buckets)
        cds_lfht_resize(t->hash, buckets);
    t->buckets = buckets;
}

void table_wait_readers(void)
{
    urcu_qsbr_synchronize_rcu();
    ALL_READERS_DONE();
}

void zone_reader_register(void)
{
    urcu_qsbr_register_thread();
}

void zone_reader_unregister(void)
{
    READERS_DONE();
    urcu_qsbr_unregister_thread();
}

void zone_reader_quiescent(void)
{
    READERS_DONE();
    urcu_qsbr_quiescent_state();
}

void zone_reader_offline(void)
{
    READERS_DONE();
    urcu_qsbr_thread_offline();
}

void zone_reader_online(void)
{
    urcu_qsbr_thread_online();
}
