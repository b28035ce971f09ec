// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include "dns/edns.h"

size_t dns_query_write(uint8_t *out, const struct dns_name *name,
                       uint16_t qtype, uint16_t udp_size)
{
    struct bytes_out o = bytes_out_of(out, DNS_QUERY_MAX);

    bytes_out_u16(&o, 0); // ID
    bytes_out_u16(&o, DNS_FLAG_RD);
    bytes_out_u16(&o, 1);
    bytes_out_u16(&o, 0);
    bytes_out_u16(&o, 0);
    bytes_out_u16(&o, 1);
    bytes_out_put(&o, dns_name_view(name));
    bytes_out_u16(&o, qtype);
    bytes_out_u16(&o, DNS_CLASS_IN);
    edns_opt_write(o.at, udp_size, 0, false);
    return (size_t)(o.at - out) + DNS_OPT;
}
