// SPDX-License-Identifier: Apache-2.0
#include "lib/reply.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_A = 1, TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_PTR = 12 };
enum { TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_OPT = 41 };

struct name_of {
    int number;
    const char *name;
};

static const struct name_of types[] = {
    {TYPE_A, "A"},     {TYPE_NS, "NS"},   {TYPE_CNAME, "CNAME"},
    {TYPE_SOA, "SOA"}, {TYPE_PTR, "PTR"}, {13, "HINFO"},
    {15, "MX"},        {TYPE_TXT, "TXT"}, {TYPE_AAAA, "AAAA"},
    {TYPE_SRV, "SRV"}, {35, "NAPTR"},     {TYPE_OPT, "OPT"},
    {43, "DS"},        {48, "DNSKEY"},    {64, "SVCB"},
    {65, "HTTPS"},     {251, "IXFR"},     {252, "AXFR"},
    {255, "ANY"},      {257, "CAA"},
};

static const struct name_of rcodes[] = {
    {0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"}, {3, "NXDOMAIN"},
    {4, "NOTIMP"},  {5, "REFUSED"}, {16, "BADVERS"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int number_of(const struct name_of *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].number;
    return -1;
}

static const char *text_of(const struct name_of *table, size_t n, int number)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].name;
    return NULL;
}

int reply_type_of(const char *name)
{
    if (strncmp(name, "TYPE", 4) == 0 && name[4])
        return atoi(name + 4);
    return number_of(types, COUNT(types), name);
}

const char *reply_rcode_name(uint16_t rcode, char *out)
{
    const char *name = text_of(rcodes, COUNT(rcodes), rcode);
    if (name)
        snprintf(out, 16, "%s", name);
    else
        snprintf(out, 16, "RCODE%u", rcode);
    return out;
}

// The message, how far it was read, and what was wrong first.
struct reader {
    const uint8_t *p;
    size_t n;
    size_t at;
    char *error;
    bool failed;
};

static void fail(struct reader *r, const char *what)
{
    if (!r->failed)
        snprintf(r->error, 200, "offset %zu: %s", r->at, what);
    r->failed = true;
}

static uint32_t take(struct reader *r, size_t n)
{
    uint32_t v = 0;
    if (r->failed || r->n - r->at < n) {
        fail(r, "message ends early");
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        v = v << 8 | r->p[r->at++];
    return v;
}

// A line under construction; too long a line is cut, which a test will notice.
struct line {
    char text[REPLY_LINE_SIZE];
    size_t n;
};

static void add_char(struct line *l, char c)
{
    if (l->n + 1 < sizeof l->text)
        l->text[l->n++] = c;
    l->text[l->n] = 0;
}

static void add(struct line *l, const char *text)
{
    while (*text)
        add_char(l, *text++);
}

static void add_number(struct line *l, uint32_t v)
{
    char text[16];
    snprintf(text, sizeof text, "%u", v);
    add(l, text);
}

static void add_octet(struct line *l, uint8_t c)
{
    char text[8];
    if (c > 0x20 && c < 0x7f) {
        if (strchr(".\\\"();@$", c))
            add_char(l, '\\');
        add_char(l, (char)c);
    } else {
        snprintf(text, sizeof text, "\\%03u", c);
        add(l, text);
    }
}

// RFC 1035 4.1.4: a pointer goes back, always before where it stands.
static size_t follow(struct reader *r, size_t at, size_t limit)
{
    size_t target =
        r->n - at < 2 ? limit : (size_t)(r->p[at] & 0x3f) << 8 | r->p[at + 1];
    if (target >= limit)
        fail(r, "compression pointer does not point back");
    return target;
}

static void add_name(struct reader *r, struct line *l, bool may_point)
{
    size_t at = r->at, limit = r->at, octets = 1;
    bool jumped = false;
    bool root = true;

    while (!r->failed) {
        if (at >= r->n) {
            fail(r, "name runs out of the message");
            break;
        }
        uint8_t c = r->p[at];
        if ((c & 0xc0) == 0xc0) {
            if (!may_point)
                fail(r, "a name that must not be compressed is");
            if (!jumped)
                r->at = at + 2;
            jumped = true;
            at = limit = follow(r, at, limit);
            continue;
        }
        octets += c + 1U;
        if (c > 63 || octets > 256 || r->n - at <= c) {
            fail(r, "label or name too long");
            break;
        }
        at += 1;
        if (c == 0)
            break;
        for (unsigned i = 0; i < c; i++)
            add_octet(l, r->p[at++]);
        add_char(l, '.');
        root = false;
    }
    if (root)
        add_char(l, '.');
    if (!jumped)
        r->at = at;
}

static void add_address(struct reader *r, struct line *l, int family, size_t n,
                        size_t size)
{
    char text[INET6_ADDRSTRLEN];
    if (n != size || r->n - r->at < size) {
        fail(r, "address record of wrong length");
        return;
    }
    add(l, inet_ntop(family, r->p + r->at, text, sizeof text));
    r->at += size;
}

static void add_soa(struct reader *r, struct line *l)
{
    add_name(r, l, true);
    add_char(l, ' ');
    add_name(r, l, true);
    for (int i = 0; i < 5; i++) {
        add_char(l, ' ');
        add_number(l, take(r, 4));
    }
}

static void add_srv(struct reader *r, struct line *l)
{
    for (int i = 0; i < 3; i++) {
        add_number(l, take(r, 2));
        add_char(l, ' ');
    }
    add_name(r, l, false);
}

static void add_txt(struct reader *r, struct line *l, size_t end)
{
    for (bool first = true; r->at < end && !r->failed; first = false) {
        uint32_t n = take(r, 1);
        add(l, first ? "\"" : " \"");
        while (n-- > 0 && !r->failed)
            add_char(l, (char)take(r, 1));
        add_char(l, '"');
    }
}

static void add_unknown(struct reader *r, struct line *l, size_t n)
{
    char text[8];
    add(l, "\\# ");
    add_number(l, (uint32_t)n);
    for (size_t i = 0; i < n && !r->failed; i++) {
        snprintf(text, sizeof text, i ? "%02x" : " %02x", take(r, 1));
        add(l, text);
    }
}

static void add_rdata(struct reader *r, struct line *l, int type, size_t n)
{
    size_t end = r->at + n;

    if (r->n - r->at < n) {
        fail(r, "RDATA runs out of the message");
        return;
    }
    if (type == TYPE_A)
        add_address(r, l, AF_INET, n, 4);
    else if (type == TYPE_AAAA)
        add_address(r, l, AF_INET6, n, 16);
    else if (type == TYPE_NS || type == TYPE_CNAME || type == TYPE_PTR)
        add_name(r, l, true);
    else if (type == TYPE_SOA)
        add_soa(r, l);
    else if (type == TYPE_SRV)
        add_srv(r, l);
    else if (type == TYPE_TXT)
        add_txt(r, l, end);
    else
        add_unknown(r, l, n);
    if (r->at != end)
        fail(r, "RDATA length is not what the record needs");
}

static void add_type(struct line *l, int type)
{
    const char *name = text_of(types, COUNT(types), type);
    add(l, name ? name : "TYPE");
    if (!name)
        add_number(l, (uint32_t)type);
}

// Options of an OPT record (RFC 6891 6.1.2); the extended error is kept.
static void read_options(struct reader *r, struct reply *out, size_t n)
{
    size_t end = r->at + n;

    while (r->at < end && !r->failed) {
        uint32_t code = take(r, 2), length = take(r, 2);
        if (r->failed || r->at > end || end - r->at < length || end > r->n) {
            fail(r, "EDNS option runs out of its record");
            return;
        }
        if (code == 15 && length >= 2 && out->ede < 0) {
            size_t text = length - 2 < 255 ? length - 2 : 255;
            out->ede = (int)take(r, 2);
            memcpy(out->ede_text, r->p + r->at, text);
            r->at += length - 2;
        } else {
            r->at += length;
        }
    }
}

static void read_opt(struct reader *r, struct reply *out, const char *owner)
{
    if (out->has_opt || strcmp(owner, ".") != 0)
        fail(r, "two OPT records, or one whose owner is not the root");
    out->has_opt = true;
    out->opt_size = (uint16_t)take(r, 2);
    uint32_t ttl = take(r, 4);
    out->rcode = (uint16_t)(out->rcode | ttl >> 24 << 4);
    out->dnssec_ok = ttl & 0x8000;
    if (ttl >> 16 & 0xff)
        fail(r, "EDNS version is not 0");
    uint32_t n = take(r, 2);
    if (!r->failed && n <= r->n - r->at && n <= sizeof out->options) {
        memcpy(out->options, r->p + r->at, n);
        out->options_n = n;
    }
    read_options(r, out, n);
}

static void keep(struct reader *r, struct reply *out, enum reply_section s,
                 const struct line *l)
{
    char **lines =
        realloc(out->lines[s], (out->lines_n[s] + 1) * sizeof *lines);
    char *copy = strdup(l->text);
    if (lines)
        out->lines[s] = lines;
    if (!lines || !copy) {
        free(copy);
        fail(r, "no memory for the test itself");
        return;
    }
    lines[out->lines_n[s]++] = copy;
}

static void read_record(struct reader *r, struct reply *out,
                        enum reply_section section)
{
    struct line l = {.n = 0};

    add_name(r, &l, true);
    int type = (int)take(r, 2);
    if (type == TYPE_OPT) {
        read_opt(r, out, l.text);
        return;
    }
    uint32_t class = take(r, 2), ttl = take(r, 4), n = take(r, 2);
    add_char(&l, ' ');
    add_number(&l, ttl);
    add(&l, class == 1 ? " IN " : class == 3 ? " CH " : " CLASS? ");
    add_type(&l, type);
    add_char(&l, ' ');
    add_rdata(r, &l, type, n);
    if (!r->failed)
        keep(r, out, section, &l);
}

static void read_question(struct reader *r, struct reply *out)
{
    struct line l = {.n = 0};

    add_name(r, &l, false);
    int type = (int)take(r, 2);
    uint32_t class = take(r, 2);
    add(&l, class == 1 ? " IN " : class == 3 ? " CH " : " CLASS? ");
    add_type(&l, type);
    memcpy(out->question, l.text, sizeof l.text);
}

bool reply_read(const uint8_t *message, size_t n, struct reply *out,
                char *error)
{
    struct reader r = {.p = message, .n = n, .error = error};
    uint32_t counts[4];

    *out = (struct reply){.ede = -1};
    out->id = (uint16_t)take(&r, 2);
    out->flags = (uint16_t)take(&r, 2);
    out->rcode = out->flags & 15;
    for (int i = 0; i < 4; i++)
        counts[i] = take(&r, 2);
    if (!r.failed && counts[0] > 1)
        fail(&r, "more than one question");
    if (counts[0] == 1)
        read_question(&r, out);
    for (int s = 0; s < 3; s++)
        for (uint32_t i = 0; i < counts[s + 1] && !r.failed; i++)
            read_record(&r, out, (enum reply_section)s);
    if (!r.failed && r.at != n)
        fail(&r, "octets behind the last record");
    return !r.failed;
}

const uint8_t *reply_option(const struct reply *r, unsigned code, size_t *n)
{
    for (size_t at = 0; at + 4 <= r->options_n; at += 4 + *n) {
        const uint8_t *p = r->options + at;
        *n = (size_t)p[2] << 8 | p[3];
        if (((unsigned)p[0] << 8 | p[1]) == code)
            return p + 4;
    }
    return NULL;
}

void reply_release(struct reply *r)
{
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < r->lines_n[s]; i++)
            free(r->lines[s][i]);
        free(r->lines[s]);
    }
    *r = (struct reply){.ede = -1};
}

const char *reply_flags(const struct reply *r, char out[REPLY_FLAGS_SIZE])
{
    static const struct name_of flags[] = {
        {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"},
        {0x0080, "ra"}, {0x0020, "ad"}, {0x0010, "cd"},
    };
    out[0] = 0;
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (!(r->flags & flags[i].number))
            continue;
        if (out[0])
            strcat(out, " ");
        strcat(out, flags[i].name);
    }
    return out;
}

static size_t write_name(uint8_t *out, const char *name)
{
    size_t n = 0;

    if (strcmp(name, ".") == 0)
        name = "";
    while (*name) {
        size_t label = strcspn(name, ".");
        if (label == 0 || label > 63 || n + label > 253)
            return 0;
        out[n++] = (uint8_t)label;
        memcpy(out + n, name, label);
        n += label;
        name += label + (name[label] == '.');
    }
    out[n++] = 0;
    return n;
}

size_t query_write(uint8_t *out, size_t size, uint16_t id, const char *name,
                   uint16_t type, uint16_t edns_size, bool recursion_desired)
{
    const uint8_t head[12] = {
        (uint8_t)(id >> 8),   (uint8_t)id, recursion_desired ? 1 : 0, 0, 0, 1,
        [11] = edns_size > 0,
    };
    const uint8_t opt[11] = {0, 0, TYPE_OPT, (uint8_t)(edns_size >> 8),
                             (uint8_t)edns_size};

    if (size < sizeof head + 255 + 4 + sizeof opt)
        return 0;
    memcpy(out, head, sizeof head);
    size_t n = write_name(out + sizeof head, name);
    if (n == 0)
        return 0;
    n += sizeof head;
    out[n++] = (uint8_t)(type >> 8);
    out[n++] = (uint8_t)type;
    out[n++] = 0;
    out[n++] = 1;
    if (edns_size) {
        memcpy(out + n, opt, sizeof opt);
        n += sizeof opt;
    }
    return n;
}
