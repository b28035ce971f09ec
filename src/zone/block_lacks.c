// SPDX-License-Identifier: Apache-2.0
// What hostnames below a block's service lack, as the model says: of those that
// have no name, each by its hash.
#include "block_build.h"

#include <errno.h>
#include <stdlib.h>

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

int build_collect_lacks(struct build *b)
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
        if (build_is_named_by_pod(b, why) ||
            !is_lacking(b, s->lacks[i].hostname, &hash))
            continue;
        struct build_lack *lack = &all->lacks[all->lacks_n];
        lack->hash = hash;
        lack->why = last && is_same(last, why) ? lack[-1].why
                                               : build_add_reason(b, why);
        if (!lack->why)
            return -ENOMEM;
        last = why;
        all->lacks_n++;
    }
    qsort(all->lacks, all->lacks_n, sizeof *all->lacks, compare_lacks);
    return 0;
}

void build_fill_lacks(const struct build *b, size_t lacks, size_t texts,
                      struct zone_block *out)
{
    const uint32_t n = b->reasons.lacks_n;
    if (n == 0)
        return;
    uint64_t *hashes = (uint64_t *)(void *)((uint8_t *)out + lacks);
    uint32_t *reasons = (uint32_t *)(hashes + n);

    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = b->reasons.lacks[i].hash;
        reasons[i] = (uint32_t)(texts + b->reasons.lacks[i].why->at);
    }
    out->lacks_n = n;
    out->lacks_at = (uint32_t)lacks;
}
