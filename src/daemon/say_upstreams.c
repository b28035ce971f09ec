// SPDX-License-Identifier: Apache-2.0
#include "say_upstreams.h"

#include <assert.h>
#include <stdio.h>

// All addresses, with commas between.
enum { ADDRESSES_SIZE = UPSTREAMS_MAX * SOCKADDR_TEXT_SIZE };

void say_forwarding(const struct log *log, const struct sockaddr_any *addresses,
                    size_t n, bool fallthrough)
{
    char all[ADDRESSES_SIZE] = "", one[SOCKADDR_TEXT_SIZE];
    size_t used = 0;

    assert(n <= UPSTREAMS_MAX);
    for (size_t i = 0; i < n; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                             i ? "," : "", sockaddr_format(&addresses[i], one));
    if (n == 0)
        log_event(log, LOG_WARNING,
                  "there is nobody to forward to: name a server in a file of "
                  "--forward, or beside it");
    else
        log_event(log, LOG_INFO, "forwarding", LOG_STRING("upstreams", all),
                  LOG_STRING("fallthrough", fallthrough ? "true" : "false"));
}

void upstreams_said_begin(struct upstreams_said *said,
                          const struct sockaddr_any *addresses, size_t n)
{
    const struct upstreams_said before = *said;

    assert(n <= UPSTREAMS_MAX);
    *said = (struct upstreams_said){.n = n};
    for (size_t i = 0; i < n; i++) {
        struct upstream_said *one = &said->items[i];
        one->address = addresses[i];
        for (size_t k = 0; k < before.n; k++)
            if (sockaddr_same(&before.items[k].address, &addresses[i]))
                *one = before.items[k];
        one->condition = UPSTREAM_GOOD;
    }
}

static void say_one(const struct log *log, const struct upstream_state *state)
{
    static const struct {
        const char *phrase;
        enum log_level level;
    } phrases[] = {
        [UPSTREAM_GOOD] = {"upstream answers again", LOG_INFO},
        [UPSTREAM_ASIDE] = {"upstream does not answer, and is left alone for a "
                            "while",
                            LOG_WARNING},
        [UPSTREAM_LOOP] = {"upstream leads back here; give --forward a server "
                           "that does not ask this one",
                           LOG_WARNING},
    };
    char address[SOCKADDR_TEXT_SIZE];
    struct log_field fields[5];
    size_t n = 0;

    assert((size_t)state->condition < ORD_COUNT(phrases));
    fields[n++] =
        LOG_STRING("upstream", sockaddr_format(&state->address, address));
    if (state->condition == UPSTREAM_ASIDE)
        fields[n++] =
            LOG_STRING("because", state->unreachable ? "it cannot be reached"
                                                     : "it is silent");
    fields[n++] = LOG_UINT("asked", state->asked);
    fields[n++] = LOG_UINT("failed", state->failed);
    fields[n] = (struct log_field){0};
    log_fields(log, phrases[state->condition].level,
               phrases[state->condition].phrase, fields);
}

uint64_t say_upstreams(const struct log *log,
                       const struct upstream_state *states,
                       struct upstreams_said *said, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;

    for (size_t i = 0; i < said->n; i++) {
        struct upstream_said *one = &said->items[i];
        uint64_t *free_ms = &one->free_ms[states[i].condition == UPSTREAM_LOOP];
        if (states[i].condition == one->condition)
            continue;
        if (now_ms < *free_ms) {
            next_ms = *free_ms < next_ms ? *free_ms : next_ms;
            continue;
        }
        say_one(log, &states[i]);
        one->condition = states[i].condition;
        *free_ms = now_ms + UPSTREAM_SAY_MS;
    }
    return next_ms;
}
