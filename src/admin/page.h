// SPDX-License-Identifier: Apache-2.0
// What the pages of the control interface share. Control thread.
#ifndef ORDINALD_ADMIN_PAGE_H
#define ORDINALD_ADMIN_PAGE_H

#include "admin/control.h"
#include "doc/json.h"
#include "history.h"
#include "httpd.h"
#include "socket.h"

struct control {
    struct control_settings settings;
    struct httpd_settings server;
    struct httpd *httpd;
    struct history history;
    struct node node;
    char path[CONTROL_PATH_SIZE];
};

// The longest that a request for what is still to happen may wait: below the
// time after which clients take a silent server for dead.
enum { PAGE_WAIT_MS_MAX = 30000 };

httpd_call page_zone, page_origins, page_explain, page_peers;
httpd_call page_workloads, page_claims, page_events;
httpd_call page_scale, page_restart, page_delete_pod;
httpd_call page_faults, page_add_fault, page_clear_faults;

static inline uint64_t page_now_ms(const struct control *c)
{
    return c->settings.clock.monotonic_ms(c->settings.clock.context);
}

// --- requests --------------------------------------------------------------

// A word that a query may have.
struct page_word {
    const char *key;
    const char *value; // set by page_words(); NULL: not given
};

/*
 * Read the query of a request, which may have these words and no others.
 *
 * Returns 0, or -EINVAL with err filled.
 */
int page_words(const struct httpd_request *request, struct page_word *words,
               size_t n, struct error *err) ORD_CHECKED;

// A decimal number in a query. Returns 0, or -EINVAL with err filled.
int page_number(const struct page_word *word, uint64_t max, uint64_t *out,
                struct error *err) ORD_CHECKED;

/*
 * Read the body of a request, which may have these fields and no others.
 *
 * out  for json_value_free(); the fields' values live as long
 *
 * Returns 0, or -EINVAL or -ENOMEM with err filled.
 */
int page_body(const struct httpd_request *request, struct json_field *fields,
              size_t n, struct json_value **out, struct error *err) ORD_CHECKED;

// --- replies ---------------------------------------------------------------

// Refuse with the reply's `why`: -EINVAL is 400, -EPERM 403, -ENOENT 404,
// -EEXIST and -E2BIG 409, all others 503.
void page_refuse(struct httpd_reply *reply, int rc);

// A JSON text; out is empty afterwards. Where there is no memory: 503.
void page_reply(struct httpd_reply *reply, unsigned status,
                struct json_out *out);

// Whether the zone is complete; if not, that has been replied.
bool page_is_complete(const struct control *c, struct httpd_reply *reply);

// Carry out what was changed. Returns the status to reply with.
unsigned page_changed(struct control *c);

// A workload's facts, within an object.
void page_write_workload(struct json_out *out,
                         const struct ordinals_workload_state *w);

#endif
