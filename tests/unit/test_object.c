// SPDX-License-Identifier: Apache-2.0
#include "model/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct label items[] = {
    {"app", "mongo"}, {"role", "db"}, {"empty", ""}};
static const struct labels labels = {.items = items, .n = ORD_COUNT(items)};

static void kinds_have_their_names_in_kubernetes(void **state)
{
    (void)state;
    assert_string_equal(object_kind_name(OBJECT_NAMESPACE), "Namespace");
    assert_string_equal(object_kind_name(OBJECT_SERVICE), "Service");
    assert_string_equal(object_kind_name(OBJECT_ENDPOINT_SLICE),
                        "EndpointSlice");
    assert_string_equal(object_kind_name(OBJECT_ENDPOINTS), "Endpoints");
    assert_string_equal(object_kind_name(OBJECT_POD), "Pod");
    assert_string_equal(object_kind_name(OBJECT_STATEFUL_SET), "StatefulSet");
    assert_string_equal(object_kind_name(OBJECT_DEPLOYMENT), "Deployment");
    assert_string_equal(object_kind_name(OBJECT_REPLICA_SET), "ReplicaSet");
    assert_string_equal(object_kind_name(OBJECT_REPLICATION_CONTROLLER),
                        "ReplicationController");
}

static void protocols_have_lower_case_labels(void **state)
{
    (void)state;
    assert_string_equal(protocol_label(PROTOCOL_TCP), "tcp");
    assert_string_equal(protocol_label(PROTOCOL_UDP), "udp");
    assert_string_equal(protocol_label(PROTOCOL_SCTP), "sctp");
}

static void a_label_is_found_by_its_whole_key(void **state)
{
    (void)state;
    assert_string_equal(labels_get(labels, "role"), "db");
    assert_string_equal(labels_get(labels, "empty"), "");
    assert_null(labels_get(labels, "rol"));
    assert_null(labels_get(labels, "roles"));
    assert_null(labels_get((struct labels){0}, "role"));
}

static bool matches(const char *key, const char *value)
{
    const struct label wanted[] = {{"app", "mongo"}, {key, value}};

    return labels_match((struct labels){.items = wanted, .n = 2}, labels);
}

static void a_selector_matches_when_each_pair_is_a_label(void **state)
{
    (void)state;
    assert_true(matches("role", "db"));
    assert_true(matches("empty", ""));
    assert_false(matches("role", "d"));
    assert_false(matches("role", ""));
    assert_false(matches("zone", "db"));
    assert_false(matches("absent", ""));
}

static void an_empty_selector_matches_everything(void **state)
{
    (void)state;
    assert_true(labels_match((struct labels){0}, labels));
    assert_true(labels_match((struct labels){0}, (struct labels){0}));
    assert_false(labels_match(labels, (struct labels){0}));
}

static void a_text_is_found_by_its_addresses_place(void **state)
{
    (void)state;
    static const uint8_t octets[5][16];
    static const char *const said[] = {"::0", "0::", "0::0"};
    struct address_text texts[3];
    const struct slice_facts none = {0};
    for (uint32_t n = 1; n <= ORD_COUNT(texts); n++) {
        const struct slice_facts s = {.texts = texts, .texts_n = n};
        for (uint32_t i = 0; i < n; i++)
            texts[i] = (struct address_text){octets[i + 1], said[i]};
        for (uint32_t i = 0; i < n; i++)
            assert_ptr_equal(slice_address_text(&s, octets[i + 1]), said[i]);
        assert_null(slice_address_text(&s, octets[0]));
        assert_null(slice_address_text(&s, octets[n + 1]));
    }
    assert_null(slice_address_text(&none, octets[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_their_names_in_kubernetes),
        cmocka_unit_test(protocols_have_lower_case_labels),
        cmocka_unit_test(a_label_is_found_by_its_whole_key),
        cmocka_unit_test(a_selector_matches_when_each_pair_is_a_label),
        cmocka_unit_test(an_empty_selector_matches_everything),
        cmocka_unit_test(a_text_is_found_by_its_addresses_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
