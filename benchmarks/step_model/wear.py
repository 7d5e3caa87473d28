"""What a real sensor makes of a pelvis's motion: the copies of a trial that the model learns from.

A sensor sits crooked, rings on its strap, drifts, clips, loses samples, has another rate, or lacks
a gyroscope. A model that has seen the ideal one alone fails on all of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import bilinear, butter, lfilter, sosfiltfilt
from scipy.spatial.transform import Rotation

from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]

_G: Final = STANDARD_GRAVITY_M_S2


@dataclass(frozen=True, slots=True)
class Wear:
    """How a sensor is worn and what it is, apart from what chance adds.

    Attributes
    ----------
    name : str
    rate_hz : float
        Sample rate.
    gyro : bool
        Whether there is a gyroscope.
    crooked_deg : float
        Largest error of the mounting about each axis.
    rings : bool
        Whether it rings on its strap, at 8 to 15 Hz.
    range_g : float
        Of the accelerometer.
    lost : float
        Share of samples lost, in runs of up to 60 ms.
    axes : str
        As they are stated to the analyzer.
    zero_g : float
        Standard deviation of each axis's error of zero, beside the 0.012 of a good one.
    scale_error : float
        Standard deviation of each axis's error of scale, beside the 0.007 of a good one.
    prepared : bool
        Low-passed at 20 Hz, without negative vertical values and without the sideways axis.
    struck : bool
        Whether the landing is felt: markers below 25 Hz do not have it.
    roughness : float
        Standard deviation of the error that this wear may add to a trial, in units of the outputs';
        what is made up, as a landing is, teaches less than what was measured.
    """

    name: str
    rate_hz: float = 200.0
    gyro: bool = True
    crooked_deg: float = 0.0
    rings: bool = False
    range_g: float = 16.0
    lost: float = 0.0
    axes: str = "+x+y+z"
    zero_g: float = 0.0
    scale_error: float = 0.0
    prepared: bool = False
    struck: bool = False
    roughness: float = 0.05


#: Every copy of a trial.
COPIES: Final = (
    Wear("ideal"),
    Wear("ideal, no gyroscope", gyro=False),
    Wear("crooked", crooked_deg=10.0, roughness=0.1),
    Wear("crooked, 100 Hz", rate_hz=100.0, crooked_deg=15.0, roughness=0.1),
    Wear("crooked, no gyroscope", crooked_deg=10.0, gyro=False, roughness=0.1),
    Wear("crooked, 52 Hz, ±8 g", rate_hz=52.0, crooked_deg=12.0, range_g=8.0, roughness=0.15),
    Wear("axes found", axes="auto", crooked_deg=12.0, roughness=0.1),
    Wear("axes found, no gyroscope", axes="auto", crooked_deg=12.0, gyro=False, roughness=0.15),
    Wear("±4 g", range_g=4.0, crooked_deg=8.0, roughness=0.15),
    Wear("cheap", axes="auto", crooked_deg=12.0, zero_g=0.07, scale_error=0.03, roughness=0.6),
    Wear(
        "cheap again", axes="auto", crooked_deg=12.0, zero_g=0.07, scale_error=0.03, roughness=0.6
    ),
    Wear("cheap, axes stated", crooked_deg=12.0, zero_g=0.07, scale_error=0.03, roughness=0.6),
    Wear("samples lost", lost=0.02, crooked_deg=8.0, roughness=0.15),
    Wear("prepared, no gyroscope", gyro=False, prepared=True, roughness=0.1),
    Wear("struck", struck=True, roughness=1.6),
    Wear("struck, crooked, 100 Hz", rate_hz=100.0, crooked_deg=10.0, struck=True, roughness=1.6),
    Wear("struck, no gyroscope", crooked_deg=8.0, gyro=False, struck=True, roughness=1.6),
    Wear("struck, prepared", gyro=False, struck=True, prepared=True, roughness=1.6),
    Wear("ringing", rings=True, roughness=0.4),
    Wear("ringing again", rings=True, roughness=0.4),
    Wear("ringing, 100 Hz", rate_hz=100.0, rings=True, roughness=0.4),
    Wear("ringing, crooked", rings=True, crooked_deg=12.0, roughness=0.4),
    Wear("ringing, crooked, 400 Hz", rate_hz=400.0, rings=True, crooked_deg=12.0, roughness=0.4),
    Wear("ringing, axes found", rings=True, crooked_deg=12.0, axes="auto", roughness=0.4),
    Wear(
        "ringing, cheap",
        rings=True,
        crooked_deg=12.0,
        axes="auto",
        zero_g=0.07,
        scale_error=0.03,
        roughness=0.4,
    ),
    Wear("ringing, no gyroscope", rings=True, crooked_deg=8.0, gyro=False, roughness=0.4),
)


def worn(samples: Samples, contacts_s: Array, wear: Wear, random: np.random.Generator) -> Samples:
    """The samples of an ideal sensor in body axes as this one would have measured them.

    Parameters
    ----------
    samples : Samples
        Of a constant rate, with angular velocity, without gaps.
    contacts_s : ndarray
        When a foot touches.
    wear : Wear
    random : numpy.random.Generator
        Decides angles, frequencies, errors and losses.
    """
    assert samples.angular_velocity_rad_s is not None
    time = np.arange(samples.time_s[0], samples.time_s[-1], 1.0 / wear.rate_hz)
    force = CubicSpline(samples.time_s, samples.acceleration_m_s2)(time)
    turning = CubicSpline(samples.time_s, samples.angular_velocity_rad_s)(time)
    landings = _landings(time, contacts_s, random)
    if wear.struck:
        force = force + landings
    roll, pitch, yaw = random.uniform(-1.0, 1.0, 3) * wear.crooked_deg
    mounting = Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True).inv()
    force, turning = mounting.apply(force), mounting.apply(turning)
    ringing = random.uniform(8.0, 15.0), random.uniform(0.05, 0.3), random.uniform(0.8, 1.25, 3)
    if wear.rings:
        for axis in range(3):
            force[:, axis] = rung(
                force[:, axis], wear.rate_hz, ringing[0] * ringing[2][axis], ringing[1]
            )
    error_g = random.normal(0.0, 0.012 + wear.zero_g, 3) if wear.crooked_deg else np.zeros(3)
    scale = 1.0 + (
        random.normal(0.0, 0.007 + wear.scale_error, 3) if wear.crooked_deg else np.zeros(3)
    )
    noise = 1e-3 * random.standard_normal(force.shape) * bool(wear.crooked_deg)
    force = force * scale + _G * (error_g + noise)
    turning = turning + np.radians(random.normal(0.0, 0.3, 3) * bool(wear.crooked_deg))
    if wear.prepared:
        force = sosfiltfilt(butter(2, 20.0, fs=wear.rate_hz, output="sos"), force, axis=0)
        force[:, 2] = np.maximum(force[:, 2], 0.0)
        force[:, 1] = 0.0
    force = np.clip(force, -wear.range_g * _G, wear.range_g * _G)
    kept = _kept(len(time), wear, random)
    return Samples(time[kept], force[kept], turning[kept] if wear.gyro else None)


def _landings(time: Array, contacts_s: Array, random: np.random.Generator) -> Array:
    """What a sacrum feels of landings: a damped swing upwards and backwards, m/s².

    As strong and as quick as those that were measured on real ones, from soft to hard ones downhill
    (peaks of 0 to 3 g below 20 Hz, 10 to 20 Hz), and another one at each step.
    """
    strength = random.uniform(0.0, 3.0) * _G
    omega, damping = 2.0 * np.pi * random.uniform(10.0, 20.0), random.uniform(0.2, 0.4)
    backwards = random.uniform(0.0, 0.7)
    felt = np.zeros((len(time), 3))
    for contact in contacts_s:
        size = strength * max(random.normal(1.0, 0.15), 0.0)
        first, last = np.searchsorted(time, (contact, contact + 0.25))
        since = time[first:last] - contact
        swing = size * np.exp(-damping * omega * since) * np.sin(omega * since)
        felt[first:last, 2] += swing
        felt[first:last, 0] -= backwards * swing
    return np.asarray(felt - felt.mean(axis=0))


def rung(force: Array, rate_hz: float, frequency_hz: float, damping: float) -> Array:
    """What a sensor on a damped spring measures of the force on what carries it."""
    omega = 2.0 * np.pi * frequency_hz
    b, a = bilinear(
        [2.0 * damping * omega, omega**2], [1.0, 2.0 * damping * omega, omega**2], rate_hz
    )
    return np.asarray(force[0] + lfilter(b, a, force - force[0]))


def _kept(n: int, wear: Wear, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which samples arrive."""
    kept = np.ones(n, np.bool_)
    longest = max(2, round(0.06 * wear.rate_hz))
    for start in random.integers(0, n, round(2.0 * wear.lost * n / longest)):
        kept[start : start + random.integers(1, longest)] = False
    kept[[0, -1]] = True
    return kept
