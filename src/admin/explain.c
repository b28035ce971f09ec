// SPDX-License-Identifier: Apache-2.0
#include "admin/explain.h"

#include <errno.h>

int explain(const struct explain_sources *from, const char *name, uint16_t type,
            enum explain_format format, struct explanation *out,
            struct error *err)
{
    (void)from;
    (void)name;
    (void)type;
    (void)format;
    (void)out;
    return error_set(err, -ENOSYS, "not written yet");
}
