// SPDX-License-Identifier: Apache-2.0
#include "dns/edns.h"

enum {
    OPT_RDATA_LENGTH = 9, // offset in the record
    EDE_HEAD = 4 + 2,     // option code, length, INFO-CODE
};

size_t edns_error_append(uint8_t *opt, size_t room, enum edns_error code,
                         struct span text)
{
    uint16_t rdata_n = bytes_load_u16(opt + OPT_RDATA_LENGTH);

    if (room < EDE_HEAD)
        return 0;
    if (room < EDE_HEAD + text.n)
        text.n = 0;
    uint8_t *to = opt + DNS_OPT + rdata_n;
    bytes_store_u16(to, EDNS_OPTION_EDE);
    bytes_store_u16(to + 2, (uint16_t)(2 + text.n));
    bytes_store_u16(to + 4, (uint16_t)code);
    if (text.n)
        memcpy(to + EDE_HEAD, text.p, text.n);
    bytes_store_u16(opt + OPT_RDATA_LENGTH,
                    (uint16_t)(rdata_n + EDE_HEAD + text.n));
    return EDE_HEAD + text.n;
}
