// SPDX-License-Identifier: Apache-2.0
// An explanation for programs: see admin/explain.h for the form.
#include "explain.h"

#include "doc/json.h"

#include <errno.h>

static void write_answers(const struct explain *e, struct json_out *j)
{
    json_out_list(j, "answers");
    for (unsigned i = 0; i < e->questions_n; i++) {
        for (const struct explain_record *r = e->questions[i].records; r;
             r = r->next) {
            if (explain_is_repeated(e, &e->questions[i], r))
                continue;
            json_out_object(j, NULL);
            json_out_text(j, "name", r->name);
            json_out_uint(j, "ttl", r->ttl_s);
            json_out_text(j, "type", r->type);
            json_out_text(j, "data", r->data);
            json_out_end(j);
        }
    }
    json_out_end(j);
}

static void write_reason(const struct explain *e, struct json_out *j)
{
    const struct explain_question *q = e->decides;

    json_out_object(j, "reason");
    json_out_text(j, "id", reason_kind(q->code)->id);
    json_out_uint(j, "ede", q->ede);
    json_out_text(j, "text", q->text);
    json_out_text(j, "mend", e->mend);
    json_out_text(j, "help", reason_kind(q->code)->help);
    json_out_end(j);
}

static void write_questions(const struct explain *e, struct json_out *j)
{
    json_out_list(j, "questions");
    for (unsigned i = 0; i < e->questions_n; i++) {
        const struct explain_question *q = &e->questions[i];
        json_out_object(j, NULL);
        json_out_text(j, "type", q->type_text);
        json_out_text(j, "rcode", explain_rcode(q));
        json_out_bool(j, "resolves", q->resolves);
        json_out_bool(j, "forwarded", q->forwarded);
        json_out_text(j, "id", reason_kind(q->code)->id);
        json_out_uint(j, "ede", q->ede);
        json_out_text(j, "text", q->text);
        json_out_end(j);
    }
    json_out_end(j);
}

static void write_chain(const struct explain *e, struct json_out *j)
{
    json_out_list(j, "chain");
    for (const struct explain_link *l = e->links; l; l = l->next) {
        json_out_object(j, NULL);
        json_out_text(j, "kind", l->kind);
        json_out_text(j, "namespace", l->namespace);
        json_out_text(j, "name", l->name);
        json_out_text(j, "state", l->state);
        json_out_text(j, "file", l->at.file ? l->at.file : "");
        json_out_uint(j, "line", l->at.line);
        json_out_uint(j, "column", l->at.column);
        json_out_uint(j, "more", l->more);
        json_out_end(j);
    }
    json_out_end(j);
}

int explain_write_json(const struct explain *e, struct explanation *out)
{
    struct json_out j = {.p = NULL};
    const struct explain_question *q = e->decides;
    size_t n;

    json_out_object(&j, NULL);
    json_out_text(&j, "name", e->name_text);
    json_out_text(&j, "type", q->type_text);
    json_out_text(&j, "rcode", explain_rcode(q));
    json_out_bool(&j, "resolves", q->resolves);
    json_out_bool(&j, "forwarded", q->forwarded);
    write_answers(e, &j);
    write_reason(e, &j);
    write_questions(e, &j);
    json_out_text(&j, "near", e->near);
    json_out_text(&j, "hint", e->hint);
    write_chain(e, &j);
    json_out_end(&j);
    char *p = json_out_take(&j, &n);
    if (!p)
        return -ENOMEM;
    *out = (struct explanation){.p = p, .n = n, .resolves = q->resolves};
    return 0;
}
