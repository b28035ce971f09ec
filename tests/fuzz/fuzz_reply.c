// SPDX-License-Identifier: Apache-2.0
// Any octets as an upstream's reply, for several clients: over UDP with and
// without EDNS, over TCP, by an alias of ours. Whatever comes in, each gets a
// reply that is well formed, within its limit, has its id and question, and
// either the upstream's records from the first one on, as the C library reads
// them, or SERVFAIL.
#include "answer/forward.h"
#include "dns/reply.h"
// a fuzz target is linked with src/ alone: the decoder comes along
#include "lib/wire.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { UDP_SIZE_MAX = 1232, QUERY_SIZE = 600 };

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_reply: %s\n", what);
    abort();
}

// --- a zone with aliases ---------------------------------------------------

static void publish_alias(struct zone_update *u, const char *name,
                          const char *target)
{
    const struct object o = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_EXTERNAL_NAME, .external_name = target}};
    const struct service s = {.namespace = "n", .name = name, .object = &o};

    check(zone_update_service(u, &s, NULL) == 0, "cannot publish an alias");
}

static struct zone *make_zone(void)
{
    struct zone_settings settings = {.ttl_s = 5, .negative_ttl_s = 1};
    struct zone *z = NULL;

    check(dns_name_parse("cluster.local", &settings.domain, NULL) == 0,
          "cannot name the domain");
    check(zone_new(&settings, &z, NULL) == 0, "cannot make a zone");
    zone_reader_register();
    struct zone_update *u = zone_update_begin(z);
    check(u != NULL, "cannot begin a step");
    publish_alias(u, "far", "out.n.svc.cluster.local");
    publish_alias(u, "out", "Db.Example.org");
    zone_update_publish(u, 1700000000, true);
    return z;
}

// One for all inputs; the process ends with it.
static const struct zone *the_zone(void)
{
    static struct zone *zone;
    if (!zone)
        zone = make_zone();
    return zone;
}

// --- clients ---------------------------------------------------------------

static const struct client {
    enum answer_transport transport;
    uint16_t edns_size; // 0: none
    unsigned aliases;   // before the upstream's records
} clients[] = {
    {ANSWER_UDP, 0, 0},    {ANSWER_UDP, 1232, 0}, {ANSWER_UDP, 700, 0},
    {ANSWER_TCP, 1232, 0}, {ANSWER_UDP, 0, 2},    {ANSWER_UDP, 1232, 2},
    {ANSWER_TCP, 1232, 2},
};

// A query, with the options that our own are made of.
static size_t write_query(const struct client *c, struct span question,
                          uint8_t out[QUERY_SIZE])
{
    static const uint8_t options[] = "\0\3\0\0\0\x0a\0\x08"
                                     "clientck"
                                     "\0\x0b\0\0";
    struct bytes_out bytes = bytes_out_of(out, QUERY_SIZE);

    bytes_out_u32(&bytes, 0xbeef0100);
    bytes_out_u32(&bytes, 0x00010000);
    bytes_out_u32(&bytes, c->edns_size > 0);
    bytes_out_put(&bytes, question);
    if (c->edns_size) {
        uint8_t *opt = bytes_out_room(&bytes, DNS_OPT);
        edns_opt_write(opt, c->edns_size, 0, true);
        bytes_out_put(&bytes, span_of(options, sizeof options - 1));
        bytes_store_u16(opt + EDNS_OPT_LENGTH_AT, sizeof options - 1);
    }
    check(bytes_out_ok(&bytes), "the query is too long");
    return bytes_out_written(&bytes).n;
}

/*
 * What the client asks: what the reply is about, so that it is passed on; or,
 * by an alias, of that type. Returns the octets of the query.
 */
static size_t ask(const struct client *c, const uint8_t *reply, size_t n,
                  uint8_t out[QUERY_SIZE])
{
    static const uint8_t usual[] = "\2db\7example\3org\0\0\1\0\1";
    uint8_t question[300] = "\3far\1n\3svc\7cluster\5local\0";
    struct dns_reply r;

    if (dns_reply_parse(span_of(reply, n), &r) < 0)
        return write_query(c, span_of(usual, sizeof usual - 1), out);
    if (!c->aliases)
        return write_query(c, span_of(reply + DNS_HEADER, r.question_n), out);
    bytes_store_u16(question + 26, r.qtype);
    bytes_store_u16(question + 28, r.qclass);
    return write_query(c, span_of(question, 30), out);
}

// --- one input -------------------------------------------------------------

static void check_records(const struct client *c, const struct dns_reply *from,
                          const struct answer_job *job, uint16_t flags)
{
    struct wire up, down;

    check(wire_read(from->message.p, from->message.n, &up),
          "what was parsed cannot be read");
    check(wire_read(job->message, job->reply_n, &down),
          "the reply cannot be read");
    check(wire_begins(&up, &down, down.n < c->aliases ? down.n : c->aliases),
          "other records");
    const size_t needed = c->aliases + up.counts[0] + up.counts[1];
    if (job->transport == ANSWER_UDP && down.n < needed)
        check(flags & DNS_FLAG_TC, "cut without TC");
    if (down.n >= needed)
        check(!((flags ^ from->flags) & DNS_FLAG_TC), "another TC");
    wire_release(&up);
    wire_release(&down);
}

static void check_reply(const struct client *c, const uint8_t *query,
                        const struct dns_reply *from,
                        const struct answer_job *job)
{
    const size_t limit = c->transport == ANSWER_TCP ? DNS_TCP_MAX
                         : c->edns_size             ? c->edns_size
                                                    : DNS_UDP_MIN;
    struct dns_reply r;

    check(job->verdict == ANSWER_SEND, "no reply");
    check(job->reply_n <= limit, "longer than it may be");
    check(dns_reply_parse(span_of(job->message, job->reply_n), &r) == 0,
          "a malformed reply");
    check(memcmp(job->message, query, 2) == 0, "another id");
    check(memcmp(job->message + DNS_HEADER, query + DNS_HEADER, r.question_n) ==
              0,
          "another question");
    check(r.flags & DNS_FLAG_RD, "RD is clear");
    check(r.has_edns == (c->edns_size > 0), "OPT or none");
    check(!r.has_edns || r.opt_is_last, "OPT is not the last record");
    if (from && r.rcode == from->rcode)
        check_records(c, from, job, r.flags);
    else
        check(r.rcode == DNS_RCODE_SERVFAIL || r.rcode == DNS_RCODE_REFUSED ||
                  r.rcode == DNS_RCODE_NOTIMP || !from,
              "another RCODE");
}

// But for letters' case in the name.
static bool is_question(const struct dns_reply *r,
                        const struct answer_upstream *up)
{
    const uint8_t *a = r->message.p + DNS_HEADER, *b = up->octets + DNS_HEADER;
    const size_t name_n = up->question_n - 4u;

    if (r->question_n != up->question_n || memcmp(a + name_n, b + name_n, 4))
        return false;
    for (size_t i = 0; i < name_n; i++)
        if (dns_fold_octet(a[i]) != dns_fold_octet(b[i]))
            return false;
    return true;
}

static void answer(const struct client *c, const uint8_t *reply, size_t n)
{
    static const struct sockaddr_any from = {
        .v4 = {.sin_family = AF_INET, .sin_port = 1}, sizeof from.v4};
    struct answer_context context = {
        .zone = the_zone(),
        .settings = {.udp_size_max = UDP_SIZE_MAX,
                     .tcp_idle_ds = 100,
                     .identity = span_of_text("fuzz"),
                     .forwards = true},
        .now_unix_s = 1700000000};
    const size_t size = c->transport == ANSWER_TCP ? DNS_TCP_MAX : UDP_SIZE_MAX;
    uint8_t query[QUERY_SIZE], *message = malloc(size);
    struct dns_reply parsed;
    struct answer_upstream up;

    check(message != NULL, "no memory for the fuzzer itself");
    const size_t query_n = ask(c, reply, n, query);
    memcpy(message, query, query_n);
    struct answer_job job = {.message = message,
                             .query_n = (uint32_t)query_n,
                             .size = (uint32_t)size,
                             .transport = c->transport,
                             .client = &from};
    answer_batch(&context, &job, 1);
    if (job.verdict == ANSWER_FORWARD) {
        const bool is_asked = answer_upstream_query(&context, &job, &up);
        check(is_asked, "nothing is asked");
        check(up.n <= sizeof up.octets, "the query upstream is too long");
        const bool is_reply =
            dns_reply_parse(span_of(reply, n), &parsed) == 0 &&
            is_question(&parsed, &up);
        answer_forwarded(&context, &job, span_of(reply, n));
        check_reply(c, query, is_reply ? &parsed : NULL, &job);
    }
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > DNS_TCP_MAX)
        return 0;
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        answer(&clients[i], data, n);
    return 0;
}
