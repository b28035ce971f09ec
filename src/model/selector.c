// SPDX-License-Identifier: Apache-2.0
// Every requirement comes down to one question, "has the object a label of this
// key, and is its value one of these?", whose answer may be turned round: so
// `!=`, `notin` and `!key` match where the label is absent.
#include "model/selector.h"

#include "selector_reader.h"

#include <errno.h>
#include <string.h>

struct value {
    const struct value *next;
    const char *text;
};

struct requirement {
    const struct requirement *next;
    const char *key;
    const struct value *values; // any of them
    bool any_value;             // whatever the value is: `key`, `!key`
    bool negated;
};

struct selector {
    const struct requirement *requirements; // all of them have to hold
};

// --- matching --------------------------------------------------------------

static bool has_value(const struct requirement *q, const char *text)
{
    for (const struct value *v = q->values; v; v = v->next)
        if (strcmp(v->text, text) == 0)
            return true;
    return false;
}

bool selector_matches(const struct selector *s, struct labels labels)
{
    for (const struct requirement *q = s->requirements; q; q = q->next) {
        const char *value = labels_get(labels, q->key);
        const bool found = value && (q->any_value || has_value(q, value));
        if (found == q->negated)
            return false;
    }
    return true;
}

// --- reading ---------------------------------------------------------------

static int read_key(struct reader *r, struct arena *arena,
                    struct requirement *q)
{
    if (r->token != TOKEN_WORD)
        return reader_wrong(r, r->at,
                            "a label key belongs here, as in 'app=db' or "
                            "'!app', not %s",
                            reader_quote(r).text);
    const int rc = reader_check_key(r);
    if (rc)
        return rc;
    q->key = arena_text(arena, r->at, r->n);
    reader_next(r);
    return q->key ? 0 : -ENOMEM;
}

// One more value of a requirement: the word that is looked at, or the empty one
// where it is none.
static int read_value(struct reader *r, struct arena *arena,
                      struct requirement *q)
{
    const bool given = r->token == TOKEN_WORD;
    const int rc = reader_check_value(r);

    if (rc)
        return rc;
    struct value *v = arena_alloc(arena, sizeof *v);
    const char *text = arena_text(arena, r->at, given ? r->n : 0);
    if (!v || !text)
        return -ENOMEM;
    *v = (struct value){.next = q->values, .text = text};
    q->values = v;
    if (given)
        reader_next(r);
    return 0;
}

// What stands behind `=`, `==`, `!=`: a value, or nothing for the empty one.
static int read_exact(struct reader *r, struct arena *arena,
                      struct requirement *q)
{
    reader_next(r);
    if (r->token == TOKEN_WORD || r->token == TOKEN_COMMA ||
        r->token == TOKEN_END)
        return read_value(r, arena, q);
    return reader_wrong(r, r->at, "a label value belongs here, not %s",
                        reader_quote(r).text);
}

// What stands behind `in`, `notin`. K8S: a place that is left empty, as in
// "(a,)" and "()", is the empty value.
static int read_set(struct reader *r, struct arena *arena,
                    struct requirement *q)
{
    reader_next(r);
    if (r->token != TOKEN_OPEN)
        return reader_wrong(r, r->at,
                            "'(' belongs here, as in 'app in (a,b)', not %s",
                            reader_quote(r).text);
    do {
        reader_next(r);
        const int rc = read_value(r, arena, q);
        if (rc)
            return rc;
    } while (r->token == TOKEN_COMMA);
    if (r->token != TOKEN_CLOSE)
        return reader_wrong(r, r->at, "',' or ')' belongs here, not %s",
                            reader_quote(r).text);
    reader_next(r);
    return 0;
}

// `in` and `notin` are operators here and words everywhere else.
static int read_condition(struct reader *r, struct arena *arena,
                          struct requirement *q)
{
    if (r->token == TOKEN_END || r->token == TOKEN_COMMA) {
        q->any_value = true;
        return 0;
    }
    if (r->token == TOKEN_EQUAL || r->token == TOKEN_UNEQUAL) {
        q->negated = r->token == TOKEN_UNEQUAL;
        return read_exact(r, arena, q);
    }
    if (reader_word_is(r, "in") || reader_word_is(r, "notin")) {
        q->negated = reader_word_is(r, "notin");
        return read_set(r, arena, q);
    }
    // K8S: nodes are compared by numbers, with '>' and '<'; the selectors of
    // all other objects have no such operators.
    if (r->token == TOKEN_COMPARISON)
        return reader_wrong(r, r->at,
                            "a label selector compares no numbers; '=', '!=', "
                            "'in' or 'notin' belongs here, not %s",
                            reader_quote(r).text);
    return reader_wrong(r, r->at,
                        "'=', '!=', 'in', 'notin' or ',' belongs here, not %s",
                        reader_quote(r).text);
}

static int read_requirement(struct reader *r, struct arena *arena,
                            struct requirement *q)
{
    const bool absent = r->token == TOKEN_NOT;

    if (absent)
        reader_next(r);
    int rc = read_key(r, arena, q);
    if (rc == 0 && absent)
        q->any_value = q->negated = true;
    else if (rc == 0)
        rc = read_condition(r, arena, q);
    if (rc || r->token == TOKEN_COMMA || r->token == TOKEN_END)
        return rc;
    return reader_wrong(r, r->at, "',' or the end belongs here, not %s",
                        reader_quote(r).text);
}

int selector_parse(const char *text, struct arena *arena,
                   const struct selector **out, struct error *err)
{
    struct reader r = reader_of(text, err);
    struct selector *s = arena_alloc(arena, sizeof *s);

    if (!s)
        return -ENOMEM;
    for (bool more = r.token != TOKEN_END; more;) {
        struct requirement *q = arena_alloc(arena, sizeof *q);
        const int rc = q ? read_requirement(&r, arena, q) : -ENOMEM;
        if (rc)
            return rc;
        q->next = s->requirements;
        s->requirements = q;
        more = r.token == TOKEN_COMMA;
        if (more)
            reader_next(&r);
    }
    *out = s;
    return 0;
}
