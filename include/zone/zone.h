// SPDX-License-Identifier: Apache-2.0
// The published zone: a table of immutable answer blocks, one for each service,
// and the tables of addresses (for PTR), namespaces and pods that change with
// them.
//
// One control thread changes it through a struct zone_update; any number of
// reader threads look things up inside a read section. All records of a service
// (addresses, SRV, additionals, PTR) become visible by one pointer.
#ifndef ORDINALD_ZONE_ZONE_H
#define ORDINALD_ZONE_ZONE_H

#include "base/base.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/sockaddr.h"
#include "dns/message.h"
#include "dns/name.h"
#include "model/reason.h"
#include "model/service.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;
struct zone_block;
struct zone_update;

// Names of pods by their address, <a-b-c-d>.<namespace>.pod.<domain>.
enum zone_pods {
    ZONE_PODS_DISABLED,
    ZONE_PODS_INSECURE, // any address, in a namespace that exists
    ZONE_PODS_VERIFIED, // of pods that were told
};

// What becomes a name. All zero: as Kubernetes has it, without pods.
struct zone_rules {
    // where a service does not say: which endpoints have a name, and which are
    // in the service's set; RULE_UNSET is RULE_READY. Who is in the set has a
    // name in any case: an SRV record always leads to an address
    enum endpoint_rule names;
    enum endpoint_rule set;
    enum zone_pods pods;
    // an endpoint without hostname is called by its pod's name (CoreDNS:
    // endpoint_pod_names), unless that has more than 63 octets
    bool endpoint_pod_names;
    // a ClusterIP service without endpoints in its set is NXDOMAIN (CoreDNS:
    // ignore empty_service); the PTR of its address stays
    bool ignore_empty_service;
    // <zone>.pin._zone.<service> and <zone>.prefer._zone.<service>: a headless
    // service's endpoints in a topology zone (CoreDNS: zonal)
    bool zonal;
};

struct zone_settings {
    struct dns_name domain; // "cluster.local."; folded
    // reverse zones; none given: all of in-addr.arpa and ip6.arpa
    const struct cidr *reverse;
    size_t reverse_n;
    uint32_t ttl_s;          // 0 to 3600
    uint32_t negative_ttl_s; // TTL and MINIMUM of the SOA (RFC 2308)
    // the addresses of ns.dns.<zone>: where this server listens
    const struct address *servers;
    size_t servers_n;
    size_t block_size_max; // octets one service may take; 0: 64 MiB
    uint64_t hash_seed;
    struct zone_rules rules;
    bool no_reasons; // negative answers have the number of why, no text
};

/*
 * Returns 0 and sets out; -EINVAL with err filled for a domain or reverse zone
 * that cannot be served; -ENOMEM. What settings points at is copied.
 *
 * A reverse zone ends where a label of the reverse tree does: IPv4 /0, /8, /16
 * or /24, IPv6 any multiple of 4 below 128. Zones may hold each other, and one
 * may hold the domain: the longest that matches answers. The domain may hold no
 * reverse zone.
 */
int zone_new(const struct zone_settings *settings, struct zone **out,
             struct error *err) ORD_CHECKED;

// No reader may be left. NULL is fine.
void zone_free(struct zone *z);

// --- readers ---------------------------------------------------------------

// A reader thread says who it is once, and is online from then on.
void zone_reader_register(void);
void zone_reader_unregister(void);

// Nothing found in a zone is in use by this thread at this moment. Call it
// between batches: memory of old blocks waits for it.
void zone_reader_quiescent(void);

// Around any wait: the thread reads nothing between offline and online.
void zone_reader_offline(void);
void zone_reader_online(void);

enum zone_outcome {
    ZONE_FOUND,
    ZONE_NODATA, // the name exists, this type does not (also RFC 8020 3)
    ZONE_NXDOMAIN,
    ZONE_OUTSIDE, // not below any of our zones
};

// Records as they will be sent, right behind the question (offset 12).
struct zone_records {
    const uint8_t *answer;
    const uint8_t *extra; // additional section
    uint32_t answer_n;    // octets
    uint32_t extra_n;
    uint16_t answer_count;
    // Additional records, in this order: A, then AAAA, whose owner is a pointer
    // counted from the end of the question (add that end to it); then those
    // whose owner is written out, because a pointer cannot reach it.
    uint16_t extra_a_count;
    uint16_t extra_aaaa_count;
    uint16_t extra_far_count;
    // octets of each answer record where all are equally long and may begin
    // with any of them; 0: of unequal length, order kept
    uint16_t stride;
    // Where the answer may not fit into a message: so many places at which it
    // may begin instead, one each ZONE_MARK_STEP octets or a little more, the
    // first of them 0. They are uint32_t in the machine's order, not aligned,
    // right behind the answer; each a record's beginning.
    uint16_t marks_n;
};

enum { ZONE_MARK_STEP = 16384 };

// How an answer is put together. All are copies.
enum zone_form {
    ZONE_FORM_RECORDS,  // records, as they stand
    ZONE_FORM_SOA,      // records, with the serial of now
    ZONE_FORM_PEER,     // addresses of one peer: a head, then the octets, each
    ZONE_FORM_PEER_SRV, // records, with `weight`; addresses are additional
    ZONE_FORM_PTR,      // one record whose target is label and suffix
    ZONE_FORM_CNAME,    // records: one CNAME, for every type (RFC 1034 3.6.2)
};

struct zone_match {
    enum zone_form form; // of ZONE_FOUND; what it names is set
    const struct zone_records *records;
    struct zone_records peer_srv; // ZONE_FORM_PEER_SRV: records point here
    const uint8_t *a;             // 4 octets each; a pod's is in the lookup,
                                  // which lives until the reply is made
    const uint8_t *aaaa;          // 16 octets each
    uint16_t a_count;
    uint16_t aaaa_count;
    uint8_t weight;
    struct span label;  // in wire form, may be empty
    struct span suffix; // the rest, root included
    // always but for ZONE_OUTSIDE; its SOA goes with ZONE_NODATA and NXDOMAIN
    const struct zone_origin *origin;
};

/*
 * The SOA record of an origin. Its owner and the names in it end with a pointer
 * to the apex, which stands at offset 12 when the apex itself is asked for: who
 * sends it below another name writes the apex's offset at these places, and the
 * serial always.
 */
enum {
    ZONE_SOA_OWNER_AT = 0,
    ZONE_SOA_MNAME_AT = 12 + 7,  // behind "ns.dns"
    ZONE_SOA_RNAME_AT = 21 + 11, // behind "hostmaster"
    ZONE_SOA_SERIAL_AT = 34,
    ZONE_SOA_SIZE = 34 + 5 * 4,
};

// A zone's apex, shared by all answers from it.
struct zone_origin {
    struct dns_name name;
    uint8_t labels;          // of the name, the root not counted
    struct zone_records soa; // the answer at the apex: owner at offset 12
    struct zone_records ns;
    struct zone_records version;  // dns-version.<apex> TXT (K8S-DNS 2.2)
    struct zone_records server_a; // ns.dns.<apex>
    struct zone_records server_aaaa;
};

/*
 * A look-up in steps, so that a batch can make each step for all its queries
 * and let their cache misses overlap. zone_find() makes all of them.
 */
struct zone_lookup {
    // private; what a step needs is set by the step before
    const struct zone_origin *origin;
    const struct zone_block *block;
    uint64_t hash;       // of service and namespace, or of an address
    uint64_t label_hash; // of the endpoint's label
    uint8_t place;
    uint8_t key_at; // in the question's name
    uint8_t key_n;
    uint8_t address_key[17];
    struct address address; // of a reverse name, or a pod's
};

// Which name is this? Touches nothing that is shared but the origins.
void zone_lookup_begin(const struct zone *z, const struct dns_query *q,
                       struct zone_lookup *l);
// Find the service's slot and fetch its block ahead.
void zone_lookup_slot(const struct zone *z, const struct dns_query *q,
                      struct zone_lookup *l);
// Find the endpoint in the block and fetch it ahead.
void zone_lookup_block(const struct zone *z, const struct dns_query *q,
                       struct zone_lookup *l);
/*
 * Returns the outcome and fills out, borrowed from z until the section ends,
 * and from l (RFC 1034 4.3.2, RFC 2308, RFC 8020).
 */
enum zone_outcome zone_lookup_finish(const struct zone *z,
                                     const struct dns_query *q,
                                     const struct zone_lookup *l,
                                     struct zone_match *out);

enum zone_outcome zone_find(const struct zone *z, const struct dns_query *q,
                            struct zone_lookup *l, struct zone_match *out);

// Why an answer is negative, as it is sent: an EDNS option (RFC 8914 2), made
// with the block, or the part of the zone, that it is about. Borrowed from the
// zone until the read section ends.
struct zone_reason {
    uint8_t code;     // enum reason_code
    uint8_t option_n; // octets to be sent: without reasons, the INFO-CODE is
                      // the last of them
    uint8_t text_n;   // of the text behind it, whether it is sent or not
    uint8_t option[]; // code, length, INFO-CODE, text
};

enum { ZONE_REASON_TEXT_AT = 6 }; // in option

/*
 * Why zone_lookup_finish() had this outcome, which is not ZONE_FOUND. Formats
 * nothing; never NULL.
 */
const struct zone_reason *zone_why(const struct zone *z,
                                   const struct dns_query *q,
                                   const struct zone_lookup *l,
                                   enum zone_outcome outcome);

// Whether the first load was complete: before, nothing is known to be absent.
bool zone_is_complete(const struct zone *z);

// Unix time of the last change, never going back; 0 before any (RFC 1912 2.2).
uint32_t zone_serial(const struct zone *z);

// How often the zone has changed: another number after each step.
uint64_t zone_version(const struct zone *z);

/*
 * Whether a question that was NXDOMAIN is about an ordinal that a StatefulSet
 * declares: `<statefulset>-<n>` below the service that governs it.
 */
bool zone_is_declared(const struct zone *z, const struct dns_query *q,
                      const struct zone_lookup *l);

/*
 * Whether a question is about a name of our domain of which nobody has told us:
 * at or below a service that is not there, be it that a StatefulSet names it or
 * that the server's own pod, which is known, is named below it; a namespace; a
 * pod by its address; or at no place that has a meaning here. Its outcome is
 * ZONE_NXDOMAIN, or ZONE_NODATA at the service of the server's own pod.
 */
ORD_COLD bool zone_is_unknown(const struct zone *z, const struct dns_query *q,
                              const struct zone_lookup *l);

// Whether a name that is in our zones is in one of the reverse ones.
ORD_COLD bool zone_is_reverse(const struct zone *z,
                              const struct zone_lookup *l);

/*
 * Whether a question is about the name of the server's own pod (struct self) or
 * one of its addresses: then its outcome is ZONE_FOUND or ZONE_NODATA, and true
 * even while the zone is not complete.
 */
bool zone_is_self(const struct zone *z, const struct dns_query *q,
                  const struct zone_lookup *l);

// What is to go wrong with answers at a service's name or a pod's, and at all
// names below it.
struct zone_fault {
    bool servfail;
    bool truncate; // over UDP: nothing but TC
    bool no_aaaa;  // no such record, in no section
    uint16_t slow_ms;
};

// What applies to a question of class IN; all zero for most. Where faults of a
// pod and of its service meet, both do; of two delays the longer one. Rare:
// look only when zone_has_faults().
bool zone_has_faults(const struct zone *z);
struct zone_fault zone_find_fault(const struct zone *z,
                                  const struct dns_query *q);

// The head of a record at the question's name: owner, type, class, TTL, length
// of an address. `type` is DNS_TYPE_A or DNS_TYPE_AAAA.
const uint8_t *zone_address_head(const struct zone *z, uint16_t type);

uint32_t zone_ttl_s(const struct zone *z);

// --- the control thread ----------------------------------------------------

struct zone_state {
    uint32_t services;  // blocks that answer
    uint32_t endpoints; // names below them
    uint32_t addresses; // with a PTR
    uint32_t namespaces;
    uint32_t pods;     // addresses of pods that have a name
    size_t octets;     // of all blocks
    uint64_t builds;   // blocks made, ever
    uint64_t failures; // blocks that could not be made, ever
};

struct zone_state zone_state(const struct zone *z);

/*
 * Begin a step. One at a time.
 *
 * Returns NULL when there is no memory.
 */
struct zone_update *zone_update_begin(struct zone *z);

/*
 * Make the block of a service anew; it is seen once the step is published. One
 * without object does not exist, but says why.
 *
 * Of several words on one service in a step, the last one counts.
 *
 * Returns 0; or, with err filled, -ENOMEM, -EFBIG (more than block_size_max) or
 * -EINVAL (a name that does not fit into DNS): then the old block stays, and
 * the rest of the step can go on.
 */
int zone_update_service(struct zone_update *u, const struct service *s,
                        struct error *err) ORD_CHECKED;

// A service goes with all its names. Returns 0 or -ENOMEM (nothing changed).
int zone_update_remove(struct zone_update *u, const char *namespace,
                       const char *service) ORD_CHECKED;

// A namespace comes or goes. Of several words on one in a step, the last one
// counts. Returns 0, or -ENOMEM, and the word before stays.
int zone_update_namespace(struct zone_update *u, const char *namespace,
                          bool exists) ORD_CHECKED;

// The address of a pod comes or goes (ZONE_PODS_VERIFIED; otherwise nothing is
// done). It has a name while its namespace exists. Of several words on one
// address in a step, the last one counts. Returns 0, or -ENOMEM, and the word
// before stays.
int zone_update_pod(struct zone_update *u, const char *namespace,
                    const struct address *a, bool exists) ORD_CHECKED;

struct zone_fault_of {
    const char *namespace;
    const char *service;
    const char *pod; // a hostname; "" for the whole service
    struct zone_fault fault;
};

/*
 * The faults that answers have from this step on, instead of those before;
 * copied. One whose names are no labels has no effect. They are no part of what
 * the zone says: the serial stays.
 *
 * Returns 0 or -ENOMEM, and the word before stays.
 */
int zone_update_faults(struct zone_update *u,
                       const struct zone_fault_of *faults,
                       uint32_t n) ORD_CHECKED;

/*
 * Make all of the step visible, then wait until no reader uses the old blocks,
 * and free them and u. Cannot fail.
 *
 * now_unix_s  for the serial; it moves only if something changed
 * complete    the zone is whole from here on: absence is knowledge
 */
void zone_update_publish(struct zone_update *u, uint32_t now_unix_s,
                         bool complete);

// Drop the step.
void zone_update_cancel(struct zone_update *u);

#endif
