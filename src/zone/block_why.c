// SPDX-License-Identifier: Apache-2.0
// Why names below a block's service are none. What the model says comes first;
// where it says nothing, what is there is told instead.
#include "block_build.h"

#include "dns/dashed.h"

#include <errno.h>
#include <stdlib.h>

// --- each text once --------------------------------------------------------

static int make_buckets(struct build *b)
{
    struct build_reasons *all = &b->reasons;
    // all that may have one, half full at most
    const size_t most =
        2 * (4 + (size_t)b->service->lacks_n + 2 * b->service->ordinals_n);
    size_t n = 8;

    while (n < most)
        n *= 2;
    all->mask = n - 1;
    all->last = &all->first;
    all->buckets = arena_array(&b->scratch, n, sizeof(struct build_reason *));
    return all->buckets ? 0 : -ENOMEM;
}

const struct build_reason *build_add_reason(struct build *b,
                                            const struct reason *why)
{
    struct build_reasons *all = &b->reasons;
    uint8_t octets[WHY_SIZE_MAX];
    struct zone_reason *text = (struct zone_reason *)(void *)octets;

    why_render(why, b->texts->silent, text);
    const size_t n = why_size(text);
    struct build_reason **bucket =
        &all->buckets[hash_bytes(b->seed, octets, n) & all->mask];
    for (struct build_reason *r = *bucket; r; r = r->bucket)
        if (why_size(&r->text) == n && memcmp(&r->text, octets, n) == 0)
            return r;
    struct build_reason *new =
        arena_alloc(&b->scratch, offsetof(struct build_reason, text) + n);
    if (!new)
        return NULL;
    *new =
        (struct build_reason){.bucket = *bucket, .at = (uint32_t)all->octets};
    memcpy(&new->text, octets, n);
    *bucket = new;
    *all->last = new;
    all->last = &new->next;
    all->octets += n;
    return new;
}

static int choose(struct build *b, const struct reason *why,
                  struct build_choice *out)
{
    out->own = build_add_reason(b, why);
    return out->own ? 0 : -ENOMEM;
}

// --- the service itself ----------------------------------------------------

static bool has_empty_set(const struct build *b)
{
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        return false;
    if (!b->has_service)
        return true;
    return build_is_headless(b) ? b->endpoints.set_n == 0
                                : b->service->addresses_n == 0;
}

// A pod of two families is in two slices.
static uint32_t count_pods(const struct service *s)
{
    uint32_t v4 = 0, v6 = 0;

    for (uint32_t i = 0; i < s->slices_n; i++)
        *(s->slices[i]->family == FAMILY_IPV4 ? &v4 : &v6) +=
            s->slices[i]->endpoints_n;
    return v4 > v6 ? v4 : v6;
}

static struct reason empty_reason(const struct service *s)
{
    const uint32_t pods = count_pods(s);
    struct reason why = {.code = REASON_NO_ENDPOINTS,
                         .namespace = s->namespace,
                         .service = s->name,
                         .last = pods};
    if (s->empty.code != REASON_NONE)
        return s->empty;
    if (!s->object) {
        why.code = REASON_SERVICE_MISSING;
        why.workload = s->ordinals_n ? s->ordinals[0].name : "";
    } else if (pods) {
        why.code = REASON_NONE_READY;
    } else if (s->object->service.has_selector) {
        why.code = REASON_NO_PODS;
    }
    return why;
}

static int choose_empty(struct build *b)
{
    struct build_choice *out = &b->reasons.empty;

    *out = (struct build_choice){.common = WHY_NAME_EMPTY};
    if (!has_empty_set(b))
        return 0;
    if (b->has_service && build_is_type(b, SERVICE_CLUSTER_IP)) {
        out->common = WHY_NO_CLUSTER_IP;
        return 0;
    }
    const struct reason why = empty_reason(b->service);
    return choose(b, &why, out);
}

// --- hostnames -------------------------------------------------------------

// Whether it is a name that may be told: an address may not.
static bool is_told(const struct endpoint_name *name)
{
    uint8_t label[1 + DNS_LABEL_MAX];
    struct address unused;

    label[0] = name->label_n;
    memcpy(label + 1, name->label, name->label_n);
    return !dns_dashed_parse(label, &unused);
}

// The names that may be told: `names` has room for all that fit.
static void collect_peers(const struct build *b, struct reason *why,
                          const char *names[REASON_TEXT_MAX])
{
    const struct endpoints *ends = &b->endpoints;
    size_t octets = 0;

    why->names = names;
    for (uint32_t i = 0; i < ends->names_n; i++) {
        if (!is_told(&ends->names[i]))
            continue;
        why->names_all++;
        // what is more does not fit, whatever is said beside them
        if (octets > REASON_TEXT_MAX)
            continue;
        names[why->names_n++] = ends->names[i].label;
        octets += ends->names[i].label_n + 1u;
    }
}

bool build_is_named_by_pod(const struct build *b, const struct reason *why)
{
    return b->pod_names && (why->code == REASON_PODS_WITHOUT_NAMES ||
                            why->code == REASON_POD_WITHOUT_HOSTNAME);
}

// Whether the model says why unknown hostnames are none. It knows of hostnames
// only: where others have names all the same, by their pods', these are told,
// unless the service is of the wrong kind for any.
static bool is_unnamed(const struct build *b, uint32_t names_n)
{
    const struct reason *why = &b->service->unnamed;

    if (why->code == REASON_NOT_HEADLESS)
        return b->has_service;
    return why->code != REASON_NONE && names_n == 0 &&
           !build_is_named_by_pod(b, why);
}

// Of those of which no more is known.
static int choose_hostname(struct build *b)
{
    struct build_choice *out = &b->reasons.hostname;
    const char *names[REASON_TEXT_MAX];
    struct reason why = {.code = REASON_HOSTNAME_UNKNOWN};

    collect_peers(b, &why, names);
    if (is_unnamed(b, why.names_n))
        return choose(b, &b->service->unnamed, out);
    *out = (struct build_choice){.common = WHY_CLUSTER_IP_HOSTNAME};
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        out->common = WHY_EXTERNAL_NAME;
    if (build_is_headless(b))
        out->common = WHY_HOSTNAME_UNKNOWN;
    // RFC 8020: nothing is below it, whatever is asked for
    if (!b->has_service)
        *out = b->reasons.empty;
    return build_is_headless(b) && why.names_n ? choose(b, &why, out) : 0;
}

// --- ports -----------------------------------------------------------------

// "_mongo._tcp", or NULL.
static const char *port_text(struct build *b, const struct port_use *port)
{
    const char *protocol = protocol_label((enum protocol)port->protocol);
    const size_t n = strlen(port->name), protocol_n = strlen(protocol);
    uint8_t *text = arena_bytes(&b->scratch, n + protocol_n + sizeof "_._");

    if (!text)
        return NULL;
    text[0] = '_';
    dns_fold(text + 1, (const uint8_t *)port->name, n);
    memcpy(text + 1 + n, "._", 2);
    memcpy(text + 3 + n, protocol, protocol_n + 1);
    return (const char *)text;
}

static int collect_port_texts(struct build *b, struct reason *why,
                              const char *names[REASON_TEXT_MAX])
{
    size_t octets = 0;

    why->names = names;
    why->names_all = b->ports.names_n;
    while (why->names_n < why->names_all && octets <= REASON_TEXT_MAX) {
        const struct port_run run = b->ports.names[why->names_n];
        const char *text = port_text(b, &b->ports.by_name[run.first]);
        if (!text)
            return -ENOMEM;
        octets += strlen(text);
        names[why->names_n++] = text;
    }
    return 0;
}

static int choose_ports(struct build *b)
{
    struct build_reasons *all = &b->reasons;
    const char *names[REASON_TEXT_MAX];
    struct reason why = {.code = REASON_PORT_UNKNOWN};

    all->port.common = WHY_PORT_UNKNOWN;
    all->protocol.common = WHY_PROTOCOL_UNKNOWN;
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        all->port.common = all->protocol.common = WHY_EXTERNAL_NAME;
    if (!b->has_service)
        all->port = all->protocol = all->empty;
    if (b->ports.names_n == 0)
        return 0;
    if (collect_port_texts(b, &why, names))
        return -ENOMEM;
    all->port.shared = why_share(b->texts, &why);
    why.code = REASON_PROTOCOL_UNKNOWN;
    all->protocol.shared = why_share(b->texts, &why);
    return all->port.shared && all->protocol.shared ? 0 : -ENOMEM;
}

void build_drop_reasons(struct build *b)
{
    why_unshare(b->texts, b->reasons.port.shared);
    why_unshare(b->texts, b->reasons.protocol.shared);
}

int build_collect_reasons(struct build *b)
{
    if (make_buckets(b) || choose_empty(b) || choose_hostname(b) ||
        build_collect_lacks(b) || build_collect_ordinals(b) || choose_ports(b))
        return -ENOMEM;
    return 0;
}

// --- into the block --------------------------------------------------------

static const struct zone_reason *chosen(const struct build *b,
                                        const struct build_choice *choice,
                                        const uint8_t *texts)
{
    if (choice->own)
        return (const struct zone_reason *)(const void *)(texts +
                                                          choice->own->at);
    return choice->shared ? choice->shared : b->texts->common[choice->common];
}

void build_fill_reasons(const struct build *b, size_t lacks, size_t texts,
                        struct zone_block *out)
{
    const struct build_reasons *all = &b->reasons;
    uint8_t *base = (uint8_t *)out + texts;

    for (const struct build_reason *r = all->first; r; r = r->next)
        memcpy(base + r->at, &r->text, why_size(&r->text));
    build_fill_lacks(b, lacks, texts, out);
    out->why_hostname = chosen(b, &all->hostname, base);
    out->why_empty = chosen(b, &all->empty, base);
    out->why_port = chosen(b, &all->port, base);
    out->why_protocol = chosen(b, &all->protocol, base);
    out->shared = all->port.shared ? b->texts : NULL;
    out->knows_more = out->lacks_n > 0 || out->declared_n > 0;
}
