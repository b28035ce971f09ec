// SPDX-License-Identifier: Apache-2.0
// Claims: made once, bound again, deleted by the retention policy only.
#include "lib/judge.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct judged_claim *find_claim(struct judge *j, const char *name)
{
    for (uint32_t i = 0; i < j->claims_n; i++)
        if (strcmp(j->claims[i].name, name) == 0)
            return &j->claims[i];
    return NULL;
}

// K8S: the template's name, the pod's name.
static bool is_name_of(const char *claim, const char *pod)
{
    const size_t n = strlen(claim), pod_n = strlen(pod);

    return n > pod_n && strcmp(claim + n - pod_n, pod) == 0 &&
           claim[n - pod_n - 1] == '-';
}

static void make_claim(struct judge *j, const struct ordinals_event *e)
{
    if (find_claim(j, e->claim))
        judge_object(j, "claim %s is made and is there", e->claim);
    assert(j->claims_n < JUDGE_CLAIMS);
    struct judged_claim *c = &j->claims[j->claims_n++];
    *c = (struct judged_claim){.bound = true};
    snprintf(c->name, sizeof c->name, "%s", e->claim);
    snprintf(c->pod, sizeof c->pod, "%s", e->pod);
}

static void delete_claim(struct judge *j, const struct judged *w,
                         struct judged_claim *c)
{
    // Retained unless its pod was scaled away, or the whole workload went.
    if (!c->may_go && (!w || w->object || !w->deletes_claims))
        judge_object(j, "claim %s is deleted", c->name);
    *c = j->claims[--j->claims_n];
}

void judge_claim(struct judge *j, const struct judged *w,
                 const struct ordinals_event *e)
{
    struct judged_claim *c = find_claim(j, e->claim);

    if (e->what == ORDINALS_CLAIMED) {
        if (!is_name_of(e->claim, e->pod))
            judge_object(j, "claim %s is of %s", e->claim, e->pod);
        make_claim(j, e);
        return;
    }
    if (!c) {
        judge_object(j, "claim %s is told of and is not there", e->claim);
        return;
    }
    if (e->what == ORDINALS_CLAIM_DELETED) {
        delete_claim(j, w, c);
        return;
    }
    if (strcmp(c->pod, e->pod) != 0 || c->bound)
        judge_object(j, "claim %s of %s is bound to %s", c->name, c->pod,
                     e->pod);
    c->bound = true;
    c->may_go = false;
}

void judge_claims_of(struct judge *j, const struct judged *w,
                     const struct judged_pod *p, bool is_replica)
{
    // As the workload was last, also when it is gone by now.
    const bool deletes = !is_replica && w->deletes_scaled;

    for (uint32_t i = 0; i < j->claims_n; i++)
        if (j->claims[i].bound && strcmp(j->claims[i].pod, p->name) == 0) {
            j->claims[i].bound = false;
            j->claims[i].may_go = deletes;
        }
}

struct visit {
    struct judge *j;
    uint32_t n;
};

static int visit_claim(void *context, const char *namespace, const char *name,
                       const char *pod)
{
    struct visit *v = context;
    const struct judged_claim *c = find_claim(v->j, name);

    (void)namespace;
    v->n++;
    if (!c)
        judge_object(v->j, "claim %s exists and no event says so", name);
    else if (strcmp(pod, c->bound ? c->pod : "") != 0)
        judge_object(v->j, "claim %s is bound to '%s'", name, pod);
    else if (c->may_go)
        judge_object(v->j, "claim %s outlives its pod", name);
    return 0;
}

void judge_claims(struct judge *j, const struct ordinals *o)
{
    struct visit v = {.j = j};

    if (ordinals_claims(o, visit_claim, &v))
        judge_object(j, "the walk of claims ends");
    if (v.n != j->claims_n)
        judge_object(j, "%u claims exist, and events say %u", v.n, j->claims_n);
}
