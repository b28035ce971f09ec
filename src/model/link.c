// SPDX-License-Identifier: Apache-2.0
// Where an entry that counts is found from: its service's hub and the pairs of
// its labels. Linking takes no memory and cannot fail.
#include "index.h"

#include <assert.h>

static void service_link(struct service_entry *e)
{
    e->hub->service = &e->entry;
    if (!e->pair)
        return;
    list_link(&e->pair->services, &e->at);
    e->pair->services_n++;
}

static void service_unlink(struct service_entry *e)
{
    assert(e->hub->service == &e->entry);
    e->hub->service = NULL;
    if (!e->pair)
        return;
    list_unlink(&e->at);
    e->pair->services_n--;
}

static void pod_link(struct pod_entry *e)
{
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_link(&p->pair->pods, &p->at);
        p->pair->pods_n++;
    }
}

static void pod_unlink(struct pod_entry *e)
{
    for (uint32_t i = 0; i < e->postings_n; i++) {
        struct posting *p = &e->postings[i];
        list_unlink(&p->at);
        p->pair->pods_n--;
    }
}

void entry_link(struct entry *e)
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
        ((struct endpoints_entry *)e)->hub->endpoints = e;
        break;
    case OBJECT_POD:
        pod_link((struct pod_entry *)e);
        break;
    default:
        break;
    }
}

void entry_unlink(struct entry *e)
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
        ((struct endpoints_entry *)e)->hub->endpoints = NULL;
        break;
    case OBJECT_POD:
        pod_unlink((struct pod_entry *)e);
        break;
    default:
        break;
    }
}
