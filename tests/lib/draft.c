// SPDX-License-Identifier: Apache-2.0
#include "lib/draft.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

struct draft {
    struct arena arena;
    struct object object;
    struct service service;
    struct self self;
    bool missing;
    struct slice_facts *slices;
    const struct slice_facts **pointers;
    struct service_port *ports;
    struct slice_port *slice_ports;
    struct endpoint *endpoints;
    struct service_ordinals *ordinals;
    const char **zones;
    uint32_t zones_n;
    uint32_t slice_ports_n;
    uint32_t endpoints_n;
};

static const char *keep(struct draft *d, const char *text)
{
    return need(arena_text(&d->arena, text, strlen(text)));
}

static struct slice_facts *last_slice(struct draft *d)
{
    return d->service.slices_n ? &d->slices[d->service.slices_n - 1] : NULL;
}

static void add_port(struct draft *d, const char *word)
{
    char *name = (char *)(uintptr_t)keep(d, word);
    char *number = need(strchr(name, ':'));
    char *protocol = need(strchr(number, '/'));
    uint8_t p = PROTOCOL_TCP;

    *number++ = *protocol++ = '\0';
    while (p < PROTOCOL_SCTP &&
           strcmp(protocol, protocol_label((enum protocol)p)) != 0)
        p++;
    struct slice_facts *slice = last_slice(d);
    uint16_t value = (uint16_t)atoi(number);
    if (slice) {
        d->slice_ports[d->slice_ports_n++] =
            (struct slice_port){.name = name, .number = value, .protocol = p};
        slice->ports_n++;
    } else {
        d->ports[d->object.service.ports_n++] = (struct service_port){
            .name = name, .number = value, .target_name = "", .protocol = p};
    }
}

static void add_slice(struct draft *d, uint8_t family)
{
    d->pointers[d->service.slices_n] = &d->slices[d->service.slices_n];
    d->slices[d->service.slices_n++] = (struct slice_facts){
        .service = d->object.name,
        .family = family,
        .ports = d->slice_ports + d->slice_ports_n,
        .endpoints = d->endpoints + d->endpoints_n,
        .zones = d->zones + d->zones_n,
    };
}

// Addresses separated by commas, into octets. Returns how many.
static uint16_t add_addresses(uint8_t family, char *rest, uint8_t *octets)
{
    uint16_t n = 0;
    for (char *one; (one = strsep(&rest, ","));) {
        struct address a;
        if (!address_parse(one, &a) || a.family != family)
            abort();
        memcpy(octets + n++ * address_size(&a), a.octets, address_size(&a));
    }
    return n;
}

static void add_endpoint(struct draft *d, const char *host, const char *word)
{
    struct slice_facts *slice = need(last_slice(d));
    char *addresses = (char *)(uintptr_t)keep(d, word);
    size_t n = strlen(addresses);
    bool ready = addresses[n - 1] != '!';

    if (!ready)
        addresses[n - 1] = '\0';
    // one address takes two characters and a comma at least
    uint8_t *octets = need(arena_bytes(&d->arena, 16 * (n / 2 + 1)));
    d->endpoints[d->endpoints_n++] = (struct endpoint){
        .hostname = strcmp(host, "-") == 0 ? "" : keep(d, host),
        .pod = "",
        .addresses = octets,
        .addresses_n = add_addresses(slice->family, addresses, octets),
        .ready = ready,
        .serving = ready,
    };
    slice->endpoints_n++;
}

static struct endpoint *last_endpoint(struct draft *d)
{
    return d->endpoints_n ? &d->endpoints[d->endpoints_n - 1] : need(NULL);
}

static void set_zone(struct draft *d, const char *name)
{
    struct slice_facts *slice = need(last_slice(d));
    uint32_t i = 0;

    while (i < slice->zones_n && strcmp(slice->zones[i], name) != 0)
        i++;
    if (i == slice->zones_n) {
        d->zones[d->zones_n++] = name;
        slice->zones_n++;
    }
    last_endpoint(d)->zone = (uint16_t)(i + 1);
}

static uint8_t rule_of(const char *word)
{
    static const char *const words[] = {"ready", "serving", "addressed"};
    for (size_t i = 0; i < ORD_COUNT(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (uint8_t)(RULE_READY + i);
    abort();
}

static void add_cluster_ip(struct draft *d, const char *word)
{
    if (d->service.addresses_n >= 2 ||
        !address_parse(word, &d->service.addresses[d->service.addresses_n]))
        abort();
    d->service.addresses_n++;
}

static void set_self(struct draft *d, const char *host, char *addresses)
{
    d->self.hostname = host;
    for (char *one; (one = strsep(&addresses, ","));)
        if (d->self.addresses_n == SELF_ADDRESSES_MAX ||
            !address_parse(one, &d->self.addresses[d->self.addresses_n++]))
            abort();
    d->service.self = &d->self;
}

static char *next_word(char **rest)
{
    char *word;
    while ((word = strsep(rest, " \n")) && !*word)
        continue;
    return word;
}

static uint32_t next_number(char **rest)
{
    return (uint32_t)strtoul(need(next_word(rest)), NULL, 10);
}

static void add_ordinals(struct draft *d, char **rest)
{
    struct service_ordinals *o = &d->ordinals[d->service.ordinals_n++];

    o->name = need(next_word(rest));
    o->start = next_number(rest);
    o->n = next_number(rest);
}

// A word about the service itself. Returns false if it is none.
static bool read_service(struct draft *d, const char *word, char **rest)
{
    struct service_facts *facts = &d->object.service;

    if (strcmp(word, "headless") == 0) {
        facts->type = SERVICE_HEADLESS;
    } else if (strcmp(word, "external") == 0) {
        facts->type = SERVICE_EXTERNAL_NAME;
        facts->external_name = need(next_word(rest));
    } else if (strcmp(word, "ip") == 0) {
        add_cluster_ip(d, need(next_word(rest)));
    } else if (strcmp(word, "declares") == 0) {
        add_ordinals(d, rest);
    } else if (strcmp(word, "names") == 0) {
        facts->names = rule_of(need(next_word(rest)));
    } else if (strcmp(word, "set") == 0) {
        facts->set = rule_of(need(next_word(rest)));
    } else if (strcmp(word, "self") == 0) {
        char *host = need(next_word(rest));
        set_self(d, host, need(next_word(rest)));
    } else if (strcmp(word, "missing") == 0) {
        d->missing = true;
    } else {
        return false;
    }
    return true;
}

// A word about the endpoint before. Returns false if it is none.
static bool read_endpoint(struct draft *d, const char *word, char **rest)
{
    if (strcmp(word, "serving") == 0)
        last_endpoint(d)->serving = true;
    else if (strcmp(word, "terminating") == 0)
        last_endpoint(d)->terminating = true;
    else if (strcmp(word, "pod") == 0)
        last_endpoint(d)->pod = need(next_word(rest));
    else if (strcmp(word, "zone") == 0)
        set_zone(d, need(next_word(rest)));
    else
        return false;
    return true;
}

static void read_words(struct draft *d, char *rest)
{
    d->object.namespace = need(next_word(&rest));
    char *name = need(strchr(d->object.namespace, '/'));
    *name++ = '\0';
    d->object.name = name;
    for (char *word; (word = next_word(&rest));) {
        if (strcmp(word, "port") == 0) {
            add_port(d, need(next_word(&rest)));
        } else if (strncmp(word, "slice", 5) == 0) {
            add_slice(d, word[5] == '6' ? FAMILY_IPV6 : FAMILY_IPV4);
        } else if (strcmp(word, "end") == 0) {
            char *host = need(next_word(&rest));
            add_endpoint(d, host, need(next_word(&rest)));
        } else if (!read_service(d, word, &rest) &&
                   !read_endpoint(d, word, &rest)) {
            fprintf(stderr, "draft: unknown word '%s'\n", word);
            abort();
        }
    }
}

struct draft *draft_new(const char *words)
{
    struct draft *d = need(calloc(1, sizeof *d));
    size_t n = 1;

    for (const char *p = words; *p; p++)
        n += *p == ' ' || *p == '\n';
    arena_init(&d->arena, (size_t)1 << 30);
    d->slices = need(arena_array(&d->arena, n, sizeof *d->slices));
    d->pointers = need(arena_array(&d->arena, n, sizeof *d->pointers));
    d->ports = need(arena_array(&d->arena, n, sizeof *d->ports));
    d->slice_ports = need(arena_array(&d->arena, n, sizeof *d->slice_ports));
    d->endpoints = need(arena_array(&d->arena, n, sizeof *d->endpoints));
    d->ordinals = need(arena_array(&d->arena, n, sizeof *d->ordinals));
    d->service.ordinals = d->ordinals;
    d->zones = need(arena_array(&d->arena, n, sizeof *d->zones));
    d->object.kind = OBJECT_SERVICE;
    d->object.owner_kind = d->object.owner_name = "";
    d->object.service.external_name = "";
    d->object.service.ports = d->ports;
    read_words(d, (char *)(uintptr_t)keep(d, words));
    d->service.namespace = d->object.namespace;
    d->service.name = d->object.name;
    d->service.object = d->missing ? NULL : &d->object;
    d->service.slices = d->pointers;
    return d;
}

void draft_free(struct draft *d)
{
    if (!d)
        return;
    arena_release(&d->arena);
    free(d);
}

const struct service *draft_service(const struct draft *d)
{
    return &d->service;
}
