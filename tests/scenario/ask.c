// SPDX-License-Identifier: Apache-2.0
// The steps of a story that ask a question; `addresses`, `absent` and `pointer`
// judge the reply at once.
#include "scenario/story.h"

#include <stdlib.h>
#include <string.h>

// --- asking ----------------------------------------------------------------

// What a worker does, but that no time passes: where the question is to wait,
// it is asked again as one whose time is over.
static size_t answer(struct story *s, const uint8_t *query, size_t n,
                     enum answer_transport transport, unsigned waits_ms,
                     uint8_t *message)
{
    if (waits_ms == 0)
        return world_answer(s->world, query, n, transport, message);
    const unsigned ms = world_waits_ms(s->world, query, n, transport, message);
    if (ms != waits_ms)
        story_fail(s, "waits %u ms, should be %u", ms, waits_ms);
    return world_answer_due(s->world, query, n, transport, message);
}

static void ask(struct story *s, const uint8_t *query, size_t n,
                enum answer_transport transport, unsigned waits_ms)
{
    static uint8_t message[DNS_TCP_MAX];
    char error[200] = "";

    reply_release(&s->reply);
    s->reply_n = answer(s, query, n, transport, waits_ms, message);
    s->asked = s->reply_n > 0;
    if (!s->asked)
        story_fail(s, "no reply");
    else if (!reply_read(message, s->reply_n, &s->reply, error))
        story_fail(s, "ill-formed reply: %s", error);
    else if (s->reply.id != (query[0] << 8 | query[1]) ||
             !(s->reply.flags & 0x8000))
        story_fail(s, "id or QR of the reply is wrong");
}

static void ask_name(struct story *s, const char *name, const char *type,
                     uint16_t edns_size)
{
    uint8_t query[600];
    const size_t n =
        query_write(query, sizeof query, (uint16_t)(0x4200 + s->line), name,
                    (uint16_t)reply_type_of(type), edns_size, true);

    if (n == 0)
        story_fail(s, "this is no question");
    else
        ask(s, query, n, ANSWER_UDP, 0);
}

static void step_query(struct story *s, char *rest)
{
    char *name = story_word(&rest), *type = story_word(&rest), *word;
    enum answer_transport transport = ANSWER_UDP;
    uint16_t edns_size = 0;
    unsigned waits_ms = 0;
    bool recursion_desired = true;
    uint8_t query[600];

    while ((word = story_word(&rest))) {
        if (strcmp(word, "tcp") == 0)
            transport = ANSWER_TCP;
        else if (strncmp(word, "edns=", 5) == 0)
            edns_size = (uint16_t)atoi(word + 5);
        else if (strncmp(word, "waits=", 6) == 0)
            waits_ms = (unsigned)atoi(word + 6);
        else if (strcmp(word, "no-rd") == 0)
            recursion_desired = false;
        else
            story_fail(s, "'%s' is not known to 'query'", word);
    }
    int number = type ? reply_type_of(type) : -1;
    size_t n =
        number < 0
            ? 0
            : query_write(query, sizeof query, (uint16_t)(0x4200 + s->line),
                          name, (uint16_t)number, edns_size, recursion_desired);
    if (n == 0)
        story_fail(s, "this is no question");
    else
        ask(s, query, n, transport, waits_ms);
}

// --- upstream --------------------------------------------------------------

static void forwards(struct story *s, const char *name, const char *type)
{
    uint8_t query[600], message[1232];
    const size_t n =
        query_write(query, sizeof query, (uint16_t)(0x4200 + s->line), name,
                    (uint16_t)reply_type_of(type), sizeof message, true);
    struct answer_job job = {.message = message,
                             .query_n = (uint32_t)n,
                             .size = sizeof message,
                             .transport = ANSWER_UDP};

    if (n == 0) {
        story_fail(s, "this is no question");
        return;
    }
    memcpy(message, query, n);
    answer_batch(world_context(s->world), &job, 1);
    if (job.verdict != ANSWER_FORWARD)
        story_fail(s, "%s %s is not forwarded", name, type);
    else if (memcmp(message, query, n) != 0)
        story_fail(s, "%s %s is not as it came", name, type);
}

static void step_forwards(struct story *s, char *rest)
{
    const char *name = story_word(&rest), *type = story_word(&rest);

    if (!type)
        story_fail(s, "written 'forwards NAME TYPE...'");
    for (; type; type = story_word(&rest))
        forwards(s, name, type);
}

// --- addresses and names ----------------------------------------------------

enum { TEXT_SIZE = 300, WANTED_MAX = 64, EDNS_SIZE = 1232 };

// The last field of a record.
static const char *data_of(const char *line)
{
    const char *blank = strrchr(line, ' ');

    return blank ? blank + 1 : line;
}

// Whether the answer has just these, in any order: `tail` behind each of them.
static bool has_just(const struct story *s, char *const *wanted, size_t n,
                     const char *tail)
{
    char text[TEXT_SIZE];
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%s%s", wanted[i], tail);
        for (size_t k = 0; k < s->reply.lines_n[REPLY_ANSWER]; k++)
            found +=
                strcmp(data_of(s->reply.lines[REPLY_ANSWER][k]), text) == 0;
    }
    return found == n && s->reply.lines_n[REPLY_ANSWER] == n;
}

// No name at all: NXDOMAIN, with the SOA that says how long (RFC 2308 3).
static bool is_no_name(const struct story *s)
{
    return s->reply.rcode == 3 && s->reply.lines_n[REPLY_ANSWER] == 0 &&
           s->reply.lines_n[REPLY_AUTHORITY] == 1;
}

static void judge(struct story *s, char *rest, const char *tail)
{
    char *wanted[WANTED_MAX], rcode[16];
    size_t n = 0;

    while (n < WANTED_MAX && (wanted[n] = story_word(&rest)))
        n++;
    if (!s->asked ||
        (n == 0 ? is_no_name(s)
                : s->reply.rcode == 0 && has_just(s, wanted, n, tail)))
        return;
    story_fail(s, "%s is %s, should be %s%s", s->reply.question,
               reply_rcode_name(s->reply.rcode, rcode), n ? "" : "NXDOMAIN",
               n ? "these alone" : "");
    for (size_t i = 0; i < s->reply.lines_n[REPLY_ANSWER]; i++)
        fprintf(s->out, "    %s\n", s->reply.lines[REPLY_ANSWER][i]);
}

static const char domain[] = ".svc.cluster.local";

static void step_addresses(struct story *s, char *rest)
{
    const char *name = story_word(&rest);
    char full[TEXT_SIZE];

    snprintf(full, sizeof full, "%s%s", name ? name : "", domain);
    ask_name(s, full, strchr(rest, ':') ? "AAAA" : "A", 0);
    judge(s, rest, "");
}

static void step_absent(struct story *s, char *rest)
{
    const char *name = story_word(&rest);
    char full[TEXT_SIZE], rcode[16];

    snprintf(full, sizeof full, "%s%s", name ? name : "", domain);
    ask_name(s, full, "A", EDNS_SIZE);
    if (!s->asked)
        return;
    if (is_no_name(s))
        story_check_why(s, rest);
    else
        story_fail(s, "%s is %s, should be NXDOMAIN", s->reply.question,
                   reply_rcode_name(s->reply.rcode, rcode));
}

static void step_pointer(struct story *s, char *rest)
{
    const char *text = story_word(&rest);
    unsigned o[4];
    char name[TEXT_SIZE], tail[TEXT_SIZE];

    if (!text || sscanf(text, "%u.%u.%u.%u", &o[0], &o[1], &o[2], &o[3]) != 4) {
        story_fail(s, "written 'pointer 10.0.0.1 [NAME...]'");
        return;
    }
    snprintf(name, sizeof name, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1],
             o[0]);
    snprintf(tail, sizeof tail, "%s.", domain);
    ask_name(s, name, "PTR", 0);
    judge(s, rest, tail);
}

// --- all of them -----------------------------------------------------------

static const struct {
    const char *word;
    void (*carry_out)(struct story *s, char *rest);
} steps[] = {
    {"query", step_query},         {"forwards", step_forwards},
    {"addresses", step_addresses}, {"pointer", step_pointer},
    {"absent", step_absent},
};

bool story_ask(struct story *s, const char *word, char *rest)
{
    for (size_t i = 0; i < ORD_COUNT(steps); i++) {
        if (strcmp(steps[i].word, word) == 0) {
            steps[i].carry_out(s, rest);
            return true;
        }
    }
    return false;
}
