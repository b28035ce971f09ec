// SPDX-License-Identifier: Apache-2.0
#include "base/resolv_conf.h"

#include <errno.h>

int resolv_conf_read(const char *path, struct resolv_conf *out,
                     struct error *err)
{
    (void)out;
    return error_set(err, -ENOSYS, "cannot read '%s'", path);
}
