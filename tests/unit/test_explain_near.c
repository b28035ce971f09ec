// SPDX-License-Identifier: Apache-2.0
// What may have been meant by a name that is none.
#include "admin/explain.h"

#include "lib/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- names that are none ---------------------------------------------------

static void an_ordinal_outside_has_the_range(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-9.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "ordinal-outside", "");
    assert_reason(s, "text", "StatefulSet db has the ordinals 0..2");
    assert_true(*stand_reason(s, "help"));
    assert_true(*stand_reason(s, "mend"));
    assert_link(s, "StatefulSet", "db", "replicas 3, ordinals 0..2", 10);
    assert_links(s, 2);
}

static void a_misspelled_service_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "fornt.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "front.prod.svc.cluster.local.");
    assert_word(s, "hint", "did you mean front.prod.svc.cluster.local.?");
    stand_ask(s, "_http._tcp.fron.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "_http._tcp.front.prod.svc.cluster.local.");
    stand_ask(s, "zebra.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown", "");
    assert_word(s, "hint", "");
}

static void a_service_of_another_namespace_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "cache.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "cache.test.svc.cluster.local.");
    assert_part(stand_word(s, "hint"), "service cache in namespace test");
    stand_ask(s, "db-0.db.test", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "db-0.db.prod.svc.cluster.local.");
}

static void a_pod_without_its_service_has_its_whole_name(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-1.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "db-1.db.prod.svc.cluster.local.");
    assert_part(stand_word(s, "hint"), "db-1 is a pod");
}

static void a_statefulset_in_place_of_its_service_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(
        s, "a.yaml",
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: mongo-service, namespace: prod}\n"
        "spec: {clusterIP: None, selector: {app: m}}\n"
        "---\napiVersion: apps/v1\nkind: StatefulSet\n"
        "metadata: {name: mongo, namespace: prod}\n"
        "spec: {serviceName: mongo-service, selector: {matchLabels: {app: "
        "m}},\n"
        "  template: {metadata: {labels: {app: m}}}}\n");
    stand_ask(s, "mongo-0.mongo.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "mongo-0.mongo-service.prod.svc.cluster.local.");
    assert_part(stand_word(s, "hint"), "mongo is a StatefulSet");
}

static void a_misspelled_namespace_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-0.db.prdo", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "db-0.db.prod.svc.cluster.local.");
    stand_ask(s, "tes.svc.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown", "test.svc.cluster.local.");
    // none is near, but there is such a service
    stand_ask(s, "cache.production", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "cache.test.svc.cluster.local.");
}

static void a_misspelled_peer_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    stand_load(s, "b.yaml", stand_given);
    stand_ask(s, "rnig-1.ring.prod", NULL);
    assert_no(s, "NXDOMAIN", "hostname-unknown",
              "ring-1.ring.prod.svc.cluster.local.");
    assert_link(s, "EndpointSlice", "ring-a", "4 endpoints, 2 ready", 6);
}

static void a_misspelled_peer_needs_no_headless_service(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml",
               "apiVersion: v1\nkind: Service\n"
               "metadata: {name: ring, namespace: prod}\n"
               "spec: {clusterIP: 10.96.0.20}\n"
               "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
               "metadata: {name: ring-a, namespace: prod,\n"
               "  labels: {kubernetes.io/service-name: ring}}\n"
               "addressType: IPv4\n"
               "endpoints: [{addresses: [10.1.0.1], hostname: alpha}]\n");
    stand_ask(s, "alhpa.ring.prod", NULL);
    assert_no(s, "NXDOMAIN", "cluster-ip-hostname",
              "alpha.ring.prod.svc.cluster.local.");
    stand_ask(s, "alpha.ring.prod", "A");
    assert_true(s->resolves);
}

static void a_misspelled_port_has_its_neighbour(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "_pere._tcp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_peer._tcp.db.prod.svc.cluster.local.");
    stand_ask(s, "_peer._udp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_peer._tcp.db.prod.svc.cluster.local.");
    stand_ask(s, "_gosip._tcp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "port-unknown",
              "_gossip._udp.db.prod.svc.cluster.local.");
    stand_ask(s, "_gossip._sctp.db.prod", NULL);
    assert_no(s, "NXDOMAIN", "protocol-unknown",
              "_gossip._udp.db.prod.svc.cluster.local.");
}

static void another_domain_has_the_name_with_ours(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "db-0.db.prod.svc.k8s.example.", NULL);
    assert_no(s, "REFUSED", "wrong-domain", "db-0.db.prod.svc.cluster.local.");
    stand_ask(s, "www.example.org.", NULL);
    assert_no(s, "REFUSED", "wrong-domain", "");
    stand_ask(s, "db.prod.svc.cluster.local.test.svc.cluster.local.", NULL);
    assert_no(s, "NXDOMAIN", "name-too-deep", "db.prod.svc.cluster.local.");
}

static void names_without_dot_say_what_a_search_list_makes(void **state)
{
    struct stand *s = *state;
    static const char *const cases[][2] = {
        {"db-0.db.prod", "db-0.db.prod.svc.cluster.local."},
        {"db-0.db.prod.svc", "db-0.db.prod.svc.cluster.local."},
        {"db-0.db", "db-0.db.prod.svc.cluster.local."},
        {"cache", "cache.test.svc.cluster.local."},
        // it is not there, but its service is: that is what to explain
        {"db-9.db.prod", "db-9.db.prod.svc.cluster.local."},
        {"zebra.giraffe", ""},
        {"db-0.db.prod.", ""},
    };

    stand_load(s, "a.yaml", stand_manifests);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(stand_explain(s, cases[i][0], NULL, EXPLAIN_JSON), 0);
        assert_int_equal(
            json_value_read(span_of(s->text, s->n), &s->root, &s->err), 0);
        assert_no(s, "REFUSED", "wrong-domain", cases[i][1]);
    }
    // a service without the peer is less than one with it
    stand_load(s, "b.yaml",
               "apiVersion: v1\nkind: Service\n"
               "metadata: {name: db, namespace: alpha}\n"
               "spec: {clusterIP: 10.96.0.12}\n");
    stand_ask_text(s, "db-0.db", NULL);
    assert_part(s->text, "did you mean db-0.db.prod.svc.cluster.local.?\n");
}

// --- names that are no words -----------------------------------------------

static void a_label_that_is_no_word_is_no_objects_name(void **state)
{
    static const char *const cases[][3] = {
        {"db\\000x.prod", "service-unknown", ""},
        {"db-1\\000.db.prod", "hostname-unknown", ""},
        {"db-1\\.db.prod", "service-unknown", ""},
        {"db.prod.svc\\000x.cluster.local.", "name-unknown", ""},
        // no such namespace, but a service of this name in another
        {"db.prod\\000", "namespace-unknown", "db.prod.svc.cluster.local."},
    };
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stand_ask(s, cases[i][0], NULL);
        assert_no(s, "NXDOMAIN", cases[i][1], cases[i][2]);
        assert_null(stand_link(s, "Pod", "db-1"));
    }
}

static void what_was_meant_is_written_as_names_are(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask(s, "a\\.b.db.prdo", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "a\\.b.db.prod.svc.cluster.local.");
    stand_ask(s, "\\255\\032.front.prdo", NULL);
    assert_no(s, "NXDOMAIN", "namespace-unknown",
              "\\255\\032.front.prod.svc.cluster.local.");
    stand_ask(s, "_\\255._tcp.fornt.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "_\\255._tcp.front.prod.svc.cluster.local.");
}

static void the_longest_names_are_told(void **state)
{
    char label[4 * 63 + 1] = "", name[1100];
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    for (int i = 0; i < 63; i++)
        memcpy(label + 4 * i, "\\255", 5);
    // 3 * 64 + 62 + 1 octets, each of the labels' in four
    snprintf(name, sizeof name, "%s.%s.%s.%s.", label, label, label, label + 8);
    assert_int_equal(stand_explain(s, name, NULL, EXPLAIN_JSON), 0);
    assert_part(s->text, "wrong-domain");
    // 3 * 64 + 35 + 28 octets below a service
    snprintf(name, sizeof name, "%s.%s.%s.%s.db.prdo.svc.cluster.local.", label,
             label, label, label + 4 * (63 - 34));
    assert_int_equal(stand_explain(s, name, NULL, EXPLAIN_JSON), 0);
    assert_part(s->text, "name-too-deep");
    // with the domain behind it, it is too long to be meant
    snprintf(name, sizeof name, "%s.%s.%s.db.prod.a.b.c.d.e.f.g.h", label,
             label, label);
    assert_int_equal(stand_explain(s, name, NULL, EXPLAIN_JSON), 0);
    assert_part(s->text, "\"near\":\"\"");
}

static void of_equally_near_ones_the_first_by_name_is_meant(void **state)
{
    char text[64 * 120] = "";
    struct stand *s = *state;

    // enough that the order in which they are kept is another one each time
    for (char c = 'z'; c >= 'a'; c--) {
        char *end = text + strlen(text);
        snprintf(end, sizeof text - (size_t)(end - text),
                 "---\napiVersion: v1\nkind: Service\n"
                 "metadata: {name: shop-%c, namespace: prod}\n"
                 "spec: {clusterIP: None}\n",
                 c);
    }
    stand_load(s, "a.yaml", text);
    stand_ask(s, "shop-1.prod", NULL);
    assert_no(s, "NXDOMAIN", "service-unknown",
              "shop-a.prod.svc.cluster.local.");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ordinal_outside_has_the_range),
        TEST(a_misspelled_service_has_its_neighbour),
        TEST(a_service_of_another_namespace_is_told),
        TEST(a_pod_without_its_service_has_its_whole_name),
        TEST(a_statefulset_in_place_of_its_service_is_told),
        TEST(a_misspelled_namespace_has_its_neighbour),
        TEST(a_misspelled_peer_has_its_neighbour),
        TEST(a_misspelled_peer_needs_no_headless_service),
        TEST(a_misspelled_port_has_its_neighbour),
        TEST(another_domain_has_the_name_with_ours),
        TEST(names_without_dot_say_what_a_search_list_makes),
        TEST(a_label_that_is_no_word_is_no_objects_name),
        TEST(what_was_meant_is_written_as_names_are),
        TEST(the_longest_names_are_told),
        TEST(of_equally_near_ones_the_first_by_name_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
