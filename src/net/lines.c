// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>

int lines_new(uv_loop_t *loop, struct upstreams *upstreams, bool probes,
              struct lines **out)
{
    (void)loop;
    (void)upstreams;
    (void)probes;
    (void)out;
    return -ENOSYS;
}

void lines_free(struct lines *l)
{
    (void)l;
}

void lines_set(struct lines *l, struct upstreams *upstreams)
{
    (void)l;
    (void)upstreams;
}

int lines_ask(struct lines *l, enum channel_transport transport,
              struct line_tried *tried, struct span message,
              const struct line_call *call, struct line_ask **out)
{
    (void)l;
    (void)transport;
    (void)tried;
    (void)message;
    (void)call;
    (void)out;
    return -EHOSTUNREACH;
}

int lines_ask_again(struct line_ask *a, struct span message,
                    const struct line_call *call, struct line_ask **out)
{
    (void)a;
    (void)message;
    (void)call;
    (void)out;
    return -EHOSTUNREACH;
}

void lines_drop(struct line_ask *a)
{
    (void)a;
}

enum reason_code lines_why(const struct lines *l)
{
    (void)l;
    return REASON_UPSTREAM_NONE;
}

bool lines_sees_probe(struct lines *l, struct span question)
{
    (void)l;
    (void)question;
    return false;
}
