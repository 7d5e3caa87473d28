"""Every simulated sensor, over its simulated link, gives the samples that were measured."""

from __future__ import annotations

import asyncio
from math import radians
from typing import NamedTuple

import numpy as np
import pytest

from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Record
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from devices.sources import open_source
from imu.errors import DeviceError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples


class Course(NamedTuple):
    info: DeviceInfo
    records: list[Record]
    receiver: Receiver
    samples: Samples


def course(url: str) -> Course:
    async def run() -> tuple[DeviceInfo, list[Record]]:
        async with open_source(url) as source:
            info = source.info
            return info, [record async for record in source]

    info, records = asyncio.run(run())
    receiver = Receiver(info)
    blocks = [block for r in records if (block := receiver.push(r)) is not None]
    return Course(info, records, receiver, Samples.concatenate(blocks))


#: Protocol, link, a rate that such sensors have, step of the acceleration in m/s², of the angular
#: velocity in rad/s, and how far the time between samples may be off.
SENSORS = [
    ("backstride", "ble", 200, 16 / 32768, 2000 / 32768, 1e-5),
    ("movesense", "ble", 208, 1e-6, 1e-6, 1e-3),
    ("polar", "ble", 52, 1 / 1000, 2000 / 32768, 1e-4),
    ("witmotion", "ble", 100, 16 / 32768, 2000 / 32768, 1e-3),
    ("backstride", "serial", 200, 16 / 32768, 2000 / 32768, 1e-5),
    ("witmotion", "serial", 100, 16 / 32768, 2000 / 32768, 1e-3),
    ("shimmer3", "serial", 204.8, 4 / 2000, 1 / 16, 1e-4),
]


@pytest.mark.parametrize(("protocol", "link", "rate", "step_g", "step_deg_s", "jitter_s"), SENSORS)
def test_samples_come_through(
    protocol: str, link: str, rate: float, step_g: float, step_deg_s: float, jitter_s: float
) -> None:
    query = f"minutes=0.6&seed=3&rate={rate}&device=ideal"
    got = course(f"sim:?protocol={protocol}&link={link}&time_scale=0&{query}")
    sent, _ = simulate(Scenario.from_query(query))
    assert got.info.protocol == protocol
    assert got.info.rate_hz == pytest.approx(rate, rel=0.02)
    assert got.receiver.losses.lost == 0
    assert got.receiver.losses.malformed_packets == 0
    n = len(got.samples)
    # the first and the last second are lost to connecting and to the last, unfinished packet
    assert len(sent) - 5 * rate <= n <= len(sent)
    wanted = sent.acceleration_m_s2
    first = got.samples.acceleration_m_s2
    offset = min(
        range(len(wanted) - n + 1),
        key=lambda k: float(
            np.abs(wanted[k + n // 2 : k + n // 2 + 200] - first[n // 2 : n // 2 + 200]).sum()
        ),
    )
    away = np.abs(first - wanted[offset : offset + n])
    assert away.max() <= 0.51 * step_g * STANDARD_GRAVITY_M_S2 + 1e-5
    gyro = got.samples.angular_velocity_rad_s
    assert gyro is not None
    assert sent.angular_velocity_rad_s is not None
    turned = np.abs(gyro - sent.angular_velocity_rad_s[offset : offset + n])
    assert np.nanquantile(turned, 0.999) <= 0.51 * radians(step_deg_s) + 1e-5
    np.testing.assert_allclose(np.diff(got.samples.time_s), 1 / rate, atol=jitter_s)


@pytest.mark.parametrize(("protocol", "rate"), [(s[0], s[2]) for s in SENSORS if s[1] == "ble"])
def test_a_lost_link_comes_back_into_the_same_session(protocol: str, rate: float) -> None:
    got = course(
        f"sim:?protocol={protocol}&link=ble&time_scale=0&minutes=0.8&rate={rate}&disconnect=20s"
    )
    kinds = [record.kind for record in got.records if isinstance(record, LinkEvent)]
    assert kinds[0] == "connected"
    assert kinds[-1] == "ended"
    assert "lost" in kinds
    assert "resumed" in kinds[kinds.index("lost") :]
    steps = np.diff(got.samples.time_s)
    assert np.all(steps > 0)
    gap_s = float(steps.max())
    assert 4.0 < gap_s < 15.0
    # what was lost is counted: by number or by time
    assert got.receiver.losses.lost == pytest.approx((gap_s - 1 / rate) * rate, rel=0.05)


@pytest.mark.parametrize("link", ["ble", "serial"])
def test_a_link_that_is_lost_while_the_sensor_is_set_up_is_tried_again(link: str) -> None:
    got = course(f"sim:?protocol=witmotion&link={link}&time_scale=0&minutes=0.2&disconnect=3s")
    kinds = [record.kind for record in got.records if isinstance(record, LinkEvent)]
    assert "lost" in kinds
    assert kinds.count("connected") == 2
    assert len(got.samples) > 400


def test_a_simulated_sensor_that_demands_pairing_takes_the_cure_that_is_told() -> None:
    url = "sim:?protocol=polar&time_scale=0&minutes=0.1&standing_s=2&pairing=0"
    with pytest.raises(DeviceError, match="add 'pair=yes' to its address"):
        course(url)
    assert len(course(f"{url}&pair=yes").samples) > 200


@pytest.mark.parametrize("sensor", ["", "&protocol=shimmer3&link=serial"])
def test_nothing_without_a_radio_pairs(sensor: str) -> None:
    with pytest.raises(ParameterError, match="pair is 'yes': give "):
        course(f"sim:?time_scale=0&pair=yes{sensor}")


def test_a_frame_that_a_cable_brings_twice_is_no_sample() -> None:
    """Wired frames have no number: one sent twice shifted all that came later by a sample."""
    sensor = "sim:?protocol=witmotion&link=serial&time_scale=0&minutes=0.1&standing_s=4&duplicate="
    without, twice = course(sensor + "0"), course(sensor + "20")
    assert twice.receiver.losses.duplicated > 100
    assert len(twice.samples) == pytest.approx(len(without.samples), abs=3)
    assert not twice.samples.quality.any()
