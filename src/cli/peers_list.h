// SPDX-License-Identifier: Apache-2.0
// The peers of a service as a value: made once, then only read, and shared by
// counting. One thread.
#ifndef ORDINALD_CLI_PEERS_LIST_H
#define ORDINALD_CLI_PEERS_LIST_H

#include "base/arena.h"
#include "base/sockaddr.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peer_readiness { PEER_UNKNOWN, PEER_READY, PEER_NOT_READY };

struct peer_port {
    const char *name;     // "" where it has none, or it is not known
    const char *protocol; // "tcp"; "" likewise
    uint16_t number;
};

struct peer {
    const char *hostname; // in lower case, without a final dot; or an address
    const char *name;     // its first label; or the address
    bool has_ordinal;
    uint64_t ordinal;
    struct address *addresses; // IPv4 before IPv6, ascending
    uint32_t addresses_n;
    struct peer_port *ports; // by number
    uint32_t ports_n;
    uint8_t readiness; // enum peer_readiness
};

struct peers {
    // read-only
    struct peer *items;
    size_t n;
    // private
    struct arena arena;
    unsigned refs;
    bool no_memory;
};

// Returns an empty list with one reference, or NULL when there is no memory.
struct peers *peers_new(void);
struct peers *peers_ref(struct peers *p);
void peers_unref(struct peers *p); // NULL is fine

// --- making a list -----------------------------------------------------------

// One more peer, be there one of that name or not; borrowed until the next is
// added. NULL when there is no memory: that is told at the end.
struct peer *peers_add(struct peers *p, const char *hostname);
struct peer *peers_add_name(struct peers *p, const struct dns_name *name);

// To a peer that may be NULL: then nothing is done.
void peers_add_address(struct peers *p, struct peer *to,
                       const struct address *a);
void peers_add_port(struct peers *p, struct peer *to, uint16_t number,
                    const char *name, const char *protocol);

// Make one peer of all that have a hostname, ordered by it.
void peers_unite(struct peers *p);

// The peer of that name in a list that has been united, or NULL.
struct peer *peers_find(struct peers *p, const char *hostname);
struct peer *peers_find_name(struct peers *p, const struct dns_name *name);

// Leave out peers without an address: nobody can speak to them.
void peers_drop_unaddressed(struct peers *p);

/*
 * The list is made: order it by ordinal, then by name, and peers without one
 * behind; addresses and ports in their order, each once.
 *
 * Returns 0 or -ENOMEM.
 */
int peers_end(struct peers *p) ORD_CHECKED;

// --- reading it --------------------------------------------------------------

// Whether both have the same peers with the same addresses and ports. NULL is
// equal to nothing but NULL.
bool peers_equal(const struct peers *a, const struct peers *b);

// A name without its final dot. Returns out.
const char *peers_name_text(const struct dns_name *name,
                            char out[DNS_NAME_TEXT_SIZE]);

/*
 * The hostname of the lowest ordinal that is not there, counted from 0, of the
 * first peer's StatefulSet.
 *
 * Returns false where no peer has an ordinal.
 */
bool peers_missing(const struct peers *p, char out[DNS_NAME_TEXT_SIZE]);

#endif
