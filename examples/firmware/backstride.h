/* Codec of the Backstride profile, version 0.1: what a sensor sends, and what it is asked.
 *
 * C99, this header alone, no allocation, no state but what the caller holds. Every message is
 * told in devices/PROFILE.md. Encoders return the number of bytes written, 0 where a field does not
 * fit the format or the room is too small; decoders return whether the bytes follow the format, and
 * leave what they fill undefined where they do not. Nothing here depends on the byte order or the
 * alignment of the machine. Floating point is IEEE 754 single precision, for calibrations alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BACKSTRIDE_H
#define BACKSTRIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BACKSTRIDE_MAJOR 0u
#define BACKSTRIDE_MINOR 1u

enum {
    BACKSTRIDE_SAMPLES_MAX = 31,
    BACKSTRIDE_CHANNELS_MAX = 6,
    BACKSTRIDE_DATA_HEADER_BYTES = 8,
    BACKSTRIDE_DATA_BYTES_MAX = 8 + 2 * 6 * 31,
    BACKSTRIDE_INFO_BYTES = 20,
    BACKSTRIDE_STATUS_BYTES = 20,
    BACKSTRIDE_CONFIGURATION_BYTES = 12,
    BACKSTRIDE_PING_TIMES_BYTES = 16,
    BACKSTRIDE_UTC_BYTES = 8,
    BACKSTRIDE_CALIBRATION_BYTES = 104,
    BACKSTRIDE_LOG_ENTRY_BYTES = 20,
    BACKSTRIDE_REQUEST_HEADER_BYTES = 2,
    BACKSTRIDE_REPLY_HEADER_BYTES = 4,
    BACKSTRIDE_BULK_HEADER_BYTES = 6,
    BACKSTRIDE_FRAME_BYTES_MAX = 4096, /* stuffed, without the zero that ends it */
    BACKSTRIDE_STATUS_KIND = 0x10,
    BACKSTRIDE_REPLY_KIND = 0x80,
    BACKSTRIDE_CALIBRATION_VERSION = 1
};

/* First byte of a frame's content on a serial line. */
enum {
    BACKSTRIDE_FRAME_DATA = 1,
    BACKSTRIDE_FRAME_REQUEST = 2,
    BACKSTRIDE_FRAME_REPLY = 3,
    BACKSTRIDE_FRAME_STATUS = 4,
    BACKSTRIDE_FRAME_BULK = 5,
    BACKSTRIDE_FRAME_TEXT = 6,
    BACKSTRIDE_FRAME_INFO = 7
};

typedef struct {
    uint8_t layout; /* 0 acceleration and angular velocity, 1 acceleration, 2 angular velocity */
    uint8_t n;      /* samples, 1 to 31 */
    uint8_t flags;
    uint16_t sequence; /* index of the first sample */
    uint32_t time_us;  /* device time of the first sample */
    int16_t counts[BACKSTRIDE_SAMPLES_MAX * BACKSTRIDE_CHANNELS_MAX]; /* sample after sample */
} backstride_data;

typedef struct {
    uint8_t major, minor;
    uint16_t hardware, firmware;
    uint32_t features;
    uint16_t rates_mask;
    uint8_t acceleration_ranges_mask, angular_velocity_ranges_mask;
    uint8_t samples_max, reserved;
    uint32_t flash_bytes;
} backstride_info;

typedef struct {
    uint8_t state;
    uint16_t sequence;
    uint64_t time_us;
    uint16_t dropped_samples, battery_mv;
    int16_t temperature_c_100; /* hundredths of a degree Celsius */
    uint8_t battery_percent, flags;
} backstride_status;

typedef struct {
    uint16_t rate_hz_10; /* tenths of a hertz */
    uint8_t acceleration_range_g, flags;
    uint16_t angular_velocity_range_deg_s;
    uint8_t samples_per_packet, streams;
    uint16_t acceleration_low_pass_hz, angular_velocity_low_pass_hz;
} backstride_configuration;

typedef struct {
    uint64_t received_us, sent_us;
} backstride_ping_times;

typedef struct {
    float acceleration_bias_m_s2[3], acceleration_matrix[9];
    float angular_velocity_bias_rad_s[3], angular_velocity_matrix[9];
    float temperature_c;
} backstride_calibration;

typedef struct {
    uint16_t log_id;
    uint32_t utc_s, size_bytes;
    uint16_t rate_hz_10;
    uint32_t samples;
    uint16_t flags; /* with the indices of both ranges in the low six bits */
    uint16_t checksum;
} backstride_log_entry;

/* Bytes inside another message; they belong to whoever gave them. */
typedef struct {
    const uint8_t *bytes;
    size_t size;
} backstride_span;

typedef struct {
    uint8_t operation, transaction;
    backstride_span parameters;
} backstride_request;

typedef struct {
    uint8_t operation, transaction, status;
    backstride_span parameters;
} backstride_reply;

typedef struct {
    uint16_t log_id;
    uint32_t offset;
    backstride_span content;
} backstride_bulk;

/* Finds frames in a stream of bytes. Zero it before use; the buffer is the caller's. */
typedef struct {
    uint8_t *buffer; /* for one stuffed frame; longer frames are refused */
    size_t room, size;
    bool too_long, in_step;
    uint32_t rejected; /* damaged frames, the rest of the first one not counted */
} backstride_deframer;

/* -- numbers, least significant byte first -------------------------------------------------- */

static inline uint8_t *backstride_put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned k = 0; k < bytes; k++) {
        *at++ = (uint8_t)(value >> (8u * k));
    }
    return at;
}

static inline uint64_t backstride_take(const uint8_t **at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned k = 0; k < bytes; k++) {
        value |= (uint64_t)(*at)[k] << (8u * k);
    }
    *at += bytes;
    return value;
}

/* Two's complement without relying on what the compiler makes of values out of range. */
static inline int16_t backstride_signed(uint16_t value)
{
    return (int16_t)(value < 0x8000u ? (int32_t)value : (int32_t)value - 0x10000);
}

/* -- checksums ------------------------------------------------------------------------------ */

/* CRC-16/IBM-3740: polynomial 0x1021, not reflected; begin with 0xFFFF. */
static inline uint16_t backstride_crc16(uint16_t crc, const uint8_t *bytes, size_t size)
{
    for (size_t k = 0; k < size; k++) {
        uint16_t x = (uint16_t)((crc >> 8) ^ bytes[k]);
        x = (uint16_t)(x ^ (x >> 4));
        crc = (uint16_t)((unsigned)crc << 8 ^ (unsigned)x << 12 ^ (unsigned)x << 5 ^ x);
    }
    return crc;
}

/* CRC-32 as in zlib, for replies to LOG_READ; begin with 0. */
static inline uint32_t backstride_crc32(uint32_t crc, const uint8_t *bytes, size_t size)
{
    crc = ~crc;
    for (size_t k = 0; k < size; k++) {
        crc ^= bytes[k];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* -- messages ------------------------------------------------------------------------------- */

/* Values in a sample of this layout, 0 when there is no such layout. */
static inline unsigned backstride_channels(uint8_t layout)
{
    return layout == 0 ? 6u : layout <= 2 ? 3u : 0u;
}

static inline size_t backstride_encode_data(const backstride_data *data, uint8_t *out, size_t room)
{
    const unsigned values = backstride_channels(data->layout) * data->n;
    const size_t size = BACKSTRIDE_DATA_HEADER_BYTES + 2u * values;
    if (values == 0 || data->n > BACKSTRIDE_SAMPLES_MAX || size > room) {
        return 0;
    }
    out = backstride_put(out, (unsigned)data->layout << 5 | data->n, 1);
    out = backstride_put(out, data->flags, 1);
    out = backstride_put(out, data->sequence, 2);
    out = backstride_put(out, data->time_us, 4);
    for (unsigned k = 0; k < values; k++) {
        out = backstride_put(out, (uint16_t)data->counts[k], 2);
    }
    return size;
}

static inline bool backstride_decode_data(const uint8_t *in, size_t size, backstride_data *data)
{
    if (size < BACKSTRIDE_DATA_HEADER_BYTES) {
        return false;
    }
    data->n = in[0] & 31u;
    data->layout = (uint8_t)(in[0] >> 5);
    const unsigned values = backstride_channels(data->layout) * data->n;
    if (values == 0 || size != BACKSTRIDE_DATA_HEADER_BYTES + 2u * values) {
        return false;
    }
    data->flags = in[1];
    in += 2;
    data->sequence = (uint16_t)backstride_take(&in, 2);
    data->time_us = (uint32_t)backstride_take(&in, 4);
    for (unsigned k = 0; k < values; k++) {
        data->counts[k] = backstride_signed((uint16_t)backstride_take(&in, 2));
    }
    return true;
}

static inline size_t backstride_encode_info(const backstride_info *info, uint8_t *out, size_t room)
{
    if (room < BACKSTRIDE_INFO_BYTES) {
        return 0;
    }
    out = backstride_put(out, info->major, 1);
    out = backstride_put(out, info->minor, 1);
    out = backstride_put(out, info->hardware, 2);
    out = backstride_put(out, info->firmware, 2);
    out = backstride_put(out, info->features, 4);
    out = backstride_put(out, info->rates_mask, 2);
    out = backstride_put(out, info->acceleration_ranges_mask, 1);
    out = backstride_put(out, info->angular_velocity_ranges_mask, 1);
    out = backstride_put(out, info->samples_max, 1);
    out = backstride_put(out, info->reserved, 1);
    (void)backstride_put(out, info->flash_bytes, 4);
    return BACKSTRIDE_INFO_BYTES;
}

/* Refuses another major version. */
static inline bool backstride_decode_info(const uint8_t *in, size_t size, backstride_info *info)
{
    if (size != BACKSTRIDE_INFO_BYTES || in[0] != BACKSTRIDE_MAJOR) {
        return false;
    }
    info->major = (uint8_t)backstride_take(&in, 1);
    info->minor = (uint8_t)backstride_take(&in, 1);
    info->hardware = (uint16_t)backstride_take(&in, 2);
    info->firmware = (uint16_t)backstride_take(&in, 2);
    info->features = (uint32_t)backstride_take(&in, 4);
    info->rates_mask = (uint16_t)backstride_take(&in, 2);
    info->acceleration_ranges_mask = (uint8_t)backstride_take(&in, 1);
    info->angular_velocity_ranges_mask = (uint8_t)backstride_take(&in, 1);
    info->samples_max = (uint8_t)backstride_take(&in, 1);
    info->reserved = (uint8_t)backstride_take(&in, 1);
    info->flash_bytes = (uint32_t)backstride_take(&in, 4);
    return true;
}

static inline size_t backstride_encode_status(const backstride_status *status, uint8_t *out,
                                              size_t room)
{
    if (room < BACKSTRIDE_STATUS_BYTES) {
        return 0;
    }
    out = backstride_put(out, BACKSTRIDE_STATUS_KIND, 1);
    out = backstride_put(out, status->state, 1);
    out = backstride_put(out, status->sequence, 2);
    out = backstride_put(out, status->time_us, 8);
    out = backstride_put(out, status->dropped_samples, 2);
    out = backstride_put(out, status->battery_mv, 2);
    out = backstride_put(out, (uint16_t)status->temperature_c_100, 2);
    out = backstride_put(out, status->battery_percent, 1);
    (void)backstride_put(out, status->flags, 1);
    return BACKSTRIDE_STATUS_BYTES;
}

static inline bool backstride_decode_status(const uint8_t *in, size_t size,
                                            backstride_status *status)
{
    if (size != BACKSTRIDE_STATUS_BYTES || in[0] != BACKSTRIDE_STATUS_KIND) {
        return false;
    }
    in++;
    status->state = (uint8_t)backstride_take(&in, 1);
    status->sequence = (uint16_t)backstride_take(&in, 2);
    status->time_us = backstride_take(&in, 8);
    status->dropped_samples = (uint16_t)backstride_take(&in, 2);
    status->battery_mv = (uint16_t)backstride_take(&in, 2);
    status->temperature_c_100 = backstride_signed((uint16_t)backstride_take(&in, 2));
    status->battery_percent = (uint8_t)backstride_take(&in, 1);
    status->flags = (uint8_t)backstride_take(&in, 1);
    return true;
}

static inline size_t backstride_encode_configuration(const backstride_configuration *wanted,
                                                     uint8_t *out, size_t room)
{
    if (room < BACKSTRIDE_CONFIGURATION_BYTES) {
        return 0;
    }
    out = backstride_put(out, wanted->rate_hz_10, 2);
    out = backstride_put(out, wanted->acceleration_range_g, 1);
    out = backstride_put(out, wanted->flags, 1);
    out = backstride_put(out, wanted->angular_velocity_range_deg_s, 2);
    out = backstride_put(out, wanted->samples_per_packet, 1);
    out = backstride_put(out, wanted->streams, 1);
    out = backstride_put(out, wanted->acceleration_low_pass_hz, 2);
    (void)backstride_put(out, wanted->angular_velocity_low_pass_hz, 2);
    return BACKSTRIDE_CONFIGURATION_BYTES;
}

static inline bool backstride_decode_configuration(const uint8_t *in, size_t size,
                                                   backstride_configuration *wanted)
{
    if (size != BACKSTRIDE_CONFIGURATION_BYTES) {
        return false;
    }
    wanted->rate_hz_10 = (uint16_t)backstride_take(&in, 2);
    wanted->acceleration_range_g = (uint8_t)backstride_take(&in, 1);
    wanted->flags = (uint8_t)backstride_take(&in, 1);
    wanted->angular_velocity_range_deg_s = (uint16_t)backstride_take(&in, 2);
    wanted->samples_per_packet = (uint8_t)backstride_take(&in, 1);
    wanted->streams = (uint8_t)backstride_take(&in, 1);
    wanted->acceleration_low_pass_hz = (uint16_t)backstride_take(&in, 2);
    wanted->angular_velocity_low_pass_hz = (uint16_t)backstride_take(&in, 2);
    return true;
}

static inline size_t backstride_encode_ping_times(const backstride_ping_times *times, uint8_t *out,
                                                  size_t room)
{
    if (room < BACKSTRIDE_PING_TIMES_BYTES) {
        return 0;
    }
    out = backstride_put(out, times->received_us, 8);
    (void)backstride_put(out, times->sent_us, 8);
    return BACKSTRIDE_PING_TIMES_BYTES;
}

/* Refuses a reply that left before its ping came. */
static inline bool backstride_decode_ping_times(const uint8_t *in, size_t size,
                                                backstride_ping_times *times)
{
    if (size != BACKSTRIDE_PING_TIMES_BYTES) {
        return false;
    }
    times->received_us = backstride_take(&in, 8);
    times->sent_us = backstride_take(&in, 8);
    return times->sent_us >= times->received_us;
}

static inline size_t backstride_encode_utc(uint64_t utc_us, uint8_t *out, size_t room)
{
    if (room < BACKSTRIDE_UTC_BYTES) {
        return 0;
    }
    (void)backstride_put(out, utc_us, 8);
    return BACKSTRIDE_UTC_BYTES;
}

static inline bool backstride_decode_utc(const uint8_t *in, size_t size, uint64_t *utc_us)
{
    if (size != BACKSTRIDE_UTC_BYTES) {
        return false;
    }
    *utc_us = backstride_take(&in, 8);
    return true;
}

/* Bits of a number, which is finite unless all bits of its exponent are set. */
static inline uint32_t backstride_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline bool backstride_put_floats(uint8_t **out, const float *values, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        const uint32_t bits = backstride_float_bits(values[k]);
        if ((bits & 0x7F800000u) == 0x7F800000u) {
            return false;
        }
        *out = backstride_put(*out, bits, 4);
    }
    return true;
}

static inline bool backstride_take_floats(const uint8_t **in, float *values, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        const uint32_t bits = (uint32_t)backstride_take(in, 4);
        if ((bits & 0x7F800000u) == 0x7F800000u) {
            return false;
        }
        memcpy(&values[k], &bits, sizeof bits);
    }
    return true;
}

/* Its CRC-16 is over all bytes but its own two. */
static inline uint16_t backstride_calibration_crc(const uint8_t *bytes)
{
    return backstride_crc16(backstride_crc16(0xFFFFu, bytes, 2), bytes + 4,
                            BACKSTRIDE_CALIBRATION_BYTES - 4);
}

static inline size_t backstride_encode_calibration(const backstride_calibration *calibration,
                                                   uint8_t *out, size_t room)
{
    if (room < BACKSTRIDE_CALIBRATION_BYTES) {
        return 0;
    }
    uint8_t *at = backstride_put(out, BACKSTRIDE_CALIBRATION_VERSION, 2);
    at = backstride_put(at, 0, 2);
    if (!backstride_put_floats(&at, calibration->acceleration_bias_m_s2, 3) ||
        !backstride_put_floats(&at, calibration->acceleration_matrix, 9) ||
        !backstride_put_floats(&at, calibration->angular_velocity_bias_rad_s, 3) ||
        !backstride_put_floats(&at, calibration->angular_velocity_matrix, 9) ||
        !backstride_put_floats(&at, &calibration->temperature_c, 1)) {
        return 0;
    }
    (void)backstride_put(out + 2, backstride_calibration_crc(out), 2);
    return BACKSTRIDE_CALIBRATION_BYTES;
}

static inline bool backstride_decode_calibration(const uint8_t *in, size_t size,
                                                 backstride_calibration *calibration)
{
    if (size != BACKSTRIDE_CALIBRATION_BYTES) {
        return false;
    }
    const uint16_t crc = backstride_calibration_crc(in);
    const bool known = backstride_take(&in, 2) == BACKSTRIDE_CALIBRATION_VERSION;
    return backstride_take(&in, 2) == crc && known &&
           backstride_take_floats(&in, calibration->acceleration_bias_m_s2, 3) &&
           backstride_take_floats(&in, calibration->acceleration_matrix, 9) &&
           backstride_take_floats(&in, calibration->angular_velocity_bias_rad_s, 3) &&
           backstride_take_floats(&in, calibration->angular_velocity_matrix, 9) &&
           backstride_take_floats(&in, &calibration->temperature_c, 1);
}

static inline bool backstride_log_ranges_exist(uint16_t flags)
{
    const unsigned acceleration = flags & 7u, angular_velocity = flags >> 3 & 7u;
    return acceleration <= 4 && angular_velocity != 6; /* 7: no gyroscope */
}

static inline size_t backstride_encode_log_entry(const backstride_log_entry *entry, uint8_t *out,
                                                 size_t room)
{
    if (room < BACKSTRIDE_LOG_ENTRY_BYTES || !backstride_log_ranges_exist(entry->flags)) {
        return 0;
    }
    out = backstride_put(out, entry->log_id, 2);
    out = backstride_put(out, entry->utc_s, 4);
    out = backstride_put(out, entry->size_bytes, 4);
    out = backstride_put(out, entry->rate_hz_10, 2);
    out = backstride_put(out, entry->samples, 4);
    out = backstride_put(out, entry->flags, 2);
    (void)backstride_put(out, entry->checksum, 2);
    return BACKSTRIDE_LOG_ENTRY_BYTES;
}

static inline bool backstride_decode_log_entry(const uint8_t *in, size_t size,
                                               backstride_log_entry *entry)
{
    if (size != BACKSTRIDE_LOG_ENTRY_BYTES) {
        return false;
    }
    entry->log_id = (uint16_t)backstride_take(&in, 2);
    entry->utc_s = (uint32_t)backstride_take(&in, 4);
    entry->size_bytes = (uint32_t)backstride_take(&in, 4);
    entry->rate_hz_10 = (uint16_t)backstride_take(&in, 2);
    entry->samples = (uint32_t)backstride_take(&in, 4);
    entry->flags = (uint16_t)backstride_take(&in, 2);
    entry->checksum = (uint16_t)backstride_take(&in, 2);
    return backstride_log_ranges_exist(entry->flags);
}

static inline size_t backstride_put_span(uint8_t *out, const backstride_span *span)
{
    if (span->size > 0) {
        memcpy(out, span->bytes, span->size);
    }
    return span->size;
}

static inline backstride_span backstride_rest(const uint8_t *in, size_t size, size_t header)
{
    const backstride_span rest = {in + header, size - header};
    return rest;
}

static inline size_t backstride_encode_request(const backstride_request *request, uint8_t *out,
                                               size_t room)
{
    if (room < BACKSTRIDE_REQUEST_HEADER_BYTES ||
        room - BACKSTRIDE_REQUEST_HEADER_BYTES < request->parameters.size) {
        return 0;
    }
    out[0] = request->operation;
    out[1] = request->transaction;
    return BACKSTRIDE_REQUEST_HEADER_BYTES + backstride_put_span(out + 2, &request->parameters);
}

static inline bool backstride_decode_request(const uint8_t *in, size_t size,
                                             backstride_request *request)
{
    if (size < BACKSTRIDE_REQUEST_HEADER_BYTES) {
        return false;
    }
    request->operation = in[0];
    request->transaction = in[1];
    request->parameters = backstride_rest(in, size, BACKSTRIDE_REQUEST_HEADER_BYTES);
    return true;
}

static inline size_t backstride_encode_reply(const backstride_reply *reply, uint8_t *out,
                                             size_t room)
{
    if (room < BACKSTRIDE_REPLY_HEADER_BYTES ||
        room - BACKSTRIDE_REPLY_HEADER_BYTES < reply->parameters.size) {
        return 0;
    }
    out[0] = BACKSTRIDE_REPLY_KIND;
    out[1] = reply->operation;
    out[2] = reply->transaction;
    out[3] = reply->status;
    return BACKSTRIDE_REPLY_HEADER_BYTES + backstride_put_span(out + 4, &reply->parameters);
}

static inline bool backstride_decode_reply(const uint8_t *in, size_t size, backstride_reply *reply)
{
    if (size < BACKSTRIDE_REPLY_HEADER_BYTES || in[0] != BACKSTRIDE_REPLY_KIND) {
        return false;
    }
    reply->operation = in[1];
    reply->transaction = in[2];
    reply->status = in[3];
    reply->parameters = backstride_rest(in, size, BACKSTRIDE_REPLY_HEADER_BYTES);
    return true;
}

static inline size_t backstride_encode_bulk(const backstride_bulk *bulk, uint8_t *out, size_t room)
{
    if (bulk->content.size == 0 || room < BACKSTRIDE_BULK_HEADER_BYTES ||
        room - BACKSTRIDE_BULK_HEADER_BYTES < bulk->content.size) {
        return 0;
    }
    out = backstride_put(out, bulk->log_id, 2);
    out = backstride_put(out, bulk->offset, 4);
    return BACKSTRIDE_BULK_HEADER_BYTES + backstride_put_span(out, &bulk->content);
}

static inline bool backstride_decode_bulk(const uint8_t *in, size_t size, backstride_bulk *bulk)
{
    if (size <= BACKSTRIDE_BULK_HEADER_BYTES) {
        return false;
    }
    const uint8_t *at = in;
    bulk->log_id = (uint16_t)backstride_take(&at, 2);
    bulk->offset = (uint32_t)backstride_take(&at, 4);
    bulk->content = backstride_rest(in, size, BACKSTRIDE_BULK_HEADER_BYTES);
    return true;
}

/* -- frames on a serial line: COBS(kind, payload, CRC-16) 00 --------------------------------- */

/* Room that is always enough for a frame with so many bytes of payload. */
static inline size_t backstride_frame_room(size_t payload)
{
    const size_t content = payload + 3;
    return content + content / 254 + 2;
}

/* A frame while it is being stuffed: `code` is where the length of the open block goes. */
typedef struct {
    uint8_t *code, *end;
    unsigned block; /* bytes in the open block, its code included */
} backstride_stuffer;

static inline void backstride_open_block(backstride_stuffer *frame)
{
    frame->code = frame->end++;
    frame->block = 1;
}

static inline void backstride_stuff(backstride_stuffer *frame, uint8_t byte)
{
    if (frame->block == 255) { /* a full block: no zero follows it */
        *frame->code = 255;
        backstride_open_block(frame);
    }
    if (byte == 0) {
        *frame->code = (uint8_t)frame->block;
        backstride_open_block(frame);
    } else {
        *frame->end++ = byte;
        frame->block++;
    }
}

/* Writes a whole frame, the zero that ends it included. Payload and frame must not overlap. */
static inline size_t backstride_encode_frame(uint8_t kind, const uint8_t *payload, size_t size,
                                             uint8_t *out, size_t room)
{
    if (room < backstride_frame_room(size)) {
        return 0;
    }
    uint16_t crc = backstride_crc16(0xFFFFu, &kind, 1);
    crc = backstride_crc16(crc, payload, size);
    backstride_stuffer frame = {out, out, 0};
    backstride_open_block(&frame);
    backstride_stuff(&frame, kind);
    for (size_t k = 0; k < size; k++) {
        backstride_stuff(&frame, payload[k]);
    }
    backstride_stuff(&frame, (uint8_t)(crc & 0xFFu));
    backstride_stuff(&frame, (uint8_t)(crc >> 8));
    *frame.code = (uint8_t)frame.block;
    *frame.end++ = 0;
    return (size_t)(frame.end - out);
}

/* Unstuffs in place; returns the size of the content, 0 when a code points beyond the end. */
static inline size_t backstride_unstuff(uint8_t *bytes, size_t size)
{
    size_t from = 0, to = 0;
    while (from < size) {
        const uint8_t code = bytes[from++];
        if (code == 0 || (size_t)(code - 1) > size - from) {
            return 0;
        }
        for (unsigned k = 1; k < code; k++) {
            bytes[to++] = bytes[from++];
        }
        if (code < 255 && from < size) {
            bytes[to++] = 0;
        }
    }
    return to;
}

/* Takes the next byte of the line. True when it completes an intact frame: then `content` is its
 * kind and payload, inside the deframer's buffer, until the next byte is given. */
static inline bool backstride_deframe(backstride_deframer *deframer, uint8_t byte,
                                      backstride_span *content)
{
    if (byte != 0) {
        if (deframer->size < deframer->room && deframer->size < BACKSTRIDE_FRAME_BYTES_MAX) {
            deframer->buffer[deframer->size++] = byte;
        } else {
            deframer->too_long = true;
        }
        return false;
    }
    const size_t stuffed = deframer->size;
    const bool was_in_step = deframer->in_step, too_long = deframer->too_long;
    deframer->size = 0;
    deframer->too_long = false;
    deframer->in_step = true;
    if (stuffed == 0 && !too_long) {
        return false; /* two zeros in a row */
    }
    const size_t size = too_long ? 0 : backstride_unstuff(deframer->buffer, stuffed);
    if (size >= 3) {
        const uint8_t *end = deframer->buffer + size - 2;
        if (backstride_crc16(0xFFFFu, deframer->buffer, size - 2) == backstride_take(&end, 2)) {
            content->bytes = deframer->buffer;
            content->size = size - 2;
            return true;
        }
    }
    deframer->rejected += was_in_step;
    return false;
}

#endif
