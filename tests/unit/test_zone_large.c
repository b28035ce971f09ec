// SPDX-License-Identifier: Apache-2.0
// Services of all sizes, looked at whole, as no message could hold them: all
// that a block has for a name is put into one long message, which the second
// decoder (reply.h) reads. Names, addresses and counts are arithmetic: peer i
// of one/db is p-<i, five digits>, 10.<i> and fd00::1:<i>.
#include "lib/reply.h"
#include "lib/testbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33 };

static const char db[] = "db.one.svc.cluster.local.";

// --- serving ---------------------------------------------------------------

static void put_peers(FILE *out, unsigned first, unsigned end, bool v6)
{
    for (unsigned i = first; i < end; i++) {
        fprintf(out, " end p-%05u ", i);
        if (v6)
            fprintf(out, "fd00::1:%x", i);
        else
            fprintf(out, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
    }
}

// one/db: n peers in slices of 1000, of one family or both.
static void put_slices(FILE *out, unsigned n, bool v4, bool v6)
{
    fputs("one/db headless", out);
    for (unsigned first = 0; first < n; first += 1000) {
        const unsigned end = n - first < 1000 ? n : first + 1000;
        if (v4) {
            fputs(" slice4 port p:1/tcp", out);
            put_peers(out, first, end, false);
        }
        if (v6) {
            fputs(" slice6 port p:1/tcp", out);
            put_peers(out, first, end, true);
        }
    }
}

struct words {
    char *text;
    size_t n;
    FILE *out;
};

static FILE *begin_words(struct words *w)
{
    w->out = open_memstream(&w->text, &w->n);
    assert_non_null(w->out);
    return w->out;
}

static void serve_words(struct testbed *t, struct words *w)
{
    fclose(w->out);
    testbed_serve(t, w->text);
    free(w->text);
}

static void serve_peers(struct testbed *t, unsigned n, bool v4, bool v6)
{
    struct words w;
    put_slices(begin_words(&w), n, v4, v6);
    serve_words(t, &w);
}

// --- looking at all that is there ------------------------------------------

// One name's records, and the message that holds all of them.
struct whole {
    struct zone_records records;
    struct reply reply;
    uint8_t *message;
};

static void put_u16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/*
 * Copy additional records; the owners of the near ones are counted from the end
 * of the question.
 */
static void copy_extras(uint8_t *to, const struct zone_records *r, size_t end)
{
    if (r->extra_n == 0)
        return;
    memcpy(to, r->extra, r->extra_n);
    for (unsigned i = 0; i < r->extra_a_count + (unsigned)r->extra_aaaa_count;
         i++) {
        assert_int_equal(to[0] >> 6, 3);
        put_u16(to, (unsigned)(to[0] << 8 | to[1]) + (unsigned)end);
        to += i < r->extra_a_count ? 16 : 28;
    }
}

static struct zone_records find(struct testbed *t, const uint8_t *query,
                                size_t n)
{
    struct dns_query q;
    struct zone_lookup l;
    struct zone_match m;

    assert_int_equal(dns_query_parse(span_of(query, n), &q), DNS_QUERY_OK);
    assert_int_equal(zone_find(t->zone, &q, &l, &m), ZONE_FOUND);
    assert_int_equal(m.form, ZONE_FORM_RECORDS);
    return *m.records;
}

static void look_at(struct testbed *t, const char *name, uint16_t type,
                    struct whole *out)
{
    uint8_t query[600];
    char error[200] = "";
    const size_t n = query_write(query, sizeof query, 1, name, type, 0, false);
    const struct zone_records records = find(t, query, n), *r = &records;

    const size_t size = n + r->answer_n + r->extra_n;
    uint8_t *message = malloc(size);
    assert_non_null(message);
    memcpy(message, query, n);
    message[2] |= 0x80;
    put_u16(message + 6, r->answer_count);
    put_u16(message + 10, (size_t)r->extra_a_count + r->extra_aaaa_count +
                              r->extra_far_count);
    memcpy(message + n, r->answer, r->answer_n);
    copy_extras(message + n + r->answer_n, r, n);
    if (!reply_read(message, size, &out->reply, error))
        fail_msg("%s: %s", name, error);
    out->records = *r;
    out->message = message;
}

static void release(struct whole *w)
{
    reply_release(&w->reply);
    free(w->message);
}

static void format_address(unsigned i, uint16_t type, char *out, size_t size)
{
    if (type == TYPE_A)
        snprintf(out, size, "A 10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
    else
        snprintf(out, size, "AAAA fd00::1:%x", i);
}

static void assert_addresses(struct testbed *t, const char *name, uint16_t type,
                             unsigned n)
{
    struct whole w;
    char expected[128], address[64];

    look_at(t, name, type, &w);
    assert_int_equal(w.records.answer_count, n);
    assert_int_equal(w.records.stride, type == TYPE_A ? 16 : 28);
    assert_int_equal(w.records.answer_n, n * w.records.stride);
    assert_int_equal(w.records.marks_n, 0);
    assert_int_equal(w.reply.lines_n[REPLY_ANSWER], n);
    for (unsigned i = 0; i < n; i++) {
        format_address(i, type, address, sizeof address);
        snprintf(expected, sizeof expected, "%s 5 IN %s", name, address);
        assert_string_equal(w.reply.lines[REPLY_ANSWER][i], expected);
    }
    release(&w);
}

// Each target's addresses, each once, whatever their order.
static void assert_extras(const struct reply *r, unsigned n, bool v4, bool v6)
{
    uint8_t *seen = calloc(n, 2);
    char expected[128], address[64];

    assert_non_null(seen);
    assert_int_equal(r->lines_n[REPLY_ADDITIONAL], n * ((size_t)v4 + v6));
    for (size_t k = 0; k < r->lines_n[REPLY_ADDITIONAL]; k++) {
        const char *line = r->lines[REPLY_ADDITIONAL][k];
        const unsigned i = (unsigned)atoi(line + 2);
        const bool is_v6 = strstr(line, " AAAA ") != NULL;
        assert_true(i < n && !seen[2 * i + is_v6]);
        seen[2 * i + is_v6] = 1;
        format_address(i, is_v6 ? TYPE_AAAA : TYPE_A, address, sizeof address);
        snprintf(expected, sizeof expected, "p-%05u.%s 5 IN %s", i, db,
                 address);
        assert_string_equal(line, expected);
    }
    free(seen);
}

// --- marks -----------------------------------------------------------------

static uint32_t mark_at(const struct zone_records *r, unsigned i)
{
    uint32_t mark;
    memcpy(&mark, r->answer + r->answer_n + i * sizeof mark, sizeof mark);
    return mark;
}

/*
 * Marks of an answer: each the beginning of a record, the first one 0, then one
 * after each ZONE_MARK_STEP octets or a record more, up to the end.
 */
static void assert_marks(const struct zone_records *r)
{
    enum { RECORD_MAX = 12 + 6 + 255 };
    const uint8_t *p = r->answer;
    unsigned next = 0;
    uint32_t before = 0;

    assert_true(r->marks_n > 0);
    assert_int_equal(mark_at(r, 0), 0);
    for (uint32_t at = 0; at < r->answer_n;) {
        if (next < r->marks_n && at == mark_at(r, next)) {
            assert_true(next == 0 ||
                        (at - before >= ZONE_MARK_STEP &&
                         at - before < ZONE_MARK_STEP + RECORD_MAX));
            before = at;
            next++;
        }
        at += 12 + (uint32_t)(p[at + 10] << 8 | p[at + 11]);
    }
    assert_int_equal(next, r->marks_n);
    assert_true(r->answer_n - before <= ZONE_MARK_STEP + RECORD_MAX);
}

// An SRV record takes 12 + 6 + 8 + 26 octets.
enum { SRV_SIZE = 52 };

static void assert_srv(struct testbed *t, const char *name, unsigned n, bool v4,
                       bool v6)
{
    const size_t shares = n * ((size_t)v4 + v6);
    const unsigned weight = shares < 100 ? (unsigned)(100 / shares) : 1;
    struct whole w;
    char expected[160];

    look_at(t, name, TYPE_SRV, &w);
    assert_int_equal(w.records.answer_count, n);
    assert_int_equal(w.records.answer_n, n * SRV_SIZE);
    assert_int_equal(w.records.stride, 0);
    for (unsigned i = 0; i < n; i++) {
        snprintf(expected, sizeof expected, "%s 5 IN SRV 0 %u 1 p-%05u.%s",
                 name, weight, i, db);
        assert_string_equal(w.reply.lines[REPLY_ANSWER][i], expected);
    }
    // what no message can hold has no additional records, but marks
    if (n * SRV_SIZE > 65535) {
        assert_int_equal(w.reply.lines_n[REPLY_ADDITIONAL], 0);
        assert_marks(&w.records);
    } else {
        assert_extras(&w.reply, n, v4, v6);
        assert_int_equal(w.records.marks_n, 0);
    }
    release(&w);
}

// --- sizes -----------------------------------------------------------------

static const unsigned sizes[] = {1, 28, 29, 72, 73, 150, 1000, 4500, 10000};

static void assert_peer(struct testbed *t, unsigned i, const char *srv_weight)
{
    char name[64], address[64], expected[256];
    snprintf(name, sizeof name, "p-%05u.db.one", i);
    format_address(i, TYPE_A, address, sizeof address);
    assert_answer(t, name, "A", address);
    snprintf(expected, sizeof expected, "SRV 0 %s 1 %s + %s %s", srv_weight,
             name, name, address);
    assert_answer(t, name, "SRV", expected);
    snprintf(name, sizeof name, "%u.%u.%u.10.in-addr.arpa.", i & 255,
             i >> 8 & 255, i >> 16);
    snprintf(expected, sizeof expected, "PTR p-%05u.db.one", i);
    assert_answer(t, name, "PTR", expected);
}

static void services_of_all_sizes_are_whole(void **state)
{
    struct testbed *t = *state;
    static const char port[] = "_p._tcp.db.one.svc.cluster.local.";
    for (size_t k = 0; k < ORD_COUNT(sizes); k++) {
        const unsigned n = sizes[k];
        serve_peers(t, n, true, false);
        assert_addresses(t, db, TYPE_A, n);
        assert_answer(t, "db.one", "AAAA", "NODATA");
        assert_srv(t, db, n, true, false);
        assert_srv(t, port, n, true, false);
        assert_peer(t, 0, "100");
        assert_peer(t, n - 1, "100");
        assert_int_equal(zone_state(t->zone).endpoints, n);
        assert_int_equal(zone_state(t->zone).addresses, n);
    }
}

static void dual_stack_services_of_all_sizes_are_whole(void **state)
{
    struct testbed *t = *state;
    for (size_t k = 0; k < ORD_COUNT(sizes); k++) {
        const unsigned n = sizes[k];
        serve_peers(t, n, true, true);
        assert_addresses(t, db, TYPE_A, n);
        assert_addresses(t, db, TYPE_AAAA, n);
        assert_srv(t, db, n, true, true);
        assert_int_equal(zone_state(t->zone).addresses, 2 * n);
    }
    serve_peers(t, 4500, false, true);
    assert_answer(t, "db.one", "A", "NODATA");
    assert_addresses(t, db, TYPE_AAAA, 4500);
}

// ANCOUNT has 16 bits; what is beyond it still has its name and its PTR.
static void more_endpoints_than_a_message_can_count_have_names(void **state)
{
    static const uint8_t last[] = {10, 0, 255, 254}; // of 65535
    struct testbed *t = *state;
    uint8_t query[600];
    serve_peers(t, 70000, true, false);
    size_t n = query_write(query, sizeof query, 1, db, TYPE_A, 0, false);
    struct zone_records r = find(t, query, n);
    assert_int_equal(r.answer_count, 65535);
    assert_int_equal(r.answer_n, 65535 * 16);
    assert_memory_equal(r.answer + r.answer_n - 4, last, 4);
    n = query_write(query, sizeof query, 1, db, TYPE_SRV, 0, false);
    r = find(t, query, n);
    assert_int_equal(r.answer_count, 65535);
    assert_int_equal(r.answer_n, 65535 * SRV_SIZE);
    assert_int_equal(r.extra_n, 0);
    assert_marks(&r);
    assert_peer(t, 65534, "100");
    assert_peer(t, 65535, "100");
    assert_peer(t, 69999, "100");
    assert_int_equal(zone_state(t->zone).addresses, 70000);
}

// Records of unequal length: targets grow, and so do the steps.
static void marks_stand_where_records_begin(void **state)
{
    struct testbed *t = *state;
    struct words w;
    struct whole whole;
    FILE *out = begin_words(&w);
    fputs("one/db headless slice4 port p:1/tcp", out);
    for (unsigned i = 0; i < 2000; i++)
        fprintf(out, " end p%.*s%u 10.0.%u.%u", (int)(i % 47),
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i,
                i >> 8, i & 255);
    fputs(" slice4 port q:2/tcp end x 10.1.0.1", out);
    serve_words(t, &w);
    look_at(t, db, TYPE_SRV, &whole);
    assert_int_equal(whole.records.answer_count, 2001);
    assert_marks(&whole.records);
    release(&whole);
    look_at(t, "_p._tcp.db.one.svc.cluster.local.", TYPE_SRV, &whole);
    assert_int_equal(whole.records.answer_count, 2000);
    assert_marks(&whole.records);
    release(&whole);
    look_at(t, "_q._tcp.db.one.svc.cluster.local.", TYPE_SRV, &whole);
    assert_int_equal(whole.records.marks_n, 0);
    release(&whole);
}

// What is too much is said before all of it was measured, and changes nothing.
static void a_service_that_is_too_large_keeps_its_old_answers(void **state)
{
    struct zone_settings s = testbed_settings();
    s.block_size_max = 1000000;
    testbed_free(*state);
    struct testbed *t = testbed_new(&s);
    *state = t;
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    struct words w;
    put_slices(begin_words(&w), 10000, true, false);
    fclose(w.out);
    struct draft *d = draft_new(w.text);
    struct error err = {""};
    testbed_begin(t);
    assert_int_equal(zone_update_service(t->update, draft_service(d), &err),
                     -EFBIG);
    assert_non_null(strstr(err.text, "service 'one/db'"));
    assert_non_null(strstr(err.text, "1000000 octets"));
    testbed_publish(t);
    assert_answer(t, "db.one", "A", "A 10.0.0.1");
    draft_free(d);
    free(w.text);
}

// --- ports -----------------------------------------------------------------

enum { PORTS = 3000 };

// Seconds of this process: what takes minutes is found, a slow machine is not.
static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void assert_port(struct testbed *t, unsigned i, const char *expected)
{
    char name[64];
    snprintf(name, sizeof name, "_port-%u._tcp.db.one", i);
    assert_answer(t, name, "SRV", expected);
}

static void a_slice_may_have_thousands_of_ports(void **state)
{
    struct testbed *t = *state;
    struct words w;
    char expected[128];
    FILE *out = begin_words(&w);
    const double start = seconds();
    fputs("one/db headless slice4", out);
    for (unsigned i = PORTS; i > 0; i--)
        fprintf(out, " port port-%u:%u/tcp", i, i);
    fputs(" end a 10.0.0.1 end b 10.0.0.2", out);
    serve_words(t, &w);
    for (unsigned i = 1; i <= PORTS; i += 1499) {
        snprintf(expected, sizeof expected,
                 "SRV 0 50 %u a.db.one, SRV 0 50 %u b.db.one + "
                 "a.db.one A 10.0.0.1, b.db.one A 10.0.0.2",
                 i, i);
        assert_port(t, i, expected);
    }
    assert_port(t, PORTS + 1, "NXDOMAIN");
    assert_true(seconds() - start < 20);
}

static void thousands_of_slices_may_have_ports_of_their_own(void **state)
{
    struct testbed *t = *state;
    struct words w;
    char expected[128];
    FILE *out = begin_words(&w);
    const double start = seconds();
    fputs("one/db headless", out);
    for (unsigned i = 1; i <= PORTS; i++)
        fprintf(out, " slice4 port port-%u:%u/tcp end p%u 10.0.%u.%u", i, i, i,
                i >> 8, i & 255);
    serve_words(t, &w);
    for (unsigned i = 1; i <= PORTS; i += 1499) {
        snprintf(expected, sizeof expected,
                 "SRV 0 100 %u p%u.db.one + p%u.db.one A 10.0.%u.%u", i, i, i,
                 i >> 8, i & 255);
        assert_port(t, i, expected);
    }
    assert_true(seconds() - start < 20);
}

static void a_virtual_address_may_have_thousands_of_ports(void **state)
{
    struct testbed *t = *state;
    struct words w;
    struct whole whole;
    char line[96];
    FILE *out = begin_words(&w);
    const double start = seconds();
    fputs("one/db ip 10.96.0.1", out);
    // each number twice: one target and number is one record
    for (unsigned i = 1; i <= 2 * PORTS; i++)
        fprintf(out, " port port-%u:%u/tcp", i, (i + 1) / 2);
    serve_words(t, &w);
    look_at(t, db, TYPE_SRV, &whole);
    assert_int_equal(whole.records.answer_count, PORTS);
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(line, sizeof line, "%s 5 IN SRV 0 1 %u %s", db, i + 1, db);
        assert_string_equal(whole.reply.lines[REPLY_ANSWER][i], line);
    }
    assert_marks(&whole.records);
    release(&whole);
    assert_port(t, 2 * PORTS, "SRV 0 100 3000 db.one + db.one A 10.96.0.1");
    assert_true(seconds() - start < 20);
}

// --- long names ------------------------------------------------------------

/*
 * A service's name takes `suffix_n` octets: "db", "one" and "svc" take 11 with
 * their lengths, the root 1; the domain's labels take the rest.
 */
static struct testbed *with_suffix(void **state, unsigned suffix_n,
                                   char domain[256])
{
    struct zone_settings s = testbed_settings();
    unsigned left = suffix_n - 12, n = 0;
    while (left) {
        unsigned label = left > 64 ? (left == 65 ? 62 : 63) : left - 1;
        memset(domain + n, 'd', label);
        n += label;
        domain[n++] = '.';
        left -= label + 1;
    }
    domain[n] = '\0';
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    assert_int_equal(s.domain.n + 11, suffix_n);
    testbed_free(*state);
    *state = testbed_new(&s);
    return *state;
}

// A label of 63 octets below the service makes 255, and one octet more 256.
static void a_name_of_255_octets_is_served_and_one_of_256_is_not(void **state)
{
    char domain[256], label[64], name[400], words[256], expected[1000];
    memset(label, 'x', 63);
    label[63] = '\0';
    for (unsigned suffix_n = 191; suffix_n <= 192; suffix_n++) {
        const bool fits = suffix_n == 191;
        struct testbed *t = with_suffix(state, suffix_n, domain);
        snprintf(words, sizeof words,
                 "one/db headless slice4 port p:1/tcp end %s 10.0.0.1 "
                 "end y%.61s 10.0.0.2",
                 label, label);
        testbed_serve(t, words);
        snprintf(name, sizeof name, "db.one.svc.%s", domain);
        assert_answer(t, name, "A", "A 10.0.0.1, A 10.0.0.2");
        struct whole w;
        look_at(t, name, TYPE_SRV, &w);
        // in both cases the weight is of two, and the second one fits
        assert_int_equal(w.reply.lines_n[REPLY_ANSWER], fits ? 2 : 1);
        assert_int_equal(w.reply.lines_n[REPLY_ADDITIONAL], fits ? 2 : 1);
        snprintf(expected, sizeof expected, "%s 5 IN SRV 0 50 1 y%.61s.%s",
                 name, label, name);
        assert_string_equal(w.reply.lines[REPLY_ANSWER][fits ? 1 : 0],
                            expected);
        release(&w);
        assert_answer(t, "2.0.0.10.in-addr.arpa.", "TXT", "NODATA");
        snprintf(expected, sizeof expected, "PTR y%.61s.%s", label, name);
        assert_answer(t, "2.0.0.10.in-addr.arpa.", "PTR", expected);
        snprintf(expected, sizeof expected, "PTR %s.%s", label, name);
        assert_answer(t, "1.0.0.10.in-addr.arpa.", "PTR",
                      fits ? expected : "NODATA");
        if (!fits)
            continue;
        snprintf(name, sizeof name, "%s.db.one.svc.%s", label, domain);
        assert_int_equal(strlen(name) + 1, 255);
        assert_answer(t, name, "A", "A 10.0.0.1");
        assert_int_equal(
            strncmp(testbed_ask(t, name, "SRV"), "SRV 0 100 1 xxx", 15), 0);
    }
}

#define test(f)                                                                \
    cmocka_unit_test_setup_teardown(f, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(services_of_all_sizes_are_whole),
        test(dual_stack_services_of_all_sizes_are_whole),
        test(more_endpoints_than_a_message_can_count_have_names),
        test(marks_stand_where_records_begin),
        test(a_service_that_is_too_large_keeps_its_old_answers),
        test(a_slice_may_have_thousands_of_ports),
        test(thousands_of_slices_may_have_ports_of_their_own),
        test(a_virtual_address_may_have_thousands_of_ports),
        test(a_name_of_255_octets_is_served_and_one_of_256_is_not),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
