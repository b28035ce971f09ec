// SPDX-License-Identifier: Apache-2.0
// What a zone says about names that are none, as one line of text. One thread,
// like testbed.h.
#ifndef ORDINALD_TESTS_LIB_WHY_H
#define ORDINALD_TESTS_LIB_WHY_H

#include "lib/testbed.h"
#include "zone/zone.h"

/*
 * Ask the zone for a name, and why it is none.
 *
 * name  with a final dot, or relative to svc.cluster.local.
 *
 * Returns "found", or the outcome, the reason's id, its INFO-CODE and its text,
 * until the next call:
 *     NXDOMAIN name-unknown 0: below cluster.local there are ...
 * That it stands in an EDNS option as RFC 8914 2 has it is seen to; what is
 * sent of it ends with the text, or before it where `sent` is false.
 */
const char *why_ask(const struct zone *z, const char *name, const char *type,
                    bool sent);

#define assert_why(t, name, type, expected)                                    \
    _assert_string_equal(why_ask((t)->zone, name, type, true), expected,       \
                         __FILE__, __LINE__)

#endif
