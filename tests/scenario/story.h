// SPDX-License-Identifier: Apache-2.0
// Stories: text files that say what happens to a server and what it answers.
// One step a line; `#` begins a comment; what takes several lines is written
//
//     manifest mongo.yaml <<END
//     ...
//     END
//
// Steps, in the order in which a story usually has them:
//
//     options WORD...         as on the command line: --ttl 30 --zonal; what
//                             has a blank in it in single quotes. Before
//                             everything else
//     manifest FILE <<END     write a file anew
//     copy FILE PATH          the same, with the text of a file of this
//                             repository
//     edit FILE /OLD/NEW/     change each OLD in a file that was written
//     remove FILE
//     advance 2s | 300ms      time passes
//     load                    what a server does when files have changed
//     finding none | TEXT     what the last load reported
//     query NAME TYPE [tcp] [edns=SIZE] [no-rd]
//     expect RCODE [FLAG...]  exactly these of aa tc rd ra ad cd
//     answer|authority|additional
//            none | count N | [in-order] <<END   records as in a master file,
//                             all of them; a field `*` is any
//     opt none | SIZE         the OPT record
//     ede none | CODE [TEXT]  the extended error
//     octets-max N            of the reply
#ifndef ORDINALD_TESTS_SCENARIO_STORY_H
#define ORDINALD_TESTS_SCENARIO_STORY_H

#include "lib/reply.h"
#include "lib/world.h"

#include <stdbool.h>
#include <stdio.h>

// A file as it was last written, kept for `edit`.
struct story_file {
    char name[64];
    char *text;
};

struct story {
    const char *path;
    FILE *out; // failures, one a line
    unsigned failures;
    // where it is read
    char *text;
    char *at;
    unsigned line;      // from 1
    unsigned step_line; // where the step began that is carried out
    // the world, made by the first step behind the options
    char options[512];
    struct world *world;
    struct story_file files[16];
    // the last reply; not valid before the first query
    struct reply reply;
    size_t reply_n;
    bool asked;
};

// Count and report one failure at the line that is being carried out.
void story_fail(struct story *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The next word of *rest, which is cut up; NULL where there is none.
 */
char *story_word(char **rest);

/*
 * The lines behind a "<<END", up to the line that is just that word.
 *
 * rest  what is left of the step's line
 *
 * Returns the text (in the story's own), or NULL after reporting.
 */
char *story_block(struct story *s, char **rest);

// The steps that look at a reply (check.c). Return false where `word` is none
// of them.
bool story_check(struct story *s, const char *word, char *rest);

/*
 * Carry out a story from a file.
 *
 * out  where failures go
 *
 * Returns whether all of it held.
 */
bool story_run(const char *path, FILE *out);

#endif
