// SPDX-License-Identifier: Apache-2.0
/*
 * A load: each PATH is listed and the list merged with the files known of it;
 * each file that changed is read and takes over (manifest_file.h); files that
 * are gone take their objects along. Only then are doubles told, so that an
 * object which moved from one file to another is none.
 *
 * A PATH that cannot be listed keeps its files as they are. Memory that runs
 * out, or standard input that has not ended, ends the load where it is; each
 * object is then as before or as it is now, and the next load goes on.
 */
#include "source/manifest.h"
#include "grow.h"
#include "manifest_file.h"
#include "source/places.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A file's rank for the cluster: PATHs in their order, then files in theirs.
 *
 *     63        48 47                                8 7          0
 *    | path + 1   | order of the file within the path | generation |
 *
 * A file keeps its rank as long as it lives. New ones get an order between
 * their neighbours' or, at the end, a step further. That may be the rank of a
 * file that is gone but still in the cluster: what is put in later counts, as
 * it should when a file was renamed. When there is no room left
 * between two (after 24 insertions at one place, at least) all files of the
 * path are read anew under ranks of the next generation, which differ from all
 * that are still in the cluster.
 */
enum { PATH_SHIFT = 48, ORDER_SHIFT = 8, PATHS_MAX = 65534 };
static const uint64_t order_max = (uint64_t)1 << (PATH_SHIFT - ORDER_SHIFT);
static const uint64_t order_step = (uint64_t)1 << 24;

struct path {
    char *text;
    struct file **files; // in order
    size_t n;
    uint8_t generation;
    int trouble; // why it cannot be listed, as told; 0: it can
};

struct manifests {
    struct manifests_settings settings;
    struct path *paths;
    size_t paths_n;
    struct file *gone; // their objects are still in service
    struct shelf shelf;
    struct watch *watch; // NULL until it is asked for
};

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

// --- merging a listing ------------------------------------------------------

static uint64_t order_of(const struct file *f)
{
    return f->rank >> ORDER_SHIFT & (order_max - 1);
}

static uint64_t rank_of(const struct manifests *m, const struct path *p,
                        uint64_t order)
{
    return ((uint64_t)(p - m->paths) + 1) << PATH_SHIFT | order << ORDER_SHIFT |
           p->generation;
}

// Give orders to the files from `from` on that have no rank yet, up to the next
// that has. False: no room between their neighbours.
static bool rank_run(const struct manifests *m, const struct path *p,
                     struct file **files, size_t n, size_t from)
{
    size_t end = from;
    while (end < n && files[end]->rank == 0)
        end++;
    const uint64_t low = from ? order_of(files[from - 1]) : 0;
    const uint64_t high = end < n ? order_of(files[end]) : order_max;
    uint64_t step = (high - low) / (end - from + 1);
    if (end == n && step > order_step)
        step = order_step; // leaves room for what comes later
    if (step == 0)
        return false;
    for (size_t i = from; i < end; i++)
        files[i]->rank = rank_of(m, p, low + step * (i - from + 1));
    return true;
}

static bool rank_all(const struct manifests *m, const struct path *p,
                     struct file **files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (files[i]->rank == 0 && !rank_run(m, p, files, n, i))
            return false;
    }
    return true;
}

static struct file *find_file(const struct path *p, const char *name,
                              size_t *at)
{
    while (*at < p->n && strcmp(p->files[*at]->path, name) < 0)
        ++*at;
    return *at < p->n && strcmp(p->files[*at]->path, name) == 0 ? p->files[*at]
                                                                : NULL;
}

static void let_go(struct manifests *m, struct file *f)
{
    f->next = m->gone;
    m->gone = f;
}

// Free those files of a failed merge that are new.
static void drop_new(struct manifests *m, const struct path *p,
                     struct file **files, size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        if (find_file(p, files[i]->path, &known) != files[i])
            file_free(&m->shelf, files[i]);
    }
    free(files);
}

// Files for what was listed: known ones, unless all are to be new, and new
// ones without rank. NULL without memory.
static struct file **match(struct manifests *m, const struct path *p,
                           const struct scan *found, bool all_new)
{
    struct file **files = calloc(found->n + 1, sizeof(*files));
    size_t known = 0;
    for (size_t i = 0; files && i < found->n; i++) {
        const char *name = found->entries[i].path;
        files[i] = all_new ? NULL : find_file(p, name, &known);
        if (!files[i])
            files[i] = file_new(name, 0);
        if (!files[i]) {
            drop_new(m, p, files, i);
            return NULL;
        }
    }
    return files;
}

// Make p's files those that were listed. Returns 0, or -ENOMEM with p as it
// was.
static int merge(struct manifests *m, struct path *p, const struct scan *found)
{
    struct file **files = match(m, p, found, false);
    if (files && !rank_all(m, p, files, found->n)) {
        drop_new(m, p, files, found->n);
        files = match(m, p, found, true);
        p->generation++;
        const bool ranked = !files || rank_all(m, p, files, found->n);
        assert(ranked && "there are more ranks than files");
        (void)ranked;
    }
    if (!files)
        return -ENOMEM;
    for (size_t i = 0, at = 0; i < p->n; i++) {
        while (at < found->n && strcmp(files[at]->path, p->files[i]->path) < 0)
            at++;
        if (at == found->n || files[at] != p->files[i])
            let_go(m, p->files[i]);
    }
    free(p->files);
    p->files = files;
    p->n = found->n;
    return 0;
}

// --- a load -----------------------------------------------------------------

// Told once for each reason.
static void tell_path(const struct manifests *m, struct path *p, int code,
                      const char *text)
{
    const struct place at = {p->text, 0, 0};
    if (p->trouble != code)
        report_finding(m->settings.report, FINDING_ERROR, at, "%s", text);
    p->trouble = code;
}

static int refresh_files(struct manifests *m, const struct path *p,
                         const struct scan *found, bool everything)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->n; i++)
        rc = file_refresh(&m->shelf, p->files[i], &found->entries[i],
                          everything);
    return rc;
}

static int load_path(struct manifests *m, struct path *p, bool everything)
{
    if (is_stdin(p->text))
        return file_refresh_input(&m->shelf, p->files[0]);
    struct scan found = {0};
    struct error err;
    int rc = scan_path(p->text, &found, &err);
    if (rc == -ENOMEM)
        return rc;
    if (rc && rc != -ENOENT) {
        tell_path(m, p, rc, err.text);
        return 0;
    }
    if (rc)
        tell_path(m, p, rc,
                  "is gone, and what it said with it; create it again");
    else
        p->trouble = 0;
    rc = merge(m, p, &found);
    if (rc == 0)
        rc = refresh_files(m, p, &found, everything);
    scan_release(&found);
    return rc;
}

static void bury(struct manifests *m)
{
    while (m->gone) {
        struct file *f = m->gone;
        m->gone = f->next;
        m->shelf.changed |= f->versions != NULL;
        file_free(&m->shelf, f);
    }
}

static void tell_doubles(const struct manifests *m)
{
    for (size_t i = 0; i < m->paths_n; i++) {
        const struct path *p = &m->paths[i];
        for (size_t j = 0; j < p->n; j++) {
            if (p->files[j]->loaded_at == m->shelf.load)
                file_tell_doubles(&m->shelf, p->files[j]);
        }
    }
}

static int add_places(const struct path *p, struct places *out)
{
    int rc = is_stdin(p->text) ? 0 : places_of(p->text, out);
    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        if (p->files[i]->is_link)
            rc = places_of_links(p->files[i]->path, out);
    }
    return rc;
}

static void watch_all(const struct manifests *m)
{
    struct places places = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->paths_n; i++)
        rc = add_places(&m->paths[i], &places);
    places_settle(&places);
    // without memory for all of them the old ones go on
    if (rc == 0)
        watch_set(m->watch, places.items, places.n);
    else
        watch_again(m->watch);
    places_release(&places);
}

int manifests_load(struct manifests *m, bool everything)
{
    struct shelf *s = &m->shelf;
    s->load++;
    s->doubled = false;
    s->again = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->paths_n; i++)
        rc = load_path(m, &m->paths[i], everything);
    if (rc == 0) {
        bury(m);
        if (s->doubled)
            tell_doubles(m);
    }
    if (m->watch)
        watch_all(m);
    if (m->watch && s->again)
        watch_poke(m->watch);
    if (rc)
        return rc; // s->changed waits for the load that succeeds
    const bool changed = s->changed;
    s->changed = false;
    return changed;
}

int manifests_watch(struct manifests *m, uv_loop_t *loop,
                    void (*changed)(void *context), void *context)
{
    assert(!m->watch);
    const int rc =
        watch_new(loop, m->settings.report, changed, context, &m->watch);
    if (rc)
        return rc;
    watch_all(m);
    watch_poke(m->watch); // what happened since the last load was not seen
    return 0;
}

// --- life -------------------------------------------------------------------

static int check_path(const char *path, struct error *err)
{
    struct stat st;
    if (is_stdin(path) || stat(path, &st) == 0)
        return 0;
    // Anything else may pass; the load tells it, and tries again.
    if (errno != ENOENT && errno != ENOTDIR)
        return 0;
    return error_set(err, -ENOENT,
                     "'%s' does not exist; create it, or name another file or "
                     "directory",
                     path);
}

static int add_path(struct path *p, const char *text, uint64_t rank)
{
    p->text = copy_text(text);
    if (!p->text)
        return -ENOMEM;
    if (!is_stdin(text))
        return 0;
    p->files = calloc(1, sizeof(*p->files));
    if (!p->files)
        return -ENOMEM;
    p->files[0] = file_new("<stdin>", rank);
    p->n = p->files[0] != NULL;
    return p->n ? 0 : -ENOMEM;
}

int manifests_new(const struct manifests_settings *settings,
                  struct manifests **out, struct error *err)
{
    if (settings->paths_n > PATHS_MAX)
        return error_set(err, -E2BIG, "more than %d paths; name directories",
                         PATHS_MAX);
    for (size_t i = 0; i < settings->paths_n; i++) {
        const int rc = check_path(settings->paths[i], err);
        if (rc)
            return rc;
    }
    struct manifests *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(err, -ENOMEM, "no memory");
    m->settings = *settings;
    m->shelf.settings = &m->settings;
    m->paths = calloc(settings->paths_n + 1, sizeof *m->paths);
    int rc = m->paths ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < settings->paths_n; i++) {
        m->paths_n++;
        rc = add_path(&m->paths[i], settings->paths[i],
                      rank_of(m, &m->paths[i], order_step));
    }
    m->settings.paths = NULL; // copied
    if (rc) {
        manifests_free(m, NULL, NULL);
        return error_set(err, rc, "no memory");
    }
    *out = m;
    return 0;
}

void manifests_free(struct manifests *m, void (*closed)(void *context),
                    void *context)
{
    if (!m) {
        if (closed)
            closed(context);
        return;
    }
    struct watch *watch = m->watch;
    for (size_t i = 0; m->paths && i < m->paths_n; i++) {
        for (size_t j = 0; j < m->paths[i].n; j++)
            let_go(m, m->paths[i].files[j]);
        free(m->paths[i].files);
        free(m->paths[i].text);
    }
    bury(m);
    objects_release(&m->shelf.objects);
    free(m->paths);
    free(m);
    if (watch)
        watch_free(watch, closed, context);
    else if (closed)
        closed(context);
}

struct manifests_state manifests_state(const struct manifests *m)
{
    struct manifests_state state = {
        .objects = (uint32_t)m->shelf.objects.n,
        .loads = m->shelf.loads,
        .refused = m->shelf.refused,
    };
    for (size_t i = 0; i < m->paths_n; i++) {
        for (size_t j = 0; j < m->paths[i].n; j++) {
            state.files += m->paths[i].files[j]->has_text;
            state.stale += file_is_stale(m->paths[i].files[j]);
        }
    }
    return state;
}
