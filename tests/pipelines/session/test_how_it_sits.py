"""What a runner is told of how the sensor sits: relative lean, axes not found, a loose clip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import bilinear, lfilter

from devices.records import DeviceInfo
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.samples import Quality, Samples
from imu.steps import Steps, concatenate
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AxesSought, Fact, SensorDoubted, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult
from pipelines.words.fact_words import CLIP_IS_LOOSE, LEAN_IS_RELATIVE, fact_words
from pipelines.words.summary_words import AXES_NOT_FOUND, run_notes

RUN = Scenario(minutes=0.4, rate=100.0, seed=3)


def folded(samples: Samples, axes: str = "auto") -> list[Fact]:
    """The facts of a recording that comes a second at a time."""
    fold = SessionFold(
        SessionHeader(0, "run.csv", axes=axes), DeviceInfo("run.csv", "", 100.0, 150.0, 35.0)
    )
    found: list[Fact] = []
    for start in range(0, len(samples), 100):
        found += fold.push_samples(samples[start : start + 100])
    return found + fold.finish()


def notes(found: list[Fact], axes: str) -> list[str]:
    """Those of the summary."""
    result = SessionResult(SessionHeader(0, "run.csv", axes=axes), found)
    return run_notes(result)


def words(found: list[Fact]) -> list[str]:
    """What is told on the way."""
    return [text for fact in found if (text := fact_words(fact))]


@pytest.mark.parametrize(
    ("standing_s", "axes", "told"),
    [(0.0, "auto", 1), (4.0, "auto", 0), (0.0, "+x+y+z", 0)],
)
def test_lean_of_found_axes_without_a_standing_is_called_relative(
    standing_s: float, axes: str, told: int
) -> None:
    samples, _ = simulate(Scenario(minutes=0.4, rate=100.0, seed=3, standing_s=standing_s))
    if not standing_s:
        samples = samples[int(np.searchsorted(samples.time_s, 8.0)) :]  # no walk before either
    found = folded(samples, axes)
    assert len(concatenate([f.steps for f in found if isinstance(f, StepsFinished)])) > 30
    assert words(found).count(LEAN_IS_RELATIVE) == told
    assert notes(found, axes).count(LEAN_IS_RELATIVE) == told


def test_axes_that_are_not_found_are_told_once_on_the_way() -> None:
    samples, _ = simulate(Scenario(minutes=1.2, rate=100.0, seed=3, standing_s=4.0))
    force = samples.acceleration_m_s2.copy()
    force[:, :2] = 0.0  # as on a chest strap that swings up and down alone
    found = folded(Samples(samples.time_s, force))
    sought = [fact for fact in found if isinstance(fact, AxesSought)]
    assert len(sought) == 1
    assert 30.0 < sought[0].time_s < 60.0
    told = fact_words(sought[0])
    assert "lean is empty" in told
    assert told.endswith(".")
    assert words(found).count(told) == 1
    assert notes(found, "auto") == [AXES_NOT_FOUND]


@pytest.mark.parametrize(("one_in", "told"), [(20, 1), (100, 1), (400, 0)])
def test_samples_missing_in_many_steps_are_told_with_a_cure(one_in: int, told: int) -> None:
    samples, _ = simulate(RUN)
    kept = np.arange(len(samples)) % one_in > 0
    turned = samples.angular_velocity_rad_s
    assert turned is not None
    found = folded(
        Samples(samples.time_s[kept], samples.acceleration_m_s2[kept], turned[kept]), "+x+y+z"
    )
    missing = [note for note in notes(found, "+x+y+z") if "samples are missing in" in note]
    assert len(missing) == told
    assert all("look at what writes the file" in note for note in missing)


def test_a_slow_jog_that_may_have_been_missed_is_named() -> None:
    time_s = np.arange(0.0, 40.0, 0.01)
    beat = 2.0 * np.pi * 2.3 * time_s  # 138 steps a minute, without flight
    up = 9.81 * (1.0 + 0.45 * np.sin(beat))
    force = np.stack([2.0 * np.cos(beat), np.cos(0.5 * beat), up], axis=1)
    (note,) = notes(folded(Samples(time_s, force)), "auto")
    assert "may be taken for walking" in note
    still = np.tile([0.0, 0.0, 9.81], (4000, 1))
    still[::7] += 0.003
    assert notes(folded(Samples(time_s, still)), "auto") == []


def test_a_run_without_flight_has_no_contact_time_and_says_why() -> None:
    time_s = np.arange(0.0, 40.0, 0.01)
    beat = 2.0 * np.pi * 160.0 / 60.0 * time_s
    moves = time_s > 5.0
    up = 9.81 * (1.0 + 0.4 * moves * np.sin(beat))
    force = np.stack([2.6 * moves * np.cos(beat), moves * np.cos(0.5 * beat), up], axis=1)
    found = folded(Samples(time_s, force), "+x+y+z")
    steps = concatenate([fact.steps for fact in found if isinstance(fact, StepsFinished)])
    assert len(steps) > 80
    assert np.isnan(steps.contact_time_ms).all()
    assert np.isnan(steps.peak_force_bw).all()
    assert np.isfinite(steps.vertical_oscillation_mm).all()
    assert [note for note in notes(found, "+x+y+z") if "have no flight" in note]


def test_a_loose_clip_is_told_once_on_the_way_and_in_the_summary() -> None:
    samples, _ = simulate(Scenario(minutes=0.8, rate=100.0, seed=3, standing_s=4.0))
    omega = 2.0 * np.pi * 10.0
    b, a = bilinear([0.1 * omega, omega**2], [1.0, 0.1 * omega, omega**2], 100.0)
    force = samples.acceleration_m_s2
    rung = force[0] + lfilter(b, a, force - force[0], axis=0)
    loose = Samples(samples.time_s, rung, samples.angular_velocity_rad_s)
    found = folded(loose)
    assert words(found).count(CLIP_IS_LOOSE) == 1
    assert notes(found, "auto") == [CLIP_IS_LOOSE]
    assert CLIP_IS_LOOSE not in words(folded(samples))


def test_steps_that_gaps_take_from_what_counts_are_told_with_their_cause() -> None:
    """And not that no step is found: each gap begins the search for them anew."""
    samples, _ = simulate(Scenario(minutes=0.8, rate=100.0, seed=3, standing_s=3.0))
    kept, turning = samples.time_s % 3.0 > 0.15, samples.angular_velocity_rad_s
    assert turning is not None
    parts = Samples(samples.time_s[kept], samples.acceleration_m_s2[kept], turning[kept])
    whole, holed = folded(samples, "auto"), folded(parts, "auto")
    assert not [note for note in notes(whole, "auto") if "missing" in note]
    told = notes(holed, "auto")
    assert [note for note in told if note.startswith("samples are missing in or just before")]
    assert not [note for note in told if "no running step is found" in note]


@pytest.mark.parametrize(
    ("trouble", "lasts", "before"),
    [("gyro_scale", True, True), ("gyro_scale", False, False), ("frozen", True, False)],
)
def test_no_step_counts_of_a_sensor_whose_unit_is_found_wrong_after_some(
    trouble: str, lasts: bool, before: bool
) -> None:
    """What passes, or happens to it in mid-run, says nothing of the steps before."""
    found = folded(simulate(RUN)[0])
    times = SessionResult(SessionHeader(0, "run.csv"), found).steps.initial_contact_s
    begin_s, end_s = float(times[20]), np.inf if lasts else float(times[30])

    def doubted(rows: NDArray[np.void]) -> None:
        within = (rows["initial_contact_s"] >= begin_s) & (rows["initial_contact_s"] < end_s)
        rows["quality"][within] |= np.uint16(Quality.SENSOR)

    doubt = SensorDoubted(begin_s, trouble, 2.0)
    steps = SessionResult(SessionHeader(0, "run.csv"), [doubt, *changed(found, doubted)]).steps
    flagged = steps.quality_bits & np.uint16(Quality.SENSOR) > 0
    assert flagged[:20].tolist() == [before] * 20
    assert flagged[20:].all() == lasts


def test_a_sensor_that_is_swung_further_than_a_pelvis_is_asked_where_it_sits() -> None:
    def swung(rows: NDArray[np.void]) -> None:
        rows["vertical_oscillation_mm"] *= 3.0

    found = folded(simulate(RUN)[0])
    (note,) = [note for note in notes(changed(found, swung), "auto") if "no pelvis" in note]
    assert note.endswith("is the sensor at the back of the waist?")
    assert not [note for note in notes(found, "auto") if "no pelvis" in note]


def changed(found: list[Fact], change: Callable[[NDArray[np.void]], None]) -> list[Fact]:
    """The same facts with other steps."""
    facts: list[Fact] = []
    for fact in found:
        if isinstance(fact, StepsFinished):
            rows = fact.steps.rows.copy()
            change(rows)
            facts.append(StepsFinished(fact.time_s, Steps(rows)))
        else:
            facts.append(fact)
    return facts
