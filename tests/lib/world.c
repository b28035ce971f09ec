// SPDX-License-Identifier: Apache-2.0
#include "lib/world.h"

#include "lib/answer_one.h"
#include "model/cluster.h"
#include "source/manifest.h"
#include "source/statefulset.h"
#include "zone/sync.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

struct world {
    struct fake_clock clock;
    char directory[64];
    const char *paths[1];
    struct cluster *cluster;
    struct manifests *manifests;
    struct statefulsets *statefulsets;
    struct zone *zone;
    struct zone_sync *sync;
    struct answer_context context;
    struct report report;
    // findings of the last load
    char *findings;
    size_t findings_n;
    bool reader; // this thread is registered with the zone
};

struct world_settings world_settings_default(void)
{
    return (struct world_settings){
        .ttl_s = 5,
        .negative_ttl_s = 1,
        .udp_size_max = 1232,
    };
}

// The text of a finding as the log writes it, with the directory left out: it
// is another one each time.
static void take_finding(void *context, enum finding kind, struct place at,
                         const char *text)
{
    static const char *const names[] = {"error", "warning", "debug"};
    struct world *w = context;
    const char *slash = at.file ? strrchr(at.file, '/') : NULL;
    char *line;

    if (kind == FINDING_DEBUG)
        return;
    int n = asprintf(&line, "%s:%u:%u: %s: %s\n",
                     slash ? slash + 1 : (at.file ? at.file : ""), at.line,
                     at.column, names[kind], text);
    if (n < 0)
        return;
    char *all = realloc(w->findings, w->findings_n + (size_t)n + 1);
    if (all) {
        memcpy(all + w->findings_n, line, (size_t)n + 1);
        w->findings = all;
        w->findings_n += (size_t)n;
    }
    free(line);
}

static void forget_findings(struct world *w)
{
    free(w->findings);
    w->findings = NULL;
    w->findings_n = 0;
}

const char *world_findings(const struct world *w)
{
    return w->findings ? w->findings : "";
}

struct answer_context *world_context(struct world *w)
{
    return &w->context;
}

void world_advance(struct world *w, uint64_t ms)
{
    fake_clock_advance(&w->clock, ms);
}

// --- making and ending -----------------------------------------------------

static int parse_cidrs(const char *const *texts, const char *otherwise,
                       struct cidr *out, uint32_t *n, struct error *err)
{
    const char *first = texts[0] ? texts[0] : otherwise;
    int result = cidr_parse(first, &out[0], err);

    *n = 1;
    if (result == 0 && texts[1]) {
        result = cidr_parse(texts[1], &out[1], err);
        *n = 2;
    }
    return result;
}

static int make_zone(struct world *w, const struct world_settings *settings,
                     struct error *err)
{
    struct address server;
    struct cidr reverse;
    struct zone_settings z = {
        .ttl_s = settings->ttl_s,
        .negative_ttl_s = settings->negative_ttl_s,
        .servers = &server,
        .servers_n = 1,
        .hash_seed = 0x0123456789abcdef,
    };
    const char *domain = settings->domain ? settings->domain : "cluster.local";
    int result = dns_name_parse(domain, &z.domain, err);

    if (result == 0 && settings->reverse) {
        result = cidr_parse(settings->reverse, &reverse, err);
        z.reverse = &reverse;
        z.reverse_n = 1;
    }
    if (result < 0)
        return result;
    dns_name_fold(&z.domain);
    if (!address_parse("192.0.2.53", &server))
        return error_set(err, -EINVAL, "the server's address");
    return zone_new(&z, &w->zone, err);
}

static int make_sources(struct world *w, const struct world_settings *settings,
                        struct error *err)
{
    struct ordinals_settings o = {.seed = 42};
    int result = parse_cidrs(settings->pod_cidr, "10.244.0.0/16", o.pod_cidrs,
                             &o.pod_cidrs_n, err);

    if (result == 0)
        result = parse_cidrs(settings->service_cidr, "10.96.0.0/16",
                             o.service_cidrs, &o.service_cidrs_n, err);
    if (result < 0)
        return result;
    w->cluster = cluster_new(NULL);
    if (!w->cluster)
        return error_set(err, -ENOMEM, "no memory");
    w->statefulsets = statefulsets_new(w->cluster, &o, &w->report);
    if (!w->statefulsets)
        return error_set(err, -ENOMEM, "no memory");
    w->paths[0] = w->directory;
    const struct manifests_settings m = {
        .paths = w->paths,
        .paths_n = 1,
        .limits = doc_limits_default(),
        .report = &w->report,
        .cluster = w->cluster,
    };
    return manifests_new(&m, &w->manifests, err);
}

static int make(struct world *w, const struct world_settings *settings,
                struct error *err)
{
    w->report = (struct report){.finding = take_finding, .context = w};
    snprintf(w->directory, sizeof w->directory, "/tmp/ordinald-world.XXXXXX");
    if (!mkdtemp(w->directory)) {
        w->directory[0] = 0;
        return error_set(err, -errno, "no directory for manifests");
    }
    int result = make_zone(w, settings, err);
    if (result == 0)
        result = make_sources(w, settings, err);
    if (result < 0)
        return result;
    w->sync = zone_sync_new(w->zone, w->cluster, &w->report);
    if (!w->sync)
        return error_set(err, -ENOMEM, "no memory");
    w->context.zone = w->zone;
    w->context.settings.udp_size_max = settings->udp_size_max;
    zone_reader_register();
    w->reader = true;
    return 0;
}

struct world *world_new(const struct world_settings *settings)
{
    struct world *w = calloc(1, sizeof *w);
    struct error err = {""};

    if (w && make(w, settings, &err) < 0) {
        fprintf(stderr, "world: %s\n", err.text);
        world_free(w);
        w = NULL;
    }
    return w;
}

static void remove_directory(const char *directory)
{
    DIR *d = opendir(directory);
    const struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(directory);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    if (w->reader)
        zone_reader_unregister();
    zone_sync_free(w->sync);
    manifests_free(w->manifests, NULL, NULL);
    statefulsets_free(w->statefulsets);
    cluster_free(w->cluster);
    zone_free(w->zone);
    if (w->directory[0])
        remove_directory(w->directory);
    forget_findings(w);
    free(w);
}

// --- files -----------------------------------------------------------------

bool world_write(struct world *w, const char *file, const char *text, size_t n)
{
    char path[PATH_SIZE], aside[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", w->directory, file);
    // hidden, so that it would not be read if a load came between
    snprintf(aside, sizeof aside, "%s/.%s", w->directory, file);
    FILE *f = fopen(aside, "wb");
    if (!f)
        return false;
    bool good = fwrite(text, 1, n, f) == n;
    good = fclose(f) == 0 && good;
    return good && rename(aside, path) == 0;
}

bool world_remove(struct world *w, const char *file)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", w->directory, file);
    return unlink(path) == 0;
}

// --- loading and answering -------------------------------------------------

int world_load(struct world *w)
{
    struct clock clock = fake_clock_view(&w->clock);

    forget_findings(w);
    int result = manifests_load(w->manifests, false);
    if (result >= 0)
        result = statefulsets_sync(w->statefulsets,
                                   clock.monotonic_ms(clock.context));
    if (result >= 0)
        result = zone_sync_run(w->sync, clock.unix_s(clock.context), NULL);
    return result < 0 ? result : 0;
}

size_t world_answer(struct world *w, const uint8_t *query, size_t n,
                    enum answer_transport transport, uint8_t *reply)
{
    const size_t reply_n = answer_one(&w->context, query, n, transport, reply);
    zone_reader_quiescent();
    return reply_n;
}
