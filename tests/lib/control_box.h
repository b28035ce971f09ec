// SPDX-License-Identifier: Apache-2.0
// The control interface over a real Unix socket, and clients for it. One
// thread: the loop turns while a client waits. What cannot be set up ends the
// test.
#ifndef ORDINALD_TESTS_LIB_CONTROL_BOX_H
#define ORDINALD_TESTS_LIB_CONTROL_BOX_H

#include "admin/control.h"

#include <stdbool.h>
#include <stddef.h>

enum { BOX_LIMIT_S = 30 }; // how long a client waits for what has to come

struct box {
    // set by the caller before box_start()
    struct control_settings settings;
    void *context; // the test's own
    // read-only
    uv_loop_t loop;
    struct control *control; // NULL: it does not run
    char directory[64];
    char path[CONTROL_PATH_SIZE];
};

struct box *box_new(void);
void box_free(struct box *b);

void box_start(struct box *b);
void box_stop(struct box *b);
void box_turn(struct box *b, int times);

double box_now_s(void);

// --- clients ---------------------------------------------------------------

int box_dial(const struct box *b);
void box_say_octets(int fd, const char *p, size_t n);
void box_say(int fd, const char *text);

// What comes until the reply is whole or the server ends; for free().
char *box_hear(struct box *b, int fd);

// Ask "GET /zone", "DELETE /faults"; or with a body. For free().
char *box_ask(struct box *b, const char *request);
char *box_post(struct box *b, const char *path, const char *body);

const char *box_body(const char *reply);

void assert_starts(const char *reply, const char *start);
void assert_has(const char *reply, const char *part);

// The reply has this status, and one line that says why.
void assert_refusal(const char *reply, const char *status, const char *why);
void assert_refused(struct box *b, const char *request, const char *status,
                    const char *why);

#endif
