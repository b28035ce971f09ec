// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include "base/sockaddr.h"

#include <assert.h>
#include <stdlib.h>

static_assert((HISTORY_MAX & (HISTORY_MAX - 1)) == 0, "see slot()");

static size_t slot(uint64_t number)
{
    return number & (HISTORY_MAX - 1);
}

void history_release(struct history *h)
{
    for (size_t i = 0; i < HISTORY_MAX; i++)
        free(h->kept[i].event);
    *h = (struct history){.last = h->last};
}

void history_note(struct history *h, const struct ordinals_event *event,
                  uint64_t now_ms)
{
    struct noted *n = &h->kept[slot(++h->last)];

    free(n->event);
    *n = (struct noted){.event = ordinals_event_dup(event), .at_ms = now_ms};
}

static void write_text(struct json_out *out, const char *key, const char *text)
{
    if (*text)
        json_out_text(out, key, text);
}

static void write_one(const struct noted *n, uint64_t number, uint64_t now_ms,
                      struct json_out *out)
{
    const struct ordinals_event *e = n->event;
    char text[ADDRESS_TEXT_SIZE];

    json_out_object(out, NULL);
    json_out_uint(out, "number", number);
    json_out_uint(out, "since_ms", now_ms - n->at_ms);
    json_out_text(out, "what", ordinals_what_name(e->what));
    json_out_text(out, "kind", object_kind_name(e->kind));
    json_out_text(out, "namespace", e->namespace);
    json_out_text(out, "workload", e->workload);
    write_text(out, "pod", e->pod);
    write_text(out, "claim", e->claim);
    write_text(out, "reason", e->reason);
    if (e->addresses_n) {
        json_out_list(out, "addresses");
        for (uint8_t i = 0; i < e->addresses_n; i++)
            json_out_text(out, NULL, address_format(&e->addresses[i], text));
        json_out_end(out);
    }
    if (e->what == ORDINALS_SCALED || e->what == ORDINALS_SETTLED)
        json_out_uint(out, "replicas", e->replicas);
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
        const struct noted *n = &h->kept[slot(i)];
        if (n->event)
            write_one(n, i, now_ms, out);
        else
            lost = true;
    }
    json_out_end(out);
    return lost;
}
