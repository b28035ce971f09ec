// SPDX-License-Identifier: Apache-2.0
// A zone as text. The tables say which names there may be, and zone_find() what
// each of them answers: so what is printed is what is served.
#include "zone/dump.h"

#include "dns/record.h"
#include "dns/text.h"
#include "doc/json.h"
#include "dump_names.h"
#include "dump_records.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Types that there are records of, in the order in which a name's are printed.
// SOA first: a master file begins with it. A name with a CNAME has nothing
// else.
static const uint16_t types[] = {
    DNS_TYPE_SOA, DNS_TYPE_A,   DNS_TYPE_NS,   DNS_TYPE_CNAME,
    DNS_TYPE_PTR, DNS_TYPE_TXT, DNS_TYPE_AAAA, DNS_TYPE_SRV,
};

enum {
    // an owner's name as text, or as a JSON string
    OWNER_SIZE = 6 * DNS_NAME_TEXT_SIZE + 2,
    // the same with type and TTL
    HEAD_SIZE = OWNER_SIZE + 80,
};

// A dump while it is made.
struct dump {
    const struct zone *zone;
    const struct zone_origin *origin;
    enum zone_dump_format format;
    struct zone_dump text;
    size_t room;
    bool more; // JSON: a record was written before
    struct dump_set set;
    struct dump_names names;
    struct dump_names below;
};

// --- text that grows -------------------------------------------------------

// Room for n octets behind the text, or NULL.
static char *reserve(struct dump *d, size_t n)
{
    if (d->room - d->text.n >= n)
        return d->text.p + d->text.n;
    size_t room = d->room ? d->room : 4096;
    while (room - d->text.n < n)
        room *= 2;
    char *p = realloc(d->text.p, room);
    if (!p)
        return NULL;
    d->text.p = p;
    d->room = room;
    return p + d->text.n;
}

// Part of a line: short, but for two names.
ORD_PRINTF(2, 3)
ORD_CHECKED static int put(struct dump *d, const char *format, ...)
{
    char *to = reserve(d, OWNER_SIZE);
    if (!to)
        return -ENOMEM;
    va_list args;
    va_start(args, format);
    const int n = vsprintf(to, format, args);
    va_end(args);
    d->text.n += (size_t)n;
    return 0;
}

// --- records ---------------------------------------------------------------

static int put_octets(struct dump *d, const char *p, size_t n)
{
    char *to = reserve(d, n);
    if (!to)
        return -ENOMEM;
    memcpy(to, p, n);
    d->text.n += n;
    return 0;
}

static int put_string(struct dump *d, const char *text, size_t text_n)
{
    char *to = reserve(d, json_string_size(text_n));
    const size_t n = to ? json_string_format(span_of(text, text_n), to) : 0;
    d->text.n += n;
    return n ? 0 : -ENOMEM;
}

static int put_text_data(struct dump *d, struct span rdata)
{
    char *to = reserve(d, dns_rdata_text_size(rdata.n) + 1);
    if (!to)
        return -ENOMEM;
    size_t n = dns_rdata_format(d->set.type, rdata, to);
    to[n++] = '\n';
    d->text.n += n;
    return 0;
}

static int put_json_data(struct dump *d, struct span rdata)
{
    char small[1536], *data = small;
    const size_t size = dns_rdata_text_size(rdata.n);

    if (size > sizeof small) {
        data = malloc(size);
        if (!data)
            return -ENOMEM;
    }
    const size_t n = dns_rdata_format(d->set.type, rdata, data);
    int rc = put_string(d, data, n);
    if (rc == 0)
        rc = put_octets(d, "}", 1);
    if (data != small)
        free(data);
    return rc;
}

// What stands before the data of records that have all else in common.
static int format_head(const struct dump *d, const char *owner, uint32_t ttl_s,
                       char out[HEAD_SIZE])
{
    char type[16];

    dns_type_format(d->set.type, type);
    if (d->format == ZONE_DUMP_TEXT)
        return sprintf(out, "%s\t%u\tIN\t%s\t", owner, ttl_s, type);
    return sprintf(out,
                   "{\"name\":%s,\"ttl\":%u,\"type\":\"%s\",\"data\":", owner,
                   ttl_s, type);
}

// One line; of JSON what is between two of them, too.
static int put_record(struct dump *d, const char *head, int head_n,
                      struct span rdata)
{
    const bool json = d->format == ZONE_DUMP_JSON;
    int rc = 0;

    if (json)
        rc = d->more ? put_octets(d, ",\n", 2) : put_octets(d, "\n", 1);
    d->more = true;
    if (rc == 0)
        rc = put_octets(d, head, (size_t)head_n);
    if (rc == 0)
        rc = json ? put_json_data(d, rdata) : put_text_data(d, rdata);
    return rc;
}

static int put_set(struct dump *d, const char *owner)
{
    char head[HEAD_SIZE];
    int head_n = 0, rc = 0;

    for (size_t i = 0; i < d->set.n && rc == 0; i++) {
        const struct dump_record *record = &d->set.items[i];
        // RFC 2181 5.2: the records of a set have one TTL
        if (head_n == 0)
            head_n = format_head(d, owner, record->ttl_s, head);
        rc = put_record(d, head, head_n, record->rdata);
    }
    return rc;
}

// The owner as it stands in each record. Returns 0 or -ENOMEM.
static int format_owner(const struct dump *d, const struct dns_name *name,
                        char out[OWNER_SIZE])
{
    char text[DNS_NAME_TEXT_SIZE];

    if (d->format == ZONE_DUMP_TEXT) {
        dns_name_format(dns_name_view(name), out);
        return 0;
    }
    dns_name_format(dns_name_view(name), text);
    const size_t n = json_string_format(span_of_text(text), out);
    out[n] = '\0';
    return n ? 0 : -ENOMEM;
}

// A query for the name, read as those are that clients send.
static void ask(const struct dns_name *name, struct dns_query *q)
{
    static const uint8_t header[DNS_HEADER] = {[5] = 1};
    uint8_t message[DNS_HEADER + DNS_QUESTION_MAX];
    struct bytes_out out = bytes_out_of(message, sizeof message);

    bytes_out_put(&out, span_of(header, sizeof header));
    bytes_out_put(&out, dns_name_view(name));
    bytes_out_u16(&out, DNS_TYPE_SOA);
    bytes_out_u16(&out, DNS_CLASS_IN);
    const enum dns_verdict verdict =
        dns_query_parse(bytes_out_written(&out), q);
    assert(verdict == DNS_QUERY_OK);
    // the message goes, the name stays
    q->name = name->wire;
}

static int put_name(struct dump *d, const struct dns_name *name)
{
    char owner[OWNER_SIZE];
    enum zone_outcome outcome = ZONE_NODATA;
    struct dns_query q;

    if (format_owner(d, name, owner))
        return -ENOMEM;
    ask(name, &q);
    for (size_t i = 0; i < ORD_COUNT(types); i++) {
        q.qtype = types[i];
        if (dump_set_ask(&d->set, d->zone, d->origin, &q, &outcome))
            return -ENOMEM;
        if (outcome == ZONE_NXDOMAIN || outcome == ZONE_OUTSIDE)
            return 0;
        if (put_set(d, owner))
            return -ENOMEM;
    }
    return 0;
}

// --- origins ---------------------------------------------------------------

static int put_below(struct dump *d, const struct dns_name *service,
                     const struct zone_block *block)
{
    struct dns_name name;
    int rc = dump_names_below(&d->below, block);

    for (size_t i = 0; i < d->below.n && rc == 0; i++)
        if (dump_name_expand(&d->below.items[i], service, &name) == 0)
            rc = put_name(d, &name);
    return rc;
}

static int put_names(struct dump *d)
{
    int rc = 0;

    for (size_t i = 0; i < d->names.n && rc == 0; i++) {
        const struct dump_name *item = &d->names.items[i];
        struct dns_name name;
        if (dump_name_expand(item, &d->origin->name, &name))
            continue;
        rc = put_name(d, &name);
        if (rc == 0 && item->block)
            rc = put_below(d, &name, item->block);
    }
    return rc;
}

static int put_head(struct dump *d)
{
    char name[DNS_NAME_TEXT_SIZE];

    dns_name_format(dns_name_view(&d->origin->name), name);
    if (d->format == ZONE_DUMP_TEXT)
        return put(d, "; zone %s\n$ORIGIN %s\n$TTL %u\n", name, name,
                   zone_ttl_s(d->zone));
    d->more = false;
    if (put(d, "{\"origin\":") || put_string(d, name, strlen(name)))
        return -ENOMEM;
    return put(d, ",\"serial\":%u,\"records\":[", zone_serial(d->zone));
}

static int put_origin(struct dump *d, size_t i)
{
    d->origin = &d->zone->origins[i];
    int rc = dump_names_of_origin(&d->names, d->zone, i);
    if (rc == 0)
        rc = put_head(d);
    if (rc == 0)
        rc = put_names(d);
    if (rc == 0 && d->format == ZONE_DUMP_JSON)
        rc = put(d, "\n]}");
    dump_names_release(&d->names);
    return rc;
}

static int put_all(struct dump *d)
{
    const bool json = d->format == ZONE_DUMP_JSON;
    int rc = 0;

    for (size_t i = 0; i < d->zone->origins_n && rc == 0; i++) {
        if (json)
            rc = put(d, i ? ",\n" : "[");
        if (rc == 0)
            rc = put_origin(d, i);
    }
    return rc == 0 && json ? put(d, "]") : rc;
}

int zone_dump(const struct zone *z, size_t i, enum zone_dump_format format,
              struct zone_dump *out)
{
    struct dump d = {.zone = z, .format = format};

    assert(i == ZONE_DUMP_ALL || i < z->origins_n);
    dump_set_init(&d.set);
    dump_names_init(&d.names);
    dump_names_init(&d.below);
    int rc = i == ZONE_DUMP_ALL ? put_all(&d) : put_origin(&d, i);
    if (rc == 0 && format == ZONE_DUMP_JSON)
        rc = put(&d, "\n");
    dump_names_release(&d.below);
    dump_set_release(&d.set);
    if (rc) {
        free(d.text.p);
        return rc;
    }
    *out = d.text;
    return 0;
}

size_t zone_dump_origins(const struct zone *z)
{
    return z->origins_n;
}

const char *zone_dump_origin(const struct zone *z, size_t i, char *out)
{
    assert(i < z->origins_n);
    return dns_name_format(dns_name_view(&z->origins[i].name), out);
}

int zone_dump_find(const struct zone *z, const char *name, size_t *i,
                   struct error *err)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct dns_name wanted;
    const int rc = dns_name_parse(name, &wanted, err);

    if (rc)
        return rc;
    dns_name_fold(&wanted);
    for (size_t k = 0; k < z->origins_n; k++)
        if (span_equal(dns_name_view(&z->origins[k].name),
                       dns_name_view(&wanted))) {
            *i = k;
            return 0;
        }
    return error_set(err, -ENOENT,
                     "'%.255s' is no zone that is served; '%.200s' is the "
                     "first of %zu, and without an origin all are printed",
                     name, zone_dump_origin(z, 0, text), z->origins_n);
}
