"""Times of sampling from the stamps that people's files have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.errors import InputError
from imu.samples import Samples
from imu.sampling_rate import sampling_rate_hz
from imu.stream_joining import decimate, join_rows, join_streams, resample
from imu.time_axis import (
    mend_time,
    unwrap_counter,
)
from tests.examples import few

RATES = st.sampled_from([25.0, 49.73, 100.0, 104.0, 200.0, 512.0])


def kinds(stamps: NDArray[np.float64], values: NDArray[np.float64] | None = None) -> list[str]:
    return [mend.kind for mend in mend_time(stamps, values).mends]


def error_ms(stamps: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Largest error but for a constant, which a batch hides."""
    axis = mend_time(stamps)
    off = axis.time_s - truth[axis.rows]
    return float(1000.0 * np.abs(off - np.median(off)).max())


@given(RATES, st.integers(300, 3000), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_even_stamps_with_gaps_come_back_bit_for_bit(
    rate: float, n: int, gaps: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    time = np.arange(n) / rate
    for _ in range(gaps):
        place = int(random.integers(1, len(time) - 1))
        time = np.delete(time, slice(place, place + int(random.integers(1, 40))))
    axis = mend_time(time)
    assert axis.time_s.tobytes() == time.tobytes()
    assert axis.mends == ()
    assert axis.rate_hz == pytest.approx(rate, rel=0.002)


@settings(max_examples=few(20))
@given(RATES, st.integers(2, 12), st.integers(800, 3000), st.booleans())
def test_batches_become_even_at_the_true_rate(
    rate: float, size: int, n: int, crowded: bool
) -> None:
    truth = np.arange(n) / rate
    first = truth[np.arange(n) // size * size]
    stamps = first + (np.arange(n) % size) * (0.0002 if crowded else 0.0)
    axis = mend_time(stamps)
    assert [mend.kind for mend in axis.mends] == ["arrival" if crowded else "equal stamps"]
    assert axis.rate_hz == pytest.approx(rate, rel=0.002)
    assert (np.diff(axis.time_s) > 0.0).all()
    assert error_ms(stamps, truth) < 250.0 / rate


@given(st.integers(0, 2**32 - 1))
def test_jitter_is_smoothed_and_makes_no_gap(seed: int) -> None:
    truth = np.arange(3000) / 104.0
    stamps = truth + np.random.default_rng(seed).normal(0.0, 0.002, 3000)
    axis = mend_time(stamps)
    assert [mend.kind for mend in axis.mends] == ["jitter"]
    assert error_ms(stamps, truth) < 0.5


def test_a_gap_stays_a_gap_among_batches() -> None:
    truth = np.delete(np.arange(6000) / 200.0, slice(2000, 2400))
    stamps = np.floor(truth / 0.04) * 0.04
    axis = mend_time(stamps)
    assert np.diff(axis.time_s).max() == pytest.approx(2.0, abs=0.05)
    assert error_ms(stamps, truth) < 5.0


@pytest.mark.parametrize(("size", "late_s"), [(26, 0.03), (13, 0.0), (26, 0.0)])
def test_a_lost_batch_is_a_gap_and_one_that_waited_is_none(size: int, late_s: float) -> None:
    random = np.random.default_rng(2)
    truth = np.arange(400 * size) / 104.0
    arrived = np.repeat(truth[size - 1 :: size] + random.uniform(0.0, late_s, 400), size)
    lost = np.arange(len(truth)) // size == 50
    axis = mend_time(arrived[~lost] + np.arange(len(truth))[~lost] % size * 1e-5)
    assert axis.rate_hz == pytest.approx(104.0, rel=5e-4)
    step = np.diff(axis.time_s) * axis.rate_hz
    assert np.flatnonzero(step > 1.5).tolist() == [50 * size - 1]
    assert step.max() == pytest.approx(1 + size, rel=0.1)
    waited = arrived.copy()
    waited[50 * size : 54 * size] = arrived[54 * size]  # the link stood for four
    assert np.diff(mend_time(waited).time_s).max() * 104.0 < 1.5


def test_swapped_rows_and_packets_are_sorted_and_counted() -> None:
    time = np.arange(2000) / 100.0
    order = np.r_[0:500, 501, 500, 502:1000, 1010:1020, 1000:1010, 1020:2000]
    axis = mend_time(time[order])
    assert axis.time_s.tolist() == time.tolist()
    assert order[axis.rows].tolist() == list(range(2000))
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("out of order", 11)]


def test_rows_that_stand_twice_are_left_out_and_others_of_one_time_are_not() -> None:
    time, random = np.arange(2000) / 100.0, np.random.default_rng(1)
    values = random.normal(size=(2000, 3))
    twice = np.insert(np.arange(2000), [100, 900], [100, 900])
    axis = mend_time(time[twice], values[twice])
    assert axis.time_s.tolist() == time.tolist()
    assert axis.mends[0].sentence == "2 rows stood twice; the copies were left out."
    again = np.r_[0:1000, 990:2000]  # a packet that was written twice
    assert mend_time(time[again], values[again]).time_s.tolist() == time.tolist()


@pytest.mark.parametrize("back_s", [0.5, 2.0, 30.0])  # 16 bits of 1/32768 s wrap after 2 s
def test_a_clock_that_was_set_back_begins_a_new_segment(back_s: float) -> None:
    time = np.arange(2000) / 100.0
    time[1000:] -= back_s
    axis = mend_time(time)
    assert axis.rows.tolist() == list(range(2000))
    assert np.diff(axis.time_s)[999] == pytest.approx(1.0)
    assert [mend.kind for mend in axis.mends] == ["set back"]


def test_laps_are_counted_on_where_the_readings_go_on_and_there_alone() -> None:
    time, random = np.arange(3000) / 100.0, np.random.default_rng(3)
    phase = 2.0 * np.pi * np.outer(time, [1.4, 2.8, 2.8]) + np.arange(3.0)
    values = np.sin(phase) + random.normal(0.0, 0.05, (3000, 3))
    laps = np.searchsorted([700, 1500, 2150], np.arange(3000), side="right")
    stamps = time - np.array([0.0, 7.0, 15.0, 21.5])[laps]
    axis = mend_time(stamps, values)
    np.testing.assert_allclose(axis.time_s, time, atol=1e-9)
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("laps", 3)]
    for others in (
        np.delete(np.arange(3000), np.r_[1460:1500, 1990:2150, 2960:3000]),  # recordings
        np.arange(3000),
    ):
        turned = values.copy()
        if len(others) == 3000:  # of people who stand at either end
            turned = random.normal(0.0, 0.05, (3000, 3)) + laps[:, None]
        kinds = [mend.kind for mend in mend_time(stamps[others], turned[others]).mends]
        assert kinds == ["set back"]
    kinds = [mend.kind for mend in mend_time(stamps, values, all_of_it=False).mends]
    assert kinds == ["set back"]  # another stream may not be
    short = mend_time(time % 1.7, values)
    assert "laps" not in {mend.kind for mend in short.mends}  # a counter


@pytest.mark.parametrize("period_s", [2**32 / 1e6, 2**16 / 1e3, 2**24 / 32768])
def test_a_clock_that_wraps_is_counted_on(period_s: float) -> None:
    time = period_s - 5.0 + np.arange(2000) / 100.0
    axis = mend_time(time % period_s)
    np.testing.assert_allclose(axis.time_s, time, atol=1e-9)
    assert [mend.kind for mend in axis.mends] == ["wrapped"]


@given(st.integers(0, 2**40), st.integers(1, 2**20))
def test_a_counter_is_unwrapped_to_the_tick(start: int, step: int) -> None:
    ticks = start + step * np.arange(200)
    read = ticks % 2**32
    assert (unwrap_counter(read, 2**32) - read[0] + start == ticks).all()


def test_the_stamps_go_before_a_stated_rate() -> None:
    axis = mend_time(np.arange(1000) / 104.0, rate_hz=52.0)
    assert axis.rate_hz == pytest.approx(104.0, abs=0.01)
    assert [mend.kind for mend in axis.mends] == ["stated rate"]
    assert mend_time(np.arange(1000) / 49.73, rate_hz=50.0).mends == ()


def test_a_rate_that_changes_is_not_smoothed_away() -> None:
    time = np.cumsum(np.where(np.arange(3000) < 2000, 0.005, 0.01))
    axis = mend_time(time)
    assert axis.time_s.tobytes() == time.tobytes()
    assert axis.rate_hz == pytest.approx(200.0)


def test_a_slower_gyroscope_is_joined_without_a_hole() -> None:
    time = np.arange(1000) / 100.0
    force = np.tile([0.0, 0.0, 9.81], (1000, 1))
    turning = np.sin(time)[:, None] * np.ones(3)
    sparse = np.where((np.arange(1000) % 4 == 0)[:, None], turning, np.nan)
    rows, joined, mends = join_rows(time, force, sparse)
    assert len(rows) == 997
    np.testing.assert_allclose(joined, turning[rows], atol=1e-3)
    assert [mend.kind for mend in mends] == ["slower stream"]
    assert join_rows(time, force, turning)[2] == ()


def test_sensors_that_take_turns_are_joined_on_the_accelerometers_rows() -> None:
    time = np.arange(1000) / 200.0
    even = (np.arange(1000) % 2 == 0)[:, None]
    force = np.where(even, [0.0, 0.0, 9.81], np.nan)
    turning = np.where(even, np.nan, time[:, None] * np.ones(3))
    rows, joined, _ = join_rows(time, force, turning)
    assert (rows % 2 == 0).all()
    np.testing.assert_allclose(joined, time[rows, None] * np.ones(3), atol=1e-12)


def test_a_gap_of_the_other_stream_stays_one() -> None:
    other_s = np.delete(np.arange(0.0, 10.0, 0.02), slice(100, 200))
    joined, both = join_streams(np.arange(0.0, 12.0, 0.01), other_s, other_s[:, None])
    assert both == slice(0, 999)
    assert np.isnan(joined[210:390]).all()
    assert np.isfinite(joined[:199]).all()


def test_beyond_1600_hz_groups_are_averaged_and_none_over_a_gap() -> None:
    time = np.arange(6400) / 3200.0
    time[3201:] += 0.5
    force = np.tile([0.0, 0.0, 9.81], (6400, 1))
    fewer, rate, mends = decimate(Samples(time, force), 3200.0)
    assert (rate, mends[0].count, len(fewer)) == (1600.0, 2, 3199)
    assert decimate(fewer, 1600.0)[0] is fewer


@pytest.mark.parametrize("stamps", [[], [np.nan, np.nan]])
def test_no_times_are_refused(stamps: list[float]) -> None:
    with pytest.raises(InputError, match="no row has a time"):
        mend_time(stamps)


def test_times_that_tell_no_rate_are_refused_or_stated() -> None:
    with pytest.raises(InputError, match="give the sampling rate"):
        mend_time([1.0, 1.0, 1.0])
    assert np.isnan(sampling_rate_hz(np.array([1.0])))
    assert mend_time([1.0], rate_hz=100.0).rate_hz == 100.0


STEPS_S = st.sampled_from([0.0, 0.005, 0.01, -0.01, -65.536, 2.0, 1e-12, 5e-324, 1e9, -1e17])
STAMPS = st.one_of(
    st.lists(st.floats(), max_size=60),
    st.lists(STEPS_S, max_size=60).map(lambda steps: np.cumsum(steps).tolist()),
    st.lists(st.integers(0, 4).map(float), max_size=60),
    st.integers(1, 80).map(lambda n: [0.0] * n + [1.0]),
)


@example([0.0, 0.005, 0.01, 0.0, -65.536, -63.536, 999999936.464, 1999999936.464], None, True)
@given(STAMPS, st.sampled_from([None, 50.0, 4000.0]), st.booleans())
def test_whatever_the_stamps_are_times_increase_or_are_refused(
    stamps: list[float], rate: float | None, same: bool
) -> None:
    values = np.zeros((len(stamps), 1)) if same else None
    try:
        axis = mend_time(np.array(stamps), values, rate_hz=rate)
    except InputError:
        return
    assert np.isfinite(axis.time_s).all()
    assert (np.diff(axis.time_s) > 0.0).all()
    assert 0.0 < axis.rate_hz < np.inf


@pytest.mark.parametrize("seed", [14, 17, 58])
def test_a_stretch_that_seems_to_begin_before_the_last_has_ended_is_put_behind_it(
    seed: int,
) -> None:
    chance, sample = np.random.default_rng(seed), np.arange(240)
    late = np.abs(chance.normal(0.0, 0.003, 240))
    missing = 0.03 * np.searchsorted(np.sort(chance.integers(0, 240, 7)), sample)
    axis = mend_time(np.maximum.accumulate(sample / 100.0 + late + missing))
    assert np.diff(axis.time_s).min() * axis.rate_hz > 0.9


def test_a_stamp_from_another_age_is_no_time() -> None:
    time = np.arange(600) / 100
    axis = mend_time(np.where(np.arange(600) == 70, 1e17, time))
    assert [mend.sentence for mend in axis.mends] == ["1 row without a time was left out."]
    assert axis.time_s.tobytes() == np.delete(time, 70).tobytes()


def readings(n: int) -> NDArray[np.float64]:
    return np.random.default_rng(3).normal(size=(n, 3))


def test_rows_from_the_last_to_the_first_and_in_no_order_are_put_in_order() -> None:
    time, held = np.arange(400) / 100.0, readings(400)
    shuffled = np.random.default_rng(1).permutation(400)
    for order, kind in ((np.arange(400)[::-1], "reversed"), (shuffled, "out of order")):
        axis = mend_time(time[order], held[order])
        assert [mend.kind for mend in axis.mends] == [kind]
        np.testing.assert_array_equal(axis.time_s, time)
        np.testing.assert_array_equal(held[order][axis.rows], held)


@pytest.mark.parametrize("again", [slice(None), slice(100, 300)])
def test_a_stretch_that_was_written_twice_counts_once(again: slice) -> None:
    rows = np.concatenate([np.arange(400), np.arange(400)[again]])
    time, held = np.arange(400) / 100.0, readings(400)
    axis = mend_time(time[rows], held[rows])
    assert [mend.kind for mend in axis.mends] == ["double"]
    np.testing.assert_array_equal(axis.rows, np.arange(400))
    # two recordings of one clock are no copies
    other = np.concatenate([held, readings(len(rows) - 400) + 1.0])
    assert "double" not in kinds(time[rows], other)


def moving(n: int) -> NDArray[np.float64]:
    """Readings of a body that moves at 100 Hz."""
    beat = np.arange(n)[:, None] * [0.17, 0.19, 0.085] + np.arange(n)[:, None] ** 1.5 * 1e-4
    return np.asarray(10.0 * np.sin(beat) + 0.05 * readings(n), np.float64)


COPIES = {"right behind": 0, "a second later": 100}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("length", [10, 70, 150])
@pytest.mark.parametrize("later", COPIES.values(), ids=COPIES)
def test_a_stretch_that_was_written_again_with_times_counted_on_counts_once(
    later: int, length: int, times: int
) -> None:
    held, kept = moving(3000), np.arange(3000)
    parts = np.split(kept, [900, 1700, 2500])
    again = [np.tile(p[-length - later : len(p) - later], times) for p in parts[:-1]]
    order = np.concatenate(
        [*(r for pair in zip(parts, again, strict=False) for r in pair), parts[-1]]
    )
    axis = mend_time(np.arange(len(order)) / 100.0, held[order])
    np.testing.assert_array_equal(order[axis.rows], kept)
    np.testing.assert_allclose(axis.time_s, kept / 100.0, atol=1e-9)
    assert [(mend.kind, mend.count) for mend in axis.mends] == [
        ("written again", 3 * times * length)
    ]


@pytest.mark.parametrize("length", [30, 150])
def test_copies_in_the_place_of_what_was_lost_are_a_gap(length: int) -> None:
    held, order = moving(3000), np.arange(3000)
    for first in (900, 1700, 2500):
        order[first : first + length] -= length
    axis = mend_time(np.arange(3000) / 100.0, held[order])
    if length == 30:  # a packet, which the chain flags
        assert (axis.mends, len(axis.rows)) == ((), 3000)
        return
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("in place", 3 * length)]
    np.testing.assert_array_equal(axis.time_s, axis.rows / 100.0)
    still = mend_time(np.arange(3000) / 100.0, readings(3000)[order])  # which tells nothing
    np.testing.assert_array_equal(still.time_s, axis.time_s)


@pytest.mark.parametrize(
    "held",
    [
        lambda: readings(150)[np.arange(3000) % 150],  # a program that repeats itself
        lambda: np.round(readings(3000) * [0.0, 0.0, 4.0]) / 4.0,  # a coarse sensor of one axis
        lambda: np.round(9.81 + np.sin(0.17 * np.arange(3000.0)), 2)[:, None] * [0, 0, 1.0],
        lambda: np.round(np.sin(np.arange(3000.0)[:, None] * [0.17, 0.34, 0.51]), 2),
        lambda: readings(3000)[np.minimum(np.arange(3000), 1500)],  # frozen
        lambda: readings(3000)[np.arange(3000) // 4 * 4],  # held
        lambda: np.full((3000, 3), np.nan),
    ],
)
def test_what_goes_on_being_the_same_is_no_copy(held: Callable[[], NDArray[np.float64]]) -> None:
    axis = mend_time(np.arange(3000) / 100.0, held())
    assert not {"written again", "in place"} & {mend.kind for mend in axis.mends}


def test_a_clock_that_was_set_forward_begins_a_new_segment() -> None:
    time = np.arange(400) / 100.0
    axis = mend_time(np.where(time < 2.0, time, time + 1.76e9))
    assert [mend.kind for mend in axis.mends] == ["set forward"]
    assert axis.time_s[-1] == pytest.approx(time[-1] + 0.99)
    assert axis.rate_hz == 100.0


def test_packets_that_were_swapped_are_no_clock_that_wrapped() -> None:
    """A step back of 2 s less one row is not 16 bits of a crystal's ticks."""
    rows = np.concatenate([np.r_[0:300], np.r_[400:500], np.r_[300:400], np.r_[500:800]])
    time = 10.0 + np.arange(800) / 100.0
    axis = mend_time(time[rows])
    assert [mend.kind for mend in axis.mends] == ["out of order"]
    np.testing.assert_array_equal(axis.time_s, time)


def test_long_bursts_do_not_pass_for_the_rate() -> None:
    """Of fifty stamps of arrival forty-nine are a tenth of a millisecond apart."""
    place = np.arange(4000)
    stamps = place // 50 * 0.25 + place % 50 * 1e-4
    axis = mend_time(stamps)
    assert axis.rate_hz == pytest.approx(200.0, rel=0.002)
    assert [mend.kind for mend in axis.mends] == ["arrival"]


@pytest.mark.parametrize("jitter_s", [0.004, 0.006, 0.012, 0.02])
def test_stamps_that_jitter_back_are_no_clock_that_was_set(jitter_s: float) -> None:
    true = np.arange(13_000) / 200.0
    axis = mend_time(true + np.random.default_rng(3).normal(0.0, jitter_s, len(true)))
    assert {mend.kind for mend in axis.mends} <= {"arrival", "jitter"}
    assert axis.rate_hz == pytest.approx(200.0, abs=0.02)
    off = axis.time_s - true
    assert np.ptp(off) < 0.012


@pytest.mark.parametrize("back_s", [0.05, 0.3, 10.0, 7000.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.002])
def test_a_clock_that_was_set_back_among_jitter_begins_a_segment(
    back_s: float, jitter_s: float
) -> None:
    true = np.arange(13_000) / 200.0
    stamps = true + np.random.default_rng(3).normal(0.0, jitter_s, len(true)) + 9000.0
    stamps[6000:] -= back_s
    axis = mend_time(stamps)
    assert "set back" in {mend.kind for mend in axis.mends}
    assert np.diff(axis.time_s).max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("wrong", [[0.0], [4e9], [0.0, 1.0], [-1.0]])
def test_a_damaged_stamp_costs_its_row_alone(wrong: list[float]) -> None:
    true = 1.7724e9 + np.arange(2000) / 200.0
    stamps = true.copy()
    stamps[700 : 700 + len(wrong)] = wrong
    stamps[1500] = 3e9
    axis = mend_time(stamps)
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("lone time", len(wrong) + 1)]
    np.testing.assert_array_equal(axis.time_s, true[axis.rows])


@pytest.mark.parametrize(
    ("back_s", "words"), [(3600.0, "by 1 h"), (43_200.0, "by 12 h"), (86_400.0, "by 24 h")]
)
def test_a_clock_of_the_day_that_is_turned_back_goes_on(back_s: float, words: str) -> None:
    true = 1e5 + np.arange(2000) / 200.0
    axis = mend_time(np.where(true > 1e5 + 5.0, true - back_s, true))
    np.testing.assert_allclose(axis.time_s, true, atol=1e-9)
    (mend,) = axis.mends
    assert mend.sentence == f"the clock was turned back once, {words}, and was counted on."


@pytest.mark.parametrize(("rows", "batch"), [(274, 2), (422, 4), (570, 2)])
def test_equal_stamps_of_some_seconds_tell_the_rate(rows: int, batch: int) -> None:
    stamps = np.arange(rows) // batch * batch / 100.0
    assert mend_time(stamps).rate_hz == pytest.approx(100.0, rel=2e-3)


def test_a_clock_of_the_day_goes_on_at_midnight() -> None:
    true = 86_390.0 + np.arange(4000) / 200.0
    axis = mend_time(true % 86_400.0)
    np.testing.assert_allclose(axis.time_s, true, atol=1e-6)
    assert [mend.kind for mend in axis.mends] == ["turned back"]


def test_a_recording_that_begins_anew_after_an_hour_is_another_one() -> None:
    one = np.arange(0.0, 3600.0, 0.04)
    axis = mend_time(np.concatenate([one, one[:500]]))
    assert [mend.sentence for mend in axis.mends] == [
        "the clock was set back once, by 1 h at most: what follows is a new segment, one second "
        "later; if it is another run, give it as a file of its own."
    ]
    # a counter's ends are no runs
    often = mend_time(np.tile(np.arange(500) / 100.0, 9)).mends
    assert [mend.sentence for mend in often] == [
        "the clock was set back 8 times, by 4.99 s at most: what follows is a new segment, one "
        "second later."
    ]


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_rows_that_are_missing_here_and_there_change_no_rate_and_are_told(share: float) -> None:
    kept = np.random.default_rng(1).random(13_000) > share
    axis = mend_time((np.arange(13_000) / 200.0)[kept])
    assert axis.rate_hz == pytest.approx(200.0)
    (mend,) = axis.mends
    assert mend.kind == "missing"
    assert mend.count == pytest.approx(100.0 * share, abs=2.0)


@pytest.mark.parametrize("factor", [0.5, 1.05, 2.0])
def test_a_rate_that_changes_is_told(factor: float) -> None:
    steps = np.full(13_000, 0.005)
    steps[7000:] *= factor
    axis = mend_time(np.cumsum(steps))
    assert [mend.kind for mend in axis.mends] == ["rate changes"]
    assert "cut the recording" in axis.mends[0].sentence


@pytest.mark.parametrize("quantum_s", [0.001, 0.01, 1 / 64])
@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 111.1, 208.0])
def test_a_coarse_clock_misses_no_rows_and_keeps_its_rate(quantum_s: float, rate_hz: float) -> None:
    stamps = np.floor(np.arange(6000) / rate_hz / quantum_s + 1e-9) * quantum_s
    axis = mend_time(stamps)
    assert axis.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert not {"missing", "rate changes", "set back"} & {mend.kind for mend in axis.mends}


def smooth(rows: int) -> NDArray[np.float64]:
    """What a body does: six channels that swing."""
    number = np.arange(rows)[:, None] / 200.0
    return np.asarray(np.sin(number * np.array([16.0, 17.0, 33.0, 8.0, 9.0, 21.0]) + 1.0) + 0.1)


@pytest.mark.parametrize("length", [2, 3, 10, 32])
@pytest.mark.parametrize("cut", [0, 5])
def test_packets_written_newest_first_are_turned_round(length: int, cut: int) -> None:
    values = smooth(4000)
    whole = len(values) // length * length
    packets = np.arange(whole).reshape(-1, length)[:, ::-1].ravel()
    packets = packets[cut:]
    axis = mend_time(np.arange(len(packets)) / 200.0, values[packets])
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("newest first", length)]
    inner = packets[axis.rows][length:-length]
    assert (np.diff(inner) == 1).all()


def test_readings_that_are_held_or_lost_by_packets_are_not_turned_round() -> None:
    values = smooth(4000)
    for rows in (
        np.repeat(np.arange(0, 4000, 4), 4),
        np.flatnonzero(np.arange(4000) % 20 < 10),
        np.arange(4000),
    ):
        axis = mend_time(np.arange(len(rows)) / 200.0, values[rows])
        assert not axis.mends


def test_lost_readings_are_no_packets_newest_first() -> None:
    values = smooth(4000)
    values[7::2, :3] = np.nan
    assert not mend_time(np.arange(4000) / 200.0, values).mends


@pytest.mark.parametrize("every", [2, 3, 5])
@pytest.mark.parametrize("full", [0, 7])
def test_a_slower_accelerometer_gives_the_rows(every: int, full: int) -> None:
    time = np.arange(1200) / 200.0
    force = np.where((np.arange(1200) % every == 0)[:, None], [0.0, 0.0, 9.81], np.nan)
    force[:full] = [0.0, 0.0, 9.81]
    turning = time[:, None] * np.ones(3)
    rows, joined, mends = join_rows(time, force, turning)
    assert rows.tolist() == list(range(0, 1200, every))
    np.testing.assert_array_equal(joined, turning[rows])
    (mend,) = mends
    assert mend.kind == "faster stream"
    assert mend.number == pytest.approx(200.0 / every, abs=0.01)


def test_an_accelerometer_of_two_rows_in_three_gives_the_rows() -> None:
    time = np.arange(1200) / 200.0
    force = np.where((np.arange(1200) % 3 > 0)[:, None], [0.0, 0.0, 9.81], np.nan)
    rows, _, mends = join_rows(time, force, time[:, None] * np.ones(3))
    assert len(rows) == 800
    assert mends[0].number == pytest.approx(200.0 * 2.0 / 3.0, abs=0.2)
    assert mend_time(time[rows]).rate_hz == pytest.approx(200.0 * 2.0 / 3.0, abs=0.2)


def test_readings_that_are_lost_here_and_there_leave_no_rows_out() -> None:
    time, lost = np.arange(1200) / 200.0, np.random.default_rng(2).random(1200) < 0.3
    force = np.where(lost[:, None], np.nan, [0.0, 0.0, 9.81])
    rows, _, mends = join_rows(time, force, np.ones((1200, 3)))
    assert (len(rows), mends) == (1200, ())


@pytest.mark.parametrize("damaged", [3, 7, 30])
@pytest.mark.parametrize("wrong", [1e6, -500.0])
def test_several_damaged_stamps_in_a_row_cost_their_rows_alone(damaged: int, wrong: float) -> None:
    true = 40.0 + np.arange(13_000) / 200.0
    stamps = true.copy()
    stamps[900 : 900 + damaged] = wrong
    stamps[901:902] = 3.0 * wrong
    axis = mend_time(stamps)
    assert [(mend.kind, mend.count) for mend in axis.mends] == [("lone time", damaged)]
    np.testing.assert_array_equal(axis.time_s, true[axis.rows])


def test_a_clock_that_is_set_back_and_forward_again_much_later_is_not_damaged() -> None:
    stamps = 40.0 + np.arange(13_000) / 200.0
    stamps[900:1100] -= 20.0
    assert "lone time" not in kinds(stamps)


@pytest.mark.parametrize("mean_ms", [5.0, 20.0])
def test_uneven_sampling_is_interpolated_at_its_mean_rate(mean_ms: float) -> None:
    random = np.random.default_rng(8)
    stamps = np.cumsum(random.choice([0.7, 0.9, 1.1, 1.7], 6000) * mean_ms / 1.1e3)
    axis = mend_time(stamps)
    assert [mend.kind for mend in axis.mends] == ["irregular"]
    assert axis.rate_hz == pytest.approx(1000.0 / mean_ms, rel=0.01)
    held = np.sin(axis.time_s[:, None] * 9.0)
    time, even = resample(axis.time_s, held, axis.rate_hz)
    np.testing.assert_allclose(np.diff(time), 1.0 / axis.rate_hz)
    np.testing.assert_allclose(even, np.sin(time[:, None] * 9.0), atol=0.02)


def test_stamps_that_jitter_slowly_or_by_much_are_no_uneven_sampling() -> None:
    random, even = np.random.default_rng(5), np.arange(6000) / 200.0
    for late in (
        random.normal(0.0, 0.002, 6000),
        random.uniform(0.0, 0.0049, 6000),
        np.convolve(random.normal(0.0, 0.002, 6005), np.ones(6) / 6.0, "valid"),
    ):
        assert not mend_time(even + late).irregular


def test_a_gap_of_uneven_sampling_stays_one() -> None:
    stamps = np.cumsum(np.random.default_rng(8).uniform(0.006, 0.014, 4000))
    stamps[2000:] += 3.0
    axis = mend_time(stamps)
    assert axis.irregular
    time, _ = resample(stamps, stamps[:, None], axis.rate_hz)
    assert np.diff(time).max() == pytest.approx(3.0, abs=0.05)


def test_equal_stamps_by_chance_are_not_what_is_told_of_jitter() -> None:
    stamps = np.round(np.arange(4000) / 200.0 + np.random.default_rng(1).normal(0, 0.015, 4000), 4)
    assert kinds(stamps) == ["arrival"]
