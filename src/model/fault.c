// SPDX-License-Identifier: Apache-2.0
#include "model/fault.h"

#include <errno.h>
#include <stdlib.h>

struct faults {
    uint64_t version;
};

struct faults *faults_new(void)
{
    return calloc(1, sizeof(struct faults));
}

void faults_free(struct faults *f)
{
    free(f);
}
