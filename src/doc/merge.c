// SPDX-License-Identifier: Apache-2.0
// Merge keys (https://yaml.org/type/merge.html): the map's own keys come first
// and win, then what "<<" brings, where the earlier of several maps wins.
#include "tree.h"

#include <errno.h>

// What the merged map grows in.
struct merge {
    struct doc_pair *pairs; // room for all, equal keys included
    size_t n;
    struct keys seen;
};

static struct span pair_name(const void *context, uint32_t number)
{
    const struct doc_pair *pairs = context;
    return span_of(pairs[number].key->text, pairs[number].key->n);
}

// The maps that "<<: value" brings, n of them, or NULL where it brings none.
static struct doc_node *const *sources_of(struct doc_node *const *value,
                                          size_t *n)
{
    if ((*value)->kind == DOC_MAP) {
        *n = 1;
        return value;
    }
    *n = (*value)->n;
    return (*value)->kind == DOC_LIST ? (*value)->items : NULL;
}

static int refuse_source(struct tree *t, const struct doc_node *key,
                         const struct doc_node *source)
{
    return tree_refuse(t, (struct tree_place){key->line, key->column},
                       "'<<' merges maps, and this is %s; give it the alias of "
                       "a map, as in '<<: *name', or put '<<' in quotes",
                       source->kind == DOC_LIST ? "a list" : "a scalar");
}

// How many pairs "<<: value" brings at most.
static int count_merged(struct tree *t, struct doc_node *const *pair,
                        size_t *total)
{
    size_t n;
    struct doc_node *const *sources = sources_of(&pair[1], &n);
    if (!sources)
        return refuse_source(t, pair[0], pair[1]);
    for (size_t i = 0; i < n; i++) {
        if (sources[i]->kind != DOC_MAP)
            return refuse_source(t, pair[0], sources[i]);
        *total += sources[i]->n;
    }
    return 0;
}

static int count(struct tree *t, struct doc_node *const *children, size_t n,
                 size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        struct doc_node *const *pair = &children[2 * i];
        if (!tree_is_merge_key(pair[0])) {
            ++*total;
            continue;
        }
        const int rc = count_merged(t, pair, total);
        if (rc)
            return rc;
    }
    return 0;
}

static int append(struct merge *m, struct doc_pair pair, bool own)
{
    const uint32_t number = (uint32_t)m->n;
    m->pairs[m->n++] = pair;
    const uint32_t first =
        keys_add(&m->seen, number, pair_name(m->pairs, number));
    if (first == KEYS_NONE)
        return -ENOMEM;
    // A key that is written twice is doc_duplicate()'s to find.
    if (first != number && !own)
        m->n--;
    return 0;
}

static int append_own(struct merge *m, struct doc_node *const *children,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct doc_pair pair = {children[2 * i], children[2 * i + 1]};
        if (tree_is_merge_key(pair.key))
            continue;
        const int rc = append(m, pair, true);
        if (rc)
            return rc;
    }
    return 0;
}

static int append_source(struct merge *m, const struct doc_node *source)
{
    for (size_t i = 0; i < source->n; i++) {
        const int rc = append(m, source->pairs[i], false);
        if (rc)
            return rc;
    }
    return 0;
}

static int append_merged(struct merge *m, struct doc_node *const *children,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!tree_is_merge_key(children[2 * i]))
            continue;
        size_t maps;
        struct doc_node *const *sources =
            sources_of(&children[2 * i + 1], &maps);
        for (size_t j = 0; j < maps; j++) {
            const int rc = append_source(m, sources[j]);
            if (rc)
                return rc;
        }
    }
    return 0;
}

int tree_merge(struct tree *t, struct doc_node *map,
               struct doc_node *const *children, size_t n)
{
    size_t total;
    int rc = count(t, children, n, &total);
    if (rc)
        return rc;
    struct merge m = {.n = 0};
    m.pairs = tree_alloc(t, total * sizeof *m.pairs);
    if (!m.pairs)
        return tree_no_room(t, (struct tree_place){map->line, map->column});
    keys_init(&m.seen, pair_name, m.pairs);
    rc = append_own(&m, children, n);
    if (!rc)
        rc = append_merged(&m, children, n);
    keys_release(&m.seen);
    if (rc)
        return rc;
    map->pairs = m.pairs;
    map->n = (uint32_t)m.n;
    return 0;
}
