/* Lets the codec be tried from outside: commands on standard input, answers on standard output.
 *
 * A command is a letter, the kind of message, the number of what follows (u32) and that:
 *   'E' fields, i64 each: encode them    -> u32 size, bytes; size 0 when they do not fit
 *   'D' bytes: decode them               -> u32 count, fields; count 0 when they are refused
 *   'F' bytes: put them into a frame     -> u32 size, bytes; the kind is the frame's own
 *   'S' bytes: find frames in them       -> u32 damaged, u32 found, then each: u32 size, bytes
 * Numbers are in little-endian. A message's bytes at its end are one field each.
 */
#include "backstride.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1 << 16 };

static uint8_t in_bytes[8 * MOST], out_bytes[8 * MOST + 64];
static int64_t fields[MOST];
static size_t field_count, field_next;

static void need(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "exchange: %s\n", what);
        exit(2);
    }
}

static void get(uint8_t *bytes, size_t size)
{
    need(fread(bytes, 1, size, stdin) == size, "the command is cut short");
}

static void say(const uint8_t *bytes, size_t size)
{
    need(fwrite(bytes, 1, size, stdout) == size, "nobody listens");
}

static void say_number(uint64_t value, unsigned bytes)
{
    uint8_t number[8];
    (void)backstride_put(number, value, bytes);
    say(number, bytes);
}

static int64_t next(void)
{
    need(field_next < field_count, "a field is missing");
    return fields[field_next++];
}

static void give(int64_t value)
{
    need(field_count < MOST, "too many fields");
    fields[field_count++] = value;
}

static backstride_span next_span(uint8_t *room)
{
    backstride_span span = {room, field_count - field_next};
    for (size_t k = 0; k < span.size; k++) {
        room[k] = (uint8_t)next();
    }
    return span;
}

static void give_span(const backstride_span *span)
{
    for (size_t k = 0; k < span->size; k++) {
        give(span->bytes[k]);
    }
}

static void next_floats(float *values, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        const uint32_t bits = (uint32_t)next();
        memcpy(&values[k], &bits, sizeof bits);
    }
}

static void give_floats(const float *values, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        give(backstride_float_bits(values[k]));
    }
}

static size_t encode(uint8_t kind, uint8_t *out, size_t room)
{
    static uint8_t spare[MOST];
    switch (kind) {
    case 'd': {
        backstride_data m = {0};
        m.layout = (uint8_t)next();
        m.n = (uint8_t)next();
        m.flags = (uint8_t)next();
        m.sequence = (uint16_t)next();
        m.time_us = (uint32_t)next();
        for (size_t k = 0; field_next < field_count; k++) {
            need(k < BACKSTRIDE_SAMPLES_MAX * BACKSTRIDE_CHANNELS_MAX, "too many counts");
            m.counts[k] = (int16_t)next();
        }
        return backstride_encode_data(&m, out, room);
    }
    case 'i': {
        backstride_info m = {0};
        m.major = (uint8_t)next();
        m.minor = (uint8_t)next();
        m.hardware = (uint16_t)next();
        m.firmware = (uint16_t)next();
        m.features = (uint32_t)next();
        m.rates_mask = (uint16_t)next();
        m.acceleration_ranges_mask = (uint8_t)next();
        m.angular_velocity_ranges_mask = (uint8_t)next();
        m.samples_max = (uint8_t)next();
        m.reserved = (uint8_t)next();
        m.flash_bytes = (uint32_t)next();
        return backstride_encode_info(&m, out, room);
    }
    case 's': {
        backstride_status m = {0};
        m.state = (uint8_t)next();
        m.sequence = (uint16_t)next();
        m.time_us = (uint64_t)next();
        m.dropped_samples = (uint16_t)next();
        m.battery_mv = (uint16_t)next();
        m.temperature_c_100 = (int16_t)next();
        m.battery_percent = (uint8_t)next();
        m.flags = (uint8_t)next();
        return backstride_encode_status(&m, out, room);
    }
    case 'c': {
        backstride_configuration m = {0};
        m.rate_hz_10 = (uint16_t)next();
        m.acceleration_range_g = (uint8_t)next();
        m.flags = (uint8_t)next();
        m.angular_velocity_range_deg_s = (uint16_t)next();
        m.samples_per_packet = (uint8_t)next();
        m.streams = (uint8_t)next();
        m.acceleration_low_pass_hz = (uint16_t)next();
        m.angular_velocity_low_pass_hz = (uint16_t)next();
        return backstride_encode_configuration(&m, out, room);
    }
    case 'p': {
        backstride_ping_times m = {0};
        m.received_us = (uint64_t)next();
        m.sent_us = (uint64_t)next();
        return backstride_encode_ping_times(&m, out, room);
    }
    case 'u':
        return backstride_encode_utc((uint64_t)next(), out, room);
    case 'k': {
        backstride_calibration m = {0};
        next_floats(m.acceleration_bias_m_s2, 3);
        next_floats(m.acceleration_matrix, 9);
        next_floats(m.angular_velocity_bias_rad_s, 3);
        next_floats(m.angular_velocity_matrix, 9);
        next_floats(&m.temperature_c, 1);
        return backstride_encode_calibration(&m, out, room);
    }
    case 'l': {
        backstride_log_entry m = {0};
        m.log_id = (uint16_t)next();
        m.utc_s = (uint32_t)next();
        m.size_bytes = (uint32_t)next();
        m.rate_hz_10 = (uint16_t)next();
        m.samples = (uint32_t)next();
        m.flags = (uint16_t)next();
        m.checksum = (uint16_t)next();
        return backstride_encode_log_entry(&m, out, room);
    }
    case 'q': {
        backstride_request m = {0};
        m.operation = (uint8_t)next();
        m.transaction = (uint8_t)next();
        m.parameters = next_span(spare);
        return backstride_encode_request(&m, out, room);
    }
    case 'r': {
        backstride_reply m = {0};
        m.operation = (uint8_t)next();
        m.transaction = (uint8_t)next();
        m.status = (uint8_t)next();
        m.parameters = next_span(spare);
        return backstride_encode_reply(&m, out, room);
    }
    case 'b': {
        backstride_bulk m = {0};
        m.log_id = (uint16_t)next();
        m.offset = (uint32_t)next();
        m.content = next_span(spare);
        return backstride_encode_bulk(&m, out, room);
    }
    default:
        need(false, "there is no such message");
        return 0;
    }
}

static void decode(uint8_t kind, const uint8_t *bytes, size_t size)
{
    switch (kind) {
    case 'd': {
        backstride_data m;
        if (backstride_decode_data(bytes, size, &m)) {
            give(m.layout), give(m.n), give(m.flags), give(m.sequence), give(m.time_us);
            for (unsigned k = 0; k < backstride_channels(m.layout) * m.n; k++) {
                give(m.counts[k]);
            }
        }
        break;
    }
    case 'i': {
        backstride_info m;
        if (backstride_decode_info(bytes, size, &m)) {
            give(m.major), give(m.minor), give(m.hardware), give(m.firmware), give(m.features);
            give(m.rates_mask), give(m.acceleration_ranges_mask);
            give(m.angular_velocity_ranges_mask), give(m.samples_max), give(m.reserved);
            give(m.flash_bytes);
        }
        break;
    }
    case 's': {
        backstride_status m;
        if (backstride_decode_status(bytes, size, &m)) {
            give(m.state), give(m.sequence), give((int64_t)m.time_us), give(m.dropped_samples);
            give(m.battery_mv), give(m.temperature_c_100), give(m.battery_percent), give(m.flags);
        }
        break;
    }
    case 'c': {
        backstride_configuration m;
        if (backstride_decode_configuration(bytes, size, &m)) {
            give(m.rate_hz_10), give(m.acceleration_range_g), give(m.flags);
            give(m.angular_velocity_range_deg_s), give(m.samples_per_packet), give(m.streams);
            give(m.acceleration_low_pass_hz), give(m.angular_velocity_low_pass_hz);
        }
        break;
    }
    case 'p': {
        backstride_ping_times m;
        if (backstride_decode_ping_times(bytes, size, &m)) {
            give((int64_t)m.received_us), give((int64_t)m.sent_us);
        }
        break;
    }
    case 'u': {
        uint64_t utc_us;
        if (backstride_decode_utc(bytes, size, &utc_us)) {
            give((int64_t)utc_us);
        }
        break;
    }
    case 'k': {
        backstride_calibration m;
        if (backstride_decode_calibration(bytes, size, &m)) {
            give_floats(m.acceleration_bias_m_s2, 3);
            give_floats(m.acceleration_matrix, 9);
            give_floats(m.angular_velocity_bias_rad_s, 3);
            give_floats(m.angular_velocity_matrix, 9);
            give_floats(&m.temperature_c, 1);
        }
        break;
    }
    case 'l': {
        backstride_log_entry m;
        if (backstride_decode_log_entry(bytes, size, &m)) {
            give(m.log_id), give(m.utc_s), give(m.size_bytes), give(m.rate_hz_10);
            give(m.samples), give(m.flags), give(m.checksum);
        }
        break;
    }
    case 'q': {
        backstride_request m;
        if (backstride_decode_request(bytes, size, &m)) {
            give(m.operation), give(m.transaction), give_span(&m.parameters);
        }
        break;
    }
    case 'r': {
        backstride_reply m;
        if (backstride_decode_reply(bytes, size, &m)) {
            give(m.operation), give(m.transaction), give(m.status), give_span(&m.parameters);
        }
        break;
    }
    case 'b': {
        backstride_bulk m;
        if (backstride_decode_bulk(bytes, size, &m)) {
            give(m.log_id), give(m.offset), give_span(&m.content);
        }
        break;
    }
    default:
        need(false, "there is no such message");
    }
}

static void find_frames(const uint8_t *bytes, size_t size)
{
    static uint8_t buffer[BACKSTRIDE_FRAME_BYTES_MAX];
    backstride_deframer deframer = {0};
    deframer.buffer = buffer;
    deframer.room = sizeof buffer;
    size_t used = 0;
    uint32_t found = 0;
    for (size_t k = 0; k < size; k++) {
        backstride_span content;
        if (backstride_deframe(&deframer, bytes[k], &content)) {
            need(used + 4 + content.size <= sizeof out_bytes, "too many frames");
            (void)backstride_put(out_bytes + used, content.size, 4);
            memcpy(out_bytes + used + 4, content.bytes, content.size);
            used += 4 + content.size;
            found++;
        }
    }
    say_number(deframer.rejected, 4);
    say_number(found, 4);
    say(out_bytes, used);
}

int main(void)
{
    uint8_t head[6];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        const uint8_t *at = head + 2;
        const uint8_t command = head[0], kind = head[1];
        const size_t count = (size_t)backstride_take(&at, 4);
        need(count <= MOST, "the command is too long");
        get(in_bytes, command == 'E' ? 8 * count : count);
        field_count = field_next = 0;
        if (command == 'E') {
            const uint8_t *field = in_bytes;
            for (size_t k = 0; k < count; k++) {
                give((int64_t)backstride_take(&field, 8));
            }
            const size_t size = encode(kind, out_bytes, sizeof out_bytes);
            say_number(size, 4);
            say(out_bytes, size);
        } else if (command == 'D') {
            decode(kind, in_bytes, count);
            say_number(field_count, 4);
            for (size_t k = 0; k < field_count; k++) {
                say_number((uint64_t)fields[k], 8);
            }
        } else if (command == 'F') {
            const size_t size =
                backstride_encode_frame(kind, in_bytes, count, out_bytes, sizeof out_bytes);
            say_number(size, 4);
            say(out_bytes, size);
        } else if (command == 'S') {
            find_frames(in_bytes, count);
        } else {
            need(false, "there is no such command");
        }
    }
    return 0;
}
