// SPDX-License-Identifier: Apache-2.0
// GET /explain.
#include "admin/explain.h"

#include "dns/record.h"
#include "page.h"

#include <errno.h>
#include <string.h>

static int read_output(const char *text, enum explain_format *out,
                       struct error *err)
{
    if (!text || strcmp(text, "text") == 0)
        *out = EXPLAIN_TEXT;
    else if (strcmp(text, "json") == 0)
        *out = EXPLAIN_JSON;
    else
        return error_set(err, -EINVAL,
                         "output '%.100s' is neither text nor json", text);
    return 0;
}

static int read_type(const char *text, uint16_t *out, struct error *err)
{
    // nobody asks for TYPE0 (RFC 6895 3.1)
    if (!text || (dns_type_parse(text, out) && *out))
        return 0;
    return error_set(err, -EINVAL,
                     "type '%.100s' is none that is known; write A, SRV or "
                     "TYPE123",
                     text);
}

void page_explain(struct control *c, const struct httpd_request *request,
                  struct httpd_reply *reply)
{
    struct page_word words[] = {
        {.key = "name"}, {.key = "type"}, {.key = "output"}};
    const struct explain_sources from = {
        .zone = c->settings.zone,
        .cluster = c->settings.cluster,
        .ordinals = c->settings.ordinals,
        .answers = c->settings.answers,
    };
    enum explain_format format = EXPLAIN_TEXT;
    struct explanation explanation;
    uint16_t type = 0;
    int rc = page_words(request, words, ORD_COUNT(words), &reply->why);

    if (!rc && !words[0].value)
        rc = error_set(&reply->why, -EINVAL,
                       "a name is missing; write /explain?name=NAME");
    if (!rc)
        rc = read_type(words[1].value, &type, &reply->why);
    if (!rc)
        rc = read_output(words[2].value, &format, &reply->why);
    if (!rc)
        rc = explain(&from, words[0].value, type, format, &explanation,
                     &reply->why);
    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    *reply = (struct httpd_reply){
        .status = HTTPD_OK,
        .type = format == EXPLAIN_JSON ? "application/json"
                                       : "text/plain; charset=utf-8",
        .p = explanation.p,
        .n = explanation.n,
    };
}
