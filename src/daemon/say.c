// SPDX-License-Identifier: Apache-2.0
#include "say.h"

#include <assert.h>
#include <stdio.h>

void say_listening(const struct workers_settings *s, const struct workers *w)
{
    char text[SOCKADDR_TEXT_SIZE];

    for (size_t i = 0; i < s->listen_n; i++) {
        const struct sockaddr_any a = workers_address(w, i);
        printf("listening on udp %s\n", sockaddr_format(&a, text));
        printf("listening on tcp %s\n", text);
    }
    // Whoever started us may wait for these lines; a closed pipe is no reason
    // not to serve.
    fflush(stdout);
}

void say_limits(const struct log *log, const struct workers_settings *s,
                const struct workers *w)
{
    const struct workers_state state = workers_state(w);

    if (state.connections_max < s->tcp_connections)
        log_event(log, LOG_WARNING,
                  "fewer TCP connections than asked for, because open files "
                  "are limited; raise the hard limit (ulimit -Hn, LimitNOFILE= "
                  "of systemd), or lower --tcp-connections",
                  LOG_UINT("connections_max", state.connections_max),
                  LOG_UINT("asked_for", s->tcp_connections));
    if (s->answer.forwards && state.forwarded_max < s->forward_queries)
        log_event(log, LOG_WARNING,
                  "fewer questions can wait for upstreams than asked for, "
                  "because open files are limited; raise the hard limit "
                  "(ulimit -Hn, LimitNOFILE= of systemd), or lower "
                  "--forward-queries",
                  LOG_UINT("queries_max", state.forwarded_max),
                  LOG_UINT("asked_for", s->forward_queries));
}

void say_ready(const struct log *log, const struct pipeline *p)
{
    const struct zone_state state = zone_state(p->zone);
    const uint32_t serial = zone_serial(p->zone);

    if (log->format == LOG_FORMAT_JSON) {
        struct log always = *log;
        always.level = LOG_INFO;
        log_event(
            &always, LOG_INFO, "ready", LOG_UINT("services", state.services),
            LOG_UINT("endpoints", state.endpoints), LOG_UINT("serial", serial));
        return;
    }
    dprintf(log->fd, "ready: %u services, %u endpoints, serial %u\n",
            state.services, state.endpoints, serial);
}

void say_published(const struct log *log, const struct pipeline *p,
                   const struct zone_sync_result *done, uint64_t build_ms)
{
    const struct zone_state state = zone_state(p->zone);

    if (!done->built && !done->removed && !done->namespaces && !done->pods)
        return;
    log_event(log, LOG_INFO, "zone published",
              LOG_UINT("serial", zone_serial(p->zone)),
              LOG_UINT("services", state.services),
              LOG_UINT("endpoints", state.endpoints),
              LOG_UINT("built", done->built),
              LOG_UINT("removed", done->removed), LOG_UINT("pods", done->pods),
              LOG_UINT("build_ms", build_ms));
}

void say_read(const struct log *log, const struct pipeline *p)
{
    const struct manifests_state state = manifests_state(p->manifests);

    log_event(log, LOG_INFO, "manifests read", LOG_UINT("files", state.files),
              LOG_UINT("objects", state.objects),
              LOG_UINT("stale", state.stale),
              LOG_UINT("refused_total", state.refused));
}

// --- events ----------------------------------------------------------------

static const struct {
    const char *phrase;
    enum log_level level;
} phrases[] = {
    [ORDINALS_CREATED] = {"pod created", LOG_DEBUG},
    [ORDINALS_ADDRESSED] = {"pod has its addresses", LOG_DEBUG},
    [ORDINALS_MOVED] = {"pod has other addresses", LOG_INFO},
    [ORDINALS_READY] = {"pod ready", LOG_DEBUG},
    [ORDINALS_UNREADY] = {"pod not ready", LOG_INFO},
    [ORDINALS_AVAILABLE] = {"pod available", LOG_DEBUG},
    [ORDINALS_FAILED] = {"pod failed", LOG_INFO},
    [ORDINALS_TERMINATING] = {"pod terminating", LOG_DEBUG},
    [ORDINALS_GONE] = {"pod gone", LOG_DEBUG},
    [ORDINALS_CLAIMED] = {"claim made", LOG_DEBUG},
    [ORDINALS_BOUND] = {"claim bound again", LOG_DEBUG},
    [ORDINALS_CLAIM_DELETED] = {"claim deleted", LOG_INFO},
    [ORDINALS_SCALED] = {"workload scaled", LOG_INFO},
    [ORDINALS_UPDATING] = {"workload is updated", LOG_INFO},
    [ORDINALS_SETTLED] = {"workload settled", LOG_INFO},
};

// Both addresses of a pod.
enum { ADDRESSES_SIZE = 2 * ADDRESS_TEXT_SIZE };

static const char *addresses_text(const struct ordinals_event *event,
                                  char out[ADDRESSES_SIZE])
{
    char text[ADDRESS_TEXT_SIZE];
    size_t n = 0;

    out[0] = '\0';
    for (uint8_t i = 0; i < event->addresses_n && n < ADDRESSES_SIZE; i++)
        n += (size_t)snprintf(out + n, ADDRESSES_SIZE - n, "%s%s", i ? "," : "",
                              address_format(&event->addresses[i], text));
    return out;
}

void say_event(const struct log *log, const struct ordinals_event *event,
               bool ready)
{
    struct log_field fields[8];
    char addresses[ADDRESSES_SIZE];
    size_t n = 0;

    assert((size_t)event->what < ORD_COUNT(phrases));
    const enum log_level level = ready ? phrases[event->what].level : LOG_DEBUG;
    if (level > log->level)
        return;
    fields[n++] = LOG_STRING("namespace", event->namespace);
    fields[n++] = LOG_STRING("workload", event->workload);
    if (*event->pod)
        fields[n++] = LOG_STRING("pod", event->pod);
    if (*event->claim)
        fields[n++] = LOG_STRING("claim", event->claim);
    if (event->what == ORDINALS_SCALED || event->what == ORDINALS_SETTLED)
        fields[n++] = LOG_UINT("replicas", event->replicas);
    if (event->addresses_n)
        fields[n++] = LOG_STRING("addresses", addresses_text(event, addresses));
    if (*event->reason)
        fields[n++] = LOG_STRING("because", event->reason);
    fields[n] = (struct log_field){0};
    log_fields(log, level, phrases[event->what].phrase, fields);
}

// --- faults ----------------------------------------------------------------

static void say_fault(const struct log *log, const struct fault *f,
                      uint64_t now_ms)
{
    struct log_field fields[6];
    size_t n = 0;

    fields[n++] = LOG_STRING("namespace", f->namespace);
    fields[n++] = LOG_STRING(f->of_service ? "service" : "pod", f->name);
    fields[n++] = LOG_STRING("kind", fault_kind_name(f->kind));
    if (fault_has_ms(f->kind))
        fields[n++] = LOG_UINT("ms", f->ms);
    if (f->until_ms != UINT64_MAX)
        fields[n++] = LOG_UINT("left_ms",
                               f->until_ms > now_ms ? f->until_ms - now_ms : 0);
    fields[n] = (struct log_field){0};
    log_fields(log, LOG_INFO, "fault begins", fields);
}

// They stand in order of their numbers, which are never given again.
void say_faults(const struct log *log, const struct faults *faults,
                uint64_t now_ms, struct faults_said *said)
{
    const uint32_t left = faults_count(faults);
    uint32_t before = said->count;

    for (uint32_t i = 0; i < left; i++) {
        const struct fault *f = faults_at(faults, i);
        if (f->number <= said->number)
            continue;
        say_fault(log, f, now_ms);
        said->number = f->number;
        before++;
    }
    if (before > left)
        log_event(log, LOG_INFO, "faults ended",
                  LOG_UINT("ended", before - left), LOG_UINT("left", left));
    said->count = left;
}
