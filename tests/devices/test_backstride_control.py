"""Requests and replies of the project's own wire format: published bytes, round trips, refusals."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.backstride_control import (
    CALIBRATION_BYTES,
    Calibration,
    Configuration,
    Operation,
    PingTimes,
    Reply,
    ReplyStatus,
    Request,
    check_status,
    decode_calibration,
    decode_configuration,
    decode_ping_times,
    decode_reply,
    decode_request,
    decode_utc,
    encode_calibration,
    encode_configuration,
    encode_ping_times,
    encode_reply,
    encode_request,
    encode_utc,
)
from imu.errors import DeviceError, ProtocolError

u8, u16, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 64))
parameters = st.binary(max_size=120)
single = st.floats(width=32, allow_nan=False, allow_infinity=False)


def numbers(n: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[single] * n)


configurations = st.builds(
    Configuration, u16.map(lambda tenths: tenths / 10), u8, u8, u16, u8, u8, u16, u16
)
calibrations = st.builds(Calibration, numbers(3), numbers(9), numbers(3), numbers(9), single)


def test_golden_configuration_request() -> None:
    wanted = Configuration(200.0, 16, 0, 2000, 10, 1)
    request = Request(Operation.SET_CONFIG, 1, encode_configuration(wanted))
    golden = bytes.fromhex("02 01 d0 07 10 00 d0 07 0a 01 00 00 00 00")
    assert encode_request(request) == golden
    assert decode_request(golden) == request
    assert decode_configuration(decode_request(golden).parameters) == wanted


def test_golden_ping_and_its_reply() -> None:
    assert encode_request(Request(Operation.PING, 0x2A)) == bytes.fromhex("05 2a")
    golden = bytes.fromhex("80 05 2a 00 40 4b 4c 00 00 00 00 00 76 4c 4c 00 00 00 00 00")
    reply = decode_reply(golden)
    assert reply[:3] == (Operation.PING, 0x2A, ReplyStatus.OK)
    assert decode_ping_times(reply.parameters) == PingTimes(5_000_000, 5_000_310)
    assert encode_reply(reply) == golden


def test_every_message_but_a_calibration_fits_the_smallest_notification() -> None:
    configuration = encode_configuration(Configuration())
    assert len(encode_reply(Reply(Operation.SET_CONFIG, 1, 0, configuration))) <= 20
    assert len(encode_reply(Reply(Operation.PING, 1, 0, encode_ping_times(PingTimes(1, 2))))) <= 20
    assert len(encode_request(Request(Operation.SET_UTC, 1, encode_utc(1)))) <= 20
    assert len(encode_calibration(Calibration())) == CALIBRATION_BYTES == 104


@given(u8, u8, parameters)
def test_request_round_trip(operation: int, transaction: int, given_parameters: bytes) -> None:
    request = Request(operation, transaction, given_parameters)
    assert decode_request(encode_request(request)) == request


@given(u8, u8, u8, parameters)
def test_reply_round_trip(operation: int, transaction: int, status: int, carried: bytes) -> None:
    reply = Reply(operation, transaction, status, carried)
    assert decode_reply(encode_reply(reply)) == reply


@given(configurations)
def test_configuration_round_trip(configuration: Configuration) -> None:
    assert decode_configuration(encode_configuration(configuration)) == configuration


@given(st.tuples(u64, u64).map(sorted))
def test_ping_times_round_trip(times: list[int]) -> None:
    assert decode_ping_times(encode_ping_times(PingTimes(*times))) == tuple(times)


def test_a_reply_that_left_before_the_ping_came_is_refused() -> None:
    with pytest.raises(ProtocolError, match="clock jumped"):
        decode_ping_times(encode_ping_times(PingTimes(2, 1)))


@given(u64)
def test_utc_round_trip(utc_us: int) -> None:
    assert decode_utc(encode_utc(utc_us)) == utc_us


@given(calibrations)
def test_calibration_round_trip_in_single_precision(calibration: Calibration) -> None:
    assert decode_calibration(encode_calibration(calibration)) == calibration


@given(calibrations, st.data())
def test_a_damaged_calibration_is_never_taken(
    calibration: Calibration, data: st.DataObject
) -> None:
    blob = bytearray(encode_calibration(calibration))
    place, bit = data.draw(st.integers(0, len(blob) - 1)), data.draw(st.integers(0, 7))
    blob[place] ^= 1 << bit
    with pytest.raises(ProtocolError):
        decode_calibration(bytes(blob))
    with pytest.raises(ProtocolError):
        decode_calibration(encode_calibration(calibration)[: data.draw(st.integers(0, 103))])


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(acceleration_bias_m_s2=(nan, 0.0, 0.0)),
        Calibration(angular_velocity_bias_rad_s=(0.0, inf, 0.0)),
        Calibration(temperature_c=1e300),
        Calibration(acceleration_matrix=(1.0, 0.0)),
    ],
)
def test_a_calibration_that_makes_no_sense_is_not_written(calibration: Calibration) -> None:
    with pytest.raises(ProtocolError):
        encode_calibration(calibration)


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_hz": 7000.0},
        {"rate_hz": nan},
        {"rate_hz": inf},
        {"rate_hz": -1.0},
        {"acceleration_range_g": 256},
        {"samples_per_packet": -1},
        {"angular_velocity_range_deg_s": 65536},
    ],
)
def test_what_does_not_fit_is_not_encoded(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="does not fit"):
        encode_configuration(Configuration(**changes))


@given(st.binary(max_size=130))
def test_garbage_raises_protocol_errors_only(payload: bytes) -> None:
    for decode in (
        decode_request,
        decode_reply,
        decode_configuration,
        decode_ping_times,
        decode_utc,
        decode_calibration,
    ):
        try:
            decode(payload)
        except ProtocolError as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("status", [s for s in ReplyStatus if s is not ReplyStatus.OK])
def test_every_refusal_says_what_why_and_what_to_do(
    operation: Operation, status: ReplyStatus
) -> None:
    with pytest.raises(DeviceError) as caught:
        check_status(Reply(operation, 7, status), "hip")
    sentence = str(caught.value)
    assert sentence.startswith("hip: the sensor refuses to ")
    assert sentence.endswith(".")
    assert sentence.count(": ") == 3 or status is ReplyStatus.NOT_SUPPORTED


def test_unknown_codes_are_refusals_too() -> None:
    check_status(Reply(Operation.START, 1, ReplyStatus.OK))
    with pytest.raises(DeviceError, match="unknown code 99"):
        check_status(Reply(0x55, 1, 99))
