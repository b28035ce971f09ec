// SPDX-License-Identifier: Apache-2.0
// Thousands of random puts, replacements and removals, each compared with what
// a plain list of all objects says: what counts, what each service publishes,
// what its pods lack, which services a change touches and which addresses pods
// have, with each combination of settings. Written without the cluster's
// indexes.
#include "lib/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct cluster *cluster;
    struct plain plain;
    bool dirty[PLAIN_NAMESPACES][PLAIN_NAMES]; // is to be told
    bool may[PLAIN_NAMESPACES][PLAIN_NAMES];   // is concerned, and may be told
    bool told[PLAIN_NAMESPACES][PLAIN_NAMES];
    bool told_namespace[PLAIN_NAMESPACES];
    bool told_address[PLAIN_NAMESPACES][PLAIN_ADDRESSES];
    uint64_t random;
};

// --- what the cluster says ------------------------------------------------

static void check_service(const struct world *w, unsigned ns, unsigned name)
{
    char wanted[PLAIN_TEXT_SIZE], text[PLAIN_TEXT_SIZE];
    struct plain_lines l = {.n = 0};
    struct arena arena;
    struct service s;

    arena_init(&arena, 1 << 20);
    const int r = cluster_service(w->cluster, plain_namespaces[ns],
                                  plain_names[name], &arena, &s);
    assert_int_equal(r == 0, plain_service_exists(&w->plain, ns, name));
    if (r == 0)
        assert_ptr_equal(s.object, plain_service(&w->plain, ns, name));
    if (r == 0 && !s.object)
        plain_say(&l, "missing");
    for (uint32_t i = 0; r == 0 && i < s.slices_n; i++)
        plain_say_slice(&l, s.slices[i]);
    for (uint32_t i = 0; r == 0 && i < s.ordinals_n; i++) {
        plain_say_ordinals(&l, s.ordinals[i].name, s.ordinals[i].start,
                           s.ordinals[i].n);
        plain_say_reason(&l, "none", s.ordinals[i].name, &s.ordinals[i].none);
    }
    for (uint32_t i = 0; r == 0 && i < s.lacks_n; i++)
        plain_say_reason(&l, "lack", s.lacks[i].hostname, &s.lacks[i].why);
    plain_finish(&l, text);
    plain_expect(&w->plain, ns, name, wanted);
    assert_string_equal(text, wanted);
    arena_release(&arena);
}

static void check_all(const struct world *w)
{
    for (unsigned ns = 0; ns < PLAIN_NAMESPACES; ns++) {
        for (unsigned name = 0; name < PLAIN_NAMES; name++) {
            check_service(w, ns, name);
            for (unsigned kind = 1; kind < OBJECT_KINDS; kind++)
                assert_ptr_equal(
                    cluster_find(w->cluster, (enum object_kind)kind,
                                 plain_namespaces[ns], plain_names[name]),
                    plain_find(&w->plain, kind, ns, name));
        }
    }
}

static unsigned index_of(const char *const *texts, unsigned n, const char *text)
{
    unsigned i = 0;

    while (i < n && strcmp(texts[i], text) != 0)
        i++;
    assert_true(i < n);
    return i;
}

static void take_namespace(struct world *w, unsigned ns, bool now)
{
    assert_int_equal(now, plain_exists(&w->plain, ns));
    assert_int_not_equal(now, w->told_namespace[ns]);
    w->told_namespace[ns] = now;
}

static void take_service(struct world *w, unsigned ns, unsigned name, bool now)
{
    assert_int_equal(now, plain_service_exists(&w->plain, ns, name));
    assert_true(now || w->told[ns][name]);
    assert_true(w->may[ns][name]);
    w->dirty[ns][name] = w->may[ns][name] = false;
    w->told[ns][name] = now;
}

static void take_address(struct world *w, unsigned ns, unsigned address,
                         bool now)
{
    assert_int_equal(now, plain_address_exists(&w->plain, ns, address));
    assert_int_not_equal(now, w->told_address[ns][address]);
    w->told_address[ns][address] = now;
}

static int take(void *context, const struct cluster_change *change)
{
    struct world *w = context;
    const unsigned ns =
        index_of(plain_namespaces, PLAIN_NAMESPACES, change->namespace);
    char text[ADDRESS_TEXT_SIZE];

    if (plain_draw(&w->random, 8) == 0)
        return 1;
    // a namespace is told of before what is in it comes and after it went
    if (change->service || change->pod)
        assert_true(w->told_namespace[ns]);
    if (change->service)
        take_service(w, ns, index_of(plain_names, PLAIN_NAMES, change->service),
                     change->exists);
    else if (change->pod)
        take_address(w, ns,
                     index_of(plain_addresses, PLAIN_ADDRESSES,
                              address_format(change->pod, text)),
                     change->exists);
    else
        take_namespace(w, ns, change->exists);
    return 0;
}

static void take_all(struct world *w)
{
    while (cluster_take_changes(w->cluster, take, w) != 0)
        continue;
    for (unsigned ns = 0; ns < PLAIN_NAMESPACES; ns++) {
        assert_int_equal(w->told_namespace[ns], plain_exists(&w->plain, ns));
        for (unsigned name = 0; name < PLAIN_NAMES; name++) {
            const bool now = plain_service_exists(&w->plain, ns, name);
            assert_int_equal(w->told[ns][name], now);
            // left over: what nobody needs to know
            assert_true(!w->dirty[ns][name] || !now);
            w->dirty[ns][name] = w->may[ns][name] = false;
        }
        for (unsigned i = 0; i < PLAIN_ADDRESSES; i++)
            assert_int_equal(w->told_address[ns][i],
                             plain_address_exists(&w->plain, ns, i));
    }
}

// --- steps ----------------------------------------------------------------

// What counted and was published before a step.
struct before {
    const char *slice_service;
    uint64_t digest;
    bool concerned[PLAIN_NAMES];
    char text[PLAIN_NAMES][PLAIN_TEXT_SIZE];
};

// Whether a service has to do with a pod or a workload.
static bool concerns(const struct world *w, const struct object *o, unsigned ns,
                     unsigned name)
{
    const struct object *service = plain_service(&w->plain, ns, name);

    if (!o)
        return false;
    if (o->kind >= OBJECT_STATEFUL_SET)
        return (o->kind == OBJECT_STATEFUL_SET &&
                strcmp(o->workload.service, plain_names[name]) == 0) ||
               (service && labels_match(service->service.selector,
                                        o->workload.pod_labels));
    if (o->kind != OBJECT_POD || !service)
        return false;
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        const struct object *set =
            plain_find(&w->plain, OBJECT_STATEFUL_SET, ns, i);
        const size_t n = set ? strlen(set->name) : 0;
        // also ordinals that are not declared
        if (n && strcmp(set->workload.service, plain_names[name]) == 0 &&
            strncmp(o->name, set->name, n) == 0 && o->name[n] == '-')
            return true;
    }
    return strcmp(o->pod.subdomain, plain_names[name]) == 0 ||
           labels_match(service->service.selector, o->labels);
}

static void remember(const struct world *w, unsigned kind, unsigned ns,
                     unsigned name, struct before *b)
{
    const struct object *o = plain_find(&w->plain, kind, ns, name);

    b->digest = o ? o->digest : 0;
    b->slice_service = NULL;
    if (o && kind == OBJECT_ENDPOINT_SLICE)
        b->slice_service = o->slice.service; // one of `names`, or ""
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        plain_expect(&w->plain, ns, i, b->text[i]);
        b->concerned[i] = concerns(w, o, ns, i);
    }
}

static void expect_dirty(struct world *w, unsigned kind, unsigned ns,
                         unsigned name, const struct before *b)
{
    const struct object *o = plain_find(&w->plain, kind, ns, name);
    const bool endpoints = !(w->plain.settings & PLAIN_SET_NO_ENDPOINTS);
    char text[PLAIN_TEXT_SIZE];

    if (b->digest == (o ? o->digest : 0))
        return;
    if (kind == OBJECT_SERVICE ||
        (kind == OBJECT_ENDPOINTS && endpoints &&
         !plain_has_slices(&w->plain, ns, name, NULL)))
        w->dirty[ns][name] = w->may[ns][name] = true;
    for (unsigned i = 0; i < PLAIN_NAMES; i++) {
        plain_expect(&w->plain, ns, i, text);
        if (strcmp(text, b->text[i]) != 0)
            w->dirty[ns][i] = w->may[ns][i] = true;
        if (b->concerned[i] || concerns(w, o, ns, i))
            w->may[ns][i] = true;
        if (kind != OBJECT_ENDPOINT_SLICE || !endpoints)
            continue;
        if ((o && strcmp(o->slice.service, plain_names[i]) == 0) ||
            (b->slice_service && strcmp(b->slice_service, plain_names[i]) == 0))
            w->dirty[ns][i] = w->may[ns][i] = true;
    }
}

static void step(struct world *w)
{
    static const uint8_t kinds[] = {
        OBJECT_NAMESPACE,    OBJECT_SERVICE,    OBJECT_SERVICE,
        OBJECT_POD,          OBJECT_POD,        OBJECT_POD,
        OBJECT_POD,          OBJECT_ENDPOINTS,  OBJECT_POD,
        OBJECT_STATEFUL_SET, OBJECT_DEPLOYMENT, OBJECT_ENDPOINT_SLICE,
    };
    const unsigned kind = kinds[plain_draw(&w->random, ORD_COUNT(kinds))];
    const unsigned ns = plain_draw(&w->random, PLAIN_NAMESPACES);
    const unsigned name =
        kind == OBJECT_NAMESPACE ? 0 : plain_draw(&w->random, PLAIN_NAMES);
    const unsigned rank = plain_draw(&w->random, PLAIN_RANKS);
    struct plain_slot *slot = &w->plain.slots[kind][ns][name][rank];
    struct object *old = slot->object;
    struct before before;

    remember(w, kind, ns, name, &before);
    if (old && plain_draw(&w->random, 2)) {
        cluster_remove(w->cluster, old);
        slot->object = NULL;
    } else {
        if (!old || plain_draw(&w->random, 3))
            slot->seed = plain_draw(&w->random, 1000);
        slot->object = plain_object(kind, ns, name, slot->seed);
        assert_int_equal(cluster_put(w->cluster, slot->object, 100 + rank, old),
                         0);
    }
    object_drop(old);
    expect_dirty(w, kind, ns, name, &before);
}

static void run(unsigned settings, uint64_t seed, unsigned steps)
{
    struct world *w = calloc(1, sizeof *w);
    struct cluster_settings set = {
        .namespaces = plain_namespaces,
        .namespaces_n = settings & PLAIN_SET_NAMESPACES ? 1 : 0,
        .no_endpoints = settings & PLAIN_SET_NO_ENDPOINTS,
        .pods = settings & PLAIN_SET_PODS,
    };
    struct arena arena;

    assert_non_null(w);
    arena_init(&arena, 1 << 16);
    if (settings & PLAIN_SET_SELECTOR)
        assert_int_equal(selector_parse("!hide", &arena, &set.selector, NULL),
                         0);
    w->random = seed;
    w->plain.settings = settings;
    w->cluster = cluster_new(settings ? &set : NULL);
    assert_non_null(w->cluster);
    for (unsigned i = 0; i < steps; i++) {
        step(w);
        check_all(w);
        // taken to the end, not at all, or, now and then, in part: then
        // things change before it goes on
        const unsigned how = plain_draw(&w->random, 6);
        if (how < 2)
            take_all(w);
        else if (how == 2)
            assert_in_range(cluster_take_changes(w->cluster, take, w), 0, 1);
    }
    cluster_free(w->cluster);
    for (struct plain_slot *s = &w->plain.slots[0][0][0][0],
                           *end = s + sizeof w->plain.slots / sizeof *s;
         s < end; s++)
        object_drop(s->object);
    arena_release(&arena);
    free(w);
}

static void a_cluster_says_what_a_plain_list_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        run(0, seed * 977, 250);
}

static void settings_hide_what_a_plain_list_hides(void **state)
{
    (void)state;
    for (unsigned settings = 1; settings < PLAIN_SETTINGS; settings++)
        for (uint64_t seed = 1; seed <= 4; seed++)
            run(settings, seed * 811 + settings, 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_says_what_a_plain_list_says),
        cmocka_unit_test(settings_hide_what_a_plain_list_hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
