// SPDX-License-Identifier: Apache-2.0
// Messages in a stream: each behind its length (RFC 1035 4.2.2, RFC 7766 8).
// Pure; any thread.
//
//    +--+--+--+--+--+--+-- ... --+--+--+--+--
//    | length n  | n octets      | length ...
//    +--+--+--+--+--+--+-- ... --+--+--+--+--
#ifndef ORDINALD_NET_FRAME_H
#define ORDINALD_NET_FRAME_H

#include "base/bytes.h"
#include "dns/message.h"

#include <stddef.h>

enum {
    FRAME_LENGTH = 2, // octets of a length
    FRAME_MAX = FRAME_LENGTH + DNS_TCP_MAX,
};

enum frame {
    FRAME_WHOLE,  // a message is there
    FRAME_PART,   // what follows decides; also for nothing at all
    FRAME_BROKEN, // no DNS message can be that short: not a DNS client
};

/*
 * Look at the front of a stream.
 *
 * in       what has come and was not yet taken; with FRAME_WHOLE it moves
 *          behind the message
 * message  set with FRAME_WHOLE: without its length; borrowed from in
 */
enum frame frame_next(struct span *in, struct span *message);

/*
 * How large a buffer for an unfinished frame should be: always larger than what
 * has come, at most twice that (or 512), and never beyond the frame's end once
 * its length is known. So nobody makes us hold memory by announcing much.
 *
 * part  that for which frame_next() says FRAME_PART; not empty
 */
size_t frame_room(struct span part);

#endif
