// SPDX-License-Identifier: Apache-2.0
// Whom a request means, and why it means nobody. Control thread.
#ifndef ORDINALD_ADMIN_FIND_H
#define ORDINALD_ADMIN_FIND_H

#include "admin/control.h"

// "NAME" or "NAMESPACE/NAME", cut up.
struct target {
    struct ordinals_target at; // its texts stand here
    char text[512];
};

/*
 * Read who is meant.
 *
 * what  the word or field it stands in, for the sentence
 *
 * Returns 0, or -EINVAL with err filled.
 */
int target_parse(struct target *t, const char *what, const char *text,
                 struct error *err) ORD_CHECKED;

/*
 * Why no workload, or no pod, by that name is made here: a manifest may give
 * it.
 *
 * err  says that there is none; filled anew where it is given
 *
 * Returns -EEXIST where it is given, otherwise -ENOENT.
 */
int find_given_workload(const struct control_settings *s,
                        const struct ordinals_target *wanted,
                        struct error *err);
int find_given_pod(const struct control_settings *s,
                   const struct ordinals_target *wanted, struct error *err);

/*
 * Find whom a fault is to be of: a pod, otherwise a service.
 *
 * out  its kind, and texts that are borrowed until the next change
 *
 * Returns 0; or with err filled -ENOENT, -EINVAL where several namespaces have
 * it, -EEXIST for a fault of pods where none made here could have it.
 */
int find_faulty(const struct control_settings *s,
                const struct ordinals_target *wanted, enum fault_kind kind,
                const struct object **out, struct error *err) ORD_CHECKED;

#endif
