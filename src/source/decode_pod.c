// SPDX-License-Identifier: Apache-2.0
// Pods, and what workloads' templates share with them: the ports of containers
// and the annotation that gives addresses.
#include "decode_pod.h"
#include "names.h"

#include <stdlib.h>

// --- container ports --------------------------------------------------------

static void decode_container_port(struct decoder *d, const struct where *where,
                                  const struct doc_node *node,
                                  struct container_port *out)
{
    enum { PORT, NAME, PROTOCOL, N };
    static const struct field fields[N] = {FIELD("containerPort"),
                                           FIELD("name"), FIELD("protocol")};
    const struct doc_node *value[N];
    *out = (struct container_port){.name = ""};
    if (!decode_fields(d, where, node, fields, N, value))
        return;
    const struct where port = where_field(where, "containerPort");
    const struct where name = where_field(where, "name");
    const struct where protocol = where_field(where, "protocol");
    if (!value[PORT])
        decode_fault(d, &port, node, "is missing; write a number");
    out->name = decode_name(d, &name, value[NAME], name_container_port_fault);
    out->number = (uint16_t)decode_int(d, &port, value[PORT], 1, UINT16_MAX, 0);
    out->protocol = decode_protocol(d, &protocol, value[PROTOCOL]);
}

// A list of containers, read twice: to count their ports and to fetch them.
struct containers {
    const struct where *where;
    struct items items;
    bool init; // only those that stay count
};

struct container {
    struct items ports;
    struct where where; // of its ports
    bool counts;
};

enum { CONTAINER_NAME, CONTAINER_PORTS, CONTAINER_RESTART, CONTAINER_N };

// K8S 1.28: an init container with restartPolicy Always is a sidecar, and a
// named targetPort finds its ports like those of the others.
static struct container open_container(struct decoder *d,
                                       const struct containers *in,
                                       const struct where *where,
                                       const struct doc_node *node)
{
    static const struct field fields[CONTAINER_N] = {
        [CONTAINER_NAME] = FIELD("name"),
        [CONTAINER_PORTS] = FIELD("ports"),
        [CONTAINER_RESTART] = FIELD("restartPolicy"),
    };
    const struct doc_node *value[CONTAINER_N];
    const struct where restart = where_field(where, "restartPolicy");
    struct container out = {.where = where_field(where, "ports")};
    if (!decode_fields(d, where, node, fields, CONTAINER_N, value))
        return out;
    out.ports = decode_items(d, &out.where, value[CONTAINER_PORTS]);
    out.counts = true;
    if (in->init) {
        const char *policy =
            decode_string(d, &restart, value[CONTAINER_RESTART]);
        out.counts = policy && strcmp(policy, "Always") == 0;
    }
    return out;
}

static uint32_t count_ports(const struct containers *in)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < in->items.n; i++) {
        const struct doc_node *ports = doc_get(in->items.at[i], "ports");
        n += ports && ports->kind == DOC_LIST ? ports->n : 0;
    }
    return n < UINT32_MAX / 2 ? (uint32_t)n : UINT32_MAX / 2;
}

static uint32_t read_ports(struct decoder *d, const struct containers *in,
                           struct container_port *out, uint32_t room)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < in->items.n; i++) {
        const struct where where = where_item(in->where, i);
        const struct container container =
            open_container(d, in, &where, in->items.at[i]);
        for (uint32_t j = 0; j < container.ports.n && n < room; j++) {
            const struct where port = where_item(&container.where, j);
            decode_container_port(d, &port, container.ports.at[j], &out[n]);
            n += container.counts;
        }
    }
    return n;
}

struct container_ports decode_container_ports(
    struct decoder *d, const struct where *pod_spec,
    const struct doc_node *containers, const struct doc_node *init_containers)
{
    const struct where at = where_field(pod_spec, "containers");
    const struct where init_at = where_field(pod_spec, "initContainers");
    const struct containers of[] = {
        {&at, decode_items(d, &at, containers), false},
        {&init_at, decode_items(d, &init_at, init_containers), true},
    };
    const uint32_t room = count_ports(&of[0]) + count_ports(&of[1]);
    struct container_port *ports = decode_array(d, room, sizeof *ports);
    const uint32_t first = read_ports(d, &of[0], ports, ports ? room : 0);
    const uint32_t rest = read_ports(d, &of[1], ports ? ports + first : NULL,
                                     ports ? room - first : 0);
    return (struct container_ports){ports, first + rest};
}

// --- addresses --------------------------------------------------------------

static bool is_gap(char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The next word of text from *at, or NULL; cut to what `word` holds.
static const char *next_word(const char **at, char word[ADDRESS_TEXT_SIZE + 2])
{
    while (is_gap(**at))
        ++*at;
    size_t n = 0;
    for (; **at && !is_gap(**at); ++*at) {
        if (n < ADDRESS_TEXT_SIZE + 1)
            word[n++] = **at;
    }
    word[n] = '\0';
    return n ? word : NULL;
}

static uint32_t count_words(const char *text)
{
    char word[ADDRESS_TEXT_SIZE + 2];
    uint32_t n = 0;
    while (next_word(&text, word))
        n++;
    return n;
}

static int by_address(const void *a, const void *b)
{
    return address_compare(a, b);
}

// No address belongs to two pods. Sorted: there may be many.
static void check_distinct(struct decoder *d, const struct where *where,
                           const struct doc_node *node,
                           const struct address *items, uint32_t n)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address *sorted = decode_array(d, n, sizeof *sorted);
    if (!sorted)
        return;
    memcpy(sorted, items, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_address);
    for (uint32_t i = 1; i < n; i++) {
        if (address_compare(&sorted[i - 1], &sorted[i]) == 0)
            decode_fault(d, where, node, "has '%s' twice; remove one of them",
                         address_format(&sorted[i], text));
    }
}

struct addresses decode_annotated_addresses(struct decoder *d,
                                            const struct document *in)
{
    const struct where metadata = where_field(NULL, "metadata");
    const struct where annotations = where_field(&metadata, "annotations");
    const struct where where = where_field(&annotations, ANNOTATION_ADDRESSES);
    const struct doc_node *node = decode_annotation(in, ANNOTATION_ADDRESSES);
    if (!node)
        return (struct addresses){0};

    const uint32_t room = count_words(node->text);
    struct address *items = decode_array(d, room, sizeof *items);
    char word[ADDRESS_TEXT_SIZE + 2], shown[SHOWN_SIZE];
    const char *at = node->text;
    uint32_t n = 0;
    const unsigned faults = d->faults;
    while (items && next_word(&at, word)) {
        if (address_parse(word, &items[n]))
            n++;
        else
            decode_fault(d, &where, node,
                         "has '%s', which is no IP address; write addresses "
                         "with commas, blanks or lines between them",
                         decode_shown(word, shown));
    }
    if (items && n > 1 && d->faults == faults)
        check_distinct(d, &where, node, items, n);
    return (struct addresses){items, n};
}

// --- the pod ----------------------------------------------------------------

enum status {
    STATUS_CONDITIONS,
    STATUS_CONTAINERS,
    STATUS_INIT_CONTAINERS,
    STATUS_MESSAGE,
    STATUS_PHASE,
    STATUS_IP,
    STATUS_IPS,
    STATUS_REASON,
    STATUS_STARTED,
    STATUS_N
};

static void add_pod_address(struct decoder *d, const struct where *where,
                            const struct doc_node *node, struct address address,
                            struct pod_facts *out)
{
    if (out->addresses_n == 2 ||
        (out->addresses_n == 1 && out->addresses[0].family == address.family))
        decode_fault(d, where, node,
                     "is a second address of its family; a pod has at most one "
                     "IPv4 and one IPv6 address");
    else
        out->addresses[out->addresses_n++] = address;
}

// status.podIPs; podIP is its first entry, and stands alone in old output.
static void decode_pod_ips(struct decoder *d, const struct where *status,
                           const struct doc_node *const *value,
                           struct pod_facts *out)
{
    static const struct field field = FIELD("ip");
    const struct where one = where_field(status, "podIP");
    const struct where all = where_field(status, "podIPs");
    const struct items items = decode_items(d, &all, value[STATUS_IPS]);
    const char *first = decode_string(d, &one, value[STATUS_IP]);
    struct address address, primary;
    for (uint32_t i = 0; i < items.n; i++) {
        const struct where item = where_item(&all, i);
        const struct where ip = where_field(&item, "ip");
        const struct doc_node *node;
        if (decode_fields(d, &item, items.at[i], &field, 1, &node) &&
            decode_address(d, &ip, node, &address))
            add_pod_address(d, &ip, node, address, out);
    }
    if (!first || !*first ||
        !decode_address(d, &one, value[STATUS_IP], &primary))
        return;
    if (items.n == 0)
        out->addresses[out->addresses_n++] = primary;
    else if (out->addresses_n &&
             address_compare(&primary, &out->addresses[0]) != 0)
        decode_fault(d, &one, value[STATUS_IP],
                     "differs from status.podIPs[0].ip; make them equal");
}

static struct pod_status decode_status(struct decoder *d,
                                       const struct doc_node *node,
                                       struct pod_facts *out)
{
    static const char *const phases[] = {[POD_PENDING] = "Pending",
                                         [POD_RUNNING] = "Running",
                                         [POD_SUCCEEDED] = "Succeeded",
                                         [POD_FAILED] = "Failed",
                                         [POD_UNKNOWN] = "Unknown"};
    static const struct field fields[STATUS_N] = {
        [STATUS_CONDITIONS] = FIELD("conditions"),
        [STATUS_CONTAINERS] = FIELD("containerStatuses"),
        [STATUS_INIT_CONTAINERS] = FIELD("initContainerStatuses"),
        [STATUS_MESSAGE] = FIELD("message"),
        [STATUS_PHASE] = FIELD("phase"),
        [STATUS_IP] = FIELD("podIP"),
        [STATUS_IPS] = FIELD("podIPs"),
        [STATUS_REASON] = FIELD("reason"),
        [STATUS_STARTED] = FIELD("startTime"),
    };
    const struct doc_node *value[STATUS_N];
    const struct where status = where_field(NULL, "status");
    const struct where phase = where_field(&status, "phase");
    const struct where started = where_field(&status, "startTime");
    decode_fields(d, &status, node, fields, STATUS_N, value);
    out->phase = (uint8_t)decode_word(d, &phase, value[STATUS_PHASE], phases,
                                      ORD_COUNT(phases), POD_PENDING);
    decode_pod_ips(d, &status, value, out);
    struct pod_status s = {
        .containers = value[STATUS_CONTAINERS],
        .init_containers = value[STATUS_INIT_CONTAINERS],
        .reason = decode_remark(value[STATUS_REASON]),
        .message = decode_remark(value[STATUS_MESSAGE]),
        .started_unix_s = decode_time(d, &started, value[STATUS_STARTED]),
    };
    decode_conditions(d, &status, value[STATUS_CONDITIONS], s.conditions);
    out->ready = s.conditions[CONDITION_READY].status == CONDITION_TRUE;
    return s;
}

// A pod as people write it has no status; the annotation then says where it is,
// and that it runs and is ready. What a cluster says of its pod goes first.
static void apply_annotation(struct decoder *d, const struct document *in,
                             bool has_status, struct pod_facts *out)
{
    const struct addresses given = decode_annotated_addresses(d, in);
    if (given.n == 0 || has_status)
        return;
    const struct where metadata = where_field(NULL, "metadata");
    const struct where annotations = where_field(&metadata, "annotations");
    const struct where where = where_field(&annotations, ANNOTATION_ADDRESSES);
    const struct doc_node *node = decode_annotation(in, ANNOTATION_ADDRESSES);
    for (uint32_t i = 0; i < given.n; i++)
        add_pod_address(d, &where, node, given.items[i], out);
    out->phase = POD_RUNNING;
    out->ready = true;
}

void decode_pod(struct decoder *d, const struct document *in, struct object *o)
{
    enum { CONTAINERS, HOSTNAME, INIT_CONTAINERS, SUBDOMAIN, N };
    static const struct field fields[N] = {
        FIELD("containers"), FIELD("hostname"), FIELD("initContainers"),
        FIELD("subdomain")};
    const struct doc_node *value[N];
    const struct where spec = where_field(NULL, "spec");
    const struct where hostname = where_field(&spec, "hostname");
    const struct where subdomain = where_field(&spec, "subdomain");
    struct pod_facts *out = &o->pod;

    decode_fields(d, &spec, in->top[TOP_SPEC], fields, N, value);
    const struct container_ports ports = decode_container_ports(
        d, &spec, value[CONTAINERS], value[INIT_CONTAINERS]);
    out->ports = ports.items;
    out->ports_n = ports.n;
    out->hostname =
        decode_name(d, &hostname, value[HOSTNAME], name_label_fault);
    if (*out->hostname && strcmp(out->hostname, o->name) == 0)
        out->hostname = o->name; // a StatefulSet's pod: one copy does
    out->subdomain =
        decode_name(d, &subdomain, value[SUBDOMAIN], name_label_fault);
    out->terminating = in->metadata.deleted;
    const struct doc_node *node = in->top[TOP_STATUS];
    const struct pod_status status = decode_status(d, node, out);
    apply_annotation(d, in, node && node->n > 0, out);
    decode_pod_why(d, in, &status, out);
}
