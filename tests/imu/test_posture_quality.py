"""Which steps are flagged as bends and slips: against a plain oracle, and case by case."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.contract import require_same_bits
from imu.errors import ParameterError
from imu.samples import Quality
from imu.step.posture_quality import PostureQuality, PostureQualityParams
from imu.steps import NO_STEPS, STEP_ROW, Steps, concatenate
from tests.examples import few

BEND, SLIP = int(Quality.BEND), int(Quality.SLIP)
NAN = math.nan
STEP_S = 0.375  # sums of it are exact


def stretch(
    count: int,
    *,
    yaw: float = 0.0,
    lean: float = 5.0,
    roll: float = 1.0,
    contact: float = 240.0,
    step_s: float = STEP_S,
    quality: int = 0,
    swing: float = 32.0,
    pause_s: float = 0.0,
) -> NDArray[np.void]:
    """Steps of one kind; ``initial_contact_s`` of the first is the pause before it."""
    rows = np.zeros(count, STEP_ROW)
    rows["initial_contact_s"][:1] = pause_s
    rows["step_time_s"], rows["contact_time_ms"] = step_s, contact
    rows["sacral_lean_deg"], rows["sacral_roll_deg"] = lean, roll
    rows["quality"] = quality
    # each leg swings the pelvis its own way
    rows["yaw_rate_deg_s"] = yaw + swing * np.where(np.arange(count) % 2, -1.0, 1.0)
    return rows


def run(*parts: NDArray[np.void], begin_s: float = 100.0) -> Steps:
    """The stretches one after the other."""
    rows = np.concatenate(parts)
    pauses, step_s = rows["initial_contact_s"], rows["step_time_s"]
    before = np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    rows["initial_contact_s"] = begin_s + np.cumsum(pauses) + before
    return Steps(rows)


def flagged(steps: Steps, flag: int) -> list[int]:
    """Places of the steps that the stage flags."""
    bits = PostureQuality().push(steps).quality_bits
    return np.flatnonzero(bits & np.uint8(flag)).tolist()


# ---- bends


def test_a_straight_run_has_neither() -> None:
    steps = run(stretch(500))
    assert set(PostureQuality().push(steps).quality) == {""}


@pytest.mark.parametrize("turn", [5.0, -5.0])
def test_a_bend_is_told_from_the_step_that_lifts_the_mean_of_ten_over_the_limit(
    turn: float,
) -> None:
    steps = run(stretch(50), stretch(40, yaw=turn), stretch(50))
    # the swings of an even number of steps cancel, of an odd one they do not: six of ten at 5 °/s
    # are 3 °/s, five are the limit itself
    assert flagged(steps, BEND) == list(range(55, 94))


def test_at_the_limit_it_is_no_bend() -> None:
    assert flagged(run(stretch(80, yaw=2.5)), BEND) == []
    assert flagged(run(stretch(80, yaw=2.5625)), BEND) == list(range(9, 80))


def test_without_a_gyroscope_there_is_no_bend() -> None:
    steps = run(stretch(80, yaw=NAN, quality=int(Quality.NO_GYRO)))
    assert flagged(steps, BEND) == []


def test_ten_steps_are_of_one_bout_and_follow_one_another() -> None:
    nine = stretch(9, yaw=8.0)
    assert flagged(run(nine), BEND) == []
    assert flagged(run(nine, stretch(9, yaw=8.0, pause_s=0.375)), BEND) == []
    assert flagged(run(nine, stretch(11, yaw=8.0, pause_s=60.0)), BEND) == [18, 19]
    # a step that has no turn is part of no ten
    assert flagged(run(nine, stretch(1, yaw=NAN), nine), BEND) == []


def test_a_missing_step_does_not_make_a_bend_of_one_legs_swing() -> None:
    rows = run(stretch(60, swing=33.0)).rows
    assert flagged(Steps(np.delete(rows, 31)), BEND) == []


# ---- slips


SETTLED = stretch(60)


@pytest.mark.parametrize(("lean", "roll"), [(13.0, 1.0), (-3.0, 1.0), (5.0, 9.0), (10.0, -5.0)])
def test_a_jump_of_the_neutral_is_told_for_ten_seconds(lean: float, roll: float) -> None:
    steps = run(SETTLED, stretch(60, lean=lean, roll=roll))
    # seen when ten steps lie beyond it and the next makes no difference
    assert flagged(steps, SLIP) == list(range(70, 70 + math.ceil(10.0 / STEP_S)))


def test_a_large_jump_is_in_doubt_from_its_first_stride_on() -> None:
    told = list(range(61, 70 + math.ceil(10.0 / STEP_S)))
    assert flagged(run(SETTLED, stretch(60, lean=14.0)), SLIP) == told
    stumble = stretch(2, lean=20.0)
    assert flagged(run(SETTLED, stumble, stretch(60)), SLIP) == [61]


def test_a_jump_of_five_degrees_is_none() -> None:
    assert flagged(run(SETTLED, stretch(60, lean=8.0, roll=5.0)), SLIP) == []
    assert flagged(run(SETTLED, stretch(60, lean=8.0, roll=5.0625)), SLIP) != []


def test_a_slow_drift_is_no_slip() -> None:
    rows = stretch(600)
    rows["sacral_lean_deg"] += np.linspace(0.0, 25.0, 600)
    assert flagged(run(rows), SLIP) == []


def test_a_posture_that_changes_with_the_gait_is_the_runners_own() -> None:
    for lean, in_doubt in ((11.0, 0), (15.0, 10), (30.0, 11)):
        for changed in (
            stretch(60, lean=lean, contact=264.0),
            stretch(60, lean=lean, contact=216.0),
            stretch(60, lean=lean, step_s=0.34375),
        ):
            assert len(flagged(run(SETTLED, changed), SLIP)) <= in_doubt
        assert len(flagged(run(SETTLED, stretch(60, lean=lean, contact=256.0)), SLIP)) > 25


def test_a_slip_in_a_bend_is_told_after_it() -> None:
    bend = stretch(40, yaw=5.0, lean=5.0, roll=1.0)
    bend["sacral_lean_deg"][20:] = 13.0
    told = flagged(run(SETTLED, bend, stretch(60, lean=13.0)), SLIP)
    assert told[0] == 60 + 40 + 4 + 10  # with the fifth step the mean of ten has left the bend
    assert len(told) == math.ceil(10.0 / STEP_S)


def test_the_roll_of_a_bend_is_no_slip() -> None:
    steps = run(SETTLED, stretch(60, yaw=10.0, roll=7.0), stretch(60))
    assert flagged(steps, SLIP) == []


def test_steps_with_other_reservations_are_not_compared() -> None:
    gap = stretch(40, lean=25.0, quality=int(Quality.GAP | Quality.SETTLING))
    assert flagged(run(SETTLED, gap, stretch(60)), SLIP) == []
    unmeasured = stretch(40, lean=NAN, roll=NAN)
    assert flagged(run(SETTLED, unmeasured, stretch(60)), SLIP) == []


def test_a_missing_gyroscope_or_roll_is_no_reason_not_to_see_a_slip() -> None:
    quality = int(Quality.NO_GYRO)
    before, after = (stretch(60, lean=x, roll=NAN, yaw=NAN, quality=quality) for x in (5.0, 13.0))
    assert flagged(run(before, after), SLIP)[0] == 70


def test_what_a_start_does_to_the_lean_is_no_slip() -> None:
    starting = stretch(26, lean=-8.0)  # 10 s
    assert flagged(run(starting, stretch(80)), SLIP) == []
    again = stretch(26, lean=-8.0, pause_s=2.0)
    assert flagged(run(SETTLED, again, stretch(80)), SLIP) == []


def test_a_second_slip_is_told_anew() -> None:
    steps = run(SETTLED, stretch(60, lean=13.0), stretch(60, lean=5.0))
    told = flagged(steps, SLIP)
    assert [told[0], told[27]] == [70, 130]
    assert len(told) == 54


def test_what_was_flagged_before_stays() -> None:
    steps = run(stretch(60, yaw=5.0, quality=int(Quality.CLIPPED)))
    assert PostureQuality().push(steps).quality[-1] == "clipped;bend"
    assert set(steps.quality) == {"clipped"}, "the steps that are given do not change"


# ---- re-seating


def test_after_the_sensor_was_reseated_nothing_is_compared_with_before() -> None:
    steps = run(SETTLED, stretch(2, lean=5.0), stretch(90, lean=45.0))
    stage = PostureQuality()
    first = stage.push(steps[:60])
    # the two steps that were being finished then belong to neither
    stage.forget(float(steps.initial_contact_s[62]))
    rest = stage.push(steps[60:])
    assert not (concatenate([first, rest]).quality_bits & SLIP).any()


def test_reseating_ends_the_doubt() -> None:
    steps = run(SETTLED, stretch(15, lean=25.0), stretch(40, lean=5.0))
    stage = PostureQuality()
    assert (stage.push(steps[:75]).quality_bits & SLIP)[-1]
    stage.forget(float(steps.initial_contact_s[75]))
    assert not (stage.push(steps[75:]).quality_bits & SLIP).any()


# ---- parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bend_rate_deg_s", 0.4),
        ("slip_deg", 91.0),
        ("contact_jump_percent", 0.0),
        ("cadence_jump_percent", NAN),
        ("slip_s", -1.0),
    ],
)
def test_a_parameter_outside_its_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=name):
        PostureQualityParams(**{name: value})


# ---- against an oracle, and the streaming promise


def mean(rows: list[dict[str, Any]], column: str) -> Fraction:
    """Exact; what is not measured counts as 0."""
    values = [Fraction(0 if math.isnan(row[column]) else row[column]) for row in rows]
    return sum(values, Fraction(0)) / len(values)


def parted(straights: list[dict[str, Any]], newer: int) -> list[dict[str, Any]]:
    """The older ones of the last twenty steps, ten at most."""
    return straights[-20:][: min(10, len(straights[-20:]) - newer)]


def jump_squared(straights: list[dict[str, Any]], newer: int = 10) -> Fraction:
    """Of lean and roll, from the older ten of the last twenty steps to the newer ones."""
    older = parted(straights, newer)
    if len(older) < 4:
        return Fraction(0)
    columns = ("sacral_lean_deg", "sacral_roll_deg")
    jumps = (mean(straights[-newer:], name) - mean(older, name) for name in columns)
    return sum((jump**2 for jump in jumps), Fraction(0))


def same_gait(straights: list[dict[str, Any]], p: PostureQualityParams) -> bool:
    older, newer = parted(straights, 10), straights[-10:]
    contact = mean(newer, "contact_time_ms") / mean(older, "contact_time_ms")
    cadence = mean(older, "step_time_s") / mean(newer, "step_time_s")
    return (
        100 * abs(contact - 1) <= p.contact_jump_percent
        and 100 * abs(cadence - 1) <= p.cadence_jump_percent
    )


def oracle(steps: Steps, p: PostureQualityParams) -> list[int]:
    """The flags, each step looked at with all that was before it."""
    rows = [dict(zip(STEP_ROW.names or (), row, strict=True)) for row in steps.rows.tolist()]
    bends: list[bool] = []
    straights: list[dict[str, Any]] = []
    slip_seen_at: list[int] = []
    far = [False] * len(rows)
    start, in_bend = 0, False
    for i, row in enumerate(rows):
        gap = math.inf
        if i > 0:
            last = rows[i - 1]
            gap = row["initial_contact_s"] - last["initial_contact_s"] - last["step_time_s"]
        if not -0.1 < gap <= 1.0:
            start, straights = i, []
        ten = range(i - 9, i + 1)
        whole = i >= 9 and all(math.isfinite(rows[j]["yaw_rate_deg_s"]) for j in ten)
        for j in list(ten)[1:] if whole else []:
            end = rows[j - 1]["initial_contact_s"] + rows[j - 1]["step_time_s"]
            whole = whole and abs(rows[j]["initial_contact_s"] - end) < 0.1
        turn = mean([rows[j] for j in ten], "yaw_rate_deg_s") if whole else Fraction(0)
        if whole:
            in_bend = abs(turn) > Fraction(p.bend_rate_deg_s)
        elif math.isnan(row["yaw_rate_deg_s"]) or (abs(gap) >= 0.1 and not 0.0 < gap <= 10.0):
            in_bend = False
        bends.append(in_bend)
        trusted = row["quality"] & ~int(Quality.NO_GYRO) == 0
        ran_s = row["initial_contact_s"] - rows[start]["initial_contact_s"]
        if bends[i] or not trusted or ran_s < 2.0 or math.isnan(row["sacral_lean_deg"]):
            continue
        straights.append(row | {"starts": ran_s < 10.0})
        least = Fraction(3) if straights[-20:][0]["starts"] else Fraction(8, 5)
        far[i] = jump_squared(straights, 2) > (Fraction(p.slip_deg) * least) ** 2
        if len(straights) < 14:
            continue
        if least < 3 and len(straights) >= 20:
            least = Fraction(1)
        before, now = jump_squared(straights[:-1]), jump_squared(straights)
        if before > (Fraction(p.slip_deg) * least) ** 2 and now <= before:
            slip_seen_at += [i] if same_gait(straights[:-1], p) else []
            straights = []
    slips = [False] * len(rows)
    for seen in slip_seen_at:
        running_s = 0.0
        for j in range(seen, len(rows)):
            slips[j] = slips[j] or running_s < p.slip_s
            running_s += rows[j]["step_time_s"]
    return [
        row["quality"] | BEND * bend | SLIP * slip
        for row, bend, slip in zip(rows, bends, map(any, zip(slips, far, strict=True)), strict=True)
    ]


# few values, so that limits are crossed and met; dyadic, so that sums are exact
stretches = st.builds(
    stretch,
    st.integers(1, 35),
    yaw=st.sampled_from([0.0, 0.0, 2.5, 2.75, 6.0, -6.0, NAN]),
    lean=st.sampled_from([5.0, 5.0, 8.0, 10.25, 13.0, -20.0, NAN]),
    roll=st.sampled_from([1.0, 1.0, 5.0, -3.0, NAN]),
    contact=st.sampled_from([240.0, 240.0, 250.0, 264.0]),
    step_s=st.sampled_from([0.375, 0.375, 0.359375, 0.34375]),
    quality=st.sampled_from([0, 0, 0, int(Quality.NO_GYRO), int(Quality.GAP)]),
    pause_s=st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.375, 1.0, 1.5, 30.0]),
)
low = PostureQualityParams(slip_deg=2.0, slip_s=4.5)


@settings(deadline=None, max_examples=few(60))
@given(parts=st.lists(stretches, min_size=1, max_size=10), p=st.sampled_from([low, None]))
def test_each_step_is_flagged_as_the_oracle_has_it(
    parts: list[NDArray[np.void]], p: PostureQualityParams | None
) -> None:
    p = p or PostureQualityParams()
    steps = run(stretch(40), *parts)
    assert PostureQuality(p).push(steps).quality_bits.tolist() == oracle(steps, p)


@settings(deadline=None, max_examples=few(25))
@given(
    parts=st.lists(stretches, min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 250), max_size=12),
)
def test_any_cut_and_any_resumption_gives_the_same_bits(
    parts: list[NDArray[np.void]], cuts: list[int]
) -> None:
    steps = run(stretch(40), *parts)
    whole, stage = PostureQuality(low), PostureQuality(low)
    found = []
    edges = [0, *sorted(min(cut, len(steps)) for cut in cuts), len(steps)]
    for begin, end in itertools.pairwise(edges):
        found.append(stage.push(steps[begin:end]))
        following = PostureQuality(low)
        following.state = stage.state
        stage = following
    require_same_bits("steps", whole.push(steps).rows, concatenate(found).rows)
    require_same_bits("state", whole.state, stage.state)


def test_nothing_is_held_back_and_flushing_begins_anew() -> None:
    stage = PostureQuality()
    stage.push(run(SETTLED))
    assert stage.flush() is NO_STEPS
    require_same_bits("state", PostureQuality().state, stage.state)
