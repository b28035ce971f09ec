// SPDX-License-Identifier: Apache-2.0
// Which upstream is asked, by what its replies and its silence say about it,
// with real sockets and a clock that is set forward.
#include "../../src/net/lines.h"
#include "dns/message.h"
#include "dns/name.h"
#include "lib/fault.h"
#include "lib/nameserver.h"
#include "lib/server.h"
#include "lib/skip_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TYPE_A = 1, TYPE_HINFO = 13, TYPE_TXT = 16, IN = 1, CHAOS = 3 };

#define WWW "www.example.com"

enum { SERVERS = 2 };

struct stage {
    uv_loop_t loop;
    struct nameserver servers[SERVERS];
    struct upstreams *upstreams;
    struct lines *lines;
    int changes;
};

struct waiting {
    struct stage *stage;
    struct lines *lines;
    struct line_ask *ask;
    struct line_tried tried;
    int slow, done;
    enum channel_outcome outcome;
    size_t n;
    void (*in_done)(struct waiting *w);
    void (*in_slow)(struct waiting *w);
};

static void on_change(void *context)
{
    ((struct stage *)context)->changes++;
}

static struct upstreams *upstreams_of(struct stage *s, size_t n)
{
    struct sockaddr_any a[SERVERS];
    for (size_t i = 0; i < SERVERS; i++)
        a[i] = s->servers[i].address;
    struct upstreams *u = upstreams_new(a, n, on_change, s);
    assert_non_null(u);
    return u;
}

static void open_stage(struct stage *s, size_t n, bool probes)
{
    *s = (struct stage){0};
    assert_int_equal(uv_loop_init(&s->loop), 0);
    for (size_t i = 0; i < SERVERS; i++)
        nameserver_start(&s->servers[i], i ? "[::1]:0" : "127.0.0.1:0");
    s->upstreams = upstreams_of(s, n);
    assert_int_equal(lines_new(&s->loop, s->upstreams, probes, &s->lines), 0);
}

static void close_stage(struct stage *s)
{
    lines_free(s->lines);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    for (size_t i = 0; i < SERVERS; i++)
        nameserver_stop(&s->servers[i]);
    upstreams_unref(s->upstreams);
}

static enum upstream_condition condition(const struct stage *s, size_t i)
{
    return upstreams_state(s->upstreams, i).condition;
}

// --- asking ----------------------------------------------------------------

static void on_slow(void *context)
{
    struct waiting *const w = context;
    w->slow++;
    if (w->in_slow)
        w->in_slow(w);
}

static void on_done(void *context, enum channel_outcome outcome,
                    struct span reply)
{
    struct waiting *const w = context;
    w->done++;
    w->outcome = outcome;
    w->n = reply.n;
    if (w->in_done)
        w->in_done(w);
}

static struct line_call call_of(struct waiting *w)
{
    return (struct line_call){on_slow, on_done, w};
}

static int ask(struct waiting *w)
{
    const struct line_call call = call_of(w);
    uint8_t query[DNS_UDP_MIN];
    return lines_ask(w->lines, CHANNEL_UDP, &w->tried,
                     span_of(query, nameserver_question(query, WWW, TYPE_A)),
                     &call, &w->ask);
}

static struct waiting waiting_of(struct stage *s)
{
    return (struct waiting){.stage = s, .lines = s->lines};
}

static void wait_done(struct waiting *w, enum channel_outcome outcome)
{
    for (int i = 0; i < SERVER_PATIENCE_MS && !w->done; i++)
        nameserver_run(&w->stage->loop);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->outcome, outcome);
}

static void wait_condition(struct stage *s, size_t i,
                           enum upstream_condition wanted)
{
    for (int j = 0; j < 500 && condition(s, i) != wanted; j++)
        nameserver_settle(&s->loop);
    assert_int_equal(condition(s, i), wanted);
}

static void answer(struct stage *s, size_t i, const struct asked *q)
{
    uint8_t reply[DNS_UDP_MIN];
    nameserver_send(&s->servers[i], q,
                    span_of(reply, nameserver_reply(q, reply, q->n)));
}

static uint16_t type_of(const struct asked *q)
{
    return bytes_load_u16(q->octets + q->n - 4);
}

static uint16_t class_of(const struct asked *q)
{
    return bytes_load_u16(q->octets + q->n - 2);
}

static struct span question_of(const struct asked *q)
{
    return span_of(q->octets + DNS_HEADER, q->n - DNS_HEADER);
}

// The next one that is no question of ours.
static void wait_type(struct stage *s, size_t i, uint16_t type,
                      struct asked *out)
{
    do
        nameserver_wait(&s->servers[i], &s->loop, out);
    while (type_of(out) != type);
}

static void forget_queries(struct stage *s, size_t i)
{
    struct asked q;
    nameserver_settle(&s->loop);
    while (nameserver_has(&s->servers[i], &q))
        continue;
}

static void begin(struct stage *s, struct waiting *w)
{
    *w = waiting_of(s);
    assert_int_equal(ask(w), 0);
}

// Upstream 0 says nothing until it is set aside.
static void lose_first(struct stage *s)
{
    struct waiting w;
    begin(s, &w);
    nameserver_settle(&s->loop);
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s->loop);
    assert_int_equal(condition(s, 0), UPSTREAM_GOOD);
    skip_ms(UPSTREAM_DOUBT_MS);
    wait_condition(s, 0, UPSTREAM_ASIDE);
    lines_drop(w.ask);
    forget_queries(s, 0);
}

// It is asked, and answers.
static void expect_asked(struct stage *s, size_t i)
{
    struct waiting w = waiting_of(s);
    struct asked q;
    assert_int_equal(ask(&w), 0);
    wait_type(s, i, TYPE_A, &q);
    answer(s, i, &q);
    wait_done(&w, CHANNEL_ANSWERED);
    assert_int_equal(w.n, q.n);
    assert_int_equal(w.slow, 0);
}

// --- whom to ask -----------------------------------------------------------

static void the_first_good_one_is_asked(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 2, false);
    for (int i = 0; i < 3; i++)
        expect_asked(&s, 0);
    assert_int_equal(upstreams_state(s.upstreams, 0).asked, 3);
    assert_int_equal(upstreams_state(s.upstreams, 0).answered, 3);
    assert_int_equal(upstreams_state(s.upstreams, 1).asked, 0);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    assert_false(uv_loop_alive(&s.loop)); // nothing wakes an idle server
    close_stage(&s);
}

static void each_is_asked_once(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 2, false);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), 0);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    assert_int_equal(ask(&w), 0);
    nameserver_wait(&s.servers[1], &s.loop, &q);
    struct line_ask *const before = w.ask;
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    assert_ptr_equal(w.ask, before);
    assert_int_equal(lines_why(s.lines), REASON_UPSTREAM_SILENT);
    close_stage(&s);
    assert_int_equal(w.done + w.slow, 0);
}

static void there_may_be_nobody_to_ask(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 0, true);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    assert_int_equal(lines_why(s.lines), REASON_UPSTREAM_NONE);
    nameserver_settle(&s.loop);
    assert_false(uv_loop_alive(&s.loop));
    close_stage(&s);
}

static void one_that_the_network_refuses_is_passed_over(void **state)
{
    struct stage s = {.changes = 0};
    struct sockaddr_any a[2];
    struct asked q;
    (void)state;
    assert_int_equal(uv_loop_init(&s.loop), 0);
    for (size_t i = 0; i < SERVERS; i++)
        nameserver_start(&s.servers[i], "127.0.0.1:0");
    a[0] = server_address("255.255.255.255:53"); // no broadcast is allowed
    a[1] = s.servers[1].address;
    s.upstreams = upstreams_new(a, 2, on_change, &s);
    assert_int_equal(lines_new(&s.loop, s.upstreams, false, &s.lines), 0);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), 0);
    nameserver_wait(&s.servers[1], &s.loop, &q);
    answer(&s, 1, &q);
    wait_done(&w, CHANNEL_ANSWERED);
    assert_int_equal(condition(&s, 0), UPSTREAM_ASIDE);
    const struct upstream_state state0 = upstreams_state(s.upstreams, 0);
    assert_true(state0.unreachable);
    assert_int_equal(state0.asked, 1);
    assert_int_equal(state0.failed, 1);
    close_stage(&s);
}

// --- silence ---------------------------------------------------------------

static void a_silent_upstream_is_set_aside(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 2, false);
    struct waiting w;
    begin(&s, &w);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    // it is asked about nothing and about itself
    bool by_name = false, about_self = false;
    while (!by_name || !about_self) {
        nameserver_wait(&s.servers[0], &s.loop, &q);
        by_name |= type_of(&q) == TYPE_HINFO && class_of(&q) == IN;
        about_self |= type_of(&q) == TYPE_TXT && class_of(&q) == CHAOS;
    }
    assert_int_equal(w.slow, 1);
    expect_asked(&s, 0); // a doubt is no verdict. Its answer ends the doubt
    skip_ms(UPSTREAM_DOUBT_MS);
    nameserver_settle(&s.loop);
    assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    assert_int_equal(s.changes, 0);
    lines_drop(w.ask);

    lose_first(&s);
    assert_int_equal(s.changes, 1);
    expect_asked(&s, 1);
    forget_queries(&s, 0);
    close_stage(&s);
}

static void without_another_one_there_is_no_waiting(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 1, false);
    lose_first(&s);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    assert_int_equal(lines_why(s.lines), REASON_UPSTREAM_SILENT);
    close_stage(&s);
    assert_int_equal(w.done, 0);
}

// The HINFO, or the CHAOS query.
static void a_reply_to_either_probe_will_do(void **state)
{
    static const uint16_t types[] = {TYPE_HINFO, TYPE_TXT};
    struct stage s;
    struct asked q;
    (void)state;
    for (size_t i = 0; i < ORD_COUNT(types); i++) {
        open_stage(&s, 1, false);
        struct waiting w;
        begin(&s, &w);
        nameserver_settle(&s.loop);
        skip_ms(CHANNEL_SLOW_MS);
        wait_type(&s, 0, types[i], &q);
        answer(&s, 0, &q);
        nameserver_settle(&s.loop);
        // nor does the other one raise doubts, until it is given up
        for (int j = 0; j < 10; j++) {
            skip_ms(UPSTREAM_DOUBT_MS);
            nameserver_settle(&s.loop);
        }
        assert_int_equal(w.done, 1); // SILENT: doubted again, and probed
        wait_type(&s, 0, types[i], &q);
        answer(&s, 0, &q);
        nameserver_settle(&s.loop);
        assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
        close_stage(&s);
    }
}

// It has answered the other one: no more is asked because of that.
static void a_probe_without_a_reply_leads_to_no_other(void **state)
{
    struct stage s;
    struct asked q, first;
    (void)state;
    open_stage(&s, 1, false);
    struct waiting w;
    begin(&s, &w);
    nameserver_wait(&s.servers[0], &s.loop, &first);
    skip_ms(CHANNEL_SLOW_MS);
    wait_type(&s, 0, TYPE_TXT, &q);
    answer(&s, 0, &q);
    answer(&s, 0, &first);
    wait_done(&w, CHANNEL_ANSWERED);
    forget_queries(&s, 0);
    for (int i = 0; i < 20; i++) {
        skip_ms(UPSTREAM_DOUBT_MS);
        nameserver_settle(&s.loop);
        while (nameserver_has(&s.servers[0], &q))
            assert_int_equal(type_of(&q), TYPE_HINFO); // sent again, once
    }
    assert_false(uv_loop_alive(&s.loop));
    close_stage(&s);
}

static void a_lost_datagram_sets_nobody_aside(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    for (int i = 0; i < 3; i++) {
        struct waiting w;
        begin(&s, &w);
        nameserver_wait(&s.servers[0], &s.loop, &q); // and loses it
        skip_ms(CHANNEL_SLOW_MS);
        wait_type(&s, 0, TYPE_A, &q); // sent again
        answer(&s, 0, &q);
        wait_done(&w, CHANNEL_ANSWERED);
        skip_ms(UPSTREAM_DOUBT_MS);
        forget_queries(&s, 0);
        assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    }
    assert_int_equal(s.changes, 0);
    close_stage(&s);
}

static void one_that_is_back_is_asked_again(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 2, false);
    lose_first(&s);
    skip_ms(UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_TXT, &q);
    assert_int_equal(condition(&s, 0), UPSTREAM_ASIDE);
    expect_asked(&s, 1); // until it has answered
    answer(&s, 0, &q);
    wait_condition(&s, 0, UPSTREAM_GOOD);
    assert_int_equal(s.changes, 2);
    expect_asked(&s, 0);
    close_stage(&s);
}

static void a_late_answer_is_one(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    struct waiting w;
    begin(&s, &w);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    skip_ms(UPSTREAM_DOUBT_MS);
    wait_condition(&s, 0, UPSTREAM_ASIDE);
    answer(&s, 0, &q);
    wait_done(&w, CHANNEL_ANSWERED);
    assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    close_stage(&s);
}

// --- refusal ---------------------------------------------------------------

static void a_closed_port_is_set_aside_at_once(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 1, false);
    nameserver_close_udp(&s.servers[0]);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), 0);
    wait_done(&w, CHANNEL_UNREACHABLE);
    wait_condition(&s, 0, UPSTREAM_ASIDE); // the clock was not set forward
    assert_int_equal(w.slow, 0);
    w = waiting_of(&s);
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    assert_int_equal(lines_why(s.lines), REASON_UPSTREAM_UNREACHABLE);
    close_stage(&s);
}

// --- the first probe, and loops --------------------------------------------

static void each_is_probed_at_first(void **state)
{
    struct stage s;
    struct asked a, b;
    (void)state;
    open_stage(&s, 2, true);
    nameserver_wait(&s.servers[0], &s.loop, &a);
    nameserver_wait(&s.servers[1], &s.loop, &b);
    // two random labels
    assert_int_equal(type_of(&a), TYPE_HINFO);
    assert_int_equal(class_of(&a), IN);
    assert_int_equal(a.n, DNS_HEADER + 17 + 17 + 1 + 4);
    assert_int_equal(a.octets[DNS_HEADER], 16);
    assert_int_equal(a.octets[DNS_HEADER + 17], 16);
    assert_memory_not_equal(a.octets + DNS_HEADER, b.octets + DNS_HEADER, 17);
    assert_memory_not_equal(a.octets + DNS_HEADER + 17,
                            b.octets + DNS_HEADER + 17, 17);
    assert_memory_not_equal(a.octets + DNS_HEADER, a.octets + DNS_HEADER + 17,
                            17);
    assert_int_equal(upstreams_state(s.upstreams, 0).asked, 0);
    answer(&s, 0, &a);
    answer(&s, 1, &b);
    nameserver_settle(&s.loop);
    assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    assert_false(uv_loop_alive(&s.loop));
    close_stage(&s);
}

static void other_workers_send_no_first_probe(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 2, false);
    nameserver_settle(&s.loop);
    assert_false(nameserver_has(&s.servers[0], &q));
    assert_false(uv_loop_alive(&s.loop));
    close_stage(&s);
}

static void silence_at_first_sets_aside(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 1, true);
    nameserver_settle(&s.loop);
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    skip_ms(UPSTREAM_DOUBT_MS);
    wait_condition(&s, 0, UPSTREAM_ASIDE);
    close_stage(&s);
}

static void a_probe_that_comes_back_is_a_loop(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 2, true);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    assert_true(lines_sees_probe(s.lines, question_of(&q)));
    assert_int_equal(condition(&s, 0), UPSTREAM_LOOP);
    assert_int_equal(condition(&s, 1), UPSTREAM_GOOD);
    answer(&s, 0, &q); // what we have said ourselves
    nameserver_settle(&s.loop);
    assert_int_equal(condition(&s, 0), UPSTREAM_LOOP);
    expect_asked(&s, 1);

    // it still does: and then it does not
    skip_ms(UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_HINFO, &q);
    assert_true(lines_sees_probe(s.lines, question_of(&q)));
    answer(&s, 0, &q);
    nameserver_settle(&s.loop);
    assert_int_equal(condition(&s, 0), UPSTREAM_LOOP);
    skip_ms(2 * UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_TXT, &q);
    answer(&s, 0, &q); // says nothing about where it leads
    nameserver_settle(&s.loop);
    assert_int_equal(condition(&s, 0), UPSTREAM_LOOP);
    forget_queries(&s, 0);
    skip_ms(4 * UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_HINFO, &q); // of the last one, sent again,
    answer(&s, 0, &q);
    wait_type(&s, 0, TYPE_HINFO, &q); // and the next
    answer(&s, 0, &q);
    wait_condition(&s, 0, UPSTREAM_GOOD);
    expect_asked(&s, 0);
    close_stage(&s);
}

static void a_loop_is_the_reason(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, true);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    assert_true(lines_sees_probe(s.lines, question_of(&q)));
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    assert_int_equal(lines_why(s.lines), REASON_UPSTREAM_LOOP);
    close_stage(&s);
}

static void other_questions_are_no_probes(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t octets[64];
    (void)state;
    open_stage(&s, 1, true);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    const struct span probe = question_of(&q);
    for (size_t n = 0; n < probe.n; n++)
        assert_false(lines_sees_probe(s.lines, span_of(probe.p, n)));
    for (size_t i = 0; i < probe.n; i++) {
        memcpy(octets, probe.p, probe.n);
        octets[i] ^= 1;
        assert_false(lines_sees_probe(s.lines, span_of(octets, probe.n)));
    }
    for (size_t i = 1; i < 34; i++) { // what stands as far before 'a'
        memcpy(octets, probe.p, probe.n);
        if (octets[i] < '0' || octets[i] > '9')
            continue;
        octets[i] = (uint8_t)('a' - 10 + octets[i] - '0');
        assert_false(lines_sees_probe(s.lines, span_of(octets, probe.n)));
    }
    memcpy(octets, probe.p, probe.n);
    octets[probe.n] = 0;
    assert_false(lines_sees_probe(s.lines, span_of(octets, probe.n + 1)));
    assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    assert_true(lines_sees_probe(s.lines, probe));
    close_stage(&s);
}

// --- TCP -------------------------------------------------------------------

static struct waiting again; // what is asked over TCP

static void ask_again(struct waiting *w)
{
    const struct line_call call = call_of(&again);
    uint8_t query[DNS_UDP_MIN];
    assert_int_equal(
        lines_ask_again(w->ask,
                        span_of(query, nameserver_question(query, WWW, TYPE_A)),
                        &call, &again.ask),
        0);
}

// Also of a set that is no more the one that is asked.
static void ask_again_of_others(struct waiting *w)
{
    struct upstreams *const none = upstreams_of(w->stage, 0);
    lines_set(w->lines, none);
    upstreams_unref(none);
    ask_again(w);
}

static void the_same_one_is_asked_over_tcp(void **state)
{
    uint8_t reply[1000];
    struct stage s;
    struct asked q;
    (void)state;
    for (int i = 0; i < 2; i++) {
        open_stage(&s, 1, false);
        struct waiting w = waiting_of(&s);
        w.in_done = i ? ask_again_of_others : ask_again;
        again = waiting_of(&s);
        assert_int_equal(ask(&w), 0);
        nameserver_wait(&s.servers[0], &s.loop, &q);
        answer(&s, 0, &q);
        wait_done(&w, CHANNEL_ANSWERED);
        const int fd = nameserver_accept(&s.servers[0], &s.loop);
        assert_true(nameserver_read(fd, &s.loop, &q));
        nameserver_write(
            fd, &s.loop,
            span_of(reply, nameserver_reply(&q, reply, sizeof reply)), 100);
        wait_done(&again, CHANNEL_ANSWERED);
        assert_int_equal(again.n, sizeof reply);
        assert_int_equal(upstreams_state(s.upstreams, 0).asked, 2);
        close(fd);
        close_stage(&s);
    }
}

static void one_without_tcp_is_still_good(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    nameserver_close_tcp(&s.servers[0]);
    for (int i = 0; i < 3; i++) {
        const struct line_call call = call_of(&again);
        uint8_t query[DNS_UDP_MIN];
        again = waiting_of(&s);
        const int r =
            lines_ask(s.lines, CHANNEL_TCP, &again.tried,
                      span_of(query, nameserver_question(query, WWW, TYPE_A)),
                      &call, &again.ask);
        if (r == 0) // else the kernel knew at once
            wait_done(&again, CHANNEL_UNREACHABLE);
        else
            assert_int_equal(r, -EHOSTUNREACH);
    }
    nameserver_settle(&s.loop);
    assert_false(nameserver_has(&s.servers[0], &q)); // not even doubted
    assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
    assert_int_equal(upstreams_state(s.upstreams, 0).failed, 3);
    expect_asked(&s, 0);
    close_stage(&s);
}

// --- dropping, other upstreams, the end ------------------------------------

static void drop_own(struct waiting *w)
{
    lines_drop(w->ask);
}

static void a_dropped_query_still_says_something(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    struct waiting w;
    begin(&s, &w);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    lines_drop(w.ask);
    skip_ms(CHANNEL_SLOW_MS);
    wait_type(&s, 0, TYPE_HINFO, &q); // it is doubted
    answer(&s, 0, &q);
    wait_type(&s, 0, TYPE_TXT, &q);
    answer(&s, 0, &q);
    nameserver_settle(&s.loop);
    assert_int_equal(w.slow + w.done, 0);
    assert_int_equal(upstreams_state(s.upstreams, 0).failed, 1);
    skip_ms(UPSTREAM_DOUBT_MS); // one look more, at what is well
    nameserver_settle(&s.loop);
    assert_false(uv_loop_alive(&s.loop)); // and waited for no longer
    close_stage(&s);
}

static void a_dropped_query_that_is_answered_counts(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    struct waiting w;
    begin(&s, &w);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    lines_drop(w.ask);
    answer(&s, 0, &q);
    nameserver_settle(&s.loop);
    assert_int_equal(w.slow + w.done, 0);
    assert_int_equal(upstreams_state(s.upstreams, 0).answered, 1);
    close_stage(&s);
}

static void a_call_may_drop_its_own(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    struct waiting w = waiting_of(&s);
    w.in_done = drop_own;
    assert_int_equal(ask(&w), 0);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    answer(&s, 0, &q);
    wait_done(&w, CHANNEL_ANSWERED);

    struct waiting late = waiting_of(&s);
    late.in_done = drop_own;
    assert_int_equal(ask(&late), 0);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    answer(&s, 0, &q);
    wait_done(&late, CHANNEL_ANSWERED);
    assert_int_equal(upstreams_state(s.upstreams, 0).failed, 0);
    forget_queries(&s, 0);

    struct waiting v = waiting_of(&s);
    v.in_slow = drop_own;
    assert_int_equal(ask(&v), 0);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    for (int i = 0; i < SERVER_PATIENCE_MS && !v.slow; i++)
        nameserver_run(&s.loop);
    assert_int_equal(v.slow, 1);
    answer(&s, 0, &q);
    nameserver_settle(&s.loop);
    assert_int_equal(v.done, 0);
    close_stage(&s);
}

static void count_handle(uv_handle_t *handle, void *context)
{
    (void)handle;
    ++*(unsigned *)context;
}

static unsigned handles_of(uv_loop_t *loop)
{
    unsigned n = 0;
    uv_walk(loop, count_handle, &n);
    return n;
}

static void other_upstreams_are_asked_from_then_on(void **state)
{
    struct stage s;
    struct asked q, late;
    (void)state;
    open_stage(&s, 2, true);
    nameserver_wait(&s.servers[0], &s.loop, &q);
    answer(&s, 0, &q);
    nameserver_wait(&s.servers[1], &s.loop, &q);
    answer(&s, 1, &q);
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), 0);
    wait_type(&s, 0, TYPE_A, &late);

    struct upstreams *const second =
        upstreams_new(&s.servers[1].address, 1, on_change, &s);
    lines_set(s.lines, second);
    nameserver_wait(&s.servers[1], &s.loop, &q); // its first probe
    assert_int_equal(type_of(&q), TYPE_HINFO);
    answer(&s, 1, &q);
    struct waiting other = w; // it was tried by another name
    other.done = 0;
    const struct line_call call = call_of(&other);
    uint8_t query[DNS_UDP_MIN];
    assert_int_equal(
        lines_ask(s.lines, CHANNEL_UDP, &other.tried,
                  span_of(query, nameserver_question(query, WWW, TYPE_A)),
                  &call, &other.ask),
        0);
    wait_type(&s, 1, TYPE_A, &q);
    answer(&s, 1, &q);
    wait_done(&other, CHANNEL_ANSWERED);
    answer(&s, 0, &late); // goes on
    wait_done(&w, CHANNEL_ANSWERED);
    assert_int_equal(upstreams_state(s.upstreams, 0).answered, 1);
    assert_int_equal(upstreams_state(second, 0).answered, 1);
    nameserver_settle(&s.loop);
    assert_false(uv_loop_alive(&s.loop));
    // the former channels are closed: two timers are left
    assert_int_equal(handles_of(&s.loop), 2);
    close_stage(&s);
    upstreams_unref(second);
}

static void lines_may_be_freed_with_all_on_its_way(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, 2, true);
    struct waiting w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = waiting_of(&s);
        assert_int_equal(ask(&w[i]), 0);
        nameserver_settle(&s.loop);
        if (i == 1)
            lines_drop(w[i].ask);
        if (i == 2)
            lines_set(s.lines, s.upstreams);
    }
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    const int slow = w[0].slow;
    close_stage(&s);
    assert_int_equal(slow, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(w[i].done, 0);
    lines_free(NULL);
}

// What one of them learns, both know, and one of them probes.
static void workers_share_what_they_learn(void **state)
{
    struct stage s;
    struct lines *other;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    assert_int_equal(lines_new(&s.loop, s.upstreams, false, &other), 0);
    lose_first(&s);
    struct waiting w = waiting_of(&s);
    w.lines = other;
    assert_int_equal(ask(&w), -EHOSTUNREACH); // from here on it looks, too
    skip_ms(UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_TXT, &q);
    nameserver_settle(&s.loop);
    struct asked more;
    while (nameserver_has(&s.servers[0], &more))
        assert_int_not_equal(type_of(&more), TYPE_TXT);
    answer(&s, 0, &q);
    wait_condition(&s, 0, UPSTREAM_GOOD);
    assert_int_equal(ask(&w), 0);
    lines_free(other);
    close_stage(&s);
}

// Also where the one that set it aside is gone.
static void any_worker_probes_what_it_wants_to_ask(void **state)
{
    struct stage s;
    struct lines *other;
    struct asked q;
    (void)state;
    open_stage(&s, 1, false);
    assert_int_equal(lines_new(&s.loop, s.upstreams, false, &other), 0);
    lose_first(&s);
    lines_free(s.lines);
    s.lines = other;
    struct waiting w = waiting_of(&s);
    assert_int_equal(ask(&w), -EHOSTUNREACH);
    skip_ms(UPSTREAM_WAIT_MIN_MS);
    wait_type(&s, 0, TYPE_TXT, &q);
    answer(&s, 0, &q);
    wait_condition(&s, 0, UPSTREAM_GOOD);
    close_stage(&s);
}

// --- what runs out ---------------------------------------------------------

static void memory_may_run_out(void **state)
{
    struct stage s;
    struct asked q;
    bool hit;
    long n = 0;
    (void)state;
    do {
        open_stage(&s, 2, false);
        struct waiting w = waiting_of(&s);
        struct lines *other = NULL;
        fault_alloc_after(++n);
        const int made = lines_new(&s.loop, s.upstreams, false, &other);
        lines_set(s.lines, s.upstreams);
        const int r = ask(&w);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_true(made == 0 || (made == -ENOMEM && !other));
        assert_true(r == 0 || r == -ENOMEM);
        if (r == 0) {
            nameserver_wait(&s.servers[0], &s.loop, &q);
            answer(&s, 0, &q);
            wait_done(&w, CHANNEL_ANSWERED);
        }
        expect_asked(&s, 0);
        assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
        lines_free(other);
        close_stage(&s);
    } while (hit);
    assert_true(n > 8);
}

// A doubt that cannot be probed for want of memory here goes without verdict.
static void a_probe_that_cannot_be_sent_is_no_verdict(void **state)
{
    struct stage s;
    (void)state;
    for (long n = 1; n < 5; n++) {
        open_stage(&s, 1, false);
        struct waiting w;
        begin(&s, &w);
        nameserver_settle(&s.loop);
        skip_ms(CHANNEL_SLOW_MS);
        fault_alloc_after(n);
        for (int i = 0; i < SERVER_PATIENCE_MS && !w.slow; i++)
            nameserver_run(&s.loop);
        fault_alloc_after(-1);
        assert_int_equal(w.slow, 1);
        assert_int_equal(condition(&s, 0), UPSTREAM_GOOD);
        close_stage(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_good_one_is_asked),
        cmocka_unit_test(each_is_asked_once),
        cmocka_unit_test(there_may_be_nobody_to_ask),
        cmocka_unit_test(one_that_the_network_refuses_is_passed_over),
        cmocka_unit_test(a_silent_upstream_is_set_aside),
        cmocka_unit_test(without_another_one_there_is_no_waiting),
        cmocka_unit_test(a_reply_to_either_probe_will_do),
        cmocka_unit_test(a_probe_without_a_reply_leads_to_no_other),
        cmocka_unit_test(a_lost_datagram_sets_nobody_aside),
        cmocka_unit_test(one_that_is_back_is_asked_again),
        cmocka_unit_test(a_late_answer_is_one),
        cmocka_unit_test(a_closed_port_is_set_aside_at_once),
        cmocka_unit_test(each_is_probed_at_first),
        cmocka_unit_test(other_workers_send_no_first_probe),
        cmocka_unit_test(silence_at_first_sets_aside),
        cmocka_unit_test(a_probe_that_comes_back_is_a_loop),
        cmocka_unit_test(a_loop_is_the_reason),
        cmocka_unit_test(other_questions_are_no_probes),
        cmocka_unit_test(the_same_one_is_asked_over_tcp),
        cmocka_unit_test(one_without_tcp_is_still_good),
        cmocka_unit_test(a_dropped_query_still_says_something),
        cmocka_unit_test(a_dropped_query_that_is_answered_counts),
        cmocka_unit_test(a_call_may_drop_its_own),
        cmocka_unit_test(other_upstreams_are_asked_from_then_on),
        cmocka_unit_test(lines_may_be_freed_with_all_on_its_way),
        cmocka_unit_test(workers_share_what_they_learn),
        cmocka_unit_test(any_worker_probes_what_it_wants_to_ask),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(a_probe_that_cannot_be_sent_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
