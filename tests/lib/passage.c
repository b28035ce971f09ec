// SPDX-License-Identifier: Apache-2.0
#include "lib/passage.h"

#include "lib/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int passage_set_up(void **state)
{
    struct testbed *t = testbed_new(NULL);

    t->context.settings.forwards = true;
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/out external Db.Example.org");
    testbed_put(t, "one/far external out.one.svc.cluster.local");
    testbed_serve(t, "one/web ip 10.96.0.1");
    *state = t;
    return 0;
}

// --- clients ---------------------------------------------------------------

struct answer_job passage_job(uint8_t *message, size_t n, size_t size,
                              enum answer_transport transport)
{
    // 192.0.2.1:1053
    static const struct sockaddr_any client = {
        .v4 = {.sin_family = AF_INET,
               .sin_port = 0x1d04,
               .sin_addr.s_addr = 0x010200c0},
        .length = sizeof client.v4,
    };
    return (struct answer_job){.client = &client,
                               .message = message,
                               .query_n = (uint32_t)n,
                               .size = (uint32_t)size,
                               .transport = transport};
}

size_t passage_size(const struct testbed *t, const struct testbed_query *q,
                    enum answer_transport transport)
{
    const size_t udp = t->context.settings.udp_size_max;

    return transport == ANSWER_TCP ? DNS_TCP_MAX : udp > q->n ? udp : q->n;
}

bool passage_ask(struct testbed *t, const struct testbed_query *q,
                 enum answer_transport transport, struct answer_upstream *out)
{
    const size_t size = passage_size(t, q, transport);
    uint8_t *message = malloc(size);

    assert_non_null(message);
    memcpy(message, q->octets, q->n);
    struct answer_job job = passage_job(message, q->n, size, transport);
    answer_batch(&t->context, &job, 1);
    assert_int_equal(job.verdict, ANSWER_FORWARD);
    assert_memory_equal(message, q->octets, q->n);
    const bool asked = answer_upstream_query(&t->context, &job, out);
    assert_memory_equal(message, q->octets, q->n);
    free(message);
    return asked;
}

// What the client gets of an upstream's reply: octets in `out`, n in all.
size_t passage_reply(struct testbed *t, const struct testbed_query *q,
                     enum answer_transport transport, const uint8_t *reply,
                     size_t n, uint8_t out[PASSAGE_SIZE])
{
    const size_t size = passage_size(t, q, transport);
    uint8_t *message = malloc(size), *exact = malloc(n ? n : 1);

    assert_non_null(message);
    assert_non_null(exact);
    memcpy(message, q->octets, q->n);
    memcpy(exact, reply, n);
    struct answer_job job = passage_job(message, q->n, size, transport);
    answer_forwarded(&t->context, &job, span_of(exact, n));
    assert_int_equal(job.verdict, ANSWER_SEND);
    assert_memory_equal(exact, reply, n);
    const size_t reply_n = job.reply_n;
    assert_true(reply_n <= size);
    memcpy(out, message, reply_n);
    free(message);
    free(exact);
    return reply_n;
}

void passage_read(const uint8_t *message, size_t n, struct reply *out)
{
    char error[200] = "";

    if (!reply_read(message, n, out, error))
        fail_msg("%s", error);
    assert_true(out->flags & QR);
    assert_int_equal(out->id, 0xbeef);
}

// --- an upstream -----------------------------------------------------------

void message_add(struct message *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->octets);
    memcpy(m->octets + m->n, p, n);
    m->n += n;
}

void message_u16(struct message *m, unsigned v)
{
    message_add(m, (const uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void message_set_u16(struct message *m, size_t at, unsigned v)
{
    m->octets[at] = (uint8_t)(v >> 8);
    m->octets[at + 1] = (uint8_t)v;
}

// A reply to "db.example.org." of a type, with RD and RA: the name stands at
// 12, "example.org." at 15, "org." at 23, and all ends at 32.
void message_begin(struct message *m, unsigned type, unsigned an, unsigned ns,
                   unsigned ar)
{
    m->n = 0;
    MESSAGE_ADD(m, "\x12\x34\x81\x80\0\1");
    message_u16(m, an);
    message_u16(m, ns);
    message_u16(m, ar);
    MESSAGE_ADD(m, "\2db\7example\3org\0");
    message_u16(m, type);
    message_u16(m, 1);
    assert_int_equal(m->n, 32);
}

void message_opt(struct message *m, const void *options, size_t n)
{
    MESSAGE_ADD(m, "\0\0\x29\x10\0\0\0\0\0");
    message_u16(m, (unsigned)n);
    message_add(m, options, n);
}

struct testbed_query passage_query(const char *name, unsigned type,
                                   unsigned edns_size)
{
    struct testbed_query q =
        testbed_query(name, (uint16_t)type, (uint16_t)edns_size);
    q.octets[2] = RD >> 8;
    return q;
}

// A CNAME, an address behind it, an NS and its address; 32 + 22 + 16 + 17 + 16.
void message_sections(struct message *m)
{
    message_begin(m, TYPE_A, 2, 1, 1);
    MESSAGE_RECORD(m, QUESTION, TYPE_CNAME, "\3Pri\xc0\x0f"); // "Pri" at 44
    MESSAGE_RECORD(m, "\xc0\x2c", TYPE_A, "\x0a\0\0\1");
    MESSAGE_RECORD(m, EXAMPLE, 2, "\2ns\xc0\x0f"); // "ns" at 78
    MESSAGE_RECORD(m, "\xc0\x4e", TYPE_A, "\x0a\0\0\2");
    assert_int_equal(m->n, 99);
}
