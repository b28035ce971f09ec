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
//     environment NAME=VALUE...
//                             of the process, while the story lasts; likewise
//     manifest FILE <<END     write a file anew
//     copy FILE PATH          the same, with the text of a file of this
//                             repository
//     edit FILE /OLD/NEW/     change each OLD in a file that was written; any
//                             character for '/', and \n is the end of a line
//     remove FILE
//     load                    what a server does when files have changed
//     advance 2s | 300ms      time passes, and the server does what is due on
//                             the way
//     run                     what it does when something is due now
//     scale [NS/]NAME N       as the commands of these names (steer.c)
//     restart [NS/]NAME
//     delete-pod [NS/]POD
//     fail-pod [NS/]POD       its containers end
//     fault [NS/]NAME KIND [for 10s]
//                             of a pod or a service; --enable-faults
//     clear [[NS/]NAME]       its faults, or all
//     probe POD ok | fail     all its probes from now on; before that they fail
//     finding none | TEXT     what the last of these steps reported
//     query NAME TYPE [tcp] [edns=SIZE] [no-rd] [waits=MS]
//                             is answered at once; or is to wait just so long:
//                             the reply is what it gets then, as things are
//     forwards NAME TYPE...   is asked upstream, for each of the types
//     expect RCODE [FLAG...]  exactly these of aa tc rd ra ad cd
//     answer|authority|additional
//            none | count N | [in-order] <<END   records as in a master file,
//                             all of them; a field `*` is any
//     opt none | SIZE         the OPT record
//     ede none | CODE [TEXT]  the extended error, and what is in its text
//     why CODE [TEXT]         why the answer is negative: the only extended
//                             error of a reply without answers, and all of its
//                             text. The question needs edns=SIZE
//     octets-max N            of the reply
//     addresses NAME [ADDRESS...]
//                             asks for the addresses of NAME.svc.cluster.local:
//                             just these; none given: NXDOMAIN
//     pointer ADDRESS [NAME...]
//                             likewise for the names of an IPv4 address
//     absent NAME CODE [TEXT] asks for the addresses of NAME.svc.cluster.local:
//                             NXDOMAIN, with `why CODE TEXT`
//     events [NS] any | none | <<END
//                             what happened since the last `events`, or there
//                             alone: exactly these in this order, as `ready
//                             web-0 10.244.0.1`
//     pods [NS/]NAME none | <<END
//                             the pods of a workload, all of them in order, as
//                             `web-1 pending: reason`; also terminating,
//                             failed, addressed, ready
//     settled [NS/]NAME yes | no [TEXT]
//                             whether nothing is left to be done; the reason
//     claims none | <<END     `www-web-0 bound web-0`, `www-web-1 unbound`
//
// In the lines of the last four a field `*` is any, and what stands at the end
// may be left off (look.c).
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
    const char *variables[8]; // names of those that are set
    unsigned variables_n;
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

// The steps that ask (ask.c), those in which time passes and pods are steered
// (steer.c), and those that look at pods (look.c). Likewise.
bool story_ask(struct story *s, const char *word, char *rest);
bool story_steer(struct story *s, const char *word, char *rest);
bool story_look(struct story *s, const char *word, char *rest);

// `why CODE [TEXT]`, for steps that ask themselves.
void story_check_why(struct story *s, char *rest);

// NAME or NAMESPACE/NAME, cut up; NULL is "".
struct ordinals_target story_target(char *word);

/*
 * Carry out a story from a file.
 *
 * out  where failures go
 *
 * Returns whether all of it held.
 */
bool story_run(const char *path, FILE *out);

#endif
