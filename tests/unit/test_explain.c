// SPDX-License-Identifier: Apache-2.0
// What is told of a name is what is answered, in its forms, and by GET
// /explain: see test_explain_chain.c for what stands behind it,
// test_explain_lack.c for peers and services that lack something, and
// test_explain_near.c for what was meant.
#include "admin/explain.h"

#include "lib/control_box.h"
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/stand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- the same as the answer ------------------------------------------------

static void check_reply(struct stand *s, const char *name, const char *type)
{
    static uint8_t reply[65535];
    uint8_t query[512];
    struct reply r;
    char error[200] = "", rcode[16];
    const size_t n = query_write(query, sizeof query, 1, name, stand_type(type),
                                 1232, false);

    assert_true(n > 0);
    const size_t got = world_answer(s->world, query, n, ANSWER_TCP, reply);
    assert_true(reply_read(reply, got, &r, error));
    stand_ask(s, name, type);
    assert_word(s, "rcode", reply_rcode_name(r.rcode, rcode));
    assert_int_equal(json_value_count(json_value_get(s->root, "answers")),
                     r.lines_n[REPLY_ANSWER]);
    if (s->resolves) {
        assert_int_equal(r.ede, -1);
    } else {
        const struct json_value *why = json_value_get(s->root, "reason");
        assert_int_equal(json_value_uint(json_value_get(why, "ede")), r.ede);
        assert_string_equal(stand_reason(s, "text"), r.ede_text);
        assert_true(*r.ede_text);
    }
    reply_release(&r);
}

static void what_is_told_is_what_is_answered(void **state)
{
    static const char *const names[] = {
        "db-0.db.prod.svc.cluster.local.",
        "db-9.db.prod.svc.cluster.local.",
        "nope.db.prod.svc.cluster.local.",
        "_x._tcp.db.prod.svc.cluster.local.",
        "_tcp.db.prod.svc.cluster.local.",
        "db.prod.svc.cluster.local.",
        "nope.prod.svc.cluster.local.",
        "prod.svc.cluster.local.",
        "nope.svc.cluster.local.",
        "a.b.c.d.e.f.g.svc.cluster.local.",
        "nope.cluster.local.",
        "cluster.local.",
        "example.org.",
        "alias.prod.svc.cluster.local.",
        "astray.prod.svc.cluster.local.",
        "x.alias.prod.svc.cluster.local.",
        "front.prod.svc.cluster.local.",
        "cache.test.svc.cluster.local.",
        "x.front.prod.svc.cluster.local.",
        "kv-1.kv.prod.svc.cluster.local.",
        "kv-2.kv.prod.svc.cluster.local.",
        "kv-3.kv.prod.svc.cluster.local.",
        "10-0-0-1.prod.pod.cluster.local.",
        "1.0.0.10.in-addr.arpa.",
        "0.0.10.in-addr.arpa.",
        "300.0.0.10.in-addr.arpa.",
    };
    static const char *const types[] = {"A",   "AAAA", "SRV",  "PTR",
                                        "TXT", "ANY",  "CNAME"};
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_load(s, "b.yaml", stand_given);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            check_reply(s, names[i], types[k]);
}

static void a_fault_is_told_as_it_is(void **state)
{
    struct stand *s = *state;
    struct fault fault = {
        .kind = FAULT_SERVFAIL,
        .of_service = true,
        .until_ms = UINT64_MAX,
        .namespace = "prod",
        .name = "db",
    };

    stand_restart(s, "--enable-faults --pod-cidr fd00::/64");
    stand_load(s, "a.yaml", stand_manifests);
    struct pipeline *p = world_pipeline(s->world);
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    stand_ask(s, "db-0.db.prod", NULL);
    assert_no(s, "SERVFAIL", "", "");
    assert_reason(s, "text", "fault servfail");
    stand_ask_text(s, "db-0.db.prod.svc.cluster.local.", NULL);
    assert_part(s->text, ". A, AAAA: SERVFAIL\nfault servfail\n");
    faults_clear(p->faults, NULL, NULL);
    fault.kind = FAULT_NO_AAAA;
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    stand_ask(s, "db-0.db.prod", "AAAA");
    assert_false(s->resolves);
    assert_true(*stand_reason(s, "text"));
    faults_clear(p->faults, NULL, NULL);
    fault.kind = FAULT_SLOW;
    fault.ms = 5000;
    assert_int_equal(faults_add(p->faults, &fault, &s->err), 0);
    assert_int_equal(world_run(s->world), 0);
    stand_ask(s, "db-0.db.prod", "AAAA");
    assert_true(s->resolves);
}

// --- forms -----------------------------------------------------------------

static void the_text_reads_from_top_to_bottom(void **state)
{
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask_text(s, "db-9.db.prod.svc.cluster.local", NULL);
    assert_ptr_equal(strstr(s->text, "db-9.db.prod.svc.cluster.local. A, AAAA: "
                                     "NXDOMAIN\nordinal-outside: StatefulSet "
                                     "db has the ordinals 0..2\n"),
                     s->text);
    const char *because = strstr(s->text, "\n\nbecause:\n  Service prod/db: ");
    const char *set = strstr(s->text, "\n  StatefulSet prod/db: ");
    const char *mend = strstr(s->text, "\nmend: ");
    assert_true(because && set && mend && because < set && set < mend);
    assert_part(s->text, "/a.yaml:1\n");
    assert_part(s->text, "/a.yaml:10\n");
    stand_ask_text(s, "db-0.db.prod.svc.cluster.local", NULL);
    assert_ptr_equal(strstr(s->text, "db-0.db.prod.svc.cluster.local. A, AAAA: "
                                     "resolves\n  db-0.db.prod.svc.cluster."
                                     "local. 5 A 10.244.0.1\n  AAAA: NODATA, "
                                     "type-absent: "),
                     s->text);
    assert_part(s->text, "(made here)\n");
    assert_no_part(s->text, "mend:");
}

static void names_have_one_form(void **state)
{
    struct stand *s = *state;
    static const char *const bad[] = {"", "a..b", ".a", "a.b\\300", "x\\"};
    char label[80] = "";

    stand_load(s, "a.yaml", stand_manifests);
    stand_ask_text(s, "DB.Prod.SVC.Cluster.Local", "A");
    assert_part(s->text, "db.prod.svc.cluster.local. A: resolves\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s->err.text[0] = '\0';
        assert_int_equal(stand_explain(s, bad[i], NULL, EXPLAIN_TEXT), -EINVAL);
        assert_true(s->err.text[0]);
    }
    memset(label, 'a', 64);
    assert_int_equal(stand_explain(s, label, NULL, EXPLAIN_TEXT), -EINVAL);
    stand_ask_text(s, ".", NULL);
    assert_part(s->text, ". A, AAAA: REFUSED\nwrong-domain: ");
    stand_ask_text(s, "a\\.b\\000.db.prod.svc.cluster.local.", NULL);
    assert_part(s->text, "NXDOMAIN");
    stand_ask_text(s, "db.prod.svc.cluster.local", "AXFR");
    assert_part(s->text, " AXFR: REFUSED\n");
    assert_part(s->text, "ordinald zone");
    stand_ask_text(s, "db.prod.svc.cluster.local", "OPT");
    assert_part(s->text, " OPT: NODATA\ntype-absent: ");
}

static void a_file_whose_name_is_no_text_is_told(void **state)
{
    struct stand *s = *state;

    stand_load(s, "\xff.yaml", stand_manifests);
    stand_ask(s, "db.prod", NULL);
    assert_true(s->resolves);
    const char *file =
        json_value_text(json_value_get(stand_link(s, "Service", "db"), "file"));
    assert_part(file, "/\xef\xbf\xbd.yaml");
}

static void nothing_is_told_before_the_load(void **state)
{
    struct stand *s = *state;

    assert_int_equal(stand_explain(s, "db.prod", NULL, EXPLAIN_TEXT), -EAGAIN);
    assert_string_equal(s->err.text,
                        "not-loaded: the first load of the zone is not "
                        "complete; ask again; the log says what is waited "
                        "for");
}

static void memory_that_runs_out_is_told(void **state)
{
    static const char *const names[] = {
        "db.prod.svc.cluster.local",
        "db-9.db.prod.svc.cluster.local",
        "db-0.db",
        "fornt.prod.svc.cluster.local",
        "db-0.db.prdo.svc.cluster.local",
        "db-1.front.prod.svc.cluster.local",
        "rnig-1.ring.prod.svc.cluster.local",
        "_pere._tcp.db.prod.svc.cluster.local",
        "10.244.0.1",
        "10.1.0.2", // only a slice has it
        "10.3.0.2", // and a pod that is not ready
    };
    struct stand *s = *state;

    stand_load(s, "a.yaml", stand_manifests);
    stand_load(s, "b.yaml", stand_given);
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        const enum explain_format format = i % 2 ? EXPLAIN_JSON : EXPLAIN_TEXT;
        bool hit = true;
        for (long n = 1; hit; n++) {
            fault_alloc_after(n);
            const int rc = stand_explain(s, names[i / 2], NULL, format);
            hit = fault_alloc_hit();
            fault_alloc_after(-1);
            assert_int_equal(rc, hit ? -ENOMEM : 0);
        }
    }
}

// --- the page --------------------------------------------------------------

static void the_page_tells_the_same(void **state)
{
    struct stand *s = *state;
    struct box *b = box_new();
    const struct pipeline *p = world_pipeline(s->world);

    b->settings.zone = p->zone;
    b->settings.cluster = p->cluster;
    b->settings.ordinals = statefulsets_ordinals(p->statefulsets);
    box_start(b);
    char *reply = box_ask(b, "GET /explain?name=db.prod");
    assert_starts(reply, "HTTP/1.1 503 ");
    assert_has(reply, "Retry-After: 1\r\n");
    assert_has(reply, "not-loaded: the first load");
    free(reply);
    stand_load(s, "a.yaml", stand_manifests);
    reply = box_ask(b, "GET /explain?name=db-9.db.prod.svc.cluster.local");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, "Content-Type: text/plain");
    stand_ask_text(s, "db-9.db.prod.svc.cluster.local", NULL);
    assert_string_equal(box_body(reply), s->text);
    free(reply);
    reply = box_ask(b, "GET /explain?name=db.prod.svc.cluster.local&type=srv&"
                       "output=json");
    assert_has(reply, "Content-Type: application/json");
    stand_ask(s, "db.prod", "SRV");
    assert_string_equal(box_body(reply), s->text);
    free(reply);
    assert_refused(b, "GET /explain", "HTTP/1.1 400 ", "name");
    assert_refused(b, "GET /explain?name=a..b", "HTTP/1.1 400 ", "'a..b'");
    assert_refused(b, "GET /explain?name=a&type=x", "HTTP/1.1 400 ", "'x'");
    assert_refused(b, "GET /explain?name=a&type=TYPE0", "HTTP/1.1 400 ",
                   "'TYPE0'");
    assert_refused(b, "GET /explain?name=%00", "HTTP/1.1 400 ", "'name'");
    assert_refused(b, "GET /explain?name=a&output=xml", "HTTP/1.1 400 ",
                   "'xml'");
    assert_refused(b, "GET /explain?nam=a", "HTTP/1.1 400 ", "'nam'");
    box_free(b);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_told_is_what_is_answered),
        TEST(a_fault_is_told_as_it_is),
        TEST(the_text_reads_from_top_to_bottom),
        TEST(names_have_one_form),
        TEST(a_file_whose_name_is_no_text_is_told),
        TEST(nothing_is_told_before_the_load),
        TEST(memory_that_runs_out_is_told),
        TEST(the_page_tells_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
