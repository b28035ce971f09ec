// SPDX-License-Identifier: Apache-2.0
// Static Analysis Results Interchange Format 2.1.0 (OASIS), for code scanning.
// Numbers in comments are sections of that standard.
#include "format.h"

#include "base/hash.h"
#include "doc/json.h"

#include <inttypes.h>
#include <string.h>

static const char schema[] =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json";

// {"key": {"text": text}}: a message, and what is like one (3.11, 3.12).
static void put_text(struct json_out *j, const char *key, const char *text)
{
    json_out_object(j, key);
    json_out_text(j, "text", text);
    json_out_end(j);
}

// --- rules -----------------------------------------------------------------

static bool is_rule(unsigned code)
{
    return reason_kind((enum reason_code)code)->level != REASON_ANSWER;
}

// 3.27.6: where the rule stands among those that were written.
static uint32_t index_of(enum reason_code code)
{
    uint32_t n = 0;
    for (unsigned i = REASON_NONE + 1; i < code; i++)
        n += is_rule(i);
    return n;
}

static void put_rule(struct json_out *j, enum reason_code code)
{
    const struct reason_kind *kind = reason_kind(code);
    char title[CHECK_TITLE_SIZE];
    const char *help = *kind->help ? kind->help : check_title(code, title);

    json_out_object(j, NULL);
    json_out_text(j, "id", kind->id);
    put_text(j, "shortDescription", check_title(code, title));
    put_text(j, "fullDescription", help);
    put_text(j, "help", help);
    json_out_object(j, "defaultConfiguration");
    json_out_text(j, "level", check_level_name(code));
    json_out_end(j);
    json_out_end(j);
}

static void put_tool(struct json_out *j)
{
    json_out_object(j, "tool");
    json_out_object(j, "driver");
    json_out_text(j, "name", "ordinald");
    json_out_text(j, "version", ORDINALD_VERSION);
    json_out_list(j, "rules");
    for (unsigned i = REASON_NONE + 1; i < REASONS; i++)
        if (is_rule(i))
            put_rule(j, (enum reason_code)i);
    json_out_end(j);
    json_out_end(j);
    json_out_end(j);
}

// --- places ----------------------------------------------------------------

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("-._~/", c));
}

// A path as a URI (RFC 3986 2.1, 4.2; RFC 8089 for one that begins at the
// root). NULL without memory.
static const char *uri_of(struct check *c, const char *file)
{
    static const char digits[] = "0123456789ABCDEF", root[] = "file://";
    char *uri = arena_alloc(&c->arena, 3 * strlen(file) + sizeof root);
    char *to = uri;

    if (!uri)
        return NULL;
    if (*file == '/')
        to = stpcpy(to, root);
    for (; *file; file++) {
        const unsigned char octet = (unsigned char)*file;
        if (is_plain(*file)) {
            *to++ = *file;
            continue;
        }
        *to++ = '%';
        *to++ = digits[octet >> 4];
        *to++ = digits[octet & 15];
    }
    return uri;
}

// 3.4.4: what leads out of the base is not relative to it.
static bool is_below_base(const char *file)
{
    if (*file == '/')
        return false;
    for (const char *at = file; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    }
    return true;
}

static void put_file(struct json_out *j, struct check *c, const char *file)
{
    const char *relative = check_relative(file);
    const char *uri = uri_of(c, relative);

    c->no_memory |= !uri;
    json_out_object(j, "artifactLocation");
    json_out_text(j, "uri", uri ? uri : "");
    if (is_below_base(relative))
        json_out_text(j, "uriBaseId", "%SRCROOT%");
    json_out_end(j);
}

static void put_place(struct json_out *j, struct check *c, struct place at)
{
    json_out_list(j, "locations");
    json_out_object(j, NULL);
    json_out_object(j, "physicalLocation");
    put_file(j, c, at.file);
    if (at.line) {
        json_out_object(j, "region");
        json_out_uint(j, "startLine", at.line);
        if (at.column)
            json_out_uint(j, "startColumn", at.column);
        json_out_end(j);
    }
    json_out_end(j);
    json_out_end(j);
    json_out_end(j);
}

// --- results ---------------------------------------------------------------

/*
 * 3.27.17: the same finding in the next version of the file, wherever it has
 * moved. The hash is of octets in the order of this machine, and those who
 * compare have results of one kind of machine.
 */
static void put_fingerprint(struct json_out *j, const struct check_finding *f)
{
    const char *id = reason_kind((enum reason_code)f->code)->id;
    const char *file = f->at.file ? check_relative(f->at.file) : "";
    const char *texts[] = {id, file, f->text};
    char hex[2 * sizeof(uint64_t) + 1];
    uint64_t hash = 0;

    for (size_t i = 0; i < ORD_COUNT(texts); i++)
        hash = hash_bytes(hash, (const uint8_t *)texts[i], strlen(texts[i]));
    snprintf(hex, sizeof hex, "%016" PRIx64, hash);
    json_out_object(j, "partialFingerprints");
    json_out_text(j, "idFileText/v1", hex);
    json_out_end(j);
}

static void put_result(struct json_out *j, struct check *c,
                       const struct check_finding *f)
{
    const enum reason_code code = (enum reason_code)f->code;

    json_out_object(j, NULL);
    json_out_text(j, "ruleId", reason_kind(code)->id);
    json_out_uint(j, "ruleIndex", index_of(code));
    json_out_text(j, "level", check_level_name(code));
    put_text(j, "message", check_message(c, f));
    if (f->at.file)
        put_place(j, c, f->at);
    put_fingerprint(j, f);
    json_out_end(j);
}

static void put_run(struct json_out *j, struct check *c)
{
    json_out_object(j, NULL);
    put_tool(j);
    // 3.14.17: columns count characters, as libyaml does
    json_out_text(j, "columnKind", "unicodeCodePoints");
    json_out_list(j, "results");
    for (uint32_t i = 0; i < c->findings_n; i++)
        put_result(j, c, &c->findings[i]);
    json_out_end(j);
    json_out_end(j);
}

char *check_format_sarif(struct check *c, size_t *n)
{
    struct json_out j = {0};

    json_out_object(&j, NULL);
    json_out_text(&j, "$schema", schema);
    json_out_text(&j, "version", "2.1.0");
    json_out_list(&j, "runs");
    put_run(&j, c);
    json_out_end(&j);
    json_out_end(&j);
    return json_out_take(&j, n);
}
