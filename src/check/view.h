// SPDX-License-Identifier: Apache-2.0
// The objects that rules compare with each other, in a fixed order, and what
// documents say of pods. Private to src/check.
#ifndef ORDINALD_CHECK_VIEW_H
#define ORDINALD_CHECK_VIEW_H

#include "check.h"

#include "base/nearest.h"

// Pods as a document describes them: a workload's template, or a Pod. Of any
// kind, also of those that the model knows nothing of.
struct pods {
    const struct check_document *document;
    const char *namespace;
    const char *kind; // "Deployment"; "" where only a list around it says so
    const char *name;
    const struct doc_node *labels; // NULL: none
    const struct doc_node *spec;   // NULL: none
    bool given;                    // a Pod, not a template
};

// Objects that count, by namespace and name; hidden ones are among them.
struct objects {
    const struct object *const *items;
    uint32_t n;
};

struct view {
    struct check *check;
    struct objects services;
    struct objects sets;     // StatefulSets
    const struct pods *pods; // in the order of the documents
    uint32_t pods_n;
    const struct related *related; // view_related()
    uint32_t related_n;
};

// False: no memory, which c->no_memory says then.
bool view_init(struct view *v, struct check *c) ORD_CHECKED;

// Those of one namespace.
struct objects view_in(struct objects all, const char *namespace);

const struct object *view_find(struct objects all, const char *namespace,
                               const char *name);

// --- what belongs together --------------------------------------------------

// What is found by a text, so that no rule walks over all for each of them.
enum relation {
    DOCUMENTS_NAMED,   // documents, by namespace and name
    OPERATORS,         // documents of kinds that may make pods, by namespace
    SERVICES_NAMED,    // services of all namespaces, by name
    SETS_OF_SERVICE,   // StatefulSets, by namespace and spec.serviceName
    SLICES_OF_SERVICE, // EndpointSlices with endpoints, likewise
    SETS_LABELLED,     // StatefulSets, by namespace and each of their pods'
    PODS_LABELLED,     // labels, or of these: struct pods
};

struct related {
    enum relation relation;
    const char *namespace;
    const char *name;  // of a label: its key
    const char *value; // of a label
    const void *item;  // what is found
    uint32_t order;    // in which they were given
};

// Rows, in the order in which their items stand in the view.
struct relatives {
    const struct related *at;
    uint32_t n;
};

// The view's rows, from all that it has else. False: no memory.
bool view_relate(struct view *v) ORD_CHECKED;

// value: "" unless it is about labels; of these "" and "" gives all.
struct relatives view_related(const struct view *v, enum relation relation,
                              const char *namespace, const char *name,
                              const char *value);

// Those that a selector may match: they carry that of its labels that the
// fewest do, or may be given all of them.
struct relatives view_candidates(const struct view *v, enum relation relation,
                                 const char *namespace, struct labels selector);

// The first StatefulSet that is judged and that a service governs, or NULL.
const struct object *governed_set(const struct view *v,
                                  const struct object *service);

// Whether somebody gives endpoints for a service: slices, or Endpoints.
bool has_endpoints(const struct view *v, const struct object *service);

// --- what is seen -----------------------------------------------------------

// Whether an object is to be judged: --namespaces and --label-selector let it
// be seen. The second asks the same of a document.
bool check_sees(const struct check *c, const struct object *o);
bool check_sees_document(struct check *c, const struct check_document *d);

// --- documents --------------------------------------------------------------

struct place place_of(const struct check_document *d,
                      const struct doc_node *node);

// The text of a scalar, or "".
const char *text_of(const struct doc_node *node);
// The same for a field of a map.
const char *field_text(const struct doc_node *map, const char *key);

// The n items of a list field; none where it is absent, or no list.
struct nodes {
    struct doc_node *const *at;
    uint32_t n;
};
struct nodes field_items(const struct doc_node *map, const char *key);

// metadata.namespace, or "default"; metadata.name, or "".
const char *document_namespace(const struct check_document *d);
const char *document_name(const struct check_document *d);

// Whether its kind is one of Kubernetes' own, not somebody's of that name.
bool document_is_official(const struct check_document *d);

// Visit containers, then init containers: all of them, or those that stay,
// which of the latter are sidecars (K8S 1.28).
void each_container(const struct doc_node *pod_spec, bool all,
                    void (*visit)(void *context,
                                  const struct doc_node *container),
                    void *context);

// --- labels -----------------------------------------------------------------

// Whether pods have the labels that a selector wants.
bool pods_match(struct labels selector, const struct pods *pods);

// --- words ------------------------------------------------------------------

// A text in the check's arena; "" without memory.
ORD_PRINTF(2, 3)
const char *check_text(struct check *c, const char *format, ...);

// "3:7" for what is in the same file, "FILE:3:7" otherwise.
const char *check_where(struct check *c, struct place from, struct place at);

#endif
