// SPDX-License-Identifier: Apache-2.0
// Where an entry that counts is found from: its service's hub and the pairs of
// its labels, or its template's; and the addresses it stands for. Linking takes
// no memory and cannot fail.
#include "index.h"

#include "endpoints.h"

#include <assert.h>

// --- pods below their service -----------------------------------------------

static void pod_file(struct pod_entry *e)
{
    struct hub *h = e->hub;
    const bool whole =
        h->service &&
        endpoints_pod_lack(h->service->object, e->entry.object).code ==
            REASON_NONE;

    list_link(whole ? &h->whole : &h->lacking, &e->at);
}

static void pods_file_anew(struct list_node *at)
{
    for (struct list_node *next; at; at = next) {
        next = at->next;
        pod_file(ORD_CONTAINER(at, struct pod_entry, at));
    }
}

// How pods stand to a service that is another one now.
static void hub_file_anew(struct hub *h)
{
    struct list_node *const old[] = {h->whole, h->lacking};

    h->whole = h->lacking = NULL;
    for (size_t i = 0; i < ORD_COUNT(old); i++)
        pods_file_anew(old[i]);
}

// --- services, and what is theirs -------------------------------------------

static void service_link(struct service_entry *e)
{
    if (e->hub) {
        e->hub->service = &e->entry;
        hub_file_anew(e->hub);
    }
    if (!e->pair)
        return;
    list_link(&e->pair->services, &e->at);
    e->pair->services_n++;
}

static void service_unlink(struct service_entry *e)
{
    if (e->hub) {
        assert(e->hub->service == &e->entry);
        e->hub->service = NULL;
    }
    if (!e->pair)
        return;
    list_unlink(&e->at);
    e->pair->services_n--;
}

static void endpoints_link(struct endpoints_entry *e, const struct entry *now)
{
    if (e->hub)
        e->hub->endpoints = now;
}

static void workload_link(struct workload_entry *e)
{
    if (e->hub)
        list_link(&e->hub->sets, &e->at);
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_link(&p->pair->templates, &p->at);
        p->pair->templates_n++;
    }
}

static void workload_unlink(struct workload_entry *e)
{
    if (e->hub)
        list_unlink(&e->at);
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_unlink(&p->at);
        p->pair->templates_n--;
    }
}

static void pod_link(struct cluster *c, struct pod_entry *e)
{
    if (e->hub)
        pod_file(e);
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_link(&p->pair->pods, &p->at);
        p->pair->pods_n++;
    }
    for (uint32_t i = 0; i < e->addresses_n; i++) {
        struct pod_address *a = pod_entry_addresses(e)[i];
        a->pods++;
        change_note_address(c, a);
    }
}

static void pod_unlink(struct cluster *c, struct pod_entry *e)
{
    if (e->hub)
        list_unlink(&e->at);
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_unlink(&p->at);
        p->pair->pods_n--;
    }
    for (uint32_t i = 0; i < e->addresses_n; i++) {
        struct pod_address *a = pod_entry_addresses(e)[i];
        a->pods--;
        change_note_address(c, a);
    }
}

// --- by kind ----------------------------------------------------------------

void entry_link(struct cluster *c, struct entry *e)
{
    switch (e->object->kind) {
    case OBJECT_SERVICE:
        service_link((struct service_entry *)e);
        break;
    case OBJECT_ENDPOINT_SLICE: {
        struct slice_entry *slice = (struct slice_entry *)e;
        if (slice->hub)
            list_link(&slice->hub->slices, &slice->at);
        break;
    }
    case OBJECT_ENDPOINTS:
        endpoints_link((struct endpoints_entry *)e, e);
        break;
    case OBJECT_STATEFUL_SET:
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        workload_link((struct workload_entry *)e);
        break;
    case OBJECT_POD:
        pod_link(c, (struct pod_entry *)e);
        break;
    default:
        break;
    }
}

void entry_unlink(struct cluster *c, struct entry *e)
{
    switch (e->object->kind) {
    case OBJECT_SERVICE:
        service_unlink((struct service_entry *)e);
        break;
    case OBJECT_ENDPOINT_SLICE: {
        struct slice_entry *slice = (struct slice_entry *)e;
        if (slice->hub)
            list_unlink(&slice->at);
        break;
    }
    case OBJECT_ENDPOINTS:
        endpoints_link((struct endpoints_entry *)e, NULL);
        break;
    case OBJECT_STATEFUL_SET:
    case OBJECT_DEPLOYMENT:
    case OBJECT_REPLICA_SET:
    case OBJECT_REPLICATION_CONTROLLER:
        workload_unlink((struct workload_entry *)e);
        break;
    case OBJECT_POD:
        pod_unlink(c, (struct pod_entry *)e);
        break;
    default:
        break;
    }
}
