// SPDX-License-Identifier: Apache-2.0
// The happy path: the cluster names what changed; each service is asked for,
// rendered, and becomes part of one update, which is published.
//
// A service that is too large keeps its old block and is reported; it is tried
// again when it changes. One for which memory ran out is put on the waiting
// list and tried first in the next run. When there is no memory even for that
// list, the cluster keeps the rest of its changes and hands them over again.
//
// The same list has services whose changes are held back by a fault. How long
// is asked for each time: with the fault the wait ends too.
#include "zone/sync.h"

#include "aims.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A service that waits. Rare: the list is searched from its head.
struct waiting {
    struct waiting *next;
    bool stale;          // for its time; otherwise for memory
    uint64_t changed_ms; // its time counts from here
    const char *service; // in text, behind the namespace
    char text[];
};

// What faults aim at.
struct sync_faults {
    struct aims aims[2]; // those in force, and room for the next
    unsigned current;
    struct zone_fault_of list[FAULTS_MAX]; // for one call
};

struct zone_sync {
    struct zone *zone;
    struct cluster *cluster;
    const struct faults *faults;
    const struct report *report;
    struct waiting *waiting;
    struct sync_faults *aimed; // NULL where there are no faults, ever
    uint64_t faults_seen;      // version of the last run
    // during a run
    uint64_t now_ms;
    struct zone_update *update; // NULL until something changes
    struct zone_sync_result result;
};

struct zone_sync *zone_sync_new(struct zone *z, struct cluster *c,
                                const struct faults *faults,
                                const struct report *report)
{
    struct zone_sync *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (struct zone_sync){
        .zone = z, .cluster = c, .faults = faults, .report = report};
    if (faults) {
        s->aimed = calloc(1, sizeof *s->aimed);
        if (!s->aimed) {
            free(s);
            return NULL;
        }
    }
    return s;
}

void zone_sync_free(struct zone_sync *s)
{
    if (!s)
        return;
    assert(!s->update);
    for (struct waiting *w = s->waiting, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    free(s->aimed);
    free(s);
}

// --- services that wait ----------------------------------------------------

static const struct aims *aims_of(const struct zone_sync *s)
{
    return &s->aimed->aims[s->aimed->current];
}

static uint32_t stale_ms(const struct zone_sync *s, const char *namespace,
                         const char *service)
{
    return s->aimed ? aims_stale_ms(aims_of(s), namespace, service) : 0;
}

// When it is to be built, if there is memory.
static uint64_t due_ms(const struct zone_sync *s, const struct waiting *w)
{
    return w->changed_ms + (w->stale ? stale_ms(s, w->text, w->service) : 0);
}

static bool is_waiting(const struct zone_sync *s, const char *namespace,
                       const char *service)
{
    for (const struct waiting *w = s->waiting; w; w = w->next)
        if (strcmp(w->text, namespace) == 0 && strcmp(w->service, service) == 0)
            return true;
    return false;
}

static int put_waiting(struct zone_sync *s, const char *namespace,
                       const char *service, bool stale)
{
    if (is_waiting(s, namespace, service))
        return 0;
    const size_t namespace_n = strlen(namespace) + 1;
    const size_t service_n = strlen(service) + 1;
    struct waiting *w = malloc(sizeof *w + namespace_n + service_n);
    if (!w)
        return -ENOMEM;
    memcpy(w->text, namespace, namespace_n);
    memcpy(w->text + namespace_n, service, service_n);
    w->service = w->text + namespace_n;
    w->stale = stale;
    w->changed_ms = s->now_ms;
    w->next = s->waiting;
    s->waiting = w;
    return 0;
}

static uint32_t count_waiting(const struct zone_sync *s, bool stale)
{
    uint32_t n = 0;
    for (const struct waiting *w = s->waiting; w; w = w->next)
        n += w->stale == stale;
    return n;
}

static void say_no_memory(const struct zone_sync *s, const char *namespace,
                          const char *service)
{
    report_finding(s->report, FINDING_WARNING, (struct place){0},
                   "no memory to build service '%s' in namespace '%s'; "
                   "it, and others that may follow, keep their last "
                   "answers until there is some",
                   service, namespace);
}

// Said for the first of them only: where memory is out, it is out for all.
static int wait_for_memory(struct zone_sync *s, const char *namespace,
                           const char *service)
{
    const bool first = count_waiting(s, false) == 0;
    const int r = put_waiting(s, namespace, service, false);
    if (r == 0 && first)
        say_no_memory(s, namespace, service);
    return r;
}

// --- one change ------------------------------------------------------------

static bool update_begin(struct zone_sync *s)
{
    if (!s->update)
        s->update = zone_update_begin(s->zone);
    return s->update;
}

static int build(struct zone_sync *s, struct arena *scratch,
                 const char *namespace, const char *name)
{
    struct service service = {0};
    struct error err = {""};
    int r = cluster_service(s->cluster, namespace, name, scratch, &service);
    if (r == 0 && s->aimed)
        r = aims_hide_aaaa(aims_of(s), &service, scratch);
    if (r == 0)
        r = zone_update_service(s->update, &service, &err);
    if (r == 0) {
        // one that is only named has a block, too: it says why
        ++*(service.object || service.self ? &s->result.built
                                           : &s->result.removed);
        return 0;
    }
    // nor is one reported that is only named: it may have any name
    if (r != -ENOMEM && !service.object) {
        r = zone_update_remove(s->update, namespace, name);
        s->result.removed += r == 0;
        return r;
    }
    if (r == -ENOMEM)
        return r;
    // Nothing but another version of the service will help.
    const struct place at =
        service.object ? service.object->at : (struct place){0};
    report_finding(s->report, FINDING_ERROR, at,
                   "cannot build service '%s' in namespace '%s': %s; it keeps "
                   "its last answers",
                   name, namespace, err.text);
    s->result.failed++;
    return 0;
}

static int change_service(struct zone_sync *s, const char *namespace,
                          const char *name)
{
    struct arena scratch;
    // No budget of its own: what it holds follows from objects that have been
    // read within theirs, and the block has a limit (block_size_max).
    arena_init(&scratch, SIZE_MAX);
    const int r =
        update_begin(s) ? build(s, &scratch, namespace, name) : -ENOMEM;
    arena_release(&scratch);
    return r;
}

// Build it now, or have it wait.
static int service_changed(struct zone_sync *s, const char *namespace,
                           const char *service)
{
    if (stale_ms(s, namespace, service) > 0)
        return put_waiting(s, namespace, service, true);
    const int r = change_service(s, namespace, service);
    return r == -ENOMEM ? wait_for_memory(s, namespace, service) : r;
}

static int on_change(void *context, const struct cluster_change *change)
{
    struct zone_sync *s = context;
    if (change->service)
        return service_changed(s, change->namespace, change->service);
    if (!update_begin(s))
        return -ENOMEM;
    int r = change->pod ? zone_update_pod(s->update, change->namespace,
                                          change->pod, change->exists)
                        : zone_update_namespace(s->update, change->namespace,
                                                change->exists);
    if (r == 0)
        ++*(change->pod ? &s->result.pods : &s->result.namespaces);
    return r;
}

// --- faults ----------------------------------------------------------------

// Services whose pods are seen otherwise with one list of aims than with the
// other are to be built anew.
static int list_changed(struct zone_sync *s, const struct aims *with,
                        const struct aims *without)
{
    for (uint32_t i = 0; i < with->n; i++) {
        const struct aim *a = &with->items[i];
        if (!aim_hides_aaaa(a) || aims_have(without, a))
            continue;
        const int r = put_waiting(s, a->namespace, a->service, true);
        if (r)
            return r;
    }
    return 0;
}

static int take_aims(struct zone_sync *s, const struct aims *old,
                     const struct aims *new)
{
    int r = list_changed(s, old, new);
    if (r == 0)
        r = list_changed(s, new, old);
    if (r == 0 && !update_begin(s))
        r = -ENOMEM;
    return r ? r
             : zone_update_faults(s->update, s->aimed->list,
                                  aims_of_zone(new, s->aimed->list));
}

// Begins each run: a pod's name may be another one each time. Where there is no
// memory, all is as it was, and what was listed is built for nothing.
static int follow_faults(struct zone_sync *s)
{
    struct sync_faults *f = s->aimed;
    if (!f)
        return 0;
    s->faults_seen = faults_version(s->faults);
    const struct aims *old = &f->aims[f->current];
    struct aims *new = &f->aims[!f->current];
    aims_take(new, old, s->faults, s->cluster);
    if (aims_equal(new, old))
        return 0;
    const int r = take_aims(s, old, new);
    if (r == 0)
        f->current = !f->current;
    return r;
}

// --- a run -----------------------------------------------------------------

// Try those that wait and are due; what succeeds leaves the list. What has
// changed as well is built twice: of two words on a service in a step the last
// counts.
static void retry_waiting(struct zone_sync *s)
{
    for (struct waiting **at = &s->waiting; *at;) {
        struct waiting *w = *at;
        if (due_ms(s, w) > s->now_ms) {
            at = &w->next;
        } else if (change_service(s, w->text, w->service) == -ENOMEM) {
            if (count_waiting(s, false) == 0)
                say_no_memory(s, w->text, w->service);
            w->stale = false;
            at = &w->next;
        } else {
            *at = w->next;
            free(w);
        }
    }
}

static void publish(struct zone_sync *s, uint32_t now_unix_s, bool complete)
{
    if (s->update)
        zone_update_publish(s->update, now_unix_s, complete);
    s->update = NULL;
}

int zone_sync_begin(struct zone_sync *s, uint64_t now_ms, uint32_t now_unix_s)
{
    s->now_ms = now_ms;
    s->result = (struct zone_sync_result){0};
    const int r = cluster_take_changes(s->cluster, on_change, s);
    publish(s, now_unix_s, false);
    return r == 0 && count_waiting(s, false) ? -ENOMEM : r;
}

int zone_sync_run(struct zone_sync *s, uint64_t now_ms, uint32_t now_unix_s,
                  struct zone_sync_result *out)
{
    s->now_ms = now_ms;
    s->result = (struct zone_sync_result){0};
    int r = follow_faults(s);
    retry_waiting(s);
    const int taken = cluster_take_changes(s->cluster, on_change, s);
    r = r ? r : taken;
    s->result.pending = count_waiting(s, false);
    s->result.stale = count_waiting(s, true);
    const bool whole = r == 0 && s->result.pending == 0;
    // An empty cluster is complete too, without any change.
    if (whole && !zone_is_complete(s->zone) && !update_begin(s))
        r = -ENOMEM;
    publish(s, now_unix_s, whole || zone_is_complete(s->zone));

    if (out)
        *out = s->result;
    return r == 0 && s->result.pending ? -ENOMEM : r;
}

uint64_t zone_sync_next_ms(const struct zone_sync *s)
{
    uint64_t next = UINT64_MAX;

    if (s->faults && s->faults_seen != faults_version(s->faults))
        return 0;
    for (const struct waiting *w = s->waiting; w; w = w->next)
        if (w->stale && due_ms(s, w) < next)
            next = due_ms(s, w);
    return next;
}
