// SPDX-License-Identifier: Apache-2.0
// One request to libcurl, and all the replies it gets until one is not
// followed. Private to source/http*.c, which alone speak libcurl.
#ifndef ORDINALD_SOURCE_HTTP_TRANSFER_H
#define ORDINALD_SOURCE_HTTP_TRANSFER_H

#include "source/http.h"

#include <curl/curl.h>

struct transfer {
    CURL *curl;
    // private
    struct curl_slist *headers;
    int (*data)(void *context, int status, const char *p, size_t n);
    void (*header)(void *context, struct span name, struct span value);
    void *context;
    uint32_t redirects_max; // 0: none is followed
    uint32_t redirects;     // so far
    uint32_t timeout_ms;    // 0: none
    curl_off_t used_us;     // of it, by replies that were followed
    char words[CURL_ERROR_SIZE];
};

// Returns 0, or with nothing left -EINVAL, -ENOMEM. t stays where it is.
int transfer_init(struct transfer *t, const struct http_request *r) ORD_CHECKED;
void transfer_release(struct transfer *t);

// Whether the reply is to be followed, and the request made ready for that. rc
// is what came of it, here as well.
bool transfer_follow(struct transfer *t, CURLcode *rc);

struct http_result transfer_result(const struct transfer *t, CURLcode rc);

#endif
