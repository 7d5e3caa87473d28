"""A unit that lies still: what it must read, noise, filter, dead band, and its Allan deviation."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.samples import STANDARD_GRAVITY_M_S2 as G
from imu.samples import Quality, Samples
from pipelines.bench import limits
from pipelines.bench.item import Item, judged, measured, skipped

Array = NDArray[np.float64]

#: Shortest stillness that noise is told from, s.
LEAST_REST_S: Final = 3.0
_NOISE_BAND_HZ: Final = (1.0, 10.0)
_WINDOW_S: Final = 1.0
_RATE_RANDOM_WALK_S: Final = 1.0
_BIAS_INSTABILITY: Final = 0.664  # √(2 ln 2 / π)
_AXES: Final = tuple(f"{sensor} {axis}" for sensor in ("acceleration", "gyro") for axis in "xyz")


def both_sensors(samples: Samples) -> Array:
    """Acceleration and, where there is a gyroscope, angular velocity; three columns or six."""
    sensors = (samples.acceleration_m_s2, samples.angular_velocity_rad_s)
    return np.concatenate([each for each in sensors if each is not None], axis=1)


def reading_items(samples: Samples, rate_hz: float, *, has_dead_band: bool) -> list[Item]:
    """Judge what no position excuses: axes that keep one reading, and ends of the range.

    Parameters
    ----------
    samples : Samples
        All that came.
    rate_hz : float
        Sample rate, Hz.
    has_dead_band : bool
        Whether such gyroscopes read zero at rest.
    """
    values = both_sensors(samples)
    values = values[np.isfinite(values).all(axis=1)]
    kept: dict[int, float] = {}
    for k, column in enumerate(values.T):
        run, reading = _longest_run(column)
        # a dead band keeps it at zero for as long as it lies
        may_be_still = has_dead_band and k >= 3 and reading == 0.0 and 2 * run < len(column)
        if run > limits.STUCK_S * rate_hz and not may_be_still:
            kept[k] = reading
    zeros = has_dead_band and all(k >= 3 and reading == 0.0 for k, reading in kept.items())
    told = ", ".join(f"{_AXES[k]} {reading:.4g}" for k, reading in kept.items())
    clipped = (samples.quality & np.uint8(Quality.CLIPPED)) != 0
    return [
        judged(
            "stuck",
            f"axes that kept one reading for over {limits.STUCK_S:g} s",
            len(kept),
            "",
            limits.STUCK_OR_DEAD_BAND if zeros else limits.STUCK,
            f"{told} (m/s², rad/s)" if told else "",
        ),
        judged(
            "range_end",
            "samples at the end of the range",
            100.0 * float(clipped.mean()),
            "%",
            limits.RANGE_END,
        ),
    ]


def _longest_run(column: Array) -> tuple[int, float]:
    """Samples in a row that are equal, at most, and what they read."""
    borders = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1, [len(column)]])
    runs = np.diff(borders)
    longest = int(np.argmax(runs))
    return int(runs[longest]), float(column[borders[longest]])


def level_items(means: list[Array], *, positions: bool, has_gyro: bool) -> list[Item]:
    """Judge what it reads at rest: gravity, and no turning.

    Parameters
    ----------
    means : list of ndarray, shape (6,)
        Of each still stretch, m/s² and rad/s.
    positions : bool
        Whether there are six positions, which tell bias and scale apart.
    has_gyro : bool
    """
    gravity = ("gravity", "acceleration: size of what it reads at rest")
    turning = ("gyro_bias", "angular velocity: largest of an axis at rest")
    wanted = [] if positions else [gravity]
    wanted += [turning] if has_gyro else []
    if not means:
        return [skipped(name, title, "it never lay still") for name, title in wanted]
    items = []
    if not positions:
        sizes = np.array([np.linalg.norm(mean[:3]) / G for mean in means])
        worst = float(sizes[np.argmax(np.abs(sizes - 1.0))])
        items.append(judged(*gravity, worst, "g", limits.GRAVITY))
    if has_gyro:
        rates = np.degrees([mean[3:] for mean in means])
        worst_rates = rates[np.argmax(np.abs(rates).max(axis=1))]
        told = " ".join(f"{each:.3f}" for each in worst_rates)
        value = float(np.abs(worst_rates).max())
        items.append(judged(*turning, value, "°/s", limits.GYRO_BIAS, f"{told} °/s"))
    return items


def noise_items(values: Array, rate_hz: float) -> list[Item]:
    """What a stretch at rest tells.

    Parameters
    ----------
    values : ndarray, shape (n, 3) or (n, 6)
        Acceleration, m/s², and angular velocity, rad/s, as decoded.
    rate_hz : float
        Sample rate, Hz.
    """
    names = [("acceleration_noise", "acceleration: noise density", "µg/√Hz", 1e6 / G)]
    if values.shape[1] > 3:
        scale = 1e3 * 180 / math.pi
        names.append(("gyro_noise", "angular velocity: noise density", "m°/s/√Hz", scale))
    if len(values) < LEAST_REST_S * rate_hz:
        return [skipped(name, title, "it never lay still") for name, title, _, _ in names]
    items: list[Item] = []
    for part, (name, title, unit, scale) in enumerate(names):
        three = values[:, 3 * part : 3 * part + 3]
        three = three[np.isfinite(three).all(axis=1)]
        frequency, density = _density(three, rate_hz)
        band = (frequency >= _NOISE_BAND_HZ[0]) & (frequency <= min(_NOISE_BAND_HZ[1], rate_hz / 4))
        level = float(np.median(density[band]))
        worst = scale * math.sqrt(level) if level > 0 else 0.0
        items.append(measured(name, title, worst, unit, "between 1 and 10 Hz, mean of the axes"))
        items += _filter_items(name.removesuffix("_noise"), frequency, density, level)
    if values.shape[1] > 3:
        items.append(_dead_band(values[:, 3:]))
    return items


def _density(three: Array, rate_hz: float) -> tuple[Array, Array]:
    """Frequency and mean power density of three axes, without slow parts."""
    from scipy.signal import welch

    n = min(len(three), max(16, round(_WINDOW_S * rate_hz)))
    frequency, density = welch(three, rate_hz, nperseg=n, axis=0)
    return np.asarray(frequency, np.float64), np.asarray(density.mean(axis=1), np.float64)


def _filter_items(sensor: str, frequency: Array, density: Array, level: float) -> list[Item]:
    """Where noise has fallen to half its power, and the delay of a filter that does that."""
    words = "acceleration" if sensor == "acceleration" else "angular velocity"
    smooth = np.convolve(density, np.ones(5) / 5, "same")
    below = np.flatnonzero((frequency > _NOISE_BAND_HZ[1]) & (smooth < level / 2))[:-2]
    names = (f"{sensor}_filter", f"{sensor}_group_delay")
    titles = (f"{words}: filter, by its noise", f"{words}: delay of such a filter")
    if not len(below) or level <= 0:
        why = "the noise does not fall off below half the rate"
        return [skipped(name, title, why) for name, title in zip(names, titles, strict=True)]
    cut_off_hz = float(frequency[below[0]])
    delay_ms = 1e3 * math.sqrt(2.0) / (2.0 * math.pi * cut_off_hz)
    return [
        measured(names[0], titles[0], cut_off_hz, "Hz", "half the power; by the noise at rest"),
        measured(names[1], titles[1], delay_ms, "ms", "of a Butterworth filter of second order"),
    ]


def _dead_band(rate: Array) -> Item:
    still = rate[np.isfinite(rate).all(axis=1)]
    zero = 100.0 * float(np.mean(still == 0.0)) if still.size else 0.0
    others = np.abs(still[still != 0.0])
    least = (
        f"the least other reading {math.degrees(float(others.min())):.3g} °/s"
        if others.size
        else ("no other reading")
    )
    return measured(
        "dead_band", "angular velocity: readings of exactly zero at rest", zero, "%", least
    )


def allan_deviation(values: Array, rate_hz: float) -> tuple[Array, Array]:
    """Overlapping Allan deviation of each column.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Readings at rest.
    rate_hz : float
        Sample rate, Hz.

    Returns
    -------
    tau_s : ndarray, shape (m,)
        Averaging times, s, two an octave, up to a ninth of the record.
    deviation : ndarray, shape (m, k)
        In the unit of the readings.

    Notes
    -----
    IEEE Std 952-2020, annex on the Allan variance, in its overlapping form.

    Examples
    --------
    >>> noise = np.random.default_rng(1).standard_normal((20_000, 1))
    >>> tau_s, deviation = allan_deviation(noise, 100.0)
    >>> bool(abs(np.interp(1.0, tau_s, deviation[:, 0]) / 0.1 - 1) < 0.05)
    True
    """
    n = len(values)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    octaves = 2 * math.log2(max(2, n // 9))
    counts = np.unique(np.round(2 ** (np.arange(int(octaves) + 1) / 2)).astype(int))
    deviations = []
    for m in counts:
        second = sums[2 * m :] - 2 * sums[m:-m] + sums[: -2 * m]
        deviations.append(np.sqrt(np.mean(second**2, axis=0) / 2) / m)
    return counts / rate_hz, np.array(deviations)


def allan_items(values: Array, rate_hz: float) -> list[Item]:
    """Random walk and bias instability of both sensors, from a long rest."""
    items = []
    sensors = [("acceleration", "acceleration", "m/s²", 1.0)]
    if values.shape[1] > 3:
        sensors.append(("gyro", "angular velocity", "°/s", 180 / math.pi))
    for part, (name, words, unit, scale) in enumerate(sensors):
        three = values[:, 3 * part : 3 * part + 3]
        three = three[np.isfinite(three).all(axis=1)]
        tau_s, deviation = allan_deviation(scale * three, rate_hz)
        worst = deviation.max(axis=1)
        at_one = float(np.interp(_RATE_RANDOM_WALK_S, tau_s, worst))
        low = int(np.argmin(worst))
        items += [
            measured(
                f"{name}_allan_1s",
                f"{words}: Allan deviation at 1 s",
                at_one,
                unit,
                "the worst axis; of white noise it is the random walk a root second",
            ),
            measured(
                f"{name}_instability",
                f"{words}: bias instability",
                float(worst[low]) / _BIAS_INSTABILITY,
                unit,
                f"at {tau_s[low]:.3g} s, of {len(three) / rate_hz:.0f} s at rest; an upper bound",
            ),
        ]
    return items
