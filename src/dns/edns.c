// SPDX-License-Identifier: Apache-2.0
#include "dns/edns.h"

// Write the head of an option of n octets. Returns where they go.
static uint8_t *begin_option(uint8_t *opt, enum edns_option code, size_t n)
{
    uint16_t rdata_n = bytes_load_u16(opt + EDNS_OPT_LENGTH_AT);
    uint8_t *to = opt + DNS_OPT + rdata_n;

    bytes_store_u16(to, (uint16_t)code);
    bytes_store_u16(to + 2, (uint16_t)n);
    bytes_store_u16(opt + EDNS_OPT_LENGTH_AT,
                    (uint16_t)(rdata_n + EDNS_OPTION_HEAD + n));
    return to + EDNS_OPTION_HEAD;
}

size_t edns_option_append(uint8_t *opt, size_t room, enum edns_option code,
                          struct span value)
{
    if (room < EDNS_OPTION_HEAD + value.n)
        return 0;
    uint8_t *to = begin_option(opt, code, value.n);
    if (value.n)
        memcpy(to, value.p, value.n);
    return EDNS_OPTION_HEAD + value.n;
}

size_t edns_error_append(uint8_t *opt, size_t room, uint16_t code,
                         struct span text)
{
    if (room < EDNS_OPTION_HEAD + EDNS_INFO_CODE)
        return 0;
    if (room < EDNS_OPTION_HEAD + EDNS_INFO_CODE + text.n)
        text.n = 0;
    uint8_t *to = begin_option(opt, EDNS_OPTION_EDE, EDNS_INFO_CODE + text.n);
    bytes_store_u16(to, (uint16_t)code);
    if (text.n)
        memcpy(to + EDNS_INFO_CODE, text.p, text.n);
    return EDNS_OPTION_HEAD + EDNS_INFO_CODE + text.n;
}
