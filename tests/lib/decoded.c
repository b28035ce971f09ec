// SPDX-License-Identifier: Apache-2.0
#include "lib/decoded.h"

#include "source/object.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void take_finding(void *context, enum finding kind, struct place at,
                         const char *text)
{
    static const char *const names[] = {"error", "warning", "debug"};
    struct result *r = context;
    const size_t used = strlen(r->findings);
    snprintf(r->findings + used, sizeof r->findings - used, "%u:%u %s: %s\n",
             at.line, at.column, names[kind], text);
}

static void take_object(void *context, struct object *o)
{
    struct result *r = context;
    assert_true(r->n < ORD_COUNT(r->objects));
    r->objects[r->n++] = o;
}

static void take_document(void *context, const struct doc_node *root)
{
    struct result *r = context;
    const struct report report = {take_finding, r};
    const int rc = object_decode(root, "f", &r->arena, take_object, r, &report);
    r->refused = rc < 0 || r->refused < 0 ? -ENOMEM : r->refused + rc;
}

struct result *decode(const char *text)
{
    struct result *r = test_calloc(1, sizeof *r);
    const struct report report = {take_finding, r};
    const struct doc_limits limits = doc_limits_default();
    arena_init(&r->arena, (size_t)1 << 26);
    const int rc = doc_yaml_read("f", span_of_text(text), &limits,
                                 take_document, r, &report);
    assert_int_equal(rc, 0);
    return r;
}

void drop(struct result *r)
{
    arena_release(&r->arena);
    test_free(r);
}

const struct object *decode_warned(const char *text, const char *findings,
                                   struct result **r)
{
    *r = decode(text);
    assert_string_equal((*r)->findings, findings);
    assert_int_equal((*r)->refused, 0);
    assert_int_equal((*r)->n, 1);
    return (*r)->objects[0];
}

const struct object *decode_one(const char *text, struct result **r)
{
    const struct object *o = decode_warned(text, "", r);
    assert_int_not_equal(o->digest, 0);
    return o;
}

void expect_refused(const char *text, const char *findings)
{
    struct result *r = decode(text);
    assert_string_equal(r->findings, findings);
    assert_int_equal(r->n, 0);
    assert_int_equal(r->refused, 1);
    drop(r);
}

void expect_all_refused(const struct fault_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_refused(cases[i].text, cases[i].findings);
}

void expect_address(const struct address *a, const char *text)
{
    char buffer[ADDRESS_TEXT_SIZE];
    assert_string_equal(address_format(a, buffer), text);
}

uint64_t digest_of(const char *text)
{
    struct result *r;
    const uint64_t digest = decode_one(text, &r)->digest;
    drop(r);
    return digest;
}

void expect_no_memory_lost(const char *text)
{
    const struct doc_limits limits = doc_limits_default();
    size_t refused = 0;
    for (size_t budget = 0;; budget += 8) {
        struct result r = {0};
        const struct report report = {take_finding, &r};
        arena_init(&r.arena, budget);
        assert_int_equal(doc_yaml_read("f", span_of_text(text), &limits,
                                       take_document, &r, &report),
                         0);
        assert_string_equal(r.findings, "");
        arena_release(&r.arena);
        if (r.refused == 0) {
            assert_int_equal(r.n, 1);
            break;
        }
        assert_int_equal(r.refused, -ENOMEM);
        assert_int_equal(r.n, 0);
        refused++;
    }
    assert_true(refused > 10);
}
