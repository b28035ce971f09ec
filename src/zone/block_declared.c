// SPDX-License-Identifier: Apache-2.0
// The ordinals that a block's service has, or will have once their pods are
// there: kept also where no name of it exists yet.
#include "block_build.h"

#include <errno.h>
#include <stdlib.h>

// The shortest ordinal behind a StatefulSet's name, "-0", has to fit into its
// label. A name with a dot gives no pods with a name (K8S: spec.hostname is one
// label).
bool build_is_declared(const struct build *b, const struct service_ordinals *o)
{
    const size_t n = strlen(o->name);

    return !build_is_type(b, SERVICE_EXTERNAL_NAME) && n > 0 &&
           n + 2 <= DNS_LABEL_MAX && !strchr(o->name, '.');
}

// --- why some are none -----------------------------------------------------

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

int build_collect_ordinals(struct build *b)
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
        all->ordinals[i].outside = build_add_reason(b, &outside);
        if (!all->ordinals[i].outside)
            return -ENOMEM;
        if (o->n == 0 || o->none.code == REASON_NONE)
            continue;
        all->ordinals[i].none = build_add_reason(b, &o->none);
        if (!all->ordinals[i].none)
            return -ENOMEM;
    }
    return 0;
}

// --- into the block --------------------------------------------------------

static uint32_t count_declared(const struct build *b)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->service->ordinals_n; i++)
        n += build_is_declared(b, &b->service->ordinals[i]);
    return n;
}

size_t build_measure_declared(const struct build *b)
{
    size_t octets = 0;

    for (uint32_t i = 0; i < b->service->ordinals_n; i++) {
        const struct service_ordinals *o = &b->service->ordinals[i];
        if (build_is_declared(b, o))
            octets += sizeof(struct zone_declared) + strlen(o->name);
    }
    return octets;
}

static int compare(const void *a, const void *b)
{
    const struct zone_declared *x = a, *y = b;

    return span_compare(x->name, y->name);
}

static uint32_t reason_at(const struct build_reason *r, size_t texts)
{
    return r ? (uint32_t)(texts + r->at) : 0;
}

void build_fill_declared(const struct build *b, uint8_t *to, size_t texts,
                         struct zone_block *out)
{
    struct zone_declared *all = (struct zone_declared *)(void *)to;
    const uint32_t n = count_declared(b);
    uint8_t *text = (uint8_t *)(all + n);
    uint32_t k = 0;

    for (uint32_t i = 0; i < b->service->ordinals_n; i++) {
        const struct service_ordinals *o = &b->service->ordinals[i];
        const struct build_ordinals *why = &b->reasons.ordinals[i];
        if (!build_is_declared(b, o))
            continue;
        const size_t name_n = strlen(o->name);
        dns_fold(text, (const uint8_t *)o->name, name_n);
        all[k++] = (struct zone_declared){
            .name = span_of(text, name_n),
            .start = o->start,
            .n = o->n,
            .none_at = reason_at(why->none, texts),
            .outside_at = reason_at(why->outside, texts),
        };
        text += name_n;
    }
    // once more, now that case makes no difference
    qsort(all, n, sizeof *all, compare);
    out->declared_n = n;
    out->declared_at = n ? (uint32_t)(to - (uint8_t *)out) : 0;
}
