// SPDX-License-Identifier: Apache-2.0
// Since when a pod is where it is, and why it is not ready, as its facts have
// it. These reach answers: a text says the same as long as the state lasts, or
// each probe would be a change, and it names no address.
#include "ordinal_state.h"

#include <inttypes.h>
#include <stdio.h>

// --- when ------------------------------------------------------------------

void ordinals_tell_time(struct ordinals *o, uint64_t now_ms,
                        uint32_t now_unix_s)
{
    o->told_ms = now_ms;
    o->told_unix_s = now_unix_s;
}

void pod_arrives(struct ordinals *o, struct pod *p)
{
    const uint64_t passed_ms =
        o->now_ms > o->told_ms ? o->now_ms - o->told_ms : 0;
    const uint64_t at = o->told_unix_s + passed_ms / 1000;

    // Kept as it is told now: where a machine slept, or its clock was set, the
    // times of before stay right.
    p->since_unix_s = o->told_unix_s && at <= UINT32_MAX ? (uint32_t)at : 0;
}

// --- why -------------------------------------------------------------------

static const char *address_why(const struct ordinals *o, const struct pod *p)
{
    uint8_t families[POOL_FAMILIES];

    if (workload_families(o, p->workload, families) == 0)
        return "there is no --pod-cidr and no annotation ordinald.io/addresses";
    const unsigned f = family_index(families[0]);
    const bool elsewhere = p->faults.elsewhere && range_exists(&o->pods[f]);
    const struct declared_address *a = elsewhere ? NULL : pod_declared(p, f);
    if (a)
        return a->grant ? "its address is still another pod's"
                        : "its address is another workload's";
    return range_exists(&o->pods[f])
               ? "no address is left in --pod-cidr"
               : "the annotation ordinald.io/addresses names no address for "
                 "it, and there is no --pod-cidr";
}

enum { PATH_MAX_SHOWN = 60 };

// What stands behind a question mark may be a secret.
static int path_length(const char *path)
{
    int n = 0;

    while (n < PATH_MAX_SHOWN && path[n] > ' ' && path[n] < 0x7f &&
           path[n] != '?' && path[n] != '#')
        n++;
    return n;
}

static const char *probe_why(const struct probe *probe,
                             char out[POD_REASON_MAX + 1])
{
    static const char *const kinds[] = {[PROBE_TCP] = "tcp ",
                                        [PROBE_HTTP] = "http :",
                                        [PROBE_HTTPS] = "https :",
                                        [PROBE_GRPC] = "grpc "};
    const bool http = probe->kind == PROBE_HTTP || probe->kind == PROBE_HTTPS;

    snprintf(out, POD_REASON_MAX + 1, "readinessProbe %s%u%.*s",
             kinds[probe->kind], probe->port,
             http ? path_length(probe->path) : 0, probe->path);
    return out;
}

static const char *unhealthy_why(const struct pod *p,
                                 char out[POD_REASON_MAX + 1])
{
    for (uint32_t i = 0; i < p->probings_n; i++)
        if (!p->probings[i].success)
            return probe_why(&p->template->probes[i], out);
    snprintf(out, POD_REASON_MAX + 1, "takes %" PRIu32 " ms to be ready",
             rules_of(p->workload)->ready_after_ms);
    return out;
}

static const char *pending_why(const struct ordinals *o, const struct pod *p,
                               char out[POD_REASON_MAX + 1])
{
    if (p->faults.no_address)
        return "fault gone";
    if (pod_is_to_have_address(o, p))
        return address_why(o, p);
    snprintf(out, POD_REASON_MAX + 1, "takes %" PRIu32 " ms to get an address",
             rules_of(p->workload)->address_after_ms);
    return out;
}

const char *pod_why(const struct ordinals *o, const struct pod *p,
                    char out[POD_REASON_MAX + 1])
{
    // That it terminates or has ended is a fact by itself.
    if (p->ready || p->terminating || pod_is_failed(p))
        return "";
    if (!p->addressed)
        return pending_why(o, p, out);
    if (!p->healthy)
        return unhealthy_why(p, out);
    if (p->faults.not_ready)
        return "fault not-ready";
    snprintf(out, POD_REASON_MAX + 1, "fault flap=%" PRIu32, p->faults.flap_ms);
    return out;
}
