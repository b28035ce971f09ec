// SPDX-License-Identifier: Apache-2.0
// Reasons in the form in which they are sent: rendered by the control thread,
// found by readers. Those whose text names nothing of a service or a namespace
// are made once for the whole zone; those that many services have alike, such
// as the names of ports, are there once while one of them has it.
#ifndef ORDINALD_ZONE_WHY_H
#define ORDINALD_ZONE_WHY_H

#include "base/base.h"
#include "dns/name.h"
#include "zone/zone.h"

#include <stddef.h>

// Octets of the longest one.
enum {
    WHY_SIZE_MAX = offsetof(struct zone_reason, option) + ZONE_REASON_TEXT_AT +
                   REASON_TEXT_MAX,
};

// Octets of a rendered reason, its text included.
static inline size_t why_size(const struct zone_reason *r)
{
    return offsetof(struct zone_reason, option) + ZONE_REASON_TEXT_AT +
           r->text_n;
}

/*
 * Render a reason.
 *
 * silent  only its INFO-CODE is to be sent
 * out     room for WHY_SIZE_MAX octets
 */
void why_render(const struct reason *why, bool silent, struct zone_reason *out);

// What a name has, as bits: TYPE_ABSENT of a set of records.
enum {
    WHY_HAS_A = 1,
    WHY_HAS_AAAA = 2,
    WHY_HAS_SRV = 4,
    WHY_HAS_SETS = 8, // as many sets of these are there
};

enum why_common {
    WHY_WRONG_DOMAIN,
    WHY_NAME_UNKNOWN,
    WHY_NAME_TOO_DEEP,
    WHY_NAME_EMPTY,
    WHY_NAMESPACE_UNKNOWN, // without names
    WHY_ADDRESS_UNKNOWN,
    WHY_ADDRESS_MALFORMED,
    WHY_PODS_DISABLED,
    WHY_POD_ADDRESS_UNKNOWN,
    WHY_HOSTNAME_UNKNOWN, // where there are none
    WHY_CLUSTER_IP_HOSTNAME,
    WHY_EXTERNAL_NAME,
    WHY_NO_CLUSTER_IP,
    WHY_PORT_UNKNOWN, // where none has a name
    WHY_PROTOCOL_UNKNOWN,
    WHY_TOPOLOGY_UNKNOWN,
    WHY_HAS_PTR, // TYPE_ABSENT
    WHY_HAS_TXT,
    WHY_HAS_APEX,
    WHY_HAS, // with a set of bits added; of the empty set it is NAME_EMPTY
    WHY_COMMON = WHY_HAS + WHY_HAS_SETS,
};

struct why_shared;

struct why_texts {
    // immutable once made
    bool silent;
    const struct zone_reason *common[WHY_COMMON]; // enum why_common
    // private: those that are shared, a chain for each hash
    struct why_shared **buckets;
    uint64_t seed;
    size_t mask;
    size_t shared_n;
    uint8_t octets[];
};

// Returns NULL when there is no memory.
struct why_texts *why_texts_new(const struct dns_name *domain, uint64_t seed,
                                bool silent);

// Nothing of it is in use any more. NULL is fine.
void why_texts_free(struct why_texts *t);

// A reason with one user more, or NULL when there is no memory.
const struct zone_reason *why_share(struct why_texts *t,
                                    const struct reason *why);

// A user less; no reader uses it for this one. NULL is fine.
void why_unshare(struct why_texts *t, const struct zone_reason *r);

#endif
