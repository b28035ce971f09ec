// SPDX-License-Identifier: Apache-2.0
// What explain() tells of names that an upstream is asked for.
#include "lib/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UPSTREAM "an upstream is asked (--forward)"

static void serve(struct stand *s, const char *options)
{
    stand_restart(s, options);
    stand_load(s, "a.yaml", stand_manifests);
}

static bool is_forwarded(const struct stand *s)
{
    return json_value_bool(json_value_get(s->root, "forwarded"));
}

// It is forwarded, and so does resolve: why it is none of ours.
static void check_forwarded(struct stand *s, const char *name, const char *id,
                            const char *text)
{
    stand_ask(s, name, NULL);
    assert_true(is_forwarded(s));
    assert_true(s->resolves);
    assert_word(s, "rcode", "");
    assert_reason(s, "id", id);
    assert_int_equal(json_value_uint(json_value_get(
                         json_value_get(s->root, "reason"), "ede")),
                     0);
    assert_reason(s, "mend", "");
    assert_part(stand_reason(s, "text"), text);
    assert_part(stand_reason(s, "text"), UPSTREAM);
    const struct json_value *questions = json_value_get(s->root, "questions");
    for (size_t i = 0; i < json_value_count(questions); i++)
        assert_true(json_value_bool(
            json_value_get(json_value_at(questions, i), "forwarded")));
}

static void check_kept(struct stand *s, const char *name)
{
    stand_ask(s, name, NULL);
    assert_false(is_forwarded(s));
    assert_no_part(stand_reason(s, "text"), UPSTREAM);
}

static void a_name_outside_of_our_zones_is_forwarded(void **state)
{
    struct stand *s = *state;
    serve(s, "");
    check_kept(s, "www.example.org.");
    assert_no(s, "REFUSED", "wrong-domain", "");
    serve(s, "--forward 192.0.2.1");
    check_forwarded(s, "www.example.org.", "", "in no zone here");
    assert_links(s, 0);
    assert_word(s, "hint", "");
    assert_int_equal(json_value_count(json_value_get(s->root, "answers")), 0);
    check_forwarded(s, "2001:db8::7", "address-unknown", "");
    check_kept(s, "db-0.db.prod");
    assert_true(s->resolves);
    check_kept(s, "db-9.db.prod");
    assert_no(s, "NXDOMAIN", "ordinal-outside", "");
    check_kept(s, "db-0.nope.prod");
    assert_false(s->resolves);
}

static void so_is_one_of_a_service_that_falls_through(void **state)
{
    struct stand *s = *state;
    serve(s, "--forward 192.0.2.1 --fallthrough");
    check_forwarded(s, "x.nope.prod", "service-unknown", "no such service");
    check_forwarded(s, "nope.nope", "namespace-unknown", "no such namespace");
    check_kept(s, "db-9.db.prod");
    check_kept(s, "prod");
}

static void an_alias_that_leads_out_shows_its_way(void **state)
{
    struct stand *s = *state;
    serve(s, "--forward 192.0.2.1");
    check_forwarded(s, "outside.prod", "", "leads out");
    assert_answers(s, "CNAME", "www.example.org.");
    assert_true(json_value_count(json_value_get(s->root, "chain")) > 0);
    stand_ask(s, "outside.prod", "CNAME");
    assert_false(is_forwarded(s));
    assert_true(s->resolves);
    check_kept(s, "astray.prod");
    serve(s, "--forward 192.0.2.1 --fallthrough");
    check_forwarded(s, "astray.prod", "service-unknown", "");
    assert_answers(s, "CNAME", "none.prod.svc.cluster.local.");
}

// A search list is what is missing most often.
static void what_may_have_been_meant_is_told_all_the_same(void **state)
{
    struct stand *s = *state;
    serve(s, "--forward 192.0.2.1");
    stand_ask_text(s, "db.prod", NULL);
    assert_part(s->text, "db.prod. A, AAAA: forwarded\n"
                         "it is in no zone here; " UPSTREAM "\n"
                         "names are taken as they are written");
    assert_part(s->text, "did you mean db.prod.svc.cluster.local.?");
    assert_no_part(s->text, "mend:");
    stand_ask_text(s, "db.prod.", NULL);
    assert_string_equal(s->text, "db.prod. A, AAAA: forwarded\n"
                                 "it is in no zone here; " UPSTREAM "\n");
}

// The world outside is there before the manifests are.
static void it_is_told_before_the_load(void **state)
{
    struct stand *s = *state;
    stand_restart(s, "--forward 192.0.2.1 --fallthrough");
    check_forwarded(s, "www.example.org.", "", "in no zone here");
    assert_true(
        stand_explain(s, "db.prod.svc.cluster.local.", NULL, EXPLAIN_TEXT) < 0);
    assert_part(s->err.text, "not-loaded");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_outside_of_our_zones_is_forwarded),
        TEST(so_is_one_of_a_service_that_falls_through),
        TEST(an_alias_that_leads_out_shows_its_way),
        TEST(what_may_have_been_meant_is_told_all_the_same),
        TEST(it_is_told_before_the_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
