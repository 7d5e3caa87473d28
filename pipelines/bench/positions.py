"""A unit in six positions: scale, bias, directions of its axes, and what its gyroscope agrees to.

The unit is laid down with one marked axis up after the other, in a fixed order, so that the
readings tell not only lengths (as a calibration does) but where each axis points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.six_faces import ORDER
from imu.samples import STANDARD_GRAVITY_M_S2 as G
from imu.samples import Samples
from pipelines.bench import limits
from pipelines.bench.item import Item, failed, judged, measured, skipped

__all__ = ["LIE_S", "ORDER", "Stretch", "StretchFinder", "position_items"]

Array = NDArray[np.float64]

#: A position counts when the unit has lain still for this long, s.
LIE_S: Final = 3.0

_PIECE_S: Final = 0.5
_STILL: Final = (0.2, 0.03)  # largest spread within a piece, m/s² and rad/s
_SAME_DEG: Final = 25.0
_LEVER: Final = 0.1  # s: what is smoothed before delays are sought
_FARTHEST_S: Final = 0.1  # delay that is sought
_TITLES: Final = {
    "scale": "acceleration: worst error of an axis",
    "bias": "acceleration: worst reading without force",
    "handedness": "acceleration: determinant of its axes",
    "axes": "acceleration: axes that point elsewhere than marked",
    "range": "acceleration: end of the range by that scale",
    "gyro_scale": "angular velocity: worst error of an axis",
    "gyro_handedness": "angular velocity: determinant of its axes",
    "gyro_axes": "angular velocity: axes that point elsewhere than marked",
    "gyro_delay": "angular velocity later than acceleration",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples from ``start`` to before ``stop`` in which it lay still; mean of both sensors."""

    start: int
    stop: int
    mean: Array


@dataclass(slots=True)
class StretchFinder:
    """Finds still positions while samples come, each other than the one before.

    Parameters
    ----------
    rate_hz : float
    """

    rate_hz: float
    found: list[Stretch] = field(default_factory=list)
    still_s: float = 0.0
    _rest: Array = field(default_factory=lambda: np.empty((0, 6)))
    _taken: int = 0
    _pieces: list[Array] = field(default_factory=list)

    def push(self, samples: Samples) -> None:
        """Take the next samples."""
        gyro = samples.angular_velocity_rad_s
        both = np.zeros((len(samples), 6))
        both[:, :3] = samples.acceleration_m_s2
        both[:, 3:] = 0.0 if gyro is None else np.nan_to_num(gyro)
        rows = np.concatenate([self._rest, both])
        n = max(2, round(_PIECE_S * self.rate_hz))
        while len(rows) >= n:
            self._take(rows[:n])
            self._taken += n
            rows = rows[n:]
        self._rest = rows

    def _take(self, piece: Array) -> None:
        spread = piece.std(axis=0)
        if spread[:3].max() > _STILL[0] or spread[3:].max() > _STILL[1]:
            self._pieces, self.still_s = [], 0.0
            return
        self._pieces.append(piece)
        self.still_s = _PIECE_S * len(self._pieces)
        if self.still_s < LIE_S:
            return
        inner = np.concatenate(self._pieces[1:-1])  # without what may hold the hand
        stop = self._taken + len(piece)
        new = Stretch(stop - len(piece) * len(self._pieces), stop, inner.mean(axis=0))
        last = self.found[-1] if self.found else None
        if last is not None and (
            last.start == new.start or _angle_deg(last.mean, new.mean) < _SAME_DEG
        ):
            new = Stretch(last.start, new.stop, new.mean)
            self.found.pop()
        self.found.append(new)


def position_items(samples: Samples, stretches: list[Stretch], range_m_s2: float) -> list[Item]:
    """Judge what six still positions and the turns between them say.

    Parameters
    ----------
    samples : Samples
        From the first stretch to the last, as they were found in.
    stretches : list of Stretch
        One for each of :data:`ORDER`, in that order.
    range_m_s2 : float
        End of the range as the unit states it.
    """
    if len(stretches) < len(ORDER):
        why = f"{len(stretches)} of {len(ORDER)} positions were seen"
        return [skipped(name, title, why) for name, title in _TITLES.items()]
    means = dict(zip(ORDER, (each.mean[:3] for each in stretches), strict=False))
    # columns: what the unit reads of a force along its marked x, y, z, in g
    matrix = np.stack([(means[f"+{a}"] - means[f"-{a}"]) / (2 * G) for a in "xyz"], axis=1)
    lengths = np.linalg.norm(matrix, axis=0)
    worst = float(lengths[np.argmax(np.abs(lengths - 1.0))])
    bias = [
        float(means[f"+{a}"]["xyz".index(a)] + means[f"-{a}"]["xyz".index(a)]) / 2 for a in "xyz"
    ]
    items = [
        _item("scale", 100.0 * (worst - 1.0), "%", f"axes {_listed(lengths)} times what is true"),
        _item("bias", max(map(abs, bias)), "m/s²", f"{_listed(bias)} m/s²"),
        _item("range", range_m_s2 / worst / G, "g", f"stated {range_m_s2 / G:g} g"),
        *_directions("", matrix),
    ]
    if samples.angular_velocity_rad_s is None:
        return items + _gyro_skipped("it has no gyroscope")
    return items + _gyro_items(samples, stretches[: len(ORDER)], matrix, np.array(bias))


def _gyro_items(
    samples: Samples, stretches: list[Stretch], matrix: Array, bias: Array
) -> list[Item]:
    raw = np.asarray(samples.angular_velocity_rad_s)
    rest = np.mean([each.mean[3:] for each in stretches], axis=0)
    rate = np.nan_to_num(raw) - rest
    # nobody lays it down exactly: only lengths and signs of the axes are believed
    largest = np.abs(matrix) == np.abs(matrix).max(axis=0)
    straight = np.where(largest, np.sign(matrix), 0.0) * np.linalg.norm(matrix, axis=0)
    force = (samples.acceleration_m_s2 - bias) @ np.linalg.pinv(straight).T
    up = force / np.maximum(np.linalg.norm(force, axis=1), 1e-9)[:, None]
    time_s = samples.time_s
    rows, turned = [], []
    for before, after in pairwise(stretches):
        part = slice(before.stop - 1, after.start + 1)
        # Δup = ∫ up × (W rate) dt, linear in W
        products = np.trapezoid(up[part, :, None] * rate[part, None, :], time_s[part], axis=0)
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            row = np.zeros((3, 3))
            row[k], row[j] = products[j], -products[k]
            rows.append(row.ravel())
            turned.append(up[after.start, i] - up[before.stop - 1, i])
    solved, _, rank, _ = np.linalg.lstsq(np.array(rows), np.array(turned), rcond=1e-3)
    turning = np.abs(rate[stretches[0].stop : stretches[-1].start]).max(axis=0)
    silent = [
        axis
        for axis, most in zip("xyz", turning, strict=True)
        if math.degrees(most) < limits.GYRO_TURN_DEG_S
    ]
    if silent:  # each axis is turned about, by a right angle at least
        why = f"{' '.join(silent)} of the gyroscope read nothing while the unit is turned"
        return [
            failed(item.name, item.title, why) if item.name == "gyro_axes" else item
            for item in _gyro_skipped(why)
        ]
    if rank < 9 or not np.isfinite(solved).all():
        return _gyro_skipped("the turns between the positions say too little of it")
    reads = np.linalg.pinv(solved.reshape(3, 3))
    lengths = np.linalg.norm(reads, axis=0)
    worst = float(lengths[np.argmax(np.abs(lengths - 1.0))])
    true_rate = rate @ solved.reshape(3, 3).T
    span = slice(stretches[0].stop - 1, stretches[-1].start + 1)
    delay_s = _delay_s(up[span], true_rate[span], time_s[span])
    return [
        _item(
            "gyro_scale",
            100.0 * (worst - 1.0),
            "%",
            f"axes {_listed(lengths)} times what the accelerometer's turns say",
        ),
        *_directions("gyro_", reads),
        _gyro_delay(1e3 * delay_s, time_s[span]),
    ]


def _gyro_delay(delay_ms: float, time_s: Array) -> Item:
    """Judged where all samples of the turns came: with holes in them it is not known so well."""
    steps_s = np.diff(time_s)
    if (steps_s > 1.5 * np.median(steps_s)).any():
        detail = "by the turns, of which samples are missing: not judged"
        return measured("gyro_delay", _TITLES["gyro_delay"], delay_ms, "ms", detail)
    return _item("gyro_delay", delay_ms, "ms", "by the turns")


def _gyro_skipped(why: str) -> list[Item]:
    return [skipped(name, title, why) for name, title in _TITLES.items() if name[:4] == "gyro"]


def _directions(prefix: str, matrix: Array) -> list[Item]:
    """Handedness and order of the axes of what reads ``matrix`` @ truth."""
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=0), 1e-9)
    points = "".join(
        ("+" if column[k] > 0 else "-") + "xyz"[k]
        for column in unit.T
        for k in [int(np.argmax(np.abs(column)))]
    )
    wrong = sum(points[2 * k : 2 * k + 2] != f"+{axis}" for k, axis in enumerate("xyz"))
    return [
        _item(f"{prefix}handedness", float(np.linalg.det(unit)), "", "+1 is right-handed"),
        _item(f"{prefix}axes", float(wrong), "", f"along +x+y+z it reads {points}"),
    ]


def _item(name: str, value: float, unit: str, detail: str) -> Item:
    limit = {
        "scale": limits.SCALE,
        "bias": limits.BIAS,
        "handedness": limits.HANDEDNESS,
        "axes": limits.AXES,
        "delay": limits.GYRO_DELAY,
    }.get(name.removeprefix("gyro_"))
    return judged(name, _TITLES[name], value, unit, limit, detail)


def _delay_s(up: Array, rate: Array, time_s: Array) -> float:
    """By which delay the gyroscope's turning fits best what the accelerometer shows, s."""
    step_s = float(np.median(np.diff(time_s)))
    n = max(1, round(_LEVER / step_s))
    window = np.hanning(n + 2)[1:-1]
    window /= window.sum()
    shown, told = (
        np.stack([np.convolve(each[:, k], window, "same") for k in range(3)], axis=1)
        for each in (np.gradient(up, step_s, axis=0), rate)
    )
    most = max(2, round(_FARTHEST_S / step_s))
    inner = slice(most, len(up) - most)
    fits = np.array(
        [
            np.sum(shown[inner] * np.cross(up[inner], told[inner.start + lag : inner.stop + lag]))
            for lag in range(-most, most + 1)
        ]
    )
    best = int(np.clip(np.argmax(fits), 1, len(fits) - 2))
    left, middle, right = fits[best - 1 : best + 2]
    curve = left - 2 * middle + right
    shift = 0.5 * (left - right) / curve if curve else 0.0
    return float((best - most + shift) * step_s)


def _angle_deg(a: Array, b: Array) -> float:
    lengths = float(np.linalg.norm(a[:3]) * np.linalg.norm(b[:3]))
    if not lengths:
        return 0.0
    return math.degrees(math.acos(float(np.clip(a[:3] @ b[:3] / lengths, -1.0, 1.0))))


def _listed(values: Array | list[float]) -> str:
    return " ".join(f"{each:.4f}" for each in values)
