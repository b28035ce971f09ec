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

// sin_port stays 0: interfaces have none.
static struct sockaddr_any interface_address(const uv_interface_address_t *i)
{
    struct sockaddr_any a = {.length = 0};
    if (i->address.address4.sin_family == AF_INET6)
        a.v6 = i->address.address6;
    else
        a.v4 = i->address.address4;
    return a;
}

static void add_interfaces(struct address_list *list, int family,
                           const uv_interface_address_t *all, int all_n)
{
    const size_t before = list->n;
    for (int i = 0; i < all_n; i++) {
        if (!is_reachable(&all[i], family))
            continue;
        const struct sockaddr_any a = interface_address(&all[i]);
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

// --- whom we would be asking -----------------------------------------------

// All of 127.0.0.0/8 is loopback, though its interface has one address only.
static bool is_loopback(const struct sockaddr_any *a)
{
    if (a->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
    return ntohl(a->v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

// A link-local address is this machine's on the interface that has it.
static bool is_of_interface(const uv_interface_address_t *i,
                            const struct sockaddr_any *a)
{
    struct sockaddr_any to = *a;
    if (i->address.address4.sin_family != a->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET6)
        to.v6.sin6_port = 0;
    else
        to.v4.sin_port = 0;
    const struct sockaddr_any own = interface_address(i);
    return sockaddr_same(&own, &to);
}

static bool is_of_this_machine(const struct sockaddr_any *a)
{
    uv_interface_address_t *all = NULL;
    int n = 0;
    bool found = is_loopback(a);
    if (found || uv_interface_addresses(&all, &n) != 0)
        return found;
    for (int i = 0; i < n && !found; i++)
        found = is_of_interface(&all[i], a);
    uv_free_interface_addresses(all, n);
    return found;
}

const struct sockaddr_any *servers_hearing(const struct sockaddr_list *listen,
                                           const struct sockaddr_any *to)
{
    for (size_t i = 0; i < listen->n; i++) {
        const struct sockaddr_any *a = &listen->items[i];
        if (sockaddr_same(a, to))
            return a;
        if (sockaddr_is_wildcard(a) && sockaddr_port(a) == sockaddr_port(to) &&
            a->any.sa_family == to->any.sa_family && is_of_this_machine(to))
            return a;
    }
    return NULL;
}
