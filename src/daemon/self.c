// SPDX-License-Identifier: Apache-2.0
#include "daemon/self.h"

#include "dns/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

// Octets of a hosts file that are looked at: the kubelet writes the pod's own
// line behind seven others, before all that spec.hostAliases adds.
enum { HOSTS_MAX = 65536 };

static int no_memory(struct error *err)
{
    return error_set(err, -ENOMEM, "not enough memory to start");
}

static bool is_given(const char *text)
{
    return text && *text;
}

// How to tell the pod what it lacks.
static int missing(const char *variable, const char *field, struct error *err)
{
    return error_set(err, -EINVAL,
                     "--self: %s is not set; add to the container's env: "
                     "{name: %s, valueFrom: {fieldRef: {fieldPath: %s}}}",
                     variable, variable, field);
}

// --- names -----------------------------------------------------------------

// RFC 1123 2.1, in lower case, as Kubernetes has its names.
static bool is_label(const char *text)
{
    const size_t n = strlen(text);

    return n > 0 && n <= DNS_LABEL_MAX && text[0] != '-' &&
           text[n - 1] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int check_label(const char *variable, const char *text,
                       struct error *err)
{
    if (is_label(text))
        return 0;
    return error_set(err, -EINVAL,
                     "--self: %s is '%.100s', which is no label of a name; "
                     "these have lower-case letters, digits and '-' between "
                     "them, 63 at most",
                     variable, text);
}

static int take_label(const char *variable, const char *field, const char *text,
                      struct arena *arena, const char **out, struct error *err)
{
    if (!is_given(text))
        return missing(variable, field, err);
    const int r = check_label(variable, text, err);
    if (r)
        return r;
    *out = arena_text_dup(arena, text);
    return *out ? 0 : no_memory(err);
}

// --- addresses -------------------------------------------------------------

static bool is_usable(const struct address *a)
{
    static const struct address none;

    return memcmp(a->octets, none.octets, sizeof none.octets) != 0;
}

static bool has_family(const struct self *self, uint8_t family)
{
    for (unsigned i = 0; i < self->addresses_n; i++)
        if (self->addresses[i].family == family)
            return true;
    return false;
}

static bool has_address(const struct self *self, const struct address *a)
{
    for (unsigned i = 0; i < self->addresses_n; i++)
        if (address_compare(&self->addresses[i], a) == 0)
            return true;
    return false;
}

// n octets at text.
static int read_address(const char *variable, const char *text, size_t n,
                        struct address *out, struct error *err)
{
    char copy[ADDRESS_TEXT_SIZE];

    if (n < sizeof copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        if (address_parse(copy, out) && is_usable(out))
            return 0;
    }
    return error_set(err, -EINVAL,
                     "--self: %s has '%.*s', which is no address of a pod; "
                     "write it as in 10.244.0.7,fd00::7",
                     variable, (int)(n < 100 ? n : 100), text);
}

static int add_address(const char *variable, const struct address *a,
                       struct self *out, struct error *err)
{
    if (has_address(out, a))
        return 0;
    if (out->addresses_n == SELF_ADDRESSES_MAX)
        return error_set(err, -EINVAL,
                         "--self: %s has more than %d addresses; leave some "
                         "out",
                         variable, SELF_ADDRESSES_MAX);
    out->addresses[out->addresses_n++] = *a;
    return 0;
}

// Blanks may stand around each, as people write lists.
static int take_list(const char *text, struct self *out, struct error *err)
{
    static const char variable[] = "POD_IPS";
    struct address a;

    for (;;) {
        text += strspn(text, " ");
        const size_t all = strcspn(text, ",");
        size_t n = all;
        while (n > 0 && text[n - 1] == ' ')
            n--;
        int r = read_address(variable, text, n, &a, err);
        if (r == 0)
            r = add_address(variable, &a, out, err);
        if (r || text[all] == '\0')
            return r;
        text += all + 1;
    }
}

static int take_addresses(const struct self_told *told, struct self *out,
                          struct error *err)
{
    struct address a = {.family = 0};
    int r = 0;

    if (!is_given(told->addresses) && !is_given(told->address))
        return missing("POD_IPS", "status.podIPs", err);
    if (is_given(told->addresses))
        r = take_list(told->addresses, out, err);
    if (r || !is_given(told->address))
        return r;
    r = read_address("POD_IP", told->address, strlen(told->address), &a, err);
    return r || has_family(out, a.family) ? r
                                          : add_address("POD_IP", &a, out, err);
}

// --- the whole name --------------------------------------------------------

// One word of a line, and where it ends; n is 0 at the end of the line.
static struct span next_word(const char **at)
{
    const char *begin = *at + strspn(*at, " \t\r");
    const size_t n = strcspn(begin, " \t\r\n#");

    *at = begin + n;
    return span_of((const uint8_t *)begin, n);
}

static bool is_word(struct span word, const char *text)
{
    return strlen(text) == word.n &&
           strncasecmp((const char *)word.p, text, word.n) == 0;
}

// The first name of a line of hosts(5) that has a name among all of its own, if
// that first one has a domain; otherwise an empty one.
static struct span read_line(const char *line, const char *name)
{
    const struct span address = next_word(&line);
    const struct span first = next_word(&line);
    struct span word = first;

    if (address.n == 0 || first.n == 0 || !memchr(first.p, '.', first.n))
        return (struct span){0};
    while (word.n && !is_word(word, name))
        word = next_word(&line);
    return word.n ? first : (struct span){0};
}

// What `hostname -f` says, without a name server; an empty one: no domain.
static struct span whole_name(const struct self_told *told)
{
    const char *hosts = told->hosts ? told->hosts : "";

    if (!is_given(told->hostname))
        return (struct span){0};
    if (strchr(told->hostname, '.'))
        return span_of_text(told->hostname);
    while (*hosts) {
        const struct span name = read_line(hosts, told->hostname);
        if (name.n)
            return name;
        hosts += strcspn(hosts, "\n");
        hosts += *hosts == '\n';
    }
    return (struct span){0};
}

// Whether a name begins with this label, which is then taken off.
static bool cut_label(const char **name, const char *label)
{
    const size_t n = strlen(label);

    if (strncasecmp(*name, label, n) != 0 || (*name)[n] != '.')
        return false;
    *name += n + 1;
    return true;
}

// What a pod's whole name has to be, and who says otherwise.
struct expected {
    const struct self *self;
    const char *domain; // without its final dot
    const char *found;
};

static int other_name(const struct expected *x, struct error *err)
{
    return error_set(err, -EINVAL,
                     "--self: hostname -f is '%.100s', and no name "
                     "%s.<service>.%s.svc.%.100s; set POD_SERVICE to the "
                     "service that governs the pod (spec.subdomain)",
                     x->found, x->self->hostname, x->self->namespace,
                     x->domain);
}

static int other_domain(const struct expected *x, const char *domain,
                        struct error *err)
{
    return error_set(err, -EINVAL,
                     "--self: hostname -f is '%.150s', whose domain is not "
                     "'%.100s'; start with --cluster-domain %.100s",
                     x->found, x->domain, domain);
}

// The service in a whole name, which is cut up.
static int read_service(const struct expected *x, char *name,
                        const char **service, struct error *err)
{
    const char *rest = name;

    if (!cut_label(&rest, x->self->hostname))
        return other_name(x, err);
    char *const begin = name + (rest - name);
    const size_t n = strcspn(begin, ".");
    rest = begin + n + (begin[n] == '.');
    if (!cut_label(&rest, x->self->namespace) || !cut_label(&rest, "svc"))
        return other_name(x, err);
    if (strcasecmp(rest, x->domain) != 0)
        return other_domain(x, rest, err);
    begin[n] = '\0';
    for (char *c = begin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *service = begin;
    return is_label(begin) ? 0 : other_name(x, err);
}

static int find_service(const struct self_told *told, const struct settings *s,
                        struct arena *arena, struct self *out,
                        struct error *err)
{
    char domain[DNS_NAME_TEXT_SIZE];
    const struct span found = whole_name(told);

    if (found.n == 0)
        return error_set(err, -EINVAL,
                         "--self: the hostname '%.100s' has no domain in "
                         "/etc/hosts, as of a pod without spec.subdomain; set "
                         "POD_SERVICE to the service that governs the pod",
                         told->hostname ? told->hostname : "");
    dns_name_format(dns_name_view(&s->cluster_domain), domain);
    domain[strlen(domain) - 1] = '\0';
    char *name = arena_text(arena, found.p, found.n);
    char *copy = arena_text(arena, found.p, found.n);
    if (!name || !copy)
        return no_memory(err);
    if (found.p[found.n - 1] == '.')
        name[found.n - 1] = '\0';
    const struct expected x = {.self = out, .domain = domain, .found = copy};
    return read_service(&x, name, &out->service, err);
}

// --- all of it -------------------------------------------------------------

// Its name has to be one, and one that is served.
static int check_whole(const struct self *self, const struct settings *s,
                       struct error *err)
{
    struct dns_name name = s->cluster_domain;

    if (dns_name_prepend(&name, span_of_text("svc")) ||
        dns_name_prepend(&name, span_of_text(self->namespace)) ||
        dns_name_prepend(&name, span_of_text(self->service)) ||
        dns_name_prepend(&name, span_of_text(self->hostname)))
        return error_set(err, -EINVAL,
                         "--self: '%s.%s.%s.svc' and the domain have more than "
                         "255 octets; choose shorter names",
                         self->hostname, self->service, self->namespace);
    for (size_t i = 0; i < s->namespaces.n; i++)
        if (strcmp(s->namespaces.items[i], self->namespace) == 0)
            return 0;
    return s->namespaces.n == 0
               ? 0
               : error_set(err, -EINVAL,
                           "--self: POD_NAMESPACE is '%s', which --namespaces "
                           "leaves out; add it there",
                           self->namespace);
}

int self_of(const struct self_told *told, const struct settings *s,
            struct arena *arena, struct self *out, struct error *err)
{
    struct self self = {.namespace = "", .service = "", .hostname = ""};
    int r = take_label("POD_NAME", "metadata.name", told->pod_name, arena,
                       &self.hostname, err);

    if (r == 0)
        r = take_label("POD_NAMESPACE", "metadata.namespace", told->namespace,
                       arena, &self.namespace, err);
    if (r == 0)
        r = take_addresses(told, &self, err);
    if (r == 0)
        r = is_given(told->service)
                ? take_label("POD_SERVICE", "", told->service, arena,
                             &self.service, err)
                : find_service(told, s, arena, &self, err);
    if (r == 0)
        r = check_whole(&self, s, err);
    if (r == 0)
        *out = self;
    return r;
}

// The text of a file, cut off where it is too long; NULL where it cannot be
// read, or without memory.
static char *read_text(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = f ? malloc(HOSTS_MAX + 1) : NULL;

    if (text)
        text[fread(text, 1, HOSTS_MAX, f)] = '\0';
    if (f)
        fclose(f);
    return text;
}

int self_read(const struct settings *s, struct arena *arena, struct self *out,
              struct error *err)
{
    struct utsname name;
    char *hosts = read_text("/etc/hosts");
    const struct self_told told = {
        .pod_name = getenv("POD_NAME"),
        .namespace = getenv("POD_NAMESPACE"),
        .service = getenv("POD_SERVICE"),
        .addresses = getenv("POD_IPS"),
        .address = getenv("POD_IP"),
        .hostname = uname(&name) == 0 ? name.nodename : "",
        .hosts = hosts,
    };
    const int r = self_of(&told, s, arena, out, err);

    free(hosts);
    return r;
}
