// SPDX-License-Identifier: Apache-2.0
// Scalars and maps of them, checked as the API server checks them: its JSON
// decoder takes no number for a string and no string for a number.
#include "decode.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

const char *decode_string(struct decoder *d, const struct where *where,
                          const struct doc_node *node)
{
    if (!node)
        return NULL;
    if (doc_type_of(node) == DOC_STRING)
        return node->text;
    decode_mismatch(d, where, node, DOC_STRING);
    return NULL;
}

const char *decode_keep(struct decoder *d, const char *text)
{
    if (!text || !*text)
        return "";
    const char *kept = arena_text_dup(d->arena, text);
    if (!kept)
        d->no_memory = true;
    return kept ? kept : "";
}

void *decode_array(struct decoder *d, uint32_t count, size_t size)
{
    if (count == 0)
        return NULL;
    void *array = arena_array(d->arena, count, size);
    if (!array)
        d->no_memory = true;
    return array;
}

int64_t decode_int(struct decoder *d, const struct where *where,
                   const struct doc_node *node, int64_t min, int64_t max,
                   int64_t absent)
{
    int64_t value;
    if (!node)
        return absent;
    const enum doc_type type = doc_type_of(node);
    if ((type != DOC_INT && type != DOC_FLOAT) || !doc_int(node, &value)) {
        decode_mismatch(d, where, node, DOC_INT);
        return absent;
    }
    if (value < min || value > max) {
        decode_fault(d, where, node, "must be %lld to %lld, not %lld",
                     (long long)min, (long long)max, (long long)value);
        return absent;
    }
    return value;
}

bool decode_bool(struct decoder *d, const struct where *where,
                 const struct doc_node *node, bool absent)
{
    if (!node)
        return absent;
    if (doc_type_of(node) == DOC_BOOL)
        return doc_bool(node);
    decode_mismatch(d, where, node, DOC_BOOL);
    return absent;
}

// "A", "A or B", "A, B or C".
static void list_words(const char *const *words, uint32_t n, char *out,
                       size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < n && used < size; i++) {
        const char *gap = i == 0 ? "" : i == n - 1 ? " or " : ", ";
        const int wrote =
            snprintf(out + used, size - used, "%s%s", gap, words[i]);
        used += wrote < 0 ? 0 : (size_t)wrote;
    }
}

// Its index, or -1.
static int find_word(const char *text, const char *const *words, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(words[i], text) == 0)
            return (int)i;
    }
    return -1;
}

enum { WORDS_SIZE = 160 };

int decode_word(struct decoder *d, const struct where *where,
                const struct doc_node *node, const char *const *words,
                uint32_t words_n, int absent)
{
    const char *text = decode_string(d, where, node);
    const int at = text ? find_word(text, words, words_n) : absent;
    if (!text || at >= 0)
        return at;
    char wanted[WORDS_SIZE] = "", shown[SHOWN_SIZE];
    list_words(words, words_n, wanted, sizeof wanted);
    decode_fault(d, where, node, "must be %s, not '%s'", wanted,
                 decode_shown(text, shown));
    return absent;
}

int decode_own_word(struct decoder *d, const struct where *where,
                    const struct doc_node *node, const char *const *words,
                    uint32_t words_n, int absent)
{
    const int at = node ? find_word(node->text, words, words_n) : absent;
    if (!node || at >= 0)
        return at;
    char wanted[WORDS_SIZE] = "", shown[SHOWN_SIZE];
    list_words(words, words_n, wanted, sizeof wanted);
    decode_warning(d, where, node, "must be %s, not '%s'; it counts as absent",
                   wanted, decode_shown(node->text, shown));
    return absent;
}

uint8_t decode_protocol(struct decoder *d, const struct where *where,
                        const struct doc_node *node)
{
    static const char *const words[] = {[PROTOCOL_TCP] = "TCP",
                                        [PROTOCOL_UDP] = "UDP",
                                        [PROTOCOL_SCTP] = "SCTP"};
    return (uint8_t)decode_word(d, where, node, words, ORD_COUNT(words),
                                PROTOCOL_TCP);
}

bool decode_address(struct decoder *d, const struct where *where,
                    const struct doc_node *node, struct address *out)
{
    if (!node)
        return false;
    // First, because it is the usual case: nothing that YAML takes for a
    // number or boolean is an address.
    if (node->kind == DOC_SCALAR && address_parse(node->text, out))
        return true;
    char shown[SHOWN_SIZE];
    const char *text = decode_string(d, where, node);
    if (text)
        decode_fault(d, where, node, "must be an IP address, not '%s'",
                     decode_shown(text, shown));
    return false;
}

const char *decode_name(struct decoder *d, const struct where *where,
                        const struct doc_node *node,
                        const char *(*fault)(const char *text))
{
    const char *text = decode_string(d, where, node);
    if (!text || !*text)
        return "";
    const char *wrong = fault(text);
    if (!wrong)
        return decode_keep(d, text);
    char shown[SHOWN_SIZE];
    decode_fault(d, where, node, "'%s' %s", decode_shown(text, shown), wrong);
    return "";
}

static bool decode_label(struct decoder *d, const struct where *up,
                         const struct doc_pair *pair, struct label *out)
{
    const struct where where = where_field(up, pair->key->text);
    const char *wrong = name_label_key_fault(pair->key->text);
    if (wrong)
        decode_fault(d, &where, pair->key, "is no key for a label: it %s",
                     wrong);
    // Go's decoder makes "" of null in a map of strings
    const char *value = decode_is_null(pair->value)
                            ? ""
                            : decode_string(d, &where, pair->value);
    const char *wrong_value = value ? name_label_value_fault(value) : NULL;
    char shown[SHOWN_SIZE];
    if (wrong_value)
        decode_fault(d, &where, pair->value, "'%s' %s",
                     decode_shown(value, shown), wrong_value);
    if (wrong || wrong_value || !value)
        return false;
    *out =
        (struct label){decode_keep(d, pair->key->text), decode_keep(d, value)};
    return true;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key,
                  ((const struct label *)b)->key);
}

struct labels decode_labels(struct decoder *d, const struct where *where,
                            const struct doc_node *node)
{
    if (!decode_fields(d, where, node, NULL, 0, NULL) || node->n == 0)
        return (struct labels){0};
    struct label *items = decode_array(d, node->n, sizeof *items);
    uint32_t n = 0;
    for (uint32_t i = 0; items && i < node->n; i++)
        n += decode_label(d, where, &node->pairs[i], &items[n]);
    // In order, so that equal maps have equal digests
    if (n > 1)
        qsort(items, n, sizeof *items, by_key);
    return (struct labels){items, n};
}
