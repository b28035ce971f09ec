// SPDX-License-Identifier: Apache-2.0
// The pure parts of `ordinald peers`: lists of peers, their forms, and replies
// read as peers.
#include "../../src/cli/peers_form.h"
#include "../../src/cli/peers_read.h"

#include "dns/edns.h"
#include "dns/record.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- lists -----------------------------------------------------------------

static void add(struct peers *p, const char *hostname, const char *address)
{
    struct peer *peer = peers_add(p, hostname);
    struct address a;

    assert_non_null(peer);
    if (!address)
        return;
    assert_true(address_parse(address, &a));
    peers_add_address(p, peer, &a);
}

// From names with a blank between them, each with an address of its own.
static struct peers *list_of(const char *names)
{
    struct peers *p = peers_new();
    char text[512], address[32];
    unsigned n = 0;

    snprintf(text, sizeof text, "%s", names);
    for (char *name = strtok(text, " "); name; name = strtok(NULL, " ")) {
        snprintf(address, sizeof address, "10.0.0.%u", ++n);
        add(p, name, address);
    }
    assert_int_equal(peers_end(p), 0);
    return p;
}

static void assert_order(const char *names, const char *expected)
{
    struct peers *p = list_of(names);
    char text[512] = "";

    for (size_t i = 0; i < p->n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                 i ? " " : "", p->items[i].hostname);
    assert_string_equal(text, expected);
    peers_unref(p);
}

static void peers_are_ordered_by_ordinal_and_then_by_name(void **state)
{
    (void)state;
    assert_order("web-10.x web-9.x web-2.x", "web-2.x web-9.x web-10.x");
    assert_order("b-1 a-2 a-1 b-0", "b-0 a-1 b-1 a-2");
    assert_order("zz b-0 aa", "b-0 aa zz");
    assert_order("a-4294967296 a-4294967295", "a-4294967295 a-4294967296");
    assert_order("", "");
}

static void assert_ordinal(const char *hostname, int64_t expected)
{
    struct peers *p = list_of(hostname);

    assert_int_equal(p->items[0].has_ordinal, expected >= 0);
    if (expected >= 0)
        assert_int_equal(p->items[0].ordinal, expected);
    peers_unref(p);
}

static void an_ordinal_is_a_number_behind_the_last_dash(void **state)
{
    (void)state;
    assert_ordinal("web-0.db.one", 0);
    assert_ordinal("a-b-17", 17);
    assert_ordinal("web-4294967295", 4294967295);
    assert_ordinal("web.db-3", -1);
    assert_ordinal("web", -1);
    assert_ordinal("web-", -1);
    assert_ordinal("-7", -1);
    assert_ordinal("web-01", -1);
    assert_ordinal("web-1a", -1);
    assert_ordinal("web-12345678901", -1);
    // addresses
    assert_ordinal("10-0-0-1.db.one", -1);
    assert_ordinal("fd00--1.db.one", -1);
    assert_ordinal("10.0.0.1", -1);
    assert_ordinal("fd00::1", -1);
    // a hexadecimal name is none
    assert_ordinal("db-0.x", 0);
    assert_ordinal("cafe-1-2", 2);
}

static void the_first_label_is_the_name(void **state)
{
    (void)state;
    struct peers *p = list_of("web-0.db.one 10.0.0.9 alone fd00::1 a\\.b.c");
    static const char *const pairs[][2] = {{"web-0.db.one", "web-0"},
                                           {"10.0.0.9", "10.0.0.9"},
                                           {"a\\.b.c", "a\\.b"},
                                           {"alone", "alone"},
                                           {"fd00::1", "fd00::1"}};

    for (size_t i = 0; i < p->n; i++) {
        assert_string_equal(p->items[i].hostname, pairs[i][0]);
        assert_string_equal(p->items[i].name, pairs[i][1]);
    }
    assert_int_equal(p->n, 5);
    peers_unref(p);
}

static void peers_of_one_name_become_one(void **state)
{
    (void)state;
    struct peers *p = peers_new();
    char text[ADDRESS_TEXT_SIZE];

    add(p, "web-0", "fd00::1");
    add(p, "web-1", "10.0.0.2");
    add(p, "web-0", "10.0.0.7");
    add(p, "web-0", "10.0.0.1");
    add(p, "web-0", "10.0.0.7");
    peers_add_port(p, peers_add(p, "web-0"), 443, "", "");
    peers_add_port(p, peers_add(p, "web-0"), 80, "", "");
    peers_add_port(p, peers_add(p, "web-0"), 80, "http", "tcp");
    assert_int_equal(peers_end(p), 0);
    assert_int_equal(p->n, 2);
    const struct peer *peer = &p->items[0];
    assert_int_equal(peer->addresses_n, 3);
    assert_string_equal(address_format(&peer->addresses[0], text), "10.0.0.1");
    assert_string_equal(address_format(&peer->addresses[1], text), "10.0.0.7");
    assert_string_equal(address_format(&peer->addresses[2], text), "fd00::1");
    assert_int_equal(peer->ports_n, 2);
    assert_int_equal(peer->ports[0].number, 80);
    assert_string_equal(peer->ports[0].name, "http");
    assert_int_equal(peer->ports[1].number, 443);
    peers_unref(p);
}

static void who_has_no_address_is_left_out(void **state)
{
    (void)state;
    struct peers *p = peers_new();

    add(p, "web-0", NULL);
    add(p, "web-1", "10.0.0.1");
    add(p, "web-2", NULL);
    peers_drop_unaddressed(p);
    assert_int_equal(peers_end(p), 0);
    assert_int_equal(p->n, 1);
    assert_string_equal(p->items[0].hostname, "web-1");
    peers_unref(p);
}

static struct peers *one(const char *hostname, const char *address,
                         uint16_t port)
{
    struct peers *p = peers_new();

    add(p, hostname, address);
    peers_add_port(p, &p->items[0], port, "", "");
    assert_int_equal(peers_end(p), 0);
    return p;
}

static void lists_are_equal_by_names_addresses_and_ports(void **state)
{
    (void)state;
    struct peers *const a = one("a-0", "10.0.0.1", 80);
    struct peers *const others[] = {
        one("a-1", "10.0.0.1", 80), one("a-0", "10.0.0.2", 80),
        one("a-0", "10.0.0.1", 81), one("a-0", "fd00::1", 80),
        list_of("a-0 a-1"),         list_of(""),
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(peers_equal(a, others[i]));
        assert_false(peers_equal(others[i], a));
        peers_unref(others[i]);
    }
    struct peers *same = one("a-0", "10.0.0.1", 80);
    same->items[0].readiness = PEER_READY;
    assert_true(peers_equal(a, same));
    assert_true(peers_equal(a, a));
    assert_false(peers_equal(a, NULL));
    assert_false(peers_equal(NULL, a));
    peers_unref(same);
    peers_unref(a);
}

static void assert_missing(const char *names, const char *expected)
{
    struct peers *p = list_of(names);
    char text[DNS_NAME_TEXT_SIZE] = "";

    assert_int_equal(peers_missing(p, text), expected != NULL);
    assert_string_equal(text, expected ? expected : "");
    peers_unref(p);
}

static void the_lowest_ordinal_that_is_not_there_is_missing(void **state)
{
    (void)state;
    assert_missing("web-0.x.y web-1.x.y", "web-2.x.y");
    assert_missing("web-0.x.y web-2.x.y", "web-1.x.y");
    assert_missing("web-1.x.y", "web-0.x.y");
    assert_missing("web-0 db-0 web-1 db-1 web-2", "db-2");
    assert_missing("a-b-0.x a-1.x", "a-b-1.x");
    assert_missing("alone", NULL);
    assert_missing("", NULL);
}

static void memory_that_runs_out_is_told_at_the_end(void **state)
{
    (void)state;
    bool hit = true;

    for (long n = 1; hit; n++) {
        struct peers *p = peers_new();
        struct address a = {.family = FAMILY_IPV4};
        fault_alloc_after(n);
        for (int i = 0; i < 40; i++) {
            struct peer *peer = peers_add(p, "a-very-long-name-of-a-peer-0");
            peers_add_address(p, peer, &a);
            peers_add_port(p, peer, 80, "http", "tcp");
        }
        const int rc = peers_end(p);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        assert_int_equal(rc, hit ? -ENOMEM : 0);
        peers_unref(p);
        assert_true(n < 1000);
    }
}

// --- forms -----------------------------------------------------------------

static void assert_form(const struct peers *p, enum peers_form form,
                        const char *expected)
{
    const struct peers_owner owner = {"it's", "one"};
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_int_equal(peers_write(out, p, &owner, form), 0);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void each_form_is_as_it_is_promised(void **state)
{
    (void)state;
    struct peers *p = peers_new();

    add(p, "web-10.db", "10.0.0.10");
    add(p, "web-9.db", "10.0.0.9");
    add(p, "web-9.db", "fd00::9");
    add(p, "10.0.0.3", "10.0.0.3");
    add(p, "x", "10.0.0.4");
    peers_add_port(p, &p->items[1], 80, "http", "tcp");
    p->items[0].readiness = PEER_NOT_READY;
    p->items[1].readiness = PEER_READY;
    assert_int_equal(peers_end(p), 0);
    assert_form(p, PEERS_TEXT,
                "web-9.db   10.0.0.9 fd00::9\n"
                "web-10.db  10.0.0.10\n"
                "10.0.0.3   10.0.0.3\n"
                "x          10.0.0.4\n");
    assert_form(p, PEERS_LIST, "web-9.db\nweb-10.db\n10.0.0.3\nx\n");
    assert_form(p, PEERS_HOSTS,
                "10.0.0.9 web-9.db web-9\n"
                "fd00::9 web-9.db web-9\n"
                "10.0.0.10 web-10.db web-10\n"
                "10.0.0.4 x\n");
    assert_form(p, PEERS_ENV,
                "ORDINALD_PEERS='web-9.db web-10.db 10.0.0.3 x'\n"
                "ORDINALD_PEERS_N=4\n"
                "ORDINALD_ADDRESSES='10.0.0.9 10.0.0.10 10.0.0.3 10.0.0.4'\n"
                "ORDINALD_SERVICE='it'\\''s'\n"
                "ORDINALD_NAMESPACE='one'\n");
    assert_form(p, PEERS_JSON,
                "{\"service\":\"it's\",\"namespace\":\"one\",\"peers\":["
                "{\"name\":\"web-9\",\"ordinal\":9,\"hostname\":\"web-9.db\","
                "\"addresses\":[\"10.0.0.9\",\"fd00::9\"],\"ports\":[{"
                "\"name\":\"http\",\"protocol\":\"tcp\",\"port\":80}],"
                "\"ready\":true},"
                "{\"name\":\"web-10\",\"ordinal\":10,\"hostname\":"
                "\"web-10.db\",\"addresses\":[\"10.0.0.10\"],\"ports\":[],"
                "\"ready\":false},"
                "{\"name\":\"10.0.0.3\",\"hostname\":\"10.0.0.3\","
                "\"addresses\":[\"10.0.0.3\"],\"ports\":[]},"
                "{\"name\":\"x\",\"hostname\":\"x\",\"addresses\":["
                "\"10.0.0.4\"],\"ports\":[]}]}\n");
    peers_unref(p);
}

static void no_peers_have_each_form_too(void **state)
{
    (void)state;
    struct peers *p = list_of("");

    assert_form(p, PEERS_TEXT, "");
    assert_form(p, PEERS_LIST, "");
    assert_form(p, PEERS_HOSTS, "");
    assert_form(p, PEERS_ENV,
                "ORDINALD_PEERS=''\nORDINALD_PEERS_N=0\n"
                "ORDINALD_ADDRESSES=''\nORDINALD_SERVICE='it'\\''s'\n"
                "ORDINALD_NAMESPACE='one'\n");
    assert_form(p, PEERS_JSON,
                "{\"service\":\"it's\",\"namespace\":\"one\",\"peers\":[]}\n");
    peers_unref(p);
}

// --- replies ---------------------------------------------------------------

// A reply while it is written.
struct draft_reply {
    uint8_t octets[2048];
    struct bytes_out out;
};

static void put_name(struct draft_reply *d, const char *text)
{
    struct dns_name name;
    struct error err;

    assert_int_equal(dns_name_parse(text, &name, &err), 0);
    bytes_out_put(&d->out, dns_name_view(&name));
}

static void begin(struct draft_reply *d, uint16_t rcode, uint16_t type)
{
    static const uint8_t header[DNS_HEADER] = {0, 7, 0x84, 0, 0, 1};

    d->out = bytes_out_of(d->octets, sizeof d->octets);
    bytes_out_put(&d->out, span_of(header, sizeof header));
    d->octets[3] = (uint8_t)rcode;
    put_name(d, "db.one");
    bytes_out_u16(&d->out, type);
    bytes_out_u16(&d->out, DNS_CLASS_IN);
}

static void head(struct draft_reply *d, enum dns_section section,
                 const char *owner, uint16_t type, size_t n)
{
    uint8_t *count = d->octets + 7 + 2 * section;

    (*count)++;
    put_name(d, owner);
    bytes_out_u16(&d->out, type);
    bytes_out_u16(&d->out, DNS_CLASS_IN);
    bytes_out_u32(&d->out, 5);
    bytes_out_u16(&d->out, (uint16_t)n);
}

static void put_srv(struct draft_reply *d, uint16_t port, const char *target)
{
    struct dns_name name;
    struct error err;

    assert_int_equal(dns_name_parse(target, &name, &err), 0);
    head(d, DNS_ANSWER, "db.one", DNS_TYPE_SRV, 6u + name.n);
    bytes_out_u32(&d->out, 50);
    bytes_out_u16(&d->out, port);
    bytes_out_put(&d->out, dns_name_view(&name));
}

static void put_ptr(struct draft_reply *d, const char *target)
{
    struct dns_name name;
    struct error err;

    assert_int_equal(dns_name_parse(target, &name, &err), 0);
    head(d, DNS_ANSWER, "db.one", DNS_TYPE_PTR, name.n);
    bytes_out_put(&d->out, dns_name_view(&name));
}

static void put_address(struct draft_reply *d, enum dns_section section,
                        const char *owner, const char *text)
{
    struct address a;

    assert_true(address_parse(text, &a));
    head(d, section, owner,
         a.family == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
         address_size(&a));
    bytes_out_put(&d->out, span_of(a.octets, address_size(&a)));
}

// An OPT record with one extended error. text NULL: without a code, even.
static void put_error(struct draft_reply *d, uint16_t code, const char *text)
{
    const size_t n = text ? 4 + 2 + strlen(text) : 0;

    d->octets[11]++;
    bytes_out_u8(&d->out, 0);
    bytes_out_u16(&d->out, DNS_TYPE_OPT);
    bytes_out_u16(&d->out, 1232);
    bytes_out_u32(&d->out, 0);
    bytes_out_u16(&d->out, (uint16_t)n);
    if (!text)
        return;
    bytes_out_u16(&d->out, EDNS_OPTION_EDE);
    bytes_out_u16(&d->out, (uint16_t)(n - 4));
    bytes_out_u16(&d->out, code);
    bytes_out_put(&d->out, span_of_text(text));
}

static struct dns_reply parse(const struct draft_reply *d)
{
    struct dns_reply r;

    assert_int_equal(dns_reply_parse(bytes_out_written(&d->out), &r), 0);
    return r;
}

static void srv_records_are_peers_with_the_addresses_beside_them(void **state)
{
    (void)state;
    struct draft_reply d;
    struct peers *p = peers_new();
    size_t lacking = 99;

    begin(&d, 0, DNS_TYPE_SRV);
    put_srv(&d, 80, "web-1.db.one");
    put_srv(&d, 80, "WEB-0.db.one");
    put_srv(&d, 443, "web-1.db.one");
    put_srv(&d, 80, "web-2.db.one");
    put_srv(&d, 80, ".");
    put_address(&d, DNS_AUTHORITY, "web-2.db.one", "10.0.0.99");
    put_address(&d, DNS_ADDITIONAL, "web-0.DB.one", "10.0.0.1");
    put_address(&d, DNS_ADDITIONAL, "web-0.db.one", "fd00::1");
    put_address(&d, DNS_ADDITIONAL, "web-1.db.one", "10.0.0.2");
    put_address(&d, DNS_ADDITIONAL, "other.db.one", "10.0.0.3");
    const struct dns_reply r = parse(&d);
    assert_int_equal(peers_read_srv(&r, p, &lacking), 3);
    assert_int_equal(lacking, 1);
    assert_int_equal(peers_find(p, "web-0.db.one")->addresses_n, 2);
    assert_int_equal(peers_find(p, "web-1.db.one")->addresses_n, 1);
    assert_int_equal(peers_find(p, "web-1.db.one")->ports_n, 2);
    assert_int_equal(peers_find(p, "web-2.db.one")->addresses_n, 0);
    assert_null(peers_find(p, "other.db.one"));
    peers_unref(p);
}

static void a_reply_without_srv_has_no_peers(void **state)
{
    (void)state;
    struct draft_reply d;
    struct peers *p = peers_new();
    size_t lacking = 99;

    begin(&d, 0, DNS_TYPE_SRV);
    put_address(&d, DNS_ANSWER, "db.one", "10.0.0.1");
    const struct dns_reply r = parse(&d);
    assert_int_equal(peers_read_srv(&r, p, &lacking), 0);
    assert_int_equal(lacking, 0);
    peers_unref(p);
}

static void note(void *context, const struct address *a)
{
    char *text = context, one_of[ADDRESS_TEXT_SIZE];
    strcat(strcat(text, " "), address_format(a, one_of));
}

static void addresses_of_an_answer_are_read(void **state)
{
    (void)state;
    struct draft_reply d;
    char text[256] = "";

    begin(&d, 0, DNS_TYPE_A);
    put_address(&d, DNS_ANSWER, "db.one", "10.0.0.2");
    put_address(&d, DNS_ANSWER, "alias.one", "fd00::1");
    // five octets are no address
    head(&d, DNS_ANSWER, "db.one", DNS_TYPE_A, 5);
    bytes_out_put(&d.out, span_of("12345", 5));
    put_address(&d, DNS_ADDITIONAL, "db.one", "10.0.0.3");
    const struct dns_reply r = parse(&d);
    peers_read_addresses(&r, note, text);
    assert_string_equal(text, " 10.0.0.2 fd00::1");
}

static void assert_ptr(const char *const *targets, const char *expected)
{
    struct draft_reply d;
    struct dns_name base, name;
    struct error err;
    char text[DNS_NAME_TEXT_SIZE];

    assert_int_equal(dns_name_parse("db.one", &base, &err), 0);
    begin(&d, 0, DNS_TYPE_PTR);
    for (; *targets; targets++)
        put_ptr(&d, *targets);
    const struct dns_reply r = parse(&d);
    assert_int_equal(peers_read_ptr(&r, &base, &name), expected != NULL);
    if (expected)
        assert_string_equal(peers_name_text(&name, text), expected);
}

#define TARGETS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void of_several_names_one_below_the_service_is_taken(void **state)
{
    (void)state;
    assert_ptr(TARGETS("a.x", "web-1.DB.one", "b.x"), "web-1.db.one");
    assert_ptr(TARGETS("web-1.db.one", "web-0.db.one", "a.x"), "web-0.db.one");
    assert_ptr(TARGETS("b.x", "a.x"), "a.x");
    assert_ptr(TARGETS("db.one", "xdb.one", "a.one"), "a.one");
    assert_ptr(TARGETS("."), NULL);
    assert_ptr(TARGETS(NULL), NULL);
}

static void assert_reason(uint16_t rcode, uint16_t code, const char *text,
                          const char *expected)
{
    struct draft_reply d;
    struct error err;

    begin(&d, rcode, DNS_TYPE_SRV);
    put_error(&d, code, text);
    const struct dns_reply r = parse(&d);
    peers_reason(&r, &err);
    assert_string_equal(err.text, expected);
    assert_int_equal(peers_is_sure(&r), rcode == 0 || rcode == 3);
}

static void a_reason_is_one_line(void **state)
{
    (void)state;
    assert_reason(3, 0, "no such thing", "NXDOMAIN: no such thing");
    assert_reason(0, 0, NULL, "no such records");
    assert_reason(2, 22, "", "SERVFAIL, extended error 22");
    assert_reason(5, 0, "a\nb\x1b[1m\x7f", "REFUSED: a?b?[1m?");
    assert_reason(9, 0, NULL, "RCODE 9");
    assert_reason(1, 0, NULL, "FORMERR");
    assert_reason(4, 0, NULL, "NOTIMP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_are_ordered_by_ordinal_and_then_by_name),
        cmocka_unit_test(an_ordinal_is_a_number_behind_the_last_dash),
        cmocka_unit_test(the_first_label_is_the_name),
        cmocka_unit_test(peers_of_one_name_become_one),
        cmocka_unit_test(who_has_no_address_is_left_out),
        cmocka_unit_test(lists_are_equal_by_names_addresses_and_ports),
        cmocka_unit_test(the_lowest_ordinal_that_is_not_there_is_missing),
        cmocka_unit_test(memory_that_runs_out_is_told_at_the_end),
        cmocka_unit_test(each_form_is_as_it_is_promised),
        cmocka_unit_test(no_peers_have_each_form_too),
        cmocka_unit_test(srv_records_are_peers_with_the_addresses_beside_them),
        cmocka_unit_test(a_reply_without_srv_has_no_peers),
        cmocka_unit_test(addresses_of_an_answer_are_read),
        cmocka_unit_test(of_several_names_one_below_the_service_is_taken),
        cmocka_unit_test(a_reason_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
