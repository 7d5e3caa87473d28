"""Simulated runners, as a crowd, are like the 18 people who were measured."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, sosfiltfilt

from benchmarks.recordings import force_contacts
from benchmarks.simulated_pelvis import table
from benchmarks.virtual_sensor import MARKER_CUTOFF_HZ, PelvisMotion, runner_motions
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

SPEEDS = (2.5, 3.5, 4.5)
RATE_HZ = 300.0
PEOPLE = 18

#: How far a mean of the simulated crowd may be from that of the 18, in standard deviations between
#: people, and how much wider or narrower the crowd may be.
MEAN_SD = 0.8
SPREAD = 2.0

FIGURES = (
    "step time s",
    "contact time s",
    "duty factor",
    "peak force BW",
    "oscillation mm",
    "sideways mm",
    "minimum before contact g",
    "minimum before contact ms",
    "at contact g",
    "at toe-off g",
    "10 Hz peak g",
    "20 Hz shock g",
    "braking m/s",
    "10 Hz braking g",
    "10 Hz braking until, share of step",
    "10 Hz driving g",
    "tilt range deg",
    "obliquity range deg",
    "rotation range deg",
)


def low_pass(values: Array, cutoff_hz: float, order: int = 2) -> Array:
    """Zero phase; both passes of the second order together have -3 dB at the cut-off."""
    twice = (np.sqrt(2.0) - 1.0) ** -0.25 if order == 2 else 1.0
    sos = butter(order, cutoff_hz * twice, fs=RATE_HZ, output="sos")
    filtered: Array = sosfiltfilt(sos, values, axis=0)
    return filtered


class Trial(NamedTuple):
    """A sensor's motion and the ground force at 0, 1/300 s and so on, with the contacts."""

    position_m: Array
    acceleration_m_s2: Array
    angles_deg: Array
    force_bw: Array
    contact_s: Array
    toe_off_s: Array


def figures(trial: Trial) -> Array:
    """Means over the steps of one trial."""
    position_m, acceleration_m_s2, angles_deg, force_bw, contact_s, toe_off_s = trial
    g = acceleration_m_s2 / STANDARD_GRAVITY_M_S2
    below_20, below_10 = low_pass(g[:, 2] + 1.0, 20.0), low_pass(g[:, 2] + 1.0, 10.0)
    forward = low_pass(g[:, 0], 10.0)
    usual = np.median(np.diff(contact_s))
    time = np.arange(len(g)) / RATE_HZ
    rows = []
    for contact, toe_off, after in zip(contact_s, toe_off_s, contact_s[1:], strict=False):
        step = after - contact
        if abs(step - usual) > 0.15 * usual or contact < 1.0 or after > time[-1] - 1.0:
            continue
        i, j = (int(n) for n in np.searchsorted(time, (contact, after)))
        before = slice(*np.searchsorted(time, (contact - 0.11, contact + 0.02)))
        lowest = before.start + int(below_20[before].argmin())
        struck = slice(*np.searchsorted(time, (contact, contact + 0.08)))
        rows.append(
            [
                step,
                toe_off - contact,
                (toe_off - contact) / step,
                force_bw[i:j].max(),
                1e3 * np.ptp(position_m[i:j, 2]),
                1e3 * np.ptp(position_m[i:j, 1]),
                below_20[lowest],
                1e3 * (time[lowest] - contact),
                np.interp(contact, time, below_20),
                np.interp(toe_off, time, below_20),
                below_10[i:j].max(),
                below_20[struck].max(),
                np.maximum(-forward[i:j], 0.0).sum() / RATE_HZ * STANDARD_GRAVITY_M_S2,
                forward[i:j].min(),
                np.cumsum(forward[i:j] - forward[i:j].mean()).argmin() / (j - i),
                forward[i:j].max(),
                *np.ptp(angles_deg[i:j], axis=0),
            ]
        )
    means: Array = np.mean(rows, axis=0)
    return means


def recorded(motion: PelvisMotion) -> Trial:
    assert motion.force_bw is not None
    frame_s = np.arange(len(motion.position_m)) / motion.rate_hz
    path = make_interp_spline(frame_s, motion.position_m, k=5)
    r = motion.frame
    angles = np.degrees(
        [
            np.arctan2(-r[:, 2, 0], r[:, 2, 2]),
            np.arcsin(r[:, 2, 1]),
            np.arctan2(r[:, 1, 0], r[:, 0, 0]),
        ]
    ).T
    time = np.arange(int(frame_s[-1] * RATE_HZ)) / RATE_HZ
    return Trial(
        path(time),
        path(time, 2),
        make_interp_spline(frame_s, angles, k=3)(time),
        motion.force_bw[: len(time)],
        *force_contacts(motion.force_bw, motion.force_rate_hz),
    )


def simulated(speed: float, seed: int) -> Trial:
    run = SimulatedRun(Scenario(speed=speed, seed=seed, minutes=0.35, surface="treadmill"))
    motion = run.motion
    start = motion.bouts[0].run_start_s + 2.0
    truth = motion.at(start + np.arange(int(17.0 * RATE_HZ)) / RATE_HZ)
    plan = motion.bouts[0].plan
    # what the markers cannot show is left out here too
    seen = low_pass(truth.acceleration_m_s2, MARKER_CUTOFF_HZ, order=4)
    return Trial(
        truth.position_m,
        seen,
        np.stack([truth.lean_deg, truth.roll_deg, truth.yaw_deg], axis=1),
        truth.vertical_force_bw,
        plan.contact_crossing_s - start,
        plan.toe_off_crossing_s - start,
    )


@cache
def crowd(speed: float) -> Array:
    return np.array([figures(simulated(speed, seed)) for seed in range(PEOPLE)])


@cache
def people(speed: float) -> Array:
    found = [figures(recorded(m)) for m in runner_motions() if m.speed_m_s == speed]
    if not found:
        pytest.skip("no recordings of treadmill_runners/ at hand")
    return np.array(found)


@pytest.fixture(scope="module", autouse=True)
def clear() -> Iterator[None]:
    yield
    crowd.cache_clear()
    people.cache_clear()


SOME_SPEEDS = [3.5, *(pytest.param(speed, marks=pytest.mark.slow) for speed in (2.5, 4.5))]


@pytest.mark.parametrize("speed", SOME_SPEEDS)
def test_the_average_runner_is_like_the_average_person(speed: float) -> None:
    mean, spread = people(speed).mean(axis=0), people(speed).std(axis=0, ddof=1)
    off = (crowd(speed).mean(axis=0) - mean) / spread
    far = {n: round(float(z), 2) for n, z in zip(FIGURES, off, strict=True) if abs(z) > MEAN_SD}
    assert not far


@pytest.mark.parametrize("speed", SOME_SPEEDS)
def test_runners_differ_as_much_as_people_do(speed: float) -> None:
    ratio = crowd(speed).std(axis=0, ddof=1) / people(speed).std(axis=0, ddof=1)
    odd = {
        n: round(float(r), 2)
        for n, r in zip(FIGURES, ratio, strict=True)
        if not 1.0 / SPREAD < r < SPREAD
    }
    assert not odd


@pytest.mark.slow
def test_runners_change_with_speed_as_people_do() -> None:
    change, simulated_change = (
        of(4.5).mean(axis=0) - of(2.5).mean(axis=0) for of in (people, crowd)
    )
    off = (simulated_change - change) / people(3.5).std(axis=0, ddof=1)
    far = {n: round(float(z), 2) for n, z in zip(FIGURES, off, strict=True) if abs(z) > MEAN_SD}
    assert not far


def waveforms(trial: Trial) -> tuple[Array, Array]:
    """Features of each step as an estimator sees them, and contact and toe-off beside them, s.

    Vertical and forward specific force below 10 Hz at 36 phases around the upward crossing of body
    weight, and the step time; contact and toe-off are relative to that crossing.
    """
    g = low_pass(trial.acceleration_m_s2 / STANDARD_GRAVITY_M_S2, 10.0)
    time = np.arange(len(g)) / RATE_HZ
    rise = np.flatnonzero((g[:-1, 2] < 0.0) & (g[1:, 2] >= 0.0))
    crossing = time[rise] - g[rise, 2] / (g[rise + 1, 2] - g[rise, 2]) / RATE_HZ
    seen, wanted = [], []
    steps = zip(trial.contact_s, trial.toe_off_s, trial.contact_s[1:], strict=False)
    for contact, toe_off, after in steps:
        near = crossing[(crossing > contact - 0.03) & (crossing < contact + 0.12)]
        if len(near) != 1 or not 1.0 < contact < time[-1] - 1.0 or after - contact > 0.5:
            continue
        at = near[0] + np.linspace(-0.3, 0.85, 36) * (after - contact)
        waves = [np.interp(at, time, g[:, axis]) for axis in (0, 2)]
        seen.append([*waves[0], *waves[1], 5.0 * (after - contact)])
        wanted.append([contact - near[0], toe_off - near[0]])
    return np.array(seen), np.array(wanted)


@pytest.mark.slow
def test_a_plain_ridge_learned_from_the_people_reads_the_runners() -> None:
    """Motion and truth go together as in people: on a person left out it errs by 11.5 ms."""
    learned = [waveforms(recorded(motion)) for motion in runner_motions()]
    if not learned:
        pytest.skip("no recordings of treadmill_runners/ at hand")
    seen, wanted = (np.concatenate(part) for part in zip(*learned, strict=True))
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    scaled = (seen - mean) / spread
    ridge = scaled.T @ scaled + 0.02 * len(scaled) * np.eye(scaled.shape[1])
    weights = np.linalg.solve(ridge, scaled.T @ (wanted - wanted.mean(axis=0)))
    for speed in (2.5, 3.0, 4.0):
        errors = []
        for seed in range(12):
            features, true = waveforms(simulated(speed, seed))
            found = (features - mean) / spread @ weights + wanted.mean(axis=0)
            errors.append(np.diff(found - true, axis=1).ravel())
        error_ms = 1e3 * np.concatenate(errors)
        assert np.sqrt((error_ms**2).mean()) < 20.0
        assert abs(error_ms.mean()) < 8.0


@pytest.mark.slow
def test_the_table_is_what_the_recordings_give() -> None:
    motions = runner_motions()
    if not motions:
        pytest.skip("no recordings of treadmill_runners/ at hand")
    written = files("devices.simulator").joinpath("pelvis.csv").read_text("utf-8")
    again = table(motions)
    for one, other in zip(written.splitlines(), again.splitlines(), strict=True):
        if one.startswith("#"):
            assert one == other
            continue
        (name, *numbers), (same, *fresh) = one.split(","), other.split(",")
        assert name == same
        # a component may point either way, and its last digit follows the linear algebra
        sizes, others = np.abs(np.array([numbers, fresh], float))
        np.testing.assert_allclose(sizes, others, atol=2e-3)


def test_another_seed_is_another_person_and_the_same_the_same() -> None:
    one, again, other = (figures(simulated(3.0, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one / other - 1.0).max() > 0.05
