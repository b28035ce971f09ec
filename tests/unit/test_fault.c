// SPDX-License-Identifier: Apache-2.0
#include "model/fault.h"

#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = faults_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    faults_free(*state);
    return 0;
}

// A fault of a service, or of a pod, in namespace "one", until it is cleared.
static struct fault make(enum fault_kind kind, bool of_service,
                         const char *name, uint32_t ms)
{
    return (struct fault){.kind = kind,
                          .of_service = of_service,
                          .ms = ms,
                          .until_ms = UINT64_MAX,
                          .namespace = "one",
                          .name = name};
}

static void add(struct faults *f, const struct fault *fault)
{
    struct error err = {""};
    if (faults_add(f, fault, &err))
        fail_msg("%s", err.text);
}

static int refused(struct faults *f, const struct fault *fault,
                   struct error *err)
{
    const uint64_t version = faults_version(f);
    const uint32_t n = faults_count(f);
    err->text[0] = '\0';
    const int r = faults_add(f, fault, err);
    assert_int_not_equal(r, 0);
    assert_int_not_equal(err->text[0], '\0');
    assert_int_equal(faults_version(f), version);
    assert_int_equal(faults_count(f), n);
    return r;
}

// --- reading ---------------------------------------------------------------

static void each_kind_is_read_as_it_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum fault_kind kind;
        uint32_t ms;
    } known[] = {
        {"not-ready", FAULT_NOT_READY, 0},
        {"gone", FAULT_GONE, 0},
        {"move", FAULT_MOVE, 0},
        {"flap=500", FAULT_FLAP, 500},
        {"stale=2000", FAULT_STALE, 2000},
        {"no-aaaa", FAULT_NO_AAAA, 0},
        {"slow=200", FAULT_SLOW, 200},
        {"truncate", FAULT_TRUNCATE, 0},
        {"servfail", FAULT_SERVFAIL, 0},
        {"slow=5000", FAULT_SLOW, 5000},
        {"stale=1", FAULT_STALE, 1},
        {"flap=3600000", FAULT_FLAP, 3600000},
    };
    for (size_t i = 0; i < ORD_COUNT(known); i++) {
        enum fault_kind kind = FAULT_GONE;
        uint32_t ms = 99;
        struct error err = {""};
        assert_int_equal(fault_parse(known[i].text, &kind, &ms, &err), 0);
        assert_int_equal(kind, known[i].kind);
        assert_int_equal(ms, known[i].ms);
        assert_int_equal(strncmp(known[i].text, fault_kind_name(kind),
                                 strlen(fault_kind_name(kind))),
                         0);
        assert_int_equal(fault_has_ms(kind),
                         strchr(known[i].text, '=') != NULL);
    }
}

static void what_cannot_be_read_is_told_with_its_mend(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"servfial", "unknown fault 'servfial'; did you mean 'servfail'?"},
        {"notready", "unknown fault 'notready'; did you mean 'not-ready'?"},
        {"Gone", "did you mean 'gone'?"},
        {"explode", "known are not-ready, gone, move, flap=MS, stale=MS, "
                    "no-aaaa, slow=MS, truncate and servfail"},
        {"", "unknown fault ''"},
        {"slow", "fault 'slow' takes 1 to 5000 milliseconds, such as slow=200"},
        {"slow=", "takes 1 to 5000 milliseconds"},
        {"slow=0", "takes 1 to 5000 milliseconds"},
        {"slow=5001", "takes 1 to 5000 milliseconds"},
        {"slow=-1", "takes 1 to 5000 milliseconds"},
        {"slow=+1", "takes 1 to 5000 milliseconds"},
        {"slow= 1", "takes 1 to 5000 milliseconds"},
        {"slow=1s", "takes 1 to 5000 milliseconds"},
        {"slow=4294967297", "takes 1 to 5000 milliseconds"},
        {"flap=3600001", "takes 1 to 3600000 milliseconds"},
        {"stale", "fault 'stale' takes 1 to 3600000 milliseconds"},
        {"gone=5", "fault 'gone' takes no value; leave '=5' out"},
        {"servfail=", "fault 'servfail' takes no value"},
        {"=5", "unknown fault ''"},
        {"a-word-that-is-longer-than-any-kind-could-ever-be=1", "unknown"},
    };
    for (size_t i = 0; i < ORD_COUNT(wrong); i++) {
        enum fault_kind kind = FAULT_GONE;
        uint32_t ms = 99;
        struct error err = {""};
        assert_int_equal(fault_parse(wrong[i].text, &kind, &ms, &err), -EINVAL);
        if (!strstr(err.text, wrong[i].says))
            fail_msg("'%s': %s", wrong[i].text, err.text);
        assert_int_equal(kind, FAULT_GONE);
        assert_int_equal(ms, 99);
    }
}

static void kinds_are_of_pods_or_of_answers(void **state)
{
    (void)state;
    for (int k = 0; k < FAULT_KINDS; k++) {
        const enum fault_kind kind = (enum fault_kind)k;
        const char *name = fault_kind_name(kind);
        const bool pods =
            strcmp(name, "not-ready") == 0 || strcmp(name, "gone") == 0 ||
            strcmp(name, "move") == 0 || strcmp(name, "flap") == 0;
        assert_int_equal(fault_is_of_pods(kind), pods);
    }
}

// --- the list --------------------------------------------------------------

static void a_list_begins_empty(void **state)
{
    struct faults *f = *state;
    assert_int_equal(faults_count(f), 0);
    assert_true(faults_next_ms(f) == UINT64_MAX);
    assert_int_equal(faults_clear(f, NULL, NULL), 0);
    assert_null(faults_find(f, FAULT_GONE, false, "one", "web-0"));
    faults_free(NULL);
}

static void texts_are_copied_and_numbers_given(void **state)
{
    struct faults *f = *state;
    char namespace[] = "one", name[] = "web-0";
    struct fault fault = make(FAULT_SLOW, false, name, 200);
    fault.namespace = namespace;
    fault.since_ms = 7;
    fault.number = 99;
    add(f, &fault);
    memset(namespace, 'x', 3);
    memset(name, 'x', 5);
    const struct fault *got = faults_at(f, 0);
    assert_string_equal(got->namespace, "one");
    assert_string_equal(got->name, "web-0");
    assert_int_equal(got->number, 1);
    assert_int_equal(got->ms, 200);
    assert_int_equal(got->since_ms, 7);
}

static void faults_stand_in_the_order_of_their_numbers(void **state)
{
    struct faults *f = *state;
    const struct fault a = make(FAULT_GONE, false, "web-0", 0);
    const struct fault b = make(FAULT_SERVFAIL, true, "web", 0);
    const struct fault c = make(FAULT_SERVFAIL, false, "web-0", 0);
    add(f, &a);
    add(f, &b);
    add(f, &c);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(faults_at(f, i)->number, i + 1);

    // the first once more: it is the newest now, and begins anew
    add(f, &a);
    assert_int_equal(faults_count(f), 3);
    assert_int_equal(faults_at(f, 0)->number, 2);
    assert_int_equal(faults_at(f, 1)->number, 3);
    assert_int_equal(faults_at(f, 2)->number, 4);
    assert_int_equal(faults_at(f, 2)->kind, FAULT_GONE);
}

static void another_kind_or_target_is_another_fault(void **state)
{
    struct faults *f = *state;
    const struct fault pod = make(FAULT_SLOW, false, "web", 1);
    struct fault service = make(FAULT_SLOW, true, "web", 2);
    struct fault elsewhere = service, stale = make(FAULT_STALE, true, "web", 3);
    elsewhere.namespace = "two";
    elsewhere.ms = 4;
    add(f, &pod);
    add(f, &service);
    add(f, &elsewhere);
    add(f, &stale);
    assert_int_equal(faults_count(f), 4);
    assert_int_equal(faults_find(f, FAULT_SLOW, false, "one", "web")->ms, 1);
    assert_int_equal(faults_find(f, FAULT_SLOW, true, "one", "web")->ms, 2);
    assert_int_equal(faults_find(f, FAULT_SLOW, true, "two", "web")->ms, 4);
    assert_int_equal(faults_find(f, FAULT_STALE, true, "one", "web")->ms, 3);
    assert_null(faults_find(f, FAULT_STALE, true, "two", "web"));
    assert_null(faults_find(f, FAULT_STALE, false, "one", "web"));
    assert_null(faults_find(f, FAULT_SLOW, true, "one", "we"));

    service.ms = 5;
    add(f, &service);
    assert_int_equal(faults_count(f), 4);
    assert_int_equal(faults_find(f, FAULT_SLOW, true, "one", "web")->ms, 5);
}

// A caller may repeat what it reads from the list.
static void a_fault_may_be_replaced_by_itself(void **state)
{
    struct faults *f = *state;
    const struct fault fault = make(FAULT_MOVE, false, "web-0", 0);
    add(f, &fault);
    add(f, faults_at(f, 0));
    assert_int_equal(faults_count(f), 1);
    assert_string_equal(faults_at(f, 0)->name, "web-0");
    assert_int_equal(faults_at(f, 0)->number, 2);
}

static void a_target_is_cleared_with_all_its_faults(void **state)
{
    struct faults *f = *state;
    const struct fault a = make(FAULT_SLOW, false, "web-0", 1);
    const struct fault b = make(FAULT_SERVFAIL, true, "web-0", 0);
    const struct fault c = make(FAULT_SERVFAIL, false, "web-1", 0);
    struct fault d = a;
    d.namespace = "two";
    add(f, &a);
    add(f, &b);
    add(f, &c);
    add(f, &d);
    const uint64_t version = faults_version(f);
    assert_int_equal(faults_clear(f, "one", "web-2"), 0);
    assert_int_equal(faults_clear(f, "three", "web-0"), 0);
    assert_true(faults_version(f) == version);

    assert_int_equal(faults_clear(f, "one", "web-0"), 2);
    assert_true(faults_version(f) != version);
    assert_int_equal(faults_count(f), 2);
    assert_string_equal(faults_at(f, 0)->name, "web-1");
    assert_string_equal(faults_at(f, 1)->namespace, "two");
    add(f, &a);
    assert_int_equal(faults_clear(f, NULL, "web-0"), 2);
    assert_int_equal(faults_clear(f, NULL, NULL), 1);
    assert_int_equal(faults_count(f), 0);
}

static void a_fault_ends_when_its_time_is_over(void **state)
{
    struct faults *f = *state;
    struct fault a = make(FAULT_GONE, false, "web-0", 0);
    struct fault b = make(FAULT_GONE, false, "web-1", 0);
    const struct fault c = make(FAULT_GONE, false, "web-2", 0);
    a.until_ms = 3000;
    b.until_ms = 1000;
    add(f, &a);
    add(f, &b);
    add(f, &c);
    assert_int_equal(faults_next_ms(f), 1000);
    const uint64_t version = faults_version(f);
    faults_run(f, 999);
    assert_int_equal(faults_count(f), 3);
    assert_true(faults_version(f) == version);

    faults_run(f, 1000);
    assert_int_equal(faults_count(f), 2);
    assert_true(faults_version(f) != version);
    assert_null(faults_find(f, FAULT_GONE, false, "one", "web-1"));
    assert_int_equal(faults_next_ms(f), 3000);
    faults_run(f, UINT64_MAX - 1);
    assert_int_equal(faults_count(f), 1);
    assert_true(faults_next_ms(f) == UINT64_MAX);
    assert_string_equal(faults_at(f, 0)->name, "web-2");
}

static void each_change_has_another_version(void **state)
{
    struct faults *f = *state;
    const struct fault a = make(FAULT_GONE, false, "web-0", 0);
    uint64_t versions[4] = {faults_version(f)};
    add(f, &a);
    versions[1] = faults_version(f);
    add(f, &a);
    versions[2] = faults_version(f);
    assert_int_equal(faults_clear(f, "one", "web-0"), 1);
    versions[3] = faults_version(f);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(versions[i] != versions[k]);
}

// --- bounds ----------------------------------------------------------------

static void what_is_out_of_bounds_is_refused(void **state)
{
    struct faults *f = *state;
    struct error err;
    struct fault fault = make(FAULT_SLOW, true, "web", 0);
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    fault.ms = FAULT_SLOW_MS_MAX + 1;
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    fault = make(FAULT_STALE, true, "web", FAULT_MS_MAX + 1);
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    fault = make(FAULT_SERVFAIL, true, "web", 1);
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    fault = make(FAULT_SERVFAIL, true, "", 0);
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    fault = make(FAULT_SERVFAIL, true, "web", 0);
    fault.namespace = "";
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    char name[255];
    memset(name, 'a', 254);
    name[254] = '\0';
    fault = make(FAULT_SERVFAIL, true, name, 0);
    assert_int_equal(refused(f, &fault, &err), -EINVAL);
    name[253] = '\0'; // K8S: a DNS subdomain has at most 253 octets
    add(f, &fault);
}

static void there_are_only_so_many(void **state)
{
    struct faults *f = *state;
    struct error err;
    char name[16];
    struct fault fault = make(FAULT_GONE, false, name, 0);
    for (int i = 0; i < FAULTS_MAX; i++) {
        snprintf(name, sizeof name, "web-%d", i);
        add(f, &fault);
    }
    snprintf(name, sizeof name, "web-%d", FAULTS_MAX);
    assert_int_equal(refused(f, &fault, &err), -E2BIG);
    assert_non_null(strstr(err.text, "256 faults"));
    // one in place of another needs no room
    snprintf(name, sizeof name, "web-7");
    add(f, &fault);
    assert_int_equal(faults_count(f), FAULTS_MAX);
    assert_int_equal(faults_clear(f, "one", "web-3"), 1);
    snprintf(name, sizeof name, "web-%d", FAULTS_MAX);
    add(f, &fault);
}

static void without_memory_all_is_as_it_was(void **state)
{
    struct faults *f = *state;
    struct error err;
    const struct fault a = make(FAULT_SLOW, true, "web", 1);
    const struct fault b = make(FAULT_SLOW, true, "web", 2);
    add(f, &a);
    fault_alloc_after(1);
    assert_int_equal(refused(f, &b, &err), -ENOMEM);
    fault_alloc_after(-1);
    assert_int_equal(faults_at(f, 0)->ms, 1);
    assert_int_equal(faults_at(f, 0)->number, 1);
    fault_alloc_after(1);
    assert_null(faults_new());
    fault_alloc_after(-1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_as_it_is_written),
        cmocka_unit_test(what_cannot_be_read_is_told_with_its_mend),
        cmocka_unit_test(kinds_are_of_pods_or_of_answers),
        TEST(a_list_begins_empty),
        TEST(texts_are_copied_and_numbers_given),
        TEST(faults_stand_in_the_order_of_their_numbers),
        TEST(another_kind_or_target_is_another_fault),
        TEST(a_fault_may_be_replaced_by_itself),
        TEST(a_target_is_cleared_with_all_its_faults),
        TEST(a_fault_ends_when_its_time_is_over),
        TEST(each_change_has_another_version),
        TEST(what_is_out_of_bounds_is_refused),
        TEST(there_are_only_so_many),
        TEST(without_memory_all_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
