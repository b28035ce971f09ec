// SPDX-License-Identifier: Apache-2.0
// Services: v1, core. What is refused here the API server refuses too
// (pkg/apis/core/validation, ValidateService), unless a comment says so.
#include "decode.h"
#include "names.h"

#include <stdio.h>

enum spec {
    SPEC_CLUSTER_IP,
    SPEC_CLUSTER_IPS,
    SPEC_EXTERNAL_NAME,
    SPEC_FAMILIES,
    SPEC_POLICY,
    SPEC_PORTS,
    SPEC_PUBLISH,
    SPEC_SELECTOR,
    SPEC_TYPE,
    SPEC_N
};

static const struct field spec_fields[SPEC_N] = {
    [SPEC_CLUSTER_IP] = FIELD("clusterIP"),
    [SPEC_CLUSTER_IPS] = FIELD("clusterIPs"),
    [SPEC_EXTERNAL_NAME] = FIELD("externalName"),
    [SPEC_FAMILIES] = FIELD("ipFamilies"),
    [SPEC_POLICY] = FIELD("ipFamilyPolicy"),
    [SPEC_PORTS] = FIELD("ports"),
    [SPEC_PUBLISH] = FIELD("publishNotReadyAddresses"),
    [SPEC_SELECTOR] = FIELD("selector"),
    [SPEC_TYPE] = FIELD("type"),
};

// spec.type as written; SERVICE_HEADLESS is not among them.
enum written_type { CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME };

struct reading {
    struct decoder *d;
    const struct doc_node *const *value; // of spec
    const struct where *spec;
    struct service_facts *out;
    enum written_type type;
};

// --- ports ------------------------------------------------------------------

// targetPort is a number, or the name of a port of the pods' containers.
static void decode_target(struct decoder *d, const struct where *port,
                          const struct doc_node *node, struct service_port *out)
{
    const struct where where = where_field(port, "targetPort");
    if (!node)
        return;
    if (doc_type_of(node) == DOC_STRING)
        out->target_name =
            decode_name(d, &where, node, name_container_port_fault);
    else
        out->target = (uint16_t)decode_int(d, &where, node, 1, UINT16_MAX, 0);
}

static void decode_port(struct decoder *d, const struct where *where,
                        const struct doc_node *node, struct service_port *out)
{
    enum { NAME, PORT, PROTOCOL, TARGET, N };
    static const struct field fields[N] = {
        FIELD("name"), FIELD("port"), FIELD("protocol"), FIELD("targetPort")};
    const struct doc_node *value[N];
    *out = (struct service_port){.name = "", .target_name = ""};
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    const struct where name = where_field(where, "name");
    const struct where port = where_field(where, "port");
    const struct where protocol = where_field(where, "protocol");
    if (!value[PORT])
        decode_fault(d, &port, node, "is missing; write a number");
    out->name = decode_name(d, &name, value[NAME], name_service_port_fault);
    out->number = (uint16_t)decode_int(d, &port, value[PORT], 1, UINT16_MAX, 0);
    out->protocol = decode_protocol(d, &protocol, value[PROTOCOL]);
    decode_target(d, where, value[TARGET], out);
    if (out->target == out->number)
        out->target = 0;
}

// Several ports are told apart by name, and by number and protocol.
static void check_port(struct decoder *d, const struct where *where,
                       const struct doc_node *node,
                       const struct service_port *ports, uint32_t at)
{
    const struct service_port *p = &ports[at];
    for (uint32_t i = 0; i < at; i++) {
        if (*p->name && strcmp(p->name, ports[i].name) == 0)
            decode_fault(d, where, node,
                         "has the name '%s' of spec.ports[%u]; give it another",
                         p->name, i);
        if (p->number && p->number == ports[i].number &&
            p->protocol == ports[i].protocol)
            decode_fault(d, where, node,
                         "has the port %u of spec.ports[%u]; remove one of "
                         "them or change its port or protocol",
                         p->number, i);
    }
}

static void decode_ports(const struct reading *r)
{
    struct decoder *d = r->d;
    const struct where where = where_field(r->spec, "ports");
    const struct items items = decode_items(d, &where, r->value[SPEC_PORTS]);
    // Far above any service; what is compared pairwise has to be bounded.
    enum { PORTS_MAX = 1000 };
    if (items.n > PORTS_MAX) {
        decode_fault(d, &where, r->value[SPEC_PORTS],
                     "has %u ports, the most are %d", items.n, PORTS_MAX);
        return;
    }
    struct service_port *ports = decode_array(d, items.n, sizeof *ports);
    for (uint32_t i = 0; ports && i < items.n; i++) {
        const struct where item = where_item(&where, i);
        const unsigned faults = d->faults;
        decode_port(d, &item, items.at[i], &ports[i]);
        if (items.n > 1 && !*ports[i].name && d->faults == faults)
            decode_fault(d, &item, items.at[i],
                         "has no name; write one, a service with several ports "
                         "needs them");
        check_port(d, &item, items.at[i], ports, i);
    }
    r->out->ports = ports;
    r->out->ports_n = ports ? items.n : 0;
}

// --- addresses --------------------------------------------------------------

// One entry of clusterIPs, or clusterIP itself: an address, "None" or "".
static bool decode_cluster_ip(struct decoder *d, const struct where *where,
                              const struct doc_node *node, bool *none,
                              struct address *out)
{
    const char *text = node ? decode_string(d, where, node) : NULL;
    char shown[SHOWN_SIZE];
    if (!text || !*text)
        return false;
    if (strcmp(text, "None") == 0) {
        *none = true;
        return false;
    }
    if (address_parse(text, out))
        return true;
    decode_fault(d, where, node, "must be an IP address or None, not '%s'",
                 decode_shown(text, shown));
    return false;
}

static void add_cluster_ip(const struct reading *r, const struct where *where,
                           const struct doc_node *node, struct address address)
{
    struct service_facts *out = r->out;
    if (out->addresses_n == 1 && out->addresses[0].family == address.family) {
        decode_fault(r->d, where, node,
                     "has the family of the first address; write one IPv4 and "
                     "one IPv6 address");
        return;
    }
    out->addresses[out->addresses_n++] = address;
}

static void decode_cluster_ips(const struct reading *r, bool *none)
{
    const struct where one = where_field(r->spec, "clusterIP");
    const struct where all = where_field(r->spec, "clusterIPs");
    const struct doc_node *node = r->value[SPEC_CLUSTER_IPS];
    const struct items items = decode_items(r->d, &all, node);
    struct address first, address;
    const bool has_first =
        decode_cluster_ip(r->d, &one, r->value[SPEC_CLUSTER_IP], none, &first);
    const bool none_first = *none;
    if (items.n > 2)
        decode_fault(r->d, &all, node, "has %u addresses, the most are two",
                     items.n);
    if (has_first && items.n == 0)
        add_cluster_ip(r, &one, r->value[SPEC_CLUSTER_IP], first);
    for (uint32_t i = 0; i < items.n && i < 2; i++) {
        const struct where item = where_item(&all, i);
        bool is_none = false;
        const bool ok =
            decode_cluster_ip(r->d, &item, items.at[i], &is_none, &address);
        if (i == 0 && ((has_first && ok && address_compare(&first, &address)) ||
                       (has_first && is_none) || (none_first && ok)))
            decode_fault(r->d, &item, items.at[i],
                         "differs from spec.clusterIP; make them equal");
        if (ok)
            add_cluster_ip(r, &item, items.at[i], address);
        *none |= is_none;
    }
    if (*none && (items.n > 1 || r->out->addresses_n))
        decode_fault(r->d, &all, node ? node : r->value[SPEC_CLUSTER_IP],
                     "has None beside an address; remove one of them");
}

static void decode_families(const struct reading *r)
{
    static const char *const families[] = {"IPv4", "IPv6"};
    static const char *const policies[] = {
        [IP_FAMILY_SINGLE - 1] = "SingleStack",
        [IP_FAMILY_PREFER_DUAL - 1] = "PreferDualStack",
        [IP_FAMILY_REQUIRE_DUAL - 1] = "RequireDualStack"};
    struct service_facts *out = r->out;
    const struct doc_node *node = r->value[SPEC_FAMILIES];
    const struct where list = where_field(r->spec, "ipFamilies");
    const struct where policy = where_field(r->spec, "ipFamilyPolicy");
    const struct items items = decode_items(r->d, &list, node);
    out->policy =
        (uint8_t)(1 + decode_word(r->d, &policy, r->value[SPEC_POLICY],
                                  policies, ORD_COUNT(policies), -1));
    for (uint32_t i = 0; i < items.n; i++) {
        const struct where item = where_item(&list, i);
        const int at = decode_word(r->d, &item, items.at[i], families,
                                   ORD_COUNT(families), -1);
        const uint8_t family = at == 1 ? FAMILY_IPV6 : FAMILY_IPV4;
        if (at < 0)
            continue;
        if (out->families_n == 2 ||
            (out->families_n == 1 && out->families[0] == family)) {
            decode_fault(r->d, &item, items.at[i],
                         "is given twice; remove one of them");
            continue;
        }
        if (out->families_n < out->addresses_n &&
            out->addresses[out->families_n].family != family)
            decode_fault(r->d, &item, items.at[i],
                         "is not the family of spec.clusterIPs[%u]; put both "
                         "in the same order",
                         out->families_n);
        out->families[out->families_n++] = family;
    }
    if (out->policy == IP_FAMILY_SINGLE &&
        (out->families_n == 2 || out->addresses_n == 2))
        decode_fault(r->d, &policy, r->value[SPEC_POLICY],
                     "must be PreferDualStack or RequireDualStack where there "
                     "are two families");
}

// --- types ------------------------------------------------------------------

static void decode_external(const struct reading *r)
{
    struct decoder *d = r->d;
    const struct doc_node *node = r->value[SPEC_EXTERNAL_NAME];
    const struct where where = where_field(r->spec, "externalName");
    const char *text = decode_string(d, &where, node);
    struct address address;
    if (!text || !*text) {
        if (!node || text)
            decode_fault(d, &where, node ? node : r->value[SPEC_TYPE],
                         "is missing; write the name that it stands for");
        return;
    }
    char name[256], shown[SHOWN_SIZE];
    size_t n = strlen(text);
    n -= n > 1 && text[n - 1] == '.';
    snprintf(name, sizeof name, "%.*s", (int)(n < 255 ? n : 255), text);
    // RFC 4343: the case of names has no meaning
    for (char *c = name; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    // The API server lets IPv4 pass; to DNS both are names as any other, which
    // hardly anybody has.
    const bool is_address = address_parse(name, &address);
    const char *fault = is_address ? NULL : name_subdomain_fault(name);
    if (is_address)
        decode_warning(d, &where, node,
                       "'%s' is taken for a name, not for an address; use a "
                       "service with clusterIP None and an EndpointSlice for "
                       "addresses",
                       decode_shown(text, shown));
    if (fault)
        decode_fault(d, &where, node, "'%s' %s", decode_shown(text, shown),
                     fault);
    r->out->external_name = decode_keep(d, name);
}

static void decode_type(const struct reading *r)
{
    bool none = false;
    decode_cluster_ips(r, &none);
    if (r->type == EXTERNAL_NAME) {
        const struct where where = where_field(r->spec, "clusterIP");
        const struct doc_node *at = r->value[SPEC_CLUSTER_IP];
        r->out->type = SERVICE_EXTERNAL_NAME;
        decode_external(r);
        if (none || r->out->addresses_n)
            decode_fault(r->d, &where, at ? at : r->value[SPEC_CLUSTER_IPS],
                         "cannot stand in a service of type ExternalName; "
                         "remove it");
        return;
    }
    r->out->type = none ? SERVICE_HEADLESS : SERVICE_CLUSTER_IP;
    if (none && r->type != CLUSTER_IP) {
        const struct where where = where_field(r->spec, "type");
        decode_fault(r->d, &where, r->value[SPEC_TYPE],
                     "must be ClusterIP where clusterIP is None");
    }
}

// --- annotations ------------------------------------------------------------

static uint8_t decode_rule(struct decoder *d, const struct document *in,
                           const char *annotation, const char *const *words,
                           const uint8_t *rules, uint32_t n)
{
    const struct where metadata = where_field(NULL, "metadata");
    const struct where annotations = where_field(&metadata, "annotations");
    const struct where where = where_field(&annotations, annotation);
    const struct doc_node *node = decode_annotation(in, annotation);
    if (node && doc_type_of(node) != DOC_STRING)
        node = NULL; // null, or told already
    const int at = decode_own_word(d, &where, node, words, n, -1);
    return at < 0 ? RULE_UNSET : rules[at];
}

// Which endpoints have names, and which are in the set: what --names and --set
// say for all services.
static void decode_rules(struct decoder *d, const struct document *in,
                         struct service_facts *out)
{
    static const char *const words[] = {"ready", "addressed"};
    static const uint8_t rules[] = {RULE_READY, RULE_ADDRESSED};
    static const char *const set_words[] = {"ready", "serving", "addressed"};
    static const uint8_t set_rules[] = {RULE_READY, RULE_SERVING,
                                        RULE_ADDRESSED};
    out->names =
        decode_rule(d, in, ANNOTATION_NAMES, words, rules, ORD_COUNT(words));
    out->set = decode_rule(d, in, ANNOTATION_SET, set_words, set_rules,
                           ORD_COUNT(set_words));
}

static bool tolerates_unready(const struct document *in)
{
    const struct doc_node *node =
        decode_annotation(in, ANNOTATION_TOLERATE_UNREADY);
    return node && strcmp(node->text, "true") == 0;
}

void decode_service(struct decoder *d, const struct document *in,
                    struct object *o)
{
    static const char *const types[] = {[CLUSTER_IP] = "ClusterIP",
                                        [NODE_PORT] = "NodePort",
                                        [LOAD_BALANCER] = "LoadBalancer",
                                        [EXTERNAL_NAME] = "ExternalName"};
    const struct where spec = where_field(NULL, "spec");
    const struct where type = where_field(&spec, "type");
    const struct where publish = where_field(&spec, "publishNotReadyAddresses");
    const struct where selector = where_field(&spec, "selector");
    const struct doc_node *value[SPEC_N];
    struct service_facts *out = &o->service;

    if (!in->top[TOP_SPEC])
        decode_fault(d, &spec, in->node, "is missing; write one");
    decode_fields(d, &spec, in->top[TOP_SPEC], spec_fields, SPEC_N, value);
    out->external_name = "";
    struct reading r = {
        .d = d,
        .value = value,
        .spec = &spec,
        .out = out,
        .type = (enum written_type)decode_word(d, &type, value[SPEC_TYPE],
                                               types, ORD_COUNT(types), 0),
    };
    decode_type(&r);
    decode_families(&r);
    decode_ports(&r);
    out->publish_not_ready_addresses =
        decode_bool(d, &publish, value[SPEC_PUBLISH], false) ||
        tolerates_unready(in);
    out->selector = decode_labels(d, &selector, value[SPEC_SELECTOR]);
    out->has_selector = out->selector.n > 0;
    decode_rules(d, in, out);
}
