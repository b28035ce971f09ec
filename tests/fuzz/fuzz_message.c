// SPDX-License-Identifier: Apache-2.0
// Any octets as a query to a small zone. Whatever comes in, a reply is well
// formed (as a second decoder sees it), within its limit, has the query's id
// and question, an error is no more than three times as long as its query, a
// response is never answered, and at most one extended error goes with it,
// which each NXDOMAIN has room for. The same with names that others may know:
// what is forwarded stays as it came, and is below no service that is there.
#include "answer/answer.h"
// a fuzz target is linked with src/ alone: the decoder comes along
#include "lib/reply.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { UDP_SIZE_MAX = 1232 };

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_message: %s\n", what);
    abort();
}

// --- a small zone ----------------------------------------------------------

enum { PEERS = 40 };

static const struct slice_port ports[] = {
    {.name = "mongo", .number = 27017, .protocol = PROTOCOL_TCP},
    {.name = "gossip", .number = 7946, .protocol = PROTOCOL_UDP},
};

static const char *const zones[] = {"east", "a.west"};

static void publish_headless(struct zone_update *u)
{
    const struct object o = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_HEADLESS, .external_name = ""}};
    struct endpoint ends[PEERS];
    uint8_t octets[PEERS][4];
    char names[PEERS][16];

    for (unsigned i = 0; i < PEERS; i++) {
        octets[i][0] = 10;
        octets[i][1] = octets[i][2] = 0;
        octets[i][3] = (uint8_t)(i / 2);
        // some without a hostname, some that share one
        snprintf(names[i], sizeof names[i], "db-%u", i / 4);
        ends[i] = (struct endpoint){.hostname = i % 5 ? names[i] : "",
                                    .pod = "",
                                    .addresses = octets[i],
                                    .addresses_n = 1,
                                    .ready = i % 7 > 0,
                                    .zone = (uint16_t)(i % 3)};
    }
    const struct slice_facts slice = {.service = "db",
                                      .family = FAMILY_IPV4,
                                      .ports = ports,
                                      .ports_n = ORD_COUNT(ports),
                                      .endpoints = ends,
                                      .endpoints_n = PEERS,
                                      .zones = zones,
                                      .zones_n = ORD_COUNT(zones)};
    const struct slice_facts *const slices[] = {&slice};
    const struct service s = {.namespace = "mongo",
                              .name = "db",
                              .object = &o,
                              .slices = slices,
                              .slices_n = 1};
    check(zone_update_service(u, &s, NULL) == 0, "cannot publish db");
}

static void publish_others(struct zone_update *u)
{
    const struct object web = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_CLUSTER_IP, .external_name = ""}};
    const struct object ext = {.kind = OBJECT_SERVICE,
                               .service = {.type = SERVICE_EXTERNAL_NAME,
                                           .external_name = "db.example.org"}};
    // to mongo/db, by way of another
    const struct object to = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_EXTERNAL_NAME,
                    .external_name = "Fro.mongo.svc.cluster.local"}};
    const struct object fro = {
        .kind = OBJECT_SERVICE,
        .service = {.type = SERVICE_EXTERNAL_NAME,
                    .external_name = "db.mongo.svc.cluster.local"}};
    const struct service services[] = {
        {.namespace = "mongo",
         .name = "web",
         .object = &web,
         .addresses_n = 2,
         .addresses = {{.family = FAMILY_IPV4, .octets = {10, 96, 0, 1}},
                       {.family = FAMILY_IPV6, .octets = {0xfd, [15] = 1}}}},
        {.namespace = "mongo", .name = "ext", .object = &ext},
        {.namespace = "mongo", .name = "to", .object = &to},
        {.namespace = "mongo", .name = "fro", .object = &fro},
    };
    for (size_t i = 0; i < ORD_COUNT(services); i++)
        check(zone_update_service(u, &services[i], NULL) == 0,
              "cannot publish a service");
    check(zone_update_namespace(u, "mongo", true) == 0,
          "cannot publish a namespace");
}

static struct zone *make_zone(void)
{
    struct zone_settings settings = {
        .ttl_s = 5,
        .negative_ttl_s = 1,
        .rules = {.pods = ZONE_PODS_INSECURE, .zonal = true}};
    struct zone *z = NULL;

    check(dns_name_parse("cluster.local", &settings.domain, NULL) == 0,
          "cannot name the domain");
    check(zone_new(&settings, &z, NULL) == 0, "cannot make a zone");
    zone_reader_register();
    struct zone_update *u = zone_update_begin(z);
    check(u != NULL, "cannot begin a step");
    publish_headless(u);
    publish_others(u);
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

// --- one input -------------------------------------------------------------

// The octets of the query's question, 0 where it has none that can be read.
static size_t question_size(const uint8_t *query, size_t n)
{
    size_t at = 12;

    if (n < 12 || query[4] || query[5] != 1)
        return 0;
    while (at < n && query[at] && query[at] < 64)
        at += query[at] + 1u;
    return at + 5 <= n && query[at] == 0 && at - 12 < 255 ? at + 5 - 12 : 0;
}

// That options end where the record does is seen to by the decoder.
static void check_options(const struct reply *r)
{
    unsigned errors = 0;
    size_t at = 0;

    check(r->options_n <= sizeof r->options, "options are not kept whole");
    while (at < r->options_n) {
        check(r->options_n - at >= 4, "an option without its head");
        const unsigned code =
            (unsigned)(r->options[at] << 8 | r->options[at + 1]);
        const size_t n = (size_t)(r->options[at + 2] << 8 | r->options[at + 3]);
        check(r->options_n - at - 4 >= n, "an option behind the record");
        if (code == EDNS_OPTION_EDE) {
            errors++;
            check(n >= 2 && n <= 2 + REASON_TEXT_MAX, "an error of no length");
            check(memchr(r->options + at + 6, 0, n - 2) == NULL,
                  "a NUL in text");
        }
        at += 4 + n;
    }
    check(errors <= 1, "two extended errors");
    check(r->has_opt || at == 0, "options without a record");
    if (r->rcode == DNS_RCODE_NXDOMAIN && r->has_opt)
        check(errors == 1, "NXDOMAIN without a reason");
}

// The name's last labels, in any letters, are these.
static bool is_suffix(const uint8_t *name, size_t n, struct span suffix)
{
    size_t at = 0;

    for (; at < n && n - at > suffix.n; at += name[at] + 1u)
        ;
    if (at >= n || n - at != suffix.n)
        return false;
    for (size_t i = 0; i < suffix.n; i++)
        if ((name[at + i] | 0x20) != (suffix.p[i] | 0x20))
            return false;
    return true;
}

#define DOMAIN           "\7cluster\5local"
#define SERVICE(service) service "\5mongo\3svc" DOMAIN

static struct span wire(const char *name)
{
    return span_of(name, strlen(name) + 1);
}

static void check_forwarded(const uint8_t *query, size_t n,
                            const struct answer_job *job)
{
    static const char *const services[] = {SERVICE("\2db"), SERVICE("\3web"),
                                           SERVICE("\2to"), SERVICE("\3fro")};
    const struct span out = wire(SERVICE("\3ext"));
    const size_t question = question_size(query, n);
    const uint8_t *name = query + 12;

    check(memcmp(job->message, query, n) == 0, "a forwarded query was changed");
    check(question > 4 && !(query[2] & 0xf8), "no question was forwarded");
    const size_t name_n = question - 4;
    const unsigned type = (unsigned)(name[name_n] << 8 | name[name_n + 1]);
    const unsigned class = (unsigned)(name[name_n + 2] << 8 | name[name_n + 3]);
    check(type != 251 && type != 252, "a transfer was forwarded");
    check(class != 3, "a question about the server was forwarded");
    check(class == 1 || !is_suffix(name, name_n, wire(DOMAIN)),
          "another class was forwarded of a name in the domain");
    for (size_t i = 0; i < ORD_COUNT(services); i++)
        check(!is_suffix(name, name_n, wire(services[i])),
              "a name below a service was forwarded");
    // but the alias that leads out
    check(name_n == out.n || !is_suffix(name, name_n, out),
          "a name below an alias was forwarded");
}

static void check_reply(const uint8_t *query, size_t n, bool forwards,
                        const struct answer_job *job)
{
    struct reply r;
    char error[200] = "";
    size_t limit = job->transport == ANSWER_TCP ? DNS_TCP_MAX : UDP_SIZE_MAX;

    check(n >= 12 && !(query[2] & 0x80), "a response was answered");
    check(job->reply_n <= limit, "longer than it may be");
    check(reply_read(job->message, job->reply_n, &r, error), error);
    check(memcmp(job->message, query, 2) == 0, "another id");
    check(r.flags & 0x8000, "QR is clear");
    check((r.flags >> 8 & 0x79) == (query[2] & 0x79), "another opcode or RD");
    check((r.flags & 0xf0) == (forwards ? 0x80 : 0),
          "Z, AD or CD is set, or RA is wrong");
    size_t question = question_size(query, n);
    if (r.question[0])
        check(question && memcmp(job->message + 12, query + 12, question) == 0,
              "another question");
    else
        check(job->message[7] == 0 && job->message[9] == 0,
              "records without a question");
    if (r.rcode != 0 && r.rcode != 3)
        check(job->reply_n <= 3 * n, "an error of more than three times");
    check_options(&r);
    if (job->transport == ANSWER_UDP && !r.has_opt)
        check(job->reply_n <= 512, "longer than 512 octets without EDNS");
    if (job->transport == ANSWER_TCP)
        check(!(r.flags & 0x0200), "TC over TCP");
    reply_release(&r);
}

static void answer(const uint8_t *query, size_t n,
                   enum answer_transport transport, bool forwards)
{
    static const struct sockaddr_any client = {
        .v4 = {.sin_family = AF_INET, .sin_port = 1}, sizeof client.v4};
    struct answer_context context = {
        .zone = the_zone(),
        .settings = {.udp_size_max = UDP_SIZE_MAX,
                     .tcp_idle_ds = 100,
                     .identity = span_of_text("fuzz"),
                     .version = span_of_text("ordinald"),
                     .forwards = forwards,
                     .falls_through = forwards,
                     .forwards_reverse = forwards},
        .now_unix_s = 1700000000};
    size_t size = n > UDP_SIZE_MAX ? n : UDP_SIZE_MAX;
    uint8_t *message = malloc(size);

    check(message != NULL, "no memory for the fuzzer itself");
    if (n)
        memcpy(message, query, n);
    struct answer_job job = {.message = message,
                             .query_n = (uint32_t)n,
                             .size = (uint32_t)size,
                             .transport = transport,
                             .client = &client};
    answer_batch(&context, &job, 1);
    check(forwards || job.verdict != ANSWER_FORWARD, "a query was forwarded");
    if (job.verdict == ANSWER_SEND)
        check_reply(query, n, forwards, &job);
    else if (job.verdict == ANSWER_FORWARD)
        check_forwarded(query, n, &job);
    else
        check(n < 12 || query[2] & 0x80, "a query was dropped");
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > DNS_TCP_MAX)
        return 0;
    for (int forwards = 0; forwards < 2; forwards++) {
        answer(data, n, ANSWER_UDP, forwards);
        answer(data, n, ANSWER_TCP, forwards);
    }
    return 0;
}
