// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    struct kept *next;
    struct ordinals_event event;
    struct address addresses[2];
    char text[]; // what the event points at
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

void events_free(struct events *e)
{
    if (!e)
        return;
    for (struct kept *k; (k = take_first(e));)
        free(k);
    free(e);
}

static struct kept *copy(const struct ordinals_event *from)
{
    const char *const texts[] = {from->namespace, from->workload, from->pod,
                                 from->claim, from->reason};
    size_t n[ORD_COUNT(texts)], all = 0;
    for (size_t i = 0; i < ORD_COUNT(texts); i++)
        all += n[i] = (texts[i] ? strlen(texts[i]) : 0) + 1;
    struct kept *k = calloc(1, sizeof *k + all);
    if (!k)
        return NULL;
    k->event = *from;
    const char **to[] = {&k->event.namespace, &k->event.workload, &k->event.pod,
                         &k->event.claim, &k->event.reason};
    char *at = k->text;
    for (size_t i = 0; i < ORD_COUNT(texts); at += n[i++]) {
        if (texts[i])
            memcpy(at, texts[i], n[i]);
        *to[i] = at;
    }
    k->event.addresses = k->addresses;
    for (uint8_t i = 0; i < from->addresses_n && i < 2; i++)
        k->addresses[i] = from->addresses[i];
    return k;
}

void events_keep(struct events *e, const struct ordinals_event *event)
{
    struct kept *k = copy(event);
    if (!k)
        return;
    if (e->n == e->max)
        free(take_first(e));
    *e->end = k;
    e->end = &k->next;
    e->n++;
}

void events_hand_on(struct events *e,
                    void (*event)(void *context,
                                  const struct ordinals_event *event),
                    void *context)
{
    for (struct kept *k; (k = take_first(e)); free(k))
        event(context, &k->event);
}
