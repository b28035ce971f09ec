// SPDX-License-Identifier: Apache-2.0
// What a plain list of all objects says of a cluster, one look at each for each
// question: written without the cluster's indexes, to compare them with. All of
// it for cmocka's tests.
#ifndef ORDINALD_TESTS_LIB_PLAIN_H
#define ORDINALD_TESTS_LIB_PLAIN_H

#include "lib/objects.h"
#include "model/cluster.h"
#include "model/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    PLAIN_NAMESPACES = 2,
    PLAIN_NAMES = 3,
    PLAIN_RANKS = 3,
    PLAIN_ADDRESSES = 4,
    PLAIN_TEXT_SIZE = 4096,
};

// All that there are.
extern const char *const plain_namespaces[PLAIN_NAMESPACES];
extern const char *const plain_names[PLAIN_NAMES];
extern const char *const plain_addresses[PLAIN_ADDRESSES]; // of pods

// Settings, in all combinations.
enum {
    PLAIN_SET_NAMESPACES = 1, // only the first is to be seen
    PLAIN_SET_SELECTOR = 2,   // only what has no label `hide`
    PLAIN_SET_NO_ENDPOINTS = 4,
    PLAIN_SET_PODS = 8,
    PLAIN_SETTINGS = 16,
};

// An object under each kind, namespace, name and rank, or none.
struct plain_slot {
    struct object *object;
    uint64_t seed; // it is made of
};

struct plain {
    unsigned settings;
    struct plain_slot slots[OBJECT_KINDS][PLAIN_NAMESPACES][PLAIN_NAMES]
                           [PLAIN_RANKS];
};

// A number below this one.
uint32_t plain_draw(uint64_t *random, uint32_t below);
// The object that a seed makes.
struct object *plain_object(unsigned kind, unsigned ns, unsigned name,
                            uint64_t seed);

// --- what there is ---------------------------------------------------------

// The object that counts, or NULL.
const struct object *plain_find(const struct plain *w, unsigned kind,
                                unsigned ns, unsigned name);
// Whether its labels let it be seen.
bool plain_sees(const struct plain *w, const struct object *o);
// The Service that is to be seen, or NULL.
const struct object *plain_service(const struct plain *w, unsigned ns,
                                   unsigned name);
// Whether they are to be told.
bool plain_service_exists(const struct plain *w, unsigned ns, unsigned name);
bool plain_address_exists(const struct plain *w, unsigned ns, unsigned address);
bool plain_exists(const struct plain *w, unsigned ns);

// --- what is said of a service ---------------------------------------------

// Lines, sorted in the end: the order is another test's affair.
struct plain_lines {
    char text[64][160];
    size_t n;
};

void plain_say(struct plain_lines *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void plain_say_reason(struct plain_lines *l, const char *what, const char *name,
                      const struct reason *r);
void plain_say_port(char ports[64], const char *name, uint16_t number,
                    uint8_t protocol);
void plain_say_line(struct plain_lines *l, uint8_t family, const char *ports,
                    const struct endpoint *e);
void plain_say_slice(struct plain_lines *l, const struct slice_facts *s);
void plain_say_ordinals(struct plain_lines *l, const char *name, uint32_t start,
                        uint32_t n);
void plain_finish(struct plain_lines *l, char text[PLAIN_TEXT_SIZE]);

// Whether its slices are given; they are said unless l is NULL.
bool plain_has_slices(const struct plain *w, unsigned ns, unsigned name,
                      struct plain_lines *l);
// What its pods lack, and why its ordinals have none.
void plain_say_lacks(const struct plain *w, unsigned ns, unsigned name,
                     struct plain_lines *l);
// All of it, as one text.
void plain_expect(const struct plain *w, unsigned ns, unsigned name,
                  char text[PLAIN_TEXT_SIZE]);

// --- a pod as a service sees it --------------------------------------------

// Its endpoints, if it is any.
void plain_say_pod(struct plain_lines *l, const struct object *service,
                   const struct object *pod);
// What it lacks in itself; of NULL nothing.
struct reason plain_ill(const struct object *pod);
// The pair of the selector that it lacks, "app=x", or NULL.
const char *plain_missed(const struct object *service,
                         const struct object *pod);
// Whether one of its addresses is of use to the service.
bool plain_has_family(const struct object *service, const struct object *pod);
// What it lacks to have a name below the service.
struct reason plain_lack(const struct object *service,
                         const struct object *pod);

#endif
