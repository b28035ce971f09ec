// SPDX-License-Identifier: Apache-2.0
// From a document to its objects: which kind it is, what all kinds have in
// common, and the lists. What a kind says of itself is read by decode_*.c.
#include "source/object.h"
#include "decode.h"
#include "names.h"

#include <errno.h>

typedef void decode_function(struct decoder *d, const struct document *in,
                             struct object *o);

static void decode_namespace(struct decoder *d, const struct document *in,
                             struct object *o)
{
    // that it exists is all it says
    (void)d;
    (void)in;
    (void)o;
}

// The kinds that reach DNS, with the versions that Kubernetes had of each; what
// we read of a kind is the same in all of them.
static const struct kind {
    enum object_kind kind;
    bool name_is_label; // otherwise a DNS subdomain
    const char *name;
    const char *versions[4]; // the newest one first
    decode_function *decode;
} kinds[] = {
    // K8S 1.34 relaxed the names of services from RFC 1035 to RFC 1123 labels
    {OBJECT_SERVICE, true, "Service", {"v1"}, decode_service},
    {OBJECT_ENDPOINT_SLICE,
     false,
     "EndpointSlice",
     {"discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"},
     decode_slice},
    {OBJECT_ENDPOINTS, false, "Endpoints", {"v1"}, decode_endpoints},
    {OBJECT_POD, false, "Pod", {"v1"}, decode_pod},
    {OBJECT_STATEFUL_SET,
     false,
     "StatefulSet",
     {"apps/v1", "apps/v1beta2", "apps/v1beta1"},
     decode_workload},
    {OBJECT_DEPLOYMENT,
     false,
     "Deployment",
     {"apps/v1", "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1"},
     decode_workload},
    {OBJECT_REPLICA_SET,
     false,
     "ReplicaSet",
     {"apps/v1", "apps/v1beta2", "extensions/v1beta1"},
     decode_workload},
    {OBJECT_REPLICATION_CONTROLLER,
     false,
     "ReplicationController",
     {"v1"},
     decode_workload},
    {OBJECT_NAMESPACE, true, "Namespace", {"v1"}, decode_namespace},
};

static const struct field top_fields[TOP_N] = {
    [TOP_ADDRESS_TYPE] = FIELD("addressType"),
    [TOP_API_VERSION] = FIELD("apiVersion"),
    [TOP_ENDPOINTS] = FIELD("endpoints"),
    [TOP_ITEMS] = FIELD("items"),
    [TOP_KIND] = FIELD("kind"),
    [TOP_METADATA] = FIELD("metadata"),
    [TOP_PORTS] = FIELD("ports"),
    [TOP_SPEC] = FIELD("spec"),
    [TOP_STATUS] = FIELD("status"),
    [TOP_SUBSETS] = FIELD("subsets"),
};

static const struct kind *find_kind(const char *name, size_t n)
{
    for (size_t i = 0; i < ORD_COUNT(kinds); i++) {
        if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, name, n) == 0)
            return &kinds[i];
    }
    return NULL;
}

/*
 * Whether an apiVersion is one of the kind's.
 *
 * A group of somebody's own (serving.knative.dev) may well have a Service: that
 * is another kind. A group of Kubernetes has no dot, or ends with k8s.io: then
 * a version that we do not know is a mistake, as it is to the API server.
 */
enum version { VERSION_OURS, VERSION_FOREIGN, VERSION_WRONG };
static enum version check_version(const struct kind *kind, const char *version)
{
    for (size_t i = 0; i < ORD_COUNT(kind->versions); i++) {
        if (kind->versions[i] && strcmp(kind->versions[i], version) == 0)
            return VERSION_OURS;
    }
    static const char official[] = ".k8s.io";
    const size_t n = strcspn(version, "/"), tail = sizeof official - 1;
    if (!version[n] || !memchr(version, '.', n))
        return VERSION_WRONG;
    return n > tail && memcmp(version + n - tail, official, tail) == 0
               ? VERSION_WRONG
               : VERSION_FOREIGN;
}

// --- metadata ---------------------------------------------------------------

static void decode_owners(struct decoder *d, const struct where *metadata,
                          const struct doc_node *node, struct object *o)
{
    enum { CONTROLLER, KIND, NAME, N };
    static const struct field fields[N] = {FIELD("controller"), FIELD("kind"),
                                           FIELD("name")};
    const struct where list = where_field(metadata, "ownerReferences");
    const struct items owners = decode_items(d, &list, node);
    for (uint32_t i = 0; i < owners.n; i++) {
        const struct doc_node *value[N];
        const struct where owner = where_item(&list, i);
        decode_fields(d, &owner, owners.at[i], fields, N, value);
        const struct where controller = where_field(&owner, "controller");
        const struct where kind = where_field(&owner, "kind");
        const struct where name = where_field(&owner, "name");
        const char *kind_text = decode_string(d, &kind, value[KIND]);
        const char *name_text = decode_string(d, &name, value[NAME]);
        if (!decode_bool(d, &controller, value[CONTROLLER], false))
            continue;
        o->owner_kind = decode_keep(d, kind_text);
        o->owner_name = decode_keep(d, name_text);
    }
}

// metadata.annotations as a node: that all its values are strings is checked
// here, so that the decoders of kinds may use their text as it is.
static const struct doc_node *decode_annotations(struct decoder *d,
                                                 const struct where *metadata,
                                                 const struct doc_node *node)
{
    const struct where where = where_field(metadata, "annotations");
    if (!decode_fields(d, &where, node, NULL, 0, NULL))
        return NULL;
    for (uint32_t i = 0; i < node->n; i++) {
        const struct doc_pair *pair = &node->pairs[i];
        const struct where field = where_field(&where, pair->key->text);
        if (!decode_is_null(pair->value))
            (void)decode_string(d, &field, pair->value);
    }
    return node;
}

const struct doc_node *decode_annotation(const struct document *in,
                                         const char *key)
{
    const struct doc_node *node = doc_get(in->metadata.annotations, key);
    return node && node->kind == DOC_SCALAR ? node : NULL;
}

enum meta {
    META_ANNOTATIONS,
    META_CREATION,
    META_GRACE,
    META_DELETION,
    META_GENERATE_NAME,
    META_LABELS,
    META_NAME,
    META_NAMESPACE,
    META_OWNERS,
    META_UID, // not read: here because all of kubectl's output has it
    META_N
};

static const char *decode_object_name(struct decoder *d,
                                      const struct where *metadata,
                                      const struct document *in,
                                      const struct doc_node *const *value,
                                      bool is_label)
{
    const struct where where = where_field(metadata, "name");
    if (!value[META_NAME]) {
        const struct doc_node *at = in->top[TOP_METADATA];
        decode_fault(d, &where, at ? at : in->node,
                     value[META_GENERATE_NAME]
                         ? "is missing, and generateName needs an API server; "
                           "write a name"
                         : "is missing; write one");
        return "";
    }
    const unsigned faults = d->faults;
    const char *name =
        decode_name(d, &where, value[META_NAME],
                    is_label ? name_label_fault : name_subdomain_fault);
    if (!*name && d->faults == faults && !d->no_memory)
        decode_fault(d, &where, value[META_NAME], "is empty; write one");
    return name;
}

static void decode_metadata(struct decoder *d, struct document *in,
                            const struct kind *kind, struct object *o)
{
    static const struct field fields[META_N] = {
        [META_ANNOTATIONS] = FIELD("annotations"),
        [META_CREATION] = FIELD("creationTimestamp"),
        [META_GRACE] = FIELD("deletionGracePeriodSeconds"),
        [META_DELETION] = FIELD("deletionTimestamp"),
        [META_GENERATE_NAME] = FIELD("generateName"),
        [META_LABELS] = FIELD("labels"),
        [META_NAME] = FIELD("name"),
        [META_NAMESPACE] = FIELD("namespace"),
        [META_OWNERS] = FIELD("ownerReferences"),
        [META_UID] = FIELD("uid"),
    };
    const struct doc_node *value[META_N];
    const struct where at = where_field(NULL, "metadata");
    decode_fields(d, &at, in->top[TOP_METADATA], fields, META_N, value);

    const struct where labels = where_field(&at, "labels");
    const struct where namespace = where_field(&at, "namespace");
    const struct where deletion = where_field(&at, "deletionTimestamp");
    o->name = decode_object_name(d, &at, in, value, kind->name_is_label);
    o->labels = decode_labels(d, &labels, value[META_LABELS]);
    const char *in_namespace =
        decode_name(d, &namespace, value[META_NAMESPACE], name_label_fault);
    if (o->kind != OBJECT_NAMESPACE) // the one kind outside of namespaces
        o->namespace = *in_namespace ? in_namespace : "default";
    decode_owners(d, &at, value[META_OWNERS], o);
    in->metadata.annotations =
        decode_annotations(d, &at, value[META_ANNOTATIONS]);
    in->metadata.creation = value[META_CREATION];
    in->metadata.deletion = value[META_DELETION];
    in->metadata.grace = value[META_GRACE];
    in->metadata.deleted =
        decode_string(d, &deletion, value[META_DELETION]) != NULL;
}

// --- objects and lists ------------------------------------------------------

static void decode_object(struct decoder *d, struct document *in,
                          const struct kind *kind)
{
    struct object *o = decode_array(d, 1, sizeof *o);
    if (!o)
        return;
    *o = (struct object){
        .kind = (uint8_t)kind->kind,
        .at = {d->file, in->node->line, in->node->column},
        .namespace = "",
        .owner_kind = "",
        .owner_name = "",
    };
    decode_metadata(d, in, kind, o);
    kind->decode(d, in, o);
    if (d->faults == 0 && !d->no_memory) {
        o->digest = object_digest(o);
        d->object(d->context, o);
    }
}

// Kinds and versions that an item of a typed list may leave out.
struct inherited {
    const char *kind; // NULL: none
    size_t kind_n;
    const char *version;
};

static void decode_document(struct decoder *d, const struct doc_node *node,
                            struct inherited from);

static void decode_list(struct decoder *d, const struct document *in,
                        struct inherited from)
{
    const struct where where = where_field(NULL, "items");
    const struct items items = decode_items(d, &where, in->top[TOP_ITEMS]);
    d->refused += d->faults != 0;
    for (uint32_t i = 0; i < items.n && !d->no_memory; i++)
        decode_document(d, items.at[i], from);
    d->faults = 0; // each item has told and counted its own
}

static const char list_tail[] = "List";
enum { LIST_SIZE = sizeof list_tail - 1 };

static bool is_list(const char *kind, size_t n)
{
    return n >= LIST_SIZE &&
           memcmp(kind + n - LIST_SIZE, list_tail, LIST_SIZE) == 0;
}

static void skip(const struct decoder *d, const struct document *in,
                 const char *kind, const char *of)
{
    const struct place at = {d->file, in->node->line, in->node->column};
    char shown[SHOWN_SIZE], shown_of[SHOWN_SIZE];
    report_finding(d->report, FINDING_DEBUG, at,
                   "kind '%s'%s%s%s does not concern DNS; skipped",
                   decode_shown(kind, shown), of ? " of '" : "",
                   of ? decode_shown(of, shown_of) : "", of ? "'" : "");
}

static void decode_known(struct decoder *d, struct document *in,
                         const struct kind *kind)
{
    const struct where where = where_field(NULL, "apiVersion");
    const struct doc_node *at = in->top[TOP_API_VERSION];
    if (!in->api_version) {
        decode_fault(d, &where, at ? at : in->node,
                     "is missing; write 'apiVersion: %s'", kind->versions[0]);
        return;
    }
    char shown[SHOWN_SIZE];
    switch (check_version(kind, in->api_version)) {
    case VERSION_OURS:
        decode_object(d, in, kind);
        break;
    case VERSION_FOREIGN:
        skip(d, in, kind->name, in->api_version);
        break;
    case VERSION_WRONG:
        decode_fault(d, &where, at ? at : in->node,
                     "of kind %s must be %s, not '%s'", kind->name,
                     kind->versions[0], decode_shown(in->api_version, shown));
        break;
    }
}

static void dispatch(struct decoder *d, struct document *in,
                     struct inherited from)
{
    const struct where where_kind = where_field(NULL, "kind");
    const struct where where_version = where_field(NULL, "apiVersion");
    const char *kind = decode_string(d, &where_kind, in->top[TOP_KIND]);
    in->api_version =
        decode_string(d, &where_version, in->top[TOP_API_VERSION]);
    const size_t n = kind ? strlen(kind) : from.kind_n;
    if (d->faults)
        return;
    if (!in->api_version)
        in->api_version = from.version;
    if (!kind && !from.kind) {
        decode_fault(d, &where_kind, in->node,
                     "is missing; write what the object is, such as "
                     "'kind: Service'");
        return;
    }
    const struct kind *known = find_kind(kind ? kind : from.kind, n);
    if (known) {
        decode_known(d, in, known);
    } else if (kind && is_list(kind, n) && n == LIST_SIZE) {
        decode_list(d, in, (struct inherited){.kind = NULL});
    } else if (kind && is_list(kind, n) && find_kind(kind, n - LIST_SIZE)) {
        const struct inherited item = {kind, n - LIST_SIZE, in->api_version};
        decode_list(d, in, item);
    } else if (kind) {
        skip(d, in, kind, NULL);
    }
}

static void decode_document(struct decoder *d, const struct doc_node *node,
                            struct inherited from)
{
    struct document in = {.node = node};
    d->faults = 0;
    if (node->kind != DOC_MAP)
        decode_fault(d, NULL, node,
                     "an object must be a map with apiVersion and kind, not %s",
                     doc_type_name(doc_type_of(node)));
    else if (decode_fields(d, NULL, node, top_fields, TOP_N, in.top))
        dispatch(d, &in, from);
    d->refused += d->faults != 0;
}

int object_decode(const struct doc_node *root, const char *file,
                  struct arena *arena,
                  void (*object)(void *context, struct object *o),
                  void *context, const struct report *report)
{
    struct decoder d = {
        .file = file,
        .arena = arena,
        .report = report,
        .object = object,
        .context = context,
    };
    decode_document(&d, root, (struct inherited){0});
    return d.no_memory ? -ENOMEM : d.refused;
}
