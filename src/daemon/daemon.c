// SPDX-License-Identifier: Apache-2.0
// The server's life. The happy path:
//
//     sockets are opened and workers started: they answer SERVFAIL (EDE 14),
//     and for this pod itself (--self)
//     the control interface listens
//     manifests are read, pods made, services rendered, the zone published
//     paths are watched; each change and SIGHUP goes the same way again
//     pods go on when their time has come, when they are steered, or probed
//     SIGTERM, after --lame-duck, or SIGINT: the loop stops, workers drain, all
//     is given back
//
// What fails before the workers run ends the start with a sentence. What fails
// later ends nothing: the old zone stays, and where memory was missing the
// refresh comes back after a second. While standard input has not ended it
// comes back at once, so that signals are heard in between.
#include "daemon/daemon.h"

#include "admin/control.h"
#include "base/clock.h"
#include "daemon/pipeline.h"
#include "forwards.h"
#include "network.h"
#include "say.h"
#include "signals.h"
#include "source/probe.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <uv.h>

// How long a refresh that ran out of memory waits: long enough for others to
// give memory back, short enough that a peer is not missed for longer than the
// TTL of a "no".
enum { RETRY_MS = 1000 };

// How soon standard input is looked at again, and pods go on that are due. Not
// 0: a timer that is due at once would run again before the loop looks at
// anything else.
enum { SOON_MS = 1 };

struct daemon {
    const struct settings *settings;
    struct log log;
    struct clock clock;
    struct report report;
    struct pipeline pipeline;
    struct forwards *forwards; // NULL: nobody is asked
    struct network network;
    struct control *control;
    uv_loop_t loop;
    struct signals signals;
    uv_timer_t retry;
    uv_timer_t due;        // the next step of the pods
    struct prober *prober; // NULL: pods are not asked
    struct faults_said faults_said;
    bool looping;            // loop and handles have been set up
    bool ready;              // and said so
    int pending;             // why a refresh is owed, 0: none is
    bool pending_everything; // it was to read all files
    bool probed;             // a probe has ended since the pods' last step
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    const struct daemon *d = context;
    log_finding(&d->log, kind, at, text);
}

// --- refresh ---------------------------------------------------------------

static uint64_t now_ms(const struct daemon *d)
{
    return d->clock.monotonic_ms(d->clock.context);
}

static void set_due(struct daemon *d);

/*
 * The one way from what is known to answers.
 *
 * carry_out  pipeline_publish() where manifests changed, otherwise
 *            pipeline_run()
 */
static int publish(struct daemon *d, uint64_t started_ms,
                   int (*carry_out)(struct pipeline *p,
                                    const struct clock *clock,
                                    struct zone_sync_result *done))
{
    const uint64_t version = zone_version(d->pipeline.zone);
    struct zone_sync_result done;

    d->probed = false;
    const int r = carry_out(&d->pipeline, &d->clock, &done);
    if (d->pipeline.faults)
        say_faults(&d->log, d->pipeline.faults, now_ms(d), &d->faults_said);
    say_published(&d->log, &d->pipeline, &done, now_ms(d) - started_ms);
    if (!d->ready && zone_is_complete(d->pipeline.zone)) {
        d->ready = true;
        say_ready(&d->log, &d->pipeline);
    }
    if (zone_version(d->pipeline.zone) != version)
        control_published(d->control);
    // without memory the retry comes instead: it is not to be tried each moment
    if (r < 0)
        (void)uv_timer_stop(&d->due);
    else
        set_due(d);
    return r;
}

static void on_retry(uv_timer_t *timer);

static void owe_refresh(struct daemon *d, int why, bool everything)
{
    if (why == -ENOMEM && d->pending != why)
        log_event(&d->log, LOG_ERROR, "no memory for a refresh",
                  LOG_UINT("retry_ms", RETRY_MS));
    d->pending = why;
    d->pending_everything = everything;
    // The loop's clock stood still while files were read.
    uv_update_time(&d->loop);
    // Cannot fail: the timer was set up and has a callback.
    (void)uv_timer_start(&d->retry, on_retry,
                         why == -EAGAIN ? SOON_MS : RETRY_MS, 0);
}

// The one way from files to answers: at start, on a change, on SIGHUP, and
// again after it could not be finished.
static void refresh(struct daemon *d, bool everything)
{
    const uint64_t started_ms = now_ms(d);
    everything = everything || d->pending_everything;
    const uint64_t loads = manifests_state(d->pipeline.manifests).loads;
    int r = pipeline_read(&d->pipeline, everything);
    if (r >= 0) {
        if (everything || manifests_state(d->pipeline.manifests).loads != loads)
            say_read(&d->log, &d->pipeline);
        // From here on what is owed are the steps behind the reading.
        everything = false;
        r = r > 0 || d->pending || !d->ready
                ? publish(d, started_ms, pipeline_publish)
                : 0;
    }
    if (r < 0) {
        owe_refresh(d, r, everything);
        return;
    }
    d->pending = 0;
    d->pending_everything = false;
    uv_timer_stop(&d->retry);
}

static void on_retry(uv_timer_t *timer)
{
    refresh(timer->data, false);
}

static void on_change(void *context)
{
    refresh(context, false);
}

// --- time ------------------------------------------------------------------

// Go on where time has passed or something was steered. While a refresh is
// owed, that goes on with it all.
static int go_on(struct daemon *d)
{
    if (!d->ready)
        return 0;
    const int r = publish(d, now_ms(d), pipeline_run);
    if (r < 0)
        owe_refresh(d, r, d->pending_everything);
    return r;
}

static void on_due(uv_timer_t *timer)
{
    (void)go_on(timer->data);
}

static void set_due(struct daemon *d)
{
    const uint64_t next_ms = d->probed ? 0 : pipeline_next_ms(&d->pipeline);

    if (next_ms == UINT64_MAX || !d->ready) {
        (void)uv_timer_stop(&d->due);
        return;
    }
    // The loop's clock stands still while pods are made.
    uv_update_time(&d->loop);
    const uint64_t at_ms = now_ms(d);
    // Cannot fail: the timer was set up and has a callback.
    (void)uv_timer_start(&d->due, on_due,
                         next_ms > at_ms ? next_ms - at_ms : SOON_MS, 0);
}

// --- pods ------------------------------------------------------------------

static void on_event(void *context, const struct ordinals_event *event)
{
    struct daemon *d = context;

    say_event(&d->log, event, d->ready);
    control_note(d->control, event);
}

static void on_probe(void *context, const struct ordinals_probe *probe)
{
    const struct daemon *d = context;
    prober_start(d->prober, probe);
}

// What comes of many probes in one turn of the loop is carried out at once.
static void on_probed(void *context, uint64_t ticket, bool success)
{
    struct daemon *d = context;

    ordinals_probed(statefulsets_ordinals(d->pipeline.statefulsets), ticket,
                    success);
    if (!d->probed) {
        d->probed = true;
        set_due(d);
    }
}

// SIGHUP has come.
static void on_again(void *context)
{
    struct daemon *d = context;
    forwards_read(d->forwards);
    refresh(d, true);
}

// --- start -----------------------------------------------------------------

static int loop_start(struct daemon *d, struct error *err)
{
    int r = uv_loop_init(&d->loop);
    if (r < 0)
        return error_set(err, r, "cannot make an event loop: %s",
                         uv_strerror(r));
    d->looping = true;
    // Neither can fail on a new loop.
    (void)uv_timer_init(&d->loop, &d->retry);
    d->retry.data = d;
    (void)uv_timer_init(&d->loop, &d->due);
    d->due.data = d;
    d->signals = (struct signals){
        .loop = &d->loop,
        .log = &d->log,
        .lame_duck_ms = d->settings->lame_duck_ms,
        .again = on_again,
        .context = d,
    };
    return signals_begin(&d->signals, err);
}

static int forwards_start(struct daemon *d, struct error *err)
{
    const struct forwards_settings settings = {
        .settings = d->settings,
        .log = &d->log,
        .report = &d->report,
        .clock = d->clock,
        .loop = &d->loop,
    };
    return d->settings->forward.n ? forwards_new(&settings, &d->forwards, err)
                                  : 0;
}

static int answering_start(struct daemon *d, struct error *err)
{
    struct upstreams *upstreams =
        d->forwards ? forwards_upstreams(d->forwards) : NULL;
    const int r = network_start(&d->network, d->settings, d->pipeline.zone,
                                upstreams, &d->log, err);
    if (r == 0 && d->forwards)
        forwards_watch(d->forwards, d->network.workers);
    return r;
}

static int pipeline_start(struct daemon *d, struct error *err)
{
    struct pipeline_seeds seeds;
    const struct pipeline_listener listener = {
        .event = on_event,
        .probe = d->settings->probe ? on_probe : NULL,
        .context = d,
    };
    int r = pipeline_seeds_random(&seeds, err);
    if (r == 0 && d->settings->probe)
        r = prober_new(&d->loop, on_probed, d, &d->prober, err);
    if (r == 0)
        r = pipeline_init(&d->pipeline, d->settings, &seeds, &listener,
                          &d->report, err);
    if (r == 0 && pipeline_begin(&d->pipeline, &d->clock) < 0)
        r = error_set(err, -ENOMEM, "not enough memory to start");
    return r;
}

static int on_control(void *context)
{
    return go_on(context);
}

static int control_at(struct daemon *d, const char *path, struct error *err)
{
    const struct control_settings settings = {
        .zone = d->pipeline.zone,
        .cluster = d->pipeline.cluster,
        .ordinals = statefulsets_ordinals(d->pipeline.statefulsets),
        .faults = d->pipeline.faults,
        .pod_cidrs = d->settings->pod_cidrs.items,
        .pod_cidrs_n = (uint32_t)d->settings->pod_cidrs.n,
        .clock = d->clock,
        .answers = pipeline_answers(d->settings),
        .changed = on_control,
        .context = d,
    };

    return control_start(&d->loop, path, &settings, &d->control, err);
}

static int control_at_default(struct daemon *d, struct error *err)
{
    char path[CONTROL_PATH_SIZE];
    const struct sockaddr_any first = workers_address(d->network.workers, 0);
    const int r = control_default_path(sockaddr_port(&first), path, err);
    return r < 0 ? r : control_at(d, path, err);
}

// Nobody asked for the default path: to be without it is no reason not to
// serve.
static int steering_start(struct daemon *d, struct error *err)
{
    const char *path = d->settings->control;
    if (strcmp(path, "none") == 0)
        return 0;
    if (*path)
        return control_at(d, path, err);
    struct error why;
    if (control_at_default(d, &why) < 0)
        log_event(&d->log, LOG_WARNING,
                  "other commands cannot reach this server; choose a socket "
                  "with --control PATH, or none with --control none",
                  LOG_STRING("because", why.text));
    return 0;
}

static int start(struct daemon *d, struct error *err)
{
    int r = pipeline_start(d, err);
    if (r == 0)
        r = forwards_start(d, err);
    if (r == 0)
        r = answering_start(d, err);
    return r == 0 ? steering_start(d, err) : r;
}

// --- stop ------------------------------------------------------------------

// From here on the loop calls nothing of ours, but handles give their memory
// back while it runs.
static void loop_quiet(struct daemon *d)
{
    uv_close((uv_handle_t *)&d->retry, NULL);
    uv_close((uv_handle_t *)&d->due, NULL);
    signals_end(&d->signals);
}

static void loop_end(struct daemon *d)
{
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    const int r = uv_loop_close(&d->loop);
    assert(r == 0);
}

// In the order in which one part borrows from the next: workers and the control
// interface read the zone, workers tell of upstreams, and probes are of pods.
static void release(struct daemon *d)
{
    network_stop(&d->network);
    forwards_free(d->forwards);
    control_stop(d->control);
    prober_free(d->prober);
    if (d->looping)
        loop_quiet(d);
    pipeline_release(&d->pipeline, &d->loop);
    if (d->looping)
        loop_end(d);
}

static void serve(struct daemon *d)
{
    refresh(d, false);
    int r = manifests_watch(d->pipeline.manifests, &d->loop, on_change, d);
    if (r < 0)
        log_event(&d->log, LOG_WARNING,
                  "cannot watch the paths; SIGHUP reads them again",
                  LOG_STRING("because", uv_strerror(r)));
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
}

int daemon_run(const struct settings *settings, struct error *err)
{
    struct daemon d = {
        .settings = settings,
        .log = settings_log(settings),
        .clock = clock_of_system(),
    };
    d.report = (struct report){.finding = on_finding, .context = &d};
    // A client or a log reader that went away is an error of a write.
    signal(SIGPIPE, SIG_IGN);
    int r = loop_start(&d, err);
    if (r == 0)
        r = start(&d, err);
    if (r == 0)
        serve(&d);
    release(&d);
    return r;
}
