// SPDX-License-Identifier: Apache-2.0
// A turn of a connection: libuv reads into the worker's input buffer; up to
// BATCH_MAX whole messages at a time are copied to where replies are made,
// answered at once, and written by one call. All of it is then done with, and
// an idle connection holds no memory but its slot.
//
// What is different when something is missing:
//
//   half a message   is kept in a buffer of its own, which grows with what
//                    comes; the next read goes there
//   a slow reader    what the socket does not take waits as one write of at
//                    most TCP_WAITING_MAX octets. Until it is written nothing
//                    is read or answered, so that replies pile up in the
//                    client's buffers and the kernel's, never in ours. Queries
//                    behind it are kept, and answered after it
//   a reply          that is not to be given yet: the query waits with those of
//                    all connections (wait.h), and others overtake it (RFC
//                    7766 6.2.1.1). Its reply goes as soon as nothing is being
//                    written
//   end of stream    comes only behind the last octet, when all is answered and
//                    handed over: closing then loses nothing, and a client
//                    that shut down its side early gets all its replies
//                    (RFC 7766 6.2.4), those that have to wait included
//   an error, a length that no message has, memory running out: closed
#include "tcp_connection.h"

#include "batch.h"
#include "tcp_reply.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tcp_connection *connection_of(void *handle)
{
    return ORD_CONTAINER(handle, struct tcp_connection, stream);
}

static void keep_nothing(struct tcp_connection *c)
{
    free(c->kept);
    c->kept = NULL;
    c->kept_n = c->kept_size = 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct tcp_connection *const c = connection_of(handle);
    assert(!c->write); // libuv has cancelled it before
    keep_nothing(c);
    tcp_pool_return(&c->tcp->pool, c);
}

// Nobody may touch the stream from here on.
static void leave(struct tcp_connection *c)
{
    struct tcp *const t = c->tcp;
    assert(!c->closing);
    c->closing = true;
    counter_add(&t->responder->counters.connections_closed, 1);
    wait_forget(&c->ways);
    tcp_pool_close(&t->pool, c);
    if (t->pool.open == 0) // nothing left to look after
        (void)uv_timer_stop(&t->sweep);
}

void tcp_connection_close(struct tcp_connection *c)
{
    leave(c);
    uv_close((uv_handle_t *)&c->stream, on_closed);
}

void tcp_connection_abort(struct tcp_connection *c)
{
    leave(c);
    if (!c->write || uv_tcp_close_reset(&c->stream, on_closed) < 0)
        uv_close((uv_handle_t *)&c->stream, on_closed);
}

// --- messages --------------------------------------------------------------

/*
 * Copy whole messages to where they are answered.
 *
 * rest  where the stream goes on behind each
 *
 * Returns how many, or -EBADMSG when the stream is broken at its front.
 */
static int gather(const struct tcp_connection *c, struct span in,
                  struct span rest[BATCH_MAX])
{
    struct tcp *const t = c->tcp;
    struct span message;
    int n = 0;
    while (n < BATCH_MAX) {
        const enum frame frame = frame_next(&in, &message);
        if (frame == FRAME_BROKEN && n == 0)
            return -EBADMSG;
        if (frame != FRAME_WHOLE)
            break; // a broken one is met again, behind the replies due
        memcpy(t->jobs[n].message, message.p, message.n);
        t->jobs[n].query_n = (uint32_t)message.n;
        t->jobs[n].client = &c->client;
        rest[n++] = in;
    }
    return n;
}

/*
 * Find places for those of the jobs, just answered, that are to wait, then send
 * the replies of the others.
 *
 * What a write has to be waited for is answered from its query again, so those
 * behind it have no place yet. Returns as tcp_reply_send() does.
 */
ORD_COLD static int wait_and_send(struct tcp_connection *c, unsigned n)
{
    struct answer_job *const jobs = c->tcp->jobs;
    struct parked *place[BATCH_MAX];

    wait_take_all(&c->ways, jobs, n, place);
    const int done = tcp_reply_send(c, jobs, n);
    wait_leave(place, done < 0 ? 0 : (unsigned)done, n);
    return done;
}

/*
 * Answer whole messages until there are none or a write has to be waited for.
 *
 * in  moves behind what is done with
 *
 * Returns 0; a negative errno: the connection is of no use any more.
 */
static int answer_stream(struct tcp_connection *c, struct span *in)
{
    struct tcp *const t = c->tcp;
    struct span rest[BATCH_MAX];

    while (!c->write) {
        const int n = gather(c, *in, rest);
        if (n <= 0)
            return n;
        responder_answer(t->responder, t->jobs, (unsigned)n);
        const int done = ORD_UNLIKELY(responder_has_waiting(t->responder))
                             ? wait_and_send(c, (unsigned)n)
                             : tcp_reply_send(c, t->jobs, (unsigned)n);
        if (done < 0)
            return done;
        assert(done > 0); // a first reply always fits
        *in = rest[done - 1];
    }
    return 0;
}

// The same for some queries that were called, from where they waited; all,
// where the connection is to end behind them.
static int answer_called(struct tcp_connection *c)
{
    struct answer_job *const jobs = c->tcp->jobs;
    struct wait_called called;

    while (!c->write && wait_is_due(&c->ways)) {
        const unsigned n = wait_fetch(&c->ways, jobs, &called);
        if (n == 0)
            break;
        for (unsigned i = 0; i < n; i++)
            jobs[i].client = &c->client;
        wait_answer(&c->ways, jobs, &called);
        const int done = tcp_reply_send(c, jobs, n);
        wait_done(jobs, &called, done < 0 ? 0 : (unsigned)done);
        if (done < 0)
            return done;
        if (!c->tcp->draining)
            break;
    }
    if (!c->write) // else they have their turn when it has ended
        wait_tell_rest(&c->ways);
    return 0;
}

// Keep the octets that are not answered, in a buffer of this connection.
static int keep(struct tcp_connection *c, struct span in)
{
    if (in.n == 0) {
        keep_nothing(c);
        return 0;
    }
    // whole messages wait for a write, and nothing is read meanwhile
    const size_t size = c->write ? in.n : frame_room(in);
    uint8_t *kept = c->kept;
    if (!kept || c->kept_size < size) {
        kept = malloc(size);
        if (!kept)
            return -ENOMEM;
        c->kept_size = size;
    }
    memmove(kept, in.p, in.n); // in may be the further part of c->kept
    if (kept != c->kept)
        free(c->kept);
    c->kept = kept;
    c->kept_n = in.n;
    return 0;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

// What the connection waits for from here on.
static int settle(struct tcp_connection *c, bool answered)
{
    struct tcp *const t = c->tcp;
    const uint64_t now = uv_now(t->responder->loop);
    enum tcp_wait wait = TCP_IDLE;
    if (c->write)
        wait = TCP_SENDING;
    else if (c->kept_n > 0)
        wait = TCP_RECEIVING;
    else if (wait_is_due(&c->ways))
        wait = TCP_HOLDING;

    // The time of a message counts from its first octet, however it drips in;
    // that of who waits for a reply, however often the zone changes.
    const bool goes_on =
        wait == c->wait && (wait == TCP_RECEIVING || wait == TCP_HOLDING);
    if (!goes_on || answered)
        tcp_pool_wait(&t->pool, c, wait, now);
    if (!c->write && (t->draining || (c->ended && !wait_is_due(&c->ways))))
        return -ESHUTDOWN;
    if (c->write || c->ended) {
        (void)uv_read_stop(tcp_connection_stream(c)); // always 0
        return 0;
    }
    const int r = uv_read_start(tcp_connection_stream(c), on_room, on_read);
    return r == UV_EALREADY ? 0 : r;
}

// Go on with octets, some of which may be kept already.
static void take(struct tcp_connection *c, struct span in)
{
    const size_t before = in.n;
    assert(!c->write); // nothing is read while one is on its way
    int r = answer_called(c);
    if (r == 0)
        r = answer_stream(c, &in);
    if (r == 0)
        r = keep(c, in);
    if (r == 0)
        r = settle(c, in.n < before);
    if (r < 0)
        tcp_connection_close(c);
}

void tcp_connection_resume(struct tcp_connection *c)
{
    take(c, span_of(c->kept, c->kept_n));
}

// Some of its queries may be answered.
static void on_called(void *context)
{
    struct tcp_connection *const c = context;
    if (!c->write) // else they have their turn when it has ended
        tcp_connection_resume(c);
}

// The client has said all it wants to say; half a message stays that.
static void end(struct tcp_connection *c)
{
    if (!wait_is_due(&c->ways)) {
        tcp_connection_close(c);
        return;
    }
    c->ended = true;
    keep_nothing(c);
    tcp_connection_resume(c);
}

// --- reading ---------------------------------------------------------------

// libuv reads on while buffers come back full. One read per turn is enough (and
// one more where the first only completes a kept message), or a fast client
// would keep the others waiting: no buffer ends it.
static bool may_read(struct tcp_connection *c)
{
    const uint64_t turn = c->tcp->responder->turn;
    if (c->turn != turn) {
        c->turn = turn;
        c->reads = 0;
    }
    return c->reads++ < (c->kept ? 1 : 2);
}

/*
 * A turn of the loop reads from each connection that has sent something, and a
 * thousand that never stop would make datagrams wait for half a second: so
 * they are looked at in between, every few milliseconds at most. It costs a
 * call that finds nothing, where many connections are busy at once.
 */
static void let_udp_in(struct tcp *t)
{
    enum { READS = 16 };
    const uint64_t turn = t->responder->turn;
    if (t->turn != turn) {
        t->turn = turn;
        t->reads = 0;
    }
    if (++t->reads % READS == 0)
        udp_look(t->udp);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tcp_connection *const c = connection_of(handle);
    (void)suggested;
    if (!may_read(c))
        *buf = uv_buf_init(NULL, 0);
    else if (c->kept)
        *buf = uv_buf_init((char *)c->kept + c->kept_n,
                           (unsigned)(c->kept_size - c->kept_n));
    else
        *buf = uv_buf_init((char *)c->tcp->input, TCP_INPUT);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tcp_connection *const c = connection_of(stream);
    struct tcp *const t = c->tcp;
    if (n == 0 || n == UV_ENOBUFS)
        return; // nothing there; enough for this turn
    if (n == UV_EOF) {
        end(c);
    } else if (n < 0) {
        tcp_connection_close(c);
    } else if (c->kept) {
        c->kept_n += (size_t)n;
        take(c, span_of(c->kept, c->kept_n));
    } else {
        take(c, span_of(buf->base, (size_t)n));
    }
    let_udp_in(t);
}

void tcp_connection_start(struct tcp_connection *c, struct tcp *t, int fd)
{
    c->tcp = t;
    wait_init(&c->ways, t->responder, on_called, c);
    (void)uv_tcp_init(t->responder->loop, &c->stream); // 0 without a socket
    int r = uv_tcp_open(&c->stream, fd);
    if (r < 0)
        (void)close(fd);
    else
        r = uv_read_start(tcp_connection_stream(c), on_room, on_read);
    if (r < 0)
        tcp_connection_close(c);
}
