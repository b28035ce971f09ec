// SPDX-License-Identifier: Apache-2.0
// POST /scale, /restart and /delete-pod. What was asked for has been published
// when the reply is made.
#include "find.h"
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// --- replies ---------------------------------------------------------------

static int on_state(void *context, const struct ordinals_workload_state *w)
{
    struct json_out *out = context;

    json_out_object(out, "workload");
    page_write_workload(out, w);
    json_out_end(out);
    return 1; // that one is enough
}

/*
 * Carry out what was changed, and say what became of it.
 *
 * out    begun, with what the page has to say besides
 * after  the last event before the change
 */
static void carry_out(struct control *c, const struct ordinals_target *workload,
                      uint64_t after, struct json_out *out,
                      struct httpd_reply *reply)
{
    const unsigned status = page_changed(c);

    json_out_uint(out, "after", after);
    const int rc =
        ordinals_look(c->settings.ordinals, workload, on_state, NULL, out);
    json_out_end(out);
    // one that has gone meanwhile is left out, as are several of a name, of
    // which one may have had the pod
    if (rc >= 0 || rc == -ENOENT || rc == -EINVAL) {
        page_reply(reply, status, out);
        return;
    }
    json_out_release(out);
    page_refuse(reply, error_set(&reply->why, rc,
                                 "it is done, but there is no memory to say "
                                 "how"));
}

// --- requests --------------------------------------------------------------

// What all of these begin with: a body whose first field names the target.
// Returns whether it can go on; otherwise that has been replied.
static bool begin(const struct control *c, const struct httpd_request *request,
                  struct json_field *fields, size_t n, struct json_value **body,
                  struct target *target, struct httpd_reply *reply)
{
    int rc = page_words(request, NULL, 0, &reply->why);

    if (!rc)
        rc = page_body(request, fields, n, body, &reply->why);
    if (!rc) {
        rc = target_parse(target, fields[0].key,
                          json_value_text(fields[0].value), &reply->why);
        if (!rc && page_is_complete(c, reply))
            return true;
        json_value_free(*body);
    }
    if (rc)
        page_refuse(reply, rc);
    return false;
}

static void refuse_workload(const struct control *c,
                            const struct ordinals_target *workload, int rc,
                            struct httpd_reply *reply)
{
    if (rc == -ENOENT)
        rc = find_given_workload(&c->settings, workload, &reply->why);
    page_refuse(reply, rc);
}

void page_scale(struct control *c, const struct httpd_request *request,
                struct httpd_reply *reply)
{
    struct json_field fields[] = {
        {.key = "workload", .kind = JSON_KIND_TEXT},
        {.key = "replicas", .kind = JSON_KIND_UINT},
    };
    struct json_value *body;
    struct target target;
    struct json_out out = {.p = NULL};
    const uint64_t after = c->history.last;
    uint32_t was = 0;

    if (!begin(c, request, fields, ORD_COUNT(fields), &body, &target, reply))
        return;
    const uint64_t wanted = json_value_uint(fields[1].value);
    json_value_free(body);
    const int rc = ordinals_scale(
        c->settings.ordinals, target.at,
        wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX, &was, &reply->why);
    if (rc) {
        refuse_workload(c, &target.at, rc, reply);
        return;
    }
    json_out_object(&out, NULL);
    json_out_uint(&out, "was", was);
    carry_out(c, &target.at, after, &out, reply);
}

void page_restart(struct control *c, const struct httpd_request *request,
                  struct httpd_reply *reply)
{
    struct json_field fields[] = {{.key = "workload", .kind = JSON_KIND_TEXT}};
    struct json_value *body;
    struct target target;
    struct json_out out = {.p = NULL};
    const uint64_t after = c->history.last;

    if (!begin(c, request, fields, ORD_COUNT(fields), &body, &target, reply))
        return;
    json_value_free(body);
    const int rc =
        ordinals_restart(c->settings.ordinals, target.at, &reply->why);
    if (rc) {
        refuse_workload(c, &target.at, rc, reply);
        return;
    }
    json_out_object(&out, NULL);
    carry_out(c, &target.at, after, &out, reply);
}

// --- a pod's ---------------------------------------------------------------

enum { NAME_SIZE = 254 }; // K8S: at most a DNS subdomain

// Whose pod it is: what a walk finds.
struct owner {
    const struct object *pod;
    const char *visited; // the workload whose pods come now
    char name[NAME_SIZE];
};

static int visit_workload(void *context,
                          const struct ordinals_workload_state *w)
{
    struct owner *o = context;
    o->visited = w->name;
    return 0;
}

static int visit_pod(void *context, const struct ordinals_pod_state *p)
{
    struct owner *o = context;

    if (strcmp(p->pod->name, o->pod->name) != 0 ||
        strcmp(p->pod->namespace, o->pod->namespace) != 0)
        return 0;
    (void)snprintf(o->name, sizeof o->name, "%s", o->visited);
    return 1;
}

// Write who the pod is; it is gone when its deletion has been carried out.
static void write_pod(struct json_out *out, const struct object *pod)
{
    json_out_object(out, "pod");
    json_out_text(out, "namespace", pod->namespace);
    json_out_text(out, "name", pod->name);
    json_out_end(out);
}

static int delete_pod(struct control *c, const struct ordinals_target *pod,
                      struct httpd_reply *reply)
{
    struct ordinals *ordinals = c->settings.ordinals;
    struct json_out out = {.p = NULL};
    struct owner owner = {.name = ""};
    char namespace[NAME_SIZE];
    const uint64_t after = c->history.last;
    int rc = ordinals_find_pod(ordinals, *pod, &owner.pod, &reply->why);

    if (rc)
        return rc;
    (void)snprintf(namespace, sizeof namespace, "%s", owner.pod->namespace);
    rc = ordinals_look(ordinals, NULL, visit_workload, visit_pod, &owner);
    if (rc < 0)
        return error_set(&reply->why, rc,
                         "there is no memory to find the pod's workload");
    json_out_object(&out, NULL);
    write_pod(&out, owner.pod);
    rc = ordinals_delete_pod(ordinals, *pod, &reply->why);
    if (rc) {
        json_out_release(&out);
        return rc;
    }
    carry_out(c, &(struct ordinals_target){namespace, owner.name}, after, &out,
              reply);
    return 0;
}

void page_delete_pod(struct control *c, const struct httpd_request *request,
                     struct httpd_reply *reply)
{
    struct json_field fields[] = {{.key = "pod", .kind = JSON_KIND_TEXT}};
    struct json_value *body;
    struct target target;

    if (!begin(c, request, fields, ORD_COUNT(fields), &body, &target, reply))
        return;
    json_value_free(body);
    int rc = delete_pod(c, &target.at, reply);
    if (rc == -ENOENT)
        rc = find_given_pod(&c->settings, &target.at, &reply->why);
    if (rc)
        page_refuse(reply, rc);
}
