// SPDX-License-Identifier: Apache-2.0
// Volume claims: nothing but names here, which outlive their pods and even
// their workload, until a retention policy says otherwise.
#include "ordinal_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct claim *claim_find(const struct ordinals *o, const char *namespace,
                                const char *name)
{
    struct map_node *n =
        map_first(&o->claims, ordinals_hash(o, 0, namespace, name));

    for (; n; n = map_next(n)) {
        struct claim *c = ORD_CONTAINER(n, struct claim, node);
        if (strcmp(c->name, name) == 0 && strcmp(c->namespace, namespace) == 0)
            return c;
    }
    return NULL;
}

static struct claim *claim_new(struct ordinals *o, const struct holder *h,
                               const char *name)
{
    const size_t sizes[] = {strlen(h->namespace) + 1, strlen(name) + 1,
                            strlen(h->name) + 1};
    struct claim *c = calloc(1, sizeof *c + sizes[0] + sizes[1] + sizes[2]);

    if (!c)
        return NULL;
    char *text = (char *)(c + 1);
    c->namespace = memcpy(text, h->namespace, sizes[0]);
    c->name = memcpy(text + sizes[0], name, sizes[1]);
    c->workload = memcpy(text + sizes[0] + sizes[1], h->name, sizes[2]);
    c->node.hash = ordinals_hash(o, 0, c->namespace, c->name);
    map_insert(&o->claims, &c->node);
    return c;
}

static int bind_one(struct ordinals *o, struct pod *p, const char *template)
{
    const struct holder *h = &p->workload->holder;
    char name[ORDINALS_CLAIM_SIZE];

    snprintf(name, sizeof name, "%s-%s", template, p->name);
    struct claim *c = claim_find(o, h->namespace, name);
    const bool is_new = !c;
    if (is_new)
        c = claim_new(o, h, name);
    if (!c)
        return -ENOMEM;
    // Two templates of one name, or another set's look-alike: it is theirs.
    if (c->pod)
        return 0;
    c->pod = p;
    c->link = p->claims;
    p->claims = c;
    pod_event(o, p, is_new ? ORDINALS_CLAIMED : ORDINALS_BOUND, "", c->name);
    return 0;
}

int pod_claim(struct ordinals *o, struct pod *p)
{
    const struct workload_rules *r = rules_of(p->workload);
    int rc = 0;

    if (p->workload->holder.kind != OBJECT_STATEFUL_SET)
        return 0;
    for (uint32_t i = 0; i < r->claims_n && !rc; i++)
        rc = bind_one(o, p, r->claims[i]);
    if (rc)
        pod_unclaim(o, p, false);
    return rc;
}

static void claim_delete(struct ordinals *o, struct claim *c)
{
    map_remove(&o->claims, &c->node);
    free(c);
}

void pod_unclaim(struct ordinals *o, struct pod *p, bool delete)
{
    for (struct claim *c = p->claims, *next; c; c = next) {
        next = c->link;
        c->link = NULL;
        c->pod = NULL;
        if (!delete)
            continue;
        pod_event(o, p, ORDINALS_CLAIM_DELETED, "scaled down", c->name);
        claim_delete(o, c);
    }
    p->claims = NULL;
}

void workload_unclaim(struct ordinals *o, const struct workload *w)
{
    const struct holder *h = &w->holder;
    struct map_node *next;

    if (h->kind != OBJECT_STATEFUL_SET)
        return;
    for (struct map_node *n = map_walk(&o->claims, NULL); n; n = next) {
        struct claim *c = ORD_CONTAINER(n, struct claim, node);
        next = map_walk(&o->claims, n);
        if (strcmp(c->workload, h->name) != 0 ||
            strcmp(c->namespace, h->namespace) != 0)
            continue;
        workload_event(o, w, ORDINALS_CLAIM_DELETED, "its workload went",
                       c->name);
        claim_delete(o, c);
    }
}

// --- looking ---------------------------------------------------------------

static int compare_claims(const void *x, const void *y)
{
    const struct claim *a = *(struct claim *const *)x;
    const struct claim *b = *(struct claim *const *)y;
    const int rc = strcmp(a->namespace, b->namespace);

    return rc ? rc : strcmp(a->name, b->name);
}

int ordinals_claims(const struct ordinals *o,
                    int (*claim)(void *context, const char *namespace,
                                 const char *name, const char *pod),
                    void *context)
{
    struct claim **all = calloc(o->claims.n + 1, sizeof(struct claim *));
    size_t n = 0;
    int rc = 0;

    if (!all)
        return -ENOMEM;
    for (struct map_node *at = NULL; (at = map_walk(&o->claims, at));)
        all[n++] = ORD_CONTAINER(at, struct claim, node);
    qsort(all, n, sizeof(struct claim *), compare_claims);
    for (size_t i = 0; i < n && !rc; i++)
        rc = claim(context, all[i]->namespace, all[i]->name,
                   all[i]->pod ? all[i]->pod->name : "");
    free(all);
    return rc;
}
