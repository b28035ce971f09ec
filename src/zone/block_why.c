// SPDX-License-Identifier: Apache-2.0
// Why names below a block's service are none. What the model says comes first;
// where it says nothing, what is there is told instead.
#include "block_build.h"
#include "dashed.h"

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

// The reason, found or added; NULL when there is no memory.
static const struct build_reason *add(struct build *b, const struct reason *why)
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
    out->own = add(b, why);
    return out->own ? 0 : -ENOMEM;
}

// --- the service itself ----------------------------------------------------

static bool has_empty_set(const struct build *b)
{
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        return false;
    if (!b->exists)
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
    if (b->exists && build_is_type(b, SERVICE_CLUSTER_IP)) {
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
    return !dashed_parse(label, &unused);
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

// Of those of which no more is known. The model knows of hostnames: where
// others have names all the same, by their pods', these are told.
static int choose_hostname(struct build *b)
{
    struct build_choice *out = &b->reasons.hostname;
    const struct service *s = b->service;
    const char *names[REASON_TEXT_MAX];
    struct reason why = {.code = REASON_HOSTNAME_UNKNOWN};

    collect_peers(b, &why, names);
    if (why.names_n == 0 && s->unnamed.code != REASON_NONE)
        return choose(b, &s->unnamed, out);
    *out = (struct build_choice){.common = WHY_CLUSTER_IP_HOSTNAME};
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        out->common = WHY_EXTERNAL_NAME;
    if (build_is_headless(b))
        out->common = WHY_HOSTNAME_UNKNOWN;
    // RFC 8020: nothing is below it, whatever is asked for
    if (!b->exists)
        *out = b->reasons.empty;
    return build_is_headless(b) && why.names_n ? choose(b, &why, out) : 0;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// Whether what is told of two pods is the same: most that lack something lack
// what the one before does. It may be where this says no.
static bool is_same(const struct reason *a, const struct reason *b)
{
    return a->code == b->code && a->since_unix_s == b->since_unix_s &&
           a->first == b->first && a->last == b->last &&
           is_same_text(a->namespace, b->namespace) &&
           is_same_text(a->service, b->service) &&
           is_same_text(a->kind, b->kind) &&
           is_same_text(a->workload, b->workload) &&
           is_same_text(a->pod, b->pod) && is_same_text(a->detail, b->detail) &&
           is_same_text(a->near, b->near) && a->names_n == 0 && b->names_n == 0;
}

static int compare_lacks(const void *x, const void *y)
{
    const struct build_lack *a = x, *b = y;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

// Whether the hostname can be asked for, and is no peer. Sets its hash.
static bool is_lacking(const struct build *b, const char *hostname,
                       uint64_t *hash)
{
    uint8_t label[1 + DNS_LABEL_MAX + 1];
    const size_t n = strlen(hostname);

    if (n == 0 || n > DNS_LABEL_MAX)
        return false;
    label[0] = (uint8_t)n;
    dns_fold(label + 1, (const uint8_t *)hostname, n);
    label[1 + n] = '\0';
    *hash = block_label_hash(b->seed, label);
    return !endpoints_have(&b->endpoints, (const char *)label + 1);
}

static int collect_lacks(struct build *b)
{
    const struct service *s = b->service;
    struct build_reasons *all = &b->reasons;
    const struct reason *last = NULL;
    uint64_t hash;

    if (s->lacks_n == 0 || build_is_type(b, SERVICE_EXTERNAL_NAME))
        return 0;
    all->lacks = arena_array(&b->scratch, s->lacks_n, sizeof *all->lacks);
    if (!all->lacks)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->lacks_n; i++) {
        const struct reason *why = &s->lacks[i].why;
        if (!is_lacking(b, s->lacks[i].hostname, &hash))
            continue;
        struct build_lack *lack = &all->lacks[all->lacks_n];
        lack->hash = hash;
        lack->why = last && is_same(last, why) ? lack[-1].why : add(b, why);
        if (!lack->why)
            return -ENOMEM;
        last = why;
        all->lacks_n++;
    }
    qsort(all->lacks, all->lacks_n, sizeof *all->lacks, compare_lacks);
    return 0;
}

// --- ordinals --------------------------------------------------------------

static struct reason outside_reason(const struct service_ordinals *o)
{
    const uint32_t room = UINT32_MAX - o->start;
    const uint32_t more = o->n ? o->n - 1 : 0;

    return (struct reason){
        .code = o->n ? REASON_ORDINAL_OUTSIDE : REASON_NO_REPLICAS,
        .first = o->start,
        .last = o->start + (more < room ? more : room),
        .kind = object_kind_name(OBJECT_STATEFUL_SET),
        .workload = o->name,
    };
}

static int collect_ordinals(struct build *b)
{
    const struct service *s = b->service;
    struct build_reasons *all = &b->reasons;

    all->ordinals = arena_array(&b->scratch, s->ordinals_n + (size_t)1,
                                sizeof *all->ordinals);
    if (!all->ordinals)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->ordinals_n; i++) {
        const struct service_ordinals *o = &s->ordinals[i];
        const struct reason outside = outside_reason(o);
        if (!build_is_declared(b, o))
            continue;
        all->ordinals[i].outside = add(b, &outside);
        if (!all->ordinals[i].outside)
            return -ENOMEM;
        if (o->n == 0 || o->none.code == REASON_NONE)
            continue;
        all->ordinals[i].none = add(b, &o->none);
        if (!all->ordinals[i].none)
            return -ENOMEM;
    }
    return 0;
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
    if (!b->exists)
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
        collect_lacks(b) || collect_ordinals(b) || choose_ports(b))
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

static void fill_lacks(const struct build *b, size_t lacks, size_t texts,
                       struct zone_block *out)
{
    const uint32_t n = b->reasons.lacks_n;
    uint64_t *hashes = (uint64_t *)(void *)((uint8_t *)out + lacks);
    uint32_t *reasons = (uint32_t *)(hashes + n);

    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = b->reasons.lacks[i].hash;
        reasons[i] = (uint32_t)(texts + b->reasons.lacks[i].why->at);
    }
    out->lacks_n = n;
    out->lacks_at = (uint32_t)lacks;
}

void build_fill_reasons(const struct build *b, size_t lacks, size_t texts,
                        struct zone_block *out)
{
    const struct build_reasons *all = &b->reasons;
    uint8_t *base = (uint8_t *)out + texts;

    for (const struct build_reason *r = all->first; r; r = r->next)
        memcpy(base + r->at, &r->text, why_size(&r->text));
    if (all->lacks_n)
        fill_lacks(b, lacks, texts, out);
    out->why_hostname = chosen(b, &all->hostname, base);
    out->why_empty = chosen(b, &all->empty, base);
    out->why_port = chosen(b, &all->port, base);
    out->why_protocol = chosen(b, &all->protocol, base);
    out->shared = all->port.shared ? b->texts : NULL;
    out->knows_more = out->lacks_n > 0 || out->declared_n > 0;
}
