// SPDX-License-Identifier: Apache-2.0
// Kubernetes objects out of documents: the one decoder, for manifest files and
// for what the API server sends. Control path; pure.
#ifndef ORDINALD_SOURCE_OBJECT_H
#define ORDINALD_SOURCE_OBJECT_H

#include "base/arena.h"
#include "base/error.h"
#include "doc/doc.h"
#include "model/object.h"

/*
 * Decode a document: one object, or a List (also ServiceList and so on) of
 * objects, nested Lists included.
 *
 * root     the document; borrowed for the call only
 * file     for places; kept by the objects, so it lives as long as they do
 * arena    keeps the objects and all they point at
 * object   called for each object that was decoded without error
 * report   each fault: place, what, how to mend it; kinds that do not concern
 *          DNS as FINDING_DEBUG. An object with a fault is left out whole
 *
 * Returns the number of objects refused, or -ENOMEM.
 */
int object_decode(const struct doc_node *root, const char *file,
                  struct arena *arena,
                  void (*object)(void *context, struct object *o),
                  void *context, const struct report *report) ORD_CHECKED;

#endif
