// SPDX-License-Identifier: Apache-2.0
/*
 * How much of a service's answers fits into a UDP reply, by asking as those do
 * who depend on it:
 *
 *     A, AAAA  the stub resolvers of libc, without EDNS: 512 octets, which 28
 *              addresses pass, or 16 of IPv6
 *     SRV      libraries that speak EDNS: as much as the server sends, 1232
 *              octets, which some 15 peers pass
 *
 * SRV without EDNS is not looked at: some six peers would pass 512 octets, and
 * who asks so goes on over TCP, as all do that know SRV.
 */
#include "ask.h"
#include "view.h"

#include "answer/answer.h"

#include <stdio.h>
#include <string.h>

struct measuring {
    struct check *c;
    struct answer_context answers;
    uint8_t message[DNS_TCP_MAX];
};

// Of an answer: records that are in a reply, and all there are.
struct measure {
    uint32_t sent;
    uint32_t all;
    bool cut;
};

// --- asking ----------------------------------------------------------------

// How many records there are, which no message may have room for.
static uint32_t count_all(const struct measuring *m,
                          const struct dns_name *name, uint16_t type)
{
    uint8_t message[ASK_MESSAGE_SIZE];
    struct dns_query q;
    struct zone_lookup l;
    struct zone_match match = {.records = NULL};
    const uint32_t n = ask_write(name, type, 0, message);

    if (dns_query_parse(span_of(message, n), &q) != DNS_QUERY_OK ||
        zone_find(m->answers.zone, &q, &l, &match) != ZONE_FOUND ||
        match.form != ZONE_FORM_RECORDS)
        return 0;
    return match.records->answer_count;
}

static struct measure measure(struct measuring *m, const struct dns_name *name,
                              uint16_t type, uint16_t edns_size)
{
    struct answer_job job = {
        .message = m->message,
        .query_n = ask_write(name, type, edns_size, m->message),
        .size = sizeof m->message,
        .transport = ANSWER_UDP,
    };

    answer_batch(&m->answers, &job, 1);
    if (job.verdict != ANSWER_SEND)
        return (struct measure){.cut = false};
    return (struct measure){
        .cut = bytes_load_u16(m->message + 2) & DNS_FLAG_TC,
        .sent = bytes_load_u16(m->message + 6),
        .all = count_all(m, name, type),
    };
}

// --- telling ---------------------------------------------------------------

// Where the number of peers is said.
static struct place told_at(const struct check *c, const struct object *service)
{
    const struct object *set = governed_set(c->view, service);

    return set ? check_place(check_document_of(c, set), "spec.replicas")
               : check_place(check_document_of(c, service), "metadata.name");
}

static void tell(struct measuring *m, const struct object *service,
                 enum reason_code code, const char *detail,
                 const struct measure *found)
{
    const struct reason why = {
        .code = code,
        .namespace = service->namespace,
        .service = service->name,
        .detail = detail,
        .first = found->sent,
        .last = found->all,
    };

    check_tell(m->c, told_at(m->c, service), &why);
}

// --- each service ----------------------------------------------------------

static void measure_addresses(struct measuring *m, const struct object *service,
                              const struct dns_name *name, uint16_t type,
                              const char *type_name)
{
    const struct measure found = measure(m, name, type, 0);

    if (found.cut)
        tell(m, service, REASON_ANSWER_OVER_512, type_name, &found);
}

// Returns whether it was told: of several ports one is enough.
static bool measure_port(struct measuring *m, const struct object *service,
                         const struct dns_name *name,
                         const struct service_port *port)
{
    struct dns_name at = *name;
    char label[DNS_LABEL_MAX + 2], text[64];

    snprintf(label, sizeof label, "_%s",
             protocol_label((enum protocol)port->protocol));
    if (!*port->name || !ask_prepend(&at, label))
        return false;
    snprintf(label, sizeof label, "_%s", port->name);
    if (!ask_prepend(&at, label))
        return false;
    const uint16_t size = (uint16_t)m->c->settings->max_udp;
    const struct measure found = measure(m, &at, DNS_TYPE_SRV, size);
    if (!found.cut)
        return false;
    snprintf(text, sizeof text, "%u octets", (unsigned)size);
    tell(m, service, REASON_ANSWER_OVER_UDP, text, &found);
    return true;
}

static int visit(void *context, const struct object *service)
{
    struct measuring *m = context;
    const struct service_facts *s = &service->service;
    struct dns_name name;

    if (s->type != SERVICE_HEADLESS ||
        !ask_service_name(m->c, service->namespace, service->name, &name))
        return 0;
    measure_addresses(m, service, &name, DNS_TYPE_A, "A");
    measure_addresses(m, service, &name, DNS_TYPE_AAAA, "AAAA");
    for (uint32_t i = 0; i < s->ports_n; i++)
        if (measure_port(m, service, &name, &s->ports[i]))
            break;
    return m->c->no_memory;
}

void check_sizes(struct check *c)
{
    struct measuring *m = arena_alloc(&c->arena, sizeof *m);

    if (!m) {
        c->no_memory = true;
        return;
    }
    m->c = c;
    m->answers.zone = c->pipeline.zone;
    m->answers.settings = pipeline_answers(c->settings);
    m->answers.settings.hold_ms = 0;
    (void)cluster_each(c->pipeline.cluster, OBJECT_SERVICE, visit, m);
}
