// SPDX-License-Identifier: Apache-2.0
// What the workers know together about upstreams, without sockets: the time is
// what a test says.
#include "../../src/net/upstreams_health.h"
#include "lib/fault.h"
#include "lib/server.h"
#include "net/upstreams.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 3 };

static int changes;

static void on_change(void *context)
{
    assert_ptr_equal(context, &changes);
    changes++;
}

static struct upstreams *make(size_t n)
{
    struct sockaddr_any a[N];
    a[0] = server_address("192.0.2.1:53");
    a[1] = server_address("[2001:db8::1]:53");
    a[2] = server_address("192.0.2.1:5353");
    changes = 0;
    struct upstreams *u = upstreams_new(a, n, on_change, &changes);
    assert_non_null(u);
    return u;
}

// The time at which a fresh one is good.
static uint64_t begin_ms(const struct upstreams *u)
{
    return upstreams_state(u, 0).since_ms;
}

static void expect(const struct upstreams *u, size_t i,
                   enum upstream_condition condition, int changes_n)
{
    assert_int_equal(upstreams_state(u, i).condition, condition);
    assert_int_equal(upstreams_is_good(u, i), condition == UPSTREAM_GOOD);
    assert_int_equal(changes, changes_n);
}

// Doubted, probed, and nothing comes. Returns the time.
static uint64_t lose(struct upstreams *u, size_t i, uint64_t now)
{
    upstreams_doubt(u, i, false, now);
    assert_true(upstreams_take_probe(u, i, now));
    now += UPSTREAM_DOUBT_MS;
    assert_false(upstreams_take_probe(u, i, now));
    assert_int_equal(upstreams_state(u, i).condition, UPSTREAM_ASIDE);
    return now;
}

// --- tests -----------------------------------------------------------------

static void all_are_good_at_first(void **state)
{
    struct upstreams *u = make(N);
    (void)state;
    assert_int_equal(upstreams_n(u), N);
    for (size_t i = 0; i < N; i++) {
        expect(u, i, UPSTREAM_GOOD, 0);
        assert_false(upstreams_take_probe(u, i, UINT64_MAX - 1));
    }
    assert_int_equal(upstreams_due_ms(u), UPSTREAMS_NEVER);
    assert_int_equal(sockaddr_port(upstreams_address(u, 2)), 5353);
    upstreams_unref(u);
}

static void there_may_be_none(void **state)
{
    struct upstreams *u = upstreams_new(NULL, 0, NULL, NULL);
    (void)state;
    assert_non_null(u);
    assert_int_equal(upstreams_n(u), 0);
    assert_int_equal(upstreams_due_ms(u), UPSTREAMS_NEVER);
    assert_false(upstreams_saw(u, (struct upstream_name){{1, 2}}, 0));
    upstreams_unref(u);
    upstreams_unref(NULL);
}

static void queries_are_counted(void **state)
{
    struct upstreams *u = make(N);
    (void)state;
    for (int i = 0; i < 5; i++)
        upstreams_asked(u, 1);
    for (int i = 0; i < 3; i++)
        upstreams_answered(u, 1, 0);
    upstreams_failed(u, 1);
    upstreams_replied(u, 1, 0); // not to a query
    const struct upstream_state s = upstreams_state(u, 1);
    assert_int_equal(s.asked, 5);
    assert_int_equal(s.answered, 3);
    assert_int_equal(s.failed, 1);
    assert_int_equal(upstreams_state(u, 0).asked, 0);
    upstreams_unref(u);
}

static void a_doubt_is_probed_once_and_at_once(void **state)
{
    struct upstreams *u = make(N);
    const uint64_t now = begin_ms(u);
    (void)state;
    upstreams_doubt(u, 0, false, now);
    assert_int_equal(upstreams_due_ms(u), now);
    expect(u, 0, UPSTREAM_GOOD, 0);
    assert_true(upstreams_take_probe(u, 0, now));
    assert_false(upstreams_take_probe(u, 0, now)); // another worker
    upstreams_doubt(u, 0, false, now + 1);         // another query
    assert_false(upstreams_take_probe(u, 0, now + 1));
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_DOUBT_MS);
    assert_false(upstreams_take_probe(u, 0, now + UPSTREAM_DOUBT_MS - 1));
    expect(u, 0, UPSTREAM_GOOD, 0);
    upstreams_unref(u);
}

static void a_reply_in_time_ends_the_doubt(void **state)
{
    struct upstreams *u = make(N);
    const uint64_t now = begin_ms(u);
    (void)state;
    for (int i = 0; i < 4; i++) {
        upstreams_doubt(u, 0, false, now);
        if (i & 1)
            assert_true(upstreams_take_probe(u, 0, now));
        if (i & 2)
            upstreams_answered(u, 0, now);
        else
            upstreams_replied(u, 0, now);
        assert_int_equal(upstreams_due_ms(u), UPSTREAMS_NEVER);
        assert_false(upstreams_take_probe(u, 0, now + UPSTREAM_WAIT_MAX_MS));
        expect(u, 0, UPSTREAM_GOOD, 0);
    }
    upstreams_unref(u);
}

static void one_that_is_silent_in_doubt_is_set_aside(void **state)
{
    struct upstreams *u = make(N);
    const uint64_t begin = begin_ms(u);
    (void)state;
    const uint64_t now = lose(u, 0, begin + 7);
    expect(u, 0, UPSTREAM_ASIDE, 1);
    expect(u, 1, UPSTREAM_GOOD, 1);
    assert_int_equal(upstreams_state(u, 0).since_ms, now);
    assert_false(upstreams_state(u, 0).unreachable);
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_WAIT_MIN_MS);
    upstreams_unref(u);
}

static void one_that_refuses_twice_is_set_aside_at_once(void **state)
{
    struct upstreams *u = make(N);
    const uint64_t now = begin_ms(u);
    (void)state;
    upstreams_doubt(u, 0, true, now);
    upstreams_doubt(u, 0, true, now); // before it was probed
    expect(u, 0, UPSTREAM_GOOD, 0);
    assert_true(upstreams_take_probe(u, 0, now));
    upstreams_doubt(u, 0, true, now);
    expect(u, 0, UPSTREAM_ASIDE, 1);
    assert_true(upstreams_state(u, 0).unreachable);
    upstreams_doubt(u, 0, true, now); // the other probe
    expect(u, 0, UPSTREAM_ASIDE, 1);
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_WAIT_MIN_MS);
    upstreams_unref(u);
}

static void without_a_probe_there_is_no_verdict(void **state)
{
    struct upstreams *u = make(N);
    const uint64_t now = begin_ms(u);
    (void)state;
    upstreams_doubt(u, 0, false, now);
    assert_true(upstreams_take_probe(u, 0, now));
    upstreams_spare(u, 0, now);
    assert_int_equal(upstreams_due_ms(u), UPSTREAMS_NEVER);
    assert_false(upstreams_take_probe(u, 0, now + UPSTREAM_DOUBT_MS));
    expect(u, 0, UPSTREAM_GOOD, 0);
    lose(u, 0, now);
    upstreams_spare(u, 0, now);
    expect(u, 0, UPSTREAM_ASIDE, 1);
    upstreams_unref(u);
}

// As long as another one is good.
static void it_is_left_alone_for_a_growing_time(void **state)
{
    static const unsigned waits[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    struct upstreams *u = make(N);
    uint64_t now = lose(u, 1, begin_ms(u));
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(waits); i++) {
        assert_int_equal(upstreams_due_ms(u), now + waits[i]);
        assert_false(upstreams_take_probe(u, 1, now + waits[i] - 1));
        now += waits[i];
        assert_true(upstreams_take_probe(u, 1, now));
        assert_false(upstreams_take_probe(u, 1, now));
        expect(u, 1, UPSTREAM_ASIDE, 1);
    }
    upstreams_unref(u);
}

static void the_only_one_is_not_left_alone_for_long(void **state)
{
    static const unsigned waits[] = {500, 1000, 1000, 1000};
    struct upstreams *u = make(1);
    uint64_t now = lose(u, 0, begin_ms(u));
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(waits); i++) {
        assert_int_equal(upstreams_due_ms(u), now + waits[i]);
        now += waits[i];
        assert_true(upstreams_take_probe(u, 0, now));
    }
    upstreams_unref(u);
}

// It has been back for seconds, and would be asked seconds later.
static void when_the_last_one_is_lost_the_others_are_probed_at_once(
    void **state)
{
    struct upstreams *u = make(2);
    uint64_t now = lose(u, 0, begin_ms(u));
    (void)state;
    while (upstreams_due_ms(u) < now + UPSTREAM_WAIT_MAX_MS) {
        now = upstreams_due_ms(u);
        assert_true(upstreams_take_probe(u, 0, now));
    }
    now = lose(u, 1, now + 1);
    assert_int_equal(upstreams_due_ms(u), now);
    assert_true(upstreams_take_probe(u, 0, now));
    assert_false(upstreams_take_probe(u, 1, now));
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_WAIT_MIN_MS);
    upstreams_unref(u);
}

static void whatever_it_replies_to_makes_it_good(void **state)
{
    const struct upstream_name name = {{3, 4}};
    (void)state;
    for (int what = 0; what < 3; what++) {
        struct upstreams *u = make(N);
        const uint64_t now = lose(u, 0, begin_ms(u)) + 5;
        if (what == 0)
            upstreams_answered(u, 0, now); // a late one
        else if (what == 1)
            upstreams_replied(u, 0, now);
        else
            upstreams_probe_replied(u, 0, name, now);
        expect(u, 0, UPSTREAM_GOOD, 2);
        assert_int_equal(upstreams_state(u, 0).since_ms, now);
        assert_int_equal(upstreams_due_ms(u), UPSTREAMS_NEVER);
        upstreams_unref(u);
    }
}

static void one_that_comes_and_goes_waits_longer(void **state)
{
    struct upstreams *u = make(N);
    (void)state;
    uint64_t now = lose(u, 0, begin_ms(u));
    upstreams_replied(u, 0, now);
    now = lose(u, 0, now + 10);
    assert_int_equal(upstreams_due_ms(u), now + 2 * UPSTREAM_WAIT_MIN_MS);
    upstreams_replied(u, 0, now);
    now = lose(u, 0, now + 10);
    assert_int_equal(upstreams_due_ms(u), now + 4 * UPSTREAM_WAIT_MIN_MS);
    upstreams_replied(u, 0, now);
    now = lose(u, 0, now + UPSTREAM_WAIT_MAX_MS);
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_WAIT_MIN_MS);
    upstreams_unref(u);
}

static void a_probe_that_comes_back_is_a_loop(void **state)
{
    const struct upstream_name name = {{UINT64_MAX, 4}}, other = {{4, 4}};
    struct upstreams *u = make(N);
    uint64_t now = begin_ms(u);
    (void)state;
    upstreams_probed(u, 1, name);
    assert_false(upstreams_saw(u, other, now));
    expect(u, 1, UPSTREAM_GOOD, 0);
    assert_true(upstreams_saw(u, name, now));
    expect(u, 1, UPSTREAM_LOOP, 1);
    expect(u, 0, UPSTREAM_GOOD, 1);
    assert_true(upstreams_saw(u, name, now + 100)); // once more
    // our own reply to it, and others
    upstreams_probe_replied(u, 1, name, now);
    upstreams_replied(u, 1, now);
    upstreams_answered(u, 1, now);
    upstreams_doubt(u, 1, true, now);
    upstreams_spare(u, 1, now);
    expect(u, 1, UPSTREAM_LOOP, 1);
    assert_int_equal(upstreams_due_ms(u), now + UPSTREAM_WAIT_MIN_MS);
    upstreams_unref(u);
}

static void a_loop_ends_when_a_later_probe_does_not_come_back(void **state)
{
    const struct upstream_name first = {{1, 2}}, second = {{1, 3}},
                               third = {{1, 4}};
    struct upstreams *u = make(N);
    uint64_t now = begin_ms(u);
    (void)state;
    upstreams_probed(u, 0, first);
    assert_true(upstreams_saw(u, first, now));
    now += UPSTREAM_WAIT_MIN_MS;
    assert_true(upstreams_take_probe(u, 0, now));
    upstreams_probed(u, 0, second);
    assert_true(upstreams_saw(u, second, now));
    upstreams_probe_replied(u, 0, second, now);
    expect(u, 0, UPSTREAM_LOOP, 1);
    now += 2 * UPSTREAM_WAIT_MIN_MS;
    assert_true(upstreams_take_probe(u, 0, now));
    upstreams_probed(u, 0, third);
    upstreams_probe_replied(u, 0, second, now); // late
    expect(u, 0, UPSTREAM_LOOP, 1);
    upstreams_probe_replied(u, 0, third, now);
    expect(u, 0, UPSTREAM_GOOD, 2);
    upstreams_unref(u);
}

// Whoever asks for labels of zeroes.
static void what_was_never_sent_is_no_probe(void **state)
{
    struct upstreams *u = make(N);
    (void)state;
    assert_false(upstreams_saw(u, (struct upstream_name){{0, 0}}, 1));
    expect(u, 0, UPSTREAM_GOOD, 0);
    upstreams_unref(u);
}

static void one_that_is_aside_may_turn_out_a_loop(void **state)
{
    const struct upstream_name name = {{1, 2}};
    struct upstreams *u = make(N);
    const uint64_t now = lose(u, 0, begin_ms(u));
    (void)state;
    upstreams_probed(u, 0, name);
    assert_true(upstreams_saw(u, name, now));
    expect(u, 0, UPSTREAM_LOOP, 2);
    upstreams_unref(u);
}

static void memory_may_run_out(void **state)
{
    const struct sockaddr_any a = server_address("192.0.2.1:53");
    (void)state;
    fault_alloc_after(1);
    assert_null(upstreams_new(&a, 1, NULL, NULL));
    fault_alloc_after(-1);
}

// --- threads ---------------------------------------------------------------

enum { ROUNDS = 20000 };

static _Atomic int probes_taken;

static void *work(void *context)
{
    struct upstreams *const u = upstreams_ref(context);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        const size_t s = i % N;
        const struct upstream_name name = {{i, s}};
        upstreams_asked(u, s);
        if (i % 7 == 0)
            upstreams_doubt(u, s, i % 2, i);
        if (upstreams_take_probe(u, s, i))
            upstreams_probed(u, s, name);
        if (i % 11 == 0)
            (void)upstreams_saw(u, name, i);
        if (i % 5 == 0)
            upstreams_probe_replied(u, s, name, i);
        (void)upstreams_is_good(u, s);
        (void)upstreams_state(u, s);
        (void)upstreams_due_ms(u);
        upstreams_answered(u, s, i);
    }
    upstreams_unref(u);
    return NULL;
}

static void *take_once(void *context)
{
    if (upstreams_take_probe(context, 0, 1))
        probes_taken++;
    return NULL;
}

static void run_all(void *(*what)(void *), struct upstreams *u)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, what, u), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void workers_may_use_it_at_once(void **state)
{
    struct sockaddr_any a[N];
    (void)state;
    for (int i = 0; i < N; i++)
        a[i] = server_address("192.0.2.1:53");
    struct upstreams *u = upstreams_new(a, N, NULL, NULL);
    assert_non_null(u);
    run_all(work, u);
    uint64_t asked = 0, answered = 0;
    for (size_t i = 0; i < N; i++) {
        asked += upstreams_state(u, i).asked;
        answered += upstreams_state(u, i).answered;
    }
    assert_int_equal(asked, 4 * ROUNDS);
    assert_int_equal(answered, 4 * ROUNDS);
    upstreams_unref(u);
}

static void one_worker_probes(void **state)
{
    (void)state;
    for (int i = 1; i <= 50; i++) {
        struct upstreams *u = make(1);
        upstreams_doubt(u, 0, false, 1);
        probes_taken = 0;
        run_all(take_once, u);
        assert_int_equal(probes_taken, 1);
        upstreams_unref(u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_good_at_first),
        cmocka_unit_test(there_may_be_none),
        cmocka_unit_test(queries_are_counted),
        cmocka_unit_test(a_doubt_is_probed_once_and_at_once),
        cmocka_unit_test(a_reply_in_time_ends_the_doubt),
        cmocka_unit_test(one_that_is_silent_in_doubt_is_set_aside),
        cmocka_unit_test(one_that_refuses_twice_is_set_aside_at_once),
        cmocka_unit_test(without_a_probe_there_is_no_verdict),
        cmocka_unit_test(it_is_left_alone_for_a_growing_time),
        cmocka_unit_test(the_only_one_is_not_left_alone_for_long),
        cmocka_unit_test(
            when_the_last_one_is_lost_the_others_are_probed_at_once),
        cmocka_unit_test(whatever_it_replies_to_makes_it_good),
        cmocka_unit_test(one_that_comes_and_goes_waits_longer),
        cmocka_unit_test(a_probe_that_comes_back_is_a_loop),
        cmocka_unit_test(a_loop_ends_when_a_later_probe_does_not_come_back),
        cmocka_unit_test(what_was_never_sent_is_no_probe),
        cmocka_unit_test(one_that_is_aside_may_turn_out_a_loop),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(workers_may_use_it_at_once),
        cmocka_unit_test(one_worker_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
