// SPDX-License-Identifier: Apache-2.0
// Negative replies with their reason (RFC 8914), octet by octet, as far as
// there is room. Expected replies are put together here, from what RFC 1035,
// 6891 and 8914 say; the texts are those of the table of reasons.
#include "lib/reply.h"
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_AAAA = 28,
    TYPE_AXFR = 252,
    NSID = 3,
    COOKIE = 10,
    KEEPALIVE = 11,
    EDE = 15,
    HEADER = 12,
    OPT = 11,
    SOA = 54,
    NXDOMAIN = 3,
    REFUSED = 5,
    DO = 0x80,
    SIZE = 1232,
    IDENTITY = 10, // an option of "node-7"
    COOKIES = 28,
    IDLE = 6,
};

#define DB ".db.one.svc.cluster.local."

static const char outside[] = "web-9" DB;
static const char outside_text[] = "StatefulSet web has the ordinals 0..2";
static const char present[] = "web-0" DB;
static const char has_text[] = "the name has A and SRV only";
static const char foreign[] = "www.example.org.";
static const char domain_text[] = "names here end with cluster.local";
static const char alias[] = "alias.one.svc.cluster.local.";

static const struct sockaddr_any client = {
    .v4 = {.sin_family = AF_INET, .sin_port = 0x1d04}, .length = 16};

static struct testbed *make(const struct zone_settings *settings)
{
    struct testbed *t = testbed_new(settings);
    testbed_namespace(t, "one", true);
    testbed_put(t, "one/db headless declares web 0 3 slice4 port p:1/tcp "
                   "end web-0 10.0.0.1");
    testbed_put(t, "one/alias external web-9.db.one.svc.cluster.local");
    testbed_put(t, "one/first external alias.one.svc.cluster.local");
    testbed_put(t, "one/six external web-0.db.one.svc.cluster.local");
    testbed_put(t, "one/away external www.example.org");
    testbed_publish(t);
    t->context.settings.identity = span_of_text("node-7");
    t->context.settings.tcp_idle_ds = 100;
    return t;
}

static int set_up(void **state)
{
    *state = make(NULL);
    return 0;
}

// --- asking ----------------------------------------------------------------

// The reply is in t->message.
static struct answer_job answer(struct testbed *t,
                                const struct testbed_query *q,
                                struct answer_job job)
{
    job.message = t->message;
    job.query_n = (uint32_t)q->n;
    job.size = job.size ? job.size : DNS_TCP_MAX;
    job.client = &client;
    memcpy(t->message, q->octets, q->n);
    answer_batch(&t->context, &job, 1);
    return job;
}

static struct testbed_query query(const char *name, uint16_t type)
{
    return testbed_query(name, type, SIZE);
}

static struct testbed_query with_options(const char *name, uint16_t type)
{
    struct testbed_query q = query(name, type);
    const size_t opt = q.n - OPT;
    testbed_query_option(&q, opt, KEEPALIVE, NULL, 0);
    testbed_query_option(&q, opt, COOKIE, "abcdefgh", 8);
    testbed_query_option(&q, opt, NSID, NULL, 0);
    return q;
}

// --- what is expected ------------------------------------------------------

struct expected {
    size_t n;
    uint8_t octets[1024];
};

static void add(struct expected *e, const void *p, size_t n)
{
    assert_true(e->n + n <= sizeof e->octets);
    memcpy(e->octets + e->n, p, n);
    e->n += n;
}

static void add_u16(struct expected *e, unsigned v)
{
    const uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    add(e, octets, 2);
}

static void add_u32(struct expected *e, uint32_t v)
{
    add_u16(e, v >> 16);
    add_u16(e, v & 0xffff);
}

// The header of a reply to testbed_query(), with the question behind it.
static struct expected begin(const struct testbed_query *q, unsigned flags)
{
    struct expected e = {0};
    size_t at = HEADER;
    while (q->octets[at])
        at += q->octets[at] + 1u;
    add_u16(&e, 0xbeef);
    add_u16(&e, 0x8000 | flags);
    add(&e, "\0\1\0\0\0\0\0\0", 8);
    add(&e, q->octets + HEADER, at + 5 - HEADER);
    return e;
}

static void count(struct expected *e, unsigned answers, unsigned authorities,
                  unsigned additionals)
{
    e->octets[7] = (uint8_t)answers;
    e->octets[9] = (uint8_t)authorities;
    e->octets[11] = (uint8_t)additionals;
}

// RFC 1035 3.3.13; the apex "cluster.local." stands at this offset.
static void add_soa(struct expected *e, const struct testbed *t, unsigned apex)
{
    const unsigned pointer = 0xc000 | apex;
    add_u16(e, pointer);
    add(e, "\0\6\0\1\0\0\0\1\0\x2a", 10);
    add(e, "\2ns\3dns", 7);
    add_u16(e, pointer);
    add(e, "\12hostmaster", 11);
    add_u16(e, pointer);
    add_u32(e, zone_serial(t->zone));
    add_u32(e, 7200);
    add_u32(e, 1800);
    add_u32(e, 86400);
    add_u32(e, TESTBED_NEGATIVE_TTL_S);
}

// RFC 6891 6.1.2; options_n octets follow.
static void add_opt(struct expected *e, uint8_t flags, size_t options_n)
{
    add(e, "\0\0\x29\x04\xd0\0\0", 7);
    add(e, &flags, 1);
    add(e, "\0", 1);
    add_u16(e, (unsigned)options_n);
}

// RFC 8914 2
static void add_ede(struct expected *e, unsigned code, const char *text)
{
    add_u16(e, EDE);
    add_u16(e, (unsigned)(2 + strlen(text)));
    add_u16(e, code);
    add(e, text, strlen(text));
}

// Where the apex stands in a message that asks for this name.
static unsigned apex_of(const char *name)
{
    return (unsigned)(HEADER + strlen(name) - strlen("cluster.local."));
}

static void assert_reply(const struct testbed *t, const struct answer_job *job,
                         const struct expected *e)
{
    assert_int_equal(job->verdict, ANSWER_SEND);
    assert_int_equal(job->reply_n, e->n);
    assert_memory_equal(t->message, e->octets, e->n);
}

// Answered in both ways, with these flags of OPT.
static void assert_both(struct testbed *t, const struct testbed_query *q,
                        const struct expected *e)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct answer_job job = answer(
            t, q,
            (struct answer_job){.transport = tcp ? ANSWER_TCP : ANSWER_UDP});
        assert_reply(t, &job, e);
    }
}

static uint64_t counted(const struct testbed *t, unsigned rcode)
{
    return counter_read(&t->context.counters.replies[rcode]);
}

// --- what is said ----------------------------------------------------------

static void nxdomain_says_why(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = query(outside, TYPE_A);
    struct expected e = begin(&q, 0x0400 | NXDOMAIN);
    count(&e, 0, 1, 1);
    add_soa(&e, t, apex_of(outside));
    add_opt(&e, 0, 6 + strlen(outside_text));
    add_ede(&e, 0, outside_text);
    assert_int_equal(e.n, HEADER + 36 + SOA + OPT + 6 + 37);
    assert_both(t, &q, &e);
    assert_int_equal(counted(t, NXDOMAIN), 2);
}

static void nodata_says_why(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = query(present, TYPE_AAAA);
    struct expected e = begin(&q, 0x0400);
    count(&e, 0, 1, 1);
    add_soa(&e, t, apex_of(present));
    add_opt(&e, 0, 6 + strlen(has_text));
    add_ede(&e, 0, has_text);
    assert_both(t, &q, &e);
    assert_int_equal(counted(t, 0), 2);
}

static void refused_says_why(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = query(foreign, TYPE_A);
    struct expected e = begin(&q, REFUSED);
    count(&e, 0, 0, 1);
    add_opt(&e, 0, 6 + strlen(domain_text));
    add_ede(&e, 20, domain_text);
    assert_both(t, &q, &e);
    assert_int_equal(counted(t, REFUSED), 2);
}

// RD, DO and the letters' case are the query's.
static void the_rest_is_as_ever(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = query("WEB-9.dB.one.svc.CLUSTER.local.", TYPE_A);
    q.octets[2] |= 0x01;     // RD
    q.octets[q.n - 4] |= DO; // of OPT's flags
    struct expected e = begin(&q, 0x0500 | NXDOMAIN);
    count(&e, 0, 1, 1);
    add_soa(&e, t, apex_of(outside));
    add_opt(&e, DO, 6 + strlen(outside_text));
    add_ede(&e, 0, outside_text);
    assert_both(t, &q, &e);
}

static void without_edns_nothing_is_said(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = testbed_query(outside, TYPE_A, 0);
    struct expected e = begin(&q, 0x0400 | NXDOMAIN);
    count(&e, 0, 1, 0);
    add_soa(&e, t, apex_of(outside));
    assert_both(t, &q, &e);
    q = testbed_query(present, TYPE_AAAA, 0);
    e = begin(&q, 0x0400);
    count(&e, 0, 1, 0);
    add_soa(&e, t, apex_of(present));
    assert_both(t, &q, &e);
    q = testbed_query(foreign, TYPE_A, 0);
    e = begin(&q, REFUSED);
    assert_both(t, &q, &e);
}

static void without_reasons_there_is_the_number(void **state)
{
    (void)state;
    struct zone_settings settings = testbed_settings();
    settings.no_reasons = true;
    struct testbed *t = make(&settings);
    struct testbed_query q = query(outside, TYPE_A);
    struct expected e = begin(&q, 0x0400 | NXDOMAIN);
    count(&e, 0, 1, 1);
    add_soa(&e, t, apex_of(outside));
    add_opt(&e, 0, 6);
    add_ede(&e, 0, "");
    assert_both(t, &q, &e);
    q = query(foreign, TYPE_A);
    e = begin(&q, REFUSED);
    count(&e, 0, 0, 1);
    add_opt(&e, 0, 6);
    add_ede(&e, 20, "");
    assert_both(t, &q, &e);
    testbed_free(t);
}

// What is not negative, or not about a name, has no reason.
static void other_replies_have_none(void **state)
{
    struct testbed *t = *state;
    const struct {
        const char *name;
        uint16_t type;
        uint16_t rcode;
    } cases[] = {
        {present, TYPE_A, 0},
        {"cluster.local.", 6, 0},
        {"six.one.svc.cluster.local.", TYPE_A, 0},
        {alias, TYPE_CNAME, 0},
        {"away.one.svc.cluster.local.", TYPE_A, 0}, // ends elsewhere
        {outside, TYPE_AXFR, REFUSED},
        {foreign, TYPE_AXFR, REFUSED},
    };
    struct testbed_query q;
    struct reply r;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        q = query(cases[i].name, cases[i].type);
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, cases[i].rcode);
        assert_int_equal(r.options_n, 0);
        reply_release(&r);
    }
    q = query(outside, TYPE_A);
    q.octets[q.n - OPT - 1] = 3; // class CHAOS
    testbed_send(t, &q, ANSWER_UDP, &r);
    assert_int_equal(r.rcode, REFUSED);
    assert_int_equal(r.options_n, 0);
    reply_release(&r);
}

// A reply in the same batch is not mistaken for another's.
static void each_of_a_batch_has_its_own(void **state)
{
    struct testbed *t = *state;
    static const char *const names[] = {outside, present, foreign, alias,
                                        outside};
    static const int edes[] = {0, -1, 20, 0, 0};
    static uint8_t messages[5][1400];
    struct answer_job jobs[5] = {0};
    for (size_t i = 0; i < 5; i++) {
        const struct testbed_query q =
            i == 3 ? with_options(names[i], TYPE_A) : query(names[i], TYPE_A);
        memcpy(messages[i], q.octets, q.n);
        jobs[i] = (struct answer_job){.message = messages[i],
                                      .query_n = (uint32_t)q.n,
                                      .size = sizeof messages[i],
                                      .client = &client};
    }
    answer_batch(&t->context, jobs, 5);
    for (size_t i = 0; i < 5; i++) {
        struct reply r;
        char error[200] = "";
        if (!reply_read(messages[i], jobs[i].reply_n, &r, error))
            fail_msg("%zu: %s", i, error);
        assert_int_equal(r.ede, edes[i]);
        if (r.ede >= 0)
            assert_string_equal(r.ede_text,
                                i == 2 ? domain_text : outside_text);
        reply_release(&r);
    }
}

// --- aliases ---------------------------------------------------------------

static struct expected chain(const struct testbed *t,
                             const struct testbed_query *q)
{
    struct expected e = begin(q, 0x0400 | NXDOMAIN);
    const size_t target = e.n + 12;
    add(&e, "\xc0\x0c\0\5\0\1\0\0\0\5\0\x20", 12);
    add(&e, "\5web-9\2db\3one\3svc\7cluster\5local", 32);
    count(&e, 1, 1, 1);
    add_soa(&e, t, (unsigned)target + 17);
    return e;
}

static void the_end_of_a_chain_says_why(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = query(alias, TYPE_A);
    struct expected e = chain(t, &q);
    add_opt(&e, 0, 6 + strlen(outside_text));
    add_ede(&e, 0, outside_text);
    assert_both(t, &q, &e);
}

static void so_does_that_of_a_longer_one(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *text;
        size_t answers;
        uint16_t rcode;
    } cases[] = {
        {"first.one.svc.cluster.local.", TYPE_A, outside_text, 2, NXDOMAIN},
        {"six.one.svc.cluster.local.", TYPE_AAAA, has_text, 1, 0},
    };
    struct testbed *t = *state;
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        struct testbed_query q = query(cases[i].name, cases[i].type);
        struct reply r;
        testbed_send(t, &q, ANSWER_UDP, &r);
        assert_int_equal(r.rcode, cases[i].rcode);
        assert_int_equal(r.lines_n[REPLY_ANSWER], cases[i].answers);
        assert_int_equal(r.lines_n[REPLY_AUTHORITY], 1);
        assert_int_equal(r.ede, 0);
        assert_string_equal(r.ede_text, cases[i].text);
        assert_int_equal(r.options_n, 6 + strlen(cases[i].text));
        reply_release(&r);
    }
}

// --- waiting ---------------------------------------------------------------

static void who_waited_in_vain_is_told_why(void **state)
{
    struct testbed *t = *state;
    const struct testbed_query q = query("web-1" DB, TYPE_A);
    t->context.settings.hold_ms = 100;
    struct answer_job job = answer(t, &q, (struct answer_job){0});
    assert_int_equal(job.verdict, ANSWER_PARK);
    job = answer(t, &q, (struct answer_job){.again = true, .due_now = true});
    assert_int_equal(job.verdict, ANSWER_SEND);
    assert_int_equal(t->message[3] & 15, NXDOMAIN);
    // what is said is what the zone says
    const struct zone_reason *why =
        zone_why(t->context.zone, &job.query, &job.lookup, ZONE_NXDOMAIN);
    const size_t at = HEADER + 36 + SOA + OPT;
    assert_true(why->option_n > 6);
    assert_int_equal(job.reply_n, at + why->option_n);
    assert_memory_equal(t->message + at, why->option, why->option_n);
}

// --- room ------------------------------------------------------------------

// What a reply is made of, in order: each part is there if it fits with those
// that come before it in importance: options, SOA, INFO-CODE, its text.
struct parts {
    const char *name;
    uint16_t type;
    unsigned flags; // with RCODE
    bool has_soa;
    bool has_options;
    unsigned code;
    const char *text;
};

static void add_fitting_options(struct expected *e, struct expected *options,
                                const struct answer_job *job,
                                const uint8_t *cookie)
{
    // 4 octets of head each
    static const uint8_t identity[IDENTITY] = {0,   NSID, 0,   6,   'n',
                                               'o', 'd',  'e', '-', '7'};
    static const uint8_t idle[IDLE] = {0, KEEPALIVE, 0, 2, 0, 100};
    const size_t room = job->size - e->n - OPT;
    if (options->n + IDENTITY <= room)
        add(options, identity, IDENTITY);
    if (options->n + COOKIES <= room) {
        add(options, "\0\12\0\30", 4);
        add(options, cookie, 24);
    }
    if (job->transport == ANSWER_TCP && options->n + IDLE <= room)
        add(options, idle, IDLE);
}

static struct expected fitting(const struct testbed *t, const struct parts *p,
                               const struct testbed_query *q,
                               const struct answer_job *job,
                               const uint8_t *cookie)
{
    struct expected e = begin(q, p->flags), options = {0};
    size_t reserved = 0;
    if (p->has_options)
        reserved = IDENTITY + COOKIES +
                   (job->transport == ANSWER_TCP ? (size_t)IDLE : 0);
    const bool has_soa = p->has_soa && e.n + SOA + OPT + reserved <= job->size;
    if (has_soa)
        add_soa(&e, t, apex_of(p->name));
    count(&e, 0, has_soa, 1);
    if (p->has_options)
        add_fitting_options(&e, &options, job, cookie);
    const size_t left = job->size - e.n - OPT - options.n;
    if (left >= 6 + strlen(p->text))
        add_ede(&options, p->code, p->text);
    else if (left >= 6)
        add_ede(&options, p->code, "");
    add_opt(&e, 0, options.n);
    add(&e, options.octets, options.n);
    return e;
}

// From 512 octets to what holds the query: never TC, no record less for it.
static void sweep(struct testbed *t, const struct parts *p,
                  enum answer_transport transport)
{
    static const struct address address = {FAMILY_IPV4, {0}};
    const struct testbed_query q = p->has_options
                                       ? with_options(p->name, p->type)
                                       : query(p->name, p->type);
    uint8_t cookie[24];
    dns_cookie_write(&t->context.settings.cookie_secret,
                     (const uint8_t *)"abcdefgh", &address,
                     t->context.now_unix_s, cookie);
    for (uint32_t size = 512; size >= q.n; size--) {
        const struct answer_job job = answer(
            t, &q, (struct answer_job){.transport = transport, .size = size});
        const struct expected e = fitting(t, p, &q, &job, cookie);
        if (job.reply_n > size)
            fail_msg("%u octets in %u", job.reply_n, size);
        if (job.reply_n != e.n || memcmp(t->message, e.octets, e.n) != 0)
            fail_msg("another reply of %u octets than expected of %zu, in %u",
                     job.reply_n, e.n, size);
    }
    assert_int_equal(counter_read(&t->context.counters.truncated), 0);
}

static void the_reason_gives_way_to_everything(void **state)
{
    struct testbed *t = *state;
    for (int i = 0; i < 4; i++) {
        const enum answer_transport transport = i & 1 ? ANSWER_TCP : ANSWER_UDP;
        sweep(t,
              &(struct parts){outside, TYPE_A, 0x0400 | NXDOMAIN, true, i & 2,
                              0, outside_text},
              transport);
        sweep(t,
              &(struct parts){present, TYPE_AAAA, 0x0400, true, i & 2, 0,
                              has_text},
              transport);
    }
    sweep(t,
          &(struct parts){foreign, TYPE_A, REFUSED, false, false, 20,
                          domain_text},
          ANSWER_UDP);
}

static void all_options_stand_before_the_reason(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = with_options(outside, TYPE_A);
    struct reply r;
    for (int tcp = 0; tcp < 2; tcp++) {
        testbed_send(t, &q, tcp ? ANSWER_TCP : ANSWER_UDP, &r);
        const size_t options_n = IDENTITY + COOKIES + (tcp ? (size_t)IDLE : 0);
        assert_int_equal(r.options_n, options_n + 6 + strlen(outside_text));
        assert_int_equal(r.lines_n[REPLY_AUTHORITY], 1);
        assert_string_equal(r.ede_text, outside_text);
        assert_int_equal(r.options[1], NSID);
        assert_int_equal(r.options[IDENTITY + 1], COOKIE);
        assert_int_equal(r.options[IDENTITY + COOKIES + 1],
                         tcp ? KEEPALIVE : EDE);
        reply_release(&r);
    }
}

// 42 octets are in the message before the alias, which takes 44: whether it and
// the SOA fit, and so TC, is as without a reason.
static void the_chain_is_cut_where_it_was(void **state)
{
    enum { ALIAS = 12 + 32 };
    struct testbed *t = *state;
    const struct testbed_query q = query(alias, TYPE_A);
    const size_t question = q.n - OPT, whole = question + ALIAS + SOA + OPT;
    for (uint32_t size = 512; size >= q.n; size--) {
        const struct answer_job job =
            answer(t, &q, (struct answer_job){.size = size});
        const uint8_t *m = t->message;
        assert_true(job.reply_n <= size);
        assert_int_equal((m[2] & 2) != 0, size < whole);
        assert_int_equal(m[7], size >= question + ALIAS + OPT);
        assert_int_equal(m[9], size >= whole);
        if (size < whole)
            continue;
        struct expected e = chain(t, &q);
        const size_t left = size - whole;
        const char *text = left < 6 + strlen(outside_text) ? "" : outside_text;
        add_opt(&e, 0, left < 6 ? 0 : 6 + strlen(text));
        if (left >= 6)
            add_ede(&e, 0, text);
        assert_reply(t, &job, &e);
    }
}

// Over TCP that something is left out is told by an extended error as well:
// there is one of them, and it is the reason.
static void there_is_one_extended_error(void **state)
{
    struct testbed *t = *state;
    struct testbed_query q = query(alias, TYPE_A);
    unsigned with = 0, without = 0;
    for (uint32_t size = 512; size >= q.n; size--) {
        const struct answer_job job = answer(
            t, &q, (struct answer_job){.transport = ANSWER_TCP, .size = size});
        struct reply r;
        char error[200] = "";
        if (!reply_read(t->message, job.reply_n, &r, error))
            fail_msg("%u octets: %s", size, error);
        assert_true(job.reply_n <= size);
        assert_int_equal(r.flags & 0x0200, 0);
        if (r.rcode == NXDOMAIN && r.ede >= 0)
            assert_true(!*r.ede_text || strcmp(r.ede_text, outside_text) == 0);
        if (r.ede >= 0)
            assert_int_equal(r.options_n, 6 + strlen(r.ede_text));
        with += r.rcode == NXDOMAIN && r.lines_n[REPLY_AUTHORITY] == 0 &&
                *r.ede_text;
        without += r.rcode == 0; // the alias itself is left out
        reply_release(&r);
    }
    assert_true(with > 0);
    assert_true(without > 0);
}

// --- long questions --------------------------------------------------------

// A domain of 171 octets, each of three labels with its dot.
static struct testbed *make_deep(char domain[180])
{
    struct zone_settings settings = testbed_settings();
    struct error err;
    size_t n = 0;
    for (int i = 0; i < 3; i++, domain[n - 1] = '.') {
        memset(domain + n, 'a' + i, 56);
        n += 57;
    }
    domain[n] = '\0';
    assert_int_equal(dns_name_parse(domain, &settings.domain, &err), 0);
    return testbed_new(&settings);
}

// 12 + 251 + 54 + 11 octets without a reason, which has 184 octets of room in
// 512. It takes 188: 6, 45 and " and 1 more" behind two names of 62.
static void a_long_question_leaves_room_for_the_number(void **state)
{
    (void)state;
    char domain[180], words[400] = "one/db headless slice4", name[300];
    struct testbed *t = make_deep(domain);
    for (int i = 0; i < 3; i++)
        snprintf(words + strlen(words), 100, " end %060d-%d 10.0.0.%d", i, i,
                 i + 1);
    testbed_namespace(t, "one", true);
    testbed_serve(t, words);
    snprintf(name, sizeof name, "%063d.db.one.svc.%s", 7, domain);
    struct testbed_query q = testbed_query(name, TYPE_A, 512);
    struct reply r;
    // what a larger one gives is what there is
    struct testbed_query large = testbed_query(name, TYPE_A, 1232);
    const size_t n = testbed_send(t, &large, ANSWER_UDP, &r);
    const size_t text_n = strlen(r.ede_text);
    assert_int_equal(n, q.n + SOA + 6 + text_n);
    assert_int_equal(text_n, 45 + 62 + 2 + 62 + 11);
    assert_int_equal(n, 516);
    reply_release(&r);
    // which has to be cut for the smaller one
    assert_int_equal(testbed_send(t, &q, ANSWER_UDP, &r), q.n + SOA + 6);
    assert_int_equal(r.rcode, NXDOMAIN);
    assert_int_equal(r.lines_n[REPLY_AUTHORITY], 1);
    assert_int_equal(r.ede, 0);
    assert_string_equal(r.ede_text, "");
    assert_int_equal(r.flags & 0x0200, 0);
    reply_release(&r);
    // the limit is the smaller of the client's and ours
    t->context.settings.udp_size_max = 512;
    assert_int_equal(testbed_send(t, &large, ANSWER_UDP, &r), q.n + SOA + 6);
    reply_release(&r);
    assert_int_equal(testbed_send(t, &large, ANSWER_TCP, &r), n);
    reply_release(&r);
    testbed_free(t);
}

// Errors stay below three times their query: 28 octets, which are 84 at most.
static void refusals_stay_small(void **state)
{
    (void)state;
    char domain[180];
    struct testbed *t = make_deep(domain);
    struct testbed_query q = query(".", TYPE_A);
    struct reply r;
    assert_int_equal(q.n, 28);
    assert_int_equal(testbed_send(t, &q, ANSWER_UDP, &r), 28 + 6);
    assert_int_equal(r.rcode, REFUSED);
    assert_int_equal(r.ede, 20);
    assert_string_equal(r.ede_text, "");
    reply_release(&r);
    // with the reason, 196 octets more: those that ask with 98 may have them
    char name[100], text[300];
    snprintf(text, sizeof text, "names here end with %.170s", domain);
    snprintf(name, sizeof name, "%060d.%07d.", 0, 0);
    q = query(name, TYPE_A);
    assert_int_equal(q.n, 97);
    assert_int_equal(testbed_send(t, &q, ANSWER_UDP, &r), 97 + 6);
    reply_release(&r);
    snprintf(name, sizeof name, "%060d.%08d.", 0, 0);
    q = query(name, TYPE_A);
    assert_int_equal(testbed_send(t, &q, ANSWER_UDP, &r), 98 + 196);
    assert_string_equal(r.ede_text, text);
    reply_release(&r);
    testbed_free(t);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, set_up, testbed_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nxdomain_says_why),
        TEST(nodata_says_why),
        TEST(refused_says_why),
        TEST(the_rest_is_as_ever),
        TEST(without_edns_nothing_is_said),
        cmocka_unit_test(without_reasons_there_is_the_number),
        TEST(other_replies_have_none),
        TEST(each_of_a_batch_has_its_own),
        TEST(the_end_of_a_chain_says_why),
        TEST(so_does_that_of_a_longer_one),
        TEST(who_waited_in_vain_is_told_why),
        TEST(the_reason_gives_way_to_everything),
        TEST(all_options_stand_before_the_reason),
        TEST(the_chain_is_cut_where_it_was),
        TEST(there_is_one_extended_error),
        cmocka_unit_test(a_long_question_leaves_room_for_the_number),
        cmocka_unit_test(refusals_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
