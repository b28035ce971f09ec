// SPDX-License-Identifier: Apache-2.0
// answers MIX BATCHES: answers batches of 32 questions in process, for
// callgrind to count; the zone, the questions and their number are all that
// matters. answers list: the mixes.
#include "lib/reply.h"
#include "lib/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32, QUERY_SIZE = 600, PEERS = 3, MANY = 100 };

struct mix {
    const char *name;
    const char *question; // "%d": an ordinal
    uint16_t type;
    uint16_t ordinals; // questions go round these
    uint16_t rcode;
};

static const struct mix mixes[] = {
    {"a-pod-A", "db-%d.db.bench.svc.cluster.local", 1, PEERS, 0},
    {"b-service-A-of-3", "db.bench.svc.cluster.local", 1, 1, 0},
    {"c-service-SRV-of-3", "db.bench.svc.cluster.local", 33, 1, 0},
    {"d-NXDOMAIN", "db-9%d.db.bench.svc.cluster.local", 1, 10, 3},
    {"s-NXDOMAIN-of-set", "set-9%d.set.bench.svc.cluster.local", 1, 10, 3},
    {"e-service-A-of-100", "big.bench.svc.cluster.local", 1, 1, 0},
    {"p-PTR", "%d.0.9.10.in-addr.arpa", 12, PEERS, 0},
};

static const char service[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: %s, namespace: bench}\n"
    "spec: {clusterIP: None, ports: [{name: client, port: 5432}]}\n"
    "---\n"
    "apiVersion: discovery.k8s.io/v1\n"
    "kind: EndpointSlice\n"
    "metadata: {name: %s-1, namespace: bench, labels: "
    "{kubernetes.io/service-name: %s}}\n"
    "addressType: IPv4\n"
    "ports: [{name: client, port: 5432, protocol: TCP}]\n"
    "endpoints:\n";

static const char workload[] =
    "apiVersion: apps/v1\n"
    "kind: StatefulSet\n"
    "metadata: {name: %s, namespace: bench}\n"
    "spec:\n"
    "  serviceName: %s\n"
    "  replicas: %d\n"
    "  selector: {matchLabels: {app: %s}}\n"
    "  template:\n"
    "    metadata: {labels: {app: %s}}\n"
    "    spec: {containers: [{name: %s, image: %s}]}\n"
    "---\n";

static void write_service(FILE *f, const char *name, int subnet, int n)
{
    fprintf(f, service, name, name, name);
    for (int i = 0; i < n; i++)
        fprintf(f, "- {addresses: [10.9.%d.%d], hostname: %s-%d}\n", subnet, i,
                name, i);
    fprintf(f, "---\n");
}

static void write_workload(FILE *f, const char *name, int n)
{
    fprintf(f, workload, name, name, n, name, name, name, name);
}

static struct world *make_world(void)
{
    struct world *w;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    w = world_new("--max-udp 4096");
    if (!f || !w)
        exit(1);
    write_service(f, "db", 0, PEERS);
    write_service(f, "big", 1, MANY);
    write_service(f, "set", 2, PEERS);
    write_workload(f, "set", PEERS);
    fclose(f);
    if (!world_write(w, "bench.yaml", text, n) || world_load(w) < 0 ||
        *world_findings(w)) {
        fprintf(stderr, "the zone cannot be made\n%s", world_findings(w));
        exit(1);
    }
    free(text);
    return w;
}

static size_t write_question(const struct mix *m, unsigned i, uint8_t *query)
{
    char name[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(name, sizeof name, m->question, (int)(i % m->ordinals));
#pragma GCC diagnostic pop
    return query_write(query, QUERY_SIZE, (uint16_t)i, name, m->type, 4096,
                       true);
}

// All of a batch's replies have to be what the mix says.
static void judge(const struct mix *m, const struct answer_job *jobs)
{
    for (unsigned i = 0; i < BATCH; i++) {
        if (jobs[i].verdict == ANSWER_SEND &&
            (jobs[i].message[3] & 15) == m->rcode)
            continue;
        fprintf(stderr, "%s: wrong answer\n", m->name);
        exit(1);
    }
}

static void answer(struct world *w, const struct mix *m, unsigned batches)
{
    static uint8_t buffers[BATCH][4096], queries[BATCH][QUERY_SIZE];
    struct answer_job jobs[BATCH] = {0};

    for (unsigned i = 0; i < BATCH; i++) {
        jobs[i].message = buffers[i];
        jobs[i].size = sizeof buffers[i];
        jobs[i].transport = ANSWER_UDP;
        jobs[i].query_n = (uint32_t)write_question(m, i, queries[i]);
    }
    for (unsigned b = 0; b < batches; b++) {
        for (unsigned i = 0; i < BATCH; i++)
            memcpy(buffers[i], queries[i], jobs[i].query_n);
        answer_batch(world_context(w), jobs, BATCH);
    }
    judge(m, jobs);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
            puts(mixes[i].name);
        } else if (argc == 3 && strcmp(argv[1], mixes[i].name) == 0) {
            struct world *w = make_world();
            answer(w, &mixes[i], (unsigned)atoi(argv[2]));
            world_free(w);
            return 0;
        }
    }
    return argc != 2;
}
