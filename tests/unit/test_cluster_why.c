// SPDX-License-Identifier: Apache-2.0
// Why names of a service do not resolve: what its pods lack, why ordinals have
// none, why nobody is in its set, and when that is told.
#include "lib/changes.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CAST = 16, SINCE = 1234 };

// --- a service db, and who is around it --------------------------------------

static const struct label app_x[] = {{"app", "x"}};
static const struct label app_y[] = {{"app", "y"}};

static struct object *workload(enum object_kind kind, const char *name,
                               uint32_t replicas)
{
    struct object *o = object_make(kind, "ns", name);

    o->workload.replicas = replicas;
    o->workload.pod_labels = (struct labels){app_x, 1};
    return o;
}

static struct object *set_of(const char *name, const char *service,
                             uint32_t replicas)
{
    struct object *o = workload(OBJECT_STATEFUL_SET, name, replicas);

    o->workload.service = object_text(o, service);
    return o;
}

static struct object *parallel_set(const char *name, uint32_t replicas)
{
    static const struct workload_rules rules = {.parallel = true};
    struct object *o = set_of(name, "db", replicas);

    o->workload.rules = &rules;
    return o;
}

// Named below db, ready at an address, selected by app=x.
static struct object *pod(const char *name)
{
    struct object *o = make_pod(name, "x");

    o->pod.hostname = object_text(o, name);
    o->pod.subdomain = "db";
    return o;
}

static struct object *pod_unready(const char *name)
{
    struct object *o = pod(name);

    o->pod.ready = false;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "probe failed";
    return o;
}

static struct object *pod_pending(const char *name)
{
    struct object *o = pod_unready(name);

    o->pod.phase = POD_PENDING;
    o->pod.addresses_n = 0;
    o->pod.reason = "no node";
    return o;
}

// Pods of a Deployment: neither hostname nor subdomain.
static struct object *pod_nameless(const char *name)
{
    return make_pod(name, "x");
}

static struct object *slice_of(const char *name)
{
    struct object *o = object_make(OBJECT_ENDPOINT_SLICE, "ns", name);

    o->slice.service = "db";
    return o;
}

static void terminate(struct object *slice)
{
    ((struct endpoint *)(uintptr_t)slice->slice.endpoints)->terminating = true;
}

// A cluster with objects of its own: they go with it.
struct stage {
    struct cluster *c;
    struct object *all[CAST];
    size_t n;
};

static struct stage stage_with(const struct cluster_settings *settings,
                               struct object *const *objects, size_t n)
{
    struct stage s = {.c = cluster_new(settings)};

    assert_non_null(s.c);
    for (; s.n < n; s.n++) {
        s.all[s.n] = objects[s.n];
        cluster_add(s.c, s.all[s.n], 1);
    }
    return s;
}

#define STAGE(...)                                                             \
    stage_with(NULL, (struct object *[]){__VA_ARGS__},                         \
               sizeof((struct object *[]){__VA_ARGS__}) /                      \
                   sizeof(struct object *))

static void stage_end(struct stage *s)
{
    for (size_t i = 0; i < s->n; i++)
        cluster_remove(s->c, s->all[i]);
    // nothing is left that nobody holds
    assert_int_equal(changes_take(s->c, &(struct changes){.left = -1}), 0);
    cluster_free(s->c);
    for (size_t i = 0; i < s->n; i++)
        object_drop(s->all[i]);
}

static void stage_swap(struct stage *s, size_t at, struct object *now)
{
    cluster_swap(s->c, now, 1, s->all[at]);
    s->all[at] = now;
}

// --- reasons as text ---------------------------------------------------------

static void put(char out[512], const char *name, const char *value)
{
    const size_t n = strlen(out);

    if (value && *value)
        snprintf(out + n, 512 - n, " %s=%s", name, value);
}

static void put_number(char out[512], const char *name, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    put(out, name, value ? text : "");
}

// "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed"
static const char *reason_say(const struct reason *r, char out[512])
{
    snprintf(out, 512, "%s", reason_kind(r->code)->id);
    put(out, "service", r->service);
    put(out, "kind", r->kind);
    put(out, "workload", r->workload);
    put(out, "pod", r->pod);
    put_number(out, "since", r->since_unix_s);
    put_number(out, "last", r->last);
    put(out, "detail", r->detail);
    if (r->code != REASON_NONE)
        assert_string_equal(r->namespace, "ns");
    return out;
}

enum what { LACK, NONE, EMPTY, UNNAMED };

static const struct reason *pick(const struct service *s, enum what what,
                                 const char *name)
{
    static const struct reason nothing = {.code = REASON_NONE};
    const struct reason *found = &nothing;
    uint32_t n = 0;

    if (what == EMPTY || what == UNNAMED)
        return what == EMPTY ? &s->empty : &s->unnamed;
    for (uint32_t i = 0; what == LACK && i < s->lacks_n; i++)
        if (strcmp(s->lacks[i].hostname, name) == 0 && ++n)
            found = &s->lacks[i].why;
    for (uint32_t i = 0; what == NONE && i < s->ordinals_n; i++)
        if (strcmp(s->ordinals[i].name, name) == 0 && ++n)
            found = &s->ordinals[i].none;
    assert_true(n <= 1);
    return found;
}

static const char *said_of(const struct cluster *c, enum what what,
                           const char *service, const char *name)
{
    static char out[512];
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 24);
    assert_int_equal(cluster_service(c, "ns", service, &arena, &s), 0);
    reason_say(pick(&s, what, name), out);
    arena_release(&arena);
    return out;
}

#define assert_lack(s, hostname, wanted)                                       \
    assert_string_equal(said_of((s)->c, LACK, "db", hostname), wanted)
#define assert_none(s, set, wanted)                                            \
    assert_string_equal(said_of((s)->c, NONE, "db", set), wanted)
#define assert_empty(s, wanted)                                                \
    assert_string_equal(said_of((s)->c, EMPTY, "db", ""), wanted)
#define assert_unnamed(s, wanted)                                              \
    assert_string_equal(said_of((s)->c, UNNAMED, "db", ""), wanted)

static uint32_t lacks_of(const struct stage *st)
{
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 24);
    assert_int_equal(cluster_service(st->c, "ns", "db", &arena, &s), 0);
    arena_release(&arena);
    return s.lacks_n;
}

// --- what pods lack ----------------------------------------------------------

static void ends(struct object *o)
{
    o->pod.phase = POD_FAILED;
    o->pod.since_unix_s = SINCE;
}

static void completes(struct object *o)
{
    o->pod.phase = POD_SUCCEEDED;
}

static void is_evicted(struct object *o)
{
    o->pod.phase = POD_FAILED;
    o->pod.reason = "Evicted";
}

static void goes(struct object *o)
{
    o->pod.terminating = true;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "of no matter";
}

static void waits(struct object *o)
{
    o->pod.phase = POD_PENDING;
    o->pod.addresses_n = 0;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "no node";
}

static void runs_nowhere(struct object *o)
{
    o->pod.addresses_n = 0;
}

static void fails_probe(struct object *o)
{
    o->pod.ready = false;
    o->pod.since_unix_s = SINCE;
    o->pod.reason = "probe failed";
}

static void starts(struct object *o)
{
    o->pod.phase = POD_PENDING;
    o->pod.ready = false;
}

static void nothing(struct object *o)
{
    o->pod.since_unix_s = SINCE;
}

static const struct {
    void (*becomes)(struct object *pod);
    const char *said;
} lives[] = {
    {nothing, ""},
    {ends, "pod-ended service=db pod=db-0 since=1234 detail=Failed"},
    {completes, "pod-ended service=db pod=db-0 detail=Succeeded"},
    {is_evicted, "pod-ended service=db pod=db-0 detail=Evicted"},
    {goes, "pod-terminating service=db pod=db-0 since=1234"},
    {waits, "pod-pending service=db pod=db-0 since=1234 detail=no node"},
    {runs_nowhere, "pod-no-address service=db pod=db-0"},
    {fails_probe,
     "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed"},
    {starts, "pod-not-ready service=db pod=db-0"},
};

static void a_pod_says_what_it_lacks(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        for (size_t i = 0; i < ORD_COUNT(lives); i++) {
            struct object *p = pod("db-0"), *db = make_selecting("db", "x");
            lives[i].becomes(p);
            struct stage s = order ? STAGE(p, db) : STAGE(db, p);
            assert_lack(&s, "db-0", lives[i].said);
            assert_int_equal(lacks_of(&s), *lives[i].said != '\0');
            stage_end(&s);
        }
    }
}

static void it_is_told_once_when_a_pod_comes_to_lack_something(void **state)
{
    (void)state;
    struct stage s =
        STAGE(make_selecting("db", "x"), pod("db-0"), set_of("db", "db", 1));
    assert_changes(s.c, "+ns +ns/db");
    for (size_t i = 1; i < ORD_COUNT(lives); i++) {
        for (int again = 0; again < 2; again++) {
            struct object *p = pod("db-0");
            lives[i].becomes(p);
            object_label(p, "more", again ? "labels" : "");
            stage_swap(&s, 1, p);
            assert_changes(s.c, again ? "" : "+ns/db");
        }
        assert_lack(&s, "db-0", lives[i].said);
        stage_swap(&s, 1, pod("db-0"));
        assert_changes(s.c, "+ns/db");
        assert_lack(&s, "db-0", "");
    }
    stage_end(&s);
}

// The same where endpoints are given, or none is made of it.
static void what_a_pod_says_is_told_beside_given_endpoints(void **state)
{
    (void)state;
    struct object *slice = slice_of("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    struct stage s =
        STAGE(make_selecting("db", "x"), slice, pod_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    struct object *later = pod_unready("db-0");
    later->pod.since_unix_s++;
    stage_swap(&s, 2, later);
    assert_changes(s.c, "+ns/db");
    assert_lack(
        &s, "db-0",
        "pod-not-ready service=db pod=db-0 since=1235 detail=probe failed");
    struct object *other = pod_unready("db-0");
    other->pod.since_unix_s++;
    other->pod.reason = "image missing";
    stage_swap(&s, 2, other);
    assert_changes(s.c, "+ns/db");
    struct object *named = pod_unready("db-0");
    named->pod.subdomain = "web";
    stage_swap(&s, 2, named);
    assert_changes(s.c, "+ns/db");
    // the endpoint is believed, nothing else is known
    assert_lack(&s, "db-0", "pod-not-ready service=db pod=db-0");
    cluster_drop(s.c, s.all[2]);
    s.n--;
    assert_changes(s.c, "");
    stage_end(&s);
}

static void a_given_endpoint_speaks_where_no_pod_does(void **state)
{
    (void)state;
    struct object *slice = slice_of("s"), *second = slice_of("t");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "db-1", "", "10.0.0.2", false);
    object_endpoint(slice, "db-2", "db-2", "10.0.0.3", true);
    object_endpoint(slice, "", "db-3", "10.0.0.4", false);
    // of another family, say
    object_endpoint(second, "db-0", "db-0", "10.0.1.1", false);
    terminate(slice);
    struct stage s = STAGE(make_service("db"), slice, second);
    assert_int_equal(lacks_of(&s), 2);
    assert_lack(&s, "db-0", "pod-not-ready service=db pod=db-0");
    assert_lack(&s, "db-1", "pod-not-ready service=db pod=db-1");
    struct object *gone = slice_of("t");
    object_endpoint(gone, "db-0", "db-0", "10.0.1.1", false);
    terminate(gone);
    stage_swap(&s, 2, gone);
    assert_lack(&s, "db-0", "pod-terminating service=db pod=db-0");
    stage_end(&s);
}

static void a_pod_that_is_published_lacks_nothing(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.publish_not_ready_addresses = true;
    struct stage s = STAGE(db, pod_unready("db-0"), pod_pending("db-1"));
    assert_lack(&s, "db-0", "");
    assert_lack(&s, "db-1",
                "pod-pending service=db pod=db-1 since=1234 detail=no node");
    // once it is no more, all is told
    stage_swap(&s, 0, make_selecting("db", "x"));
    assert_lack(
        &s, "db-0",
        "pod-not-ready service=db pod=db-0 since=1234 detail=probe failed");
    stage_end(&s);
}

static void a_pod_that_is_not_selected_says_which_label_it_lacks(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    object_select(db, "tier", "back");
    struct stage s = STAGE(db, pod("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=tier=back");
    struct object *now = pod("db-0");
    object_label(now, "other", "label");
    stage_swap(&s, 1, now);
    assert_changes(s.c, "");
    now = make_pod("db-0", "y");
    now->pod.hostname = "db-0";
    now->pod.subdomain = "db";
    stage_swap(&s, 1, now);
    assert_changes(s.c, "+ns/db");
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=app=x");
    // another selector: what was missed is found
    stage_swap(&s, 0, make_selecting("db", "y"));
    assert_changes(s.c, "+ns/db");
    assert_lack(&s, "db-0", "");
    stage_end(&s);
}

// Not ready it is, too, but that is not what has to be mended.
static void a_pod_that_is_not_selected_speaks_for_its_endpoint(void **state)
{
    (void)state;
    struct object *slice = slice_of("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    struct stage s =
        STAGE(make_selecting("db", "y"), slice, pod_unready("db-0"));
    assert_int_equal(lacks_of(&s), 1);
    assert_lack(&s, "db-0",
                "pod-not-selected service=db pod=db-0 detail=app=y");
    stage_end(&s);
}

static void a_pod_of_the_other_family_has_no_address_here(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.families[0] = FAMILY_IPV6;
    db->service.families_n = 1;
    struct stage s = STAGE(db, pod("db-0"));
    assert_lack(&s, "db-0",
                "pod-no-address service=db pod=db-0 "
                "detail=the service is IPv6 only");
    stage_end(&s);
}

static void of_two_pods_the_one_that_stays_is_told(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct object *old = pod("a-0"), *new = pod_pending("b-0");
        goes(old);
        old->pod.hostname = new->pod.hostname = "db-0";
        struct object *db = make_selecting("db", "x");
        struct stage s = order ? STAGE(db, new, old) : STAGE(db, old, new);
        assert_int_equal(lacks_of(&s), 1);
        assert_lack(&s, "db-0",
                    "pod-pending service=db pod=b-0 since=1234 detail=no node");
        struct object *same = pod_pending("a-0");
        same->pod.hostname = "db-0";
        stage_swap(&s, order ? 2 : 1, same); // of both, by name
        struct object *later = pod_pending("b-0");
        later->pod.hostname = "db-0";
        later->pod.since_unix_s++;
        stage_swap(&s, order ? 1 : 2, later);
        assert_lack(&s, "db-0",
                    "pod-pending service=db pod=a-0 since=1234 detail=no node");
        stage_end(&s);
    }
}

static void a_pod_that_given_endpoints_leave_out_is_told_if_declared(
    void **state)
{
    (void)state;
    struct object *slice = slice_of("s");
    object_endpoint(slice, "web-0", "web-0", "10.0.0.1", true);
    struct stage s = STAGE(make_selecting("db", "x"), slice, pod("web-0"),
                           pod("web-1"), pod("other"));
    assert_int_equal(lacks_of(&s), 0);
    s.all[s.n] = set_of("web", "db", 2);
    cluster_add(s.c, s.all[s.n++], 1);
    assert_int_equal(lacks_of(&s), 1);
    assert_lack(&s, "web-1", "pod-no-endpoint service=db pod=web-1");
    assert_none(&s, "web", "");
    stage_end(&s);
}

static void a_pod_with_an_ordinals_name_alone_is_not_called_so(void **state)
{
    (void)state;
    struct object *waiting = pod_pending("web-1");
    waiting->pod.hostname = waiting->pod.subdomain = "";
    struct stage s = STAGE(make_selecting("db", "x"), set_of("web", "db", 4),
                           pod_nameless("web-0"), waiting, pod("web-3"));
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "web-0", "pods-without-names service=db pod=web-0");
    assert_lack(&s, "web-1", "pods-without-names service=db pod=web-1");
    assert_none(&s, "web",
                "pod-blocked service=db kind=StatefulSet workload=web "
                "pod=web-1 since=1234 detail=pending");
    // it is told when it comes to something, though db has it nowhere
    struct object *elsewhere = pod_pending("web-1");
    elsewhere->pod.subdomain = "far";
    elsewhere->pod.since_unix_s = 7;
    stage_swap(&s, 3, elsewhere);
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "web",
                "pod-blocked service=db kind=StatefulSet workload=web "
                "pod=web-1 since=7 detail=pending");
    stage_end(&s);
}

// --- ordinals without a pod --------------------------------------------------

static void an_ordinal_waits_for_the_lowest_that_is_not_well(void **state)
{
    (void)state;
    static const char *const words[] = {
        NULL,
        "since=1234 detail=ended",
        "detail=ended",
        "detail=ended",
        "since=1234 detail=being deleted",
        "since=1234 detail=pending",
        "detail=without address",
        "since=1234 detail=not ready",
        "detail=not ready",
    };
    for (size_t i = 1; i < 2 * ORD_COUNT(lives); i++) {
        const bool late = i >= ORD_COUNT(lives);
        struct object *ill = pod("db-0"), *second = pod_pending("db-2");
        const size_t life = i % ORD_COUNT(lives) ? i % ORD_COUNT(lives) : 1;
        lives[life].becomes(ill);
        char wanted[256];
        snprintf(wanted, sizeof wanted,
                 "pod-blocked service=db kind=StatefulSet workload=db "
                 "pod=db-0 %s",
                 words[life]);
        struct object *db = make_selecting("db", "x");
        struct object *set = set_of("db", "db", 5);
        struct stage s = late ? STAGE(db, set, second, pod("db-1"), ill)
                              : STAGE(db, set, ill, pod("db-1"), second);
        assert_none(&s, "db", wanted);
        assert_lack(&s, "db-3", "");
        stage_end(&s);
    }
}

static void an_unready_pod_blocks_where_it_is_published(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.publish_not_ready_addresses = true;
    struct stage s = STAGE(db, set_of("db", "db", 3), pod_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-0 since=1234 detail=not ready");
    struct object *later = pod_unready("db-0");
    later->pod.since_unix_s++;
    stage_swap(&s, 2, later);
    assert_changes(s.c, "+ns/db");
    stage_end(&s);
}

static void the_ordinal_whose_turn_it_is_waits_for_nobody(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), set_of("db", "db", 5),
                           pod("db-0"), pod("db-1"), pod_unready("db-4"));
    assert_lack(&s, "db-2",
                "pod-not-created service=db kind=StatefulSet "
                "workload=db pod=db-2");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-2 detail=not created");
    stage_end(&s);
}

static void ordinals_of_a_parallel_set_wait_for_nobody(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), parallel_set("db", 3),
                           pod_unready("db-0"));
    assert_changes(s.c, "+ns +ns/db");
    assert_none(&s, "db",
                "pod-not-created service=db kind=StatefulSet "
                "workload=db");
    assert_lack(&s, "db-1", "");
    stage_swap(&s, 1, set_of("db", "db", 3)); // another policy
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-0 since=1234 detail=not ready");
    stage_end(&s);
}

static void where_all_ordinals_have_pods_none_is_missing(void **state)
{
    (void)state;
    struct object *set = set_of("db", "db", 2);
    set->workload.start = 3;
    struct stage s = STAGE(make_selecting("db", "x"), set, pod("db-3"),
                           pod_unready("db-4"), pod("db-2"), pod("db-5"));
    assert_none(&s, "db", "");
    assert_int_equal(lacks_of(&s), 1);
    stage_end(&s);
}

static void a_set_of_nothing_has_no_ordinals(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), set_of("db", "db", 0));
    assert_none(&s, "db",
                "no-replicas service=db kind=StatefulSet workload=db");
    assert_empty(&s, "no-replicas service=db kind=StatefulSet workload=db");
    stage_end(&s);
}

static void given_endpoints_without_pods_tell_no_more_than_they_know(
    void **state)
{
    (void)state;
    struct object *slice = slice_of("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", true);
    object_endpoint(slice, "db-1", "db-1", "10.0.0.2", false);
    struct stage s =
        STAGE(make_selecting("db", "x"), set_of("db", "db", 4), slice);
    assert_changes(s.c, "+ns +ns/db");
    assert_lack(&s, "db-1", "pod-not-ready service=db pod=db-1");
    assert_none(&s, "db",
                "pod-no-endpoint service=db kind=StatefulSet workload=db");
    s.all[s.n] = pod("db-0"); // so pods are known
    cluster_add(s.c, s.all[s.n++], 1);
    assert_changes(s.c, "+ns/db");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-1 detail=not ready");
    stage_end(&s);
}

static void sets_of_one_service_are_told_apart(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), set_of("db", "db", 2),
                           set_of("db-1", "db", 2), set_of("a", "db", 1),
                           pod("db-0"), pod_unready("db-1-0"));
    assert_none(&s, "db-1",
                "pod-blocked service=db kind=StatefulSet workload=db-1 "
                "pod=db-1-0 since=1234 detail=not ready");
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-1 detail=not created");
    assert_lack(&s, "a-0",
                "pod-not-created service=db kind=StatefulSet "
                "workload=a pod=a-0");
    stage_end(&s);
}

static void only_ordinals_as_kubernetes_writes_them_are_pods_of_a_set(
    void **state)
{
    (void)state;
    static const char *const others[] = {
        "db-00", "db-", "db-0x", "db0", "-0", "0", "db-99999999999", "b-0"};
    for (size_t i = 0; i < ORD_COUNT(others); i++) {
        struct stage s = STAGE(make_selecting("db", "x"), set_of("db", "db", 1),
                               pod(others[i]));
        assert_lack(&s, "db-0",
                    "pod-not-created service=db kind=StatefulSet "
                    "workload=db pod=db-0");
        stage_end(&s);
    }
}

static void a_set_of_very_many_costs_no_more_than_its_ticks(void **state)
{
    (void)state;
    struct object *set = set_of("db", "db", 2000000000);
    set->workload.start = 2000000000;
    struct stage s = STAGE(make_selecting("db", "x"), set, pod("db-2000000000"),
                           pod_unready("db-2000000001"));
    struct arena arena;
    struct service out;

    arena_init(&arena, 1 << 16);
    assert_int_equal(cluster_service(s.c, "ns", "db", &arena, &out), 0);
    assert_int_equal(out.lacks_n, 1);
    assert_in_range(arena.used, 0, 1 << 15);
    arena_release(&arena);
    assert_none(&s, "db",
                "pod-blocked service=db kind=StatefulSet workload=db "
                "pod=db-2000000001 since=1234 detail=not ready");
    stage_end(&s);
}

// --- why nobody is in the set ------------------------------------------------

static void a_set_that_is_not_empty_has_no_reason(void **state)
{
    (void)state;
    struct stage s =
        STAGE(make_selecting("db", "x"), pod("db-0"), pod_unready("db-1"));
    assert_empty(&s, "");
    assert_unnamed(&s, "");
    stage_end(&s);
}

static void none_is_ready_of_pods_with_an_address_or_without(void **state)
{
    (void)state;
    struct object *waiting = pod_nameless("a");
    waiting->pod.addresses_n = 0;
    waiting->pod.phase = POD_PENDING;
    struct object *ended = pod_nameless("b");
    ends(ended);
    struct stage s = STAGE(make_selecting("db", "x"), pod_unready("db-0"),
                           pod_pending("db-1"), waiting, ended);
    assert_changes(s.c, "+ns +ns/db");
    assert_empty(&s, "none-ready service=db last=3");
    cluster_drop(s.c, waiting);
    s.all[3] = ended;
    s.n--;
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "none-ready service=db last=2");
    stage_end(&s);
    struct object *slice = slice_of("s"), *six = slice_of("t");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "db-1", "db-1", "10.0.0.2", false);
    six->slice.family = FAMILY_IPV6;
    object_endpoint(six, "db-0", "db-0", "fd00::1", false);
    struct stage given = STAGE(make_service("db"), slice, six);
    assert_empty(&given, "none-ready service=db last=2");
    stage_end(&given);
}

static void a_service_without_selector_has_what_is_written(void **state)
{
    (void)state;
    struct stage s = STAGE(make_service("db"), set_of("db", "db", 2),
                           pod("db-0"), pod_unready("db-1"));
    assert_empty(&s, "no-endpoints service=db");
    assert_unnamed(&s, "no-endpoints service=db");
    assert_none(&s, "db",
                "no-endpoints service=db kind=StatefulSet workload=db");
    assert_int_equal(lacks_of(&s), 0);
    stage_end(&s);
    struct stage given = STAGE(make_service("db"), slice_of("s"));
    assert_empty(&given, "no-endpoints service=db");
    stage_end(&given);
}

static void a_selector_may_match_nothing(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), make_pod("p", "y"));
    assert_empty(&s, "no-pods service=db");
    assert_unnamed(&s, "no-pods service=db");
    stage_end(&s);
    struct stage given = STAGE(make_selecting("db", "x"), slice_of("s"));
    assert_empty(&given, "no-pods service=db");
    stage_end(&given);
}

static void a_selector_may_miss_the_template_of_its_set(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct object *db = make_selecting("db", "y");
        struct object *set = set_of("db", "db", 2);
        struct stage s = order ? STAGE(set, db) : STAGE(db, set);
        static const char wanted[] =
            "selector-misses-pods service=db kind=StatefulSet workload=db "
            "detail=app=y";
        assert_changes(s.c, "+ns +ns/db");
        assert_empty(&s, wanted);
        assert_unnamed(&s, wanted);
        struct object *now = set_of("db", "db", 2);
        now->workload.pod_labels = (struct labels){app_y, 1};
        stage_swap(&s, order ? 0 : 1, now);
        assert_changes(s.c, "+ns/db");
        assert_empty(&s, "no-pods service=db");
        assert_unnamed(&s, "");
        // it has the pods of one of them
        s.all[s.n] = set_of("a", "db", 2);
        cluster_add(s.c, s.all[s.n++], 1);
        assert_unnamed(&s, "");
        stage_end(&s);
    }
}

// A label that the controller adds, or a template of which nothing is known.
static void what_cannot_be_known_of_a_template_is_not_missed(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    object_select(db, "statefulset.kubernetes.io/pod-name", "db-0");
    struct stage s = STAGE(db, set_of("db", "db", 2));
    assert_empty(&s, "no-pods service=db");
    assert_unnamed(&s, "");
    stage_end(&s);
    struct object *set = set_of("db", "db", 2);
    set->workload.pod_labels = (struct labels){0};
    struct stage t = STAGE(make_selecting("db", "x"), set);
    assert_empty(&t, "no-pods service=db");
    stage_end(&t);
}

static void workloads_may_want_no_pods(void **state)
{
    (void)state;
    struct object *old = workload(OBJECT_REPLICA_SET, "a", 0);
    old->owner_kind = "Deployment";
    old->owner_name = "web";
    struct object *free = workload(OBJECT_REPLICA_SET, "0", 0);
    struct stage s = STAGE(make_selecting("db", "x"), old,
                           workload(OBJECT_DEPLOYMENT, "web", 0));
    cluster_add(s.c, free, 1);
    assert_changes(s.c, "+ns +ns/db");
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    cluster_drop(s.c, free);
    assert_changes(s.c, "+ns/db");
    stage_swap(&s, 2, workload(OBJECT_DEPLOYMENT, "web", 2));
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "no-pods service=db");
    stage_swap(&s, 2, workload(OBJECT_DEPLOYMENT, "web", 3)); // of no matter
    assert_changes(s.c, "");
    struct object *other = workload(OBJECT_DEPLOYMENT, "web", 3);
    other->workload.pod_labels = (struct labels){app_y, 1};
    stage_swap(&s, 2, other);
    assert_changes(s.c, "+ns/db");
    // the Deployment is told, though only its ReplicaSet is there
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    stage_end(&s);
}

// --- why a hostname is none --------------------------------------------------

static void pods_of_a_deployment_have_no_names(void **state)
{
    (void)state;
    struct object *p = pod_nameless("web-1-a"), *owned;
    p->owner_kind = "ReplicaSet";
    p->owner_name = "web-1";
    struct stage s = STAGE(make_selecting("db", "x"), p);
    assert_unnamed(&s, "pods-without-names service=db kind=ReplicaSet "
                       "workload=web-1");
    s.all[s.n] = owned = workload(OBJECT_REPLICA_SET, "web-1", 1);
    owned->owner_kind = "Deployment";
    owned->owner_name = "web";
    assert_changes(s.c, "+ns +ns/db");
    cluster_add(s.c, s.all[s.n++], 1);
    assert_changes(s.c, "+ns/db");
    assert_unnamed(&s, "pods-without-names service=db kind=Deployment "
                       "workload=web");
    stage_end(&s);
}

// By the ReplicaSet that owns the pod, though the selector asks for more.
static void an_owner_is_told_of_a_pod_whose_template_is_not_known(void **state)
{
    (void)state;
    struct object *p = pod_nameless("web-1-a"), *owner;
    p->owner_kind = "ReplicaSet";
    p->owner_name = "web-1";
    owner = workload(OBJECT_REPLICA_SET, "web-1", 1);
    owner->workload.pod_labels = (struct labels){0};
    owner->owner_kind = "Deployment";
    owner->owner_name = "web";
    struct stage s = STAGE(make_selecting("db", "x"), p, owner);
    assert_unnamed(&s, "pods-without-names service=db kind=Deployment "
                       "workload=web");
    stage_end(&s);
    struct stage bare = STAGE(make_selecting("db", "x"), pod_nameless("p"));
    assert_unnamed(&bare, "pods-without-names service=db pod=p");
    stage_end(&bare);
}

static void where_one_pod_has_a_name_unknown_ones_are_just_unknown(void **state)
{
    (void)state;
    struct stage s = STAGE(make_selecting("db", "x"), pod_nameless("p"),
                           pod("q"), workload(OBJECT_DEPLOYMENT, "web", 1));
    assert_unnamed(&s, "");
    stage_swap(&s, 2, pod_pending("q"));
    assert_unnamed(&s, "");
    stage_end(&s);
}

static void a_second_service_says_where_the_names_are(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.type = SERVICE_CLUSTER_IP;
    struct object *p = pod("web-0");
    p->pod.subdomain = "peers";
    struct stage s =
        STAGE(db, make_selecting("peers", "x"), set_of("web", "peers", 1), p);
    assert_unnamed(&s, "pod-elsewhere service=peers kind=StatefulSet "
                       "workload=web");
    assert_string_equal(said_of(s.c, UNNAMED, "peers", ""), "");
    stage_end(&s);
    // by the pods alone
    p = pod("web-0");
    p->pod.subdomain = "peers";
    p->owner_kind = "StatefulSet";
    p->owner_name = "web";
    struct stage t = STAGE(make_selecting("db", "x"), p, make_service("peers"));
    assert_unnamed(&t, "pod-elsewhere service=peers workload=web");
    stage_end(&t);
}

static void an_external_name_has_no_reasons(void **state)
{
    (void)state;
    struct object *db = make_selecting("db", "x");
    db->service.type = SERVICE_EXTERNAL_NAME;
    struct stage s = STAGE(db, set_of("db", "db", 2), pod_unready("db-0"));
    assert_empty(&s, "");
    assert_unnamed(&s, "");
    assert_none(&s, "db", "");
    assert_int_equal(lacks_of(&s), 0);
    stage_end(&s);
}

// --- a service that is missing -----------------------------------------------

static const char missing[] =
    "service-missing service=db kind=StatefulSet workload=a";

static void assert_missing(const struct stage *st, bool is)
{
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 16);
    const int r = cluster_service(st->c, "ns", "db", &arena, &s);
    if (is) {
        assert_int_equal(r, 0);
        assert_null(s.object);
        assert_string_equal(s.namespace, "ns");
        assert_string_equal(s.name, "db");
        assert_int_equal(s.slices_n + s.ordinals_n + s.lacks_n + s.addresses_n,
                         0);
        assert_empty(st, missing);
        assert_unnamed(st, missing);
    } else {
        assert_true(r == -ENOENT || s.object);
    }
    arena_release(&arena);
}

static void a_service_that_a_set_names_is_missing_until_it_comes(void **state)
{
    (void)state;
    struct stage s = STAGE(set_of("b", "db", 1), pod("b-0"), slice_of("s"));
    assert_changes(s.c, "+ns +ns/db");
    s.all[s.n] = set_of("a", "db", 0);
    cluster_add(s.c, s.all[s.n++], 1);
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, true);
    struct object *db = make_service("db");
    cluster_add(s.c, db, 1);
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, false);
    cluster_drop(s.c, db);
    assert_changes(s.c, "+ns/db");
    assert_missing(&s, true);
    stage_swap(&s, 1, pod_unready("b-0")); // of no matter
    assert_changes(s.c, "");
    stage_swap(&s, 3, set_of("a", "", 1));
    assert_changes(s.c, "+ns/db");
    stage_swap(&s, 0, set_of("b", "other", 1));
    struct changes t = {.left = -1};
    assert_int_equal(changes_take(s.c, &t), 0);
    assert_true(strcmp(t.text, "+ns/other -ns/db") == 0 ||
                strcmp(t.text, "-ns/db +ns/other") == 0);
    assert_missing(&s, false);
    stage_end(&s);
}

static void what_was_not_told_is_not_told_to_be_gone(void **state)
{
    (void)state;
    struct stage s = STAGE(make_service("other"));
    assert_changes(s.c, "+ns +ns/other");
    struct object *set = set_of("a", "db", 1);
    cluster_add(s.c, set, 1);
    cluster_drop(s.c, set);
    assert_changes(s.c, "");
    stage_end(&s);
}

static void a_hidden_service_is_not_missing(void **state)
{
    (void)state;
    struct arena arena;
    struct cluster_settings settings = {0};
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("seen", &arena, &settings.selector, NULL),
                     0);
    for (int order = 0; order < 2; order++) {
        struct object *set = set_of("a", "db", 1), *db = make_service("db");
        object_label(set, "seen", "");
        struct stage s =
            stage_with(&settings, (struct object *[]){order ? db : set}, 1);
        assert_changes(s.c, order ? "+ns" : "+ns +ns/db");
        assert_missing(&s, !order);
        cluster_add(s.c, order ? set : db, 1);
        assert_changes(s.c, order ? "" : "-ns/db");
        assert_missing(&s, false);
        cluster_drop(s.c, db);
        assert_changes(s.c, "+ns/db");
        assert_missing(&s, true);
        struct object *hidden = set_of("a", "db", 1);
        s.all[0] = set;
        stage_swap(&s, 0, hidden);
        assert_changes(s.c, "-ns/db");
        assert_missing(&s, false);
        stage_end(&s);
    }
    arena_release(&arena);
}

static void where_there_are_no_endpoints_none_is_missed(void **state)
{
    (void)state;
    const struct cluster_settings settings = {.no_endpoints = true};
    struct object *all[] = {set_of("a", "db", 1), pod_unready("a-0"),
                            workload(OBJECT_DEPLOYMENT, "d", 0)};
    struct stage s = stage_with(&settings, all, ORD_COUNT(all));
    assert_changes(s.c, "+ns");
    assert_missing(&s, false);
    s.all[s.n] = make_selecting("db", "x");
    cluster_add(s.c, s.all[s.n++], 1);
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "endpoints-off service=db");
    assert_unnamed(&s, "endpoints-off service=db");
    stage_swap(&s, 1, pod("a-0"));
    stage_swap(&s, 0, set_of("a", "db", 5));
    stage_swap(&s, 2, workload(OBJECT_DEPLOYMENT, "d", 1));
    assert_changes(s.c, "");
    stage_end(&s);
}

// --- what is hidden ----------------------------------------------------------

static void what_the_selector_hides_is_not_named(void **state)
{
    (void)state;
    struct arena arena;
    struct cluster_settings settings = {0};
    arena_init(&arena, 1 << 16);
    assert_int_equal(selector_parse("seen", &arena, &settings.selector, NULL),
                     0);
    struct object *db = make_selecting("db", "x"), *p = pod("web-0");
    struct object *seen = workload(OBJECT_DEPLOYMENT, "web", 0);
    struct object *set = set_of("web", "peers", 0);
    object_label(db, "seen", "");
    object_label(seen, "seen", "");
    object_label(set, "seen", ""); // but not the service that it names
    p->pod.subdomain = "peers";
    struct object *all[] = {db, workload(OBJECT_DEPLOYMENT, "web", 0), p,
                            make_selecting("peers", "x"), set};
    struct stage s = stage_with(&settings, all, ORD_COUNT(all));
    assert_changes(s.c, "+ns +ns/db");
    assert_unnamed(&s, "pods-without-names service=db pod=web-0");
    stage_swap(&s, 4, set_of("web", "peers", 0));
    stage_swap(&s, 2, pod_unready("web-0"));
    assert_empty(&s, "none-ready service=db last=1");
    assert_changes(s.c, "+ns/db");
    stage_swap(&s, 1, seen);
    assert_changes(s.c, "+ns/db");
    assert_empty(&s, "no-replicas service=db kind=Deployment workload=web");
    s.all[s.n] = slice_of("s"); // hidden: so are all endpoints
    cluster_add(s.c, s.all[s.n++], 1);
    assert_empty(&s, "endpoints-off service=db");
    stage_end(&s);
    arena_release(&arena);
}

// --- memory ------------------------------------------------------------------

static struct stage everything(void)
{
    struct object *slice = slice_of("s");
    object_endpoint(slice, "db-0", "db-0", "10.0.0.1", false);
    object_endpoint(slice, "", "db-1", "10.0.0.2", false);
    struct object *missed = pod_pending("db-3");
    missed->pod.hostname = "other";
    return STAGE(make_selecting("db", "y"), set_of("db", "db", 9),
                 set_of("e", "db", 1), slice, pod("db-2"), missed);
}

static void without_memory_a_service_says_so(void **state)
{
    (void)state;
    struct stage s = everything();
    struct service out, untouched;
    size_t refused = 0;
    int r = -ENOMEM;

    memset(&out, 0x5a, sizeof out);
    untouched = out;
    for (size_t budget = 0; r != 0; budget += 8) {
        struct arena arena;
        arena_init(&arena, budget);
        r = cluster_service(s.c, "ns", "db", &arena, &out);
        assert_true(r == 0 || r == -ENOMEM);
        if (r)
            assert_memory_equal(&out, &untouched, sizeof out);
        refused += r != 0;
        arena_release(&arena);
    }
    assert_true(refused > 8);
    assert_lack(&s, "db-2",
                "pod-not-selected service=db pod=db-2 "
                "detail=app=y");
    assert_unnamed(&s, "");
    assert_empty(&s, "none-ready service=db last=2");
    stage_end(&s);
}

static void without_memory_a_put_leaves_no_trace(void **state)
{
    (void)state;
    static const char *const told[] = {"+ns", "+ns +ns/db", "+ns"};

    for (size_t i = 0; i < 3; i++) {
        struct object *o = i == 0   ? pod("db-0")
                           : i == 1 ? set_of("a", "db", 1)
                                    : workload(OBJECT_DEPLOYMENT, "d", 1);
        int r = -ENOMEM;
        struct cluster *c = cluster_new(NULL);
        object_done(o);
        for (long n = 1; r != 0; n++) {
            fault_alloc_after(n);
            r = cluster_put(c, o, 1, NULL);
            fault_alloc_after(-1);
            assert_true(r == 0 || (r == -ENOMEM && fault_alloc_hit()));
            if (r)
                assert_changes(c, "");
        }
        assert_changes(c, told[i]);
        cluster_drop(c, o);
        assert_changes(c, i == 1 ? "-ns/db -ns" : "-ns");
        cluster_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_says_what_it_lacks),
        cmocka_unit_test(it_is_told_once_when_a_pod_comes_to_lack_something),
        cmocka_unit_test(what_a_pod_says_is_told_beside_given_endpoints),
        cmocka_unit_test(a_given_endpoint_speaks_where_no_pod_does),
        cmocka_unit_test(a_pod_that_is_published_lacks_nothing),
        cmocka_unit_test(a_pod_that_is_not_selected_says_which_label_it_lacks),
        cmocka_unit_test(a_pod_that_is_not_selected_speaks_for_its_endpoint),
        cmocka_unit_test(a_pod_of_the_other_family_has_no_address_here),
        cmocka_unit_test(of_two_pods_the_one_that_stays_is_told),
        cmocka_unit_test(
            a_pod_that_given_endpoints_leave_out_is_told_if_declared),
        cmocka_unit_test(a_pod_with_an_ordinals_name_alone_is_not_called_so),
        cmocka_unit_test(an_ordinal_waits_for_the_lowest_that_is_not_well),
        cmocka_unit_test(an_unready_pod_blocks_where_it_is_published),
        cmocka_unit_test(the_ordinal_whose_turn_it_is_waits_for_nobody),
        cmocka_unit_test(ordinals_of_a_parallel_set_wait_for_nobody),
        cmocka_unit_test(where_all_ordinals_have_pods_none_is_missing),
        cmocka_unit_test(a_set_of_nothing_has_no_ordinals),
        cmocka_unit_test(
            given_endpoints_without_pods_tell_no_more_than_they_know),
        cmocka_unit_test(sets_of_one_service_are_told_apart),
        cmocka_unit_test(
            only_ordinals_as_kubernetes_writes_them_are_pods_of_a_set),
        cmocka_unit_test(a_set_of_very_many_costs_no_more_than_its_ticks),
        cmocka_unit_test(a_set_that_is_not_empty_has_no_reason),
        cmocka_unit_test(none_is_ready_of_pods_with_an_address_or_without),
        cmocka_unit_test(a_service_without_selector_has_what_is_written),
        cmocka_unit_test(a_selector_may_match_nothing),
        cmocka_unit_test(a_selector_may_miss_the_template_of_its_set),
        cmocka_unit_test(what_cannot_be_known_of_a_template_is_not_missed),
        cmocka_unit_test(workloads_may_want_no_pods),
        cmocka_unit_test(pods_of_a_deployment_have_no_names),
        cmocka_unit_test(an_owner_is_told_of_a_pod_whose_template_is_not_known),
        cmocka_unit_test(
            where_one_pod_has_a_name_unknown_ones_are_just_unknown),
        cmocka_unit_test(a_second_service_says_where_the_names_are),
        cmocka_unit_test(an_external_name_has_no_reasons),
        cmocka_unit_test(a_service_that_a_set_names_is_missing_until_it_comes),
        cmocka_unit_test(what_was_not_told_is_not_told_to_be_gone),
        cmocka_unit_test(a_hidden_service_is_not_missing),
        cmocka_unit_test(where_there_are_no_endpoints_none_is_missed),
        cmocka_unit_test(what_the_selector_hides_is_not_named),
        cmocka_unit_test(without_memory_a_service_says_so),
        cmocka_unit_test(without_memory_a_put_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
