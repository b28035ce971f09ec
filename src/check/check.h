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
    uint8_t code; // enum reason_code; REASON_NONE: taken back
    struct place at;
    const char *text;
    const char *mend; // "": none
    uint32_t order;   // of its file, when they are sorted
    uint32_t next;    // of those in the same document; CHECK_NO_FINDING
};

enum { CHECK_NO_FINDING = UINT32_MAX };

// Where a document begins, and what was found from there on to the next one. Of
// a file that was read twice the last document stands for both.
struct check_slot {
    const struct check_document *document;
    uint32_t last_line; // of it; 0: not known yet
    uint32_t findings;  // the first of a chain
};

// A file, when it was first heard of, or heard of again after another one.
struct check_file {
    const char *text;
    uint32_t order;
};

// A text in which something could not be read; NULL: it cannot be had again.
struct check_unread {
    struct check_unread *next;
    const char *text;
};

struct check {
    // read-only for the rules
    const struct settings *settings;
    struct pipeline pipeline; // loaded, its zone complete
    const struct check_document *documents;
    uint32_t documents_n;
    // for what a rule keeps until the end of the run
    struct arena arena;
    bool no_memory;          // sticky; set it where the arena gives nothing
    const struct view *view; // what they compare with each other

    // private
    struct check_finding *findings;
    uint32_t findings_n;
    uint32_t findings_room;
    struct check_document *documents_all; // what `documents` points at
    uint32_t documents_room;
    struct check_slot *slots; // by place
    uint32_t slots_n;
    bool unread;                       // something_is_unread()
    struct check_unread *unread_texts; // NULL: not looked at yet
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

// Take back what the reader of manifests said of this place in a text with this
// part, because a rule says it better. Returns whether it had said so.
bool check_untell(struct check *c, struct place at, const char *part);

// Whether an error about something in this document was told; false for NULL.
bool check_has_error(const struct check *c, const struct check_document *d);

// Whether it was told that a field of this document means `key`, misspelled or
// out of place: then nothing is said of its absence.
bool field_is_told(const struct check *c, const struct check_document *d,
                   const char *key);

// Whether a text, or a part of one, could not be read at all: nobody knows what
// it would have had, so that nothing is said to be missing.
bool something_is_unread(const struct check *c);

// The same where it is known what is missing: whether an object of this name
// may stand in such a text.
bool name_is_unread(struct check *c, const char *name);

// Whether a finding is of that kind.
bool check_is_unread(const struct check *c, const struct check_finding *f);

// The document of an object, by its place; NULL for one that was made here.
const struct check_document *check_document_of(const struct check *c,
                                               const struct object *o);

// The place of a field, "spec.template.spec", "spec.ports[0].name", or of the
// nearest one above it that is there. The second gives the node itself, or
// NULL. A null is not there. Of NULL for a document: no place, no node.
struct place check_place(const struct check_document *d, const char *path);
const struct doc_node *check_node(const struct check_document *d,
                                  const char *path);

// The rules, each with the file of its name.
void check_fields(struct check *c);   // names of fields, document by document
void check_services(struct check *c); // StatefulSets and the services they name
void check_selectors(struct check *c);
void check_waits(struct check *c);
void check_ports(struct check *c);
void check_target_ports(struct check *c); // ports_target.c
void check_probe_ports(struct check *c);  // ports_target.c
void check_names(struct check *c);
void check_annotations(struct check *c);
void check_claims(struct check *c);
void check_addresses(struct check *c);
void check_peers(struct check *c); // what the zone answers for each of them
void check_sizes(struct check *c);

// --- the frame -------------------------------------------------------------

// As a listener's `document`; the context is the check.
void check_take_document(void *context, const char *file,
                         const struct doc_node *root);

// Once all documents are there, for all that looks for one.
void check_index_documents(struct check *c);

// The last document that does not begin behind a place; NULL: none in its file,
// or not indexed yet.
struct check_slot *check_slot_at(const struct check *c, struct place at);

// To the document that it is about: one finding, or all that there are.
void check_file_finding(struct check *c, uint32_t index);
void check_file_findings(struct check *c);

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
