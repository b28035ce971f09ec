// SPDX-License-Identifier: Apache-2.0
#include "../../src/daemon/say_upstreams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const addresses[] = {"10.0.0.1:53", "[fd00::2]:5353"};

enum { N = 2 };

struct fixture {
    FILE *file; // where the log goes
    struct log log;
    struct sockaddr_any addresses[N];
    struct upstream_state states[N];
    struct upstreams_said said;
    char text[2048];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || !(f->file = tmpfile()))
        return -1;
    f->log = (struct log){.fd = fileno(f->file), .level = LOG_INFO};
    for (size_t i = 0; i < N; i++) {
        struct error err;
        if (sockaddr_parse(addresses[i], &f->addresses[i], &err) < 0)
            return -1;
        f->states[i].address = f->addresses[i];
    }
    upstreams_said_begin(&f->said, f->addresses, N);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fclose(f->file);
    free(f);
    return 0;
}

// What was logged since the last call, without times.
static const char *logged(struct fixture *f)
{
    char line[2048];
    f->text[0] = '\0';
    rewind(f->file);
    while (fgets(line, sizeof line, f->file))
        strcat(f->text, strchr(line, ' ') + 1);
    assert_int_equal(ftruncate(f->log.fd, 0), 0);
    rewind(f->file);
    return f->text;
}

static void says(struct fixture *f, uint64_t now_ms, const char *lines,
                 uint64_t next_ms)
{
    const uint64_t next = say_upstreams(&f->log, f->states, &f->said, now_ms);
    assert_string_equal(logged(f), lines);
    assert_int_equal(next, next_ms);
}

static void becomes(struct fixture *f, size_t i, enum upstream_condition c)
{
    f->states[i].condition = c;
}

static const char aside[] =
    "warning upstream does not answer, and is left alone for a while "
    "upstream=10.0.0.1:53 because=\"it is silent\" asked=0 failed=0\n";
static const char back[] = "info upstream answers again upstream=10.0.0.1:53 "
                           "asked=0 failed=0\n";
static const char loop[] =
    "warning upstream leads back here; give --forward a server that does not "
    "ask this one upstream=10.0.0.1:53 asked=0 failed=0\n";

static void who_answers_is_no_news(void **state)
{
    struct fixture *f = *state;
    says(f, 0, "", UINT64_MAX);
    f->states[0].asked = 7;
    f->states[0].failed = 1;
    says(f, 1000000, "", UINT64_MAX);
}

static void who_does_not_is_said_at_once_and_once(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 5, aside, UINT64_MAX); // also in the first minute of the machine
    says(f, 6, "", UINT64_MAX);
    says(f, 1000000, "", UINT64_MAX);
}

static void why_and_how_often_is_said(void **state)
{
    struct fixture *f = *state;
    becomes(f, 1, UPSTREAM_ASIDE);
    f->states[1].unreachable = true;
    f->states[1].asked = 12;
    f->states[1].failed = 3;
    says(f, 5,
         "warning upstream does not answer, and is left alone for a while "
         "upstream=[fd00::2]:5353 because=\"it cannot be reached\" asked=12 "
         "failed=3\n",
         UINT64_MAX);
}

static void the_way_out_of_a_loop_is_said(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_LOOP);
    says(f, 5, loop, UINT64_MAX);
}

static void within_a_minute_nothing_more_is_said(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 1000, aside, UINT64_MAX);
    becomes(f, 0, UPSTREAM_GOOD);
    says(f, 1001, "", 61000);
    says(f, 60999, "", 61000);
    says(f, 61000, back, UINT64_MAX);
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 61001, "", 121000);
    says(f, 121000, aside, UINT64_MAX);
}

static void a_loop_has_a_minute_of_its_own(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 1000, aside, UINT64_MAX);
    becomes(f, 0, UPSTREAM_LOOP);
    says(f, 2000, loop, UINT64_MAX);
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 3000, "", 61000);
    becomes(f, 0, UPSTREAM_GOOD); // what it came to counts
    says(f, 61000, back, UINT64_MAX);
    becomes(f, 0, UPSTREAM_LOOP);
    says(f, 61500, "", 62000);
    says(f, 62000, loop, UINT64_MAX);
}

static void what_is_as_it_was_said_is_no_news(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 1000, aside, UINT64_MAX);
    becomes(f, 0, UPSTREAM_GOOD);
    says(f, 2000, "", 61000);
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 3000, "", UINT64_MAX);
    says(f, 61000, "", UINT64_MAX);
}

static void each_upstream_has_its_minute(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 1000, aside, UINT64_MAX);
    becomes(f, 1, UPSTREAM_ASIDE);
    says(f, 2000,
         "warning upstream does not answer, and is left alone for a while "
         "upstream=[fd00::2]:5353 because=\"it is silent\" asked=0 "
         "failed=0\n",
         UINT64_MAX);
    becomes(f, 1, UPSTREAM_GOOD);
    becomes(f, 0, UPSTREAM_GOOD);
    says(f, 3000, "", 61000); // the sooner of both
    says(f, 61500, back, 62000);
}

static void a_new_list_keeps_the_minutes_of_the_old_one(void **state)
{
    struct fixture *f = *state;
    becomes(f, 0, UPSTREAM_ASIDE);
    says(f, 1000, aside, UINT64_MAX);
    // the other way round, and nothing is known of them
    const struct sockaddr_any turned[] = {f->addresses[1], f->addresses[0]};
    upstreams_said_begin(&f->said, turned, N);
    f->states[0] = (struct upstream_state){.address = turned[0]};
    f->states[1] = (struct upstream_state){.address = turned[1]};
    says(f, 2000, "", UINT64_MAX);
    becomes(f, 1, UPSTREAM_ASIDE);
    says(f, 3000, "", 61000);
    says(f, 61000, aside, UINT64_MAX);
    upstreams_said_begin(&f->said, NULL, 0);
    says(f, 61001, "", UINT64_MAX);
}

static void who_is_asked_is_one_line(void **state)
{
    struct fixture *f = *state;
    say_forwarding(&f->log, f->addresses, N, false);
    assert_string_equal(logged(f), "info forwarding "
                                   "upstreams=10.0.0.1:53,[fd00::2]:5353 "
                                   "fallthrough=false\n");
    say_forwarding(&f->log, f->addresses, 1, true);
    assert_string_equal(logged(f), "info forwarding upstreams=10.0.0.1:53 "
                                   "fallthrough=true\n");
    say_forwarding(&f->log, NULL, 0, true);
    assert_string_equal(logged(f),
                        "warning there is nobody to forward to: name a server "
                        "in a file of --forward, or beside it\n");
}

static void the_longest_list_is_said_whole(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_any all[UPSTREAMS_MAX];
    struct error err;
    assert_int_equal(
        sockaddr_parse("[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
                       &all[0], &err),
        0);
    for (size_t i = 1; i < UPSTREAMS_MAX; i++)
        all[i] = all[0];
    say_forwarding(&f->log, all, UPSTREAMS_MAX, false);
    const char *text = logged(f);
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, ":8888]:65535")); at++)
        n++;
    assert_int_equal(n, UPSTREAMS_MAX);
    assert_non_null(strstr(text, ":65535 fallthrough=false\n"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_answers_is_no_news),
        TEST(who_does_not_is_said_at_once_and_once),
        TEST(why_and_how_often_is_said),
        TEST(the_way_out_of_a_loop_is_said),
        TEST(within_a_minute_nothing_more_is_said),
        TEST(a_loop_has_a_minute_of_its_own),
        TEST(what_is_as_it_was_said_is_no_news),
        TEST(each_upstream_has_its_minute),
        TEST(a_new_list_keeps_the_minutes_of_the_old_one),
        TEST(who_is_asked_is_one_line),
        TEST(the_longest_list_is_said_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
