// SPDX-License-Identifier: Apache-2.0
// The steps of a story in which time passes, pods are steered, and faults begin
// and end: by the functions that the control interface calls.
#include "scenario/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A time as "2s" or "300ms"; 0, with a failure, where it is none.
static uint64_t read_time(struct story *s, const char *text)
{
    char *unit;
    const unsigned long n = strtoul(text ? text : "", &unit, 10);

    if (strcmp(unit, "s") == 0)
        return n * 1000;
    if (strcmp(unit, "ms") != 0)
        story_fail(s, "a time is written '2s' or '300ms'");
    return n;
}

static void check_result(struct story *s, const char *what, int result)
{
    if (result < 0)
        story_fail(s, "%s: %s", what, strerror(-result));
}

static void step_advance(struct story *s, char *rest)
{
    check_result(s, "advance",
                 world_advance(s->world, read_time(s, story_word(&rest))));
}

static void step_run(struct story *s, char *rest)
{
    (void)rest;
    check_result(s, "run", world_run(s->world));
}

// --- steering --------------------------------------------------------------

static struct ordinals *ordinals_of(struct story *s)
{
    return statefulsets_ordinals(world_pipeline(s->world)->statefulsets);
}

struct ordinals_target story_target(char *word)
{
    char *slash = word ? strchr(word, '/') : NULL;

    if (!slash)
        return (struct ordinals_target){.name = word ? word : ""};
    *slash = 0;
    return (struct ordinals_target){.namespace = word, .name = slash + 1};
}

// What came of a command, and if it was taken what follows from it.
static void carry_on(struct story *s, int result, const struct error *err)
{
    if (result < 0)
        story_fail(s, "%s", err->text);
    else
        check_result(s, "run", world_run(s->world));
}

static void step_scale(struct story *s, char *rest)
{
    const struct ordinals_target target = story_target(story_word(&rest));
    const char *n = story_word(&rest);
    struct error err = {""};

    carry_on(s,
             ordinals_scale(ordinals_of(s), target, (uint32_t)atoi(n ? n : "0"),
                            NULL, &err),
             &err);
}

static void step_restart(struct story *s, char *rest)
{
    struct error err = {""};

    carry_on(
        s,
        ordinals_restart(ordinals_of(s), story_target(story_word(&rest)), &err),
        &err);
}

static void step_delete_pod(struct story *s, char *rest)
{
    struct error err = {""};

    carry_on(s,
             ordinals_delete_pod(ordinals_of(s),
                                 story_target(story_word(&rest)), &err),
             &err);
}

static void step_fail_pod(struct story *s, char *rest)
{
    struct error err = {""};

    carry_on(s,
             ordinals_fail_pod(ordinals_of(s), story_target(story_word(&rest)),
                               &err),
             &err);
}

static void step_probe(struct story *s, char *rest)
{
    const char *pod = story_word(&rest), *how = story_word(&rest);

    if (!how || (strcmp(how, "ok") != 0 && strcmp(how, "fail") != 0))
        story_fail(s, "written 'probe POD ok' or 'probe POD fail'");
    else if (!world_probe(s->world, pod, strcmp(how, "ok") == 0))
        story_fail(s, "more than %d pods are probed", WORLD_PROBED_MAX);
}

// --- faults ----------------------------------------------------------------

struct search {
    const struct ordinals_target *target;
    const struct object *found;
};

static int look_at(void *context, const struct object *o)
{
    struct search *search = context;
    const struct ordinals_target *t = search->target;

    if (strcmp(o->name, t->name) == 0 &&
        (!t->namespace || strcmp(o->namespace, t->namespace) == 0))
        search->found = o;
    return 0;
}

// The pod or, where there is none, the service that a fault is of; NULL with a
// failure where there is neither.
static const struct object *find_target(struct story *s,
                                        const struct ordinals_target *target)
{
    const struct cluster *c = world_pipeline(s->world)->cluster;
    struct search search = {.target = target};

    if (cluster_each(c, OBJECT_POD, look_at, &search) == 0 && !search.found)
        (void)cluster_each(c, OBJECT_SERVICE, look_at, &search);
    if (!search.found)
        story_fail(s, "there is no pod or service '%s'", target->name);
    return search.found;
}

static struct faults *faults_of(struct story *s)
{
    struct faults *f = world_pipeline(s->world)->faults;

    if (!f)
        story_fail(s, "faults need 'options --enable-faults'");
    return f;
}

static void step_fault(struct story *s, char *rest)
{
    const struct ordinals_target target = story_target(story_word(&rest));
    const char *kind = story_word(&rest), *until = story_word(&rest);
    struct faults *faults = faults_of(s);
    const struct object *of = faults ? find_target(s, &target) : NULL;
    struct fault fault = {.since_ms = world_now_ms(s->world),
                          .until_ms = UINT64_MAX};
    struct error err = {""};

    if (!of)
        return;
    fault.of_service = of->kind == OBJECT_SERVICE;
    fault.namespace = of->namespace;
    fault.name = of->name;
    if (until)
        fault.until_ms = fault.since_ms + read_time(s, story_word(&rest));
    int result = fault_parse(kind ? kind : "", &fault.kind, &fault.ms, &err);
    if (result == 0)
        result = faults_add(faults, &fault, &err);
    carry_on(s, result, &err);
}

static void step_clear(struct story *s, char *rest)
{
    char *word = story_word(&rest);
    const struct ordinals_target target = story_target(word);
    struct faults *faults = faults_of(s);
    const struct error none = {""};

    if (!faults)
        return;
    if (faults_clear(faults, target.namespace, word ? target.name : NULL) == 0)
        story_fail(s, "there is no such fault");
    carry_on(s, 0, &none);
}

// --- all of them -----------------------------------------------------------

static const struct {
    const char *word;
    void (*carry_out)(struct story *s, char *rest);
} steps[] = {
    {"advance", step_advance}, {"run", step_run},
    {"scale", step_scale},     {"restart", step_restart},
    {"fault", step_fault},     {"delete-pod", step_delete_pod},
    {"clear", step_clear},     {"fail-pod", step_fail_pod},
    {"probe", step_probe},
};

bool story_steer(struct story *s, const char *word, char *rest)
{
    for (size_t i = 0; i < ORD_COUNT(steps); i++) {
        if (strcmp(steps[i].word, word) == 0) {
            steps[i].carry_out(s, rest);
            return true;
        }
    }
    return false;
}
