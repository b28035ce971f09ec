// SPDX-License-Identifier: Apache-2.0
// Volumes of pods: mounts of what is not there, and claims of one name.
#include "view.h"

#include <string.h>

enum { NAMES_MAX = 16 }; // that a finding may list

// What containers of these pods may mount.
struct volumes {
    struct check *check;
    const struct pods *pods;
    struct nodes volumes;
    struct nodes claims; // volumeClaimTemplates
};

// Node of a claim's name, or NULL.
static const struct doc_node *claim_name(const struct doc_node *claim)
{
    return doc_get(doc_get(claim, "metadata"), "name");
}

static uint32_t count(const struct volumes *v)
{
    return v->volumes.n + v->claims.n;
}

static const char *name_of(const struct volumes *v, uint32_t i)
{
    return i < v->volumes.n
               ? field_text(v->volumes.at[i], "name")
               : text_of(claim_name(v->claims.at[i - v->volumes.n]));
}

static bool has_volume(const struct volumes *v, const char *name)
{
    for (uint32_t i = 0; i < count(v); i++)
        if (strcmp(name_of(v, i), name) == 0)
            return true;
    return false;
}

static void tell_mount(const struct volumes *v,
                       const struct doc_node *container,
                       const struct doc_node *mount)
{
    const char *names[NAMES_MAX];
    const uint32_t all = count(v);
    struct nearest near = nearest_of(mount->text);
    uint32_t n = 0;
    for (uint32_t i = 0; i < all; i++) {
        const char *name = name_of(v, i);
        nearest_offer(&near, name);
        if (n < NAMES_MAX)
            names[n++] = name;
    }
    const struct reason why = {
        .code = REASON_VOLUME_MOUNT_UNKNOWN,
        .kind = v->pods->kind,
        .workload = v->pods->name,
        .detail = check_text(v->check, "%s in container %s", mount->text,
                             field_text(container, "name")),
        .near = near.word,
        .names = names,
        .names_n = n,
        .names_all = all,
    };
    check_tell(v->check, place_of(v->pods->document, mount), &why);
}

static void judge_container(void *context, const struct doc_node *container)
{
    static const char *const lists[] = {"volumeMounts", "volumeDevices"};
    const struct volumes *v = context;
    for (unsigned k = 0; k < ORD_COUNT(lists); k++) {
        const struct nodes mounts = field_items(container, lists[k]);
        for (uint32_t i = 0; i < mounts.n; i++) {
            const struct doc_node *name = doc_get(mounts.at[i], "name");
            if (*text_of(name) && !has_volume(v, name->text))
                tell_mount(v, container, name);
        }
    }
}

static void judge_claims(const struct volumes *v)
{
    for (uint32_t i = 0; i < v->claims.n; i++) {
        const struct doc_node *name = claim_name(v->claims.at[i]);
        for (uint32_t j = 0; *text_of(name) && j < i; j++) {
            const struct doc_node *first = claim_name(v->claims.at[j]);
            if (strcmp(text_of(first), name->text) != 0)
                continue;
            const struct check_document *d = v->pods->document;
            const struct reason why = {
                .code = REASON_CLAIM_TWICE,
                .workload = v->pods->name,
                .detail = name->text,
                .near = check_where(v->check, place_of(d, name),
                                    place_of(d, first)),
            };
            check_tell(v->check, place_of(d, name), &why);
            break;
        }
    }
}

static void judge_pods(struct check *c, const struct pods *pods)
{
    const struct check_document *d = pods->document;
    // of another kind they are out of place, which is told, or the kind is
    // misspelled, which is told as well
    struct volumes v = {
        .check = c,
        .pods = pods,
        .volumes = field_items(pods->spec, "volumes"),
        .claims = field_items(check_node(d, "spec"), "volumeClaimTemplates"),
    };
    judge_claims(&v);
    if (!field_is_told(c, d, "volumeClaimTemplates") &&
        !field_is_told(c, d, "volumes"))
        each_container(pods->spec, true, judge_container, &v);
}

void check_claims(struct check *c)
{
    const struct view *v = c->view;
    for (uint32_t i = 0; i < v->pods_n; i++)
        if (document_is_official(v->pods[i].document) &&
            check_sees_document(c, v->pods[i].document))
            judge_pods(c, &v->pods[i]);
}
