// SPDX-License-Identifier: Apache-2.0
// Events by themselves: their names, and copies that outlive the call.
#include "model/ordinal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *ordinals_what_name(enum ordinals_what what)
{
    static const char *const names[] = {
        [ORDINALS_CREATED] = "created",
        [ORDINALS_ADDRESSED] = "addressed",
        [ORDINALS_MOVED] = "moved",
        [ORDINALS_READY] = "ready",
        [ORDINALS_UNREADY] = "unready",
        [ORDINALS_AVAILABLE] = "available",
        [ORDINALS_FAILED] = "failed",
        [ORDINALS_TERMINATING] = "terminating",
        [ORDINALS_GONE] = "gone",
        [ORDINALS_CLAIMED] = "claimed",
        [ORDINALS_BOUND] = "bound",
        [ORDINALS_CLAIM_DELETED] = "claim-deleted",
        [ORDINALS_SCALED] = "scaled",
        [ORDINALS_UPDATING] = "updating",
        [ORDINALS_SETTLED] = "settled",
    };

    assert((size_t)what < ORD_COUNT(names));
    return names[what];
}

enum { ADDRESSES_MAX = 2 }; // of a pod

// An event, and behind it what it points at.
struct copy {
    struct ordinals_event event; // first: whoever frees it frees all
    struct address addresses[ADDRESSES_MAX];
    char text[];
};

static const char *copy_text(char **to, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *p = memcpy(*to, text, n);

    *to += n;
    return p;
}

struct ordinals_event *ordinals_event_dup(const struct ordinals_event *event)
{
    struct copy *c = malloc(sizeof *c + strlen(event->namespace) +
                            strlen(event->workload) + strlen(event->pod) +
                            strlen(event->claim) + strlen(event->reason) + 5);

    if (!c)
        return NULL;
    assert(event->addresses_n <= ADDRESSES_MAX);
    char *to = c->text;
    c->event = *event;
    c->event.namespace = copy_text(&to, event->namespace);
    c->event.workload = copy_text(&to, event->workload);
    c->event.pod = copy_text(&to, event->pod);
    c->event.claim = copy_text(&to, event->claim);
    c->event.reason = copy_text(&to, event->reason);
    c->event.addresses = c->addresses;
    for (uint8_t i = 0; i < event->addresses_n; i++)
        c->addresses[i] = event->addresses[i];
    return &c->event;
}
