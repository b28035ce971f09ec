// SPDX-License-Identifier: Apache-2.0
// The configuration file: one YAML map whose keys are the words of the long
// options. Everything that is wrong in it is reported in one run.
#include "base/file.h"
#include "base/nearest.h"
#include "daemon/settings.h"
#include "doc/doc.h"
#include "setter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Octets of a configuration file; all settings at their longest need less.
enum { CONFIG_SIZE_MAX = 1 << 20 };

struct config {
    struct setter *t;
    const char *file;
    const struct report *report;
    unsigned documents;
    unsigned faults;
    bool no_memory;
};

static struct place place_of(const struct config *c, const struct doc_node *n)
{
    return (struct place){
        .file = c->file, .line = n->line, .column = n->column};
}

static void fault(struct config *c, const struct doc_node *at, const char *key,
                  const char *text)
{
    c->faults++;
    report_finding(c->report, FINDING_ERROR, place_of(c, at), "%s%s%s", key,
                   *key ? ": " : "", text);
}

static int wrong_type(const struct setting *row, const struct doc_node *v,
                      struct error *err)
{
    const enum doc_type type = doc_type_of(v);
    if (row->type == SETTING_FLAG)
        return error_set(err, -EINVAL, "must be true or false, not %s%s",
                         doc_type_name(type),
                         type == DOC_STRING ? "; write it without quotes" : "");
    if (row->type == SETTING_DURATION)
        return error_set(err, -EINVAL, "must be a duration as in 5s, not %s",
                         doc_type_name(type));
    const bool number = row->type == SETTING_UINT;
    const bool quoted = number && type == DOC_STRING;
    const bool unquoted = !number && v->kind == DOC_SCALAR;
    return error_set(err, -EINVAL, "must be %s, not %s%s",
                     number ? "a number" : doc_type_name(DOC_STRING),
                     doc_type_name(type),
                     quoted     ? "; write digits without quotes"
                     : unquoted ? "; put it into quotes"
                                : "");
}

static int set_scalar(struct config *c, const struct setting *row,
                      const struct doc_node *v, struct error *err)
{
    const enum doc_type type = doc_type_of(v);
    int64_t number;
    if (row->type == SETTING_UINT && type != DOC_STRING && doc_int(v, &number))
        return setter_number(c->t, row, number, err);
    if (row->type == SETTING_FLAG && type == DOC_BOOL)
        return setter_text(c->t, row, doc_bool(v) ? "true" : "false", err);
    if (row->type == SETTING_UINT || row->type == SETTING_FLAG ||
        type != DOC_STRING)
        return wrong_type(row, v, err);
    return setter_text(c->t, row, v->text, err);
}

static void set_checked(struct config *c, const struct setting *row,
                        const struct doc_node *v)
{
    struct error err;
    const int r = set_scalar(c, row, v, &err);
    if (r == -ENOMEM)
        c->no_memory = true;
    else if (r < 0)
        fault(c, v, row->word, err.text);
}

static void set_value(struct config *c, const struct setting *row,
                      const struct doc_node *v)
{
    // Kubernetes treats an explicit null like an absent key.
    if (doc_type_of(v) == DOC_NULL)
        return;
    setter_begin(c->t, row, ORIGIN_FILE);
    if (v->kind != DOC_LIST || !setting_is_list(row)) {
        set_checked(c, row, v);
        return;
    }
    for (uint32_t i = 0; i < v->n; i++)
        set_checked(c, row, v->items[i]);
    struct error err;
    if (v->n == 0 && setter_end(c->t, row, &err) < 0)
        fault(c, v, row->word, err.text);
}

static void unknown_key(struct config *c, const struct doc_node *key)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    struct nearest near = nearest_of(key->text);
    for (size_t i = 0; i < n; i++)
        if (rows[i].type != SETTING_FILE)
            nearest_offer(&near, rows[i].word);
    c->faults++;
    if (near.word)
        report_finding(c->report, FINDING_ERROR, place_of(c, key),
                       "unknown setting '%s'; did you mean '%s'?", key->text,
                       near.word);
    else
        report_finding(c->report, FINDING_ERROR, place_of(c, key),
                       "unknown setting '%s'; ordinald %s --help lists them "
                       "(keys have no dashes in front)",
                       key->text, c->t->command->name);
}

static void set_pair(struct config *c, const struct doc_pair *pair)
{
    const struct setting *row = setter_find(pair->key->text);
    if (row && row->type == SETTING_FILE)
        fault(c, pair->key, row->word,
              "cannot stand in a configuration file; give it as a flag");
    else if (row)
        set_value(c, row, pair->value);
    else
        unknown_key(c, pair->key);
}

static void on_document(void *context, const struct doc_node *root)
{
    struct config *c = context;
    if (++c->documents > 1) {
        fault(c, root, "", "a second document; a configuration file has one");
        return;
    }
    if (root->kind != DOC_MAP) {
        fault(c, root, "",
              "settings are a map; write them as 'listen: 127.0.0.1:5300'");
        return;
    }
    const struct doc_pair *again = doc_duplicate(root);
    if (again) {
        fault(c, again->key, again->key->text,
              "is set a second time; leave one out");
        return;
    }
    for (uint32_t i = 0; i < root->n; i++)
        set_pair(c, &root->pairs[i]);
}

static int unreadable(const char *file, int code, struct error *err)
{
    return error_set(err, code == -ENOMEM ? code : -EINVAL,
                     "cannot read '%s': %s; name a readable YAML file with "
                     "--config",
                     file, strerror(-code));
}

static ssize_t slurp(const char *file, char *text)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const ssize_t n = file_read(fd, text, CONFIG_SIZE_MAX);
    close(fd);
    return n;
}

int config_read(struct setter *t, const char *file, const struct report *report,
                struct error *err)
{
    struct config c = {.t = t, .file = file, .report = report};
    char *text = malloc(CONFIG_SIZE_MAX + 1);
    if (!text)
        return unreadable(file, -ENOMEM, err);
    const ssize_t n = slurp(file, text);
    if (n < 0) {
        free(text);
        return unreadable(file, (int)n, err);
    }
    const struct doc_limits limits = doc_limits_default();
    const int refused = doc_yaml_read(file, span_of(text, (size_t)n), &limits,
                                      on_document, &c, report);
    free(text);
    if (refused == -ENOMEM || c.no_memory)
        return unreadable(file, -ENOMEM, err);
    if (refused == 0 && c.faults == 0)
        return 0;
    return error_set(err, -EINVAL, "%s", ""); // all has been reported
}
