// SPDX-License-Identifier: Apache-2.0
// Objects for tests of what stands behind the decoder. Each has memory of its
// own, so that the address sanitizer sees whoever keeps a dropped one. What
// cannot be made ends the test.
#ifndef ORDINALD_TESTS_LIB_OBJECTS_H
#define ORDINALD_TESTS_LIB_OBJECTS_H

#include "model/object.h"

// At most this many labels, ports, endpoints and so on in one object.
enum { OBJECTS_MANY = 32 };

// An object that says nothing yet. A pod is Running and Ready, a service has a
// virtual address, a slice is IPv4.
struct object *object_make(enum object_kind kind, const char *namespace,
                           const char *name);
// NULL is fine.
void object_drop(struct object *o);

// A copy of a text that lives as long as the object.
const char *object_text(struct object *o, const char *text);

void object_label(struct object *o, const char *key, const char *value);
// A Service's selector.
void object_select(struct object *o, const char *key, const char *value);
// A Service's port; target is a number as text, a name, or "".
void object_port(struct object *o, const char *name, uint16_t number,
                 enum protocol protocol, const char *target);
// A Pod's container port, a slice's port.
void object_number(struct object *o, const char *name, uint16_t number,
                   enum protocol protocol);
// An address of a Pod or a Service.
void object_address(struct object *o, const char *text);
// An endpoint of a slice, or of a slice of an Endpoints object (its first).
void object_endpoint(struct object *o, const char *hostname, const char *pod,
                     const char *address, bool ready);

// Set the digest to a hash of all that was said; returns o.
struct object *object_done(struct object *o);

#endif
