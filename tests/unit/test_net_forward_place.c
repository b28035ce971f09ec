// SPDX-License-Identifier: Apache-2.0
// Places for queries that are forwarded, without sockets for clients: what is
// given back when, and what the other tests cannot time. test_net_forward.c has
// the ways there and back.
#include "../../src/net/forward.h"
#include "../../src/net/hold.h"
#include "../../src/net/wait.h"
#include "lib/draft.h"
#include "lib/dummy.h"
#include "lib/reply.h"
#include "lib/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "www.example.com"
#define WEB  "web-0.web.test.svc.cluster.local"

enum { SIZE = 1232, PLACES = 80, HOLD_MS = 5000, SERVFAIL = 2 };

struct bench {
    uv_loop_t loop;
    struct responder responder;
    struct hold hold;
    struct forward forward;
    struct dummy *up; // says nothing
    struct wait_ways ways;
    struct wait_called called;
    struct answer_job jobs[BATCH_MAX];
    struct sockaddr_any client;
    uint8_t messages[BATCH_MAX][SIZE];
    struct parked *place[BATCH_MAX];
    unsigned told; // how often
    bool answers;  // when told, one batch, and takes its time
};

static void on_told(void *context)
{
    struct bench *const b = context;

    b->told++;
    if (!b->answers)
        return;
    const unsigned n = wait_fetch(&b->ways, b->jobs, &b->called);
    wait_answer(&b->ways, b->jobs, &b->called);
    uv_sleep(2 * PARK_TURN_MS);
    wait_done(b->jobs, &b->called, n);
    wait_tell_rest(&b->ways);
}

static void start_forwarding(struct bench *b)
{
    const struct sockaddr_any address = dummy_address(b->up);
    struct upstreams *const u = upstreams_new(&address, 1, NULL, NULL);
    const struct forward_settings settings = {
        .limits = {.places = PLACES, .client_places = PLACES},
        .asks_max = PLACES,
        .upstreams = u,
    };

    assert_non_null(u);
    assert_int_equal(forward_init(&b->forward, &b->responder, &settings), 0);
    upstreams_unref(u);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    b->up = dummy_new("127.0.0.1:0");
    dummy_obey(b->up, (struct dummy_orders){.silent = true});
    b->client = server_address("192.0.2.1:53");
    b->responder.loop = &b->loop;
    b->responder.clock = clock_of_system();
    b->responder.context.zone = server_zone();
    b->responder.context.settings =
        (struct answer_settings){.udp_size_max = SIZE,
                                 .hold_ms = HOLD_MS,
                                 .forwards = true,
                                 .falls_through = true};
    b->responder.hold = &b->hold;
    b->responder.forward = &b->forward;
    assert_int_equal(hold_init(&b->hold, &b->responder), 0);
    start_forwarding(b);
    wait_init(&b->ways, &b->responder, on_told, b);
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        b->jobs[i].message = b->messages[i];
        b->jobs[i].size = SIZE;
        b->jobs[i].client = &b->client;
    }
    *state = b;
    return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    wait_forget(&b->ways);
    assert_int_equal(counter_read(&b->responder.counters.parked), 0);
    assert_int_equal(counter_read(&b->responder.counters.forwarded), 0);
    assert_false(forward_is_waiting(&b->forward));
    forward_close(&b->forward);
    uv_walk(&b->loop, close_handle, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    hold_release(&b->hold);
    forward_release(&b->forward);
    zone_free((struct zone *)(uintptr_t)b->responder.context.zone);
    dummy_free(b->up);
    free(b);
    return 0;
}

static void publish(struct bench *b, const char *words)
{
    struct zone *z = (struct zone *)(uintptr_t)b->responder.context.zone;
    struct zone_update *u = zone_update_begin(z);

    assert_non_null(u);
    if (words) {
        struct draft *d = draft_new(words);
        struct error err;
        assert_int_equal(zone_update_service(u, draft_service(d), &err), 0);
        draft_free(d);
    } else {
        assert_int_equal(zone_update_remove(u, "test", "web"), 0);
    }
    zone_update_publish(u, zone_serial(z) + 1, true);
}

// One query. Returns its place, or NULL.
static struct parked *ask(struct bench *b, uint16_t id, const char *name)
{
    b->jobs[0].query_n =
        (uint32_t)query_write(b->messages[0], SIZE, id, name, 1, SIZE, false);
    responder_answer(&b->responder, b->jobs, 1);
    assert_true(responder_has_waiting(&b->responder));
    wait_take_all(&b->ways, b->jobs, 1, b->place);
    return b->place[0];
}

static unsigned rcode_of(const struct answer_job *job)
{
    assert_int_equal(job->verdict, ANSWER_SEND);
    return job->message[3] & 0x0f;
}

static void a_query_is_known_by_all_that_a_client_repeats(void **state)
{
    struct bench *b = *state;
    assert_non_null(ask(b, 1, NAME));
    assert_null(ask(b, 1, NAME));
    assert_int_equal(b->jobs[0].verdict, ANSWER_DROP);
    assert_non_null(ask(b, 2, NAME));
    assert_non_null(ask(b, 1, "wWw.example.com"));
    assert_non_null(ask(b, 1, "x." NAME));
    b->client = server_address("192.0.2.1:54");
    assert_non_null(ask(b, 1, NAME));
    b->client = server_address("192.0.2.2:53");
    assert_non_null(ask(b, 1, NAME));
    assert_int_equal(b->forward.park.n, 6);
    assert_true(forward_is_waiting(&b->forward));
}

static void places_that_were_left_are_given_again(void **state)
{
    struct bench *b = *state;
    for (int round = 0; round < 3; round++) {
        struct parked *all[PLACES];
        for (uint16_t i = 0; i < PLACES; i++) {
            all[i] = ask(b, i, i % 2 ? NAME : "x." NAME);
            assert_non_null(all[i]);
        }
        assert_null(ask(b, PLACES, NAME));
        assert_int_equal(rcode_of(&b->jobs[0]), SERVFAIL);
        for (uint16_t i = 0; i < PLACES; i++)
            park_leave(all[i]);
        assert_false(forward_is_waiting(&b->forward));
    }
    assert_int_equal(counter_read(&b->responder.counters.forward_full), 3);
}

// Before the loop runs: a batch's replies leave first.
static void nothing_is_asked_within_a_batch(void **state)
{
    struct bench *b = *state;
    assert_non_null(ask(b, 1, NAME));
    assert_int_equal(counter_read(&b->responder.counters.forward_asked), 0);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(counter_read(&b->responder.counters.forward_asked), 1);
}

static void a_turn_asks_no_more_than_its_part(void **state)
{
    struct bench *b = *state;
    char name[64];
    for (uint16_t i = 0; i < PLACES; i++) {
        snprintf(name, sizeof name, "%u." NAME, i);
        assert_non_null(ask(b, i, name));
    }
    for (uint64_t n = 0; n < PLACES; n += EXCHANGE_TURN_ASKS) {
        assert_int_equal(counter_read(&b->responder.counters.forward_asked), n);
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(counter_read(&b->responder.counters.forward_asked),
                     PLACES);
}

// However many wait for it: the loop has other things to do in between.
static void a_turn_answers_no_more_than_its_part(void **state)
{
    struct bench *b = *state;
    enum { LARGE = 4000, N = 20 };

    dummy_obey(b->up, (struct dummy_orders){.records = LARGE});
    b->answers = true;
    for (uint16_t i = 0; i < N; i++)
        assert_non_null(ask(b, i, NAME));
    while (b->told == 0)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    for (unsigned told = 1; told < N; told++) {
        assert_int_equal(b->told, told);
        assert_int_equal(b->called.n, 1); // it is as large as may be
        assert_int_equal(b->forward.park.n, N - told);
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
    assert_int_equal(b->forward.park.n, 0);
    assert_int_equal(counter_read(&b->responder.counters.forward_failed), 0);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(b->told, N);
}

static void stopping_leaves_none_of_them(void **state)
{
    struct bench *b = *state;

    dummy_obey(b->up, (struct dummy_orders){.records = 1});
    b->answers = true;
    for (uint16_t i = 0; i < PLACES; i++)
        assert_non_null(ask(b, i, NAME));
    while (b->told == 0)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->forward.park.n, PLACES - BATCH_MAX);
    forward_stop(&b->forward, 0);
    assert_int_equal(b->forward.park.n, 0);
}

static void when_stopped_nothing_waits_any_more(void **state)
{
    struct bench *b = *state;
    assert_non_null(ask(b, 1, NAME));
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    forward_stop(&b->forward, 0);
    while (forward_is_waiting(&b->forward))
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(wait_fetch(&b->ways, b->jobs, &b->called), 1);
    wait_answer(&b->ways, b->jobs, &b->called);
    assert_int_equal(rcode_of(&b->jobs[0]), SERVFAIL);
    wait_done(b->jobs, &b->called, 1);
    assert_int_equal(b->forward.park.n, 0);
    assert_null(ask(b, 2, NAME));
    assert_int_equal(rcode_of(&b->jobs[0]), SERVFAIL);
    assert_false(forward_is_waiting(&b->forward));
}

// --- held before -----------------------------------------------------------

// A held query whose service goes. Returns with it answered, but not done.
static void hold_and_let_go(struct bench *b)
{
    publish(b, "test/web headless declares web 0 3");
    struct parked *who = ask(b, 1, WEB);
    assert_non_null(who);
    assert_int_equal(b->hold.park.n, 1);
    who->local.n = 3;
    memcpy(who->local.info, "abc", 3);
    publish(b, NULL);
    hold_stop(&b->hold);
    assert_int_equal(wait_fetch(&b->ways, b->jobs, &b->called), 1);
    wait_answer(&b->ways, b->jobs, &b->called);
    assert_int_equal(b->jobs[0].verdict, ANSWER_FORWARD);
    assert_int_equal(b->forward.park.n, 1);
}

static void a_held_query_takes_its_way_back_along(void **state)
{
    struct bench *b = *state;
    hold_and_let_go(b);
    wait_done(b->jobs, &b->called, 1);
    assert_int_equal(b->hold.park.n, 0);
    assert_int_equal(b->forward.park.n, 1);
    forward_stop(&b->forward, 0);
    while (forward_is_waiting(&b->forward))
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(wait_fetch(&b->ways, b->jobs, &b->called), 1);
    const struct parked *const who = b->called.who[0];
    assert_int_equal(who->local.n, 3);
    assert_memory_equal(who->local.info, "abc", 3);
    assert_int_equal(sockaddr_port(&who->client), 53);
    wait_answer(&b->ways, b->jobs, &b->called);
    wait_done(b->jobs, &b->called, 1);
    assert_int_equal(b->forward.park.n, 0);
}

// What stands before it could not be sent: it is met again.
static void it_is_held_on_while_it_cannot_be_sent(void **state)
{
    struct bench *b = *state;
    hold_and_let_go(b);
    wait_done(b->jobs, &b->called, 0);
    assert_int_equal(b->hold.park.n, 1);
    assert_int_equal(b->forward.park.n, 0);
    assert_int_equal(wait_fetch(&b->ways, b->jobs, &b->called), 1);
    wait_answer(&b->ways, b->jobs, &b->called);
    assert_int_equal(b->jobs[0].verdict, ANSWER_FORWARD);
    wait_done(b->jobs, &b->called, 1);
    assert_int_equal(b->hold.park.n, 0);
    assert_int_equal(b->forward.park.n, 1);
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

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_query_is_known_by_all_that_a_client_repeats),
        test(places_that_were_left_are_given_again),
        test(nothing_is_asked_within_a_batch),
        test(a_turn_asks_no_more_than_its_part),
        test(a_turn_answers_no_more_than_its_part),
        test(stopping_leaves_none_of_them),
        test(when_stopped_nothing_waits_any_more),
        test(a_held_query_takes_its_way_back_along),
        test(it_is_held_on_while_it_cannot_be_sent),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
