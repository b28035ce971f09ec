// SPDX-License-Identifier: Apache-2.0
// Tags that contradict their value, which goyaml.v2 refuses, too.
#include "tree.h"

static const char *tag_name(enum tree_tag tag)
{
    switch (tag) {
    case TREE_TAG_INT:
        return "!!int";
    case TREE_TAG_BOOL:
        return "!!bool";
    case TREE_TAG_NULL:
        return "!!null";
    case TREE_TAG_FLOAT:
        return "!!float";
    default:
        return "!!str";
    }
}

static bool tag_agrees(enum tree_tag tag, enum doc_type type)
{
    switch (tag) {
    case TREE_TAG_INT:
        return type == DOC_INT;
    case TREE_TAG_BOOL:
        return type == DOC_BOOL;
    case TREE_TAG_NULL:
        return type == DOC_NULL;
    case TREE_TAG_FLOAT:
        return type == DOC_INT || type == DOC_FLOAT;
    default:
        return true;
    }
}

int tree_check_tag(struct tree *t, struct tree_place at, enum tree_tag tag,
                   const struct doc_node *node)
{
    if (tag_agrees(tag, doc_type_of(node)))
        return 0;
    return tree_refuse(t, at, "the tag %s does not fit '%.40s'; remove it",
                       tag_name(tag), node->text);
}
