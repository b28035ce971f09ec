// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include "zone/zone.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <urcu/urcu-qsbr.h>

// The thread sanitizer does not see inside liburcu: tell it that what readers
// did before they reported quiescence is over when the writer has waited.
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
#define READER_DONE()      __tsan_release(&grace)
#define ALL_READERS_DONE() __tsan_acquire(&grace)
#else
#define READER_DONE()      ((void)0)
#define ALL_READERS_DONE() ((void)0)
#endif

enum { BUCKETS_MIN = 16 };

const char table_removed = 0;

static struct table_array *make_array(size_t buckets)
{
    struct table_array *a =
        calloc(1, sizeof *a + buckets * sizeof(struct table_bucket));
    if (a)
        a->mask = buckets - 1;
    return a;
}

static struct table_array *array_of(const struct table *t)
{
    return atomic_load_explicit(&t->array, memory_order_relaxed);
}

int table_init(struct table *t)
{
    struct table_array *a = make_array(BUCKETS_MIN);
    if (!a)
        return -ENOMEM;
    t->count = t->used = 0;
    atomic_store_explicit(&t->array, a, memory_order_release);
    return 0;
}

void table_release(struct table *t)
{
    free(array_of(t));
    t->count = t->used = 0;
    atomic_store_explicit(&t->array, NULL, memory_order_relaxed);
}

static bool is_free(const struct table_bucket *b)
{
    const void *entry = atomic_load_explicit(&b->entry, memory_order_relaxed);
    return !entry || entry == &table_removed;
}

static void put(struct table_array *a, uint64_t hash, void *entry, size_t *used)
{
    size_t i = hash & a->mask;
    while (!is_free(&a->buckets[i]))
        i = (i + 1) & a->mask;
    struct table_bucket *b = &a->buckets[i];
    *used += !atomic_load_explicit(&b->entry, memory_order_relaxed);
    atomic_store_explicit(&b->hash, hash, memory_order_relaxed);
    atomic_store_explicit(&b->entry, entry, memory_order_release);
}

// At most three quarters full, at least a quarter once it has been larger.
static size_t buckets_for(size_t entries)
{
    size_t buckets = BUCKETS_MIN;
    while (entries > buckets / 4 * 3)
        buckets *= 2;
    return buckets;
}

static int replace(struct table *t, size_t buckets)
{
    struct table_array *old = array_of(t), *a = make_array(buckets);
    if (!a)
        return -ENOMEM;
    size_t used = 0;
    for (size_t i = 0; i <= old->mask; i++) {
        struct table_bucket *b = &old->buckets[i];
        if (!is_free(b))
            put(a, atomic_load_explicit(&b->hash, memory_order_relaxed),
                atomic_load_explicit(&b->entry, memory_order_relaxed), &used);
    }
    t->used = used;
    atomic_store_explicit(&t->array, a, memory_order_release);
    table_wait_readers();
    free(old);
    return 0;
}

int table_reserve(struct table *t, size_t n)
{
    size_t have = array_of(t)->mask + 1;

    if (t->used + n <= have / 4 * 3)
        return 0;
    // grown by half a step at least, or the same size again without marks
    return replace(t, buckets_for(t->count + n + t->count / 4));
}

void table_add(struct table *t, uint64_t hash, void *entry)
{
    put(array_of(t), hash, entry, &t->used);
    t->count++;
    assert(t->used <= array_of(t)->mask);
}

void table_remove(struct table *t, uint64_t hash, const void *entry)
{
    struct table_array *a = array_of(t);
    size_t i = hash & a->mask;

    while (atomic_load_explicit(&a->buckets[i].entry, memory_order_relaxed) !=
           entry)
        i = (i + 1) & a->mask;
    atomic_store_explicit(&a->buckets[i].entry,
                          (void *)(uintptr_t)&table_removed,
                          memory_order_release);
    t->count--;
}

void *table_next(const struct table *t, size_t *at)
{
    const struct table_array *a = array_of(t);
    while (a && *at <= a->mask) {
        const struct table_bucket *b = &a->buckets[(*at)++];
        if (!is_free(b))
            return atomic_load_explicit(&b->entry, memory_order_relaxed);
    }
    return NULL;
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
    READER_DONE();
    urcu_qsbr_unregister_thread();
}

void zone_reader_quiescent(void)
{
    READER_DONE();
    urcu_qsbr_quiescent_state();
}

void zone_reader_offline(void)
{
    READER_DONE();
    urcu_qsbr_thread_offline();
}

void zone_reader_online(void)
{
    urcu_qsbr_thread_online();
}
