"""The floor under delays against a plain search over all points."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.timing.delay_floor import DelayFloor

PATIENCE_US = 1e-3


@given(
    st.lists(st.tuples(st.floats(1.0, 3e6), st.floats(0.0, 1e5)), min_size=1, max_size=120),
    st.floats(-0.01, 0.01),
)
def test_the_floor_of_any_slope_is_that_of_all_points(
    steps: list[tuple[float, float]], slope: float
) -> None:
    floor, points, x = DelayFloor(), [], 0.0
    for step, y in steps:
        x += step
        floor.add(x, y)
        points.append((x, y))
    height, touched = floor.height(slope, x)
    heights = {px: py - slope * (px - x) for px, py in points}
    assert height == pytest.approx(min(heights.values()), abs=PATIENCE_US)
    assert heights[touched] == pytest.approx(height, abs=PATIENCE_US)


@given(st.lists(st.tuples(st.floats(1.0, 3e6), st.floats(0.0, 1e5)), min_size=2, max_size=120))
def test_no_point_lies_below_the_line(steps: list[tuple[float, float]]) -> None:
    floor, points, x = DelayFloor(), [], 0.0
    for step, y in steps:
        x += step
        floor.add(x, y)
        points.append((x, y))
    slope = floor.line().slope
    height, _ = floor.height(slope, 0.0)
    # and it touches two of them, on both sides of the middle or at it
    middle = 0.5 * (points[0][0] + points[-1][0])
    over = [(px, py - slope * px - height) for px, py in points]
    assert min(y for _, y in over) == pytest.approx(0.0, abs=0.1)
    touched = [px for px, y in over if y < 0.1]
    assert min(touched) <= middle <= max(touched)


def test_hours_of_points_are_remembered_in_little_room() -> None:
    floor, random = DelayFloor(memory_s=2048.0), Random(1)
    for k in range(200_000):  # 5.5 hours
        floor.add(k * 1e5, 1e-5 * k * 1e5 + random.expovariate(1e-4))
    assert 2016e6 <= floor.span_us <= 2080e6
    line = floor.line()
    assert abs(line.slope - 1e-5) < 4 * line.slope_sd < 1e-6
    kept = [*floor._closed, (floor._x, floor._y)]
    assert sum(len(xs) for xs, _ in kept) + len(floor._sample) < 2000


def test_what_is_forgotten_no_longer_holds_the_line() -> None:
    floor = DelayFloor(memory_s=64.0)
    for k in range(20_000):  # the slope changes halfway
        x = k * 1e4
        floor.add(x, 5e-5 * min(x, 1e8) + (k * 7919 % 101) * 10.0)
    assert floor.line().slope == pytest.approx(0.0, abs=1e-6)


def test_delays_that_come_in_steps_are_told_from_even_ones() -> None:
    stepped, even, random = DelayFloor(), DelayFloor(), Random(2)
    for k in range(6000):
        noise = random.expovariate(1 / 500.0)
        stepped.add(k * 5e4, (k * 20_000) % 30_000 + noise)
        even.add(k * 5e4, (k * 19_400) % 30_000 + noise)
    assert stepped.scatter(0.0).thin_us > 4000.0
    assert even.scatter(0.0).thin_us < 2500.0


def test_a_point_from_the_past_is_ignored() -> None:
    floor = DelayFloor()
    floor.add(0.0, 5.0)
    floor.add(100.0, 5.0)
    floor.add(50.0, -1000.0)
    assert (floor.count, floor.height(0.0, 0.0)[0]) == (2, 5.0)
