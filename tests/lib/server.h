// SPDX-License-Identifier: Apache-2.0
// Workers on loopback with a zone made in memory, and clients for them. What
// cannot be set up ends the program. One thread, besides the workers.
#ifndef ORDINALD_TESTS_LIB_SERVER_H
#define ORDINALD_TESTS_LIB_SERVER_H

#include "net/worker.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Names in the zone: services of 3 and of 1,000 endpoints.
#define SERVER_SMALL "db.test.svc.cluster.local"
#define SERVER_BIG   "big.test.svc.cluster.local"

enum {
    SERVER_SMALL_N = 3,
    SERVER_BIG_N = 1000,
    SERVER_QUERY_SIZE = 320, // octets of any query with its length
    SERVER_TYPE_A = 1,
    SERVER_TYPE_SRV = 33,
    // how long a client waits for what has to come
    SERVER_PATIENCE_MS = 20000,
};

struct server {
    struct zone *zone;
    struct workers *workers;
    struct sockaddr_any address; // of the first one listened on
};

// One thread, 1232 octets over UDP, nothing to listen on yet.
struct workers_settings server_settings(void);

struct zone *server_zone(void);
struct sockaddr_any server_address(const char *text);

// Serve on one address; settings->zone and ->listen are filled in.
void server_start(struct server *s, const char *listen,
                  struct workers_settings settings);
// The same before anything was loaded; then all of it.
void server_start_empty(struct server *s, const char *listen,
                        struct workers_settings settings);
void server_complete(struct server *s);
void server_stop(struct server *s);

// Descriptors that this process has open, those of its workers among them.
unsigned server_open_files(void);

// --- clients ---------------------------------------------------------------

// type: SOCK_DGRAM or SOCK_STREAM. from: "127.0.0.2:0", or NULL for any.
int client_connect(const struct sockaddr_any *to, int type, const char *from);

// Whether fd becomes readable in time.
bool client_waits(int fd, int ms);

// A UDP query. Returns its octets.
size_t client_query(uint8_t out[SERVER_QUERY_SIZE], uint16_t id,
                    const char *name, uint16_t type);
// The same behind its length, as TCP wants it.
size_t client_frame(uint8_t out[SERVER_QUERY_SIZE], uint16_t id,
                    const char *name, uint16_t type);

// All of it, however long it takes.
void client_send(int fd, const void *octets, size_t n);

// The next TCP reply, into 65,535 octets; 0 where the connection has ended.
size_t client_reply(int fd, uint8_t *out);

// Whether it is a reply to the query with that id, without an error, and with
// that many records in the answer section.
bool client_accepts(const uint8_t *reply, size_t n, uint16_t id,
                    unsigned answers);

#endif
