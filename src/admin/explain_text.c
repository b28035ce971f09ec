// SPDX-License-Identifier: Apache-2.0
// An explanation for people:
//
//     web-9.db.prod.svc.cluster.local. A, AAAA: NXDOMAIN
//     ordinal-outside: StatefulSet web has the ordinals 0..2
//
//     What the reason means, how it comes about.
//
//     because:
//       Service prod/db: headless, selects app=db          zones/db.yaml:1
//       StatefulSet prod/web: replicas 3, ordinals 0..2    zones/db.yaml:14
//     mend: ask for one of these
#include "explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORDS_MAX = 20, // of one type; the others are counted
    // where places stand at most: what is longer pushes its own away
    PLACE_COLUMN_MAX = 70,
};

// --- the answer ------------------------------------------------------------

static const char *verdict(const struct explain_question *q)
{
    if (q->resolves)
        return q->forwarded ? "forwarded" : "resolves";
    return q->rcode == DNS_RCODE_NOERROR ? "NODATA" : explain_rcode(q);
}

static void put_head(const struct explain *e, FILE *out)
{
    fprintf(out, "%s %s", e->name_text, e->questions[0].type_text);
    for (unsigned i = 1; i < e->questions_n; i++)
        fprintf(out, ", %s", e->questions[i].type_text);
    fprintf(out, ": %s\n", verdict(e->decides));
}

static void put_records(const struct explain *e,
                        const struct explain_question *q, FILE *out)
{
    uint32_t told = 0;

    for (const struct explain_record *r = q->records; r; r = r->next)
        if (!explain_is_repeated(e, q, r) && told++ < RECORDS_MAX)
            fprintf(out, "  %s %" PRIu32 " %s %s\n", r->name, r->ttl_s, r->type,
                    r->data);
    if (told > RECORDS_MAX)
        fprintf(out, "  and %" PRIu32 " more\n", told - RECORDS_MAX);
}

// What another type than the one that decides got, if that is something else.
static void put_other(const struct explain *e, const struct explain_question *q,
                      FILE *out)
{
    const struct explain_question *d = e->decides;

    if (q == d || (q->code == d->code && strcmp(q->text, d->text) == 0))
        return;
    if (q->resolves && !*q->text)
        return;
    fprintf(out, "  %s: %s%s%s%s%s\n", q->type_text, verdict(q),
            q->code ? ", " : "", reason_kind(q->code)->id, *q->text ? ": " : "",
            q->text);
}

// --- the reason ------------------------------------------------------------

static void put_reason(const struct explain *e, FILE *out)
{
    const struct explain_question *q = e->decides;
    const struct reason_kind *kind = reason_kind(q->code);

    if (*kind->id)
        fprintf(out, "%s: ", kind->id);
    if (*kind->id || *q->text)
        fprintf(out, "%s\n", q->text);
    if (*e->hint)
        fprintf(out, "%s\n", e->hint);
    // what others know lacks nothing here
    if (*kind->help && !q->forwarded)
        fprintf(out, "\n%s\n", kind->help);
}

// --- the chain -------------------------------------------------------------

// What stands before the place.
static const char *say_link(struct explain *e, const struct explain_link *l)
{
    if (l->more)
        return explain_say(e, "  and %" PRIu32 " more (%s)", l->more, l->kind);
    // of one of the slices above it
    if (strcmp(l->kind, "Endpoint") == 0)
        return explain_say(e, "    %s: %s", l->name, l->state);
    return explain_say(e, "  %s %s%s%s: %s", l->kind, l->namespace,
                       *l->namespace ? "/" : "", l->name, l->state);
}

// Where places stand.
static int say_links(struct explain *e)
{
    int column = 0;

    for (struct explain_link *l = e->links; l; l = l->next) {
        l->words = say_link(e, l);
        const size_t n = strlen(l->words) + 2;
        if ((l->at.file || l->made) && n <= PLACE_COLUMN_MAX && (int)n > column)
            column = (int)n;
    }
    return column;
}

static void put_chain(struct explain *e, FILE *out)
{
    const int column = say_links(e);

    if (!e->links)
        return;
    fprintf(out, "%sbecause:\n", e->decides->resolves ? "" : "\n");
    for (const struct explain_link *l = e->links; l; l = l->next) {
        const int n = (int)strlen(l->words);
        const int gap = n + 2 <= column ? column - n : 2;
        if (l->at.file)
            fprintf(out, "%s%*s%s:%" PRIu32 "\n", l->words, gap, "", l->at.file,
                    l->at.line);
        else if (l->made)
            fprintf(out, "%s%*s(made here)\n", l->words, gap, "");
        else
            fprintf(out, "%s\n", l->words);
    }
}

int explain_write_text(struct explain *e, struct explanation *out)
{
    struct explanation text = {.resolves = e->decides->resolves};
    FILE *to = open_memstream(&text.p, &text.n);

    if (!to)
        return -ENOMEM;
    put_head(e, to);
    for (unsigned i = 0; i < e->questions_n; i++)
        put_records(e, &e->questions[i], to);
    for (unsigned i = 0; i < e->questions_n; i++)
        put_other(e, &e->questions[i], to);
    put_reason(e, to);
    put_chain(e, to);
    if (*e->mend)
        fprintf(to, "%smend: %s\n", e->links ? "" : "\n", e->mend);
    const bool failed = ferror(to) || e->no_memory;
    if (fclose(to) || failed) {
        free(text.p);
        return -ENOMEM;
    }
    *out = text;
    return 0;
}
