// SPDX-License-Identifier: Apache-2.0
#include "model/fault.h"

#include "base/nearest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Octets of a namespace or a name (K8S: at most a DNS subdomain).
enum { TEXT_MAX = 253 };

// A fault with its texts, which stand behind it.
struct entry {
    struct fault fault;
    char text[];
};

struct faults {
    uint64_t version;
    uint64_t number; // of the newest
    uint32_t n;
    struct entry *entries[FAULTS_MAX]; // in order of their numbers
};

static const struct {
    const char *name;
    uint32_t ms_max; // 0: has none
} kinds[FAULT_KINDS] = {
    [FAULT_NOT_READY] = {"not-ready", 0},
    [FAULT_GONE] = {"gone", 0},
    [FAULT_MOVE] = {"move", 0},
    [FAULT_FLAP] = {"flap", FAULT_MS_MAX},
    [FAULT_STALE] = {"stale", FAULT_MS_MAX},
    [FAULT_NO_AAAA] = {"no-aaaa", 0},
    [FAULT_SLOW] = {"slow", FAULT_SLOW_MS_MAX},
    [FAULT_TRUNCATE] = {"truncate", 0},
    [FAULT_SERVFAIL] = {"servfail", 0},
};

const char *fault_kind_name(enum fault_kind kind)
{
    assert((unsigned)kind < FAULT_KINDS);
    return kinds[kind].name;
}

bool fault_has_ms(enum fault_kind kind)
{
    assert((unsigned)kind < FAULT_KINDS);
    return kinds[kind].ms_max > 0;
}

// --- reading ---------------------------------------------------------------

static int unknown_kind(const char *name, struct error *err)
{
    struct nearest near = nearest_of(name);
    for (unsigned i = 0; i < FAULT_KINDS; i++)
        nearest_offer(&near, kinds[i].name);
    if (near.word)
        return error_set(err, -EINVAL, "unknown fault '%s'; did you mean '%s'?",
                         name, near.word);
    return error_set(err, -EINVAL,
                     "unknown fault '%s'; known are not-ready, gone, move, "
                     "flap=MS, stale=MS, no-aaaa, slow=MS, truncate and "
                     "servfail",
                     name);
}

static int bad_ms(enum fault_kind kind, struct error *err)
{
    return error_set(err, -EINVAL,
                     "fault '%s' takes 1 to %u milliseconds, such as %s=200",
                     kinds[kind].name, kinds[kind].ms_max, kinds[kind].name);
}

// Digits only, no more than the kind allows. Returns whether it is a number.
static bool read_ms(const char *text, uint32_t max, uint32_t *out)
{
    uint32_t ms = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        ms = ms * 10 + (uint32_t)(*text - '0');
        if (ms > max)
            return false;
    }
    *out = ms;
    return ms > 0;
}

int fault_parse(const char *text, enum fault_kind *kind, uint32_t *ms,
                struct error *err)
{
    char name[32];
    const size_t n = strcspn(text, "=");
    const char *value = text[n] ? text + n + 1 : NULL;
    unsigned k = 0;
    uint32_t read = 0;

    // no kind is as long: what is cut off is not known either way
    const size_t kept = n < sizeof name ? n : sizeof name - 1;
    memcpy(name, text, kept);
    name[kept] = '\0';
    while (k < FAULT_KINDS && strcmp(kinds[k].name, name) != 0)
        k++;
    if (k == FAULT_KINDS)
        return unknown_kind(name, err);
    if (kinds[k].ms_max == 0 && value)
        return error_set(err, -EINVAL,
                         "fault '%s' takes no value; leave '=%.32s' out", name,
                         value);
    if (kinds[k].ms_max && (!value || !read_ms(value, kinds[k].ms_max, &read)))
        return bad_ms((enum fault_kind)k, err);
    *kind = (enum fault_kind)k;
    *ms = read;
    return 0;
}

// --- the list --------------------------------------------------------------

struct faults *faults_new(void)
{
    return calloc(1, sizeof(struct faults));
}

void faults_free(struct faults *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->n; i++)
        free(f->entries[i]);
    free(f);
}

static bool is_of(const struct fault *fault, const char *namespace,
                  const char *name)
{
    return strcmp(fault->name, name) == 0 &&
           (!namespace || strcmp(fault->namespace, namespace) == 0);
}

// Where a fault of the same kind and target is; n where there is none.
static uint32_t place_of(const struct faults *f, enum fault_kind kind,
                         bool of_service, const char *namespace,
                         const char *name)
{
    uint32_t i = 0;
    while (i < f->n && (f->entries[i]->fault.kind != kind ||
                        f->entries[i]->fault.of_service != of_service ||
                        !is_of(&f->entries[i]->fault, namespace, name)))
        i++;
    return i;
}

static void take_out(struct faults *f, uint32_t i)
{
    free(f->entries[i]);
    f->n--;
    memmove(f->entries + i, f->entries + i + 1,
            (f->n - i) * sizeof(struct entry *));
}

static struct entry *make(const struct fault *fault)
{
    const size_t namespace_n = strlen(fault->namespace) + 1;
    const size_t name_n = strlen(fault->name) + 1;
    struct entry *e = malloc(sizeof *e + namespace_n + name_n);
    if (!e)
        return NULL;
    e->fault = *fault;
    e->fault.namespace = memcpy(e->text, fault->namespace, namespace_n);
    e->fault.name = memcpy(e->text + namespace_n, fault->name, name_n);
    return e;
}

static bool is_name(const char *text)
{
    const size_t n = strnlen(text, TEXT_MAX + 1);
    return n > 0 && n <= TEXT_MAX;
}

static int check(const struct fault *fault, struct error *err)
{
    assert((unsigned)fault->kind < FAULT_KINDS);
    const uint32_t max = kinds[fault->kind].ms_max;

    if (!is_name(fault->namespace) || !is_name(fault->name))
        return error_set(err, -EINVAL,
                         "fault '%s' is of nobody; give a namespace and a name "
                         "of at most %d octets each",
                         kinds[fault->kind].name, TEXT_MAX);
    if (max && (fault->ms == 0 || fault->ms > max))
        return bad_ms(fault->kind, err);
    if (max == 0 && fault->ms)
        return error_set(err, -EINVAL, "fault '%s' takes no milliseconds",
                         kinds[fault->kind].name);
    return 0;
}

int faults_add(struct faults *f, const struct fault *fault, struct error *err)
{
    const int r = check(fault, err);
    if (r < 0)
        return r;
    const uint32_t at = place_of(f, fault->kind, fault->of_service,
                                 fault->namespace, fault->name);
    if (at == FAULTS_MAX)
        return error_set(err, -E2BIG,
                         "%d faults are as many as there may be; clear some",
                         FAULTS_MAX);
    struct entry *e = make(fault);
    if (!e)
        return error_set(err, -ENOMEM, "no memory for fault '%s' of '%s/%s'",
                         kinds[fault->kind].name, fault->namespace,
                         fault->name);
    if (at < f->n)
        take_out(f, at);
    e->fault.number = ++f->number;
    f->entries[f->n++] = e;
    f->version++;
    return 0;
}

// End those for which `ends` says so. Returns how many.
static uint32_t end_some(struct faults *f,
                         bool (*ends)(const struct fault *fault,
                                      const void *key),
                         const void *key)
{
    uint32_t ended = 0;

    for (uint32_t i = f->n; i-- > 0;) {
        if (!ends(&f->entries[i]->fault, key))
            continue;
        take_out(f, i);
        ended++;
    }
    f->version += ended > 0;
    return ended;
}

struct target {
    const char *namespace;
    const char *name;
};

static bool is_targeted(const struct fault *fault, const void *key)
{
    const struct target *t = key;
    return !t->name || is_of(fault, t->namespace, t->name);
}

uint32_t faults_clear(struct faults *f, const char *namespace, const char *name)
{
    return end_some(f, is_targeted, &(struct target){namespace, name});
}

static bool is_over(const struct fault *fault, const void *key)
{
    const uint64_t *now_ms = key;
    return fault->until_ms <= *now_ms;
}

void faults_run(struct faults *f, uint64_t now_ms)
{
    end_some(f, is_over, &now_ms);
}

// --- looking ---------------------------------------------------------------

uint64_t faults_next_ms(const struct faults *f)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < f->n; i++)
        if (f->entries[i]->fault.until_ms < next)
            next = f->entries[i]->fault.until_ms;
    return next;
}

uint64_t faults_version(const struct faults *f)
{
    return f->version;
}

uint32_t faults_count(const struct faults *f)
{
    return f->n;
}

const struct fault *faults_at(const struct faults *f, uint32_t i)
{
    assert(i < f->n);
    return &f->entries[i]->fault;
}

const struct fault *faults_find(const struct faults *f, enum fault_kind kind,
                                bool of_service, const char *namespace,
                                const char *name)
{
    const uint32_t i = place_of(f, kind, of_service, namespace, name);
    return i < f->n ? &f->entries[i]->fault : NULL;
}
