// SPDX-License-Identifier: Apache-2.0
// GET /peers: whose peers are asked for, and what is said of them. One object:
//
//     version    of what DNS answers; the same again where that is the same
//     namespace  as far as the name says; otherwise ""
//     service    likewise
//     name       that was asked for, without its final dot; "" where no
//                namespace has the service
//     rcode      "NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL" (a fault)
//     reason     why there are no peers, "" where there are
//     peers      [{hostname, addresses, ports: [{name, protocol, port}],
//                ready}], in the answer's order; a hostname is "" where nothing
//                but an address is known. Of ports the number counts: it is
//                DNS that says it. ready is what the model says
#include "find.h"
#include "page.h"
#include "peers.h"

#include "zone/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = 1 }; // the version of a service that no namespace has

// --- who is meant ----------------------------------------------------------

// A service's name, and the parts it is made of, as they are written within a
// name (RFC 1035 5.1).
struct meant {
    struct dns_name name; // folded; empty where no namespace has the service
    char namespace[4 * DNS_LABEL_MAX + 1];
    char service[4 * DNS_LABEL_MAX + 1];
};

struct search {
    const char *name;
    const struct object *found;
    const struct object *other;
};

static int on_service(void *context, const struct object *o)
{
    struct search *s = context;

    if (strcmp(o->name, s->name) != 0)
        return 0;
    if (s->found)
        s->other = o;
    else
        s->found = o;
    return s->other != NULL;
}

static int find_namespace(const struct control *c, struct target *t,
                          struct error *err)
{
    struct search s = {.name = t->at.name};

    if (t->at.namespace)
        return 0;
    (void)cluster_each(c->settings.cluster, OBJECT_SERVICE, on_service, &s);
    if (s.other)
        return error_set(err, -EINVAL,
                         "'%s' is in namespaces '%s' and '%s'; write "
                         "NAMESPACE/NAME",
                         s.name, s.found->namespace, s.other->namespace);
    if (s.found)
        t->at.namespace = s.found->namespace;
    return 0;
}

static int domain_of(const struct control *c, struct dns_name *out,
                     struct error *err)
{
    char text[DNS_NAME_TEXT_SIZE];

    return dns_name_parse(zone_dump_origin(c->settings.zone, 0, text), out,
                          err);
}

static int prepend(struct dns_name *name, const char *label, struct error *err)
{
    if (dns_name_prepend(name, span_of_text(label)) == 0)
        return 0;
    return error_set(err, -EINVAL, "'%.100s' is no label of a name", label);
}

static int mean_service(const struct control *c, const char *text,
                        struct meant *out, struct error *err)
{
    struct target t;
    int rc = target_parse(&t, "service", text, err);

    if (rc == 0)
        rc = find_namespace(c, &t, err);
    if (rc || !t.at.namespace)
        return rc;
    rc = domain_of(c, &out->name, err);
    if (rc == 0)
        rc = prepend(&out->name, "svc", err);
    if (rc == 0)
        rc = prepend(&out->name, t.at.namespace, err);
    return rc ? rc : prepend(&out->name, t.at.name, err);
}

// Take a label off the left of a name.
static void behead(struct span *name)
{
    name->n -= name->p[0] + 1u;
    name->p += name->p[0] + 1u;
}

static void write_label(const uint8_t *label, char *out)
{
    uint8_t name[1 + DNS_LABEL_MAX + 1] = {0};
    char text[DNS_NAME_TEXT_SIZE];

    memcpy(name, label, 1u + label[0]);
    dns_name_format(span_of(name, label[0] + 2u), text);
    const size_t n = strlen(text) - 1; // without the dot
    memcpy(out, text, n);
    out[n] = '\0';
}

// SERVICE.NAMESPACE.svc.DOMAIN, with whatever before it.
static void cut(struct meant *m, const struct dns_name *domain)
{
    struct span left = dns_name_view(&m->name);
    const uint8_t *labels[3] = {NULL}; // the last ones before the domain

    while (left.n > domain->n) {
        labels[0] = labels[1];
        labels[1] = labels[2];
        labels[2] = left.p;
        behead(&left);
    }
    if (!labels[0] || !span_equal(left, dns_name_view(domain)) ||
        labels[2][0] != 3 || memcmp(labels[2] + 1, "svc", 3) != 0)
        return;
    write_label(labels[0], m->service);
    write_label(labels[1], m->namespace);
}

static int mean(const struct control *c, const char *text, struct meant *out,
                struct error *err)
{
    struct dns_name domain;
    int rc = strchr(text, '.') && !strchr(text, '/')
                 ? dns_name_parse(text, &out->name, err)
                 : mean_service(c, text, out, err);

    if (rc == 0)
        rc = domain_of(c, &domain, err);
    if (rc)
        return rc;
    dns_name_fold(&out->name);
    cut(out, &domain);
    return 0;
}

// --- the reply -------------------------------------------------------------

static const char *text_of(const struct dns_name *name,
                           char out[DNS_NAME_TEXT_SIZE])
{
    out[0] = '\0';
    if (name->n > 1) {
        dns_name_format(dns_name_view(name), out);
        out[strlen(out) - 1] = '\0';
    }
    return out;
}

static void write_peer(struct json_out *out, const struct told_peer *peer)
{
    char name[DNS_NAME_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];

    json_out_object(out, NULL);
    json_out_text(out, "hostname", text_of(&peer->name, name));
    json_out_list(out, "addresses");
    for (uint32_t i = 0; i < peer->addresses_n; i++)
        json_out_text(out, NULL, address_format(&peer->addresses[i], address));
    json_out_end(out);
    json_out_list(out, "ports");
    for (uint32_t i = 0; i < peer->ports_n; i++) {
        json_out_object(out, NULL);
        json_out_text(out, "name", peer->ports[i].name);
        json_out_text(out, "protocol", peer->ports[i].protocol);
        json_out_uint(out, "port", peer->ports[i].number);
        json_out_end(out);
    }
    json_out_end(out);
    json_out_bool(out, "ready", peer->ready);
    json_out_end(out);
}

static const char *rcode_text(uint16_t rcode)
{
    switch (rcode) {
    case DNS_RCODE_NOERROR:
        return "NOERROR";
    case DNS_RCODE_NXDOMAIN:
        return "NXDOMAIN";
    case DNS_RCODE_SERVFAIL:
        return "SERVFAIL";
    default:
        return "REFUSED";
    }
}

static void write_peers(const struct meant *m, const struct told_peers *p,
                        uint64_t version, struct httpd_reply *reply)
{
    struct json_out out = {.p = NULL};
    char name[DNS_NAME_TEXT_SIZE];

    json_out_object(&out, NULL);
    json_out_uint(&out, "version", version);
    json_out_text(&out, "namespace", m->namespace);
    json_out_text(&out, "service", m->service);
    json_out_text(&out, "name", text_of(&m->name, name));
    json_out_text(&out, "rcode", rcode_text(p->rcode));
    json_out_text(&out, "reason", p->reason);
    json_out_list(&out, "peers");
    for (size_t i = 0; i < p->n; i++)
        write_peer(&out, &p->items[i]);
    json_out_end(&out);
    json_out_end(&out);
    page_reply(reply, HTTPD_OK, &out);
}

// Where no namespace was given, and none has the service.
static void write_nobody(const char *text, const struct meant *m,
                         struct httpd_reply *reply)
{
    struct error why;
    const struct told_peers none = {.rcode = DNS_RCODE_NXDOMAIN,
                                    .reason = why.text};

    (void)error_set(&why, 0, "no namespace has a service '%.100s'", text);
    write_peers(m, &none, NOBODY, reply);
}

static int write_found(const struct control *c, const struct meant *m,
                       uint64_t version, struct httpd_reply *reply)
{
    struct told_peers p;
    int rc = told_peers_of_zone(c->settings.zone, &m->name, &p);

    if (rc == 0 && *m->service)
        rc = told_peers_add_model(&p, c->settings.cluster, m->namespace,
                                  m->service);
    if (rc == 0)
        write_peers(m, &p, version, reply);
    told_peers_release(&p);
    return rc;
}

// --- the page --------------------------------------------------------------

struct wish {
    const char *service;
    bool has_version;
    uint64_t version;
    uint64_t wait_ms;
};

static int read_wish(const struct httpd_request *request, struct wish *w,
                     struct error *err)
{
    struct page_word words[] = {
        {.key = "service"}, {.key = "version"}, {.key = "wait"}};
    int rc = page_words(request, words, ORD_COUNT(words), err);

    if (rc == 0 && !words[0].value)
        rc = error_set(err, -EINVAL,
                       "a service is missing; write "
                       "/peers?service=[NAMESPACE/]NAME");
    if (rc)
        return rc;
    w->service = words[0].value;
    w->has_version = words[1].value;
    if (words[1].value)
        rc = page_number(&words[1], UINT64_MAX, &w->version, err);
    if (rc == 0 && words[2].value)
        rc = page_number(&words[2], PAGE_WAIT_MS_MAX, &w->wait_ms, err);
    // what has been waited for is over
    if (request->waited)
        w->wait_ms = 0;
    return rc;
}

static void answer(const struct control *c, const struct wish *w,
                   const struct meant *m, struct httpd_reply *reply)
{
    uint64_t version = NOBODY;
    int rc =
        m->name.n ? told_peers_digest(c->settings.zone, &m->name, &version) : 0;

    if (rc == 0 && w->wait_ms && w->has_version && w->version == version)
        reply->wait_ms = (uint32_t)w->wait_ms;
    else if (rc == 0 && m->name.n == 0)
        write_nobody(w->service, m, reply);
    else if (rc == 0)
        rc = write_found(c, m, version, reply);
    if (rc)
        page_refuse(reply, error_set(&reply->why, rc,
                                     "there is no memory for the reply; ask "
                                     "again"));
}

void page_peers(struct control *c, const struct httpd_request *request,
                struct httpd_reply *reply)
{
    struct wish w = {.service = NULL};
    struct meant m = {.name = {.n = 0}};
    int rc = read_wish(request, &w, &reply->why);

    if (rc == 0 && !zone_is_complete(c->settings.zone) && w.wait_ms) {
        reply->wait_ms = (uint32_t)w.wait_ms;
        return;
    }
    if (rc == 0 && !page_is_complete(c, reply))
        return;
    if (rc == 0)
        rc = mean(c, w.service, &m, &reply->why);
    if (rc)
        page_refuse(reply, rc);
    else
        answer(c, &w, &m, reply);
}
