// SPDX-License-Identifier: Apache-2.0
// What the API server demands of names (apimachinery's validation). Each check
// returns NULL when text passes, otherwise what is wrong, to be read behind
// "metadata.name 'Web' ". Pure. Private to source/.
#ifndef ORDINALD_SOURCE_NAMES_H
#define ORDINALD_SOURCE_NAMES_H

// RFC 1123 2.1: a DNS label in lower case, at most 63 characters.
const char *name_label_fault(const char *text);

// RFC 1123 2.1: labels with dots between them, at most 253 characters.
const char *name_subdomain_fault(const char *text);

// RFC 6335 5.1: a port's name as containers and targetPort write it.
const char *name_container_port_fault(const char *text);

// A port's name as services and slices write it, short enough for "_name".
const char *name_service_port_fault(const char *text);

// A label's key, "prefix/name" or "name", and its value.
const char *name_label_key_fault(const char *text);
const char *name_label_value_fault(const char *text);

#endif
