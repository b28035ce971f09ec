// SPDX-License-Identifier: Apache-2.0
// What Kubernetes objects say, reduced to the facts that reach DNS. A fact is
// an immutable value in its source's arena; text is NUL-terminated and never
// NULL unless a comment says so. Control path.
#ifndef ORDINALD_MODEL_OBJECT_H
#define ORDINALD_MODEL_OBJECT_H

#include "base/error.h"
#include "base/sockaddr.h"

#include <stdbool.h>
#include <stdint.h>

enum object_kind {
    OBJECT_NAMESPACE,
    OBJECT_SERVICE,
    OBJECT_ENDPOINT_SLICE,
    OBJECT_ENDPOINTS, // the older API: decoded to slices
    OBJECT_POD,
    OBJECT_STATEFUL_SET,
    OBJECT_DEPLOYMENT,
    OBJECT_REPLICA_SET,
    OBJECT_REPLICATION_CONTROLLER,
};

// How many kinds there are.
enum { OBJECT_KINDS = OBJECT_REPLICATION_CONTROLLER + 1 };

// "Service", "StatefulSet".
const char *object_kind_name(enum object_kind kind);

struct label {
    const char *key;
    const char *value;
};

struct labels {
    const struct label *items;
    uint32_t n;
};

// The value of a label, or NULL.
const char *labels_get(struct labels labels, const char *key);

// K8S: an equality selector matches when each of its pairs is a label. An empty
// one matches everything here; what "no selector" means is the owner's affair.
bool labels_match(struct labels selector, struct labels labels);

// K8S: whether a controller gives each of its pods this label by itself, beside
// those of the template.
bool label_is_automatic(const char *key);

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP };

// "tcp", "udp", "sctp": the label in DNS without its underscore.
const char *protocol_label(enum protocol p);

struct service_port {
    const char *name; // "" for none
    uint16_t number;
    uint16_t target;         // 0: same as number, or named
    const char *target_name; // "" unless targetPort is a name
    uint8_t protocol;        // enum protocol
};

enum service_type {
    SERVICE_CLUSTER_IP, // also NodePort and LoadBalancer: a virtual address
    SERVICE_HEADLESS,   // clusterIP: None
    SERVICE_EXTERNAL_NAME,
};

// Which endpoints count: for a name of their own, or for the service's set.
enum endpoint_rule {
    RULE_UNSET,     // the service does not say
    RULE_READY,     // ready, as Kubernetes has it
    RULE_SERVING,   // ready, or serving while it terminates
    RULE_ADDRESSED, // as soon as, and as long as, it has an address
};

// spec.ipFamilies and spec.ipFamilyPolicy, as far as given.
enum ip_family_policy {
    IP_FAMILY_UNSET,
    IP_FAMILY_SINGLE,
    IP_FAMILY_PREFER_DUAL,
    IP_FAMILY_REQUIRE_DUAL,
};

struct service_facts {
    uint8_t type;   // enum service_type
    uint8_t policy; // enum ip_family_policy
    bool publish_not_ready_addresses;
    bool has_selector;
    uint8_t families_n; // of families
    uint8_t addresses_n;
    uint8_t names;               // enum endpoint_rule: ordinald.io/names
    uint8_t set;                 // enum endpoint_rule: ordinald.io/set
    uint8_t families[2];         // enum family, in order of preference
    struct address addresses[2]; // spec.clusterIPs
    const char *external_name;   // "" unless SERVICE_EXTERNAL_NAME
    struct labels selector;
    const struct service_port *ports;
    uint32_t ports_n;
};

struct slice_port {
    const char *name;
    uint16_t number; // 0: none ("all ports"), gives addresses but no SRV
    uint8_t protocol;
};

// One endpoint of a slice: 1 million of them must fit into memory.
struct endpoint {
    const char *hostname;     // "" for none
    const char *pod;          // targetRef.name where it is a Pod, "" for none
    const uint8_t *addresses; // addresses_n times 4 or 16 octets
    uint16_t addresses_n;
    bool ready;       // nil counts as true
    bool serving;     // nil counts as ready
    bool terminating; // nil counts as false
    uint16_t zone;    // of the slice's zones, counted from 1; 0: none
};

// An address that a slice writes in another way than RFC 5952 does: the dashed
// name is made of the text.
struct address_text {
    const uint8_t *octets; // among an endpoint's addresses, by identity
    const char *text;
};

struct slice_facts {
    const char *service; // label kubernetes.io/service-name, "" for none
    uint8_t family;      // enum family; 0: FQDN, which is ignored
    const struct slice_port *ports;
    uint32_t ports_n;
    const struct endpoint *endpoints;
    uint32_t endpoints_n;
    uint32_t texts_n;
    const struct address_text *texts; // sorted by the octets' place in memory
    const char *const *zones;         // distinct names of topology zones
    uint32_t zones_n;
};

/*
 * The text that a slice has for an address; NULL: that of address_format().
 *
 * octets  of one of its endpoints' addresses, by identity
 */
const char *slice_address_text(const struct slice_facts *s,
                               const uint8_t *octets);

// An Endpoints object: one slice for each subset, family and readiness.
struct endpoints_facts {
    const struct slice_facts *slices;
    uint32_t slices_n;
};

struct container_port {
    const char *name;
    uint16_t number;
    uint8_t protocol;
};

enum pod_phase {
    POD_PENDING,
    POD_RUNNING,
    POD_SUCCEEDED,
    POD_FAILED,
    POD_UNKNOWN,
};

// "Pending", "Running".
const char *pod_phase_name(enum pod_phase phase);

enum { POD_REASON_MAX = 100 }; // octets, without the NUL

struct pod_facts {
    const char *hostname;  // "" for none
    const char *subdomain; // "" for none
    uint8_t phase;         // enum pod_phase
    bool ready;            // condition Ready
    bool terminating;      // has a deletionTimestamp
    uint8_t addresses_n;
    // since when it is where it is; 0: not known. One that terminates: when it
    // was told to (deletionTimestamp less the grace period); that ended: when
    // its last container did; Pending: creationTimestamp, scheduled or not;
    // otherwise condition Ready's lastTransitionTime, or without it startTime
    // or creationTimestamp. Of pods made here: when it came to that state
    uint32_t since_unix_s;
    // why it is not ready, in at most POD_REASON_MAX octets, cut at a character
    // with "..." behind it; "" for none, and for pods that are ready. The first
    // of these that there is: status.reason and message ("Evicted: ..."), the
    // condition PodScheduled of a pending one ("Unschedulable: ..."), the
    // container that waits or ended ("container db: ImagePullBackOff: ..."),
    // condition Ready's message with the probe that is asked ("containers with
    // unready status: [db]; readinessProbe tcp 27017"). It has no control
    // characters, addresses, commands and queries in it
    const char *reason;
    struct address addresses[2]; // status.podIPs, the primary one first
    const struct container_port *ports;
    uint32_t ports_n;
};

// How a controller replaces pods of an older revision.
enum update_strategy {
    UPDATE_ROLLING,
    UPDATE_ON_DELETE, // StatefulSet: when somebody deletes them
    UPDATE_RECREATE,  // Deployment: all go before the first one comes
};

// A number of pods, or a part of the replicas.
struct pod_amount {
    uint32_t value;
    bool percent;
};

enum probe_kind { PROBE_TCP, PROBE_HTTP, PROBE_HTTPS, PROBE_GRPC };

struct probe_header {
    const char *name;
    const char *value;
};

// A container's readinessProbe.
struct probe {
    uint8_t kind; // enum probe_kind
    uint16_t port;
    const char *host;    // "": the pod's address
    const char *path;    // PROBE_HTTP, PROBE_HTTPS; begins with a slash
    const char *service; // PROBE_GRPC: whom the server is asked about
    const struct probe_header *headers;
    uint32_t headers_n;
    uint32_t initial_delay_s;
    uint32_t period_s; // at least 1, like the following
    uint32_t timeout_s;
    uint32_t success_threshold; // in a row
    uint32_t failure_threshold;
};

// What a workload's controller goes by, with Kubernetes' defaults filled in.
struct workload_rules {
    uint8_t strategy; // enum update_strategy
    bool parallel;    // podManagementPolicy, StatefulSet only
    bool paused;      // Deployment only
    // persistentVolumeClaimRetentionPolicy: Delete
    bool delete_claims_when_deleted;
    bool delete_claims_when_scaled;
    uint32_t partition; // StatefulSet only
    struct pod_amount max_unavailable;
    struct pod_amount max_surge; // Deployment only
    uint32_t min_ready_s;
    // how long a pod takes to get an address, then to be ready, and to
    // terminate: annotations ordinald.io/address-after, ready-after, gone-after
    uint32_t address_after_ms;
    uint32_t ready_after_ms;
    uint32_t gone_after_ms;
    const char *const *claims; // names of volumeClaimTemplates
    uint32_t claims_n;
    const struct probe *probes; // of the template's containers
    uint32_t probes_n;
    bool command_probe; // one more is a command, which nobody can ask here
};

// What a workload has whose spec says nothing: Kubernetes' defaults.
extern const struct workload_rules stateful_set_rules;
extern const struct workload_rules deployment_rules;

// StatefulSet, Deployment, ReplicaSet and ReplicationController.
struct workload_facts {
    uint32_t replicas;
    uint32_t start;                     // spec.ordinals.start, StatefulSet only
    const char *service;                // spec.serviceName, StatefulSet only
    struct labels selector;             // matchLabels
    struct labels pod_labels;           // template.metadata.labels
    const struct container_port *ports; // of the template's containers
    uint32_t ports_n;
    const struct address *addresses; // annotation ordinald.io/addresses
    uint32_t addresses_n;
    uint64_t revision; // digest of all of spec.template
    const struct workload_rules *rules;
};

struct object {
    uint8_t kind;          // enum object_kind
    struct place at;       // where its document starts
    const char *namespace; // "" for a Namespace
    const char *name;
    struct labels labels;
    const char *owner_kind; // controller among ownerReferences, "" for none
    const char *owner_name;
    uint64_t digest; // equal facts have equal digests; 0 is never one
    union {
        struct service_facts service;
        struct slice_facts slice;
        struct endpoints_facts endpoints;
        struct pod_facts pod;
        struct workload_facts workload;
    };
};

// Whether a Service is about a Pod: it selects it, or, where it has no
// selector, the pod's name stands below it.
bool service_is_about(const struct object *service, const struct object *pod);

#endif
