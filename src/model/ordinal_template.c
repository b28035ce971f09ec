// SPDX-License-Identifier: Apache-2.0
// What a workload says, copied, and what all pods of one revision get from it.
#include "ordinal_pod.h"

#include "base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What Kubernetes builds random names of: no vowel and no 0, 1, 3, so that no
// word arises (k8s.io/apimachinery/pkg/util/rand).
static const char ALPHABET[] = "bcdfghjklmnpqrstvwxz2456789";

enum {
    LETTERS = sizeof ALPHABET - 1,
    // generateName: what is in front of the random letters is cut so that both
    // fit into a label (k8s.io/apiserver/pkg/storage/names).
    SUFFIX = 5,
    BASE_MAX = 63 - SUFFIX,
    HASH_SIZE = 11, // ten decimal digits of 32 bits, NUL
};

static const char HASH_LABEL[] = "pod-template-hash";

// --- copies ----------------------------------------------------------------

// Texts are copied in place; `ok` says whether memory was enough so far.
struct copier {
    struct arena *arena;
    bool ok;
};

static void copy_text(struct copier *c, const char **text)
{
    if (!*text)
        return;
    *text = arena_text_dup(c->arena, *text);
    c->ok = c->ok && *text;
}

// A copy of n items of that size; NULL when memory has run out.
static void *copy_items(struct copier *c, const void *items, size_t n,
                        size_t size)
{
    void *p = c->ok ? arena_array(c->arena, n, size) : NULL;

    c->ok = p != NULL;
    return p && n ? memcpy(p, items, n * size) : p;
}

static void copy_labels(struct copier *c, struct labels *labels)
{
    struct label *items =
        copy_items(c, labels->items, labels->n, sizeof *items);

    for (uint32_t i = 0; items && i < labels->n; i++) {
        copy_text(c, &items[i].key);
        copy_text(c, &items[i].value);
    }
    labels->items = items;
}

static void copy_ports(struct copier *c, struct workload_facts *w)
{
    struct container_port *ports =
        copy_items(c, w->ports, w->ports_n, sizeof *ports);

    for (uint32_t i = 0; ports && i < w->ports_n; i++)
        copy_text(c, &ports[i].name);
    w->ports = ports;
}

static void copy_headers(struct copier *c, struct probe *p)
{
    struct probe_header *headers =
        copy_items(c, p->headers, p->headers_n, sizeof *headers);

    for (uint32_t i = 0; headers && i < p->headers_n; i++) {
        copy_text(c, &headers[i].name);
        copy_text(c, &headers[i].value);
    }
    p->headers = headers;
}

static void copy_rules(struct copier *c, struct workload_facts *w)
{
    struct workload_rules *r = copy_items(c, w->rules, 1, sizeof *r);

    w->rules = r;
    if (!r)
        return;
    const char **claims =
        copy_items(c, r->claims, r->claims_n, sizeof(const char *));
    struct probe *probes =
        copy_items(c, r->probes, r->probes_n, sizeof *probes);
    for (uint32_t i = 0; c->ok && i < r->claims_n; i++)
        copy_text(c, &claims[i]);
    for (uint32_t i = 0; c->ok && i < r->probes_n; i++) {
        copy_text(c, &probes[i].host);
        copy_text(c, &probes[i].path);
        copy_text(c, &probes[i].service);
        copy_headers(c, &probes[i]);
    }
    r->claims = claims;
    r->probes = probes;
}

static bool copy_workload(struct arena *a, struct object *o)
{
    struct copier c = {.arena = a, .ok = true};
    struct workload_facts *w = &o->workload;

    copy_text(&c, &o->at.file);
    copy_text(&c, &o->namespace);
    copy_text(&c, &o->name);
    copy_text(&c, &o->owner_kind);
    copy_text(&c, &o->owner_name);
    copy_text(&c, &w->service);
    copy_labels(&c, &o->labels);
    copy_labels(&c, &w->selector);
    copy_labels(&c, &w->pod_labels);
    copy_ports(&c, w);
    w->addresses =
        copy_items(&c, w->addresses, w->addresses_n, sizeof *w->addresses);
    copy_rules(&c, w);
    return c.ok;
}

struct spec *spec_new(const struct object *workload)
{
    struct spec *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    arena_init(&s->arena, SIZE_MAX);
    s->users = 1;
    s->object = *workload;
    if (!copy_workload(&s->arena, &s->object)) {
        spec_drop(s);
        return NULL;
    }
    return s;
}

struct spec *spec_share(struct spec *s)
{
    s->users++;
    return s;
}

void spec_drop(struct spec *s)
{
    if (!s || --s->users)
        return;
    arena_release(&s->arena);
    free(s);
}

// --- templates -------------------------------------------------------------

static uint64_t add_text(uint64_t h, const char *text)
{
    // The NUL goes in: "a" "bc" is not "ab" "c".
    return hash_bytes(h, (const uint8_t *)text, strlen(text) + 1);
}

static uint64_t add_number(uint64_t h, uint64_t v)
{
    return hash_bytes(h, (const uint8_t *)&v, sizeof v);
}

static uint64_t template_digest(const struct template *t, uint64_t seed)
{
    const struct object *o = &t->spec->object;
    const struct workload_facts *w = &o->workload;
    uint64_t h = add_number(add_number(seed, o->kind), t->revision);

    h = add_text(add_text(h, o->namespace), t->base);
    h = add_number(h, t->labels.n);
    for (uint32_t i = 0; i < t->labels.n; i++) {
        h = add_text(h, t->labels.items[i].key);
        h = add_text(h, t->labels.items[i].value);
    }
    for (uint32_t i = 0; i < w->ports_n; i++) {
        h = add_text(h, w->ports[i].name);
        h = add_number(h, (uint64_t)w->ports[i].number << 8 |
                              w->ports[i].protocol);
    }
    return h;
}

/*
 * The name that a Deployment gives the ReplicaSet of a revision: 32 bits in
 * decimal, each digit put into the alphabet, as Kubernetes does
 * (rand.SafeEncodeString); at least eight digits.
 */
static void template_hash(const struct template *t, uint64_t seed,
                          char out[HASH_SIZE])
{
    const struct object *o = &t->spec->object;
    const uint32_t least = 10000000;
    uint64_t h =
        add_text(add_text(add_number(seed, o->kind), o->namespace), o->name);

    h = least + add_number(h, t->revision) % (UINT32_MAX - least);
    snprintf(out, HASH_SIZE, "%" PRIu64, h);
    for (char *c = out; *c; c++)
        *c = ALPHABET[(unsigned char)*c % LETTERS];
}

// The labels, with one more for the hash of a Deployment's ReplicaSet.
static bool add_hash_label(struct template *t, const char *hash)
{
    const struct labels from = t->labels;
    struct label *items =
        arena_array(&t->arena, (size_t)from.n + 1, sizeof *items);
    const char *value = arena_text_dup(&t->arena, hash);
    uint32_t n = 0;

    if (!items || !value)
        return false;
    for (uint32_t i = 0; i < from.n; i++)
        if (strcmp(from.items[i].key, HASH_LABEL) != 0)
            items[n++] = from.items[i];
    items[n++] = (struct label){.key = HASH_LABEL, .value = value};
    t->labels = (struct labels){.items = items, .n = n};
    return true;
}

static bool fill_template(struct template *t, uint64_t seed)
{
    const struct object *o = &t->spec->object;
    char hash[HASH_SIZE], base[POD_NAME_SIZE + HASH_SIZE + 2];
    enum object_kind kind = o->kind;
    int n;

    t->labels = o->workload.pod_labels;
    if (kind == OBJECT_DEPLOYMENT) {
        template_hash(t, seed, hash);
        if (!add_hash_label(t, hash))
            return false;
        kind = OBJECT_REPLICA_SET;
        n = snprintf(base, sizeof base, "%.*s-%s-", POD_NAME_SIZE - 1, o->name,
                     hash);
    } else {
        n = snprintf(base, sizeof base, "%.*s-", POD_NAME_SIZE - 1, o->name);
    }
    assert(n > 0 && (size_t)n < sizeof base);
    t->base = arena_text(&t->arena, base, (size_t)n);
    t->owner_name = arena_text(&t->arena, base, (size_t)n - 1);
    t->owner_kind = object_kind_name(kind);
    return t->base && t->owner_name;
}

struct template *template_new(struct spec *spec, uint64_t restarts,
                              uint64_t seed)
{
    struct template *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    arena_init(&t->arena, SIZE_MAX);
    t->users = 1;
    t->spec = spec_share(spec);
    t->revision = spec->object.workload.revision;
    if (restarts)
        t->revision = add_number(t->revision, restarts);
    t->ordinal = spec->object.kind == OBJECT_STATEFUL_SET;
    t->probes = spec->object.workload.rules->probes;
    t->probes_n = spec->object.workload.rules->probes_n;
    if (!fill_template(t, seed)) {
        template_drop(t);
        return NULL;
    }
    t->digest = template_digest(t, seed);
    return t;
}

struct template *template_share(struct template *t)
{
    t->users++;
    return t;
}

void template_drop(struct template *t)
{
    if (!t || --t->users)
        return;
    spec_drop(t->spec);
    arena_release(&t->arena);
    free(t);
}

// --- names -----------------------------------------------------------------

void pod_name_of_ordinal(const struct template *t, uint64_t ordinal,
                         char out[POD_NAME_SIZE])
{
    snprintf(out, POD_NAME_SIZE, "%s%" PRIu64, t->base, ordinal);
}

/*
 * A number below 2^24 for each number below 2^24, none twice: a Feistel network
 * of halves of 12 bits. Whoever does not know the seed cannot tell the next
 * name from those seen.
 */
static uint32_t shuffle(uint32_t v, uint64_t seed)
{
    uint32_t left = v >> 12, right = v & 0xfff;

    for (uint64_t round = 1; round <= 6; round++) {
        const uint64_t f = add_number(seed ^ round, right);
        const uint32_t next = left ^ ((uint32_t)(f >> 20) & 0xfff);
        left = right;
        right = next;
    }
    return left << 12 | right;
}

// Whether five letters stand for this number. All digits are left out: such a
// name could be that of an ordinal of a StatefulSet of the same name.
static bool suffix_of(uint32_t v, char out[SUFFIX + 1])
{
    bool letter = false;

    for (int i = SUFFIX; i-- > 0; v /= LETTERS) {
        out[i] = ALPHABET[v % LETTERS];
        letter |= out[i] > '9';
    }
    out[SUFFIX] = '\0';
    return v == 0 && letter;
}

void pod_name_of_serial(const struct template *t, uint64_t seed,
                        uint64_t *serial, char out[POD_NAME_SIZE])
{
    char suffix[SUFFIX + 1];

    // 85 of 100 numbers are names; the others are passed over.
    while (!suffix_of(shuffle((uint32_t)*serial & 0xffffff, seed), suffix))
        ++*serial;
    ++*serial;
    snprintf(out, POD_NAME_SIZE, "%.*s%s", BASE_MAX, t->base, suffix);
}
