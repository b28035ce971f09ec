// SPDX-License-Identifier: Apache-2.0
// What a zone says, all of it: as master files (RFC 1035 5) and as JSON. For
// users who compare, and for tests. Control thread.
#ifndef ORDINALD_ZONE_DUMP_H
#define ORDINALD_ZONE_DUMP_H

#include "base/base.h"
#include "base/error.h"
#include "zone/zone.h"

#include <stddef.h>

enum zone_dump_format {
    ZONE_DUMP_TEXT,
    ZONE_DUMP_JSON,
};

// Text that grows; `p` is for free().
struct zone_dump {
    char *p;
    size_t n; // octets, no NUL counted
};

// How many origins there are: the domain first, then the reverse zones in the
// order of their names.
size_t zone_dump_origins(const struct zone *z);

// The name of one of them, as text with a final dot, at least
// DNS_NAME_TEXT_SIZE octets. Returns out.
const char *zone_dump_origin(const struct zone *z, size_t i, char *out);

/*
 * Everything that one origin answers, sorted by owner (RFC 4034 6.1), type and
 * RDATA: equal zones give equal texts, but for the serial.
 *
 * Not in it is what cannot be listed: names of pods that are answered for any
 * address (ZONE_PODS_INSECURE), and zonal names of topology zones that no
 * endpoint is in.
 *
 * text  a master file: $ORIGIN, $TTL, SOA first, one record a line with its
 *       owner in full, a final line feed
 * JSON  one object: origin, serial, records: [{name, type, ttl, data}]
 *
 * Returns 0 and sets out; -ENOMEM with out untouched.
 */
int zone_dump(const struct zone *z, size_t i, enum zone_dump_format format,
              struct zone_dump *out) ORD_CHECKED;

#endif
