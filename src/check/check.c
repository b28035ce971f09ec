// SPDX-License-Identifier: Apache-2.0
// A run: read, publish, apply the rules, write what they found.
#include "view.h"

#include <errno.h>
#include <stdlib.h>

static void (*const rules[])(struct check *c) = {
    check_fields,      check_services, check_selectors,    check_waits,
    check_ports,       check_names,    check_target_ports, check_probe_ports,
    check_annotations, check_claims,   check_addresses,    check_peers,
    check_sizes,
};

static int no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, "not enough memory for what the paths say");
}

// Where nothing was there to be checked, nothing found is no good news.
static void tell_nothing(struct check *c)
{
    const struct reason why = {.code = REASON_NOTHING_TO_CHECK};
    const struct text_list *paths = &c->settings->paths;
    const struct place at = {paths->n ? paths->items[0] : NULL, 0, 0};
    if (manifests_state(c->pipeline.manifests).objects == 0 &&
        c->findings_n == 0)
        check_tell(c, at, &why);
}

// Rules look things up in the zone, as answers do.
static void apply_rules(struct check *c)
{
    struct view view;
    if (c->no_memory || !view_init(&view, c))
        return;
    c->view = &view;
    zone_reader_register();
    for (size_t i = 0; i < ORD_COUNT(rules); i++)
        if (!c->no_memory)
            rules[i](c);
    zone_reader_unregister();
    c->view = NULL;
    tell_nothing(c);
}

static int run(struct check *c, const struct clock *clock,
               enum check_format format, struct check_result *out,
               struct error *err)
{
    const int rc = pipeline_load(&c->pipeline, clock, err);
    if (rc)
        return rc;
    check_index_documents(c);
    check_file_findings(c);
    apply_rules(c);
    check_sort(c);
    return check_write(c, format, out) ? no_memory(err) : 0;
}

static void release(struct check *c)
{
    free(c->findings);
    free(c->documents_all);
    free(c->files);
    arena_release(&c->arena);
}

int check_run(const struct settings *settings, const struct clock *clock,
              enum check_format format, struct check_result *out,
              struct error *err)
{
    struct check c = {.settings = settings};
    const struct pipeline_listener listener = {
        .document = check_take_document,
        .context = &c,
    };
    const struct report report = {check_take_finding, &c};
    struct pipeline_seeds seeds;

    // No budget: what it holds follows from texts that have limits of their
    // own.
    arena_init(&c.arena, SIZE_MAX);
    int rc = pipeline_seeds_random(&seeds, err);
    // Equal PATHs are to give equal findings.
    seeds.pods = 0;
    if (rc == 0)
        rc = pipeline_init(&c.pipeline, settings, &seeds, &listener, &report,
                           err);
    if (rc == 0) {
        rc = run(&c, clock, format, out, err);
        pipeline_release(&c.pipeline, NULL);
    }
    release(&c);
    return rc;
}
