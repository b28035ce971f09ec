// SPDX-License-Identifier: Apache-2.0
/*
 * A pod's life, as a kubelet lets it pass:
 *
 *     pod_create   Pending; its claims are bound
 *     addressed    after address_after_ms, when there is an address: Running
 *     healthy      ready_after_ms later, or when its probes succeed
 *     ready        healthy, and no fault says otherwise
 *     available    ready for minReadySeconds
 *     pod_delete   terminates for gone_after_ms, with its address
 *     pod_end      gone: addresses and claims are free
 *
 * What takes no time follows at once, inside of the call that began it. A pod
 * whose containers ended (pod_fail) waits for its controller to delete it.
 */
#include "ordinal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SECOND_MS = 1000;

// --- events ----------------------------------------------------------------

static void tell_event(const struct ordinals *o, const struct workload *w,
                       struct ordinals_event *e)
{
    const struct ordinals_events *to = &o->settings.events;

    if (!to->event)
        return;
    e->kind = w->holder.kind;
    e->namespace = w->holder.namespace;
    e->workload = w->holder.name;
    to->event(to->context, e);
}

void pod_event(const struct ordinals *o, const struct pod *p,
               enum ordinals_what what, const char *reason, const char *claim)
{
    struct address addresses[POOL_FAMILIES];
    struct ordinals_event e = {.what = what,
                               .pod = p->name,
                               .claim = claim,
                               .reason = reason,
                               .addresses = addresses};

    e.addresses_n = pod_get_addresses(o, p, addresses);
    tell_event(o, p->workload, &e);
}

void workload_event(const struct ordinals *o, const struct workload *w,
                    enum ordinals_what what, const char *reason,
                    const char *claim)
{
    struct ordinals_event e = {.what = what,
                               .pod = "",
                               .claim = claim,
                               .reason = reason,
                               .replicas = w->asked};

    tell_event(o, w, &e);
}

void pod_changed(struct ordinals *o, struct pod *p)
{
    p->since_ms = o->now_ms;
    p->workload->changed = true;
    face_changed(o, &p->face);
    ordinals_due(o, &p->workload->holder);
}

// --- readiness -------------------------------------------------------------

static bool is_healthy(const struct ordinals *o, const struct pod *p)
{
    if (!p->addressed)
        return false;
    if (p->probings_n)
        return pod_probe_success(p);
    // Whoever was ready stays so when the delay changes.
    return p->healthy ||
           o->now_ms - p->addressed_ms >= rules_of(p->workload)->ready_after_ms;
}

static void set_ready(struct ordinals *o, struct pod *p, bool ready)
{
    char reason[WORKLOAD_REASON_SIZE] = "";

    if (p->ready == ready)
        return;
    p->ready = ready;
    p->available = false;
    p->ready_ms = o->now_ms;
    pod_arrives(o, p);
    if (!ready)
        pod_reason(o, p, reason, sizeof reason);
    pod_event(o, p, ready ? ORDINALS_READY : ORDINALS_UNREADY, reason, "");
    pod_changed(o, p);
}

static uint64_t available_ms(const struct pod *p)
{
    return p->ready_ms + rules_of(p->workload)->min_ready_s * SECOND_MS;
}

// Taken back where the object asks for more seconds than before.
static void check_available(struct ordinals *o, struct pod *p)
{
    const bool available = p->ready && o->now_ms >= available_ms(p);

    if (p->available == available)
        return;
    p->available = available;
    if (available && rules_of(p->workload)->min_ready_s) {
        pod_event(o, p, ORDINALS_AVAILABLE, "", "");
        p->since_ms = o->now_ms;
    }
    p->workload->changed = true;
    ordinals_due(o, &p->workload->holder);
}

static uint64_t min_ms(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t pod_next_ms(const struct ordinals *o, const struct pod *p)
{
    const struct workload_rules *r = rules_of(p->workload);

    if (p->terminating)
        return p->deleted_ms + r->gone_after_ms;
    if (pod_is_failed(p))
        return UINT64_MAX;
    if (!p->addressed) {
        const uint64_t at = p->created_ms + r->address_after_ms;
        // Later than that it waits for an address, not for time.
        return at > o->now_ms ? at : UINT64_MAX;
    }
    uint64_t next = pod_fault_next_ms(o, p);
    if (p->probings_n)
        next = min_ms(next, pod_probe_next_ms(p));
    else if (!p->healthy)
        next = min_ms(next, p->addressed_ms + r->ready_after_ms);
    if (p->ready && !p->available)
        next = min_ms(next, available_ms(p));
    return next;
}

void pod_run(struct ordinals *o, struct pod *p)
{
    assert(!p->gone);
    if (p->terminating) {
        if (o->now_ms >= pod_next_ms(o, p))
            pod_end(o, p, "");
        else
            timer_set(o, p, pod_next_ms(o, p));
        return;
    }
    if (pod_is_failed(p))
        return;
    if (!p->addressed)
        pod_readdress(o, p);
    if (p->gone)
        return;
    if (p->addressed) {
        pod_probe_run(o, p);
        p->healthy = is_healthy(o, p);
        set_ready(o, p, p->healthy && pod_fault_ready(o, p));
        check_available(o, p);
    }
    // It may wait for something else than before.
    if (!p->ready)
        face_changed(o, &p->face);
    timer_set(o, p, pod_next_ms(o, p));
}

static void lose_address(struct ordinals *o, struct pod *p)
{
    p->addressed = p->healthy = false;
    p->phase = POD_PENDING;
    pod_arrives(o, p);
    pod_probe_stop(o, p);
    set_ready(o, p, false);
    pod_changed(o, p);
    timer_set(o, p, pod_next_ms(o, p));
    // One that is to go anyway would be in the way of the others for ever.
    const struct workload *w = p->workload;
    if (w->holder.kind == OBJECT_STATEFUL_SET &&
        p->ordinal - workload_start(w) >= w->wanted)
        pod_end(o, p, "another pod has its address now");
}

void pod_address_changed(struct ordinals *o, struct pod *p)
{
    const bool has = p->grants[0] || p->grants[1];

    if (!has) {
        if (p->addressed)
            lose_address(o, p);
        return;
    }
    if (p->addressed) {
        pod_event(o, p, ORDINALS_MOVED, "", "");
        pod_changed(o, p);
        return;
    }
    p->addressed = true;
    p->addressed_ms = o->now_ms;
    p->phase = POD_RUNNING;
    pod_arrives(o, p);
    pod_probe_start(o, p);
    pod_event(o, p, ORDINALS_ADDRESSED, "", "");
    pod_changed(o, p);
    pod_run(o, p);
}

// --- coming and going ------------------------------------------------------

static struct pod *pod_new(struct ordinals *o, struct workload *w,
                           struct template *t, uint64_t ordinal)
{
    char name[POD_NAME_SIZE];

    if (t->ordinal)
        pod_name_of_ordinal(t, ordinal, name);
    else
        pod_name_of_serial(t, o->seed, &o->serial, name);
    const size_t size = strlen(name) + 1;
    struct pod *p = calloc(1, sizeof *p + size);
    if (!p)
        return NULL;
    memcpy(p->name, name, size);
    p->face.of = FACE_POD;
    p->workload = w;
    p->template = template_share(t);
    p->ordinal = ordinal;
    p->phase = POD_PENDING;
    p->created_ms = p->since_ms = o->now_ms;
    pod_arrives(o, p);
    if (!o->settings.probe || !o->settings.events.probe || t->probes_n == 0)
        return p;
    p->probings = calloc(t->probes_n, sizeof *p->probings);
    if (!p->probings) {
        pod_free(o, p);
        return NULL;
    }
    p->probings_n = t->probes_n;
    return p;
}

struct pod *pod_find(const struct ordinals *o, const char *namespace,
                     const char *name)
{
    struct map_node *n =
        map_first(&o->names, ordinals_hash(o, OBJECT_POD, namespace, name));

    for (; n; n = map_next(n)) {
        struct pod *p = ORD_CONTAINER(n, struct pod, by_name);
        if (strcmp(p->name, name) == 0 &&
            strcmp(p->workload->holder.namespace, namespace) == 0)
            return p;
    }
    return NULL;
}

static void add_pod(struct ordinals *o, struct pod *p)
{
    struct workload *w = p->workload;

    list_link(&w->pods, &p->node);
    w->pods_n++;
    o->pods_n++;
    p->number = ++o->pods_made;
    p->by_name.hash =
        ordinals_hash(o, OBJECT_POD, w->holder.namespace, p->name);
    map_insert(&o->names, &p->by_name);
}

int pod_create(struct ordinals *o, struct workload *w, struct template *t,
               uint64_t ordinal, struct pod **out)
{
    const uint64_t serial = o->serial;
    int rc = timer_reserve(o);
    struct pod *p = rc ? NULL : pod_new(o, w, t, ordinal);

    rc = p ? pod_fault_first(o, p) : -ENOMEM;
    if (!rc)
        rc = pod_claim(o, p);
    if (rc) {
        if (p)
            pod_free(o, p);
        o->serial = serial;
        return rc;
    }
    add_pod(o, p);
    w->settled = false;
    pod_event(o, p, ORDINALS_CREATED, "", "");
    pod_changed(o, p);
    pod_run(o, p);
    *out = p;
    return 0;
}

bool pod_delete(struct ordinals *o, struct pod *p, const char *reason)
{
    if (p->terminating)
        return false;
    p->workload->settled = false;
    // No containers, no time to stop them in.
    if (rules_of(p->workload)->gone_after_ms == 0 || pod_is_failed(p)) {
        pod_end(o, p, reason);
        return true;
    }
    p->terminating = true;
    p->deleted_ms = o->now_ms;
    pod_arrives(o, p);
    pod_probe_stop(o, p);
    pod_event(o, p, ORDINALS_TERMINATING, reason, "");
    pod_changed(o, p);
    timer_set(o, p, pod_next_ms(o, p));
    return false;
}

void pod_fail(struct ordinals *o, struct pod *p)
{
    if (p->terminating || pod_is_failed(p))
        return;
    p->phase = POD_FAILED;
    pod_arrives(o, p);
    p->healthy = p->ready = p->available = false;
    p->workload->settled = false;
    pod_probe_stop(o, p);
    pod_event(o, p, ORDINALS_FAILED, "", "");
    pod_changed(o, p);
    timer_set(o, p, UINT64_MAX);
}

// Its ordinal is out of range: nobody will have its claims soon.
static bool is_scaled_away(const struct pod *p)
{
    const struct workload *w = p->workload;

    return p->ordinal - workload_start(w) >= w->wanted &&
           rules_of(w)->delete_claims_when_scaled;
}

void pod_end(struct ordinals *o, struct pod *p, const char *reason)
{
    struct workload *w = p->workload;

    assert(!p->gone);
    w->settled = false;
    pod_event(o, p, ORDINALS_GONE, reason, "");
    pod_changed(o, p);
    pod_unclaim(o, p, is_scaled_away(p));
    pod_probe_stop(o, p);
    pod_give_back(o, p);
    timer_set(o, p, UINT64_MAX);
    map_remove(&o->names, &p->by_name);
    list_unlink(&p->node);
    w->pods_n--;
    o->pods_n--;
    p->gone = p->face.gone = true;
}

void pod_free(struct ordinals *o, struct pod *p)
{
    pod_probe_stop(o, p);
    told_free(p->face.told);
    template_drop(p->template);
    free(p->probings);
    free(p);
}
