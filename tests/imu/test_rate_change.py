"""A rate that changes in mid-run, times counted on, is told by steps; another pace is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from imu.chain.loop import CHAIN_STATE
from imu.chain.sanity import restart_sanity, standing_troubles
from imu.step.rate_change import watch_rate
from imu.step.step_features import FEATURES, PHASES, STEP_TIME, VERTICAL

_PHASES = np.linspace(0.0, 2.0 * np.pi, PHASES)


def after(
    *stretches: tuple[float, float], pause_s: float = 0.0, steps: int = 20
) -> tuple[NDArray[np.void], list[bool]]:
    """The chain's state after steps of so many seconds and so much force, and which are doubted."""
    state, end_s, doubted = np.zeros(1, CHAIN_STATE), 0.0, []
    for step_s, size in stretches:
        features = np.zeros(FEATURES)
        features[STEP_TIME] = step_s
        features[VERTICAL : VERTICAL + PHASES] = 1.0 + size * np.sin(_PHASES)
        end_s += pause_s
        for _ in range(steps):
            end_s += step_s
            doubted.append(bool(watch_rate(state[0], features, end_s, 200.0)))
    return state, doubted


@pytest.mark.parametrize("share", [0.5, 0.67, 1.5, 2.0])
def test_the_same_force_in_another_time_is_another_rate(share: float) -> None:
    state, doubted = after((0.35, 1.0), (0.35 * share, 0.95))
    assert standing_troubles(state["sanity"][0]) == {"rate": pytest.approx(200.0 * share)}
    assert doubted[20:23] == [True, True, True]
    assert not any(doubted[:20])
    restart_sanity(state["sanity"])
    assert standing_troubles(state["sanity"][0])
    assert state["sanity"]["standing"][0] != 0


def test_it_ends_where_the_rate_is_that_of_before() -> None:
    state, _ = after((0.35, 1.0), (0.175, 1.0), (0.35, 1.0))
    assert standing_troubles(state["sanity"][0])
    assert state["sanity"]["standing"][0] == 0


@pytest.mark.parametrize(
    "stretches",
    [
        [(0.35, 1.0), (0.32, 1.0), (0.35, 1.0)],  # a little quicker
        [(0.38, 0.9), (0.30, 1.3)],  # a sprint
        [(0.55, 0.3), (0.36, 1.0)],  # from walking
        [(0.33, 1.0 - 0.02 * k) for k in range(3)],
        [(0.36 - 0.01 * k, 1.0) for k in range(12)],  # quicker, bit by bit
        [(0.354, 1.0), (0.276, 1.0)],  # from 2.5 to 4.5 m/s at once, with the same force
    ],
)
def test_another_pace_is_no_other_rate(stretches: list[tuple[float, float]]) -> None:
    state, doubted = after(*stretches)
    assert not standing_troubles(state["sanity"][0])
    assert not any(doubted)


def test_after_a_pause_it_is_another_run() -> None:
    state, _ = after((0.38, 1.0), (0.3, 1.0), pause_s=5.0)
    assert not standing_troubles(state["sanity"][0])
