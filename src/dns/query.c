// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include "dns/edns.h"

size_t dns_query_write(uint8_t *out, const struct dns_name *name,
                       uint16_t qtype, uint16_t udp_size)
{
    struct bytes_out o = bytes_out_of(out, DNS_QUERY_MAX);
    uint8_t opt[DNS_OPT];

    bytes_out_u16(&o, 0); // ID
    bytes_out_u16(&o, DNS_FLAG_RD);
    bytes_out_u16(&o, 1);
    bytes_out_u32(&o, 0);
    bytes_out_u16(&o, 1);
    bytes_out_put(&o, dns_name_view(name));
    bytes_out_u16(&o, qtype);
    bytes_out_u16(&o, DNS_CLASS_IN);
    edns_opt_write(opt, udp_size, 0, false);
    bytes_out_put(&o, span_of(opt, sizeof opt));
    return bytes_out_written(&o).n;
}
