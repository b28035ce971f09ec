// SPDX-License-Identifier: Apache-2.0
// Objects drawn at random: of few names, labels and addresses, so that they
// meet.
#include "lib/plain.h"

const char *const plain_namespaces[PLAIN_NAMESPACES] = {"one", "two"};
const char *const plain_names[PLAIN_NAMES] = {"db", "db-2", "db-10"};

const char *const plain_addresses[PLAIN_ADDRESSES] = {"10.0.0.1", "10.0.0.2",
                                                      "fd00::1", "fd00::2"};

uint32_t plain_draw(uint64_t *random, uint32_t below)
{
    *random = *random * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*random >> 33) % below;
}

static const char *draw_text(uint64_t *r, const char *a, const char *b)
{
    return plain_draw(r, 2) ? a : b;
}

static void draw_service(struct object *o, uint64_t *r)
{
    struct service_facts *s = &o->service;

    s->type = plain_draw(r, 8) ? SERVICE_HEADLESS : SERVICE_EXTERNAL_NAME;
    s->publish_not_ready_addresses = plain_draw(r, 4) == 0;
    s->policy = (uint8_t)plain_draw(r, 3);
    if (plain_draw(r, 3) == 0)
        s->families[s->families_n++] =
            plain_draw(r, 2) ? FAMILY_IPV6 : FAMILY_IPV4;
    s->has_selector = plain_draw(r, 8) > 0;
    if (s->has_selector && plain_draw(r, 4))
        object_select(o, "app", draw_text(r, "x", "y"));
    if (s->has_selector && plain_draw(r, 3) == 0)
        object_select(o, "role", draw_text(r, "x", "y"));
    if (plain_draw(r, 2))
        object_port(o, "web", 80, PROTOCOL_TCP, draw_text(r, "http", "8080"));
    if (plain_draw(r, 3) == 0)
        object_port(o, "dns", 53, PROTOCOL_UDP, draw_text(r, "dns", ""));
}

static void draw_endpoint(struct object *o, uint64_t *r)
{
    object_endpoint(o,
                    draw_text(r, plain_names[plain_draw(r, PLAIN_NAMES)], ""),
                    plain_names[plain_draw(r, PLAIN_NAMES)],
                    draw_text(r, "10.1.0.1", "10.1.0.2"), plain_draw(r, 2));
    struct endpoint *e = (struct endpoint *)(uintptr_t)&o->slice
                             .endpoints[o->slice.endpoints_n - 1];
    e->terminating = plain_draw(r, 4) == 0;
    e->serving = e->ready || plain_draw(r, 4) == 0;
}

static void draw_slice(struct object *o, uint64_t *r)
{
    static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV4, 0};

    o->slice.service =
        plain_draw(r, 5) ? plain_names[plain_draw(r, PLAIN_NAMES)] : "";
    o->slice.family = families[plain_draw(r, 3)];
    if (plain_draw(r, 2))
        object_number(o, "web", (uint16_t)(1 + plain_draw(r, 2)), PROTOCOL_TCP);
    for (uint32_t n = plain_draw(r, 3); n > 0; n--)
        draw_endpoint(o, r);
}

static void draw_pod(struct object *o, uint64_t *r)
{
    if (plain_draw(r, 6))
        object_label(o, "app", draw_text(r, "x", "y"));
    if (plain_draw(r, 2))
        object_label(o, "role", draw_text(r, "x", "y"));
    o->pod.phase = (uint8_t)plain_draw(r, 5);
    o->pod.ready = plain_draw(r, 3) > 0;
    o->pod.terminating = plain_draw(r, 4) == 0;
    o->pod.hostname = draw_text(r, o->name, "");
    o->pod.subdomain =
        draw_text(r, plain_names[plain_draw(r, PLAIN_NAMES)], "");
    o->pod.since_unix_s = plain_draw(r, 3);
    o->pod.reason = draw_text(r, "slow", "");
    if (plain_draw(r, 6))
        object_address(o, plain_addresses[plain_draw(r, 2) * 2]);
    if (o->pod.addresses_n && plain_draw(r, 2))
        object_address(o, plain_addresses[plain_draw(r, 2) * 2 + 1]);
    if (plain_draw(r, 2))
        object_number(o, "http", (uint16_t)(1 + plain_draw(r, 2)),
                      PROTOCOL_TCP);
    if (plain_draw(r, 2))
        object_number(o, "dns", 5353,
                      plain_draw(r, 2) ? PROTOCOL_UDP : PROTOCOL_TCP);
}

static void draw_workload(struct object *o, uint64_t *r)
{
    static const struct label labels[] = {{"app", "x"}, {"role", "y"}};
    static const struct workload_rules parallel = {.parallel = true};
    static const uint32_t starts[] = {0, 1, 2, 9};

    o->workload.replicas = plain_draw(r, 4);
    o->workload.start = starts[plain_draw(r, ORD_COUNT(starts))];
    o->workload.service =
        plain_draw(r, 5) ? plain_names[plain_draw(r, PLAIN_NAMES)] : "";
    o->workload.revision = plain_draw(r, 2);
    o->workload.pod_labels = (struct labels){labels, plain_draw(r, 3)};
    if (plain_draw(r, 3) == 0)
        o->workload.rules = &parallel;
}

struct object *plain_object(unsigned kind, unsigned ns, unsigned name,
                            uint64_t seed)
{
    struct object *o =
        kind == OBJECT_NAMESPACE
            ? object_make(OBJECT_NAMESPACE, "", plain_namespaces[ns])
            : object_make((enum object_kind)kind, plain_namespaces[ns],
                          plain_names[name]);

    if (kind == OBJECT_SERVICE)
        draw_service(o, &seed);
    else if (kind == OBJECT_ENDPOINT_SLICE)
        draw_slice(o, &seed);
    else if (kind == OBJECT_ENDPOINTS && plain_draw(&seed, 4))
        object_endpoint(o, "", "p", "10.2.0.1", plain_draw(&seed, 2));
    else if (kind == OBJECT_POD)
        draw_pod(o, &seed);
    else if (kind >= OBJECT_STATEFUL_SET)
        draw_workload(o, &seed);
    if (plain_draw(&seed, 4) == 0)
        object_label(o, "hide", "");
    return object_done(o);
}
