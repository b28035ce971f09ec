// SPDX-License-Identifier: Apache-2.0
// A report in one of its forms.
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *check_level_name(enum reason_code code)
{
    static const char *const names[] = {
        [REASON_ANSWER] = "answer",
        [REASON_WARNING] = "warning",
        [REASON_ERROR] = "error",
    };
    return names[reason_kind(code)->level];
}

// --- texts -----------------------------------------------------------------

const char *check_message(struct check *c, const struct check_finding *f)
{
    static const char between[] = "; ";
    const size_t text_n = strlen(f->text), mend_n = strlen(f->mend);
    const size_t between_n = sizeof between - 1;

    if (mend_n == 0)
        return f->text;
    char *out = arena_alloc(&c->arena, text_n + between_n + mend_n + 1);
    c->no_memory |= !out;
    if (!out)
        return "";
    memcpy(out, f->text, text_n);
    memcpy(out + text_n, between, between_n);
    memcpy(out + text_n + between_n, f->mend, mend_n);
    return out;
}

const char *check_relative(const char *file)
{
    while (file[0] == '.' && file[1] == '/') {
        file += 2;
        while (*file == '/')
            file++;
    }
    return file;
}

char *check_format_each(struct check *c,
                        void (*put)(FILE *out, struct check *c,
                                    const struct check_finding *f),
                        size_t *n)
{
    char *p = NULL;
    FILE *out = open_memstream(&p, n);

    if (!out)
        return NULL;
    for (uint32_t i = 0; i < c->findings_n; i++)
        put(out, c, &c->findings[i]);
    if (fclose(out) == 0)
        return p;
    free(p);
    return NULL;
}

// --- all of it -------------------------------------------------------------

static void count(struct check *c)
{
    const struct manifests_state state = manifests_state(c->pipeline.manifests);
    struct check_result *r = &c->result;

    *r = (struct check_result){.files = state.files, .objects = state.objects};
    for (uint32_t i = 0; i < c->findings_n; i++) {
        const enum reason_code code = (enum reason_code)c->findings[i].code;
        const bool is_error = reason_kind(code)->level == REASON_ERROR;
        ++*(is_error ? &r->errors : &r->warnings);
    }
}

int check_write(struct check *c, enum check_format format,
                struct check_result *out)
{
    static char *(*const formats[])(struct check * c, size_t * n) = {
        [CHECK_TEXT] = check_format_text,
        [CHECK_JSON] = check_format_json,
        [CHECK_SARIF] = check_format_sarif,
        [CHECK_GITHUB] = check_format_github,
    };

    count(c);
    char *p = formats[format](c, &c->result.n);
    if (!p || c->no_memory) {
        free(p);
        return -ENOMEM;
    }
    *out = c->result;
    out->p = p;
    return 0;
}
