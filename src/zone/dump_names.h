// SPDX-License-Identifier: Apache-2.0
// Which names there may be in an origin: those that the zone's tables hold.
// Whether one of them exists and what it answers is for zone_find() to say.
// Control thread.
#ifndef ORDINALD_ZONE_DUMP_NAMES_H
#define ORDINALD_ZONE_DUMP_NAMES_H

#include "base/arena.h"
#include "internal.h"

#include <stddef.h>
#include <stdint.h>

// A name as its labels below a base, the right-most first, each in wire form:
// so names are compared (RFC 4034 6.1).
struct dump_name {
    const uint8_t *labels;          // in the list's arena
    const struct zone_block *block; // names below it are not in this list
    uint8_t n;                      // octets
};

// Sorted, each name once; zero bytes are an empty list.
struct dump_names {
    struct dump_name *items;
    size_t n;
    // private
    size_t room;
    struct arena arena;
};

void dump_names_init(struct dump_names *names);
void dump_names_release(struct dump_names *names);

// All names of an origin but those below services. Returns 0 or -ENOMEM, as
// below; names is released in any case.
int dump_names_of_origin(struct dump_names *names, const struct zone *z,
                         size_t origin) ORD_CHECKED;

// The names below a service, its own not among them; the list starts anew.
int dump_names_below(struct dump_names *names,
                     const struct zone_block *block) ORD_CHECKED;

// Put the labels of a name before its base.
//
// Returns 0, or -ENAMETOOLONG: a name of more than 255 octets is none.
int dump_name_expand(const struct dump_name *name, const struct dns_name *base,
                     struct dns_name *out) ORD_CHECKED;

#endif
