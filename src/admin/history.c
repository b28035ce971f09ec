// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include "base/sockaddr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_MAX = 2 }; // of a pod

struct noted {
    uint8_t what;
    uint8_t kind;
    uint8_t addresses_n;
    uint32_t replicas;
    uint64_t at_ms;
    struct address addresses[ADDRESSES_MAX];
    // all of them stand in `text`
    const char *namespace, *workload, *pod, *claim, *reason;
    char text[];
};

static const char *const names[] = {
    [ORDINALS_CREATED] = "created", [ORDINALS_ADDRESSED] = "addressed",
    [ORDINALS_MOVED] = "moved",     [ORDINALS_READY] = "ready",
    [ORDINALS_UNREADY] = "unready", [ORDINALS_AVAILABLE] = "available",
    [ORDINALS_FAILED] = "failed",   [ORDINALS_TERMINATING] = "terminating",
    [ORDINALS_GONE] = "gone",       [ORDINALS_CLAIMED] = "claimed",
    [ORDINALS_BOUND] = "bound",     [ORDINALS_CLAIM_DELETED] = "claim-deleted",
    [ORDINALS_SCALED] = "scaled",   [ORDINALS_UPDATING] = "updating",
    [ORDINALS_SETTLED] = "settled",
};

static_assert((HISTORY_MAX & (HISTORY_MAX - 1)) == 0, "see slot()");

static size_t slot(uint64_t number)
{
    return number & (HISTORY_MAX - 1);
}

void history_release(struct history *h)
{
    for (size_t i = 0; i < HISTORY_MAX; i++)
        free(h->kept[i]);
    *h = (struct history){.last = h->last};
}

static const char *copy(char **to, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *p = memcpy(*to, text, n);

    *to += n;
    return p;
}

static struct noted *noted_new(const struct ordinals_event *event)
{
    struct noted *n = malloc(sizeof *n + strlen(event->namespace) +
                             strlen(event->workload) + strlen(event->pod) +
                             strlen(event->claim) + strlen(event->reason) + 5);
    if (!n)
        return NULL;
    assert(event->addresses_n <= ADDRESSES_MAX);
    *n = (struct noted){
        .what = (uint8_t)event->what,
        .kind = event->kind,
        .addresses_n = event->addresses_n,
        .replicas = event->replicas,
    };
    for (uint8_t i = 0; i < event->addresses_n; i++)
        n->addresses[i] = event->addresses[i];
    char *to = n->text;
    n->namespace = copy(&to, event->namespace);
    n->workload = copy(&to, event->workload);
    n->pod = copy(&to, event->pod);
    n->claim = copy(&to, event->claim);
    n->reason = copy(&to, event->reason);
    return n;
}

void history_note(struct history *h, const struct ordinals_event *event,
                  uint64_t now_ms)
{
    struct noted *n = noted_new(event);
    struct noted **to = &h->kept[slot(++h->last)];

    if (n)
        n->at_ms = now_ms;
    free(*to);
    *to = n;
}

static void write_text(struct json_out *out, const char *key, const char *text)
{
    if (*text)
        json_out_text(out, key, text);
}

static void write_one(const struct noted *n, uint64_t number, uint64_t now_ms,
                      struct json_out *out)
{
    char text[ADDRESS_TEXT_SIZE];

    json_out_object(out, NULL);
    json_out_uint(out, "number", number);
    json_out_uint(out, "since_ms", now_ms - n->at_ms);
    json_out_text(out, "what", names[n->what]);
    json_out_text(out, "kind", object_kind_name(n->kind));
    json_out_text(out, "namespace", n->namespace);
    json_out_text(out, "workload", n->workload);
    write_text(out, "pod", n->pod);
    write_text(out, "claim", n->claim);
    write_text(out, "reason", n->reason);
    if (n->addresses_n) {
        json_out_list(out, "addresses");
        for (uint8_t i = 0; i < n->addresses_n; i++)
            json_out_text(out, NULL, address_format(&n->addresses[i], text));
        json_out_end(out);
    }
    if (n->what == ORDINALS_SCALED || n->what == ORDINALS_SETTLED)
        json_out_uint(out, "replicas", n->replicas);
    json_out_end(out);
}

bool history_write(const struct history *h, uint64_t after, uint64_t now_ms,
                   const char *key, struct json_out *out)
{
    const uint64_t oldest =
        h->last < HISTORY_MAX ? 1 : h->last - HISTORY_MAX + 1;
    bool lost = after > h->last || after + 1 < oldest;
    uint64_t i = lost ? oldest : after + 1;

    json_out_list(out, key);
    if (after > h->last)
        i = h->last + 1;
    for (; i <= h->last; i++) {
        const struct noted *n = h->kept[slot(i)];
        if (n)
            write_one(n, i, now_ms, out);
        else
            lost = true;
    }
    json_out_end(out);
    return lost;
}
