// SPDX-License-Identifier: Apache-2.0
// Peers as text. What is for programs does not change:
//
//   text   for people: a peer a line, its hostname, then its addresses
//   list   what commands get on standard input: a hostname a line
//   env    shell variables, quoted, one a line; commands have them, too:
//            ORDINALD_PEERS      the hostnames, with a space between
//            ORDINALD_PEERS_N    how many there are
//            ORDINALD_ADDRESSES  the first address of each, in the same order
//            ORDINALD_SERVICE, ORDINALD_NAMESPACE  whose they are
//   hosts  lines of hosts(5), one an address: address, hostname, its first
//          label; none for a peer that has no name but its address
//   json   one object: {service, namespace, peers: [{name, ordinal, hostname,
//          addresses, ports: [{name, protocol, port}], ready}]}. A peer without
//          an ordinal lacks that key. ready is there where the control socket
//          was asked: DNS does not tell. A port's name and protocol are "" for
//          the same reason; a service's namespace is "" where its name does not
//          say
//
// All are in the order of peers_end(). Names have no final dot.
#ifndef ORDINALD_CLI_PEERS_FORM_H
#define ORDINALD_CLI_PEERS_FORM_H

#include "base/base.h"
#include "base/error.h"
#include "peers_list.h"

#include <stdio.h>

enum peers_form {
    PEERS_TEXT,
    PEERS_JSON,
    PEERS_ENV,
    PEERS_HOSTS,
    PEERS_LIST,
};

// Whose peers they are, as texts; borrowed.
struct peers_owner {
    const char *service;
    const char *namespace;
};

/*
 * Write them.
 *
 * Returns 0; -ENOMEM. What `out` says is for the caller to look at.
 */
int peers_write(FILE *out, const struct peers *p,
                const struct peers_owner *owner,
                enum peers_form form) ORD_CHECKED;

// One of the variables, without its name; for free(). NULL without memory.
enum peers_variable {
    PEERS_VARIABLE_PEERS,
    PEERS_VARIABLE_PEERS_N,
    PEERS_VARIABLE_ADDRESSES,
    PEERS_VARIABLE_SERVICE,
    PEERS_VARIABLE_NAMESPACE,
    PEERS_VARIABLES,
};
const char *peers_variable_name(enum peers_variable v);
char *peers_variable(const struct peers *p, const struct peers_owner *owner,
                     enum peers_variable v);

#endif
