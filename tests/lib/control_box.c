// SPDX-License-Identifier: Apache-2.0
#include "lib/control_box.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

double box_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct box *box_new(void)
{
    struct box *b = calloc(1, sizeof *b);
    assert_non_null(b);
    strcpy(b->directory, "/tmp/ordinald-test.XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->path, sizeof b->path, "%s/s", b->directory);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    b->settings.clock = clock_of_system();
    return b;
}

void box_free(struct box *b)
{
    box_stop(b);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    unlink(b->path);
    rmdir(b->directory);
    free(b);
}

void box_start(struct box *b)
{
    struct error err = {""};
    const int rc =
        control_start(&b->loop, b->path, &b->settings, &b->control, &err);
    if (rc)
        print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
}

void box_stop(struct box *b)
{
    control_stop(b->control);
    b->control = NULL;
    uv_run(&b->loop, UV_RUN_DEFAULT);
}

void box_turn(struct box *b, int times)
{
    for (int i = 0; i < times; i++)
        uv_run(&b->loop, UV_RUN_NOWAIT);
}

// --- clients ---------------------------------------------------------------

int box_dial(const struct box *b)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, b->path);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

void box_say_octets(int fd, const char *p, size_t n)
{
    assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

void box_say(int fd, const char *text)
{
    box_say_octets(fd, text, strlen(text));
}

// Whether a whole reply is there: its head, and as much as that promises.
static bool is_whole(const char *reply, bool head_only)
{
    const char *body = strstr(reply, "\r\n\r\n");
    const char *length = strstr(reply, "Content-Length: ");
    if (!body || !length || length > body)
        return false;
    return head_only || strlen(body + 4) >= strtoul(length + 16, NULL, 10);
}

static char *hear(struct box *b, int fd, bool head_only)
{
    size_t room = 1 << 16, n = 0;
    char *reply = malloc(room);
    const double until = box_now_s() + BOX_LIMIT_S;

    reply[0] = '\0';
    while (!is_whole(reply, head_only)) {
        assert_true(box_now_s() < until);
        uv_run(&b->loop, UV_RUN_NOWAIT);
        if (n + 1 == room)
            reply = realloc(reply, room *= 2);
        const ssize_t got = recv(fd, reply + n, room - n - 1, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        if (got < 0)
            usleep(200);
        else
            n += (size_t)got;
        reply[n] = '\0';
    }
    return reply;
}

char *box_hear(struct box *b, int fd)
{
    return hear(b, fd, false);
}

char *box_ask(struct box *b, const char *request)
{
    char text[1024];
    const int fd = box_dial(b);
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n\r\n", request);
    box_say(fd, text);
    char *reply = hear(b, fd, strncmp(request, "HEAD", 4) == 0);
    close(fd);
    return reply;
}

char *box_post(struct box *b, const char *path, const char *body)
{
    char text[1024];
    const int fd = box_dial(b);
    snprintf(text, sizeof text,
             "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path,
             strlen(body));
    box_say(fd, text);
    box_say(fd, body);
    char *reply = hear(b, fd, false);
    close(fd);
    return reply;
}

const char *box_body(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");
    return end ? end + 4 : "";
}

void assert_starts(const char *reply, const char *start)
{
    if (strncmp(reply, start, strlen(start)) != 0)
        fail_msg("'%.400s' does not start with '%s'", reply, start);
}

void assert_has(const char *reply, const char *part)
{
    if (!strstr(reply, part))
        fail_msg("'%.2000s' has no '%s'", reply, part);
}

void assert_refusal(const char *reply, const char *status, const char *why)
{
    const char *body = box_body(reply);

    assert_starts(reply, status);
    assert_has(reply, "Content-Type: text/plain");
    assert_has(body, why);
    assert_ptr_equal(strchr(body, '\n'), body + strlen(body) - 1);
}

void assert_refused(struct box *b, const char *request, const char *status,
                    const char *why)
{
    char *reply = box_ask(b, request);
    assert_refusal(reply, status, why);
    free(reply);
}
