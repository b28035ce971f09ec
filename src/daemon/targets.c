// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include "base/resolv_conf.h"
#include "servers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What a file said when it was last read well.
struct target_file {
    struct resolv_conf conf;
    int trouble; // negative errno of the last reading, told; 0: none
};

struct targets {
    const struct settings *settings;
    const struct log *log;
    struct target_list now;
    struct target_list own;   // addresses in files that lead here
    bool crowded;             // there are more than places
    struct target_file *file; // one for each of settings->forward
};

static bool has(const struct target_list *list, const struct sockaddr_any *a)
{
    for (size_t i = 0; i < list->n; i++)
        if (sockaddr_same(&list->items[i], a))
            return true;
    return false;
}

// Returns whether there was room for it.
static bool add(struct target_list *list, const struct sockaddr_any *a)
{
    if (has(list, a))
        return true;
    if (list->n == UPSTREAMS_MAX)
        return false;
    list->items[list->n++] = *a;
    return true;
}

static bool is_same(const struct target_list *a, const struct target_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!sockaddr_same(&a->items[i], &b->items[i]))
            return false;
    return true;
}

// --- files -----------------------------------------------------------------

static void say_fault(const struct targets *t, const char *phrase,
                      const struct error *why)
{
    log_event(t->log, LOG_WARNING, phrase, LOG_STRING("because", why->text));
}

// What was read takes the place of what was known.
static void take(const struct targets *t, struct target_file *f,
                 const struct resolv_conf *conf)
{
    if (conf->fault.text[0] &&
        strcmp(conf->fault.text, f->conf.fault.text) != 0)
        say_fault(t, "a server of --forward is left out", &conf->fault);
    f->conf = *conf;
}

static void read_file(const struct targets *t, size_t i)
{
    struct target_file *f = &t->file[i];
    struct resolv_conf conf;
    struct error why;
    const int r =
        resolv_conf_read(t->settings->forward.items[i].text, &conf, &why);
    if (r == 0)
        take(t, f, &conf);
    if (r == 0 && f->trouble)
        log_event(t->log, LOG_INFO, "a file of --forward can be read again",
                  LOG_STRING("file", t->settings->forward.items[i].text));
    if (r < 0 && r != f->trouble)
        say_fault(t, "its servers are still asked, as it named them before",
                  &why);
    f->trouble = r;
}

// --- the list --------------------------------------------------------------

static void add_file(struct targets *t, const struct resolv_conf *conf)
{
    for (size_t i = 0; i < conf->n; i++) {
        const struct sockaddr_any *a = &conf->servers[i];
        if (servers_hearing(&t->settings->listen, a))
            (void)add(&t->own, a);
        else if (!add(&t->now, a))
            t->crowded = true;
    }
}

static void make_list(struct targets *t)
{
    const struct forward_list *forward = &t->settings->forward;
    t->now.n = 0;
    t->own.n = 0;
    t->crowded = false;
    for (size_t i = 0; i < forward->n; i++) {
        if (forward->items[i].is_file)
            add_file(t, &t->file[i].conf);
        else if (!add(&t->now, &forward->items[i].address))
            t->crowded = true;
    }
}

static void say_own(const struct targets *t, const struct target_list *before)
{
    char text[SOCKADDR_TEXT_SIZE];
    for (size_t i = 0; i < t->own.n; i++)
        if (!has(before, &t->own.items[i]))
            log_event(
                t->log, LOG_INFO, "our own address is left out of --forward",
                LOG_STRING("address", sockaddr_format(&t->own.items[i], text)));
}

static bool refresh(struct targets *t)
{
    const struct target_list now = t->now, own = t->own;
    const bool crowded = t->crowded;
    make_list(t);
    say_own(t, &own);
    if (t->crowded && !crowded)
        log_event(t->log, LOG_WARNING,
                  "--forward names more servers than are asked; the last ones "
                  "are left out",
                  LOG_UINT("asked", t->now.n));
    return !is_same(&now, &t->now);
}

bool targets_read(struct targets *t)
{
    const struct forward_list *forward = &t->settings->forward;
    for (size_t i = 0; i < forward->n; i++)
        if (forward->items[i].is_file)
            read_file(t, i);
    return refresh(t);
}

const struct target_list *targets_now(const struct targets *t)
{
    return &t->now;
}

// --- start -----------------------------------------------------------------

// In a file our own address may stand for good reason: it is there for the
// programs beside us.
static int check_address(const struct settings *s,
                         const struct forward_target *target, struct error *err)
{
    char socket[SOCKADDR_TEXT_SIZE];
    const struct sockaddr_any *own =
        servers_hearing(&s->listen, &target->address);
    if (!own)
        return 0;
    return error_set(err, -EINVAL,
                     "--forward %s is this server itself, which listens at %s: "
                     "each question would come back to it; name another server",
                     target->text, sockaddr_format(own, socket));
}

static int read_first(struct targets *t, size_t i, struct error *err)
{
    const struct forward_target *target = &t->settings->forward.items[i];
    struct resolv_conf conf;
    if (!target->is_file)
        return check_address(t->settings, target, err);
    const int r = resolv_conf_read(target->text, &conf, err);
    if (r < 0)
        return error_wrap(err, r, "--forward");
    take(t, &t->file[i], &conf);
    return 0;
}

int targets_new(const struct settings *s, const struct log *log,
                struct targets **out, struct error *err)
{
    int r = 0;
    struct targets *t = calloc(1, sizeof *t);
    if (t)
        t->file = calloc(s->forward.n, sizeof *t->file);
    if (!t || !t->file) {
        targets_free(t);
        return error_set(err, -ENOMEM, "not enough memory to start");
    }
    t->settings = s;
    t->log = log;
    for (size_t i = 0; r == 0 && i < s->forward.n; i++)
        r = read_first(t, i, err);
    if (r < 0) {
        targets_free(t);
        return r;
    }
    (void)refresh(t);
    *out = t;
    return 0;
}

void targets_free(struct targets *t)
{
    if (t)
        free(t->file);
    free(t);
}
