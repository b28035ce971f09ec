// SPDX-License-Identifier: Apache-2.0
#include "forwards.h"

#include "say_upstreams.h"
#include "source/places.h"
#include "source/watch.h"
#include "targets.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct forwards {
    struct forwards_settings settings;
    struct targets *targets;
    struct upstreams *upstreams; // of targets_now(), unless `owed`
    struct workers *workers;     // NULL: not watching yet
    struct watch *watch;         // NULL: not watching
    struct upstreams_said said;
    uv_async_t changed; // an upstream's condition has; from the workers
    uv_timer_t say;     // a minute is over
    bool owed;          // there was no memory for new upstreams
    unsigned handles;   // not yet closed, the watch included
};

// --- what becomes of the upstreams -----------------------------------------

static void on_condition(void *context)
{
    struct forwards *f = context;
    // Cannot fail: it was set up, and is closed after the workers' end.
    (void)uv_async_send(&f->changed);
}

static void on_say(uv_timer_t *timer);

static void say(struct forwards *f)
{
    struct upstream_state states[UPSTREAMS_MAX];
    const struct clock *clock = &f->settings.clock;
    const uint64_t now_ms = clock->monotonic_ms(clock->context);
    assert(upstreams_n(f->upstreams) == f->said.n);
    for (size_t i = 0; i < f->said.n; i++)
        states[i] = upstreams_state(f->upstreams, i);
    const uint64_t next_ms =
        say_upstreams(f->settings.log, states, &f->said, now_ms);
    if (next_ms == UINT64_MAX) {
        (void)uv_timer_stop(&f->say);
        return;
    }
    uv_update_time(f->settings.loop);
    // Cannot fail: the timer was set up and has a callback.
    (void)uv_timer_start(&f->say, on_say, next_ms - now_ms, 0);
}

static void on_say(uv_timer_t *timer)
{
    say(timer->data);
}

static void on_changed(uv_async_t *async)
{
    say(async->data);
}

// --- what is named ---------------------------------------------------------

// Returns 0, or -ENOMEM: those before go on.
static int take_targets(struct forwards *f)
{
    const struct target_list *now = targets_now(f->targets);
    struct upstreams *next = upstreams_new(now->items, now->n, on_condition, f);
    f->owed = !next;
    if (!next)
        return -ENOMEM;
    upstreams_unref(f->upstreams);
    f->upstreams = next;
    upstreams_said_begin(&f->said, now->items, now->n);
    say_forwarding(f->settings.log, now->items, now->n,
                   f->settings.settings->fallthrough);
    return 0;
}

static void watch_files(const struct forwards *f)
{
    const struct forward_list *forward = &f->settings.settings->forward;
    struct places places = {0};
    int r = f->owed ? -ENOMEM : 0;
    for (size_t i = 0; r == 0 && i < forward->n; i++)
        if (forward->items[i].is_file)
            r = places_of(forward->items[i].text, &places);
    places_settle(&places);
    if (r == 0)
        watch_set(f->watch, places.items, places.n);
    else
        watch_again(f->watch);
    places_release(&places);
}

void forwards_read(struct forwards *f)
{
    if (!f)
        return;
    const bool changed = targets_read(f->targets);
    if ((changed || f->owed) && take_targets(f) == 0 && f->workers)
        workers_forward_to(f->workers, f->upstreams);
    if (f->watch)
        watch_files(f);
}

static void on_file(void *context)
{
    forwards_read(context);
}

static bool has_file(const struct forward_list *forward)
{
    for (size_t i = 0; i < forward->n; i++)
        if (forward->items[i].is_file)
            return true;
    return false;
}

void forwards_watch(struct forwards *f, struct workers *w)
{
    f->workers = w;
    if (!has_file(&f->settings.settings->forward))
        return;
    const int r =
        watch_new(f->settings.loop, f->settings.report, on_file, f, &f->watch);
    if (r < 0) {
        log_event(f->settings.log, LOG_WARNING,
                  "cannot watch the files of --forward; SIGHUP reads them "
                  "again",
                  LOG_STRING("because", uv_strerror(r)));
        return;
    }
    f->handles++;
    // what happened since they were read was not seen: it is soon looked at
    watch_files(f);
}

// --- life ------------------------------------------------------------------

struct upstreams *forwards_upstreams(const struct forwards *f)
{
    return f->upstreams;
}

static void one_closed(struct forwards *f)
{
    if (--f->handles == 0)
        free(f);
}

static void on_watch_closed(void *context)
{
    one_closed(context);
}

static void on_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static int handles_start(struct forwards *f, struct error *err)
{
    const int r = uv_async_init(f->settings.loop, &f->changed, on_changed);
    if (r < 0)
        return error_set(err, r,
                         "cannot watch over the servers of --forward: "
                         "%s",
                         uv_strerror(r));
    // cannot fail
    (void)uv_timer_init(f->settings.loop, &f->say);
    f->changed.data = f;
    f->say.data = f;
    f->handles = 2;
    return 0;
}

int forwards_new(const struct forwards_settings *settings,
                 struct forwards **out, struct error *err)
{
    struct forwards *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(err, -ENOMEM, "not enough memory to start");
    f->settings = *settings;
    int r = targets_new(settings->settings, settings->log, &f->targets, err);
    if (r == 0)
        r = handles_start(f, err);
    if (r == 0 && take_targets(f) < 0)
        r = error_set(err, -ENOMEM, "not enough memory to start");
    if (r < 0)
        forwards_free(f);
    else
        *out = f;
    return r;
}

void forwards_free(struct forwards *f)
{
    if (!f)
        return;
    targets_free(f->targets);
    upstreams_unref(f->upstreams);
    if (f->handles == 0) {
        free(f);
        return;
    }
    uv_close((uv_handle_t *)&f->changed, on_closed);
    uv_close((uv_handle_t *)&f->say, on_closed);
    if (f->watch)
        watch_free(f->watch, on_watch_closed, f);
}
