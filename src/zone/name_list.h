// SPDX-License-Identifier: Apache-2.0
// Names in order, for texts that tell the first of them and how many more there
// are. One that comes or goes costs a search and a move of pointers; many that
// come at once are sorted once. Control thread.
#ifndef ORDINALD_ZONE_NAME_LIST_H
#define ORDINALD_ZONE_NAME_LIST_H

#include "base/base.h"
#include "model/reason.h"

#include <stdint.h>

// All zero: empty.
struct name_list {
    // read-only; none is in `added` after name_list_settle()
    uint32_t n;
    // private
    const uint8_t **items; // wire labels, borrowed: n in order, then those
    uint32_t added;        // that were added since
    uint32_t wanted;       // room that was asked for
    uint32_t room;
};

void name_list_release(struct name_list *l);

// Make sure that one more name can be added before name_list_settle(). Returns
// 0 or -ENOMEM.
int name_list_reserve(struct name_list *l) ORD_CHECKED;

// A name comes, for which room was reserved; label is borrowed until it goes.
void name_list_add(struct name_list *l, const uint8_t *label);

// A name goes that is there; it was not added since the last
// name_list_settle().
void name_list_remove(struct name_list *l, const uint8_t *label);

// Put what was added into its place; what was reserved is done with.
void name_list_settle(struct name_list *l);

// As many of the first names as fit into a reason's text, and some more.
struct name_list_view {
    const char *names[REASON_TEXT_MAX];
    uint32_t n;
    char text[2 * REASON_TEXT_MAX];
};

// After name_list_settle().
void name_list_show(const struct name_list *l, struct name_list_view *out);

#endif
