// SPDX-License-Identifier: Apache-2.0
// The control interface's life: a socket, an HTTP server that listens there,
// and the pages that it serves.
#include "admin/control.h"

#include "page.h"

#include <stdlib.h>
#include <string.h>

static const struct httpd_page pages[] = {
    {.path = "/zone", .get = page_zone, .large = true},
    {.path = "/origins", .get = page_origins},
    {.path = "/explain", .get = page_explain},
    {.path = "/peers", .get = page_peers, .large = true},
    {.path = "/workloads", .get = page_workloads, .large = true},
    {.path = "/claims", .get = page_claims, .large = true},
    {.path = "/events", .get = page_events},
    {.path = "/scale", .post = page_scale},
    {.path = "/restart", .post = page_restart},
    {.path = "/delete-pod", .post = page_delete_pod},
    {.path = "/faults",
     .get = page_faults,
     .post = page_add_fault,
     .delete = page_clear_faults},
};

void control_note(struct control *c, const struct ordinals_event *event)
{
    if (!c)
        return;
    history_note(&c->history, event, page_now_ms(c));
    httpd_wake(c->httpd);
}

void control_published(struct control *c)
{
    if (c)
        httpd_wake(c->httpd);
}

static int listen_at(struct control *c, uv_loop_t *loop, const char *path,
                     struct error *err)
{
    int fd = -1;
    int rc = socket_listen(path, &fd, &c->node, err);

    if (rc)
        return rc;
    strcpy(c->path, path);
    rc = httpd_start(loop, fd, &c->server, &c->httpd);
    if (rc == 0)
        return 0;
    socket_remove(c->path, c->node);
    return error_set(err, rc, "cannot serve at '%s': %s", path,
                     uv_strerror(rc));
}

int control_start(uv_loop_t *loop, const char *path,
                  const struct control_settings *settings, struct control **out,
                  struct error *err)
{
    struct control *c = calloc(1, sizeof *c);

    if (!c)
        return error_set(err, -ENOMEM, "no memory to listen at '%s'", path);
    c->settings = *settings;
    c->server = (struct httpd_settings){
        .pages = pages, .pages_n = ORD_COUNT(pages), .context = c};
    const int rc = listen_at(c, loop, path, err);
    if (rc) {
        free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void control_stop(struct control *c)
{
    if (!c)
        return;
    // first: from here on nobody finds us
    socket_remove(c->path, c->node);
    httpd_stop(c->httpd);
    history_release(&c->history);
    free(c);
}
