// SPDX-License-Identifier: Apache-2.0
// Where peers are learned from: DNS, which is asked again and again, or a
// server's control socket, which says when they change. One loop.
#ifndef ORDINALD_CLI_PEERS_SOURCE_H
#define ORDINALD_CLI_PEERS_SOURCE_H

#include "base/base.h"
#include "base/error.h"
#include "base/sockaddr.h"
#include "client.h"
#include "dns/name.h"
#include "peers_form.h"
#include "peers_list.h"

#include <stddef.h>
#include <uv.h>

struct peers_listener {
    /*
     * What is known by now; called from the loop, also when it is what was
     * known before. The source is not to be freed from here.
     *
     * peers   borrowed: take a reference. NULL: nothing is known, and what was
     *         known before may well hold
     * reason  why there are none, or nothing is known; "" where there is no
     *         more to be said. For the call only
     */
    void (*told)(void *context, struct peers *peers, const char *reason);
    void *context;
};

// reason: "" where there is none; for the call only
typedef void peers_why(void *context, const char *reason);

struct peers_source {
    // read-only: whose peers they are, as far as is known by now; texts live
    // until the listener is called the next time
    struct peers_owner owner;
    // Why a hostname is none. Calls `done` from the loop, once at most: not
    // when the source is freed before. Returns 0 or a negative errno
    int (*why)(struct peers_source *s, const char *hostname, peers_why *done,
               void *context);
    // The loop has to run once more for its handles' ends
    void (*free)(struct peers_source *s);
};

/*
 * Ask name servers: SRV of a name each second, the addresses of the targets
 * where they do not come with it; without SRV records, A and AAAA of the name.
 * One that does not answer, or says SERVFAIL or REFUSED, is left for the next.
 *
 * servers   at least one; copied
 * name      folded; copied
 * owner     copied
 * listener  copied
 *
 * Returns 0 and sets out; a negative errno with err filled.
 */
int peers_over_dns(uv_loop_t *loop, const struct sockaddr_any *servers,
                   size_t n, const struct dns_name *name,
                   const struct peers_owner *owner,
                   const struct peers_listener *listener,
                   struct peers_source **out, struct error *err) ORD_CHECKED;

/*
 * Ask a server's control socket, and be told of changes. While there is no
 * server it is looked for, less and less often, at least once a second.
 *
 * client   copied
 * service  as GET /peers takes it; copied
 */
int peers_over_control(uv_loop_t *loop, const struct client *client,
                       const char *service,
                       const struct peers_listener *listener,
                       struct peers_source **out,
                       struct error *err) ORD_CHECKED;

#endif
