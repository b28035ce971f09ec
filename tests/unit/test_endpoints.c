// SPDX-License-Identifier: Apache-2.0
// Endpoints from pods, seen through cluster_service().
#include "lib/fault.h"
#include "lib/objects.h"
#include "model/cluster.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// A service `db` in namespace `ns` that selects app=db, and what is said of it.
struct bench {
    struct cluster *cluster;
    struct arena arena;
    struct object *service;
    struct object *others[OBJECTS_MANY];
    size_t others_n;
    char text[4096];
};

static void bench_init(struct bench *b)
{
    *b = (struct bench){.cluster = cluster_new(NULL)};
    arena_init(&b->arena, 1 << 20);
    assert_non_null(b->cluster);
    b->service = object_make(OBJECT_SERVICE, "ns", "db");
    b->service->service.type = SERVICE_HEADLESS;
    object_select(b->service, "app", "db");
}

static void bench_release(struct bench *b)
{
    cluster_free(b->cluster);
    object_drop(b->service);
    for (size_t i = 0; i < b->others_n; i++)
        object_drop(b->others[i]);
    arena_release(&b->arena);
}

static struct object *add(struct bench *b, enum object_kind kind,
                          const char *name)
{
    struct object *o = object_make(kind, "ns", name);

    b->others[b->others_n++] = o;
    return o;
}

// A pod that the service selects.
static struct object *add_pod(struct bench *b, const char *name,
                              const char *address)
{
    struct object *o = add(b, OBJECT_POD, name);

    object_label(o, "app", "db");
    object_address(o, address);
    return o;
}

static void say(struct bench *b, const char *format, ...) ORD_PRINTF(2, 3);

static void say(struct bench *b, const char *format, ...)
{
    const size_t n = strlen(b->text);
    va_list args;

    va_start(args, format);
    vsnprintf(b->text + n, sizeof b->text - n, format, args);
    va_end(args);
}

static void say_endpoint(struct bench *b, const struct endpoint *e,
                         uint8_t family)
{
    struct address a = {.family = family};
    char text[ADDRESS_TEXT_SIZE];

    say(b, " %s/%s", e->pod, e->hostname);
    for (uint16_t i = 0; i < e->addresses_n; i++) {
        const size_t size = address_size(&a);
        memcpy(a.octets, e->addresses + i * size, size);
        say(b, "=%s", address_format(&a, text));
    }
    say(b, "%s%s%s", e->ready ? "+r" : "", e->serving ? "+s" : "",
        e->terminating ? "+t" : "");
}

// "4[web tcp 80] db-0/=10.0.0.1+r+s; 6[]": each slice in its order.
static const char *slices(struct bench *b)
{
    struct service s;

    b->text[0] = '\0';
    assert_int_equal(cluster_put(b->cluster, object_done(b->service), 1, NULL),
                     0);
    for (size_t i = 0; i < b->others_n; i++)
        assert_int_equal(
            cluster_put(b->cluster, object_done(b->others[i]), 1, NULL), 0);
    assert_int_equal(cluster_service(b->cluster, "ns", "db", &b->arena, &s), 0);
    for (uint32_t i = 0; i < s.slices_n; i++) {
        const struct slice_facts *f = s.slices[i];
        say(b, "%s%u[", i ? "; " : "", f->family);
        for (uint32_t k = 0; k < f->ports_n; k++)
            say(b, "%s%s %s %u", k ? ", " : "", f->ports[k].name,
                protocol_label((enum protocol)f->ports[k].protocol),
                f->ports[k].number);
        say(b, "]");
        for (uint32_t k = 0; k < f->endpoints_n; k++)
            say_endpoint(b, &f->endpoints[k], f->family);
    }
    return b->text;
}

// The test fails at the caller's line.
#define assert_slices(b, wanted) assert_string_equal(slices(b), wanted)

static void a_selected_pod_is_an_endpoint(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1");
    assert_slices(&b, "4[] db-0/=10.0.0.1+r+s");
    bench_release(&b);
}

static void a_pod_is_selected_by_labels_namespace_address_and_phase(
    void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_select(b.service, "role", "main");
    object_label(add_pod(&b, "yes", "10.0.0.1"), "role", "main");
    object_label(add_pod(&b, "otherwise", "10.0.0.2"), "role", "spare");
    add_pod(&b, "half", "10.0.0.3");
    struct object *bare = add(&b, OBJECT_POD, "no-address");
    object_label(bare, "app", "db");
    object_label(bare, "role", "main");
    struct object *elsewhere = add_pod(&b, "elsewhere", "10.0.0.4");
    object_label(elsewhere, "role", "main");
    elsewhere->namespace = "other";
    for (uint8_t phase = POD_PENDING; phase <= POD_UNKNOWN; phase++) {
        static const char *const names[] = {"pending", "running", "succeeded",
                                            "failed", "unknown"};
        struct object *o = add_pod(&b, names[phase], "10.0.0.5");
        object_label(o, "role", "main");
        o->pod.phase = phase;
    }
    assert_slices(&b, "4[] pending/=10.0.0.5+r+s running/=10.0.0.5+r+s "
                      "unknown/=10.0.0.5+r+s yes/=10.0.0.1+r+s");
    bench_release(&b);
}

static void conditions_follow_ready_and_deletion(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1")->pod.ready = false;
    add_pod(&b, "db-1", "10.0.0.2")->pod.terminating = true;
    struct object *both = add_pod(&b, "db-2", "10.0.0.3");
    both->pod.ready = false;
    both->pod.terminating = true;
    assert_slices(&b, "4[] db-0/=10.0.0.1 db-1/=10.0.0.2+s+t db-2/=10.0.0.3+t");
    bench_release(&b);
}

static void publish_not_ready_addresses_makes_all_ready(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    b.service->service.publish_not_ready_addresses = true;
    add_pod(&b, "db-0", "10.0.0.1")->pod.ready = false;
    add_pod(&b, "db-1", "10.0.0.2")->pod.terminating = true;
    assert_slices(&b, "4[] db-0/=10.0.0.1+r db-1/=10.0.0.2+r+s+t");
    bench_release(&b);
}

static void a_hostname_is_for_the_governing_service_only(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct object *governed = add_pod(&b, "db-0", "10.0.0.1");
    governed->pod.hostname = "db-0";
    governed->pod.subdomain = "db";
    struct object *other = add_pod(&b, "db-1", "10.0.0.2");
    other->pod.hostname = "db-1";
    other->pod.subdomain = "db-headless";
    add_pod(&b, "db-2", "10.0.0.3")->pod.hostname = "db-2";
    add_pod(&b, "db-3", "10.0.0.4")->pod.subdomain = "db";
    assert_slices(&b, "4[] db-0/db-0=10.0.0.1+r+s db-1/=10.0.0.2+r+s "
                      "db-2/=10.0.0.3+r+s db-3/=10.0.0.4+r+s");
    bench_release(&b);
}

static void ordinals_are_ordered_as_numbers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "db-10", "db-9", "a",     "db-2", "db-18446744073709551616",
        "db",    "db-x", "db-02", "db-0", "db-1-0",
        "7",     "db-"};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < ORD_COUNT(names); i++)
        add_pod(&b, names[i], "10.0.0.1");
    slices(&b);
    char order[256] = "";
    const char *at = b.text;
    while ((at = strchr(at, ' '))) {
        at++;
        strncat(order, at, (size_t)(strchr(at, '/') - at));
        strcat(order, " ");
    }
    assert_string_equal(order, "7 a db db-0 db-02 db-2 db-9 db-10 "
                               "db-18446744073709551616 db- db-1-0 db-x ");
    bench_release(&b);
}

static void a_single_stack_service_sees_the_primary_family(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_address(add_pod(&b, "db-0", "10.0.0.1"), "fd00::1");
    object_address(add_pod(&b, "db-1", "fd00::2"), "10.0.0.2");
    assert_slices(&b, "4[] db-0/=10.0.0.1+r+s; 6[] db-1/=fd00::2+r+s");
    bench_release(&b);
}

static void families_of_the_service_count_in_their_order(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    b.service->service.families_n = 2;
    b.service->service.families[0] = FAMILY_IPV6;
    b.service->service.families[1] = FAMILY_IPV4;
    object_address(add_pod(&b, "db-0", "10.0.0.1"), "fd00::1");
    add_pod(&b, "db-1", "10.0.0.2");
    assert_slices(&b, "6[] db-0/=fd00::1+r+s; "
                      "4[] db-0/=10.0.0.1+r+s db-1/=10.0.0.2+r+s");
    bench_release(&b);
}

static void one_family_of_the_service_leaves_the_other_out(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    b.service->service.families_n = 1;
    b.service->service.families[0] = FAMILY_IPV6;
    b.service->service.policy = IP_FAMILY_SINGLE;
    object_address(add_pod(&b, "db-0", "10.0.0.1"), "fd00::1");
    add_pod(&b, "db-1", "10.0.0.2");
    assert_slices(&b, "6[] db-0/=fd00::1+r+s");
    bench_release(&b);
}

static void a_dual_stack_policy_means_both_families(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench b;
        bench_init(&b);
        b.service->service.policy =
            i == 0 ? IP_FAMILY_PREFER_DUAL : IP_FAMILY_REQUIRE_DUAL;
        if (i == 2) {
            b.service->service.families_n = 1;
            b.service->service.families[0] = FAMILY_IPV4;
        }
        object_address(add_pod(&b, "db-0", "10.0.0.1"), "fd00::1");
        assert_slices(&b, "4[] db-0/=10.0.0.1+r+s; 6[] db-0/=fd00::1+r+s");
        bench_release(&b);
    }
}

static void two_addresses_of_one_family_are_one_endpoint(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_address(add_pod(&b, "db-0", "10.0.0.1"), "10.0.0.2");
    assert_slices(&b, "4[] db-0/=10.0.0.1=10.0.0.2+r+s");
    bench_release(&b);
}

static void a_port_has_its_target_number(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_port(b.service, "same", 80, PROTOCOL_TCP, "");
    object_port(b.service, "other", 81, PROTOCOL_UDP, "8081");
    object_port(b.service, "", 82, PROTOCOL_SCTP, "");
    add_pod(&b, "db-0", "10.0.0.1");
    assert_slices(&b, "4[same tcp 80, other udp 8081,  sctp 82] "
                      "db-0/=10.0.0.1+r+s");
    bench_release(&b);
}

static void a_named_target_is_looked_up_in_each_pod(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_port(b.service, "web", 80, PROTOCOL_TCP, "http");
    object_port(b.service, "fix", 90, PROTOCOL_TCP, "");
    static const uint16_t numbers[] = {8080, 9090, 8080, 0, 7};
    for (unsigned i = 0; i < ORD_COUNT(numbers); i++) {
        char name[] = "db-0", address[] = "10.0.0.0";
        name[3] = address[7] = (char)('0' + i);
        struct object *o = add_pod(&b, name, address);
        // the name alone is not enough
        object_number(o, "http", 53, PROTOCOL_UDP);
        object_number(o, "https", 443, PROTOCOL_TCP);
        if (numbers[i])
            object_number(o, "http", numbers[i], PROTOCOL_TCP);
    }
    assert_slices(&b, "4[fix tcp 90] db-3/=10.0.0.3+r+s; "
                      "4[web tcp 7, fix tcp 90] db-4/=10.0.0.4+r+s; "
                      "4[web tcp 8080, fix tcp 90] db-0/=10.0.0.0+r+s "
                      "db-2/=10.0.0.2+r+s; "
                      "4[web tcp 9090, fix tcp 90] db-1/=10.0.0.1+r+s");
    bench_release(&b);
}

static void a_label_given_twice_counts_a_pod_once(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_label(add_pod(&b, "db-0", "10.0.0.1"), "app", "db");
    assert_slices(&b, "4[] db-0/=10.0.0.1+r+s");
    bench_release(&b);
}

static void nothing_is_derived_without_a_selector(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench b;
        bench_init(&b);
        b.service->service.has_selector = i != 0;
        if (i < 2)
            b.service->service.selector.n = 0;
        else
            b.service->service.type = SERVICE_EXTERNAL_NAME;
        add_pod(&b, "db-0", "10.0.0.1");
        assert_slices(&b, "");
        bench_release(&b);
    }
}

static struct object *add_slice(struct bench *b, const char *name,
                                const char *address)
{
    struct object *o = add(b, OBJECT_ENDPOINT_SLICE, name);

    o->slice.service = "db";
    object_number(o, "p", 1, PROTOCOL_TCP);
    object_endpoint(o, "h", name, address, true);
    return o;
}

static struct object *add_endpoints(struct bench *b)
{
    struct object *o = add(b, OBJECT_ENDPOINTS, "db");

    object_endpoint(o, "", "old", "10.9.9.9", true);
    return o;
}

static void slices_win_and_come_in_order_of_their_names(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1");
    add_endpoints(&b);
    add_slice(&b, "db-b", "10.1.0.2");
    add_slice(&b, "db-c", "10.1.0.3");
    add_slice(&b, "db-a", "10.1.0.1");
    assert_slices(&b, "4[p tcp 1] db-a/h=10.1.0.1+r+s; "
                      "4[p tcp 1] db-b/h=10.1.0.2+r+s; "
                      "4[p tcp 1] db-c/h=10.1.0.3+r+s");
    bench_release(&b);
}

static void a_slice_counts_by_label_and_namespace(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_slice(&b, "db-1", "10.1.0.1")->slice.service = "";
    add_slice(&b, "db-2", "10.1.0.2")->slice.service = "other";
    add_slice(&b, "db-3", "10.1.0.3")->namespace = "other";
    add_slice(&b, "any", "10.1.0.4");
    assert_slices(&b, "4[p tcp 1] any/h=10.1.0.4+r+s");
    bench_release(&b);
}

static void a_slice_of_names_is_left_out_but_given(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1");
    add_slice(&b, "db-1", "10.1.0.1")->slice.family = 0;
    assert_slices(&b, "");
    bench_release(&b);
}

static void endpoints_win_over_pods(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1");
    add_endpoints(&b);
    assert_slices(&b, "4[] old/=10.9.9.9+r+s");
    bench_release(&b);
}

static void empty_endpoints_win_as_well(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    add_pod(&b, "db-0", "10.0.0.1");
    add(&b, OBJECT_ENDPOINTS, "db")->endpoints.slices_n = 0;
    assert_slices(&b, "");
    bench_release(&b);
}

static void an_external_name_has_no_endpoints(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    b.service->service.type = SERVICE_EXTERNAL_NAME;
    add_slice(&b, "db-1", "10.1.0.1");
    assert_slices(&b, "");
    bench_release(&b);
}

static void the_service_itself_is_handed_out(void **state)
{
    (void)state;
    struct bench b;
    struct service s;
    bench_init(&b);
    b.service->service.type = SERVICE_CLUSTER_IP;
    object_address(b.service, "10.96.0.1");
    object_address(b.service, "fd00::1");
    assert_slices(&b, "");
    assert_int_equal(cluster_service(b.cluster, "ns", "db", &b.arena, &s), 0);
    assert_string_equal(s.namespace, "ns");
    assert_string_equal(s.name, "db");
    assert_ptr_equal(s.object, b.service);
    assert_int_equal(s.addresses_n, 2);
    assert_int_equal(s.addresses[1].family, FAMILY_IPV6);
    bench_release(&b);
}

static void a_service_that_is_not_there_leaves_out_as_it_was(void **state)
{
    (void)state;
    struct bench b;
    struct service s = {.slices_n = 42};
    bench_init(&b);
    add_slice(&b, "db-1", "10.1.0.1")->slice.service = "soon";
    slices(&b);
    assert_int_equal(cluster_service(b.cluster, "ns", "soon", &b.arena, &s),
                     -ENOENT);
    assert_int_equal(cluster_service(b.cluster, "no", "db", &b.arena, &s),
                     -ENOENT);
    assert_int_equal(s.slices_n, 42);
    bench_release(&b);
}

static void each_failing_allocation_is_an_error_and_nothing_else(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct bench b;
        bench_init(&b);
        object_port(b.service, "web", 80, PROTOCOL_TCP, "http");
        for (char i = '0'; i < '9'; i++) {
            char name[] = "db-0", address[] = "10.0.0.0";
            name[3] = address[7] = i;
            struct object *o = add_pod(&b, name, address);
            object_address(o, "10.0.1.1");
            object_number(o, "http", (uint16_t)(80 + i), PROTOCOL_TCP);
        }
        if (kind == 1)
            add_endpoints(&b);
        if (kind == 2)
            add_slice(&b, "db-1", "10.1.0.1");
        slices(&b);
        for (long n = 1;; n++) {
            struct arena arena;
            struct service s = {.slices_n = 42};
            arena_init(&arena, 1 << 20);
            fault_alloc_after(n);
            const int r = cluster_service(b.cluster, "ns", "db", &arena, &s);
            fault_alloc_after(-1);
            arena_release(&arena);
            assert_int_equal(r, fault_alloc_hit() ? -ENOMEM : 0);
            assert_true(r == 0 || s.slices_n == 42);
            if (r == 0)
                break;
        }
        bench_release(&b);
    }
}

static void each_budget_too_small_is_an_error(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    object_address(add_pod(&b, "db-0", "10.0.0.1"), "10.0.0.2");
    add_pod(&b, "db-1", "10.0.0.3");
    slices(&b);
    int r = -ENOMEM;
    for (size_t budget = 0; r != 0; budget += 8) {
        struct arena arena;
        struct service s;
        assert_in_range(budget, 0, 4096);
        arena_init(&arena, budget);
        r = cluster_service(b.cluster, "ns", "db", &arena, &s);
        assert_true(r == 0 || r == -ENOMEM);
        arena_release(&arena);
    }
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_selected_pod_is_an_endpoint),
        cmocka_unit_test(
            a_pod_is_selected_by_labels_namespace_address_and_phase),
        cmocka_unit_test(conditions_follow_ready_and_deletion),
        cmocka_unit_test(publish_not_ready_addresses_makes_all_ready),
        cmocka_unit_test(a_hostname_is_for_the_governing_service_only),
        cmocka_unit_test(ordinals_are_ordered_as_numbers),
        cmocka_unit_test(a_single_stack_service_sees_the_primary_family),
        cmocka_unit_test(families_of_the_service_count_in_their_order),
        cmocka_unit_test(one_family_of_the_service_leaves_the_other_out),
        cmocka_unit_test(a_dual_stack_policy_means_both_families),
        cmocka_unit_test(two_addresses_of_one_family_are_one_endpoint),
        cmocka_unit_test(a_port_has_its_target_number),
        cmocka_unit_test(a_named_target_is_looked_up_in_each_pod),
        cmocka_unit_test(a_label_given_twice_counts_a_pod_once),
        cmocka_unit_test(nothing_is_derived_without_a_selector),
        cmocka_unit_test(slices_win_and_come_in_order_of_their_names),
        cmocka_unit_test(a_slice_counts_by_label_and_namespace),
        cmocka_unit_test(a_slice_of_names_is_left_out_but_given),
        cmocka_unit_test(endpoints_win_over_pods),
        cmocka_unit_test(empty_endpoints_win_as_well),
        cmocka_unit_test(an_external_name_has_no_endpoints),
        cmocka_unit_test(the_service_itself_is_handed_out),
        cmocka_unit_test(a_service_that_is_not_there_leaves_out_as_it_was),
        cmocka_unit_test(each_failing_allocation_is_an_error_and_nothing_else),
        cmocka_unit_test(each_budget_too_small_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
