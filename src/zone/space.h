// SPDX-License-Identifier: Apache-2.0
// Namespaces with the names of their services: why another name is none, as
// readers find it. What a step changes is rendered once, when it is published,
// into memory that was got before, so that this cannot fail.
#ifndef ORDINALD_ZONE_SPACE_H
#define ORDINALD_ZONE_SPACE_H

#include "name_list.h"
#include "table.h"
#include "why.h"

#include "base/bytes.h"

#include <stdatomic.h>

// There while the namespace exists or has services.
struct zone_space {
    _Atomic(const struct zone_reason *) why; // SERVICE_UNKNOWN; never NULL
    // the rest is the control thread's
    struct zone_space *next;        // told in the step under way
    struct zone_reason *spare;      // of WHY_SIZE_MAX octets, or NULL
    const struct zone_reason *gone; // waits for readers
    struct name_list services;      // labels in their slots
    bool exists;
    bool is_told;
    bool is_changed;
    uint8_t key[]; // wire label, lower case
};

struct spaces {
    // NAMESPACE_UNKNOWN; NULL: no namespace ever came
    _Atomic(const struct zone_reason *) why;
    // private
    struct table table;
    struct name_list names; // of namespaces that exist: keys of the spaces
    uint64_t seed;
    bool silent;
};

// What a step does to them. All zero: nothing.
struct spaces_step {
    // private
    struct zone_space *told;
    struct zone_reason *spare; // for the list of namespaces
    const struct zone_reason *gone;
    struct zone_space *removed; // waits for readers
    bool is_changed;            // the list of namespaces is
    bool waits;
};

// Returns 0 or -ENOMEM.
int spaces_init(struct spaces *s, uint64_t seed, bool silent) ORD_CHECKED;

// No reader may be left. Safe on zero bytes.
void spaces_release(struct spaces *s);

// Private.
static inline bool space_has_key(const void *entry, const void *key)
{
    const struct zone_space *space = entry;
    const uint8_t *label = key;
    return bytes_equal(space->key, label, label[0] + 1u);
}

// Readers: why a name is no service of the namespace with this wire label; NULL
// for one that is not there.
const struct zone_reason *spaces_why(const struct spaces *s,
                                     const uint8_t *namespace);

/*
 * In this step one more service of the namespace may come, or one go.
 *
 * Returns 0 or -ENOMEM.
 */
int spaces_tell_service(struct spaces *s, struct spaces_step *step,
                        const uint8_t *namespace) ORD_CHECKED;

// The same for the namespace itself.
int spaces_tell_namespace(struct spaces *s, struct spaces_step *step,
                          const uint8_t *namespace) ORD_CHECKED;

// While publishing; the step was told of it. service: a wire label, borrowed
// until it goes.
void spaces_change_service(struct spaces *s, const uint8_t *namespace,
                           const uint8_t *service, bool exists);
void spaces_change_namespace(struct spaces *s, struct spaces_step *step,
                             const uint8_t *namespace, bool exists);

// The end of publishing, or of a step that is not published: texts change.
void spaces_settle(struct spaces *s, struct spaces_step *step);

// Whether spaces_step_release() has to wait for readers.
bool spaces_step_waits(const struct spaces_step *step);

// After readers were waited for.
void spaces_step_release(struct spaces_step *step);

#endif
