// SPDX-License-Identifier: Apache-2.0
// SRV records of endpoints, and the addresses that go with them.
#include "render.h"

// A pointer counted from the end of the question must stay below what 14 bits
// hold, however long the question.
enum { NEAR_LIMIT = DNS_POINTER_LIMIT - DNS_HEADER - DNS_QUESTION_MAX };

static struct span label_of(const struct endpoint_name *name)
{
    return span_of(name->label, name->label_n);
}

/*
 * Whether an entry has a part in its name's SRV records: of a name that is in
 * the set only what is in the set, so that its own answer and the service's are
 * the same records.
 */
static bool takes_part(const struct endpoint_name *name,
                       const struct endpoint_entry *e)
{
    return e->in_set || !name->in_set;
}

/*
 * How many shares the weight of 100 is cut into: each address of each endpoint
 * times its matching ports, before any de-duplication; one without ports counts
 * once (CoreDNS).
 */
static size_t count_shares(const struct render *r,
                           const struct port_choice *ports)
{
    const struct endpoints *ends = r->endpoints;
    size_t shares = 0;
    for (uint32_t i = 0; i < ends->entries_n; i++)
        if (ends->entries[i].in_set)
            shares += ports->runs[ends->entries[i].slice].n;
    return shares;
}

uint8_t render_own_weight(const struct render *r,
                          const struct port_choice *ports,
                          const struct endpoint_name *name)
{
    const struct endpoint_entry *e = r->endpoints->entries + name->first;
    size_t shares = 0;
    for (uint32_t i = 0; i < name->n; i++)
        if (takes_part(name, &e[i]))
            shares += ports->runs[e[i].slice].n;
    return render_weight(shares);
}

// Put a number among n distinct ones that ascend. Returns how many there are.
static size_t insert_number(uint16_t *numbers, size_t n, uint16_t number)
{
    size_t at = n;
    while (at > 0 && numbers[at - 1] > number)
        at--;
    if (at > 0 && numbers[at - 1] == number)
        return n;
    memmove(numbers + at + 1, numbers + at, (n - at) * sizeof *numbers);
    numbers[at] = number;
    return n + 1;
}

// Put those of a slice among n in r->numbers. Returns how many there are.
static size_t insert_slice(struct render *r, const struct port_choice *ports,
                           uint32_t slice, size_t n)
{
    const struct port_run run = ports->runs[slice];

    for (uint32_t k = run.first; k < run.first + run.n; k++)
        if (ports->uses[k].number)
            n = insert_number(r->numbers, n, ports->uses[k].number);
    return n;
}

// A target that would not fit into 255 octets cannot be named.
static bool can_be_target(const struct render *r, unsigned label_n)
{
    return label_n + 1u + r->pen.suffix.n <= DNS_NAME_MAX;
}

/*
 * The distinct port numbers of one name, ascending, in r->numbers. A name's
 * entries may come from the same slices in turns: only distinct numbers are
 * bounded by the ports that all slices have.
 */
static size_t collect_numbers(struct render *r, const struct port_choice *ports,
                              const struct endpoint_name *name)
{
    const struct endpoint_entry *e = r->endpoints->entries + name->first;
    const struct endpoint_entry *last = NULL;
    size_t n = 0;

    if (!can_be_target(r, name->label_n))
        return 0;
    for (uint32_t i = 0; i < name->n; i++) {
        if (!takes_part(name, &e[i]) || (last && last->slice == e[i].slice))
            continue;
        last = &e[i];
        n = insert_slice(r, ports, e[i].slice, n);
    }
    return n;
}

uint32_t render_srv(struct render *r, const struct port_choice *ports,
                    struct zone_records *out, struct own_srv *own)
{
    const struct endpoints *ends = r->endpoints;
    const uint8_t weight = render_weight(count_shares(r, ports));
    uint32_t i = 0;

    pen_begin_srv(&r->pen, out);
    memset(r->targets, 0, ends->names_n * sizeof *r->targets);
    for (; i < ends->names_n && !pen_is_full(&r->pen); i++) {
        const struct endpoint_name *name = &ends->names[i];
        const size_t at = r->pen.n;
        const size_t n = name->in_set ? collect_numbers(r, ports, name) : 0;
        if (out->answer_count + n > PEN_RECORDS_MAX)
            break;
        if (n)
            r->targets[i] = at - r->pen.start + DNS_SRV_TARGET_AT;
        for (size_t k = 0; k < n; k++)
            pen_next_srv(&r->pen, out, weight, r->numbers[k], label_of(name));
        if (own)
            own[i] = (struct own_srv){(uint32_t)at, (uint16_t)n};
    }
    pen_finish_srv(&r->pen, out);
    return i;
}

void render_own_srv(struct render *r, const struct port_choice *ports,
                    uint32_t drawn, struct own_srv *own)
{
    const struct endpoints *ends = r->endpoints;

    for (uint32_t i = 0; i < ends->names_n && !pen_is_full(&r->pen); i++) {
        const struct endpoint_name *name = &ends->names[i];
        if (name->in_set && i < drawn)
            continue;
        const uint8_t weight = render_own_weight(r, ports, name);
        const size_t n = collect_numbers(r, ports, name);
        own[i] = (struct own_srv){(uint32_t)r->pen.n, (uint16_t)n};
        for (size_t k = 0; k < n; k++)
            pen_srv(&r->pen, weight, r->numbers[k], label_of(name));
    }
}

// --- additional records ----------------------------------------------------

// One additional record, its owner a pointer where it can be.
static void put_extra(struct render *r, struct zone_records *out, size_t target,
                      const struct endpoint_name *name,
                      const struct endpoint_entry *e)
{
    bool near = target < NEAR_LIMIT;
    uint16_t *count = !near                      ? &out->extra_far_count
                      : e->family == FAMILY_IPV4 ? &out->extra_a_count
                                                 : &out->extra_aaaa_count;
    if (*count == PEN_RECORDS_MAX)
        return;
    ++*count;
    if (near)
        pen_address(&r->pen, target, e->family, e->octets);
    else
        pen_far_address(&r->pen, label_of(name), e->family, e->octets);
}

enum extra_pass { EXTRA_A, EXTRA_AAAA, EXTRA_FAR, EXTRA_PASSES };

static bool extra_belongs(enum extra_pass pass, size_t target, uint8_t family)
{
    if (target >= NEAR_LIMIT)
        return pass == EXTRA_FAR;
    return pass == (family == FAMILY_IPV4 ? EXTRA_A : EXTRA_AAAA);
}

// Those of one name, if it is a target.
static void put_name_extras(struct render *r, struct zone_records *out,
                            enum extra_pass pass, uint32_t at)
{
    const struct endpoint_name *name = &r->endpoints->names[at];
    const struct endpoint_entry *e = r->endpoints->entries + name->first;
    const size_t target = r->targets[at];

    if (target == 0)
        return;
    for (uint32_t i = 0; i < name->n; i++)
        if (extra_belongs(pass, target, e[i].family) &&
            (i == 0 || !entry_same_address(&e[i], &e[i - 1])))
            put_extra(r, out, target, name, &e[i]);
}

/*
 * A and AAAA of all targets, each address of a target once. RFC 2181 5: of a
 * target that is only partly in the set all addresses are told, as its own name
 * tells them. An answer that no message can hold is sent without.
 */
void render_extras(struct render *r, struct zone_records *out)
{
    const size_t start = r->pen.n;

    if (out->answer_n > DNS_TCP_MAX)
        return;
    out->extra = pen_at(&r->pen);
    for (int pass = EXTRA_A; pass < EXTRA_PASSES; pass++)
        for (uint32_t i = 0; i < r->endpoints->names_n; i++)
            put_name_extras(r, out, (enum extra_pass)pass, i);
    out->extra_n = (uint32_t)(r->pen.n - start);
}

// --- some of the endpoints -------------------------------------------------

// Of n entries by name, how many have the name of the first.
static uint32_t count_same_name(const struct endpoint_entry *const *entries,
                                uint32_t n)
{
    uint32_t same = 1;
    while (same < n && entries[same]->name == entries[0]->name)
        same++;
    return same;
}

// collect_numbers() of these entries, which have one name.
static size_t collect_part(struct render *r, const struct port_choice *ports,
                           const struct endpoint_entry *const *entries,
                           uint32_t n)
{
    size_t numbers = 0;

    if (!can_be_target(r, entries[0]->label_n))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || entries[i]->slice != entries[i - 1]->slice)
            numbers = insert_slice(r, ports, entries[i]->slice, numbers);
    return numbers;
}

// The weight, and no name is a target yet.
static uint8_t begin_part(struct render *r, const struct port_choice *ports,
                          const struct endpoint_entry *const *entries,
                          uint32_t n)
{
    size_t shares = 0;
    for (uint32_t i = 0; i < n; i++) {
        shares += ports->runs[entries[i]->slice].n;
        r->targets[entries[i]->name] = 0;
    }
    return render_weight(shares);
}

void render_part_srv(struct render *r,
                     const struct endpoint_entry *const *entries, uint32_t n,
                     const struct port_choice *ports, struct zone_records *out)
{
    const uint8_t weight = begin_part(r, ports, entries, n);

    pen_begin_srv(&r->pen, out);
    for (uint32_t i = 0, same; i < n && !pen_is_full(&r->pen); i += same) {
        const uint32_t at = entries[i]->name;
        same = count_same_name(entries + i, n - i);
        const size_t numbers = collect_part(r, ports, entries + i, same);
        if (out->answer_count + numbers > PEN_RECORDS_MAX)
            break;
        if (numbers)
            r->targets[at] = r->pen.n - r->pen.start + DNS_SRV_TARGET_AT;
        for (size_t k = 0; k < numbers; k++)
            pen_next_srv(&r->pen, out, weight, r->numbers[k],
                         label_of(&r->endpoints->names[at]));
    }
    pen_finish_srv(&r->pen, out);
}

void render_part_extras(struct render *r,
                        const struct endpoint_entry *const *entries, uint32_t n,
                        struct zone_records *out)
{
    const size_t start = r->pen.n;

    if (out->answer_n > DNS_TCP_MAX)
        return;
    out->extra = pen_at(&r->pen);
    for (int pass = EXTRA_A; pass < EXTRA_PASSES; pass++)
        for (uint32_t i = 0; i < n; i++)
            if (i == 0 || entries[i]->name != entries[i - 1]->name)
                put_name_extras(r, out, (enum extra_pass)pass,
                                entries[i]->name);
    out->extra_n = (uint32_t)(r->pen.n - start);
}
