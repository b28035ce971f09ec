// SPDX-License-Identifier: Apache-2.0
#include "lib/server.h"

#include "lib/reply.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void require(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    abort();
}

// --- zone ------------------------------------------------------------------

struct peers {
    struct endpoint endpoints[SERVER_BIG_N];
    char names[SERVER_BIG_N][16];
    uint8_t addresses[SERVER_BIG_N][4];
};

static void add_service(struct zone_update *u, const char *name, uint8_t subnet,
                        uint32_t n)
{
    static const struct slice_port port = {.name = "client", .number = 5432};
    const struct object object = {
        .kind = OBJECT_SERVICE,
        .namespace = "test",
        .name = name,
        .owner_kind = "",
        .owner_name = "",
        .digest = 1,
        .service = {.type = SERVICE_HEADLESS, .external_name = ""}};
    struct peers *p = calloc(1, sizeof *p);
    struct error err;

    require(p != NULL, "no memory");
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t address[] = {10, subnet, (uint8_t)(i >> 8), (uint8_t)i};
        snprintf(p->names[i], sizeof p->names[i], "%s-%u", name, i);
        memcpy(p->addresses[i], address, sizeof address);
        p->endpoints[i] = (struct endpoint){.hostname = p->names[i],
                                            .pod = p->names[i],
                                            .addresses = p->addresses[i],
                                            .addresses_n = 1,
                                            .ready = true,
                                            .serving = true};
    }
    const struct slice_facts slice = {.service = name,
                                      .family = FAMILY_IPV4,
                                      .ports = &port,
                                      .ports_n = 1,
                                      .endpoints = p->endpoints,
                                      .endpoints_n = n};
    const struct slice_facts *const slices[] = {&slice};
    const struct service service = {.namespace = "test",
                                    .name = name,
                                    .object = &object,
                                    .slices = slices,
                                    .slices_n = 1};
    require(zone_update_service(u, &service, &err) == 0, "a service");
    free(p);
}

static struct zone *empty_zone(void)
{
    struct zone_settings settings = {.ttl_s = 5, .negative_ttl_s = 1};
    struct zone *z = NULL;
    struct error err = {0};

    require(dns_name_parse("cluster.local", &settings.domain, &err) == 0,
            "the domain");
    require(zone_new(&settings, &z, &err) == 0, "the zone");
    return z;
}

static void fill_zone(struct zone *z)
{
    struct zone_update *u = zone_update_begin(z);
    require(u != NULL, "an update");
    require(zone_update_namespace(u, "test", true) == 0, "a namespace");
    add_service(u, "db", 1, SERVER_SMALL_N);
    add_service(u, "big", 2, SERVER_BIG_N);
    zone_update_publish(u, 1700000000, true);
}

struct zone *server_zone(void)
{
    struct zone *const z = empty_zone();
    fill_zone(z);
    return z;
}

// --- server ----------------------------------------------------------------

struct workers_settings server_settings(void)
{
    return (struct workers_settings){.answer = {.udp_size_max = 1232},
                                     .threads = 1};
}

struct sockaddr_any server_address(const char *text)
{
    struct sockaddr_any a;
    struct error err;
    require(sockaddr_parse(text, &a, &err) == 0, err.text);
    return a;
}

// zone: taken
static void start(struct server *s, const char *listen,
                  struct workers_settings settings, struct zone *zone)
{
    const struct sockaddr_any address = server_address(listen);
    struct error err = {0};

    *s = (struct server){.zone = zone};
    settings.zone = s->zone;
    settings.listen = &address;
    settings.listen_n = 1;
    require(workers_start(&settings, &s->workers, &err) == 0, err.text);
    s->address = workers_address(s->workers, 0);
}

void server_start(struct server *s, const char *listen,
                  struct workers_settings settings)
{
    start(s, listen, settings, server_zone());
}

void server_start_empty(struct server *s, const char *listen,
                        struct workers_settings settings)
{
    start(s, listen, settings, empty_zone());
}

void server_complete(struct server *s)
{
    fill_zone(s->zone);
}

void server_stop(struct server *s)
{
    workers_stop(s->workers);
    zone_free(s->zone);
    *s = (struct server){0};
}

unsigned server_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;
    require(dir, "/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

// --- clients ---------------------------------------------------------------

int client_connect(const struct sockaddr_any *to, int type, const char *from)
{
    const int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, 0);
    require(fd >= 0, "a client's socket");
    if (from) {
        const struct sockaddr_any a = server_address(from);
        require(bind(fd, &a.any, a.length) == 0, from);
    }
    require(connect(fd, &to->any, to->length) == 0, "connecting");
    return fd;
}

bool client_waits(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

size_t client_query(uint8_t out[SERVER_QUERY_SIZE], uint16_t id,
                    const char *name, uint16_t type)
{
    return query_write(out, SERVER_QUERY_SIZE, id, name, type, 1232, true);
}

size_t client_frame(uint8_t out[SERVER_QUERY_SIZE], uint16_t id,
                    const char *name, uint16_t type)
{
    const size_t n =
        query_write(out + 2, SERVER_QUERY_SIZE - 2, id, name, type, 0, true);
    bytes_store_u16(out, (uint16_t)n);
    return n + 2;
}

void client_send(int fd, const void *octets, size_t n)
{
    const char *at = octets;
    while (n > 0) {
        const ssize_t r = send(fd, at, n, MSG_NOSIGNAL);
        require(r > 0, "sending");
        at += r;
        n -= (size_t)r;
    }
}

// Returns whether n octets came before the connection ended.
static bool receive_all(int fd, uint8_t *out, size_t n)
{
    while (n > 0) {
        require(client_waits(fd, SERVER_PATIENCE_MS), "nothing came in time");
        const ssize_t r = recv(fd, out, n, 0);
        if (r <= 0)
            return false;
        out += r;
        n -= (size_t)r;
    }
    return true;
}

size_t client_reply(int fd, uint8_t *out)
{
    uint8_t length[2];
    if (!receive_all(fd, length, sizeof length))
        return 0;
    const size_t n = bytes_load_u16(length);
    return receive_all(fd, out, n) ? n : 0;
}

bool client_accepts(const uint8_t *reply, size_t n, uint16_t id,
                    unsigned answers)
{
    return n >= 12 && bytes_load_u16(reply) == id && (reply[2] & 0x80) != 0 &&
           (reply[3] & 0x0f) == 0 && bytes_load_u16(reply + 6) == answers;
}
