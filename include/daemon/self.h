// SPDX-License-Identifier: Apache-2.0
// Which pod the server runs in, from what Kubernetes tells its containers: the
// environment (downward API) and the pod's hosts file. Control thread.
#ifndef ORDINALD_DAEMON_SELF_H
#define ORDINALD_DAEMON_SELF_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "daemon/settings.h"
#include "model/self.h"

// What is told, all of it text; NULL or "": nothing.
struct self_told {
    const char *pod_name;  // POD_NAME: metadata.name, the hostname
    const char *namespace; // POD_NAMESPACE: metadata.namespace
    const char *service;   // POD_SERVICE: spec.subdomain
    // POD_IPS: status.podIPs, with commas between them; POD_IP: status.podIP,
    // which counts where POD_IPS has none of its family
    const char *addresses;
    const char *address;
    const char *hostname; // uname(2)
    const char *hosts;    // the text of /etc/hosts
};

/*
 * Make out which pod it is.
 *
 * Without `service` it is the second label of the pod's whole name,
 * POD_NAME.<service>.POD_NAMESPACE.svc.<domain>, as `hostname -f` has it: the
 * hostname itself where it has a dot (K8S: setHostnameAsFQDN), or what stands
 * first in the line of the hosts file that has it. No name server is asked: it
 * might be this one.
 *
 * told   borrowed for the call
 * s      its domain, and which namespaces there are
 * arena  keeps what out points at
 *
 * Returns 0; or with err filled -EINVAL for what is missing, is malformed, or
 * is not what the settings say, -ENOMEM; out is set on success only.
 */
int self_of(const struct self_told *told, const struct settings *s,
            struct arena *arena, struct self *out,
            struct error *err) ORD_CHECKED;

// The same with what this process is told.
int self_read(const struct settings *s, struct arena *arena, struct self *out,
              struct error *err) ORD_CHECKED;

#endif
