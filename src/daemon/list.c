// SPDX-License-Identifier: Apache-2.0
// Lists among the settings: each item is checked by itself and against those
// before it.
#include "value.h"

#include <errno.h>
#include <string.h>

size_t *value_count(const struct setting *row, void *list)
{
    switch (row->type) {
    case SETTING_PATHS:
    case SETTING_WORDS:
    case SETTING_NAMES:
        return &((struct text_list *)list)->n;
    case SETTING_SOCKETS:
        return &((struct sockaddr_list *)list)->n;
    case SETTING_CIDRS:
    case SETTING_CIDR_PAIR:
        return &((struct cidr_list *)list)->n;
    case SETTING_UPSTREAMS:
        return &((struct forward_list *)list)->n;
    default:
        return NULL;
    }
}

// Room for one more item. Lists double whenever their length is a power of
// two, so the room they have need not be kept. An emptied list begins anew.
static void *list_grow(struct arena *arena, void *items, size_t n, size_t size)
{
    if (n & (n - 1))
        return items;
    void *more = arena_array(arena, n ? 2 * n : 1, size);
    if (more && n)
        memcpy(more, items, n * size);
    return more;
}

static int twice(const char *text, struct error *err)
{
    return error_set(err, -EINVAL, "'%s' is given twice; leave one out", text);
}

static bool has_text(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static int add_text(struct text_list *list, const char *text,
                    struct arena *arena, struct error *err)
{
    const char **items =
        list_grow(arena, list->items, list->n, sizeof *list->items);
    if (!items)
        return value_no_memory(err);
    list->items = items;
    items[list->n] = arena_text_dup(arena, text);
    if (!items[list->n])
        return value_no_memory(err);
    list->n++;
    return 0;
}

static int add_path(struct text_list *list, const char *text,
                    struct arena *arena, struct error *err)
{
    if (!*text)
        return error_set(err, -EINVAL,
                         "a path is empty; name a file, a directory or -");
    // Standard input can be read once only.
    if (strcmp(text, "-") == 0 && has_text(list, text))
        return twice(text, err);
    return add_text(list, text, arena, err);
}

// RFC 1123 2.1, in lower case as the API server demands it of a namespace.
static bool is_label(const char *text)
{
    const size_t n = strlen(text);
    return n > 0 && n <= 63 && text[0] != '-' && text[n - 1] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int add_name(struct text_list *list, const char *text,
                    struct arena *arena, struct error *err)
{
    if (!is_label(text))
        return error_set(err, -EINVAL,
                         "'%s' is no name of a namespace; write lower-case "
                         "letters, digits and '-' between them, 63 at most",
                         text);
    if (has_text(list, text))
        return twice(text, err);
    return add_text(list, text, arena, err);
}

static bool same_socket(const struct sockaddr_any *a,
                        const struct sockaddr_any *b)
{
    // Port 0 asks for any free port: twice means two of them.
    return sockaddr_port(a) != 0 && sockaddr_same(a, b);
}

static int add_socket(struct sockaddr_list *list, const char *text,
                      struct arena *arena, struct error *err)
{
    struct sockaddr_any a;
    int r = sockaddr_parse(text, &a, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list->n; i++)
        if (same_socket(&a, &list->items[i]))
            return twice(text, err);
    struct sockaddr_any *items =
        list_grow(arena, list->items, list->n, sizeof *list->items);
    if (!items)
        return value_no_memory(err);
    items[list->n++] = a;
    list->items = items;
    return 0;
}

static bool same_cidr(const struct cidr *a, const struct cidr *b)
{
    return a->prefix == b->prefix && address_compare(&a->base, &b->base) == 0;
}

// pair  at most one range a family
static int add_cidr(struct cidr_list *list, bool pair, const char *text,
                    struct arena *arena, struct error *err)
{
    struct cidr c;
    int r = cidr_parse(text, &c, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list->n; i++) {
        const struct cidr *other = &list->items[i];
        char given[CIDR_TEXT_SIZE];
        if (same_cidr(&c, other))
            return twice(text, err);
        if (pair && other->base.family == c.base.family)
            return error_set(err, -EINVAL,
                             "'%s' comes beside %s, but there may be one "
                             "range for each of IPv4 and IPv6; leave one out",
                             text, cidr_format(other, given));
    }
    struct cidr *items =
        list_grow(arena, list->items, list->n, sizeof *list->items);
    if (!items)
        return value_no_memory(err);
    items[list->n++] = c;
    list->items = items;
    return 0;
}

// A file has a slash, which no address has.
static int forward_target_of(struct forward_target *out, const char *text,
                             struct error *err)
{
    out->is_file = strchr(text, '/') != NULL;
    if (out->is_file)
        return 0;
    struct error why;
    const int r = sockaddr_parse_server(text, &out->address, &why);
    if (r < 0)
        return error_set(err, r, "%s%s", why.text,
                         strpbrk(text, ":%")
                             ? ""
                             : ", or a file with a slash, as in ./resolv.conf");
    return 0;
}

static bool same_target(const struct forward_target *a,
                        const struct forward_target *b)
{
    if (a->is_file || b->is_file)
        return strcmp(a->text, b->text) == 0;
    return same_socket(&a->address, &b->address);
}

static int add_forward(struct forward_list *list, const char *text,
                       struct arena *arena, struct error *err)
{
    struct forward_target t = {.text = text};
    const int r = forward_target_of(&t, text, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list->n; i++)
        if (same_target(&t, &list->items[i]))
            return twice(text, err);
    struct forward_target *items =
        list_grow(arena, list->items, list->n, sizeof *list->items);
    t.text = arena_text_dup(arena, text);
    if (!items || !t.text)
        return value_no_memory(err);
    items[list->n++] = t;
    list->items = items;
    return 0;
}

// Of ranges there is one a family: what is said of the family says more.
static int check_room(const struct setting *row, void *list, struct error *err)
{
    if (row->type == SETTING_CIDR_PAIR || *value_count(row, list) < row->max)
        return 0;
    return error_set(err, -EINVAL, "there are more than %u; leave some out",
                     row->max);
}

int value_add(const struct setting *row, void *list, const char *text,
              struct arena *arena, struct error *err)
{
    const int r = check_room(row, list, err);
    if (r < 0)
        return r;
    switch (row->type) {
    case SETTING_PATHS:
        return add_path(list, text, arena, err);
    case SETTING_WORDS:
        return add_text(list, text, arena, err);
    case SETTING_NAMES:
        return add_name(list, text, arena, err);
    case SETTING_SOCKETS:
        return add_socket(list, text, arena, err);
    case SETTING_CIDRS:
        return add_cidr(list, false, text, arena, err);
    case SETTING_CIDR_PAIR:
        return add_cidr(list, true, text, arena, err);
    case SETTING_UPSTREAMS:
        return add_forward(list, text, arena, err);
    default:
        return error_set(err, -EINVAL, "'%s' is no list", row->word);
    }
}
