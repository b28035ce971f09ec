// SPDX-License-Identifier: Apache-2.0
// What changes while the server runs, without workers: the loop, the files and
// the conditions of upstreams are real, the clock is not.
#include "../../src/daemon/forwards.h"
#include "../../src/net/upstreams_health.h"

#include "lib/clock.h"
#include "lib/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// Far longer than anything here takes.
enum { PATIENCE_MS = 20000 };

struct fixture {
    uv_loop_t loop;
    char file[64]; // a resolv.conf
    FILE *out;     // where the log goes
    struct log log;
    struct report report;
    struct fake_clock clock;
    struct settings settings;
    struct forwards *forwards;
    struct error err;
    char text[4096];
};

static void on_finding(void *context, enum finding kind, struct place at,
                       const char *text)
{
    (void)context;
    (void)kind;
    (void)at;
    (void)text;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || !(f->out = tmpfile()) || uv_loop_init(&f->loop))
        return -1;
    strcpy(f->file, "/tmp/ordinald-forwards-XXXXXX");
    const int fd = mkstemp(f->file);
    if (fd < 0)
        return -1;
    close(fd);
    f->log = (struct log){.fd = fileno(f->out), .level = LOG_INFO};
    f->report.finding = on_finding;
    *state = f;
    return 0;
}

static void end(struct fixture *f)
{
    forwards_free(f->forwards);
    f->forwards = NULL;
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    end(f);
    settings_release(&f->settings);
    fclose(f->out);
    unlink(f->file);
    const int r = uv_loop_close(&f->loop);
    free(f);
    return r;
}

static void write_file(struct fixture *f, const char *text)
{
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int begin(struct fixture *f)
{
    const struct forwards_settings settings = {
        .settings = &f->settings,
        .log = &f->log,
        .report = &f->report,
        .clock = fake_clock_view(&f->clock),
        .loop = &f->loop,
    };
    return forwards_new(&settings, &f->forwards, &f->err);
}

static void parse(struct fixture *f, const char *forward)
{
    static const struct settings_command serve = {.name = "serve"};
    const char *argv[] = {"--forward", forward};
    settings_release(&f->settings);
    assert_int_equal(
        settings_parse(&f->settings, &serve, 2, argv, &f->report, &f->err), 0);
}

static void start(struct fixture *f, const char *forward)
{
    parse(f, forward);
    assert_int_equal(begin(f), 0);
}

// How often a text has been logged.
static unsigned count(struct fixture *f, const char *text)
{
    unsigned n = 0;
    const ssize_t got = pread(f->log.fd, f->text, sizeof f->text - 1, 0);
    assert_in_range(got, 0, sizeof f->text - 2);
    f->text[got] = '\0';
    for (const char *at = f->text; (at = strstr(at, text)); at++)
        n++;
    return n;
}

// Let the loop run until a text has been logged n times.
static void wait_for(struct fixture *f, const char *text, unsigned n)
{
    const uint64_t until_ms = uv_hrtime() / 1000000 + PATIENCE_MS;
    while (count(f, text) != n) {
        if (uv_hrtime() / 1000000 > until_ms)
            fail_msg("%u times '%s' in: %s", count(f, text), text, f->text);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

// As workers do when a server cannot be reached, nor its probe.
static void set_aside(struct fixture *f)
{
    struct upstreams *u = forwards_upstreams(f->forwards);
    upstreams_doubt(u, 0, true, 1);
    assert_true(upstreams_take_probe(u, 0, 1));
    upstreams_doubt(u, 0, true, 1);
    assert_int_equal(upstreams_state(u, 0).condition, UPSTREAM_ASIDE);
}

static void what_is_named_is_asked(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 10.0.0.2\n");
    start(f, f->file);
    const struct upstreams *u = forwards_upstreams(f->forwards);
    char text[SOCKADDR_TEXT_SIZE];
    assert_int_equal(upstreams_n(u), 1);
    const struct upstream_state s = upstreams_state(u, 0);
    assert_string_equal(sockaddr_format(&s.address, text), "10.0.0.2:53");
    assert_int_equal(count(f, "info forwarding upstreams=10.0.0.2:53 "), 1);
}

static void a_condition_is_said_by_the_loop(void **state)
{
    struct fixture *f = *state;
    start(f, "10.0.0.1");
    set_aside(f);
    assert_int_equal(count(f, "upstream"), 1); // who is asked, no more
    wait_for(f, "upstream does not answer", 1);
}

static void what_has_to_wait_comes_when_its_minute_is_over(void **state)
{
    struct fixture *f = *state;
    start(f, "10.0.0.1");
    set_aside(f);
    wait_for(f, "upstream does not answer", 1);
    fake_clock_advance(&f->clock, 59950);
    upstreams_replied(forwards_upstreams(f->forwards), 0, 2);
    for (int i = 0; i < 10; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(count(f, "answers again"), 0);
    fake_clock_advance(&f->clock, 50);
    wait_for(f, "upstream answers again", 1);
}

static void a_file_that_changes_is_read_again(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 10.0.0.2\n");
    start(f, f->file);
    forwards_watch(f->forwards, NULL);
    write_file(f, "nameserver 10.0.0.3\n");
    wait_for(f, "upstreams=10.0.0.3:53 ", 1);
    assert_int_equal(upstreams_n(forwards_upstreams(f->forwards)), 1);
    write_file(f, "");
    wait_for(f, "warning there is nobody to forward to", 1);
    assert_int_equal(upstreams_n(forwards_upstreams(f->forwards)), 0);
}

static void who_is_new_was_not_said_to_fail(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 10.0.0.2\n");
    start(f, f->file);
    set_aside(f);
    wait_for(f, "upstream does not answer", 1);
    write_file(f, "nameserver 10.0.0.3\nnameserver 10.0.0.2\n");
    forwards_read(f->forwards);
    set_aside(f); // 10.0.0.3
    wait_for(f, "upstream does not answer", 2);
    assert_int_equal(count(f, "upstream=10.0.0.3:53 "), 1);
    assert_int_equal(count(f, "answers again"), 0);
}

static void without_memory_it_does_not_start(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 10.0.0.2\n");
    parse(f, f->file);
    for (long n = 1;; n++) {
        fault_alloc_after(n);
        const int r = begin(f);
        const bool hit = fault_alloc_hit();
        fault_alloc_after(-1);
        if (!hit) {
            assert_int_equal(r, 0);
            break;
        }
        assert_int_equal(r, -ENOMEM);
        assert_null(f->forwards);
        uv_run(&f->loop, UV_RUN_DEFAULT); // the handles' ends
    }
}

static void without_memory_those_before_are_asked_on(void **state)
{
    struct fixture *f = *state;
    write_file(f, "nameserver 10.0.0.2\n");
    start(f, f->file);
    forwards_watch(f->forwards, NULL);
    wait_for(f, "upstreams=10.0.0.2:53 ", 1);
    write_file(f, "nameserver 10.0.0.3\n");
    bool hit = true;
    for (long n = 1; hit; n++) {
        fault_alloc_after(n);
        forwards_read(f->forwards);
        hit = fault_alloc_hit();
        fault_alloc_after(-1);
        assert_int_equal(upstreams_n(forwards_upstreams(f->forwards)), 1);
    }
    // it comes by itself, too
    wait_for(f, "upstreams=10.0.0.3:53 ", 1);
}

static void a_change_without_memory_is_tried_again(void **state)
{
    struct fixture *f = *state;
    char text[SOCKADDR_TEXT_SIZE];
    write_file(f, "nameserver 10.0.0.2\n");
    start(f, f->file);
    forwards_watch(f->forwards, NULL);
    // what the watch's beginning brings is over
    for (int i = 0; i < 200; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    write_file(f, "nameserver 10.0.0.3\n");
    fault_alloc_after(2); // behind the file's own
    forwards_read(f->forwards);
    assert_true(fault_alloc_hit());
    fault_alloc_after(-1);
    const struct upstream_state s =
        upstreams_state(forwards_upstreams(f->forwards), 0);
    assert_string_equal(sockaddr_format(&s.address, text), "10.0.0.2:53");
    wait_for(f, "upstreams=10.0.0.3:53 ", 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_named_is_asked),
        TEST(a_condition_is_said_by_the_loop),
        TEST(what_has_to_wait_comes_when_its_minute_is_over),
        TEST(a_file_that_changes_is_read_again),
        TEST(who_is_new_was_not_said_to_fail),
        TEST(without_memory_it_does_not_start),
        TEST(without_memory_those_before_are_asked_on),
        TEST(a_change_without_memory_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
