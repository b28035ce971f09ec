// SPDX-License-Identifier: Apache-2.0
#include "lib/why.h"

#include "dns/record.h"
#include "model/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const outcomes[] = {"found", "NODATA", "NXDOMAIN",
                                       "OUTSIDE"};

// RFC 8914 2: OPTION-CODE 15, OPTION-LENGTH, INFO-CODE, EXTRA-TEXT.
static void judge(const struct zone_reason *r, bool sent)
{
    const struct reason_kind *kind = reason_kind((enum reason_code)r->code);
    const uint8_t *o = r->option;

    assert_int_not_equal(r->code, REASON_NONE);
    assert_int_not_equal(kind->ede, REASON_NO_EDE);
    assert_int_equal(o[0] << 8 | o[1], 15);
    assert_int_equal(o[2] << 8 | o[3], 2 + (sent ? r->text_n : 0));
    assert_int_equal(o[4] << 8 | o[5], kind->ede);
    assert_int_equal(r->option_n, 6 + (sent ? r->text_n : 0));
    assert_in_range(r->text_n, 1, REASON_TEXT_MAX);
    assert_null(memchr(o + ZONE_REASON_TEXT_AT, '\0', r->text_n));
}

const char *why_ask(const struct zone *z, const char *name, const char *type,
                    bool sent)
{
    static char line[400];
    char whole[600];
    struct dns_query query;
    struct zone_lookup l;
    struct zone_match match;
    uint16_t number = 0;

    snprintf(whole, sizeof whole, "%s%s", name,
             name[0] && name[strlen(name) - 1] == '.' ? ""
                                                      : ".svc.cluster.local.");
    assert_true(dns_type_parse(type, &number));
    const struct testbed_query q = testbed_query(whole, number, 1232);
    assert_int_equal(dns_query_parse(span_of(q.octets, q.n), &query),
                     DNS_QUERY_OK);
    const enum zone_outcome outcome = zone_find(z, &query, &l, &match);
    if (outcome == ZONE_FOUND)
        return "found";
    const struct zone_reason *r = zone_why(z, &query, &l, outcome);
    assert_non_null(r);
    judge(r, sent);
    snprintf(line, sizeof line, "%s %s %d: %.*s", outcomes[outcome],
             reason_kind((enum reason_code)r->code)->id, r->option[5],
             r->text_n, (const char *)r->option + ZONE_REASON_TEXT_AT);
    return line;
}
