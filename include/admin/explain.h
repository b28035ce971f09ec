// SPDX-License-Identifier: Apache-2.0
// Why a name answers as it does: the answer, the reason that goes with a
// negative one, and the chain behind it, from the service over its slices or
// its StatefulSet to the pod, its condition, and the manifest's line. For
// `ordinald explain` and GET /explain. Control thread.
#ifndef ORDINALD_ADMIN_EXPLAIN_H
#define ORDINALD_ADMIN_EXPLAIN_H

#include "base/base.h"
#include "base/error.h"
#include "model/cluster.h"
#include "model/ordinal.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All borrowed for the call.
struct explain_sources {
    const struct zone *zone;
    const struct cluster *cluster;
    const struct ordinals *ordinals; // for why a pod made here is not ready
};

enum explain_format { EXPLAIN_TEXT, EXPLAIN_JSON };

struct explanation {
    char *p; // for free()
    size_t n;
    bool resolves;
};

/*
 * The same look-up that an answer comes from, told in full.
 *
 * name  with or without a final dot; relative to nothing. An IP address is the
 *       name below in-addr.arpa or ip6.arpa that belongs to it
 * type  of records; 0: what a client of this name asks for, PTR for an
 *       address, SRV where it begins with an underscore, otherwise A and AAAA,
 *       of which one is enough
 *
 * Returns 0 and sets out; or with err filled -EINVAL for what is no name,
 * -EAGAIN before the zone is complete, -ENOMEM.
 */
int explain(const struct explain_sources *from, const char *name, uint16_t type,
            enum explain_format format, struct explanation *out,
            struct error *err) ORD_CHECKED;

#endif
