// SPDX-License-Identifier: Apache-2.0
// Any octets as YAML: what is delivered keeps what doc.h promises, what is
// refused has a place and a reason.
#include "doc/doc.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct visit {
    size_t nodes;
    unsigned depth;
    const struct doc_limits *limits;
    int findings;
};

static void check_node(struct visit *v, const struct doc_node *node);

static void check_scalar(const struct visit *v, const struct doc_node *node)
{
    assert(node->n <= v->limits->scalar_max);
    assert(strlen(node->text) == node->n);
    int64_t value = 0;
    const enum doc_type type = doc_type_of(node);
    assert(type != DOC_TYPE_MAP && type != DOC_TYPE_LIST);
    assert(node->plain || type == DOC_STRING);
    if (doc_int(node, &value))
        assert(type == DOC_INT || type == DOC_FLOAT);
    if (doc_bool(node))
        assert(type == DOC_BOOL);
}

static void check_pairs(struct visit *v, const struct doc_node *map)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const struct doc_pair *pair = &map->pairs[i];
        assert(pair->key->kind == DOC_SCALAR);
        check_scalar(v, pair->key);
        check_node(v, pair->value);
    }
    const struct doc_pair *twice = doc_duplicate(map);
    if (!twice)
        return;
    // The first of its equals stands before it.
    assert(twice > map->pairs && twice < map->pairs + map->n);
    const struct doc_node *value = doc_get(map, twice->key->text);
    assert(!value || value->line > 0);
}

static void check_node(struct visit *v, const struct doc_node *node)
{
    assert(node->line > 0 && node->column > 0);
    // Aliases lead to the same nodes again, as often as the limit says.
    v->nodes++;
    assert(v->nodes <= v->limits->alias_max + v->limits->text_max);
    const bool inner = node->kind != DOC_SCALAR;
    v->depth += inner;
    assert(v->depth <= v->limits->depth_max);
    if (node->kind == DOC_SCALAR)
        check_scalar(v, node);
    else if (node->kind == DOC_MAP)
        check_pairs(v, node);
    else
        for (uint32_t i = 0; i < node->n; i++)
            check_node(v, node->items[i]);
    v->depth -= inner;
}

static void on_document(void *context, const struct doc_node *root)
{
    struct visit *v = context;
    v->nodes = 0;
    v->depth = 0;
    assert(doc_type_of(root) != DOC_NULL);
    check_node(v, root);
}

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    struct visit *v = context;
    v->findings++;
    assert(kind == FINDING_ERROR && text[0]);
    assert(strcmp(at.file, "fuzz") == 0);
    assert(at.line > 0 && at.column > 0);
    assert(!strchr(text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct doc_limits limits = {
        .text_max = 1 << 20,
        .depth_max = 16,
        .alias_max = 1000,
        .scalar_max = 2000,
        .memory_max = 200000,
    };
    if (size > limits.text_max)
        return 0;
    struct visit v = {.limits = &limits};
    const struct report report = {.finding = on_finding, .context = &v};
    const int rc = doc_yaml_read("fuzz", span_of(data, size), &limits,
                                 on_document, &v, &report);
    assert(rc == v.findings);
    return 0;
}
