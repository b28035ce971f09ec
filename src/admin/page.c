// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- requests --------------------------------------------------------------

// Texts come with a NUL behind them; what has one inside is none of ours.
static bool is_text(struct span s)
{
    return s.p && strlen((const char *)s.p) == s.n;
}

static struct page_word *find(struct page_word *words, size_t n,
                              struct span key)
{
    for (size_t i = 0; i < n; i++)
        if (span_equal(span_of_text(words[i].key), key))
            return &words[i];
    return NULL;
}

static int unknown_word(const struct page_word *words, size_t n,
                        struct span key, struct error *err)
{
    char known[128] = "none";

    for (size_t i = 0, at = 0; i < n && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s",
                               i ? ", " : "", words[i].key);
    return error_set(err, -EINVAL,
                     "'%.100s' is no word of this page's query; there is %s",
                     (const char *)key.p, known);
}

int page_words(const struct httpd_request *request, struct page_word *words,
               size_t n, struct error *err)
{
    for (size_t i = 0; i < request->words_n; i++) {
        const struct httpd_word *w = &request->words[i];
        struct page_word *to = find(words, n, w->key);
        if (!to)
            return unknown_word(words, n, w->key, err);
        if (!is_text(w->value) || to->value)
            return error_set(err, -EINVAL, "'%s' wants one value", to->key);
        to->value = (const char *)w->value.p;
    }
    return 0;
}

int page_number(const struct page_word *word, uint64_t max, uint64_t *out,
                struct error *err)
{
    const size_t n = strlen(word->value);
    char *end;

    errno = 0;
    const unsigned long long v = strtoull(word->value, &end, 10);
    if (n == 0 || strspn(word->value, "0123456789") != n || errno || v > max)
        return error_set(err, -EINVAL,
                         "%s '%.40s' is not a whole number up to %llu",
                         word->key, word->value, (unsigned long long)max);
    *out = v;
    return 0;
}

int page_body(const struct httpd_request *request, struct json_field *fields,
              size_t n, struct json_value **out, struct error *err)
{
    struct json_value *root;
    int rc = json_value_read(request->body, &root, err);

    if (rc)
        return error_wrap(err, rc, "the body");
    rc = json_value_fields(root, fields, n, err);
    if (rc) {
        json_value_free(root);
        return rc;
    }
    *out = root;
    return 0;
}

// --- replies ---------------------------------------------------------------

void page_refuse(struct httpd_reply *reply, int rc)
{
    switch (rc) {
    case -EINVAL:
        reply->status = HTTPD_BAD_REQUEST;
        break;
    case -EPERM:
        reply->status = HTTPD_FORBIDDEN;
        break;
    case -ENOENT:
        reply->status = HTTPD_NOT_FOUND;
        break;
    case -EEXIST:
    case -E2BIG:
        reply->status = HTTPD_CONFLICT;
        break;
    default:
        reply->status = HTTPD_UNAVAILABLE;
        break;
    }
}

void page_reply(struct httpd_reply *reply, unsigned status,
                struct json_out *out)
{
    reply->p = json_out_take(out, &reply->n);
    reply->status = status;
    reply->type = "application/json";
    if (!reply->p)
        page_refuse(reply, error_set(&reply->why, -ENOMEM,
                                     "there is no memory for the reply; ask "
                                     "again"));
}

bool page_is_complete(const struct control *c, struct httpd_reply *reply)
{
    if (zone_is_complete(c->settings.zone))
        return true;
    page_refuse(reply, error_set(&reply->why, -EAGAIN,
                                 "the server has not read everything yet; ask "
                                 "again"));
    return false;
}

unsigned page_changed(struct control *c)
{
    return c->settings.changed(c->settings.context) ? HTTPD_ACCEPTED : HTTPD_OK;
}
