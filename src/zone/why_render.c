// SPDX-License-Identifier: Apache-2.0
// Reasons become octets (RFC 8914 2):
//
//      0                   1
//      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//     +-------------------------------+
//     |         OPTION-CODE: 15       |
//     |         OPTION-LENGTH         |
//     |         INFO-CODE             |
//     /         EXTRA-TEXT            /
//     +-------------------------------+
#include "why.h"

#include "base/hash.h"
#include "dns/edns.h"

#include <assert.h>
#include <stdlib.h>

enum { SHARED_FEW = 16 }; // chains to begin with, a power of two

struct why_shared {
    struct why_shared *next;
    uint64_t hash;
    uint32_t users;
    struct zone_reason text;
};

void why_render(const struct reason *why, bool silent, struct zone_reason *out)
{
    const uint16_t ede = reason_kind(why->code)->ede;
    char text[REASON_TEXT_MAX + 1];
    const size_t n = reason_text(why, text), sent = silent ? 0 : n;

    out->code = (uint8_t)why->code;
    out->text_n = (uint8_t)n;
    out->option_n = (uint8_t)(ZONE_REASON_TEXT_AT + sent);
    uint8_t *option = out->option;
    bytes_store_u16(option, EDNS_OPTION_EDE);
    bytes_store_u16(option + 2, (uint16_t)(sizeof ede + sent));
    bytes_store_u16(option + 4, ede == REASON_NO_EDE ? EDNS_ERROR_OTHER : ede);
    memcpy(option + ZONE_REASON_TEXT_AT, text, n);
}

_Static_assert(REASONS <= UINT8_MAX + 1, "a code has one octet");
_Static_assert(ZONE_REASON_TEXT_AT + REASON_TEXT_MAX <= UINT8_MAX,
               "an option's length has one octet");

// --- those of the whole zone -----------------------------------------------

struct common_row {
    enum reason_code code;
    const char *names[4]; // NULL ends them
};

static const struct common_row rows[WHY_COMMON] = {
    [WHY_WRONG_DOMAIN] = {.code = REASON_WRONG_DOMAIN},
    [WHY_NAME_UNKNOWN] = {REASON_NAME_UNKNOWN,
                          {"svc", "pod", "ns.dns", "dns-version"}},
    [WHY_NAME_TOO_DEEP] = {.code = REASON_NAME_TOO_DEEP},
    [WHY_NAME_EMPTY] = {.code = REASON_NAME_EMPTY},
    [WHY_NAMESPACE_UNKNOWN] = {.code = REASON_NAMESPACE_UNKNOWN},
    [WHY_ADDRESS_UNKNOWN] = {.code = REASON_ADDRESS_UNKNOWN},
    [WHY_ADDRESS_MALFORMED] = {.code = REASON_ADDRESS_MALFORMED},
    [WHY_PODS_DISABLED] = {.code = REASON_PODS_DISABLED},
    [WHY_POD_ADDRESS_UNKNOWN] = {.code = REASON_POD_ADDRESS_UNKNOWN},
    [WHY_HOSTNAME_UNKNOWN] = {.code = REASON_HOSTNAME_UNKNOWN},
    [WHY_CLUSTER_IP_HOSTNAME] = {.code = REASON_NOT_HEADLESS_HOSTNAME},
    [WHY_EXTERNAL_NAME] = {.code = REASON_EXTERNAL_NAME},
    [WHY_NO_CLUSTER_IP] = {.code = REASON_NO_CLUSTER_IP},
    [WHY_PORT_UNKNOWN] = {REASON_PORT_UNKNOWN, {"none with a name"}},
    [WHY_PROTOCOL_UNKNOWN] = {REASON_PROTOCOL_UNKNOWN, {"none with a name"}},
    [WHY_TOPOLOGY_UNKNOWN] = {.code = REASON_TOPOLOGY_UNKNOWN},
    [WHY_HAS_PTR] = {REASON_TYPE_ABSENT, {"PTR"}},
    [WHY_HAS_TXT] = {REASON_TYPE_ABSENT, {"TXT"}},
    [WHY_HAS_APEX] = {REASON_TYPE_ABSENT, {"SOA", "NS"}},
    [WHY_HAS] = {.code = REASON_NAME_EMPTY},
    [WHY_HAS + 1] = {REASON_TYPE_ABSENT, {"A"}},
    [WHY_HAS + 2] = {REASON_TYPE_ABSENT, {"AAAA"}},
    [WHY_HAS + 3] = {REASON_TYPE_ABSENT, {"A", "AAAA"}},
    [WHY_HAS + 4] = {REASON_TYPE_ABSENT, {"SRV"}},
    [WHY_HAS + 5] = {REASON_TYPE_ABSENT, {"A", "SRV"}},
    [WHY_HAS + 6] = {REASON_TYPE_ABSENT, {"AAAA", "SRV"}},
    [WHY_HAS + 7] = {REASON_TYPE_ABSENT, {"A", "AAAA", "SRV"}},
};

static void render_common(struct why_texts *t, const char *domain)
{
    uint8_t *to = t->octets;

    for (unsigned i = 0; i < WHY_COMMON; i++) {
        const struct common_row *row = &rows[i];
        struct reason why = {
            .code = row->code, .detail = domain, .names = row->names};
        while (why.names_n < ORD_COUNT(row->names) && row->names[why.names_n])
            why.names_n++;
        struct zone_reason *made = (struct zone_reason *)(void *)to;
        why_render(&why, t->silent, made);
        t->common[i] = made;
        to += why_size(made);
    }
}

struct why_texts *why_texts_new(const struct dns_name *domain, uint64_t seed,
                                bool silent)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct why_texts *t =
        calloc(1, sizeof *t + WHY_COMMON * (size_t)WHY_SIZE_MAX);

    if (!t)
        return NULL;
    t->mask = SHARED_FEW - 1;
    t->buckets = calloc(SHARED_FEW, sizeof(struct why_shared *));
    if (!t->buckets) {
        free(t);
        return NULL;
    }
    t->seed = seed;
    t->silent = silent;
    dns_name_format(dns_name_view(domain), text);
    text[strlen(text) - 1] = '\0'; // people do not write the final dot
    render_common(t, text);
    return t;
}

void why_texts_free(struct why_texts *t)
{
    if (!t)
        return;
    assert(t->shared_n == 0);
    free(t->buckets);
    free(t);
}

// --- those that are shared -------------------------------------------------

static struct why_shared **bucket_of(const struct why_texts *t, uint64_t hash)
{
    return &t->buckets[hash & t->mask];
}

// Twice the chains. Without memory for them the old ones get longer.
static void grow(struct why_texts *t)
{
    const size_t n = 2 * (t->mask + 1);
    struct why_shared **old = t->buckets;
    struct why_shared **new = calloc(n, sizeof(struct why_shared *));

    if (!new)
        return;
    const size_t old_n = t->mask + 1;
    t->buckets = new;
    t->mask = n - 1;
    for (size_t i = 0; i < old_n; i++)
        for (struct why_shared *s = old[i], *next; s; s = next) {
            next = s->next;
            s->next = *bucket_of(t, s->hash);
            *bucket_of(t, s->hash) = s;
        }
    free(old);
}

static struct why_shared *find_shared(const struct why_texts *t,
                                      const struct zone_reason *r,
                                      uint64_t hash)
{
    struct why_shared *s = *bucket_of(t, hash);

    while (s && (s->hash != hash || why_size(&s->text) != why_size(r) ||
                 memcmp(&s->text, r, why_size(r)) != 0))
        s = s->next;
    return s;
}

const struct zone_reason *why_share(struct why_texts *t,
                                    const struct reason *why)
{
    uint8_t octets[WHY_SIZE_MAX] = {0};
    struct zone_reason *text = (struct zone_reason *)(void *)octets;

    why_render(why, t->silent, text);
    const size_t n = why_size(text);
    const uint64_t hash = hash_bytes(t->seed, octets, n);
    struct why_shared *s = find_shared(t, text, hash);
    if (!s) {
        s = malloc(offsetof(struct why_shared, text) + n);
        if (!s)
            return NULL;
        if (t->shared_n > t->mask)
            grow(t);
        *s = (struct why_shared){.next = *bucket_of(t, hash), .hash = hash};
        memcpy(&s->text, octets, n);
        *bucket_of(t, hash) = s;
        t->shared_n++;
    }
    s->users++;
    return &s->text;
}

void why_unshare(struct why_texts *t, const struct zone_reason *r)
{
    if (!r)
        return;
    struct why_shared *s = ORD_CONTAINER(r, struct why_shared, text);
    assert(s->users > 0);
    if (--s->users > 0)
        return;
    struct why_shared **at = bucket_of(t, s->hash);
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    t->shared_n--;
    free(s);
}
