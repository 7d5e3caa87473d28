"""Loss accounting against a plain count of what was really sent, dropped, repeated and delayed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sequence import (
    INDEX_MODULUS,
    NO_LOSSES,
    Arrival,
    Losses,
    SequenceState,
    Verdict,
    account,
)

RATE_HZ = 200.0


def send(
    state: SequenceState | None, first: int, n: int = 10, *, rate_hz: float = RATE_HZ
) -> tuple[SequenceState, Verdict]:
    """Account a packet whose first sample has this unwrapped index, at its due time."""
    return account(state, first % INDEX_MODULUS, n, round(first * 1e6 / rate_hz), RATE_HZ)


def received(*firsts: int) -> tuple[SequenceState, list[Arrival]]:
    state: SequenceState | None = None
    arrivals = []
    for first in firsts:
        state, verdict = send(state, first)
        arrivals.append(verdict.arrival)
    assert state is not None
    return state, arrivals


def test_an_unbroken_stream_loses_nothing_over_wraps() -> None:
    state, arrivals = received(*range(65_000, 200_000, 10))
    assert set(arrivals) == {Arrival.NEXT}
    assert state.losses == Losses(received=135_000)


def test_a_gap_counts_its_samples() -> None:
    state, arrivals = received(0, 10, 50, 60)
    assert arrivals[2] is Arrival.AFTER_GAP
    assert state.losses == Losses(received=40, lost=30)
    assert state.losses.lost_fraction == pytest.approx(30 / 70)


def test_a_duplicate_is_dropped_and_counted() -> None:
    state, arrivals = received(0, 10, 10, 0, 20)
    assert arrivals == [Arrival.NEXT, Arrival.NEXT, Arrival.BEHIND, Arrival.BEHIND, Arrival.NEXT]
    assert state.losses == Losses(received=30, duplicated=20)


def test_a_late_packet_is_no_longer_lost_but_reordered() -> None:
    state, arrivals = received(0, 20, 10, 30)
    assert arrivals == [Arrival.NEXT, Arrival.AFTER_GAP, Arrival.BEHIND, Arrival.NEXT]
    assert state.losses == Losses(received=30, reordered=10)


@pytest.mark.parametrize("late", [100, 200, 380])
def test_a_packet_that_is_late_by_up_to_two_seconds_is_no_restart(late: int) -> None:
    state, arrivals = received(0, *range(20, 20 + late, 10), 10)
    assert arrivals[-1] is Arrival.BEHIND
    assert state.losses == Losses(received=10 + late, reordered=10)


def test_a_late_packet_that_comes_twice_is_late_once() -> None:
    state, _ = received(0, 30, 10, 10, 20)
    assert state.losses == Losses(received=20, reordered=20, duplicated=10)


def test_what_was_lost_long_ago_is_not_remembered() -> None:
    state, _ = received(*range(0, 20_000, 20))
    assert state.losses == Losses(received=10_000, lost=9990)
    assert len(state.missing) <= 2.0 * RATE_HZ / 20 + 1


def test_the_new_part_of_an_overlapping_packet_is_kept() -> None:
    state, _ = received(0, 10)
    state, verdict = send(state, 15)
    assert (verdict.arrival, verdict.first_index, verdict.stale) == (Arrival.NEXT, 15, 5)
    assert state.next_index == 25
    assert state.losses == Losses(received=25, duplicated=5)


@pytest.mark.parametrize("silence_s", [100, 400, 3600, 6 * 3600])
def test_time_resolves_silences_longer_than_the_index_range(silence_s: int) -> None:
    samples = round(silence_s * RATE_HZ)
    state, arrivals = received(0, samples)
    assert arrivals[1] is Arrival.AFTER_GAP
    assert state.losses.lost == samples - 10


@pytest.mark.parametrize("deviation", [0.97, 1.03])
def test_a_sensor_off_its_nominal_rate_is_counted_right(deviation: float) -> None:
    state: SequenceState | None = None
    for first in (*range(0, 1000, 10), *range(61_000, 62_000, 10)):
        state, _ = send(state, first, rate_hz=RATE_HZ * deviation)
    assert state is not None
    assert state.losses == Losses(received=2000, lost=60_000)


@pytest.mark.parametrize("off", [-0.075, -0.05, 0.05, 0.075])
def test_a_number_that_time_belies_by_more_than_a_sensor_can_be_off_is_a_restart(
    off: float,
) -> None:
    """After 100 s: 5 % is the sensor's own rate, 7.5 % is none that there is."""
    state, _ = received(0, 10)
    away = round(20_000 * (1 + off))
    _, verdict = account(state, away, 10, 100_000_000, RATE_HZ)
    expected = Arrival.AFTER_GAP if abs(off) < 0.06 else Arrival.RESTART
    assert verdict.arrival is expected


def test_a_restart_is_seen_by_time_and_index_going_back() -> None:
    state, _ = received(*range(0, 6000, 10))
    state, verdict = account(state, 0, 10, 0, RATE_HZ)
    assert verdict.arrival is Arrival.RESTART
    state, verdict = account(state, 10, 10, 50_000, RATE_HZ)
    assert verdict.arrival is Arrival.NEXT
    assert state.losses == Losses(received=6020, restarts=1)


def test_a_restart_is_seen_by_index_and_time_disagreeing() -> None:
    state, _ = received(0, 10)
    _, verdict = account(state, 30_000, 10, 150_000, RATE_HZ)
    assert verdict.arrival is Arrival.RESTART


def test_time_that_cannot_be_yet_is_a_restart() -> None:
    state, _ = received(0, 10)
    gap_us = round(2000 * 1e6 / RATE_HZ)
    _, verdict = account(state, 2000, 10, gap_us, RATE_HZ, latest_us=gap_us - 1)
    assert verdict.arrival is Arrival.RESTART
    _, verdict = account(state, 2000, 10, gap_us, RATE_HZ, latest_us=gap_us)
    assert verdict.arrival is Arrival.AFTER_GAP


def test_a_clock_set_by_the_device_leaves_the_samples_counting() -> None:
    state, _ = received(0, 10)
    state, verdict = account(state, 40, 10, 10**9, RATE_HZ, time_step=True)
    assert (verdict.arrival, verdict.lost) == (Arrival.TIME_STEP, 20)
    assert state.losses == Losses(received=30, lost=20)


def test_nothing_received_is_nothing_lost() -> None:
    assert NO_LOSSES.lost_fraction == 0.0


@given(
    start=st.integers(0, 65_535),
    sizes=st.lists(st.integers(1, 31), min_size=2, max_size=60),
    data=st.data(),
)
def test_counts_equal_a_plain_count_for_any_faults(
    start: int, sizes: list[int], data: st.DataObject
) -> None:
    firsts = [start + sum(sizes[:k]) for k in range(len(sizes))]
    packets = list(zip(firsts, sizes, strict=True))
    # the first comes first; later ones are dropped, repeated, and moved back by up to 3 places
    order: list[tuple[float, tuple[int, int]]] = [(0.0, packets[0])]
    for k, packet in enumerate(packets[1:], start=1):
        copies = data.draw(st.sampled_from([0, 1, 1, 1, 2]))
        delays = data.draw(
            st.lists(st.sampled_from([0.0, 0.0, 1.5, 3.5]), min_size=copies, max_size=copies)
        )
        order += [(k + delay, packet) for delay in delays]
    order.sort(key=lambda item: item[0])

    state: SequenceState | None = None
    used: set[int] = set()
    came: set[int] = set()
    repeated, newest = 0, start - 1
    for _, (first, n) in order:
        state, _ = send(state, first, n)
        samples = set(range(first, first + n))
        repeated += len(samples & came)
        used |= {sample for sample in samples if sample > newest}
        came |= samples
        newest = max(newest, first + n - 1)
    assert state is not None
    span = set(range(start, newest + 1))
    assert state.losses == Losses(
        received=len(used),
        lost=len(span - came),
        reordered=len(came - used),
        duplicated=repeated,
    )
