// SPDX-License-Identifier: Apache-2.0
// How many of something each client has: a table that is as large as there are
// such things, and allocates nothing more. One thread.
#ifndef ORDINALD_NET_SHARE_H
#define ORDINALD_NET_SHARE_H

#include "base/base.h"

#include <stdint.h>

struct share_client;

struct share {
    // private
    uint64_t seed;
    uint32_t mask;     // of buckets
    uint32_t fresh;    // clients from here on were never used
    uint32_t unused;   // the first of those that were, or SHARE_NONE
    uint32_t *buckets; // the first client of each, plus 1
    struct share_client *clients;
};

/*
 * max   things in all
 * seed  a secret
 *
 * Returns 0 or -ENOMEM; share_release() is due either way. Pages that were
 * never used are never touched.
 */
int share_init(struct share *s, uint32_t max, uint64_t seed) ORD_CHECKED;
void share_release(struct share *s);

// What a client (client.h) has.
uint32_t share_count(const struct share *s, uint64_t client);

// It has one more. Returns which one gives it back.
uint32_t share_take(struct share *s, uint64_t client);
void share_give(struct share *s, uint32_t at);

#endif
