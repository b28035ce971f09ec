// SPDX-License-Identifier: Apache-2.0
// A frame (gRPC over HTTP/2, "Length-Prefixed-Message"):
//
//     1 octet   0: not compressed
//     4 octets  length of what follows
//     message   protobuf
//
//     message HealthCheckRequest  { string service = 1; }
//     message HealthCheckResponse { ServingStatus status = 1; }  // SERVING: 1
#include "probe_grpc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

enum { FRAME = 5, VARINT_MAX = 10 };
enum { FIELD_1 = 1, SERVING = 1 };

// Protobuf's wire types.
enum { WIRE_VARINT = 0, WIRE_8 = 1, WIRE_LENGTH = 2, WIRE_4 = 5 };

// Returns the place behind it.
static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)((v & 0x7f) | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static uint64_t take_varint(struct bytes_in *in)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < VARINT_MAX; i++) {
        const uint8_t octet = bytes_in_u8(in);
        v |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (octet < 0x80)
            return v;
    }
    in->failed = true;
    return 0;
}

int grpc_check(struct arena *arena, const char *service, struct span *out)
{
    const size_t n = strlen(service);
    uint8_t *p = arena_bytes(arena, FRAME + 1 + VARINT_MAX + n);
    uint8_t *at;

    if (!p)
        return -ENOMEM;
    p[0] = 0;
    at = p + FRAME;
    if (n > 0) {
        *at++ = FIELD_1 << 3 | WIRE_LENGTH;
        at = put_varint(at, n);
        memcpy(at, service, n);
        at += n;
    }
    *out = span_of(p, (size_t)(at - p));
    bytes_store_u32(p + 1, (uint32_t)(out->n - FRAME));
    return 0;
}

static void skip(struct bytes_in *in, unsigned wire)
{
    switch (wire) {
    case WIRE_VARINT:
        (void)take_varint(in);
        break;
    case WIRE_8:
        (void)bytes_in_take(in, 8);
        break;
    case WIRE_LENGTH:
        (void)bytes_in_take(in, (size_t)take_varint(in));
        break;
    case WIRE_4:
        (void)bytes_in_take(in, 4);
        break;
    default:
        in->failed = true;
    }
}

// Fields that are not known here are for others; of several, the last one
// counts.
static uint64_t status_in(struct bytes_in *in)
{
    uint64_t status = 0;

    while (bytes_in_ok(in) && bytes_in_left(in) > 0) {
        const uint64_t tag = take_varint(in);
        if (tag == (FIELD_1 << 3 | WIRE_VARINT))
            status = take_varint(in);
        else
            skip(in, tag & 7);
    }
    return status;
}

bool grpc_is_serving(struct span body)
{
    struct bytes_in in = bytes_in_of(body);
    const bool compressed = bytes_in_u8(&in) != 0;
    const uint32_t n = bytes_in_u32(&in);

    if (!bytes_in_ok(&in) || compressed || n != bytes_in_left(&in))
        return false;
    const uint64_t status = status_in(&in);
    return bytes_in_ok(&in) && status == SERVING;
}
