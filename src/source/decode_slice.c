// SPDX-License-Identifier: Apache-2.0
// EndpointSlices, discovery.k8s.io. A cluster has a million endpoints: each
// field is looked at once and equal strings are shared. Other than in the API
// server, addresses such as 127.0.0.2 or fe80::1 are fine: people run peers
// there.
#include "decode.h"
#include "names.h"

#include <stdlib.h>

// K8S-DNS 2.3: how a slice names its service.
static const char service_label[] = "kubernetes.io/service-name";

// pkg/apis/discovery/validation: so many addresses an endpoint, ports a slice.
enum { ADDRESSES_MAX = 100, PORTS_MAX = 20000 };

_Static_assert(sizeof(struct endpoint) <= 32, "a million of them");

// --- ports ------------------------------------------------------------------

static void decode_slice_port(struct decoder *d, const struct where *where,
                              const struct doc_node *node, bool required,
                              struct slice_port *out)
{
    enum { NAME, PORT, PROTOCOL, N };
    static const struct field fields[N] = {FIELD("name"), FIELD("port"),
                                           FIELD("protocol")};
    const struct doc_node *value[N];
    *out = (struct slice_port){.name = ""};
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    const struct where name = where_field(where, "name");
    const struct where port = where_field(where, "port");
    const struct where protocol = where_field(where, "protocol");
    if (required && !value[PORT])
        decode_fault(d, &port, node, "is missing; write a number");
    out->name = decode_name(d, &name, value[NAME], name_service_port_fault);
    out->number = (uint16_t)decode_int(d, &port, value[PORT], 1, UINT16_MAX, 0);
    out->protocol = decode_protocol(d, &protocol, value[PROTOCOL]);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names are unique, "" among them. Sorted, not compared pairwise: a load
// balancer that forwards ranges of ports has thousands.
static void check_port_names(struct decoder *d, const struct where *where,
                             const struct doc_node *node,
                             const struct slice_port *ports, uint32_t n)
{
    const char **names = decode_array(d, n, sizeof *names);
    for (uint32_t i = 0; names && i < n; i++)
        names[i] = ports[i].name;
    if (names)
        qsort(names, n, sizeof *names, by_name);
    for (uint32_t i = 1; names && i < n; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            decode_fault(d, where, node,
                         "has two ports with the name '%s'; give one another",
                         names[i]);
    }
}

struct slice_ports decode_slice_ports(struct decoder *d,
                                      const struct where *where,
                                      const struct doc_node *node,
                                      bool required)
{
    const struct items items = decode_items(d, where, node);
    if (items.n > PORTS_MAX) {
        decode_fault(d, where, node, "has %u ports, the most are %d", items.n,
                     PORTS_MAX);
        return (struct slice_ports){0};
    }
    struct slice_port *ports = decode_array(d, items.n, sizeof *ports);
    for (uint32_t i = 0; ports && i < items.n; i++) {
        const struct where item = where_item(where, i);
        decode_slice_port(d, &item, items.at[i], required, &ports[i]);
    }
    if (ports && items.n > 1 && !d->faults)
        check_port_names(d, where, node, ports, items.n);
    return (struct slice_ports){ports, ports ? items.n : 0};
}

// --- endpoints --------------------------------------------------------------

// The name of the pod behind an endpoint; "" when it is something else.
static const char *decode_target_pod(struct decoder *d,
                                     const struct where *endpoint,
                                     const struct doc_node *node,
                                     const char *hostname)
{
    // what is not read stands here because kubectl's output has it
    enum { KIND, NAME, NAMESPACE, UID, N };
    static const struct field fields[N] = {FIELD("kind"), FIELD("name"),
                                           FIELD("namespace"), FIELD("uid")};
    const struct doc_node *value[N];
    const struct where where = where_field(endpoint, "targetRef");
    if (!decode_fields(d, &where, node, fields, N, value))
        return "";
    const struct where at_kind = where_field(&where, "kind");
    const struct where at_name = where_field(&where, "name");
    const char *kind = decode_string(d, &at_kind, value[KIND]);
    const char *name = decode_string(d, &at_name, value[NAME]);
    if (!kind || !name || strcmp(kind, "Pod") != 0)
        return "";
    // A StatefulSet's pods are their own hostnames: one copy does.
    return strcmp(name, hostname) == 0 ? hostname : decode_keep(d, name);
}

// K8S EndpointConditions: nil ready is true, nil serving is ready, nil
// terminating is false.
static void decode_conditions(struct decoder *d, const struct where *endpoint,
                              const struct doc_node *node, struct endpoint *out)
{
    enum { READY, SERVING, TERMINATING, N };
    static const struct field fields[N] = {FIELD("ready"), FIELD("serving"),
                                           FIELD("terminating")};
    const struct doc_node *value[N];
    const struct where where = where_field(endpoint, "conditions");
    const struct where ready = where_field(&where, "ready");
    const struct where serving = where_field(&where, "serving");
    const struct where terminating = where_field(&where, "terminating");
    decode_fields(d, &where, node, fields, N, value);
    out->ready = decode_bool(d, &ready, value[READY], true);
    out->serving = decode_bool(d, &serving, value[SERVING], out->ready);
    out->terminating = decode_bool(d, &terminating, value[TERMINATING], false);
}

static void decode_endpoint_addresses(
    struct decoder *d, const struct where *endpoint,
    const struct doc_node *node, enum family family,
    const struct doc_node *list, struct beside *beside, struct endpoint *out)
{
    const struct where where = where_field(endpoint, "addresses");
    const struct items items = decode_items(d, &where, list);
    const size_t size = family == FAMILY_IPV4 ? 4 : 16;
    if (items.n == 0 || items.n > ADDRESSES_MAX) {
        if (!list || list->kind == DOC_LIST)
            decode_fault(d, &where, list ? list : node,
                         "has %u addresses; write 1 to %d", items.n,
                         ADDRESSES_MAX);
        return;
    }
    uint8_t *octets = arena_bytes(d->arena, items.n * size);
    d->no_memory |= !octets;
    for (uint32_t i = 0; octets && i < items.n; i++) {
        const struct where item = where_item(&where, i);
        struct address address;
        if (!decode_address(d, &item, items.at[i], &address))
            continue;
        if (address.family != family) {
            decode_fault(d, &item, items.at[i],
                         "must be an IPv%d address because addressType is "
                         "IPv%d, not '%s'",
                         family, family, items.at[i]->text);
            continue;
        }
        memcpy(octets + i * size, address.octets, size);
        const char *text = decode_other_text(&address, items.at[i]->text);
        if (text)
            decode_text(d, beside, octets + i * size, text);
    }
    out->addresses = octets;
    out->addresses_n = octets ? (uint16_t)items.n : 0;
}

static void decode_endpoint(struct decoder *d, const struct where *where,
                            const struct doc_node *node, enum family family,
                            struct beside *beside, struct endpoint *out)
{
    // hints and nodeName are not read: kubectl's output has them
    enum { ADDRESSES, CONDITIONS, HINTS, HOSTNAME, NODE, TARGET, ZONE, N };
    static const struct field fields[N] = {
        FIELD("addresses"), FIELD("conditions"), FIELD("hints"),
        FIELD("hostname"),  FIELD("nodeName"),   FIELD("targetRef"),
        FIELD("zone")};
    const struct doc_node *value[N];
    const struct where hostname = where_field(where, "hostname");
    const struct where zone = where_field(where, "zone");
    *out = (struct endpoint){.hostname = "", .pod = ""};
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    decode_endpoint_addresses(d, where, node, family, value[ADDRESSES], beside,
                              out);
    decode_conditions(d, where, value[CONDITIONS], out);
    out->hostname =
        decode_name(d, &hostname, value[HOSTNAME], name_label_fault);
    out->pod = decode_target_pod(d, where, value[TARGET], out->hostname);
    out->zone = decode_zone(d, beside, &zone, value[ZONE]);
}

void decode_slice(struct decoder *d, const struct document *in,
                  struct object *o)
{
    enum { IPV4, IPV6, FQDN };
    static const char *const types[] = {"IPv4", "IPv6", "FQDN"};
    static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6, 0};
    const struct where type = where_field(NULL, "addressType");
    const struct where ports = where_field(NULL, "ports");
    const struct where endpoints = where_field(NULL, "endpoints");
    const struct doc_node *at = in->top[TOP_ADDRESS_TYPE];
    struct slice_facts *out = &o->slice;

    const char *service = labels_get(o->labels, service_label);
    out->service = service ? service : "";
    if (!at)
        decode_fault(d, &type, in->node, "is missing; write IPv4 or IPv6");
    out->family = families[decode_word(d, &type, at, types, 3, IPV4)];
    const struct slice_ports read =
        decode_slice_ports(d, &ports, in->top[TOP_PORTS], false);
    out->ports = read.items;
    out->ports_n = read.n;

    const struct items items =
        decode_items(d, &endpoints, in->top[TOP_ENDPOINTS]);
    if (out->family == 0)
        return; // names instead of addresses: nothing that DNS could answer
    struct beside beside = {0};
    struct endpoint *array = decode_array(d, items.n, sizeof *array);
    for (uint32_t i = 0; array && i < items.n; i++) {
        const struct where item = where_item(&endpoints, i);
        decode_endpoint(d, &item, items.at[i], (enum family)out->family,
                        &beside, &array[i]);
    }
    decode_beside_end(&beside, out);
    out->endpoints = array;
    out->endpoints_n = array ? items.n : 0;
}
