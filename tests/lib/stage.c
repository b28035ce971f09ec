// SPDX-License-Identifier: Apache-2.0
#include "lib/stage.h"

#include "lib/objects.h"

#include <errno.h>
#include <stddef.h>
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

// Put an object into a list, in the place of an older one of its kind and name.
static void place(struct object **list, uint32_t *n, struct object *o)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (list[i]->kind == o->kind && strcmp(list[i]->name, o->name) == 0) {
            object_drop(list[i]);
            list[i] = o;
            return;
        }
    }
    need(*n < STAGE_INPUTS, "too many objects");
    list[(*n)++] = o;
}

// The object keeps texts: room for anything is a text of its size.
static void *room_in(struct object *o, size_t size)
{
    static const size_t align = _Alignof(max_align_t);
    char blank[4096];

    need(size + align < sizeof blank, "too large");
    memset(blank, ' ', size + align);
    blank[size + align] = '\0';
    const uintptr_t at = (uintptr_t)object_text(o, blank);
    return (void *)((at + align - 1) / align * align);
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
    o->workload.addresses = memcpy(room_in(o, sizeof list), list, sizeof list);
    o->workload.addresses_n = n;
}

struct workload_rules *stage_rules(struct object *o)
{
    struct workload_rules *r = room_in(o, sizeof *r);

    memcpy(r, o->workload.rules, sizeof *r);
    o->workload.rules = r;
    return r;
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

// From the end: those that go often came last.
static size_t live_place(const struct stage *s, const struct object *o)
{
    size_t i = s->live_n;

    while (i > 0 && s->live[i - 1] != o)
        i--;
    need(i > 0, "what was told before lives");
    return i - 1;
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

static void event(void *context, const struct ordinals_event *e)
{
    struct stage *s = context;

    if (s->events_n++ >= STAGE_EVENTS)
        return;
    struct stage_event *to = &s->events[s->events_n - 1];
    *to = (struct stage_event){.what = e->what, .replicas = e->replicas};
    snprintf(to->name, sizeof to->name, "%s", *e->pod ? e->pod : e->workload);
    snprintf(to->claim, sizeof to->claim, "%s", e->claim);
    snprintf(to->reason, sizeof to->reason, "%s", e->reason);
}

static void probe(void *context, const struct ordinals_probe *p)
{
    struct stage *s = context;

    need(s->tickets_n < STAGE_PROBES, "too many probes");
    need(p->pod->pod.addresses_n > 0, "who is probed has an address");
    s->tickets[s->tickets_n++] = p->ticket;
}

static bool selects(void *context, const char *namespace, const char *service,
                    const struct object *pod)
{
    const char *app = labels_get(pod->labels, "app");

    (void)context;
    return strcmp(namespace, pod->namespace) == 0 &&
           strcmp(service, "svc") == 0 && app && strcmp(app, "a") == 0;
}

static void stage_begin(struct stage *s, struct ordinals_settings *settings)
{
    memset(s, 0, sizeof *s);
    s->report = (struct report){.finding = finding, .context = s};
    s->faults = faults_new();
    need(s->faults != NULL, "no memory");
    settings->seed = 42;
    settings->faults = s->faults;
    settings->selects = selects;
    settings->events = (struct ordinals_events){.prepare = prepare,
                                                .came = came,
                                                .changed = changed,
                                                .went = went,
                                                .event = event,
                                                .probe = probe,
                                                .context = s};
    settings->report = &s->report;
}

void stage_open(struct stage *s, const char *pods, const char *more_pods,
                const char *services, const char *more_services)
{
    struct ordinals_settings settings = {0};

    stage_begin(s, &settings);
    add_range(settings.pod_cidrs, &settings.pod_cidrs_n, pods);
    add_range(settings.pod_cidrs, &settings.pod_cidrs_n, more_pods);
    add_range(settings.service_cidrs, &settings.service_cidrs_n, services);
    add_range(settings.service_cidrs, &settings.service_cidrs_n, more_services);
    s->ordinals = ordinals_new(&settings);
    need(s->ordinals != NULL, "no memory");
}

void stage_open_probing(struct stage *s, const char *pods)
{
    struct ordinals_settings settings = {.probe = true};

    stage_begin(s, &settings);
    add_range(settings.pod_cidrs, &settings.pod_cidrs_n, pods);
    s->ordinals = ordinals_new(&settings);
    need(s->ordinals != NULL, "no memory");
}

void stage_close(struct stage *s)
{
    ordinals_free(s->ordinals);
    faults_free(s->faults);
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

void stage_run(struct stage *s, uint64_t now_ms)
{
    need(now_ms >= s->now_ms || now_ms + 1 == s->now_ms, "time goes on");
    s->now_ms = now_ms;
    s->came = s->changed = s->went = 0;
    s->findings[0] = '\0';
    faults_run(s->faults, now_ms);
    need(ordinals_step(s->ordinals, NULL, s->now_ms++) == 0,
         "the step succeeds");
}

void stage_until(struct stage *s, uint64_t now_ms)
{
    uint64_t next;

    while ((next = ordinals_next_ms(s->ordinals)) < now_ms)
        stage_run(s, next < s->now_ms ? s->now_ms : next);
    stage_run(s, now_ms);
}

void stage_fault(struct stage *s, enum fault_kind kind, uint32_t ms,
                 const char *pod)
{
    const struct fault f = {.kind = kind,
                            .of_service = strcmp(pod, "svc") == 0,
                            .ms = ms,
                            .since_ms = s->now_ms,
                            .until_ms = UINT64_MAX,
                            .namespace = "ns",
                            .name = pod};
    struct error err;

    need(faults_add(s->faults, &f, &err) == 0, "the fault is one");
}

void stage_answer(struct stage *s, bool success)
{
    need(s->tickets_n > 0, "somebody is asked");
    ordinals_probed(s->ordinals, s->tickets[0], success);
    s->tickets_n--;
    memmove(s->tickets, s->tickets + 1, s->tickets_n * sizeof s->tickets[0]);
}

// --- what was seen ---------------------------------------------------------

static char *next_text(void)
{
    static _Thread_local char texts[8][4096];
    static _Thread_local unsigned turn;
    char *text = texts[turn++ % 8];

    text[0] = '\0';
    return text;
}

static void add_name(char *text, const char *name)
{
    const size_t n = strlen(text);

    snprintf(text + n, 4096 - n, "%s ", name);
}

const char *stage_told(const struct stage *s, enum ordinals_what what)
{
    char *text = next_text();

    for (size_t i = 0; i < s->events_n && i < STAGE_EVENTS; i++)
        if (s->events[i].what == what)
            add_name(text, s->events[i].name);
    return text;
}

const struct stage_event *stage_last(const struct stage *s,
                                     enum ordinals_what what)
{
    for (size_t i = s->events_n; i-- > 0;)
        if (i < STAGE_EVENTS && s->events[i].what == what)
            return &s->events[i];
    return NULL;
}

void stage_forget(struct stage *s)
{
    s->events_n = 0;
}

// Shorter names first: web-10 stands behind web-9.
static int compare_names(const void *x, const void *y)
{
    const struct object *a = *(const struct object *const *)x;
    const struct object *b = *(const struct object *const *)y;
    const size_t n = strlen(a->name), m = strlen(b->name);

    return n != m ? (n > m) - (n < m) : strcmp(a->name, b->name);
}

static const char *list_names(const struct stage *s, bool ready)
{
    static _Thread_local const struct object *all[256];
    char *text = next_text();
    size_t n = 0;

    for (size_t i = 0; i < s->live_n && n < 256; i++)
        if (s->live[i]->kind == OBJECT_POD &&
            (!ready || (s->live[i]->pod.ready && !s->live[i]->pod.terminating)))
            all[n++] = s->live[i];
    qsort(all, n, sizeof all[0], compare_names);
    for (size_t i = 0; i < n; i++)
        add_name(text, all[i]->name);
    return text;
}

const char *stage_names(const struct stage *s)
{
    return list_names(s, false);
}

const char *stage_ready(const struct stage *s)
{
    return list_names(s, true);
}

// Who is looked for, and where the reason goes.
struct looked {
    const char *name;
    char *reason;
};

static int look_workload(void *context, const struct ordinals_workload_state *w)
{
    const struct looked *l = context;

    if (strcmp(l->name, w->name) == 0)
        snprintf(l->reason, 4096, "%s", w->reason);
    return 0;
}

static int look_pod(void *context, const struct ordinals_pod_state *p)
{
    const struct looked *l = context;

    if (strcmp(l->name, p->pod->name) == 0)
        snprintf(l->reason, 4096, "%s", p->reason);
    return 0;
}

const char *stage_reason(const struct stage *s, const char *name)
{
    struct looked l = {.name = name, .reason = next_text()};

    need(ordinals_look(s->ordinals, NULL, look_workload, look_pod, &l) == 0,
         "looking succeeds");
    return l.reason;
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
