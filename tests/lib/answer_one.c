// SPDX-License-Identifier: Apache-2.0
#include "lib/answer_one.h"

#include <string.h>

static struct answer_job answer(struct answer_context *context,
                                const uint8_t *query, size_t n,
                                enum answer_transport transport, uint8_t *reply,
                                bool due_now)
{
    // 192.0.2.1:1053 (RFC 5737)
    static const struct sockaddr_any client = {
        .v4 = {.sin_family = AF_INET,
               .sin_port = 0x1d04,
               .sin_addr.s_addr = 0x010200c0},
        .length = sizeof client.v4,
    };
    struct answer_job job = {
        .client = &client,
        .message = reply,
        .query_n = (uint32_t)n,
        .size = DNS_TCP_MAX,
        .transport = transport,
        .again = due_now,
        .due_now = due_now,
    };

    memcpy(reply, query, n);
    answer_batch(context, &job, 1);
    return job;
}

static size_t reply_size(const struct answer_job *job)
{
    return job->verdict == ANSWER_SEND ? job->reply_n : 0;
}

size_t answer_one(struct answer_context *context, const uint8_t *query,
                  size_t n, enum answer_transport transport, uint8_t *reply)
{
    const struct answer_job job =
        answer(context, query, n, transport, reply, false);
    return reply_size(&job);
}

unsigned answer_one_waits_ms(struct answer_context *context,
                             const uint8_t *query, size_t n,
                             enum answer_transport transport, uint8_t *reply)
{
    const struct answer_job job =
        answer(context, query, n, transport, reply, false);
    return job.verdict == ANSWER_PARK ? job.park_ms : 0;
}

size_t answer_one_due(struct answer_context *context, const uint8_t *query,
                      size_t n, enum answer_transport transport, uint8_t *reply)
{
    const struct answer_job job =
        answer(context, query, n, transport, reply, true);
    return reply_size(&job);
}
