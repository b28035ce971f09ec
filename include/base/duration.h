// SPDX-License-Identifier: Apache-2.0
// Durations as Kubernetes writes them (Go's time.Duration). Pure; any thread.
#ifndef ORDINALD_BASE_DURATION_H
#define ORDINALD_BASE_DURATION_H

#include "base/base.h"

#include <stdbool.h>
#include <stdint.h>

enum { DURATION_MS_MAX = 24 * 3600 * 1000, DURATION_TEXT_SIZE = 32 };

// Read "1m30s", "1.5s", "500ms" or "0". Parts below a millisecond are dropped.
// False: none, a negative one, or longer than a day; ms is set otherwise.
bool duration_parse(const char *text, uint32_t *ms) ORD_CHECKED;

// As duration_parse() reads it: "1m30s", "1.5s", "20ms", "0s". Returns out.
const char *duration_format(uint64_t ms, char out[DURATION_TEXT_SIZE]);

#endif
