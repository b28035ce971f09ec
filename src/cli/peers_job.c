// SPDX-License-Identifier: Apache-2.0
// The happy path:
//
//     WAITING    the source tells who there is, until there are enough, and
//                enough of them can be reached
//     FOLLOWING  where there are commands: they run (peers_follow.h)
//     ENDING     the command that runs has been told to end
//
// Without a command it ends with WAITING: the peers are printed. Where the
// source knows nothing, what it told before holds, and that is said once.
#include "peers_job.h"

#include "base/base.h"
#include "base/duration.h"
#include "peers_follow.h"
#include "peers_reach.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    // how often it is tried whether peers can be reached
    REACH_PERIOD_MS = 500,
    // how long to ask why a peer is missing, before it is left out
    WHY_MS = 2000,
};

enum { SIGNALS = 3 };

enum phase { WAITING, FOLLOWING, ENDING };

struct job {
    const struct peers_job *set;
    uv_loop_t loop;
    struct peers_source *source;
    struct follow *follow; // NULL: there are no commands
    struct reach *reach;
    uv_signal_t signals[SIGNALS];
    uv_timer_t deadline; // of the waiting
    uv_timer_t again;    // of trying to reach them
    enum phase phase;
    struct peers *now; // NULL: nothing has been known yet
    char *reason;      // why there are none, or nothing is known
    bool unsure;       // nothing is known now
    size_t reachable;  // of those that were tried last
    char *reach_reason;
    int result; // as peers_job_run()
    struct error *err;
};

static void keep_text(char **to, const char *text)
{
    free(*to);
    *to = strdup(text); // without memory, a reason less
}

static void say(const char *text)
{
    (void)fprintf(stderr, "ordinald peers: %s\n", text);
}

static void end(struct job *j, int result)
{
    j->phase = ENDING;
    j->result = result;
    uv_stop(&j->loop);
}

static bool has_commands(const struct job *j)
{
    return j->set->on_start || j->set->on_change;
}

// Once is enough: nothing is waited for.
static bool is_once(const struct job *j)
{
    return j->set->wait == PEERS_ANY && !has_commands(j);
}

static size_t wanted(const struct job *j)
{
    return j->set->wait == PEERS_ANY ? 1 : j->set->wait;
}

// --- no --------------------------------------------------------------------

// Why there are not enough: what is said of one that is missing, or of all.
static const char *cause(const struct job *j, const char *missing)
{
    const size_t n = j->now ? j->now->n : 0;

    if (*missing)
        return missing;
    if (j->set->reachable && n >= wanted(j) && j->reach_reason)
        return j->reach_reason;
    if (!j->reason)
        return "nobody has answered yet";
    return j->unsure || n == 0 ? j->reason : "";
}

// ended: "after 1m0s", "when it was ended"
static void refuse(struct job *j, const char *ended, const char *missing)
{
    const size_t n = j->now ? j->now->n : 0;
    const char *why = cause(j, missing);

    if (j->set->reachable)
        (void)error_set(j->err, 0,
                        "%s: %zu of %zu peers, %zu reachable, %s%s%s",
                        j->set->asked, n, wanted(j), j->reachable, ended,
                        *why ? ": " : "", why);
    else
        (void)error_set(j->err, 0, "%s: %zu of %zu peers %s%s%s", j->set->asked,
                        n, wanted(j), ended, *why ? ": " : "", why);
    end(j, 1);
}

static void time_is_over(struct job *j, const char *missing)
{
    char text[DURATION_TEXT_SIZE], after[DURATION_TEXT_SIZE + 8];

    (void)snprintf(after, sizeof after, "after %s",
                   duration_format(j->set->timeout_ms, text));
    refuse(j, after, missing);
}

static void on_why(void *context, const char *reason)
{
    struct job *j = context;

    if (j->phase == WAITING)
        time_is_over(j, reason);
}

static void on_why_timeout(uv_timer_t *timer)
{
    struct job *j = timer->data;

    if (j->phase == WAITING)
        time_is_over(j, "");
}

static void on_deadline(uv_timer_t *timer)
{
    struct job *j = timer->data;
    char hostname[DNS_NAME_TEXT_SIZE];

    // cannot fail: the handle was set up and has a callback
    (void)uv_timer_start(timer, on_why_timeout, WHY_MS, 0);
    if (j->unsure || !j->now || j->now->n >= wanted(j) ||
        !peers_missing(j->now, hostname) ||
        j->source->why(j->source, hostname, on_why, j))
        time_is_over(j, "");
}

// --- enough ----------------------------------------------------------------

static void print(struct job *j)
{
    int rc = peers_write(stdout, j->now, &j->source->owner, j->set->form);

    if (rc)
        (void)error_set(j->err, rc, "no memory to write the peers");
    else if (fflush(stdout) || ferror(stdout))
        rc = error_set(j->err, -EIO, "cannot write to standard output");
    end(j, rc);
}

static void begin(struct job *j)
{
    (void)uv_timer_stop(&j->deadline);
    (void)uv_timer_stop(&j->again);
    if (!has_commands(j)) {
        print(j);
        return;
    }
    j->phase = FOLLOWING;
    follow_tell(j->follow, j->now, &j->source->owner);
}

static void try_to_reach(struct job *j);

static void on_again(uv_timer_t *timer)
{
    try_to_reach(timer->data);
}

static void on_reached(void *context, size_t reachable, const char *reason)
{
    struct job *j = context;

    reach_free(j->reach);
    j->reach = NULL;
    if (j->phase != WAITING)
        return;
    j->reachable = reachable;
    keep_text(&j->reach_reason, reason);
    // what is there by now may be others: those that were tried count
    if (reachable >= wanted(j) && j->now->n >= wanted(j))
        begin(j);
    else
        (void)uv_timer_start(&j->again, on_again, REACH_PERIOD_MS, 0);
}

static void try_to_reach(struct job *j)
{
    if (j->reach || j->phase != WAITING || j->now->n < wanted(j))
        return;
    if (reach_start(&j->loop, j->now, on_reached, j, &j->reach))
        (void)uv_timer_start(&j->again, on_again, REACH_PERIOD_MS, 0);
}

// --- what the source tells -------------------------------------------------

static void not_known(struct job *j, const char *reason)
{
    struct error text;

    if (is_once(j)) {
        (void)error_set(j->err, 0, "%s: %s", j->set->asked, reason);
        end(j, 1);
        return;
    }
    // what ends after some time says it then
    if (!j->unsure && (j->phase == FOLLOWING || !j->set->timeout_ms)) {
        if (j->now)
            (void)error_set(&text, 0, "the last %zu peers are kept: %s",
                            j->now->n, reason);
        else
            (void)error_set(&text, 0, "waiting: %s", reason);
        say(text.text);
    }
    j->unsure = true;
}

static void once(struct job *j)
{
    if (j->now->n) {
        print(j);
        return;
    }
    (void)error_set(j->err, 0, "%s: there are no peers%s%s", j->set->asked,
                    j->reason && *j->reason ? ": " : "",
                    j->reason ? j->reason : "");
    end(j, 1);
}

static void on_told(void *context, struct peers *peers, const char *reason)
{
    struct job *j = context;

    if (j->phase == ENDING)
        return;
    keep_text(&j->reason, reason);
    if (!peers) {
        not_known(j, reason);
        return;
    }
    j->unsure = false;
    peers_unref(j->now);
    j->now = peers_ref(peers);
    if (is_once(j))
        once(j);
    else if (j->phase == FOLLOWING)
        follow_tell(j->follow, j->now, &j->source->owner);
    else if (j->set->reachable)
        try_to_reach(j);
    else if (peers->n >= wanted(j))
        begin(j);
}

// --- signals ---------------------------------------------------------------

static void on_signal(uv_signal_t *handle, int number)
{
    struct job *j = handle->data;

    (void)number;
    if (j->phase == ENDING) { // another one: whoever sent it is in haste
        (void)(j->follow && follow_stop(j->follow));
        return;
    }
    if (j->phase == WAITING) {
        refuse(j, "when it was ended", "");
        return;
    }
    j->phase = ENDING;
    // --on-start alone was to be done
    if (!j->set->on_change)
        j->result = error_set(j->err, 1, "ended while --on-start ran");
    if (!follow_stop(j->follow))
        uv_stop(&j->loop);
}

// The commands have.
static void on_ended(void *context, int result)
{
    struct job *j = context;

    if (j->phase == ENDING)
        uv_stop(&j->loop);
    else
        end(j, result);
}

static int watch_signals(struct job *j, struct error *err)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    int rc = 0;

    for (int i = 0; i < SIGNALS && rc == 0; i++)
        rc = uv_signal_start(&j->signals[i], on_signal, numbers[i]);
    return rc ? error_set(err, rc, "cannot watch for signals: %s",
                          uv_strerror(rc))
              : 0;
}

// --- all of it -------------------------------------------------------------

static void set_up(struct job *j)
{
    uv_timer_t *const timers[] = {&j->deadline, &j->again};

    // none of these can fail on a new loop
    for (size_t i = 0; i < ORD_COUNT(timers); i++) {
        (void)uv_timer_init(&j->loop, timers[i]);
        timers[i]->data = j;
    }
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&j->loop, &j->signals[i]);
        j->signals[i].data = j;
    }
}

static void tear_down(struct job *j)
{
    reach_free(j->reach);
    if (j->source)
        j->source->free(j->source);
    follow_free(j->follow);
    uv_close((uv_handle_t *)&j->deadline, NULL);
    uv_close((uv_handle_t *)&j->again, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&j->signals[i], NULL);
    (void)uv_run(&j->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&j->loop);
    peers_unref(j->now);
    free(j->reason);
    free(j->reach_reason);
}

static int go(struct job *j, struct error *err)
{
    const struct peers_listener listener = {.told = on_told, .context = j};
    const bool waits = j->set->wait != PEERS_ANY || j->set->on_start;

    const struct follow_settings commands = {
        .on_start = j->set->on_start,
        .on_change = j->set->on_change,
        .debounce_ms = j->set->debounce_ms,
        .ended = on_ended,
        .context = j,
    };

    if (has_commands(j))
        j->follow = follow_new(&j->loop, &commands);
    if (has_commands(j) && !j->follow)
        return error_set(err, -ENOMEM, "no memory to begin");
    int rc = watch_signals(j, err);
    if (rc == 0)
        rc = j->set->begin(j->set->context, &j->loop, &listener, &j->source,
                           err);
    if (rc)
        return rc;
    if (waits && j->set->timeout_ms)
        (void)uv_timer_start(&j->deadline, on_deadline, j->set->timeout_ms, 0);
    (void)uv_run(&j->loop, UV_RUN_DEFAULT);
    return j->result;
}

int peers_job_run(const struct peers_job *job, struct error *err)
{
    struct job j = {.set = job, .err = err};
    const int rc = uv_loop_init(&j.loop);

    if (rc)
        return error_set(err, rc, "cannot make an event loop: %s",
                         uv_strerror(rc));
    set_up(&j);
    const int result = go(&j, err);
    tear_down(&j);
    return result;
}
