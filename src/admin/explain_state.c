// SPDX-License-Identifier: Apache-2.0
// The state of objects in a few words, what counts for DNS first.
#include "explain.h"

#include <inttypes.h>
#include <string.h>

// More pairs or ports than these are counted only.
enum { ITEMS_MAX = 4 };

// "app=db, tier=x"; 0 pairs: "".
static const char *say_labels(struct explain *e, struct labels labels)
{
    const char *all = "";

    for (uint32_t i = 0; i < labels.n && i < ITEMS_MAX; i++)
        all = explain_say(e, "%s%s%s=%s", all, i ? "," : "",
                          labels.items[i].key, labels.items[i].value);
    return labels.n > ITEMS_MAX ? explain_say(e, "%s and %" PRIu32 " more", all,
                                              labels.n - ITEMS_MAX)
                                : all;
}

// ", ports http 80/tcp, 53/udp"
static const char *say_ports(struct explain *e, const struct service_facts *s)
{
    const char *all = s->ports_n ? ", ports" : ", no ports";

    for (uint32_t i = 0; i < s->ports_n && i < ITEMS_MAX; i++) {
        const struct service_port *p = &s->ports[i];
        all = explain_say(e, "%s%s %s%s%u/%s", all, i ? "," : "", p->name,
                          *p->name ? " " : "", p->number,
                          protocol_label((enum protocol)p->protocol));
    }
    return s->ports_n > ITEMS_MAX ? explain_say(e, "%s and %" PRIu32 " more",
                                                all, s->ports_n - ITEMS_MAX)
                                  : all;
}

static const char *say_type(struct explain *e, const struct service_facts *s)
{
    if (s->type == SERVICE_EXTERNAL_NAME)
        return explain_say(e, "alias of %s", s->external_name);
    if (s->type == SERVICE_HEADLESS)
        return "headless";
    return s->addresses_n
               ? explain_say(e, "virtual address %s",
                             explain_addresses(e, s->addresses, s->addresses_n))
               : "not headless, and without address";
}

const char *explain_service_state(struct explain *e, const struct object *o,
                                  bool ports)
{
    const struct service_facts *s = &o->service;
    const char *state = say_type(e, s);

    if (s->type == SERVICE_EXTERNAL_NAME)
        return state;
    state = s->selector.n ? explain_say(e, "%s, selects %s", state,
                                        say_labels(e, s->selector))
                          : explain_say(e, "%s, no selector", state);
    if (s->publish_not_ready_addresses)
        state = explain_say(e, "%s, with pods that are not ready", state);
    return ports ? explain_say(e, "%s%s", state, say_ports(e, s)) : state;
}

static const char *say_ordinals(struct explain *e,
                                const struct workload_facts *w)
{
    if (w->replicas == 0)
        return ", no ordinals";
    if (w->replicas == 1)
        return explain_say(e, ", ordinal %" PRIu32, w->start);
    return explain_say(e, ", ordinals %" PRIu32 "..%" PRIu64, w->start,
                       (uint64_t)w->start + w->replicas - 1);
}

// Only what is another one than is asked for.
static const char *say_governor(struct explain *e, const struct object *o,
                                const char *service)
{
    const char *name = o->workload.service;

    if (o->kind != OBJECT_STATEFUL_SET || strcmp(name, service) == 0)
        return "";
    return *name ? explain_say(e, ", serviceName %s", name)
                 : ", no serviceName";
}

const char *explain_workload_state(struct explain *e, const struct object *o,
                                   const char *service, const char *why)
{
    const struct workload_facts *w = &o->workload;
    const bool set = o->kind == OBJECT_STATEFUL_SET;

    return explain_say(e, "replicas %" PRIu32 "%s%s%s%s", w->replicas,
                       set ? say_ordinals(e, w) : "",
                       say_governor(e, o, service), *why ? ", " : "", why);
}

// What DNS goes by.
static const char *say_condition(const struct pod_facts *p)
{
    if (p->terminating)
        return ", being deleted";
    if (p->phase == POD_RUNNING || p->ready)
        return p->ready ? ", ready" : ", not ready";
    return "";
}

const char *explain_pod_state(struct explain *e, const struct object *o,
                              const char *why)
{
    const struct pod_facts *p = &o->pod;
    char text[REASON_TIME_SIZE];
    const char *since =
        p->since_unix_s ? reason_time(p->since_unix_s, text) : "";
    const char *state =
        explain_say(e, "%s%s%s%s", pod_phase_name((enum pod_phase)p->phase),
                    say_condition(p), *since ? " since " : "", since);

    if (*why)
        state = explain_say(e, "%s: %s", state, why);
    state = explain_say(e, "%s; %s", state,
                        p->addresses_n
                            ? explain_addresses(e, p->addresses, p->addresses_n)
                            : "no address");
    if (!*p->hostname)
        return explain_say(e, "%s; no hostname", state);
    if (!*p->subdomain)
        return explain_say(e, "%s; hostname %s, no subdomain", state,
                           p->hostname);
    return strcmp(p->hostname, o->name) == 0
               ? state
               : explain_say(e, "%s; hostname %s", state, p->hostname);
}

const char *explain_endpoint_state(struct explain *e, uint8_t family,
                                   const struct endpoint *end)
{
    const char *state = end->ready ? "ready" : "not ready";

    if (end->serving != end->ready)
        state = explain_say(e, "%s, %s", state,
                            end->serving ? "serving" : "not serving");
    if (end->terminating)
        state = explain_say(e, "%s, terminating", state);
    for (uint16_t i = 0; i < end->addresses_n && i < ITEMS_MAX; i++) {
        struct address a = {.family = family};
        memcpy(a.octets, end->addresses + i * family_size(family),
               family_size(family));
        state = explain_say(e, "%s%s%s", state, i ? ", " : "; ",
                            explain_addresses(e, &a, 1));
    }
    return *end->pod ? explain_say(e, "%s; pod %s", state, end->pod) : state;
}
