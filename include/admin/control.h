// SPDX-License-Identifier: Apache-2.0
// The control interface: HTTP/1.1 and JSON on a Unix socket of mode 0600, by
// which the other commands ask and steer a running server. Control thread, on
// its loop: a slow or silent client holds up nobody else.
//
//     GET /zone          all origins; ?origin=NAME for one of them;
//                        ?output=text or ?output=json (see zone/dump.h)
//     GET /origins       their names, one a line
//     GET /explain       ?name=NAME: why it answers as it does; ?type=SRV,
//                        ?output=text or ?output=json (see admin/explain.h)
//     GET /peers         ?service=[NAMESPACE/]NAME, or the whole name of one:
//                        who DNS says they are; ?version=V&wait=MS waits until
//                        they are others than in the reply that had this
//                        version, or the zone is complete, at most 30 s
//
//     GET /workloads     those whose pods are made here, and their pods;
//                        ?workload=[NAMESPACE/]NAME for one of them,
//                        ?pods=no for the workloads alone
//     GET /claims        of volumes, whether a pod has them or not
//     GET /events        what happened to them: ?after=N those behind event N
//                        (0: all that are kept, absent: none), ?wait=MS waits
//                        for one, at most 30 s
//     POST /scale        {"workload": "[NAMESPACE/]NAME", "replicas": N}
//     POST /restart      {"workload": "[NAMESPACE/]NAME"}
//     POST /delete-pod   {"pod": "[NAMESPACE/]NAME"}
//
//     GET /faults        those that last
//     POST /faults       {"target": "[NAMESPACE/]NAME", "kind": "flap=500",
//                        "for_ms": N}; without for_ms until it is cleared
//     DELETE /faults     all of them; ?target=[NAMESPACE/]NAME those of one
//
// A reply is JSON but for /zone, /origins and /explain. What was changed is
// seen by the next question already: it has been published, and its events
// stand behind "after" in the reply. Anything else is 404, 405 with Allow, or
// 400, with one line that says why; 403 for faults that are not enabled; 409
// for what is not as the request takes it to be; 503 with Retry-After before
// the zone is complete, and while other clients are still to be sent much; 413,
// 414 and 431 what is too long.
#ifndef ORDINALD_ADMIN_CONTROL_H
#define ORDINALD_ADMIN_CONTROL_H

#include "answer/answer.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/cluster.h"
#include "model/fault.h"
#include "model/ordinal.h"
#include "zone/zone.h"

#include <stddef.h>
#include <uv.h>

struct control;

enum { CONTROL_PATH_SIZE = 108 }; // what a Unix socket's address takes

/*
 * Where a server that answers on this port is steered, if nothing else is said:
 * ordinald-PORT.sock, for root in /run, for others in $XDG_RUNTIME_DIR,
 * otherwise in a directory of the user's own below /tmp.
 *
 * Returns 0; or with err filled -ENAMETOOLONG, or -EPERM where that directory
 * belongs to somebody else, who could pass for the server.
 */
int control_default_path(unsigned port, char out[CONTROL_PATH_SIZE],
                         struct error *err) ORD_CHECKED;

// What is looked at and steered; all borrowed until control_stop().
struct control_settings {
    const struct zone *zone;
    const struct cluster *cluster;
    struct ordinals *ordinals;
    struct faults *faults; // NULL: not enabled
    // where pods get addresses: a fault that moves them wants one
    const struct cidr *pod_cidrs;
    uint32_t pod_cidrs_n;
    struct clock clock;
    struct answer_settings answers; // what questions are asked upstream
    // Carry out and publish what was asked for. Returns 0, or -ENOMEM: it is
    // done later
    int (*changed)(void *context);
    void *context;
};

/*
 * Listen. What a dead server left behind at the path is removed; the socket of
 * a living one is not, nor a file that is no socket. The default path's
 * directory below /tmp is made where it is missing.
 *
 * loop  borrowed until control_stop()
 *
 * Returns 0 and sets out, or a negative errno with err filled.
 */
int control_start(uv_loop_t *loop, const char *path,
                  const struct control_settings *settings, struct control **out,
                  struct error *err) ORD_CHECKED;

// Something happened to a pod or a workload: keep it, for GET /events. The last
// 4096 are kept. c may be NULL.
void control_note(struct control *c, const struct ordinals_event *event);

// The zone has changed: whoever waits for peers is told. c may be NULL.
void control_published(struct control *c);

/*
 * Close all, and remove the socket. The loop has to run once more for the
 * handles' ends. NULL is fine.
 */
void control_stop(struct control *c);

#endif
