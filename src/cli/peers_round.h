// SPDX-License-Identifier: Apache-2.0
// One look at a service through one name server: SRV, and the addresses of the
// targets where they do not come with it. Without SRV records, A and AAAA of
// the name, and PTR for what each address is called. One loop.
#ifndef ORDINALD_CLI_PEERS_ROUND_H
#define ORDINALD_CLI_PEERS_ROUND_H

#include "base/base.h"
#include "net/channel.h"
#include "peers_list.h"

struct round;

/*
 * The end of a round, which is freed when this returns.
 *
 * peers   ended; borrowed: take a reference. NULL: the server does not know
 * reason  why there are none, or it does not know; for the call only
 */
typedef void round_done(void *context, struct peers *peers, const char *reason);

/*
 * channel  borrowed until the end
 * name     folded; copied
 * before   what addresses were called before, where PTR is not answered now;
 *          borrowed until the end; may be NULL
 * done     called from the loop, never from here
 *
 * Returns 0 and sets out; a negative errno, and nothing is called.
 */
int round_start(struct channel *channel, const struct dns_name *name,
                const struct peers *before, round_done *done, void *context,
                struct round **out) ORD_CHECKED;

// Nobody waits for it any more. NULL is fine.
void round_drop(struct round *r);

#endif
