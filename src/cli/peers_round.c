// SPDX-License-Identifier: Apache-2.0
// The stages of a round:
//
//     SRV          one question; once more over TCP where the reply had no
//                  room for all that may belong to it
//     TARGETS      A and AAAA of each target that came without an address
//     or, without SRV records:
//     SET          A and AAAA of the name
//     NAMES        PTR of each address
//
// Questions of a stage are on their way together, ASKED_MAX of them at a time.
// One that is not answered for sure ends the round, but for PTR: a server may
// know nothing of the reverse tree.
#include "peers_round.h"

#include "dns/record.h"
#include "peers_query.h"
#include "peers_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASKED_MAX = 32, // sockets, and what a server has to bear
    // The largest record that a server may leave out for want of room, and say
    // nothing (RFC 2181 9): AAAA with its owner as a pointer has 28 octets
    ROOM_MIN = 64,
};

struct item {
    struct round *round;
    struct query *query; // NULL: not asked yet, or answered
    struct dns_name name;
    uint16_t type;
    struct address address; // of NAMES
};

struct round {
    struct channel *channel;
    struct dns_name name;
    const struct peers *before;
    round_done *done;
    void *context;
    struct peers *peers;
    struct query *srv; // NULL: not on its way
    bool again;        // over TCP
    struct error reason;
    bool has_reason; // an extended error, which says more than an RCODE
    // the questions of a stage
    struct item *items;
    size_t n;
    size_t next;
    size_t running;
    void (*take)(struct item *item, const struct dns_reply *reply);
    void (*go_on)(struct round *r);
    bool lenient; // of the stage
    // what SET finds
    struct address *addresses;
    size_t addresses_n;
    bool no_memory;
};

static void release(struct round *r)
{
    query_drop(r->srv);
    for (size_t i = 0; i < r->n; i++)
        query_drop(r->items[i].query);
    peers_unref(r->peers);
    free(r->items);
    free(r->addresses);
    free(r);
}

void round_drop(struct round *r)
{
    if (r)
        release(r);
}

static void fail(struct round *r, const char *why)
{
    r->done(r->context, NULL, why);
    release(r);
}

static void finish(struct round *r)
{
    peers_drop_unaddressed(r->peers);
    if (peers_end(r->peers) || r->no_memory) {
        fail(r, "there is no memory for the peers");
        return;
    }
    r->done(r->context, r->peers, r->reason.text);
    release(r);
}

// --- a stage's questions ---------------------------------------------------

static void advance(struct round *r);

static void on_item(void *context, const struct dns_reply *reply,
                    const char *why)
{
    struct item *item = context;
    struct round *r = item->round;
    struct error text;

    item->query = NULL;
    r->running--;
    if (reply && !peers_is_sure(reply)) {
        peers_reason(reply, &text);
        why = text.text;
        reply = NULL;
    }
    if (!reply && !r->lenient) {
        fail(r, why);
        return;
    }
    r->take(item, reply);
    advance(r);
}

// Ask as many as may be asked; when none is left, the next stage comes.
static void advance(struct round *r)
{
    while (r->next < r->n && r->running < ASKED_MAX) {
        struct item *item = &r->items[r->next];
        if (query_start(r->channel, &item->name, item->type, CHANNEL_UDP,
                        on_item, item, &item->query))
            break;
        r->next++;
        r->running++;
    }
    if (r->running)
        return;
    if (r->next < r->n)
        fail(r, "cannot be asked: there is no socket, or no memory, for it");
    else
        r->go_on(r);
}

// Begin a stage with room for n questions. Returns false where it has failed.
static bool begin(struct round *r, size_t n,
                  void (*take)(struct item *item,
                               const struct dns_reply *reply),
                  void (*go_on)(struct round *r), bool lenient)
{
    free(r->items);
    r->items = calloc(n ? n : 1, sizeof *r->items);
    r->n = r->next = 0;
    r->take = take;
    r->go_on = go_on;
    r->lenient = lenient;
    if (r->items)
        return true;
    fail(r, "there is no memory for its questions");
    return false;
}

static struct item *add(struct round *r, const struct dns_name *name,
                        uint16_t type)
{
    struct item *item = &r->items[r->n++];

    *item = (struct item){.round = r, .name = *name, .type = type};
    return item;
}

// --- TARGETS ---------------------------------------------------------------

struct found {
    struct round *round;
    struct peer *peer;
};

static void on_target_address(void *context, const struct address *a)
{
    const struct found *f = context;
    peers_add_address(f->round->peers, f->peer, a);
}

static void take_target(struct item *item, const struct dns_reply *reply)
{
    struct found f = {item->round,
                      peers_find_name(item->round->peers, &item->name)};
    peers_read_addresses(reply, on_target_address, &f);
}

static void ask_targets(struct round *r, size_t lacking)
{
    struct dns_name name;
    struct error err;

    if (!begin(r, 2 * lacking, take_target, finish, false))
        return;
    for (size_t i = 0; i < r->peers->n; i++)
        if (r->peers->items[i].addresses_n == 0 &&
            dns_name_parse(r->peers->items[i].hostname, &name, &err) == 0) {
            (void)add(r, &name, DNS_TYPE_A);
            (void)add(r, &name, DNS_TYPE_AAAA);
        }
    advance(r);
}

// --- NAMES -----------------------------------------------------------------

// What an address was called in the round before.
static const char *former(const struct round *r, const struct address *a)
{
    for (size_t i = 0; r->before && i < r->before->n; i++) {
        const struct peer *peer = &r->before->items[i];
        for (uint32_t k = 0; k < peer->addresses_n; k++)
            if (address_compare(&peer->addresses[k], a) == 0)
                return peer->hostname;
    }
    return NULL;
}

static void take_name(struct item *item, const struct dns_reply *reply)
{
    struct round *r = item->round;
    struct dns_name name;
    char text[ADDRESS_TEXT_SIZE];
    const char *hostname = reply ? NULL : former(r, &item->address);

    if (reply && peers_read_ptr(reply, &r->name, &name)) {
        peers_add_address(r->peers, peers_add_name(r->peers, &name),
                          &item->address);
        return;
    }
    if (!hostname)
        hostname = address_format(&item->address, text);
    peers_add_address(r->peers, peers_add(r->peers, hostname), &item->address);
}

static void ask_names(struct round *r)
{
    struct dns_name name;

    if (!begin(r, r->addresses_n, take_name, finish, true))
        return;
    for (size_t i = 0; i < r->addresses_n; i++) {
        const struct address *a = &r->addresses[i];
        dns_name_of_address(a, 8u * address_size(a), &name);
        add(r, &name, DNS_TYPE_PTR)->address = *a;
    }
    advance(r);
}

// --- SET -------------------------------------------------------------------

static void on_set_address(void *context, const struct address *a)
{
    struct round *r = context;
    const size_t n = r->addresses_n;

    if ((n & (n - 1)) == 0) {
        struct address *more =
            reallocarray(r->addresses, n ? 2 * n : 1, sizeof *more);
        r->no_memory |= !more;
        if (!more)
            return;
        r->addresses = more;
    }
    r->addresses[r->addresses_n++] = *a;
}

static void take_reason(struct round *r, const struct dns_reply *reply)
{
    struct span text;
    uint16_t code;

    if (r->has_reason)
        return;
    r->has_reason = dns_reply_error(reply, &code, &text);
    if (r->has_reason || !r->reason.text[0])
        peers_reason(reply, &r->reason);
}

static void take_set(struct item *item, const struct dns_reply *reply)
{
    take_reason(item->round, reply);
    peers_read_addresses(reply, on_set_address, item->round);
}

static void ask_set(struct round *r)
{
    if (!begin(r, 2, take_set, ask_names, false))
        return;
    (void)add(r, &r->name, DNS_TYPE_A);
    (void)add(r, &r->name, DNS_TYPE_AAAA);
    advance(r);
}

// --- SRV -------------------------------------------------------------------

static void on_srv(void *context, const struct dns_reply *reply,
                   const char *why);

static bool ask_again(struct round *r)
{
    r->again = true;
    return query_start(r->channel, &r->name, DNS_TYPE_SRV, CHANNEL_TCP, on_srv,
                       r, &r->srv) == 0;
}

// Go on with what there is, or where there is none, without.
static void go_on(struct round *r)
{
    size_t lacking = 0;

    for (size_t i = 0; i < r->peers->n; i++)
        lacking += r->peers->items[i].addresses_n == 0;
    if (r->peers->n == 0)
        ask_set(r);
    else if (lacking)
        ask_targets(r, lacking);
    else
        finish(r);
}

static void take_srv(struct round *r, const struct dns_reply *reply)
{
    size_t lacking;

    peers_unref(r->peers);
    r->peers = peers_new();
    if (!r->peers) {
        fail(r, "there is no memory for the peers");
        return;
    }
    if (peers_read_srv(reply, r->peers, &lacking) == 0)
        take_reason(r, reply);
    else if (!r->again && reply->message.n <= QUERY_UDP_SIZE &&
             reply->message.n + ROOM_MIN > QUERY_UDP_SIZE && ask_again(r))
        return;
    go_on(r);
}

static void on_srv(void *context, const struct dns_reply *reply,
                   const char *why)
{
    struct round *r = context;
    struct error text;

    r->srv = NULL;
    if (reply && peers_is_sure(reply)) {
        take_srv(r, reply);
        return;
    }
    // what came over UDP was whole as far as it said
    if (r->again) {
        go_on(r);
        return;
    }
    if (reply) {
        peers_reason(reply, &text);
        why = text.text;
    }
    fail(r, why);
}

int round_start(struct channel *channel, const struct dns_name *name,
                const struct peers *before, round_done *done, void *context,
                struct round **out)
{
    struct round *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->channel = channel;
    r->name = *name;
    r->before = before;
    r->done = done;
    r->context = context;
    const int rc = query_start(channel, name, DNS_TYPE_SRV, CHANNEL_UDP, on_srv,
                               r, &r->srv);
    if (rc) {
        free(r);
        return rc;
    }
    *out = r;
    return 0;
}
