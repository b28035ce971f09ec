// SPDX-License-Identifier: Apache-2.0
// Words and labels of Kubernetes objects.
#include "model/object.h"

#include <assert.h>
#include <string.h>

const char *pod_phase_name(enum pod_phase phase)
{
    static const char *const names[] = {
        [POD_PENDING] = "Pending",     [POD_RUNNING] = "Running",
        [POD_SUCCEEDED] = "Succeeded", [POD_FAILED] = "Failed",
        [POD_UNKNOWN] = "Unknown",
    };
    assert(phase < ORD_COUNT(names));
    return names[phase];
}

const char *object_kind_name(enum object_kind kind)
{
    static const char *const names[] = {
        [OBJECT_NAMESPACE] = "Namespace",
        [OBJECT_SERVICE] = "Service",
        [OBJECT_ENDPOINT_SLICE] = "EndpointSlice",
        [OBJECT_ENDPOINTS] = "Endpoints",
        [OBJECT_POD] = "Pod",
        [OBJECT_STATEFUL_SET] = "StatefulSet",
        [OBJECT_DEPLOYMENT] = "Deployment",
        [OBJECT_REPLICA_SET] = "ReplicaSet",
        [OBJECT_REPLICATION_CONTROLLER] = "ReplicationController",
    };
    static_assert(ORD_COUNT(names) == OBJECT_KINDS, "each kind has a name");

    assert((size_t)kind < ORD_COUNT(names));
    return names[kind];
}

const char *labels_get(struct labels labels, const char *key)
{
    for (uint32_t i = 0; i < labels.n; i++)
        if (strcmp(labels.items[i].key, key) == 0)
            return labels.items[i].value;
    return NULL;
}

bool labels_match(struct labels selector, struct labels labels)
{
    for (uint32_t i = 0; i < selector.n; i++) {
        const char *value = labels_get(labels, selector.items[i].key);
        if (!value || strcmp(value, selector.items[i].value) != 0)
            return false;
    }
    return true;
}

bool label_is_automatic(const char *key)
{
    static const char *const keys[] = {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "rollouts-pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    };

    for (size_t i = 0; i < ORD_COUNT(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

const char *slice_address_text(const struct slice_facts *s,
                               const uint8_t *octets)
{
    uint32_t low = 0, high = s->texts_n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (s->texts[middle].octets == octets)
            return s->texts[middle].text;
        // not pointers, which C compares within one object only
        if ((uintptr_t)s->texts[middle].octets < (uintptr_t)octets)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *protocol_label(enum protocol p)
{
    static const char *const labels[] = {
        [PROTOCOL_TCP] = "tcp",
        [PROTOCOL_UDP] = "udp",
        [PROTOCOL_SCTP] = "sctp",
    };

    assert((size_t)p < ORD_COUNT(labels));
    return labels[p];
}

bool service_is_about(const struct object *service, const struct object *pod)
{
    const struct labels selector = service->service.selector;

    if (strcmp(pod->namespace, service->namespace) != 0)
        return false;
    return selector.n ? labels_match(selector, pod->labels)
                      : strcmp(pod->pod.subdomain, service->name) == 0;
}

// Kubernetes' defaults (apps/v1); maxUnavailable of a StatefulSet is 1.
const struct workload_rules stateful_set_rules = {
    .max_unavailable = {.value = 1},
};

const struct workload_rules deployment_rules = {
    .max_unavailable = {.value = 25, .percent = true},
    .max_surge = {.value = 25, .percent = true},
};
