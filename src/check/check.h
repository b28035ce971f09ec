// SPDX-License-Identifier: Apache-2.0
// What the rules of `check` share. Private to src/check.
#ifndef ORDINALD_CHECK_PRIVATE_H
#define ORDINALD_CHECK_PRIVATE_H

#include "base/arena.h"
#include "check/check.h"
#include "daemon/pipeline.h"
#include "doc/doc.h"
#include "model/reason.h"

// A document as it was read: one object, items of lists apart.
struct check_document {
    const char *file;
    const struct doc_node *root; // a map
};

struct check_finding {
    uint8_t code; // enum reason_code
    struct place at;
    const char *text;
    const char *mend; // "": none
};

struct check {
    // read-only for the rules
    const struct settings *settings;
    struct pipeline pipeline; // loaded, its zone complete
    const struct check_document *documents;
    uint32_t documents_n;
    // for what a rule keeps until the end of the run
    struct arena arena;
    bool no_memory; // sticky; set it where the arena gives nothing

    // private
    struct check_finding *findings;
    uint32_t findings_n;
};

// Tell a finding. Its level is the reason's; what is told twice of one place in
// the same words is one finding.
void check_tell(struct check *c, struct place at, const struct reason *why);

// The document of an object, by its place; NULL for one that was made here.
const struct check_document *check_document_of(const struct check *c,
                                               const struct object *o);

// The place of a field, "spec.template.spec", or of the nearest one above it
// that is there. The second gives the node itself, or NULL.
struct place check_place(const struct check_document *d, const char *path);
const struct doc_node *check_node(const struct check_document *d,
                                  const char *path);

// The rules, by what they are about.
void check_fields(struct check *c);   // names of fields, document by document
void check_services(struct check *c); // StatefulSets and the services they name
void check_ports(struct check *c);
void check_names(struct check *c);
void check_addresses(struct check *c);
void check_peers(struct check *c); // what the zone answers for each of them
void check_sizes(struct check *c);

#endif
