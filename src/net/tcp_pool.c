// SPDX-License-Identifier: Apache-2.0
#include "tcp_pool.h"

#include "client.h"
#include "tcp_connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER
#endif
#ifdef ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

enum {
    // Slots beyond max, for connections that are closing while new ones take
    // their place; without one accepting waits for the end of the loop's turn.
    SPARE = 16,
    POISON = 0xa5, // use after close shows as an absurd pointer
};

struct tcp_seat {
    uint64_t client; // CLIENT_NONE: the slot is not open
    uint64_t since_ms;
};

static struct tcp_connection *connection_of(struct ring *link)
{
    return ORD_CONTAINER(link, struct tcp_connection, link);
}

static struct tcp_seat *seat_of(const struct tcp_pool *p,
                                const struct tcp_connection *c)
{
    return &p->seats[c - p->slots];
}

// A slot that is not in use is out of bounds, but for its place in the list.
#ifdef ADDRESS_SANITIZER
static void hide(struct tcp_connection *c)
{
    __asan_poison_memory_region(&c->link + 1, sizeof *c - sizeof c->link);
}

static void show(struct tcp_connection *c)
{
    __asan_unpoison_memory_region(&c->link + 1, sizeof *c - sizeof c->link);
}
#else
static void hide(struct tcp_connection *c)
{
    (void)c;
}

static void show(struct tcp_connection *c)
{
    (void)c;
}
#endif

int tcp_pool_init(struct tcp_pool *p, uint32_t max, uint32_t client_max)
{
    assert(max > 0 && max < UINT32_MAX - SPARE && client_max > 0);
    *p = (struct tcp_pool){
        .max = max, .client_max = client_max, .slots_n = max + SPARE};
    ring_init(&p->unused);
    for (int i = 0; i < TCP_WAITS; i++)
        ring_init(&p->waiting[i]);
    // pages of slots that were never used are never touched
    p->slots = calloc(p->slots_n, sizeof *p->slots);
    p->seats = calloc(p->slots_n, sizeof *p->seats);
    return p->slots && p->seats ? 0 : -ENOMEM;
}

void tcp_pool_release(struct tcp_pool *p)
{
    assert(p->open == 0);
    free(p->slots);
    free(p->seats);
    *p = (struct tcp_pool){0};
}

bool tcp_pool_has_slot(const struct tcp_pool *p)
{
    return !ring_is_empty(&p->unused) || p->fresh < p->slots_n;
}

// Nobody can have its share before that many are open; beyond that a look at
// each slot's 16 octets costs less than keeping an index would.
struct tcp_connection *tcp_pool_greedy(const struct tcp_pool *p,
                                       const struct sockaddr_any *client)
{
    const uint64_t wanted = client_of(client);
    uint32_t n = 0, oldest = 0;

    if (p->open < p->client_max)
        return NULL;
    for (uint32_t i = 0; i < p->fresh; i++) {
        if (p->seats[i].client != wanted)
            continue;
        if (n++ == 0 || p->seats[i].since_ms < p->seats[oldest].since_ms)
            oldest = i;
    }
    return n >= p->client_max ? &p->slots[oldest] : NULL;
}

struct tcp_connection *tcp_pool_open(struct tcp_pool *p,
                                     const struct sockaddr_any *client,
                                     uint64_t now_ms)
{
    struct tcp_connection *c;

    assert(p->open < p->max && tcp_pool_has_slot(p));
    if (!ring_is_empty(&p->unused)) {
        c = connection_of(p->unused.next);
        ring_remove(&c->link);
        show(c);
    } else {
        c = &p->slots[p->fresh++];
    }
    *c = (struct tcp_connection){.client = *client, .wait = TCP_IDLE};
    ring_append(&p->waiting[TCP_IDLE], &c->link);
    *seat_of(p, c) = (struct tcp_seat){client_of(client), now_ms};
    p->open++;
    return c;
}

void tcp_pool_close(struct tcp_pool *p, struct tcp_connection *c)
{
    assert(p->open > 0);
    p->open--;
    seat_of(p, c)->client = CLIENT_NONE;
    ring_remove(&c->link);
}

void tcp_pool_return(struct tcp_pool *p, struct tcp_connection *c)
{
    memset(c, POISON, sizeof *c);
    ring_append(&p->unused, &c->link);
    hide(c);
}

void tcp_pool_wait(struct tcp_pool *p, struct tcp_connection *c,
                   enum tcp_wait what, uint64_t now_ms)
{
    ring_remove(&c->link);
    c->wait = what;
    seat_of(p, c)->since_ms = now_ms;
    ring_append(&p->waiting[what], &c->link);
}

uint64_t tcp_pool_waited_ms(const struct tcp_pool *p,
                            const struct tcp_connection *c, uint64_t now_ms)
{
    return now_ms - seat_of(p, c)->since_ms;
}

struct tcp_connection *tcp_pool_oldest(const struct tcp_pool *p,
                                       enum tcp_wait what)
{
    struct ring *const first = p->waiting[what].next;
    return first == &p->waiting[what] ? NULL : connection_of(first);
}
