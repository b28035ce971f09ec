// SPDX-License-Identifier: Apache-2.0
/*
 * The usual way: an event arrives, the quiet timer starts, further events push
 * it on up to a limit, it fires, `changed` looks at all files and says with
 * watch_set() which directories count now.
 *
 * What may go wrong: a directory is deleted and made again (its watch is dead:
 * it is started anew, and looked at once more, for what happened in between was
 * not seen); there are no watches left, or the file system has none (we look
 * once a second); the kernel's queue overflows, or a network file system is
 * changed by another machine (nobody tells: we look each half minute anyway).
 */
#include "source/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// A burst of events is one change: it is over after 20 ms of quiet; an endless
// one is looked at each 80 ms, so that a change is live within 100 ms.
enum { QUIET_MS = 20, BURST_MS = 80 };

// How often to look where nobody tells, and in any case.
enum { LOOK_MS = 1000, LOOK_ANYWAY_MS = 30000 };

struct spot {
    uv_fs_event_t handle;
    struct watch *watch;
    struct spot *next;
    dev_t device; // of the directory that is watched, which the name may have
    ino_t inode;  // lost by now
    bool suspect; // the directory itself came, went or moved
    bool wanted;
    struct watched place; // both texts stand behind this
    char texts[];
};

struct watch {
    uv_timer_t quiet;
    uv_timer_t look;
    uv_loop_t *loop;
    const struct report *report;
    void (*changed)(void *context);
    void *context;
    struct spot *spots;
    size_t handles;    // not yet closed, timers included
    uint64_t first_ms; // of the burst
    bool burst;
    bool blind; // some directory is not watched
    bool told;  // the warning was given
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void one_closed(struct watch *w)
{
    if (--w->handles || !w->closing)
        return;
    void (*const closed)(void *) = w->closed;
    void *const context = w->closed_context;
    free(w);
    if (closed)
        closed(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_spot_closed(uv_handle_t *handle)
{
    struct spot *spot = handle->data;
    struct watch *w = spot->watch;
    free(spot);
    one_closed(w);
}

// --- time -------------------------------------------------------------------

static void on_quiet(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    w->burst = false;
    w->changed(w->context);
}

static void on_look(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    w->changed(w->context);
}

void watch_poke(struct watch *w)
{
    if (w->closing)
        return;
    const uint64_t now = uv_now(w->loop);
    if (!w->burst) {
        w->burst = true;
        w->first_ms = now;
    }
    const uint64_t limit = w->first_ms + BURST_MS;
    const uint64_t due = now + QUIET_MS < limit ? now + QUIET_MS : limit;
    uv_timer_start(&w->quiet, on_quiet, due > now ? due - now : 0, 0);
}

static void set_look(struct watch *w)
{
    const uint64_t period = w->blind ? LOOK_MS : LOOK_ANYWAY_MS;
    if (!uv_is_active((const uv_handle_t *)&w->look) ||
        uv_timer_get_repeat(&w->look) != period)
        uv_timer_start(&w->look, on_look, period, period);
}

void watch_again(struct watch *w)
{
    // the usual period comes back with the next watch_set()
    if (!w->closing)
        uv_timer_start(&w->look, on_look, LOOK_MS, LOOK_MS);
}

// --- directories ------------------------------------------------------------

static void on_event(uv_fs_event_t *handle, const char *name, int events,
                     int status)
{
    struct spot *spot = handle->data;
    const char *slash = strrchr(spot->place.directory, '/');
    // libuv gives the directory's own name for what happens to itself. A file
    // of that name in it costs one needless start.
    const char *own = slash ? slash + 1 : spot->place.directory;
    if (status < 0 || !name || ((events & UV_RENAME) && strcmp(name, own) == 0))
        spot->suspect = true;
    else if (spot->place.only && strcmp(name, spot->place.only) != 0)
        return;
    watch_poke(spot->watch);
}

static void spot_close(struct spot *spot)
{
    uv_close((uv_handle_t *)&spot->handle, on_spot_closed);
}

static struct spot *spot_new(const struct watched *place)
{
    const size_t n = strlen(place->directory) + 1;
    const size_t m = place->only ? strlen(place->only) + 1 : 0;
    struct spot *spot = calloc(1, sizeof *spot + n + m);
    if (!spot)
        return NULL;
    spot->place.directory = memcpy(spot->texts, place->directory, n);
    if (m)
        spot->place.only = memcpy(spot->texts + n, place->only, m);
    return spot;
}

// Returns 0 or a negative errno; -ENOENT where the directory went away.
static int spot_start(struct watch *w, const struct watched *place)
{
    struct stat st;
    if (stat(place->directory, &st) != 0)
        return -errno;
    struct spot *spot = spot_new(place);
    if (!spot)
        return -ENOMEM;
    spot->watch = w;
    spot->device = st.st_dev;
    spot->inode = st.st_ino;
    spot->wanted = true;
    int rc = uv_fs_event_init(w->loop, &spot->handle);
    if (rc) {
        free(spot);
        return rc;
    }
    w->handles++;
    spot->handle.data = spot;
    rc = uv_fs_event_start(&spot->handle, on_event, place->directory, 0);
    if (rc) {
        spot_close(spot);
        return rc;
    }
    spot->next = w->spots;
    w->spots = spot;
    return 0;
}

// Whether a spot still watches what its name stands for.
static bool spot_is_sound(const struct spot *spot)
{
    struct stat st;
    return !spot->suspect && stat(spot->place.directory, &st) == 0 &&
           st.st_dev == spot->device && st.st_ino == spot->inode;
}

int watched_compare(const void *a, const void *b)
{
    const struct watched *x = a, *y = b;
    const int order = strcmp(x->directory, y->directory);
    if (order || (!x->only && !y->only))
        return order;
    return !x->only ? -1 : !y->only ? 1 : strcmp(x->only, y->only);
}

// Tell the spots that go on, in `kept` for each place that has one.
static void keep_spots(struct watch *w, const struct watched *places, size_t n,
                       bool *kept)
{
    for (struct spot *s = w->spots; s; s = s->next) {
        const struct watched *at =
            n ? bsearch(&s->place, places, n, sizeof *places, watched_compare)
              : NULL;
        s->wanted = at && spot_is_sound(s);
        if (s->wanted)
            kept[at - places] = true;
    }
}

static void close_unwanted(struct watch *w)
{
    for (struct spot **at = &w->spots; *at;) {
        struct spot *spot = *at;
        if (spot->wanted) {
            at = &spot->next;
            continue;
        }
        *at = spot->next;
        spot_close(spot);
    }
}

static void tell_blind(struct watch *w, const char *path, int rc)
{
    const struct place at = {path, 0, 0};
    const char *mend = "changes there are found once a second";
    if (w->told)
        return;
    w->told = true;
    if (rc == UV_ENOSPC)
        mend = "changes are found once a second; raise the sysctl "
               "fs.inotify.max_user_watches";
    else if (rc == UV_EMFILE || rc == UV_ENFILE)
        mend = "changes are found once a second; raise the sysctl "
               "fs.inotify.max_user_instances or the limit of open files";
    report_finding(w->report, FINDING_WARNING, at, "cannot be watched (%s): %s",
                   uv_strerror(rc), mend);
}

void watch_set(struct watch *w, const struct watched *places, size_t n)
{
    assert(!w->closing);
    bool *kept = calloc(n + 1, sizeof *kept);
    w->blind = !kept;
    if (!kept) {
        set_look(w);
        return;
    }
    bool started = false;
    keep_spots(w, places, n, kept);
    for (size_t i = 0; i < n; i++) {
        const int rc = kept[i] ? 0 : spot_start(w, &places[i]);
        started |= !kept[i] && (rc == 0 || rc == -ENOENT);
        if (rc && rc != -ENOENT) {
            w->blind = true;
            tell_blind(w, places[i].directory, rc);
        }
    }
    free(kept);
    // After the start of the new ones: libuv shares a watch between handles
    // of one directory, and so it never pauses.
    close_unwanted(w);
    w->told &= w->blind;
    set_look(w);
    // What happened since the files were looked at and before the watch began
    // was not seen.
    if (started)
        watch_poke(w);
}

// --- life -------------------------------------------------------------------

int watch_new(uv_loop_t *loop, const struct report *report,
              void (*changed)(void *context), void *context, struct watch **out)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    w->loop = loop;
    w->report = report;
    w->changed = changed;
    w->context = context;
    // uv_timer_init() cannot fail
    uv_timer_init(loop, &w->quiet);
    uv_timer_init(loop, &w->look);
    w->quiet.data = w;
    w->look.data = w;
    w->handles = 2;
    set_look(w);
    *out = w;
    return 0;
}

void watch_free(struct watch *w, void (*closed)(void *context), void *context)
{
    assert(!w->closing);
    w->closing = true;
    w->closed = closed;
    w->closed_context = context;
    for (struct spot *s = w->spots, *next; s; s = next) {
        next = s->next;
        spot_close(s);
    }
    w->spots = NULL;
    uv_close((uv_handle_t *)&w->quiet, on_timer_closed);
    uv_close((uv_handle_t *)&w->look, on_timer_closed);
}
