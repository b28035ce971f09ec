// SPDX-License-Identifier: Apache-2.0
// Kubernetes objects out of documents: what is understood, what is refused, and
// in which words.
#include "source/object.h"

#include "lib/decoded.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n"
#define SLICE                                                                  \
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"                   \
    "metadata: {name: a, labels: {kubernetes.io/service-name: a}}\n"
#define ENDPOINTS "apiVersion: v1\nkind: Endpoints\nmetadata: {name: a}\n"
#define POD       "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
#define STS                                                                    \
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec:\n"
#define TEMPLATE                                                               \
    "  selector: {matchLabels: {app: a}}\n"                                    \
    "  template: {metadata: {labels: {app: a}}}\n"

// --- one text decoded -------------------------------------------------------

// Manifests that are written by a loop.
struct text {
    size_t n;
    char octets[8 << 20];
};

static struct text *text_new(const char *head)
{
    struct text *t = test_malloc(sizeof *t);
    t->n = strlen(head);
    memcpy(t->octets, head, t->n + 1);
    return t;
}

ORD_PRINTF(2, 3)
static void text_add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n =
        vsnprintf(t->octets + t->n, sizeof t->octets - t->n, format, arguments);
    va_end(arguments);
    assert_in_range(n, 1, sizeof t->octets - t->n - 1);
    t->n += (size_t)n;
}

// --- all kinds --------------------------------------------------------------

static void an_object_knows_its_place_name_and_owner(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o =
        decode_one("# comment\n"
                   "apiVersion: v1\nkind: Pod\n"
                   "metadata:\n  name: web-0\n  namespace: shop\n"
                   "  labels: {b: \"2\", a: x}\n"
                   "  ownerReferences:\n"
                   "  - {kind: Node, name: node, apiVersion: v1}\n"
                   "  - {kind: StatefulSet, name: web, controller: true}\n",
                   &r);
    assert_int_equal(o->kind, OBJECT_POD);
    assert_string_equal(o->at.file, "f");
    assert_int_equal(o->at.line, 2);
    assert_int_equal(o->at.column, 1);
    assert_string_equal(o->name, "web-0");
    assert_string_equal(o->namespace, "shop");
    assert_int_equal(o->labels.n, 2);
    assert_string_equal(labels_get(o->labels, "b"), "2");
    assert_string_equal(o->owner_kind, "StatefulSet");
    assert_string_equal(o->owner_name, "web");
    drop(r);
}

static void the_namespace_is_default_unless_given(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_one(POD, &r);
    assert_string_equal(o->namespace, "default");
    drop(r);
    o = decode_one("apiVersion: v1\nkind: Namespace\n"
                   "metadata: {name: shop, namespace: other}\n",
                   &r);
    assert_int_equal(o->kind, OBJECT_NAMESPACE);
    assert_string_equal(o->namespace, "");
    assert_string_equal(o->name, "shop");
    drop(r);
}

static void each_kind_has_its_versions(void **state)
{
    (void)state;
    static const char *const good[] = {
        "apps/v1, StatefulSet",           "apps/v1beta1, StatefulSet",
        "apps/v1beta2, Deployment",       "extensions/v1beta1, Deployment",
        "extensions/v1beta1, ReplicaSet", "v1, ReplicationController",
    };
    for (size_t i = 0; i < ORD_COUNT(good); i++) {
        char version[32], kind[32], text[256];
        assert_int_equal(sscanf(good[i], "%31[^,], %31s", version, kind), 2);
        const bool bare = strcmp(kind, "ReplicationController") == 0;
        snprintf(text, sizeof text,
                 "apiVersion: %s\nkind: %s\nmetadata: {name: a}\nspec:\n"
                 "  selector: %s\n  template: {metadata: {labels: {app: a}}}\n",
                 version, kind, bare ? "{app: a}" : "{matchLabels: {app: a}}");
        struct result *r;
        assert_string_equal(
            object_kind_name((enum object_kind)decode_one(text, &r)->kind),
            kind);
        drop(r);
    }
}

static void a_version_that_never_was_is_a_mistake(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {"apiVersion: apps/v1\nkind: Service\nmetadata: {name: a}\n",
         "1:13 error: apiVersion of kind Service must be v1, not 'apps/v1'\n"},
        {"apiVersion: discovery.k8s.io/v2\nkind: EndpointSlice\n",
         "1:13 error: apiVersion of kind EndpointSlice must be "
         "discovery.k8s.io/v1, not 'discovery.k8s.io/v2'\n"},
        {"kind: Pod\nmetadata: {name: a}\n",
         "1:1 error: apiVersion is missing; write 'apiVersion: v1'\n"},
        {"apiVersion: v1\nmetadata: {name: a}\n",
         "1:1 error: kind is missing; write what the object is, such as "
         "'kind: Service'\n"},
        {"apiVersion: 1\nkind: Pod\n", "1:13 error: apiVersion must be a "
                                       "string, not the number \"1\"; put it "
                                       "in quotes\n"},
        {"- apiVersion: v1\n",
         "1:1 error: an object must be a map with apiVersion and kind, not a "
         "list\n"},
        {"just text\n",
         "1:1 error: an object must be a map with apiVersion and "
         "kind, not a string\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void other_kinds_are_skipped(void **state)
{
    (void)state;
    struct result *r =
        decode("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n---\n"
               "apiVersion: serving.knative.dev/v1\nkind: Service\n---\n"
               "apiVersion: v1\nkind: SecretList\nitems: [{kind: Pod}]\n");
    assert_string_equal(
        r->findings,
        "1:1 debug: kind 'ConfigMap' does not concern DNS; skipped\n"
        "5:1 debug: kind 'Service' of 'serving.knative.dev/v1' does not "
        "concern DNS; skipped\n"
        "8:1 debug: kind 'SecretList' does not concern DNS; skipped\n");
    assert_int_equal(r->n, 0);
    assert_int_equal(r->refused, 0);
    drop(r);
}

static void names_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {"apiVersion: v1\nkind: Service\nmetadata: {}\nspec: {}\n",
         "3:11 error: metadata.name is missing; write one\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: \"\"}\nspec: {}\n",
         "3:18 error: metadata.name is empty; write one\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {generateName: a-}\n"
         "spec: {}\n",
         "3:11 error: metadata.name is missing, and generateName needs an API "
         "server; write a name\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: Web}\nspec: {}\n",
         "3:18 error: metadata.name 'Web' must be in lower case\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: a.b}\nspec: {}\n",
         "3:18 error: metadata.name 'a.b' may have only lower-case letters, "
         "digits and '-'\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: yes}\nspec: {}\n",
         "3:18 error: metadata.name must be a string, not the boolean \"yes\"; "
         "put it in quotes\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: 123}\nspec: {}\n",
         "3:18 error: metadata.name must be a string, not the number \"123\"; "
         "put it in quotes\n"},
        {"apiVersion: v1\nkind: Pod\nmetadata: {name: a..b}\n",
         "3:18 error: metadata.name 'a..b' has a '.' too many\n"},
        {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: a.b}\n",
         "3:32 error: metadata.namespace 'a.b' may have only lower-case "
         "letters, digits and '-'\n"},
        {"apiVersion: v1\nkind: Pod\n"
         "metadata: {name: a, labels: {a: 1, b c: x, d: e f}}\n",
         "3:33 error: metadata.labels.a must be a string, not the number "
         "\"1\"; put it in quotes\n"
         "3:36 error: metadata.labels[\"b c\"] is no key for a label: it may "
         "have only letters, digits, '-', '_' and '.'\n"
         "3:47 error: metadata.labels.d 'e f' may have only letters, digits, "
         "'-', '_' and '.'\n"},
        {"apiVersion: v1\nkind: Pod\n"
         "metadata: {name: a, annotations: {a.b/c: true}}\n",
         "3:42 error: metadata.annotations[\"a.b/c\"] must be a string, not "
         "the boolean \"true\"; put it in quotes\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void a_field_that_stands_twice_is_told_with_both_places(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {POD "spec: {}\nspec: {}\n", "5:1 error: spec stands here twice, first "
                                     "at 4:1; remove one of them\n"},
        // not a field that we read
        {POD "spec:\n  nodeName: a\n  dnsPolicy: b\n  nodeName: c\n",
         "7:3 error: spec.nodeName stands here twice, first at 5:3; remove one "
         "of them\n"},
        {"apiVersion: v1\nkind: Pod\n"
         "metadata: {name: a, labels: {b: x, b: z}}\n",
         "3:36 error: metadata.labels.b stands here twice, first at 3:30; "
         "remove one of them\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

// --- lists ------------------------------------------------------------------

static void lists_are_opened(void **state)
{
    (void)state;
    struct result *r =
        decode("apiVersion: v1\nkind: List\nitems:\n"
               "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
               "- apiVersion: v1\n  kind: List\n  items:\n"
               "  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n"
               "- {apiVersion: v1, kind: Secret}\n"
               "- {apiVersion: v1, kind: Pod, metadata: {name: C}}\n"
               "- nothing\n"
               "- {apiVersion: v1, kind: Pod, metadata: {name: d}}\n");
    assert_int_equal(r->n, 3);
    assert_int_equal(r->refused, 2);
    assert_string_equal(r->objects[1]->name, "b");
    assert_int_equal(r->objects[1]->at.line, 8);
    assert_int_equal(r->objects[1]->at.column, 5);
    assert_string_equal(r->objects[2]->name, "d");
    drop(r);
}

static void items_of_typed_lists_need_no_kind(void **state)
{
    (void)state;
    struct result *r = decode(
        "apiVersion: v1\nkind: PodList\nmetadata: {resourceVersion: \"7\"}\n"
        "items:\n- metadata: {name: a}\n"
        "- {kind: Pod, apiVersion: v1, metadata: {name: b}}\n---\n"
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSliceList\n"
        "items: [{metadata: {name: c}, addressType: IPv4}]\n---\n"
        "apiVersion: v1\nkind: ServiceList\nitems: null\n");
    assert_string_equal(r->findings, "");
    assert_int_equal(r->n, 3);
    assert_int_equal(r->objects[2]->kind, OBJECT_ENDPOINT_SLICE);
    drop(r);
}

static void a_list_without_list_is_refused(void **state)
{
    (void)state;
    expect_refused("apiVersion: v1\nkind: List\nitems: {}\n",
                   "3:8 error: items must be a list, not a map\n");
}

// --- services ---------------------------------------------------------------

static void a_service_has_all_its_facts(void **state)
{
    (void)state;
    struct result *r;
    const struct service_facts *s =
        &decode_one(SERVICE "  clusterIP: 10.96.0.1\n"
                            "  clusterIPs: [10.96.0.1, 'fd00::1']\n"
                            "  ipFamilies: [IPv4, IPv6]\n"
                            "  ipFamilyPolicy: RequireDualStack\n"
                            "  type: LoadBalancer\n  selector: {app: a}\n"
                            "  publishNotReadyAddresses: true\n  ports:\n"
                            "  - {name: web, port: 80, targetPort: http}\n"
                            "  - {name: dns, port: 0x35, targetPort: 5353, "
                            "protocol: UDP}\n",
                    &r)
             ->service;
    assert_int_equal(s->type, SERVICE_CLUSTER_IP);
    assert_int_equal(s->policy, IP_FAMILY_REQUIRE_DUAL);
    assert_true(s->publish_not_ready_addresses);
    assert_true(s->has_selector);
    assert_int_equal(s->families_n, 2);
    assert_int_equal(s->families[1], FAMILY_IPV6);
    assert_int_equal(s->addresses_n, 2);
    expect_address(&s->addresses[0], "10.96.0.1");
    expect_address(&s->addresses[1], "fd00::1");
    assert_string_equal(s->external_name, "");
    assert_int_equal(s->ports_n, 2);
    assert_string_equal(s->ports[0].name, "web");
    assert_string_equal(s->ports[0].target_name, "http");
    assert_int_equal(s->ports[0].protocol, PROTOCOL_TCP);
    assert_int_equal(s->ports[1].number, 53);
    assert_int_equal(s->ports[1].target, 5353);
    assert_int_equal(s->ports[1].protocol, PROTOCOL_UDP);
    drop(r);
}

static void a_service_without_address_is_headless(void **state)
{
    (void)state;
    struct result *r;
    const struct service_facts *s =
        &decode_one(SERVICE "  clusterIP: None\n  clusterIPs: [None]\n"
                            "  ports: [{port: 80, targetPort: 80}]\n",
                    &r)
             ->service;
    assert_int_equal(s->type, SERVICE_HEADLESS);
    assert_false(s->has_selector);
    assert_int_equal(s->addresses_n, 0);
    assert_int_equal(s->ports[0].target, 0);
    drop(r);
    s = &decode_one(SERVICE "  clusterIPs: [None]\n  selector: {}\n", &r)
             ->service;
    assert_int_equal(s->type, SERVICE_HEADLESS);
    drop(r);
}

static void the_old_annotation_publishes_what_is_not_ready(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_one(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n"
        "    service.alpha.kubernetes.io/tolerate-unready-endpoints: 'true'\n"
        "spec: {clusterIP: None}\n",
        &r);
    assert_true(o->service.publish_not_ready_addresses);
    drop(r);
}

static void an_external_name_is_a_name(void **state)
{
    (void)state;
    struct result *r;
    const struct service_facts *s =
        &decode_one(SERVICE
                    "  type: ExternalName\n  externalName: DB.Example.ORG.\n",
                    &r)
             ->service;
    assert_int_equal(s->type, SERVICE_EXTERNAL_NAME);
    assert_string_equal(s->external_name, "db.example.org");
    drop(r);
    static const struct fault_case cases[] = {
        {SERVICE "  type: ExternalName\n",
         "5:9 error: spec.externalName is missing; write the name that it "
         "stands for\n"},
        {SERVICE "  type: ExternalName\n  externalName: ''\n",
         "6:17 error: spec.externalName is missing; write the name that it "
         "stands for\n"},
        {SERVICE "  type: ExternalName\n  externalName: a..b\n",
         "6:17 error: spec.externalName 'a..b' has a '.' too many\n"},
        {SERVICE "  type: ExternalName\n  externalName: a.b..\n",
         "6:17 error: spec.externalName 'a.b..' has a '.' too many\n"},
        {SERVICE "  type: ExternalName\n  externalName: .\n",
         "6:17 error: spec.externalName '.' has a '.' too many\n"},
        {SERVICE "  type: ExternalName\n  externalName: 2001:db8::g\n",
         "6:17 error: spec.externalName '2001:db8::g' may have only lower-case "
         "letters, digits and '-'\n"},
        {SERVICE "  type: ExternalName\n  externalName: 'fe80::1%eth0'\n",
         "6:17 error: spec.externalName 'fe80::1%eth0' may have only "
         "lower-case letters, digits and '-'\n"},
        {SERVICE "  type: ExternalName\n  externalName: a_b.c\n",
         "6:17 error: spec.externalName 'a_b.c' may have only lower-case "
         "letters, digits and '-'\n"},
        {SERVICE "  type: ExternalName\n  externalName: a.b\n"
                 "  clusterIP: 10.0.0.1\n",
         "7:14 error: spec.clusterIP cannot stand in a service of type "
         "ExternalName; remove it\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

#define LABEL_9  "abcdefgh."
#define LABEL_54 LABEL_9 LABEL_9 LABEL_9 LABEL_9 LABEL_9 LABEL_9
#define LABELS   LABEL_54 LABEL_54 LABEL_54 LABEL_54 LABEL_9 LABEL_9 LABEL_9
#define SHOWN    LABEL_54 LABEL_9 LABEL_9

// RFC 1035 2.3.4: 255 octets with the lengths of all labels and the root's.
static void an_external_name_has_at_most_255_octets(void **state)
{
    (void)state;
    _Static_assert(sizeof LABELS "abcdefghij" - 1 == 253, "27 * 9 + 10");
    struct result *r;
    const struct object *o = decode_one(
        SERVICE "  type: ExternalName\n  externalName: " LABELS "abcdefghij\n",
        &r);
    assert_int_equal(strlen(o->service.external_name), 253);
    drop(r);
    o = decode_one(SERVICE "  type: ExternalName\n  externalName: " LABELS
                           "abcdefghij.\n",
                   &r);
    assert_int_equal(strlen(o->service.external_name), 253);
    drop(r);
    expect_refused(SERVICE "  type: ExternalName\n  externalName: " LABELS
                           "abcdefghijk\n",
                   "6:17 error: spec.externalName '" SHOWN
                   "abcdefgh...' is longer than 253 characters: "
                   "shorten it\n");
}

// CoreDNS answers NXDOMAIN there. To the API server IPv4 is a name, and to DNS
// so is either.
static void an_address_is_an_external_name_as_any_other(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *name;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1.", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0::1", "2001:db8:0::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        char text[256], findings[256];
        struct result *r;
        snprintf(text, sizeof text,
                 SERVICE "  type: ExternalName\n  externalName: '%s'\n",
                 cases[i].written);
        snprintf(findings, sizeof findings,
                 "6:17 warning: spec.externalName '%s' is taken for a name, "
                 "not for an address; use a service with clusterIP None and an "
                 "EndpointSlice for addresses\n",
                 cases[i].written);
        const struct object *o = decode_warned(text, findings, &r);
        assert_int_equal(o->service.type, SERVICE_EXTERNAL_NAME);
        assert_string_equal(o->service.external_name, cases[i].name);
        drop(r);
    }
}

// The service a with one annotation.
static const struct object *decode_annotated(const char *annotation,
                                             const char *findings,
                                             struct result **r)
{
    char text[256];
    snprintf(text, sizeof text,
             "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"
             "  annotations:\n    %s\nspec: {clusterIP: None}\n",
             annotation);
    return decode_warned(text, findings, r);
}

static void annotations_say_which_endpoints_count(void **state)
{
    (void)state;
    static const struct {
        const char *annotation;
        enum endpoint_rule names, set;
        const char *findings;
    } cases[] = {
        {"a/b: c", RULE_UNSET, RULE_UNSET, ""},
        {"ordinald.io/names: ready", RULE_READY, RULE_UNSET, ""},
        {"ordinald.io/names: addressed", RULE_ADDRESSED, RULE_UNSET, ""},
        {"ordinald.io/set: ready", RULE_UNSET, RULE_READY, ""},
        {"ordinald.io/set: serving", RULE_UNSET, RULE_SERVING, ""},
        {"ordinald.io/set: 'addressed'", RULE_UNSET, RULE_ADDRESSED, ""},
        {"{ordinald.io/set: ready, ordinald.io/names: addressed}",
         RULE_ADDRESSED, RULE_READY, ""},
        {"ordinald.io/set: null", RULE_UNSET, RULE_UNSET, ""},
        {"ordinald.io/names: serving", RULE_UNSET, RULE_UNSET,
         "6:24 warning: metadata.annotations[\"ordinald.io/names\"] must be "
         "ready or addressed, not 'serving'; it counts as absent\n"},
        {"ordinald.io/set: Ready", RULE_UNSET, RULE_UNSET,
         "6:22 warning: metadata.annotations[\"ordinald.io/set\"] must be "
         "ready, serving or addressed, not 'Ready'; it counts as absent\n"},
        {"{ordinald.io/set: '', ordinald.io/names: ready}", RULE_READY,
         RULE_UNSET,
         "6:23 warning: metadata.annotations[\"ordinald.io/set\"] must be "
         "ready, serving or addressed, not ''; it counts as absent\n"},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct result *r;
        const struct service_facts *s =
            &decode_annotated(cases[i].annotation, cases[i].findings, &r)
                 ->service;
        assert_int_equal(s->names, cases[i].names);
        assert_int_equal(s->set, cases[i].set);
        assert_int_equal(s->type, SERVICE_HEADLESS);
        drop(r);
    }
    // no annotation at all, to Kubernetes
    expect_refused("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"
                   "  annotations: {ordinald.io/set: true}\nspec: {}\n",
                   "5:34 error: metadata.annotations[\"ordinald.io/set\"] must "
                   "be a string, not the boolean \"true\"; put it in quotes\n");
}

static void ports_of_services_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {SERVICE "  ports:\n  - port: \"80\"\n",
         "6:11 error: spec.ports[0].port must be an integer, not the string "
         "\"80\"; remove the quotes\n"},
        {SERVICE "  ports:\n  - port: http\n",
         "6:11 error: spec.ports[0].port must be an integer, not the string "
         "\"http\"\n"},
        {SERVICE "  ports:\n  - port: 70000\n",
         "6:11 error: spec.ports[0].port must be 1 to 65535, not 70000\n"},
        {SERVICE "  ports:\n  - name: a\n",
         "6:5 error: spec.ports[0].port is missing; write a number\n"},
        {SERVICE "  ports:\n  - {port: 80, targetPort: \"8080\"}\n",
         "6:28 error: spec.ports[0].targetPort '8080' needs a letter: a number "
         "stands without quotes\n"},
        {SERVICE "  ports:\n  - {port: 80, protocol: tcp}\n",
         "6:26 error: spec.ports[0].protocol must be TCP, UDP or SCTP, not "
         "'tcp'\n"},
        {SERVICE "  ports:\n  - {port: 80, name: a}\n  - {port: 81}\n",
         "7:5 error: spec.ports[1] has no name; write one, a service with "
         "several ports needs them\n"},
        {SERVICE "  ports:\n  - {port: 80, name: a}\n  - {port: 81, name: a}\n",
         "7:5 error: spec.ports[1] has the name 'a' of spec.ports[0]; give it "
         "another\n"},
        {SERVICE "  ports:\n  - {port: 80, name: a}\n  - {port: 80, name: b}\n",
         "7:5 error: spec.ports[1] has the port 80 of spec.ports[0]; remove "
         "one of them or change its port or protocol\n"},
        {SERVICE "  ports: {port: 80}\n",
         "5:10 error: spec.ports must be a list, not a map\n"},
        {SERVICE "  ports: [80]\n",
         "5:11 error: spec.ports[0] must be a map, not a number\n"},
        {SERVICE "  ports: [{port: 80, name: Web}]\n",
         "5:28 error: spec.ports[0].name 'Web' must be in lower case\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void addresses_of_services_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {SERVICE "  clusterIP: none\n",
         "5:14 error: spec.clusterIP must be an IP address or None, not "
         "'none'\n"},
        {SERVICE "  clusterIP: 10.0.0.1\n  clusterIPs: [10.0.0.2]\n",
         "6:16 error: spec.clusterIPs[0] differs from spec.clusterIP; make "
         "them equal\n"},
        {SERVICE "  clusterIPs: [10.0.0.1, 10.0.0.2]\n",
         "5:26 error: spec.clusterIPs[1] has the family of the first address; "
         "write one IPv4 and one IPv6 address\n"},
        {SERVICE "  clusterIPs: [None, 10.0.0.2]\n",
         "5:15 error: spec.clusterIPs has None beside an address; remove one "
         "of them\n"},
        {SERVICE "  clusterIP: None\n  type: NodePort\n",
         "6:9 error: spec.type must be ClusterIP where clusterIP is None\n"},
        {SERVICE "  ipFamilies: [IPv4, IPv4]\n",
         "5:22 error: spec.ipFamilies[1] is given twice; remove one of them\n"},
        {SERVICE "  ipFamilies: [ipv4]\n",
         "5:16 error: spec.ipFamilies[0] must be IPv4 or IPv6, not 'ipv4'\n"},
        {SERVICE "  clusterIP: 10.0.0.1\n  ipFamilies: [IPv6]\n",
         "6:16 error: spec.ipFamilies[0] is not the family of "
         "spec.clusterIPs[0]; put both in the same order\n"},
        {SERVICE "  ipFamilies: [IPv4, IPv6]\n  ipFamilyPolicy: SingleStack\n",
         "6:19 error: spec.ipFamilyPolicy must be PreferDualStack or "
         "RequireDualStack where there are two families\n"},
        {SERVICE "  publishNotReadyAddresses: \"true\"\n",
         "5:29 error: spec.publishNotReadyAddresses must be true or false, not "
         "the string \"true\"; remove the quotes\n"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
         "1:1 error: spec is missing; write one\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void all_faults_of_an_object_are_told(void **state)
{
    (void)state;
    expect_refused(
        "apiVersion: v1\nkind: Service\nmetadata: {name: A}\n"
        "spec: {type: x, ports: [{port: 0}], selector: {a: 1}}\n",
        "3:18 error: metadata.name 'A' must be in lower case\n"
        "4:14 error: spec.type must be ClusterIP, NodePort, LoadBalancer or "
        "ExternalName, not 'x'\n"
        "4:32 error: spec.ports[0].port must be 1 to 65535, not 0\n"
        "4:51 error: spec.selector.a must be a string, not the number \"1\"; "
        "put it in quotes\n");
}

// --- slices -----------------------------------------------------------------

static void a_slice_has_all_its_endpoints(void **state)
{
    (void)state;
    struct result *r;
    const struct slice_facts *s =
        &decode_one(SLICE
                    "addressType: IPv6\n"
                    "ports:\n- {name: a, port: 80}\n"
                    "- {name: b, protocol: SCTP}\n"
                    "endpoints:\n"
                    "- addresses: ['fd00::1', 'fe80::2']\n  hostname: web-0\n"
                    "  targetRef: {kind: Pod, name: web-0, uid: x}\n"
                    "- addresses: ['::1']\n"
                    "  conditions: {ready: false, terminating: true}\n"
                    "  targetRef: {kind: Node, name: node}\n"
                    "- addresses: ['::2']\n"
                    "  conditions: {ready: false, serving: true}\n"
                    "  targetRef: {kind: Pod, name: p}\n",
                    &r)
             ->slice;
    assert_string_equal(s->service, "a");
    assert_int_equal(s->family, FAMILY_IPV6);
    assert_int_equal(s->ports_n, 2);
    assert_int_equal(s->ports[0].number, 80);
    assert_int_equal(s->ports[1].number, 0);
    assert_int_equal(s->ports[1].protocol, PROTOCOL_SCTP);
    assert_int_equal(s->endpoints_n, 3);
    const struct endpoint *e = s->endpoints;
    assert_int_equal(e[0].addresses_n, 2);
    assert_int_equal(e[0].addresses[16], 0xfe);
    assert_string_equal(e[0].hostname, "web-0");
    assert_ptr_equal(e[0].hostname, e[0].pod); // one copy
    assert_true(e[0].ready && e[0].serving && !e[0].terminating);
    assert_true(!e[1].ready && !e[1].serving && e[1].terminating);
    assert_string_equal(e[1].pod, "");
    assert_true(!e[2].ready && e[2].serving && !e[2].terminating);
    assert_string_equal(e[2].hostname, "");
    assert_string_equal(e[2].pod, "p");
    drop(r);
}

static void a_slice_keeps_each_zone_once(void **state)
{
    (void)state;
    struct result *r;
    const struct slice_facts *s =
        &decode_one(SLICE "addressType: IPv4\nendpoints:\n"
                          "- {addresses: [10.0.0.1], zone: eu-b}\n"
                          "- {addresses: [10.0.0.2], zone: eu-a}\n"
                          "- {addresses: [10.0.0.3], zone: eu-a}\n"
                          "- {addresses: [10.0.0.4], zone: eu-b}\n"
                          "- {addresses: [10.0.0.5]}\n"
                          "- {addresses: [10.0.0.6], zone: null}\n"
                          "- {addresses: [10.0.0.7], zone: ''}\n"
                          "- {addresses: [10.0.0.8], zone: EU-a}\n"
                          "- {addresses: [10.0.0.9], zone: eu-a.1}\n",
                    &r)
             ->slice;
    static const char *const zones[] = {"eu-b", "eu-a", "EU-a", "eu-a.1"};
    static const uint16_t expected[] = {1, 2, 2, 1, 0, 0, 0, 3, 4};
    assert_int_equal(s->zones_n, ORD_COUNT(zones));
    for (size_t i = 0; i < ORD_COUNT(zones); i++)
        assert_string_equal(s->zones[i], zones[i]);
    assert_int_equal(s->endpoints_n, ORD_COUNT(expected));
    for (size_t i = 0; i < ORD_COUNT(expected); i++)
        assert_int_equal(s->endpoints[i].zone, expected[i]);
    drop(r);
    assert_int_equal(decode_one(SLICE "addressType: IPv4\n"
                                      "endpoints: [{addresses: [10.0.0.1]}]\n",
                                &r)
                         ->slice.zones_n,
                     0);
    drop(r);
    expect_refused(SLICE "addressType: IPv4\n"
                         "endpoints: [{addresses: [10.0.0.1], zone: 1}]\n",
                   "5:43 error: endpoints[0].zone must be a string, not the "
                   "number \"1\"; put it in quotes\n");
}

// Each endpoint in a zone of its own; 40503 and 65536 have no common divisor,
// so that all come, in no order.
static struct text *text_of_zones(unsigned n)
{
    struct text *t = text_new(SLICE "addressType: IPv4\nendpoints:\n");
    for (unsigned i = 0; i < n; i++)
        text_add(t, "- {addresses: [10.0.0.1], zone: z%u}\n",
                 i * 40503u % 65536);
    return t;
}

static void a_slice_has_at_most_65535_zones(void **state)
{
    (void)state;
    struct result *r;
    char expected[16];
    struct text *t = text_of_zones(UINT16_MAX);
    // the first zone again
    text_add(t, "- {addresses: [10.0.0.1], zone: z0}\n");
    const struct slice_facts *s = &decode_one(t->octets, &r)->slice;
    assert_int_equal(s->zones_n, UINT16_MAX);
    for (unsigned i = 0; i < UINT16_MAX; i++) {
        snprintf(expected, sizeof expected, "z%u", i * 40503u % 65536);
        assert_int_equal(s->endpoints[i].zone, i + 1);
        assert_string_equal(s->zones[i], expected);
    }
    assert_int_equal(s->endpoints[UINT16_MAX].zone, 1);
    drop(r);
    test_free(t);

    t = text_of_zones(UINT16_MAX + 1);
    text_add(t, "- {addresses: [10.0.0.1], zone: zy}\n");
    expect_refused(t->octets,
                   "65541:33 error: endpoints[65535].zone is one zone too "
                   "many: a slice has at most 65535\n");
    test_free(t);
}

// The text that a slice keeps for an address, by identity, or NULL.
static const char *text_of(const struct slice_facts *s, const uint8_t *octets)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < s->texts_n; i++) {
        if (s->texts[i].octets == octets)
            text = s->texts[i].text;
        // in order, and each once
        assert_true(i == 0 || (uintptr_t)s->texts[i - 1].octets <
                                  (uintptr_t)s->texts[i].octets);
    }
    return text;
}

// What RFC 5952 writes, and what it does not (2, 4 and 5).
static void a_slice_keeps_texts_that_are_not_the_shortest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool shortest;
    } cases[] = {
        {"2001:db8::1", true},
        {"2001:db8:0:0::1", false},
        {"2001:db8:0:0:0:0:0:1", false},
        {"2001:0db8::1", false}, // 4.1: no leading zeroes
        {"2001:DB8::1", false},  // 4.3: lower case
        // 4.2.2: not for one group; 4.2.3: the first of two equal runs
        {"2001:db8:0:1:1:1:1:1", true},
        {"2001:db8::1:1:1:1:1", false},
        {"2001:db8::1:0:0:1", true},
        {"2001:db8:0:0:1::1", false},
        // 5: IPv4 within
        {"::ffff:192.0.2.1", true},
        {"::ffff:c000:201", false},
        {"::", true},
        {"::1", true},
        {"0::1", false},
    };
    char text[1024] = SLICE "addressType: IPv6\nendpoints:\n";
    uint32_t others = 0;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s'%s'%s",
                 i % 2 ? ", " : "- addresses: [", cases[i].text,
                 i % 2 ? "]\n" : "");
        others += !cases[i].shortest;
    }
    struct result *r;
    const struct slice_facts *s = &decode_one(text, &r)->slice;
    assert_int_equal(s->texts_n, others);
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        const struct endpoint *e = &s->endpoints[i / 2];
        assert_int_equal(e->addresses_n, 2);
        const char *kept = text_of(s, e->addresses + i % 2 * 16);
        if (cases[i].shortest)
            assert_null(kept);
        else
            assert_string_equal(kept, cases[i].text);
    }
    drop(r);
}

static void ipv4_addresses_have_one_text(void **state)
{
    (void)state;
    struct result *r;
    const struct slice_facts *s =
        &decode_one(SLICE "addressType: IPv4\n"
                          "endpoints: [{addresses: [10.0.0.1, 0.0.0.0]}]\n",
                    &r)
             ->slice;
    assert_int_equal(s->texts_n, 0);
    drop(r);
}

// More than one chunk of an arena holds.
static void texts_of_many_addresses_are_in_order(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct text *t = text_new(SLICE "addressType: IPv6\nendpoints:\n");
    for (unsigned i = 1; i <= N; i++)
        text_add(t, "- addresses: ['fd00:0::%x', 'fd01::%x']\n", i, i);
    struct result *r;
    const struct slice_facts *s = &decode_one(t->octets, &r)->slice;
    assert_int_equal(s->texts_n, N);
    for (unsigned i = 1; i <= N; i += 100) {
        char expected[32];
        const uint8_t *octets = s->endpoints[i - 1].addresses;
        snprintf(expected, sizeof expected, "fd00:0::%x", i);
        assert_string_equal(text_of(s, octets), expected);
        assert_null(text_of(s, octets + 16));
    }
    drop(r);
    test_free(t);
}

static void names_in_slices_are_ignored(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_one(
        SLICE "addressType: FQDN\nendpoints: [{addresses: [a.example]}]\n", &r);
    assert_int_equal(o->slice.family, 0);
    assert_int_equal(o->slice.endpoints_n, 0);
    drop(r);
}

static void slices_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {SLICE, "1:1 error: addressType is missing; write IPv4 or IPv6\n"},
        {SLICE "addressType: IPv4\nendpoints: [{addresses: ['fd00::1', x, "
               "10.0.0.1]}]\n",
         "5:26 error: endpoints[0].addresses[0] must be an IPv4 address "
         "because "
         "addressType is IPv4, not 'fd00::1'\n"
         "5:37 error: endpoints[0].addresses[1] must be an IP address, not "
         "'x'\n"},
        {SLICE "addressType: IPv4\nendpoints: [{addresses: []}]\n",
         "5:25 error: endpoints[0].addresses has 0 addresses; write 1 to "
         "100\n"},
        {SLICE "addressType: IPv4\nendpoints: [{hostname: a}]\n",
         "5:13 error: endpoints[0].addresses has 0 addresses; write 1 to "
         "100\n"},
        {SLICE "addressType: IPv4\nendpoints:\n- addresses: [10.0.0.1]\n"
               "  hostname: a.b\n",
         "7:13 error: endpoints[0].hostname 'a.b' may have only lower-case "
         "letters, digits and '-'\n"},
        {SLICE "addressType: IPv4\nendpoints:\n- addresses: [10.0.0.1]\n"
               "  conditions: {ready: \"false\"}\n",
         "7:23 error: endpoints[0].conditions.ready must be true or false, not "
         "the string \"false\"; remove the quotes\n"},
        {SLICE "addressType: IPv4\nports: [{port: 1}, {port: 2}]\n",
         "5:8 error: ports has two ports with the name ''; give one "
         "another\n"},
        {SLICE "addressType: IPv4\nendpoints:\n- addresses: [1.5, ~]\n",
         "6:15 error: endpoints[0].addresses[0] must be a string, not the "
         "number \"1.5\"; put it in quotes\n"
         "6:20 error: endpoints[0].addresses[1] must be a string, not null\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

static void endpoints_become_slices_by_family_and_readiness(void **state)
{
    (void)state;
    struct result *r;
    const struct endpoints_facts *e =
        &decode_one(ENDPOINTS
                    "subsets:\n"
                    "- addresses:\n  - {ip: 10.0.0.1, hostname: h, targetRef: "
                    "{kind: Pod, name: p}}\n  - {ip: 'fd00::1'}\n"
                    "  notReadyAddresses: [{ip: 10.0.0.2}]\n"
                    "  ports: [{name: x, port: 80}]\n"
                    "- notReadyAddresses: [{ip: 10.0.0.3}]\n",
                    &r)
             ->endpoints;
    assert_int_equal(e->slices_n, 4);
    assert_string_equal(e->slices[0].service, "a");
    assert_int_equal(e->slices[0].family, FAMILY_IPV4);
    assert_int_equal(e->slices[0].endpoints_n, 1);
    assert_string_equal(e->slices[0].endpoints[0].hostname, "h");
    assert_string_equal(e->slices[0].endpoints[0].pod, "p");
    assert_true(e->slices[0].endpoints[0].ready);
    assert_int_equal(e->slices[1].family, FAMILY_IPV6);
    assert_int_equal(e->slices[1].ports[0].number, 80);
    assert_false(e->slices[2].endpoints[0].ready);
    assert_false(e->slices[2].endpoints[0].serving);
    assert_int_equal(e->slices[3].ports_n, 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(e->slices[i].texts_n, 0);
        assert_int_equal(e->slices[i].zones_n, 0);
        assert_int_equal(e->slices[i].endpoints[0].zone, 0);
    }
    drop(r);
    static const struct fault_case cases[] = {
        {ENDPOINTS "subsets: [{addresses: [{hostname: a}]}]\n",
         "4:24 error: subsets[0].addresses[0].ip is missing; write an "
         "address\n"},
        {ENDPOINTS "subsets: [{addresses: [{ip: 1.1.1.1}], ports: [{}]}]\n",
         "4:48 error: subsets[0].ports[0].port is missing; write a number\n"},
        {ENDPOINTS "subsets: [{}]\n",
         "4:11 error: subsets[0] has neither addresses nor notReadyAddresses; "
         "write one\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

// The controller that mirrors Endpoints to slices copies the text.
static void endpoints_keep_texts_that_are_not_the_shortest(void **state)
{
    (void)state;
    struct result *r;
    const struct endpoints_facts *e =
        &decode_one(ENDPOINTS "subsets:\n"
                              "- addresses: [{ip: 10.0.0.1}, {ip: 'FD00::1'}, "
                              "{ip: 'fd00::2'}]\n"
                              "  notReadyAddresses: [{ip: 'fd00:0::3'}]\n",
                    &r)
             ->endpoints;
    assert_int_equal(e->slices_n, 3);
    assert_int_equal(e->slices[0].texts_n, 0);
    const struct slice_facts *s = &e->slices[1];
    assert_int_equal(s->texts_n, 1);
    assert_string_equal(text_of(s, s->endpoints[0].addresses), "FD00::1");
    assert_null(text_of(s, s->endpoints[1].addresses));
    s = &e->slices[2];
    assert_int_equal(s->texts_n, 1);
    assert_string_equal(text_of(s, s->endpoints[0].addresses), "fd00:0::3");
    drop(r);
}

// --- pods -------------------------------------------------------------------

static void a_pod_has_all_its_facts(void **state)
{
    (void)state;
    struct result *r;
    const struct object *o = decode_one(
        "apiVersion: v1\nkind: Pod\n"
        "metadata: {name: a, deletionTimestamp: 2024-01-01T00:00:00Z}\n"
        "spec:\n  hostname: a\n  subdomain: svc\n"
        "  containers:\n  - ports:\n    - {containerPort: 80, name: http}\n"
        "    - {containerPort: 53, protocol: UDP}\n  - name: none\n"
        "  initContainers:\n"
        "  - {ports: [{containerPort: 1}]}\n"
        "  - {restartPolicy: Always, ports: [{containerPort: 2}]}\n"
        "status:\n  phase: Running\n  podIP: 10.0.0.1\n"
        "  podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]\n"
        "  conditions:\n  - {type: Initialized, status: 'True'}\n"
        "  - {type: Ready, status: 'True'}\n",
        &r);
    const struct pod_facts *p = &o->pod;
    assert_string_equal(p->hostname, "a");
    assert_string_equal(p->subdomain, "svc");
    assert_int_equal(p->phase, POD_RUNNING);
    assert_true(p->ready);
    assert_true(p->terminating);
    assert_int_equal(p->addresses_n, 2);
    expect_address(&p->addresses[1], "fd00::1");
    assert_int_equal(p->ports_n, 3);
    assert_string_equal(p->ports[0].name, "http");
    assert_int_equal(p->ports[1].protocol, PROTOCOL_UDP);
    assert_int_equal(p->ports[2].number, 2);
    drop(r);
}

static void a_pod_as_people_write_it_is_pending(void **state)
{
    (void)state;
    struct result *r;
    const struct pod_facts *p =
        &decode_one(POD "spec: {containers: null}\n", &r)->pod;
    assert_int_equal(p->phase, POD_PENDING);
    assert_int_equal(p->addresses_n, 0);
    assert_false(p->ready || p->terminating);
    drop(r);
}

static void the_annotation_gives_a_pod_its_addresses(void **state)
{
    (void)state;
    struct result *r;
    const struct pod_facts *p =
        &decode_one("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"
                    "  annotations: {ordinald.io/addresses: 'fd00::1 1.1.1.1'}"
                    "\nstatus: {}\n",
                    &r)
             ->pod;
    assert_int_equal(p->addresses_n, 2);
    expect_address(&p->addresses[0], "fd00::1");
    assert_int_equal(p->phase, POD_RUNNING);
    assert_true(p->ready);
    drop(r);
    p = &decode_one("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"
                    "  annotations: {ordinald.io/addresses: 1.1.1.1}\n"
                    "status: {phase: Failed}\n",
                    &r)
             ->pod;
    assert_int_equal(p->addresses_n, 0);
    assert_int_equal(p->phase, POD_FAILED);
    drop(r);
}

static void pods_are_checked(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {POD "status: {phase: running}\n",
         "4:17 error: status.phase must be Pending, Running, Succeeded, Failed "
         "or Unknown, not 'running'\n"},
        {POD "status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.2}]}\n",
         "4:17 error: status.podIP differs from status.podIPs[0].ip; make them "
         "equal\n"},
        {POD "status: {podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]}\n",
         "4:40 error: status.podIPs[1].ip is a second address of its family; a "
         "pod has at most one IPv4 and one IPv6 address\n"},
        {POD "spec: {hostname: A}\n",
         "4:18 error: spec.hostname 'A' must be in lower case\n"},
        {POD "spec: {containers: [{ports: [{containerPort: 1, name: "
             "averyveryverylongname}]}]}\n",
         "4:55 error: spec.containers[0].ports[0].name 'averyveryverylongname' "
         "is longer than 15 characters: shorten it (RFC 6335)\n"},
        {POD "spec: {initContainers: [{ports: [{containerPort: x}]}]}\n",
         "4:50 error: spec.initContainers[0].ports[0].containerPort must be an "
         "integer, not the string \"x\"\n"},
        {POD "status: {conditions: [{type: Ready, status: true}]}\n",
         "4:45 error: status.conditions[0].status must be a string, not the "
         "boolean \"true\"; put it in quotes\n"},
    };
    expect_all_refused(cases, ORD_COUNT(cases));
}

// A service with one annotation.
#define RULED(annotation, value)                                               \
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations: "     \
    "{" annotation ": " value "}\nspec: {clusterIP: None}\n"

// --- digests and memory -----------------------------------------------------

static void equal_facts_have_equal_digests(void **state)
{
    (void)state;
    assert_int_equal(
        digest_of(SERVICE "  selector: {a: x, b: z}\n  ports: [{port: 80}]\n"),
        digest_of("# moved\n\n" SERVICE "  ports: [{protocol: TCP, port: 80, "
                  "targetPort: 80}]\n"
                  "  selector: {b: z, a: x}\n  sessionAffinity: None\n"));
    static const char *const different[] = {
        SERVICE "  clusterIP: None\n",
        SERVICE "  clusterIP: 10.0.0.1\n",
        SERVICE "  clusterIP: 10.0.0.1\n  publishNotReadyAddresses: true\n",
        SERVICE "  clusterIP: 10.0.0.2\n",
        SERVICE "  clusterIP: None\n  ports: [{port: 80}]\n",
        SERVICE "  clusterIP: None\n  ports: [{port: 80, name: a}]\n",
        SERVICE "  clusterIP: None\n  ports: [{port: 80, targetPort: a}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1]}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.2]}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1], "
              "hostname: a}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1], "
              "conditions: {serving: false}}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1]}, "
              "{addresses: [1.1.1.2]}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1, "
              "1.1.1.2]}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1], "
              "zone: a}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1], "
              "zone: b}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1], "
              "zone: a}, {addresses: [1.1.1.2]}]\n",
        SLICE "addressType: IPv4\nendpoints: [{addresses: [1.1.1.1]}, "
              "{addresses: [1.1.1.2], zone: a}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['fd00::1']}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['fd00:0::1']}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['FD00::1']}]\n",
        // which of two is written so
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['fd00::1', "
              "'FD00::1']}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['FD00::1', "
              "'fd00::1']}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['fd00::1']}, "
              "{addresses: ['FD00::1']}]\n",
        SLICE "addressType: IPv6\nendpoints: [{addresses: ['FD00::1']}, "
              "{addresses: ['fd00::1']}]\n",
        ENDPOINTS "subsets: [{addresses: [{ip: 'fd00::1'}]}]\n",
        ENDPOINTS "subsets: [{addresses: [{ip: 'FD00::1'}]}]\n",
        ENDPOINTS "subsets: [{notReadyAddresses: [{ip: 'fd00::1'}]}]\n",
        RULED("ordinald.io/names", "ready"),
        RULED("ordinald.io/names", "addressed"),
        RULED("ordinald.io/set", "ready"),
        RULED("ordinald.io/set", "serving"),
        RULED("ordinald.io/set", "addressed"),
        POD,
        POD "status: {phase: Running}\n",
        STS TEMPLATE,
        STS "  replicas: 2\n" TEMPLATE,
        STS "  ordinals: {start: 1}\n" TEMPLATE,
    };
    for (size_t i = 0; i < ORD_COUNT(different); i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(digest_of(different[i]),
                                 digest_of(different[j]));
    }
}

// Filters by label are asked again when labels change.
static void labels_are_facts_of_all_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *kind;
        const char *rest;
    } kinds[] = {
        {"v1", "Service", "spec: {clusterIP: None}\n"},
        {"discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4\n"},
        {"v1", "Endpoints", ""},
        {"v1", "Pod", ""},
        {"v1", "Namespace", ""},
        {"apps/v1", "StatefulSet", "spec:\n" TEMPLATE},
    };
    static const char *const labels[] = {"{}",     "{b: c}",       "{b: d}",
                                         "{c: c}", "{b: c, d: e}", "{b: ''}"};
    for (size_t k = 0; k < ORD_COUNT(kinds); k++) {
        uint64_t digests[ORD_COUNT(labels)];
        for (size_t i = 0; i < ORD_COUNT(labels); i++) {
            char text[512];
            snprintf(text, sizeof text,
                     "apiVersion: %s\nkind: %s\n"
                     "metadata: {name: a, labels: %s}\n%s",
                     kinds[k].version, kinds[k].kind, labels[i], kinds[k].rest);
            digests[i] = digest_of(text);
            for (size_t j = 0; j < i; j++)
                assert_int_not_equal(digests[i], digests[j]);
        }
    }
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    expect_no_memory_lost(
        SLICE "addressType: IPv6\nports: [{name: a, port: 1}]\nendpoints:\n"
              "- addresses: ['FD00::1']\n  hostname: h\n"
              "  targetRef: {kind: Pod, name: p}\n  zone: z\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_knows_its_place_name_and_owner),
        cmocka_unit_test(the_namespace_is_default_unless_given),
        cmocka_unit_test(each_kind_has_its_versions),
        cmocka_unit_test(a_version_that_never_was_is_a_mistake),
        cmocka_unit_test(other_kinds_are_skipped),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_field_that_stands_twice_is_told_with_both_places),
        cmocka_unit_test(lists_are_opened),
        cmocka_unit_test(items_of_typed_lists_need_no_kind),
        cmocka_unit_test(a_list_without_list_is_refused),
        cmocka_unit_test(a_service_has_all_its_facts),
        cmocka_unit_test(a_service_without_address_is_headless),
        cmocka_unit_test(the_old_annotation_publishes_what_is_not_ready),
        cmocka_unit_test(an_external_name_is_a_name),
        cmocka_unit_test(an_external_name_has_at_most_255_octets),
        cmocka_unit_test(an_address_is_an_external_name_as_any_other),
        cmocka_unit_test(annotations_say_which_endpoints_count),
        cmocka_unit_test(ports_of_services_are_checked),
        cmocka_unit_test(addresses_of_services_are_checked),
        cmocka_unit_test(all_faults_of_an_object_are_told),
        cmocka_unit_test(a_slice_has_all_its_endpoints),
        cmocka_unit_test(a_slice_keeps_each_zone_once),
        cmocka_unit_test(a_slice_has_at_most_65535_zones),
        cmocka_unit_test(a_slice_keeps_texts_that_are_not_the_shortest),
        cmocka_unit_test(ipv4_addresses_have_one_text),
        cmocka_unit_test(texts_of_many_addresses_are_in_order),
        cmocka_unit_test(names_in_slices_are_ignored),
        cmocka_unit_test(slices_are_checked),
        cmocka_unit_test(endpoints_become_slices_by_family_and_readiness),
        cmocka_unit_test(endpoints_keep_texts_that_are_not_the_shortest),
        cmocka_unit_test(a_pod_has_all_its_facts),
        cmocka_unit_test(a_pod_as_people_write_it_is_pending),
        cmocka_unit_test(the_annotation_gives_a_pod_its_addresses),
        cmocka_unit_test(pods_are_checked),
        cmocka_unit_test(equal_facts_have_equal_digests),
        cmocka_unit_test(labels_are_facts_of_all_kinds),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
