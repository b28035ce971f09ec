// SPDX-License-Identifier: Apache-2.0
// A pod as the outside sees it: an object in memory of its own.
#include "ordinal_pod.h"

#include "base/hash.h"
#include "ordinal_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char POD_NAME_LABEL[] = "statefulset.kubernetes.io/pod-name";
static const char POD_INDEX_LABEL[] = "apps.kubernetes.io/pod-index";

const char ordinals_file[] = "<ordinals>";

void told_free(struct told *t)
{
    if (!t)
        return;
    template_drop(t->template);
    spec_drop(t->spec);
    arena_release(&t->arena);
    free(t->reason);
    free(t);
}

// The name of its service, which may be another one than when it was made.
static const char *subdomain_of(const struct pod *p)
{
    return p->template->ordinal ? facts_of(p->workload)->service : "";
}

static uint64_t digest_with(const struct ordinals *o, const struct pod *p,
                            const char *reason)
{
    const char *subdomain = subdomain_of(p);
    const uint8_t state[] = {p->phase, p->ready, p->terminating};
    struct address addresses[POOL_FAMILIES];
    const uint8_t n = pod_get_addresses(o, p, addresses);
    uint64_t h = hash_bytes(p->template->digest, (const uint8_t *)p->name,
                            strlen(p->name) + 1);

    h = hash_bytes(h, (const uint8_t *)subdomain, strlen(subdomain) + 1);
    h = hash_bytes(h, state, sizeof state);
    h = hash_mix(h, p->since_unix_s ^ 0x9e3779b97f4a7c15);
    if (*reason)
        h = hash_bytes(h, (const uint8_t *)reason, strlen(reason));
    for (uint8_t i = 0; i < n; i++)
        h = hash_bytes(h, &addresses[i].family, sizeof addresses[i]);
    return h ? h : 1;
}

uint64_t pod_digest(const struct ordinals *o, const struct pod *p)
{
    char room[POD_REASON_MAX + 1];

    return digest_with(o, p, pod_why(o, p, room));
}

// The template's labels, and those of the StatefulSet controller over them.
static uint32_t fill_labels(struct label *out, const struct template *t,
                            const char *name, const char *index)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->labels.n; i++) {
        const struct label *l = &t->labels.items[i];
        if (!index || (strcmp(l->key, POD_NAME_LABEL) != 0 &&
                       strcmp(l->key, POD_INDEX_LABEL) != 0))
            out[n++] = *l;
    }
    if (index) {
        out[n++] = (struct label){.key = POD_NAME_LABEL, .value = name};
        out[n++] = (struct label){.key = POD_INDEX_LABEL, .value = index};
    }
    return n;
}

static void fill_object(struct object *out, const struct ordinals *o,
                        const struct pod *p, struct labels labels,
                        const char *subdomain, const char *reason)
{
    const struct template *t = p->template;
    const struct workload_facts *facts = &t->spec->object.workload;

    *out = (struct object){
        .kind = OBJECT_POD,
        .at = {.file = ordinals_file},
        .namespace = t->spec->object.namespace,
        .name = p->name,
        .labels = labels,
        .owner_kind = t->owner_kind,
        .owner_name = t->owner_name,
        .digest = digest_with(o, p, reason),
        .pod = {.hostname = t->ordinal ? p->name : "",
                .subdomain = subdomain,
                .phase = p->phase,
                .ready = p->ready,
                .terminating = p->terminating,
                .since_unix_s = p->since_unix_s,
                .reason = reason,
                .ports = facts->ports,
                .ports_n = facts->ports_n},
    };
    out->pod.addresses_n = pod_get_addresses(o, p, out->pod.addresses);
}

// Returns false without memory. By itself: all else is as large for a pod that
// is ready, and takes the place of what it was before.
static bool keep_reason(struct told *told, const char *reason)
{
    const size_t size = strlen(reason) + 1;

    if (size == 1)
        return true;
    told->reason = malloc(size);
    return told->reason && memcpy(told->reason, reason, size);
}

struct told *pod_object(const struct ordinals *o, const struct pod *p)
{
    const struct template *t = p->template;
    const size_t labels_size = ((size_t)t->labels.n + 2) * sizeof(struct label);
    const char *subdomain = subdomain_of(p);
    const size_t subdomain_size = strlen(subdomain) + 1;
    char room[POD_REASON_MAX + 1];
    const char *reason = pod_why(o, p, room);
    struct told *told = calloc(1, sizeof *told + labels_size + subdomain_size);

    if (!told || !keep_reason(told, reason)) {
        free(told);
        return NULL;
    }
    struct label *labels = (struct label *)(void *)(told + 1);
    char *text = (char *)labels + labels_size;
    memcpy(text, subdomain, subdomain_size);
    // The index is the end of the name: no memory of its own.
    const char *index = t->ordinal ? strrchr(p->name, '-') + 1 : NULL;
    const uint32_t labels_n = fill_labels(labels, t, p->name, index);
    told->template = template_share(p->template);
    fill_object(&told->object, o, p,
                (struct labels){.items = labels, .n = labels_n}, text,
                told->reason ? told->reason : "");
    return told;
}
