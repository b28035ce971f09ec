// SPDX-License-Identifier: Apache-2.0
#include "ordinal_pod.h"

#include "base/hash.h"
#include "model/ordinal.h"

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

static const char POD_NAME_LABEL[] = "statefulset.kubernetes.io/pod-name";
static const char POD_INDEX_LABEL[] = "apps.kubernetes.io/pod-index";
static const char HASH_LABEL[] = "pod-template-hash";

const char ordinals_file[] = "<ordinals>";

static uint64_t add_text(uint64_t h, const char *text)
{
    // The NUL goes in: "a" "bc" is not "ab" "c".
    return hash_bytes(h, (const uint8_t *)text, strlen(text) + 1);
}

static uint64_t add_number(uint64_t h, uint64_t v)
{
    return hash_bytes(h, (const uint8_t *)&v, sizeof v);
}

uint64_t template_digest(const struct object *o, uint64_t seed)
{
    const struct workload_facts *w = &o->workload;
    uint64_t h = add_number(seed, o->kind);

    h = add_text(h, o->namespace);
    h = add_text(h, o->name);
    h = add_text(h, o->kind == OBJECT_STATEFUL_SET ? w->service : "");
    h = add_number(h, w->pod_labels.n);
    for (uint32_t i = 0; i < w->pod_labels.n; i++) {
        h = add_text(h, w->pod_labels.items[i].key);
        h = add_text(h, w->pod_labels.items[i].value);
    }
    for (uint32_t i = 0; i < w->ports_n; i++) {
        h = add_text(h, w->ports[i].name);
        h = add_number(h, (uint64_t)w->ports[i].number << 8 |
                              w->ports[i].protocol);
    }
    return h;
}

/*
 * The name that a Deployment gives its ReplicaSet: 32 bits in decimal, each
 * digit put into the alphabet, as Kubernetes does (rand.SafeEncodeString); at
 * least eight digits. It stays when the template changes, and so do the pods:
 * their facts change in place.
 */
static void template_hash(const struct object *o, uint64_t seed,
                          char out[HASH_SIZE])
{
    const uint32_t least = 10000000;
    uint64_t h =
        add_text(add_text(add_number(seed, o->kind), o->namespace), o->name);

    h = least + h % (UINT32_MAX - least);
    snprintf(out, HASH_SIZE, "%" PRIu64, h);
    for (char *c = out; *c; c++)
        *c = ALPHABET[(unsigned char)*c % LETTERS];
}

// Copy the labels; one more for the hash of a Deployment's ReplicaSet.
static bool copy_labels(struct template *t, struct labels from,
                        const char *hash)
{
    struct label *items =
        arena_array(&t->arena, (size_t)from.n + 1, sizeof *items);
    uint32_t n = 0;

    for (uint32_t i = 0; items && i < from.n; i++) {
        if (hash && strcmp(from.items[i].key, HASH_LABEL) == 0)
            continue;
        items[n].key = arena_text_dup(&t->arena, from.items[i].key);
        items[n].value = arena_text_dup(&t->arena, from.items[i].value);
        if (!items[n].key || !items[n].value)
            return false;
        n++;
    }
    if (items && hash)
        items[n++] = (struct label){.key = HASH_LABEL, .value = hash};
    t->labels = (struct labels){.items = items, .n = n};
    return items != NULL;
}

static bool copy_ports(struct template *t, const struct workload_facts *w)
{
    struct container_port *ports =
        arena_array(&t->arena, w->ports_n, sizeof *ports);

    for (uint32_t i = 0; ports && i < w->ports_n; i++) {
        ports[i] = w->ports[i];
        ports[i].name = arena_text_dup(&t->arena, w->ports[i].name);
        if (!ports[i].name)
            return false;
    }
    t->ports = ports;
    t->ports_n = w->ports_n;
    return ports != NULL;
}

static bool fill_template(struct template *t, const struct object *o,
                          uint64_t seed)
{
    char hash[HASH_SIZE], base[POD_NAME_SIZE + HASH_SIZE + 2];
    const char *label = NULL, *kind = object_kind_name(o->kind);
    int n;

    if (o->kind == OBJECT_DEPLOYMENT) {
        template_hash(o, seed, hash);
        label = arena_text_dup(&t->arena, hash);
        if (!label)
            return false;
        kind = object_kind_name(OBJECT_REPLICA_SET);
        n = snprintf(base, sizeof base, "%.*s-%s-", POD_NAME_SIZE - 1, o->name,
                     hash);
    } else {
        n = snprintf(base, sizeof base, "%.*s-", POD_NAME_SIZE - 1, o->name);
    }
    assert(n > 0 && (size_t)n < sizeof base);
    t->base = arena_text(&t->arena, base, (size_t)n);
    t->owner_name = arena_text(&t->arena, base, (size_t)n - 1);
    t->owner_kind = arena_text_dup(&t->arena, kind);
    t->namespace = arena_text_dup(&t->arena, o->namespace);
    t->subdomain =
        arena_text_dup(&t->arena, t->ordinal ? o->workload.service : "");
    return t->base && t->owner_name && t->owner_kind && t->namespace &&
           t->subdomain && copy_labels(t, o->workload.pod_labels, label) &&
           copy_ports(t, &o->workload);
}

struct template *template_new(const struct object *o, uint64_t seed)
{
    struct template *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    arena_init(&t->arena, SIZE_MAX);
    t->users = 1;
    t->digest = template_digest(o, seed);
    t->ordinal = o->kind == OBJECT_STATEFUL_SET;
    if (!fill_template(t, o, seed)) {
        template_drop(t);
        return NULL;
    }
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
    arena_release(&t->arena);
    free(t);
}

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

// The template's labels, and those of the StatefulSet controller over them.
static uint32_t fill_labels(struct label *out, const struct template *t,
                            const char *name, const char *index)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->labels.n; i++) {
        const struct label *l = &t->labels.items[i];
        if (!index || (strcmp(l->key, POD_NAME_LABEL) != 0 &&
                       strcmp(l->key, POD_INDEX_LABEL) != 0))
            out[n++] = *l;
    }
    if (index) {
        out[n++] = (struct label){.key = POD_NAME_LABEL, .value = name};
        out[n++] = (struct label){.key = POD_INDEX_LABEL, .value = index};
    }
    return n;
}

static void fill_object(struct object *o, const struct template *t,
                        const char *name, struct labels labels)
{
    *o = (struct object){
        .kind = OBJECT_POD,
        .at = {.file = ordinals_file},
        .namespace = t->namespace,
        .name = name,
        .labels = labels,
        .owner_kind = t->owner_kind,
        .owner_name = t->owner_name,
        .pod = {.hostname = t->ordinal ? name : "",
                .subdomain = t->subdomain,
                .phase = POD_RUNNING,
                .ready = true,
                .ports = t->ports,
                .ports_n = t->ports_n},
    };
}

static uint64_t pod_digest(const struct pod *p)
{
    const struct pod_facts *f = &p->object.pod;
    uint64_t h = add_text(p->template->digest, p->object.name);

    for (uint8_t i = 0; i < f->addresses_n; i++)
        h = hash_bytes(h, &f->addresses[i].family, sizeof f->addresses[i]);
    return h ? h : 1;
}

struct pod *pod_new(struct template *t, uint64_t ordinal, const char *name,
                    const struct address *addresses, uint8_t addresses_n)
{
    const size_t labels_max = (size_t)t->labels.n + 2;
    const size_t labels_size = labels_max * sizeof(struct label);
    const size_t name_size = strlen(name) + 1;
    struct pod *p = calloc(1, sizeof *p + labels_size + name_size);

    if (!p)
        return NULL;
    struct label *labels = (struct label *)(void *)(p + 1);
    char *own_name = (char *)(labels + labels_max);
    memcpy(own_name, name, name_size);
    // The index is the end of the name: no memory of its own.
    const char *index = t->ordinal ? strrchr(own_name, '-') + 1 : NULL;
    const uint32_t labels_n = fill_labels(labels, t, own_name, index);

    assert(addresses_n <= ORD_COUNT(p->object.pod.addresses));
    fill_object(&p->object, t, own_name,
                (struct labels){.items = labels, .n = labels_n});
    for (uint8_t i = 0; i < addresses_n; i++)
        p->object.pod.addresses[i] = addresses[i];
    p->object.pod.addresses_n = addresses_n;
    p->template = template_share(t);
    p->ordinal = ordinal;
    p->object.digest = pod_digest(p);
    return p;
}

void pod_free(struct pod *p)
{
    template_drop(p->template);
    free(p);
}
