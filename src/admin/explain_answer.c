// SPDX-License-Identifier: Apache-2.0
// The reply that a client would get over TCP, read as a client reads it, and
// the reason that the zone has for a negative one.
#include "explain.h"

#include "answer/answer.h"
#include "dns/edns.h"
#include "dns/record.h"
#include "dns/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *explain_rcode(const struct explain_question *q)
{
    static const char *const names[] = {
        [DNS_RCODE_NOERROR] = "NOERROR",   [DNS_RCODE_FORMERR] = "FORMERR",
        [DNS_RCODE_SERVFAIL] = "SERVFAIL", [DNS_RCODE_NXDOMAIN] = "NXDOMAIN",
        [DNS_RCODE_NOTIMP] = "NOTIMP",     [DNS_RCODE_REFUSED] = "REFUSED",
    };

    assert(q->rcode < ORD_COUNT(names));
    return q->forwarded ? "" : names[q->rcode];
}

// --- reading a reply -------------------------------------------------------

// A reply while it is read. What the server writes is well formed: where it is
// not, reading ends, and what was read is told.
struct reply {
    struct explain *e;
    struct span all;
    struct bytes_in in;
};

// One name, its pointers followed, which lead backwards; as far as it fits.
static bool read_name(struct reply *r, struct dns_name *out)
{
    struct bytes_in at = r->in;
    bool jumped = false;

    out->n = 0;
    for (unsigned hops = 0; hops <= DNS_LABELS_MAX;) {
        const uint8_t n = bytes_in_u8(&at);
        if (n > DNS_LABEL_MAX) {
            const size_t to =
                (size_t)(n << 8 | bytes_in_u8(&at)) & (DNS_POINTER_LIMIT - 1);
            if (!jumped)
                r->in = at;
            jumped = true;
            hops++;
            at = bytes_in_of(r->all);
            (void)bytes_in_take(&at, to);
            continue;
        }
        const struct span label = bytes_in_take(&at, n);
        if (!bytes_in_ok(&at) || out->n + n + 1u > DNS_NAME_MAX)
            break;
        out->wire[out->n++] = n;
        if (n == 0) {
            if (!jumped)
                r->in = at;
            return true;
        }
        memcpy(out->wire + out->n, label.p, n);
        out->n = (uint8_t)(out->n + n);
    }
    r->in.failed = true;
    return false;
}

// Octets before the first name in RDATA that may be compressed, and how many
// names there are (RFC 3597 4, RFC 2782).
static unsigned names_in(uint16_t type, size_t *before)
{
    *before = type == DNS_TYPE_SRV ? 6 : 0;
    switch (type) {
    case DNS_TYPE_SOA:
        return 2;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_SRV:
        return 1;
    default:
        return 0;
    }
}

// RDATA with its names written out. `last` is the last of them.
static struct span read_rdata(struct reply *r, uint16_t type, uint16_t n,
                              uint8_t *room, size_t room_n,
                              struct dns_name *last)
{
    struct bytes_out out = bytes_out_of(room, room_n);
    size_t before;
    const unsigned names = names_in(type, &before);

    if (names == 0)
        return bytes_in_take(&r->in, n);
    const size_t end = bytes_in_left(&r->in) - n;
    bytes_out_put(&out, bytes_in_take(&r->in, before));
    for (unsigned i = 0; i < names && read_name(r, last); i++)
        bytes_out_put(&out, dns_name_view(last));
    if (bytes_in_left(&r->in) > end)
        bytes_out_put(&out, bytes_in_take(&r->in, bytes_in_left(&r->in) - end));
    return bytes_out_written(&out);
}

static const char *format_rdata(struct explain *e, uint16_t type,
                                struct span rdata)
{
    char *text = arena_bytes(&e->arena, dns_rdata_text_size(rdata.n));

    if (!text) {
        e->no_memory = true;
        return "";
    }
    (void)dns_rdata_format(type, rdata, text);
    return text;
}

// What one record says, beside its texts.
struct seen {
    uint16_t type;
    struct span rdata;
    struct dns_name target;
};

// Read a record; out may be NULL: then it is stepped over.
static bool read_record(struct reply *r, struct seen *seen,
                        struct explain_record *out)
{
    // an SOA's two names and five numbers are the longest
    static const size_t room_n = 2 * DNS_NAME_MAX + 20;
    uint8_t room[2 * DNS_NAME_MAX + 20];
    struct dns_name owner;
    char text[DNS_NAME_TEXT_SIZE], type[16];

    if (!read_name(r, &owner))
        return false;
    seen->type = bytes_in_u16(&r->in);
    (void)bytes_in_u16(&r->in);
    const uint32_t ttl_s = bytes_in_u32(&r->in);
    const uint16_t n = bytes_in_u16(&r->in);
    if (!bytes_in_ok(&r->in) || bytes_in_left(&r->in) < n)
        return false;
    if (!out) {
        seen->rdata = bytes_in_take(&r->in, n);
        return true;
    }
    const struct span rdata =
        read_rdata(r, seen->type, n, room, room_n, &seen->target);
    out->ttl_s = ttl_s;
    out->name =
        explain_say(r->e, "%s", dns_name_format(dns_name_view(&owner), text));
    out->type = explain_say(r->e, "%s", dns_type_format(seen->type, type));
    out->data = format_rdata(r->e, seen->type, rdata);
    return bytes_in_ok(&r->in);
}

static void add_name(struct explain_question *q, const struct dns_name *name)
{
    if (q->names_n == EXPLAIN_NAMES_MAX)
        return;
    q->names[q->names_n] = *name;
    dns_name_fold(&q->names[q->names_n++]);
}

static void read_answers(struct reply *r, unsigned n,
                         struct explain_question *q)
{
    struct explain_record **end = &q->records;
    struct seen seen;

    for (unsigned i = 0; i < n; i++) {
        struct explain_record *record =
            arena_alloc(&r->e->arena, sizeof *record);
        if (!record) {
            r->e->no_memory = true;
            return;
        }
        if (!read_record(r, &seen, record))
            return;
        *end = record;
        end = &record->next;
        q->records_n++;
        q->resolves |= seen.type == q->type || q->type == DNS_TYPE_ANY;
        // an address has one name, of a reply's many the first one is followed
        if (seen.type == DNS_TYPE_CNAME || seen.type == DNS_TYPE_PTR)
            add_name(q, &seen.target);
    }
}

// RFC 8914 2: what else the server says.
static void read_error(struct explain *e, struct span options,
                       struct explain_question *q)
{
    struct bytes_in in = bytes_in_of(options);

    while (bytes_in_ok(&in) && bytes_in_left(&in)) {
        const uint16_t code = bytes_in_u16(&in);
        struct bytes_in value =
            bytes_in_of(bytes_in_take(&in, bytes_in_u16(&in)));
        if (!bytes_in_ok(&in) || code != EDNS_OPTION_EDE)
            continue;
        q->ede = bytes_in_u16(&value);
        q->has_ede = bytes_in_ok(&value);
        const struct span text = bytes_in_take(&value, bytes_in_left(&value));
        q->text = explain_say(e, "%.*s", (int)text.n, (const char *)text.p);
    }
}

static void read_reply(struct explain *e, struct span all,
                       struct explain_question *q)
{
    struct reply r = {.e = e, .all = all, .in = bytes_in_of(all)};
    struct dns_name name;
    struct seen seen;
    uint16_t counts[4];

    (void)bytes_in_u16(&r.in);
    q->rcode = bytes_in_u16(&r.in) & 15;
    for (unsigned i = 0; i < ORD_COUNT(counts); i++)
        counts[i] = bytes_in_u16(&r.in);
    for (unsigned i = 0; i < counts[0] && read_name(&r, &name); i++)
        (void)bytes_in_take(&r.in, 4);
    read_answers(&r, counts[1], q);
    for (unsigned i = 0; i < counts[2] + (unsigned)counts[3]; i++)
        if (read_record(&r, &seen, NULL) && seen.type == DNS_TYPE_OPT)
            read_error(e, seen.rdata, q);
}

// --- why -------------------------------------------------------------------

static void take_reason(struct explain *e, const struct zone_reason *why,
                        struct explain_question *q)
{
    const struct reason_kind *kind = reason_kind(why->code);

    q->code = why->code;
    q->text = explain_say(e, "%.*s", (int)why->text_n,
                          (const char *)why->option + ZONE_REASON_TEXT_AT);
    // without a reason there is none, whatever the option says
    q->has_ede = why->code != REASON_NONE && kind->ede != REASON_NO_EDE;
    q->ede = q->has_ede ? kind->ede : 0;
}

// Why it is none of this server's: of a name in our zones the reason that it
// would have, which others have not.
static void tell_forwarded(struct explain *e, enum zone_outcome outcome,
                           const struct zone_reason *why,
                           struct explain_question *q)
{
    q->resolves = true;
    if (outcome == ZONE_OUTSIDE && q->names_n > 1)
        q->text = "the alias leads out of all zones here";
    else if (outcome == ZONE_OUTSIDE)
        q->text = "it is in no zone here";
    else
        take_reason(e, why, q);
    q->has_ede = false;
    q->ede = 0;
    explain_say_more(e, &q->text, "an upstream is asked (--forward)");
}

// Whether an outcome is what the reply says: a fault may say something else.
static bool is_said(const struct explain_question *q, enum zone_outcome outcome)
{
    switch (outcome) {
    case ZONE_NXDOMAIN:
        return q->rcode == DNS_RCODE_NXDOMAIN;
    case ZONE_NODATA:
        return q->rcode == DNS_RCODE_NOERROR;
    case ZONE_OUTSIDE:
        return q->rcode == DNS_RCODE_REFUSED;
    default:
        return false;
    }
}

// The look-up of the last name, as the reply came by it.
static void find_reason(struct explain *e, struct explain_question *q)
{
    const struct zone *z = e->from->zone;
    struct explain_query query;
    struct zone_lookup lookup = {0};
    struct zone_match match;

    explain_query(&query, &q->names[q->names_n - 1], q->type);
    const enum zone_outcome outcome = zone_find(z, &query.q, &lookup, &match);
    if (q->forwarded)
        tell_forwarded(e, outcome, zone_why(z, &query.q, &lookup, outcome), q);
    else if (outcome == ZONE_OUTSIDE && q->names_n > 1)
        q->resolves = true; // elsewhere, as far as is known here
    else if (!q->resolves && is_said(q, outcome))
        take_reason(e, zone_why(z, &query.q, &lookup, outcome), q);
    else if (!q->resolves && outcome == ZONE_FOUND && q->names_n > 1)
        q->text = "the aliases lead in a circle, or there are too many";
    else if (!q->resolves && zone_has_faults(z) && !*q->text &&
             zone_find_fault(z, &query.q).no_aaaa)
        q->text = "fault no-aaaa";
}

// --- asking ----------------------------------------------------------------

static enum answer_verdict answer(struct answer_context *context,
                                  const struct explain_query *query,
                                  uint8_t *message, size_t *n)
{
    // due now: what a fault makes slow is what it is without waiting, too
    struct answer_job job = {
        .message = message,
        .query_n = (uint32_t)query->n,
        .size = DNS_TCP_MAX,
        .transport = ANSWER_TCP,
        .due_now = true,
    };

    memcpy(message, query->message, query->n);
    answer_batch(context, &job, 1);
    *n = job.verdict == ANSWER_SEND ? job.reply_n : 0;
    return job.verdict;
}

// What is forwarded is answered as if it were not: the aliases that lead there
// are ours.
static size_t ask(struct explain *e, const struct explain_query *query,
                  uint8_t *message, struct explain_question *q)
{
    const struct answer_settings *s = &e->from->answers;
    struct answer_context context = {
        .zone = e->from->zone,
        .settings = {.udp_size_max = DNS_UDP_MIN,
                     .forwards = s->forwards,
                     .falls_through = s->falls_through,
                     .forwards_reverse = s->forwards_reverse},
    };
    size_t n;

    q->forwarded = answer(&context, query, message, &n) == ANSWER_FORWARD;
    context.settings.forwards = false;
    if (q->forwarded)
        (void)answer(&context, query, message, &n);
    return n;
}

void explain_ask(struct explain *e, uint16_t type, struct explain_question *out)
{
    struct explain_query query;
    uint8_t *message = malloc(DNS_TCP_MAX);

    out->type = type;
    out->text = "";
    dns_type_format(type, out->type_text);
    add_name(out, &e->name);
    if (!message) {
        e->no_memory = true;
        return;
    }
    explain_query(&query, &e->name, type);
    const size_t n = ask(e, &query, message, out);
    read_reply(e, span_of(message, n), out);
    free(message);
    find_reason(e, out);
}

bool explain_is_repeated(const struct explain *e,
                         const struct explain_question *q,
                         const struct explain_record *r)
{
    if (q == e->questions || strcmp(r->type, "CNAME") != 0)
        return false;
    for (const struct explain_record *at = e->questions->records; at;
         at = at->next)
        if (strcmp(at->type, r->type) == 0 && strcmp(at->name, r->name) == 0 &&
            strcmp(at->data, r->data) == 0)
            return true;
    return false;
}
