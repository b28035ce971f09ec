// SPDX-License-Identifier: Apache-2.0
#include "dns/record.h"

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    uint16_t type;
    const char *mnemonic;
} types[] = {
    {DNS_TYPE_A, "A"},       {DNS_TYPE_NS, "NS"},     {DNS_TYPE_CNAME, "CNAME"},
    {DNS_TYPE_SOA, "SOA"},   {DNS_TYPE_PTR, "PTR"},   {DNS_TYPE_TXT, "TXT"},
    {DNS_TYPE_AAAA, "AAAA"}, {DNS_TYPE_SRV, "SRV"},   {DNS_TYPE_OPT, "OPT"},
    {DNS_TYPE_IXFR, "IXFR"}, {DNS_TYPE_AXFR, "AXFR"}, {DNS_TYPE_ANY, "ANY"},
};

void dns_record_head(struct bytes_out *out, uint16_t owner_pointer,
                     uint16_t type, uint32_t ttl_s, uint16_t rdata_n)
{
    bytes_out_u16(out, owner_pointer);
    bytes_out_u16(out, type);
    bytes_out_u16(out, DNS_CLASS_IN);
    bytes_out_u32(out, ttl_s);
    bytes_out_u16(out, rdata_n);
}

const char *dns_type_format(uint16_t type, char *out)
{
    for (size_t i = 0; i < ORD_COUNT(types); i++)
        if (types[i].type == type) {
            strcpy(out, types[i].mnemonic);
            return out;
        }
    sprintf(out, "TYPE%u", type);
    return out;
}

// RFC 3597 5: "TYPE" and a decimal number.
static bool parse_number(const char *text, uint16_t *out)
{
    const char *digits = text + 4;
    const size_t n = strspn(digits, "0123456789");

    if (n == 0 || n > 5 || digits[n])
        return false;
    const unsigned long number = strtoul(digits, NULL, 10);
    if (number > UINT16_MAX)
        return false;
    *out = (uint16_t)number;
    return true;
}

bool dns_type_parse(const char *text, uint16_t *out)
{
    for (size_t i = 0; i < ORD_COUNT(types); i++)
        if (strcasecmp(text, types[i].mnemonic) == 0) {
            *out = types[i].type;
            return true;
        }
    return strncasecmp(text, "TYPE", 4) == 0 && parse_number(text, out);
}
