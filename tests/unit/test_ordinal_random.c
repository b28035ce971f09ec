// SPDX-License-Identifier: Apache-2.0
// Random lives of few workloads with few pods: facts change, pods are deleted
// and fail, probes and faults come and go, time passes, memory runs out. After
// each step lib/judge.h says whether the controllers' rules held; at the end,
// when all is well again, each workload has to come to rest.
//
//     ORDINALD_RANDOM_RUNS=100000   so many lives instead of 3,000
//     ORDINALD_RANDOM_SEED=4711     that one only, as a failure names it; its
//                                   whole story is printed
#include "lib/cast.h"
#include "lib/fault.h"
#include "lib/judge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    RUNS = 3000,
    STEPS = 40,
    CALM_STEPS = 2000, // within which everything comes to rest
    TAKEN = 4,
    REST_MS = 10000, // longer than anything here takes
    ASKED = 64,
    LINES = 60,
    LINE = 160,
};

struct asked {
    uint64_t ticket;
    bool success;
};

struct life {
    uint64_t seed;
    uint64_t now_ms;
    unsigned step;
    struct ordinals *ordinals;
    struct faults *faults;
    struct report report;
    struct judge judge;
    struct cast cast;
    struct address taken[TAKEN];
    uint32_t taken_n;
    struct asked asked[ASKED];
    uint32_t asked_n;
    bool calm;        // all goes well but for broken revisions
    bool input;       // it is not as in the step before
    bool disturbed;   // something happened that the next step may see
    bool refuse;      // prepare() has no memory
    unsigned in_vain; // steps that were asked for and did nothing
    uint32_t lines_n;
    char lines[LINES][LINE];
};

static void note(struct life *l, const char *format, ...) ORD_PRINTF(2, 3);

static bool wants_story(void)
{
    return getenv("ORDINALD_RANDOM_SEED") != NULL;
}

static void note(struct life *l, const char *format, ...)
{
    char *line = l->lines[l->lines_n++ % LINES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, LINE, format, args);
    va_end(args);
    if (wants_story())
        fprintf(stderr, "# %s\n", line);
}

static uint32_t draw(struct life *l, uint32_t below)
{
    return cast_draw(&l->cast, below);
}

static bool one_in(struct life *l, uint32_t n)
{
    return cast_one_in(&l->cast, n);
}

// --- failing ---------------------------------------------------------------

static void print_state(const struct judge *j)
{
    for (uint32_t i = 0; i < j->workloads_n; i++) {
        const struct judged *w = &j->workloads[i];
        fprintf(stderr, "#   %s %s: %u wanted, revision %llu%s\n",
                object_kind_name((enum object_kind)w->kind), w->name,
                w->replicas, (unsigned long long)w->revision,
                w->object ? "" : ", gone");
        for (uint32_t k = 0; k < w->pods_n; k++) {
            const struct judged_pod *p = &w->pods[k];
            fprintf(stderr, "#     %s revision %llu%s%s%s%s%s since %llu\n",
                    p->name, (unsigned long long)p->revision,
                    p->addressed ? " addressed" : "", p->ready ? " ready" : "",
                    w->object && judged_is_available(j, w, p) ? " available"
                                                              : "",
                    p->failed ? " failed" : "",
                    p->terminating ? " terminating" : "",
                    (unsigned long long)p->ready_ms);
        }
    }
}

static void check(struct life *l)
{
    if (!l->judge.says[0])
        return;
    const uint32_t n = l->lines_n < LINES ? l->lines_n : LINES;
    for (uint32_t i = l->lines_n - n; i < l->lines_n && !wants_story(); i++)
        fprintf(stderr, "# %s\n", l->lines[i % LINES]);
    fprintf(stderr, "# so that, at %llu ms:\n",
            (unsigned long long)l->judge.now_ms);
    print_state(&l->judge);
    fault_alloc_after(-1);
    fail_msg("ORDINALD_RANDOM_SEED=%llu: step %u: %s",
             (unsigned long long)l->seed, l->step, l->judge.says);
}

// --- what the program tells ------------------------------------------------

static int on_prepare(void *context, uint32_t n)
{
    struct life *l = context;

    if (l->refuse)
        return -ENOMEM;
    judge_prepare(&l->judge, n);
    return 0;
}

static void on_came(void *context, const struct object *o)
{
    judge_came(&((struct life *)context)->judge, o);
}

static void on_changed(void *context, const struct object *old,
                       const struct object *now)
{
    judge_changed(&((struct life *)context)->judge, old, now);
}

static void on_went(void *context, const struct object *o)
{
    judge_went(&((struct life *)context)->judge, o);
}

static void on_event(void *context, const struct ordinals_event *e)
{
    static const char *const names[] = {
        "created",   "addressed",     "moved",       "ready",    "unready",
        "available", "failed",        "terminating", "gone",     "claimed",
        "bound",     "claim deleted", "scaled",      "updating", "settled"};
    struct life *l = context;

    note(l, "      %s %s%s%s %s", e->workload, e->pod, e->pod[0] ? " " : "",
         names[e->what], e->reason);
    judge_event(&l->judge, e);
}

static const struct slot *slot_of(const struct life *l,
                                  const struct object *pod)
{
    for (uint32_t i = 0; i < l->cast.slots_n; i++) {
        const struct slot *s = &l->cast.slots[i];
        const size_t n = strlen(s->name);
        const char *owner = pod->owner_name;
        if (s->kind == OBJECT_DEPLOYMENT
                ? strncmp(owner, s->name, n) == 0 && owner[n] == '-'
                : strcmp(owner, s->name) == 0)
            return s;
    }
    return NULL;
}

// Whether a probe of it fails, always.
static bool is_of_broken(const struct slot *s, const struct object *pod)
{
    const char *rev = labels_get(pod->labels, "rev");

    return s && s->made && s->broken && rev && strcmp(rev, s->made->rev) == 0;
}

static void on_probe(void *context, const struct ordinals_probe *p)
{
    struct life *l = context;
    const struct slot *s = slot_of(l, p->pod);

    l->judge.did++;
    note(l, "      %s is probed", p->pod->name);
    // Some are never answered.
    if (l->asked_n == ASKED || (!l->calm && one_in(l, 10)))
        return;
    l->asked[l->asked_n++] = (struct asked){
        .ticket = p->ticket,
        .success = !is_of_broken(s, p->pod) && (l->calm || !one_in(l, 8))};
}

static bool selects(void *context, const char *namespace, const char *service,
                    const struct object *pod)
{
    const char *app = labels_get(pod->labels, "app");

    (void)context;
    return strcmp(namespace, pod->namespace) == 0 && app &&
           strcmp(app, service) == 0;
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct life *l = context;

    (void)kind;
    (void)at;
    note(l, "      finding: %s", text);
}

// --- what happens ----------------------------------------------------------

// Of one kind only, since a name is asked for without it.
static void scale(struct life *l, const struct slot *s)
{
    const uint32_t n = draw(l, 6);
    const struct ordinals_target t = {.namespace = "ns", .name = s->name};
    struct error err;

    const int rc = ordinals_scale(l->ordinals, t, n, NULL, &err);
    note(l, "    scale %s to %u: %d", s->name, n, rc);
    if (rc == 0)
        judge_scaled(&l->judge, (uint8_t)s->kind, s->name, n);
    l->disturbed = true;
}

static void restart(struct life *l, const struct slot *s)
{
    const struct ordinals_target t = {.name = s->name};
    struct error err;

    const int rc = ordinals_restart(l->ordinals, t, &err);
    note(l, "    restart %s: %d", s->name, rc);
    if (rc == 0)
        judge_restarted(&l->judge, (uint8_t)s->kind, s->name);
    l->disturbed = true;
}

static const struct judged_pod *draw_pod(struct life *l)
{
    const struct judge *j = &l->judge;

    if (j->workloads_n == 0)
        return NULL;
    const struct judged *w = &j->workloads[draw(l, j->workloads_n)];
    return w->pods_n ? &w->pods[draw(l, w->pods_n)] : NULL;
}

static void hit_pod(struct life *l, bool fails)
{
    const struct judged_pod *p = draw_pod(l);
    struct error err;

    if (!p)
        return;
    const struct ordinals_target t = {.namespace = "ns", .name = p->name};
    const int rc = fails ? ordinals_fail_pod(l->ordinals, t, &err)
                         : ordinals_delete_pod(l->ordinals, t, &err);
    note(l, "    %s %s: %d", fails ? "fail" : "delete", p->name, rc);
    if (rc == 0 && !fails)
        judge_doomed(&l->judge, p->name);
    l->disturbed = true;
}

static void add_fault(struct life *l)
{
    static const enum fault_kind kinds[] = {FAULT_NOT_READY, FAULT_NOT_READY,
                                            FAULT_GONE, FAULT_MOVE, FAULT_FLAP};
    const struct judged_pod *p = draw_pod(l);
    const bool service = one_in(l, 10);
    struct error err;

    if (!p)
        return;
    struct fault f = {.kind = kinds[draw(l, ORD_COUNT(kinds))],
                      .of_service = service,
                      .since_ms = l->now_ms,
                      .until_ms =
                          one_in(l, 3) ? UINT64_MAX : l->now_ms + draw(l, 5000),
                      .namespace = "ns",
                      .name = service ? "svc" : p->name};
    f.ms = fault_has_ms(f.kind) ? 1 + draw(l, 1000) : 0;
    note(l, "    fault %s of %s", fault_kind_name(f.kind), f.name);
    assert_int_equal(faults_add(l->faults, &f, &err), 0);
    l->disturbed = true;
}

static void change_taken(struct life *l)
{
    l->taken_n = draw(l, TAKEN + 1);
    for (uint32_t i = 0; i < l->taken_n; i++)
        l->taken[i] = cast_address(2 * draw(l, 5) + 0);
    note(l, "    %u addresses are taken", l->taken_n);
    l->cast.changed = l->disturbed = true;
}

static void change_cast(struct life *l, struct slot *s)
{
    if (s->made && !one_in(l, 6))
        cast_change(&l->cast, s);
    else
        cast_come_or_go(&l->cast, s);
    l->disturbed = true;
    if (!s->made) {
        note(l, "    %s is not there", s->name);
        return;
    }
    const struct workload_facts *w = &s->made->object.workload;
    const struct workload_rules *r = &s->made->rules;
    note(l,
         "    %s: %u from %u, revision %llu, partition %u, ready after %u, "
         "gone after %u, min %u, strategy %u%s%s",
         s->name, w->replicas, w->start, (unsigned long long)w->revision,
         r->partition, r->ready_after_ms, r->gone_after_ms, r->min_ready_s,
         r->strategy, r->parallel ? " parallel" : "",
         r->paused ? " paused" : "");
}

static void happen(struct life *l)
{
    struct slot *s = &l->cast.slots[draw(l, l->cast.slots_n)];

    switch (draw(l, 16)) {
    case 0:
    case 1:
        faults_clear(l->faults, NULL, NULL);
        note(l, "    no faults");
        l->disturbed = true;
        break;
    case 2:
    case 3:
        scale(l, s);
        break;
    case 4:
        restart(l, s);
        break;
    case 5:
        hit_pod(l, false);
        break;
    case 6:
        hit_pod(l, true);
        break;
    case 7:
        add_fault(l);
        break;
    case 8:
        add_fault(l);
        break;
    case 9:
        change_taken(l);
        break;
    default:
        change_cast(l, s);
    }
}

static void answer_probes(struct life *l)
{
    for (uint32_t i = 0; i < l->asked_n; i++) {
        note(l, "    probe: %s", l->asked[i].success ? "success" : "failure");
        ordinals_probed(l->ordinals, l->asked[i].ticket, l->asked[i].success);
        l->disturbed = true;
    }
    l->asked_n = 0;
}

// --- steps -----------------------------------------------------------------

static uint64_t next_ms(const struct life *l)
{
    const uint64_t a = ordinals_next_ms(l->ordinals);
    const uint64_t b = faults_next_ms(l->faults);

    return a < b ? a : b;
}

static uint64_t draw_time(struct life *l)
{
    const uint64_t next = next_ms(l);

    switch (draw(l, 8)) {
    case 0:
    case 1:
        return l->now_ms;
    case 2:
        return l->now_ms + draw(l, 100);
    case 3:
        return l->now_ms + draw(l, 10000);
    case 4:
        return next > l->now_ms && next < UINT64_MAX ? next - 1 : l->now_ms;
    default:
        return next > l->now_ms && next < UINT64_MAX ? next : l->now_ms + 1;
    }
}

static int make_step(struct life *l)
{
    struct object *objects[CAST_SLOTS];
    uint32_t n = 0;

    for (uint32_t i = 0; i < l->cast.slots_n; i++)
        if (l->cast.slots[i].made)
            objects[n++] = &l->cast.slots[i].made->object;
    const struct ordinals_input input = {
        .workloads = (const struct object *const *)objects,
        .workloads_n = n,
        .taken = l->taken,
        .taken_n = l->taken_n,
    };
    const bool same = !l->cast.changed && one_in(l, 2);
    faults_run(l->faults, l->now_ms);
    judge_input(&l->judge, objects, n, l->now_ms);
    const int rc = ordinals_step(l->ordinals, same ? NULL : &input, l->now_ms);
    cast_sweep(&l->cast);
    return rc;
}

// next_ms() is honest: nothing happens before, and something does then.
static void judge_time(struct life *l, uint64_t asked_ms)
{
    struct judge *j = &l->judge;

    if (!l->disturbed && l->now_ms < asked_ms && j->did)
        judge_object(j, "something happened at %llu ms, before %llu",
                     (unsigned long long)l->now_ms,
                     (unsigned long long)asked_ms);
    l->in_vain =
        l->disturbed || j->did || l->now_ms < asked_ms ? 0 : l->in_vain + 1;
    if (l->in_vain > 8)
        judge_object(j, "it is woken again and again for nothing");
    if (ordinals_next_ms(l->ordinals) <= l->now_ms)
        judge_object(j, "the next step has to be at %llu, in the past",
                     (unsigned long long)ordinals_next_ms(l->ordinals));
}

static void step(struct life *l, uint64_t at_ms)
{
    const uint64_t asked_ms = next_ms(l);

    l->step++;
    l->now_ms = at_ms;
    note(l, "  step %u at %llu ms", l->step, (unsigned long long)at_ms);
    const int rc = make_step(l);
    if (rc)
        judge_object(&l->judge, "the step returns %d", rc);
    judge_time(l, asked_ms);
    judge_end(&l->judge, l->ordinals, l->taken, l->taken_n);
    check(l);
    l->cast.changed = l->disturbed = false;
}

// Nothing of what was told is lost: the next step tells the rest.
static void starve(struct life *l)
{
    l->refuse = one_in(l, 2);
    note(l, "  memory runs out");
    if (!l->refuse)
        fault_alloc_after(1 + (long)draw(l, 12));
    const int rc = make_step(l);
    fault_alloc_after(-1);
    l->refuse = false;
    if (rc && rc != -ENOMEM)
        judge_object(&l->judge, "the step returns %d", rc);
    check(l);
    l->cast.changed = l->disturbed = true;
}

// --- the end ---------------------------------------------------------------

static int count_restless(void *context,
                          const struct ordinals_workload_state *s)
{
    uint32_t *n = context;

    *n += !s->settled;
    return 0;
}

static uint32_t restless(const struct life *l)
{
    uint32_t n = 0;

    assert_int_equal(ordinals_look(l->ordinals, NULL, count_restless, NULL, &n),
                     0);
    return n;
}

static uint32_t stuck(const struct life *l)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < l->judge.workloads_n; i++)
        n += l->judge.workloads[i].object &&
             judged_is_stuck(&l->judge, &l->judge.workloads[i]);
    return n;
}

static void clear_faults(struct life *l)
{
    faults_clear(l->faults, NULL, NULL);
    l->calm = true;
    l->taken_n = 0;
    l->asked_n = 0;
    for (uint32_t i = 0; i < l->cast.slots_n; i++) {
        struct slot *s = &l->cast.slots[i];
        if (s->made && one_in(l, 4))
            cast_break(&l->cast, s);
        if (!s->made || (!s->made->rules.paused &&
                         s->made->object.workload.addresses_n == 0))
            continue;
        struct made *m = cast_renew(&l->cast, s);
        m->rules.paused = false;
        m->object.workload.addresses_n = 0;
    }
    l->cast.changed = l->disturbed = true;
    step(l, l->now_ms);
}

// Let time pass until nothing has happened for a while. A workload with a
// broken revision may wait for it for ever, the others have to be at rest.
static void wait_for_rest(struct life *l)
{
    uint64_t turn = l->judge.turn, since_ms = l->now_ms;
    int i = 0;

    for (; i < CALM_STEPS && l->now_ms - since_ms < REST_MS; i++) {
        const uint64_t next = next_ms(l);
        answer_probes(l);
        if (next == UINT64_MAX && !l->disturbed)
            break;
        step(l, next == UINT64_MAX || next < l->now_ms ? l->now_ms : next);
        if (l->judge.turn != turn)
            since_ms = l->now_ms;
        turn = l->judge.turn;
    }
    if (i == CALM_STEPS)
        judge_object(&l->judge, "there is no rest");
}

// Whether one of its pods is not ready, and of a broken revision.
static bool is_broken(const struct life *l, const struct judged *w)
{
    for (uint32_t i = 0; i < l->judge.told_n; i++) {
        const struct object *o = l->judge.told[i];
        if (o->kind != OBJECT_POD || o->pod.ready)
            continue;
        const struct slot *s = slot_of(l, o);
        if (s && s->kind == w->kind && strcmp(s->name, w->name) == 0 &&
            is_of_broken(s, o))
            return true;
    }
    return false;
}

static uint32_t broken(const struct life *l)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < l->judge.workloads_n; i++) {
        const struct judged *w = &l->judge.workloads[i];
        n += w->object && !judged_is_stuck(&l->judge, w) && is_broken(l, w);
    }
    return n;
}

static void mend_all(struct life *l)
{
    for (uint32_t i = 0; i < l->cast.slots_n; i++)
        l->cast.slots[i].broken = false;
}

// K8S: a rollout waits for a broken pod as long as that is broken, and two that
// failed among those to go are never deleted. Nothing else may wait for ever.
static void come_to_rest(struct life *l)
{
    note(l, "    all is well but for broken revisions");
    clear_faults(l);
    wait_for_rest(l);
    if (restless(l) != stuck(l) + broken(l))
        judge_object(&l->judge, "%u workloads wait; %u have a reason",
                     restless(l), stuck(l) + broken(l));
    check(l);
    note(l, "    all is well");
    mend_all(l);
    wait_for_rest(l);
    if (restless(l) != stuck(l))
        judge_object(&l->judge, "%u workloads wait; %u have a reason",
                     restless(l), stuck(l));
    judge_quiet(&l->judge);
    check(l);
}

// --- lives -----------------------------------------------------------------

static void be_born(struct life *l, uint64_t seed)
{
    memset(l, 0, sizeof *l);
    l->seed = seed;
    cast_open(&l->cast, seed);
    l->cast.changed = l->disturbed = true;
    l->faults = faults_new();
    assert_non_null(l->faults);
    judge_init(&l->judge, l->faults);
    l->report = (struct report){.finding = on_finding, .context = l};
    struct ordinals_settings settings = {
        .seed = seed,
        .probe = one_in(l, 2),
        .faults = l->faults,
        .selects = selects,
        .events = {.prepare = on_prepare,
                   .came = on_came,
                   .changed = on_changed,
                   .went = on_went,
                   .event = on_event,
                   .probe = on_probe,
                   .context = l},
        .report = &l->report,
    };
    assert_int_equal(cidr_parse("10.0.0.0/24", &settings.pod_cidrs[0], NULL),
                     0);
    settings.pod_cidrs_n = 1;
    l->ordinals = ordinals_new(&settings);
    assert_non_null(l->ordinals);
}

static void die(struct life *l)
{
    ordinals_free(l->ordinals);
    faults_free(l->faults);
    cast_close(&l->cast);
}

static void live(struct life *l, uint64_t seed)
{
    be_born(l, seed);
    while (l->step < STEPS) {
        for (uint32_t n = draw(l, 3); n > 0; n--)
            happen(l);
        if (one_in(l, 2))
            answer_probes(l);
        if (one_in(l, 24) && l->step && !l->disturbed)
            starve(l);
        else
            step(l, draw_time(l));
    }
    come_to_rest(l);
    die(l);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void random_lives_keep_to_the_rules(void **state)
{
    const uint64_t only = number_of("ORDINALD_RANDOM_SEED", 0);
    const uint64_t runs = number_of("ORDINALD_RANDOM_RUNS", RUNS);
    struct life *l = malloc(sizeof *l);

    (void)state;
    assert_non_null(l);
    if (only)
        live(l, only);
    for (uint64_t seed = 1; seed <= runs && !only; seed++)
        live(l, seed);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives_keep_to_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
