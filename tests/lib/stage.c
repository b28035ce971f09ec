// SPDX-License-Identifier: Apache-2.0
#include "lib/stage.h"

#include "lib/objects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "stage: %s\n", what);
    abort();
}

static void add_range(struct cidr *ranges, uint32_t *n, const char *text)
{
    if (text)
        need(cidr_parse(text, &ranges[(*n)++], NULL) == 0, text);
}

// Put an object into a list, in the place of an older one of its name.
static void place(struct object **list, uint32_t *n, struct object *o)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp(list[i]->name, o->name) == 0) {
            object_drop(list[i]);
            list[i] = o;
            return;
        }
    }
    need(*n < STAGE_INPUTS, "too many objects");
    list[(*n)++] = o;
}

static void annotate(struct object *o, const char *text)
{
    static const char blanks[] = " ";
    struct address list[STAGE_INPUTS] = {0};
    char copy[1024], *rest = copy;
    uint32_t n = 0;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *a; (a = strsep(&rest, blanks));)
        if (*a)
            need(n < STAGE_INPUTS && address_parse(a, &list[n++]), a);
    // The object keeps texts: room for the addresses is a text of their size.
    char blank[sizeof list + 1];
    memset(blank, ' ', sizeof list);
    blank[sizeof list] = '\0';
    void *room = (void *)(uintptr_t)object_text(o, blank);
    o->workload.addresses = memcpy(room, list, n * sizeof *list);
    o->workload.addresses_n = n;
}

struct object *stage_workload(struct stage *s, enum object_kind kind,
                              const char *name, uint32_t replicas,
                              const char *addresses)
{
    static const struct label labels[] = {{"app", "a"}, {"tier", "db"}};
    static const struct container_port ports[] = {{"peer", 7000, PROTOCOL_TCP}};
    struct object *o = object_make(kind, "ns", name);

    o->workload.replicas = replicas;
    o->workload.service = "svc";
    o->workload.pod_labels = (struct labels){.items = labels, .n = 2};
    o->workload.ports = ports;
    o->workload.ports_n = 1;
    annotate(o, addresses);
    place(s->workloads, &s->workloads_n, o);
    // A digest of all that differs between the versions of these tests.
    static uint64_t version;
    o->digest = ++version;
    return o;
}

struct object *stage_service(struct stage *s, const char *name)
{
    struct object *o = object_make(OBJECT_SERVICE, "ns", name);
    static uint64_t version;

    object_select(o, "app", "a");
    object_port(o, "peer", 80, PROTOCOL_TCP, "peer");
    o->digest = ++version;
    place(s->services, &s->services_n, o);
    return o;
}

static void remove_from(struct object **list, uint32_t *n, const char *name)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp(list[i]->name, name) == 0) {
            object_drop(list[i]);
            list[i] = list[--*n];
            return;
        }
    }
}

void stage_remove(struct stage *s, const char *name)
{
    remove_from(s->workloads, &s->workloads_n, name);
    remove_from(s->services, &s->services_n, name);
}

void stage_take(struct stage *s, const char *address)
{
    need(s->taken_n < STAGE_INPUTS, "too many addresses");
    need(address_parse(address, &s->taken[s->taken_n++]), address);
}

static int prepare(void *context, uint32_t n)
{
    struct stage *s = context;
    const size_t room = s->live_n + n;

    if (room <= s->live_room)
        return 0;
    void *p = realloc(s->live, room * sizeof *s->live);
    if (!p)
        return -ENOMEM;
    s->live = p;
    s->live_room = room;
    return 0;
}

static size_t live_place(const struct stage *s, const struct object *o)
{
    size_t i = 0;

    while (i < s->live_n && s->live[i] != o)
        i++;
    need(i < s->live_n, "what was told before lives");
    return i;
}

static void came(void *context, const struct object *o)
{
    struct stage *s = context;

    s->came++;
    s->live[s->live_n++] = o;
}

static void changed(void *context, const struct object *old,
                    const struct object *now)
{
    struct stage *s = context;

    s->changed++;
    need(strcmp(old->name, now->name) == 0, "a name stays");
    need(old->digest != now->digest, "other facts have another digest");
    s->live[live_place(s, old)] = now;
}

static void went(void *context, const struct object *o)
{
    struct stage *s = context;

    s->went++;
    s->live[live_place(s, o)] = s->live[s->live_n - 1];
    s->live_n--;
}

static void finding(void *context, enum finding kind, struct place at,
                    const char *text)
{
    struct stage *s = context;
    const size_t n = strlen(s->findings);

    (void)at;
    snprintf(s->findings + n, sizeof s->findings - n, "%s%s\n",
             kind == FINDING_WARNING ? "warning: " : "", text);
}

void stage_open(struct stage *s, const char *pods, const char *more_pods,
                const char *services, const char *more_services)
{
    struct ordinals_settings settings = {
        .seed = 42,
        .events = {.prepare = prepare,
                   .came = came,
                   .changed = changed,
                   .went = went,
                   .context = s},
        .report = &s->report,
    };

    memset(s, 0, sizeof *s);
    s->report = (struct report){.finding = finding, .context = s};
    add_range(settings.pod_cidrs, &settings.pod_cidrs_n, pods);
    add_range(settings.pod_cidrs, &settings.pod_cidrs_n, more_pods);
    add_range(settings.service_cidrs, &settings.service_cidrs_n, services);
    add_range(settings.service_cidrs, &settings.service_cidrs_n, more_services);
    s->ordinals = ordinals_new(&settings);
    need(s->ordinals != NULL, "no memory");
}

void stage_close(struct stage *s)
{
    ordinals_free(s->ordinals);
    for (uint32_t i = 0; i < s->workloads_n; i++)
        object_drop(s->workloads[i]);
    for (uint32_t i = 0; i < s->services_n; i++)
        object_drop(s->services[i]);
    free(s->live);
}

int stage_try(struct stage *s)
{
    const struct ordinals_input input = {
        .workloads = (const struct object *const *)s->workloads,
        .workloads_n = s->workloads_n,
        .services = (const struct object *const *)s->services,
        .services_n = s->services_n,
        .taken = s->taken,
        .taken_n = s->taken_n,
    };

    s->came = s->changed = s->went = 0;
    s->findings[0] = '\0';
    return ordinals_step(s->ordinals, &input, s->now_ms++);
}

void stage_step(struct stage *s)
{
    need(stage_try(s) == 0, "the step succeeds");
}

const struct object *stage_find(const struct stage *s, const char *name)
{
    for (size_t i = 0; i < s->live_n; i++)
        if (strcmp(s->live[i]->name, name) == 0)
            return s->live[i];
    return NULL;
}

const struct object *stage_owned(const struct stage *s, const char *owner)
{
    for (size_t i = 0; i < s->live_n; i++)
        if (strcmp(s->live[i]->owner_name, owner) == 0)
            return s->live[i];
    return NULL;
}

const char *stage_address(const struct stage *s, const char *name, unsigned n)
{
    static _Thread_local char texts[8][ADDRESS_TEXT_SIZE];
    static _Thread_local unsigned turn;
    const struct object *o = stage_find(s, name);

    if (!o)
        return "";
    const bool pod = o->kind == OBJECT_POD;
    if (n >= (pod ? o->pod.addresses_n : o->service.addresses_n))
        return "";
    return address_format(pod ? &o->pod.addresses[n] : &o->service.addresses[n],
                          texts[turn++ % 8]);
}
