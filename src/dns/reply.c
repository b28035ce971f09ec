// SPDX-License-Identifier: Apache-2.0
#include "dns/reply.h"

#include <errno.h>

int dns_reply_parse(struct span msg, struct dns_reply *out)
{
    (void)msg;
    (void)out;
    return -EBADMSG;
}

bool dns_reply_next(const struct dns_reply *r, size_t *at,
                    struct dns_reply_record *out)
{
    (void)r;
    (void)at;
    (void)out;
    return false;
}

bool dns_reply_rdata_name(const struct dns_reply *r,
                          const struct dns_reply_record *record, size_t skip,
                          struct dns_name *out)
{
    (void)r;
    (void)record;
    (void)skip;
    (void)out;
    return false;
}

bool dns_reply_error(const struct dns_reply *r, uint16_t *code,
                     struct span *text)
{
    (void)r;
    (void)code;
    (void)text;
    return false;
}
