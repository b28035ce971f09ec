// SPDX-License-Identifier: Apache-2.0
// GET /events of the control interface: what is kept, who waits for more, and
// clients that come in numbers, go away, or wait together.
#include "lib/clock.h"
#include "lib/control_box.h"
#include "lib/fault.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { KEPT = 4096, WAITING = 8 };

struct hall {
    struct testbed *bed;
    struct fake_clock clock;
};

static int set_up(void **state)
{
    struct box *b = box_new();
    struct hall *h = calloc(1, sizeof *h);
    h->bed = testbed_new(NULL);
    b->context = h;
    b->settings.zone = h->bed->zone;
    b->settings.clock = fake_clock_view(&h->clock);
    box_start(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct box *b = *state;
    struct hall *h = b->context;
    box_free(b);
    testbed_free(h->bed);
    free(h);
    return 0;
}

static void note(struct box *b, enum ordinals_what what, const char *pod)
{
    const struct ordinals_event event = {
        .what = what,
        .kind = OBJECT_STATEFUL_SET,
        .namespace = "one",
        .workload = "web",
        .pod = pod,
        .claim = "",
        .reason = "",
        .replicas = 3,
    };
    control_note(b->control, &event);
}

static void note_many(struct box *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        note(b, ORDINALS_CREATED, "web-0");
}

static void assert_says(struct box *b, const char *request, const char *body)
{
    char *reply = box_ask(b, request);
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, "Content-Type: application/json\r\n");
    assert_string_equal(box_body(reply), body);
    free(reply);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

// --- what is kept ----------------------------------------------------------

static void an_event_is_told_with_its_facts(void **state)
{
    struct box *b = *state;
    struct hall *h = b->context;
    struct address addresses[2];

    assert_true(address_parse("10.0.0.1", &addresses[0]));
    assert_true(address_parse("fd00::1", &addresses[1]));
    control_note(b->control, &(struct ordinals_event){
                                 .what = ORDINALS_ADDRESSED,
                                 .kind = OBJECT_STATEFUL_SET,
                                 .namespace = "one",
                                 .workload = "web",
                                 .pod = "web-0",
                                 .claim = "",
                                 .reason = "",
                                 .addresses = addresses,
                                 .addresses_n = 2,
                             });
    fake_clock_advance(&h->clock, 250);
    note(b, ORDINALS_SETTLED, "");
    assert_says(b, "GET /events?after=0",
                "{\"last\":2,\"events\":[{\"number\":1,\"since_ms\":250,"
                "\"what\":\"addressed\",\"kind\":\"StatefulSet\","
                "\"namespace\":\"one\",\"workload\":\"web\",\"pod\":\"web-0\","
                "\"addresses\":[\"10.0.0.1\",\"fd00::1\"]},"
                "{\"number\":2,\"since_ms\":0,\"what\":\"settled\","
                "\"kind\":\"StatefulSet\",\"namespace\":\"one\","
                "\"workload\":\"web\",\"replicas\":3}],\"lost\":false}\n");
}

static void each_kind_of_event_has_its_word(void **state)
{
    struct box *b = *state;
    static const char *const words[] = {
        "created",   "addressed",     "moved",       "ready",    "unready",
        "available", "failed",        "terminating", "gone",     "claimed",
        "bound",     "claim-deleted", "scaled",      "updating", "settled",
    };
    char part[64];

    for (int what = ORDINALS_CREATED; what <= ORDINALS_SETTLED; what++)
        note(b, (enum ordinals_what)what, "web-0");
    char *reply = box_ask(b, "GET /events?after=0");
    for (int i = 0; i <= ORDINALS_SETTLED; i++) {
        snprintf(part, sizeof part,
                 "\"number\":%d,\"since_ms\":0,\"what\":"
                 "\"%s\"",
                 i + 1, words[i]);
        assert_has(reply, part);
    }
    free(reply);
}

static void a_reason_and_a_claim_are_told(void **state)
{
    struct box *b = *state;
    control_note(b->control, &(struct ordinals_event){.what = ORDINALS_UNREADY,
                                                      .kind = OBJECT_DEPLOYMENT,
                                                      .namespace = "one",
                                                      .workload = "web",
                                                      .pod = "web-x",
                                                      .claim = "data-web-0",
                                                      .reason = "a \"fault\""});
    char *reply = box_ask(b, "GET /events?after=0");
    assert_has(reply, "\"kind\":\"Deployment\"");
    assert_has(reply, "\"claim\":\"data-web-0\"");
    assert_has(reply, "\"reason\":\"a \\\"fault\\\"\"");
    free(reply);
}

static void only_those_behind_a_number_are_told(void **state)
{
    struct box *b = *state;
    assert_says(b, "GET /events",
                "{\"last\":0,\"events\":[],\"lost\":false}\n");
    note_many(b, 5);
    assert_says(b, "GET /events",
                "{\"last\":5,\"events\":[],\"lost\":false}\n");
    assert_says(b, "GET /events?after=5",
                "{\"last\":5,\"events\":[],\"lost\":false}\n");
    char *reply = box_ask(b, "GET /events?after=3");
    assert_int_equal(count(reply, "\"number\":"), 2);
    assert_has(reply, "\"events\":[{\"number\":4,");
    free(reply);
}

static void assert_told(struct box *b, const char *request, unsigned n,
                        bool lost)
{
    char *reply = box_ask(b, request);
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_int_equal(count(reply, "\"number\":"), n);
    assert_has(reply, lost ? "\"lost\":true" : "\"lost\":false");
    free(reply);
}

static void what_is_kept_no_more_is_lost(void **state)
{
    struct box *b = *state;
    note_many(b, KEPT);
    assert_told(b, "GET /events?after=0", KEPT, false);
    note_many(b, 1);
    assert_told(b, "GET /events?after=0", KEPT, true);
    assert_told(b, "GET /events?after=1", KEPT, false);
    note_many(b, 2 * KEPT);
    assert_told(b, "GET /events?after=8192", KEPT + 1 - 1, true);
    assert_told(b, "GET /events?after=12287", 2, false);
}

// The client has outlived the server that gave it the number.
static void a_number_that_was_never_given_is_lost(void **state)
{
    struct box *b = *state;
    note_many(b, 3);
    assert_told(b, "GET /events?after=4", 0, true);
    assert_told(b, "GET /events?after=18446744073709551615", 0, true);
    assert_told(b, "GET /events?after=4&wait=30000", 0, true);
}

static void what_there_was_no_memory_for_is_lost(void **state)
{
    struct box *b = *state;
    note_many(b, 1);
    fault_alloc_after(1);
    note_many(b, 1);
    fault_alloc_after(-1);
    note_many(b, 1);
    assert_told(b, "GET /events?after=0", 2, true);
    assert_told(b, "GET /events?after=2", 1, false);
}

static void what_is_badly_asked_is_400(void **state)
{
    struct box *b = *state;
    static const char *const bad[] = {
        "GET /events?after=",        "GET /events?after=-1",
        "GET /events?after=x",       "GET /events?after=18446744073709551616",
        "GET /events?wait=30001",    "GET /events?wait=1s",
        "GET /events?wait",          "GET /events?wiat=1",
        "GET /events?wait=1&wait=1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(b, bad[i], "HTTP/1.1 400 ", "'");
    assert_refused(b, "GET /events?a&b&c&d&e&f&g&h&i", "HTTP/1.1 400 ",
                   "too many words");
}

// --- those who wait --------------------------------------------------------

static int wait_for(struct box *b, const char *query)
{
    char text[256];
    const int fd = box_dial(b);
    snprintf(text, sizeof text, "GET /events?%s HTTP/1.1\r\nHost: x\r\n\r\n",
             query);
    box_say(fd, text);
    box_turn(b, 20);
    return fd;
}

// Nothing has been said to it yet.
static void assert_waits(struct box *b, int fd)
{
    char octet;
    box_turn(b, 5);
    assert_int_equal(recv(fd, &octet, 1, MSG_PEEK), -1);
}

static void assert_hears(struct box *b, int fd, unsigned n)
{
    char *reply = box_hear(b, fd);
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_int_equal(count(reply, "\"number\":"), n);
    free(reply);
}

static void who_waits_is_told_when_it_happens(void **state)
{
    struct box *b = *state;
    note_many(b, 1);
    const int fd = wait_for(b, "after=1&wait=30000");
    assert_waits(b, fd);
    note_many(b, 2);
    assert_hears(b, fd, 2);
    // on the same connection, the next one
    box_say(fd, "GET /events?after=3&wait=30000 HTTP/1.1\r\nHost: x\r\n\r\n");
    box_turn(b, 20);
    assert_waits(b, fd);
    note_many(b, 1);
    assert_hears(b, fd, 1);
    close(fd);
}

static void who_need_not_wait_does_not(void **state)
{
    struct box *b = *state;
    note_many(b, 3);
    const int fd = wait_for(b, "after=1&wait=30000");
    assert_hears(b, fd, 2);
    close(fd);
}

static void who_waits_is_told_when_the_time_is_over(void **state)
{
    struct box *b = *state;
    const double began = box_now_s();
    const int fd = wait_for(b, "wait=300");
    assert_hears(b, fd, 0);
    assert_true(box_now_s() - began > 0.29);
    close(fd);
}

static void a_head_waits_like_a_get(void **state)
{
    struct box *b = *state;
    char *reply = box_ask(b, "HEAD /events?wait=50");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_string_equal(box_body(reply), "");
    free(reply);
}

// All places for waiting are taken; nobody else notices, and one more is told
// to ask without waiting.
static void too_many_who_wait_leave_others_their_places(void **state)
{
    struct box *b = *state;
    int fds[WAITING];

    for (int i = 0; i < WAITING; i++)
        fds[i] = wait_for(b, "after=0&wait=30000");
    assert_refused(b, "GET /events?after=0&wait=30000", "HTTP/1.1 503 ",
                   "wait for events");
    assert_told(b, "GET /events?after=0", 0, false);
    for (int i = 0; i < 20; i++) {
        char *reply = box_ask(b, "GET /origins");
        assert_starts(reply, "HTTP/1.1 200 ");
        free(reply);
    }
    note_many(b, 1);
    for (int i = 0; i < WAITING; i++) {
        assert_hears(b, fds[i], 1);
        close(fds[i]);
    }
}

// Commands that were interrupted do not take places until their time is over.
static void who_has_gone_does_not_wait(void **state)
{
    struct box *b = *state;

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < WAITING; i++)
            close(wait_for(b, "after=0&wait=30000"));
        const int fd = wait_for(b, "after=0&wait=30000");
        assert_waits(b, fd);
        close(fd);
    }
    const int fd = wait_for(b, "after=0&wait=30000");
    note_many(b, 1);
    assert_hears(b, fd, 1);
    close(fd);
}

// Whoever ends his side only still gets an answer, when his place is wanted.
static void who_says_no_more_is_told_early(void **state)
{
    struct box *b = *state;
    int fds[WAITING];

    for (int i = 0; i < WAITING; i++)
        fds[i] = wait_for(b, "after=0&wait=30000");
    shutdown(fds[3], SHUT_WR);
    const int more = wait_for(b, "after=0&wait=30000");
    assert_hears(b, fds[3], 0);
    assert_waits(b, more);
    for (int i = 0; i < WAITING; i++)
        close(fds[i]);
    close(more);
}

static void the_server_ends_while_some_wait(void **state)
{
    struct box *b = *state;
    int fds[WAITING];
    char octet;

    for (int i = 0; i < WAITING; i++)
        fds[i] = wait_for(b, "after=0&wait=30000");
    box_stop(b);
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(recv(fds[i], &octet, 1, 0), 0);
        close(fds[i]);
    }
    control_note(NULL, NULL);
}

static void memory_that_runs_out_ends_one_request(void **state)
{
    struct box *b = *state;
    bool hit = true;

    note_many(b, 20);
    for (long n = 1; hit; n++) {
        const int fd = box_dial(b);
        box_say(fd, "GET /events?after=1&wait=10 HTTP/1.1\r\nHost: x\r\n\r\n");
        fault_alloc_after(n);
        box_turn(b, 20);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        char *reply = box_hear(b, fd);
        if (!hit)
            assert_starts(reply, "HTTP/1.1 200 ");
        else if (reply[0])
            assert_starts(reply, "HTTP/1.1 503 ");
        free(reply);
        close(fd);
        assert_true(n < 1000);
    }
    assert_told(b, "GET /events?after=0", 20, false);
}

#define with_box(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(an_event_is_told_with_its_facts),
        with_box(each_kind_of_event_has_its_word),
        with_box(a_reason_and_a_claim_are_told),
        with_box(only_those_behind_a_number_are_told),
        with_box(what_is_kept_no_more_is_lost),
        with_box(a_number_that_was_never_given_is_lost),
        with_box(what_there_was_no_memory_for_is_lost),
        with_box(what_is_badly_asked_is_400),
        with_box(who_waits_is_told_when_it_happens),
        with_box(who_need_not_wait_does_not),
        with_box(who_waits_is_told_when_the_time_is_over),
        with_box(a_head_waits_like_a_get),
        with_box(too_many_who_wait_leave_others_their_places),
        with_box(who_has_gone_does_not_wait),
        with_box(who_says_no_more_is_told_early),
        with_box(the_server_ends_while_some_wait),
        with_box(memory_that_runs_out_ends_one_request),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
