// SPDX-License-Identifier: Apache-2.0
// What the decoders of the kinds share: fields of a map in one pass, scalars
// checked as the API server checks them, faults that name the field. One
// decoder serves one call of object_decode(). Private to source/.
//
// Reading is sticky: after a fault a reader returns something harmless and the
// caller goes on, so that all faults of an object are told in one run; whether
// there were any is asked once, at the end.
#ifndef ORDINALD_SOURCE_DECODE_H
#define ORDINALD_SOURCE_DECODE_H

#include "base/arena.h"
#include "base/error.h"
#include "doc/doc.h"
#include "model/object.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ANNOTATION_ADDRESSES     "ordinald.io/addresses"
#define ANNOTATION_ADDRESS_AFTER "ordinald.io/address-after"
#define ANNOTATION_READY_AFTER   "ordinald.io/ready-after"
#define ANNOTATION_GONE_AFTER    "ordinald.io/gone-after"
#define ANNOTATION_NAMES         "ordinald.io/names"
#define ANNOTATION_SET           "ordinald.io/set"
#define ANNOTATION_TOLERATE_UNREADY                                            \
    "service.alpha.kubernetes.io/tolerate-unready-endpoints"

struct decoder {
    const char *file;
    struct arena *arena;
    const struct report *report;
    void (*object)(void *context, struct object *o);
    void *context;
    unsigned faults; // of the object being decoded
    int refused;     // objects
    bool no_memory;  // sticky: nothing is handed over any more
};

// A field's place in its object, on the callers' stacks; text is only made of
// it when there is a fault.
struct where {
    const struct where *up; // NULL: a field of the object itself
    const char *key;        // NULL: an item of a list
    uint32_t index;
};

static inline struct where where_field(const struct where *up, const char *key)
{
    return (struct where){.up = up, .key = key};
}

static inline struct where where_item(const struct where *up, uint32_t index)
{
    return (struct where){.up = up, .index = index};
}

// Report a fault of the field at `where`: "<path> <text>", placed at node.
void decode_fault(struct decoder *d, const struct where *where,
                  const struct doc_node *node, const char *format, ...)
    ORD_PRINTF(4, 5);

// Warn of the field at `where` in the same words; the object is good.
void decode_warning(struct decoder *d, const struct where *where,
                    const struct doc_node *node, const char *format, ...)
    ORD_PRINTF(4, 5);

// "<path> must be an integer, not the string "80"; remove the quotes".
void decode_mismatch(struct decoder *d, const struct where *where,
                     const struct doc_node *node, enum doc_type wanted);

// A scalar's text, shortened and made printable for a message.
enum { SHOWN_SIZE = 84 };
const char *decode_shown(const char *text, char out[SHOWN_SIZE]);

// The name of a field. Tables of them are in alphabetical order, as kubectl
// writes fields: then each is found at the first comparison.
struct field {
    const char *text;
    uint32_t n;
};
#define FIELD(text)                                                            \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

/*
 * Fetch the fields of a map in one pass.
 *
 * map     NULL: all fields are absent. Not a map: a fault
 * values  one for each field: its node, or NULL where it is absent or null. A
 *         field that stands there twice is a fault that names both places,
 *         also one that is not asked for
 *
 * Returns whether there is a map.
 */
bool decode_fields(struct decoder *d, const struct where *where,
                   const struct doc_node *map, const struct field *fields,
                   uint32_t fields_n, const struct doc_node **values);

// The items of a list; nothing where node is NULL, or no list (a fault).
struct items {
    struct doc_node *const *at;
    uint32_t n;
};
struct items decode_items(struct decoder *d, const struct where *where,
                          const struct doc_node *node);

// Whether a node is null: Kubernetes treats such a field as absent.
bool decode_is_null(const struct doc_node *node);

// A string, borrowed from node; NULL where node is NULL or, a fault, no string.
const char *decode_string(struct decoder *d, const struct where *where,
                          const struct doc_node *node);

// A copy in the arena, "" for NULL and for the empty string.
const char *decode_keep(struct decoder *d, const char *text);

// An integer within bounds; `absent` where node is NULL or faulty.
int64_t decode_int(struct decoder *d, const struct where *where,
                   const struct doc_node *node, int64_t min, int64_t max,
                   int64_t absent);

bool decode_bool(struct decoder *d, const struct where *where,
                 const struct doc_node *node, bool absent);

// One of a few words, by its index; `absent` where node is NULL or faulty.
int decode_word(struct decoder *d, const struct where *where,
                const struct doc_node *node, const char *const *words,
                uint32_t words_n, int absent);

// The same for a field of our own: another word is warned of and counts as
// absent, because an object that Kubernetes takes is served.
int decode_own_word(struct decoder *d, const struct where *where,
                    const struct doc_node *node, const char *const *words,
                    uint32_t words_n, int absent);

// "TCP" where node is NULL.
uint8_t decode_protocol(struct decoder *d, const struct where *where,
                        const struct doc_node *node);

// The Unix time of RFC 3339 text; 0 where node is NULL, or the time is not from
// 1970 to 2106. Anything else is warned of and counts as absent: times are for
// texts only, and no cluster's object is refused for them.
uint32_t decode_time(struct decoder *d, const struct where *where,
                     const struct doc_node *node);

// A string that is an IP address. False: a fault, or NULL.
bool decode_address(struct decoder *d, const struct where *where,
                    const struct doc_node *node, struct address *out);

// A kept string that passes a check of names.h, "" where node is NULL or "".
const char *decode_name(struct decoder *d, const struct where *where,
                        const struct doc_node *node,
                        const char *(*fault)(const char *text));

// A map of strings: labels, or a selector.
struct labels decode_labels(struct decoder *d, const struct where *where,
                            const struct doc_node *node);

// count objects of size octets, zeroed; NULL for none and without memory.
void *decode_array(struct decoder *d, uint32_t count, size_t size);

// What metadata says that only some kinds need; nodes are borrowed.
struct metadata {
    const struct doc_node *annotations; // NULL unless it is a map
    const struct doc_node *creation;    // creationTimestamp, or NULL
    const struct doc_node *deletion;    // deletionTimestamp, or NULL
    const struct doc_node *grace;       // deletionGracePeriodSeconds, or NULL
    bool deleted;                       // has a deletionTimestamp
};

// The top of each object, fetched once for all kinds.
enum top {
    TOP_ADDRESS_TYPE,
    TOP_API_VERSION,
    TOP_ENDPOINTS,
    TOP_ITEMS,
    TOP_KIND,
    TOP_METADATA,
    TOP_PORTS,
    TOP_SPEC,
    TOP_STATUS,
    TOP_SUBSETS,
    TOP_N
};

struct document {
    const struct doc_node *node;
    const struct doc_node *top[TOP_N];
    struct metadata metadata;
    const char *api_version;
};

// The value of annotation `key`, a scalar, or NULL.
const struct doc_node *decode_annotation(const struct document *in,
                                         const char *key);

// Annotation ordinald.io/addresses: addresses apart by commas, blanks or line
// ends; a text that is none, or one given twice, is a fault.
struct addresses {
    const struct address *items;
    uint32_t n;
};
struct addresses decode_annotated_addresses(struct decoder *d,
                                            const struct document *in);

// Ports of containers, and of init containers that stay (restartPolicy Always).
struct container_ports {
    const struct container_port *items;
    uint32_t n;
};
struct container_ports decode_container_ports(
    struct decoder *d, const struct where *pod_spec,
    const struct doc_node *containers, const struct doc_node *init_containers);

// Ports of a slice, or of an Endpoints' subset: there each needs a number.
struct slice_ports {
    const struct slice_port *items;
    uint32_t n;
};
struct slice_ports decode_slice_ports(struct decoder *d,
                                      const struct where *where,
                                      const struct doc_node *node,
                                      bool required);

// What a slice keeps beside its endpoints. Zeroed before the first of them.
struct beside {
    // private
    struct address_text *texts;
    uint32_t texts_n;
    uint32_t texts_room;
    const char **zones; // in order of their appearance
    uint16_t *order;    // of the zones' names: where each is in zones
    uint32_t zones_n;
    uint32_t zones_room;
    uint32_t last;   // the zone found last
    bool zones_full; // told
};

// text where it is not the one that address_format() gives for a, else NULL.
const char *decode_other_text(const struct address *a, const char *text);

// Keep a copy of an address's text. octets: among an endpoint's addresses
void decode_text(struct decoder *d, struct beside *b, const uint8_t *octets,
                 const char *text);

// The number of an endpoint's zone, which is kept once; 0 where node is NULL, a
// fault, or "".
uint16_t decode_zone(struct decoder *d, struct beside *b,
                     const struct where *where, const struct doc_node *node);

// Hand all of it to the slice.
void decode_beside_end(struct beside *b, struct slice_facts *out);

// The kinds. Each fills its part of o from a document whose metadata is read.
void decode_service(struct decoder *d, const struct document *in,
                    struct object *o);
void decode_slice(struct decoder *d, const struct document *in,
                  struct object *o);
void decode_endpoints(struct decoder *d, const struct document *in,
                      struct object *o);
void decode_pod(struct decoder *d, const struct document *in, struct object *o);
void decode_workload(struct decoder *d, const struct document *in,
                     struct object *o);

// The digest of all facts of an object but its place.
uint64_t object_digest(const struct object *o);

#endif
