// SPDX-License-Identifier: Apache-2.0
// The pod that the server itself runs in, as a sidecar: its name and its
// addresses are known before anything is read, and better than any source knows
// them. A value; any thread.
#ifndef ORDINALD_MODEL_SELF_H
#define ORDINALD_MODEL_SELF_H

#include "base/sockaddr.h"

#include <stdint.h>

// A pod has one of each family; one on several networks has some more.
enum { SELF_ADDRESSES_MAX = 8 };

struct self {
    const char *namespace;
    const char *service;  // below which it is named, whether that is there
    const char *hostname; // one label in lower case
    uint8_t addresses_n;  // 1 or more; they are distinct
    struct address addresses[SELF_ADDRESSES_MAX];
};

#endif
