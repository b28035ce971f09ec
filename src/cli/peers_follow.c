// SPDX-License-Identifier: Apache-2.0
#include "peers_follow.h"

#include "base/error.h"
#include "peers_run.h"

#include <stdio.h>
#include <stdlib.h>

struct follow {
    struct follow_settings set;
    struct runner *runner;
    uv_timer_t debounce;
    const struct peers_owner *owner;
    struct peers *now;       // NULL: it has not begun
    struct peers *delivered; // to a command
    bool starting;           // it is --on-start that runs
    bool on_start_failed;
    bool stopping;
};

static void deliver(struct follow *f, const char *command);

static const char *name_of(const struct follow *f)
{
    return f->starting ? "--on-start" : "--on-change";
}

static void on_debounce(uv_timer_t *timer)
{
    struct follow *f = timer->data;

    if (!f->stopping && !runner_is_busy(f->runner) &&
        !peers_equal(f->now, f->delivered))
        deliver(f, f->set.on_change);
}

// Run --on-change soon, unless there is nothing new, or it will be anyway.
// While a command runs nothing comes of it: its end leads here again.
static void go_on(struct follow *f)
{
    if (f->set.on_change && !uv_is_active((uv_handle_t *)&f->debounce) &&
        !peers_equal(f->now, f->delivered))
        // cannot fail: the handle was set up and has a callback
        (void)uv_timer_start(&f->debounce, on_debounce, f->set.debounce_ms, 0);
}

static void on_ended(void *context, const char *why)
{
    struct follow *f = context;

    if (*why && !f->stopping) {
        (void)fprintf(stderr, "ordinald peers: %s: %s\n", name_of(f), why);
        f->on_start_failed = f->starting;
    }
    f->starting = false;
    if (f->stopping || !f->set.on_change)
        f->set.ended(f->set.context, f->on_start_failed ? 1 : 0);
    else
        go_on(f);
}

static void deliver(struct follow *f, const char *command)
{
    struct error err;

    peers_unref(f->delivered);
    f->delivered = peers_ref(f->now);
    if (runner_start(f->runner, command, f->now, f->owner, &err) == 0)
        return;
    (void)fprintf(stderr, "ordinald peers: %s\n", err.text);
    f->starting = false;
    if (!f->set.on_change)
        f->set.ended(f->set.context, 1);
}

void follow_tell(struct follow *f, struct peers *peers,
                 const struct peers_owner *owner)
{
    const bool begins = !f->now;

    peers_unref(f->now);
    f->now = peers_ref(peers);
    f->owner = owner;
    if (begins) {
        f->starting = f->set.on_start;
        deliver(f, f->starting ? f->set.on_start : f->set.on_change);
    } else if (!f->stopping) {
        go_on(f);
    }
}

bool follow_stop(struct follow *f)
{
    f->stopping = true;
    runner_stop(f->runner);
    return runner_is_busy(f->runner);
}

// --- its life --------------------------------------------------------------

static void on_closed(uv_handle_t *handle)
{
    struct follow *f = handle->data;

    peers_unref(f->now);
    peers_unref(f->delivered);
    free(f);
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    runner_free(f->runner);
    uv_close((uv_handle_t *)&f->debounce, on_closed);
}

struct follow *follow_new(uv_loop_t *loop,
                          const struct follow_settings *settings)
{
    struct follow *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->set = *settings;
    f->runner = runner_new(loop, on_ended, f);
    if (!f->runner) {
        free(f);
        return NULL;
    }
    (void)uv_timer_init(loop, &f->debounce); // always 0
    f->debounce.data = f;
    return f;
}
