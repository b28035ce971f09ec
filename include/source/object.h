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
 * Each field that is read is checked as the API server checks it, and each key
 * that a map has twice is a fault. Beyond that: addresses such as 127.0.0.2 may
 * stand in slices; an externalName is made lower case and loses its last dot,
 * and an address there is a name as any other; names of ports have at most 62
 * characters, so that "_name" is a DNS label. Annotation ordinald.io/addresses
 * gives the pods of a workload their addresses; a Pod without status gets its
 * own and is running and ready. A Service's ordinald.io/names and
 * ordinald.io/set, and a workload's ordinald.io/address-after, ready-after and
 * gone-after (durations of at most a day as Kubernetes writes them: "1m30s"),
 * count as absent where they say something unknown, with a warning.
 *
 * What a Pod says of when and why is for texts only (pod_facts, since_unix_s
 * and reason), and no fault of it leaves the Pod out: a time that is none
 * counts as absent, with a warning, and all else that is of a wrong type just
 * so.
 *
 * root     the document; borrowed for the call only
 * file     for places; kept by the objects, so it lives as long as they do
 * arena    keeps the objects and all they point at
 * object   called for each object that was decoded without error
 * report   each fault: place, what, how to mend it; kinds that do not concern
 *          DNS as FINDING_DEBUG. An object with a fault is left out whole, one
 *          with a FINDING_WARNING is handed over
 *
 * Returns the number of objects refused, or -ENOMEM.
 */
int object_decode(const struct doc_node *root, const char *file,
                  struct arena *arena,
                  void (*object)(void *context, struct object *o),
                  void *context, const struct report *report) ORD_CHECKED;

#endif
