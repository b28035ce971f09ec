// SPDX-License-Identifier: Apache-2.0
// A server in a box that is asked to explain, and what it told last. One
// thread. What should not fail ends the test, at the caller's line where a line
// is given.
#ifndef ORDINALD_TESTS_LIB_STAND_H
#define ORDINALD_TESTS_LIB_STAND_H

#include "admin/explain.h"
#include "doc/json.h"
#include "lib/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// In namespace prod: StatefulSet db of three below its headless service, front
// with a virtual address for the same pods, and ExternalNames; cache in
// namespace test.
extern const char stand_manifests[];

// In namespace prod endpoints that are given: ring has a slice, old Endpoints,
// and kv the pods of a StatefulSet, each in another state.
extern const char stand_given[];

struct stand {
    // read-only
    struct world *world;
    char *text;
    size_t n;
    bool resolves;
    struct json_value *root; // of JSON
    struct error err;
};

// For cmocka_unit_test_setup_teardown(); nothing is loaded.
int stand_set_up(void **state);
int stand_tear_down(void **state);

// Start anew with other options; nothing is loaded.
void stand_restart(struct stand *s, const char *options);

void stand_load(struct stand *s, const char *file, const char *text);

// stand_manifests with another number of replicas, as a.yaml.
void stand_load_replicas(struct stand *s, const char *replicas);

// The number of a type; NULL: 0.
uint16_t stand_type(const char *type);

// Ask; type NULL: none given. Returns what explain() does.
int stand_explain(struct stand *s, const char *name, const char *type,
                  enum explain_format format);

// Ask in JSON. A relative name gets svc.<domain>.
void stand_ask(struct stand *s, const char *name, const char *type);

void stand_ask_text(struct stand *s, const char *name, const char *type);

// --- what it told in JSON --------------------------------------------------

// The text at a key, of all or of "reason".
const char *stand_word(const struct stand *s, const char *key);
const char *stand_reason(const struct stand *s, const char *key);

// A link of the chain; NULL: there is none.
const struct json_value *stand_link(const struct stand *s, const char *kind,
                                    const char *name);

void stand_check_no(struct stand *s, const char *rcode, const char *id,
                    const char *near, int line);
void stand_check_link(struct stand *s, const char *kind, const char *name,
                      const char *state, unsigned at, int line);
void stand_check_answer(struct stand *s, const char *type, const char *data,
                        int line);
void stand_check_part(const char *text, const char *part, bool is, int line);

// It does not resolve: the RCODE, the reason's id, and the name that is near.
#define assert_no(s, rcode, id, near)                                          \
    stand_check_no(s, rcode, id, near, __LINE__)
// A link with this state, at this line of its manifest.
#define assert_link(s, kind, name, state, at)                                  \
    stand_check_link(s, kind, name, state, at, __LINE__)
#define assert_links(s, n)                                                     \
    assert_int_equal(json_value_count(json_value_get((s)->root, "chain")), n)
#define assert_answers(s, type, data)                                          \
    stand_check_answer(s, type, data, __LINE__)
#define assert_part(text, part)    stand_check_part(text, part, true, __LINE__)
#define assert_no_part(text, part) stand_check_part(text, part, false, __LINE__)
#define assert_word(s, key, text)  assert_string_equal(stand_word(s, key), text)
#define assert_reason(s, key, text)                                            \
    assert_string_equal(stand_reason(s, key), text)

#endif
