// SPDX-License-Identifier: Apache-2.0
// The zone as a whole: its origins with the records at their apexes, and its
// life.
#include "internal.h"

#include "dns/record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    BLOCK_SIZE_MAX = 64 << 20,
    VERSION_TTL = 28800, // K8S-DNS 2.2: fixed, independent of --ttl
    // what secondaries may do with the zone (RFC 1912 2.2), in seconds
    SOA_REFRESH = 7200,
    SOA_RETRY = 1800,
    SOA_EXPIRE = 86400,
    REVERSE_MAX = 64,
    // octets of a domain before which the longest fixed name, "dns-version",
    // still fits
    DOMAIN_MAX = DNS_NAME_MAX - 12,
};

static const char schema_version[] = "1.1.0"; // K8S-DNS 2.2

// --- records of an origin --------------------------------------------------

// All names in it end with the apex, which is the question's name at offset 12
// or is put there by whoever sends the record: see ZONE_SOA_* in zone.h.
static void draw_soa(struct bytes_out *out, const struct zone *z,
                     uint32_t negative_ttl_s)
{
    dns_record_head(out, DNS_POINTER_QUESTION, DNS_TYPE_SOA, negative_ttl_s,
                    ZONE_SOA_SIZE - DNS_RECORD_HEAD);
    bytes_out_put(out, span_of("\2ns\3dns", 7));
    bytes_out_u16(out, DNS_POINTER_QUESTION);
    bytes_out_put(out, span_of("\12hostmaster", 11));
    bytes_out_u16(out, DNS_POINTER_QUESTION);
    bytes_out_u32(out, zone_serial(z));
    bytes_out_u32(out, SOA_REFRESH);
    bytes_out_u32(out, SOA_RETRY);
    bytes_out_u32(out, SOA_EXPIRE);
    bytes_out_u32(out, negative_ttl_s);
}

static void draw_addresses(struct bytes_out *out, uint16_t owner,
                           uint8_t family, const struct zone_settings *settings,
                           uint16_t *count)
{
    for (size_t i = 0; i < settings->servers_n; i++) {
        const struct address *a = &settings->servers[i];
        if (a->family != family)
            continue;
        dns_record_head(out, owner,
                        family == FAMILY_IPV4 ? DNS_TYPE_A : DNS_TYPE_AAAA,
                        settings->ttl_s, address_size(a));
        bytes_out_put(out, span_of(a->octets, address_size(a)));
        ++*count;
    }
}

// NS ns.dns.<apex>, with the server's addresses as glue.
static void draw_ns(struct bytes_out *out, struct zone_records *ns,
                    const struct zone_settings *settings)
{
    uint8_t *start = out->at;

    *ns = (struct zone_records){.answer = start, .answer_count = 1};
    dns_record_head(out, DNS_POINTER_QUESTION, DNS_TYPE_NS, settings->ttl_s, 9);
    bytes_out_put(out, span_of("\2ns\3dns", 7));
    bytes_out_u16(out, DNS_POINTER_QUESTION);
    ns->answer_n = (uint32_t)(out->at - start);
    ns->extra = out->at;
    // the target stands behind the record's head, counted from the question's
    // end
    const uint16_t target = DNS_POINTER | DNS_RECORD_HEAD;
    draw_addresses(out, target, FAMILY_IPV4, settings, &ns->extra_a_count);
    draw_addresses(out, target, FAMILY_IPV6, settings, &ns->extra_aaaa_count);
    ns->extra_n = (uint32_t)(out->at - ns->extra);
}

static void draw_server(struct bytes_out *out, struct zone_records *records,
                        uint8_t family, const struct zone_settings *settings)
{
    *records = (struct zone_records){.answer = out->at};
    draw_addresses(out, DNS_POINTER_QUESTION, family, settings,
                   &records->answer_count);
    records->answer_n = (uint32_t)(out->at - records->answer);
    records->stride = family == FAMILY_IPV4 ? DNS_RECORD_A : DNS_RECORD_AAAA;
}

static void draw_version(struct bytes_out *out, struct zone_records *records)
{
    size_t n = sizeof schema_version - 1;

    *records = (struct zone_records){.answer = out->at, .answer_count = 1};
    dns_record_head(out, DNS_POINTER_QUESTION, DNS_TYPE_TXT, VERSION_TTL,
                    (uint16_t)(n + 1));
    bytes_out_u8(out, (uint8_t)n);
    bytes_out_put(out, span_of(schema_version, n));
    records->answer_n = (uint32_t)(out->at - records->answer);
}

static void draw_origin(struct bytes_out *out, struct zone *z,
                        struct zone_origin *origin,
                        const struct zone_settings *settings)
{
    origin->soa = (struct zone_records){
        .answer = out->at, .answer_n = ZONE_SOA_SIZE, .answer_count = 1};
    draw_soa(out, z, settings->negative_ttl_s);
    draw_ns(out, &origin->ns, settings);
    draw_server(out, &origin->server_a, FAMILY_IPV4, settings);
    draw_server(out, &origin->server_aaaa, FAMILY_IPV6, settings);
    draw_version(out, &origin->version);
}

// --- origins ---------------------------------------------------------------

/*
 * A zone begins where a label does: after each octet of an IPv4 address, after
 * each nibble of an IPv6 one. Say which zones hold the range, or make it up.
 */
static int cannot_delegate(const struct cidr *c, struct error *err)
{
    char range[CIDR_TEXT_SIZE], holds[CIDR_TEXT_SIZE];
    char first[CIDR_TEXT_SIZE], last[CIDR_TEXT_SIZE];
    const unsigned step = label_bits(&c->base), whole = address_bits(&c->base);
    const unsigned up =
        (c->prefix == whole ? whole - 1 : c->prefix) / step * step;
    const unsigned down = up + step, parts = 1u << (down - c->prefix);
    const struct cidr outer = {address_part(&c->base, up), (uint8_t)up};
    struct cidr part = {c->base, (uint8_t)down};

    cidr_format(c, range);
    cidr_format(&outer, holds);
    if (c->prefix == whole)
        return error_set(err, -EINVAL,
                         "reverse zone '%s' is a single address; use %s, which "
                         "holds it",
                         range, holds);
    // one address is no zone, and no more zones are offered than may be given
    if (down == whole || parts > REVERSE_MAX)
        return error_set(err, -EINVAL,
                         "reverse zone '%s' does not end where a label of the "
                         "reverse tree does; use %s, which holds it",
                         range, holds);
    cidr_format(&part, first);
    // the parts differ in the last bits of their last label
    part.base.octets[(down - 1) / 8] |=
        (uint8_t)((parts - 1) << (7 - (down - 1) % 8));
    cidr_format(&part, last);
    return error_set(err, -EINVAL,
                     "reverse zone '%s' does not end where a label of the "
                     "reverse tree does; use %s, which holds it, or the %u "
                     "zones %s to %s",
                     range, holds, parts, first, last);
}

static int reverse_origin(const struct cidr *c, struct dns_name *out,
                          struct error *err)
{
    if (c->prefix % label_bits(&c->base) || c->prefix == address_bits(&c->base))
        return cannot_delegate(c, err);
    dns_name_of_address(&c->base, c->prefix, out);
    return 0;
}

// Each reverse zone once, whatever the settings say.
static int add_reverse(struct zone *z, const struct cidr *c, struct error *err)
{
    struct zone_origin *origin = &z->origins[z->origins_n];
    const struct span domain = dns_name_view(&z->domain);
    char text[CIDR_TEXT_SIZE];

    int rc = reverse_origin(c, &origin->name, err);
    if (rc)
        return rc;
    const struct span name = dns_name_view(&origin->name);
    for (size_t i = 1; i < z->origins_n; i++)
        if (span_equal(name, dns_name_view(&z->origins[i].name)))
            return 0;
    // Names there would be services and addresses at the same time. The other
    // way round, a domain below a reverse zone, is a zone within a zone.
    if (name_is_below(name, domain))
        return error_set(err, -EINVAL,
                         "the cluster domain holds the reverse zone '%s'; "
                         "give another domain, or other reverse zones",
                         cidr_format(c, text));
    origin->labels = (uint8_t)dns_name_labels(name);
    z->origins_n++;
    return 0;
}

// The forward zone first, because it is asked most.
static int make_origins(struct zone *z, const struct zone_settings *settings,
                        struct error *err)
{
    const struct cidr everything[] = {
        {.base.family = FAMILY_IPV4},
        {.base.family = FAMILY_IPV6},
    };
    size_t n = settings->reverse_n ? settings->reverse_n : 2;
    const struct cidr *reverse =
        settings->reverse_n ? settings->reverse : everything;

    if (n > REVERSE_MAX)
        return error_set(err, -EINVAL,
                         "%zu reverse zones are more than the %d allowed; name "
                         "a range that holds several of them",
                         n, REVERSE_MAX);
    z->origins = calloc(n + 1, sizeof *z->origins);
    if (!z->origins)
        return -ENOMEM;
    z->origins[0].name = z->domain;
    z->origins[0].labels = (uint8_t)dns_name_labels(dns_name_view(&z->domain));
    z->origins_n = 1;
    for (size_t i = 0; i < n; i++) {
        int rc = add_reverse(z, &reverse[i], err);
        if (rc)
            return rc;
    }
    return 0;
}

static int draw_origins(struct zone *z, const struct zone_settings *settings)
{
    // SOA, NS, TXT, and each address at most twice
    size_t each =
        3 * (DNS_RECORD_HEAD + 64) + 2 * settings->servers_n * DNS_RECORD_AAAA;
    z->static_records = calloc(z->origins_n, each);
    if (!z->static_records)
        return -ENOMEM;
    struct bytes_out out = bytes_out_of(z->static_records, z->origins_n * each);
    for (size_t i = 0; i < z->origins_n; i++)
        draw_origin(&out, z, &z->origins[i], settings);
    assert(bytes_out_ok(&out));
    return 0;
}

static void draw_heads(struct zone *z)
{
    struct bytes_out a = bytes_out_of(z->head_a, sizeof z->head_a);
    struct bytes_out aaaa = bytes_out_of(z->head_aaaa, sizeof z->head_aaaa);

    dns_record_head(&a, DNS_POINTER_QUESTION, DNS_TYPE_A, z->ttl_s, 4);
    dns_record_head(&aaaa, DNS_POINTER_QUESTION, DNS_TYPE_AAAA, z->ttl_s, 16);
}

static int check_domain(const struct zone *z, struct error *err)
{
    char text[DNS_NAME_TEXT_SIZE];

    if (dns_name_labels(dns_name_view(&z->domain)) == 0)
        return error_set(err, -EINVAL,
                         "the root cannot be the cluster domain; give one such "
                         "as cluster.local");
    if (z->domain.n > DOMAIN_MAX)
        return error_set(
            err, -EINVAL,
            "the cluster domain has %u octets, of which at most %d leave room "
            "for names below it; give a shorter one than '%.40s...'",
            z->domain.n, DOMAIN_MAX,
            dns_name_format(dns_name_view(&z->domain), text));
    return 0;
}

static int make(struct zone *z, const struct zone_settings *settings,
                struct error *err)
{
    z->domain = settings->domain;
    dns_name_fold(&z->domain);
    int rc = check_domain(z, err);
    if (rc)
        return rc;
    z->rules = settings->rules;
    z->ttl_s = settings->ttl_s;
    z->seed = settings->hash_seed;
    z->block_size_max =
        settings->block_size_max ? settings->block_size_max : BLOCK_SIZE_MAX;
    if (table_init(&z->slots) || table_init(&z->addresses) ||
        roll_init(&z->namespaces, z->seed) || roll_init(&z->pods, z->seed) ||
        spaces_init(&z->spaces, z->seed, settings->no_reasons))
        return -ENOMEM;
    z->texts = why_texts_new(&z->domain, z->seed, settings->no_reasons);
    if (!z->texts)
        return -ENOMEM;
    draw_heads(z);
    rc = make_origins(z, settings, err);
    return rc ? rc : draw_origins(z, settings);
}

int zone_new(const struct zone_settings *settings, struct zone **out,
             struct error *err)
{
    struct zone *z = calloc(1, sizeof *z);
    int rc = z ? make(z, settings, err) : -ENOMEM;

    if (rc) {
        zone_free(z);
        return rc == -ENOMEM ? error_set(err, rc, "no memory for a zone") : rc;
    }
    *out = z;
    return 0;
}

// --- the end ---------------------------------------------------------------

static void free_claims(struct zone_address *entry)
{
    // a part of an address, or one that nobody owns, has no claims
    const void *owner =
        atomic_load_explicit(&entry->owner, memory_order_relaxed);
    if (!owner || owner == entry)
        return;
    while (entry->others) {
        struct zone_claim *next = entry->others->next;
        free(entry->others);
        entry->others = next;
    }
}

static void free_tables(struct zone *z)
{
    struct zone_slot *slot;
    struct zone_address *address;

    for (size_t at = 0; (slot = table_next(&z->slots, &at));) {
        block_free(atomic_load_explicit(&slot->block, memory_order_relaxed));
        free(slot);
    }
    for (size_t at = 0; (address = table_next(&z->addresses, &at));) {
        free_claims(address);
        free(address);
    }
    table_release(&z->slots);
    table_release(&z->addresses);
    roll_release(&z->namespaces);
    roll_release(&z->pods);
    spaces_release(&z->spaces);
    zone_faults_free(atomic_load_explicit(&z->faults, memory_order_relaxed));
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    free_tables(z);
    free(z->static_records);
    why_texts_free(z->texts);
    free(z->origins);
    free(z);
}

// --- what it is ------------------------------------------------------------

bool zone_is_complete(const struct zone *z)
{
    return atomic_load_explicit(&z->complete, memory_order_acquire);
}

uint32_t zone_serial(const struct zone *z)
{
    return atomic_load_explicit(&z->serial, memory_order_relaxed);
}

struct zone_state zone_state(const struct zone *z)
{
    return z->state;
}

uint64_t zone_version(const struct zone *z)
{
    return atomic_load_explicit(&z->version, memory_order_acquire);
}
