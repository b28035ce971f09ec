// SPDX-License-Identifier: Apache-2.0
// Since when a pod is where it is, and why it is not ready, in a few words: the
// most telling of all that its kubelet, its conditions and its spec say.
#include "decode_pod.h"
#include "words.h"

#include <stdio.h>

enum { PROBE_MAX = 50 }; // octets of a probe's name

// --- conditions -------------------------------------------------------------

static const char *const condition_states[] = {[CONDITION_FALSE] = "False",
                                               [CONDITION_TRUE] = "True",
                                               [CONDITION_UNKNOWN] = "Unknown"};

// Ready decides what a pod's name is; the others are for texts only.
static uint8_t decode_condition_status(struct decoder *d,
                                       const struct where *where,
                                       const struct doc_node *node,
                                       enum pod_condition of)
{
    const uint32_t n = ORD_COUNT(condition_states);
    if (of == CONDITION_READY)
        return (uint8_t)decode_word(d, where, node, condition_states, n,
                                    CONDITION_ABSENT);
    for (uint8_t i = 0; i < n; i++) {
        if (strcmp(decode_remark(node), condition_states[i]) == 0)
            return i;
    }
    return CONDITION_ABSENT;
}

static void decode_condition(struct decoder *d, const struct where *where,
                             const struct doc_node *node,
                             struct condition out[CONDITIONS])
{
    enum { SINCE, MESSAGE, REASON, STATUS, TYPE, N };
    static const struct field fields[N] = {FIELD("lastTransitionTime"),
                                           FIELD("message"), FIELD("reason"),
                                           FIELD("status"), FIELD("type")};
    static const char *const types[] = {[CONDITION_CONTAINERS_READY] =
                                            "ContainersReady",
                                        [CONDITION_READY] = "Ready",
                                        [CONDITION_SCHEDULED] = "PodScheduled"};
    const struct doc_node *value[N];
    const struct where at_type = where_field(where, "type");
    const struct where at_status = where_field(where, "status");
    const struct where at_since = where_field(where, "lastTransitionTime");
    decode_fields(d, where, node, fields, N, value);
    const char *type = decode_string(d, &at_type, value[TYPE]);
    for (size_t i = 0; type && i < ORD_COUNT(types); i++) {
        if (strcmp(type, types[i]) != 0)
            continue;
        out[i] = (struct condition){
            .status = decode_condition_status(d, &at_status, value[STATUS],
                                              (enum pod_condition)i),
            .since_unix_s = decode_time(d, &at_since, value[SINCE]),
            .reason = decode_remark(value[REASON]),
            .message = decode_remark(value[MESSAGE]),
        };
    }
}

void decode_conditions(struct decoder *d, const struct where *status,
                       const struct doc_node *list,
                       struct condition out[CONDITIONS])
{
    const struct where where = where_field(status, "conditions");
    const struct items items = decode_items(d, &where, list);
    for (size_t i = 0; i < CONDITIONS; i++)
        out[i] = (struct condition){
            .status = CONDITION_ABSENT, .reason = "", .message = ""};
    for (uint32_t i = 0; i < items.n; i++) {
        const struct where item = where_item(&where, i);
        decode_condition(d, &item, items.at[i], out);
    }
}

// --- probes -----------------------------------------------------------------

static const char *name_of(const struct doc_node *map)
{
    return decode_remark(doc_get(map, "name"));
}

static void add_http(struct words *w, const struct doc_node *get)
{
    const char *scheme = decode_remark(doc_get(get, "scheme"));
    const char *path = decode_remark(doc_get(get, "path"));
    char shown[64];
    // What stands behind a question mark may be a secret.
    snprintf(shown, sizeof shown, "%s%.*s", *path == '/' ? "" : "/",
             (int)strcspn(path, "?#"), path);
    words_add_plain(w, strcmp(scheme, "HTTPS") == 0 ? " https :" : " http :");
    words_add(w, decode_remark(doc_get(get, "port")));
    words_add(w, shown);
}

// "readinessProbe tcp 27017", "readinessProbe http :8080/health"
static void add_probe(struct words *w, const char *kind,
                      const struct doc_node *probe)
{
    const struct doc_node *tcp = doc_get(probe, "tcpSocket");
    const struct doc_node *http = doc_get(probe, "httpGet");
    const struct doc_node *grpc = doc_get(probe, "grpc");
    words_add_plain(w, kind);
    if (http) {
        add_http(w, http);
    } else if (tcp || grpc) {
        words_add_plain(w, tcp ? " tcp " : " grpc ");
        words_add(w, decode_remark(doc_get(tcp ? tcp : grpc, "port")));
    } else if (doc_get(probe, "exec")) {
        // The command itself may be long, and a secret.
        words_add_plain(w, " exec");
    }
}

static struct items list_of(const struct doc_node *node)
{
    return node && node->kind == DOC_LIST ? (struct items){node->items, node->n}
                                          : (struct items){0};
}

static const struct doc_node *status_of(const struct pod_status *s,
                                        const char *container)
{
    const struct items lists[] = {list_of(s->containers),
                                  list_of(s->init_containers)};
    for (size_t l = 0; l < ORD_COUNT(lists); l++) {
        for (uint32_t i = 0; i < lists[l].n; i++) {
            if (strcmp(name_of(lists[l].at[i]), container) == 0)
                return lists[l].at[i];
        }
    }
    return NULL;
}

static bool says(const struct doc_node *map, const char *key, bool value)
{
    const struct doc_node *node = doc_get(map, key);
    return node && doc_type_of(node) == DOC_BOOL && doc_bool(node) == value;
}

// The probe that keeps a container from being ready. K8S: until its
// startupProbe has succeeded the other one is not asked.
static const struct doc_node *probe_of(const struct pod_status *s,
                                       const struct doc_node *container,
                                       const char **kind)
{
    const struct doc_node *status = status_of(s, name_of(container));
    const struct doc_node *startup = doc_get(container, "startupProbe");
    if (says(status, "ready", true))
        return NULL;
    *kind = "readinessProbe";
    if (!startup || !says(status, "started", false))
        return doc_get(container, *kind);
    *kind = "startupProbe";
    return startup;
}

static void add_first_probe(struct words *w, const struct pod_status *s,
                            const struct doc_node *spec)
{
    const struct items lists[] = {list_of(doc_get(spec, "containers")),
                                  list_of(doc_get(spec, "initContainers"))};
    const char *kind;
    for (size_t l = 0; l < ORD_COUNT(lists); l++) {
        for (uint32_t i = 0; i < lists[l].n; i++) {
            const struct doc_node *probe = probe_of(s, lists[l].at[i], &kind);
            if (probe) {
                add_probe(w, kind, probe);
                return;
            }
        }
    }
}

// --- containers -------------------------------------------------------------

static const struct doc_node *state_of(const struct doc_node *status,
                                       const char *when, const char *state)
{
    return doc_get(doc_get(status, when), state);
}

static int64_t exit_code(const struct doc_node *end)
{
    const struct doc_node *node = doc_get(end, "exitCode");
    int64_t code;
    return node && doc_int(node, &code) ? code : 0;
}

static void add_end(struct words *w, const struct doc_node *end)
{
    char code[32];
    snprintf(code, sizeof code, ", exit code %lld", (long long)exit_code(end));
    const char *reason = decode_remark(doc_get(end, "reason"));
    words_add(w, *reason ? reason : "ended");
    words_add_plain(w, code);
}

// How much a container's state says of why the pod is not ready.
enum weight { SAYS_NOTHING, WAITS, ENDED_WELL, ENDED, STUCK };

static enum weight weigh(const struct doc_node *status)
{
    const struct doc_node *end = state_of(status, "state", "terminated");
    const char *waits =
        decode_remark(doc_get(state_of(status, "state", "waiting"), "reason"));
    if (end)
        return exit_code(end) ? ENDED : ENDED_WELL;
    if (!*waits)
        return SAYS_NOTHING;
    // These pass by themselves, most often.
    return strcmp(waits, "ContainerCreating") == 0 ||
                   strcmp(waits, "PodInitializing") == 0
               ? WAITS
               : STUCK;
}

// The container that says most, the first of those that say as much.
static const struct doc_node *heaviest(const struct pod_status *s,
                                       enum weight *out)
{
    const struct items lists[] = {list_of(s->init_containers),
                                  list_of(s->containers)};
    const struct doc_node *found = NULL;
    *out = SAYS_NOTHING;
    for (size_t l = 0; l < ORD_COUNT(lists); l++) {
        for (uint32_t i = 0; i < lists[l].n; i++) {
            enum weight weight = weigh(lists[l].at[i]);
            // An init container that is done is none of the pod's troubles.
            if (l == 0 && weight == ENDED_WELL)
                weight = SAYS_NOTHING;
            if (weight > *out) {
                *out = weight;
                found = lists[l].at[i];
            }
        }
    }
    return found;
}

// "container mongo: ImagePullBackOff: Back-off pulling image ..."
static void add_container(struct words *w, const struct doc_node *status)
{
    const struct doc_node *waits = state_of(status, "state", "waiting");
    const struct doc_node *end = state_of(status, "state", "terminated");
    const struct doc_node *last = state_of(status, "lastState", "terminated");
    const char *reason = decode_remark(doc_get(waits, "reason"));
    words_add_plain(w, "container ");
    words_add(w, name_of(status));
    words_add_plain(w, ": ");
    if (end) {
        add_end(w, end);
    } else if (last && strcmp(reason, "CrashLoopBackOff") == 0) {
        // Its message says how long it waits, not why.
        words_add(w, reason);
        words_add_plain(w, " after ");
        add_end(w, last);
    } else {
        words_add_both(w, reason, decode_remark(doc_get(waits, "message")));
    }
}

// --- the pod ----------------------------------------------------------------

static bool is_unscheduled(const struct pod_status *s)
{
    return s->conditions[CONDITION_SCHEDULED].status == CONDITION_FALSE;
}

// What the condition says, and which probe there is to look at.
static void add_unready(struct words *w, const struct pod_status *s,
                        const struct doc_node *spec)
{
    const struct condition *ready = &s->conditions[CONDITION_READY];
    struct words probe = {.room = PROBE_MAX};
    if (s->conditions[CONDITION_CONTAINERS_READY].status != CONDITION_TRUE)
        add_first_probe(&probe, s, spec);
    w->room -= probe.n ? probe.n + 2 : 0;
    words_add(w, *ready->message ? ready->message : ready->reason);
    w->room = POD_REASON_MAX;
    w->cut = false;
    if (w->n && probe.n)
        words_add_plain(w, "; ");
    words_add_plain(w, probe.text);
}

static void say_why(struct words *w, const struct document *in,
                    const struct pod_status *s, const struct pod_facts *pod)
{
    const struct condition *scheduled = &s->conditions[CONDITION_SCHEDULED];
    const bool ended = pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
    enum weight weight;
    const struct doc_node *container = heaviest(s, &weight);
    if (*s->reason || *s->message)
        words_add_both(w, s->reason, s->message);
    else if (pod->terminating)
        return;
    else if (pod->phase == POD_PENDING && is_unscheduled(s))
        words_add_both(w, scheduled->reason, scheduled->message);
    else if (weight >= (ended ? ENDED_WELL : WAITS))
        add_container(w, container);
    else if (!ended && pod->phase != POD_PENDING)
        add_unready(w, s, in->top[TOP_SPEC]);
}

// When the last of its containers ended.
static uint32_t ended_at(struct decoder *d, const struct pod_status *s)
{
    const struct where status = where_field(NULL, "status");
    const struct {
        struct items items;
        struct where where;
    } lists[] = {
        {list_of(s->containers), where_field(&status, "containerStatuses")},
        {list_of(s->init_containers),
         where_field(&status, "initContainerStatuses")},
    };
    uint32_t last = 0;
    for (size_t l = 0; l < ORD_COUNT(lists); l++) {
        for (uint32_t i = 0; i < lists[l].items.n; i++) {
            const struct where item = where_item(&lists[l].where, i);
            const struct where state = where_field(&item, "state");
            const struct where end = where_field(&state, "terminated");
            const struct where where = where_field(&end, "finishedAt");
            const uint32_t at = decode_time(
                d, &where,
                doc_get(state_of(lists[l].items.at[i], "state", "terminated"),
                        "finishedAt"));
            last = at > last ? at : last;
        }
    }
    return last;
}

// When it was told to go: the deletionTimestamp is when it has to be gone.
static uint32_t deleted_at(struct decoder *d, const struct document *in)
{
    const struct where metadata = where_field(NULL, "metadata");
    const struct where where = where_field(&metadata, "deletionTimestamp");
    const uint32_t at = decode_time(d, &where, in->metadata.deletion);
    int64_t grace_s;
    if (!in->metadata.grace || !doc_int(in->metadata.grace, &grace_s) ||
        grace_s < 0 || grace_s > at)
        return at;
    return at - (uint32_t)grace_s;
}

static uint32_t created_at(struct decoder *d, const struct document *in)
{
    const struct where metadata = where_field(NULL, "metadata");
    const struct where where = where_field(&metadata, "creationTimestamp");
    return decode_time(d, &where, in->metadata.creation);
}

static uint32_t say_since(struct decoder *d, const struct document *in,
                          const struct pod_status *s,
                          const struct pod_facts *pod)
{
    const uint32_t created = created_at(d, in);
    const uint32_t turned = s->conditions[CONDITION_READY].since_unix_s;
    const uint32_t ended = ended_at(d, s);
    if (pod->terminating)
        return deleted_at(d, in);
    if (pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED)
        return ended ? ended : turned;
    if (pod->phase == POD_PENDING)
        return created;
    return turned ? turned : s->started_unix_s ? s->started_unix_s : created;
}

void decode_pod_why(struct decoder *d, const struct document *in,
                    const struct pod_status *s, struct pod_facts *out)
{
    struct words w = {.room = POD_REASON_MAX};
    out->since_unix_s = say_since(d, in, s, out);
    if (!out->ready || out->terminating)
        say_why(&w, in, s, out);
    out->reason = decode_keep(d, w.text);
}
