"""Drift from the runner's own baseline: what is reported, what is not, the streaming promise."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.baseline_in_use import run_baseline, take_given
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.blocks import block_values, watched
from imu.drift.changes import SENSOR_POSITION
from imu.drift.covariates import Covariates
from imu.drift.detector import DriftDetector, DriftParams
from imu.drift.indicators import INDICATORS, RELATIVE, Indicator
from imu.drift.pace import pace_for_each
from imu.drift.state import COUPLINGS, LEVEL, WANDER, fresh_state
from imu.drift.tracking import follow, wander_variance
from imu.errors import InputError, ParameterError
from imu.samples import Quality
from imu.steps import NO_STEPS, STEP_ROW, Steps
from tests.examples import few

Array = NDArray[np.float64]

CADENCE = [one.name for one in INDICATORS].index("cadence_spm")
PEAK = [one.name for one in INDICATORS].index("peak_10hz_bw")
USUAL = DriftParams()
#: Size of the step of each level that is looked for.
SOUGHT = 2.0 * np.array([one.gate.floor for one in INDICATORS])
#: Everything happens within a few dozen steps.
QUICK = DriftParams(
    skip_s=2.0,
    block_steps=6,
    baseline_blocks=5,
    settling_blocks=3,
    cool_off_s=6.0,
    gates=tuple(
        replace(indicator.gate, dwell_blocks=2, multiple=1.0, evidence=1.0)
        for indicator in INDICATORS
    ),
)


def correlated(rng: np.random.Generator, count: int, persistence: float) -> Array:
    """Unit variance, each value resembling the one before."""
    before, draws = persistence * rng.standard_normal(), rng.standard_normal(count)
    news = math.sqrt(1.0 - persistence**2) * draws
    return np.asarray(lfilter([1.0], [1.0, -persistence], news, zi=[before])[0], np.float64)


def stationary_run(minutes: float, seed: int = 0) -> Steps:
    """Steps with the spread that runners show: step to step, left to right, slow wander."""
    rng = np.random.default_rng(seed)
    count = int(minutes * 60 * 2.85)
    slow = math.exp(-0.35 / 90.0)

    def spread(step_cv: float, wander: float = 0.01) -> Array:
        return wander * correlated(rng, count, slow) + step_cv * correlated(rng, count, 0.35)

    rows = np.zeros(count, STEP_ROW)
    side = np.where(np.arange(count) % 2, 0.5, -0.5)
    step_time = 0.35 * (1.0 + spread(0.025, wander=0.005))
    rows["step"] = np.arange(1, count + 1)
    rows["step_time_s"] = step_time
    rows["initial_contact_s"] = 10.0 + np.cumsum(step_time) - step_time
    rows["side"] = 2 + np.arange(count) % 2
    recent = np.lib.stride_tricks.sliding_window_view(np.pad(step_time, (27, 0), "edge"), 28)
    rows["cadence_spm"] = 60.0 / np.median(recent, axis=1)
    rows["peak_10hz_bw"] = 2.5 * (1.0 + spread(0.04) + 0.05 * side)
    rows["impact_shock_g"] = 3.1 * (1.0 + spread(0.094) + 0.10 * side)
    rows["sacral_lean_deg"] = 6.0 + 30.0 * spread(0.03)
    rows["vertical_oscillation_mm"] = 90.0 * (1.0 + spread(0.08))
    rows["lumbar_compression_bw"] = 2.0 * (1.0 + spread(0.04))
    rows["contact_time_ms"] = 240.0 * (1.0 + spread(0.035))
    rows["shock_power_g2"] = 0.14 * (1.0 + spread(0.2))
    rows["step_regularity"] = 0.9 + spread(0.03)
    for name, size in (("tilt", 6.0), ("obliquity", 8.5), ("rotation", 12.0)):
        rows[f"pelvic_{name}_range_deg"] = size * (1.0 + spread(0.1))
    return Steps(rows)


def known(judged: bool) -> NDArray[np.bool_]:
    return np.full(len(INDICATORS), judged)


def take(segments: NDArray[np.void], block: Array, number: int, judged: NDArray[np.bool_]) -> None:
    """Follow a block of seven seconds, of a run whose pace nobody states."""
    follow(segments, block, np.full(2, math.nan), 7.0 * (number + 1), judged, SOUGHT, DriftParams())


def changed_run(minutes: float, column: str, how: Callable[[Array, Array], Array]) -> Steps:
    """A stationary run with one column, as a function of its times and values, replaced."""
    steps = Steps(stationary_run(minutes).rows.copy())
    steps.rows[column] = how(steps.initial_contact_s, steps.rows[column])
    return steps


def ramp(time_s: Array, begin_s: float, end_s: float) -> Array:
    return np.clip((time_s - begin_s) / (end_s - begin_s), 0.0, 1.0)


# ------------------------------------------------------------------------ what is, and is not, told


@pytest.mark.parametrize("seed", range(5))
def test_an_hour_of_steady_running_reports_nothing(seed: int) -> None:
    detector = DriftDetector()
    assert detector.push(stationary_run(60, seed)) == []
    assert detector.status == "watching"


def test_lean_that_grows_in_four_minutes_is_reported_soon_after_it_passed_the_gate() -> None:
    steps = changed_run(30, "sacral_lean_deg", lambda t, lean: lean + 4.0 * ramp(t, 1200.0, 1440.0))
    detector = DriftDetector()
    (change,) = detector.push(steps)
    assert (change.indicator, change.direction, change.severity) == (
        "sacral_lean_deg",
        "up",
        "raised",
    )
    assert change.gate <= change.change <= 4.0 + 0.6
    assert change.change == pytest.approx(change.value - change.baseline)
    assert change.baseline == pytest.approx(6.0, abs=0.7)
    assert 1300.0 < change.time_s < 1500.0
    assert detector.status == "pelvic lean changed"
    assert detector.current("sacral_lean_deg").changed == "up"


@pytest.mark.parametrize(
    ("column", "indicator", "factor", "direction", "within_s"),
    [
        ("peak_10hz_bw", "peak_10hz_bw", 1.10, "up", 40.0),
        ("impact_shock_g", "impact_shock_g", 1.20, "up", 45.0),
        ("vertical_oscillation_mm", "vertical_oscillation_mm", 1.15, "up", 120.0),
        ("cadence_spm", "cadence_spm", 0.93, "down", 40.0),
        ("lumbar_compression_bw", "lumbar_index", 1.20, "up", 100.0),
    ],
)
def test_a_sudden_change_is_reported_soon(
    column: str, indicator: str, factor: float, direction: str, within_s: float
) -> None:
    if indicator == "cadence_spm":
        # blocks of steps know it sooner than the column's window of ten seconds
        steps = changed_run(20, "step_time_s", lambda t, x: np.where(t > 900.0, x / factor, x))
        rows = steps.rows
        rows["initial_contact_s"] = 10.0 + np.cumsum(rows["step_time_s"]) - rows["step_time_s"]
        # as a body in free fall for longer
        rows["vertical_oscillation_mm"][rows["initial_contact_s"] > 900.0] /= factor**2
    else:
        steps = changed_run(20, column, lambda t, x: np.where(t > 900.0, factor * x, x))
    change, *others = DriftDetector().push(steps)
    assert {other.indicator for other in others} <= {"dose_rate"}  # the lumbar index's fourth power
    assert (change.indicator, change.direction) == (indicator, direction)
    assert 900.0 < change.time_s < 900.0 + within_s
    assert change.change == pytest.approx(100.0 * (change.value / change.baseline - 1.0))
    floor = DriftParams().gate_of(indicator).floor
    assert floor <= change.gate < abs(change.change) < 100.0 * abs(factor - 1.0) + 4.0
    if indicator == "lumbar_index":
        assert change.baseline == 100.0


def test_a_change_is_cleared_below_half_of_the_gate_and_not_reported_anew_for_five_minutes() -> (
    None
):
    def three_spells(t: Array, lean: Array) -> Array:
        spells = ((t > 900) & (t < 1200)) | ((t > 1280) & (t < 1500)) | ((t > 2300) & (t < 2600))
        return lean + 4.0 * spells

    changes = DriftDetector().push(changed_run(45, "sacral_lean_deg", three_spells))
    assert [change.severity for change in changes] == ["raised", "cleared"] * 2
    assert [change.direction for change in changes] == ["up"] * 4
    first, over, again, _ = changes
    assert (
        900 < first.time_s < 1200 < over.time_s < 1280
    )  # the second spell falls into the cool-off
    assert 2300 < again.time_s < 2600
    assert over.change < 0.5 * over.gate


def test_a_flagged_stretch_reports_nothing_and_says_so() -> None:
    steps = changed_run(30, "impact_shock_g", lambda t, x: np.where(t > 900.0, 2.0 * x, x))
    steps.rows["quality"][steps.initial_contact_s > 900.0] = Quality.CLIPPED | Quality.NO_GYRO
    detector = DriftDetector()
    assert detector.push(steps) == []
    assert "not watching, because" in detector.status
    assert "most for a sensor at the end of its range" in detector.status


def test_without_a_gyroscope_it_watches_all_the_same() -> None:
    steps = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 4.0, x))
    steps.rows["quality"] = Quality.NO_GYRO
    assert [c.indicator for c in DriftDetector().push(steps)] == ["sacral_lean_deg"]


def test_what_is_not_measurable_is_silent_and_leaves_the_rest_alone() -> None:
    steps = changed_run(20, "peak_10hz_bw", lambda t, x: np.where(t > 900.0, 1.12 * x, x))
    steps.rows["sacral_lean_deg"] = np.nan
    steps.rows["lumbar_compression_bw"] = np.nan
    detector = DriftDetector()
    assert [c.indicator for c in detector.push(steps)] == ["peak_10hz_bw"]
    baseline = detector.baseline
    assert baseline is not None
    assert baseline.of("sacral_lean_deg") is None
    assert baseline.of("lumbar_index") is None
    reading = detector.current("sacral_lean_deg")
    assert reading.changed is None
    assert math.isnan(reading.value) and math.isnan(reading.gate)


def test_pauses_and_restarted_numbers_do_not_break_blocks() -> None:
    """The same steps in bouts, with minutes between them, give the same figures."""
    steps = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 4.0, x))
    bouts = Steps(steps.rows.copy())
    for start in range(997, len(bouts), 997):
        bouts.rows["initial_contact_s"][start:] += 120.0
        bouts.rows["step"][start:] -= bouts.rows["step"][start] - 1
    whole, parted = DriftDetector().push(steps), DriftDetector().push(bouts)
    assert [replace(c, time_s=0.0) for c in parted] == [replace(c, time_s=0.0) for c in whole]
    assert len(whole) == 1


# ------------------------------------------------------------------------------------ the baseline


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (NO_STEPS, "because no running step was seen"),
        (stationary_run(5), "because the run ended after 4:5"),
    ],
    ids=["nobody runs", "too short"],
)
def test_a_run_that_gives_no_baseline_says_why(steps: Steps, reason: str) -> None:
    detector = DriftDetector()
    detector.push(steps)
    detector.flush()
    assert detector.baseline is None
    assert detector.status.startswith("no baseline yet, because")
    assert reason in detector.status


def test_flagged_steps_give_no_baseline_and_it_says_why() -> None:
    steps = stationary_run(20)
    steps.rows["quality"][np.arange(len(steps)) % 20 > 3] = Quality.GAP
    detector = DriftDetector()
    assert detector.push(steps) == []
    assert detector.baseline is None
    assert detector.status.startswith("no baseline yet, because ")
    assert detector.status.endswith("steps do not count, most for lost samples")


def _spoil(**changes: Any) -> str:
    content: dict[str, Any] = {
        "format": "backstride-baseline",
        "version": 1,
        "blocks": 40,
        "indicators": {"cadence_spm": {"mean": 170.0, "wander_sd": 1.0}},
    }
    return json.dumps(content | changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a baseline"),
        ("[" * 100_000, "not a baseline"),
        ("[1, 2]", "not a baseline"),
        ('{"format": "other"}', "not a baseline"),
        (_spoil(version=2), "version 2"),
        (_spoil(blocks="many"), "'many' blocks"),
        (_spoil(blocks=-1), "-1 blocks"),
        (_spoil(indicators=[]), "no table of indicators"),
        (_spoil(indicators={}), "no indicator"),
        (_spoil(indicators={"mood": {"mean": 1, "wander_sd": 1}}), "'mood'"),
        (_spoil(indicators={"cadence_spm": 170}), "lacks a mean"),
        (_spoil(indicators={"cadence_spm": {"mean": 0, "wander_sd": 1}}), "positive"),
        (_spoil(indicators={"cadence_spm": {"mean": math.nan, "wander_sd": 1}}), "nan"),
        (_spoil(indicators={"cadence_spm": {"mean": 10**400, "wander_sd": 1}}), "positive"),
        (_spoil(indicators={"cadence_spm": {"mean": True, "wander_sd": 1}}), "True"),
        (_spoil(indicators={"sacral_lean_deg": {"mean": "six", "wander_sd": 1}}), "'six'"),
        (_spoil(indicators={"cadence_spm": {"mean": 170, "wander_sd": -1}}), "wander_sd"),
    ],
)
def test_a_damaged_baseline_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Baseline.from_json(text)
    message = str(caught.value)
    assert said in message
    assert message.endswith(".") and "\n" not in message


@given(
    text=st.text(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["format", "version", "blocks", "indicators", "cadence_spm", "mean"]
                ),
                inner,
                max_size=4,
            )
        ),
    ).map(json.dumps)
)
def test_no_text_makes_it_stumble(text: str) -> None:
    with pytest.raises(InputError):
        Baseline.from_json(text)


def test_an_indicator_named_twice_is_refused() -> None:
    item = IndicatorBaseline("cadence_spm", 170.0, 1.0)
    with pytest.raises(InputError, match="twice"):
        Baseline((item, item), 40)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("skip_s", -1.0),
        ("block_steps", 3),
        ("block_steps", 20.0),
        ("block_steps", True),
        ("baseline_blocks", 1001),
        ("smoothing", 0.0),
        ("smoothing", 1.01),
        ("calm_multiple", math.nan),
        ("clear_share", 1.5),
        ("cool_off_s", math.inf),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        DriftParams(**{name: value})  # type: ignore[arg-type]
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name} is {value!r}: give a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("floor", 0.0), ("floor", "6"), ("multiple", 21.0), ("dwell_blocks", 0)),
        ("least", math.nan),
    ],
)
def test_a_gate_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        DriftParams().with_gate("cadence_spm", **{name: value})
    assert str(caught.value).startswith(f"{name} is {value!r}: give a")


def test_an_unknown_indicator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="sacral_lean_deg"):
        DriftDetector().current("mood")


def test_status_tells_how_far_the_baseline_is() -> None:
    steps = stationary_run(20)
    detector = DriftDetector()
    seen: list[str] = []
    for start in range(0, len(steps), 20):
        detector.push(steps[start : start + 20])
        seen.append(detector.status)
    assert seen[0] in {"warming up: 0:06 of 1:00", "warming up: 0:07 of 1:00"}
    assert "learning your baseline: 12 %" in seen
    kinds = [text.split(":")[0] for text in seen]
    assert list(dict.fromkeys(kinds))[:3] == ["warming up", "learning your baseline", "watching"]


def test_earlier_runs_shorten_the_wait_and_a_change_from_them_is_told() -> None:
    runs = []
    for seed in range(3):
        learned = DriftDetector()
        learned.push(stationary_run(30, seed))
        assert learned.run_baseline is not None
        runs.append(EarlierRun(Baseline.from_json(learned.run_baseline.to_json())))
    usual = warm_start(runs)
    assert usual is not None
    detector = DriftDetector(baseline=usual)
    detector.push(stationary_run(5, 7))
    assert detector.status.startswith("finding today's level beside your earlier runs: ")
    assert detector.push(NO_STEPS) == []
    detector = DriftDetector(baseline=usual)
    today = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 560.0, x + 4.5, x))
    (change,) = detector.push(today)
    assert (change.indicator, change.direction) == ("sacral_lean_deg", "up")
    assert 560.0 < change.time_s < 680.0
    saved = detector.state
    detector.reset()
    assert detector.push(today) == [change]
    assert detector.state.tobytes() == saved.tobytes()


def test_a_day_that_differs_as_days_do_is_no_change() -> None:
    """A runner who leans 1° more today is told nothing, and the baseline is soon today's."""
    item = IndicatorBaseline("sacral_lean_deg", 5.0, 0.5, 0.3, 0.8)
    detector = DriftDetector(baseline=Baseline((item,), 1500))
    assert detector.push(stationary_run(20)) == []
    assert detector.current("sacral_lean_deg").baseline == pytest.approx(6.0, abs=0.4)


def test_a_day_far_from_the_usual_is_learned_until_it_is_judged() -> None:
    """Slower from the first step on is today's level; slower later on is a change."""
    place = [one.name for one in INDICATORS].index("cadence_spm")
    usual = Baseline((IndicatorBaseline("cadence_spm", 178.0, 1.9, 1.4, 2.1),), 1500)
    block = np.full(len(INDICATORS), math.nan)
    block[place] = 178.0 * math.exp(-0.04)
    levels = []
    for judged in (False, True):
        segments = fresh_state()["segment"]
        s = segments[0]
        take_given(s, usual)
        for n in range(60):
            now = known(judged)
            take(segments, block, n, now)
        levels.append(float(s["level"][place]))
    assert levels[0] < -2.5 and abs(levels[1]) < 0.5


def test_a_run_tells_later_ones_level_wander_and_couplings() -> None:
    steps = changed_run(60, "sacral_lean_deg", lambda t, x: x + 1.2 * np.sin(t / 150.0))
    detector = DriftDetector()
    detector.push(steps)
    whole = detector.run_baseline
    assert whole is not None
    lean = whole.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == pytest.approx(6.0, abs=0.5)
    assert 0.7 < lean.wander_sd < 1.2
    assert len(lean.couplings) == len(lean.coupling_sds) == 4
    assert Baseline.from_json(whole.to_json()) == whole


def test_of_what_drifts_a_run_tells_later_ones_the_level_of_its_middle() -> None:
    detector = DriftDetector()
    detector.push(changed_run(60, "sacral_lean_deg", lambda t, x: x + 2.0 * t / 3600.0))
    whole = detector.run_baseline
    assert whole is not None
    lean = whole.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == pytest.approx(7.0, abs=0.3)


def test_a_cadence_alone_is_a_pace_in_part_and_one_that_was_chosen_is_none() -> None:
    names = [one.key for one in INDICATORS]
    by_pace, chosen = (
        np.array([getattr(one.population, name)[0] for one in INDICATORS])
        for name in ("speed", "cadence")
    )
    cadence = names.index("cadence")
    chosen[cadence] = 1.0
    unknown, variance = np.full(2, np.nan), np.ones(len(INDICATORS))

    def faster(deviation: NDArray[np.float64], *known: str) -> float:
        seen = np.array([name in known for name in names])
        found, _ = pace_for_each(np.where(seen, deviation, np.nan), variance, unknown, (0.75, 1.5))
        return float(found[names.index("lean")])

    for percent in (-20.0, 20.0):
        alone = faster(percent * by_pace, "cadence")
        assert 0.3 < alone / percent < 0.9  # it may as well be chosen
        seen = ("cadence", "contact_time", "oscillation")
        assert faster(percent * by_pace, *seen) == pytest.approx(percent, rel=0.1)
        assert faster(0.25 * percent * chosen, *seen) == pytest.approx(0.0, abs=0.5)


def test_earlier_runs_on_other_ground_or_in_other_shoes_do_not_count() -> None:
    def run(lean_deg: float, surface: str, shoe: str) -> EarlierRun:
        item = IndicatorBaseline("sacral_lean_deg", lean_deg, 0.3, 0.2)
        return EarlierRun(Baseline((item,), 40), surface, shoe)

    runs = [run(90.0, "road", "red"), *(run(v, "road", "blue") for v in (3.0, 4.0, 5.0, 6.0, 7.0))]
    runs += [run(50.0, "grass", "blue"), run(8.0, "road", "blue")]
    usual = warm_start(runs, surface="road", shoe="blue")
    assert usual is not None
    lean = usual.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == 6.0  # of the last five
    assert lean.wander_sd == pytest.approx(0.3)
    # five runs of SD √2.5, three that were assumed at 0.9°, and what the mean of five leaves open
    assert lean.level_sd == pytest.approx(math.sqrt((4 * 2.5 + 3 * 0.81) / 7 * 1.2))
    assert usual.blocks == 200
    assert warm_start(runs, surface="grass", shoe="blue") is None
    assert warm_start([], surface="", shoe="") is None
    assert Baseline.from_json(usual.to_json()) == usual


@pytest.mark.parametrize("stated", [False, True])
def test_a_faster_pace_is_no_change_of_form_and_teaches_the_runner_s_own_coupling(
    stated: bool,
) -> None:
    """Minutes of a fifth more speed, which move everything together."""
    steps = stationary_run(45)
    quick = (steps.initial_contact_s > 900.0) & (steps.initial_contact_s % 400.0 < 180.0)
    for name, share in (
        ("peak_10hz_bw", 0.09),
        ("impact_shock_g", 0.12),
        ("shock_power_g2", 0.27),
        ("contact_time_ms", -0.12),
        ("vertical_oscillation_mm", 0.02),
    ):
        steps.rows[name][quick] *= 1.0 + share
    known = Covariates(np.where(quick, 3.6, 3.0), np.zeros(len(steps))) if stated else None
    detector = DriftDetector()
    heard = {change.indicator for change in detector.push(steps, known)}
    assert not heard & {"peak_10hz_bw", "impact_shock_g", "vertical_oscillation_mm"}
    whole = detector.run_baseline
    assert whole is not None
    peak = whole.of("peak_10hz_bw")
    assert peak is not None
    if stated:
        assert 0.40 < peak.couplings[0] < 0.55  # % a percent; 0.47 is true
    else:
        assert 0.38 < peak.couplings[0] < 0.55  # 0.35 to one who knows nothing of the runner
        detector.push(steps[:400], Covariates(np.full(400, 3.0), np.zeros(400)))
        taught = detector.run_baseline
        assert taught is not None
        known_peak = taught.of("peak_10hz_bw")
        assert known_peak is not None
        # where speed is known the scale of an estimate is none, and is forgotten
        assert known_peak.couplings[0] == INDICATORS[PEAK].population.speed[0]
    # the same again later, with the first minutes alone to learn from, is a change
    untaught = stationary_run(20)
    untaught.rows["peak_10hz_bw"][untaught.initial_contact_s > 900.0] *= 1.10
    assert "peak_10hz_bw" in {c.indicator for c in DriftDetector().push(untaught)}


@pytest.mark.parametrize("seed", range(3))
def test_a_belt_set_faster_after_a_steady_hour_is_no_change_of_force(seed: int) -> None:
    """Nobody states the speed: an hour at one pace must not teach that pace does nothing."""
    rng = np.random.default_rng([seed, 5])
    segments = fresh_state()["segment"]
    s = segments[0]
    usual = [one.population for one in INDICATORS]
    value, wander = VALUE, np.zeros(len(VALUE))
    for n in range(500):
        stays = math.exp(-7.0 / 135.0)
        shaken = np.array([one.wander for one in usual]) * math.sqrt(1.0 - stays**2)
        wander = stays * wander + 1.4 * shaken * rng.standard_normal(len(value))
        change = wander + np.array([one.noise for one in usual]) * rng.standard_normal(len(value))
        block = np.where(RELATIVE, value * np.exp(0.01 * change), value + change)
        take(segments, block, n, known(n >= 95))
    middle, spread = usual[PEAK].speed
    assert s["parts"][PEAK, 3] == middle
    assert math.sqrt(s["covariance"][PEAK, 3, 3]) == pytest.approx(spread)


def test_intervals_teach_what_speed_does_to_the_runner_though_nobody_states_it() -> None:
    """Bouts of two minutes, a fifth faster; to this runner's shock that does half as much again."""
    rng = np.random.default_rng(6)
    shock = [one.name for one in INDICATORS].index("impact_shock_g")
    usual = [one.population for one in INDICATORS]
    segments = fresh_state()["segment"]
    s = segments[0]
    value = VALUE
    on_speed = np.array([one.speed[0] for one in usual])
    on_speed[shock] *= 1.5
    for n in range(400):
        faster = 20.0 * (n // 17 % 2) * (n > 60)
        change = on_speed * faster
        change += 0.5 * np.array([one.noise for one in usual]) * rng.standard_normal(len(value))
        block = np.where(RELATIVE, value * np.exp(0.01 * change), value + change)
        take(segments, block, n, known(n >= 95))
    middle, spread = usual[shock].speed
    assert s["parts"][shock, 3] == pytest.approx(1.5 * middle, abs=0.12)
    assert math.sqrt(s["covariance"][shock, 3, 3]) < 0.4 * spread


VALUE = np.array([2.4, 3.1, 6.0, 90.0, 168.0, 2.0, 240.0, 0.14, 9.0, 6.0, 8.5, 12.0, 0.0, 0.9])


def followed(seed: int, change: Array, given: Baseline | None = None) -> tuple[Any, Array]:
    """A run of blocks with changes of shape (blocks, indicators); smoothed and spread of each."""
    rng = np.random.default_rng([seed, 9])
    usual = [one.population for one in INDICATORS]
    segments = fresh_state()["segment"]
    s = segments[0]
    if given is not None:
        take_given(s, given)
    stays, wander = math.exp(-7.0 / 135.0), np.zeros(len(VALUE))
    shaken = np.array([one.wander for one in usual]) * math.sqrt(1.0 - stays**2)
    seen = np.empty((len(change), 2, len(VALUE)))
    for n, own in enumerate(change):
        wander = stays * wander + 0.7 * shaken * rng.standard_normal(len(VALUE))
        noise = 0.5 * np.array([one.noise for one in usual]) * rng.standard_normal(len(VALUE))
        moved = own + wander + noise
        block = np.where(RELATIVE, VALUE * np.exp(0.01 * moved), VALUE + moved)
        take(segments, block, n, known(n >= 95))
        seen[n] = s["smoothed"], s["spread"]
    return s, seen


def test_a_pace_that_rises_all_the_way_is_speed_to_one_with_earlier_runs_too() -> None:
    """A fifth faster within the hour, which nobody states, in each of five runs."""
    usual = [one.population for one in INDICATORS]
    rising = np.linspace(-8.0, 12.0, 500)[:, None] * np.array([one.speed[0] for one in usual])
    left = [run_baseline(followed(seed, rising)[0], 95, moved=False) for seed in range(4)]
    given = warm_start([EarlierRun(one) for one in left if one is not None])
    assert given is not None
    # with errors of an estimate in them, what they say of speed is too little
    segments = fresh_state()["segment"]
    s = segments[0]
    take_given(s, given)
    assert s["parts"][PEAK, COUPLINGS.start] == usual[PEAK].speed[0]
    late = followed(4, rising, given)[1][250:, 0, PEAK]
    assert np.mean(late) < 0.2 * usual[PEAK].speed[0] * 12.0


def chosen(seed: int, minutes: float) -> Array:
    """Changes of blocks of a runner who chooses a cadence anew every so many minutes; 0 never."""
    change = np.zeros((500, len(VALUE)))
    if minutes:
        every = round(60.0 * minutes / 7.0)
        levels = np.random.default_rng([seed, 3]).normal(0.0, 2.0, len(change) // every + 1)
        change[:, CADENCE] = levels.repeat(every)[: len(change)]
    return change


@pytest.mark.parametrize(("minutes", "told"), [(0.0, True), (3.5, False)])
def test_a_step_counts_for_less_to_a_runner_whose_earlier_runs_were_full_of_them(
    minutes: float, told: bool
) -> None:
    """As with music; and one that is plain, but smaller than what matters, for nothing."""
    runs = [followed(seed, chosen(seed, minutes))[0] for seed in range(4)]
    left = [run_baseline(one, 95, moved=False) for one in runs]
    given = warm_start([EarlierRun(one) for one in left if one is not None])
    change = chosen(9, 0.0)[:310]
    change[300:, CADENCE] = -5.0
    evidence = followed(9, change, given)[0]["evidence"][CADENCE]
    assert (evidence >= INDICATORS[CADENCE].gate.evidence) == told
    change[300:, CADENCE] = -2.0
    assert followed(9, change, given)[0]["evidence"][CADENCE] == 0.0


def test_a_change_of_cadence_that_has_begun_does_not_count_against_itself() -> None:
    """What is usual of the runner is as it was for two minutes, and for good where it is told."""
    change = chosen(9, 0.0)
    change[300:, CADENCE] = -5.0
    calm, begun = (followed(9, own[:317])[0] for own in (chosen(9, 0.0), change))
    for name in ("wander_sum", "unrest_sum"):
        assert begun[name][CADENCE] == calm[name][CADENCE]
        assert followed(9, change)[0][name][CADENCE] > calm[name][CADENCE]
    # of a change that was reported, nothing is left to be learned
    run = stationary_run(40)
    late = run.initial_contact_s > 1500.0
    run.rows["step_time_s"][late] /= 0.93
    detector = DriftDetector()
    changes = detector.push(run[: np.flatnonzero(late)[0] + 400])
    assert ("cadence_spm", "raised") in {(one.indicator, one.severity) for one in changes}
    assert not detector.state[0]["segment"]["waiting"].any()


@pytest.mark.parametrize("seed", range(2))
def test_hills_that_nobody_states_widen_what_may_be_no_change_of_shock(seed: int) -> None:
    shock = [one.name for one in INDICATORS].index("impact_shock_g")
    usual = [one.population for one in INDICATORS]
    uphill = np.array([one.uphill[0] for one in usual])
    downhill = np.array([one.downhill[0] for one in usual])
    slope = 3.0 * np.array([0, 1, 0, -1] * 5).repeat(20)[:, None]
    hills = np.maximum(slope, 0.0) * uphill + np.minimum(slope, 0.0) * downhill
    level, level_seen = followed(seed, 0.0 * hills)
    hilly, hilly_seen = followed(seed, hills)
    assert level["slope_sum"][shock] < 0.0
    assert hilly["slope_sum"][shock] > 400.0  # a degree squared a block
    assert np.median(hilly_seen[200:, 1, shock]) > 1.3 * np.median(level_seen[200:, 1, shock])
    # of 15 % that a hill makes of it, what is left is mostly within two of these
    beyond = np.abs(hilly_seen[200:, 0, shock]) > 2.0 * hilly_seen[200:, 1, shock]
    assert np.mean(beyond) < 0.05


@pytest.mark.parametrize("later", range(0, 10, 2))
def test_one_odd_stretch_of_steps_costs_no_baseline(later: int) -> None:
    """A hand at the belt for three seconds, at any of a group, and single steps of nonsense."""
    steps = stationary_run(30)
    at = np.searchsorted(steps.initial_contact_s, 1200.0) + later
    steps.rows["sacral_roll_deg"][at : at + 9] += 14.0
    steps.rows["sacral_lean_deg"][::40] += 60.0
    detector = DriftDetector()
    assert SENSOR_POSITION not in {change.indicator for change in detector.push(steps)}
    assert detector.baseline is not None


# ------------------------------------------------------------------------------- the robust mean


@given(
    outlier=st.floats(-1e6, 1e6),
    place=st.integers(0, 19),
    offset=st.floats(-1.0, 1.0),
)
def test_one_odd_step_and_a_left_right_difference_do_not_move_a_block(
    outlier: float, place: int, offset: float
) -> None:
    sides = [i % 2 for i in range(20)]
    values = [5.0 + (offset if side else -offset) for side in sides]
    values[place] = outlier
    assert block_of(values, sides) == pytest.approx(5.0)


def block_of(values: list[float], sides: list[int]) -> float:
    """What a block makes of an indicator's values."""
    table = np.repeat(np.array(values)[:, None], len(INDICATORS), axis=1)
    return float(block_values(table, np.array(sides))[PEAK])


def test_a_block_needs_half_of_its_values() -> None:
    assert math.isnan(block_of([1.0] * 9 + [math.nan] * 11, [0, 1] * 10))
    assert block_of([1.0] * 10 + [math.nan] * 10, [0, 1] * 10) == 1.0
    assert block_of([1.0] * 20, [0] * 20) == 1.0


# -------------------------------------------------------------------------- the streaming promise


@st.composite
def eventful_runs(draw: st.DrawFn) -> Steps:
    """Runs in which, with the quick parameters, much happens."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 260))
    rows = np.zeros(count, STEP_ROW)
    rows["step_time_s"] = rng.uniform(0.3, 0.4, count)
    rows["initial_contact_s"] = np.cumsum(rows["step_time_s"] + (rng.random(count) < 0.02) * 40.0)
    rows["side"] = (np.arange(count) + (rng.random(count) < 0.05)) % 4
    for indicator in INDICATORS:
        level = np.repeat(rng.normal(0.0, draw(st.sampled_from([0.0, 0.1, 0.3])), 12), 24)[:count]
        values = 5.0 * (1.0 + level + rng.normal(0.0, 0.02, count))
        values[rng.random(count) < draw(st.sampled_from([0.0, 0.1, 0.45, 0.9]))] = np.nan
        rows[indicator.column] = values
    # a contact time that doubles is a change of speed under any parameters
    rows["contact_time_ms"] = np.clip(rows["contact_time_ms"], 3.5, 6.5)
    if draw(st.booleans()):  # bends and slips
        rows["yaw_rate_deg_s"] = np.repeat(rng.choice([0.0, 0.0, 20.0], 60), 5)[:count]
        rows["sacral_roll_deg"] = np.repeat(rng.choice([0.0, 0.0, 0.0, 9.0], 12), 30)[:count]
    flagged = rng.random(count) < draw(st.sampled_from([0.0, 0.05, 0.6]))
    rows["quality"] = np.where(flagged, 1 << rng.integers(0, 7, count), 0)
    return Steps(rows)


def cut(steps: Steps, cuts: list[int]) -> list[Steps]:
    edges = [0, *sorted(min(c, len(steps)) for c in cuts), len(steps)]
    return [steps[a:b] for a, b in pairwise(edges)]


CUTS = st.lists(st.integers(0, 260), max_size=12)


@settings(max_examples=few(20), deadline=None)
@given(steps=eventful_runs(), cuts=CUTS)
def test_any_cutting_gives_identical_changes_and_state(steps: Steps, cuts: list[int]) -> None:
    whole, parted = DriftDetector(QUICK), DriftDetector(QUICK)
    expected = whole.push(steps)
    found = [change for part in cut(steps, cuts) for change in parted.push(part)]
    assert found == expected
    assert parted.state.tobytes() == whole.state.tobytes()
    assert parted.status == whole.status
    assert parted.baseline == whole.baseline
    assert whole.flush() == parted.flush() == []


@settings(max_examples=few(20), deadline=None)
@given(steps=eventful_runs(), place=st.integers(0, 260))
def test_a_saved_state_goes_on_as_if_never_stopped(steps: Steps, place: int) -> None:
    before, after = cut(steps, [place])
    detector = DriftDetector(QUICK)
    expected = detector.push(before)
    saved = np.frombuffer(detector.state.tobytes(), detector.state.dtype)
    expected = detector.push(after)
    restored = DriftDetector(QUICK)
    restored.state = saved
    assert restored.push(after) == expected
    assert restored.status == detector.status
    for indicator in INDICATORS:
        assert str(restored.current(indicator.name)) == str(detector.current(indicator.name))


def test_steps_pushed_are_not_altered() -> None:
    steps = stationary_run(10)
    before = steps.rows.tobytes()
    DriftDetector().push(steps)
    assert steps.rows.tobytes() == before


# --------------------------------------------------------------------------------- a plain oracle


JUDGED_FROM = 10  # until then any value teaches about the level


def made_of(blocks: Array, i: int, *, stepped_from: int | None = None) -> tuple[Array, Array]:
    """Innovations and their variances of one indicator, one number after the other.

    With ``stepped_from`` the level is one higher from that block on, and gains and variances are
    those of the blocks as they are: what is left between both is what such a step leaves.
    """
    p, segments = DriftParams(), fresh_state()["segment"]
    s = segments[0]
    found, variances = [], []
    wrong = np.zeros(len(s["parts"][i]))
    for n, block in enumerate(blocks):
        before, noise = s["covariance"][i].copy(), float(s["noise"][i])
        theta, wander = s["parts"][i].copy(), float(wander_variance(s)[i])
        last_s, running_s = float(s["last_s"]), 7.0 * (n + 1)
        raised_before = s["parts"][i].copy()
        judged = n >= JUDGED_FROM
        follow(segments, block, np.full(2, math.nan), running_s, known(judged), SOUGHT, p)
        stays = math.exp(-(running_s - last_s) / p.wander_s) if n else 1.0
        h = np.ones(8)
        h[1], h[2] = running_s / 3600.0, math.exp(-running_s / 280.0)
        h[3:7] = 0.0
        move = np.diag([1.0] * 7 + [stays])
        ahead = move @ before @ move
        ahead[WANDER, WANDER] += wander * (1.0 - stays**2)
        variance = float(h @ ahead @ h) + noise
        gain = ahead @ h / variance
        value = 100.0 * math.log(block[i] / s["reference"][i])
        innovation = value - float(h @ move @ theta)
        calm = abs(s["smoothed"][i]) < p.calm_multiple * s["spread"][i]
        gain[:WANDER] *= calm or not judged
        damped = innovation * min(1.0, 3.0 * math.sqrt(variance) / max(abs(innovation), 1e-12))
        np.testing.assert_allclose(s["parts"][i], move @ raised_before + gain * damped, atol=1e-9)
        if stepped_from is not None:
            left = (n >= stepped_from) - float(h @ move @ wrong)
            wrong = move @ wrong + gain * left
            found.append(left)
        else:
            found.append(innovation)
        variances.append(variance)
    return np.array(found), np.array(variances)


def test_it_follows_an_indicator_as_plain_algebra_does_and_weighs_each_onset() -> None:
    """Where no other indicator tells of a pace: the parts, and the evidence for a step."""
    rng = np.random.default_rng(3)
    place = [one.name for one in INDICATORS].index("impact_shock_g")
    blocks = np.full((30, len(INDICATORS)), math.nan)
    blocks[:, place] = 3.0 * np.exp(0.03 * rng.standard_normal(30) + 0.10 * (np.arange(30) >= 22))
    innovations, variances = made_of(blocks, place)
    segments = fresh_state()["segment"]
    s = segments[0]
    for n, block in enumerate(blocks):
        judged = known(n >= JUDGED_FROM)
        take(segments, block, n, judged)
    twice, sought = {}, SOUGHT[place]
    for onset in (*range(30 - 18, 30 - 2), 0, 10, 20):  # the last blocks, and every tenth
        left, _ = made_of(blocks, place, stepped_from=onset)
        # twice the log likelihood of the innovations less such a step, against that without
        fits = innovations**2 - (innovations - sought * left) ** 2
        twice[onset] = float((fits / variances).sum())
    best = max(twice, key=lambda onset: twice[onset])
    assert best == 22
    assert s["evidence"][place] == pytest.approx(math.sqrt(twice[best]), rel=1e-9)
    assert 5.0 < s["step"][place] < 15.0
    assert s["parts"][place, LEVEL][0] != 0.0


def naive_mean(values: Array, sides: NDArray[np.uint8]) -> float:
    known = np.isfinite(values)
    if 2 * known.sum() < len(values):
        return math.nan
    groups = [np.sort(values[known & (sides % 2 == foot)]) for foot in (0, 1)]
    if min(len(group) for group in groups) < 3:
        groups = [np.sort(values[known])]
    means = []
    for group in groups:
        drop = len(group) // 5
        means.append(group[drop : len(group) - drop].mean())
    return float(np.mean(means))


def naive_block(indicator: Indicator, rows: NDArray[np.void]) -> float:
    sides, times = rows["side"], naive_mean(rows["step_time_s"], rows["side"])
    column = rows[indicator.column]
    if indicator.statistic == "rate":
        return 60.0 / times
    if indicator.statistic == "dose":
        return naive_mean(column**4, sides) / times
    if indicator.statistic == "difference":
        if (sides < 2).any() or not np.isfinite(column).all():
            return math.nan
        left, right = (np.sort(column[sides == code]) for code in (2, 3))
        if min(len(left), len(right)) < 3:
            return math.nan
        a, b = (foot[len(foot) // 5 : len(foot) - len(foot) // 5].mean() for foot in (left, right))
        return float(200.0 * (a - b) / (a + b))
    return naive_mean(column, sides)


@settings(max_examples=few(20), deadline=None)
@given(steps=eventful_runs())
def test_blocks_are_what_plain_sums_make_of_the_steps(steps: Steps) -> None:
    for start in range(0, len(steps) - 20, 20):
        part = steps[start : start + 20]
        found = block_values(watched(part), part.rows["side"].astype(np.int64))
        plain = [naive_block(indicator, part.rows) for indicator in INDICATORS]
        np.testing.assert_allclose(found, plain, rtol=1e-9)


# ------------------------------------------------ what is left out, adjusted, and learned anew


def test_a_sensor_that_moves_is_said_once_and_the_baseline_is_learned_anew() -> None:
    steps = changed_run(30, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 9.0, x))
    detector = DriftDetector()
    before, after = cut(steps, [int(np.searchsorted(steps.initial_contact_s, 900.0))])
    changes = detector.push(before)
    (moved,) = detector.push(after)
    assert changes == []
    assert (moved.indicator, moved.severity) == (SENSOR_POSITION, "raised")
    assert 900.0 < moved.time_s < 920.0
    assert moved.change == pytest.approx(9.0, abs=1.5)
    assert detector.status == "watching"
    baseline = detector.baseline
    assert baseline is not None
    lean = baseline.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == pytest.approx(15.0, abs=0.7)


def test_a_change_that_was_reported_is_withdrawn_when_the_sensor_moves() -> None:
    def course(t: Array, shock: Array) -> Array:
        return shock * np.where(t > 900.0, 1.3, 1.0)

    steps = changed_run(25, "impact_shock_g", course)
    steps.rows["sacral_roll_deg"][steps.initial_contact_s > 1200.0] = 12.0
    found = [(c.indicator, c.severity) for c in DriftDetector().push(steps)]
    assert found[0] == ("impact_shock_g", "raised")
    assert found[-2:] == [("impact_shock_g", "withdrawn"), (SENSOR_POSITION, "raised")]


def test_a_lean_in_bends_is_no_change() -> None:
    steps = changed_run(40, "sacral_lean_deg", lambda t, x: x + 3.0 * (t % 60.0 < 40.0))
    steps.rows["yaw_rate_deg_s"] = 5.0 * (steps.initial_contact_s % 60.0 < 40.0)
    assert DriftDetector().push(steps) == []
    straight = Steps(steps.rows.copy())
    straight.rows["yaw_rate_deg_s"] = 0.0
    detector = DriftDetector()
    detector.push(straight)
    # it was the turning that made the difference
    assert detector.current("sacral_lean_deg").baseline > 7.5


def test_a_reseat_learns_anew() -> None:
    detector = DriftDetector()
    detector.push(stationary_run(15))
    assert detector.baseline is not None
    detector.mark("reseat")
    assert detector.baseline is None
    assert "learning your baseline: 0 %" in detector.status


def test_a_left_right_difference_below_twenty_percent_is_never_reported() -> None:
    def differing(percent: float) -> list[str]:
        steps = stationary_run(30)
        rows = steps.rows
        late = rows["initial_contact_s"] > 900.0
        left = rows["side"] == 2
        rows["impact_shock_g"][late & left] *= 1.0 + percent / 200.0
        rows["impact_shock_g"][late & ~left] *= 1.0 - percent / 200.0
        return [c.indicator for c in DriftDetector().push(steps)]

    assert "shock_difference_percent" not in differing(25.0)  # from −10 to +15 %
    assert "shock_difference_percent" in differing(40.0)


def test_a_jump_straight_forward_may_be_the_runner_a_crooked_one_is_the_sensor() -> None:
    def found(forward_deg: float, sideways_deg: float) -> set[str]:
        steps = stationary_run(25)
        late = steps.initial_contact_s > 900.0
        steps.rows["sacral_roll_deg"] = np.where(late, sideways_deg, 0.0)
        steps.rows["sacral_lean_deg"] += np.where(late, forward_deg, 0.0)
        return {change.indicator for change in DriftDetector().push(steps)}

    assert found(5.4, 0.0) >= {"sacral_lean_deg"}
    assert "sensor_position" not in found(5.4, 0.0)
    assert found(4.0, 4.0) == {"sensor_position"}
    assert found(7.5, 0.0) == {"sensor_position"}


def test_a_harder_landing_alone_is_not_taken_for_a_change_of_pace() -> None:
    steps = stationary_run(40)
    late = steps.initial_contact_s > 900.0
    for column, share in (("impact_shock_g", 0.3), ("shock_power_g2", 0.6)):
        steps.rows[column] *= np.where(late, 1.0 + share, 1.0)
    raised = {c.indicator for c in DriftDetector().push(steps) if c.severity == "raised"}
    assert raised == {"impact_shock_g", "shock_power_g2"}


def test_after_the_sensor_moved_a_run_tells_later_ones_nothing_of_the_lean() -> None:
    steps = changed_run(30, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 9.0, x))
    detector = DriftDetector()
    detector.push(steps)
    whole = detector.run_baseline
    assert whole is not None
    assert whole.of("sacral_lean_deg") is None
    assert whole.of("lumbar_index") is None
    assert whole.of("impact_shock_g") is not None
