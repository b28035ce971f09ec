// SPDX-License-Identifier: Apache-2.0
#include "answer/forward.h"

bool answer_upstream_query(struct answer_context *context,
                           const struct answer_job *job,
                           struct answer_upstream *out)
{
    (void)context;
    (void)job;
    (void)out;
    return false;
}

bool answer_upstream_is_same(const struct answer_upstream *a,
                             const struct answer_upstream *b)
{
    (void)a;
    (void)b;
    return false;
}

uint64_t answer_upstream_hash(const struct answer_upstream *a, uint64_t seed)
{
    (void)a;
    return seed;
}

void answer_forwarded(struct answer_context *context, struct answer_job *job,
                      struct span reply)
{
    (void)context;
    (void)reply;
    job->verdict = ANSWER_DROP;
}

void answer_unforwarded(struct answer_context *context, struct answer_job *job,
                        enum reason_code why, struct span text)
{
    (void)context;
    (void)why;
    (void)text;
    job->verdict = ANSWER_DROP;
}
