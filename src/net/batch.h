// SPDX-License-Identifier: Apache-2.0
// Datagrams by the batch: one system call receives up to BATCH_MAX, one sends
// the replies. Headers are set up once; between calls only lengths change. A
// batch belongs to one socket and one thread.
//
// batch_linux.c does it with recvmmsg and sendmmsg; batch_portable.c, built
// with ORDINALD_PORTABLE, with a loop of recvmsg and sendmsg.
#ifndef ORDINALD_NET_BATCH_H
#define ORDINALD_NET_BATCH_H

#include "answer/answer.h"
#include "base/base.h"
#include "base/sockaddr.h"
#include "pktinfo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Messages per system call. 16 to 32 give all there is to gain, as was
// measured; more only touches more memory.
enum { BATCH_MAX = 32 };

struct batch;

/*
 * Make the headers for one socket.
 *
 * jobs      BATCH_MAX jobs, borrowed; message and size are set and stay as they
 *           are; sockets of one worker share them, one batch at a time
 * clients   BATCH_MAX, borrowed; receiving fills in who sent each job's message
 *           (jobs point to them), sending reads it; shared as the jobs are
 * family    AF_INET or AF_INET6
 * wildcard  the socket stands for every address, and pktinfo_ask() was done:
 *           each reply leaves from the address that its query was sent to
 *
 * Returns NULL when there is no memory.
 */
struct batch *batch_new(struct answer_job *jobs, struct sockaddr_any *clients,
                        int family, bool wildcard);

void batch_free(struct batch *b);

/*
 * Receive what is there, without waiting, and set query_n of the first jobs.
 * What must not be answered (cut off because it is longer than the buffer, or
 * from port 0) becomes a message of 0 octets: those are never answered, and
 * counted as dropped.
 *
 * Returns how many; 0: none is there; a negative errno.
 */
int batch_receive(struct batch *b, int fd) ORD_CHECKED;

// By which of our addresses a message came, as the system said it: n octets. 0
// where the socket has just one.
struct batch_local {
    size_t n;
    uint8_t info[sizeof(union pktinfo)];
};

// That of job i, which has been received and not been sent.
void batch_local(const struct batch *b, unsigned i, struct batch_local *out);

// Job i, which is about to be sent, was received long ago: from whom, and by
// which of our addresses.
void batch_put(struct batch *b, unsigned i, const struct sockaddr_any *client,
               const struct batch_local *local);

/*
 * Send the replies of the first n jobs to where the messages came from. A reply
 * that the system refuses is skipped; once its buffer is full, so is the rest:
 * waiting would only let the queries behind them grow old.
 *
 * Returns how many replies were not sent.
 */
unsigned batch_send(struct batch *b, int fd, unsigned n);

#endif
