// SPDX-License-Identifier: Apache-2.0
// Queries to another name server over real sockets: which replies count, what
// is sent when, and that whoever asked hears of it once, or not at all.
#include "dns/message.h"
#include "lib/fault.h"
#include "lib/nameserver.h"
#include "lib/server.h"
#include "lib/skip_clock.h"
#include "net/channel.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TYPE_A = 1, LARGE = 4000 };

#define WWW "www.example.com"

// --- what is asked ---------------------------------------------------------

struct stage {
    uv_loop_t loop;
    struct nameserver server;
    struct channel *channel;
};

// One question, and what became of it.
struct waiting {
    struct stage *stage;
    struct channel_ask *ask; // NULL: over
    int slow, done;
    enum channel_outcome outcome;
    size_t n;
    uint8_t reply[65535];
    // what is to be done in the calls
    void (*in_slow)(struct waiting *w);
    void (*in_done)(struct waiting *w);
    struct waiting *other;
};

static bool asking; // no call is made meanwhile

static void on_slow(void *context)
{
    struct waiting *const w = context;
    assert_false(asking);
    assert_int_equal(w->done, 0);
    w->slow++;
    if (w->in_slow)
        w->in_slow(w);
}

static void on_done(void *context, enum channel_outcome outcome,
                    struct span reply)
{
    struct waiting *const w = context;
    assert_false(asking);
    w->done++;
    w->outcome = outcome;
    w->n = reply.n;
    if (reply.n > 0)
        memcpy(w->reply, reply.p, reply.n);
    if (w->in_done)
        w->in_done(w);
    if (reply.n > 0) // nothing has moved under it
        assert_memory_equal(w->reply, reply.p, reply.n);
    w->ask = NULL;
}

static void open_stage(struct stage *s, const char *address)
{
    struct error err;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    nameserver_start(&s->server, address);
    assert_int_equal(
        channel_new(&s->loop, &s->server.address, &s->channel, &err), 0);
}

// Nothing is left open, and nothing keeps the loop.
static void close_stage(struct stage *s)
{
    channel_free(s->channel);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    nameserver_stop(&s->server);
}

static struct waiting *waiting_new(struct stage *s)
{
    struct waiting *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->stage = s;
    return w;
}

static int try_ask(struct waiting *w, enum channel_transport transport,
                   const char *name)
{
    const struct channel_call call = {on_slow, on_done, w};
    uint8_t query[DNS_UDP_MIN];
    const size_t n = nameserver_question(query, name, TYPE_A);
    asking = true;
    const int r = channel_ask(w->stage->channel, transport, span_of(query, n),
                              &call, &w->ask);
    asking = false;
    return r;
}

static struct waiting *ask(struct stage *s, enum channel_transport transport,
                           const char *name)
{
    struct waiting *w = waiting_new(s);
    assert_int_equal(try_ask(w, transport, name), 0);
    return w;
}

static void wait_done(struct waiting *w)
{
    for (int i = 0; i < SERVER_PATIENCE_MS && !w->done; i++)
        nameserver_run(&w->stage->loop);
    assert_int_equal(w->done, 1);
}

static void wait_slow(struct waiting *w)
{
    for (int i = 0; i < SERVER_PATIENCE_MS && !w->slow; i++)
        nameserver_run(&w->stage->loop);
    assert_int_equal(w->slow, 1);
}

static void expect(struct waiting *w, enum channel_outcome outcome)
{
    wait_done(w);
    assert_int_equal(w->outcome, outcome);
    if (outcome != CHANNEL_ANSWERED)
        assert_int_equal(w->n, 0);
}

// As it was sent, all of it.
static void expect_reply(struct waiting *w, const uint8_t *reply, size_t n)
{
    expect(w, CHANNEL_ANSWERED);
    assert_int_equal(w->n, n);
    assert_memory_equal(w->reply, reply, n);
}

// It has not ended, and nothing that is on its way ends it.
static void expect_waiting(struct waiting *w)
{
    nameserver_settle(&w->stage->loop);
    assert_int_equal(w->done, 0);
}

static void answer(struct stage *s, const struct asked *q)
{
    uint8_t reply[DNS_UDP_MIN];
    nameserver_send(&s->server, q,
                    span_of(reply, nameserver_reply(q, reply, q->n)));
}

static uint16_t id_of(const struct asked *q)
{
    return bytes_load_u16(q->octets);
}

// --- UDP: what counts as a reply -------------------------------------------

static void check_reply(const char *address, size_t n)
{
    static uint8_t reply[65535];
    struct stage s;
    struct asked q;
    uint8_t query[DNS_UDP_MIN];

    open_stage(&s, address);
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    // the query is the same, but for its ID
    assert_int_equal(q.n, nameserver_question(query, WWW, TYPE_A));
    assert_memory_equal(q.octets + 2, query + 2, q.n - 2);
    nameserver_reply(&q, reply, n ? n : q.n);
    nameserver_send(&s.server, &q, span_of(reply, n ? n : q.n));
    expect_reply(w, reply, n ? n : q.n);
    assert_int_equal(w->slow, 0);
    free(w);
    close_stage(&s);
}

static void a_reply_is_handed_over_as_it_came(void **state)
{
    (void)state;
    check_reply("127.0.0.1:0", 0);
    check_reply("[::1]:0", 0);
}

static void a_large_datagram_is_whole(void **state)
{
    (void)state;
    check_reply("127.0.0.1:0", 513);
    check_reply("127.0.0.1:0", LARGE);
    check_reply("127.0.0.1:0", 4098);
    check_reply("[::1]:0", 65000);
}

// Of any RCODE, cut off or not.
static void what_a_reply_says_makes_no_difference(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (uint16_t flags = 0; flags < 32; flags++) {
        struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
        nameserver_wait(&s.server, &s.loop, &q);
        nameserver_reply(&q, reply, q.n);
        bytes_store_u16(reply + 2, (uint16_t)(DNS_FLAG_QR | (flags & 15) |
                                              (flags & 16 ? DNS_FLAG_TC : 0)));
        nameserver_send(&s.server, &q, span_of(reply, q.n));
        expect_reply(w, reply, q.n);
        free(w);
    }
    close_stage(&s);
}

static void nor_does_it_in_a_stream(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (uint16_t flags = 0; flags < 32; flags++) {
        struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
        const int fd = nameserver_accept(&s.server, &s.loop);
        assert_true(nameserver_read(fd, &s.loop, &q));
        nameserver_reply(&q, reply, q.n);
        bytes_store_u16(reply + 2, (uint16_t)(DNS_FLAG_QR | (flags & 15) |
                                              (flags & 16 ? DNS_FLAG_TC : 0)));
        nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
        expect_reply(w, reply, q.n);
        close(fd);
        free(w);
    }
    close_stage(&s);
}

struct spoiled {
    size_t at;    // octet that is changed
    uint8_t mask; // by which bits
};

static void only_its_id_and_question_make_a_reply(void **state)
{
    // ID, QR, QDCOUNT, a letter, a length, type, class
    static const struct spoiled cases[] = {
        {0, 1},
        {1, 0x80},
        {2, 0x80},
        {4, 1},
        {5, 1},
        {5, 3},
        {13, 1},
        {12, 1},
        {12, 4},
        {12 + 17 + 1, 64},
        {12 + 17 + 3, 0x2},
    };
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        nameserver_reply(&q, reply, q.n);
        reply[cases[i].at] ^= cases[i].mask;
        nameserver_send(&s.server, &q, span_of(reply, q.n));
    }
    for (size_t n = 0; n < q.n; n++) { // and all of it
        nameserver_reply(&q, reply, q.n);
        nameserver_send(&s.server, &q, span_of(reply, n));
    }
    expect_waiting(w);
    nameserver_reply(&q, reply, q.n);
    for (size_t i = DNS_HEADER + 1; i < DNS_HEADER + 4; i++)
        reply[i] ^= 0x20; // WWW
    nameserver_send(&s.server, &q, span_of(reply, q.n));
    expect_reply(w, reply, q.n);
    free(w);
    close_stage(&s);
}

static void send_by(struct nameserver *other, const struct asked *q)
{
    uint8_t reply[DNS_UDP_MIN];
    nameserver_send(other, q, span_of(reply, nameserver_reply(q, reply, q->n)));
    nameserver_stop(other);
}

// The same port of another address: other programs may have it.
static bool try_same_port(const struct nameserver *s, struct nameserver *out)
{
    char address[SOCKADDR_TEXT_SIZE];
    snprintf(address, sizeof address, "127.0.0.2:%u",
             sockaddr_port(&s->address));
    return nameserver_try(out, address);
}

static void nobody_else_can_reply(void **state)
{
    struct stage s;
    struct asked q;
    struct nameserver same_port, other;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (int i = 0; i < 100 && !try_same_port(&s.server, &same_port); i++) {
        close_stage(&s);
        open_stage(&s, "127.0.0.1:0");
    }
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    send_by(&same_port, &q);
    nameserver_start(&other, "127.0.0.1:0"); // another port
    send_by(&other, &q);
    nameserver_start(&other, "127.0.0.2:0");
    send_by(&other, &q);
    expect_waiting(w);
    answer(&s, &q);
    expect(w, CHANNEL_ANSWERED);
    free(w);
    close_stage(&s);
}

static void the_reply_of_one_is_none_for_another(void **state)
{
    struct stage s;
    struct asked q1, q2, mixed;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q1);
    struct waiting *b = ask(&s, CHANNEL_UDP, WWW); // the same question
    nameserver_wait(&s.server, &s.loop, &q2);
    mixed = q1;
    mixed.from = q2.from; // right but for the port
    answer(&s, &mixed);
    expect_waiting(a);
    expect_waiting(b);
    answer(&s, &q2);
    expect(b, CHANNEL_ANSWERED);
    assert_int_equal(a->done, 0);
    answer(&s, &q1);
    expect(a, CHANNEL_ANSWERED);
    free(a);
    free(b);
    close_stage(&s);
}

static void a_reply_counts_once(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    answer(&s, &q);
    answer(&s, &q);
    expect(w, CHANNEL_ANSWERED);
    nameserver_settle(&s.loop);
    assert_int_equal(w->done, 1);
    free(w);
    close_stage(&s);
}

// --- UDP: ports and IDs ----------------------------------------------------

enum { MANY = 1000 };

// Of numbers drawn from at least 28,000, hardly any is near the one before.
static void expect_drawn(const uint16_t *numbers)
{
    static bool seen[65536];
    unsigned near = 0, distinct = 0, above = 0;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < MANY; i++) {
        distinct += !seen[numbers[i]];
        seen[numbers[i]] = true;
        if (i == 0)
            continue;
        const int step = numbers[i] - numbers[i - 1];
        near += step > -8 && step < 8; // 0.5 of 1,000 by chance
        above += step > 0;
    }
    assert_int_equal(distinct, MANY); // none is used twice at a time
    assert_true(near < 20);
    assert_true(above > MANY / 4 && above < MANY * 3 / 4);
}

static void each_query_has_a_port_and_an_id_of_its_own(void **state)
{
    static uint16_t ports[MANY], ids[MANY];
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = waiting_new(&s);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(try_ask(w, CHANNEL_UDP, WWW), 0);
        nameserver_wait(&s.server, &s.loop, &q);
        ports[i] = sockaddr_port(&q.from);
        ids[i] = id_of(&q);
    }
    expect_drawn(ports);
    expect_drawn(ids);
    close_stage(&s);
    free(w);
}

// --- UDP: time -------------------------------------------------------------

// Sent twice, by two ports.
static void wait_twice(struct stage *s, struct waiting *w, struct asked *first,
                       struct asked *second)
{
    nameserver_wait(&s->server, &s->loop, first);
    skip_ms(CHANNEL_SLOW_MS - 60);
    expect_waiting(w);
    assert_int_equal(w->slow, 0);
    assert_false(nameserver_has(&s->server, second));
    skip_ms(60);
    nameserver_wait(&s->server, &s->loop, second);
    wait_slow(w);
    assert_int_equal(first->n, second->n);
    assert_memory_equal(first->octets, second->octets, first->n);
    assert_true(sockaddr_port(&first->from) != sockaddr_port(&second->from));
}

static void without_a_reply_it_is_sent_again_by_another_port(void **state)
{
    struct stage s;
    struct asked first, second;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    wait_twice(&s, w, &first, &second);
    answer(&s, &second);
    expect(w, CHANNEL_ANSWERED);
    assert_int_equal(w->slow, 1);
    free(w);
    close_stage(&s);
}

static void a_late_reply_to_the_first_sending_counts(void **state)
{
    struct stage s;
    struct asked first, second;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    wait_twice(&s, w, &first, &second);
    answer(&s, &first);
    expect(w, CHANNEL_ANSWERED);
    answer(&s, &second);
    nameserver_settle(&s.loop);
    assert_int_equal(w->done, 1);
    free(w);
    close_stage(&s);
}

static void a_silent_server_is_given_up_in_time(void **state)
{
    struct stage s;
    struct asked first, second, third;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    wait_twice(&s, w, &first, &second);
    skip_ms(CHANNEL_GIVE_UP_MS - CHANNEL_SLOW_MS - 60);
    expect_waiting(w);
    skip_ms(60 + 50);
    expect(w, CHANNEL_SILENT);
    assert_int_equal(w->slow, 1);
    assert_false(nameserver_has(&s.server, &third));
    free(w);
    close_stage(&s);
}

static void an_idle_channel_wakes_nobody(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    assert_true(uv_loop_alive(&s.loop));
    nameserver_wait(&s.server, &s.loop, &q);
    answer(&s, &q);
    expect(w, CHANNEL_ANSWERED);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT); // its socket closes
    assert_false(uv_loop_alive(&s.loop));
    free(w);
    close_stage(&s);
}

// --- UDP: a network that says no -------------------------------------------

static void a_refused_query_ends_at_once_and_no_other(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    nameserver_close_udp(&s.server);
    struct waiting *b = ask(&s, CHANNEL_UDP, WWW);
    expect(b, CHANNEL_UNREACHABLE);
    assert_int_equal(b->slow, 0);
    expect_waiting(a);
    channel_drop(a->ask);
    free(a);
    free(b);
    close_stage(&s);
}

static void what_the_network_says_at_once_is_returned(void **state)
{
    struct stage s = {.channel = NULL};
    struct error err;
    struct sockaddr_any nowhere;
    (void)state;
    assert_int_equal(sockaddr_parse("255.255.255.255:53", &nowhere, &err), 0);
    assert_int_equal(uv_loop_init(&s.loop), 0);
    s.server = (struct nameserver){.udp = -1, .tcp = -1};
    assert_int_equal(channel_new(&s.loop, &nowhere, &s.channel, &err), 0);
    struct waiting *w = waiting_new(&s);
    const int udp = try_ask(w, CHANNEL_UDP, WWW); // no broadcast
    assert_true(udp == -EACCES || udp == -ENETUNREACH);
    assert_int_equal(try_ask(w, CHANNEL_TCP, WWW), -ENETUNREACH);
    nameserver_settle(&s.loop);
    assert_int_equal(w->done, 0);
    free(w);
    close_stage(&s);
}

static void what_is_no_query_is_refused(void **state)
{
    const struct channel_call call = {on_slow, on_done, NULL};
    uint8_t query[1024] = {0};
    struct stage s;
    struct channel_ask *a;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    const size_t whole = nameserver_question(query, WWW, TYPE_A);
    for (size_t n = 0; n < whole; n++)
        assert_int_equal(
            channel_ask(s.channel, CHANNEL_UDP, span_of(query, n), &call, &a),
            -EINVAL);
    query[5] = 2; // QDCOUNT
    assert_int_equal(
        channel_ask(s.channel, CHANNEL_UDP, span_of(query, whole), &call, &a),
        -EINVAL);
    query[5] = 1;
    query[DNS_HEADER] = 0xc0; // a pointer
    assert_int_equal(
        channel_ask(s.channel, CHANNEL_UDP, span_of(query, whole), &call, &a),
        -EINVAL);
    query[DNS_HEADER] = 3;
    assert_int_equal(channel_ask(s.channel, CHANNEL_UDP,
                                 span_of(query, DNS_UDP_MIN + 1), &call, &a),
                     -EMSGSIZE);
    memset(query + DNS_HEADER, 1, 300); // labels without an end
    query[DNS_HEADER + 256] = 0;
    assert_int_equal(
        channel_ask(s.channel, CHANNEL_UDP, span_of(query, 320), &call, &a),
        -EINVAL);
    close_stage(&s);
}

// --- TCP -------------------------------------------------------------------

static void check_stream(const char *address, size_t n, size_t piece)
{
    static uint8_t reply[65535];
    struct stage s;
    struct asked q;

    open_stage(&s, address);
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    nameserver_reply(&q, reply, n ? n : q.n);
    nameserver_write(fd, &s.loop, span_of(reply, n ? n : q.n), piece);
    expect_reply(w, reply, n ? n : q.n);
    // nobody waits for more
    assert_false(nameserver_read(fd, &s.loop, &q));
    close(fd);
    free(w);
    close_stage(&s);
}

static void a_stream_is_put_together(void **state)
{
    (void)state;
    check_stream("127.0.0.1:0", 0, 65537);
    check_stream("127.0.0.1:0", 0, 1);
    check_stream("[::1]:0", 65535, 1000);
    check_stream("127.0.0.1:0", 65535, 65537);
}

// In another order, and by one connection.
static void a_connection_serves_several(void **state)
{
    enum { N = 5 };
    struct stage s;
    struct waiting *w[N];
    struct asked q[N];
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (int i = 0; i < N; i++)
        w[i] = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    for (int i = 0; i < N; i++)
        assert_true(nameserver_read(fd, &s.loop, &q[i]));
    for (int i = N; i-- > 0;) {
        nameserver_reply(&q[i], reply, q[i].n);
        nameserver_write(fd, &s.loop, span_of(reply, q[i].n), 9);
        wait_done(w[i]);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(w[i]->outcome, CHANNEL_ANSWERED);
        assert_int_equal(bytes_load_u16(w[i]->reply), id_of(&q[i]));
        free(w[i]);
    }
    close(fd);
    close_stage(&s);
}

static void a_server_may_close_behind_each_reply(void **state)
{
    enum { N = 4 };
    struct stage s;
    struct waiting *w[N];
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (int i = 0; i < N; i++)
        w[i] = ask(&s, CHANNEL_TCP, WWW);
    for (int i = 0; i < N; i++) {
        const int fd = nameserver_accept(&s.server, &s.loop);
        assert_true(nameserver_read(fd, &s.loop, &q));
        nameserver_reply(&q, reply, q.n);
        nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
        close(fd); // what else it was asked is sent again
    }
    for (int i = 0; i < N; i++) {
        expect(w[i], CHANNEL_ANSWERED);
        free(w[i]);
    }
    close_stage(&s);
}

static void a_server_that_only_closes_is_unreachable(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    for (int i = 0; i < 4; i++) {
        const int fd = nameserver_accept(&s.server, &s.loop);
        assert_true(nameserver_read(fd, &s.loop, &q));
        if (i == 2) { // half a message
            nameserver_reply(&q, reply, q.n);
            uint8_t half[12] = {0, (uint8_t)q.n};
            memcpy(half + 2, reply, 10);
            assert_int_equal(write(fd, half, sizeof half), sizeof half);
        }
        close(fd);
    }
    expect(w, CHANNEL_UNREACHABLE);
    assert_int_equal(w->slow, 0);
    free(w);
    close_stage(&s);
}

static void a_closed_port_is_unreachable(void **state)
{
    struct stage s;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    nameserver_close_tcp(&s.server);
    struct waiting *w = waiting_new(&s);
    const int r = try_ask(w, CHANNEL_TCP, WWW);
    if (r == 0) // loopback may know at once
        expect(w, CHANNEL_UNREACHABLE);
    else
        assert_int_equal(r, -ECONNREFUSED);
    assert_int_equal(w->slow, 0);
    free(w);
    close_stage(&s);
}

static void a_silent_connection_is_given_up_in_time(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    skip_ms(CHANNEL_SLOW_MS - 60);
    expect_waiting(w);
    assert_int_equal(w->slow, 0);
    skip_ms(60);
    wait_slow(w);
    skip_ms(CHANNEL_GIVE_UP_MS - CHANNEL_SLOW_MS - 60);
    expect_waiting(w);
    skip_ms(60 + 50);
    expect(w, CHANNEL_SILENT);
    assert_false(nameserver_read(fd, &s.loop, &q)); // and closed
    close(fd);
    free(w);
    close_stage(&s);
}

// However late its last connection was made.
static void a_second_connection_gets_no_time_of_its_own(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    skip_ms(CHANNEL_SLOW_MS);
    wait_slow(w);
    close(fd);
    fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    skip_ms(CHANNEL_GIVE_UP_MS - CHANNEL_SLOW_MS);
    for (int i = 0; i < 10; i++)
        nameserver_settle(&s.loop);
    assert_int_equal(w->done, 1);
    expect(w, CHANNEL_SILENT);
    close(fd);
    free(w);
    close_stage(&s);
}

static void wrong_replies_in_a_stream_do_not_count(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    nameserver_reply(&q, reply, q.n);
    reply[0] ^= 1;
    nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
    reply[0] ^= 1;
    reply[13] ^= 1;
    nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
    nameserver_write(fd, &s.loop, span_of(reply, 5), 100);
    expect_waiting(w);
    reply[13] ^= 1;
    nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
    expect_reply(w, reply, q.n);
    close(fd);
    free(w);
    close_stage(&s);
}

// c-ares takes it for a reply.
static void its_own_query_is_no_reply(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    nameserver_write(fd, &s.loop, span_of(q.octets, q.n), 100);
    expect(w, CHANNEL_SILENT);
    close(fd);
    free(w);
    close_stage(&s);
}

// --- dropping and freeing --------------------------------------------------

static void drop_own(struct waiting *w)
{
    channel_drop(w->ask);
}

static void drop_other(struct waiting *w)
{
    channel_drop(w->other->ask);
}

static void free_channel(struct waiting *w)
{
    channel_free(w->stage->channel);
    w->stage->channel = NULL;
}

static void ask_other(struct waiting *w)
{
    assert_int_equal(try_ask(w->other, CHANNEL_UDP, WWW), 0);
    assert_int_equal(w->other->done, 0);
}

static void a_dropped_query_is_never_told_of(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    channel_drop(a->ask);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    // c-ares has forgotten it, too: nothing is left of it
    assert_false(uv_loop_alive(&s.loop));
    answer(&s, &q);
    skip_ms(CHANNEL_GIVE_UP_MS);
    nameserver_settle(&s.loop);
    assert_false(nameserver_has(&s.server, &q)); // nor sent again
    assert_int_equal(a->slow + a->done, 0);
    free(a);
    close_stage(&s);
}

static void each_may_be_dropped_in_each_call(void **state)
{
    static void (*const in_calls[])(struct waiting *) = {drop_own, drop_other};
    struct stage s;
    struct asked first, second;

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    for (unsigned i = 0; i < 6; i++) {
        struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
        nameserver_wait(&s.server, &s.loop, &first);
        struct waiting *b = ask(&s, i < 4 ? CHANNEL_UDP : CHANNEL_TCP, WWW);
        a->other = b;
        if (i & 2)
            a->in_slow = in_calls[i & 1];
        else
            a->in_done = in_calls[i & 1];
        if (i < 4)
            nameserver_wait(&s.server, &s.loop, &second);
        if (i & 2) {
            skip_ms(CHANNEL_SLOW_MS);
            wait_slow(a);
        }
        if (a->in_slow != drop_own) {
            answer(&s, &first);
            expect(a, CHANNEL_ANSWERED);
        }
        if (a->in_done != drop_other && a->in_slow != drop_other) {
            assert_int_equal(b->done, 0);
            channel_drop(b->ask);
        }
        nameserver_settle(&s.loop);
        assert_int_equal(a->done, a->in_slow == drop_own ? 0 : 1);
        assert_int_equal(b->done, 0);
        while (nameserver_has(&s.server, &first))
            continue;
        free(a);
        free(b);
    }
    close_stage(&s);
}

static void a_reply_by_a_stream_may_be_dropped_in_its_call(void **state)
{
    struct stage s;
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_TCP, WWW);
    w->in_done = drop_own;
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    nameserver_reply(&q, reply, q.n);
    nameserver_write(fd, &s.loop, span_of(reply, q.n), 100);
    expect_reply(w, reply, q.n);
    close(fd);
    free(w);
    close_stage(&s);
}

// What has ended, and is not told of yet, is dropped like others.
static void dropping_what_ends_with_it_is_fine(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
    struct waiting *b = ask(&s, CHANNEL_UDP, WWW);
    a->other = b;
    a->in_done = drop_other;
    b->other = a;
    b->in_done = drop_other;
    nameserver_wait(&s.server, &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    wait_slow(a);
    wait_slow(b);
    skip_ms(CHANNEL_GIVE_UP_MS); // both at once
    for (int i = 0; i < SERVER_PATIENCE_MS && !a->done && !b->done; i++)
        nameserver_run(&s.loop);
    nameserver_settle(&s.loop);
    assert_int_equal(a->done + b->done, 1);
    free(a);
    free(b);
    close_stage(&s);
}

static void a_dropped_stream_closes_when_nobody_waits(void **state)
{
    struct stage s;
    struct asked q1, q2;
    uint8_t reply[DNS_UDP_MIN];

    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_TCP, WWW);
    struct waiting *b = ask(&s, CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q1));
    assert_true(nameserver_read(fd, &s.loop, &q2));
    channel_drop(a->ask);
    nameserver_reply(&q1, reply, q1.n); // nobody's any more
    nameserver_write(fd, &s.loop, span_of(reply, q1.n), 100);
    nameserver_reply(&q2, reply, q2.n);
    nameserver_write(fd, &s.loop, span_of(reply, q2.n), 100);
    expect_reply(b, reply, q2.n);
    close(fd);

    assert_int_equal(try_ask(a, CHANNEL_TCP, WWW), 0);
    const int again = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(again, &s.loop, &q1));
    channel_drop(a->ask);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    assert_false(uv_loop_alive(&s.loop));
    assert_false(nameserver_read(again, &s.loop, &q1)); // its end
    close(again);
    assert_int_equal(a->done, 0);
    free(a);
    free(b);
    close_stage(&s);
}

static void a_channel_may_be_freed_with_queries_on_their_way(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w[6];
    for (int i = 0; i < 6; i++)
        w[i] = ask(&s, i < 3 ? CHANNEL_UDP : CHANNEL_TCP, WWW);
    const int fd = nameserver_accept(&s.server, &s.loop);
    assert_true(nameserver_read(fd, &s.loop, &q));
    channel_drop(w[1]->ask);
    channel_drop(w[4]->ask);
    skip_ms(CHANNEL_SLOW_MS);
    wait_slow(w[0]);
    close_stage(&s);
    close(fd);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(w[i]->done, 0);
        free(w[i]);
    }
}

// When: answered, slow, given up, refused.
static void a_channel_may_be_freed_in_its_calls(void **state)
{
    struct asked q;
    (void)state;
    for (int when = 0; when < 4; when++) {
        struct stage s;
        open_stage(&s, "127.0.0.1:0");
        struct waiting *other = ask(&s, CHANNEL_UDP, WWW);
        nameserver_wait(&s.server, &s.loop, &q);
        struct waiting *stream = ask(&s, CHANNEL_TCP, WWW);
        if (when == 3)
            nameserver_close_udp(&s.server);
        struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
        if (when == 1)
            w->in_slow = free_channel;
        else
            w->in_done = free_channel;
        if (when < 3)
            nameserver_wait(&s.server, &s.loop, &q);
        if (when == 0)
            answer(&s, &q);
        else if (when == 1)
            skip_ms(CHANNEL_SLOW_MS);
        else if (when == 2)
            skip_ms(CHANNEL_GIVE_UP_MS + 500);
        for (int i = 0; i < SERVER_PATIENCE_MS && s.channel; i++)
            nameserver_run(&s.loop);
        assert_null(s.channel);
        nameserver_settle(&s.loop);
        assert_int_equal(w->done, when != 1);
        close_stage(&s);
        free(w);
        free(other);
        free(stream);
    }
}

static void a_call_may_ask_the_next_question(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    open_stage(&s, "127.0.0.1:0");
    struct waiting *a = ask(&s, CHANNEL_UDP, WWW);
    struct waiting *b = waiting_new(&s), *c = waiting_new(&s);
    a->other = b;
    a->in_done = ask_other;
    b->other = c;
    b->in_slow = ask_other;
    nameserver_wait(&s.server, &s.loop, &q);
    answer(&s, &q);
    expect(a, CHANNEL_ANSWERED);
    nameserver_wait(&s.server, &s.loop, &q);
    skip_ms(CHANNEL_SLOW_MS);
    wait_slow(b);
    nameserver_wait(&s.server, &s.loop, &q);
    nameserver_wait(&s.server, &s.loop, &q);
    skip_ms(CHANNEL_GIVE_UP_MS);
    expect(b, CHANNEL_SILENT);
    expect(c, CHANNEL_SILENT);
    free(a);
    free(b);
    free(c);
    close_stage(&s);
}

// --- what runs out ---------------------------------------------------------

static void try_all(struct stage *s, struct waiting *w)
{
    struct asked q;
    uint8_t reply[DNS_UDP_MIN];

    w->done = w->slow = 0;
    if (try_ask(w, CHANNEL_UDP, WWW) == 0) {
        nameserver_wait(&s->server, &s->loop, &q);
        skip_ms(CHANNEL_SLOW_MS);
        wait_slow(w);
        answer(s, &q);
        wait_done(w);
        while (nameserver_has(&s->server, &q))
            continue;
    }
    w->done = w->slow = 0;
    if (try_ask(w, CHANNEL_TCP, WWW) != 0)
        return;
    for (int i = 0; i < 40 && !w->done; i++) {
        const int fd = accept(s->server.tcp, NULL, NULL);
        if (fd >= 0) {
            const struct timeval soon = {.tv_usec = 1000};
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
            for (int turn = 0; turn < 10 && !w->done; turn++) {
                uint8_t octets[600];
                (void)uv_run(&s->loop, UV_RUN_NOWAIT);
                const ssize_t n = recv(fd, octets, sizeof octets, 0);
                if (n == 0)
                    break;
                if (n > 2) {
                    q.n = (size_t)n - 2;
                    memcpy(q.octets, octets + 2, q.n);
                    nameserver_reply(&q, reply, q.n);
                    uint8_t all[DNS_UDP_MIN + 2];
                    bytes_store_u16(all, (uint16_t)q.n);
                    memcpy(all + 2, reply, q.n);
                    (void)!send(fd, all, q.n + 2, MSG_NOSIGNAL);
                }
            }
            close(fd);
        }
        (void)uv_run(&s->loop, UV_RUN_NOWAIT);
    }
    skip_ms(CHANNEL_GIVE_UP_MS);
    wait_done(w);
}

static void prepare_faults(struct stage *s)
{
    open_stage(s, "127.0.0.1:0");
    struct timeval soon = {.tv_usec = 2000};
    setsockopt(s->server.tcp, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
}

static void memory_may_run_out(void **state)
{
    struct stage s;
    bool hit;
    long n = 0;
    (void)state;
    do {
        prepare_faults(&s);
        struct waiting *w = waiting_new(&s);
        fault_alloc_after(++n);
        try_all(&s, w);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        try_all(&s, w);
        assert_int_equal(w->done, 1);
        assert_int_equal(w->outcome, CHANNEL_ANSWERED);
        free(w);
        close_stage(&s);
    } while (hit);
    assert_true(n > 6); // two wires, two asks, two sockets, a connection

    fault_alloc_after(1);
    struct error err;
    struct channel *c = NULL;
    assert_int_equal(channel_new(&s.loop, &s.server.address, &c, &err),
                     -ENOMEM);
    fault_alloc_after(-1);
    assert_null(c);
}

// --- c-ares' own memory

static long ares_left = -1; // allocations until one fails

static bool ares_refuses(void)
{
    return ares_left > 0 && --ares_left == 0;
}

static void *ares_malloc(size_t n)
{
    return ares_refuses() ? NULL : malloc(n);
}

static void *ares_realloc(void *p, size_t n)
{
    return ares_refuses() ? NULL : realloc(p, n);
}

static void memory_of_c_ares_may_run_out(void **state)
{
    struct stage s;
    bool hit;
    long n = 0;
    (void)state;
    assert_int_equal(ares_library_init_mem(ARES_LIB_INIT_ALL, ares_malloc, free,
                                           ares_realloc),
                     0);
    do {
        prepare_faults(&s);
        struct waiting *w = waiting_new(&s);
        ares_left = ++n;
        try_all(&s, w);
        hit = ares_left == 0;
        ares_left = -1;
        try_all(&s, w);
        assert_int_equal(w->outcome, CHANNEL_ANSWERED);
        free(w);
        close_stage(&s);
    } while (hit);
    assert_true(n > 10);
    ares_library_cleanup();
}

// c-ares cannot find it then, and is told when it would send it again.
static void what_c_ares_cannot_forget_is_not_sent_again(void **state)
{
    struct stage s;
    struct asked q;
    (void)state;
    assert_int_equal(ares_library_init_mem(ARES_LIB_INIT_ALL, ares_malloc, free,
                                           ares_realloc),
                     0);
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &q);
    ares_left = 1;
    channel_drop(w->ask);
    assert_int_equal(ares_left, 0);
    ares_left = -1;
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    assert_false(nameserver_has(&s.server, &q));
    assert_false(uv_loop_alive(&s.loop));
    assert_int_equal(w->slow + w->done, 0);
    free(w);
    close_stage(&s);
    ares_library_cleanup();
}

static void limit_files(unsigned n)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// The lowest descriptor that is free.
static unsigned files_in_use(void)
{
    const int fd = dup(0);
    assert_true(fd > 0);
    close(fd);
    return (unsigned)fd;
}

static void files_may_run_out(void **state)
{
    struct stage s;
    struct asked first, second;
    struct rlimit before;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    open_stage(&s, "127.0.0.1:0");
    struct waiting *w = ask(&s, CHANNEL_UDP, WWW);
    nameserver_wait(&s.server, &s.loop, &first);
    limit_files(files_in_use());
    struct waiting *other = waiting_new(&s);
    assert_int_equal(try_ask(other, CHANNEL_UDP, WWW), -EMFILE);
    assert_int_equal(try_ask(other, CHANNEL_TCP, WWW), -EMFILE);
    // what is on its way is sent again all the same
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_wait(&s.server, &s.loop, &second);
    assert_int_equal(sockaddr_port(&first.from), sockaddr_port(&second.from));
    limit_files((unsigned)before.rlim_cur);
    answer(&s, &second);
    expect(w, CHANNEL_ANSWERED);
    assert_int_equal(other->done, 0);
    assert_int_equal(try_ask(other, CHANNEL_UDP, WWW), 0);
    free(w);
    close_stage(&s);
    free(other);
}

// --- many ------------------------------------------------------------------

// Each has two ports in the end, of some 28,000 that all tests share.
enum { CROWD = 2000, OCTETS_EACH = 1200 };

static unsigned crowd_done;

static void on_one_of_many(void *context, enum channel_outcome outcome,
                           struct span reply)
{
    (void)context;
    (void)reply;
    assert_int_equal(outcome, CHANNEL_SILENT);
    crowd_done++;
}

static void a_silent_server_costs_little_memory(void **state)
{
    const struct channel_call call = {NULL, on_one_of_many, NULL};
    static struct channel_ask *asks[CROWD];
    uint8_t query[DNS_UDP_MIN];
    struct stage s;
    struct rlimit limit;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    // sockets for two sendings of each, where there may be as many
    const unsigned crowd = limit.rlim_max < 2 * CROWD + 500
                               ? (unsigned)(limit.rlim_max - 500) / 2
                               : CROWD;
    open_stage(&s, "127.0.0.1:0");
    const size_t n = nameserver_question(query, WWW, TYPE_A);
    const size_t before = mallinfo2().uordblks;
    for (unsigned i = 0; i < crowd; i++)
        assert_int_equal(channel_ask(s.channel, CHANNEL_UDP, span_of(query, n),
                                     &call, &asks[i]),
                         0);
    const size_t once = (mallinfo2().uordblks - before) / crowd;
    skip_ms(CHANNEL_SLOW_MS);
    nameserver_settle(&s.loop);
    const size_t twice = (mallinfo2().uordblks - before) / crowd;
    print_message("# %u on their way: %zu octets each, %zu when sent again\n",
                  crowd, once, twice);
    assert_true(once < OCTETS_EACH && twice < OCTETS_EACH);
    crowd_done = 0;
    for (unsigned i = 0; i < crowd; i += 2)
        channel_drop(asks[i]);
    skip_ms(CHANNEL_GIVE_UP_MS);
    for (int i = 0; i < SERVER_PATIENCE_MS && crowd_done < crowd / 2; i++)
        nameserver_run(&s.loop);
    assert_int_equal(crowd_done, crowd / 2);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    assert_false(uv_loop_alive(&s.loop));
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_handed_over_as_it_came),
        cmocka_unit_test(a_large_datagram_is_whole),
        cmocka_unit_test(what_a_reply_says_makes_no_difference),
        cmocka_unit_test(nor_does_it_in_a_stream),
        cmocka_unit_test(only_its_id_and_question_make_a_reply),
        cmocka_unit_test(nobody_else_can_reply),
        cmocka_unit_test(the_reply_of_one_is_none_for_another),
        cmocka_unit_test(a_reply_counts_once),
        cmocka_unit_test(each_query_has_a_port_and_an_id_of_its_own),
        cmocka_unit_test(without_a_reply_it_is_sent_again_by_another_port),
        cmocka_unit_test(a_late_reply_to_the_first_sending_counts),
        cmocka_unit_test(a_silent_server_is_given_up_in_time),
        cmocka_unit_test(an_idle_channel_wakes_nobody),
        cmocka_unit_test(a_refused_query_ends_at_once_and_no_other),
        cmocka_unit_test(what_the_network_says_at_once_is_returned),
        cmocka_unit_test(what_is_no_query_is_refused),
        cmocka_unit_test(a_stream_is_put_together),
        cmocka_unit_test(a_connection_serves_several),
        cmocka_unit_test(a_server_may_close_behind_each_reply),
        cmocka_unit_test(a_server_that_only_closes_is_unreachable),
        cmocka_unit_test(a_closed_port_is_unreachable),
        cmocka_unit_test(a_silent_connection_is_given_up_in_time),
        cmocka_unit_test(a_second_connection_gets_no_time_of_its_own),
        cmocka_unit_test(wrong_replies_in_a_stream_do_not_count),
        cmocka_unit_test(its_own_query_is_no_reply),
        cmocka_unit_test(a_dropped_query_is_never_told_of),
        cmocka_unit_test(each_may_be_dropped_in_each_call),
        cmocka_unit_test(a_reply_by_a_stream_may_be_dropped_in_its_call),
        cmocka_unit_test(dropping_what_ends_with_it_is_fine),
        cmocka_unit_test(a_dropped_stream_closes_when_nobody_waits),
        cmocka_unit_test(a_channel_may_be_freed_with_queries_on_their_way),
        cmocka_unit_test(a_channel_may_be_freed_in_its_calls),
        cmocka_unit_test(a_call_may_ask_the_next_question),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(memory_of_c_ares_may_run_out),
        cmocka_unit_test(what_c_ares_cannot_forget_is_not_sent_again),
        cmocka_unit_test(files_may_run_out),
        cmocka_unit_test(a_silent_server_costs_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
