// SPDX-License-Identifier: Apache-2.0
// The readinessProbes of a template's containers.
#include "decode_workload.h"
#include "names.h"

enum handler { EXEC, GRPC, HTTP, TCP, HANDLERS };

static const char *const handler_names[HANDLERS] = {
    [EXEC] = "exec",
    [GRPC] = "grpc",
    [HTTP] = "httpGet",
    [TCP] = "tcpSocket",
};

// --- whom to ask ------------------------------------------------------------

// The number that a container gives to the name of a port; 0: none.
static uint16_t find_port(const struct doc_node *container, const char *name)
{
    const struct doc_node *ports = doc_get(container, "ports");
    for (uint32_t i = 0; ports && ports->kind == DOC_LIST && i < ports->n;
         i++) {
        const struct doc_node *at = doc_get(ports->items[i], "name");
        const struct doc_node *number =
            doc_get(ports->items[i], "containerPort");
        int64_t n;
        if (at && at->kind == DOC_SCALAR && strcmp(at->text, name) == 0 &&
            number && doc_int(number, &n) && n > 0 && n <= UINT16_MAX)
            return (uint16_t)n;
    }
    return 0;
}

// A name that the container does not have is taken by the API server, and the
// kubelet then takes each probe for failed: so does port 0.
static uint16_t decode_named_port(struct decoder *d, const struct where *where,
                                  const struct doc_node *node,
                                  const struct doc_node *container)
{
    const char *wrong = name_container_port_fault(node->text);
    char shown[SHOWN_SIZE];
    const char *name = decode_shown(node->text, shown);
    if (wrong) {
        decode_fault(d, where, node, "'%s' %s", name, wrong);
        return 0;
    }
    const uint16_t number = find_port(container, node->text);
    if (number == 0)
        decode_warning(d, where, node,
                       "names port '%s', which its container does not have: "
                       "no probe will succeed; write its number",
                       name);
    return number;
}

static uint16_t decode_port(struct decoder *d, const struct where *handler,
                            const struct doc_node *at,
                            const struct doc_node *node,
                            const struct doc_node *container)
{
    const struct where where = where_field(handler, "port");
    if (!node) {
        decode_fault(d, &where, at, "is missing; write a number");
        return 0;
    }
    if (container && doc_type_of(node) == DOC_STRING)
        return decode_named_port(d, &where, node, container);
    return (uint16_t)decode_int(d, &where, node, 1, UINT16_MAX, 0);
}

static const char *decode_field_text(struct decoder *d, const struct where *up,
                                     const char *key,
                                     const struct doc_node *node)
{
    const struct where where = where_field(up, key);
    return decode_keep(d, decode_string(d, &where, node));
}

static void decode_tcp(struct decoder *d, const struct where *where,
                       const struct doc_node *node,
                       const struct doc_node *container, struct probe *out)
{
    enum { HOST, PORT, N };
    static const struct field fields[N] = {FIELD("host"), FIELD("port")};
    const struct doc_node *value[N];
    out->kind = PROBE_TCP;
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    out->host = decode_field_text(d, where, "host", value[HOST]);
    out->port = decode_port(d, where, node, value[PORT], container);
}

static void decode_grpc(struct decoder *d, const struct where *where,
                        const struct doc_node *node, struct probe *out)
{
    enum { PORT, SERVICE, N };
    static const struct field fields[N] = {FIELD("port"), FIELD("service")};
    const struct doc_node *value[N];
    out->kind = PROBE_GRPC;
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    out->service = decode_field_text(d, where, "service", value[SERVICE]);
    out->port = decode_port(d, where, node, value[PORT], NULL);
}

// --- HTTP -------------------------------------------------------------------

// RFC 9110 5.6.2: a token. The API server takes no other name of a header.
static bool is_token(const char *text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *text && text[strspn(text, token)] == '\0';
}

static void decode_header(struct decoder *d, const struct where *where,
                          const struct doc_node *node, struct probe_header *out)
{
    enum { NAME, VALUE, N };
    static const struct field fields[N] = {FIELD("name"), FIELD("value")};
    const struct doc_node *value[N];
    const struct where at = where_field(where, "name");
    const unsigned faults = d->faults;
    char shown[SHOWN_SIZE];
    *out = (struct probe_header){"", ""};
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    out->name = decode_field_text(d, where, "name", value[NAME]);
    out->value = decode_field_text(d, where, "value", value[VALUE]);
    if (d->faults == faults && !d->no_memory && !is_token(out->name))
        decode_fault(d, &at, value[NAME] ? value[NAME] : node,
                     "'%s' is no name of a header; write letters, digits and "
                     "'-'",
                     decode_shown(out->name, shown));
}

static void decode_headers(struct decoder *d, const struct where *where,
                           const struct doc_node *node, struct probe *out)
{
    const struct where list = where_field(where, "httpHeaders");
    const struct items items = decode_items(d, &list, node);
    struct probe_header *headers = decode_array(d, items.n, sizeof *headers);
    for (uint32_t i = 0; headers && i < items.n; i++) {
        const struct where item = where_item(&list, i);
        decode_header(d, &item, items.at[i], &headers[i]);
    }
    out->headers = headers;
    out->headers_n = headers ? items.n : 0;
}

// With a slash before it, as the kubelet's request has it.
static const char *decode_path(struct decoder *d, const struct where *up,
                               const struct doc_node *node)
{
    const char *text = decode_field_text(d, up, "path", node);
    if (*text == '/')
        return text;
    const size_t n = strlen(text);
    char *path = arena_bytes(d->arena, n + 2);
    if (!path) {
        d->no_memory = true;
        return "/";
    }
    path[0] = '/';
    memcpy(path + 1, text, n + 1);
    return path;
}

static void decode_http(struct decoder *d, const struct where *where,
                        const struct doc_node *node,
                        const struct doc_node *container, struct probe *out)
{
    enum { HOST, HEADERS, PATH, PORT, SCHEME, N };
    static const struct field fields[N] = {
        FIELD("host"), FIELD("httpHeaders"), FIELD("path"),
        FIELD("port"), FIELD("scheme"),
    };
    static const char *const schemes[] = {"HTTP", "HTTPS"};
    const struct doc_node *value[N];
    const struct where scheme = where_field(where, "scheme");
    out->kind = PROBE_HTTP;
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    out->host = decode_field_text(d, where, "host", value[HOST]);
    out->path = decode_path(d, where, value[PATH]);
    out->port = decode_port(d, where, node, value[PORT], container);
    if (decode_word(d, &scheme, value[SCHEME], schemes, 2, 0) == 1)
        out->kind = PROBE_HTTPS;
    decode_headers(d, where, value[HEADERS], out);
}

// --- when, and what follows -------------------------------------------------

enum {
    PROBE_EXEC,
    PROBE_FAILURE,
    PROBE_GRPC_FIELD,
    PROBE_HTTP_FIELD,
    PROBE_DELAY,
    PROBE_PERIOD,
    PROBE_SUCCESS,
    PROBE_TCP_FIELD,
    PROBE_TIMEOUT,
    PROBE_N
};

// 0 stands for the default, as it does in Kubernetes.
static uint32_t decode_count(struct decoder *d, const struct where *probe,
                             const char *key, const struct doc_node *node,
                             uint32_t preset)
{
    const struct where where = where_field(probe, key);
    const int64_t n = decode_int(d, &where, node, 0, INT32_MAX, 0);
    return n > 0 ? (uint32_t)n : preset;
}

// Which of them is asked; HANDLERS: none, or a fault.
static enum handler find_handler(struct decoder *d, const struct where *where,
                                 const struct doc_node *node,
                                 const struct doc_node *const *handlers)
{
    enum handler found = HANDLERS;
    for (unsigned h = 0; h < HANDLERS; h++) {
        if (!handlers[h])
            continue;
        if (found != HANDLERS) {
            decode_fault(d, where, handlers[h],
                         "has %s and %s; remove one of them",
                         handler_names[found], handler_names[h]);
            return HANDLERS;
        }
        found = (enum handler)h;
    }
    if (found == HANDLERS)
        decode_fault(d, where, node,
                     "does not say what to ask; write tcpSocket, httpGet or "
                     "grpc");
    return found;
}

// Returns whom it asks; HANDLERS after a fault.
static enum handler decode_probe(struct decoder *d, const struct where *where,
                                 const struct doc_node *node,
                                 const struct doc_node *container,
                                 struct probe *out)
{
    static const struct field fields[PROBE_N] = {
        [PROBE_EXEC] = FIELD("exec"),
        [PROBE_FAILURE] = FIELD("failureThreshold"),
        [PROBE_GRPC_FIELD] = FIELD("grpc"),
        [PROBE_HTTP_FIELD] = FIELD("httpGet"),
        [PROBE_DELAY] = FIELD("initialDelaySeconds"),
        [PROBE_PERIOD] = FIELD("periodSeconds"),
        [PROBE_SUCCESS] = FIELD("successThreshold"),
        [PROBE_TCP_FIELD] = FIELD("tcpSocket"),
        [PROBE_TIMEOUT] = FIELD("timeoutSeconds"),
    };
    const struct doc_node *value[PROBE_N];
    *out = (struct probe){.host = "", .path = "", .service = ""};
    if (!decode_fields(d, where, node, fields, PROBE_N, value))
        return HANDLERS;
    out->initial_delay_s =
        decode_count(d, where, "initialDelaySeconds", value[PROBE_DELAY], 0);
    out->period_s =
        decode_count(d, where, "periodSeconds", value[PROBE_PERIOD], 10);
    out->timeout_s =
        decode_count(d, where, "timeoutSeconds", value[PROBE_TIMEOUT], 1);
    out->success_threshold =
        decode_count(d, where, "successThreshold", value[PROBE_SUCCESS], 1);
    out->failure_threshold =
        decode_count(d, where, "failureThreshold", value[PROBE_FAILURE], 3);

    const struct doc_node *const handlers[HANDLERS] = {
        [EXEC] = value[PROBE_EXEC],
        [GRPC] = value[PROBE_GRPC_FIELD],
        [HTTP] = value[PROBE_HTTP_FIELD],
        [TCP] = value[PROBE_TCP_FIELD],
    };
    const enum handler h = find_handler(d, where, node, handlers);
    if (h == HANDLERS)
        return h;
    const struct where at = where_field(where, handler_names[h]);
    if (h == TCP)
        decode_tcp(d, &at, handlers[h], container, out);
    else if (h == HTTP)
        decode_http(d, &at, handlers[h], container, out);
    else if (h == GRPC)
        decode_grpc(d, &at, handlers[h], out);
    return h;
}

// --- containers -------------------------------------------------------------

static uint32_t count_probes(const struct doc_node *containers)
{
    uint32_t n = 0;
    for (uint32_t i = 0;
         containers && containers->kind == DOC_LIST && i < containers->n; i++)
        n += doc_get(containers->items[i], "readinessProbe") != NULL;
    return n;
}

// K8S 1.28: an init container with restartPolicy Always is a sidecar. The API
// server takes a probe of no other init container.
static bool stays(const struct doc_node *container)
{
    const struct doc_node *policy = doc_get(container, "restartPolicy");
    return policy && policy->kind == DOC_SCALAR &&
           strcmp(policy->text, "Always") == 0;
}

static void read_probes(struct decoder *d, const struct where *where,
                        const struct doc_node *containers, bool init,
                        struct probe *room, struct probes *out)
{
    for (uint32_t i = 0;
         containers && containers->kind == DOC_LIST && i < containers->n; i++) {
        const struct doc_node *container = containers->items[i];
        const struct where item = where_item(where, i);
        const struct where at = where_field(&item, "readinessProbe");
        const struct doc_node *node = doc_get(container, "readinessProbe");
        if (!node)
            continue;
        if (init && !stays(container)) {
            decode_fault(d, &at, node,
                         "is for containers that stay; write 'restartPolicy: "
                         "Always', or remove it");
            continue;
        }
        const enum handler h =
            decode_probe(d, &at, node, container, &room[out->n]);
        out->command |= h == EXEC;
        out->n += h != EXEC && h != HANDLERS;
    }
}

struct probes decode_probes(struct decoder *d, const struct where *pod_spec,
                            const struct doc_node *containers,
                            const struct doc_node *init_containers)
{
    const struct where at = where_field(pod_spec, "containers");
    const struct where init_at = where_field(pod_spec, "initContainers");
    const uint32_t n = count_probes(containers) + count_probes(init_containers);
    struct probe *room = decode_array(d, n, sizeof *room);
    struct probes out = {.items = room};
    if (!room)
        return out;
    read_probes(d, &at, containers, false, room, &out);
    read_probes(d, &init_at, init_containers, true, room, &out);
    return out;
}
