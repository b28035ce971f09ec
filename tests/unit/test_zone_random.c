// SPDX-License-Identifier: Apache-2.0
// Thousands of random steps over few services and few addresses, some of them
// cancelled: after each, every name and every address answers as a plain list
// of what was published says. Written without the zone's blocks and claims.
#include "lib/testbed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SERVICES = 6,
    HOSTS = 4,     // h-0 to h-3, and one without a name
    ADDRESSES = 6, // 10.0.<i % 2>.<i>
    STEPS = 2500,
    TEXT = 2048,
};

// Services in the order of (namespace, name).
static const char *const names[SERVICES][2] = {
    {"a", "x"}, {"a", "y"}, {"aa", "w"}, {"b", "a"}, {"b", "aa"}, {"b", "b"},
};

// What one service publishes: which host has which address.
struct facts {
    bool there;
    bool headless;
    bool has_port;
    int cluster_ip;                // index of an address, or -1
    bool at[HOSTS + 1][ADDRESSES]; // the last host: no hostname
    bool ready[HOSTS + 1][ADDRESSES];
};

struct model {
    struct facts services[SERVICES];
    uint64_t random;
};

static uint32_t draw(struct model *m, uint32_t below)
{
    m->random = m->random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(m->random >> 33) % below;
}

// --- naive answers ---------------------------------------------------------

static void address_text(char out[32], int i)
{
    snprintf(out, 32, "10.0.%d.%d", i % 2, i);
}

static bool has(const struct facts *f, int host, int address)
{
    return f->at[host][address] && f->ready[host][address];
}

static bool any_host_has(const struct facts *f, int address)
{
    for (int h = 0; h <= HOSTS; h++)
        if (has(f, h, address))
            return true;
    return false;
}

static bool exists(const struct facts *f)
{
    if (!f->there || !f->headless)
        return f->there;
    for (int a = 0; a < ADDRESSES; a++)
        if (any_host_has(f, a))
            return true;
    return false;
}

static void append(char *out, const char *separator, const char *text)
{
    if (out[0])
        strcat(out, separator);
    strcat(out, text);
}

// In the order that the testbed sorts: 10.0.0.0, .2, .4, then 10.0.1.1 ...
static int nth_address(int i)
{
    return i < ADDRESSES / 2 ? 2 * i : 2 * (i - ADDRESSES / 2) + 1;
}

static void expect_a(const struct facts *f, char *out)
{
    char text[32], record[40];

    out[0] = 0;
    for (int i = 0; i < ADDRESSES; i++) {
        int a = nth_address(i);
        bool in = f->headless ? any_host_has(f, a) : f->cluster_ip == a;
        if (!in)
            continue;
        address_text(text, a);
        snprintf(record, sizeof record, "A %s", text);
        append(out, ", ", record);
    }
    if (!exists(f))
        strcpy(out, "NXDOMAIN");
    else if (!out[0])
        strcpy(out, "NODATA");
}

// The label of a host at an address.
static void label_text(char out[40], int host, int address)
{
    if (host < HOSTS) {
        snprintf(out, 40, "h-%d", host);
        return;
    }
    address_text(out, address);
    for (char *p = out; *p; p++)
        if (*p == '.')
            *p = '-';
}

static void expect_host(const struct facts *f, int host, char *out)
{
    char text[32], record[40];

    out[0] = 0;
    for (int i = 0; i < ADDRESSES; i++) {
        int a = nth_address(i);
        if (!f->there || !has(f, host, a))
            continue;
        address_text(text, a);
        snprintf(record, sizeof record, "A %s", text);
        append(out, ", ", record);
    }
    if (!out[0])
        strcpy(out, "NXDOMAIN");
}

static unsigned weight(const struct facts *f)
{
    unsigned n = 0;
    for (int h = 0; h <= HOSTS; h++)
        for (int a = 0; a < ADDRESSES; a++)
            n += has(f, h, a);
    return n ? 100 / n : 1;
}

// One target: a host with all its addresses, or an address without a name.
static void expect_target(const struct facts *f, int service, int host,
                          int only, char *srv, char *extra)
{
    char label[40], text[32], record[160];
    bool found = false;

    label_text(label, host, only);
    for (int i = 0; i < ADDRESSES; i++) {
        int a = nth_address(i);
        if ((host == HOSTS && a != only) || !has(f, host, a))
            continue;
        found = true;
        address_text(text, a);
        snprintf(record, sizeof record, "%s.%s.%s A %s", label,
                 names[service][1], names[service][0], text);
        append(extra, ", ", record);
    }
    if (!found)
        return;
    snprintf(record, sizeof record, "SRV 0 %u 80 %s.%s.%s", weight(f), label,
             names[service][1], names[service][0]);
    append(srv, ", ", record);
}

// Only for headless services: dashed names first, then hostnames.
static void expect_srv(const struct facts *f, int service, char *out)
{
    char extra[TEXT] = "";

    out[0] = 0;
    for (int i = 0; i < ADDRESSES; i++)
        expect_target(f, service, HOSTS, nth_address(i), out, extra);
    for (int h = 0; h < HOSTS; h++)
        expect_target(f, service, h, 0, out, extra);
    if (!exists(f))
        strcpy(out, "NXDOMAIN");
    else if (!f->has_port)
        strcpy(out, "NODATA");
    else {
        strcat(out, " + ");
        strcat(out, extra);
    }
}

// The strongest claim: a virtual address, a hostname, any; then by order.
static void expect_ptr(const struct model *m, int address, char *out)
{
    int best = 3;
    char label[40];

    strcpy(out, "NXDOMAIN");
    for (int s = 0; s < SERVICES; s++) {
        const struct facts *f = &m->services[s];
        if (!f->there)
            continue;
        if (!f->headless && f->cluster_ip == address && best > 0) {
            best = 0;
            sprintf(out, "PTR %s.%s", names[s][1], names[s][0]);
        }
        for (int h = 0; h <= HOSTS; h++) {
            int rank = h < HOSTS ? 1 : 2;
            if (!has(f, h, address) || rank >= best)
                continue;
            best = rank;
            label_text(label, h, address);
            sprintf(out, "PTR %s.%s.%s", label, names[s][1], names[s][0]);
        }
    }
}

static bool owned(const struct model *m, int address)
{
    char out[TEXT];
    expect_ptr(m, address, out);
    return strcmp(out, "NXDOMAIN") != 0;
}

// --- comparing -------------------------------------------------------------

static void compare(struct testbed *t, const char *name, const char *type,
                    const char *expected)
{
    const char *got = testbed_ask(t, name, type);
    if (strcmp(got, expected) != 0)
        fail_msg("%s %s\n  got      %s\n  expected %s", name, type, got,
                 expected);
}

static void compare_service(struct testbed *t, const struct facts *f, int s)
{
    char name[80], expected[TEXT], label[40];

    snprintf(name, sizeof name, "%s.%s", names[s][1], names[s][0]);
    expect_a(f, expected);
    compare(t, name, "A", expected);
    compare(t, name, "AAAA", exists(f) ? "NODATA" : "NXDOMAIN");
    if (f->headless) {
        expect_srv(f, s, expected);
        compare(t, name, "SRV", expected);
        snprintf(name, sizeof name, "_p._tcp.%s.%s", names[s][1], names[s][0]);
        compare(t, name, "SRV", f->has_port ? expected : "NXDOMAIN");
        compare(t, name + 3, "SRV",
                exists(f) && f->has_port ? "NODATA" : "NXDOMAIN");
    }
    for (int h = 0; h < HOSTS; h++) {
        label_text(label, h, 0);
        snprintf(name, sizeof name, "%s.%s.%s", label, names[s][1],
                 names[s][0]);
        expect_host(f, h, expected);
        compare(t, name, "A", expected);
    }
    for (int a = 0; a < ADDRESSES; a++) {
        char address[32], record[40];
        label_text(label, HOSTS, a);
        address_text(address, a);
        snprintf(record, sizeof record, "A %s", address);
        snprintf(name, sizeof name, "%s.%s.%s", label, names[s][1],
                 names[s][0]);
        compare(t, name, "A",
                f->there && has(f, HOSTS, a) ? record : "NXDOMAIN");
    }
}

static void compare_reverse(struct testbed *t, const struct model *m)
{
    char name[80], expected[TEXT];
    bool half[2] = {false};
    unsigned addresses = 0;

    for (int a = 0; a < ADDRESSES; a++) {
        snprintf(name, sizeof name, "%d.%d.0.10.in-addr.arpa.", a, a % 2);
        expect_ptr(m, a, expected);
        compare(t, name, "PTR", expected);
        compare(t, name, "A", owned(m, a) ? "NODATA" : "NXDOMAIN");
        half[a % 2] |= owned(m, a);
        addresses += owned(m, a);
    }
    compare(t, "0.0.10.in-addr.arpa.", "PTR", half[0] ? "NODATA" : "NXDOMAIN");
    compare(t, "1.0.10.in-addr.arpa.", "PTR", half[1] ? "NODATA" : "NXDOMAIN");
    compare(t, "0.10.in-addr.arpa.", "PTR",
            half[0] || half[1] ? "NODATA" : "NXDOMAIN");
    compare(t, "10.in-addr.arpa.", "TXT",
            half[0] || half[1] ? "NODATA" : "NXDOMAIN");
    assert_int_equal(zone_state(t->zone).addresses, addresses);
}

static void compare_all(struct testbed *t, const struct model *m)
{
    unsigned services = 0;
    for (int s = 0; s < SERVICES; s++) {
        compare_service(t, &m->services[s], s);
        services += exists(&m->services[s]);
    }
    compare_reverse(t, m);
    assert_int_equal(zone_state(t->zone).services, services);
}

// --- random steps ----------------------------------------------------------

static struct facts draw_facts(struct model *m)
{
    struct facts f = {.there = true,
                      .headless = draw(m, 3) > 0,
                      .has_port = draw(m, 4) > 0,
                      .cluster_ip = -1};
    uint32_t n = draw(m, 7);
    if (!f.headless && draw(m, 4))
        f.cluster_ip = (int)draw(m, ADDRESSES);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t h = draw(m, HOSTS + 1), a = draw(m, ADDRESSES);
        f.at[h][a] = true;
        f.ready[h][a] = draw(m, 5) > 0;
    }
    // a port that no ready endpoint has is no port
    bool served = false;
    for (int a = 0; a < ADDRESSES; a++)
        served |= any_host_has(&f, a);
    f.has_port &= served;
    return f;
}

static void facts_text(const struct facts *f, int s, char *out)
{
    char address[32], words[160], host[40];

    sprintf(out, "%s/%s %s", names[s][0], names[s][1],
            f->headless ? "headless" : "");
    if (f->cluster_ip >= 0) {
        address_text(address, f->cluster_ip);
        snprintf(words, sizeof words, " ip %s", address);
        strcat(out, words);
    }
    strcat(out, f->has_port ? " slice4 port p:80/tcp" : " slice4");
    for (int h = 0; h <= HOSTS; h++)
        for (int a = 0; a < ADDRESSES; a++) {
            if (!f->at[h][a])
                continue;
            address_text(address, a);
            if (h < HOSTS)
                label_text(host, h, a);
            snprintf(words, sizeof words, " end %s %s%s",
                     h < HOSTS ? host : "-", address,
                     f->ready[h][a] ? "" : "!");
            strcat(out, words);
        }
}

static void step(struct testbed *t, struct model *m)
{
    struct facts before[SERVICES];
    char words[TEXT];

    memcpy(before, m->services, sizeof before);
    for (uint32_t n = 1 + draw(m, 4); n > 0; n--) {
        int s = (int)draw(m, SERVICES);
        if (draw(m, 4) == 0) {
            m->services[s] = (struct facts){.cluster_ip = -1};
            testbed_remove(t, names[s][0], names[s][1]);
            continue;
        }
        m->services[s] = draw_facts(m);
        facts_text(&m->services[s], s, words);
        testbed_put(t, words);
    }
    if (draw(m, 5) == 0) {
        memcpy(m->services, before, sizeof before);
        testbed_cancel(t);
    } else {
        testbed_publish(t);
    }
}

static void run(uint64_t seed)
{
    struct testbed *t = testbed_new(NULL);
    struct model m = {.random = seed};

    for (int s = 0; s < SERVICES; s++)
        m.services[s].cluster_ip = -1;
    testbed_publish(t);
    for (int i = 0; i < STEPS; i++) {
        step(t, &m);
        compare_all(t, &m);
    }
    testbed_free(t);
}

static void random_steps_answer_as_a_plain_list_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_steps_answer_as_a_plain_list_says),
    };
    zone_reader_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
