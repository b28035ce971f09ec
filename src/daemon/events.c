// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <stdlib.h>

struct kept {
    struct kept *next;
    struct ordinals_event *event;
};

struct events {
    uint32_t n;
    uint32_t max;
    struct kept *first;
    struct kept **end;
};

struct events *events_new(uint32_t max)
{
    struct events *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->max = max;
    e->end = &e->first;
    return e;
}

static struct kept *take_first(struct events *e)
{
    struct kept *k = e->first;
    if (!k)
        return NULL;
    e->first = k->next;
    if (!e->first)
        e->end = &e->first;
    e->n--;
    return k;
}

static void kept_free(struct kept *k)
{
    free(k->event);
    free(k);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    for (struct kept *k; (k = take_first(e));)
        kept_free(k);
    free(e);
}

static struct kept *kept_new(const struct ordinals_event *event)
{
    struct kept *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->event = ordinals_event_dup(event);
    if (!k->event) {
        free(k);
        return NULL;
    }
    return k;
}

void events_keep(struct events *e, const struct ordinals_event *event)
{
    struct kept *k = kept_new(event);
    if (!k)
        return;
    if (e->n == e->max)
        kept_free(take_first(e));
    *e->end = k;
    e->end = &k->next;
    e->n++;
}

void events_hand_on(struct events *e,
                    void (*event)(void *context,
                                  const struct ordinals_event *event),
                    void *context)
{
    for (struct kept *k; (k = take_first(e)); kept_free(k))
        event(context, k->event);
}
