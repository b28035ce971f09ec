// SPDX-License-Identifier: Apache-2.0
#include "space.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static uint64_t hash_of(const struct spaces *s, const uint8_t *label)
{
    return hash_bytes(s->seed, label, label[0] + 1u);
}

static struct zone_space *find(const struct spaces *s, const uint8_t *label)
{
    return table_find(&s->table, hash_of(s, label), space_has_key, label);
}

static void free_reason(const struct zone_reason *r)
{
    free((void *)(uintptr_t)r);
}

// --- life ------------------------------------------------------------------

int spaces_init(struct spaces *s, uint64_t seed, bool silent)
{
    s->seed = seed;
    s->silent = silent;
    return table_init(&s->table);
}

static void free_space(struct zone_space *space)
{
    name_list_release(&space->services);
    free_reason(atomic_load_explicit(&space->why, memory_order_relaxed));
    free_reason(space->gone);
    free(space->spare);
    free(space);
}

void spaces_release(struct spaces *s)
{
    struct zone_space *space;

    for (size_t at = 0; (space = table_next(&s->table, &at));)
        free_space(space);
    table_release(&s->table);
    name_list_release(&s->names);
    free_reason(atomic_load_explicit(&s->why, memory_order_relaxed));
}

// --- texts -----------------------------------------------------------------

static struct zone_reason *new_spare(void)
{
    return malloc(WHY_SIZE_MAX);
}

static struct zone_reason *render_services(const struct spaces *s,
                                           const struct zone_space *space,
                                           struct zone_reason *spare)
{
    static const char *const none[] = {"none"};
    char namespace[DNS_LABEL_MAX + 1] = "";
    struct name_list_view view;

    name_list_show(&space->services, &view);
    memcpy(namespace, space->key + 1, space->key[0]);
    const struct reason why = {
        .code = REASON_SERVICE_UNKNOWN,
        .namespace = namespace,
        .names = view.n ? view.names : none,
        .names_n = view.n ? view.n : 1,
        .names_all = view.n ? space->services.n : 1,
    };
    why_render(&why, s->silent, spare);
    return spare;
}

static struct zone_reason *render_namespaces(const struct spaces *s,
                                             struct zone_reason *spare)
{
    struct name_list_view view;

    name_list_show(&s->names, &view);
    const struct reason why = {
        .code = REASON_NAMESPACE_UNKNOWN,
        .names = view.names,
        .names_n = view.n,
        .names_all = s->names.n,
    };
    why_render(&why, s->silent, spare);
    return spare;
}

// --- a step ----------------------------------------------------------------

// One without services, which is right until a step is published.
static struct zone_space *make(struct spaces *s, const uint8_t *label)
{
    if (table_reserve(&s->table, 1))
        return NULL;
    struct zone_space *space = calloc(1, sizeof *space + label[0] + 1u);
    struct zone_reason *spare = new_spare();
    if (!space || !spare) {
        free(space);
        free(spare);
        return NULL;
    }
    memcpy(space->key, label, label[0] + 1u);
    atomic_init(&space->why, render_services(s, space, spare));
    table_add(&s->table, hash_of(s, label), space);
    return space;
}

// The space, with a spare for its text.
static struct zone_space *tell(struct spaces *s, struct spaces_step *step,
                               const uint8_t *label)
{
    struct zone_space *space = find(s, label);

    if (!space)
        space = make(s, label);
    if (!space)
        return NULL;
    if (!space->is_told) {
        space->is_told = true;
        space->next = step->told;
        step->told = space;
    }
    if (!space->spare)
        space->spare = new_spare();
    return space->spare ? space : NULL;
}

int spaces_tell_service(struct spaces *s, struct spaces_step *step,
                        const uint8_t *namespace)
{
    struct zone_space *space = tell(s, step, namespace);
    return space ? name_list_reserve(&space->services) : -ENOMEM;
}

int spaces_tell_namespace(struct spaces *s, struct spaces_step *step,
                          const uint8_t *namespace)
{
    if (!step->spare)
        step->spare = new_spare();
    if (!step->spare || !tell(s, step, namespace))
        return -ENOMEM;
    return name_list_reserve(&s->names);
}

// --- publishing ------------------------------------------------------------

static void change(struct name_list *l, const uint8_t *label, bool exists)
{
    if (exists)
        name_list_add(l, label);
    else
        name_list_remove(l, label);
}

void spaces_change_service(struct spaces *s, const uint8_t *namespace,
                           const uint8_t *service, bool exists)
{
    struct zone_space *space = find(s, namespace);

    assert(space && space->is_told);
    change(&space->services, service, exists);
    space->is_changed = true;
}

void spaces_change_namespace(struct spaces *s, struct spaces_step *step,
                             const uint8_t *namespace, bool exists)
{
    struct zone_space *space = find(s, namespace);

    assert(space && space->is_told && space->exists != exists);
    space->exists = exists;
    change(&s->names, space->key, exists);
    step->is_changed = true;
}

static const struct zone_reason *swap(_Atomic(const struct zone_reason *) *at,
                                      const struct zone_reason *new,
                                      struct spaces_step *step)
{
    step->waits = true;
    return atomic_exchange_explicit(at, new, memory_order_acq_rel);
}

static void settle(struct spaces *s, struct spaces_step *step,
                   struct zone_space *space)
{
    name_list_settle(&space->services);
    space->is_told = false;
    if (!space->exists && space->services.n == 0) {
        table_remove(&s->table, hash_of(s, space->key), space);
        space->next = step->removed;
        step->removed = space;
        step->waits = true;
        return;
    }
    space->next = step->told;
    step->told = space;
    if (!space->is_changed)
        return;
    space->is_changed = false;
    space->gone =
        swap(&space->why, render_services(s, space, space->spare), step);
    space->spare = NULL;
}

void spaces_settle(struct spaces *s, struct spaces_step *step)
{
    struct zone_space *space = step->told;

    name_list_settle(&s->names);
    if (step->is_changed) {
        step->gone = swap(&s->why, render_namespaces(s, step->spare), step);
        step->spare = NULL;
    }
    step->told = NULL;
    for (struct zone_space *next; space; space = next) {
        next = space->next;
        settle(s, step, space);
    }
}

bool spaces_step_waits(const struct spaces_step *step)
{
    return step->waits;
}

void spaces_step_release(struct spaces_step *step)
{
    for (struct zone_space *space = step->told; space; space = space->next) {
        free_reason(space->gone);
        space->gone = NULL;
        free(space->spare);
        space->spare = NULL;
    }
    while (step->removed) {
        struct zone_space *next = step->removed->next;
        free_space(step->removed);
        step->removed = next;
    }
    free_reason(step->gone);
    free(step->spare);
    *step = (struct spaces_step){0};
}

// --- readers ---------------------------------------------------------------

const struct zone_reason *spaces_why(const struct spaces *s,
                                     const uint8_t *namespace)
{
    const struct zone_space *space = find(s, namespace);
    return space ? atomic_load_explicit(&space->why, memory_order_acquire)
                 : NULL;
}
