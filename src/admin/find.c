// SPDX-License-Identifier: Apache-2.0
#include "find.h"

#include "base/nearest.h"

#include <errno.h>
#include <string.h>

int target_parse(struct target *t, const char *what, const char *text,
                 struct error *err)
{
    const size_t n = strlen(text);
    char *slash = NULL;

    if (n < sizeof t->text) {
        memcpy(t->text, text, n + 1);
        slash = strchr(t->text, '/');
    }
    if (n == 0 || n >= sizeof t->text ||
        (slash && (slash == t->text || !slash[1] || strchr(slash + 1, '/'))))
        return error_set(err, -EINVAL,
                         "%s '%.100s' is neither NAME nor NAMESPACE/NAME", what,
                         text);
    t->at = (struct ordinals_target){.name = t->text};
    if (slash) {
        *slash = '\0';
        t->at.namespace = t->text;
        t->at.name = slash + 1;
    }
    return 0;
}

// --- objects by name -------------------------------------------------------

struct search {
    const struct ordinals_target *wanted;
    struct nearest near;
    const struct object *found;
    const struct object *other;     // of the same name, in another namespace
    const struct object *elsewhere; // likewise, where a namespace was named
};

static struct search search_of(const struct ordinals_target *wanted)
{
    return (struct search){.wanted = wanted, .near = nearest_of(wanted->name)};
}

static int on_object(void *context, const struct object *o)
{
    struct search *s = context;

    const bool same = strcmp(s->wanted->name, o->name) == 0;

    if (s->wanted->namespace && strcmp(s->wanted->namespace, o->namespace) != 0)
        s->elsewhere = same ? o : s->elsewhere;
    else if (!same)
        nearest_offer(&s->near, o->name);
    else if (!s->found)
        s->found = o;
    else
        s->other = o;
    return 0;
}

static const struct object *search(struct search *s,
                                   const struct control_settings *settings,
                                   enum object_kind kind)
{
    (void)cluster_each(settings->cluster, kind, on_object, s);
    return s->found;
}

int find_given_workload(const struct control_settings *settings,
                        const struct ordinals_target *wanted, struct error *err)
{
    static const enum object_kind kinds[] = {
        OBJECT_STATEFUL_SET,
        OBJECT_DEPLOYMENT,
        OBJECT_REPLICA_SET,
        OBJECT_REPLICATION_CONTROLLER,
    };
    struct search s = search_of(wanted);

    for (size_t i = 0; i < ORD_COUNT(kinds) && !s.found; i++)
        (void)search(&s, settings, kinds[i]);
    if (!s.found)
        return -ENOENT;
    return error_set(err, -EEXIST,
                     "none of the pods of %s '%s/%s' is made here: they, or "
                     "their endpoints, are given by manifests; change them "
                     "there",
                     object_kind_name(s.found->kind), s.found->namespace,
                     s.found->name);
}

static int given_pod(const struct object *pod, struct error *err)
{
    return error_set(err, -EEXIST,
                     "pod '%s/%s' is not made here: '%s' gives it; change it "
                     "there",
                     pod->namespace, pod->name, pod->at.file);
}

int find_given_pod(const struct control_settings *settings,
                   const struct ordinals_target *wanted, struct error *err)
{
    struct search s = search_of(wanted);

    if (!search(&s, settings, OBJECT_POD) || s.found->at.file == ordinals_file)
        return -ENOENT;
    return given_pod(s.found, err);
}

// --- faults ----------------------------------------------------------------

// Pods that a service is about.
struct selection {
    const struct object *service;
    bool made, given;
};

static int on_pod(void *context, const struct object *pod)
{
    struct selection *s = context;

    if (!service_is_about(s->service, pod))
        return 0;
    if (pod->at.file == ordinals_file)
        s->made = true;
    else
        s->given = true;
    return 0;
}

// Nobody's pods are no mistake: they may come.
static int check_service(const struct control_settings *settings,
                         const struct object *service, struct error *err)
{
    struct selection s = {.service = service};

    (void)cluster_each(settings->cluster, OBJECT_POD, on_pod, &s);
    if (s.made || !s.given)
        return 0;
    return error_set(err, -EEXIST,
                     "none of the pods of service '%s/%s' is made here: "
                     "manifests give them; change them there",
                     service->namespace, service->name);
}

static bool has_family(const struct object *pod, uint8_t family)
{
    for (uint8_t i = 0; i < pod->pod.addresses_n; i++)
        if (pod->pod.addresses[i].family == family)
            return true;
    return pod->pod.addresses_n == 0;
}

// Another address is one out of a range.
static int check_move(const struct control_settings *settings,
                      const struct object *target, struct error *err)
{
    for (uint32_t i = 0; i < settings->pod_cidrs_n; i++)
        if (target->kind != OBJECT_POD ||
            has_family(target, settings->pod_cidrs[i].base.family))
            return 0;
    return error_set(err, -EEXIST,
                     "there is no other address for '%s/%s' to move to; start "
                     "the server with a --pod-cidr of its family",
                     target->namespace, target->name);
}

static int check_pods_fault(const struct control_settings *settings,
                            const struct object *target, enum fault_kind kind,
                            struct error *err)
{
    int rc = 0;

    if (target->kind == OBJECT_SERVICE)
        rc = check_service(settings, target, err);
    else if (target->at.file != ordinals_file)
        rc = given_pod(target, err);
    return rc || kind != FAULT_MOVE ? rc : check_move(settings, target, err);
}

static int nobody(const struct search *s, struct error *err)
{
    const struct ordinals_target *t = s->wanted;
    struct error near = {""};

    if (s->elsewhere)
        (void)error_set(&near, 0, "; did you mean '%s/%s'?",
                        s->elsewhere->namespace, s->elsewhere->name);
    else if (s->near.word)
        (void)error_set(&near, 0, "; did you mean '%s'?", s->near.word);
    return error_set(err, -ENOENT,
                     "there is no pod or service '%.100s%s%.253s'%.253s",
                     t->namespace ? t->namespace : "", t->namespace ? "/" : "",
                     t->name, near.text);
}

int find_faulty(const struct control_settings *settings,
                const struct ordinals_target *wanted, enum fault_kind kind,
                const struct object **out, struct error *err)
{
    struct search s = search_of(wanted);

    if (!search(&s, settings, OBJECT_POD) &&
        !search(&s, settings, OBJECT_SERVICE))
        return nobody(&s, err);
    if (s.other)
        return error_set(err, -EINVAL,
                         "'%s' is in namespaces '%s' and '%s'; write "
                         "NAMESPACE/NAME",
                         s.found->name, s.found->namespace, s.other->namespace);
    const int rc = fault_is_of_pods(kind)
                       ? check_pods_fault(settings, s.found, kind, err)
                       : 0;
    if (rc)
        return rc;
    *out = s.found;
    return 0;
}
