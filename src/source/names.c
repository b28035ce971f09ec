// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// RFC 1035 2.3.4; RFC 6335 5.1; a subdomain of 253 characters is a name of 255
// octets on the wire, the most there may be.
enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253, CONTAINER_PORT_MAX = 15 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_lower(c) || is_digit(c);
}

// Lower-case letters, digits and '-', a letter or digit at both ends.
static const char *label_fault(const char *text, size_t n)
{
    if (n == 0)
        return "must not be empty";
    for (size_t i = 0; i < n; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z')
            return "must be in lower case";
        if (!is_word(text[i]) && text[i] != '-')
            return "may have only lower-case letters, digits and '-'";
    }
    if (text[0] == '-' || text[n - 1] == '-')
        return "must begin and end with a letter or digit";
    return NULL;
}

const char *name_label_fault(const char *text)
{
    const size_t n = strlen(text);
    if (n > LABEL_MAX)
        return "is longer than 63 characters: shorten it";
    return label_fault(text, n);
}

const char *name_subdomain_fault(const char *text)
{
    const size_t n = strlen(text);
    if (n > SUBDOMAIN_MAX)
        return "is longer than 253 characters: shorten it";
    for (size_t at = 0; at <= n;) {
        const size_t label = strcspn(text + at, ".");
        const char *fault = label_fault(text + at, label);
        if (fault && label == 0)
            return n ? "has a '.' too many" : fault;
        // The API server lets these pass, but no DNS message can carry one.
        if (label > LABEL_MAX)
            return "has a label longer than 63 characters: shorten it";
        if (fault)
            return label_fault(text + at, label);
        at += label + 1;
    }
    return NULL;
}

const char *name_container_port_fault(const char *text)
{
    const size_t n = strlen(text);
    bool letter = false;
    if (n > CONTAINER_PORT_MAX)
        return "is longer than 15 characters: shorten it (RFC 6335)";
    for (size_t i = 0; i < n; i++) {
        letter |= is_lower(text[i]);
        if (text[i] == '-' && text[i + 1] == '-')
            return "must not have two '-' in a row";
    }
    const char *fault = label_fault(text, n);
    if (fault)
        return fault;
    return letter ? NULL : "needs a letter: a number stands without quotes";
}

const char *name_service_port_fault(const char *text)
{
    // K8S-DNS 2.3.2: "_name" is one label; the API server allows one more.
    const size_t n = strlen(text);
    if (n >= LABEL_MAX)
        return "is longer than 62 characters: shorten it, '_' and the name "
               "are one label in DNS";
    return label_fault(text, n);
}

// The name of a label's key, or its value: [A-Za-z0-9_.-], ends alphanumeric.
static const char *qualified_fault(const char *text, size_t n)
{
    if (n > LABEL_MAX)
        return "is longer than 63 characters: shorten it";
    for (size_t i = 0; i < n; i++) {
        const bool end = i == 0 || i == n - 1;
        const bool alnum = is_letter(text[i]) || is_digit(text[i]);
        if (!alnum && (end || !strchr("-_.", text[i])))
            return end ? "must begin and end with a letter or digit"
                       : "may have only letters, digits, '-', '_' and '.'";
    }
    return NULL;
}

const char *name_label_value_fault(const char *text)
{
    return qualified_fault(text, strlen(text));
}

const char *name_label_key_fault(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    if (*name == '\0')
        return "must not be empty";
    if (!slash)
        return qualified_fault(name, strlen(name));
    char prefix[SUBDOMAIN_MAX + 1];
    const size_t n = (size_t)(slash - text);
    if (n > SUBDOMAIN_MAX)
        return "has a prefix longer than 253 characters";
    memcpy(prefix, text, n);
    prefix[n] = '\0';
    const char *fault = name_subdomain_fault(prefix);
    return fault ? "has a prefix that is no DNS name"
                 : qualified_fault(name, strlen(name));
}
