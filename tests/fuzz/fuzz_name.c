// SPDX-License-Identifier: Apache-2.0
// Names there and back: text that is a name, written anew, is the same name;
// the first octets as a wire name, written as text, read back the same.
#include "dns/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_name: %s\n", what);
    abort();
}

static void check_wire(struct span name)
{
    size_t at = 0;
    check(name.n >= 1 && name.n <= DNS_NAME_MAX, "length of the name");
    while (name.p[at]) {
        check(name.p[at] <= DNS_LABEL_MAX, "length of a label");
        at += name.p[at] + 1u;
        check(at < name.n, "labels run out of the name");
    }
    check(at + 1 == name.n, "octets behind the root");
}

static void check_round_trip(struct span name)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct dns_name again;

    dns_name_format(name, text);
    for (const char *p = text; *p; p++)
        check(*p > ' ' && *p < 0x7f, "text that is not printable");
    check(dns_name_parse(text, &again, NULL) == 0, "text that cannot be read");
    check(span_equal(dns_name_view(&again), name), "another name");
    unsigned labels = dns_name_labels(name);
    check(labels <= DNS_LABELS_MAX, "number of labels");
    if (dns_name_prepend(&again, span_of_text("x")) == 0) {
        check_wire(dns_name_view(&again));
        check(dns_name_labels(dns_name_view(&again)) == labels + 1,
              "a label more");
    } else {
        check(name.n > DNS_NAME_MAX - 2, "no room where there is some");
    }
    dns_name_fold(&again);
    check_wire(dns_name_view(&again));
}

static void try_text(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    struct dns_name name = {0};
    struct error err = {""};

    check(text != NULL, "no memory for the fuzzer itself");
    if (n)
        memcpy(text, data, n);
    text[n] = '\0';
    if (dns_name_parse(text, &name, &err) == 0) {
        check_wire(dns_name_view(&name));
        check_round_trip(dns_name_view(&name));
    } else {
        check(name.n == 0, "touched although refused");
        check(err.text[0] != '\0', "refused without a word");
    }
    free(text);
}

// The longest well-formed name at the front of the data.
static void try_wire(const uint8_t *data, size_t n)
{
    uint8_t wire[DNS_NAME_MAX];
    size_t at = 0;

    while (at < n && data[at] && data[at] <= DNS_LABEL_MAX &&
           at + data[at] + 2 <= DNS_NAME_MAX && at + 1 + data[at] <= n) {
        memcpy(wire + at, data + at, data[at] + 1u);
        at += data[at] + 1u;
    }
    wire[at++] = 0;
    check_wire(span_of(wire, at));
    check_round_trip(span_of(wire, at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    try_text(data, n);
    try_wire(data, n);
    return 0;
}
