// SPDX-License-Identifier: Apache-2.0
// Which address is whose. A ledger knows every address that was given or
// declared; a range is walked round for one that is free. What a step did to
// the ledger can be taken back as a whole, and taking back needs no memory.
#ifndef ORDINALD_MODEL_POOL_H
#define ORDINALD_MODEL_POOL_H

#include "base/sockaddr.h"
#include "map.h"

#include <stdbool.h>
#include <stdint.h>

struct holder; // a workload or a service: whoever the address is for

// The families as places in an array of two.
enum { POOL_FAMILIES = 2 };

static inline unsigned family_index(uint8_t family)
{
    return family == FAMILY_IPV6;
}

// One address in one hand.
struct grant {
    struct map_node node;
    struct grant *journal; // private
    struct holder *holder;
    struct address address;
    bool declared; // by an annotation: never moved, and not freed here
    bool held;     // in the ledger; read-only
};

struct ledger {
    // private
    struct map grants;
    uint64_t seed;
    struct grant *gained; // in this step
    struct grant *lost;   // in this step
    // what others have: numbers into `taken`, 0 for a free place
    const struct address *taken;
    uint32_t taken_n;
    uint32_t *places;
    uint32_t mask;
};

void ledger_init(struct ledger *l, uint64_t seed);

// Frees the grants that a range gave; declared ones are their owner's.
void ledger_release(struct ledger *l);

// Begin a step. `taken` is borrowed until it ends. Returns 0 or -ENOMEM.
int ledger_begin(struct ledger *l, const struct address *taken,
                 uint32_t taken_n) ORD_CHECKED;

// End a step: what it did stays, or is undone. Grants that are no more in the
// ledger are freed, unless they are declared.
void ledger_commit(struct ledger *l);
void ledger_rollback(struct ledger *l);

// Who holds an address, or NULL.
struct grant *ledger_find(const struct ledger *l, const struct address *a);

// Write down a grant whose address nobody holds.
void ledger_hold(struct ledger *l, struct grant *g);

// Strike out a grant that is held; it stays readable until the step ends.
void ledger_drop(struct ledger *l, struct grant *g);

/*
 * A new grant of an address, held at once; freed by the ledger.
 *
 * Returns NULL when there is no memory.
 */
struct grant *ledger_grant(struct ledger *l, const struct address *a,
                           struct holder *holder);

// The addresses of a CIDR that may be given. Any prefix is as cheap as another:
// nothing is listed.
struct range {
    // read-only
    struct cidr cidr; // family 0: there is no range

    // private
    unsigned __int128 first;
    unsigned __int128 last;
    unsigned __int128 cursor; // where the next search begins
    unsigned __int128 before; // the cursor when the step began
    bool full;                // known in this step: do not search again
};

void range_init(struct range *r, const struct cidr *cidr);
void range_begin(struct range *r);
void range_rollback(struct range *r);

// The next address that nobody has, or false when there is none.
bool range_next(struct range *r, const struct ledger *l, struct address *out);

#endif
