// SPDX-License-Identifier: Apache-2.0
// GET /workloads, /claims and /events: looking at what is made here.
#include "find.h"
#include "page.h"

#include <errno.h>
#include <string.h>

// --- GET /workloads --------------------------------------------------------

void page_write_workload(struct json_out *out,
                         const struct ordinals_workload_state *w)
{
    json_out_text(out, "kind", object_kind_name(w->kind));
    json_out_text(out, "namespace", w->namespace);
    json_out_text(out, "name", w->name);
    json_out_uint(out, "replicas", w->replicas);
    json_out_uint(out, "declared", w->declared);
    json_out_uint(out, "live", w->pods);
    json_out_uint(out, "ready", w->ready);
    json_out_uint(out, "available", w->available);
    json_out_uint(out, "updated", w->updated);
    json_out_bool(out, "settled", w->settled);
    json_out_text(out, "reason", w->reason);
}

// A list of workloads while it is written. The last one is open.
struct listing {
    struct json_out out;
    uint64_t now_ms;
    bool open;
};

static void end_workload(struct listing *l)
{
    if (!l->open)
        return;
    json_out_end(&l->out); // its pods
    json_out_end(&l->out);
}

static int on_workload(void *context, const struct ordinals_workload_state *w)
{
    struct listing *l = context;

    end_workload(l);
    json_out_object(&l->out, NULL);
    page_write_workload(&l->out, w);
    json_out_list(&l->out, "pods");
    l->open = true;
    return 0;
}

static int on_pod(void *context, const struct ordinals_pod_state *p)
{
    struct listing *l = context;
    struct json_out *out = &l->out;
    const struct pod_facts *facts = &p->pod->pod;
    char text[ADDRESS_TEXT_SIZE];

    json_out_object(out, NULL);
    json_out_text(out, "name", p->pod->name);
    json_out_text(out, "phase", pod_phase_name((enum pod_phase)facts->phase));
    json_out_bool(out, "ready", facts->ready);
    json_out_bool(out, "available", p->available);
    json_out_bool(out, "updated", p->updated);
    json_out_bool(out, "terminating", facts->terminating);
    json_out_list(out, "addresses");
    for (uint8_t i = 0; i < facts->addresses_n; i++)
        json_out_text(out, NULL, address_format(&facts->addresses[i], text));
    json_out_end(out);
    json_out_uint(out, "since_ms", l->now_ms - p->since_ms);
    json_out_text(out, "reason", p->reason);
    json_out_end(out);
    return 0;
}

static int look(const struct control *c, const struct ordinals_target *only,
                bool pods, struct httpd_reply *reply)
{
    struct listing l = {.now_ms = page_now_ms(c)};

    json_out_object(&l.out, NULL);
    json_out_list(&l.out, "workloads");
    const int rc = ordinals_look(c->settings.ordinals, only, on_workload,
                                 pods ? on_pod : NULL, &l);
    if (rc) {
        json_out_release(&l.out);
        return rc;
    }
    end_workload(&l);
    json_out_end(&l.out);
    json_out_end(&l.out);
    page_reply(reply, HTTPD_OK, &l.out);
    return 0;
}

static int read_pods(const char *text, bool *out, struct error *err)
{
    *out = !text || strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0
               ? 0
               : error_set(err, -EINVAL, "pods '%.100s' is neither yes nor no",
                           text);
}

static int why_not(const struct control *c,
                   const struct ordinals_target *wanted, const char *text,
                   int rc, struct error *err)
{
    switch (rc) {
    case -ENOENT:
        (void)error_set(err, rc, "no workload '%.253s' is made here", text);
        return find_given_workload(&c->settings, wanted, err);
    case -EINVAL:
        return error_set(err, rc,
                         "there are several workloads '%.253s'; write "
                         "NAMESPACE/NAME",
                         text);
    default:
        return error_set(err, rc,
                         "there is no memory for the reply; ask again");
    }
}

void page_workloads(struct control *c, const struct httpd_request *request,
                    struct httpd_reply *reply)
{
    struct page_word words[] = {{.key = "workload"}, {.key = "pods"}};
    struct target target;
    bool pods = true;
    int rc = page_words(request, words, ORD_COUNT(words), &reply->why);

    if (!rc && words[0].value)
        rc = target_parse(&target, words[0].key, words[0].value, &reply->why);
    if (!rc)
        rc = read_pods(words[1].value, &pods, &reply->why);
    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    if (!page_is_complete(c, reply))
        return;
    rc = look(c, words[0].value ? &target.at : NULL, pods, reply);
    if (rc)
        page_refuse(reply,
                    why_not(c, &target.at, words[0].value, rc, &reply->why));
}

// --- GET /claims -----------------------------------------------------------

static int on_claim(void *context, const char *namespace, const char *name,
                    const char *pod)
{
    struct json_out *out = context;

    json_out_object(out, NULL);
    json_out_text(out, "namespace", namespace);
    json_out_text(out, "name", name);
    json_out_text(out, "pod", pod);
    json_out_end(out);
    return 0;
}

void page_claims(struct control *c, const struct httpd_request *request,
                 struct httpd_reply *reply)
{
    struct json_out out = {.p = NULL};
    int rc = page_words(request, NULL, 0, &reply->why);

    if (rc) {
        page_refuse(reply, rc);
        return;
    }
    if (!page_is_complete(c, reply))
        return;
    json_out_object(&out, NULL);
    json_out_list(&out, "claims");
    rc = ordinals_claims(c->settings.ordinals, on_claim, &out);
    json_out_end(&out);
    json_out_end(&out);
    if (!rc) {
        page_reply(reply, HTTPD_OK, &out);
        return;
    }
    json_out_release(&out);
    page_refuse(reply, error_set(&reply->why, rc,
                                 "there is no memory for the reply; ask "
                                 "again"));
}

// --- GET /events -----------------------------------------------------------

static void write_events(const struct control *c, uint64_t after,
                         struct httpd_reply *reply)
{
    struct json_out out = {.p = NULL};

    json_out_object(&out, NULL);
    json_out_uint(&out, "last", c->history.last);
    const bool lost =
        history_write(&c->history, after, page_now_ms(c), "events", &out);
    json_out_bool(&out, "lost", lost);
    json_out_end(&out);
    page_reply(reply, HTTPD_OK, &out);
}

void page_events(struct control *c, const struct httpd_request *request,
                 struct httpd_reply *reply)
{
    struct page_word words[] = {{.key = "after"}, {.key = "wait"}};
    uint64_t after = c->history.last, wait_ms = 0;
    int rc = page_words(request, words, ORD_COUNT(words), &reply->why);

    if (!rc && words[0].value)
        rc = page_number(&words[0], UINT64_MAX, &after, &reply->why);
    if (!rc && words[1].value)
        rc = page_number(&words[1], PAGE_WAIT_MS_MAX, &wait_ms, &reply->why);
    if (rc)
        page_refuse(reply, rc);
    else if (wait_ms && !request->waited && after == c->history.last)
        reply->wait_ms = (uint32_t)wait_ms;
    else
        write_events(c, after, reply);
}
