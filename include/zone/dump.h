// SPDX-License-Identifier: Apache-2.0
// What a zone says, all of it: as master files (RFC 1035 5) and as JSON. For
// users who compare, and for tests. Control thread.
#ifndef ORDINALD_ZONE_DUMP_H
#define ORDINALD_ZONE_DUMP_H

#include "base/base.h"
#include "base/error.h"
#include "zone/zone.h"

#include <stddef.h>
#include <stdint.h>

enum zone_dump_format {
    ZONE_DUMP_TEXT,
    ZONE_DUMP_JSON,
};

// Instead of an origin's index: all of them.
#define ZONE_DUMP_ALL SIZE_MAX

// Text that grows; `p` is for free().
struct zone_dump {
    char *p;
    size_t n; // octets, no NUL counted
};

// How many origins there are: the domain first, then the reverse zones in the
// order in which they were given.
size_t zone_dump_origins(const struct zone *z);

// The name of one of them, as text with a final dot, at least
// DNS_NAME_TEXT_SIZE octets. Returns out.
const char *zone_dump_origin(const struct zone *z, size_t i, char *out);

/*
 * The origin of this name, with or without a final dot, in any case.
 *
 * Returns 0 and sets i; or with err filled -EINVAL for what is no name, -ENOENT
 * for one that is not served.
 */
int zone_dump_find(const struct zone *z, const char *name, size_t *i,
                   struct error *err) ORD_CHECKED;

/*
 * Everything that one origin answers, sorted by owner (RFC 4034 6.1), type and
 * RDATA: equal zones give equal texts, but for the serial.
 *
 * Not in it is what cannot be listed: names of pods that are answered for any
 * address (ZONE_PODS_INSECURE), zonal names of topology zones that no endpoint
 * is in, and ports asked for without their underscores.
 *
 * i     an origin, or ZONE_DUMP_ALL
 * text  a master file: "; zone NAME", $ORIGIN, $TTL, SOA first, one record a
 *       line with its owner in full, a final line feed; of all origins one
 *       after the other
 * JSON  an object: origin, serial, records: [{name, ttl, type, data}], one
 *       record a line; of all origins an array of them
 *
 * Returns 0 and sets out; -ENOMEM with out untouched.
 */
int zone_dump(const struct zone *z, size_t i, enum zone_dump_format format,
              struct zone_dump *out) ORD_CHECKED;

#endif
