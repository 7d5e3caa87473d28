"""A sensor that turns on its clip: told, and lean measured on from where it was."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.loop import CHAIN_STATE
from imu.samples import Samples
from imu.step.slip import _runs_as_before, take_gait
from imu.steps import STEP_ROW, Steps, concatenate
from imu.whole_recording import analyze


@cache
def run() -> Samples:
    query = "minutes=0.9&seed=7&rate=100&standing_s=6&lean=5"
    return simulate(Scenario.from_query(query))[0]


def turned(
    slip_deg: float, at_s: float, about: str, samples: Samples, lasts_s: float = 0.3
) -> Samples:
    """As the sensor reads that turns, which its gyroscope sees."""
    rates = samples.angular_velocity_rad_s
    assert rates is not None
    angle_rad = np.radians(slip_deg) * np.clip((samples.time_s - at_s) / lasts_s, 0.0, 1.0)
    axis = np.array([about == "x", about == "y", about == "z"], float)
    turn = Rotation.from_rotvec(angle_rad[:, None] * axis)
    own = np.gradient(angle_rad, samples.time_s)[:, None] * axis
    return Samples(samples.time_s, turn.apply(samples.acceleration_m_s2), turn.apply(rates) - own)


def steps_of(samples: Samples) -> tuple[Steps, dict[str, float]]:
    analyzer = StepAnalyzer(100.0, axes="+x+y+z")
    return concatenate([analyzer.push(samples), analyzer.flush()]), analyzer.troubles


def at_the_end(steps: Steps) -> tuple[float, float]:
    """Lean and roll of the last steps."""
    return float(steps.sacral_lean_deg[-30:].mean()), float(steps.sacral_roll_deg[-30:].mean())


@pytest.mark.parametrize("about", ["y", "x"])
@pytest.mark.parametrize(("slip_deg", "at_s"), [(-20.0, 18.0), (12.0, 30.0), (30.0, 40.0)])
def test_lean_goes_on_from_where_it_was(slip_deg: float, at_s: float, about: str) -> None:
    steps, troubles = steps_of(turned(slip_deg, at_s, about, run()))
    assert list(troubles) == ["slipped"]
    assert troubles["slipped"] == pytest.approx(abs(slip_deg), abs=1.5)
    clean, nothing = steps_of(run())
    assert nothing == {}
    assert at_the_end(steps) == pytest.approx(at_the_end(clean), abs=1.5)
    flagged = [float(t) for t, q in zip(steps.initial_contact_s, steps.quality, strict=True) if q]
    assert at_s < min(flagged) < at_s + 6.0


@pytest.mark.parametrize(("slip_deg", "at_s", "from_s"), [(-40.0, 11.6, 0.0), (25.0, 13.0, 8.0)])
def test_a_slip_soon_after_the_start_is_told_too(
    slip_deg: float, at_s: float, from_s: float
) -> None:
    """After five seconds, and of one whom the recording finds running."""
    since = round(from_s * 100)
    steps, troubles = steps_of(turned(slip_deg, at_s, "y", run())[since:])
    assert troubles["slipped"] == pytest.approx(abs(slip_deg), abs=1.5)
    clean, _ = steps_of(run()[since:])
    assert at_the_end(steps) == pytest.approx(at_the_end(clean), abs=1.5)
    off_deg = np.abs(
        steps.sacral_lean_deg
        - np.interp(steps.initial_contact_s, clean.initial_contact_s, clean.sacral_lean_deg)
    )
    assert np.sum((steps.quality_bits == 0) & (off_deg > 6.0)) <= 1


def test_a_small_jump_may_be_the_runner_and_is_measured_as_it_is() -> None:
    steps, troubles = steps_of(turned(-7.0, 30.0, "y", run()))
    assert troubles == {}
    clean, _ = steps_of(run())
    assert at_the_end(steps)[0] - at_the_end(clean)[0] == pytest.approx(7.0, abs=1.0)


@pytest.mark.parametrize(("slip_deg", "about"), [(20.0, "y"), (15.0, "x")])
def test_a_sensor_that_is_seated_anew_during_a_stop_is_followed(
    slip_deg: float, about: str
) -> None:
    stopped = "minutes=1.5&seed=7&rate=100&standing_s=6&lean=5&stop=40+15"
    before = simulate(Scenario.from_query(stopped))[0]
    clean, nothing = steps_of(before)
    assert nothing == {}
    at_s = 46.0  # of 40 to 55 s
    steps, troubles = steps_of(turned(slip_deg, at_s, about, before))
    assert troubles["slipped"] == pytest.approx(slip_deg, abs=1.5)
    assert at_the_end(steps) == pytest.approx(at_the_end(clean), abs=1.5)


@pytest.mark.parametrize(("slip_deg", "at_s"), [(20.0, 50.0), (-12.0, 40.5), (15.0, 59.3)])
def test_a_sensor_that_turns_in_a_walking_break_is_followed(slip_deg: float, at_s: float) -> None:
    walked = "minutes=1.6&seed=7&rate=100&standing_s=6&lean=5&walk=40+20"
    before = simulate(Scenario.from_query(walked))[0]
    clean, nothing = steps_of(before)
    assert nothing == {}
    steps, troubles = steps_of(turned(slip_deg, at_s, "y", before))
    assert troubles["slipped"] == pytest.approx(abs(slip_deg), abs=2.5)
    assert at_the_end(steps) == pytest.approx(at_the_end(clean), abs=2.0)


@pytest.mark.parametrize("speed", ["3.0,3.8@60", "3.6,2.9@60"])
def test_who_leans_otherwise_after_a_walking_break_and_runs_otherwise_is_measured(
    speed: str,
) -> None:
    query = f"minutes=1.6&seed=7&rate=100&standing_s=6&lean=2,13@55&walk=40+20&speed={speed}"
    steps, troubles = steps_of(simulate(Scenario.from_query(query))[0])
    assert troubles == {}
    assert at_the_end(steps)[0] == pytest.approx(13.0, abs=1.5)


@pytest.mark.parametrize(
    ("contact_ms", "step_s", "same"),
    [(245.0, 0.362, True), (245.0, 0.38, False), (245.0, 0.34, False), (280.0, 0.362, False)],
)
def test_who_runs_with_another_contact_or_another_step_does_not_run_as_before(
    contact_ms: float, step_s: float, same: bool
) -> None:
    """The lean of such a one may be another too: it is the runner's, and no slip."""
    turning = np.zeros(1, CHAIN_STATE)["turning"][0]
    row = np.zeros(1, STEP_ROW)[0]
    for contact, step in ((240.0, 0.36), (contact_ms, step_s)):
        row["contact_time_ms"], row["step_time_s"] = contact, step
        for number in range(40):
            take_gait(turning, row, number)
    assert _runs_as_before(turning) is same


@pytest.mark.parametrize(
    ("slip_deg", "at_s", "lasts_s"), [(-20.0, 18.0, 8.0), (-20.0, 18.0, 10.0), (-40.0, 12.0, 17.0)]
)
def test_a_sensor_that_goes_on_turning_after_its_slip_was_seen_is_followed(
    slip_deg: float, at_s: float, lasts_s: float
) -> None:
    """Some seconds after it has come to rest lean is measured on from nearly where it was."""
    steps, troubles = steps_of(turned(slip_deg, at_s, "y", run(), lasts_s))
    assert list(troubles) == ["slipped"]
    clean, _ = steps_of(run())
    usual = np.interp(steps.initial_contact_s, clean.initial_contact_s, clean.sacral_lean_deg)
    at_rest_s = steps.initial_contact_s - at_s - lasts_s
    off_deg = np.abs(steps.sacral_lean_deg - usual)[(at_rest_s > 7.0) & (at_rest_s < 11.0)]
    assert len(off_deg) > 8
    assert off_deg.max() < 0.2 * abs(slip_deg)


@pytest.mark.parametrize("mark", ["neutral", "moved"])
def test_what_the_runner_marks_at_a_stop_is_not_followed_once_more(mark: str) -> None:
    stopped = "minutes=1.5&seed=7&rate=100&standing_s=6&lean=5&stop=40+15"
    before = simulate(Scenario.from_query(stopped))[0]
    samples = turned(20.0, 46.0, "y", before)
    here = int(np.searchsorted(samples.time_s, 52.0))
    analyzer = StepAnalyzer(100.0, axes="+x+y+z")
    analyzer.push(samples[:here])
    analyzer.reseat()
    if mark == "neutral":
        standing = samples.acceleration_m_s2[here - 200 : here].mean(axis=0)
        analyzer.take_neutral(standing)
    mounting = analyzer.mounting
    assert mounting is not None
    steps = concatenate([analyzer.push(samples[here:]), analyzer.flush()])
    assert len(steps) > 50
    assert "slipped" not in analyzer.troubles
    after = analyzer.mounting
    assert after is not None
    assert np.array_equal(mounting, after)


def test_another_posture_while_standing_is_no_other_seat() -> None:
    stopped = "minutes=1.5&seed=7&rate=100&standing_s=6&lean=5&stop=40+15"
    samples = simulate(Scenario.from_query(stopped))[0]
    bent = turned(20.0, 44.0, "y", samples)
    back = turned(-20.0, 53.0, "y", bent)  # and upright again before the run goes on
    steps, troubles = steps_of(back)
    clean, _ = steps_of(samples)
    assert "slipped" not in troubles
    assert at_the_end(steps) == pytest.approx(at_the_end(clean), abs=1.5)


@pytest.mark.parametrize("lasts_s", [0.6, 1.0, 2.0, 3.0])
def test_who_leans_slowly_into_the_run_was_upright_before(lasts_s: float) -> None:
    """With axes found from standing: ten degrees more than the run that was not leant into."""
    clean = analyze(run(), axes="auto")
    leant = analyze(turned(-10.0, 5.8 - lasts_s, "y", run(), lasts_s), axes="auto")
    more = leant.sacral_lean_deg[-40:] - clean.sacral_lean_deg[-40:]
    assert more.mean() == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize(("upright_s", "known"), [(2.4, True), (0.2, False)])
def test_who_was_bent_before_the_run_is_not_taken_to_have_stood_so(
    upright_s: float, known: bool
) -> None:
    """Laces: bent by 30° for four seconds; too soon afterwards nobody knows what was upright."""
    longer = simulate(Scenario.from_query("minutes=1&seed=7&rate=100&standing_s=14&lean=5"))[0]
    clean = analyze(longer, axes="auto").sacral_lean_deg[-40:].mean()
    up_s = 13.4 - upright_s
    bent = turned(30.0, up_s, "y", turned(-30.0, up_s - 5.0, "y", longer, 1.0), 0.6)
    analyzer = StepAnalyzer(100.0)
    steps = concatenate([analyzer.push(bent), analyzer.flush()])
    assert analyzer.lean_is_relative is not known
    if known:
        assert steps.sacral_lean_deg[-40:].mean() == pytest.approx(clean, abs=1.5)
