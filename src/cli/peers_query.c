// SPDX-License-Identifier: Apache-2.0
#include "peers_query.h"

#include "dns/query.h"

#include <errno.h>
#include <stdlib.h>

struct query {
    struct channel *channel;
    struct channel_ask *ask; // NULL: none is on its way
    enum channel_transport transport;
    query_done *done;
    void *context;
    size_t n;
    uint8_t message[DNS_QUERY_MAX];
};

static int transmit(struct query *q);

static void end(struct query *q, const struct dns_reply *reply, const char *why)
{
    q->done(q->context, reply, why);
    free(q);
}

static void on_reply(struct query *q, struct span message)
{
    struct dns_reply reply;

    if (dns_reply_parse(message, &reply)) {
        end(q, NULL, "sends what is no reply");
        return;
    }
    if (!(reply.flags & DNS_FLAG_TC) || q->transport == CHANNEL_TCP) {
        end(q, &reply, NULL);
        return;
    }
    q->transport = CHANNEL_TCP;
    if (transmit(q))
        end(q, NULL, "cannot be reached over TCP, which its reply needs");
}

static void on_done(void *context, enum channel_outcome outcome,
                    struct span message)
{
    struct query *q = context;
    const bool tcp = q->transport == CHANNEL_TCP;

    q->ask = NULL;
    switch (outcome) {
    case CHANNEL_ANSWERED:
        on_reply(q, message);
        return;
    case CHANNEL_SILENT:
        end(q, NULL, tcp ? "does not answer over TCP" : "does not answer");
        return;
    case CHANNEL_UNREACHABLE:
        end(q, NULL, tcp ? "cannot be reached over TCP" : "cannot be reached");
        return;
    }
}

static int transmit(struct query *q)
{
    const struct channel_call call = {.done = on_done, .context = q};

    return channel_ask(q->channel, q->transport, span_of(q->message, q->n),
                       &call, &q->ask);
}

int query_start(struct channel *channel, const struct dns_name *name,
                uint16_t type, enum channel_transport transport,
                query_done *done, void *context, struct query **out)
{
    struct query *q = calloc(1, sizeof *q);

    if (!q)
        return -ENOMEM;
    q->channel = channel;
    q->transport = transport;
    q->done = done;
    q->context = context;
    q->n = dns_query_write(q->message, name, type, QUERY_UDP_SIZE);
    const int rc = transmit(q);
    if (rc) {
        free(q);
        return rc;
    }
    *out = q;
    return 0;
}

void query_drop(struct query *q)
{
    if (!q)
        return;
    if (q->ask)
        channel_drop(q->ask);
    free(q);
}
