// SPDX-License-Identifier: Apache-2.0
// A service for tests, from one line of text. What cannot be read ends the
// test. Values; any thread.
#ifndef ORDINALD_TESTS_LIB_DRAFT_H
#define ORDINALD_TESTS_LIB_DRAFT_H

#include "model/service.h"

/*
 * A service, from words that are separated by blanks:
 *
 *     NAMESPACE/NAME          first
 *     headless                clusterIP: None
 *     external NAME           ExternalName
 *     ip ADDRESS              a virtual address
 *     port NAME:NUMBER/PROTO  of the service, or of the slice it follows; the
 *                             name may be empty
 *     slice4, slice6          a slice; what follows belongs to it
 *     end HOST ADDRESS[,...]  an endpoint; HOST "-": none. An address with "!"
 *                             behind it: not ready
 *     serving, terminating    the endpoint before, ready or not
 *     pod NAME                of the endpoint before
 *     zone NAME               the topology zone of the endpoint before
 *     declares NAME START N   ordinals of a StatefulSet that it governs
 *     names RULE, set RULE    the service's own rules: ready, serving,
 *                             addressed
 *     self HOST ADDRESS[,...] the server's own pod, of either family
 *     missing                 there is no such service
 */
struct draft;
struct draft *draft_new(const char *words);
void draft_free(struct draft *d);
const struct service *draft_service(const struct draft *d);

#endif
