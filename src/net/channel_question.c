// SPDX-License-Identifier: Apache-2.0
#include "channel_question.h"

#include "dns/message.h"
#include "dns/name.h"

#include <string.h>

size_t channel_question_size(struct span query)
{
    struct bytes_in in = bytes_in_of(query);
    uint8_t label;

    (void)bytes_in_take(&in, 4);
    const bool one = bytes_in_u16(&in) == 1;
    (void)bytes_in_take(&in, 6);
    do {
        label = bytes_in_u8(&in);
        if (label > DNS_LABEL_MAX)
            return 0;
        (void)bytes_in_take(&in, label);
    } while (label > 0);
    (void)bytes_in_take(&in, 4);
    if (!one || !bytes_in_ok(&in))
        return 0;
    const size_t n = query.n - bytes_in_left(&in) - DNS_HEADER;
    return n <= DNS_QUESTION_MAX ? n : 0;
}

static bool is_same(struct span question, const uint8_t *other)
{
    const size_t name_n = question.n - 4;

    return dns_name_is_same(span_of(question.p, name_n),
                            span_of(other, name_n)) &&
           memcmp(question.p + name_n, other + name_n, 4) == 0;
}

bool channel_question_matches(struct span question, uint16_t id,
                              struct span message)
{
    return message.n >= DNS_HEADER + question.n &&
           bytes_load_u16(message.p) == id &&
           (bytes_load_u16(message.p + 2) & DNS_FLAG_QR) &&
           bytes_load_u16(message.p + 4) == 1 && // QDCOUNT
           is_same(question, message.p + DNS_HEADER);
}
