"""How a runner's pelvis moves: gait and waveforms drawn from those of measured runners.

A pelvis does not move as the centre of mass does. What a sensor on it feels is the ground force
plus the motion of its own against the centre of mass, and that motion is what is told here: three
displacements and three angles, periodic in the stride, as a few harmonics each. A runner is a draw
from the means and covariances in ``pelvis.csv``, which are statistics of 18 people at 2.5, 3.5 and
4.5 m/s (Fukuchi, Fukuchi & Duarte 2017, PeerJ 5:e3298, doi:10.7717/peerj.3298, CC-BY-4.0; computed
by ``python -m benchmarks.simulated_pelvis``). No recording is in it.

The gait beyond those speeds follows the trend of runners on force treadmills (Alcantara et al.
2021, doi:10.7717/peerj.11199) and of sprinters (Weyand et al. 2010, doi:10.1152/japplphysiol.\
00947.2009), the waveforms of the pelvis stay as they are at the ends of what was measured.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: The channels and their harmonics of the stride. What both sides share is even, what they mirror
#: odd. The first three are accelerations of the sensor, the others angles of the pelvis.
CHANNELS: Final[dict[str, tuple[int, ...]]] = {
    "forward_g": (2, 4, 6, 8, 10, 12, 14),
    "left_g": (1, 3, 5, 7, 9, 11),
    "up_g": (2, 4, 6, 8, 10, 12, 14),
    "roll_deg": (1, 3, 5),
    "lean_deg": (2, 4, 6),
    "yaw_deg": (1, 3, 5),
}
#: Harmonics that tell the sides apart where both should be alike: each runner has some.
ASYMMETRY: Final[dict[str, tuple[int, ...]]] = {
    "forward_g": (1, 3, 5, 7, 9, 11),
    "left_g": (2, 4, 6, 8),
    "up_g": (1, 3, 5, 7, 9, 11, 13),
    "roll_deg": (2, 4),
    "lean_deg": (1, 3),
    "yaw_deg": (2, 4),
}
#: What of the gait differs between people, as natural logarithms of the ratio to the average.
GAIT: Final = ("step_time", "contact_time", "peak_force")
#: The speeds that were measured, m/s.
MEASURED_SPEED_M_S: Final = (2.5, 3.5, 4.5)

# speed m/s, step time s, contact time s, peak BW: from 2.5 to 4.5 m/s the means of the 18
_AVERAGE: Final = np.array(
    [
        [1.8, 0.384, 0.292, 2.20],
        [2.5, 0.368, 0.254, 2.43],
        [3.5, 0.345, 0.214, 2.66],
        [4.5, 0.321, 0.186, 2.84],
        [5.5, 0.301, 0.165, 3.00],
        [6.5, 0.282, 0.147, 3.15],
        [8.0, 0.252, 0.125, 3.30],
        [9.0, 0.235, 0.113, 3.42],
    ]
)
# beyond these speeds the waveforms stay as they are there
_SLOWEST_WAVES_M_S: Final = 2.2
_FASTEST_WAVES_M_S: Final = 5.0
_MOST_DUTY: Final = 0.80  # contact over step time: beyond, steps that vary have no flight
_SHARPNESS: Final = (1.58, 1.74)
_LEAST_STEP_S: Final = 0.205
_FURTHEST_SD: Final = 2.3  # from the mean of a draw: beyond, nobody was measured
_HARMONICS: Final = max(max(harmonics) for harmonics in CHANNELS.values())
_LENGTHS: Final = 3  # the channels that are displacements


class Gait(NamedTuple):
    """Step time and contact time, s, and peak vertical force, body weights."""

    step_time_s: float
    contact_time_s: float
    peak_bw: float


def average_gait(speed_m_s: float) -> Gait:
    """The gait of the average runner; constant below 1.8 and above 9 m/s.

    Examples
    --------
    >>> average_gait(3.5)
    Gait(step_time_s=0.345, contact_time_s=0.214, peak_bw=2.66)
    """
    return Gait(*(float(np.interp(speed_m_s, _AVERAGE[:, 0], row)) for row in _AVERAGE.T[1:]))


def coefficient_names() -> list[str]:
    """Rows of the table: gait, then cosine and sine of each harmonic of each channel."""
    return [
        *GAIT,
        *(
            f"{channel} {harmonic} {part}"
            for channel, harmonics in CHANNELS.items()
            for harmonic in harmonics
            for part in ("cos", "sin")
        ),
    ]


def asymmetry_names() -> list[str]:
    """Rows of the table with the spread of what tells the sides apart."""
    return [
        f"{channel} {harmonic} asymmetry"
        for channel, harmonics in ASYMMETRY.items()
        for harmonic in harmonics
    ]


class _Statistics(NamedTuple):
    """Means at the measured speeds (M, 3), components (M, K), and each component's statistics."""

    means: Array
    components: Array
    slope_sd: Array  # of a runner's change with speed, of the unit of the mean, per m/s
    slope_correlation: Array  # with the runner's own level
    asymmetry_sd: Array  # of cosine and of sine


@cache
def _statistics() -> _Statistics:
    text = files("devices.simulator").joinpath("pelvis.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = {name: values.split(",") for name, _, values in (line.partition(",") for line in lines)}
    table = np.array([[float(value) for value in rows[name]] for name in coefficient_names()])
    slope_sd, slope_correlation = (
        np.array([float(value) for value in rows[name]])
        for name in ("slope_sd", "slope_correlation")
    )
    asymmetry = np.array([float(rows[name][0]) for name in asymmetry_names()])
    count = len(MEASURED_SPEED_M_S)
    return _Statistics(table[:, :count], table[:, count:], slope_sd, slope_correlation, asymmetry)


class RunnersPelvis:
    """One runner among many.

    Parameters
    ----------
    random : numpy.random.Generator
        The runner is drawn from it.
    """

    def __init__(self, random: np.random.Generator) -> None:
        count = _statistics().components.shape[1]
        draws = np.clip(random.standard_normal((2, count)), -_FURTHEST_SD, _FURTHEST_SD)
        correlation = _statistics().slope_correlation
        self._level = draws[0]
        self._slope = _statistics().slope_sd * (
            correlation * draws[0] + np.sqrt(1.0 - correlation**2) * draws[1]
        )
        sides = np.clip(
            random.standard_normal((2, len(_statistics().asymmetry_sd))),
            -_FURTHEST_SD,
            _FURTHEST_SD,
        )
        self._asymmetry = (_statistics().asymmetry_sd * (sides[0] - 1j * sides[1])).tolist()

    def _coefficients(self, speed_m_s: float) -> Array:
        means, components = _statistics()[:2]
        speed = min(max(speed_m_s, _SLOWEST_WAVES_M_S), _FASTEST_WAVES_M_S)
        # straight on beyond the measured speeds
        upper = 1 if speed < MEASURED_SPEED_M_S[1] else 2
        low, high = MEASURED_SPEED_M_S[upper - 1 : upper + 1]
        share = (speed - low) / (high - low)
        mean: Array = (1.0 - share) * means[:, upper - 1] + share * means[:, upper]
        own: Array = components @ (self._level + (speed - MEASURED_SPEED_M_S[1]) * self._slope)
        return mean + own

    def gait(self, speed_m_s: float) -> Gait:
        """The runner's average gait at a speed, m/s."""
        average = average_gait(speed_m_s)
        step, contact, peak = np.exp(self._coefficients(speed_m_s)[: len(GAIT)]).tolist()
        step_time_s = max(average.step_time_s * step, _LEAST_STEP_S)
        contact_time_s = min(average.contact_time_s * contact, _MOST_DUTY * step_time_s)
        # over the mean force in contact: beyond, the force has no such shape
        sharpness = average.peak_bw * peak * contact_time_s / step_time_s
        sharpness = min(max(sharpness, _SHARPNESS[0]), _SHARPNESS[1])
        return Gait(step_time_s, contact_time_s, sharpness * step_time_s / contact_time_s)

    def waves(self, speed_m_s: float) -> NDArray[np.complex128]:
        """Harmonics of displacement (m) and angles (rad), shape (harmonics, 6).

        A channel is the real part of the sum over h = 1, 2, … of row h - 1 times exp(i h θ), where
        θ grows by 2π a stride and is 0 where the force of the left foot begins.
        """
        own = self._coefficients(speed_m_s)[len(GAIT) :]
        waves = np.zeros((_HARMONICS, len(CHANNELS)), np.complex128)
        shared, sides = iter((own[::2] - 1j * own[1::2]).tolist()), iter(self._asymmetry)
        for number, channel in enumerate(CHANNELS):
            for source, harmonics in (
                (shared, CHANNELS[channel]),
                (sides, ASYMMETRY[channel]),
            ):
                for harmonic in harmonics:
                    waves[harmonic - 1, number] = next(source)
        # the measured accelerations, turned into displacements at this runner's stride
        stride_rad_s = np.pi / self.gait(speed_m_s).step_time_s
        harmonic_rad_s = np.arange(1, _HARMONICS + 1)[:, None] * stride_rad_s
        waves[:, :_LENGTHS] *= -STANDARD_GRAVITY_M_S2 / harmonic_rad_s**2
        waves[:, _LENGTHS:] *= np.pi / 180.0
        return waves


class PelvicWaves:
    """A pelvis in motion through a run whose speed may change.

    The waves at three speeds, slowest to fastest, are joined by a parabola; at one speed they are
    that speed's.

    Parameters
    ----------
    pelvis : RunnersPelvis
    slowest_m_s, fastest_m_s : float
        Of the run.
    """

    def __init__(self, pelvis: RunnersPelvis, slowest_m_s: float, fastest_m_s: float) -> None:
        self._slowest_m_s = slowest_m_s
        self._span_m_s = fastest_m_s - slowest_m_s
        waves = [pelvis.waves(slowest_m_s)]
        if self._span_m_s > 0.0:
            middle, fast = (pelvis.waves(slowest_m_s + x * self._span_m_s) for x in (0.5, 1.0))
            curve = 2.0 * (waves[0] - 2.0 * middle + fast)
            waves += [fast - waves[0] - curve, curve]
        harmonic = 1j * np.arange(1, _HARMONICS + 1)[:, None]
        # value, first and second derivative for the angle of the stride, one below the other
        self._waves = [
            _split(np.concatenate([wave, harmonic * wave, harmonic**2 * wave], axis=1))
            for wave in waves
        ]

    def at(self, stride: Jet, speed: Jet) -> Array:
        """Displacement and angles with two derivatives, shape (3, 6, N).

        Rows are forward, left, up (m), roll to the right, lean forward and yaw to the left (rad).

        Parameters
        ----------
        stride : Jet
            Angle of the stride, radians.
        speed : Jet
            Within the run's speeds, m/s.
        """
        powers = _powers(stride.value)
        total: Array | None = None
        for waves in reversed(self._waves):  # Horner's scheme in the speed
            own = (waves @ powers).reshape(3, len(CHANNELS), -1)
            own[2] *= stride.rate**2
            own[2] += own[1] * stride.acceleration
            own[1] *= stride.rate
            if total is not None:
                x = (speed.value - self._slowest_m_s) / self._span_m_s
                dx, ddx = (rate / self._span_m_s for rate in speed[1:])
                own[2] += total[2] * x + 2.0 * total[1] * dx + total[0] * ddx
                own[1] += total[1] * x + total[0] * dx
                own[0] += total[0] * x
            total = own
        assert total is not None
        return total


def _split(waves: NDArray[np.complex128]) -> Array:
    """Real factors of cosines and sines, a row a channel."""
    return np.concatenate([waves.real, -waves.imag]).T.copy()


def _powers(angle_rad: Array) -> Array:
    """Cosines, then sines, of the multiples of an angle, shape (2 · harmonics, N)."""
    waves = np.empty((2, _HARMONICS, len(angle_rad)))
    np.cos(angle_rad, out=waves[0, 0])
    np.sin(angle_rad, out=waves[1, 0])
    twice = 2.0 * waves[0, 0]
    for wave, none in zip(waves, (1.0, 0.0), strict=True):
        np.multiply(twice, wave[0], out=wave[1])
        wave[1] -= none
        for h in range(2, _HARMONICS):  # Chebyshev's recursion
            np.multiply(twice, wave[h - 1], out=wave[h])
            wave[h] -= wave[h - 2]
    return waves.reshape(2 * _HARMONICS, -1)
