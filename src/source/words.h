// SPDX-License-Identifier: Apache-2.0
// A few words put together from other people's texts, of any length and with
// anything in them. Private to source/.
#ifndef ORDINALD_SOURCE_WORDS_H
#define ORDINALD_SOURCE_WORDS_H

#include "model/object.h"

#include <stdbool.h>
#include <stddef.h>

struct words {
    char text[POD_REASON_MAX + 1];
    size_t n;
    // octets that it may have at the moment; set by the caller, at most
    // POD_REASON_MAX
    size_t room;
    bool cut; // it had no more room: what is added is dropped
};

/*
 * Add a text of somebody else's. Control characters and blanks in a row become
 * one blank, and none at its ends; IP addresses become "<address>", because a
 * reason is told to whoever asks for the name. What has no room is cut at a
 * character, with "..." behind it.
 */
void words_add(struct words *w, const char *text);

// The same for a text of our own, as it stands.
void words_add_plain(struct words *w, const char *text);

// "first: second", where both say something.
void words_add_both(struct words *w, const char *first, const char *second);

#endif
