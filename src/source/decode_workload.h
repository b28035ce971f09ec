// SPDX-License-Identifier: Apache-2.0
// What the decoders of a workload share: decode_workload.c reads the pods,
// decode_rules.c what its controller goes by, decode_probe.c what the
// containers are asked. Private to source/.
#ifndef ORDINALD_SOURCE_DECODE_WORKLOAD_H
#define ORDINALD_SOURCE_DECODE_WORKLOAD_H

#include "decode.h"

// The fields of spec, fetched once.
enum workload_spec {
    SPEC_MIN_READY,
    SPEC_ORDINALS,
    SPEC_PAUSED,
    SPEC_CLAIM_POLICY,
    SPEC_POD_POLICY,
    SPEC_REPLICAS,
    SPEC_SELECTOR,
    SPEC_SERVICE,
    SPEC_STRATEGY,
    SPEC_TEMPLATE,
    SPEC_UPDATE,
    SPEC_CLAIMS,
    SPEC_N
};

// The readinessProbes of containers, and of init containers that stay.
struct probes {
    const struct probe *items;
    uint32_t n;
    bool command; // one more is `exec`, which nobody can ask here
};

// Reads what decode_container_ports() has read and found good.
struct probes decode_probes(struct decoder *d, const struct where *pod_spec,
                            const struct doc_node *containers,
                            const struct doc_node *init_containers);

/*
 * What the controller goes by.
 *
 * value   of the fields of spec
 * probes  of the template
 *
 * Returns rules in the arena, or the defaults of the kind where neither spec
 * nor an annotation says anything.
 */
const struct workload_rules *decode_rules(struct decoder *d,
                                          const struct document *in,
                                          enum object_kind kind,
                                          const struct doc_node *const *value,
                                          struct probes probes);

// One number for all that a node says, whatever the order of the keys in its
// maps. NULL is a node, too.
uint64_t node_digest(const struct doc_node *node);

#endif
