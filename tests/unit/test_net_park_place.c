// SPDX-License-Identifier: Apache-2.0
// Places for queries that wait, without sockets: whose they are, and when they
// are called. test_net_park.c has the ways there and back.
#include "../../src/net/forward.h"
#include "../../src/net/hold.h"
#include "../../src/net/wait.h"
#include "lib/draft.h"
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define WEB "web-0.web.test.svc.cluster.local"

enum { NXDOMAIN = 3, SIZE = 1232, HOLD_MS = 5000 };

struct bench {
    uv_loop_t loop;
    struct responder responder;
    struct hold hold;
    struct forward forward; // nothing is
    unsigned calls;
    struct answer_job jobs[BATCH_MAX];
    struct sockaddr_any clients[BATCH_MAX];
    uint8_t messages[BATCH_MAX][SIZE];
    struct parked *who[BATCH_MAX];
    struct wait_ways ways[2]; // of two sockets, as far as anybody can tell
    struct wait_called called;
};

static void publish(struct bench *b, const char *words)
{
    struct zone *z = (struct zone *)(uintptr_t)b->responder.context.zone;
    struct zone_update *u = zone_update_begin(z);
    struct draft *d = draft_new(words);
    struct error err;

    assert_non_null(u);
    assert_int_equal(zone_update_service(u, draft_service(d), &err), 0);
    zone_update_publish(u, zone_serial(z) + 1, true);
    draft_free(d);
}

static void on_called(void *context)
{
    struct bench *b = context;
    b->calls++;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    b->responder.loop = &b->loop;
    b->responder.clock = clock_of_system();
    b->responder.context.zone = server_zone();
    b->responder.context.settings.udp_size_max = SIZE;
    b->responder.context.settings.hold_ms = HOLD_MS;
    b->responder.hold = &b->hold;
    b->responder.forward = &b->forward;
    assert_int_equal(hold_init(&b->hold, &b->responder), 0);
    assert_int_equal(
        forward_init(&b->forward, &b->responder, &(struct forward_settings){0}),
        0);
    for (int i = 0; i < 2; i++)
        wait_init(&b->ways[i], &b->responder, on_called, b);
    publish(b, "test/web headless declares web 0 200");
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        b->jobs[i].message = b->messages[i];
        b->jobs[i].size = SIZE;
        b->jobs[i].client = &b->clients[i];
    }
    *state = b;
    return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    wait_forget(&b->ways[0]);
    wait_forget(&b->ways[1]);
    assert_int_equal(counter_read(&b->responder.counters.parked), 0);
    forward_close(&b->forward);
    uv_walk(&b->loop, close_handle, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    hold_release(&b->hold);
    forward_release(&b->forward);
    zone_free((struct zone *)(uintptr_t)b->responder.context.zone);
    free(b);
    return 0;
}

static void put(struct bench *b, unsigned i, const char *client, uint16_t id)
{
    b->clients[i] = server_address(client);
    b->jobs[i].query_n =
        (uint32_t)query_write(b->messages[i], SIZE, id, WEB, 1, SIZE, false);
}

static unsigned rcode_of(const struct answer_job *job)
{
    assert_int_equal(job->verdict, ANSWER_SEND);
    return job->message[3] & 0x0f;
}

// One query of a client. Returns its place, or NULL.
static struct parked *ask(struct bench *b, const char *client, uint16_t id,
                          unsigned origin)
{
    put(b, 0, client, id);
    responder_answer(&b->responder, b->jobs, 1);
    assert_true(responder_has_waiting(&b->responder));
    wait_take_all(&b->ways[origin], b->jobs, 1, b->who);
    assert_int_equal(b->who[0] != NULL, b->jobs[0].verdict == ANSWER_PARK);
    return b->who[0];
}

static void let_pass_ms(struct bench *b, unsigned ms)
{
    const struct timespec t = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&t, NULL);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

// Clients of one /64 share, as one IPv4 address does with all its ports.
static void shares_go_by_ipv4_address_and_ipv6_prefix(void **state)
{
    static const char *const others[] = {"192.0.2.2:53", "[2001:db8:0:1::1]:1"};
    struct bench *b = *state;

    for (unsigned k = 0; k < 2; k++) {
        char text[SOCKADDR_TEXT_SIZE];
        for (unsigned i = 1; i <= HOLD_CLIENT_MAX + 1; i++) {
            if (k == 0)
                snprintf(text, sizeof text, "192.0.2.1:%u", i);
            else
                snprintf(text, sizeof text, "[2001:db8::%x]:53", i);
            struct parked *who = ask(b, text, 1, 0);
            assert_int_equal(who != NULL, i <= HOLD_CLIENT_MAX);
        }
        assert_int_equal(rcode_of(&b->jobs[0]), NXDOMAIN);
        assert_non_null(ask(b, others[k], 1, 0));
    }
    assert_int_equal(b->hold.park.n, 2 * HOLD_CLIENT_MAX + 2);
}

static void a_place_that_was_left_is_given_again(void **state)
{
    struct bench *b = *state;
    struct parked *all[HOLD_CLIENT_MAX];

    for (uint16_t i = 0; i < HOLD_CLIENT_MAX; i++) {
        all[i] = ask(b, "192.0.2.1:1", i, 0);
        assert_non_null(all[i]);
    }
    assert_null(ask(b, "192.0.2.1:1", 99, 0));
    park_leave(all[7]);
    assert_ptr_equal(ask(b, "192.0.2.1:1", 99, 0), all[7]);
    assert_null(ask(b, "192.0.2.1:1", 100, 0));
}

static void all_places_may_be_taken_and_left(void **state)
{
    struct bench *b = *state;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < HOLD_MAX; i++) {
            char text[SOCKADDR_TEXT_SIZE];
            snprintf(text, sizeof text, "10.0.%u.%u:1", i >> 8, i & 255);
            assert_non_null(ask(b, text, 1, i % 2));
        }
        assert_null(ask(b, "192.0.2.1:1", 1, 0));
        assert_int_equal(rcode_of(&b->jobs[0]), NXDOMAIN);
        wait_forget(&b->ways[0]);
        assert_int_equal(b->hold.park.n, HOLD_MAX / 2);
        assert_int_equal(counter_read(&b->responder.counters.parked),
                         HOLD_MAX / 2);
        wait_forget(&b->ways[1]);
        assert_int_equal(b->hold.park.n, 0);
    }
}

// The same query by another socket is another one.
static void what_waits_already_is_known_by_all_that_a_client_repeats(
    void **state)
{
    struct bench *b = *state;
    assert_non_null(ask(b, "192.0.2.1:1", 1, 0));
    assert_null(ask(b, "192.0.2.1:1", 1, 0));
    assert_int_equal(b->jobs[0].verdict, ANSWER_DROP);
    assert_non_null(ask(b, "192.0.2.1:1", 1, 1));
    assert_non_null(ask(b, "192.0.2.1:2", 1, 0));
    assert_non_null(ask(b, "192.0.2.2:1", 1, 0));
    assert_non_null(ask(b, "192.0.2.1:1", 2, 0));
    assert_non_null(ask(b, "[2001:db8::1]:1", 1, 0));
    assert_non_null(ask(b, "[2001:db8::2]:1", 1, 0));
    assert_null(ask(b, "[2001:db8::2]:1", 1, 0));
    assert_int_equal(b->jobs[0].verdict, ANSWER_DROP);
    assert_int_equal(b->hold.park.n, 7);
}

// In one batch, too, and those beside it are as they were.
static void a_batch_may_repeat_itself(void **state)
{
    struct bench *b = *state;
    for (unsigned i = 0; i < 4; i++)
        put(b, i, "192.0.2.1:1", (uint16_t)(i / 2));
    b->jobs[3].query_n = (uint32_t)query_write(b->messages[3], SIZE, 7,
                                               SERVER_SMALL, 1, SIZE, false);
    responder_answer(&b->responder, b->jobs, 4);
    wait_take_all(&b->ways[0], b->jobs, 4, b->who);
    assert_non_null(b->who[0]);
    assert_null(b->who[1]);
    assert_int_equal(b->jobs[1].verdict, ANSWER_DROP);
    assert_non_null(b->who[2]);
    assert_null(b->who[3]);
    assert_int_equal(rcode_of(&b->jobs[3]), 0);
}

// --- being called ----------------------------------------------------------

static unsigned answer_called(struct bench *b, unsigned origin)
{
    const unsigned n = wait_fetch(&b->ways[origin], b->jobs, &b->called);
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < n; i++)
        b->clients[i] = b->called.who[i]->client;
    wait_answer(&b->ways[origin], b->jobs, &b->called);
    return n;
}

// Returns how many of them have left.
static unsigned be_done(struct bench *b, unsigned done)
{
    const uint32_t before = b->hold.park.n;
    wait_done(b->jobs, &b->called, done);
    return before - b->hold.park.n;
}

static void a_change_calls_it_and_no_change_does_not(void **state)
{
    struct bench *b = *state;
    assert_non_null(ask(b, "192.0.2.1:1", 1, 0));
    // what it was first answered from may be old already: so once in any case
    let_pass_ms(b, 2 * HOLD_LOOK_MS);
    assert_int_equal(b->calls, 1);
    assert_int_equal(answer_called(b, 1), 0);
    assert_int_equal(answer_called(b, 0), 1);
    assert_int_equal(b->jobs[0].verdict, ANSWER_PARK);
    assert_int_equal(be_done(b, 1), 0);
    assert_false(b->jobs[0].again);
    let_pass_ms(b, 2 * HOLD_LOOK_MS);
    let_pass_ms(b, 2 * HOLD_LOOK_MS);
    assert_int_equal(b->calls, 1);
    publish(b,
            "test/web headless declares web 0 200 slice4 end web-0 10.0.0.1");
    let_pass_ms(b, 2 * HOLD_LOOK_MS);
    assert_int_equal(b->calls, 2);
    assert_int_equal(answer_called(b, 0), 1);
    assert_int_equal(rcode_of(&b->jobs[0]), 0);
    assert_int_equal(be_done(b, 1), 1);
    assert_int_equal(b->hold.park.n, 0);
    assert_false(uv_is_active((uv_handle_t *)&b->hold.timer));
}

// However often the zone changes.
static void waiting_on_does_not_begin_anew(void **state)
{
    struct bench *b = *state;
    bool over = false;
    b->responder.context.settings.hold_ms = 60;
    assert_non_null(ask(b, "192.0.2.1:1", 1, 0));
    for (int i = 0; i < 1000 && !over; i++) {
        publish(b, i % 2 ? "test/web headless declares web 0 200"
                         : "test/web headless declares web 0 201");
        let_pass_ms(b, 2 * HOLD_LOOK_MS);
        assert_int_equal(answer_called(b, 0), 1);
        over = b->jobs[0].verdict == ANSWER_SEND;
        (void)be_done(b, 1);
    }
    assert_true(over);
    assert_int_equal(rcode_of(&b->jobs[0]), NXDOMAIN);
}

// What could not be sent stays called.
static void only_those_done_leave(void **state)
{
    struct bench *b = *state;
    for (uint16_t id = 0; id < 5; id++)
        assert_non_null(ask(b, "192.0.2.1:1", id, id % 2));
    hold_stop(&b->hold);
    assert_int_equal(b->calls, 2); // each of both ways
    assert_int_equal(answer_called(b, 0), 3);
    assert_int_equal(be_done(b, 1), 1);
    assert_int_equal(answer_called(b, 0), 2);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(rcode_of(&b->jobs[i]), NXDOMAIN);
    assert_int_equal(be_done(b, 2), 2);
    assert_int_equal(answer_called(b, 0), 0);
    assert_int_equal(b->hold.park.n, 2);
    // nobody waits any more
    assert_null(ask(b, "192.0.2.9:1", 1, 0));
    assert_int_equal(rcode_of(&b->jobs[0]), NXDOMAIN);
}

static void waiting_takes_no_memory(void **state)
{
    struct bench *b = *state;
    put(b, 0, "192.0.2.1:1", 1);
    const unsigned long before = fault_alloc_count();
    responder_answer(&b->responder, b->jobs, 1);
    wait_take_all(&b->ways[0], b->jobs, 1, b->who);
    assert_non_null(b->who[0]);
    park_leave(b->who[0]);
    assert_int_equal(fault_alloc_count(), before);
}

static void without_memory_there_are_no_places(void **state)
{
    struct bench *b = *state;
    int r = -ENOMEM;
    long n = 0;

    while (r == -ENOMEM) {
        struct hold h;
        fault_alloc_after(++n);
        r = hold_init(&h, &b->responder);
        assert_int_equal(fault_alloc_hit(), r == -ENOMEM);
        fault_alloc_after(-1);
        uv_close((uv_handle_t *)&h.timer, NULL);
        uv_close((uv_handle_t *)&h.park.idle, NULL);
        uv_run(&b->loop, UV_RUN_NOWAIT);
        hold_release(&h);
    }
    assert_int_equal(r, 0);
    assert_true(n > 4);
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
        test(shares_go_by_ipv4_address_and_ipv6_prefix),
        test(a_place_that_was_left_is_given_again),
        test(all_places_may_be_taken_and_left),
        test(what_waits_already_is_known_by_all_that_a_client_repeats),
        test(a_batch_may_repeat_itself),
        test(a_change_calls_it_and_no_change_does_not),
        test(waiting_on_does_not_begin_anew),
        test(only_those_done_leave),
        test(waiting_takes_no_memory),
        test(without_memory_there_are_no_places),
    };
    return cmocka_run_group_tests(tests, register_reader, unregister_reader);
}
