"""A runner made of formulas, with the truth known: the input of many tests of floor 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid, quad
from scipy.spatial.transform import Rotation

from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """Samples and what is true of them."""

    samples: Samples
    rate_hz: float
    initial_contact_s: Array  # of every contact, the closing one included
    toe_off_s: Array
    peak_force_bw: float
    vertical_oscillation_mm: float
    lean_deg: float
    roll_deg: float
    tilt_range_deg: float
    left_first: bool


def sine_power_peak(contact_s: float, step_s: float, exponent: float) -> float:
    """Peak of a sin^p stance, contact_s from zero to zero, that carries the weight of one step."""
    mean, _ = quad(lambda x: math.sin(math.pi * x) ** exponent, 0.0, 1.0)
    return step_s / (contact_s * mean)


def running(
    *,
    rate_hz: float = 200.0,
    steps: int = 30,
    step_s: float = 0.36,
    stance_s: float = 0.24,
    lean_deg: float = 8.0,
    roll_deg: float = 0.0,
    tilt_range_deg: float = 6.0,
    drop_deg: float = 4.0,
    standing_s: float = 2.0,
    tail_s: float = 2.0,
    offset_s: float = 0.0,
    left_first: bool = True,
    mounting: Rotation | None = None,
    gyro: bool = True,
    noise_seed: int | None = None,
) -> Run:
    """Stand, run, stand.

    The stance is ``P sin^1.15``; braking, then driving. The pelvis pitches once a step about its
    mean lean, back with the load as people's does, and drops on the side of the free leg; its back
    is driven towards the side of the foot on the ground, as optical recordings show. ``mounting``
    turns body vectors into the sensor.
    """
    exponent = 1.15
    peak = sine_power_peak(stance_s, step_s, exponent)
    duration = standing_s + steps * step_s + stance_s + tail_s
    time = np.arange(0.0, duration, 1.0 / rate_hz)
    since = time - standing_s
    number = np.floor(since / step_s).astype(int)
    phase = since - number * step_s
    moving = (number >= 0) & (number <= steps)
    stance = moving & (phase < stance_s)
    x = np.where(stance, np.maximum(phase, 0.0) / stance_s, 0.0)
    force = np.where(moving, np.where(stance, peak * np.sin(np.pi * x) ** exponent, 0.0), 1.0)
    # the last stance ends in standing
    last = number == steps
    force[last & (x > 0.5)] = np.maximum(force[last & (x > 0.5)], 1.0)
    force[last & ~stance] = 1.0
    forward = np.where(stance, -0.25 * np.sin(2.0 * np.pi * x), 0.0)
    on_left = (number % 2 == 0) == left_first
    left = np.where(stance, np.where(on_left, 0.15, -0.15) * np.sin(np.pi * x), 0.0)
    acceleration = STANDARD_GRAVITY_M_S2 * np.stack([forward, left, force], axis=1)

    swing = 0.5 * math.radians(tilt_range_deg)
    turning = 2.0 * np.pi / step_s
    running_now = moving & (number < steps)
    pitch = math.radians(lean_deg) + np.where(running_now, -swing * np.sin(turning * since), 0.0)
    pitch_rate = np.where(running_now, -swing * turning * np.cos(turning * since), 0.0)
    # on the left foot the pelvis drops to the right: positive roll
    drop = math.radians(drop_deg) * (1.0 if left_first else -1.0)
    halfway = math.pi / step_s
    roll = math.radians(roll_deg) + np.where(running_now, drop * np.sin(halfway * since), 0.0)
    roll_rate = np.where(running_now, drop * halfway * np.cos(halfway * since), 0.0)
    # lean about y, then roll about x: the lean and roll of the steps table
    body_to_earth = Rotation.from_euler("yx", np.stack([pitch, roll], axis=1))
    specific = body_to_earth.inv().apply(acceleration)
    # nobody reads zeros on all axes in flight, which stand for a sample that was lost
    specific = specific + np.random.default_rng(0).normal(0.0, 1e-6, specific.shape)
    angular = np.stack([roll_rate * np.cos(pitch), pitch_rate, roll_rate * np.sin(pitch)], axis=1)
    if noise_seed is not None:
        random = np.random.default_rng(noise_seed)
        specific = specific + random.normal(0.0, 0.03, specific.shape)
        angular = angular + random.normal(0.0, 0.002, angular.shape)
    if mounting is not None:
        specific, angular = mounting.apply(specific), mounting.apply(angular)

    begin: Array = standing_s + step_s * np.arange(steps + 1.0)
    outside = math.asin((0.1 / peak) ** (1.0 / exponent)) / math.pi * stance_s
    fine = np.linspace(0.0, step_s, 20001)
    fine_force = np.where(
        fine < stance_s, peak * np.sin(np.pi * np.minimum(fine / stance_s, 1.0)) ** exponent, 0.0
    )
    velocity = cumulative_trapezoid((fine_force - 1.0) * STANDARD_GRAVITY_M_S2, fine, initial=0)
    height = cumulative_trapezoid(velocity - velocity.mean(), fine, initial=0)
    return Run(
        samples=Samples(time + offset_s, specific, angular if gyro else None),
        rate_hz=rate_hz,
        initial_contact_s=begin + outside + offset_s,
        toe_off_s=begin + stance_s - outside + offset_s,
        peak_force_bw=peak,
        vertical_oscillation_mm=1000.0 * float(np.ptp(height)),
        lean_deg=lean_deg,
        roll_deg=roll_deg,
        tilt_range_deg=tilt_range_deg,
        left_first=left_first,
    )


def spoiled(samples: Samples, seed: int) -> Samples:
    """The same recording with short and long losses, NaN, a stuck range and a flagged stretch."""
    random = np.random.default_rng(seed)
    n = len(samples)
    acceleration = np.clip(samples.acceleration_m_s2, -20.0, 20.0)
    gyro = samples.angular_velocity_rad_s
    quality = samples.quality.copy()
    for begin in random.integers(0, n, 6):
        acceleration[begin : begin + int(random.integers(1, 12)), random.integers(0, 3)] = np.nan
    quality[n // 3 : n // 3 + 5] = 2
    keep = np.ones(n, bool)
    for begin in random.integers(1, n, 4):
        keep[begin : begin + int(random.integers(1, 12))] = False
    begin = int(random.integers(n // 4, 3 * n // 4))
    keep[begin : begin + n // 20] = False
    return Samples(
        samples.time_s[keep],
        acceleration[keep],
        None if gyro is None else gyro[keep],
        quality[keep],
    )
