// SPDX-License-Identifier: Apache-2.0
// The chain behind a name that resolves, an alias or an address; and what is
// hidden.
#include "admin/explain.h"

#include "lib/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- what resolves ---------------------------------------------------------

static void a_peer_is_told_with_its_chain(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-1.db.prod", "A");
    assert_true(s->resolves);
    assert_word(s, "name", "db-1.db.prod.svc.cluster.local.");
    assert_word(s, "type", "A");
    assert_word(s, "rcode", "NOERROR");
    assert_answers(s, "A", "10.244.0.2");
    assert_reason(s, "id", "");
    assert_reason(s, "text", "");
    assert_link(s, "Service", "db", "headless, selects app=db", 1);
    assert_link(s, "StatefulSet", "db", "replicas 3, ordinals 0..2", 10);
    assert_link(s, "Pod", "db-1",
                "Running, ready since 22:13:20Z, 2023-11-14; 10.244.0.2", 0);
    assert_links(s, 3);
}

static void the_services_name_has_all_its_pods(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "DB.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "A", "10.244.0.1");
    assert_answers(s, "A", "10.244.0.2");
    assert_answers(s, "A", "10.244.0.3");
    assert_links(s, 5);
    assert_non_null(stand_link(s, "Pod", "db-0"));
    assert_non_null(stand_link(s, "Pod", "db-2"));
}

static void of_two_types_one_is_enough(void **state)
{
    struct stand *s = *state;
    const struct json_value *questions;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "A");
    questions = json_value_get(s->root, "questions");
    assert_int_equal(json_value_count(questions), 2);
    const struct json_value *aaaa = json_value_at(questions, 1);
    assert_string_equal(json_value_text(json_value_get(aaaa, "type")), "AAAA");
    assert_string_equal(json_value_text(json_value_get(aaaa, "id")),
                        "type-absent");
    assert_false(json_value_bool(json_value_get(aaaa, "resolves")));
    stand_ask(s, "db-0.db.prod", "AAAA");
    assert_no(s, "NOERROR", "type-absent", "");
    assert_int_equal(json_value_count(json_value_get(s->root, "questions")), 1);
}

static void both_families_are_told(void **state)
{
    struct stand *s = *state;

    stand_restart(s, "--pod-cidr 10.244.0.0/16,fd00:1::/64");
    stand_load(s, "a.yaml",
               "apiVersion: v1\nkind: Service\n"
               "metadata: {name: db, namespace: prod}\n"
               "spec: {clusterIP: None, selector: {app: db},\n"
               "  ipFamilies: [IPv6, IPv4], ipFamilyPolicy: RequireDualStack}\n"
               "---\napiVersion: apps/v1\nkind: StatefulSet\n"
               "metadata: {name: db, namespace: prod}\n"
               "spec: {serviceName: db, selector: {matchLabels: {app: db}},\n"
               "  template: {metadata: {labels: {app: db}}}}\n");
    stand_ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "A", "10.244.0.1");
    assert_answers(s, "AAAA", "fd00:1::1");
    assert_link(s, "StatefulSet", "db", "replicas 1, ordinal 0", 7);
    assert_link(s, "Pod", "db-0",
                "Running, ready since 22:13:20Z, 2023-11-14; 10.244.0.1, "
                "fd00:1::1",
                0);
}

static void the_type_that_resolves_decides(void **state)
{
    struct stand *s = *state;

    stand_restart(s, "--pod-cidr fd00:1::/64");
    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-0.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "AAAA");
    assert_reason(s, "id", "");
}

static void ports_are_told_where_srv_is_asked(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "_peer._tcp.db.prod", NULL);
    assert_true(s->resolves);
    assert_word(s, "type", "SRV");
    assert_answers(s, "SRV", "0 33 7000 db-0.db.prod.svc.cluster.local.");
    assert_link(s, "Service", "db",
                "headless, selects app=db, ports peer 7000/tcp, gossip "
                "7001/udp",
                1);
}

static void a_virtual_address_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "front.prod", "A");
    assert_true(s->resolves);
    assert_answers(s, "A", "10.96.0.10");
    assert_link(s, "Service", "front",
                "virtual address 10.96.0.10, selects app=db", 19);
    assert_non_null(stand_link(s, "StatefulSet", "db"));
    stand_ask(s, "x.cache.test", NULL);
    assert_no(s, "NXDOMAIN", "no-endpoints", "");
    stand_ask(s, "db-1.front.prod", NULL);
    assert_no(s, "NXDOMAIN", "pod-elsewhere",
              "db-1.db.prod.svc.cluster.local.");
}

// --- aliases ---------------------------------------------------------------

static void an_alias_leads_to_the_chain_behind_it(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "alias.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "CNAME", "db.prod.svc.cluster.local.");
    assert_answers(s, "A", "10.244.0.3");
    assert_link(s, "Service", "alias", "alias of db.prod.svc.cluster.local",
                27);
    assert_link(s, "Service", "db", "headless, selects app=db", 1);
    assert_non_null(stand_link(s, "Pod", "db-2"));
}

static void an_alias_that_leads_outside_resolves(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "outside.prod", NULL);
    assert_true(s->resolves);
    assert_answers(s, "CNAME", "www.example.org.");
    assert_part(stand_word(s, "hint"), "www.example.org. is not served here");
    // it is in the replies of both types
    assert_int_equal(json_value_count(json_value_get(s->root, "answers")), 1);
    assert_links(s, 1);
    stand_ask(s, "x.outside.prod", NULL);
    assert_no(s, "NXDOMAIN", "external-name", "");
}

static void an_alias_of_nothing_has_the_reason_of_its_target(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "astray.prod", "A");
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    assert_answers(s, "CNAME", "none.prod.svc.cluster.local.");
    // what is near its target is the alias itself
    stand_load(s, "b.yaml",
               "apiVersion: v1\nkind: Service\n"
               "metadata: {name: pointer, namespace: prod}\n"
               "spec: {type: ExternalName,\n"
               "  externalName: pointre.prod.svc.cluster.local}\n");
    stand_ask(s, "pointer.prod", "A");
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    stand_ask(s, "round.prod", "A");
    assert_false(s->resolves);
    assert_reason(s, "id", "");
    assert_part(stand_reason(s, "text"), "circle");
    assert_links(s, 2);
}

// --- addresses -------------------------------------------------------------

static void an_address_leads_to_its_pod(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    assert_int_equal(stand_explain(s, "10.244.0.2", NULL, EXPLAIN_TEXT), 0);
    assert_true(s->resolves);
    assert_part(s->text, "2.0.244.10.in-addr.arpa. PTR: resolves\n");
    stand_ask(s, "2.0.244.10.in-addr.arpa.", NULL);
    assert_word(s, "type", "PTR");
    assert_answers(s, "PTR", "db-1.db.prod.svc.cluster.local.");
    assert_non_null(stand_link(s, "Pod", "db-1"));
    assert_null(stand_link(s, "Pod", "db-2"));
    stand_ask(s, "10.0.96.10.in-addr.arpa.", NULL);
    assert_answers(s, "PTR", "front.prod.svc.cluster.local.");
    assert_non_null(stand_link(s, "Service", "front"));
    stand_ask(s, "fd00::1", NULL);
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_links(s, 0);
}

static void an_address_without_a_name_has_its_holder(void **state)
{
    struct stand *s = *state;

    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "2.0.3.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_non_null(stand_link(s, "Service", "kv"));
    assert_non_null(stand_link(s, "Pod", "kv-1"));
    stand_ask(s, "2.0.1.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_link(s, "Endpoint", "ring-1", "not ready; 10.1.0.2", 6);
    stand_ask(s, "2.0.2.10.in-addr.arpa.", "PTR");
    assert_link(s, "Endpoint", "old-1", "not ready; 10.2.0.2", 26);
    stand_ask(s, "256.0.2.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-malformed", "");
}

static void of_many_holders_some_are_told_and_the_others_counted(void **state)
{
    char text[24 * 256] = "apiVersion: v1\nkind: Service\n"
                          "metadata: {name: many, namespace: prod}\n"
                          "spec: {clusterIP: None}\n";
    struct stand *s = *state;

    for (int i = 24; i-- > 0;) {
        char *end = text + strlen(text);
        snprintf(end, sizeof text - (size_t)(end - text),
                 "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                 "metadata: {name: many-%d, namespace: prod,\n"
                 "  labels: {kubernetes.io/service-name: many}}\n"
                 "addressType: IPv4\n"
                 "endpoints: [{addresses: [10.1.0.9], hostname: many-%d,\n"
                 "  conditions: {ready: false}}]\n",
                 i, i);
    }
    stand_load(s, "a.yaml", text);
    stand_ask(s, "9.0.1.10.in-addr.arpa.", "PTR");
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    // a service, ten slices with an endpoint each, in order, and a count
    assert_links(s, 1 + 2 * 10 + 1);
    assert_non_null(stand_link(s, "Endpoint", "many-9"));
    assert_null(stand_link(s, "Endpoint", "many-10"));
    const struct json_value *more = stand_link(s, "Endpoint", "");
    assert_int_equal(json_value_uint(json_value_get(more, "more")), 14);
}

static void a_pod_is_found_by_its_address(void **state)
{
    struct stand *s = *state;

    stand_restart(s, "--pods verified");
    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "10-3-0-2.prod.pod.cluster.local.", NULL);
    assert_true(s->resolves);
    assert_non_null(stand_link(s, "Pod", "kv-1"));
    stand_ask(s, "10-3-0-9.prod.pod.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "pod-address-unknown", "");
    stand_restart(s, "");
    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "10-3-0-2.prod.pod.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "pods-disabled", "");
}

// --- what is not told ------------------------------------------------------

static void what_is_hidden_is_not_told(void **state)
{
    struct stand *s = *state;

    stand_restart(s, "--namespaces test");
    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-0.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown", "");
    assert_links(s, 0);
    assert_word(s, "hint", "");
    stand_ask(s, "front.test", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    stand_ask(s, "2.0.244.10.in-addr.arpa.", NULL);
    assert_no(s, "NXDOMAIN", "address-unknown", "");
    assert_links(s, 0);
    stand_ask(s, "10.0.96.10.in-addr.arpa.", NULL);
    assert_links(s, 0);
    assert_int_equal(stand_explain(s, "db-0.db", NULL, EXPLAIN_TEXT), 0);
    assert_no_part(s->text, "prod");
}

static void slices_that_are_hidden_are_not_told(void **state)
{
    static const char seen[] =
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: r, namespace: prod, labels: {see: me}}\n"
        "spec: {clusterIP: None}\n"
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: r-a, namespace: prod,\n"
        "  labels: {kubernetes.io/service-name: r}}\n"
        "addressType: IPv4\n"
        "endpoints: [{addresses: [10.1.0.1], hostname: r-0}]\n"
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: r-b, namespace: prod,\n"
        "  labels: {kubernetes.io/service-name: r, see: me}}\n"
        "addressType: IPv4\n"
        "endpoints: [{addresses: [10.1.0.2], hostname: r-1}]\n";
    struct stand *s = *state;

    stand_restart(s, "--label-selector see=me");
    stand_load(s, "a.yaml", seen);
    stand_ask(s, "r.prod", NULL);
    assert_true(s->resolves);
    assert_non_null(stand_link(s, "EndpointSlice", "r-b"));
    assert_null(stand_link(s, "EndpointSlice", "r-a"));
    stand_ask(s, "r-0.r.prod", NULL);
    assert_null(stand_link(s, "Endpoint", "r-0"));
    stand_ask(s, "1.0.1.10.in-addr.arpa.", NULL);
    assert_links(s, 0);
}

static void reasons_are_told_where_answers_have_none(void **state)
{
    struct stand *s = *state;

    stand_restart(s, "--no-reasons");
    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-9.db.prod", NULL);
    assert_reason(s, "text", "StatefulSet db has the ordinals 0..2");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_peer_is_told_with_its_chain),
        TEST(the_services_name_has_all_its_pods),
        TEST(of_two_types_one_is_enough),
        TEST(both_families_are_told),
        TEST(the_type_that_resolves_decides),
        TEST(ports_are_told_where_srv_is_asked),
        TEST(a_virtual_address_is_told),
        TEST(an_alias_leads_to_the_chain_behind_it),
        TEST(an_alias_that_leads_outside_resolves),
        TEST(an_alias_of_nothing_has_the_reason_of_its_target),
        TEST(an_address_leads_to_its_pod),
        TEST(an_address_without_a_name_has_its_holder),
        TEST(of_many_holders_some_are_told_and_the_others_counted),
        TEST(a_pod_is_found_by_its_address),
        TEST(what_is_hidden_is_not_told),
        TEST(slices_that_are_hidden_are_not_told),
        TEST(reasons_are_told_where_answers_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
