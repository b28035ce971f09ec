// SPDX-License-Identifier: Apache-2.0
// What the rules of `check` share. Private to src/check.
#ifndef ORDINALD_CHECK_PRIVATE_H
#define ORDINALD_CHECK_PRIVATE_H

#include "base/arena.h"
#include "check/check.h"
#include "daemon/pipeline.h"
#include "doc/doc.h"
#include "model/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A document as it was read: one object, items of lists apart. Of one file they
// stand in the order of the text.
struct check_document {
    const char *file;
    const struct doc_node *root; // a map
    // as written, or given by a typed list; "" where they are missing
    const char *kind;
    const char *api_version;
};

struct check_finding {
    uint8_t code; // enum reason_code
    struct place at;
    const char *text;
    const char *mend; // "": none
    uint32_t order;   // of its file, when they are sorted
};

// A file, when it was first heard of, or heard of again after another one.
struct check_file {
    const char *text;
    uint32_t order;
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
    uint32_t findings_room;
    struct check_document *documents_all; // what `documents` points at
    uint32_t documents_room;
    const struct check_document **index; // by place
    struct check_file *files;
    uint32_t files_n;
    uint32_t files_room;
    struct check_result result; // in numbers, once they are sorted
};

// Tell a finding. Its level is the reason's, and one that only answers have is
// not told; what is told twice of one place in the same words is one finding.
void check_tell(struct check *c, struct place at, const struct reason *why);

// The same in words of one's own, of any length.
void check_tell_text(struct check *c, struct place at, enum reason_code code,
                     const char *text, const char *mend);

// The document of an object, by its place; NULL for one that was made here.
const struct check_document *check_document_of(const struct check *c,
                                               const struct object *o);

// Whether an error about something in this document was told; false for NULL.
bool check_has_error(const struct check *c, const struct check_document *d);

// The place of a field, "spec.template.spec", "spec.ports[0].name", or of the
// nearest one above it that is there. The second gives the node itself, or
// NULL. A null is not there. Of NULL for a document: no place, no node.
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

// --- the frame -------------------------------------------------------------

// As a listener's `document`; the context is the check.
void check_take_document(void *context, const char *file,
                         const struct doc_node *root);

// Once all documents are there, for check_document_of().
void check_index_documents(struct check *c);

// As a report's `finding`; the context is the check.
void check_take_finding(void *context, enum finding kind, struct place at,
                        const char *text);

// A copy of a file's name that lives as long as the check; NULL without memory.
const char *check_see_file(struct check *c, const char *file);

// Into their order, each once.
void check_sort(struct check *c);

// Room for one item more in an array for free(), or NULL, and no_memory is set.
void *check_grow(struct check *c, void *items, uint32_t n, uint32_t *room,
                 size_t size);

// What was found, sorted, as text and in numbers. Returns 0 or -ENOMEM.
int check_write(struct check *c, enum check_format format,
                struct check_result *out) ORD_CHECKED;

#endif
