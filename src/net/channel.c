// SPDX-License-Identifier: Apache-2.0
#include "net/channel.h"

#include <errno.h>

int channel_new(uv_loop_t *loop, const struct sockaddr_any *server,
                struct channel **out, struct error *err)
{
    (void)loop;
    (void)server;
    (void)out;
    return error_set(err, -ENOSYS, "no channel");
}

void channel_free(struct channel *c)
{
    (void)c;
}

int channel_ask(struct channel *c, enum channel_transport transport,
                struct span message, const struct channel_call *call,
                struct channel_ask **out)
{
    (void)c;
    (void)transport;
    (void)message;
    (void)call;
    (void)out;
    return -ENOSYS;
}

void channel_drop(struct channel_ask *a)
{
    (void)a;
}
