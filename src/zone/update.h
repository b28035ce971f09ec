// SPDX-License-Identifier: Apache-2.0
// What a step consists of, for those who make it (update.c) and who see to the
// addresses that change hands in it (update_address.c). Control thread.
#ifndef ORDINALD_ZONE_UPDATE_H
#define ORDINALD_ZONE_UPDATE_H

#include "internal.h"

// What becomes of one service.
struct zone_change {
    struct zone_change *next;
    struct zone_slot *slot;
    bool decided; // false: its block could not be made, the old one stays
    const struct zone_block *block; // NULL: it goes
    const struct zone_block *old;   // once published: waits for readers
    bool published;
    // claims for those addresses of block that are new, in its order
    struct zone_claim *spares;
};

struct zone_update {
    struct zone *zone;
    struct zone_change *changes;
    struct roll_step namespaces;
    struct roll_step pods;
    struct spaces_step spaces;
    bool faults_told;
    struct zone_faults *faults;     // once published: those before, garbage
    struct zone_slot *slots;        // garbage
    struct zone_address *addresses; // garbage
    bool changed;
};

// A name in lower case and in wire form. Returns its octets.
static inline size_t update_put_label(uint8_t to[DNS_LABEL_MAX + 1],
                                      const char *text)
{
    size_t n = strlen(text);
    to[0] = (uint8_t)n;
    dns_fold(to + 1, (const uint8_t *)text, n);
    return n + 1;
}

// Whether it can be a label at all; the model's names can, as a rule.
static inline bool update_is_label(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n <= DNS_LABEL_MAX;
}

// The key of a service's slot. Returns its octets.
static inline size_t update_slot_key(const char *namespace, const char *service,
                                     uint8_t key[SLOT_KEY_MAX])
{
    size_t n = update_put_label(key, service);
    return n + update_put_label(key + n, namespace);
}

// Whether a service with this block is one that its namespace has.
static inline bool update_is_listed(const struct zone_block *block)
{
    return block && !block->is_missing;
}

static inline const struct zone_block *block_of(const struct zone_slot *slot)
{
    return atomic_load_explicit(&slot->block, memory_order_relaxed);
}

// Get all memory that publishing c->block will need. Returns 0 or -ENOMEM.
int update_prepare(struct zone_update *u, struct zone_change *c) ORD_CHECKED;

// Undo what was prepared for a change, as far as its spares go; its block goes
// too.
void update_unprepare(struct zone_update *u, struct zone_change *c);

enum claim_pass {
    CLAIM_FREE, // addresses that nobody has
    CLAIM_REST, // others have them, or this service in another way
};

// Claim addresses of the change's block.
void update_claim(struct zone_update *u, struct zone_change *c,
                  enum claim_pass pass);

// The block is about to be replaced: whoever waits for an address that it loses
// has it now.
void update_hand_over(struct zone_update *u, struct zone_change *c);

// The block was replaced.
void update_release(struct zone_update *u, struct zone_change *c);

#endif
