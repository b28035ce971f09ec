// SPDX-License-Identifier: Apache-2.0
// The table of reasons, and its texts with what they speak of.
#include "model/reason.h"

#include "base/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct reason_kind kinds[REASONS] = {
    [REASON_NONE] = {"", REASON_NO_EDE, REASON_ANSWER, "", "", ""},
#define REASON(code, id, ede, level, text, mend, help)                         \
    [REASON_##code] = {id, ede, level, text, mend, help},
#include "model/reasons.def"
#undef REASON
};

const struct reason_kind *reason_kind(enum reason_code code)
{
    assert(code < REASONS);
    return &kinds[code];
}

enum reason_code reason_find(const char *id)
{
    for (unsigned code = REASON_NONE + 1; code < REASONS; code++)
        if (strcmp(kinds[code].id, id) == 0)
            return (enum reason_code)code;
    return REASON_NONE;
}

size_t reason_text(const struct reason *why, char out[REASON_TEXT_MAX + 1])
{
    return (size_t)snprintf(out, REASON_TEXT_MAX + 1, "%s",
                            kinds[why->code].text);
}

size_t reason_mend(const struct reason *why, char out[REASON_TEXT_MAX + 1])
{
    return (size_t)snprintf(out, REASON_TEXT_MAX + 1, "%s",
                            kinds[why->code].mend);
}
