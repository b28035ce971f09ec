// SPDX-License-Identifier: Apache-2.0
// What happened to pods, kept until it can be seen in answers: whoever is told
// that a pod is ready may ask for it at once. Control thread. Private to
// daemon/.
#ifndef ORDINALD_DAEMON_EVENTS_H
#define ORDINALD_DAEMON_EVENTS_H

#include "model/ordinal.h"

#include <stdint.h>

struct events;

// max  of them are kept; a further one takes the place of the oldest
// Returns NULL when there is no memory.
struct events *events_new(uint32_t max);
void events_free(struct events *e); // NULL is fine

// Keep a copy. Without memory it is not kept: what is so is still seen by
// looking.
void events_keep(struct events *e, const struct ordinals_event *event);

// Hand all of them on, the oldest first.
void events_hand_on(struct events *e,
                    void (*event)(void *context,
                                  const struct ordinals_event *event),
                    void *context);

#endif
