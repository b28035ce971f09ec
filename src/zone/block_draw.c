// SPDX-License-Identifier: Apache-2.0
// The records of a block: drawn twice, first to measure.
#include "block_build.h"

// Addresses with a PTR, and those of the service where all names are in its
// set: the same records.
static void draw_addresses(struct build *b, bool whole)
{
    const struct endpoints *ends = &b->endpoints;

    render_sorted(&b->render, &b->sorted, b->owners);
    if (whole)
        render_whole_set(&b->sorted, &b->set);
    else
        render_addresses(&b->render, ends->by_address, ends->entries_n, NULL,
                         &b->set);
}

static void draw_port(struct build *b, uint32_t i)
{
    const struct endpoints *ends = &b->endpoints;
    struct zone_set *set = &b->port_sets[i];
    struct render *r = &b->render;

    // each endpoint has just this port: its answers are the service's
    if (b->ports.same) {
        *set = b->set;
        return;
    }
    const struct port_choice ports = ports_choose(&b->ports, i);
    render_addresses(r, ends->by_address, ends->entries_n, &ports, set);
    render_srv(r, &ports, &set->srv, NULL);
    render_extras(r, &set->srv);
}

static void draw_topology(struct build *b, uint32_t i)
{
    const struct topology *t = &b->topologies.items[i];
    const struct port_choice all = ports_all(&b->ports);
    struct zone_set *set = &b->topology_sets[i];

    if (t->entries_n == b->endpoints.set_n) {
        *set = b->set;
        return;
    }
    render_addresses(&b->render, t->by_address, t->entries_n, NULL, set);
    render_part_srv(&b->render, t->by_name, t->entries_n, &all, &set->srv);
    render_part_extras(&b->render, t->by_name, t->entries_n, &set->srv);
}

static void draw_headless(struct build *b)
{
    const struct port_choice all = ports_all(&b->ports);
    struct render *r = &b->render;

    draw_addresses(b, b->endpoints.set_n == b->endpoints.entries_n);
    const uint32_t drawn = render_srv(r, &all, &b->set.srv, b->own);
    render_extras(r, &b->set.srv);
    render_own_srv(r, &all, drawn, b->own);
    for (uint32_t i = 0; i < b->topologies.n && !pen_is_full(&r->pen); i++)
        draw_topology(b, i);
    for (uint32_t i = 0; i < b->ports.names_n && !pen_is_full(&r->pen); i++)
        draw_port(b, i);
}

static void draw_cluster_ip(struct build *b)
{
    const struct port_choice all = ports_all(&b->ports);
    struct render *r = &b->render;

    render_sorted(r, &b->sorted, b->owners);
    render_own_srv(r, &all, 0, b->own);
    if (!b->has_service)
        return;
    render_cluster_ip(r, NULL, 0, &b->set);
    for (uint32_t i = 0; i < b->ports.names_n; i++) {
        const struct port_run run = b->ports.names[i];
        render_cluster_ip(r, b->ports.by_name + run.first, run.n,
                          &b->port_sets[i]);
    }
}

// An alias, or the name of the server's own pod alone: below both there is
// nobody else.
static void draw_no_set(struct build *b)
{
    render_sorted(&b->render, &b->sorted, b->owners);
    if (build_is_type(b, SERVICE_EXTERNAL_NAME))
        render_cname(&b->render, dns_name_view(&b->external), &b->cname);
}

size_t build_draw(struct build *b, uint8_t *to)
{
    b->render.pen.to = to;
    b->render.pen.n = 0;
    if (!b->exists)
        return 0;
    if (build_is_headless(b))
        draw_headless(b);
    else if (build_is_type(b, SERVICE_CLUSTER_IP))
        draw_cluster_ip(b);
    else
        draw_no_set(b);
    return b->render.pen.n;
}
