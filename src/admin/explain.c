// SPDX-License-Identifier: Apache-2.0
// From a question to the whole of why: the name is read, asked, its place is
// found, the chain behind it is followed, and it is written.
#include "explain.h"

#include "dns/record.h"
#include "zone/dump.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// --- texts -----------------------------------------------------------------

const char *explain_say(struct explain *e, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : arena_bytes(&e->arena, (size_t)n + 1);
    if (text)
        (void)vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    if (!text)
        e->no_memory = true;
    return text ? text : "";
}

void explain_say_more(struct explain *e, const char **text, const char *more)
{
    if (*more)
        *text = explain_say(e, "%s%s%s", *text, **text ? "; " : "", more);
}

const char *explain_addresses(struct explain *e, const struct address *a,
                              uint32_t n)
{
    const char *all = "";
    char text[ADDRESS_TEXT_SIZE];

    for (uint32_t i = 0; i < n; i++)
        all = explain_say(e, "%s%s%s", all, i ? ", " : "",
                          address_format(&a[i], text));
    return all;
}

// --- the question ----------------------------------------------------------

static int read_name(struct explain *e, const char *text, struct error *err)
{
    char formatted[DNS_NAME_TEXT_SIZE];
    struct address a;
    const size_t n = strlen(text);

    if (address_parse(text, &a)) {
        dns_name_of_address(&a, 8u * address_size(&a), &e->name);
    } else {
        const int rc = dns_name_parse(text, &e->name, err);
        if (rc)
            return rc;
        e->relative = n && text[n - 1] != '.';
    }
    dns_name_fold(&e->name);
    e->name_text = explain_say(
        e, "%s", dns_name_format(dns_name_view(&e->name), formatted));
    return 0;
}

static int read_domain(struct explain *e, struct error *err)
{
    char text[DNS_NAME_TEXT_SIZE];

    e->domain_text =
        explain_say(e, "%s", zone_dump_origin(e->from->zone, 0, text));
    return dns_name_parse(text, &e->domain, err);
}

// What a client of this name asks for.
static unsigned choose_types(const struct explain *e, uint16_t type,
                             uint16_t out[EXPLAIN_QUESTIONS])
{
    out[0] = type;
    if (type)
        return 1;
    if (e->about.place == EXPLAIN_ADDRESS)
        out[0] = DNS_TYPE_PTR;
    else if (e->name.n > 1 && e->name.wire[1] == '_')
        out[0] = DNS_TYPE_SRV;
    else
        out[0] = DNS_TYPE_A;
    out[1] = DNS_TYPE_AAAA;
    return out[0] == DNS_TYPE_A ? 2 : 1;
}

static void ask(struct explain *e, uint16_t type)
{
    uint16_t types[EXPLAIN_QUESTIONS] = {0};

    e->about = explain_subject(e, &e->name);
    e->questions_n = choose_types(e, type, types);
    e->decides = &e->questions[0];
    for (unsigned i = 0; i < e->questions_n; i++) {
        explain_ask(e, types[i], &e->questions[i]);
        if (e->questions[i].resolves && !e->decides->resolves)
            e->decides = &e->questions[i];
    }
}

// Whom the reason is about: where aliases lead, if there are some.
static void find_place(struct explain *e)
{
    const struct explain_question *q = e->decides;

    e->about = explain_subject(e, &q->names[q->names_n - 1]);
    e->why = (struct reason){
        .code = q->code,
        .namespace = e->about.namespace,
        .service = e->about.service,
        .detail = explain_say(e, "%.*s", (int)strlen(e->domain_text) - 1,
                              e->domain_text),
    };
}

static int not_loaded(struct error *err)
{
    const struct reason why = {.code = REASON_NOT_LOADED};
    char text[REASON_TEXT_MAX + 1], mend[REASON_TEXT_MAX + 1];

    (void)reason_text(&why, text);
    (void)reason_mend(&why, mend);
    return error_set(err, -EAGAIN, "%s: %s; %s", reason_kind(why.code)->id,
                     text, mend);
}

static int run(struct explain *e, const char *name, uint16_t type,
               struct error *err)
{
    int rc = read_domain(e, err);

    if (rc == 0)
        rc = read_name(e, name, err);
    if (rc)
        return rc;
    ask(e, type);
    // the server's own pod is known before all others
    if (!zone_is_complete(e->from->zone) && !e->decides->resolves)
        return not_loaded(err);
    find_place(e);
    explain_chain(e);
    explain_near(e);
    return e->no_memory ? -ENOMEM : 0;
}

int explain(const struct explain_sources *from, const char *name, uint16_t type,
            enum explain_format format, struct explanation *out,
            struct error *err)
{
    struct explain *e = calloc(1, sizeof *e);
    int rc = -ENOMEM;
    if (e) {
        e->from = from;
        e->links_end = &e->links;
        e->near = e->hint = e->mend = "";
        arena_init(&e->arena, SIZE_MAX);
        rc = run(e, name, type, err);
        if (rc == 0)
            rc = format == EXPLAIN_JSON ? explain_write_json(e, out)
                                        : explain_write_text(e, out);
        arena_release(&e->arena);
        free(e);
    }
    return rc == -ENOMEM ? error_set(err, rc,
                                     "there is no memory for the explanation; "
                                     "ask again")
                         : rc;
}
