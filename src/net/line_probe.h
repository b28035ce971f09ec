// SPDX-License-Identifier: Apache-2.0
// The two queries of a probe: see upstreams.h for what they are for. Pure; any
// thread.
#ifndef ORDINALD_NET_LINE_PROBE_H
#define ORDINALD_NET_LINE_PROBE_H

#include "base/base.h"
#include "base/bytes.h"
#include "upstreams_health.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_PROBE_MAX = 64 }; // octets of either query

// HINFO of the name, ID 0. Returns its octets.
size_t line_probe_named(uint8_t out[LINE_PROBE_MAX], struct upstream_name name);

// TXT of id.server, class CHAOS (RFC 4892 3), ID 0. Returns its octets.
size_t line_probe_self(uint8_t out[LINE_PROBE_MAX]);

// Whether a question, its name folded, looks like that of line_probe_named();
// out is set only then.
bool line_probe_read(struct span question,
                     struct upstream_name *out) ORD_CHECKED;

#endif
