// SPDX-License-Identifier: Apache-2.0
// Why a name answers as it does: the answer, the reason that goes with a
// negative one, and the chain behind it, from the service over its slices or
// its StatefulSet to the pod, its condition, and the manifest's line. For
// `ordinald explain` and GET /explain. Control thread.
#ifndef ORDINALD_ADMIN_EXPLAIN_H
#define ORDINALD_ADMIN_EXPLAIN_H

#include "answer/answer.h"
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
    // as questions are answered; of these what is asked upstream matters
    struct answer_settings answers;
};

/*
 * EXPLAIN_TEXT  for people. The first line is "NAME TYPES: VERDICT", and its
 *               verdict is "resolves" exactly where the name does here;
 *               "forwarded" where an upstream is asked, which is not done for
 *               this; otherwise NXDOMAIN, NODATA or another RCODE. Then the
 *               records, the reason with its help, what may have been meant,
 *               the chain, and how to mend it
 * EXPLAIN_JSON  one object, and a line feed. What is not known is "", 0 or an
 *               empty list; all keys are always there:
 *
 *     name       with its final dot
 *     type       the one that decides, of those that were asked for: the first
 *                that resolves, or else the first
 *     rcode      of its reply: "NXDOMAIN"; "" where that is an upstream's
 *     resolves   whether one of them does. An alias that leads out of all zones
 *                here does, and what is forwarded: others know the rest
 *     forwarded  whether an upstream is asked for the one that decides
 *     answers    [{name, ttl, type, data}], of all types, in the reply's order
 *     reason     {id, ede, text, mend, help}, of the type that decides; id as
 *                in model/reasons.def, "" where the name resolves and where
 *                something else is to blame, such as a fault: then text says
 *                what; also, that a reply has no room for all records. Of what
 *                is forwarded: why it is none of this server's
 *     questions  [{type, rcode, resolves, forwarded, id, ede, text}], one for
 *                each type
 *     near       the name that may have been meant, with its final dot
 *     hint       the same, and other advice, as a sentence
 *     chain      [{kind, namespace, name, state, file, line, column, more}]:
 *                kind is that of a Kubernetes object, or "Endpoint" for one of
 *                a slice before it, whose place it has; what was made here has
 *                no file; more: how many others of this kind are left out, then
 *                the rest is empty
 */
enum explain_format { EXPLAIN_TEXT, EXPLAIN_JSON };

struct explanation {
    char *p;       // for free()
    size_t n;      // octets; no NUL is behind them
    bool resolves; // or is forwarded
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
 * -EAGAIN before the zone is complete, but for a name of the server's own pod;
 * -ENOMEM.
 */
int explain(const struct explain_sources *from, const char *name, uint16_t type,
            enum explain_format format, struct explanation *out,
            struct error *err) ORD_CHECKED;

#endif
