// SPDX-License-Identifier: Apache-2.0
// Label selectors as kubectl writes them (K8S "Labels and Selectors"):
//
//     app=db,tier!=cache,env in (prod,test),canary,!old
//
// Requirements separated by commas, all of which have to hold. `=` and `==` are
// one; `!=` and `notin` also match where the label is absent. A value that is
// left out, as in "app=" and "app in (db,)", is the empty one. Pure.
#ifndef ORDINALD_MODEL_SELECTOR_H
#define ORDINALD_MODEL_SELECTOR_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "model/object.h"

#include <stdbool.h>

struct selector;

/*
 * Read a selector. An empty text, or blanks only, matches everything.
 *
 * text   borrowed for the call only
 * arena  holds the selector
 *
 * Returns 0 and sets out; -EINVAL with err filled, which names the character
 * where it goes wrong, counted from 1, and what would be right; -ENOMEM.
 */
int selector_parse(const char *text, struct arena *arena,
                   const struct selector **out, struct error *err) ORD_CHECKED;

bool selector_matches(const struct selector *s, struct labels labels);

#endif
