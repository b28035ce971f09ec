// SPDX-License-Identifier: Apache-2.0
// A stream of messages, cut at any places, to a connection on a real loop. The
// replies that come back are those to each message given alone, in order, and
// then the connection ends; memory and connections are given back. Addresses of
// a set may come in another order: what did not fit was answered twice.
//
//    octet 0         how many cuts, 0 to 15; bit 4: the client reads late;
//                    bit 5: its window is small; bit 6: it never says FIN
//    then each cut   octets of a piece, 1 to 256
//    then            the stream, the rest of it in one piece
#include "../../src/net/forward.h"
#include "../../src/net/hold.h"
#include "../../src/net/tcp.h"
#include "../../src/net/tcp_connection.h"
// a fuzz target is linked with src/ alone: the zone comes along
#include "lib/reply.c"
#include "lib/server.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { READS_LATE = 0x10, WINDOW_SMALL = 0x20, NEVER_ENDS = 0x40 };

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_framing: %s\n", what);
    abort();
}

struct octets {
    uint8_t *p;
    size_t n, size;
};

static void append(struct octets *o, const void *p, size_t n)
{
    if (o->n + n > o->size) {
        o->size = 2 * (o->n + n);
        o->p = realloc(o->p, o->size);
        check(o->p != NULL, "no memory for the fuzzer itself");
    }
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

// --- a worker without a thread ---------------------------------------------

struct bench {
    uv_loop_t loop;
    struct hold hold;       // nothing waits
    struct forward forward; // nor is forwarded
    struct responder responder;
    struct udp udp; // without a socket
    struct tcp tcp;
};

// One for all inputs; the process ends with it.
static struct bench *the_bench(void)
{
    static struct bench *b;
    static const struct tcp_limits limits = {.connections = 4,
                                             .client_connections = 4,
                                             .idle_ms = 600000,
                                             .message_ms = 600000};
    if (b)
        return b;
    b = calloc(1, sizeof *b);
    check(b && uv_loop_init(&b->loop) == 0, "no loop");
    zone_reader_register();
    b->responder.loop = &b->loop;
    b->responder.hold = &b->hold;
    b->responder.forward = &b->forward;
    b->responder.clock = clock_of_system();
    b->responder.context.zone = server_zone();
    b->responder.context.settings.udp_size_max = 1232;
    check(tcp_init(&b->tcp, &b->responder, &b->udp, &limits, 1) == 0,
          "no pool");
    return b;
}

// --- what has to come ------------------------------------------------------

static void answer_alone(struct answer_context *context, const uint8_t *message,
                         size_t n, struct octets *out)
{
    static uint8_t buffer[DNS_TCP_MAX];
    static const struct sockaddr_any nobody = {.any = {.sa_family = AF_INET}};
    uint8_t length[2];
    struct answer_job job = {.message = buffer,
                             .query_n = (uint32_t)n,
                             .size = sizeof buffer,
                             .transport = ANSWER_TCP,
                             .client = &nobody};
    memcpy(buffer, message, n);
    answer_batch(context, &job, 1);
    if (job.verdict != ANSWER_SEND)
        return;
    bytes_store_u16(length, (uint16_t)job.reply_n);
    append(out, length, sizeof length);
    append(out, buffer, job.reply_n);
}

// RFC 1035 4.2.2, read once more: two octets of length, then so many. A length
// below a header's ends all.
static struct octets expected_of(const struct bench *b, const uint8_t *stream,
                                 size_t n)
{
    struct answer_context context = {.zone = b->responder.context.zone,
                                     .settings = b->responder.context.settings,
                                     .now_ms = b->responder.context.now_ms,
                                     .now_unix_s =
                                         b->responder.context.now_unix_s};
    struct octets out = {0};
    size_t at = 0;
    while (at + 2 <= n) {
        const size_t message_n = (size_t)stream[at] << 8 | stream[at + 1];
        if (message_n < 12 || at + 2 + message_n > n)
            break;
        answer_alone(&context, stream + at + 2, message_n, &out);
        at += 2 + message_n;
    }
    return out;
}

// --- what comes ------------------------------------------------------------

static void turn(struct bench *b)
{
    b->responder.turn++;
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

// Returns whether the connection goes on.
static bool receive(int fd, struct octets *got)
{
    static uint8_t buffer[65536];
    ssize_t r;
    while ((r = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
        append(got, buffer, (size_t)r);
    return r < 0 && errno == EAGAIN;
}

struct client {
    struct bench *bench;
    int fd;
    bool reads_late;
    struct octets got;
};

// Until all is sent, or the connection is over.
static void send_piece(struct client *c, const uint8_t *p, size_t n)
{
    unsigned stuck = 0;
    while (n > 0 && c->bench->tcp.pool.open > 0) {
        const ssize_t r = send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (r > 0) {
            p += r;
            n -= (size_t)r;
        } else if (r < 0 && errno != EAGAIN) {
            return;
        }
        turn(c->bench);
        // who reads late does not read until nothing else helps
        if (!c->reads_late || stuck++ > 20)
            (void)receive(c->fd, &c->got);
    }
}

static void play(struct client *c, const uint8_t *data, size_t n)
{
    const unsigned cuts = data[0] & 0x0f;
    const uint8_t *stream = data + 1 + cuts, *const end = data + n;
    for (unsigned i = 0; i < cuts && stream < end; i++) {
        const size_t left = (size_t)(end - stream);
        const size_t wanted = (size_t)data[1 + i] + 1;
        const size_t piece = wanted < left ? wanted : left;
        send_piece(c, stream, piece);
        turn(c->bench);
        stream += piece;
    }
    send_piece(c, stream, (size_t)(end - stream));
    if (!(data[0] & NEVER_ENDS))
        (void)shutdown(c->fd, SHUT_WR);
}

// Until the connection ends, or, where the client does not end it, until it is
// idle: has nothing to say for some turns.
static void finish(struct client *c, bool ends)
{
    unsigned quiet = 0;
    bool goes_on = true;
    for (unsigned turns = 0; goes_on && quiet < 8; turns++) {
        const size_t before = c->got.n;
        turn(c->bench);
        goes_on = receive(c->fd, &c->got);
        quiet = !ends && c->got.n == before ? quiet + 1 : 0;
        check(turns < 100000, "the connection does not end");
    }
    close(c->fd);
    for (unsigned turns = 0; c->bench->tcp.pool.open > 0; turns++) {
        turn(c->bench);
        check(turns < 1000, "the connection stays open");
    }
    turn(c->bench); // its handle closes
}

static struct octets serve(struct bench *b, const uint8_t *data, size_t n)
{
    static const struct sockaddr_any from = {.v4 = {.sin_family = AF_INET}};
    const int small = 1;
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0,
          "no sockets");
    if (data[0] & WINDOW_SMALL)
        (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    struct client c = {
        .bench = b, .fd = pair[0], .reads_late = (data[0] & READS_LATE) != 0};
    struct tcp_connection *const connection =
        tcp_pool_open(&b->tcp.pool, &from, uv_now(&b->loop));
    tcp_connection_start(connection, &b->tcp, pair[1]);
    play(&c, data, n);
    finish(&c, !(data[0] & NEVER_ENDS));
    return c.got;
}

// The same but for the order of what stands behind the header.
static bool is_like(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t more_in_a[256] = {0};
    if (memcmp(a, b, n) == 0)
        return true;
    for (size_t i = DNS_HEADER; i < n; i++) {
        more_in_a[a[i]]++;
        more_in_a[b[i]]--;
    }
    for (size_t i = 0; i < ORD_COUNT(more_in_a); i++)
        if (more_in_a[i] != 0)
            return false;
    return memcmp(a, b, DNS_HEADER) == 0;
}

static void compare(const struct octets *got, const struct octets *wanted)
{
    size_t at = 0;
    check(got->n == wanted->n, "more or fewer octets than the replies have");
    while (at < wanted->n) {
        const size_t n = bytes_load_u16(wanted->p + at);
        check(bytes_load_u16(got->p + at) == n, "a reply of another length");
        at += FRAME_LENGTH;
        check(is_like(got->p + at, wanted->p + at, n), "another reply");
        at += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bench *const b = the_bench();
    if (n < 1 || n < 1u + (data[0] & 0x0f))
        return 0;
    const size_t head = 1u + (data[0] & 0x0f);
    uv_update_time(&b->loop);
    responder_set_time(&b->responder);
    b->responder.context.rotation = 0;
    struct octets wanted = expected_of(b, data + head, n - head);
    struct octets got = serve(b, data, n);
    compare(&got, &wanted);
    free(wanted.p);
    free(got.p);
    return 0;
}
