// SPDX-License-Identifier: Apache-2.0
// Names of StatefulSets: each pod's hostname, and its place in DNS, is made of
// one.
#include "view.h"

#include <inttypes.h>
#include <string.h>

// K8S: the label controller-revision-hash is the name, a dash and up to ten
// digits, and labels have 63 octets at most. It also leaves room for ordinals.
enum { SET_NAME_MAX = 52 };

static struct reason about(enum reason_code code, const struct object *o)
{
    return (struct reason){
        .code = code,
        .namespace = o->namespace,
        .service = o->workload.service,
        .workload = o->name,
    };
}

static uint32_t digits(uint64_t n)
{
    uint32_t count = 1;
    for (; n >= 10; n /= 10)
        count++;
    return count;
}

// RFC 1035 2.3.4: each label with its length, and the root's.
static void judge_whole(struct check *c, const struct check_document *d,
                        const struct object *o, const struct object *service)
{
    const struct workload_facts *w = &o->workload;
    const uint64_t last =
        (uint64_t)w->start + (w->replicas ? w->replicas - 1 : 0);
    const size_t host = strlen(o->name) + 1 + digits(last);
    const size_t wire = 1 + host + 1 + strlen(w->service) + 1 +
                        strlen(o->namespace) + 1 + strlen("svc") +
                        c->settings->cluster_domain.n;
    if (wire <= DNS_NAME_MAX)
        return;
    struct reason why = about(REASON_FULL_NAME_TOO_LONG, o);
    why.pod = check_text(c, "%s-%" PRIu64, o->name, last);
    // as text, without the first length and the root
    why.first = (uint32_t)wire - 2;
    why.last = DNS_NAME_MAX - 2;
    (void)check_untell(c, service->at, "cannot build service");
    check_tell(c, check_place(d, "metadata.name"), &why);
}

static void judge_set(const struct view *v, const struct object *o)
{
    struct check *c = v->check;
    const struct check_document *d = check_document_of(c, o);
    if (!d || !check_sees(c, o))
        return;
    const size_t n = strlen(o->name);
    const bool dots = strchr(o->name, '.') != NULL;
    if (dots || n > SET_NAME_MAX) {
        struct reason why =
            about(dots ? REASON_NAME_HAS_DOTS : REASON_NAME_TOO_LONG, o);
        why.first = (uint32_t)n;
        why.last = SET_NAME_MAX;
        (void)check_untell(c, o->at, "a pod's name is its hostname");
        check_tell(c, check_place(d, "metadata.name"), &why);
        return;
    }
    const struct object *service =
        view_find(v->services, o->namespace, o->workload.service);
    if (service && check_sees(c, service))
        judge_whole(c, d, o, service);
}

void check_names(struct check *c)
{
    for (uint32_t i = 0; i < c->view->sets.n; i++)
        judge_set(c->view, c->view->sets.items[i]);
}
