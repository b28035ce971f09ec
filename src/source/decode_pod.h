// SPDX-License-Identifier: Apache-2.0
// What a Pod's status says, as far as it is about when and why. Nothing but
// texts needs most of it, so nothing of that is a fault: what is of another
// type than it should be counts as absent. Private to source/.
#ifndef ORDINALD_SOURCE_DECODE_POD_H
#define ORDINALD_SOURCE_DECODE_POD_H

#include "decode.h"

enum pod_condition {
    CONDITION_CONTAINERS_READY,
    CONDITION_READY,
    CONDITION_SCHEDULED,
    CONDITIONS,
};

// In alphabetical order; "": the pod has no such condition.
enum condition_status {
    CONDITION_FALSE,
    CONDITION_TRUE,
    CONDITION_UNKNOWN,
    CONDITION_ABSENT,
};

struct condition {
    uint8_t status;        // enum condition_status
    uint32_t since_unix_s; // 0: not known
    const char *reason;    // borrowed from the document, like all texts here
    const char *message;
};

struct pod_status {
    struct condition conditions[CONDITIONS];
    const struct doc_node *containers;      // containerStatuses, or NULL
    const struct doc_node *init_containers; // the same
    const char *reason;
    const char *message;
    uint32_t started_unix_s; // 0: not known
};

// The text of a scalar; "" for anything else.
static inline const char *decode_remark(const struct doc_node *node)
{
    return node && node->kind == DOC_SCALAR ? node->text : "";
}

// status.conditions, all of them set; of each type the last one counts. Only
// what is wrong with Ready is a fault, because that decides who has a name.
void decode_conditions(struct decoder *d, const struct where *status,
                       const struct doc_node *list,
                       struct condition out[CONDITIONS]);

/*
 * Say since when a pod is where it is, and why it is not ready.
 *
 * out  phase, ready and terminating are known; since_unix_s and reason are set
 */
void decode_pod_why(struct decoder *d, const struct document *in,
                    const struct pod_status *s, struct pod_facts *out);

#endif
