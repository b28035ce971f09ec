// SPDX-License-Identifier: Apache-2.0
// GET /zone and /origins.
#include "page.h"
#include "zone/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_output(const char *text, enum zone_dump_format *out,
                       struct error *err)
{
    if (!text || strcmp(text, "text") == 0)
        *out = ZONE_DUMP_TEXT;
    else if (strcmp(text, "json") == 0)
        *out = ZONE_DUMP_JSON;
    else
        return error_set(err, -EINVAL,
                         "output '%.100s' is neither text nor "
                         "json",
                         text);
    return 0;
}

void page_zone(struct control *c, const struct httpd_request *request,
               struct httpd_reply *reply)
{
    const struct zone *zone = c->settings.zone;
    struct page_word words[] = {{.key = "origin"}, {.key = "output"}};
    size_t origin = ZONE_DUMP_ALL;
    enum zone_dump_format format = ZONE_DUMP_TEXT;
    struct zone_dump dump;
    int rc = page_words(request, words, ORD_COUNT(words), &reply->why);

    if (!rc && words[0].value)
        rc = zone_dump_find(zone, words[0].value, &origin, &reply->why);
    if (!rc)
        rc = read_output(words[1].value, &format, &reply->why);
    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    if (!page_is_complete(c, reply))
        return;
    if (zone_dump(zone, origin, format, &dump)) {
        page_refuse(reply, error_set(&reply->why, -ENOMEM,
                                     "there is no memory for the reply; ask "
                                     "for one origin"));
        return;
    }
    // RFC 4027: what a master file is called
    *reply = (struct httpd_reply){
        .status = HTTPD_OK,
        .type = format == ZONE_DUMP_JSON ? "application/json"
                                         : "text/dns; charset=utf-8",
        .p = dump.p,
        .n = dump.n,
    };
}

void page_origins(struct control *c, const struct httpd_request *request,
                  struct httpd_reply *reply)
{
    const struct zone *zone = c->settings.zone;
    const size_t n = zone_dump_origins(zone);
    const int rc = page_words(request, NULL, 0, &reply->why);

    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    char *text = malloc(n * (DNS_NAME_TEXT_SIZE + 1));
    if (!text) {
        page_refuse(reply, error_set(&reply->why, -ENOMEM,
                                     "there is no memory for the reply; ask "
                                     "again"));
        return;
    }
    char *to = text;
    for (size_t i = 0; i < n; i++) {
        to += strlen(zone_dump_origin(zone, i, to));
        *to++ = '\n';
    }
    *reply = (struct httpd_reply){
        .status = HTTPD_OK,
        .type = "text/plain; charset=utf-8",
        .p = text,
        .n = (size_t)(to - text),
    };
}
