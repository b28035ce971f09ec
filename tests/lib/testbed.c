// SPDX-License-Identifier: Apache-2.0
#include "lib/testbed.h"

#include "lib/answer_one.h"
#include "lib/reply.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 0xbeef };

static const char relative[] = ".svc.cluster.local.";

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

// --- a zone ----------------------------------------------------------------

const char *const testbed_other_types[] = {
    "TXT", "MX",  "HTTPS", "SVCB",      "NAPTR", "CNAME",
    "DS",  "CAA", "HINFO", "TYPE65280", NULL};

struct zone_settings testbed_settings(void)
{
    static const struct address servers[] = {
        {.family = FAMILY_IPV4, .octets = {192, 0, 2, 53}},
        {.family = FAMILY_IPV6,
         .octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}},
    };
    struct zone_settings s = {
        .ttl_s = TESTBED_TTL_S,
        .negative_ttl_s = TESTBED_NEGATIVE_TTL_S,
        .servers = servers,
        .servers_n = ORD_COUNT(servers),
        .hash_seed = 0x0123456789abcdef,
    };
    if (dns_name_parse("cluster.local", &s.domain, NULL))
        abort();
    return s;
}

struct testbed *testbed_new(const struct zone_settings *settings)
{
    struct zone_settings usual = testbed_settings();
    struct testbed *t = need(calloc(1, sizeof *t));
    struct error err;

    if (zone_new(settings ? settings : &usual, &t->zone, &err)) {
        fprintf(stderr, "testbed: %s\n", err.text);
        abort();
    }
    t->context.zone = t->zone;
    t->context.settings.udp_size_max = 1232;
    t->now_s = TESTBED_NOW_S;
    t->message = need(malloc(DNS_TCP_MAX));
    return t;
}

void testbed_free(struct testbed *t)
{
    if (!t)
        return;
    if (t->update)
        zone_update_cancel(t->update);
    zone_free(t->zone);
    free(t->message);
    free(t->text);
    free(t);
}

int testbed_set_up(void **state)
{
    *state = testbed_new(NULL);
    return 0;
}

int testbed_tear_down(void **state)
{
    testbed_free(*state);
    return 0;
}

void testbed_begin(struct testbed *t)
{
    if (!t->update)
        t->update = need(zone_update_begin(t->zone));
}

void testbed_put(struct testbed *t, const char *words)
{
    struct draft *d = draft_new(words);
    struct error err;

    testbed_begin(t);
    if (zone_update_service(t->update, draft_service(d), &err)) {
        fprintf(stderr, "testbed: %s\n", err.text);
        abort();
    }
    draft_free(d);
}

int testbed_try(struct testbed *t, const struct draft *d)
{
    struct error err = {""};
    const int rc = zone_update_service(t->update, draft_service(d), &err);
    if ((rc == 0) != (err.text[0] == '\0')) {
        fprintf(stderr, "testbed: code %d and '%s'\n", rc, err.text);
        abort();
    }
    return rc;
}

void testbed_remove(struct testbed *t, const char *namespace,
                    const char *service)
{
    testbed_begin(t);
    if (zone_update_remove(t->update, namespace, service))
        abort();
}

void testbed_namespace(struct testbed *t, const char *namespace, bool exists)
{
    testbed_begin(t);
    if (zone_update_namespace(t->update, namespace, exists))
        abort();
}

void testbed_pod(struct testbed *t, const char *namespace, const char *address,
                 bool exists)
{
    struct address a;

    testbed_begin(t);
    if (!address_parse(address, &a) ||
        zone_update_pod(t->update, namespace, &a, exists))
        abort();
}

void testbed_publish(struct testbed *t)
{
    testbed_begin(t);
    zone_update_publish(t->update, t->now_s++, true);
    t->update = NULL;
}

void testbed_cancel(struct testbed *t)
{
    testbed_begin(t);
    zone_update_cancel(t->update);
    t->update = NULL;
}

void testbed_serve(struct testbed *t, const char *words)
{
    testbed_put(t, words);
    testbed_publish(t);
}

void testbed_serve_peers(struct testbed *t, unsigned n, unsigned each)
{
    char *words;
    size_t size;
    FILE *out = need(open_memstream(&words, &size));

    fputs("one/db headless slice4 port p:1/tcp", out);
    for (unsigned i = 0; i < n; i++) {
        fprintf(out, " end p-%04u ", i);
        for (unsigned k = 0; k < each; k++) {
            const unsigned a = i * each + k;
            fprintf(out, "%s10.%u.%u.%u", k ? "," : "", a >> 16 & 255,
                    a >> 8 & 255, a & 255);
        }
    }
    fclose(out);
    testbed_serve(t, words);
    free(words);
}

// --- questions -------------------------------------------------------------

size_t testbed_answer(struct testbed *t, const uint8_t *query, size_t n,
                      enum answer_transport transport, uint8_t *reply)
{
    return answer_one(&t->context, query, n, transport, reply);
}

struct testbed_query testbed_query(const char *name, uint16_t type,
                                   uint16_t edns_size)
{
    struct testbed_query q;
    q.n = query_write(q.octets, sizeof q.octets, ID, name, type, edns_size,
                      false);
    if (q.n == 0) {
        fprintf(stderr, "testbed: '%s' is no name\n", name);
        abort();
    }
    return q;
}

void testbed_query_option(struct testbed_query *q, size_t opt, unsigned code,
                          const void *p, size_t n)
{
    uint8_t *to = q->octets + q->n, *rdata_n = q->octets + opt + 9;

    if (q->n + 4 + n > sizeof q->octets)
        abort();
    bytes_store_u16(to, (uint16_t)code);
    bytes_store_u16(to + 2, (uint16_t)n);
    if (n)
        memcpy(to + 4, p, n);
    q->n += 4 + n;
    bytes_store_u16(rdata_n, (uint16_t)(bytes_load_u16(rdata_n) + 4 + n));
}

size_t testbed_send(struct testbed *t, const struct testbed_query *q,
                    enum answer_transport transport, struct reply *out)
{
    char error[200] = "";
    const size_t n = testbed_answer(t, q->octets, q->n, transport, t->message);

    if (!reply_read(t->message, n, out, error) || out->id != ID ||
        !(out->flags & DNS_FLAG_QR)) {
        fprintf(stderr, "testbed: bad reply: %s\n",
                error[0] ? error : "another id, or none");
        abort();
    }
    return n;
}

size_t testbed_reply(struct testbed *t, const char *name, uint16_t type,
                     uint16_t edns_size, enum answer_transport transport,
                     struct reply *out)
{
    struct testbed_query q = testbed_query(name, type, edns_size);

    q.octets[2] |= DNS_FLAG_RD >> 8;
    const size_t n = testbed_send(t, &q, transport, out);
    if (out->has_opt != (edns_size > 0)) {
        fprintf(stderr, "testbed: reply to '%s' type %u: OPT or none\n", name,
                type);
        abort();
    }
    return n;
}

// What a reply is told as.
struct telling {
    struct testbed *t;
    FILE *out;
    const char *name; // asked for, absolute
    const struct reply *reply;
};

// A name, without what all have.
static void tell_name(FILE *out, const char *name)
{
    size_t n = strlen(name), tail = strlen(relative);
    if (n > tail && strcmp(name + n - tail, relative) == 0)
        n -= tail;
    fprintf(out, "%.*s", (int)n, name);
}

// A record's line as the decoder wrote it: owner, TTL, class, type, RDATA.
static void tell_record(FILE *out, const char *line, const char *owner)
{
    char name[REPLY_LINE_SIZE], type[16];
    unsigned ttl;
    int rdata;

    if (sscanf(line, "%1399s %u IN %15s %n", name, &ttl, type, &rdata) != 3) {
        fprintf(out, "bad: '%s'", line);
        return;
    }
    if (!owner) {
        tell_name(out, name);
        fputc(' ', out);
    } else if (strcmp(owner, name) != 0) {
        fprintf(out, "bad: owner %s ", name);
    }
    if (ttl != TESTBED_TTL_S)
        fprintf(out, "%u ", ttl);
    fprintf(out, "%s ", type);
    const char *last = strrchr(line + rdata, ' ');
    last = last ? last + 1 : line + rdata;
    fprintf(out, "%.*s", (int)(last - line - rdata), line + rdata);
    tell_name(out, last);
}

static int compare_lines(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strverscmp(*x, *y);
}

static bool is_address(const char *line)
{
    return strstr(line, " IN A ") || strstr(line, " IN AAAA ");
}

static void tell_positive(struct telling *w)
{
    const struct reply *r = w->reply;
    size_t answers = r->lines_n[REPLY_ANSWER];

    // addresses begin anywhere, services keep their order
    if (is_address(r->lines[REPLY_ANSWER][0]))
        qsort(r->lines[REPLY_ANSWER], answers, sizeof(char *), compare_lines);
    for (size_t i = 0; i < answers; i++) {
        fputs(i ? ", " : "", w->out);
        tell_record(w->out, r->lines[REPLY_ANSWER][i], w->name);
    }
    for (size_t i = 0; i < r->lines_n[REPLY_ADDITIONAL]; i++) {
        fputs(i ? ", " : " + ", w->out);
        tell_record(w->out, r->lines[REPLY_ADDITIONAL][i], NULL);
    }
    if (r->lines_n[REPLY_AUTHORITY])
        fputs(" bad: authority in a positive answer", w->out);
}

// RFC 2308: one SOA, of the zone that the name is in.
static void tell_negative(struct telling *w)
{
    const struct reply *r = w->reply;
    char expected[4 * REPLY_LINE_SIZE], apex[REPLY_LINE_SIZE];

    if (r->lines_n[REPLY_AUTHORITY] != 1 || r->lines_n[REPLY_ADDITIONAL]) {
        fputs("bad: not one SOA and nothing else", w->out);
        return;
    }
    const char *line = r->lines[REPLY_AUTHORITY][0];
    sscanf(line, "%1399s", apex);
    snprintf(expected, sizeof expected,
             "%s %d IN SOA ns.dns.%s hostmaster.%s %u 7200 1800 86400 %d", apex,
             TESTBED_NEGATIVE_TTL_S, apex, apex, zone_serial(w->t->zone),
             TESTBED_NEGATIVE_TTL_S);
    size_t n = strlen(w->name), tail = strlen(apex);
    if (strcmp(line, expected) != 0)
        fprintf(w->out, "bad: %s", line);
    else if (n < tail || strcmp(w->name + n - tail, apex) != 0)
        fprintf(w->out, "bad: SOA of %s", apex);
    else
        fputs(r->rcode == 3 ? "NXDOMAIN" : "NODATA", w->out);
}

static void tell(struct telling *w)
{
    const struct reply *r = w->reply;
    char flags[REPLY_FLAGS_SIZE], rcode[16];

    reply_flags(r, flags);
    if (r->rcode != 0 && r->rcode != 3) {
        fputs(reply_rcode_name(r->rcode, rcode), w->out);
        if (r->ede >= 0)
            fprintf(w->out, " ede %d", r->ede);
        if (r->lines_n[0] + r->lines_n[1] + r->lines_n[2] > 0)
            fputs(" bad: records", w->out);
        return;
    }
    // RA: if anything is forwarded
    if (strcmp(flags, w->t->context.settings.forwards ? "aa rd ra" : "aa rd") !=
        0)
        fprintf(w->out, "bad: flags %s ", flags);
    if (r->rcode == 0 && r->lines_n[REPLY_ANSWER])
        tell_positive(w);
    else if (r->lines_n[REPLY_ANSWER])
        fputs("bad: NXDOMAIN with an answer", w->out);
    else
        tell_negative(w);
}

const char *testbed_ask(struct testbed *t, const char *name, const char *type)
{
    char whole[REPLY_LINE_SIZE], question[REPLY_LINE_SIZE + 32];
    char error[200] = "";
    uint8_t query[TESTBED_QUERY_SIZE];
    struct reply reply;
    size_t size;

    snprintf(whole, sizeof whole, "%s%s", name,
             name[strlen(name) - 1] == '.' ? "" : relative);
    int number = reply_type_of(type);
    size_t n = query_write(query, sizeof query, 0x1234, whole, (uint16_t)number,
                           1232, true);
    if (number < 0 || n == 0)
        return "bad: question";
    free(t->text);
    FILE *out = need(open_memstream(&t->text, &size));
    n = testbed_answer(t, query, n, ANSWER_TCP, t->message);
    snprintf(question, sizeof question, "%s IN %s", whole, type);
    if (!reply_read(t->message, n, &reply, error))
        fprintf(out, "bad: %s", error);
    else if (strcmp(reply.question, question) != 0)
        fprintf(out, "bad: question %s", reply.question);
    else if (reply.id != 0x1234 || !(reply.flags & 0x8000) || !reply.has_opt)
        fputs("bad: id, QR or OPT", out);
    else
        tell(&(struct telling){t, out, whole, &reply});
    reply_release(&reply);
    fclose(out);
    return t->text;
}
