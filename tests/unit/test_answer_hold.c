// SPDX-License-Identifier: Apache-2.0
// Questions that wait for an ordinal (--hold): which ones, and what is left of
// them for the next time.
#include "answer/limit.h"
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3, HOLD_MS = 700 };

#define WEB(n) "web-" #n ".db.one.svc.cluster.local."

static const struct sockaddr_any client = {
    .v4 = {.sin_family = AF_INET, .sin_port = 0x1d04}, .length = 16};

static int set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                   "end web-0 10.0.0.1");
    testbed_put(t, "one/none headless declares web 0 3");
    testbed_put(t, "one/alias external web-1.db.one.svc.cluster.local");
    testbed_publish(t);
    t->context.settings.hold_ms = HOLD_MS;
    *state = t;
    return 0;
}

// Answer it as it was received; the message is in t->message.
static struct answer_job answer(struct testbed *t,
                                const struct testbed_query *q,
                                struct answer_job job)
{
    job.message = t->message;
    job.query_n = (uint32_t)q->n;
    job.size = DNS_TCP_MAX;
    job.client = &client;
    memcpy(t->message, q->octets, q->n);
    answer_batch(&t->context, &job, 1);
    return job;
}

static struct answer_job ask(struct testbed *t, const char *name, uint16_t type)
{
    const struct testbed_query q = testbed_query(name, type, 1232);
    return answer(t, &q, (struct answer_job){.transport = ANSWER_UDP});
}

static unsigned rcode_of(const struct answer_job *job)
{
    assert_int_equal(job->verdict, ANSWER_SEND);
    return job->message[3] & 0x0f;
}

static uint64_t asked(const struct testbed *t)
{
    return counter_read(&t->context.counters.queries[ANSWER_UDP]);
}

// --- who waits -------------------------------------------------------------

static void a_declared_ordinal_without_a_name_is_waited_for(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct answer_job job = answer(
            t, &q,
            (struct answer_job){.transport = tcp ? ANSWER_TCP : ANSWER_UDP});
        assert_int_equal(job.verdict, ANSWER_PARK);
        assert_int_equal(job.park_ms, HOLD_MS);
        assert_true(job.park_for_change);
        assert_memory_equal(t->message, q.octets, q.n);
    }
    assert_int_equal(counter_read(&t->context.counters.parked), 2);
    for (int i = 0; i < ANSWER_RCODES; i++)
        assert_int_equal(counter_read(&t->context.counters.replies[i]), 0);
}

// Whatever its type, its flags, its letters and its service's state.
static void all_questions_for_it_wait(void **state)
{
    static const uint16_t types[] = {1, 28, 33, 16, 255, 12, 65, 5};
    struct testbed *t = *state;
    for (size_t i = 0; i < ORD_COUNT(types); i++)
        assert_int_equal(ask(t, WEB(2), types[i]).verdict, ANSWER_PARK);
    assert_int_equal(ask(t, "WEB-1.dB.oNe.sVc.Cluster.Local.", TYPE_A).verdict,
                     ANSWER_PARK);
    assert_int_equal(
        ask(t, "web-0.none.one.svc.cluster.local.", TYPE_A).verdict,
        ANSWER_PARK);
    struct testbed_query q = testbed_query(WEB(1), TYPE_A, 0);
    q.octets[2] |= 0x01; // RD
    q.octets[3] |= 0x30; // AD, CD
    assert_int_equal(answer(t, &q, (struct answer_job){0}).verdict,
                     ANSWER_PARK);
}

static void what_is_not_declared_does_not_exist_at_once(void **state)
{
    static const char *const names[] = {
        WEB(3),
        WEB(01),
        WEB(x),
        "x-1.db.one.svc.cluster.local.",
        "web-1.alias.one.svc.cluster.local.",
        "web-1.db.two.svc.cluster.local.",
        "x.web-1.db.one.svc.cluster.local.",
        "web-1.one.svc.cluster.local.",
    };
    struct testbed *t = *state;
    for (size_t i = 0; i < ORD_COUNT(names); i++) {
        const struct answer_job job = ask(t, names[i], TYPE_A);
        assert_int_equal(rcode_of(&job), NXDOMAIN);
    }
    assert_int_equal(counter_read(&t->context.counters.parked), 0);
}

// A type that an ordinal with a name has not is NODATA; transfers and classes
// that are not here are refused.
static void all_other_answers_are_as_ever(void **state)
{
    struct testbed *t = *state;
    assert_answer(t, "web-0.db.one", "A", "A 10.0.0.1");
    assert_answer(t, "web-0.db.one", "AAAA", "NODATA");
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    assert_answer(t, "one", "A", "NODATA");
    assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", "NXDOMAIN");
    assert_answer(t, "example.org.", "A", "REFUSED ede 20");
    struct answer_job job = ask(t, WEB(1), 252);
    assert_int_equal(rcode_of(&job), 5);
    struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    q.octets[q.n - 11 - 1] = 3; // class CH
    job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), 5);
    job = ask(t, "alias.one.svc.cluster.local.", TYPE_A);
    assert_int_equal(rcode_of(&job), NXDOMAIN); // at the end of a chain
}

static void without_hold_nothing_is_waited_for(void **state)
{
    struct testbed *t = *state;
    t->context.settings.hold_ms = 0;
    const struct answer_job job = ask(t, WEB(1), TYPE_A);
    assert_int_equal(rcode_of(&job), NXDOMAIN);
    assert_int_equal(counter_read(&t->context.counters.parked), 0);
}

// Nothing is known before the first load is complete (RFC 8914 4.15).
static void an_incomplete_zone_says_so_at_once(void **state)
{
    struct testbed *t = testbed_new(NULL);
    (void)state;
    t->context.settings.hold_ms = HOLD_MS;
    testbed_put(t, "one/db headless declares web 0 3");
    zone_update_publish(t->update, TESTBED_NOW_S, false);
    t->update = NULL;
    struct answer_job job = ask(t, WEB(1), TYPE_A);
    assert_int_equal(rcode_of(&job), 2);
    testbed_publish(t);
    job = ask(t, WEB(1), TYPE_A);
    assert_int_equal(job.verdict, ANSWER_PARK);
    testbed_free(t);
}

static void a_query_of_more_than_512_octets_does_not_wait(void **state)
{
    static const uint8_t padding[600];
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    const size_t opt = q.n - 11;
    testbed_query_option(&q, opt, 12, padding, 512 - q.n - 4);
    assert_int_equal(q.n, 512);
    assert_int_equal(answer(t, &q, (struct answer_job){0}).verdict,
                     ANSWER_PARK);
    q = testbed_query(WEB(1), TYPE_A, 1232);
    testbed_query_option(&q, opt, 12, padding, 513 - q.n - 4);
    const struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(rcode_of(&job), NXDOMAIN);
}

// --- the next time ---------------------------------------------------------

static void asked_again_it_waits_on_and_is_counted_once(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    assert_int_equal(answer(t, &q, (struct answer_job){0}).verdict,
                     ANSWER_PARK);
    for (int i = 0; i < 3; i++) {
        const struct answer_job job =
            answer(t, &q, (struct answer_job){.again = true});
        assert_int_equal(job.verdict, ANSWER_PARK);
        assert_true(job.park_for_change);
    }
    assert_int_equal(asked(t), 1);
    assert_int_equal(counter_read(&t->context.counters.parked), 1);
}

static void it_is_answered_when_its_name_is_there(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    struct reply r;
    char error[200];

    (void)answer(t, &q, (struct answer_job){0});
    testbed_serve(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                     "end web-0 10.0.0.1 end web-1 10.0.0.2");
    const struct answer_job job =
        answer(t, &q, (struct answer_job){.again = true});
    assert_int_equal(job.verdict, ANSWER_SEND);
    assert_true(reply_read(t->message, job.reply_n, &r, error));
    assert_int_equal(r.rcode, 0);
    assert_string_equal(r.lines[REPLY_ANSWER][0], WEB(1) " 5 IN A 10.0.0.2");
    reply_release(&r);
    assert_int_equal(asked(t), 1);
}

static void when_its_time_is_over_it_does_not_exist(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    (void)answer(t, &q, (struct answer_job){0});
    const struct answer_job job =
        answer(t, &q, (struct answer_job){.again = true, .due_now = true});
    assert_int_equal(rcode_of(&job), NXDOMAIN);
    assert_int_equal(asked(t), 1);
    assert_int_equal(counter_read(&t->context.counters.parked), 1);
    assert_int_equal(counter_read(&t->context.counters.replies[NXDOMAIN]), 1);
}

// Both families are asked for at a time; the one that the pod has not is no
// reason to wait on.
static void a_name_with_other_addresses_is_not_waited_for(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_AAAA, 1232);
    (void)answer(t, &q, (struct answer_job){0});
    testbed_serve(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                     "end web-1 10.0.0.2");
    const struct answer_job job =
        answer(t, &q, (struct answer_job){.again = true});
    assert_int_equal(rcode_of(&job), 0);
    assert_int_equal(bytes_load_u16(t->message + 6), 0);
}

// A StatefulSet that goes takes the reason to wait along.
static void it_does_not_wait_on_for_what_is_declared_no_more(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    (void)answer(t, &q, (struct answer_job){0});
    testbed_serve(t, "one/db headless declares web 0 1");
    const struct answer_job job =
        answer(t, &q, (struct answer_job){.again = true});
    assert_int_equal(rcode_of(&job), NXDOMAIN);
}

// It was let through when it came; the limit is asked once for one reply.
static void the_limit_is_asked_when_it_comes_and_not_again(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = testbed_query(WEB(1), TYPE_A, 1232);
    unsigned parked = 0;
    t->context.settings.limit = limit_new(5, 1);
    assert_non_null(t->context.settings.limit);
    t->context.now_ms = 1000;
    for (int i = 0; i < 100; i++)
        parked += answer(t, &q, (struct answer_job){0}).verdict == ANSWER_PARK;
    assert_in_range(parked, 5, 6);
    const uint64_t limited = counter_read(&t->context.counters.limited);
    assert_int_equal(limited, 100 - parked);
    for (int i = 0; i < 100; i++) {
        const struct answer_job job =
            answer(t, &q, (struct answer_job){.again = true, .due_now = true});
        assert_int_equal(rcode_of(&job), NXDOMAIN);
    }
    assert_int_equal(counter_read(&t->context.counters.limited), limited);
    limit_free(t->context.settings.limit);
}

// In a batch it changes nothing for those beside it.
static void others_of_its_batch_are_answered(void **state)
{
    enum { N = 9, SIZE = 1232 };
    static const char *const names[] = {WEB(0), WEB(1), WEB(7)};
    struct testbed *t = *state;
    struct answer_job jobs[N];
    uint8_t *buffers = malloc(N * SIZE);

    assert_non_null(buffers);
    for (unsigned i = 0; i < N; i++) {
        const struct testbed_query q =
            testbed_query(names[i % 3], TYPE_A, 1232);
        jobs[i] = (struct answer_job){.message = buffers + i * SIZE,
                                      .query_n = (uint32_t)q.n,
                                      .size = SIZE,
                                      .client = &client};
        memcpy(jobs[i].message, q.octets, q.n);
    }
    answer_batch(&t->context, jobs, N);
    for (unsigned i = 0; i < N; i++) {
        if (i % 3 == 1)
            assert_int_equal(jobs[i].verdict, ANSWER_PARK);
        else
            assert_int_equal(rcode_of(&jobs[i]), i % 3 ? NXDOMAIN : 0);
    }
    assert_int_equal(asked(t), N);
    free(buffers);
}

static int register_reader(void **state)
{
    (void)state;
    zone_reader_register();
    return 0;
}

static int unregister_reader(void **state)
{
    (void)state;
    zone_reader_unregister();
    return 0;
}

#define test(name)                                                             \
    cmocka_unit_test_setup_teardown(name, set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_declared_ordinal_without_a_name_is_waited_for),
        test(all_questions_for_it_wait),
        test(what_is_not_declared_does_not_exist_at_once),
        test(all_other_answers_are_as_ever),
        test(without_hold_nothing_is_waited_for),
        test(an_incomplete_zone_says_so_at_once),
        test(a_query_of_more_than_512_octets_does_not_wait),
        test(asked_again_it_waits_on_and_is_counted_once),
        test(it_is_answered_when_its_name_is_there),
        test(a_name_with_other_addresses_is_not_waited_for),
        test(when_its_time_is_over_it_does_not_exist),
        test(it_does_not_wait_on_for_what_is_declared_no_more),
        test(the_limit_is_asked_when_it_comes_and_not_again),
        test(others_of_its_batch_are_answered),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
