// SPDX-License-Identifier: Apache-2.0
// Probes at servers on the loop: what succeeds, what fails, and what a server
// gets to see of them.
#include "source/probe.h"

#include "lib/fault.h"
#include "lib/web.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TIMEOUT_S = 20, TICKETS = 2048 };

struct bench {
    uv_loop_t loop;
    struct prober *prober;
    struct web web;
    struct object pod;
    struct probe probe;
    unsigned descriptors;
    unsigned answers;
    uint64_t ticket; // of the last answer
    bool success;
    uint8_t seen[TICKETS]; // how often each was answered
    bool ends_all;         // at the first answer
};

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void on_done(void *context, uint64_t ticket, bool success)
{
    struct bench *b = context;
    b->answers++;
    b->ticket = ticket;
    b->success = success;
    assert_true(ticket < TICKETS);
    assert_int_equal(++b->seen[ticket], 1);
    if (b->ends_all) {
        prober_free(b->prober);
        b->prober = NULL;
    }
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->descriptors = count_descriptors();
    assert_int_equal(uv_loop_init(&b->loop), 0);
    assert_int_equal(prober_new(&b->loop, on_done, b, &b->prober, NULL), 0);
    b->web.loop = &b->loop;
    web_start(&b->web);
    b->pod = (struct object){
        .kind = OBJECT_POD,
        .pod = {.addresses_n = 1,
                .addresses[0] = {FAMILY_IPV4, {127, 0, 0, 1}}},
    };
    b->probe = (struct probe){
        .kind = PROBE_HTTP,
        .port = b->web.port,
        .host = "",
        .path = "/ready",
        .service = "",
        .period_s = 1,
        .timeout_s = TIMEOUT_S,
        .success_threshold = 1,
        .failure_threshold = 1,
    };
    *state = b;
    return 0;
}

// No handle, no descriptor and (by the sanitizer) no memory is left.
static int tear_down(void **state)
{
    struct bench *b = *state;
    prober_free(b->prober);
    web_stop(&b->web);
    assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    assert_int_equal(count_descriptors(), b->descriptors);
    free(b);
    return 0;
}

// libcurl and libuv open some for good when they are first used.
static int set_up_all(void **state)
{
    void *b = NULL;
    (void)state;
    unsetenv("no_proxy");
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("https_proxy", "http://127.0.0.1:1/", 1);
    if (set_up(&b))
        return -1;
    struct bench *first = b;
    first->probe.kind = PROBE_HTTPS;
    first->probe.port = 1;
    const struct ordinals_probe p = {1, &first->pod, &first->probe};
    prober_start(first->prober, &p);
    while (first->answers == 0)
        uv_run(&first->loop, UV_RUN_ONCE);
    first->descriptors = count_descriptors();
    prober_free(first->prober);
    web_stop(&first->web);
    uv_run(&first->loop, UV_RUN_DEFAULT);
    uv_loop_close(&first->loop);
    free(b);
    return 0;
}

static void start(struct bench *b, uint64_t ticket)
{
    const struct ordinals_probe p = {ticket, &b->pod, &b->probe};
    prober_start(b->prober, &p);
}

static void run_until_answers(struct bench *b, unsigned n)
{
    while (b->answers < n)
        uv_run(&b->loop, UV_RUN_ONCE);
}

// Ask once, under a ticket of its own.
static bool ask(struct bench *b)
{
    const unsigned n = b->answers;
    start(b, n);
    assert_int_equal(b->answers, n); // from the loop only
    run_until_answers(b, n + 1);
    assert_int_equal(b->ticket, n);
    return b->success;
}

static void says(struct bench *b, unsigned i, const char *path,
                 const char *reply)
{
    b->web.pages[i].path = path;
    b->web.pages[i].reply = reply;
}

static bool was_sent(const struct bench *b, const char *text)
{
    return strstr((const char *)b->web.request, text) != NULL;
}

// --- tcpSocket -------------------------------------------------------------

static void a_connection_that_is_accepted_is_success(void **state)
{
    struct bench *b = *state;
    b->probe.kind = PROBE_TCP;
    assert_true(ask(b));
    while (b->web.accepted == 0 || b->web.open > 0) // and is closed
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->web.request_n, 0);
}

static void a_connection_that_is_refused_is_failure(void **state)
{
    struct bench *b = *state;
    b->probe.port = 1;
    for (uint8_t kind = PROBE_TCP; kind <= PROBE_GRPC; kind++) {
        b->probe.kind = kind;
        assert_false(ask(b));
    }
}

static void silence_is_failure_when_the_time_is_over(void **state)
{
    struct bench *b = *state;
    enum { MANY = PROBE_GRPC - PROBE_HTTP + 1 };
    says(b, 0, "/slow", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npiece");
    b->web.pages[0].stays_open = true;
    b->probe.timeout_s = 1;
    for (uint8_t i = 0; i < MANY; i++) {
        b->probe.kind = PROBE_HTTP + i;
        start(b, i);
    }
    b->probe.kind = PROBE_HTTP;
    b->probe.path = "/slow";
    start(b, MANY);
    for (unsigned n = 1; n <= MANY + 1; n++) {
        run_until_answers(b, n);
        assert_false(b->success);
    }
    assert_int_equal(b->web.accepted, MANY + 1);
}

static void an_address_that_cannot_be_reached_is_failure(void **state)
{
    struct bench *b = *state;
    b->probe.kind = PROBE_TCP;
    b->probe.host = "255.255.255.255";
    assert_false(ask(b));
    b->probe.host = "no such host";
    assert_false(ask(b));
}

// --- httpGet ---------------------------------------------------------------

static void a_status_of_200_to_399_is_success(void **state)
{
    struct bench *b = *state;
    static const struct {
        unsigned status;
        bool success;
    } cases[] = {
        {199, false}, {200, true},  {204, true},  {299, true},  {304, true},
        {399, true},  {400, false}, {404, false}, {500, false}, {503, false},
    };
    for (size_t i = 0; i < ORD_COUNT(cases); i++) {
        char reply[128];
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 %u Some\r\nContent-Length: 0\r\n\r\n",
                 cases[i].status);
        says(b, 0, "/ready", reply);
        assert_int_equal(ask(b), cases[i].success);
    }
}

static void redirects_are_followed_to_the_same_host_only(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 302 x\r\nLocation: /no\r\n\r\n");
    says(b, 1, "/no", "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n");
    assert_false(ask(b));
    assert_int_equal(b->web.answered, 2);
    says(b, 0, "/ready",
         "HTTP/1.1 302 x\r\nLocation: http://127.0.0.2:1/\r\n\r\n");
    assert_true(ask(b));
    says(b, 0, "/ready", "HTTP/1.1 302 x\r\n\r\n");
    assert_true(ask(b));
}

static void ten_requests_are_enough(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 302 x\r\nLocation: /ready\r\n\r\n");
    assert_false(ask(b));
    assert_int_equal(b->web.answered, 10);
}

static void a_body_has_to_come_whole(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
    assert_false(ask(b));
}

static void an_endless_body_is_not_waited_for(void **state)
{
    struct bench *b = *state;
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
    char reply[sizeof head + (10 << 10)];
    memset(reply, 'x', sizeof reply);
    memcpy(reply, head, sizeof head - 1);
    says(b, 0, "/ready", reply);
    b->web.pages[0].stays_open = true;
    b->web.pages[0].reply_n = sizeof reply;
    assert_true(ask(b));
}

static void a_request_is_what_a_kubelet_sends(void **state)
{
    struct bench *b = *state;
    char host[64];
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->probe.path = "/ready?deep=1#top";
    assert_true(ask(b));
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", b->web.port);
    assert_true(was_sent(b, "GET /ready?deep=1 HTTP/1.1\r\n"));
    assert_true(was_sent(b, host));
    assert_true(was_sent(b, "User-Agent: kube-probe/1"));
    assert_true(was_sent(b, "Accept: */*\r\n"));
    assert_true(was_sent(b, "Connection: close\r\n"));

    b->probe.path = "/ready/a b/../\"\xc3\xa4\"";
    assert_true(ask(b));
    assert_true(was_sent(b, "GET /ready/a%20b/../%22%C3%A4%22 HTTP/1.1\r\n"));
}

static void headers_are_those_of_the_probe(void **state)
{
    struct bench *b = *state;
    static const struct probe_header headers[] = {
        {"Host", "db.example"}, {"user-agent", "mine"}, {"Accept", ""},
        {"X-Key", "1"},         {"X-Key", "2"},         {"X-Empty", ""},
    };
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->probe.headers = headers;
    b->probe.headers_n = ORD_COUNT(headers);
    assert_true(ask(b));
    assert_true(was_sent(b, "Host: db.example\r\n"));
    assert_true(was_sent(b, "user-agent: mine\r\n"));
    assert_false(was_sent(b, "kube-probe"));
    assert_false(was_sent(b, "Accept"));
    assert_true(was_sent(b, "X-Key: 1\r\n"));
    assert_true(was_sent(b, "X-Key: 2\r\n"));
    assert_true(was_sent(b, "X-Empty:"));

    static const struct probe_header empty = {"Host", ""};
    b->probe.headers = &empty;
    b->probe.headers_n = 1;
    assert_true(ask(b));
    assert_true(was_sent(b, "Host: 127.0.0.1:"));
}

static void whoever_is_named_as_host_is_asked(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->pod.pod.addresses[0].octets[3] = 2; // nobody listens there
    assert_false(ask(b));
    b->probe.host = "127.0.0.1";
    assert_true(ask(b));
    b->pod.pod.addresses_n = 0;
    assert_true(ask(b));
    b->probe.host = "::ffff:127.0.0.1";
    assert_true(ask(b));
    assert_true(was_sent(b, "Host: [::ffff:127.0.0.1]:"));
}

static bool is_anything(struct span request)
{
    return request.n > 0;
}

// What listens speaks no TLS.
static void https_is_not_http(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->web.is_whole = is_anything;
    b->probe.kind = PROBE_HTTPS;
    assert_false(ask(b));
    assert_int_equal(b->web.answered, 1);
}

// --- grpc ------------------------------------------------------------------

enum { PREFACE = 24, FRAME = 9, TYPE_DATA = 0, END_STREAM = 1 };

// RFC 9113 3.4, 4.1: the preface and frames, up to the end of the request.
static bool is_whole_grpc(struct span request)
{
    struct bytes_in in = bytes_in_of(request);
    (void)bytes_in_take(&in, PREFACE);
    for (;;) {
        const struct span frame = bytes_in_take(&in, FRAME);
        if (!bytes_in_ok(&in))
            return false;
        const size_t n =
            (size_t)frame.p[0] << 16 | (size_t)frame.p[1] << 8 | frame.p[2];
        (void)bytes_in_take(&in, n);
        if (!bytes_in_ok(&in))
            return false;
        if (frame.p[3] == TYPE_DATA && (frame.p[4] & END_STREAM))
            return true;
    }
}

// What a server sends after the request: RFC 9113 6, RFC 7541 6.
#define SETTINGS "\0\0\0\4\0\0\0\0\0\0\0\0\4\1\0\0\0\0"
#define HEADERS_OK                                                             \
    "\0\0\x20\1\4\0\0\0\1"                                                     \
    "\x88" /* :status 200 */                                                   \
    "\0\xc"                                                                    \
    "content-type"                                                             \
    "\x10"                                                                     \
    "application/grpc"
#define DATA(n, message) "\0\0" n "\0\0\0\0\0\1" message
#define TRAILER(status)                                                        \
    "\0\0\xf\1\5\0\0\0\1"                                                      \
    "\0\xb"                                                                    \
    "grpc-status"                                                              \
    "\1" status

static bool grpc(struct bench *b, const char *reply, size_t n)
{
    b->probe.kind = PROBE_GRPC;
    b->web.is_whole = is_whole_grpc;
    b->web.pages[0] = (struct web_page){"", reply, n, true};
    return ask(b);
}

#define GRPC(b, reply) grpc(b, reply, sizeof(reply) - 1)

static void a_server_that_serves_is_success(void **state)
{
    struct bench *b = *state;
    assert_true(GRPC(b, SETTINGS HEADERS_OK DATA("\7", "\0\0\0\0\2\x8\1")
                            TRAILER("0")));
    // a field of a later version's before it
    assert_true(GRPC(b, SETTINGS HEADERS_OK DATA(
                            "\xb", "\0\0\0\0\6\x12\2zz\x8\1") TRAILER("0")));
}

static void a_server_that_does_not_serve_is_failure(void **state)
{
    struct bench *b = *state;
    // NOT_SERVING; nothing said is UNKNOWN
    assert_false(GRPC(b, SETTINGS HEADERS_OK DATA("\7", "\0\0\0\0\2\x8\2")
                             TRAILER("0")));
    assert_false(
        GRPC(b, SETTINGS HEADERS_OK DATA("\5", "\0\0\0\0\0") TRAILER("0")));
    // 12: the service is not implemented; 0 is to be said, not left out
    assert_false(GRPC(b, SETTINGS HEADERS_OK DATA("\7", "\0\0\0\0\2\x8\1")
                             TRAILER("2")));
    assert_false(GRPC(b, SETTINGS HEADERS_OK TRAILER("5")));
    assert_false(GRPC(b, SETTINGS HEADERS_OK TRAILER("0")));
    assert_false(
        GRPC(b, SETTINGS HEADERS_OK "\0\0\7\0\1\0\0\0\1\0\0\0\0\2\x8\1"));
}

static void what_is_no_reply_of_grpc_is_failure(void **state)
{
    struct bench *b = *state;
    // compressed; shorter than it says; a field cut off; more than a reply has
    assert_false(GRPC(b, SETTINGS HEADERS_OK DATA("\7", "\1\0\0\0\2\x8\1")
                             TRAILER("0")));
    assert_false(GRPC(b, SETTINGS HEADERS_OK DATA("\7", "\0\0\0\0\3\x8\1")
                             TRAILER("0")));
    assert_false(GRPC(b, SETTINGS HEADERS_OK DATA("\x8", "\0\0\0\0\3\x8\1\x12")
                             TRAILER("0")));
    assert_false(
        GRPC(b, SETTINGS HEADERS_OK DATA("\3", "\0\0\0") TRAILER("0")));
    assert_false(GRPC(b, "HTTP/1.1 400 Bad Request\r\n\r\n"));
}

static void the_service_is_asked_for_by_name(void **state)
{
    struct bench *b = *state;
    static const char named[] = "\0\0\0\0\4\xa\2db";
    static const char unnamed[] = "\0\0\5\0\1\0\0\0\1\0\0\0\0\0";
    static const char reply[] =
        SETTINGS HEADERS_OK DATA("\7", "\0\0\0\0\2\x8\1") TRAILER("0");

    b->probe.service = "db";
    assert_true(grpc(b, reply, sizeof reply - 1));
    assert_non_null(
        memmem(b->web.request, b->web.request_n, named, sizeof named - 1));
    b->probe.service = "";
    assert_true(grpc(b, reply, sizeof reply - 1));
    assert_non_null(
        memmem(b->web.request, b->web.request_n, unnamed, sizeof unnamed - 1));
}

// --- many ------------------------------------------------------------------

static void no_more_than_so_many_are_under_way(void **state)
{
    struct bench *b = *state;
    enum { MANY = 3 * PROBES_MAX };
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for (unsigned i = 0; i < MANY; i++) {
        char path[32]; // gone when its turn comes
        snprintf(path, sizeof path, "/ready/%u", i);
        b->probe.path = path;
        start(b, i);
        memset(path, 'x', sizeof path - 1);
    }
    run_until_answers(b, MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(b->seen[i], 1);
    assert_true(b->success);
    assert_int_equal(b->web.answered, MANY);
    // the server sees the end of a connection after the client does
    assert_true(b->web.open_max <= PROBES_MAX + PROBES_MAX / 4);
}

static void who_waited_longer_than_its_time_is_not_asked(void **state)
{
    struct bench *b = *state;
    enum { LATE = PROBES_MAX, IN_TIME };
    says(b, 0, "/yes", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->probe.timeout_s = 2;
    for (unsigned i = 0; i < PROBES_MAX; i++)
        start(b, i); // all of them wait for silence
    b->probe.path = "/yes";
    b->probe.timeout_s = 1;
    start(b, LATE);
    b->probe.timeout_s = TIMEOUT_S;
    start(b, IN_TIME);
    while (!b->seen[IN_TIME])
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->seen[LATE], 0);
    assert_int_equal(b->web.answered, 1);
}

static void what_is_freed_says_no_more(void **state)
{
    struct bench *b = *state;
    for (unsigned i = 0; i < PROBES_MAX + 10; i++)
        start(b, i);
    while (b->web.accepted < PROBES_MAX / 2)
        uv_run(&b->loop, UV_RUN_ONCE);
    prober_free(b->prober);
    b->prober = NULL;
    while (b->web.open > 0)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->answers, 0);
}

static void the_first_answer_may_end_all(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->ends_all = true;
    for (unsigned i = 0; i < PROBES_MAX + 10; i++)
        start(b, i);
    run_until_answers(b, 1);
    while (b->web.open > 0)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->answers, 1);
}

static void what_cannot_be_asked_is_not_answered(void **state)
{
    struct bench *b = *state;
    static const struct probe_header bad = {"X", "a\r\nb: c"};
    static const struct probe_header good = {"X", "a"};

    says(b, 0, "/ready", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    b->probe.headers = &bad;
    b->probe.headers_n = 1;
    start(b, 0);
    b->probe.headers = &good;
    b->pod.pod.addresses_n = 0;
    start(b, 1);
    b->pod.pod.addresses_n = 1;
    unsigned n = 2;
    for (bool hit = true; hit; n++) { // each allocation in turn
        fault_alloc_after((long)n - 1);
        start(b, n);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
    }
    assert_true(n > 5);
    run_until_answers(b, 1);
    assert_int_equal(b->ticket, n - 1);
    assert_true(b->success);
}

static void no_memory_is_no_prober(void **state)
{
    struct bench *b = *state;
    struct prober *none = NULL;
    struct error err = {""};
    for (long n = 1; n <= 2; n++) {
        fault_alloc_after(n);
        assert_int_equal(prober_new(&b->loop, on_done, b, &none, &err),
                         -ENOMEM);
        fault_alloc_after(-1);
    }
    assert_null(none);
    assert_string_equal(err.text, "no memory for probes");
    prober_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_that_is_accepted_is_success),
        TEST(a_connection_that_is_refused_is_failure),
        TEST(silence_is_failure_when_the_time_is_over),
        TEST(an_address_that_cannot_be_reached_is_failure),
        TEST(a_status_of_200_to_399_is_success),
        TEST(redirects_are_followed_to_the_same_host_only),
        TEST(ten_requests_are_enough),
        TEST(a_body_has_to_come_whole),
        TEST(an_endless_body_is_not_waited_for),
        TEST(a_request_is_what_a_kubelet_sends),
        TEST(headers_are_those_of_the_probe),
        TEST(whoever_is_named_as_host_is_asked),
        TEST(https_is_not_http),
        TEST(a_server_that_serves_is_success),
        TEST(a_server_that_does_not_serve_is_failure),
        TEST(what_is_no_reply_of_grpc_is_failure),
        TEST(the_service_is_asked_for_by_name),
        TEST(no_more_than_so_many_are_under_way),
        TEST(who_waited_longer_than_its_time_is_not_asked),
        TEST(what_is_freed_says_no_more),
        TEST(the_first_answer_may_end_all),
        TEST(what_cannot_be_asked_is_not_answered),
        TEST(no_memory_is_no_prober),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
