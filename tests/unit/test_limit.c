// SPDX-License-Identifier: Apache-2.0
// Replies a second for each prefix. What has to pass is reckoned by hand: from
// a full bucket, rate + floor(rate * time) by the end, as long as more is asked
// for than is won back.
#include "answer/limit.h"

#include "base/base.h"
#include "lib/fault.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 7, SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

static struct address address_of(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a));
    return a;
}

struct tally {
    uint64_t verdicts[LIMIT_DROP + 1];
};

static void ask(struct limit *l, const struct address *client, uint64_t now_ms,
                unsigned n, struct tally *tally)
{
    while (n--)
        tally->verdicts[limit_ask(l, client, now_ms)]++;
}

// How many of n replies at one time pass.
static unsigned passes(struct limit *l, const char *client, uint64_t now_ms,
                       unsigned n)
{
    struct tally tally = {0};
    const struct address a = address_of(client);
    ask(l, &a, now_ms, n, &tally);
    return (unsigned)tally.verdicts[LIMIT_PASS];
}

// n replies in each millisecond of ten seconds.
static struct tally ask_ten_seconds(uint32_t rate, uint64_t from_ms, unsigned n)
{
    struct tally tally = {0};
    const struct address a = address_of("192.0.2.1");
    struct limit *l = limit_new(rate, SEED);
    assert_non_null(l);
    for (unsigned ms = 0; ms < 10 * SECOND_MS; ms++)
        ask(l, &a, from_ms + ms, n, &tally);
    limit_free(l);
    return tally;
}

static void a_rate_is_kept_to_the_reply(void **state)
{
    (void)state;
    static const struct {
        uint32_t rate;
        unsigned asked; // each millisecond
        uint64_t passed;
    } cases[] = {
        {1, 1, 1 + 9},        {7, 1, 7 + 69},         {100, 1, 100 + 999},
        {997, 3, 997 + 9969}, {1000, 3, 1000 + 9999}, {1500, 3, 1500 + 14998},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        const uint64_t over =
            10000 * (uint64_t)cases[i].asked - cases[i].passed;
        const struct tally t =
            ask_ten_seconds(cases[i].rate, 5000, cases[i].asked);
        assert_int_equal(t.verdicts[LIMIT_PASS], cases[i].passed);
        // half of the rest, the first one of them
        assert_int_equal(t.verdicts[LIMIT_SLIP], (over + 1) / 2);
        assert_int_equal(t.verdicts[LIMIT_DROP], over / 2);
    }
}

static void less_than_the_rate_passes_whole(void **state)
{
    (void)state;
    // 1000 a second
    const struct tally t = ask_ten_seconds(1001, 0, 1);
    assert_int_equal(t.verdicts[LIMIT_PASS], 10000);
}

static void a_second_may_come_at_once(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 3, 1000, 1024, LIMIT_RATE_MAX};
    for (size_t i = 0; i < ORD_COUNT(rates); i++) {
        const uint32_t rate = rates[i];
        struct limit *l = limit_new(rate, SEED);
        assert_non_null(l);
        assert_int_equal(passes(l, "192.0.2.1", 77, rate + 10), rate);
        // half of it comes back in half a second, and no more than all of it
        assert_int_equal(passes(l, "192.0.2.1", 577, rate + 10), rate / 2);
        assert_int_equal(passes(l, "192.0.2.1", 9000, rate + 10), rate);
        limit_free(l);
    }
}

static void rates_out_of_bounds_are_taken_as_the_nearest(void **state)
{
    (void)state;
    struct limit *l = limit_new(0, SEED);
    assert_non_null(l);
    assert_int_equal(passes(l, "192.0.2.1", 0, 10), 1);
    limit_free(l);
    l = limit_new(UINT32_MAX, SEED);
    assert_non_null(l);
    assert_int_equal(passes(l, "192.0.2.1", 0, 2 * LIMIT_RATE_MAX),
                     LIMIT_RATE_MAX);
    limit_free(l);
}

// Of one over the rate and the next, one is cut and one is dropped, also where
// some pass in between.
static void half_of_what_is_over_is_cut(void **state)
{
    (void)state;
    static const enum limit_verdict expected[][3] = {
        {LIMIT_PASS, LIMIT_SLIP, LIMIT_DROP},
        {LIMIT_PASS, LIMIT_SLIP, LIMIT_DROP},
        {LIMIT_PASS, LIMIT_SLIP, LIMIT_DROP},
    };
    const struct address a = address_of("192.0.2.1");
    struct limit *l = limit_new(1, SEED);
    assert_non_null(l);
    for (size_t s = 0; s < ORD_COUNT(expected); s++)
        for (size_t i = 0; i < ORD_COUNT(expected[s]); i++)
            assert_int_equal(limit_ask(l, &a, s * SECOND_MS), expected[s][i]);
    // one over the rate each second
    for (unsigned s = 3; s < 9; s++) {
        assert_int_equal(limit_ask(l, &a, s * SECOND_MS), LIMIT_PASS);
        assert_int_equal(limit_ask(l, &a, s * SECOND_MS),
                         s % 2 ? LIMIT_SLIP : LIMIT_DROP);
    }
    limit_free(l);
}

// One client after the other: which of them has a bucket with one before it.
struct pair {
    const char *first;
    const char *second;
    bool share;
};

static void prefixes_do_not_touch_each_other(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        // an IPv4 /24
        {"192.0.2.0", "192.0.2.255", true},
        {"192.0.2.255", "192.0.3.0", false},
        {"192.0.2.1", "192.0.1.1", false},
        {"192.0.2.1", "193.0.2.1", false},
        // an IPv6 /56
        {"2001:db8:0:ff00::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:ff00::1", "2001:db8:0:fe00::1", false},
        {"2001:db8:0:ff00::1", "2001:db8:1:ff00::1", false},
        {"2001:db8::1", "3001:db8::1", false},
        // RFC 4291 2.5.5.2
        {"192.0.2.1", "::ffff:192.0.2.2", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.3.1", false},
        {"192.0.2.1", "::192.0.2.1", false},
        {"192.0.2.1", "::fffe:192.0.2.1", false},
        {"192.0.2.1", "1::ffff:192.0.2.1", false},
        {"192.0.2.1", "c000:200::", false},
        // the octets that are nought where an IPv4 address ends
        {"0.0.0.0", "::1", false},
    };
    for (size_t i = 0; i < ORD_COUNT(pairs); i++) {
        struct limit *l = limit_new(5, SEED);
        assert_non_null(l);
        assert_int_equal(passes(l, pairs[i].first, 0, 20), 5);
        assert_int_equal(passes(l, pairs[i].second, 0, 20),
                         pairs[i].share ? 0 : 5);
        // and nothing is given back
        assert_int_equal(passes(l, pairs[i].first, 0, 20), 0);
        limit_free(l);
    }
}

// A burst a minute for 50 days: 2^32 ms pass on the way.
static void weeks_may_pass(void **state)
{
    (void)state;
    const uint64_t end_ms = (uint64_t)50 * 24 * 60 * MINUTE_MS;
    const struct address a = address_of("192.0.2.1");
    struct limit *l = limit_new(10, SEED);
    assert_non_null(l);
    for (uint64_t ms = 0; ms < end_ms; ms += MINUTE_MS) {
        struct tally tally = {0};
        ask(l, &a, ms, 15, &tally);
        assert_int_equal(tally.verdicts[LIMIT_PASS], 10);
    }
    limit_free(l);
}

// The times at which the numbers that are kept may begin anew.
static void a_rate_is_kept_where_time_goes_round(void **state)
{
    (void)state;
    static const uint64_t rounds_ms[] = {
        (uint64_t)1 << 31, (uint64_t)1 << 32, (uint64_t)1 << 38,
        (uint64_t)1 << 39, (uint64_t)1 << 40,
    };
    for (size_t i = 0; i < ORD_COUNT(rounds_ms); i++) {
        const uint64_t from_ms = rounds_ms[i] - 5000;
        struct tally t = ask_ten_seconds(100, from_ms, 1);
        assert_int_equal(t.verdicts[LIMIT_PASS], 100 + 999);
        assert_int_equal(t.verdicts[LIMIT_DROP], (10000 - 1099) / 2);
        // where a millisecond is 997 steps
        t = ask_ten_seconds(997, rounds_ms[i] / 997 - 5000, 3);
        assert_int_equal(t.verdicts[LIMIT_PASS], 997 + 9969);
        // a bucket that was never asked for is full, just before as well
        struct limit *l = limit_new(1000, SEED);
        assert_non_null(l);
        assert_int_equal(passes(l, "192.0.2.1", rounds_ms[i] - 1, 2000), 1000);
        assert_int_equal(passes(l, "192.0.3.1", rounds_ms[i], 2000), 1000);
        limit_free(l);
    }
}

static void the_clock_of_another_thread_may_be_behind(void **state)
{
    (void)state;
    struct limit *l = limit_new(100, SEED);
    assert_non_null(l);
    assert_int_equal(passes(l, "192.0.2.1", 10000, 200), 100);
    assert_int_equal(passes(l, "192.0.2.1", 9999, 200), 0);
    assert_int_equal(passes(l, "192.0.2.1", 9001, 200), 0);
    assert_int_equal(passes(l, "192.0.2.1", 10010, 200), 1);
    limit_free(l);
}

// The n-th of all IPv4 prefixes.
static struct address prefix_of(uint32_t n)
{
    return (struct address){
        .family = FAMILY_IPV4,
        .octets = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 1},
    };
}

static uint32_t count_passes(struct limit *l, uint32_t prefixes,
                             uint64_t now_ms)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < prefixes; i++) {
        const struct address a = prefix_of(i);
        n += limit_ask(l, &a, now_ms) == LIMIT_PASS;
    }
    return n;
}

// A million prefixes at once: four times as many as there is room for.
static void who_finds_no_room_passes(void **state)
{
    (void)state;
    enum { PREFIXES = 1 << 20, ROOM = 1 << 18 };
    struct limit *l = limit_new(1, SEED);
    assert_non_null(l);
    assert_int_equal(count_passes(l, PREFIXES, 0), PREFIXES);
    // those in the table have had theirs; it is full but for a few sets
    const uint32_t limited = PREFIXES - count_passes(l, PREFIXES, 0);
    assert_in_range(limited, ROOM - ROOM / 100, ROOM);
    // a second later nothing of that is left
    assert_int_equal(count_passes(l, PREFIXES, SECOND_MS), PREFIXES);
    limit_free(l);
}

// Whoever is in the table stays there, however many others come.
static void a_flood_of_others_frees_nobody(void **state)
{
    (void)state;
    struct limit *l = limit_new(1, SEED);
    assert_non_null(l);
    assert_int_equal(passes(l, "192.0.2.1", 0, 10), 1);
    (void)count_passes(l, 1 << 20, 0);
    assert_int_equal(passes(l, "192.0.2.1", 999, 10), 0);
    assert_int_equal(passes(l, "192.0.2.1", 1000, 10), 1);
    limit_free(l);
}

// --- threads ----------------------------------------------------------------

enum { THREADS = 4 };

struct asker {
    struct limit *limit;
    pthread_barrier_t *start;
    unsigned until_ms; // from 0
    unsigned each_ms;
    struct tally tally;
    pthread_t thread;
};

static void *run_asker(void *context)
{
    struct asker *asker = context;
    const struct address a = address_of("192.0.2.1");
    pthread_barrier_wait(asker->start);
    for (unsigned ms = 0; ms <= asker->until_ms; ms++)
        ask(asker->limit, &a, ms, asker->each_ms, &asker->tally);
    return NULL;
}

static struct tally ask_from_threads(uint32_t rate, unsigned until_ms,
                                     unsigned each_ms)
{
    struct asker askers[THREADS];
    struct tally sum = {0};
    pthread_barrier_t start;
    struct limit *l = limit_new(rate, SEED);
    assert_non_null(l);
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.limit = l,
                                   .start = &start,
                                   .until_ms = until_ms,
                                   .each_ms = each_ms};
        assert_int_equal(
            pthread_create(&askers[i].thread, NULL, run_asker, &askers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        for (size_t v = 0; v < ORD_COUNT(sum.verdicts); v++)
            sum.verdicts[v] += askers[i].tally.verdicts[v];
    }
    pthread_barrier_destroy(&start);
    limit_free(l);
    return sum;
}

static void threads_share_one_rate(void **state)
{
    (void)state;
    enum { EACH = LIMIT_RATE_MAX / 2 };
    // at one time
    struct tally t = ask_from_threads(LIMIT_RATE_MAX, 0, EACH);
    assert_int_equal(t.verdicts[LIMIT_PASS], LIMIT_RATE_MAX);
    assert_int_equal(t.verdicts[LIMIT_SLIP] + t.verdicts[LIMIT_DROP],
                     THREADS * EACH - LIMIT_RATE_MAX);
    // each at its own pace through 0.9 s
    t = ask_from_threads(1000, 900, 100);
    assert_int_equal(t.verdicts[LIMIT_PASS], 1000 + 900);
}

// --- memory -----------------------------------------------------------------

static void memory_is_got_once(void **state)
{
    (void)state;
    fault_alloc_after(1);
    assert_null(limit_new(1, SEED));
    fault_alloc_after(-1);
    assert_true(fault_alloc_hit());
    limit_free(NULL);

    unsigned long count = fault_alloc_count();
    struct limit *l = limit_new(1, SEED);
    assert_non_null(l);
    assert_int_equal(fault_alloc_count(), count + 1);
    (void)count_passes(l, 1000, 0);
    assert_int_equal(fault_alloc_count(), count + 1);
    limit_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_kept_to_the_reply),
        cmocka_unit_test(less_than_the_rate_passes_whole),
        cmocka_unit_test(a_second_may_come_at_once),
        cmocka_unit_test(rates_out_of_bounds_are_taken_as_the_nearest),
        cmocka_unit_test(half_of_what_is_over_is_cut),
        cmocka_unit_test(prefixes_do_not_touch_each_other),
        cmocka_unit_test(weeks_may_pass),
        cmocka_unit_test(a_rate_is_kept_where_time_goes_round),
        cmocka_unit_test(the_clock_of_another_thread_may_be_behind),
        cmocka_unit_test(who_finds_no_room_passes),
        cmocka_unit_test(a_flood_of_others_frees_nobody),
        cmocka_unit_test(threads_share_one_rate),
        cmocka_unit_test(memory_is_got_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
