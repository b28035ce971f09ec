// SPDX-License-Identifier: Apache-2.0
// The options for --help, out of the table of settings.
#include "daemon/settings.h"

#include "base/duration.h"
#include "setter.h"

#include <stdbool.h>
#include <string.h>

// Columns that the options take; a line stays within 80.
enum { OPTION_WIDTH = 26 };

struct group {
    const char *word;
    const char *heading;
};

static const struct group groups[] = {
    {"where", "Where to answer:"},
    {"what", "What to answer:"},
    {"others", "Names that are not ours:"},
    {"ordinals", "Pods that no cluster makes:"},
    {"limits", "What clients may take:"},
    {"steering", "How other commands find the server:"},
    {"log", "Logs, on standard error:"},
};

static void help_bounds(FILE *out, const struct setting *row)
{
    char least[DURATION_TEXT_SIZE], most[DURATION_TEXT_SIZE];
    if (row->type == SETTING_UINT)
        fprintf(out, ", %u..%u%s%s", row->min, row->max, *row->unit ? " " : "",
                row->unit);
    if (row->type == SETTING_CHOICE)
        fprintf(out, ": %s", row->unit);
    if (row->type == SETTING_DURATION)
        fprintf(out, ", %s..%s", duration_format(row->min, least),
                duration_format(row->max, most));
    if (row->type == SETTING_CIDR_PAIR)
        fputs(", one a family", out);
    if (*row->preset && row->type != SETTING_FLAG)
        fprintf(out, " (%s)", row->preset);
    fputc('\n', out);
}

static void help_row(FILE *out, const struct setting *row)
{
    char option[64], letter[8] = "";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(option, sizeof option, "%s--%s%s%s%s", letter, row->word,
             *row->argument ? " " : "", row->argument,
             setting_is_list(row) ? "..." : "");
    fprintf(out, "  %-*s %s", OPTION_WIDTH, option, row->help);
    help_bounds(out, row);
}

void settings_help_own(FILE *out, const struct setting *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].type != SETTING_WORDS)
            help_row(out, &rows[i]);
}

static bool is_wanted(const char *group, const char *const *wanted)
{
    if (!wanted)
        return true;
    while (*wanted && strcmp(*wanted, group) != 0)
        wanted++;
    return *wanted;
}

// Returns whether one of them is a list.
static bool help_group(FILE *out, const struct group *group)
{
    size_t n;
    const struct setting *rows = settings_table(&n);
    fprintf(out, "%s\n", group->heading);
    bool lists = false;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].type == SETTING_PATHS ||
            strcmp(rows[i].group, group->word) != 0)
            continue;
        help_row(out, &rows[i]);
        lists |= setting_is_list(&rows[i]);
    }
    return lists;
}

void settings_help(FILE *out, const char *const *wanted)
{
    bool lists = false;
    for (size_t i = 0; i < ORD_COUNT(groups); i++)
        if (is_wanted(groups[i].word, wanted))
            lists |= help_group(out, &groups[i]);
    if (lists)
        fputs("  ... may be given several times, or once with commas "
              "between.\n",
              out);
}
