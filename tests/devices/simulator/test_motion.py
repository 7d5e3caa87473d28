"""One rigid sensor moves: gyroscope, accelerometer, orientation and position agree."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.simulator.motion import BodyMotion, Motion
from devices.simulator.scenario import Scenario
from imu.samples import STANDARD_GRAVITY_M_S2

RATE_HZ = 4000.0
SCENARIOS = {
    "level": Scenario(minutes=0.3, standing_s=2.0),
    "walk first": Scenario(minutes=0.2, standing_s=1.0, walk_s=8.0, seed=2),
    "downhill, fast": Scenario(minutes=0.2, standing_s=1.0, speed=9.0, slope=-10, seed=3),
    "treadmill, uphill": Scenario(minutes=0.2, standing_s=0, surface="treadmill", slope=6, seed=4),
}


@cache
def session(name: str) -> tuple[BodyMotion, Motion]:
    body = BodyMotion(SCENARIOS[name])
    return body, body.at(np.arange(0.0, body.duration_s, 1.0 / RATE_HZ))


Quaternion = tuple[float, float, float, float]


def multiply(p: Quaternion, q: Quaternion) -> Quaternion:
    # in plain numbers: 30 000 of them with arrays took a second
    (a, b, c, d), (w, x, y, z) = p, q
    return (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )


def matrix(q: Quaternion) -> NDArray[np.float64]:
    w, x, y, z = q
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: NDArray[np.float64] = np.eye(3) + 2 * w * cross + 2 * cross @ cross
    return turned


@pytest.mark.parametrize("name", SCENARIOS)
def test_integrating_the_gyroscope_gives_the_orientation(name: str) -> None:
    _, truth = session(name)
    n = min(len(truth.time_s), 30000)
    start, dt = truth.rotation[0], 1.0 / RATE_HZ
    turn = (1.0, 0.0, 0.0, 0.0)
    mean = 0.5 * (truth.angular_velocity_rad_s[1:n] + truth.angular_velocity_rad_s[: n - 1]) * dt
    angle = np.linalg.norm(mean, axis=1)
    half = np.sinc(angle / (2.0 * np.pi)) / 2.0
    steps = np.concatenate([np.cos(angle / 2.0)[:, None], mean * half[:, None]], axis=1)
    worst = 0.0
    for i, step in enumerate(map(tuple, steps.tolist())):
        turn = multiply(turn, step)
        if i % 500 == 0:
            difference = start @ matrix(turn) - truth.rotation[i + 1]
            worst = max(worst, float(np.abs(difference).max()))
    assert worst < np.radians(0.02)


@pytest.mark.parametrize("name", SCENARIOS)
def test_integrating_the_accelerometer_gives_the_displacement(name: str) -> None:
    _, truth = session(name)
    felt = np.einsum("nij,nj->ni", truth.rotation, truth.specific_force_m_s2)
    acceleration = felt - np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])
    dt = 1.0 / RATE_HZ
    velocity, position = truth.velocity_m_s[0].copy(), truth.position_m[0].copy()
    rise = np.cumsum(0.5 * (acceleration[1:] + acceleration[:-1]) * dt, axis=0)
    velocities = np.concatenate([velocity[None], velocity + rise])
    moved = np.cumsum(0.5 * (velocities[1:] + velocities[:-1]) * dt, axis=0)
    np.testing.assert_allclose(velocities, truth.velocity_m_s, atol=4e-3)
    # over the whole session, 10 to 30 s: no drift but that of the trapezoids
    np.testing.assert_allclose(position + moved, truth.position_m[1:], atol=2e-2)
    assert np.ptp(truth.position_m[:, 2]) > 0.07


@pytest.mark.parametrize("name", SCENARIOS)
def test_position_velocity_and_angles_are_continuous(name: str) -> None:
    _, truth = session(name)
    dt = 1.0 / RATE_HZ
    jumps = np.diff(truth.position_m, axis=0) - 0.5 * dt * (
        truth.velocity_m_s[1:] + truth.velocity_m_s[:-1]
    )
    assert np.abs(jumps).max() < 1e-6
    gains = np.diff(truth.velocity_m_s, axis=0) - 0.5 * dt * (
        truth.acceleration_m_s2[1:] + truth.acceleration_m_s2[:-1]
    )
    assert np.abs(gains).max() < 1e-3
    assert np.abs(np.diff(truth.angular_velocity_rad_s, axis=0)).max() < 250.0 * dt


def test_lean_and_roll_are_read_from_the_rotation_as_the_table_defines_them() -> None:
    _, truth = session("level")
    r = truth.rotation
    np.testing.assert_allclose(np.degrees(np.arctan2(-r[:, 2, 0], r[:, 2, 2])), truth.lean_deg)
    np.testing.assert_allclose(np.degrees(np.arcsin(r[:, 2, 1])), truth.roll_deg)
    np.testing.assert_allclose(
        np.einsum("nij,nkj->nik", r, r), np.broadcast_to(np.eye(3), r.shape), atol=1e-12
    )


def test_leaning_forward_turns_gravity_towards_the_back() -> None:
    body = BodyMotion(Scenario(minutes=0.5, lean=12))
    truth = body.at(np.arange(body.bouts[0].run_start_s + 5, body.bouts[0].run_end_s - 5, 1e-3))
    # on average the specific force is upward, and up is behind the body's own vertical
    mean = truth.specific_force_m_s2.mean(axis=0)
    assert np.degrees(np.arctan2(-mean[0], mean[2])) == pytest.approx(12.0, abs=4.0)
    assert truth.lean_deg.mean() == pytest.approx(12.0, abs=1.5)


def test_in_left_stance_the_pelvis_drops_on_the_right() -> None:
    for seed in range(8):
        body = BodyMotion(Scenario(minutes=0.5, seed=seed))
        plan = body.bouts[0].plan
        left = plan.is_left[20:60]
        middle = plan.onset_s[20:60] + 0.5 * plan.force.duration_s[20:60]
        roll = body.at(middle).roll_deg
        assert roll[left].mean() > roll[~left].mean() + 2.0


def test_pelvic_ranges_are_those_of_running() -> None:
    ranges = []
    for seed in range(12):
        body = BodyMotion(Scenario(minutes=0.5, seed=seed))
        truth = body.at(np.arange(10.0, 20.0, 2e-3) + body.bouts[0].run_start_s)
        ranges.append([np.ptp(a) for a in (truth.lean_deg, truth.roll_deg, truth.yaw_deg)])
    tilt, obliquity, rotation = np.mean(ranges, axis=0)
    assert 6.0 < tilt < 11.0
    assert 6.0 < obliquity < 11.0
    assert 7.0 < rotation < 14.0
    assert (np.std(ranges, axis=0) > 0.8).all()


def test_standing_is_quiet() -> None:
    body = BodyMotion(Scenario(minutes=0.2, standing_s=10))
    for start, end in ((0.0, 10.0), (body.duration_s - 2.4, body.duration_s)):
        truth = body.at(np.arange(start, end, 1e-2))
        force = np.linalg.norm(truth.specific_force_m_s2, axis=1)
        np.testing.assert_allclose(force, STANDARD_GRAVITY_M_S2, atol=0.01)
        assert np.degrees(np.abs(truth.angular_velocity_rad_s)).max() < 0.5
        np.testing.assert_allclose(truth.vertical_force_bw, 1.0)
        assert np.abs(truth.lean_deg).max() < 0.3


def test_walking_looks_like_walking() -> None:
    body = BodyMotion(Scenario(minutes=0.2, walk_s=30))
    time = np.arange(10.0, 8.0 + 30.0 - 2.0, 1e-3)
    truth = body.at(time)
    force = 1.0 + truth.acceleration_m_s2[:, 2] / STANDARD_GRAVITY_M_S2
    assert 0.5 < force.min() < 0.8  # both feet together always carry the body
    assert 1.2 < force.max() < 1.5
    spectrum = np.abs(np.fft.rfft(force - force.mean()))
    strongest = np.fft.rfftfreq(len(force), 1e-3)[spectrum.argmax()]
    assert 100.0 / 60.0 < strongest < 130.0 / 60.0
    assert 1.0 < truth.velocity_m_s[:, 0].mean() < 1.8
    assert np.ptp(truth.position_m[:, 2]) < 0.06


@pytest.mark.parametrize("speed", [2.0, 3.3, 5.4])
def test_push_off_and_landing_are_made_on_the_ground(speed: float) -> None:
    body = BodyMotion(Scenario(minutes=0.2, speed=speed))
    bout = body.bouts[0]
    push = body.at(np.arange(bout.start_s, bout.run_start_s, 1e-3)).vertical_force_bw
    land = body.at(np.arange(bout.run_end_s, bout.end_s, 1e-3)).vertical_force_bw
    for force in (push, land):
        assert force.min() >= -1e-9
        assert force.max() < 2.6


def test_the_runner_covers_the_distance() -> None:
    body = BodyMotion(Scenario(minutes=2, speed=3.0))
    ends = body.at(body.bouts[0].run_start_s + np.array([10.0, 110.0])).position_m
    assert ends[1, 0] - ends[0, 0] == pytest.approx(300.0, rel=0.005)
    indoors = BodyMotion(Scenario(minutes=2, surface="treadmill"))
    path = indoors.at(np.arange(0.0, indoors.duration_s, 0.01)).position_m
    assert np.ptp(path[:, 0]) < 2.0
