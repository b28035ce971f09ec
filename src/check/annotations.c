// SPDX-License-Identifier: Apache-2.0
// Annotations of ours that nobody reads: misspelled, or on the wrong object.
#include "view.h"

#include <string.h>

#define PREFIX "ordinald.io/"

// Which kinds an annotation means something on.
enum { ON_SERVICE = 1, ON_WORKLOAD = 2, ON_POD = 4 };

static const struct known {
    const char *key;
    unsigned on;
} known[] = {
    {PREFIX "addresses", ON_WORKLOAD | ON_POD},
    {PREFIX "address-after", ON_WORKLOAD},
    {PREFIX "ready-after", ON_WORKLOAD},
    {PREFIX "gone-after", ON_WORKLOAD},
    {PREFIX "names", ON_SERVICE},
    {PREFIX "set", ON_SERVICE},
};

static unsigned sort_of(const char *kind)
{
    static const char *const workloads[] = {
        "StatefulSet", "Deployment", "ReplicaSet", "ReplicationController"};
    for (unsigned i = 0; i < ORD_COUNT(workloads); i++)
        if (strcmp(kind, workloads[i]) == 0)
            return ON_WORKLOAD;
    return strcmp(kind, "Service") == 0 ? ON_SERVICE
           : strcmp(kind, "Pod") == 0   ? ON_POD
                                        : 0;
}

static bool is_known(const char *key, unsigned on)
{
    for (unsigned i = 0; i < ORD_COUNT(known); i++)
        if ((known[i].on & on) && strcmp(known[i].key, key) == 0)
            return true;
    return false;
}

// "ordinal.io/names", "Ordinald.io/names": the word before the slash is almost
// ours. What is somebody else's is none of our business.
static bool is_ours(const char *key)
{
    char prefix[32];
    const char *slash = strchr(key, '/');
    const size_t n = slash ? (size_t)(slash - key) : 0;
    if (n == 0 || n >= sizeof prefix)
        return false;
    memcpy(prefix, key, n);
    prefix[n] = '\0';
    struct nearest near = nearest_of(prefix);
    nearest_offer(&near, "ordinald.io");
    return near.word && near.distance <= 1;
}

// on: kinds whose annotations are offered for a misspelled one
static void judge(struct check *c, const struct check_document *d,
                  const struct doc_node *annotations, unsigned on,
                  const char *kind)
{
    for (uint32_t i = 0;
         annotations && annotations->kind == DOC_MAP && i < annotations->n;
         i++) {
        const struct doc_node *key = annotations->pairs[i].key;
        if (!is_ours(key->text) || is_known(key->text, on))
            continue;
        struct nearest near = nearest_of(key->text);
        for (unsigned k = 0; k < ORD_COUNT(known); k++)
            if ((known[k].on & on) && !is_known(key->text, ~0U))
                nearest_offer(&near, known[k].key);
        const struct reason why = {
            .code = REASON_ANNOTATION_UNKNOWN,
            .kind = kind,
            .workload = document_name(d),
            .detail = key->text,
            .near = near.word,
        };
        check_tell(c, place_of(d, key), &why);
    }
}

void check_annotations(struct check *c)
{
    for (uint32_t i = 0; i < c->documents_n; i++) {
        const struct check_document *d = &c->documents[i];
        if (!check_sees_document(c, d))
            continue;
        judge(c, d, check_node(d, "metadata.annotations"), sort_of(d->kind),
              d->kind);
        const struct doc_node *of_template =
            check_node(d, "spec.template.metadata.annotations");
        if (of_template)
            judge(c, d, of_template, 0,
                  check_text(c, "the template of %s", d->kind));
    }
}
