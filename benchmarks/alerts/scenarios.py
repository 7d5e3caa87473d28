"""Ordinary runs: what people do and meet in an hour, as named courses for the measured model.

Nothing in them is a change of form. Frozen together with the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.measured import Course

Array = NDArray[np.float64]
Layout = Callable[[np.random.Generator, int], dict[str, object]]

_TRACK_RADIUS_M: Final = 36.5


def course(name: str, seed: int, minutes: float = 0.0) -> Course:
    """Lay out a named course; the same arguments give the same.

    Parameters
    ----------
    name : str
        One of :data:`SCENARIOS`.
    seed : int
        Which of them.
    minutes : float
        Running time; 0 for the scenario's own.
    """
    layout, usual_minutes = SCENARIOS[name]
    n = int(60.0 * (minutes or usual_minutes))
    rng = np.random.default_rng([seed, 43])
    level = Course(
        speed=np.ones(n),
        slope_deg=np.zeros(n),
        yaw_rate_deg_s=np.zeros(n),
        shock=np.ones(n),
        roughness=np.ones(n),
        cadence=np.ones(n),
        lean_deg=np.zeros(n),
        stop_s=np.zeros(n),
    )
    parts: dict[str, Any] = layout(rng, n)
    return replace(level, **parts)


def _moments(rng: np.random.Generator, n: int, an_hour: float) -> list[int]:
    count = rng.poisson(an_hour * n / 3600.0)
    return [int(at) for at in np.sort(rng.integers(60, n, count))]


def _ramped(values: Array, seconds: int) -> Array:
    """The same with changes that take some seconds."""
    kernel = np.ones(seconds) / seconds
    padded = np.concatenate([np.full(seconds, values[0]), values, np.full(seconds, values[-1])])
    return np.convolve(padded, kernel, "same")[seconds:-seconds]


def _own_pace(rng: np.random.Generator, n: int, percent: float) -> Array:
    """Nobody keeps a speed outdoors: slow wander of some percent."""
    knots = rng.normal(0.0, 0.01 * percent, n // 45 + 2)
    return 1.0 + np.interp(np.arange(n) / 45.0, np.arange(len(knots)), knots)


def _corners(rng: np.random.Generator, n: int, an_hour: float) -> Array:
    rate = np.zeros(n)
    for at in _moments(rng, n, an_hour):
        rate[at : at + 3] += float(rng.choice([-30.0, 30.0]))
    return rate


def _steady_treadmill(rng: np.random.Generator, n: int) -> dict[str, object]:
    # a belt keeps its speed; the runner wanders on it by some centimetres a second
    return {"speed": _own_pace(rng, n, 0.3), "stated": bool(rng.integers(2))}


def _easy_outdoor(rng: np.random.Generator, n: int) -> dict[str, object]:
    stop = np.zeros(n)
    for at in _moments(rng, n, 5.0):
        stop[at] = rng.uniform(10.0, 70.0)
    knots = rng.normal(0.0, 0.6, n // 90 + 2)
    slope = np.interp(np.arange(n) / 90.0, np.arange(len(knots)), knots)
    return {
        "speed": _own_pace(rng, n, 3.0),
        "slope_deg": slope,
        "yaw_rate_deg_s": _corners(rng, n, 15.0),
        "stop_s": stop,
    }


def _intervals(rng: np.random.Generator, n: int) -> dict[str, object]:
    fast, slow = int(rng.uniform(60.0, 180.0)), int(rng.uniform(60.0, 150.0))
    speed = np.full(n, 0.95)
    start = int(rng.uniform(480.0, 780.0))
    quick, easy = rng.uniform(1.15, 1.35), rng.uniform(0.80, 0.95)
    for at in range(start, n - 420, fast + slow):
        speed[at : at + fast] = quick * rng.normal(1.0, 0.01)
        speed[at + fast : at + fast + slow] = easy * rng.normal(1.0, 0.01)
    return {"speed": _ramped(speed * _own_pace(rng, n, 1.5), 6)}


def _hills(rng: np.random.Generator, n: int) -> dict[str, object]:
    slope = np.zeros(n)
    at = int(rng.uniform(200.0, 500.0))
    while at < n - 60:
        length = int(rng.uniform(60.0, 240.0))
        size = float(rng.choice([-1.0, 1.0])) * math.degrees(math.atan(rng.uniform(0.03, 0.08)))
        slope[at : at + length] = size
        at += length + int(rng.uniform(30.0, 240.0))
    slope = _ramped(slope, 12)
    speed = _own_pace(rng, n, 2.5) * (1.0 - 0.03 * np.maximum(slope, 0.0) - 0.01 * slope)
    return {"speed": speed, "slope_deg": slope, "yaw_rate_deg_s": _corners(rng, n, 10.0)}


def _treadmill_hills(rng: np.random.Generator, n: int) -> dict[str, object]:
    slope = np.zeros(n)
    at = int(rng.uniform(400.0, 700.0))
    while at < n - 60:
        length = int(rng.uniform(90.0, 240.0))
        slope[at : at + length] = math.degrees(math.atan(rng.uniform(0.02, 0.06)))
        at += length + int(rng.uniform(90.0, 240.0))
    return {"slope_deg": _ramped(slope, 15), "stated": bool(rng.integers(2))}


def _trail(rng: np.random.Generator, n: int) -> dict[str, object]:
    knots = rng.normal(0.0, 2.5, n // 40 + 2)
    slope = np.interp(np.arange(n) / 40.0, np.arange(len(knots)), knots)
    return {
        "speed": _own_pace(rng, n, 6.0) * (1.0 - 0.03 * np.maximum(slope, 0.0)),
        "slope_deg": slope,
        "roughness": np.full(n, rng.uniform(1.4, 2.2)),
        "yaw_rate_deg_s": _corners(rng, n, 120.0),
        "shock": 1.0 + _own_pace(rng, n, 5.0) - 1.0,
    }


def _track(rng: np.random.Generator, n: int) -> dict[str, object]:
    speed = 3.0 * rng.uniform(0.9, 1.3)
    place = (speed * np.arange(n)) % 200.0
    bend = place > 200.0 - math.pi * _TRACK_RADIUS_M
    rate = np.where(bend, math.degrees(speed / _TRACK_RADIUS_M), 0.0)
    return {
        "speed": _own_pace(rng, n, 1.5),
        "yaw_rate_deg_s": rate,
        "lean_deg": bend * rng.uniform(-1.0, 1.0),
        "shock": 1.0 + bend * rng.uniform(-0.03, 0.03),
    }


def _long_run(rng: np.random.Generator, n: int) -> dict[str, object]:
    parts = _easy_outdoor(rng, n)
    parts["speed"] = np.asarray(parts["speed"]) * np.linspace(1.0, rng.uniform(0.94, 1.0), n)
    return parts


def _progression(rng: np.random.Generator, n: int) -> dict[str, object]:
    return {
        "speed": np.linspace(0.92, rng.uniform(1.12, 1.25), n) * _own_pace(rng, n, 1.5),
        "yaw_rate_deg_s": _corners(rng, n, 6.0),
    }


def _run_walk(rng: np.random.Generator, n: int) -> dict[str, object]:
    stop = np.zeros(n)
    run, walk = int(rng.uniform(60.0, 360.0)), rng.uniform(45.0, 120.0)
    stop[run::run] = walk  # walking is no running step: to the steps it is a stop
    return {"speed": _own_pace(rng, n, 2.0), "stop_s": stop}


def _belt_unstated(rng: np.random.Generator, n: int) -> dict[str, object]:
    speed = np.ones(n)
    for at in _moments(rng, n, 5.0):
        speed[at:] = rng.uniform(0.9, 1.15)
    return {"speed": _ramped(speed, 8)}


def _water_stops(rng: np.random.Generator, n: int) -> dict[str, object]:
    parts = _easy_outdoor(rng, n)
    stop = np.zeros(n)
    for at in _moments(rng, n, 4.0):
        stop[at] = rng.uniform(20.0, 180.0)
    lean = np.zeros(n)
    for at in _moments(rng, n, 3.0):  # a hand at the phone on the same belt
        lean[at : at + int(rng.uniform(4.0, 15.0))] += rng.normal(0.0, 2.0)
    parts["stop_s"], parts["lean_deg"] = stop, lean
    return parts


def _strap_creeps(rng: np.random.Generator, n: int) -> dict[str, object]:
    size = float(rng.choice([-1.0, 1.0])) * rng.uniform(1.0, 3.0)
    over = rng.uniform(600.0, 2400.0)
    at = rng.uniform(0.0, 1200.0)
    lean = size * np.clip((np.arange(n) - at) / over, 0.0, 1.0)
    return {"lean_deg": lean, "speed": _own_pace(rng, n, 2.0)}


def _surfaces(rng: np.random.Generator, n: int) -> dict[str, object]:
    shock = np.ones(n)
    marked = []
    at = 0
    while at < n:
        kind = int(rng.integers(3))
        shock[at:] = (1.0, 0.964, 0.944)[kind]
        if rng.random() < 0.3:
            marked.append((at, ("concrete", "track", "grass")[kind]))
        at += int(rng.uniform(120.0, 360.0))
    return {
        "shock": shock,
        "surface": tuple(marked),
        "speed": _own_pace(rng, n, 2.5),
        "yaw_rate_deg_s": _corners(rng, n, 15.0),
    }


def _walking_breaks(rng: np.random.Generator, n: int) -> dict[str, object]:
    stop = np.zeros(n)
    for at in _moments(rng, n, 6.0):
        stop[at] = rng.uniform(20.0, 240.0)
    slope = np.zeros(n)
    for at in _moments(rng, n, 3.0):
        slope[at : at + int(rng.uniform(20.0, 60.0))] = rng.uniform(2.0, 5.0)
    return {"speed": _own_pace(rng, n, 3.0), "stop_s": stop, "slope_deg": _ramped(slope, 5)}


def _music(rng: np.random.Generator, n: int) -> dict[str, object]:
    cadence = np.ones(n)
    at = 0
    while at < n:
        cadence[at:] = rng.normal(1.0, 0.02)
        at += int(rng.uniform(150.0, 300.0))
    return {"cadence": _ramped(cadence, 10), "speed": _own_pace(rng, n, 2.0)}


#: Each scenario's layout and usual running time, min.
SCENARIOS: Final[dict[str, tuple[Layout, float]]] = {
    "steady treadmill": (_steady_treadmill, 60.0),
    "easy outdoor run": (_easy_outdoor, 60.0),
    "intervals": (_intervals, 60.0),
    "outdoor hills": (_hills, 60.0),
    "treadmill hills": (_treadmill_hills, 60.0),
    "trail": (_trail, 60.0),
    "track": (_track, 60.0),
    "long run of three hours": (_long_run, 180.0),
    "progression run": (_progression, 60.0),
    "run and walk": (_run_walk, 45.0),
    "belt changed, not stated": (_belt_unstated, 60.0),
    "water stops and phone": (_water_stops, 60.0),
    "strap creeps by 1–3°": (_strap_creeps, 60.0),
    "surface every few minutes": (_surfaces, 60.0),
    "walking breaks and stairs": (_walking_breaks, 60.0),
    "music": (_music, 60.0),
}
