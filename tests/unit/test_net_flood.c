// SPDX-License-Identifier: Apache-2.0
// Millions of datagrams that are almost queries: bits turned, ends cut off,
// counts that lie, options repeated. Answering goes on as before, and takes no
// memory. tests/system/test_flood.py does the same to the program, by way of
// its sockets, with fewer.
#include "answer/answer.h"
#include "lib/fault.h"
#include "lib/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    BATCH = 32,
    SIZE = 1232,
    PACKETS = 5000000,
    PACKETS_SLOW = 200000, // under sanitizers
    ROUND = 100000,        // after which the right answers are looked for
};

static const struct sockaddr_any client = {
    .v4 = {.sin_family = AF_INET, .sin_port = 53}, .length = 16};

struct flood {
    struct zone *zone;
    struct answer_context context;
    struct answer_job jobs[BATCH];
    uint8_t messages[BATCH][SIZE];
    uint64_t state; // of the random numbers
};

// xorshift64*: the same packets in each run.
static uint32_t random_below(struct flood *f, uint32_t n)
{
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return (uint32_t)((f->state * UINT64_C(2685821657736338717)) >> 32) % n;
}

// --- packets ---------------------------------------------------------------

// A query that is right: one of some names and types, with EDNS or without.
static uint32_t write_query(struct flood *f, uint8_t *to)
{
    static const char *const names[] = {
        SERVER_SMALL,
        SERVER_BIG,
        "db-1.db.test.svc.cluster.local",
        "_client._tcp.db.test.svc.cluster.local",
        "none.test.svc.cluster.local",
        "cluster.local",
        "1.0.1.10.in-addr.arpa",
        "example.org",
    };
    static const uint16_t types[] = {1, 28, 33, 12, 6, 255, 16, 252, 65};
    uint8_t query[SERVER_QUERY_SIZE];
    const size_t n =
        client_query(query, (uint16_t)random_below(f, 65536),
                     names[random_below(f, (uint32_t)ORD_COUNT(names))],
                     types[random_below(f, (uint32_t)ORD_COUNT(types))]);
    memcpy(to, query, n);
    return (uint32_t)n;
}

// EDNS options behind the OPT that ends each query, some of them known, of
// lengths that may be wrong.
static uint32_t add_options(struct flood *f, uint8_t *p, uint32_t n)
{
    static const uint16_t codes[] = {3, 8, 10, 11, 12, 15, 65001};
    const uint32_t head = n - 2; // RDLENGTH of an OPT without options
    uint32_t count = random_below(f, 40);
    const uint16_t code = codes[random_below(f, (uint32_t)ORD_COUNT(codes))];
    while (count-- > 0 && n + 4 + 40 < SIZE) {
        const uint16_t size = (uint16_t)random_below(f, 41);
        bytes_store_u16(p + n, code);
        bytes_store_u16(p + n + 2,
                        random_below(f, 8) ? size : (uint16_t)(size + 9));
        memset(p + n + 4, (int)code, size);
        n += 4u + size;
    }
    bytes_store_u16(p + head, (uint16_t)(n - head - 2));
    return n;
}

static uint32_t mutate(struct flood *f, uint8_t *p, uint32_t n)
{
    switch (random_below(f, 6)) {
    case 0:
        for (uint32_t i = random_below(f, 8) + 1; i > 0; i--)
            p[random_below(f, n)] ^= (uint8_t)(1u << random_below(f, 8));
        return n;
    case 1:
        return random_below(f, n + 1);
    case 2: // a count, or the flags
        p[2 + random_below(f, 10)] = (uint8_t)random_below(f, 256);
        return n;
    case 3:
        return add_options(f, p, n);
    case 4: // a label's length, or a pointer
        p[12 + random_below(f, n - 12)] = (uint8_t)random_below(f, 256);
        return n;
    default: // octets behind the end
        memset(p + n, (int)random_below(f, 256), 64);
        return n + random_below(f, 64);
    }
}

// --- answers ---------------------------------------------------------------

static void answer(struct flood *f, unsigned n)
{
    f->context.now_ms++;
    answer_batch(&f->context, f->jobs, n);
}

static void flood_once(struct flood *f)
{
    for (unsigned i = 0; i < BATCH; i++) {
        const uint32_t n = write_query(f, f->messages[i]);
        f->jobs[i].query_n = mutate(f, f->messages[i], n);
    }
    answer(f, BATCH);
    for (unsigned i = 0; i < BATCH; i++)
        assert_true(f->jobs[i].verdict == ANSWER_DROP ||
                    (f->jobs[i].reply_n >= 12 && f->jobs[i].reply_n <= SIZE));
}

static void answers_rightly(struct flood *f)
{
    uint8_t query[SERVER_QUERY_SIZE];
    const size_t n = client_query(query, 7, SERVER_SMALL, SERVER_TYPE_A);
    memcpy(f->messages[0], query, n);
    f->jobs[0].query_n = (uint32_t)n;
    answer(f, 1);
    assert_int_equal(f->jobs[0].verdict, ANSWER_SEND);
    assert_true(
        client_accepts(f->messages[0], f->jobs[0].reply_n, 7, SERVER_SMALL_N));
}

static void a_flood_of_broken_queries_changes_nothing(void **state)
{
    const char *const sanitizers = getenv("ORDINALD_SAN");
    const uint32_t packets = sanitizers && *sanitizers ? PACKETS_SLOW : PACKETS;
    struct flood *f = calloc(1, sizeof *f);

    (void)state;
    assert_non_null(f);
    f->zone = server_zone();
    f->state = 2463534242;
    f->context = (struct answer_context){.zone = f->zone,
                                         .settings = server_settings().answer};
    for (unsigned i = 0; i < BATCH; i++)
        f->jobs[i] = (struct answer_job){.message = f->messages[i],
                                         .size = SIZE,
                                         .transport = ANSWER_UDP,
                                         .client = &client};
    zone_reader_register();
    const unsigned long before = fault_alloc_count();
    for (uint32_t i = 0; i < packets; i += ROUND) {
        for (uint32_t k = 0; k < ROUND; k += BATCH)
            flood_once(f);
        answers_rightly(f);
        zone_reader_quiescent();
    }
    assert_int_equal(fault_alloc_count(), before);
    zone_reader_unregister();
    zone_free(f->zone);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_broken_queries_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
