// SPDX-License-Identifier: Apache-2.0
#include "servers.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <uv.h>

// The list has room for whatever comes: see servers_of().
static void add(struct address_list *list, struct address a)
{
    for (size_t i = 0; i < list->n; i++)
        if (address_compare(&list->items[i], &a) == 0)
            return;
    list->items[list->n++] = a;
}

// A client elsewhere cannot use what only means something on this link.
static bool is_reachable(const uv_interface_address_t *i, int family)
{
    const struct sockaddr_in6 *v6 = &i->address.address6;
    if (i->is_internal || i->address.address4.sin_family != family)
        return false;
    return family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

static void add_interfaces(struct address_list *list, int family,
                           const uv_interface_address_t *all, int all_n)
{
    const size_t before = list->n;
    for (int i = 0; i < all_n; i++) {
        if (!is_reachable(&all[i], family))
            continue;
        struct sockaddr_any a = {.length = 0};
        if (family == AF_INET6)
            a.v6 = all[i].address.address6;
        else
            a.v4 = all[i].address.address4;
        add(list, sockaddr_address(&a));
    }
    if (list->n > before)
        return;
    struct address loopback;
    const bool ok =
        address_parse(family == AF_INET6 ? "::1" : "127.0.0.1", &loopback);
    assert(ok);
    add(list, loopback);
}

int servers_of(const struct sockaddr_list *listen, struct arena *arena,
               struct address_list *out)
{
    uv_interface_address_t *all = NULL;
    int all_n = 0;
    // A system that does not tell its interfaces still has loopback.
    if (uv_interface_addresses(&all, &all_n) != 0)
        all_n = 0;
    // Each socket adds itself or loopback; interfaces come in once, however
    // many wildcards there are.
    struct address_list list = {0};
    list.items =
        arena_array(arena, listen->n + (size_t)all_n, sizeof *list.items);
    for (size_t i = 0; list.items && i < listen->n; i++) {
        const struct sockaddr_any *a = &listen->items[i];
        if (sockaddr_is_wildcard(a))
            add_interfaces(&list, a->any.sa_family, all, all_n);
        else
            add(&list, sockaddr_address(a));
    }
    if (all)
        uv_free_interface_addresses(all, all_n);
    if (!list.items)
        return -ENOMEM;
    *out = list;
    return 0;
}
