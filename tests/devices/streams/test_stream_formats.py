"""Treadmill, foot pod and heart rate strap: records to the bit, and nothing made of rubbish."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.records import Packet
from devices.streams import foot_pod, heart_rate, treadmill
from devices.streams.foot_pod import FootPodDecoder, FootPodReading
from devices.streams.heart_rate import HeartRateDecoder, HeartRateReading
from devices.streams.treadmill import TreadmillDecoder, TreadmillReading
from imu.errors import ProtocolError

# made from the layout, field by field
TREADMILL = {
    # speed 12.34 km/h alone
    "0000d204": {"speed_m_s": 12.34 / 3.6},
    # speed 10 km/h, distance 1234 m, slope 2.5 %, ramp 1.4°, elapsed 605 s
    "0c04e803d2040019000e005d02": {
        "speed_m_s": 10 / 3.6,
        "distance_m": 1234.0,
        "slope_percent": 2.5,
        "ramp_deg": 1.4,
        "elapsed_s": 605.0,
    },
    # downhill, ramp not known, heart rate 151
    "0801e803e7ffff7f97": {"speed_m_s": 10 / 3.6, "slope_percent": -2.5, "heart_rate_bpm": 151.0},
    # 12.3 m up and 4.5 m down
    "1000e8037b002d00": {"speed_m_s": 10 / 3.6, "climbed_m": 12.3, "descended_m": 4.5},
    # all of it; energy not known
    "fe1f2c01c800010000000000000a00140005065802ffffff78280a000500d8ff9cff": {
        "speed_m_s": 3 / 3.6,
        "average_speed_m_s": 2 / 3.6,
        "distance_m": 1.0,
        "slope_percent": 0.0,
        "ramp_deg": 0.0,
        "climbed_m": 1.0,
        "descended_m": 2.0,
        "pace_km_min": 0.5,
        "average_pace_km_min": 0.6,
        "energy_kcal": 600.0,
        "heart_rate_bpm": 120.0,
        "metabolic_equivalent": 4.0,
        "elapsed_s": 10.0,
        "remaining_s": 5.0,
        "belt_force_n": -40.0,
        "power_w": -100.0,
    },
}
POD = {
    "000003aa": FootPodReading(3.0, 170.0, False),
    "078002ac6e0010270000": FootPodReading(2.5, 172.0, True, 1.10, 1000.0),
    "0400035a": FootPodReading(3.0, 180.0, True),  # 90 strides a minute
}


@pytest.mark.parametrize("vector", TREADMILL)
def test_a_treadmill_record_is_read_to_the_bit(vector: str) -> None:
    fields, more = treadmill.decode_record(bytes.fromhex(vector))
    assert not more
    assert fields == pytest.approx(TREADMILL[vector])
    assert treadmill.decode_record(treadmill.encode_record(fields))[0] == fields


def test_a_record_in_two_parts_is_one_reading() -> None:
    decoder = TreadmillDecoder()
    first = treadmill.encode_record({"slope_percent": 3.0, "distance_m": 40.0}, more=True)
    last = treadmill.encode_record({"speed_m_s": 2.5})
    assert decoder.push(Packet(0, "data", first)) is None
    assert decoder.push(Packet(1, "data", last)) == TreadmillReading(2.5, 3.0, 40.0)
    assert decoder.push(Packet(1, "data", last)) == TreadmillReading(2.5)  # nothing of it stays
    # a link that begins anew in between joins nothing
    decoder.push(Packet(2, "data", first))
    decoder.reset()
    assert decoder.push(Packet(3, "data", last)) == TreadmillReading(2.5)
    # nor does a record that cannot be read: it may have been the last part of the one before
    decoder.push(Packet(4, "data", first))
    decoder.push(Packet(5, "data", last[:3]))
    assert decoder.push(Packet(6, "data", last)) == TreadmillReading(2.5)
    assert decoder.malformed_packets == 1


def test_a_belt_that_stands_has_a_speed() -> None:
    assert TreadmillDecoder().push(Packet(0, "data", bytes(4))) == TreadmillReading(0.0)


@pytest.mark.parametrize("vector", POD)
def test_a_foot_pods_record_is_read_to_the_bit(vector: str) -> None:
    assert foot_pod.decode_measurement(bytes.fromhex(vector)) == POD[vector]


@given(
    st.builds(
        FootPodReading,
        st.integers(0, 65535).map(lambda k: k / 256),
        st.integers(110, 255).map(float),
        st.booleans(),
        st.none() | st.integers(0, 65535).map(lambda k: k / 100),
        st.none() | st.integers(0, 2**32 - 1).map(lambda k: k / 10),
    )
)
def test_a_foot_pods_record_comes_back(reading: FootPodReading) -> None:
    assert foot_pod.decode_measurement(foot_pod.encode_measurement(reading)) == reading


@given(
    st.builds(
        HeartRateReading,
        st.integers(0, 65535).map(float),
        st.sampled_from([None, True, False]),
        st.lists(st.integers(0, 65535).map(lambda k: k / 1024), max_size=9).map(tuple),
        st.none() | st.integers(0, 65535).map(float),
    )
)
def test_a_heart_rate_record_comes_back(reading: HeartRateReading) -> None:
    assert heart_rate.decode_measurement(heart_rate.encode_measurement(reading)) == reading


_SLOPE = st.integers(-400, 400).map(lambda k: round(0.1 * k, 10))


@given(st.integers(0, 3000), st.none() | _SLOPE, st.none() | st.integers(0, 2**24 - 1))
def test_a_treadmill_record_comes_back(
    speed: int, slope: float | None, distance: int | None
) -> None:
    fields: dict[str, float] = {"speed_m_s": speed * 0.01 / 3.6}
    if slope is not None:
        fields["slope_percent"] = slope
    if distance is not None:
        fields["distance_m"] = float(distance)
    back, _ = treadmill.decode_record(treadmill.encode_record(fields))
    assert back == pytest.approx(fields)


@pytest.mark.parametrize("make", [TreadmillDecoder, FootPodDecoder, HeartRateDecoder])
@given(payload=st.binary(max_size=40))
def test_rubbish_is_counted_and_nothing_is_raised(make: Any, payload: bytes) -> None:
    decoder = make()
    reading = decoder.push(Packet(0, "data", payload))
    assert (reading is None) or decoder.malformed_packets == 0


@pytest.mark.parametrize("vector", [*TREADMILL, "0c04e803"])
def test_a_record_that_was_cut_is_refused(vector: str) -> None:
    whole = bytes.fromhex(vector)
    for end in range(2, len(whole)):
        with pytest.raises(ProtocolError, match=r"ends before|no flags"):
            treadmill.decode_record(whole[:end])


def test_a_record_cut_to_what_every_link_carries_gives_what_came_whole() -> None:
    """Flags of 32 bytes, as a treadmill of a well-known maker sends them, on a link of 20."""
    record = bytes.fromhex("fe1732013601320000320000000000000000ff00")
    decoder = TreadmillDecoder()
    reading = decoder.push(Packet(0, "data", record))
    assert reading is not None
    assert reading.speed_m_s == pytest.approx(3.06 / 3.6)
    assert (reading.slope_percent, reading.distance_m) == (5.0, 50.0)
    assert reading.elapsed_s is None
    assert decoder.push(Packet(1, "data", record[:19])) is None
    assert decoder.malformed_packets == 1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="does not fit"):
        treadmill.encode_record({"speed_m_s": 400.0})
    with pytest.raises(ProtocolError, match="last part"):
        treadmill.encode_record({"slope_percent": 1.0})
    with pytest.raises(ProtocolError, match="no colour"):
        treadmill.encode_record({"speed_m_s": 1.0, "colour": 1.0})
    with pytest.raises(ProtocolError, match="does not fit"):
        foot_pod.encode_measurement(FootPodReading(300.0, 170.0, True))
