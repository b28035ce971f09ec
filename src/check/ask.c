// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include "dns/edns.h"

#include <string.h>

bool ask_prepend(struct dns_name *name, const char *label)
{
    return dns_name_prepend(name, span_of_text(label)) == 0;
}

bool ask_service_name(const struct check *c, const char *namespace,
                      const char *service, struct dns_name *out)
{
    *out = c->settings->cluster_domain;
    return ask_prepend(out, "svc") && ask_prepend(out, namespace) &&
           ask_prepend(out, service);
}

uint32_t ask_write(const struct dns_name *name, uint16_t type,
                   uint16_t edns_size, uint8_t out[ASK_MESSAGE_SIZE])
{
    uint8_t *at = out + DNS_HEADER;

    memset(out, 0, DNS_HEADER);
    out[5] = 1; // QDCOUNT
    memcpy(at, name->wire, name->n);
    at += name->n;
    bytes_store_u16(at, type);
    bytes_store_u16(at + 2, DNS_CLASS_IN);
    at += 4;
    if (edns_size) {
        out[11] = 1; // ARCOUNT
        edns_opt_write(at, edns_size, 0, false);
        at += DNS_OPT;
    }
    return (uint32_t)(at - out);
}
