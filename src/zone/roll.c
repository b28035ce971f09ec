// SPDX-License-Identifier: Apache-2.0
#include "roll.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int roll_init(struct roll *r, uint64_t seed)
{
    r->seed = seed;
    r->count = 0;
    return table_init(&r->table);
}

void roll_release(struct roll *r)
{
    struct roll_entry *e;
    for (size_t at = 0; (e = table_next(&r->table, &at));)
        free(e);
    table_release(&r->table);
}

static uint64_t hash_of(const struct roll *r, struct span key)
{
    return hash_bytes(r->seed, key.p, key.n);
}

static struct roll_entry *find(const struct roll *r, struct span key)
{
    return table_find(&r->table, hash_of(r, key), roll_entry_has_key, &key);
}

static struct roll_entry *make(struct roll *r, struct span key)
{
    assert(key.n <= UINT8_MAX);
    if (table_reserve(&r->table, 1))
        return NULL;
    struct roll_entry *e = calloc(1, sizeof *e + key.n);
    if (!e)
        return NULL;
    e->key_n = (uint8_t)key.n;
    memcpy(e->key, key.p, key.n);
    table_add(&r->table, hash_of(r, key), e);
    return e;
}

int roll_tell(struct roll *r, struct roll_step *step, struct span key,
              bool exists)
{
    struct roll_entry *e = find(r, key);

    if (!e && !exists)
        return 0;
    if (!e)
        e = make(r, key);
    if (!e)
        return -ENOMEM;
    if (!e->is_told) {
        e->next = step->told;
        step->told = e;
    }
    e->is_told = true;
    e->told = exists;
    return 0;
}

static bool exists_now(const struct roll_entry *e)
{
    return atomic_load_explicit(&e->exists, memory_order_relaxed);
}

bool roll_let_in(struct roll *r, struct roll_step *step)
{
    uint32_t before = r->count;

    for (struct roll_entry *e = step->told; e; e = e->next) {
        if (!e->told || exists_now(e))
            continue;
        atomic_store_explicit(&e->exists, true, memory_order_release);
        r->count++;
    }
    return r->count != before;
}

// The step's words are done with; keys that do not exist leave the table.
static void settle(struct roll *r, struct roll_step *step)
{
    while (step->told) {
        struct roll_entry *e = step->told;
        step->told = e->next;
        e->is_told = false;
        if (exists_now(e))
            continue;
        table_remove(&r->table, hash_of(r, span_of(e->key, e->key_n)), e);
        e->next = step->gone;
        step->gone = e;
    }
}

bool roll_let_go(struct roll *r, struct roll_step *step)
{
    uint32_t before = r->count;

    for (struct roll_entry *e = step->told; e; e = e->next) {
        if (e->told || !exists_now(e))
            continue;
        atomic_store_explicit(&e->exists, false, memory_order_release);
        r->count--;
    }
    settle(r, step);
    return r->count != before;
}

void roll_cancel(struct roll *r, struct roll_step *step)
{
    settle(r, step);
}

void roll_step_release(struct roll_step *step)
{
    while (step->gone) {
        struct roll_entry *next = step->gone->next;
        free(step->gone);
        step->gone = next;
    }
}
