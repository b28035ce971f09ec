// SPDX-License-Identifier: Apache-2.0
// GET, POST and DELETE /faults.
#include "base/nearest.h"
#include "find.h"
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// How long a fault may last where it is to end by itself: a day, in which
// somebody has wondered about it.
static const uint64_t FOR_MS_MAX = 24 * 3600 * (uint64_t)1000;

// Returns whether faults are enabled; if not, that has been replied.
static bool is_enabled(const struct control *c, struct httpd_reply *reply)
{
    if (c->settings.faults)
        return true;
    page_refuse(reply, error_set(&reply->why, -EPERM,
                                 "faults are not enabled; start the server "
                                 "with --enable-faults"));
    return false;
}

// --- GET -------------------------------------------------------------------

// What the fault is, within an object, as a request has it.
static void write_fault(struct json_out *out, const struct fault *f,
                        uint64_t now_ms)
{
    char text[600];

    (void)snprintf(text, sizeof text, "%s/%s", f->namespace, f->name);
    json_out_uint(out, "number", f->number);
    json_out_text(out, "target", text);
    json_out_text(out, "of", f->of_service ? "Service" : "Pod");
    (void)snprintf(text, sizeof text, fault_has_ms(f->kind) ? "%s=%u" : "%s",
                   fault_kind_name(f->kind), f->ms);
    json_out_text(out, "kind", text);
    json_out_uint(out, "since_ms", now_ms - f->since_ms);
    if (f->until_ms != UINT64_MAX)
        json_out_uint(out, "left_ms",
                      f->until_ms > now_ms ? f->until_ms - now_ms : 0);
}

void page_faults(struct control *c, const struct httpd_request *request,
                 struct httpd_reply *reply)
{
    struct json_out out = {.p = NULL};
    const uint64_t now_ms = page_now_ms(c);
    const int rc = page_words(request, NULL, 0, &reply->why);

    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    if (!is_enabled(c, reply))
        return;
    json_out_object(&out, NULL);
    json_out_list(&out, "faults");
    for (uint32_t i = 0; i < faults_count(c->settings.faults); i++) {
        json_out_object(&out, NULL);
        write_fault(&out, faults_at(c->settings.faults, i), now_ms);
        json_out_end(&out);
    }
    json_out_end(&out);
    json_out_end(&out);
    page_reply(reply, HTTPD_OK, &out);
}

// --- POST ------------------------------------------------------------------

// Read what is to be added; its texts are borrowed until the next change.
static int read_fault(const struct control *c, const struct json_field *fields,
                      struct fault *out, struct error *err)
{
    struct target target;
    const struct object *of = NULL;
    const uint64_t for_ms = json_value_uint(fields[2].value);
    int rc =
        target_parse(&target, "target", json_value_text(fields[0].value), err);

    if (!rc)
        rc = fault_parse(json_value_text(fields[1].value), &out->kind, &out->ms,
                         err);
    if (!rc && fields[2].value && (for_ms == 0 || for_ms > FOR_MS_MAX))
        rc = error_set(err, -EINVAL,
                       "'for_ms' is not in 1..%llu, which is a day",
                       (unsigned long long)FOR_MS_MAX);
    if (!rc)
        rc = find_faulty(&c->settings, &target.at, out->kind, &of, err);
    if (rc)
        return rc;
    out->namespace = of->namespace;
    out->name = of->name;
    out->of_service = of->kind == OBJECT_SERVICE;
    out->since_ms = page_now_ms(c);
    out->until_ms = for_ms ? out->since_ms + for_ms : UINT64_MAX;
    return 0;
}

static int add_fault(struct control *c, const struct json_field *fields,
                     struct httpd_reply *reply)
{
    struct faults *faults = c->settings.faults;
    struct json_out out = {.p = NULL};
    struct fault fault = {.ms = 0};
    const uint64_t after = c->history.last;
    int rc = read_fault(c, fields, &fault, &reply->why);

    if (!rc)
        rc = faults_add(faults, &fault, &reply->why);
    if (rc)
        return rc;
    json_out_object(&out, NULL);
    json_out_object(&out, "fault");
    // the newest one stands last
    write_fault(&out, faults_at(faults, faults_count(faults) - 1),
                fault.since_ms);
    json_out_end(&out);
    json_out_uint(&out, "after", after);
    json_out_end(&out);
    page_reply(reply, page_changed(c), &out);
    return 0;
}

void page_add_fault(struct control *c, const struct httpd_request *request,
                    struct httpd_reply *reply)
{
    struct json_field fields[] = {
        {.key = "target", .kind = JSON_KIND_TEXT},
        {.key = "kind", .kind = JSON_KIND_TEXT},
        {.key = "for_ms", .kind = JSON_KIND_UINT, .optional = true},
    };
    struct json_value *body;

    if (!is_enabled(c, reply))
        return;
    int rc = page_words(request, NULL, 0, &reply->why);
    if (!rc)
        rc = page_body(request, fields, ORD_COUNT(fields), &body, &reply->why);
    if (!rc) {
        if (page_is_complete(c, reply))
            rc = add_fault(c, fields, reply);
        json_value_free(body);
    }
    if (rc)
        page_refuse(reply, rc);
}

// --- DELETE ----------------------------------------------------------------

static int no_fault(const struct faults *faults,
                    const struct ordinals_target *t, struct error *err)
{
    struct nearest near = nearest_of(t->name);

    for (uint32_t i = 0; i < faults_count(faults); i++)
        nearest_offer(&near, faults_at(faults, i)->name);
    return error_set(err, -ENOENT, "'%.100s%s%.253s' has no fault%s%.100s%s",
                     t->namespace ? t->namespace : "", t->namespace ? "/" : "",
                     t->name, near.word ? "; did you mean '" : "",
                     near.word ? near.word : "", near.word ? "'?" : "");
}

static int clear_faults(struct control *c, const struct ordinals_target *t,
                        struct httpd_reply *reply)
{
    struct json_out out = {.p = NULL};
    const uint64_t after = c->history.last;
    const uint32_t n = faults_clear(c->settings.faults, t->namespace, t->name);

    if (t->name && n == 0)
        return no_fault(c->settings.faults, t, &reply->why);
    json_out_object(&out, NULL);
    json_out_uint(&out, "cleared", n);
    json_out_uint(&out, "after", after);
    json_out_end(&out);
    page_reply(reply, page_changed(c), &out);
    return 0;
}

void page_clear_faults(struct control *c, const struct httpd_request *request,
                       struct httpd_reply *reply)
{
    struct page_word word = {.key = "target"};
    struct target target = {.at = {.name = NULL}};

    if (!is_enabled(c, reply))
        return;
    int rc = page_words(request, &word, 1, &reply->why);
    if (!rc && word.value)
        rc = target_parse(&target, word.key, word.value, &reply->why);
    if (!rc)
        rc = clear_faults(c, &target.at, reply);
    if (rc)
        page_refuse(reply, rc);
}
