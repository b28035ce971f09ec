// SPDX-License-Identifier: Apache-2.0
// The only place that writes through jansson.
#include "doc/json.h"

#include <jansson.h>

size_t json_string_format(struct span text, char *out)
{
    json_t *string = json_stringn_nocheck((const char *)text.p, text.n);
    if (!string)
        return 0;
    const size_t n =
        json_dumpb(string, out, json_string_size(text.n), JSON_ENCODE_ANY);
    json_decref(string);
    return n;
}
