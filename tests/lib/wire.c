// SPDX-License-Identifier: Apache-2.0
#include "lib/wire.h"

#include <ctype.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What stands in RDATA: n a name, s a character string, digits so many octets;
// the rest are octets.
static const char *form_of(unsigned type)
{
    static const struct {
        unsigned type;
        const char *form;
    } forms[] = {
        {2, "n"},    {3, "n"},   {4, "n"},   {5, "n"},      {6, "nn"},
        {7, "n"},    {8, "n"},   {9, "n"},   {12, "n"},     {14, "nn"},
        {15, "2n"},  {17, "nn"}, {18, "2n"}, {21, "2n"},    {24, "99n"},
        {26, "2nn"}, {30, "n"},  {33, "6n"}, {35, "4sssn"}, {36, "2n"},
        {39, "n"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].type == type)
            return forms[i].form;
    return "";
}

struct wire_reader {
    const uint8_t *p;
    size_t n;
    size_t at;
    FILE *out;
    bool failed;
};

static void octets(struct wire_reader *r, size_t n, bool keep)
{
    if (r->failed || r->n - r->at < n) {
        r->failed = true;
        return;
    }
    if (keep)
        fwrite(r->p + r->at, 1, n, r->out);
    r->at += n;
}

static unsigned number(struct wire_reader *r, bool keep)
{
    const size_t at = r->at;

    octets(r, 2, keep);
    return r->failed ? 0 : (unsigned)(r->p[at] << 8 | r->p[at + 1]);
}

// As text, "\." and "\ddd" within: no name has two texts.
static void name(struct wire_reader *r)
{
    char text[1025];

    if (r->failed)
        return;
    const int n = r->at < r->n ? dn_expand(r->p, r->p + r->n, r->p + r->at,
                                           text, sizeof text)
                               : -1;
    if (n < 0) {
        r->failed = true;
        return;
    }
    for (char *c = text; *c; c++)
        fputc(tolower((unsigned char)*c), r->out);
    fputc(' ', r->out);
    r->at += (size_t)n;
}

static void rdata(struct wire_reader *r, unsigned type, size_t n)
{
    const size_t end = r->at + n;

    if (r->failed || r->n - r->at < n) {
        r->failed = true;
        return;
    }
    for (const char *form = form_of(type); *form && !r->failed; form++)
        if (*form == 'n')
            name(r);
        else if (*form == 's')
            octets(r, r->at < end ? r->p[r->at] + 1u : n + 1, true);
        else
            octets(r, (size_t)(*form - '0'), true);
    if (r->at > end)
        r->failed = true;
    else
        octets(r, end - r->at, true);
}

static void record(struct wire_reader *r, unsigned section, struct wire *w)
{
    struct wire_record rec = {.section = section};
    char *text = NULL;

    r->out = open_memstream(&text, &rec.n);
    if (!r->out)
        abort();
    name(r);
    rec.type = number(r, true);
    octets(r, 2 + 4, true);
    rdata(r, rec.type, number(r, false));
    fclose(r->out);
    rec.octets = (uint8_t *)text;
    rec.end = r->at;
    if (r->failed || rec.type == 41) {
        free(rec.octets);
        return;
    }
    w->records = realloc(w->records, (w->n + 1) * sizeof rec);
    if (!w->records)
        abort();
    w->records[w->n++] = rec;
    w->counts[section]++;
}

bool wire_read(const uint8_t *message, size_t n, struct wire *out)
{
    struct wire_reader r = {.p = message, .n = n};
    unsigned counts[4];

    memset(out, 0, sizeof *out);
    octets(&r, 4, false);
    for (int i = 0; i < 4; i++)
        counts[i] = number(&r, false);
    if (r.failed || counts[0] != 1)
        return false;
    const int question = dn_skipname(message + r.at, message + n);
    if (question < 0)
        return false;
    r.at += (size_t)question;
    octets(&r, 4, false);
    for (unsigned s = 0; s < 3; s++)
        for (unsigned i = 0; i < counts[s + 1] && !r.failed; i++)
            record(&r, s, out);
    return !r.failed && r.at == n;
}

void wire_release(struct wire *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->records[i].octets);
    free(w->records);
    memset(w, 0, sizeof *w);
}

bool wire_is_same(const struct wire_record *a, const struct wire_record *b)
{
    return a->section == b->section && a->n == b->n &&
           memcmp(a->octets, b->octets, a->n) == 0;
}

bool wire_begins(const struct wire *whole, const struct wire *part,
                 size_t but_for)
{
    if (part->n < but_for || part->n - but_for > whole->n)
        return false;
    for (size_t i = but_for; i < part->n; i++)
        if (!wire_is_same(&part->records[i], &whole->records[i - but_for]))
            return false;
    return true;
}
