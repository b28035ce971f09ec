// SPDX-License-Identifier: Apache-2.0
// Records of a reply that move to another message. What whole replies become:
// test_answer_forward_any.c.
#include "dns/reply.h"

#include "lib/passage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TYPE_MINFO = 14, // two names
    TYPE_MX = 15,
    START = 32, // where the first record stands: behind "db.example.org."
};

// Into each room: all of a record or nothing, and one that has room after one
// that has none.
static void a_record_moves_whole_or_not(void **state)
{
    (void)state;
    enum { FIRST = 21, SECOND = 16 };
    struct message m;
    struct dns_reply r;
    struct dns_reply_record first, second;
    size_t at = 0;

    message_begin(&m, TYPE_A, 2, 0, 0);
    assert_int_equal(m.n, START);
    MESSAGE_RECORD(&m, QUESTION, TYPE_MX, "\0\1\4mail" EXAMPLE);
    MESSAGE_RECORD(&m, QUESTION, TYPE_A, "\1\2\3\4");
    assert_int_equal(dns_reply_parse(span_of(m.octets, m.n), &r), 0);
    assert_true(dns_reply_next(&r, &at, &first));
    assert_true(dns_reply_next(&r, &at, &second));
    for (size_t room = 0; room <= FIRST + SECOND; room++) {
        uint8_t *out = calloc(1, START + room);
        assert_non_null(out);
        memcpy(out, m.octets, START);
        struct dns_reply_move move = {
            .reply = &r,
            .name_at = DNS_HEADER,
            .first_at = START,
            .out = {out, out + START, out + START + room, false},
        };
        const bool has_first = room >= FIRST;
        assert_int_equal(dns_reply_move(&move, &first), has_first);
        size_t n = START + (has_first ? FIRST : 0);
        assert_ptr_equal(move.out.at, out + n);
        const bool has_second = room >= (has_first ? FIRST : 0) + SECOND;
        assert_int_equal(dns_reply_move(&move, &second), has_second);
        n += has_second ? SECOND : 0;
        assert_ptr_equal(move.out.at, out + n);
        assert_true(bytes_out_ok(&move.out));
        if (room == FIRST + SECOND)
            assert_memory_equal(out, m.octets, m.n);
        free(out);
    }
}

// --- pointers to what is no name -------------------------------------------

// An additional OPT record with one option of n octets, of no known code. They
// stand at 47.
static void begin_with_option(struct message *m, const uint8_t *option,
                              size_t n)
{
    message_begin(m, TYPE_A, 0, 0, 2);
    MESSAGE_ADD(m, "\0\0\x29\x04\xd0\0\0\0\0");
    message_u16(m, (unsigned)n + 4);
    MESSAGE_ADD(m, "\xfd\xe9");
    message_u16(m, (unsigned)n);
    message_add(m, option, n);
}

// Move all but the OPT record behind a question that is the reply's. Its counts
// are not there yet.
static void move_all(const struct message *m, struct dns_reply *r,
                     struct message *to)
{
    struct dns_reply_record record;

    assert_int_equal(dns_reply_parse(span_of(m->octets, m->n), r), 0);
    memset(to->octets, 0, sizeof to->octets);
    memcpy(to->octets, m->octets, START);
    memset(to->octets + 6, 0, 6);
    struct dns_reply_move move = {
        .reply = r,
        .name_at = DNS_HEADER,
        .first_at = START,
        .out = {to->octets, to->octets + START, to->octets + sizeof to->octets,
                false},
    };
    for (size_t at = 0; dns_reply_next(r, &at, &record);)
        if (record.type != 41)
            assert_true(dns_reply_move(&move, &record));
    to->n = (size_t)(move.out.at - to->octets);
}

// A name among the octets of an option is nowhere: not in the header either,
// which is as far to the left as the option is long.
static void no_pointer_leads_into_the_header(void **state)
{
    (void)state;
    static const uint8_t option[64];

    for (size_t i = 0; i < sizeof option; i++) {
        struct message m, to;
        struct dns_reply r;

        begin_with_option(&m, option, sizeof option);
        message_u16(&m, 0xc000 | (unsigned)(47 + i)); // a root
        MESSAGE_ADD(&m, "\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1");
        move_all(&m, &r, &to);
        assert_int_equal(to.n, START + 15);
        assert_memory_equal(to.octets + START, "\0\0\1\0\1", 5);
    }
}

// The first name of the RDATA is the root that the first octet of its length
// is; the second one is written out, so that this octet is another one.
static void no_pointer_leads_to_a_length_that_changes(void **state)
{
    (void)state;
    uint8_t option[DNS_NAME_MAX] = {0};
    struct message m, to;
    struct dns_reply r;
    struct dns_reply_record record;
    struct dns_name name;

    option[0] = option[64] = option[128] = 63;
    option[192] = 61;
    begin_with_option(&m, option, sizeof option);
    MESSAGE_RECORD(&m, QUESTION, TYPE_MINFO, "....");
    message_set_u16(&m, m.n - 4, 0xc000 | (unsigned)(m.n - 6));
    message_set_u16(&m, m.n - 2, 0xc000 | 47);
    move_all(&m, &r, &to);
    message_set_u16(&to, 10, 1);
    assert_int_equal(dns_reply_parse(span_of(to.octets, to.n), &r), 0);
    size_t at = 0;
    assert_true(dns_reply_next(&r, &at, &record));
    assert_true(dns_reply_rdata_name(&r, &record, 0, &name));
    assert_int_equal(name.n, 1);
    assert_true(dns_reply_rdata_name(&r, &record, 1, &name));
    assert_int_equal(name.n, sizeof option);
    assert_memory_equal(name.wire, option, sizeof option);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_moves_whole_or_not),
        cmocka_unit_test(no_pointer_leads_into_the_header),
        cmocka_unit_test(no_pointer_leads_to_a_length_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
