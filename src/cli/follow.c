// SPDX-License-Identifier: Apache-2.0
// Round by round: ask for events, print those of the workload, and look whether
// it is settled. A round that brings nothing takes QUIET_MS.
#include "follow.h"

#include "base/clock.h"
#include "base/duration.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    // How long nothing happens until it is said why: longer than most steps
    // take, shorter than it takes to wonder.
    QUIET_MS = 1000,
    // How often to ask where others take all places for waiting.
    POLL_MS = 200,
    NAME_SIZE = 512, // NAMESPACE/NAME
    REASON_SIZE = 256,
};

struct following {
    struct client client;
    const char *kind;
    const char *namespace;
    const char *name;
    char target[NAME_SIZE];
    uint64_t after;
    const uint32_t *goal;
    struct clock clock;
    uint64_t until_ms;        // UINT64_MAX: for ever
    uint32_t timeout_ms;      // for a sentence
    char reason[REASON_SIZE]; // that was said last
    bool lost;                // and said so
    bool may_be_settled;      // since it was looked at
};

static uint64_t now_ms(const struct following *f)
{
    return f->clock.monotonic_ms(f->clock.context);
}

static uint64_t left_ms(const struct following *f)
{
    const uint64_t now = now_ms(f);
    return f->until_ms > now ? f->until_ms - now : 0;
}

static int ask(struct following *f, const char *page,
               const struct client_word *words, struct json_value **out,
               struct error *err)
{
    f->client.timeout_ms =
        f->until_ms == UINT64_MAX ? 0 : (uint32_t)left_ms(f) + FOLLOW_GRACE_MS;
    return client_ask(&f->client, "GET", page, words, NULL, out, err);
}

static const char *text_of(const struct json_value *v, const char *key)
{
    return json_value_text(json_value_get(v, key));
}

static uint64_t number_of(const struct json_value *v, const char *key)
{
    return json_value_uint(json_value_get(v, key));
}

// --- events ----------------------------------------------------------------

static void print_addresses(const struct json_value *event)
{
    const struct json_value *list = json_value_get(event, "addresses");

    for (size_t i = 0; i < json_value_count(list); i++)
        printf("%s %s", i ? "," : "", json_value_text(json_value_at(list, i)));
}

static const struct step {
    const char *what;
    const char *text;
    bool addresses;
} steps[] = {
    {"created", "created", false},
    {"addressed", "has address", true},
    {"moved", "moved to address", true},
    {"ready", "ready", false},
    {"unready", "not ready", false},
    {"available", "available", false},
    {"failed", "failed", false},
    {"terminating", "terminating", false},
    {"gone", "gone", false},
    {"claimed", "claim made:", false},
    {"bound", "claim bound again:", false},
    {"claim-deleted", "claim deleted:", false},
    {"updating", "is updated", false},
};

// NULL: not worth a line.
static const struct step *step_of(const char *what)
{
    for (size_t i = 0; i < ORD_COUNT(steps); i++)
        if (strcmp(steps[i].what, what) == 0)
            return &steps[i];
    return NULL;
}

static void print_step(const struct following *f,
                       const struct json_value *event)
{
    const struct step *step = step_of(text_of(event, "what"));
    const char *pod = text_of(event, "pod"), *claim = text_of(event, "claim");
    const char *reason = text_of(event, "reason");

    if (!step)
        return;
    printf("%s %s", *pod ? pod : f->target, step->text);
    if (*claim)
        printf(" %s", claim);
    if (step->addresses)
        print_addresses(event);
    if (*reason)
        printf(": %s", reason);
    putchar('\n');
}

// from: an event or a workload, which say how many are wanted by now
static int check_goal(const struct following *f, const struct json_value *from,
                      struct error *err)
{
    if (!f->goal || number_of(from, "replicas") == *f->goal)
        return 0;
    return error_set(err, -ECANCELED,
                     "%s is to have %" PRIu64 " replicas now: somebody else, "
                     "or its manifest, wants that",
                     f->target, number_of(from, "replicas"));
}

static int take_event(struct following *f, const struct json_value *event,
                      struct error *err)
{
    const char *what = text_of(event, "what");

    if (strcmp(text_of(event, "workload"), f->name) != 0 ||
        strcmp(text_of(event, "namespace"), f->namespace) != 0 ||
        strcmp(text_of(event, "kind"), f->kind) != 0)
        return 0;
    print_step(f, event);
    f->may_be_settled |= strcmp(what, "settled") == 0;
    return strcmp(what, "scaled") == 0 ? check_goal(f, event, err) : 0;
}

static int take_events(struct following *f, const struct json_value *reply,
                       bool *any, struct error *err)
{
    const struct json_value *events = json_value_get(reply, "events");
    const size_t n = json_value_count(events);
    int rc = 0;

    f->after = number_of(reply, "last");
    if (json_value_bool(json_value_get(reply, "lost"))) {
        f->may_be_settled = true;
        if (!f->lost)
            puts("(more happens than is kept: not all steps are shown)");
        f->lost = true;
    }
    *any = n > 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = take_event(f, json_value_at(events, i), err);
    return rc;
}

static void sleep_ms(uint32_t ms)
{
    const struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/*
 * A round: what has happened, or happens within wait_ms.
 *
 * any  set to whether something did
 */
static int round_of(struct following *f, uint32_t wait_ms, bool *any,
                    struct error *err)
{
    char after[24], wait[24];
    struct json_value *reply;

    (void)snprintf(after, sizeof after, "%" PRIu64, f->after);
    (void)snprintf(wait, sizeof wait, "%" PRIu32, wait_ms);
    const struct client_word words[] = {
        {"after", after}, {wait_ms ? "wait" : NULL, wait}, {NULL, NULL}};
    int rc = ask(f, "/events", words, &reply, err);
    if (rc == -EAGAIN && wait_ms) {
        sleep_ms(wait_ms < POLL_MS ? wait_ms : POLL_MS);
        return round_of(f, 0, any, err);
    }
    if (rc)
        return rc;
    rc = take_events(f, reply, any, err);
    json_value_free(reply);
    return rc;
}

// --- how it stands ---------------------------------------------------------

static int timed_out(const struct following *f, const struct json_value *w,
                     struct error *err)
{
    char text[DURATION_TEXT_SIZE];
    const char *reason = text_of(w, "reason");

    return error_set(err, -ETIMEDOUT,
                     "%s is to have %" PRIu64 " replicas; after %s there are "
                     "%" PRIu64 " pods, %" PRIu64 " of them ready%s%s",
                     f->target, number_of(w, "replicas"),
                     duration_format(f->timeout_ms, text), number_of(w, "live"),
                     number_of(w, "ready"), *reason ? "; it " : "", reason);
}

// Whether a pod's name stands in a text as a word.
static bool names(const char *text, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = text; n && (at = strstr(at, name)); at += n)
        if ((at == text || at[-1] == ' ') && strchr(", ", at[n]))
            return true;
    return false;
}

// Why the pod that is waited for is not there yet.
static void print_pods_reason(const struct json_value *w, const char *reason)
{
    const struct json_value *pods = json_value_get(w, "pods");

    for (size_t i = 0; i < json_value_count(pods); i++) {
        const struct json_value *pod = json_value_at(pods, i);
        if (*text_of(pod, "reason") && names(reason, text_of(pod, "name"))) {
            printf(": %s", text_of(pod, "reason"));
            return;
        }
    }
}

// Each reason once. Only then all pods are asked for: there may be many.
static void say_reason(struct following *f, const struct json_value *w)
{
    const struct client_word words[] = {{"workload", f->target}, {NULL, NULL}};
    const char *reason = text_of(w, "reason");
    struct json_value *reply;
    struct error err; // then it is left at the reason alone

    if (!*reason || strcmp(reason, f->reason) == 0)
        return;
    (void)snprintf(f->reason, sizeof f->reason, "%s", reason);
    printf("%s", reason);
    if (ask(f, "/workloads", words, &reply, &err) == 0) {
        print_pods_reason(json_value_at(json_value_get(reply, "workloads"), 0),
                          reason);
        json_value_free(reply);
    }
    putchar('\n');
}

// Returns 1 where it is settled, 0 where it is not yet.
static int judge(struct following *f, const struct json_value *w, bool quiet,
                 struct error *err)
{
    if (!w)
        return error_set(err, -ENOENT, "%s has gone", f->target);
    // the event that says so may be among those that are kept no more
    const int rc = check_goal(f, w, err);
    if (rc)
        return rc;
    if (json_value_bool(json_value_get(w, "settled"))) {
        printf("%s: %" PRIu64 " of %" PRIu64 " ready\n", f->target,
               number_of(w, "ready"), number_of(w, "replicas"));
        return 1;
    }
    if (now_ms(f) >= f->until_ms)
        return timed_out(f, w, err);
    if (quiet)
        say_reason(f, w);
    return 0;
}

static int look(struct following *f, bool quiet, struct error *err)
{
    const struct client_word words[] = {
        {"workload", f->target}, {"pods", "no"}, {NULL, NULL}};
    struct json_value *reply;
    int rc = ask(f, "/workloads", words, &reply, err);

    if (rc == -ENOENT)
        return judge(f, NULL, quiet, err);
    if (rc)
        return rc;
    f->may_be_settled = false;
    rc = judge(f, json_value_at(json_value_get(reply, "workloads"), 0), quiet,
               err);
    json_value_free(reply);
    return rc;
}

// --- all of it -------------------------------------------------------------

static uint32_t wait_of(const struct following *f)
{
    const uint64_t left = left_ms(f);
    return left < QUIET_MS ? (uint32_t)left : QUIET_MS;
}

static int go(struct following *f, struct error *err)
{
    bool any = true;
    int rc = round_of(f, 0, &any, err);

    f->may_be_settled = true;
    while (rc == 0) {
        if (f->may_be_settled || !any || now_ms(f) >= f->until_ms)
            rc = look(f, !any, err);
        if (rc == 0)
            rc = round_of(f, wait_of(f), &any, err);
    }
    if (rc == -ECONNREFUSED || rc == -EPIPE)
        return error_set(err, rc, "the server at '%s' went away",
                         f->client.socket);
    return rc < 0 ? rc : 0;
}

int follow(const struct client *c, const struct json_value *workload,
           uint64_t after, const uint32_t *goal, uint32_t timeout_ms,
           struct error *err)
{
    struct following f = {
        .client = *c,
        .kind = text_of(workload, "kind"),
        .namespace = text_of(workload, "namespace"),
        .name = text_of(workload, "name"),
        .after = after,
        .goal = goal,
        .clock = clock_of_system(),
        .timeout_ms = timeout_ms,
        .until_ms = UINT64_MAX,
    };
    if (timeout_ms)
        f.until_ms = now_ms(&f) + timeout_ms;
    (void)snprintf(f.target, sizeof f.target, "%s/%s", f.namespace, f.name);
    return go(&f, err);
}
