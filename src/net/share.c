// SPDX-License-Identifier: Apache-2.0
#include "share.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define SHARE_NONE UINT32_MAX

struct share_client {
    uint64_t client;
    uint32_t n;
    uint32_t next; // of its bucket, or of the unused ones
};

int share_init(struct share *s, uint32_t max, uint64_t seed)
{
    uint32_t buckets_n = 1;

    while (buckets_n < max)
        buckets_n *= 2;
    *s = (struct share){
        .seed = seed, .mask = buckets_n - 1, .unused = SHARE_NONE};
    s->buckets = calloc(buckets_n, sizeof *s->buckets);
    s->clients = calloc(max, sizeof *s->clients);
    return s->buckets && s->clients ? 0 : -ENOMEM;
}

void share_release(struct share *s)
{
    free(s->buckets);
    free(s->clients);
    *s = (struct share){0};
}

static uint32_t *bucket_of(const struct share *s, uint64_t client)
{
    return &s->buckets[hash_mix(client ^ s->seed, 0x9e3779b97f4a7c15) &
                       s->mask];
}

// Returns SHARE_NONE where it has nothing.
static uint32_t find(const struct share *s, uint64_t client)
{
    for (uint32_t i = *bucket_of(s, client); i > 0; i = s->clients[i - 1].next)
        if (s->clients[i - 1].client == client)
            return i - 1;
    return SHARE_NONE;
}

uint32_t share_count(const struct share *s, uint64_t client)
{
    const uint32_t at = find(s, client);
    return at == SHARE_NONE ? 0 : s->clients[at].n;
}

static uint32_t add(struct share *s, uint64_t client)
{
    uint32_t *const bucket = bucket_of(s, client);
    uint32_t at = s->unused;

    if (at == SHARE_NONE)
        at = s->fresh++;
    else
        s->unused = s->clients[at].next;
    s->clients[at] = (struct share_client){.client = client, .next = *bucket};
    *bucket = at + 1;
    return at;
}

uint32_t share_take(struct share *s, uint64_t client)
{
    uint32_t at = find(s, client);

    if (at == SHARE_NONE)
        at = add(s, client);
    s->clients[at].n++;
    return at;
}

void share_give(struct share *s, uint32_t at)
{
    struct share_client *const c = &s->clients[at];
    uint32_t *link = bucket_of(s, c->client);

    assert(c->n > 0);
    if (--c->n > 0)
        return;
    while (*link != at + 1)
        link = &s->clients[*link - 1].next;
    *link = c->next;
    c->next = s->unused;
    s->unused = at;
}
