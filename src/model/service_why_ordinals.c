// SPDX-License-Identifier: Apache-2.0
// Ordinals that StatefulSets declare below a service: ticked off as their pods
// are found, and why those that are left over have none.
#include "service_why_pods.h"

#include "endpoints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Ordinals of one StatefulSet that are ticked off, from its start: 16 KiB. No
// cluster has that many pods, and no more are made here.
enum { TICKS_MAX = 1 << 17 };

// --- making ------------------------------------------------------------------

int tallies_make(struct collector *l)
{
    const struct asked *q = l->q;

    if (q->sets_n == 0)
        return 0;
    l->tallies = arena_array(q->arena, q->sets_n, sizeof *l->tallies);
    for (uint32_t i = 0; l->tallies && i < q->sets_n; i++) {
        struct tally *tally = &l->tallies[i];
        const uint32_t n = q->ordinals[i].n;
        tally->set = q->sets[i];
        tally->ticks_n = n < TICKS_MAX ? n : TICKS_MAX;
        tally->ticks = arena_array(q->arena, tally->ticks_n / 64 + 1, 8);
        if (!tally->ticks)
            return -ENOMEM;
    }
    return l->tallies ? 0 : -ENOMEM;
}

void tallies_begin(const struct asked *q, bool has_endpoints)
{
    for (uint32_t i = 0; i < q->sets_n; i++) {
        struct reason *none = &q->ordinals[i].none;
        *none = why_reason(q, REASON_NONE);
        none->kind = object_kind_name(OBJECT_STATEFUL_SET);
        none->workload = q->ordinals[i].name;
        if (q->ordinals[i].n == 0)
            none->code = REASON_NO_REPLICAS;
        else if (!has_endpoints)
            none->code = REASON_NO_ENDPOINTS;
    }
}

// --- ticking off -------------------------------------------------------------

static int compare_set(const char *name, size_t n, const struct object *set)
{
    const int r = strncmp(name, set->name, n);

    return r ? r : (set->name[n] ? -1 : 0);
}

struct tally *tallies_find(const struct collector *l, const char *name,
                           uint32_t *at)
{
    uint32_t low = 0, high = l->q->sets_n;
    struct ordinal_name ordinal;

    if (high == 0 || !ordinal_name_of(name, &ordinal))
        return NULL;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        struct tally *tally = &l->tallies[middle];
        const int r = compare_set(name, ordinal.set_n, tally->set);
        if (r == 0) {
            const uint32_t start = tally->set->workload.start;
            *at = ordinal.ordinal - start;
            return ordinal.ordinal >= start && *at < tally->ticks_n ? tally
                                                                    : NULL;
        }
        if (r < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool tally_tick(struct tally *tally, uint32_t at)
{
    const uint64_t bit = UINT64_C(1) << at % 64;
    const bool was = tally->ticks[at / 64] & bit;

    tally->ticks[at / 64] |= bit;
    return was;
}

uint32_t tally_missing(const struct tally *tally, uint32_t at)
{
    while (at < tally->ticks_n) {
        const uint64_t left = ~tally->ticks[at / 64] >> at % 64;
        if (left) {
            at += (uint32_t)__builtin_ctzll(left);
            return at < tally->ticks_n ? at : tally->ticks_n;
        }
        at += 64 - at % 64;
    }
    return tally->ticks_n;
}

void tally_blame(struct tally *tally, uint32_t at, const struct reason *ill)
{
    if (ill->code == REASON_NONE ||
        (tally->ill.code != REASON_NONE && tally->ill_at < at))
        return;
    tally->ill_at = at;
    tally->ill = *ill;
}

// --- ordinals without a pod --------------------------------------------------

static const char *ordinal_text(const struct collector *l,
                                const struct tally *tally, uint32_t at)
{
    char number[sizeof "-4294967295"];
    const size_t n = strlen(tally->set->name);
    const size_t number_n =
        (size_t)snprintf(number, sizeof number, "-%" PRIu32,
                         (uint32_t)(tally->set->workload.start + at));
    char *text = (char *)arena_bytes(l->q->arena, n + number_n + 1);

    if (!text)
        return NULL;
    memcpy(text, tally->set->name, n);
    memcpy(text + n, number, number_n + 1);
    return text;
}

// The first ordinal of which there is no Pod, after those whose Pod is there
// and is named elsewhere, or not at all.
static int find_missing(struct collector *l, struct tally *tally, uint32_t *out,
                        const char **name)
{
    uint32_t at = tally_missing(tally, 0);
    int r = 0;

    *name = NULL;
    for (; at < tally->ticks_n && r == 0; at = tally_missing(tally, at)) {
        *name = ordinal_text(l, tally, at);
        if (!*name)
            return -ENOMEM;
        const struct object *pod = why_find_pod(l, *name);
        if (!pod)
            break;
        const struct reason ill = endpoints_pod_ill(pod);
        tally_blame(tally, at, &ill);
        tally_tick(tally, at);
        tally->pods = true;
        r = why_add_nameless(l, pod->name);
    }
    *out = at;
    return r;
}

static const char *word_of(enum reason_code code)
{
    switch (code) {
    case REASON_POD_PENDING:
        return "pending";
    case REASON_POD_NO_ADDRESS:
        return "without address";
    case REASON_POD_TERMINATING:
        return "being deleted";
    case REASON_POD_ENDED:
        return "ended";
    default:
        return "not ready";
    }
}

static struct reason blocked_by(const struct reason *none,
                                const struct reason *ill, const char *name,
                                const char *detail)
{
    struct reason why = *none;

    why.code = REASON_POD_BLOCKED;
    why.pod = name;
    why.detail = detail;
    why.since_unix_s = ill->since_unix_s;
    return why;
}

// The Pod of the lowest ordinal that is not well knows most of it.
static int block(struct collector *l, const struct tally *tally,
                 struct reason *none)
{
    const char *name = ordinal_text(l, tally, tally->ill_at);

    if (!name)
        return -ENOMEM;
    const struct object *pod = why_find_pod(l, name);
    struct reason ill =
        pod ? endpoints_pod_ill(pod) : (struct reason){.code = REASON_NONE};
    if (ill.code == REASON_NONE)
        ill = tally->ill;
    *none = blocked_by(none, &ill, name, word_of(ill.code));
    return 0;
}

// The one whose turn it is waits for nobody; the others wait for it.
static int block_by_missing(struct collector *l, const char *name,
                            struct reason *none)
{
    struct reason why = *none;

    why.code = REASON_POD_NOT_CREATED;
    why.pod = name;
    *none = blocked_by(none, &why, name, "not created");
    return why_add(l, name, &why);
}

// K8S: with OrderedReady a pod is not created before all that come before it
// are Running and Ready.
static int order(struct collector *l, const struct tally *tally,
                 const char *missing, uint32_t at, struct reason *none)
{
    if (tally->ill.code != REASON_NONE && tally->ill_at < at)
        return block(l, tally, none);
    return missing ? block_by_missing(l, missing, none) : 0;
}

int tally_tell(struct collector *l, struct tally *tally,
               struct service_ordinals *o)
{
    const char *name;
    uint32_t at;
    const int r = find_missing(l, tally, &at, &name);

    if (r)
        return r;
    if (at == o->n) {
        o->none = (struct reason){.code = REASON_NONE};
        return 0;
    }
    o->none.code = REASON_POD_NOT_CREATED;
    if (l->q->given && !l->pods && !tally->pods)
        o->none.code = REASON_POD_NO_ENDPOINT;
    else if (!tally->set->workload.rules->parallel)
        return order(l, tally, at < tally->ticks_n ? name : NULL, at, &o->none);
    return 0;
}
