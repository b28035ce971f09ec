// SPDX-License-Identifier: Apache-2.0
// Peers that look for each other before they are ready, where only those that
// are ready have names. Nobody can tell for sure what a program does with a
// name, so this tells only of templates in which peers are named.
#include "view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct search {
    struct check *check;
    const struct object *set;
    const struct object *service;
    const struct check_document *document;
    // what was found
    const struct doc_node *at; // NULL: nothing
    uint32_t ordinal;
    bool whole; // the service's own name, not an ordinal's
};

static bool is_label_octet(char c)
{
    return isalnum((unsigned char)c) || c == '-';
}

// "web-1.nginx": an ordinal behind the first one; that of the first is no more
// than where the others begin. Returns whether text goes on so at `at`.
static bool is_peer(const struct search *s, const char *text, const char *at,
                    uint32_t *ordinal)
{
    const struct workload_facts *w = &s->set->workload;
    const size_t n = strlen(s->set->name), service_n = strlen(s->service->name);
    char *end;
    if (at > text && (is_label_octet(at[-1]) || at[-1] == '.'))
        return false;
    if (at[n] != '-' || !isdigit((unsigned char)at[n + 1]))
        return false;
    const unsigned long value = strtoul(at + n + 1, &end, 10);
    if (*end != '.' || value <= w->start ||
        value - w->start >= (unsigned long)w->replicas ||
        strncmp(end + 1, s->service->name, service_n) != 0 ||
        is_label_octet(end[1 + service_n]))
        return false;
    *ordinal = (uint32_t)value;
    return true;
}

static bool find_peer(const struct search *s, const char *text,
                      uint32_t *ordinal)
{
    for (const char *at = text; (at = strstr(at, s->set->name)) != NULL; at++)
        if (is_peer(s, text, at, ordinal))
            return true;
    return false;
}

// "nginx.svc" or "nginx.default.svc" with nothing below it.
static bool find_service(const struct search *s, const char *text)
{
    const size_t n = strlen(s->service->name);
    const size_t in_n = strlen(s->service->namespace);
    for (const char *at = text; (at = strstr(at, s->service->name)) != NULL;
         at++) {
        const char *rest = at + n;
        if (at > text && (is_label_octet(at[-1]) || strchr("._)}", at[-1])))
            continue;
        if (*rest == '.' &&
            strncmp(rest + 1, s->service->namespace, in_n) == 0 &&
            rest[1 + in_n] == '.')
            rest += 1 + in_n;
        if (strncmp(rest, ".svc", 4) == 0 && !is_label_octet(rest[4]))
            return true;
    }
    return false;
}

// Whether a flag or variable is about finding others. The domain that a pod
// makes its own name of is not.
static bool means_peers(const char *text)
{
    static const char *const words[] = {
        "bootstrap", "contact", "discover", "gossip", "initial",
        "join",      "member",  "peer",     "quorum", "seed"};
    for (unsigned i = 0; i < ORD_COUNT(words); i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

// about: the variable, or the argument before it
static void look_at(struct search *s, const struct doc_node *node,
                    const char *about)
{
    const char *text = text_of(node);
    if (s->at && !s->whole)
        return;
    if (find_peer(s, text, &s->ordinal)) {
        s->at = node;
        s->whole = false;
    } else if (!s->at && find_service(s, text) &&
               (means_peers(about) || (*text == '-' && means_peers(text)))) {
        s->at = node;
        s->whole = true;
    }
}

static void look_at_container(void *context, const struct doc_node *container)
{
    static const char *const lists[] = {"command", "args"};
    struct search *s = context;
    const struct nodes env = field_items(container, "env");
    for (uint32_t i = 0; i < env.n; i++) {
        const struct doc_node *value = doc_get(env.at[i], "value");
        if (value)
            look_at(s, value, field_text(env.at[i], "name"));
    }
    for (unsigned k = 0; k < ORD_COUNT(lists); k++) {
        const struct nodes items = field_items(container, lists[k]);
        for (uint32_t i = 0; i < items.n; i++)
            look_at(s, items.at[i], i ? text_of(items.at[i - 1]) : "");
    }
}

// Whether names wait for pods to be ready, and pods for something.
static bool may_wait(const struct search *s)
{
    enum { NAMES_ADDRESSED = 1 }; // --names: which of its words
    const struct service_facts *service = &s->service->service;
    const struct workload_facts *w = &s->set->workload;
    const bool addressed = service->names == RULE_ADDRESSED ||
                           (service->names == RULE_UNSET &&
                            s->check->settings->names == NAMES_ADDRESSED);
    return w->replicas > 1 && (w->rules->probes_n || w->rules->command_probe) &&
           service->type == SERVICE_HEADLESS && !addressed &&
           !service->publish_not_ready_addresses;
}

static void tell(const struct search *s)
{
    struct check *c = s->check;
    const bool ordered = !s->set->workload.rules->parallel;
    const char *peer = check_text(c, "%s-%" PRIu32, s->set->name, s->ordinal);
    const struct reason why = {
        .code = REASON_PEERS_BEFORE_READY,
        .namespace = s->set->namespace,
        .service = s->service->name,
        .workload = s->set->name,
        // pods come one by one, each when those before it are ready
        .pod = ordered && !s->whole ? peer : NULL,
        .detail = s->whole ? s->service->name : peer,
    };
    check_tell(c, place_of(s->document, s->at), &why);
}

void check_waits(struct check *c)
{
    const struct view *v = c->view;
    for (uint32_t i = 0; i < v->sets.n; i++) {
        struct search s = {
            .check = c,
            .set = v->sets.items[i],
            .document = check_document_of(c, v->sets.items[i]),
        };
        if (!s.document || !check_sees(c, s.set) || !*s.set->workload.service)
            continue;
        s.service =
            view_find(v->services, s.set->namespace, s.set->workload.service);
        if (!s.service || !check_sees(c, s.service) || !may_wait(&s) ||
            field_is_told(c, check_document_of(c, s.service),
                          "publishNotReadyAddresses"))
            continue;
        each_container(check_node(s.document, "spec.template.spec"), true,
                       look_at_container, &s);
        if (s.at)
            tell(&s);
    }
}
