// SPDX-License-Identifier: Apache-2.0
// The happy path: the cluster names what changed; each service is asked for,
// rendered, and becomes part of one update, which is published.
//
// A service that is too large keeps its old block and is reported; it is tried
// again when it changes. One for which memory ran out is put on the waiting
// list and tried first in the next run. When there is no memory even for that
// list, the cluster keeps the rest of its changes and hands them over again.
#include "zone/sync.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A service that waits for memory. Rare: the list is searched from its head.
struct waiting {
    struct waiting *next;
    const char *service; // in text, behind the namespace
    char text[];
};

struct zone_sync {
    struct zone *zone;
    struct cluster *cluster;
    const struct report *report;
    struct waiting *waiting;
    // during a run
    struct zone_update *update; // NULL until something changes
    struct zone_sync_result result;
};

struct zone_sync *zone_sync_new(struct zone *z, struct cluster *c,
                                const struct report *report)
{
    struct zone_sync *s = malloc(sizeof *s);
    if (s)
        *s = (struct zone_sync){.zone = z, .cluster = c, .report = report};
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
    free(s);
}

// --- services that wait for memory -----------------------------------------

static bool is_waiting(const struct zone_sync *s, const char *namespace,
                       const char *service)
{
    for (const struct waiting *w = s->waiting; w; w = w->next)
        if (strcmp(w->text, namespace) == 0 && strcmp(w->service, service) == 0)
            return true;
    return false;
}

static int wait_for_memory(struct zone_sync *s, const char *namespace,
                           const char *service)
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
    w->next = s->waiting;
    s->waiting = w;
    // Said for the first of them only: where memory is out, it is out for all.
    if (!w->next)
        report_finding(s->report, FINDING_WARNING, (struct place){0},
                       "no memory to build service '%s' in namespace '%s'; "
                       "it, and others that may follow, keep their last "
                       "answers until there is some",
                       service, namespace);
    return 0;
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
    if (r == 0)
        r = zone_update_service(s->update, &service, &err);
    if (r == 0) {
        s->result.built++;
        return 0;
    }
    if (r == -ENOENT) {
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

static int on_change(void *context, const struct cluster_change *change)
{
    struct zone_sync *s = context;
    if (change->service) {
        int r = change_service(s, change->namespace, change->service);
        return r == -ENOMEM
                   ? wait_for_memory(s, change->namespace, change->service)
                   : r;
    }
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

// --- a run -----------------------------------------------------------------

// Try those that wait once more; what succeeds leaves the list. What has
// changed as well is built twice: of two words on a service in a step the last
// counts.
static void retry_waiting(struct zone_sync *s)
{
    for (struct waiting **at = &s->waiting; *at;) {
        struct waiting *w = *at;
        if (change_service(s, w->text, w->service) == -ENOMEM) {
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

static uint32_t count_waiting(const struct zone_sync *s)
{
    uint32_t n = 0;
    for (const struct waiting *w = s->waiting; w; w = w->next)
        n++;
    return n;
}

int zone_sync_run(struct zone_sync *s, uint32_t now_unix_s,
                  struct zone_sync_result *out)
{
    s->result = (struct zone_sync_result){0};
    retry_waiting(s);
    int r = cluster_take_changes(s->cluster, on_change, s);
    const bool whole = r == 0 && !s->waiting;
    // An empty cluster is complete too, without any change.
    if (whole && !zone_is_complete(s->zone) && !update_begin(s))
        r = -ENOMEM;
    publish(s, now_unix_s, whole || zone_is_complete(s->zone));

    s->result.pending = count_waiting(s);
    if (out)
        *out = s->result;
    return r == 0 && s->waiting ? -ENOMEM : r;
}
