// SPDX-License-Identifier: Apache-2.0
// Which address is whose. A ledger knows every address that was given or
// declared; a range is walked round for one that is free.
#ifndef ORDINALD_MODEL_POOL_H
#define ORDINALD_MODEL_POOL_H

#include "base/sockaddr.h"
#include "map.h"

#include <stdbool.h>
#include <stdint.h>

struct face;   // a pod or a service's copy: whoever uses an address
struct holder; // a workload or a service: whoever the address is for

// The families as places in an array of two.
enum { POOL_FAMILIES = 2 };

static inline unsigned family_index(uint8_t family)
{
    return family == FAMILY_IPV6;
}

// One address in one hand: it stands in the ledger while it is declared or
// used, or both.
struct grant {
    struct map_node node;
    struct holder *holder; // who declared it, or else whose it is
    struct face *user;     // or NULL
    struct address address;
    bool declared; // by an annotation: no range's matter
    bool kept;     // private: while an annotation is read
};

struct ledger {
    // read-only
    uint64_t drops; // another number whenever an address got free

    // private
    struct map grants;
    uint64_t seed;
    // what others have: numbers into `taken`, 0 for a free place
    struct address *taken;
    uint32_t taken_n;
    uint32_t *places;
    uint32_t mask;
};

void ledger_init(struct ledger *l, uint64_t seed);
void ledger_release(struct ledger *l); // and all grants

// From now on others have these, which are copied. Returns 0, or -ENOMEM with
// what was known before.
int ledger_take(struct ledger *l, const struct address *taken,
                uint32_t taken_n) ORD_CHECKED;

// Who holds an address, or NULL.
struct grant *ledger_find(const struct ledger *l, const struct address *a);

/*
 * A new grant of an address that nobody holds, neither declared nor used yet.
 *
 * Returns NULL when there is no memory.
 */
struct grant *ledger_grant(struct ledger *l, const struct address *a,
                           struct holder *holder);

// Nobody uses it any more, or nobody declares it: strike it out, and free it,
// where that was all.
void ledger_leave(struct ledger *l, struct grant *g);
void ledger_undeclare(struct ledger *l, struct grant *g);

// The addresses of a CIDR that may be given. Any prefix is as cheap as another:
// nothing is listed.
struct range {
    // read-only
    struct cidr cidr; // family 0: there is no range

    // private
    unsigned __int128 first;
    unsigned __int128 last;
    unsigned __int128 cursor; // where the next search begins
    uint64_t full;            // one more than the drops at which none was left
};

void range_init(struct range *r, const struct cidr *cidr);

static inline bool range_exists(const struct range *r)
{
    return r->cidr.base.family != 0;
}

/*
 * Grant the next address that nobody has. *out is NULL where there is none.
 *
 * Returns 0 or -ENOMEM, with the range as before.
 */
int range_give(struct range *r, struct ledger *l, struct holder *holder,
               struct grant **out) ORD_CHECKED;

#endif
