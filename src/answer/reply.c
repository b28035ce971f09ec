// SPDX-License-Identifier: Apache-2.0
// Replies that do not hold all that there is.
#include "reply.h"

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

struct reply reply_put_cut(const struct answer_job *job, struct reply r,
                           const struct zone_records *records)
{
    size_t question_end = (size_t)(r.at - r.start);
    size_t n;

    r.answers = (uint16_t)fitting(records->answer, records->answer_count,
                                  reply_room(&r), &n);
    reply_copy(&r, records->answer, n);
    if (r.answers < records->answer_count)
        reply_mark_cut(job, &r);
    else if (records->extra_n)
        put_all_extras(&r, records, question_end);
    return r;
}
