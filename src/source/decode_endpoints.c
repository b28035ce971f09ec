// SPDX-License-Identifier: Apache-2.0
// Endpoints, v1: each subset has addresses that are ready, others that are not,
// in any mix of families, and ports for all of them. A slice has one family;
// so a subset becomes up to four of them.
#include "decode.h"
#include "names.h"

struct subset {
    const struct slice_port *ports;
    uint32_t ports_n;
    const char *service;
};

struct entry {
    struct address address;
    const char *text; // of the address, NULL where it is RFC 5952's
    const char *hostname;
    const char *pod;
};

static const char *decode_entry_pod(struct decoder *d,
                                    const struct where *entry,
                                    const struct doc_node *node)
{
    enum { KIND, NAME, N };
    static const struct field fields[N] = {FIELD("kind"), FIELD("name")};
    const struct doc_node *value[N];
    const struct where where = where_field(entry, "targetRef");
    const struct where at_kind = where_field(&where, "kind");
    const struct where at_name = where_field(&where, "name");
    decode_fields(d, &where, node, fields, N, value);
    const char *kind = decode_string(d, &at_kind, value[KIND]);
    const char *name = decode_string(d, &at_name, value[NAME]);
    return kind && strcmp(kind, "Pod") == 0 ? decode_keep(d, name) : "";
}

static void decode_entry(struct decoder *d, const struct where *where,
                         const struct doc_node *node, struct entry *out)
{
    enum { HOSTNAME, IP, TARGET, N };
    static const struct field fields[N] = {FIELD("hostname"), FIELD("ip"),
                                           FIELD("targetRef")};
    const struct doc_node *value[N];
    const struct where hostname = where_field(where, "hostname");
    const struct where ip = where_field(where, "ip");
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    // without an address: told, of no family, and in no slice
    if (!value[IP])
        decode_fault(d, &ip, node, "is missing; write an address");
    else if (decode_address(d, &ip, value[IP], &out->address))
        out->text = decode_other_text(&out->address, value[IP]->text);
    out->hostname =
        decode_name(d, &hostname, value[HOSTNAME], name_label_fault);
    out->pod = decode_entry_pod(d, where, value[TARGET]);
}

static const uint8_t *keep_octets(struct decoder *d, const struct address *a)
{
    const uint8_t size = address_size(a);
    uint8_t *octets = arena_bytes(d->arena, size);
    d->no_memory |= !octets;
    return octets ? memcpy(octets, a->octets, size) : NULL;
}

// The entries of one family as a slice, if there are any.
static void add_slice(struct decoder *d, const struct subset *subset,
                      const struct entry *entries, uint32_t n, bool ready,
                      enum family family, struct endpoints_facts *out,
                      struct slice_facts *slices)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += entries[i].address.family == family;
    struct endpoint *endpoints = decode_array(d, count, sizeof *endpoints);
    if (!endpoints)
        return;
    struct beside beside = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (entries[i].address.family != family)
            continue;
        const uint8_t *octets = keep_octets(d, &entries[i].address);
        if (!octets)
            return;
        // The controller that makes slices of Endpoints copies the text.
        if (entries[i].text)
            decode_text(d, &beside, octets, entries[i].text);
        endpoints[at++] = (struct endpoint){
            .hostname = entries[i].hostname,
            .pod = entries[i].pod,
            .addresses = octets,
            .addresses_n = 1,
            .ready = ready,
            .serving = ready,
        };
    }
    struct slice_facts *slice = &slices[out->slices_n++];
    *slice = (struct slice_facts){
        .service = subset->service,
        .family = (uint8_t)family,
        .ports = subset->ports,
        .ports_n = subset->ports_n,
        .endpoints = endpoints,
        .endpoints_n = count,
    };
    decode_beside_end(&beside, slice);
}

static void decode_entries(struct decoder *d, const struct where *where,
                           const struct doc_node *node,
                           const struct subset *subset, bool ready,
                           struct endpoints_facts *out,
                           struct slice_facts *slices)
{
    const struct items items = decode_items(d, where, node);
    struct entry *entries = decode_array(d, items.n, sizeof *entries);
    for (uint32_t i = 0; entries && i < items.n; i++) {
        const struct where item = where_item(where, i);
        entries[i] = (struct entry){.hostname = "", .pod = ""};
        decode_entry(d, &item, items.at[i], &entries[i]);
    }
    if (!entries)
        return;
    add_slice(d, subset, entries, items.n, ready, FAMILY_IPV4, out, slices);
    add_slice(d, subset, entries, items.n, ready, FAMILY_IPV6, out, slices);
}

static void decode_subset(struct decoder *d, const struct where *where,
                          const struct doc_node *node, const char *service,
                          struct endpoints_facts *out,
                          struct slice_facts *slices)
{
    enum { ADDRESSES, NOT_READY, PORTS, N };
    static const struct field fields[N] = {
        FIELD("addresses"), FIELD("notReadyAddresses"), FIELD("ports")};
    const struct doc_node *value[N];
    const struct where addresses = where_field(where, "addresses");
    const struct where not_ready = where_field(where, "notReadyAddresses");
    const struct where at_ports = where_field(where, "ports");
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    const struct slice_ports ports =
        decode_slice_ports(d, &at_ports, value[PORTS], true);
    const struct subset subset = {ports.items, ports.n, service};
    if (!value[ADDRESSES] && !value[NOT_READY])
        decode_fault(d, where, node,
                     "has neither addresses nor notReadyAddresses; write one");
    decode_entries(d, &addresses, value[ADDRESSES], &subset, true, out, slices);
    decode_entries(d, &not_ready, value[NOT_READY], &subset, false, out,
                   slices);
}

void decode_endpoints(struct decoder *d, const struct document *in,
                      struct object *o)
{
    const struct where where = where_field(NULL, "subsets");
    const struct items items = decode_items(d, &where, in->top[TOP_SUBSETS]);
    struct endpoints_facts *out = &o->endpoints;
    // two families, each ready and not ready
    struct slice_facts *slices =
        items.n <= UINT32_MAX / 4 ? decode_array(d, 4 * items.n, sizeof *slices)
                                  : NULL;
    for (uint32_t i = 0; slices && i < items.n; i++) {
        const struct where item = where_item(&where, i);
        decode_subset(d, &item, items.at[i], o->name, out, slices);
    }
    out->slices = slices;
}
