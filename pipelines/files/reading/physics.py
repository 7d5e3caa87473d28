"""What numbers can be, told by gravity, by what a body does, and by how often sensors measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from imu.samples import STANDARD_GRAVITY_M_S2
from imu.sampling_rate import sampling_rate_hz
from pipelines.files.reading.raw_columns import Values
from pipelines.files.reading.stamps import date_units
from pipelines.files.reading.units import ACCELERATION_UNITS, TIME_UNITS, unit_scale

#: Sensors of motion measure between these; a thousandfold lies beyond.
_SAMPLING_HZ: Final = (8.0, 4000.0)
#: Rates that sensors are set to.
_USUAL_RATES_HZ: Final = (
    *(25, 26, 30, 32, 40, 50, 52, 60, 64, 75, 80, 100, 104, 120, 125, 128, 150, 160, 200, 208, 240),
    *(250, 256, 300, 320, 333, 350, 400, 416, 480, 500, 512, 600, 640, 800, 833, 1000, 1024, 1600),
)
#: Steps that are so many times the middle one are pauses, or bursts where there are so many.
_PAUSE: Final = 10.0
_FEWEST_BURSTS: Final = 8
_ROUND: Final = 1e-3
_NOT_ROUND: Final = 5e-3
#: Over some steps the mean specific force of a body is gravity; turning takes a part of it away.
_WINDOW_S: Final = 2.0
_GRAVITY_TOLERANCE: Final = 0.2
#: Spread of what is still, as a part of gravity.
_STILL: Final = 0.05
#: Seconds that are judged together, which part of the largest swing has what moves, and how many
#: such seconds there have to be.
_MOVES_S: Final = 1.0
_MOVES: Final = 0.2
_RARE: Final = 3
_MOSTLY: Final = 0.8
#: How near a gravity is to the counts of one g, and how far from it sensors at rest are.
_NEAR_COUNTS: Final = 0.06
_OFF_AT_REST: Final = 0.02
_ENOUGH: Final = 50_000  # vectors for a median
#: Where acceleration swings by so much, a body moves.
_MOVING_M_S2: Final = 2.0
#: Half of the time no pelvis turns as fast while it moves, in rad/s, nor as slowly, in °/s.
_FASTEST_RAD_S: Final = 15.0
_SLOWEST_MOVING_DEG_S: Final = 8.0
#: A gyroscope at rest reads its bias: that of a good one is below, that of a bad one above.
_BIAS_RAD_S: Final = 0.2
#: A pelvis that walks or runs turns faster for half of the time.
_SLOWEST_MOVING_RAD_S: Final = 0.3
#: Over some strides the mean of a rate is a small part of its spread: 0.06 at most of 18 runners,
#: 0.21 where it is 5 °/s off. Of their angles about nought it is 0.34 at least.
_STRIDES_S: Final = 4.0
_OFF_NOUGHT: Final = 0.3
#: Correlation of axes that say the same, such as the parts of one speed.
_ONE_AXIS: Final = 0.999
#: Correlation of an acceleration with the same without gravity, and the mean of the latter as a
#: part of its spread.
_SAME_MOTION: Final = 0.95
_ABOUT_NOUGHT: Final = 0.3


def likely_time_unit(times: Values) -> str:
    """The one unit in which sensors sample at such steps; empty when there is none, or several.

    Examples
    --------
    >>> likely_time_unit(np.arange(50) * 10.0), likely_time_unit(np.zeros(5))
    ('ms', '')
    """
    units = likely_time_units(times)
    return units[0] if len(units) == 1 else ""


def likely_time_units(times: Values) -> tuple[str, ...]:
    """All units in which sensors sample at such steps; of a date the one alone.

    Examples
    --------
    >>> bursts = np.repeat(np.arange(50) * 1e3, 100) + np.tile(np.arange(100) * 0.01, 50)
    >>> likely_time_units(np.arange(50) * 10.0), likely_time_units(bursts)  # or pauses
    (('ms',), ('s', 'ms'))
    >>> likely_time_units(np.round(np.arange(1000) * 5.12))
    ('ms', 's/1024')
    """
    low, high = _SAMPLING_HZ
    first = float(times[0]) if len(times) else 0.0
    for unit in date_units(first):
        if low <= rate_in(times, unit) <= high:
            return (unit,)
    units = tuple(unit for unit in TIME_UNITS if low <= rate_in(times, unit) <= high)
    if len(units) > 1:
        units = _without_lone_bursts(times, units)
    return ("ms", "s/1024") if units == ("ms",) and _also_ticks_1024(times) else units


def _without_lone_bursts(times: Values, units: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out units in which all that is even would be bursts: a few pauses make none."""
    steps = np.diff(times[:_ENOUGH])
    steps = np.abs(steps[steps != 0.0])
    middle = float(np.median(steps))
    if np.count_nonzero(steps > _PAUSE * middle) >= _FEWEST_BURSTS:
        return units
    return tuple(
        unit for unit in units
        if 0.5 < rate_in(times, unit) * middle * (unit_scale("time", unit) or 0.0) < 2.0
    )  # fmt: skip


def rate_in(times: Values, unit: str) -> float:
    """Sampling rate, Hz, of times in a unit, with pauses or in bursts, up or down; else NaN.

    Examples
    --------
    >>> pause = np.append(np.arange(50), 9e6 + np.arange(50)) * 5.0
    >>> rate_in(pause, "ms"), rate_in(pause[::-1], "ms")
    (200.0, 200.0)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(times[:_ENOUGH]) * (unit_scale("time", unit) or 0.0)
    steps = steps[np.isfinite(steps)]
    if np.count_nonzero(steps < 0.0) > np.count_nonzero(steps > 0.0):
        steps = -steps
    if len(steps) < 2 or not steps.any():
        return float("nan")
    return sampling_rate_hz(np.cumsum(np.maximum(steps, 0.0)))


def _also_ticks_1024(times: Values) -> bool:
    """Whether whole numbers may be of 1/1024 s, as watches count: a rate is mostly a round one."""
    if not (times[:_ENOUGH] % 1.0 == 0.0).all():
        return False
    off = [min(abs(rate_in(times, unit) / usual - 1.0) for usual in _USUAL_RATES_HZ)
           for unit in ("ms", "s/1024")]  # fmt: skip
    return off[1] < _ROUND < _NOT_ROUND < off[0]


def gravity_of(acceleration: Values, rate_hz: float) -> float:
    """Length of the mean vector over two seconds, the median of such windows; NaN without any.

    It is one gravity in the unit of the numbers, standing or running, however the sensor lies.

    Examples
    --------
    >>> beat = np.sin(np.arange(1000) / 100.0 * 17.0)
    >>> run = np.stack([0 * beat, 0.3 * beat, 1.0 + 1.3 * beat], axis=1)
    >>> round(gravity_of(run, 100.0), 1)
    1.0
    """
    lengths = _window_means(acceleration, rate_hz)
    return float(np.median(lengths)) if len(lengths) else float("nan")


def gravity_at_rest(acceleration: Values, rate_hz: float) -> float:
    """Length of the mean vector of the stillest second; NaN where nothing is still.

    Examples
    --------
    >>> beat = np.sin(np.arange(1000) / 100.0 * 17.0) * np.where(np.arange(1000) > 300, 1, 1e-3)
    >>> run = np.stack([0 * beat, 0.3 * beat, 1.0 + 1.3 * beat], axis=1)
    >>> round(gravity_at_rest(run, 100.0), 3), gravity_at_rest(run[400:], 100.0)
    (1.0, nan)
    """
    whole = acceleration[np.isfinite(acceleration).all(axis=1)]
    size = max(4, int(rate_hz))
    windows = _alive(whole[: len(whole) // size * size].reshape(-1, size, 3))
    if not len(windows):
        return float("nan")
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.linalg.norm(windows.std(axis=1), axis=1)
        stillest = int(np.argmin(spread))
        length = float(np.linalg.norm(windows[stillest].mean(axis=0)))
        return length if spread[stillest] <= _STILL * length else float("nan")


def _alive(windows: Values) -> Values:
    """Windows in which a reading changes, since a sensor that froze measures nothing; else all."""
    changes = (windows != windows[:, :1]).any(axis=(1, 2))
    return windows[changes] if changes.any() else windows


def moving_part(triad: Values, rate_hz: float) -> Values:
    """Rows of the seconds in which the numbers swing, whatever their unit; none where none do.

    A sensor that froze, went to zero or lies in a drawer from some moment on has others.

    Examples
    --------
    >>> beat = np.sin(np.arange(1000) / 100.0 * 17.0)
    >>> run = np.stack([0 * beat, 0.3 * beat, 1.0 + 1.3 * beat], axis=1)
    >>> run[400:] = run[400]
    >>> len(moving_part(run, 100.0)), len(moving_part(run[400:], 100.0))
    (400, 0)
    """
    size = max(4, int(_MOVES_S * rate_hz))
    whole = triad[np.isfinite(triad).all(axis=1)]
    windows = whole[: len(whole) // size * size].reshape(-1, size, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        quarters = np.percentile(np.linalg.norm(windows, axis=2), (25, 75), axis=1)
        swing = quarters[1] - quarters[0]
    largest = np.sort(swing)[-_RARE:][:1].sum()  # but for a moment at which it failed
    moves = (swing > 0.0) & (swing >= _MOVES * largest)
    return np.asarray(windows[moves].reshape(-1, 3), np.float64)


def holds_gravity(triad: Values, rate_hz: float) -> bool:
    """Whether the mean over two seconds has one length throughout, as gravity has.

    What turns has means of any length, of which some may look like a gravity.

    Examples
    --------
    >>> beat = np.sin(np.arange(1000) / 100.0 * 17.0)
    >>> run = np.stack([0 * beat, 0.3 * beat, 1.0 + 1.3 * beat], axis=1)
    >>> holds_gravity(run, 100.0), holds_gravity(run * np.arange(1000)[:, None], 100.0)
    (True, False)
    """
    lengths = _window_means(triad, rate_hz)
    with np.errstate(over="ignore", invalid="ignore"):
        near = (
            np.abs(lengths / np.median(lengths) - 1.0) <= _GRAVITY_TOLERANCE if len(lengths) else 0
        )
    return bool(np.mean(near) >= _MOSTLY)


def is_linear(triad: Values, whole: Values) -> bool:
    """Whether readings are those of an acceleration without its gravity: they swing as it does.

    They do so about nought along the axis that moves most.

    Examples
    --------
    >>> swing = np.random.default_rng(0).standard_normal((90, 3))
    >>> is_linear(swing, swing + [0.0, 0.0, 9.8]), is_linear(swing + 9.8, swing)
    (True, False)
    """
    known = np.isfinite(triad + whole).all(axis=1)
    if not known.any():
        return False
    swings = [one[known] - one[known].mean(axis=0) for one in (triad, whole)]
    spread, mean = swings[0].std(axis=0), triad[known].mean(axis=0)
    axis = int(np.argmax(spread))
    with np.errstate(all="ignore"):
        alike = abs(np.corrcoef(swings[0].ravel(), swings[1].ravel())[0, 1])
    return bool(alike > _SAME_MOTION and abs(mean[axis]) < _ABOUT_NOUGHT * spread[axis])


def may_turn(triad: Values) -> bool:
    """Whether numbers can be an angular velocity: all vary, and about nought.

    Examples
    --------
    >>> beat = np.sin(np.arange(100) / 10.0)[:, None]
    >>> may_turn(beat * [1.0, 2.0, 3.0]), may_turn(beat * [1.0, 2.0, 0.1] + [0, 0, 24.0])
    (True, False)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.nanstd(triad, axis=0)
        return bool((spread > 0.0).all() and (np.abs(np.nanmean(triad, axis=0)) < spread).all())


def turns_like_a_body(triad: Values) -> bool:
    """Whether numbers are an angular velocity of somebody who moves, in rad/s or more of them.

    Examples
    --------
    >>> beats = np.sin(np.arange(1000)[:, None] / [7.0, 9.0, 11.0])
    >>> [turns_like_a_body(one) for one in (beats, 0.1 * beats, beats[:, [0] * 3])]
    [True, False, False]
    """
    if not may_turn(triad) or median_norm(moving_part(triad, 100.0)) < _SLOWEST_MOVING_RAD_S:
        return False
    known = triad[np.isfinite(triad).all(axis=1)]
    return bool(np.abs(np.corrcoef(known.T)).min() < _ONE_AXIS)


def wanders(triad: Values, rate_hz: float) -> bool:
    """Whether numbers of a body that moves keep off nought for seconds, as angles do.

    What turns one way within a stride turns back in it.

    Examples
    --------
    >>> beats = np.sin(np.arange(1000)[:, None] / [7.0, 9.0, 11.0])
    >>> wanders(beats, 100.0), wanders(np.cumsum(beats, axis=0), 100.0)
    (False, True)
    """
    moving = moving_part(triad, rate_hz)
    size = min(max(4, int(_STRIDES_S * rate_hz)), len(moving))
    if not size:
        return False
    windows = moving[: len(moving) // size * size].reshape(-1, size, 3)
    off = np.median(np.abs(windows.mean(axis=1)), axis=0)
    return bool((off > _OFF_NOUGHT * np.median(windows.std(axis=1), axis=0)).any())


def _window_means(triad: Values, rate_hz: float) -> Values:
    """Length of the mean vector in each window."""
    whole = triad[np.isfinite(triad).all(axis=1)]
    size = min(max(4, int(_WINDOW_S * rate_hz)), len(whole))
    if not size:
        return np.zeros(0)
    with np.errstate(over="ignore", invalid="ignore"):
        means = _alive(whole[: len(whole) // size * size].reshape(-1, size, 3)).mean(axis=1)
        return np.asarray(np.linalg.norm(means, axis=1), np.float64)


def likely_acceleration_unit(gravity: float, tolerance: float = _GRAVITY_TOLERANCE) -> str:
    """The unit in which that is about one gravity; empty when it is in none.

    Parameters
    ----------
    gravity : float
        As :func:`gravity_of` gives it.
    tolerance : float
        Largest deviation, as a part of one gravity.

    Examples
    --------
    >>> [likely_acceleration_unit(x) for x in (9.7, 1.02, 985.0, 2048.0, 0.1)]
    ['m_s2', 'g', 'mg', '', '']
    """
    for unit, scale in ACCELERATION_UNITS.items():
        if abs(gravity * scale / STANDARD_GRAVITY_M_S2 - 1.0) <= tolerance:
            return unit
    return ""


def likely_counts(gravity: float, at_rest: float = float("nan")) -> tuple[int, ...]:
    """Counts of a converter that make one gravity; none when it does not look like any.

    Parameters
    ----------
    gravity : float
        As :func:`gravity_of` gives it.
    at_rest : float
        As :func:`gravity_at_rest` gives it. It is known to what sensors at rest are off, and so
        may be one of two that makers set.

    Examples
    --------
    >>> likely_counts(2040.0), likely_counts(16500.0), likely_counts(3.0)
    ((2048,), (16384,), ())
    >>> likely_counts(2100.0, 2074.0), likely_counts(2000.0, 2026.0), likely_counts(2e3, 1801.0)
    ((2048,), (2048, 2000), (1801,))
    """
    known = at_rest if math.isfinite(at_rest) else gravity
    if not 100.0 < known < 70_000.0:
        return ()
    usual = sorted((2**k, 1000 * 2 ** (k - 10)) for k in range(8, 17))
    if not math.isfinite(at_rest):
        return tuple(two for two, _ in usual if abs(known / two - 1.0) < _NEAR_COUNTS)
    near = [c for pair in usual for c in pair if abs(known / c - 1.0) < _OFF_AT_REST]
    return tuple(int(c) for c in near) or (round(known),)


def counts_cure(counts: Sequence[int]) -> str:
    """What to do where numbers look like counts of a converter."""
    several = " or ".join(str(count) for count in counts)
    options = " or ".join(f"--units acc=g/{count}" for count in counts)
    sheet = "" if len(counts) == 1 else ", as the sensor's data sheet says"
    return f"{several} of them for one g; if so, give {options}{sheet}"


def median_norm(triad: Values) -> float:
    """Median length of the vectors that are whole, of some thousands of them; NaN when none is."""
    triad = triad[:: max(1, len(triad) // _ENOUGH)]
    whole = triad[np.isfinite(triad).all(axis=1)]
    with np.errstate(over="ignore"):
        return float(np.median(np.linalg.norm(whole, axis=1))) if len(whole) else float("nan")


def likely_angular_velocity_unit(
    angular_velocity: Values, acceleration_m_s2: Values, rate_hz: float
) -> str:
    """``rad_s`` or ``deg_s`` where only one of them can be; else empty.

    Parameters
    ----------
    angular_velocity : array, shape (N, 3)
        In either unit.
    acceleration_m_s2 : array, shape (M, 3)
        Of the same time.
    rate_hz : float
        Sampling rate of both, Hz.

    Notes
    -----
    A body that moves turns: where the acceleration swings, half of the time faster than 8 °/s and
    never faster than 15 rad/s. A body at rest reads the bias: more than 0.2 cannot be rad/s.
    """
    size = max(4, int(0.5 * rate_hz))
    count = min(len(angular_velocity), len(acceleration_m_s2)) // size
    if not count:
        return ""
    shape = (count, size, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        turning = np.linalg.norm(angular_velocity[: count * size].reshape(shape), axis=2)
        swing = np.linalg.norm(acceleration_m_s2[: count * size].reshape(shape).std(axis=1), axis=1)
    moving = turning[swing > _MOVING_M_S2]
    moving = moving[np.isfinite(moving)]
    still = turning[swing <= 0.25 * _MOVING_M_S2]
    still = still[np.isfinite(still)]
    if len(moving) >= size:
        typical = float(np.median(moving))
        if typical > _FASTEST_RAD_S:
            return "deg_s" if typical < math.degrees(_FASTEST_RAD_S) else ""
        return "rad_s" if typical < _SLOWEST_MOVING_DEG_S else ""
    if len(still) >= size and float(np.median(still)) > _BIAS_RAD_S:
        return "deg_s"
    return ""
