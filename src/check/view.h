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
    const struct pods *pods; // by namespace, then in order of the documents
    uint32_t pods_n;
};

// False: no memory, which c->no_memory says then.
bool view_init(struct view *v, struct check *c) ORD_CHECKED;

// Those of one namespace.
struct objects view_in(struct objects all, const char *namespace);
const struct pods *view_pods_in(const struct view *v, const char *namespace,
                                uint32_t *n);

const struct object *view_find(struct objects all, const char *namespace,
                               const char *name);

// Whether an object is to be judged: --namespaces and --label-selector let it
// be seen. The second asks the same of a document.
bool check_sees(const struct check *c, const struct object *o);
bool check_sees_document(const struct check *c, const struct check_document *d);

// Whether a service governs a StatefulSet, in the same namespace.
bool governs(const struct object *service, const struct object *set);

// Whether somebody gives endpoints for a service: slices, or Endpoints.
bool has_endpoints(const struct check *c, const struct object *service);

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

// A document of this kind and name, also a refused one; NULL: none.
const struct check_document *find_document(const struct check *c,
                                           const char *kind,
                                           const char *namespace,
                                           const char *name);

// Whether a container stays: no init container but a sidecar (K8S 1.28).
bool container_stays(const struct doc_node *container, bool init);

// Visit containers, then init containers: those that stay, or all of them.
void each_container(const struct doc_node *pod_spec, bool all,
                    void (*visit)(void *context,
                                  const struct doc_node *container),
                    void *context);

// --- labels -----------------------------------------------------------------

// Whether a controller sets this label on each pod by itself.
bool label_is_automatic(const char *key);

// Whether pods have the labels that a selector wants; `wrong` is the first pair
// that they lack, and may be NULL.
bool pods_match(struct labels selector, const struct pods *pods,
                const struct label **wrong);

// --- words ------------------------------------------------------------------

// A text in the check's arena; "" without memory.
ORD_PRINTF(2, 3)
const char *check_text(struct check *c, const char *format, ...);

// "3:7" for what is in the same file, "FILE:3:7" otherwise.
const char *check_where(struct check *c, struct place from, struct place at);

// Whether it was told that a field of this document means `key`, misspelled or
// out of place: then nothing is said of its absence.
bool field_is_told(const struct check *c, const struct check_document *d,
                   const char *key);

// Whether a text, or a part of one, could not be read at all: nobody knows what
// it would have had, so that nothing is said to be missing.
bool something_is_unread(const struct check *c);

// Take back what the reader of manifests said of this place in a text with this
// part, because a rule says it better. Returns whether it had said so.
bool check_untell(struct check *c, struct place at, const char *part);

// --- rules, by file ---------------------------------------------------------

void check_selectors(const struct view *v);    // selectors.c
void check_waits(const struct view *v);        // waits.c
void check_target_ports(const struct view *v); // ports_target.c
void check_probe_ports(const struct view *v);  // ports_target.c
void check_annotations(struct check *c);       // annotations.c
void check_claims(const struct view *v);       // claims.c

#endif
