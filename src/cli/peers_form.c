// SPDX-License-Identifier: Apache-2.0
#include "peers_form.h"

#include "doc/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// --- for people ------------------------------------------------------------

static void write_text(FILE *out, const struct peers *p)
{
    char text[ADDRESS_TEXT_SIZE];
    size_t widest = 0;

    for (size_t i = 0; i < p->n; i++) {
        const size_t n = strlen(p->items[i].hostname);
        widest = n > widest ? n : widest;
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct peer *peer = &p->items[i];
        fprintf(out, "%-*s ", (int)widest, peer->hostname);
        for (uint32_t k = 0; k < peer->addresses_n; k++)
            fprintf(out, " %s", address_format(&peer->addresses[k], text));
        fputc('\n', out);
    }
}

// --- JSON ------------------------------------------------------------------

static void put_peer(struct json_out *out, const struct peer *peer)
{
    char text[ADDRESS_TEXT_SIZE];

    json_out_object(out, NULL);
    json_out_text(out, "name", peer->name);
    if (peer->has_ordinal)
        json_out_uint(out, "ordinal", peer->ordinal);
    json_out_text(out, "hostname", peer->hostname);
    json_out_list(out, "addresses");
    for (uint32_t i = 0; i < peer->addresses_n; i++)
        json_out_text(out, NULL, address_format(&peer->addresses[i], text));
    json_out_end(out);
    json_out_list(out, "ports");
    for (uint32_t i = 0; i < peer->ports_n; i++) {
        json_out_object(out, NULL);
        json_out_text(out, "name", peer->ports[i].name);
        json_out_text(out, "protocol", peer->ports[i].protocol);
        json_out_uint(out, "port", peer->ports[i].number);
        json_out_end(out);
    }
    json_out_end(out);
    if (peer->readiness != PEER_UNKNOWN)
        json_out_bool(out, "ready", peer->readiness == PEER_READY);
    json_out_end(out);
}

static int write_json(FILE *to, const struct peers *p,
                      const struct peers_owner *owner)
{
    struct json_out out = {.p = NULL};
    size_t n;

    json_out_object(&out, NULL);
    json_out_text(&out, "service", owner->service);
    json_out_text(&out, "namespace", owner->namespace);
    json_out_list(&out, "peers");
    for (size_t i = 0; i < p->n; i++)
        put_peer(&out, &p->items[i]);
    json_out_end(&out);
    json_out_end(&out);
    char *text = json_out_take(&out, &n);
    if (!text)
        return -ENOMEM;
    (void)fwrite(text, 1, n, to);
    free(text);
    return 0;
}

// --- hosts(5) --------------------------------------------------------------

static void write_hosts(FILE *out, const struct peers *p)
{
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < p->n; i++) {
        const struct peer *peer = &p->items[i];
        struct address a;
        if (address_parse(peer->hostname, &a))
            continue;
        for (uint32_t k = 0; k < peer->addresses_n; k++)
            fprintf(out, "%s %s%s%s\n",
                    address_format(&peer->addresses[k], text), peer->hostname,
                    strcmp(peer->name, peer->hostname) == 0 ? "" : " ",
                    strcmp(peer->name, peer->hostname) == 0 ? "" : peer->name);
    }
}

// --- variables -------------------------------------------------------------

static const char *const variables[PEERS_VARIABLES] = {
    [PEERS_VARIABLE_PEERS] = "ORDINALD_PEERS",
    [PEERS_VARIABLE_PEERS_N] = "ORDINALD_PEERS_N",
    [PEERS_VARIABLE_ADDRESSES] = "ORDINALD_ADDRESSES",
    [PEERS_VARIABLE_SERVICE] = "ORDINALD_SERVICE",
    [PEERS_VARIABLE_NAMESPACE] = "ORDINALD_NAMESPACE",
};

const char *peers_variable_name(enum peers_variable v)
{
    return variables[v];
}

static void put_variable(FILE *out, const struct peers *p,
                         const struct peers_owner *owner, enum peers_variable v)
{
    char text[ADDRESS_TEXT_SIZE];

    switch (v) {
    case PEERS_VARIABLE_PEERS:
        for (size_t i = 0; i < p->n; i++)
            fprintf(out, "%s%s", i ? " " : "", p->items[i].hostname);
        break;
    case PEERS_VARIABLE_PEERS_N:
        fprintf(out, "%zu", p->n);
        break;
    case PEERS_VARIABLE_ADDRESSES:
        for (size_t i = 0; i < p->n; i++)
            if (p->items[i].addresses_n)
                fprintf(out, "%s%s", i ? " " : "",
                        address_format(&p->items[i].addresses[0], text));
        break;
    case PEERS_VARIABLE_SERVICE:
        fputs(owner->service, out);
        break;
    case PEERS_VARIABLE_NAMESPACE:
    case PEERS_VARIABLES:
        fputs(owner->namespace, out);
        break;
    }
}

char *peers_variable(const struct peers *p, const struct peers_owner *owner,
                     enum peers_variable v)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return NULL;
    put_variable(out, p, owner, v);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

// POSIX 2.2.2: within single quotes nothing means anything but their end.
static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputs("'\n", out);
}

static int write_env(FILE *out, const struct peers *p,
                     const struct peers_owner *owner)
{
    for (int v = 0; v < PEERS_VARIABLES; v++) {
        char *text = peers_variable(p, owner, (enum peers_variable)v);
        if (!text)
            return -ENOMEM;
        fprintf(out, "%s=", variables[v]);
        if (v == PEERS_VARIABLE_PEERS_N)
            fprintf(out, "%s\n", text);
        else
            put_quoted(out, text);
        free(text);
    }
    return 0;
}

// --- all of them -----------------------------------------------------------

int peers_write(FILE *out, const struct peers *p,
                const struct peers_owner *owner, enum peers_form form)
{
    switch (form) {
    case PEERS_TEXT:
        write_text(out, p);
        return 0;
    case PEERS_JSON:
        return write_json(out, p, owner);
    case PEERS_ENV:
        return write_env(out, p, owner);
    case PEERS_HOSTS:
        write_hosts(out, p);
        return 0;
    case PEERS_LIST:
        for (size_t i = 0; i < p->n; i++)
            fprintf(out, "%s\n", p->items[i].hostname);
        return 0;
    }
    return 0;
}
