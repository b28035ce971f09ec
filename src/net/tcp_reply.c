// SPDX-License-Identifier: Apache-2.0
#include "tcp_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tcp_write {
    uv_write_t request;
    uint8_t octets[];
};

static size_t frame_size(const struct answer_job *job)
{
    return job->verdict == ANSWER_SEND ? FRAME_LENGTH + (size_t)job->reply_n
                                       : 0;
}

static uint8_t *frame_start(const struct answer_job *job)
{
    return job->message - FRAME_LENGTH;
}

static void on_written(uv_write_t *request, int status)
{
    struct tcp_connection *const c =
        ORD_CONTAINER(request->handle, struct tcp_connection, stream);
    free(c->write);
    c->write = NULL;
    if (c->closing)
        return;
    if (status < 0)
        tcp_connection_close(c);
    else
        tcp_connection_resume(c);
}

static int write_later(struct tcp_connection *c, struct tcp_write *w, size_t n)
{
    const uv_buf_t buf = uv_buf_init((char *)w->octets, (unsigned)n);
    const int r =
        uv_write(&w->request, tcp_connection_stream(c), &buf, 1, on_written);
    if (r < 0) {
        free(w);
        return r;
    }
    c->write = w;
    return 0;
}

/*
 * Keep what the socket did not take, as far as TCP_WAITING_MAX allows.
 *
 * jobs     the first of them was sent up to `sent` octets
 *
 * Returns how many of the jobs are done with, at least 1; a negative errno.
 */
static int keep_replies(struct tcp_connection *c, const struct answer_job *jobs,
                        unsigned n, size_t sent)
{
    size_t all = frame_size(&jobs[0]) - sent;
    unsigned done = 1;
    while (done < n && all + frame_size(&jobs[done]) <= TCP_WAITING_MAX)
        all += frame_size(&jobs[done++]);

    struct tcp_write *w = malloc(sizeof *w + all);
    if (!w)
        return -ENOMEM;
    uint8_t *at = w->octets;
    for (unsigned i = 0; i < done; i++) {
        const size_t size = frame_size(&jobs[i]) - sent;
        memcpy(at, frame_start(&jobs[i]) + sent, size);
        at += size;
        sent = 0;
    }
    const int r = write_later(c, w, all);
    return r < 0 ? r : (int)done;
}

// Hand the replies to the system by one call. Returns the octets it took, 0
// also when there are none, or a negative errno.
static int write_now(struct tcp_connection *c, const struct answer_job *jobs,
                     unsigned n)
{
    uv_buf_t bufs[BATCH_MAX];
    unsigned bufs_n = 0;
    for (unsigned i = 0; i < n; i++) {
        const size_t size = frame_size(&jobs[i]);
        if (size == 0)
            continue;
        bytes_store_u16(frame_start(&jobs[i]), (uint16_t)jobs[i].reply_n);
        bufs[bufs_n++] =
            uv_buf_init((char *)frame_start(&jobs[i]), (unsigned)size);
    }
    if (bufs_n == 0)
        return 0;
    const int r = uv_try_write(tcp_connection_stream(c), bufs, bufs_n);
    return r == UV_EAGAIN ? 0 : r;
}

int tcp_reply_send(struct tcp_connection *c, const struct answer_job *jobs,
                   unsigned n)
{
    const int r = write_now(c, jobs, n);
    if (r < 0)
        return r;
    size_t sent = (size_t)r;
    unsigned i = 0;
    while (i < n && frame_size(&jobs[i]) <= sent)
        sent -= frame_size(&jobs[i++]);
    if (i == n)
        return (int)n;
    const int kept = keep_replies(c, jobs + i, n - i, sent);
    return kept < 0 ? kept : (int)i + kept;
}
