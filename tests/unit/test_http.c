// SPDX-License-Identifier: Apache-2.0
// Requests on a loop and without one, at servers that answer, refuse, dawdle,
// lie and send elsewhere.
#include "source/http.h"

#include "lib/fault.h"
#include "lib/web.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define OK(length, body)                                                       \
    "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body
#define TO(where)                                                              \
    "HTTP/1.1 302 Found\r\nLocation: " where "\r\nContent-Length: "            \
    "4\r\n\r\ngone"

struct call {
    struct http *http;               // freed by done, where it is set
    const struct http_request *then; // begun by done
    bool over;
    bool gives_up;
    struct http_result result;
    int status; // with the last piece of the body
    char body[64];
    size_t body_n;
    char seen[64]; // value of the header X-Seen
};

struct bench {
    uv_loop_t loop;
    struct http *http;
    struct web web;
    struct call call;
    char url[128];
    unsigned descriptors;
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

// libcurl and libuv open some for good when they are first used.
static int set_up_all(void **state)
{
    uv_loop_t loop;
    const struct http_request nowhere = {.url = "http://127.0.0.1:1/"};
    (void)state;
    unsetenv("no_proxy");
    (void)http_perform(&nowhere);
    return uv_loop_init(&loop) || uv_loop_close(&loop);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->descriptors = count_descriptors();
    assert_int_equal(uv_loop_init(&b->loop), 0);
    assert_int_equal(http_new(&b->loop, &b->http), 0);
    b->web.loop = &b->loop;
    web_start(&b->web);
    *state = b;
    return 0;
}

// No handle, no descriptor and (by the sanitizer) no memory is left.
static int tear_down(void **state)
{
    struct bench *b = *state;
    http_free(b->http);
    web_stop(&b->web);
    assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    assert_int_equal(count_descriptors(), b->descriptors);
    free(b);
    return 0;
}

static int on_data(void *context, int status, const char *p, size_t n)
{
    struct call *c = context;
    assert_true(c->body_n + n < sizeof c->body);
    memcpy(c->body + c->body_n, p, n);
    c->body_n += n;
    c->status = status;
    return c->gives_up;
}

static void on_header(void *context, struct span name, struct span value)
{
    struct call *c = context;
    if (span_equal(name, span_of_text("X-Seen"))) {
        assert_true(value.n < sizeof c->seen);
        memcpy(c->seen, value.p, value.n);
        c->seen[value.n] = '\0';
    }
}

static void on_done(void *context, const struct http_result *result)
{
    struct call *c = context;
    assert_false(c->over);
    c->over = true;
    c->result = *result;
}

static const char *url_of(struct bench *b, const char *path)
{
    snprintf(b->url, sizeof b->url, "http://127.0.0.1:%u%s", b->web.port, path);
    return b->url;
}

// The server answers, and closes.
static void says(struct bench *b, unsigned i, const char *path,
                 const char *reply)
{
    b->web.pages[i].path = path;
    b->web.pages[i].reply = reply;
}

// It does not close.
static void goes_on(struct bench *b, unsigned i, const char *path,
                    const char *reply)
{
    says(b, i, path, reply);
    b->web.pages[i].stays_open = true;
}

static struct http_request request_of(struct bench *b, const char *path)
{
    return (struct http_request){
        .url = url_of(b, path),
        .timeout_ms = 20000,
        .data = on_data,
        .header = on_header,
        .context = &b->call,
    };
}

static void start(struct bench *b, struct http_request r)
{
    b->call = (struct call){0};
    assert_int_equal(http_start(b->http, &r, on_done), 0);
}

static void run_until_over(struct bench *b, const struct call *c)
{
    while (!c->over)
        uv_run(&b->loop, UV_RUN_ONCE);
}

static const struct http_result *ask(struct bench *b, struct http_request r)
{
    start(b, r);
    run_until_over(b, &b->call);
    return &b->call.result;
}

static void expect(struct bench *b, const char *path, int status, int code)
{
    const struct http_result *r = ask(b, request_of(b, path));
    assert_int_equal(r->code, code);
    assert_int_equal(r->status, status);
    assert_int_equal(code == 0, r->error[0] == '\0');
}

static bool was_sent(const struct bench *b, const char *text)
{
    return strstr((const char *)b->web.request, text) != NULL;
}

// --- replies ---------------------------------------------------------------

static void a_reply_comes_with_its_status_headers_and_body(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/page?q=1",
         "HTTP/1.1 404 Not Found\r\nX-Seen: \t a: b \r\n"
         "Content-Length: 5\r\n\r\nnever");
    expect(b, "/page?q=1", 404, 0);
    assert_string_equal(b->call.body, "never");
    assert_int_equal(b->call.status, 404);
    assert_string_equal(b->call.seen, "a: b");
    assert_true(was_sent(b, "GET /page?q=1 HTTP/1.1\r\n"));
}

static void trailers_come_like_headers(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\nab\r\n0\r\nX-Seen: late\r\n\r\n");
    expect(b, "/", 200, 0);
    assert_string_equal(b->call.body, "ab");
    assert_string_equal(b->call.seen, "late");
}

static void a_body_comes_piece_by_piece(void **state)
{
    struct bench *b = *state;
    goes_on(b, 0, "/", OK("9", "piece"));
    start(b, request_of(b, "/"));
    while (b->call.body_n < 5)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_string_equal(b->call.body, "piece");
    assert_false(b->call.over);
}

static void what_does_not_come_whole_is_an_error(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/cut", OK("9", "short"));
    says(b, 1, "/none", "");
    says(b, 2, "/other", "220 mail.example ESMTP\r\n");
    expect(b, "/cut", 200, -EPROTO);
    expect(b, "/none", 0, -EPROTO);
    expect(b, "/other", 0, -EPROTO);
}

static void nobody_there_is_an_error(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/");
    r.url = "http://127.0.0.1:1/";
    assert_int_equal(ask(b, r)->code, -ECONNREFUSED);
    assert_int_equal(b->call.result.status, 0);
    assert_string_equal(b->call.result.error, "Connection refused");
}

static void who_says_nothing_is_waited_for_no_longer_than_allowed(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/silent");
    r.timeout_ms = 50;
    assert_int_equal(ask(b, r)->code, -ETIMEDOUT);
    assert_int_equal(b->web.accepted, 1);

    // a piece is no end
    goes_on(b, 0, "/slow", OK("9", "piece"));
    r = request_of(b, "/slow");
    r.timeout_ms = 50;
    assert_int_equal(ask(b, r)->code, -ETIMEDOUT);
    assert_int_equal(b->call.result.status, 200);
}

static void the_reader_may_give_up(void **state)
{
    struct bench *b = *state;
    goes_on(b, 0, "/", OK("9", "piece"));
    start(b, request_of(b, "/"));
    b->call.gives_up = true;
    run_until_over(b, &b->call);
    assert_int_equal(b->call.result.code, -ECANCELED);
    assert_int_equal(b->call.result.status, 200);
}

// --- requests --------------------------------------------------------------

static void a_body_is_posted_with_headers(void **state)
{
    struct bench *b = *state;
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Host", "elsewhere.example"},
        {"X-Empty", ""},
        {"Accept", NULL},
    };
    struct http_request r = request_of(b, "/");
    says(b, 0, "/", OK("0", ""));
    r.method = "POST";
    r.headers = headers;
    r.headers_n = 4;
    r.body = span_of_text("{}");
    assert_int_equal(ask(b, r)->status, 200);
    assert_true(was_sent(b, "POST / HTTP/1.1\r\n"));
    assert_true(was_sent(b, "Content-Type: application/json\r\n"));
    assert_true(was_sent(b, "Host: elsewhere.example\r\n"));
    assert_false(was_sent(b, "127.0.0.1"));
    assert_true(was_sent(b, "X-Empty:\r\n"));
    assert_false(was_sent(b, "Accept"));
    assert_true(was_sent(b, "Content-Length: 2\r\n"));
    assert_true(was_sent(b, "\r\n\r\n{}"));
}

static void other_methods_are_said_as_they_are(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/x");
    says(b, 0, "/", OK("0", ""));
    r.method = "DELETE";
    assert_int_equal(ask(b, r)->status, 200);
    assert_true(was_sent(b, "DELETE /x HTTP/1.1\r\n"));
}

static void what_would_break_out_of_a_header_is_no_request(void **state)
{
    struct bench *b = *state;
    static const struct http_header bad[] = {
        {"X-A", "b\r\nX-C: d"}, {"X-A", "\x7f"}, {"X A", "b"},
        {"X-A:", "b"},          {"", "b"},       {"X-\n", NULL},
    };
    struct http_request r = request_of(b, "/");
    for (size_t i = 0; i < ORD_COUNT(bad); i++) {
        r.headers = &bad[i];
        r.headers_n = 1;
        assert_int_equal(http_start(b->http, &r, on_done), -EINVAL);
        assert_int_equal(http_perform(&r).code, -EINVAL);
    }
    assert_int_equal(b->web.accepted, 0);
}

static void only_http_is_spoken(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/");
    r.url = "file:///etc/passwd";
    assert_int_equal(ask(b, r)->code, -EPROTO);
    r.url = "http://";
    assert_int_equal(ask(b, r)->code, -EINVAL);
    assert_int_equal(b->call.body_n, 0);
}

static void the_environment_does_not_say_where_to_ask(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/", OK("0", ""));
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    expect(b, "/", 200, 0);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void a_connection_alone_sends_nothing(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/");
    r.connect_only = true;
    assert_int_equal(ask(b, r)->code, 0);
    while (b->web.accepted == 0 || b->web.open > 0)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_int_equal(b->web.request_n, 0);
}

static void a_connection_is_used_again_unless_it_is_not_to_be(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/");
    goes_on(b, 0, "/", OK("1", "x"));
    assert_int_equal(ask(b, r)->status, 200);
    assert_int_equal(ask(b, r)->status, 200);
    assert_int_equal(b->web.accepted, 1);
    r.unshared = true;
    assert_int_equal(ask(b, r)->status, 200);
    assert_int_equal(ask(b, r)->status, 200);
    assert_int_equal(b->web.accepted, 3);
    while (b->web.open > 1)
        uv_run(&b->loop, UV_RUN_ONCE);
}

// --- redirects -------------------------------------------------------------

static struct http_request following(struct bench *b, const char *path)
{
    struct http_request r = request_of(b, path);
    r.redirects = 3;
    return r;
}

static void a_redirect_to_the_same_host_is_followed(void **state)
{
    struct bench *b = *state;
    char absolute[128];
    snprintf(absolute, sizeof absolute, TO("http://127.0.0.1:%u/c"),
             b->web.port);
    says(b, 0, "/a", TO("b"));
    says(b, 1, "/b", absolute);
    says(b, 2, "/c", OK("4", "here"));
    assert_int_equal(ask(b, following(b, "/a"))->status, 200);
    assert_int_equal(b->call.result.code, 0);
    assert_string_equal(b->call.body, "here"); // nothing of the others
    assert_int_equal(b->web.answered, 3);
}

static void a_redirect_to_another_host_is_a_reply(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/a", TO("http://127.0.0.2:1/"));
    says(b, 1, "/b", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(ask(b, following(b, "/a"))->code, 0);
    assert_int_equal(b->call.result.status, 302);
    assert_int_equal(ask(b, following(b, "/b"))->code, 0);
    assert_int_equal(b->call.result.status, 302);
}

// RFC 9110 15.4: of 300 and 304 to 306, none says "go there, and at once".
static void five_statuses_are_redirects(void **state)
{
    struct bench *b = *state;
    char reply[128];
    says(b, 1, "/b", OK("4", "here"));
    for (int status = 300; status <= 309; status++) {
        const bool goes = status == 301 || status == 302 || status == 303 ||
                          status == 307 || status == 308;
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 %d x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
                 status);
        says(b, 0, "/a", reply);
        assert_int_equal(ask(b, following(b, "/a"))->status,
                         goes ? 200 : status);
    }
}

static void redirects_are_followed_so_often_and_no_more(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/", TO("/"));
    assert_int_equal(ask(b, following(b, "/"))->code, -ELOOP);
    assert_int_equal(b->web.answered, 4);
    expect(b, "/", 302, 0);
    assert_string_equal(b->call.body, "gone");
    assert_int_equal(b->web.answered, 5);
}

static void a_redirect_does_not_lead_out_of_http(void **state)
{
    struct bench *b = *state;
    says(b, 0, "/", TO("ftp://127.0.0.1/"));
    assert_int_equal(ask(b, following(b, "/"))->code, -EPROTO);
}

static void what_is_behind_a_redirect_has_the_same_time(void **state)
{
    struct bench *b = *state;
    struct http_request r = following(b, "/a");
    says(b, 0, "/a", TO("/silent"));
    r.timeout_ms = 50;
    assert_int_equal(ask(b, r)->code, -ETIMEDOUT);
    assert_int_equal(b->web.answered, 1);
}

// --- many, and their ends --------------------------------------------------

static void requests_do_not_wait_for_one_another(void **state)
{
    struct bench *b = *state;
    enum { MANY = 40 };
    struct call calls[MANY] = {0};
    struct http_request r = request_of(b, "/silent");

    says(b, 0, "/ok", OK("2", "ok"));
    for (size_t i = 0; i < MANY; i++) {
        if (i == MANY / 2)
            r.url = url_of(b, "/ok");
        r.context = &calls[i];
        assert_int_equal(http_start(b->http, &r, on_done), 0);
    }
    for (size_t i = MANY / 2; i < MANY; i++) {
        run_until_over(b, &calls[i]);
        assert_int_equal(calls[i].result.status, 200);
    }
    for (size_t i = 0; i < MANY / 2; i++)
        assert_false(calls[i].over);
    // and the silent ones end with http_free()
}

static void what_is_freed_says_no_more(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/silent");
    goes_on(b, 0, "/slow", OK("9", "piece"));
    start(b, r);
    r.url = url_of(b, "/slow");
    assert_int_equal(http_start(b->http, &r, on_done), 0);
    while (b->web.accepted < 2 || b->call.body_n < 5)
        uv_run(&b->loop, UV_RUN_ONCE);
    r.url = url_of(b, "/early"); // not even connected
    assert_int_equal(http_start(b->http, &r, on_done), 0);
    http_free(b->http);
    b->http = NULL;
    while (b->web.open > 0)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_false(b->call.over);
}

static void on_done_free(void *context, const struct http_result *result)
{
    struct call *c = context;
    on_done(context, result);
    http_free(c->http);
}

static void the_end_of_one_may_end_all(void **state)
{
    struct bench *b = *state;
    struct http_request r = request_of(b, "/silent");
    struct call other = {0};
    says(b, 0, "/ok", OK("2", "ok"));
    r.context = &other;
    assert_int_equal(http_start(b->http, &r, on_done), 0);
    r = request_of(b, "/ok");
    b->call.http = b->http;
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_start(b->http, &r, on_done_free), 0);
    run_until_over(b, &b->call);
    b->http = NULL;
    while (b->web.open > 0)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_false(other.over);
}

static void on_done_again(void *context, const struct http_result *result)
{
    struct call *c = context;
    (void)result;
    assert_int_equal(http_start(c->http, c->then, on_done), 0);
}

static void the_end_of_one_may_be_the_beginning_of_another(void **state)
{
    struct bench *b = *state;
    const struct http_request r = request_of(b, "/ok");
    says(b, 0, "/ok", OK("2", "ok"));
    b->call.http = b->http;
    b->call.then = &r;
    assert_int_equal(http_start(b->http, &r, on_done_again), 0);
    run_until_over(b, &b->call);
    assert_int_equal(b->call.result.status, 200);
    assert_string_equal(b->call.body, "okok");
}

static void memory_that_runs_out_ends_one_request(void **state)
{
    struct bench *b = *state;
    const struct http_header header = {"X-A", "b"};
    struct http_request r = request_of(b, "/ok");
    unsigned failed = 0;

    says(b, 0, "/ok", OK("2", "ok"));
    r.headers = &header;
    r.headers_n = 1;
    // the server's own memory comes behind the client's
    for (long n = 1; n <= 3; n++) {
        b->call = (struct call){0};
        fault_alloc_after(n);
        int rc = http_start(b->http, &r, on_done);
        while (rc == 0 && !fault_alloc_hit())
            uv_run(&b->loop, UV_RUN_ONCE);
        fault_alloc_after(-1);
        if (rc == 0) {
            run_until_over(b, &b->call);
            rc = b->call.result.code;
        }
        failed += rc == -ENOMEM;
    }
    assert_int_equal(failed, 3);
    expect(b, "/ok", 200, 0);

    struct http *none = NULL;
    fault_alloc_after(1);
    assert_int_equal(http_new(&b->loop, &none), -ENOMEM);
    fault_alloc_after(-1);
    assert_null(none);
}

// --- without a loop --------------------------------------------------------

struct door {
    int fd;
    struct sockaddr_un address;
    const char *reply;
    char request[1024];
};

static void *serve_once(void *context)
{
    struct door *d = context;
    size_t n = 0;
    const int fd = accept(d->fd, NULL, NULL);
    while (!strstr(d->request, "\r\n\r\n")) {
        const ssize_t r = read(fd, d->request + n, sizeof d->request - 1 - n);
        if (r <= 0)
            break;
        n += (size_t)r;
    }
    (void)!write(fd, d->reply, strlen(d->reply));
    close(fd);
    return NULL;
}

static void a_command_asks_at_a_unix_socket(void **state)
{
    struct door d = {.reply = OK("4", "pong"), .address.sun_family = AF_UNIX};
    struct call c = {0};
    pthread_t thread;
    (void)state;

    snprintf(d.address.sun_path, sizeof d.address.sun_path,
             "/tmp/ordinald-http-%d.sock", (int)getpid());
    d.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(d.fd, (struct sockaddr *)&d.address, sizeof d.address), 0);
    struct http_request r = {.url = "http://ordinald/ping",
                             .socket = d.address.sun_path,
                             .timeout_ms = 20000,
                             .data = on_data,
                             .context = &c};
    assert_int_equal(http_perform(&r).code, -ECONNREFUSED);

    assert_int_equal(listen(d.fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve_once, &d), 0);
    const struct http_result result = http_perform(&r);
    pthread_join(thread, NULL);
    close(d.fd);
    unlink(d.address.sun_path);
    assert_int_equal(result.code, 0);
    assert_int_equal(result.status, 200);
    assert_string_equal(c.body, "pong");
    assert_non_null(strstr(d.request, "GET /ping HTTP/1.1\r\n"));
    assert_non_null(strstr(d.request, "Host: ordinald\r\n"));

    assert_int_equal(http_perform(&r).code, -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_comes_with_its_status_headers_and_body),
        TEST(trailers_come_like_headers),
        TEST(a_body_comes_piece_by_piece),
        TEST(what_does_not_come_whole_is_an_error),
        TEST(nobody_there_is_an_error),
        TEST(who_says_nothing_is_waited_for_no_longer_than_allowed),
        TEST(the_reader_may_give_up),
        TEST(a_body_is_posted_with_headers),
        TEST(other_methods_are_said_as_they_are),
        TEST(what_would_break_out_of_a_header_is_no_request),
        TEST(only_http_is_spoken),
        TEST(the_environment_does_not_say_where_to_ask),
        TEST(a_connection_alone_sends_nothing),
        TEST(a_connection_is_used_again_unless_it_is_not_to_be),
        TEST(a_redirect_to_the_same_host_is_followed),
        TEST(a_redirect_to_another_host_is_a_reply),
        TEST(five_statuses_are_redirects),
        TEST(redirects_are_followed_so_often_and_no_more),
        TEST(a_redirect_does_not_lead_out_of_http),
        TEST(what_is_behind_a_redirect_has_the_same_time),
        TEST(requests_do_not_wait_for_one_another),
        TEST(what_is_freed_says_no_more),
        TEST(the_end_of_one_may_end_all),
        TEST(the_end_of_one_may_be_the_beginning_of_another),
        TEST(memory_that_runs_out_ends_one_request),
        cmocka_unit_test(a_command_asks_at_a_unix_socket),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
