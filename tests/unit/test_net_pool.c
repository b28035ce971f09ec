// SPDX-License-Identifier: Apache-2.0
// Who has which share of the connections, without sockets: addresses that this
// machine does not have.
#include "../../src/net/tcp_connection.h"
#include "../../src/net/tcp_pool.h"
#include "lib/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SHARE = 2 };

static void start(struct tcp_pool *p)
{
    assert_int_equal(tcp_pool_init(p, 16, SHARE), 0);
}

static struct tcp_connection *come(struct tcp_pool *p, const char *from,
                                   uint64_t now_ms)
{
    const struct sockaddr_any a = server_address(from);
    return tcp_pool_open(p, &a, now_ms);
}

static void go(struct tcp_pool *p, struct tcp_connection *c)
{
    tcp_pool_close(p, c);
    tcp_pool_return(p, c);
}

static struct tcp_connection *greedy(const struct tcp_pool *p, const char *from)
{
    const struct sockaddr_any a = server_address(from);
    return tcp_pool_greedy(p, &a);
}

static void an_ipv4_address_is_a_client(void **state)
{
    struct tcp_pool p;
    (void)state;
    start(&p);
    struct tcp_connection *const a = come(&p, "192.0.2.1:1000", 1);
    assert_null(greedy(&p, "192.0.2.1:1002"));
    struct tcp_connection *const b = come(&p, "192.0.2.1:1001", 2);
    assert_ptr_equal(greedy(&p, "192.0.2.1:1002"), a);
    assert_null(greedy(&p, "192.0.2.2:1000"));
    go(&p, a);
    assert_null(greedy(&p, "192.0.2.1:1002"));
    go(&p, b);
    tcp_pool_release(&p);
}

static void an_ipv6_prefix_of_64_bits_is_a_client(void **state)
{
    struct tcp_pool p;
    (void)state;
    start(&p);
    struct tcp_connection *const a = come(&p, "[2001:db8:0:1::1]:1", 1);
    struct tcp_connection *const b = come(&p, "[2001:db8:0:1:ffff::9]:1", 2);
    assert_ptr_equal(greedy(&p, "[2001:db8:0:1:8::]:1"), a);
    assert_null(greedy(&p, "[2001:db8:0:2::1]:1"));
    assert_null(greedy(&p, "[::1]:1"));
    assert_null(greedy(&p, "0.0.0.1:1"));
    go(&p, a);
    go(&p, b);
    tcp_pool_release(&p);
}

// Whatever it waits for.
static void the_one_that_has_waited_longest_stands_for_its_client(void **state)
{
    struct tcp_pool p;
    (void)state;
    start(&p);
    struct tcp_connection *const a = come(&p, "192.0.2.1:1000", 1);
    struct tcp_connection *const b = come(&p, "192.0.2.1:1001", 2);
    struct tcp_connection *const other = come(&p, "192.0.2.9:1", 0);
    tcp_pool_wait(&p, a, TCP_SENDING, 5);
    assert_ptr_equal(greedy(&p, "192.0.2.1:1"), b);
    assert_int_equal(tcp_pool_waited_ms(&p, b, 12), 10);
    tcp_pool_wait(&p, b, TCP_RECEIVING, 7);
    assert_ptr_equal(greedy(&p, "192.0.2.1:1"), a);
    go(&p, a);
    go(&p, b);
    go(&p, other);
    tcp_pool_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_a_client),
        cmocka_unit_test(an_ipv6_prefix_of_64_bits_is_a_client),
        cmocka_unit_test(the_one_that_has_waited_longest_stands_for_its_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
