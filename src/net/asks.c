// SPDX-License-Identifier: Apache-2.0
#include "asks.h"

#include <errno.h>
#include <stdlib.h>

static struct ask *ask_of(struct ring *link)
{
    return ORD_CONTAINER(link, struct ask, link);
}

// It is nobody's, and in no list.
static void recycle(struct ask *a)
{
    ring_append(&a->all->unused, &a->link);
}

static void disown(struct ask *a)
{
    a->owner = NULL;
    ring_remove(&a->link);
}

static void on_slow(void *context)
{
    struct ask *const a = context;

    a->slow = true;
    if (a->owner) {
        a->all->calls->slow(a->owner);
    } else {
        lines_drop(a->line);
        recycle(a);
    }
}

static void on_done(void *context, enum channel_outcome outcome,
                    struct span reply)
{
    struct ask *const a = context;
    void *const owner = a->owner;

    disown(a);
    if (owner)
        a->all->calls->done(owner, a, outcome, reply);
    if (!a->owner) // else it is asked again
        recycle(a);
}

void asks_drop(struct ring *list)
{
    while (!ring_is_empty(list)) {
        struct ask *const a = ask_of(list->next);
        disown(a);
        if (a->slow) {
            lines_drop(a->line);
            recycle(a);
        }
    }
}

// --- sending ---------------------------------------------------------------

// The one that was used last is in the cache still. Returns NULL where all are
// on their way.
static struct ask *unused_one(struct asks *x)
{
    if (!ring_is_empty(&x->unused)) {
        struct ask *const a = ask_of(x->unused.previous);
        ring_remove(&a->link);
        return a;
    }
    return x->begun < x->max ? &x->table[x->begun++] : NULL;
}

static struct line_call call_of(struct ask *a)
{
    return (struct line_call){.slow = on_slow, .done = on_done, .context = a};
}

static void note_sent(struct ask *a, void *owner, struct ring *list)
{
    a->owner = owner;
    ring_append(list, &a->link);
    counter_add(a->all->counter, 1);
}

int asks_send(struct asks *x, void *owner, struct ring *list,
              struct line_tried *tried, struct span message)
{
    struct ask *const a = unused_one(x);

    if (!a)
        return -EMFILE;
    *a = (struct ask){.all = x, .transport = CHANNEL_UDP};
    ring_init(&a->link);
    const struct line_call call = call_of(a);
    const int r =
        lines_ask(x->lines, CHANNEL_UDP, tried, message, &call, &a->line);
    if (r == 0)
        note_sent(a, owner, list);
    else
        recycle(a);
    return r;
}

int asks_send_again(struct ask *a, void *owner, struct ring *list,
                    struct span message)
{
    const struct line_call call = call_of(a);
    struct line_ask *line;

    const int r = lines_ask_again(a->line, message, &call, &line);
    if (r < 0)
        return r;
    a->line = line;
    a->transport = CHANNEL_TCP;
    a->slow = false;
    note_sent(a, owner, list);
    return 0;
}

// --- life ------------------------------------------------------------------

int asks_init(struct asks *x, uint32_t max, const struct asks_calls *calls,
              struct counter *asked)
{
    *x = (struct asks){.calls = calls, .counter = asked, .max = max};
    ring_init(&x->unused);
    x->table = calloc(max, sizeof *x->table);
    return x->table ? 0 : -ENOMEM;
}

void asks_release(struct asks *x)
{
    free(x->table);
    *x = (struct asks){0};
}

void asks_use(struct asks *x, struct lines *lines)
{
    x->lines = lines;
}
