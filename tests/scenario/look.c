// SPDX-License-Identifier: Apache-2.0
// The steps of a story that look at pods, workloads, claims, and at what
// happened to them.
#include "scenario/story.h"

#include <stdlib.h>
#include <string.h>

// --- lines -----------------------------------------------------------------

// The length of a field, and of it without the colon before a reason.
static size_t field_of(const char *line, size_t *bare)
{
    const size_t n = strcspn(line, " \t\n");

    *bare = n > 0 && line[n - 1] == ':' ? n - 1 : n;
    return n;
}

// Whether a line is the one that is wanted: `*` is any field, and what stands
// at its end may be left off.
static bool same_line(const char *is, const char *wanted)
{
    for (;;) {
        size_t is_bare, wanted_bare;
        is += strspn(is, " \t");
        wanted += strspn(wanted, " \t");
        const size_t n = field_of(is, &is_bare);
        const size_t wanted_n = field_of(wanted, &wanted_bare);
        if (wanted_n == 0)
            return true;
        const bool any = wanted_n == 1 && *wanted == '*';
        if (n == 0 || (!any && (is_bare != wanted_bare ||
                                memcmp(is, wanted, is_bare) != 0)))
            return false;
        is += n;
        wanted += wanted_n;
    }
}

// The next line of *text that is not blank, or NULL.
static const char *next_line(const char **text)
{
    const char *line = *text + strspn(*text, " \t\n");
    const char *end = strchr(line, '\n');

    *text = end ? end + 1 : line + strlen(line);
    return *line ? line : NULL;
}

static bool same_lines(const char *is, const char *wanted)
{
    for (;;) {
        const char *a = next_line(&is), *b = next_line(&wanted);
        if (!a || !b)
            return !a && !b;
        if (!same_line(a, b))
            return false;
    }
}

// Compare lines with "none" or a block.
static void compare(struct story *s, const char *is, char *rest)
{
    const char *wanted = "";

    rest += strspn(rest, " \t");
    if (strcmp(rest, "none") != 0)
        wanted = story_block(s, &rest);
    if (wanted && !same_lines(is, wanted))
        story_fail(s, "it is%s\n%s", *is ? "" : " nothing", is);
}

// --- looking ---------------------------------------------------------------

static struct ordinals *ordinals_of(struct story *s)
{
    return statefulsets_ordinals(world_pipeline(s->world)->statefulsets);
}

static void check_events(struct story *s, char *rest)
{
    const char *namespace = NULL;

    if (!*rest || (strncmp(rest, "<<", 2) != 0 && strcmp(rest, "any") != 0 &&
                   strcmp(rest, "none") != 0))
    namespace = story_word(&rest);
    const char *happened = world_take_events(s->world, namespace);
    if (strcmp(rest, "any") != 0)
        compare(s, happened, rest);
}

static const char *state_of(const struct object *o)
{
    if (o->pod.terminating)
        return "terminating";
    if (o->pod.phase == POD_FAILED)
        return "failed";
    if (o->pod.ready)
        return "ready";
    return o->pod.addresses_n ? "addressed" : "pending";
}

static int write_pod(void *context, const struct ordinals_pod_state *p)
{
    fprintf(context, "%s %s%s%s\n", p->pod->name, state_of(p->pod),
            *p->reason ? ": " : "", p->reason);
    return 0;
}

static int pass_workload(void *context, const struct ordinals_workload_state *w)
{
    (void)context;
    (void)w;
    return 0;
}

static void check_pods(struct story *s, char *rest)
{
    const struct ordinals_target target = story_target(story_word(&rest));
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return;
    const int result =
        ordinals_look(ordinals_of(s), &target, pass_workload, write_pod, out);
    fclose(out);
    if (result < 0)
        story_fail(s, "%s", strerror(-result));
    else
        compare(s, text, rest);
    free(text);
}

static int take_workload(void *context, const struct ordinals_workload_state *w)
{
    struct ordinals_workload_state *out = context;

    *out = *w;
    return 0;
}

static void check_settled(struct story *s, char *rest)
{
    const struct ordinals_target target = story_target(story_word(&rest));
    const char *word = story_word(&rest);
    struct ordinals_workload_state is = {0};
    const int result =
        ordinals_look(ordinals_of(s), &target, take_workload, NULL, &is);

    if (result < 0)
        story_fail(s, "%s", strerror(-result));
    else if (!word || (strcmp(word, "yes") == 0) != is.settled)
        story_fail(s, "it is %ssettled: %s", is.settled ? "" : "not ",
                   is.reason);
    else if (!strstr(is.reason, rest))
        story_fail(s, "the reason is '%s'", is.reason);
}

static int write_claim(void *context, const char *namespace, const char *name,
                       const char *pod)
{
    (void)namespace;
    fprintf(context, "%s %s %s\n", name, *pod ? "bound" : "unbound", pod);
    return 0;
}

static void check_claims(struct story *s, char *rest)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return;
    const int result = ordinals_claims(ordinals_of(s), write_claim, out);
    fclose(out);
    if (result < 0)
        story_fail(s, "%s", strerror(-result));
    else
        compare(s, text, rest);
    free(text);
}

static const struct {
    const char *word;
    void (*check)(struct story *s, char *rest);
} checks[] = {
    {"events", check_events},
    {"pods", check_pods},
    {"settled", check_settled},
    {"claims", check_claims},
};

bool story_look(struct story *s, const char *word, char *rest)
{
    for (size_t i = 0; i < ORD_COUNT(checks); i++) {
        if (strcmp(checks[i].word, word) == 0) {
            checks[i].check(s, rest);
            return true;
        }
    }
    return false;
}
