// SPDX-License-Identifier: Apache-2.0
// A zone for tests of what is published and answered: services are drafted in
// one line of text (draft.h), questions are answered by answer_batch() and come
// back as one line of text, read by a second decoder (reply.h). One thread,
// which is reader and writer; it has to be registered (zone_reader_register()).
#ifndef ORDINALD_TESTS_LIB_TESTBED_H
#define ORDINALD_TESTS_LIB_TESTBED_H

#include "answer/answer.h"
#include "lib/draft.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TESTBED_NOW_S = 1700000000, // the first publication's time
    TESTBED_TTL_S = 5,
    TESTBED_NEGATIVE_TTL_S = 1,
    TESTBED_QUERY_SIZE = 1200, // octets of any query
};

struct reply;

struct testbed {
    struct zone *zone;
    struct answer_context context;
    struct zone_update *update; // under way, or NULL
    uint32_t now_s;             // time of the next publication
    // private
    char *text;
    uint8_t *message; // DNS_TCP_MAX octets
};

// "cluster.local", both reverse trees whole, served at 192.0.2.53 and
// 2001:db8::53; 1232 octets over UDP. The caller may change any of it.
struct zone_settings testbed_settings(void);

// Types that no service has records of; NULL ends them.
extern const char *const testbed_other_types[];

// settings: NULL for those above. What cannot be made ends the test.
struct testbed *testbed_new(const struct zone_settings *settings);
void testbed_free(struct testbed *t);

// The same as a fixture of cmocka: the state is a testbed with settings NULL.
int testbed_set_up(void **state);
int testbed_tear_down(void **state);

// Steps; the first of them begins an update.
void testbed_begin(struct testbed *t);
void testbed_put(struct testbed *t, const char *words);
void testbed_remove(struct testbed *t, const char *namespace,
                    const char *service);
void testbed_namespace(struct testbed *t, const char *namespace, bool exists);
void testbed_pod(struct testbed *t, const char *namespace, const char *address,
                 bool exists);
// Publish as complete; time moves one second.
void testbed_publish(struct testbed *t);
void testbed_cancel(struct testbed *t);

// zone_update_service() in the step under way, which may fail. That a failure
// is a sentence is seen to.
int testbed_try(struct testbed *t, const struct draft *d) ORD_CHECKED;

// testbed_put() and testbed_publish().
void testbed_serve(struct testbed *t, const char *words);

// one/db with port "p" and the peers p-0000 to p-<n - 1>, each with so many
// addresses.
void testbed_serve_peers(struct testbed *t, unsigned n, unsigned each);

/*
 * Ask over TCP, so that nothing is cut.
 *
 * name  with a final dot, or relative to svc.cluster.local.
 *
 * Returns one line, valid until the next call. Names below svc.cluster.local.
 * are written without that:
 *     NXDOMAIN, NODATA                   with the right SOA
 *     REFUSED, SERVFAIL ede 14
 *     A 10.0.0.1, A 10.0.0.2             ascending
 *     SRV 0 50 80 web-0.db.one, SRV 0 50 80 web-1.db.one + web-0.db.one A ...
 *     bad: ...                           anything that no reply should be
 * A TTL other than TESTBED_TTL_S stands before the type.
 */
const char *testbed_ask(struct testbed *t, const char *name, const char *type);

// For a message as it stands, 0 where there is no reply.
size_t testbed_answer(struct testbed *t, const uint8_t *query, size_t n,
                      enum answer_transport transport, uint8_t *reply);

// Ask by the whole name and number of a type, and read the reply, which has to
// be well formed; release it with reply_release(). Returns its octets.
size_t testbed_reply(struct testbed *t, const char *name, uint16_t type,
                     uint16_t edns_size, enum answer_transport transport,
                     struct reply *out);

// A query whose octets are still to be changed.
struct testbed_query {
    size_t n;
    uint8_t octets[TESTBED_QUERY_SIZE];
};

// By the whole name and number of a type, with id 0xbeef, all flags clear.
struct testbed_query testbed_query(const char *name, uint16_t type,
                                   uint16_t edns_size);

// One more option of the OPT record, which begins at octet `opt` and ends the
// query.
void testbed_query_option(struct testbed_query *q, size_t opt, unsigned code,
                          const void *p, size_t n);

// Send it, and read the reply as testbed_reply() does.
size_t testbed_send(struct testbed *t, const struct testbed_query *q,
                    enum answer_transport transport, struct reply *out);

// assert_string_equal() that tells the caller's line.
#define assert_answer(t, name, type, expected)                                 \
    _assert_string_equal(testbed_ask(t, name, type), expected, __FILE__,       \
                         __LINE__)
// The same for each of several types, ended by NULL.
#define assert_answers(t, name, types, expected)                               \
    do {                                                                       \
        for (const char *const *type_ = (types); *type_; type_++)              \
            assert_answer(t, name, *type_, expected);                          \
    } while (0)

#endif
