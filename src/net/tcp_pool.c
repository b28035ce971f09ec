// SPDX-License-Identifier: Apache-2.0
#include "tcp_pool.h"

#include "base/hash.h"
#include "tcp_connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    // Slots beyond max, for connections that are closing while new ones take
    // their place; without one accepting waits for the end of the loop's turn.
    SPARE = 16,
    POISON = 0xa5, // use after close shows as an absurd pointer
};

static void list_init(struct tcp_link *list)
{
    list->previous = list->next = list;
}

static void list_append(struct tcp_link *list, struct tcp_link *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

static void list_remove(struct tcp_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static struct tcp_connection *connection_of(struct tcp_link *link)
{
    return ORD_CONTAINER(link, struct tcp_connection, link);
}

int tcp_pool_init(struct tcp_pool *p, uint32_t max)
{
    assert(max > 0 && max < UINT32_MAX - SPARE);
    *p = (struct tcp_pool){.max = max, .slots_n = max + SPARE};
    list_init(&p->unused);
    for (int i = 0; i < TCP_WAITS; i++)
        list_init(&p->waiting[i]);
    // pages of slots that were never used are never touched
    p->slots = calloc(p->slots_n, sizeof *p->slots);
    p->clients = calloc(p->slots_n, sizeof *p->clients);
    return p->slots && p->clients ? 0 : -ENOMEM;
}

void tcp_pool_release(struct tcp_pool *p)
{
    assert(p->open == 0);
    free(p->slots);
    free(p->clients);
    *p = (struct tcp_pool){0};
}

bool tcp_pool_has_slot(const struct tcp_pool *p)
{
    return p->unused.next != &p->unused || p->fresh < p->slots_n;
}

static uint32_t hash_client(const struct address *client)
{
    const uint32_t h = (uint32_t)hash_bytes(client->family, client->octets,
                                            sizeof client->octets);
    return h ? h : 1;
}

// Nobody can have a quarter before that many are open; beyond that a look at
// each slot's four octets costs less than keeping an index would.
bool tcp_pool_is_greedy(const struct tcp_pool *p, const struct address *client)
{
    const uint32_t share = p->max > 4 ? p->max / 4 : 1;
    const uint32_t h = hash_client(client);
    uint32_t n = 0;

    if (p->open < share)
        return false;
    for (uint32_t i = 0; i < p->fresh; i++) {
        if (p->clients[i] == h &&
            address_compare(&p->slots[i].client, client) == 0)
            n++;
    }
    return n >= share;
}

struct tcp_connection *tcp_pool_open(struct tcp_pool *p,
                                     const struct address *client,
                                     uint64_t now_ms)
{
    struct tcp_connection *c;

    assert(p->open < p->max && tcp_pool_has_slot(p));
    if (p->unused.next != &p->unused) {
        c = connection_of(p->unused.next);
        list_remove(&c->link);
    } else {
        c = &p->slots[p->fresh++];
    }
    *c = (struct tcp_connection){
        .client = *client, .wait = TCP_IDLE, .since_ms = now_ms};
    list_append(&p->waiting[TCP_IDLE], &c->link);
    p->clients[c - p->slots] = hash_client(client);
    p->open++;
    return c;
}

void tcp_pool_close(struct tcp_pool *p, struct tcp_connection *c)
{
    assert(p->open > 0);
    p->open--;
    p->clients[c - p->slots] = 0;
    list_remove(&c->link);
}

void tcp_pool_return(struct tcp_pool *p, struct tcp_connection *c)
{
    memset(c, POISON, sizeof *c);
    list_append(&p->unused, &c->link);
}

void tcp_pool_wait(struct tcp_pool *p, struct tcp_connection *c,
                   enum tcp_wait what, uint64_t now_ms)
{
    list_remove(&c->link);
    c->wait = what;
    c->since_ms = now_ms;
    list_append(&p->waiting[what], &c->link);
}

struct tcp_connection *tcp_pool_oldest(const struct tcp_pool *p,
                                       enum tcp_wait what)
{
    struct tcp_link *const first = p->waiting[what].next;
    return first == &p->waiting[what] ? NULL : connection_of(first);
}
