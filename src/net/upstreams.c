// SPDX-License-Identifier: Apache-2.0
// One lock for all that changes rarely. `calm` says that a reply changes
// nothing: then none is taken, as long as all goes well.
#include "net/upstreams.h"

#include "upstreams_health.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct upstream {
    struct sockaddr_any address;
    _Atomic bool calm;     // GOOD, and not doubted
    _Atomic int condition; // enum upstream_condition
    _Atomic uint64_t asked, answered, failed;
    // under the lock; so are changes of the first two
    bool probed; // while it is doubted: by a probe that is on its way
    bool unreachable;
    uint64_t since_ms;
    uint64_t due_ms;   // of a probe, or of the end of a doubt
    uint32_t wait_ms;  // the last one; 0: it was never aside
    bool is_named;     // there was a probe
    bool name_is_seen; // and it has come back
    struct upstream_name name;
};

struct upstreams {
    _Atomic unsigned references;
    uv_mutex_t lock;
    void (*changed)(void *context);
    void *context;
    size_t n;
    struct upstream all[];
};

static uint64_t read_number(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void count(_Atomic uint64_t *number)
{
    (void)atomic_fetch_add_explicit(number, 1, memory_order_relaxed);
}

static enum upstream_condition condition_of(const struct upstream *s)
{
    return (enum upstream_condition)atomic_load_explicit(&s->condition,
                                                         memory_order_relaxed);
}

static bool is_calm(const struct upstream *s)
{
    return atomic_load_explicit(&s->calm, memory_order_relaxed);
}

static void set_calm(struct upstream *s, bool calm)
{
    atomic_store_explicit(&s->calm, calm, memory_order_relaxed);
}

// --- the value -------------------------------------------------------------

struct upstreams *upstreams_new(const struct sockaddr_any *addresses, size_t n,
                                void (*changed)(void *context), void *context)
{
    assert(n <= UPSTREAMS_MAX);
    struct upstreams *u = calloc(1, sizeof *u + n * sizeof u->all[0]);
    if (!u)
        return NULL;
    if (uv_mutex_init(&u->lock) < 0) {
        free(u);
        return NULL;
    }
    atomic_init(&u->references, 1);
    u->changed = changed;
    u->context = context;
    u->n = n;
    for (size_t i = 0; i < n; i++) {
        struct upstream *const s = &u->all[i];
        s->address = addresses[i];
        atomic_init(&s->calm, true);
        atomic_init(&s->condition, UPSTREAM_GOOD);
        s->since_ms = uv_hrtime() / 1000000;
        s->due_ms = UPSTREAMS_NEVER;
    }
    return u;
}

struct upstreams *upstreams_ref(struct upstreams *u)
{
    (void)atomic_fetch_add_explicit(&u->references, 1, memory_order_relaxed);
    return u;
}

void upstreams_unref(struct upstreams *u)
{
    if (!u ||
        atomic_fetch_sub_explicit(&u->references, 1, memory_order_acq_rel) != 1)
        return;
    uv_mutex_destroy(&u->lock);
    free(u);
}

size_t upstreams_n(const struct upstreams *u)
{
    return u->n;
}

// The lock is no part of the value.
static uv_mutex_t *lock_of(const struct upstreams *u)
{
    return (uv_mutex_t *)(uintptr_t)&u->lock;
}

struct upstream_state upstreams_state(const struct upstreams *u, size_t i)
{
    assert(i < u->n);
    const struct upstream *const s = &u->all[i];
    uv_mutex_lock(lock_of(u));
    const struct upstream_state state = {
        .address = s->address,
        .condition = condition_of(s),
        .unreachable = s->unreachable,
        .since_ms = s->since_ms,
        .asked = read_number(&s->asked),
        .answered = read_number(&s->answered),
        .failed = read_number(&s->failed),
    };
    uv_mutex_unlock(lock_of(u));
    return state;
}

const struct sockaddr_any *upstreams_address(const struct upstreams *u,
                                             size_t i)
{
    assert(i < u->n);
    return &u->all[i].address;
}

bool upstreams_is_good(const struct upstreams *u, size_t i)
{
    assert(i < u->n);
    return condition_of(&u->all[i]) == UPSTREAM_GOOD;
}

void upstreams_asked(struct upstreams *u, size_t i)
{
    count(&u->all[i].asked);
}

void upstreams_failed(struct upstreams *u, size_t i)
{
    count(&u->all[i].failed);
}

// --- under the lock --------------------------------------------------------

static bool none_is_good(const struct upstreams *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (condition_of(&u->all[i]) == UPSTREAM_GOOD)
            return false;
    return true;
}

static void wait_on(const struct upstreams *u, struct upstream *s,
                    uint32_t wait_ms, uint64_t now_ms)
{
    s->wait_ms = wait_ms < UPSTREAM_WAIT_MAX_MS
                     ? wait_ms
                     : (uint32_t)UPSTREAM_WAIT_MAX_MS;
    const bool alone = s->wait_ms > UPSTREAM_WAIT_ALONE_MS && none_is_good(u);
    s->due_ms =
        now_ms + (alone ? (uint32_t)UPSTREAM_WAIT_ALONE_MS : s->wait_ms);
}

// One that was good for a moment only is not forgiven what it did before.
static uint32_t first_wait(const struct upstream *s, uint64_t now_ms)
{
    const bool again = condition_of(s) == UPSTREAM_GOOD && s->wait_ms > 0 &&
                       now_ms < s->since_ms + UPSTREAM_WAIT_MAX_MS;
    return again ? 2 * s->wait_ms : (uint32_t)UPSTREAM_WAIT_MIN_MS;
}

// Whoever may be back is asked now: there is nobody else.
static void hurry_others(struct upstreams *u, const struct upstream *s,
                         uint64_t now_ms)
{
    for (size_t i = 0; i < u->n; i++)
        if (&u->all[i] != s && u->all[i].due_ms > now_ms)
            u->all[i].due_ms = now_ms;
}

// Returns whether it was another one before.
static bool become(struct upstreams *u, struct upstream *s,
                   enum upstream_condition condition, uint64_t now_ms)
{
    const bool changes = condition_of(s) != condition;
    const bool was_good = condition_of(s) == UPSTREAM_GOOD;
    const uint32_t wait_ms = first_wait(s, now_ms);

    atomic_store_explicit(&s->condition, (int)condition, memory_order_relaxed);
    set_calm(s, condition == UPSTREAM_GOOD);
    if (changes)
        s->since_ms = now_ms;
    if (condition == UPSTREAM_GOOD)
        s->due_ms = UPSTREAMS_NEVER;
    else if (changes)
        wait_on(u, s, wait_ms, now_ms);
    if (changes && was_good && none_is_good(u))
        hurry_others(u, s, now_ms);
    return changes;
}

static void unlock(struct upstreams *u, bool changes)
{
    uv_mutex_unlock(&u->lock);
    if (changes && u->changed)
        u->changed(u->context);
}

// --- what happens ----------------------------------------------------------

void upstreams_answered(struct upstreams *u, size_t i, uint64_t now_ms)
{
    count(&u->all[i].answered);
    upstreams_replied(u, i, now_ms);
}

void upstreams_replied(struct upstreams *u, size_t i, uint64_t now_ms)
{
    struct upstream *const s = &u->all[i];
    bool changes = false;

    if (is_calm(s))
        return;
    uv_mutex_lock(&u->lock);
    if (condition_of(s) != UPSTREAM_LOOP)
        changes = become(u, s, UPSTREAM_GOOD, now_ms);
    unlock(u, changes);
}

void upstreams_doubt(struct upstreams *u, size_t i, bool unreachable,
                     uint64_t now_ms)
{
    struct upstream *const s = &u->all[i];
    bool changes = false;

    uv_mutex_lock(&u->lock);
    s->unreachable = unreachable;
    if (is_calm(s)) {
        set_calm(s, false);
        s->probed = false;
        s->due_ms = now_ms;
    } else if (condition_of(s) == UPSTREAM_GOOD && s->probed && unreachable) {
        changes = become(u, s, UPSTREAM_ASIDE, now_ms);
    }
    unlock(u, changes);
}

uint64_t upstreams_due_ms(struct upstreams *u)
{
    uint64_t due_ms = UPSTREAMS_NEVER;
    uv_mutex_lock(&u->lock);
    for (size_t i = 0; i < u->n; i++)
        if (u->all[i].due_ms < due_ms)
            due_ms = u->all[i].due_ms;
    uv_mutex_unlock(&u->lock);
    return due_ms;
}

// Of one that is due. Returns whether it is to be probed.
static bool go_on(struct upstreams *u, struct upstream *s, uint64_t now_ms,
                  bool *changes)
{
    if (condition_of(s) != UPSTREAM_GOOD) {
        wait_on(u, s, 2 * s->wait_ms, now_ms);
        return true;
    }
    if (s->probed) { // in vain
        *changes = become(u, s, UPSTREAM_ASIDE, now_ms);
        return false;
    }
    s->probed = true;
    s->due_ms = now_ms + UPSTREAM_DOUBT_MS;
    return true;
}

bool upstreams_take_probe(struct upstreams *u, size_t i, uint64_t now_ms)
{
    struct upstream *const s = &u->all[i];
    bool changes = false, probe = false;

    if (is_calm(s))
        return false;
    uv_mutex_lock(&u->lock);
    if (s->due_ms <= now_ms)
        probe = go_on(u, s, now_ms, &changes);
    unlock(u, changes);
    return probe;
}

void upstreams_spare(struct upstreams *u, size_t i, uint64_t now_ms)
{
    struct upstream *const s = &u->all[i];
    uv_mutex_lock(&u->lock);
    if (condition_of(s) == UPSTREAM_GOOD)
        (void)become(u, s, UPSTREAM_GOOD, now_ms); // which changes nothing
    uv_mutex_unlock(&u->lock);
}

// --- probes ----------------------------------------------------------------

static bool is_named(const struct upstream *s, struct upstream_name name)
{
    return s->is_named && memcmp(&s->name, &name, sizeof name) == 0;
}

void upstreams_probed(struct upstreams *u, size_t i, struct upstream_name name)
{
    struct upstream *const s = &u->all[i];
    uv_mutex_lock(&u->lock);
    s->name = name;
    s->is_named = true;
    s->name_is_seen = false;
    uv_mutex_unlock(&u->lock);
}

// An upstream that leads back to us replies, too: with what we have said.
void upstreams_probe_replied(struct upstreams *u, size_t i,
                             struct upstream_name name, uint64_t now_ms)
{
    struct upstream *const s = &u->all[i];
    bool changes = false;

    if (is_calm(s))
        return;
    uv_mutex_lock(&u->lock);
    if (condition_of(s) != UPSTREAM_LOOP ||
        (is_named(s, name) && !s->name_is_seen))
        changes = become(u, s, UPSTREAM_GOOD, now_ms);
    unlock(u, changes);
}

bool upstreams_saw(struct upstreams *u, struct upstream_name name,
                   uint64_t now_ms)
{
    bool ours = false, changes = false;

    uv_mutex_lock(&u->lock);
    for (size_t i = 0; i < u->n && !ours; i++) {
        struct upstream *const s = &u->all[i];
        ours = is_named(s, name);
        if (ours) {
            s->name_is_seen = true;
            changes = become(u, s, UPSTREAM_LOOP, now_ms);
        }
    }
    unlock(u, changes);
    return ours;
}
