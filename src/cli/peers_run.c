// SPDX-License-Identifier: Apache-2.0
// The happy path:
//
//     a pipe is made, the shell is started with its other end
//     the list is written as the command takes it, then the pipe is closed
//     the command ends; what it has not read is dropped with the pipe
//
// The list belongs to the write until that has ended, one way or another; a
// command that never reads leaves it in the loop, and nobody waits for it.
#include "peers_run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A list on its way to a command.
struct feed {
    uv_pipe_t pipe;
    uv_write_t write;
    char *text;
    size_t n;
    struct run *run; // NULL: it has ended
};

// A command that runs.
struct run {
    struct runner *runner;
    uv_process_t process;
    struct feed *feed; // NULL: it has the whole list
};

struct runner {
    uv_loop_t *loop;
    void (*ended)(void *context, const char *why);
    void *context;
    struct run *run; // NULL: none
    uv_timer_t timer;
};

// --- the list --------------------------------------------------------------

static void on_feed_closed(uv_handle_t *handle)
{
    struct feed *f = handle->data;

    free(f->text);
    free(f);
}

// It has the list, or will not take it: its standard input ends.
static void feed_end(struct feed *f)
{
    if (uv_is_closing((const uv_handle_t *)&f->pipe))
        return;
    if (f->run)
        f->run->feed = NULL;
    f->run = NULL;
    uv_close((uv_handle_t *)&f->pipe, on_feed_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status; // EPIPE: a command need not read
    feed_end(write->data);
}

static int feed_text(struct feed *f, const struct peers *p,
                     const struct peers_owner *owner)
{
    FILE *out = open_memstream(&f->text, &f->n);

    if (!out)
        return -ENOMEM;
    const int rc = peers_write(out, p, owner, PEERS_LIST);
    return fclose(out) ? -ENOMEM : rc;
}

/*
 * Make the list, and the pipe for it.
 *
 * read_fd  the command's end, of which the child gets a copy
 */
static int feed_new(uv_loop_t *loop, const struct peers *p,
                    const struct peers_owner *owner, struct feed **out,
                    uv_file *read_fd)
{
    struct feed *f = calloc(1, sizeof *f);
    uv_file fds[2];

    if (!f)
        return -ENOMEM;
    int rc = feed_text(f, p, owner);
    // a pipe, not a socket: /dev/stdin cannot be opened where it is one
    if (rc == 0)
        rc = uv_pipe(fds, 0, UV_NONBLOCK_PIPE);
    if (rc) {
        free(f->text);
        free(f);
        return rc;
    }
    (void)uv_pipe_init(loop, &f->pipe, 0); // always 0
    f->pipe.data = f;
    f->write.data = f;
    rc = uv_pipe_open(&f->pipe, fds[1]);
    if (rc) {
        close(fds[0]);
        close(fds[1]);
        uv_close((uv_handle_t *)&f->pipe, on_feed_closed);
        return rc;
    }
    *read_fd = fds[0];
    *out = f;
    return 0;
}

static void feed_begin(struct feed *f)
{
    const uv_buf_t buffer = uv_buf_init(f->text, (unsigned)f->n);

    if (uv_write(&f->write, (uv_stream_t *)&f->pipe, &buffer, 1, on_written))
        feed_end(f);
}

// --- variables -------------------------------------------------------------

static bool is_ours(const char *entry)
{
    for (int v = 0; v < PEERS_VARIABLES; v++) {
        const char *name = peers_variable_name((enum peers_variable)v);
        const size_t n = strlen(name);
        if (strncmp(entry, name, n) == 0 && entry[n] == '=')
            return true;
    }
    return false;
}

static void env_free(char **env, size_t inherited)
{
    for (size_t i = inherited; env && env[i]; i++)
        free(env[i]);
    free(env);
}

static char *entry_of(const struct peers *p, const struct peers_owner *owner,
                      enum peers_variable v)
{
    char *value = peers_variable(p, owner, v), *entry = NULL;

    if (value && strlen(value) > RUN_VARIABLE_MAX)
        value[0] = '\0';
    if (value && asprintf(&entry, "%s=%s", peers_variable_name(v), value) < 0)
        entry = NULL;
    free(value);
    return entry;
}

// Our own variables, with those of the list instead of what they were. Returns
// NULL when there is no memory; for env_free().
static char **env_of(const struct peers *p, const struct peers_owner *owner,
                     size_t *inherited)
{
    size_t n = 0;

    while (environ[n])
        n++;
    char **env = calloc(n + PEERS_VARIABLES + 1, sizeof *env);
    if (!env)
        return NULL;
    *inherited = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_ours(environ[i]))
            env[(*inherited)++] = environ[i];
    for (int v = 0; v < PEERS_VARIABLES; v++) {
        char *entry = entry_of(p, owner, (enum peers_variable)v);
        if (!entry) {
            env_free(env, *inherited);
            return NULL;
        }
        env[*inherited + (size_t)v] = entry;
    }
    return env;
}

// --- the command -----------------------------------------------------------

static void on_run_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
    struct run *run = process->data;
    struct runner *r = run->runner;
    char why[64] = "";

    if (signal_number)
        (void)snprintf(why, sizeof why, "signal %d", signal_number);
    else if (status)
        (void)snprintf(why, sizeof why, "exit status %d", (int)status);
    if (run->feed)
        feed_end(run->feed);
    (void)uv_timer_stop(&r->timer);
    r->run = NULL;
    uv_close((uv_handle_t *)process, on_run_closed);
    r->ended(r->context, why);
}

enum { FIRST_FD = STDERR_FILENO + 1, FDS_LOOKED_AT = 1024 };

// Libraries open sockets that a child would inherit: none behind the standard
// ones goes there.
static void keep_descriptors(void)
{
#if defined CLOSE_RANGE_CLOEXEC && !defined ORDINALD_PORTABLE
    if (close_range(FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
#endif
    for (int fd = FIRST_FD; fd < FDS_LOOKED_AT; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int spawn(struct runner *r, struct run *run, const char *command,
                 char **env, uv_file input)
{
    char *args[] = {"/bin/sh", "-c", NULL, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_INHERIT_FD, .data.fd = input},
        {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    // the shell does not write to its arguments
    args[2] = (char *)(uintptr_t)command;
    const uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = args[0],
        .args = args,
        .env = env,
        .flags = UV_PROCESS_DETACHED, // a process group of its own
        .stdio_count = ORD_COUNT(stdio),
        .stdio = stdio,
    };

    keep_descriptors();
    return uv_spawn(r->loop, &run->process, &options);
}

static int start(struct runner *r, struct run *run, const char *command,
                 const struct peers *p, const struct peers_owner *owner)
{
    size_t inherited = 0;
    uv_file input;
    int rc = feed_new(r->loop, p, owner, &run->feed, &input);

    if (rc) {
        free(run);
        return rc;
    }
    char **env = env_of(p, owner, &inherited);
    run->runner = r;
    run->feed->run = run;
    run->process.data = run;
    rc = env ? spawn(r, run, command, env, input) : -ENOMEM;
    close(input);
    env_free(env, inherited);
    if (rc == 0) {
        r->run = run;
        feed_begin(run->feed);
        return 0;
    }
    feed_end(run->feed);
    // libuv has made the handle where it was asked to spawn
    if (env)
        uv_close((uv_handle_t *)&run->process, on_run_closed);
    else
        free(run);
    return rc;
}

int runner_start(struct runner *r, const char *command, const struct peers *p,
                 const struct peers_owner *owner, struct error *err)
{
    struct run *run = calloc(1, sizeof *run);

    assert(!r->run);
    const int rc = run ? start(r, run, command, p, owner) : -ENOMEM;
    return rc ? error_set(err, rc, "cannot run '%.200s': %s", command,
                          uv_strerror(rc))
              : 0;
}

// --- the end ---------------------------------------------------------------

static void signal_group(const struct runner *r, int number)
{
    if (r->run)
        (void)kill(-r->run->process.pid, number);
}

static void on_timer(uv_timer_t *timer)
{
    signal_group(timer->data, SIGKILL);
}

void runner_stop(struct runner *r)
{
    if (!r->run)
        return;
    if (uv_is_active((const uv_handle_t *)&r->timer)) {
        signal_group(r, SIGKILL);
        return;
    }
    signal_group(r, SIGTERM);
    // cannot fail: the handle was set up and has a callback
    (void)uv_timer_start(&r->timer, on_timer, RUN_GRACE_MS, 0);
}

bool runner_is_busy(const struct runner *r)
{
    return r->run != NULL;
}

struct runner *runner_new(uv_loop_t *loop,
                          void (*ended)(void *context, const char *why),
                          void *context)
{
    struct runner *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->loop = loop;
    r->ended = ended;
    r->context = context;
    (void)uv_timer_init(loop, &r->timer); // always 0
    r->timer.data = r;
    return r;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void runner_free(struct runner *r)
{
    if (!r)
        return;
    assert(!r->run);
    uv_close((uv_handle_t *)&r->timer, on_closed);
}
