// SPDX-License-Identifier: Apache-2.0
// Memory and descriptors run out while queries are forwarded: SERVFAIL at the
// worst, and nothing stays behind.
#include "base/base.h"
#include "lib/fault.h"
#include "lib/forwarding.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME FORWARDING_NAME

enum { LARGE = 3000, QUIET_MS = 30 };

// One reply, or the end of the connection.
static bool has_reply(int fd, bool tcp)
{
    static uint8_t reply[65535];
    if (!client_waits(fd, SERVER_PATIENCE_MS))
        return false;
    if (tcp)
        return client_reply(fd, reply) >= 12 || true;
    return recv(fd, reply, sizeof reply, 0) >= 12;
}

// Datagrams and TCP, a reply that is asked again over TCP upstream, one that
// others have better, and a client that reads late.
static void use(const struct forwarding *f)
{
    uint8_t frames[4 * SERVER_QUERY_SIZE];
    const int udp = forwarding_client(f, false, NULL);
    const int tcp = forwarding_client(f, true, NULL);
    size_t n = 0;

    for (uint16_t id = 0; id < 4; id++)
        n += client_frame(frames + n, id, NAME, SERVER_TYPE_A);
    forwarding_ask(udp, false, 1, "x." NAME);
    forwarding_ask(udp, false, 2, NAME);
    client_send(tcp, frames, n);
    forwarding_pause_ms(QUIET_MS);
    assert_true(has_reply(udp, false));
    assert_true(has_reply(udp, false));
    for (int i = 0; i < 4; i++)
        assert_true(has_reply(tcp, true));
    close(udp);
    close(tcp);
}

static void works(const struct forwarding *f)
{
    const int fd = forwarding_client(f, true, NULL);
    forwarding_ask(fd, true, 1, NAME);
    forwarding_expect(fd, true, 1, RCODE_NOERROR, LARGE);
    close(fd);
    forwarding_wait(f, 0);
}

static void an_allocation_may_fail(void **state)
{
    struct forwarding f;
    long n = 0;
    bool hit;

    (void)state;
    forwarding_start(&f, 2, "127.0.0.1:0", forwarding_settings());
    dummy_obey(f.up[0], (struct dummy_orders){.rcode = RCODE_SERVFAIL});
    dummy_obey(f.up[1], (struct dummy_orders){.records = LARGE});
    works(&f);
    do {
        fault_alloc_after(++n);
        use(&f);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        forwarding_wait(&f, 0);
    } while (hit);
    assert_true(n > 5); // queries upstream, replies that are kept
    works(&f);
    forwarding_stop(&f);
}

// All of them, as far as the worker goes.
static void descriptors_may_run_out(void **state)
{
    enum { N = 20 };
    struct rlimit limit, few;
    struct forwarding f;
    char name[64];

    (void)state;
    forwarding_start(&f, 1, "127.0.0.1:0", forwarding_settings());
    dummy_obey(f.up[0], (struct dummy_orders){.records = LARGE});
    works(&f);
    const int fd = forwarding_client(&f, false, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = 4; // fewer than are open: there are no others
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (uint16_t i = 0; i < N; i++) {
        snprintf(name, sizeof name, "%u." NAME, i);
        forwarding_ask(fd, false, i, name);
    }
    forwarding_wait_replies(&f, RCODE_SERVFAIL, N);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    forwarding_wait(&f, 0);
    assert_int_equal(workers_state(f.server.workers).forward_full, N);
    close(fd);
    works(&f);
    forwarding_stop(&f);
}

// In a process of its own, because nobody raises a hard limit again.
static void fewer_are_forwarded_where_files_are_few(void **state)
{
    enum { FILES = 1000, CONNECTIONS = 600, QUERIES = 2000, EACH = 2 };
    const struct rlimit low = {.rlim_cur = FILES, .rlim_max = FILES};
    int status;

    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct workers_settings settings = forwarding_settings();
        struct server s;
        settings.tcp_connections = CONNECTIONS;
        settings.forward_queries = QUERIES;
        if (setrlimit(RLIMIT_NOFILE, &low) != 0)
            _exit(1);
        server_start(&s, "127.0.0.1:0", settings);
        const struct workers_state w = workers_state(s.workers);
        server_stop(&s);
        // each half of what others do not need
        const uint64_t all = w.connections_max + EACH * w.forwarded_max;
        _exit(all <= FILES - 128 && all >= FILES - 200 &&
                      w.connections_max >= all / 2 && w.forwarded_max > 100
                  ? 0
                  : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

// What cannot be made leaves nothing behind.
static void starting_may_fail(void **state)
{
    const struct sockaddr_any address = server_address("127.0.0.1:0");
    struct workers_settings settings = forwarding_settings();
    struct zone *const zone = server_zone();
    struct workers *w = NULL;
    struct error err;
    long n = 0;
    int r;

    (void)state;
    settings.zone = zone;
    settings.listen = &address;
    settings.listen_n = 1;
    const unsigned files = server_open_files();
    do {
        fault_alloc_after(++n);
        r = workers_start(&settings, &w, &err);
        const bool hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (r == 0)
            workers_stop(w);
        assert_int_equal(server_open_files(), files);
        if (!hit)
            break;
    } while (n < 200);
    assert_int_equal(r, 0);
    assert_true(n > 10);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_may_fail),
        cmocka_unit_test(descriptors_may_run_out),
        cmocka_unit_test(fewer_are_forwarded_where_files_are_few),
        cmocka_unit_test(starting_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
