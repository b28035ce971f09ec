// SPDX-License-Identifier: Apache-2.0
#include "dns/dashed.h"

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Whether it is of digits and dashes only, which the text of an address is made
// of: a dot or a colon in a label (RFC 2181 11) is none of our writing.
static bool is_dashed(const uint8_t *label, bool *v4)
{
    unsigned dashes = 0;
    bool pair = false;

    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] == '-') {
            dashes++;
            pair |= i > 1 && label[i - 1] == '-';
        } else if (!is_hex(label[i])) {
            return false;
        }
    }
    *v4 = dashes == 3 && !pair;
    return true;
}

bool dns_dashed_parse(const uint8_t *label, struct address *out)
{
    char text[ADDRESS_TEXT_SIZE];
    bool v4;

    if (label[0] >= sizeof text || !is_dashed(label, &v4))
        return false;
    for (unsigned i = 0; i < label[0]; i++)
        text[i] = label[1 + i] != '-' ? (char)label[1 + i] : v4 ? '.' : ':';
    text[label[0]] = '\0';
    return address_parse(text, out);
}
