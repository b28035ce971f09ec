// SPDX-License-Identifier: Apache-2.0
// What the parts of explain() share: what was asked and answered, where the
// name stands, and the chain behind it. All texts are in the arena or borrowed
// from the sources. Private to src/admin. Control thread.
#ifndef ORDINALD_ADMIN_EXPLAIN_PRIVATE_H
#define ORDINALD_ADMIN_EXPLAIN_PRIVATE_H

#include "admin/explain.h"
#include "base/arena.h"
#include "dns/message.h"
#include "dns/name.h"
#include "model/reason.h"

#include <stdio.h>

enum {
    EXPLAIN_NAMES_MAX = 12,  // a chain of aliases, and a PTR's target
    EXPLAIN_LISTED_MAX = 10, // pods, endpoints or slices of one service
    EXPLAIN_QUESTIONS = 2,
};

struct explain_record {
    struct explain_record *next;
    const char *name;
    const char *type;
    const char *data;
    uint32_t ttl_s;
};

// A question, and its reply.
struct explain_question {
    uint16_t type;
    char type_text[16];
    uint16_t rcode; // where it is not forwarded
    bool resolves;
    bool forwarded; // then it resolves, as far as is known here
    struct explain_record *records;
    uint32_t records_n;
    // the question's name, and those to which aliases or a PTR record lead
    struct dns_name names[EXPLAIN_NAMES_MAX];
    unsigned names_n;
    // why not, or why not here; all empty where it resolves here
    uint8_t code; // enum reason_code
    bool has_ede;
    uint16_t ede;
    const char *text;
};

// Where a name stands.
enum explain_place {
    EXPLAIN_ELSEWHERE, // in no zone, or at a place that has a fixed meaning
    EXPLAIN_NAMESPACE,
    EXPLAIN_SERVICE,
    EXPLAIN_HOSTNAME, // one label below a service
    EXPLAIN_PORT,     // two labels, or a zonal name's more
    EXPLAIN_POD,      // <a-b-c-d>.<namespace>.pod
    EXPLAIN_ADDRESS,  // a whole one, in a reverse zone
};

struct explain_subject {
    enum explain_place place;
    // as labels are written (RFC 1035 5.1); "" where there is none
    const char *namespace;
    const char *service;
    const char *hostname;   // EXPLAIN_HOSTNAME, EXPLAIN_POD: the label
    const char *port;       // without underscore
    const char *protocol;   // likewise
    struct address address; // family 0: none
};

// A link of the chain.
struct explain_link {
    struct explain_link *next;
    const char *kind;
    const char *namespace;
    const char *name;
    const char *state;
    struct place at; // file NULL: made here, or nowhere
    bool made;
    uint32_t more;     // not one, but so many that are left out
    const char *words; // private to explain_text.c
};

struct explain {
    const struct explain_sources *from;
    struct arena arena;
    bool no_memory; // sticky

    struct dns_name domain;
    const char *domain_text; // with its final dot
    struct dns_name name;    // folded
    const char *name_text;
    bool relative; // given without a final dot
    struct explain_question questions[EXPLAIN_QUESTIONS];
    unsigned questions_n;
    const struct explain_question *decides;

    struct explain_subject about; // the last name of the deciding question
    struct reason why;            // with what the chain knows of it
    const char *mend;
    const char *near;
    const char *hint;
    struct explain_link *links;
    struct explain_link **links_end;
};

// --- texts -----------------------------------------------------------------

// In the arena; "" without memory.
const char *explain_say(struct explain *e, const char *format, ...)
    ORD_PRINTF(2, 3);

// Another text behind this one, with "; " between them where both are there.
void explain_say_more(struct explain *e, const char **text, const char *more);

// "10.0.0.1, fd00::1"; "" for none.
const char *explain_addresses(struct explain *e, const struct address *a,
                              uint32_t n);

// --- names (explain_name.c) ------------------------------------------------

// A query for a name; q borrows from message.
struct explain_query {
    uint8_t message[DNS_HEADER + DNS_QUESTION_MAX + DNS_OPT];
    size_t n;
    struct dns_query q;
};
void explain_query(struct explain_query *out, const struct dns_name *name,
                   uint16_t type);

// Where a folded name stands.
struct explain_subject explain_subject(struct explain *e,
                                       const struct dns_name *name);

// Whether a name exists to DNS, be it with records or without; whether there is
// such a service, be it with names or without. What is hidden does not exist.
bool explain_exists(const struct explain *e, const char *name);
bool explain_service_exists(struct explain *e, const char *namespace,
                            const char *service);

// --- the answer (explain_answer.c) -----------------------------------------

// Ask the deciding questions, and those beside them.
void explain_ask(struct explain *e, uint16_t type,
                 struct explain_question *out);

// "NXDOMAIN"; "" where the question is forwarded.
const char *explain_rcode(const struct explain_question *q);

// --- the chain -------------------------------------------------------------

// All links of all names that a question came by; `why` gets what the model
// says of the reason (explain_chain.c).
void explain_chain(struct explain *e);

// A link; one that is there already is not told again.
void explain_link(struct explain *e, const struct object *o, const char *state);
void explain_link_other(struct explain *e, const struct explain_link *link);
void explain_link_more(struct explain *e, const char *kind, size_t n);

// Objects that a walk found.
struct explain_objects {
    const struct object **items;
    size_t n;
    size_t room;
};
void explain_objects_add(struct explain *e, struct explain_objects *objects,
                         const struct object *o);

// Whether "web-3" may be the name of a StatefulSet's pod (explain_chain.c).
bool explain_is_set_of(const char *set, const char *hostname);

// The endpoints of slices that are given: of a service, or with an address
// (explain_slices.c).
void explain_slices(struct explain *e, const struct explain_subject *s,
                    const struct service *service);
void explain_slices_with(struct explain *e, const struct explain_subject *s);

// Pods: of a service, with the workloads that may be theirs; called so, or with
// this address, which may be NULL; or whoever has the subject's address
// (explain_pods.c).
void explain_pods_of(struct explain *e, const struct object *service,
                     const struct explain_objects *workloads);
void explain_pods_named(struct explain *e, const char *namespace,
                        const char *name, const struct address *address,
                        const struct explain_objects *workloads);
void explain_holders(struct explain *e, const struct explain_subject *s);

// The state of an object in words (explain_state.c). `why`: what is known
// beside its facts, "" for nothing; service: whose chain it is.
const char *explain_service_state(struct explain *e, const struct object *o,
                                  bool ports);
const char *explain_workload_state(struct explain *e, const struct object *o,
                                   const char *service, const char *why);
const char *explain_pod_state(struct explain *e, const struct object *o,
                              const char *why);
const char *explain_endpoint_state(struct explain *e, uint8_t family,
                                   const struct endpoint *end);

// --- what was meant (explain_near.c) ---------------------------------------

// Fill near, hint and mend.
void explain_near(struct explain *e);

// One more piece of advice; and the name that may have been meant, unless
// another one has been found.
void explain_hint(struct explain *e, const char *text);
void explain_mean(struct explain *e, const char *name);

// What a search list would make of the name; the name with the domain that is
// served; and without a second one behind it (explain_domain.c).
void explain_expansion(struct explain *e);
void explain_domain(struct explain *e);
void explain_without_search(struct explain *e);

// --- writing ---------------------------------------------------------------

// Whether a record stands in the reply to the question before it as well: what
// aliases lead to is in all of them.
bool explain_is_repeated(const struct explain *e,
                         const struct explain_question *q,
                         const struct explain_record *r);

// Return 0 or -ENOMEM.
int explain_write_text(struct explain *e, struct explanation *out) ORD_CHECKED;
int explain_write_json(const struct explain *e,
                       struct explanation *out) ORD_CHECKED;

#endif
