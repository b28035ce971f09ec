// SPDX-License-Identifier: Apache-2.0
// What a zone prints is what it answers, all of it, in one order. Expected
// texts are written by hand after RFC 1035 5, RFC 4034 6 and K8S-DNS 2; replies
// are read by a second decoder.
#include "lib/fault.h"
#include "lib/reply.h"
#include "lib/testbed.h"
#include "zone/dump.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINES_MAX = 4096, LABEL = 63 };

// The text of an origin, as a string for free().
static char *text_of(const struct testbed *t, size_t origin,
                     enum zone_dump_format format)
{
    struct zone_dump dump;
    assert_int_equal(zone_dump(t->zone, origin, format, &dump), 0);
    char *text = strndup(dump.p, dump.n);
    assert_int_equal(strlen(text), dump.n);
    free(dump.p);
    return text;
}

// Ask for zonal names and those of pods as well; one /24 for the reverse tree.
static struct testbed *testbed_with_rules(uint64_t seed)
{
    struct zone_settings s = testbed_settings();
    s.rules.zonal = true;
    s.rules.pods = ZONE_PODS_VERIFIED;
    s.hash_seed = seed;
    return testbed_new(&s);
}

static const char *const services[] = {
    ("one/db headless slice4 port Peer:27017/tcp port :1/udp "
     "end a 10.0.0.1 zone EU-1 end b 10.0.0.2 zone eu-2 end - 10.0.0.3 "
     "slice6 port Peer:27017/tcp end a 2001:db8::1 zone EU-1"),
    ("one/api ip 10.96.0.1 ip fd00::1 port http:80/tcp port :81/udp slice4 "
     "port web:8080/tcp end x 10.0.1.1"),
    "one/none headless slice4 port p:1/tcp",
    "two/ext external Example.org",
    "two/near external db.one.svc.cluster.local",
};

static void serve_all(struct testbed *t, bool backwards)
{
    const size_t n = sizeof services / sizeof services[0];
    testbed_namespace(t, backwards ? "two" : "one", true);
    testbed_namespace(t, backwards ? "one" : "two", true);
    for (size_t i = 0; i < n; i++)
        testbed_put(t, services[backwards ? n - 1 - i : i]);
    testbed_pod(t, "one", "10.0.0.9", true);
    testbed_pod(t, "one", "2001:db8::9", true);
    testbed_pod(t, "one", "::ffff:10.0.0.9", true);
    testbed_pod(t, "nowhere", "10.0.0.8", true);
    testbed_publish(t);
}

// --- form ------------------------------------------------------------------

static void a_master_file_has_one_record_a_line(void **state)
{
    struct testbed *t = *state;
    char *text;

    testbed_serve(t, "one/db headless slice4 port p:1/tcp end b 10.0.0.2 "
                     "end a 10.0.0.1");
    text = text_of(t, 0, ZONE_DUMP_TEXT);
    assert_string_equal(
        text, "; zone cluster.local.\n"
              "$ORIGIN cluster.local.\n"
              "$TTL 5\n"
              "cluster.local.\t1\tIN\tSOA\tns.dns.cluster.local. "
              "hostmaster.cluster.local. 1700000000 7200 1800 86400 1\n"
              "cluster.local.\t5\tIN\tNS\tns.dns.cluster.local.\n"
              "ns.dns.cluster.local.\t5\tIN\tA\t192.0.2.53\n"
              "ns.dns.cluster.local.\t5\tIN\tAAAA\t2001:db8::53\n"
              "dns-version.cluster.local.\t28800\tIN\tTXT\t\"1.1.0\"\n"
              "db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.1\n"
              "db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.2\n"
              "db.one.svc.cluster.local.\t5\tIN\tSRV\t0 50 1 "
              "a.db.one.svc.cluster.local.\n"
              "db.one.svc.cluster.local.\t5\tIN\tSRV\t0 50 1 "
              "b.db.one.svc.cluster.local.\n"
              "_p._tcp.db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.1\n"
              "_p._tcp.db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.2\n"
              "_p._tcp.db.one.svc.cluster.local.\t5\tIN\tSRV\t0 50 1 "
              "a.db.one.svc.cluster.local.\n"
              "_p._tcp.db.one.svc.cluster.local.\t5\tIN\tSRV\t0 50 1 "
              "b.db.one.svc.cluster.local.\n"
              "a.db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.1\n"
              "a.db.one.svc.cluster.local.\t5\tIN\tSRV\t0 100 1 "
              "a.db.one.svc.cluster.local.\n"
              "b.db.one.svc.cluster.local.\t5\tIN\tA\t10.0.0.2\n"
              "b.db.one.svc.cluster.local.\t5\tIN\tSRV\t0 100 1 "
              "b.db.one.svc.cluster.local.\n");
    free(text);
}

static void json_has_the_same_records(void **state)
{
    struct testbed *t = *state;
    char *text;

    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1");
    text = text_of(t, 1, ZONE_DUMP_JSON);
    assert_string_equal(
        text,
        "{\"origin\":\"in-addr.arpa.\",\"serial\":1700000000,\"records\":[\n"
        "{\"name\":\"in-addr.arpa.\",\"ttl\":1,\"type\":\"SOA\",\"data\":"
        "\"ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. 1700000000 7200 1800 "
        "86400 1\"},\n"
        "{\"name\":\"in-addr.arpa.\",\"ttl\":5,\"type\":\"NS\",\"data\":"
        "\"ns.dns.in-addr.arpa.\"},\n"
        "{\"name\":\"1.0.0.10.in-addr.arpa.\",\"ttl\":5,\"type\":\"PTR\","
        "\"data\":\"a.db.one.svc.cluster.local.\"},\n"
        "{\"name\":\"ns.dns.in-addr.arpa.\",\"ttl\":5,\"type\":\"A\","
        "\"data\":\"192.0.2.53\"},\n"
        "{\"name\":\"ns.dns.in-addr.arpa.\",\"ttl\":5,\"type\":\"AAAA\","
        "\"data\":\"2001:db8::53\"},\n"
        "{\"name\":\"dns-version.in-addr.arpa.\",\"ttl\":28800,\"type\":"
        "\"TXT\",\"data\":\"\\\"1.1.0\\\"\"}\n"
        "]}\n");
    free(text);
}

static void all_origins_are_the_single_ones_together(void **state)
{
    struct testbed *t = *state;
    char *all, *one, *at;

    testbed_serve(t, services[0]);
    assert_int_equal(zone_dump_origins(t->zone), 3);
    all = at = text_of(t, ZONE_DUMP_ALL, ZONE_DUMP_TEXT);
    for (size_t i = 0; i < 3; i++) {
        one = text_of(t, i, ZONE_DUMP_TEXT);
        assert_memory_equal(at, one, strlen(one));
        at += strlen(one);
        free(one);
    }
    assert_string_equal(at, "");
    free(all);
    all = text_of(t, ZONE_DUMP_ALL, ZONE_DUMP_JSON);
    one = text_of(t, 0, ZONE_DUMP_JSON);
    assert_int_equal(all[0], '[');
    // without its line feed
    assert_memory_equal(all + 1, one, strlen(one) - 1);
    assert_string_equal(all + strlen(all) - 4, "]}]\n");
    free(all);
    free(one);
}

static void an_empty_zone_has_its_apex(void **state)
{
    struct testbed *t = *state;
    char *text = text_of(t, 2, ZONE_DUMP_TEXT);

    assert_string_equal(text,
                        "; zone ip6.arpa.\n$ORIGIN ip6.arpa.\n$TTL 5\n"
                        "ip6.arpa.\t1\tIN\tSOA\tns.dns.ip6.arpa. "
                        "hostmaster.ip6.arpa. 0 7200 1800 86400 1\n"
                        "ip6.arpa.\t5\tIN\tNS\tns.dns.ip6.arpa.\n"
                        "ns.dns.ip6.arpa.\t5\tIN\tA\t192.0.2.53\n"
                        "ns.dns.ip6.arpa.\t5\tIN\tAAAA\t2001:db8::53\n"
                        "dns-version.ip6.arpa.\t28800\tIN\tTXT\t\"1.1.0\"\n");
    free(text);
}

// --- which names -----------------------------------------------------------

// The distinct owners of a text, one a line.
static char *owners_of(const char *text)
{
    char *out = NULL, last[REPLY_LINE_SIZE] = "", owner[REPLY_LINE_SIZE];
    size_t n;
    FILE *to = open_memstream(&out, &n);

    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        if (strchr(";$", line[0]) || sscanf(line, "%1399[^\t]", owner) != 1)
            continue;
        if (strcmp(owner, last) != 0)
            fprintf(to, "%s\n", owner);
        strcpy(last, owner);
    }
    fclose(to);
    return out;
}

static void assert_owners(const struct testbed *t, size_t origin,
                          const char *expected)
{
    char *text = text_of(t, origin, ZONE_DUMP_TEXT);
    char *owners = owners_of(text);
    assert_string_equal(owners, expected);
    free(owners);
    free(text);
}

#define DOMAIN_OWNERS                                                          \
    "cluster.local.\n"                                                         \
    "ns.dns.cluster.local.\n"                                                  \
    "dns-version.cluster.local.\n"                                             \
    "0-0-0-0-0-ffff-a00-9.one.pod.cluster.local.\n"                            \
    "10-0-0-9.one.pod.cluster.local.\n"                                        \
    "2001-db8--9.one.pod.cluster.local.\n"                                     \
    "api.one.svc.cluster.local.\n"                                             \
    "_http._tcp.api.one.svc.cluster.local.\n"                                  \
    "x.api.one.svc.cluster.local.\n"                                           \
    "db.one.svc.cluster.local.\n"                                              \
    "10-0-0-3.db.one.svc.cluster.local.\n"                                     \
    "_peer._tcp.db.one.svc.cluster.local.\n"                                   \
    "eu-1.pin._zone.db.one.svc.cluster.local.\n"                               \
    "eu-2.pin._zone.db.one.svc.cluster.local.\n"                               \
    "eu-1.prefer._zone.db.one.svc.cluster.local.\n"                            \
    "eu-2.prefer._zone.db.one.svc.cluster.local.\n"                            \
    "a.db.one.svc.cluster.local.\n"                                            \
    "b.db.one.svc.cluster.local.\n"                                            \
    "ext.two.svc.cluster.local.\n"                                             \
    "near.two.svc.cluster.local.\n"

static void every_kind_of_name_is_there_in_canonical_order(void **state)
{
    struct testbed *t = testbed_with_rules(1);
    (void)state;

    serve_all(t, false);
    assert_owners(t, 0, DOMAIN_OWNERS);
    // by label as text: "0" before "96", digits before "dns"
    assert_owners(t, 1,
                  "in-addr.arpa.\n"
                  "1.0.0.10.in-addr.arpa.\n"
                  "2.0.0.10.in-addr.arpa.\n"
                  "3.0.0.10.in-addr.arpa.\n"
                  "1.1.0.10.in-addr.arpa.\n"
                  "1.0.96.10.in-addr.arpa.\n"
                  "ns.dns.in-addr.arpa.\n"
                  "dns-version.in-addr.arpa.\n");
    assert_owners(t, 2,
                  "ip6.arpa.\n"
                  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
                  "0.0.2.ip6.arpa.\n"
                  "ns.dns.ip6.arpa.\n"
                  "dns-version.ip6.arpa.\n"
                  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                  "0.0.d.f.ip6.arpa.\n");
    testbed_free(t);
}

// RFC 4034 6.1: a shorter label that begins another comes first, whatever
// follows it; a name comes before those below it.
static void labels_are_ordered_one_by_one(void **state)
{
    struct testbed *t = *state;

    testbed_put(t, "ab/a headless slice4 end z 10.0.0.1 end a 10.0.0.2 "
                   "end ab 10.0.0.3 end a-b 10.0.0.4 end a0 10.0.0.5");
    testbed_put(t, "a/z headless slice4 end a 10.0.0.6");
    testbed_put(t, "a-b/a headless slice4 end a 10.0.0.7");
    testbed_put(t, "a/z-a headless slice4 end a 10.0.0.8");
    testbed_publish(t);
    assert_owners(t, 0,
                  "cluster.local.\n"
                  "ns.dns.cluster.local.\n"
                  "dns-version.cluster.local.\n"
                  "z.a.svc.cluster.local.\n"
                  "a.z.a.svc.cluster.local.\n"
                  "z-a.a.svc.cluster.local.\n"
                  "a.z-a.a.svc.cluster.local.\n"
                  "a.a-b.svc.cluster.local.\n"
                  "a.a.a-b.svc.cluster.local.\n"
                  "a.ab.svc.cluster.local.\n"
                  "a.a.ab.svc.cluster.local.\n"
                  "a-b.a.ab.svc.cluster.local.\n"
                  "a0.a.ab.svc.cluster.local.\n"
                  "ab.a.ab.svc.cluster.local.\n"
                  "z.a.ab.svc.cluster.local.\n");
}

static void the_order_of_arrival_and_the_seed_do_not_matter(void **state)
{
    struct testbed *t = testbed_with_rules(1), *u = testbed_with_rules(77);
    (void)state;

    serve_all(t, false);
    serve_all(u, true);
    for (int format = ZONE_DUMP_TEXT; format <= ZONE_DUMP_JSON; format++) {
        char *a = text_of(t, ZONE_DUMP_ALL, (enum zone_dump_format)format);
        char *b = text_of(u, ZONE_DUMP_ALL, (enum zone_dump_format)format);
        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    testbed_free(t);
    testbed_free(u);
}

static void what_went_is_gone(void **state)
{
    struct testbed *t = testbed_with_rules(1);
    char *before = text_of(t, ZONE_DUMP_ALL, ZONE_DUMP_TEXT), *after;
    (void)state;

    serve_all(t, false);
    testbed_remove(t, "one", "db");
    testbed_remove(t, "one", "api");
    testbed_remove(t, "two", "ext");
    testbed_remove(t, "two", "near");
    testbed_namespace(t, "one", false);
    testbed_publish(t);
    after = text_of(t, ZONE_DUMP_ALL, ZONE_DUMP_TEXT);
    char *a = owners_of(before), *b = owners_of(after);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(before);
    free(after);
    testbed_free(t);
}

// A reverse zone within another: each address is in the one that answers.
static void an_address_is_in_the_longest_zone(void **state)
{
    struct zone_settings s = testbed_settings();
    struct cidr zones[2];
    (void)state;

    assert_int_equal(cidr_parse("10.0.0.0/8", &zones[0], NULL), 0);
    assert_int_equal(cidr_parse("10.0.1.0/24", &zones[1], NULL), 0);
    s.reverse = zones;
    s.reverse_n = 2;
    struct testbed *t = testbed_new(&s);
    testbed_serve(t, "one/db headless slice4 end a 10.0.0.1 end b 10.0.1.1 "
                     "end c 11.0.0.1");
    assert_owners(t, 1,
                  "10.in-addr.arpa.\n1.0.0.10.in-addr.arpa.\n"
                  "ns.dns.10.in-addr.arpa.\ndns-version.10.in-addr.arpa.\n");
    assert_owners(t, 2,
                  "1.0.10.in-addr.arpa.\n1.1.0.10.in-addr.arpa.\n"
                  "ns.dns.1.0.10.in-addr.arpa.\n"
                  "dns-version.1.0.10.in-addr.arpa.\n");
    testbed_free(t);
}

// --- the same as the answers -----------------------------------------------

static const char *const types[] = {"A",   "NS",   "CNAME", "SOA", "PTR",
                                    "TXT", "AAAA", "SRV",   "MX"};

// The records of a text, as reply.h writes them.
struct lines {
    char *text;
    char *items[LINES_MAX];
    size_t n;
};

static struct lines *lines_of(const struct testbed *t)
{
    struct lines *l = calloc(1, sizeof *l);
    char *rest, *line;

    l->text = rest = text_of(t, ZONE_DUMP_ALL, ZONE_DUMP_TEXT);
    while ((line = strsep(&rest, "\n"))) {
        for (char *tab = line; (tab = strchr(tab, '\t'));)
            *tab = ' ';
        if (line[0] && !strchr(";$", line[0])) {
            assert_true(l->n < LINES_MAX);
            l->items[l->n++] = line;
        }
    }
    return l;
}

static void lines_free(struct lines *l)
{
    free(l->text);
    free(l);
}

// Whether the line is of this owner and type; NULL: of any.
static bool is_of(const char *line, const char *owner, const char *type)
{
    const size_t n = strlen(owner);
    char ours[16];

    if (strncmp(line, owner, n) != 0 || line[n] != ' ')
        return false;
    return !type || (sscanf(line + n, " %*s IN %15s", ours) == 1 &&
                     strcmp(ours, type) == 0);
}

static size_t count_of(const struct lines *l, const char *owner,
                       const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += is_of(l->items[i], owner, type);
    return n;
}

static bool has_line(const struct lines *l, const char *line)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->items[i], line) == 0)
            return true;
    return false;
}

static void assert_answered(struct testbed *t, const struct lines *l,
                            const char *owner, const char *type)
{
    struct reply r;
    testbed_reply(t, owner, (uint16_t)reply_type_of(type), 1232, ANSWER_TCP,
                  &r);
    assert_int_equal(r.rcode, 0);
    if (count_of(l, owner, "CNAME")) {
        // RFC 1034 3.6.2: first the alias, then what it leads to
        assert_true(has_line(l, r.lines[REPLY_ANSWER][0]));
        assert_true(is_of(r.lines[REPLY_ANSWER][0], owner, "CNAME"));
    } else {
        assert_int_equal(r.lines_n[REPLY_ANSWER], count_of(l, owner, type));
        for (size_t i = 0; i < r.lines_n[REPLY_ANSWER]; i++)
            assert_true(has_line(l, r.lines[REPLY_ANSWER][i]));
    }
    for (size_t i = 0; i < r.lines_n[REPLY_ADDITIONAL]; i++)
        assert_true(has_line(l, r.lines[REPLY_ADDITIONAL][i]));
    reply_release(&r);
}

// Each record once; each name and type answers just these; what a record names
// within the zone is there, too.
static void assert_same_as_answers(struct testbed *t)
{
    struct lines *l = lines_of(t);
    char owner[REPLY_LINE_SIZE];

    for (size_t i = 0; i < l->n; i++) {
        assert_int_equal(sscanf(l->items[i], "%1399s", owner), 1);
        if (i == 0 || !is_of(l->items[i - 1], owner, NULL))
            for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
                assert_answered(t, l, owner, types[k]);
        for (size_t k = i + 1; k < l->n; k++)
            assert_string_not_equal(l->items[i], l->items[k]);
        const char *target = strrchr(l->items[i], ' ') + 1;
        if (strstr(l->items[i], " IN SRV ") || strstr(l->items[i], " IN PTR "))
            assert_true(count_of(l, target, "A") + count_of(l, target, "AAAA"));
    }
    lines_free(l);
}

static void what_is_printed_is_what_is_answered(void **state)
{
    struct testbed *t = testbed_with_rules(1);
    (void)state;

    testbed_namespace(t, "one", true);
    testbed_publish(t);
    assert_same_as_answers(t);
    serve_all(t, false);
    assert_same_as_answers(t);
    testbed_free(t);
}

static void the_winner_of_an_address_has_its_ptr(void **state)
{
    struct testbed *t = *state;

    testbed_put(t, "one/aaa headless slice4 end - 10.0.0.1 end - 10.0.0.2");
    testbed_put(t, "one/db headless slice4 end p 10.0.0.1 end q 10.0.0.2");
    testbed_put(t, "one/vip ip 10.0.0.2 port p:1/tcp");
    testbed_publish(t);
    struct lines *l = lines_of(t);
    assert_int_equal(count_of(l, "1.0.0.10.in-addr.arpa.", "PTR"), 1);
    assert_true(has_line(
        l, "1.0.0.10.in-addr.arpa. 5 IN PTR p.db.one.svc.cluster.local."));
    assert_true(has_line(
        l, "2.0.0.10.in-addr.arpa. 5 IN PTR vip.one.svc.cluster.local."));
    lines_free(l);
    assert_same_as_answers(t);
}

// More than any message can hold: the dump has it all.
static void a_large_service_is_printed_whole(void **state)
{
    struct testbed *t = *state;
    enum { PEERS = 6000 };

    testbed_serve_peers(t, PEERS, 1);
    char *text = text_of(t, 0, ZONE_DUMP_TEXT);
    size_t n = 0, services_own = 0;
    for (const char *at = text; (at = strstr(at, "\tIN\tSRV\t0 1 1 ")); at++)
        services_own++;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        n++;
    // three lines of head; SOA, NS, two server addresses, version; A and SRV of
    // the service and of its port; A and SRV of each peer
    assert_int_equal(n, 3 + 5 + 2 * 2 * PEERS + 2 * PEERS);
    assert_int_equal(services_own, 2 * PEERS);
    free(text);
}

static bool prints_longest(unsigned domain_label)
{
    char words[400], label[LABEL + 1], domain[LABEL + 1], owner[400];
    struct zone_settings s = testbed_settings();

    memset(label, 'x', LABEL);
    label[LABEL] = '\0';
    memset(domain, 'y', domain_label);
    domain[domain_label] = '\0';
    assert_int_equal(dns_name_parse(domain, &s.domain, NULL), 0);
    struct testbed *t = testbed_new(&s);
    snprintf(words, sizeof words,
             "%s/%s headless slice4 port p:1/tcp end %.62s 10.0.0.1 "
             "end %s 10.0.0.2",
             label, label, label, label);
    testbed_serve(t, words);
    struct lines *l = lines_of(t);
    snprintf(owner, sizeof owner, "%.62s.%s.%s.svc.%s.", label, label, label,
             domain);
    assert_int_equal(count_of(l, owner, "A"), 1);
    snprintf(owner, sizeof owner, "%s.%s.%s.svc.%s.", label, label, label,
             domain);
    const bool printed = count_of(l, owner, "A") == 1;
    lines_free(l);
    assert_same_as_answers(t);
    testbed_free(t);
    return printed;
}

// RFC 1035 3.1: 255 octets, 3 times 64 for names of Kubernetes, 4 for "svc", 1
// for the root, which leaves 58 to the domain. Longer ones cannot be asked for.
static void the_longest_names_are_printed(void **state)
{
    (void)state;
    assert_true(prints_longest(57));
    assert_false(prints_longest(58));
}

// --- origins by name -------------------------------------------------------

static void an_origin_is_found_by_its_name(void **state)
{
    struct testbed *t = *state;
    char text[DNS_NAME_TEXT_SIZE];
    struct error err = {""};
    size_t i = 9;

    assert_int_equal(zone_dump_find(t->zone, "in-addr.arpa", &i, &err), 0);
    assert_int_equal(i, 1);
    assert_int_equal(zone_dump_find(t->zone, "Cluster.LOCAL.", &i, &err), 0);
    assert_int_equal(i, 0);
    assert_string_equal(zone_dump_origin(t->zone, 0, text), "cluster.local.");
    assert_string_equal(zone_dump_origin(t->zone, 2, text), "ip6.arpa.");
    i = 9;
    assert_int_equal(zone_dump_find(t->zone, "svc.cluster.local", &i, &err),
                     -ENOENT);
    assert_non_null(strstr(err.text, "'svc.cluster.local'"));
    assert_non_null(strstr(err.text, "'cluster.local.'"));
    assert_int_equal(zone_dump_find(t->zone, "a..b", &i, &err), -EINVAL);
    assert_int_equal(i, 9);
}

// --- memory that runs out --------------------------------------------------

static void memory_that_runs_out_leaves_the_output_alone(void **state)
{
    struct testbed *t = testbed_with_rules(1);
    (void)state;

    serve_all(t, false);
    for (int format = ZONE_DUMP_TEXT; format <= ZONE_DUMP_JSON; format++) {
        char *expected =
            text_of(t, ZONE_DUMP_ALL, (enum zone_dump_format)format);
        int rc = -ENOMEM;
        long n = 0;
        while (rc == -ENOMEM) {
            struct zone_dump dump = {(char *)1, 7};
            fault_alloc_after(++n);
            rc = zone_dump(t->zone, ZONE_DUMP_ALL,
                           (enum zone_dump_format)format, &dump);
            fault_alloc_after(-1);
            assert_int_equal(rc, fault_alloc_hit() ? -ENOMEM : 0);
            if (rc) {
                assert_ptr_equal(dump.p, (char *)1);
                assert_int_equal(dump.n, 7);
                continue;
            }
            assert_int_equal(dump.n, strlen(expected));
            assert_memory_equal(dump.p, expected, dump.n);
            free(dump.p);
        }
        assert_true(n > 20);
        free(expected);
    }
    testbed_free(t);
}

#define with_testbed(test)                                                     \
    cmocka_unit_test_setup_teardown(test, testbed_set_up, testbed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_testbed(a_master_file_has_one_record_a_line),
        with_testbed(json_has_the_same_records),
        with_testbed(all_origins_are_the_single_ones_together),
        with_testbed(an_empty_zone_has_its_apex),
        cmocka_unit_test(every_kind_of_name_is_there_in_canonical_order),
        with_testbed(labels_are_ordered_one_by_one),
        cmocka_unit_test(the_order_of_arrival_and_the_seed_do_not_matter),
        cmocka_unit_test(what_went_is_gone),
        cmocka_unit_test(an_address_is_in_the_longest_zone),
        cmocka_unit_test(what_is_printed_is_what_is_answered),
        with_testbed(the_winner_of_an_address_has_its_ptr),
        with_testbed(a_large_service_is_printed_whole),
        cmocka_unit_test(the_longest_names_are_printed),
        with_testbed(an_origin_is_found_by_its_name),
        cmocka_unit_test(memory_that_runs_out_leaves_the_output_alone),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
