// SPDX-License-Identifier: Apache-2.0
// Replies that do not hold all that there is.
#include "reply.h"

// Octets that the extended error about records left out takes at most: option
// head, INFO-CODE, and "65535 of 65535 records".
enum { LEFT_OUT_ROOM = 4 + 2 + 22 };

struct reply reply_cut(struct answer_job *job, struct reply r, uint16_t all_of)
{
    if (job->transport == ANSWER_UDP) {
        r.flags |= DNS_FLAG_TC;
        return r;
    }
    job->query.options |= REPLY_LEFT_OUT;
    job->all_of = all_of;
    if (job->query.has_edns && reply_room(&r) > LEFT_OUT_ROOM)
        r.end -= LEFT_OUT_ROOM;
    return r;
}

// How many of the records at p fit into n octets; *size is what they take.
static unsigned fitting(const uint8_t *p, unsigned count, size_t n,
                        size_t *size)
{
    size_t at = 0;
    unsigned i = 0;
    for (; i < count; i++) {
        // owners of answers are pointers: the length stands at a fixed place
        size_t next = at + DNS_RECORD_HEAD;
        if (next > n)
            break;
        next += bytes_load_u16(p + at + DNS_RECORD_HEAD - 2);
        if (next > n)
            break;
        at = next;
    }
    *size = at;
    return i;
}

/*
 * Additional records whose owner is a pointer counted from the end of the
 * question, as many as fit. A set of records for one owner is not split.
 */
static void put_extras(struct reply *r, const uint8_t *from, unsigned count,
                       size_t stride, size_t question_end)
{
    unsigned n = reply_room(r) / stride < count
                     ? (unsigned)(reply_room(r) / stride)
                     : count;

    while (n > 0 && n < count &&
           memcmp(from + n * stride, from + (n - 1) * stride, 2) == 0)
        n--;
    uint8_t *to = r->at;
    reply_copy(r, from, n * stride);
    for (unsigned i = 0; i < n; i++, to += stride)
        reply_move_pointer(to, question_end);
    r->additionals = (uint16_t)(r->additionals + n);
}

// The octets of an additional record's owner, written out, and its type.
static size_t far_owner_and_type(const uint8_t *record)
{
    size_t n = 0;
    while (record[n])
        n += record[n] + 1u;
    return n + 1 + 2;
}

// The same where owners are written out in place of pointers: sets of records
// of one owner and type stand together, and go together.
static void put_far_extras(struct reply *r, const uint8_t *from, unsigned count)
{
    struct reply set = *r; // before the set that is being written
    const uint8_t *last = NULL;

    for (; count > 0; count--) {
        size_t key = far_owner_and_type(from);
        // class, TTL, RDATA length
        size_t n = key + 2 + 4 + 2;
        n += bytes_load_u16(from + n - 2);
        if (!last || memcmp(last, from, key) != 0)
            set = *r;
        if (n > reply_room(r)) {
            *r = set;
            return;
        }
        reply_copy(r, from, n);
        r->additionals++;
        last = from;
        from += n;
    }
}

static void put_all_extras(struct reply *r, const struct zone_records *records,
                           size_t question_end)
{
    const uint8_t *from = records->extra;

    put_extras(r, from, records->extra_a_count, DNS_RECORD_A, question_end);
    from += (size_t)records->extra_a_count * DNS_RECORD_A;
    put_extras(r, from, records->extra_aaaa_count, DNS_RECORD_AAAA,
               question_end);
    from += (size_t)records->extra_aaaa_count * DNS_RECORD_AAAA;
    put_far_extras(r, from, records->extra_far_count);
}

// The records from `at` on, up to `end`, as many as fit.
static void put_some(struct reply *r, const struct zone_records *records,
                     size_t at, size_t end)
{
    size_t n, room = end - at < reply_room(r) ? end - at : reply_room(r);

    r->answers =
        (uint16_t)(r->answers + fitting(records->answer + at,
                                        records->answer_count, room, &n));
    reply_copy(r, records->answer + at, n);
}

// Where this reply begins among records that no message can hold: all of them
// are seen by a client that asks again, in the same order. Over UDP a set that
// is cut always begins with the first: a client that goes by it sees the same
// targets each time.
static size_t first_place(struct answer_context *c, struct answer_job *job,
                          const struct zone_records *records)
{
    if (job->transport == ANSWER_UDP || records->marks_n == 0)
        return 0;
    uint32_t mark;
    memcpy(&mark,
           records->answer + records->answer_n +
               reply_next_turn(c, records->marks_n) * sizeof mark,
           sizeof mark);
    return mark;
}

struct reply reply_put_cut(struct answer_context *c, struct answer_job *job,
                           struct reply r, const struct zone_records *records)
{
    size_t question_end = reply_offset(job, &r);

    if (records->answer_n <= reply_room(&r)) {
        r.answers = records->answer_count;
        reply_copy(&r, records->answer, records->answer_n);
        if (records->extra_n)
            put_all_extras(&r, records, question_end);
        return r;
    }
    r = reply_cut(job, r, records->answer_count);
    size_t first = first_place(c, job, records);
    put_some(&r, records, first, records->answer_n);
    if (first > 0)
        put_some(&r, records, 0, first);
    return r;
}
