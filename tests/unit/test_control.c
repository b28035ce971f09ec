// SPDX-License-Identifier: Apache-2.0
// The control interface over a real Unix socket, with clients that behave and
// clients that do not. One thread: the loop turns while a client waits.
#include "admin/control.h"
#include "lib/control_box.h"
#include "lib/fault.h"
#include "lib/testbed.h"
#include "zone/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNECTIONS = 16, IDLE_S = 5, MANY = 1000 };

static struct testbed *bed(const struct box *b)
{
    return b->context;
}

static int set_up(void **state)
{
    struct box *b = box_new();
    b->context = testbed_new(NULL);
    b->settings.zone = bed(b)->zone;
    testbed_serve(bed(b), "one/db headless slice4 port p:1/tcp end a 10.0.0.1");
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct box *b = *state;
    struct testbed *t = bed(b);
    box_free(b);
    testbed_free(t);
    return 0;
}

static void assert_serves(struct box *b)
{
    char *reply = box_ask(b, "GET /origins");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_string_equal(box_body(reply),
                        "cluster.local.\nin-addr.arpa.\nip6.arpa.\n");
    free(reply);
}

static void assert_zone(struct box *b, const char *request, size_t origin,
                        enum zone_dump_format format, const char *type)
{
    struct zone_dump dump;
    char *reply = box_ask(b, request);

    assert_int_equal(zone_dump(bed(b)->zone, origin, format, &dump), 0);
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_has(reply, type);
    assert_int_equal(strlen(box_body(reply)), dump.n);
    assert_memory_equal(box_body(reply), dump.p, dump.n);
    free(dump.p);
    free(reply);
}

// --- what is asked for -----------------------------------------------------

static void a_zone_is_given_as_it_is_printed(void **state)
{
    struct box *b = *state;
    box_start(b);
    assert_zone(b, "GET /zone", ZONE_DUMP_ALL, ZONE_DUMP_TEXT, "text/dns");
    assert_zone(b, "GET /zone?output=text", ZONE_DUMP_ALL, ZONE_DUMP_TEXT,
                "text/dns");
    assert_zone(b, "GET /zone?output=json", ZONE_DUMP_ALL, ZONE_DUMP_JSON,
                "application/json");
    assert_zone(b, "GET /zone?origin=in-addr.arpa", 1, ZONE_DUMP_TEXT,
                "text/dns");
    assert_zone(b, "GET /zone?output=json&origin=Cluster%2elocal.", 0,
                ZONE_DUMP_JSON, "application/json");
    assert_serves(b);
}

static void head_has_the_length_and_no_body(void **state)
{
    struct box *b = *state;
    box_start(b);
    char *head = box_ask(b, "HEAD /origins"),
         *page = box_ask(b, "GET /origins");
    assert_starts(head, "HTTP/1.1 200 ");
    assert_has(head, "Content-Length: 39\r\n");
    assert_string_equal(box_body(head), "");
    assert_int_equal(strlen(box_body(page)), 39);
    free(head);
    free(page);
}

static void a_connection_takes_one_request_after_another(void **state)
{
    struct box *b = *state;
    box_start(b);
    const int fd = box_dial(b);
    for (int i = 0; i < 20; i++) {
        box_say(fd, "GET /origins HTTP/1.1\r\nHost: x\r\n\r\n");
        char *reply = box_hear(b, fd);
        assert_starts(reply, "HTTP/1.1 200 ");
        free(reply);
    }
    close(fd);
}

static void what_is_not_there_is_404(void **state)
{
    struct box *b = *state;
    box_start(b);
    assert_refused(b, "GET /", "HTTP/1.1 404 ", "/zone");
    assert_refused(b, "GET /zone/", "HTTP/1.1 404 ", "/zone");
    assert_refused(b, "GET /Zone", "HTTP/1.1 404 ", "/zone");
    assert_refused(b, "GET /zone?origin=example.org", "HTTP/1.1 404 ",
                   "'example.org'");
}

static void what_is_badly_asked_is_400(void **state)
{
    struct box *b = *state;
    box_start(b);
    assert_refused(b, "GET /zone?output=xml", "HTTP/1.1 400 ", "'xml'");
    assert_refused(b, "GET /zone?orign=x", "HTTP/1.1 400 ", "'orign'");
    assert_refused(b, "GET /zone?origin", "HTTP/1.1 400 ", "'origin'");
    assert_refused(b, "GET /zone?origin=a..b", "HTTP/1.1 400 ", "'a..b'");
    assert_refused(b, "GET /zone?output=json&output=json", "HTTP/1.1 400 ",
                   "'output'");
    assert_refused(b, "GET /zone?origin=ip6.arpa%00x", "HTTP/1.1 400 ",
                   "'origin'");
    assert_refused(b, "GET /origins?output=json", "HTTP/1.1 400 ", "'output'");
    assert_refused(b, "GET /zone?output%00=json", "HTTP/1.1 400 ", "'output'");
}

static void other_methods_are_405(void **state)
{
    struct box *b = *state;
    static const char *const methods[] = {"PUT", "DELETE", "OPTIONS", "BREW"};
    box_start(b);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char request[64];
        snprintf(request, sizeof request, "%s /zone", methods[i]);
        char *reply = box_ask(b, request);
        assert_starts(reply, "HTTP/1.1 405 ");
        assert_has(reply, "Allow: GET, HEAD\r\n");
        free(reply);
    }
    // a body that never comes is not waited for
    const int fd = box_dial(b);
    box_say(fd,
            "POST /zone HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    char *reply = box_hear(b, fd);
    assert_starts(reply, "HTTP/1.1 405 ");
    free(reply);
    close(fd);
    assert_serves(b);
}

static void before_the_zone_is_complete_it_is_503(void **state)
{
    struct box *b = *state;
    testbed_free(bed(b));
    b->context = testbed_new(NULL);
    b->settings.zone = bed(b)->zone;
    box_start(b);
    char *reply = box_ask(b, "GET /zone");
    assert_starts(reply, "HTTP/1.1 503 ");
    assert_has(reply, "Retry-After: 1\r\n");
    assert_has(reply, "ask again");
    free(reply);
    testbed_namespace(bed(b), "one", true);
    testbed_publish(bed(b));
    assert_zone(b, "GET /zone", ZONE_DUMP_ALL, ZONE_DUMP_TEXT, "text/dns");
}

// --- clients that do not behave --------------------------------------------

static void long_and_senseless_requests_end_and_others_go_on(void **state)
{
    struct box *b = *state;
    static const char *const senseless[] = {
        "\r\n\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /zone\r\n\r\n",
        "\1\2\3\4\r\n\r\n",
        "GET /zone HTTP/9.9\r\n\r\n",
        "GET /zone HTTP/1.1\r\nno header\r\n\r\n",
        "GET /zone HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET /zone HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    char *line = malloc(64 << 10);

    box_start(b);
    for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++) {
        const int fd = box_dial(b);
        box_say(fd, senseless[i]);
        shutdown(fd, SHUT_WR);
        box_turn(b, 20);
        close(fd);
    }
    memset(line, 'a', 64 << 10);
    memcpy(line, "GET /", 5);
    int fd = box_dial(b);
    box_say_octets(fd, line, 32 << 10);
    char *reply = box_hear(b, fd);
    assert_starts(reply, "HTTP/1.1 414 ");
    free(reply);
    close(fd);
    fd = box_dial(b);
    box_say(fd, "GET /zone HTTP/1.1\r\nX: ");
    box_say_octets(fd, line, 32 << 10);
    reply = box_hear(b, fd);
    assert_starts(reply, "HTTP/1.1 431 ");
    free(reply);
    close(fd);
    free(line);
    assert_serves(b);
}

static void a_request_may_come_octet_by_octet(void **state)
{
    struct box *b = *state;
    box_start(b);
    const int fd = box_dial(b);
    for (const char *at = "GET /origins HTTP/1.1\r\nHost: x\r\n\r\n"; *at;
         at++) {
        box_say_octets(fd, at, 1);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    char *reply = box_hear(b, fd);
    assert_starts(reply, "HTTP/1.1 200 ");
    free(reply);
    close(fd);
}

static void a_thousand_clients_come_and_go(void **state)
{
    struct box *b = *state;
    box_start(b);
    for (int i = 0; i < MANY; i++) {
        const int fd = box_dial(b);
        if (i % 3 == 0)
            box_say(fd, "GET /zone HTTP/1.1\r\nHost: x\r\n\r\n");
        else if (i % 3 == 1)
            box_say(fd, "GET /zo");
        close(fd);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < MANY; i++)
        assert_serves(b);
}

static void more_clients_than_places_are_served_in_turn(void **state)
{
    struct box *b = *state;
    int fds[3 * CONNECTIONS];
    const size_t n = sizeof fds / sizeof fds[0];

    box_start(b);
    for (size_t i = 0; i < n; i++) {
        fds[i] = box_dial(b);
        box_say(
            fds[i],
            "GET /origins HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for (size_t i = 0; i < n; i++) {
        char *reply = box_hear(b, fds[i]);
        assert_starts(reply, "HTTP/1.1 200 ");
        free(reply);
        close(fds[i]);
    }
}

// The library does not look for newcomers while all places are taken: it has to
// be asked once more when the last of them have become free.
static void who_waits_is_served_when_all_others_leave_at_once(void **state)
{
    struct box *b = *state;

    box_start(b);
    for (int round = 0; round < 5; round++) {
        int fds[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++)
            fds[i] = box_dial(b);
        box_turn(b, 20);
        const int waiting = box_dial(b);
        box_say(waiting, "GET /origins HTTP/1.1\r\nHost: x\r\n\r\n");
        box_turn(b, 20);
        for (int i = 0; i < CONNECTIONS; i++)
            close(fds[i]);
        char *reply = box_hear(b, waiting);
        assert_starts(reply, "HTTP/1.1 200 ");
        free(reply);
        close(waiting);
        box_turn(b, 20);
    }
}

// A turn of the loop with a client that takes nothing: it has to come back.
static int ask_and_not_read(struct box *b)
{
    const int fd = box_dial(b);
    box_say(fd, "GET /zone HTTP/1.1\r\nHost: x\r\n\r\n");
    box_turn(b, 20);
    return fd;
}

// All places are taken by clients that are silent, slow, or do not read; after
// the time limit they have been let go, and whoever waited is served.
static void silent_clients_lose_their_place(void **state)
{
    struct box *b = *state;
    int fds[CONNECTIONS];

    testbed_serve_peers(bed(b), 6000, 1);
    box_start(b);
    const double began = box_now_s();
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = i % 3 ? box_dial(b) : ask_and_not_read(b);
        if (i % 3 == 2)
            box_say(fds[i], "GET /zo");
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    assert_serves(b); // within LIMIT_S
    assert_true(box_now_s() - began > IDLE_S - 1);
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
}

// Read what is there, so that the server can send more: for this client the
// time limit begins anew.
static void read_on(struct box *b, int fd)
{
    char octets[1 << 16];
    while (recv(fd, octets, sizeof octets, 0) > 0)
        continue;
    box_turn(b, 5);
}

// What clients have not read is held, but not without end.
static void held_replies_have_a_limit(void **state)
{
    struct box *b = *state;
    int fds[CONNECTIONS];
    size_t n = 0, held = 0;
    struct zone_dump dump;

#ifdef __SANITIZE_THREAD__
    // Making a reply takes longer there than a client may be idle; and there is
    // one thread only.
    skip();
#endif
    testbed_serve_peers(bed(b), 30000, 1);
    assert_int_equal(
        zone_dump(bed(b)->zone, ZONE_DUMP_ALL, ZONE_DUMP_TEXT, &dump), 0);
    free(dump.p);
    box_start(b);
    for (; held <= 64 << 20; held += dump.n) {
        assert_true(n < CONNECTIONS - 1);
        fds[n++] = ask_and_not_read(b);
        for (size_t i = 0; i < n; i++)
            read_on(b, fds[i]);
    }
    assert_refused(b, "GET /zone", "HTTP/1.1 503 ", "not read");
    assert_serves(b);
    while (n > 0)
        close(fds[--n]);
    box_turn(b, 20);
    char *reply = box_ask(b, "GET /zone");
    assert_starts(reply, "HTTP/1.1 200 ");
    assert_int_equal(strlen(box_body(reply)), dump.n);
    free(reply);
}

static void memory_that_runs_out_ends_one_request(void **state)
{
    struct box *b = *state;
    bool hit = true;
    box_start(b);
    for (long n = 1; hit; n++) {
        const int fd = box_dial(b);
        box_say(fd, "GET /zone?origin=cluster.local&output=json HTTP/1.1\r\n"
                    "Host: x\r\n\r\n");
        fault_alloc_after(n);
        box_turn(b, 10);
        fault_alloc_after(-1);
        hit = fault_alloc_hit();
        char *reply = box_hear(b, fd);
        if (!hit)
            assert_starts(reply, "HTTP/1.1 200 ");
        else if (reply[0])
            assert_starts(reply, "HTTP/1.1 503 ");
        free(reply);
        close(fd);
        assert_true(n < 1000);
    }
    assert_serves(b);
}

// --- the socket ------------------------------------------------------------

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void the_socket_is_the_users_alone_and_goes_at_the_end(void **state)
{
    struct box *b = *state;
    struct stat st;
    const mode_t mask = umask(0);

    box_start(b);
    umask(mask);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(st.st_mode, S_IFSOCK | 0600);
    box_stop(b);
    assert_false(exists(b->path));
    control_stop(NULL);
}

static void a_file_that_took_its_place_stays(void **state)
{
    struct box *b = *state;
    box_start(b);
    assert_int_equal(unlink(b->path), 0);
    close(open(b->path, O_CREAT | O_WRONLY, 0600));
    box_stop(b);
    assert_true(exists(b->path));
}

static int try_start(struct box *b, struct error *err)
{
    struct control *c = (struct control *)1;
    const int rc = control_start(&b->loop, b->path, &b->settings, &c, err);
    if (rc == 0)
        b->control = c;
    assert_true(rc < 0);
    assert_ptr_equal(c, (struct control *)1);
    assert_has(err->text, b->path);
    return rc;
}

static void what_a_dead_server_left_is_replaced(void **state)
{
    struct box *b = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, b->path);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_true(exists(b->path));
    box_start(b);
    assert_serves(b);
}

static void a_living_server_is_left_alone(void **state)
{
    struct box *b = *state;
    struct error err;
    box_start(b);
    assert_int_equal(try_start(b, &err), -EADDRINUSE);
    assert_has(err.text, "another server");
    assert_has(err.text, "--control");
    assert_serves(b);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct box *b = *state;
    struct error err;
    close(open(b->path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(try_start(b, &err), -EEXIST);
    assert_true(exists(b->path));
    assert_int_equal(unlink(b->path), 0);
    // a link is not followed
    assert_int_equal(symlink("/nowhere", b->path), 0);
    assert_int_equal(try_start(b, &err), -EEXIST);
    assert_true(exists(b->path));
}

static void a_path_that_cannot_be_is_told(void **state)
{
    struct box *b = *state;
    struct error err = {""};
    struct control *c = NULL;
    char path[300];

    snprintf(path, sizeof path, "%s/none/s", b->directory);
    assert_int_equal(control_start(&b->loop, path, &b->settings, &c, &err),
                     -ENOENT);
    assert_has(err.text, path);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[CONTROL_PATH_SIZE] = '\0';
    assert_int_equal(control_start(&b->loop, path, &b->settings, &c, &err),
                     -ENAMETOOLONG);
    assert_null(c);
}

static void memory_that_runs_out_at_start_leaves_nothing(void **state)
{
    struct box *b = *state;
    struct error err;
    fault_alloc_after(1);
    assert_int_equal(try_start(b, &err), -ENOMEM);
    fault_alloc_after(-1);
    assert_false(exists(b->path));
}

// --- the default path ------------------------------------------------------

static void assert_default_path(unsigned port, const char *expected)
{
    char path[CONTROL_PATH_SIZE];
    struct error err = {""};
    assert_int_equal(control_default_path(port, path, &err), 0);
    assert_string_equal(path, expected);
}

// Whatever a login shell's environment says: systemd's units have no such.
static void of_root_there_is_one_path_a_port(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
    assert_default_path(5300, "/run/ordinald-5300.sock");
    unsetenv("XDG_RUNTIME_DIR");
    assert_default_path(53, "/run/ordinald-53.sock");
}

static void the_default_path_has_the_port(void **state)
{
    char path[CONTROL_PATH_SIZE], own[64], runtime[200];
    struct error err;
    const uid_t before = geteuid();
    (void)state;

    if (before == 0)
        assert_int_equal(seteuid(400000000u + (unsigned)getpid()), 0);
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    assert_default_path(5300, "/run/user/7/ordinald-5300.sock");
    memset(runtime, 'x', sizeof runtime);
    runtime[0] = '/';
    runtime[sizeof runtime - 1] = '\0';
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    assert_int_equal(control_default_path(5300, path, &err), -ENAMETOOLONG);
    assert_has(err.text, "--control");
    // just fits: 107 octets
    runtime[CONTROL_PATH_SIZE - 1 - strlen("/ordinald-5300.sock")] = '\0';
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    assert_int_equal(control_default_path(5300, path, &err), 0);
    assert_int_equal(strlen(path), CONTROL_PATH_SIZE - 1);
    // what is no absolute path means nothing (XDG Base Directory)
    setenv("XDG_RUNTIME_DIR", "run", 1);
    snprintf(own, sizeof own, "/tmp/ordinald-%u/ordinald-53.sock",
             (unsigned)geteuid());
    assert_default_path(53, own);
    unsetenv("XDG_RUNTIME_DIR");
    assert_default_path(53, own);
    assert_int_equal(seteuid(before), 0);
}

// A user who has nothing but /tmp; run as one that nobody is. Returns the line
// of what is not so, 0 when all is.
static int check_own_directory(struct box *b, unsigned user)
{
#define CHECK(what)                                                            \
    if (!(what))                                                               \
    return __LINE__ % 256
    char own[64];
    struct error err;
    struct stat st;

    snprintf(own, sizeof own, "/tmp/ordinald-%u", user);
    // another user's, though it is as narrow as ours would be
    CHECK(mkdir(own, 0700) == 0);
    CHECK(seteuid(user) == 0);
    CHECK(control_default_path(53, b->path, &err) == -EPERM);
    CHECK(seteuid(0) == 0 && rmdir(own) == 0);
    // a link to what is ours
    CHECK(symlink(b->directory, own) == 0);
    CHECK(chown(b->directory, user, (gid_t)-1) == 0 && seteuid(user) == 0);
    CHECK(control_default_path(53, b->path, &err) == -EPERM);
    CHECK(strstr(err.text, own) != NULL);
    CHECK(seteuid(0) == 0 && unlink(own) == 0 && seteuid(user) == 0);
    // ours, but open to others
    CHECK(mkdir(own, 0700) == 0 && chmod(own, 0755) == 0);
    CHECK(control_default_path(53, b->path, &err) == -EPERM);
    CHECK(rmdir(own) == 0);
    // none: it is made
    CHECK(control_default_path(53, b->path, &err) == 0);
    CHECK(control_start(&b->loop, b->path, &b->settings, &b->control, &err) ==
          0);
    CHECK(stat(own, &st) == 0 && st.st_mode == (S_IFDIR | 0700));
    box_stop(b);
    // made by somebody else since the path was asked for
    CHECK(rmdir(own) == 0 && seteuid(0) == 0 && mkdir(own, 0777) == 0);
    CHECK(seteuid(user) == 0);
    CHECK(control_start(&b->loop, b->path, &b->settings, &b->control, &err) ==
          -EPERM);
    CHECK(seteuid(0) == 0 && rmdir(own) == 0);
    return 0;
#undef CHECK
}

static void a_directory_of_others_is_not_used(void **state)
{
    struct box *b = *state;
    const unsigned user = 400000000u + (unsigned)getpid();
    int status;

    if (geteuid() != 0)
        skip();
    unsetenv("XDG_RUNTIME_DIR");
    const pid_t child = fork();
    if (child == 0)
        _exit(check_own_directory(b, user));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define with_box(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(a_zone_is_given_as_it_is_printed),
        with_box(head_has_the_length_and_no_body),
        with_box(a_connection_takes_one_request_after_another),
        with_box(what_is_not_there_is_404),
        with_box(what_is_badly_asked_is_400),
        with_box(other_methods_are_405),
        with_box(before_the_zone_is_complete_it_is_503),
        with_box(long_and_senseless_requests_end_and_others_go_on),
        with_box(a_request_may_come_octet_by_octet),
        with_box(a_thousand_clients_come_and_go),
        with_box(more_clients_than_places_are_served_in_turn),
        with_box(who_waits_is_served_when_all_others_leave_at_once),
        with_box(silent_clients_lose_their_place),
        with_box(held_replies_have_a_limit),
        with_box(memory_that_runs_out_ends_one_request),
        with_box(the_socket_is_the_users_alone_and_goes_at_the_end),
        with_box(a_file_that_took_its_place_stays),
        with_box(what_a_dead_server_left_is_replaced),
        with_box(a_living_server_is_left_alone),
        with_box(what_is_no_socket_is_left_alone),
        with_box(a_path_that_cannot_be_is_told),
        with_box(memory_that_runs_out_at_start_leaves_nothing),
        cmocka_unit_test(of_root_there_is_one_path_a_port),
        cmocka_unit_test(the_default_path_has_the_port),
        with_box(a_directory_of_others_is_not_used),
    };
    zone_reader_register();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_reader_unregister();
    return failed;
}
