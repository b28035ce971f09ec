// SPDX-License-Identifier: Apache-2.0
// Where a name stands, read from the right as the zone does (K8S-DNS 2): which
// objects it speaks of, whether they are there or not.
#include "explain.h"

#include "dns/arpa.h"
#include "dns/dashed.h"
#include "dns/edns.h"
#include "dns/label.h"
#include "dns/record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

// --- queries ---------------------------------------------------------------

void explain_query(struct explain_query *out, const struct dns_name *name,
                   uint16_t type)
{
    // RD, one question, one additional record
    static const uint8_t header[DNS_HEADER] = {[2] = 1, [5] = 1, [11] = 1};
    struct bytes_out b = bytes_out_of(out->message, sizeof out->message);

    bytes_out_put(&b, span_of(header, sizeof header));
    bytes_out_put(&b, dns_name_view(name));
    bytes_out_u16(&b, type);
    bytes_out_u16(&b, DNS_CLASS_IN);
    uint8_t *opt = bytes_out_room(&b, DNS_OPT);
    assert(opt);
    edns_opt_write(opt, UINT16_MAX, DNS_RCODE_NOERROR, false);
    out->n = bytes_out_written(&b).n;
    const enum dns_verdict verdict =
        dns_query_parse(span_of(out->message, out->n), &out->q);
    assert(verdict == DNS_QUERY_OK);
}

bool explain_exists(const struct explain *e, const char *name)
{
    struct explain_query query;
    struct zone_lookup lookup = {0};
    struct zone_match match;
    struct dns_name wire;
    struct error err;

    if (dns_name_parse(name, &wire, &err))
        return false;
    dns_name_fold(&wire);
    explain_query(&query, &wire, DNS_TYPE_ANY);
    const enum zone_outcome outcome =
        zone_find(e->from->zone, &query.q, &lookup, &match);
    return outcome == ZONE_FOUND || outcome == ZONE_NODATA;
}

bool explain_service_exists(struct explain *e, const char *namespace,
                            const char *service)
{
    struct service seen;
    struct arena arena;

    arena_init(&arena, SIZE_MAX);
    const int rc =
        cluster_service(e->from->cluster, namespace, service, &arena, &seen);
    arena_release(&arena);
    e->no_memory |= rc == -ENOMEM;
    return rc == 0 && seen.object;
}

// --- labels ----------------------------------------------------------------

// A name cut into labels, from the left, each as it is written within a name
// (RFC 1035 5.1): one that is no word equals no object's name.
struct labels_of {
    const char *items[DNS_LABELS_MAX];
    unsigned n;
};

static const char *label_of(const struct labels_of *l, unsigned i)
{
    return i < l->n ? l->items[i] : "";
}

static const char *format_label(struct explain *e, const uint8_t *label)
{
    uint8_t name[1 + DNS_LABEL_MAX + 1] = {0};
    char text[DNS_NAME_TEXT_SIZE];

    memcpy(name, label, 1u + label[0]);
    dns_name_format(span_of(name, label[0] + 2u), text);
    return explain_say(e, "%.*s", (int)strlen(text) - 1, text);
}

static void cut(struct explain *e, struct span name, struct labels_of *out)
{
    for (size_t at = 0; at < name.n && name.p[at]; at += name.p[at] + 1u)
        out->items[out->n++] = format_label(e, name.p + at);
}

// Labels of a name that are left of the domain; -1: it is not below it.
static int below(const struct explain *e, const struct dns_name *name)
{
    const struct span whole = dns_name_view(name);
    const struct span domain = dns_name_view(&e->domain);
    const unsigned labels = dns_name_labels(whole);
    const unsigned fixed = dns_name_labels(domain);
    size_t at = 0;

    if (labels < fixed)
        return -1;
    for (unsigned i = 0; i < labels - fixed; i++)
        at += name->wire[at] + 1u;
    return span_equal(span_of(name->wire + at, whole.n - at), domain)
               ? (int)(labels - fixed)
               : -1;
}

static const char *bare(const char *label)
{
    return label + (*label == '_');
}

// --- addresses -------------------------------------------------------------

// Whether a name is that of a whole address in the reverse tree.
static bool read_reverse(const struct dns_name *name, struct address *out)
{
    struct explain_query query;
    struct address a;
    unsigned bits;

    explain_query(&query, name, DNS_TYPE_PTR);
    const struct dns_query *q = &query.q;
    if (q->labels < 2 || !label_is(label_at(q, q->labels - 1u), "\4arpa"))
        return false;
    const uint8_t *family = label_at(q, q->labels - 2u);
    if (!label_is(family, "\7in-addr") && !label_is(family, "\3ip6"))
        return false;
    if (!dns_arpa_parse(q, &a, &bits) || bits != 8u * address_size(&a))
        return false;
    *out = a;
    return true;
}

// --- places ----------------------------------------------------------------

static void read_service(const struct labels_of *l, unsigned n,
                         struct explain_subject *out)
{
    out->namespace = label_of(l, n - 2);
    if (n == 2) {
        out->place = EXPLAIN_NAMESPACE;
        return;
    }
    out->service = label_of(l, n - 3);
    out->place = n == 3   ? EXPLAIN_SERVICE
                 : n == 4 ? EXPLAIN_HOSTNAME
                          : EXPLAIN_PORT;
    if (n == 4)
        out->hostname = label_of(l, 0);
    if (n == 5) {
        out->port = bare(label_of(l, 0));
        out->protocol = bare(label_of(l, 1));
    }
}

static void read_pod(const struct labels_of *l, unsigned n,
                     struct explain_subject *out)
{
    out->namespace = label_of(l, n - 2);
    out->place = n == 2 ? EXPLAIN_NAMESPACE : EXPLAIN_POD;
    if (n == 3)
        out->hostname = label_of(l, 0);
}

struct explain_subject explain_subject(struct explain *e,
                                       const struct dns_name *name)
{
    struct explain_subject s = {EXPLAIN_ELSEWHERE, "", "", "", "", "", {0}};
    struct labels_of labels = {.n = 0};
    const int n = below(e, name);

    cut(e, dns_name_view(name), &labels);
    if (read_reverse(name, &s.address)) {
        s.place = EXPLAIN_ADDRESS;
        return s;
    }
    if (n < 2)
        return s;
    if (strcmp(label_of(&labels, (unsigned)n - 1), "svc") == 0)
        read_service(&labels, (unsigned)n, &s);
    else if (strcmp(label_of(&labels, (unsigned)n - 1), "pod") == 0)
        read_pod(&labels, (unsigned)n, &s);
    // an endpoint without hostname is called by its address
    if (*s.hostname)
        (void)dns_dashed_parse(name->wire, &s.address);
    return s;
}
