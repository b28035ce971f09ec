// SPDX-License-Identifier: Apache-2.0
// What of the cluster is to be seen.
#include "index.h"

#include <string.h>

bool filter_hides_namespace(const struct cluster *c, const char *namespace)
{
    const struct cluster_settings *s = &c->settings;

    for (size_t i = 0; i < s->namespaces_n; i++)
        if (strcmp(s->namespaces[i], namespace) == 0)
            return false;
    return s->namespaces_n > 0;
}

bool filter_hides(const struct cluster *c, const struct object *o)
{
    const struct selector *selector = c->settings.selector;

    return selector && !selector_matches(selector, o->labels);
}

bool filter_shows_missing(const struct cluster *c, const struct hub *h)
{
    if (h->service || !h->sets ||
        cluster_find(c, OBJECT_SERVICE, h->space->name, h->name))
        return false;
    for (struct list_node *at = h->sets; at; at = at->next)
        if (!filter_hides(
                c, ORD_CONTAINER(at, struct workload_entry, at)->entry.object))
            return true;
    return false;
}

bool filter_shows(const struct cluster *c, const struct hub *h)
{
    return h->service || h == c->own || filter_shows_missing(c, h);
}
