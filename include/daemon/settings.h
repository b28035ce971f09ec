// SPDX-License-Identifier: Apache-2.0
// What the user may choose. One table (src/daemon/settings.def) makes the
// command line, the configuration file, the help and the README; a value is
// read by the same code wherever it stands. Filled once, then only read.
#ifndef ORDINALD_DAEMON_SETTINGS_H
#define ORDINALD_DAEMON_SETTINGS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sockaddr.h"
#include "dns/name.h"
#include "model/selector.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text_list {
    const char **items;
    size_t n;
};

struct sockaddr_list {
    struct sockaddr_any *items;
    size_t n;
};

struct cidr_list {
    struct cidr *items;
    size_t n;
};

// Whom to ask for names that are not ours.
struct forward_target {
    const char *text;            // as it was written
    bool is_file;                // a resolv.conf; has a slash
    struct sockaddr_any address; // unless it is a file
};

struct forward_list {
    struct forward_target *items;
    size_t n;
};

struct settings {
    // read-only for everyone but settings_parse()
    const char *config; // "" for none
    struct text_list paths;
    bool paths_given; // by the user, not by default
    struct sockaddr_list listen;
    uint32_t threads; // 0: one for each usable core, see settings_threads()
    uint32_t max_udp; // octets
    struct dns_name cluster_domain; // folded
    struct cidr_list reverse;
    uint32_t ttl_s;
    uint32_t negative_ttl_s;
    struct cidr_list pod_cidrs; // at most one a family
    struct cidr_list service_cidrs;
    bool probe;
    uint32_t hold_ms;
    bool enable_faults;
    uint32_t seed;         // 0: random
    const char *identity;  // "" for none
    uint32_t lame_duck_ms; // between SIGTERM and the drain
    struct forward_list forward;
    bool fallthrough;            // not without forward
    uint32_t forward_queries;    // that may wait, in all
    uint32_t forward_per_client; // 0: a quarter of them
    uint32_t rate_limit;         // replies a second and prefix; 0: no limit
    uint32_t tcp_connections;
    uint32_t tcp_per_client; // 0: a quarter of all
    uint32_t tcp_idle_s;
    uint32_t tcp_timeout_s; // for a message to come, or a reply to go
    struct text_list namespaces;
    const struct selector *label_selector; // NULL: everything
    uint32_t names;                        // which word: ready, addressed
    uint32_t set;                          // ready, serving, addressed
    uint32_t pods;                         // enum zone_pods
    bool no_reasons;
    bool endpoint_pod_names;
    bool ignore_empty_service;
    bool no_endpoints;
    bool zonal;
    bool self; // see daemon/self.h
    const char *control; // path; "" for the default, "none" for none
    uint32_t log_level;  // enum log_level
    uint32_t log_format; // enum log_format

    // private
    struct arena arena; // all that the lists and texts point at
};

enum setting_type {
    SETTING_FILE,      // const char *: one path
    SETTING_PATHS,     // struct text_list: the arguments that are no options
    SETTING_WORDS,     // struct text_list: the same, in a command's own rows
    SETTING_SOCKETS,   // struct sockaddr_list
    SETTING_UINT,      // uint32_t
    SETTING_DOMAIN,    // struct dns_name
    SETTING_CIDRS,     // struct cidr_list
    SETTING_CIDR_PAIR, // struct cidr_list, at most one range a family
    SETTING_CHOICE,    // uint32_t: which word of `unit`
    SETTING_FLAG,      // bool: there or not; true or false in the file
    SETTING_TEXT,      // const char *, of min to max octets
    SETTING_NAMES,     // struct text_list: names of Kubernetes objects
    SETTING_SELECTOR,  // const struct selector *
    SETTING_DURATION,  // uint32_t: milliseconds
    SETTING_UPSTREAMS, // struct forward_list
};

// A row of the table.
struct setting {
    const char *word; // "max-udp": --max-udp, and the key in the file
    enum setting_type type;
    char letter;        // 'o': -o as well; 0: none
    size_t offset;      // in struct settings
    const char *preset; // the default, as on the command line; "" for none
    uint32_t min;       // the least value, or items of a list
    uint32_t max;
    const char *argument; // "ADDR:PORT"
    const char *unit;     // "seconds"; the words of a choice, "text|json"
    const char *group;    // heading in the help
    const char *help;
};

// All rows in the order of the help; sets n.
const struct setting *settings_table(size_t *n);

/*
 * Who reads settings. A command that takes words beside the table's writes rows
 * for them: of type FILE, UINT, DOMAIN, CHOICE, FLAG or TEXT, with offsets into
 * a struct of its own; a row without default leaves what the command has put
 * there. Such words stand on the command line only. One row may
 * be of type WORDS: then arguments that are no options are not PATHs but words
 * of the command, which sees to it how many there are.
 */
struct settings_command {
    const char *name; // "serve", for sentences
    bool needs_paths; // where none is given, the default one has to be there
    const struct setting *own; // NULL: no words of its own
    size_t own_n;
    void *values; // what the offsets of `own` count from
};

enum { SETTINGS_HELP = 1 };

/*
 * Read the arguments behind the command's name, and the configuration file
 * where they name one. Flags win over the file, the file over the defaults; a
 * list is replaced as a whole.
 *
 * s        filled on success only; then settings_release() it
 * command  borrowed for the call; its `values` mean something on success only,
 *          and the texts they point at live as long as s
 * argv     argc texts; they are copied
 * report   what is wrong in the configuration file, all of it
 * err      what else is wrong; its text is empty where report got it all
 *
 * Returns 0; SETTINGS_HELP where the help was asked for (then s is not
 * filled); -EINVAL for wrong usage; -ENOMEM.
 */
int settings_parse(struct settings *s, const struct settings_command *command,
                   int argc, const char *const *argv,
                   const struct report *report, struct error *err) ORD_CHECKED;

void settings_release(struct settings *s);

// The worker threads to start: as set, or the cores this process may use.
unsigned settings_threads(const struct settings *s);

// Where and how to log.
struct log settings_log(const struct settings *s);

// The options of the table with their bounds, units and defaults, by group, for
// --help. groups: words of those that matter to the command, ended by NULL;
// NULL: all.
void settings_help(FILE *out, const char *const *groups);

// Likewise n rows of a command's own, without a heading.
void settings_help_own(FILE *out, const struct setting *rows, size_t n);

#endif
