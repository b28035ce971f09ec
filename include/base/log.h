// SPDX-License-Identifier: Apache-2.0
// Events of the control path, one line each: a short phrase, then key=value.
// A struct log may be used by several threads at once: a line is one write.
// Nothing on the hot path logs.
#ifndef ORDINALD_BASE_LOG_H
#define ORDINALD_BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log {
    // set by the caller
    int fd;
    enum log_level level; // what is less severe is left out
    enum log_format format;
};

// One key and its value; build it with LOG_UINT or LOG_STRING.
struct log_field {
    const char *key;
    const char *text; // NULL: number counts
    uint64_t number;
};

#define LOG_UINT(k, v)   ((struct log_field){.key = (k), .number = (uint64_t)(v)})
#define LOG_STRING(k, v) ((struct log_field){.key = (k), .text = (v)})

/*
 * Write one line; a failing write is ignored (there is nowhere to say so).
 *
 * fields  ended by one whose key is NULL; log_event() adds that
 */
void log_fields(const struct log *log, enum log_level level, const char *phrase,
                const struct log_field *fields);

#define log_event(log, level, ...)                                             \
    LOG_EVENT_(log, level, __VA_ARGS__, (struct log_field){0})
#define LOG_EVENT_(log, level, phrase, ...)                                    \
    log_fields(log, level, phrase, (const struct log_field[]){__VA_ARGS__})

// Write a finding as compilers do, `file:line:column: error: text`; as fields
// where the format is JSON.
void log_finding(const struct log *log, enum finding kind, struct place at,
                 const char *text);

#endif
