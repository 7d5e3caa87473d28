"""The table that simulated runners are drawn from, computed from the 18 runners of the recordings.

``python -m benchmarks.simulated_pelvis`` writes ``devices/simulator/pelvis.csv``: for each
coefficient its means by speed and its share in the components of the covariance
between people. What the simulator's own force contributes is taken out first, so that the
whole has the waveform that was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

import devices.simulator.pelvis
from benchmarks.recordings import force_contacts
from benchmarks.virtual_sensor import PelvisMotion, runner_motions
from devices.simulator.force import braking_m_s2, contact_crossings, steady_force
from devices.simulator.lobes import contact_basis
from devices.simulator.pelvis import (
    ASYMMETRY,
    CHANNELS,
    GAIT,
    MEASURED_SPEED_M_S,
    asymmetry_names,
    coefficient_names,
)
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: Points of the average stride.
POINTS: Final = 256
COMPONENTS: Final = 12
#: A step further than this from the median step time is left out.
_ODD_STEP: Final = 0.15
#: How much a group of coefficients counts in the components: gait, then the channels.
_WEIGHTS: Final = (0.5, 0.7, 0.7, 1.5, 1.0, 2.0, 0.6, 0.6, 0.6)

_HEAD: Final = """\
# How the pelves of runners move: statistics of 18 people at 2.5, 3.5 and 4.5 m/s on a treadmill.
# Source: Fukuchi RK, Fukuchi CA, Duarte M (2017), PeerJ 5:e3298, doi:10.7717/peerj.3298, CC-BY-4.0.
# Written by python -m benchmarks.simulated_pelvis; pelvis.py beside it tells what they mean.
# Name, mean at each of the three speeds, then the components of the covariance between people.
"""


class Stride(NamedTuple):
    """A runner's average stride from one left contact to the next.

    ``waves`` (POINTS, 6) are acceleration of the sensor, g, forward, left and up, and roll, lean
    and yaw, degrees, each without its mean; the phase of both steps is stretched to half a stride.
    """

    step_time_s: float
    contact_time_s: float
    peak_bw: float
    waves: Array


def average_stride(motion: PelvisMotion) -> Stride:
    """The average of all good strides of a trial with force."""
    from scipy.interpolate import make_interp_spline

    assert motion.force_bw is not None
    contact, toe_off = force_contacts(motion.force_bw, motion.force_rate_hz)
    frame_s = np.arange(len(motion.position_m)) / motion.rate_hz
    acceleration = make_interp_spline(frame_s, motion.position_m, k=5).derivative(2)
    turned = make_interp_spline(frame_s, _angles_deg(motion.frame), k=3)
    step_time = np.diff(contact)
    usual = np.abs(step_time / np.median(step_time) - 1.0) < _ODD_STEP
    middle = 0.5 * (contact + toe_off)
    heels = motion.heel_m[np.round(middle * motion.rate_hz).astype(int).clip(max=len(frame_s) - 1)]
    is_left = heels[:, 1] < heels[:, 0]
    phase = 2.0 * np.arange(POINTS) / POINTS
    waves, kept = [], []
    for k in range(4, len(contact) - 5):
        if usual[k]:
            kept.append(k)
        if not (usual[k] and usual[k + 1] and is_left[k] and not is_left[k + 1]):
            continue
        time = np.interp(phase, [0.0, 1.0, 2.0], contact[k : k + 3])
        waves.append(
            np.concatenate([acceleration(time) / STANDARD_GRAVITY_M_S2, turned(time)], axis=1)
        )
    mean = np.mean(waves, axis=0)
    peaks = [
        motion.force_bw[slice(*np.round(pair * motion.force_rate_hz).astype(int))].max()
        for pair in np.stack([contact, toe_off], axis=1)[kept]
    ]
    return Stride(
        float(step_time[kept].mean()),
        float((toe_off - contact)[kept].mean()),
        float(np.mean(peaks)),
        mean - mean.mean(axis=0),
    )


def _angles_deg(frame: Array) -> Array:
    """Roll, lean and yaw of rotations (N, 3, 3) from body to earth."""
    angles: Array = np.stack(
        [
            np.arcsin(frame[:, 2, 1]),
            np.arctan2(-frame[:, 2, 0], frame[:, 2, 2]),
            np.unwrap(np.arctan2(frame[:, 1, 0], frame[:, 0, 0])),
        ],
        axis=1,
    )
    return np.degrees(angles)


def coefficients(stride: Stride, speed_m_s: float) -> Array:
    """Logarithms of the gait and the harmonics that the simulator has to add, in table order.

    First what the sides share, then what tells them apart.
    """
    force = steady_force(stride.step_time_s, stride.contact_time_s, stride.peak_bw, speed_m_s)
    rise = float(contact_crossings(force)[0][0])
    # half a stride, from the onset of the force
    points = POINTS // 2
    time = np.arange(points) / points * stride.step_time_s
    basis = contact_basis(time, np.full(points, force.duration_s[0]))
    simulated = np.zeros((points, len(CHANNELS)))
    braking = float(braking_m_s2(np.array(speed_m_s)))
    simulated[:, 0] = -braking / STANDARD_GRAVITY_M_S2 * basis.skew.value
    simulated[:, 2] = force.force_bw(time)
    # the average stride starts at contact, later than the force by what it takes to rise
    late = np.exp(-1j * np.arange(POINTS // 2 + 1) * np.pi * rise / stride.step_time_s)
    harmonics = np.fft.rfft(stride.waves, axis=0) * late[:, None]
    harmonics -= np.fft.rfft(np.tile(simulated, (2, 1)), axis=0)
    harmonics *= 2.0 / POINTS
    values = [
        part
        for kind in (CHANNELS, ASYMMETRY)
        for number, used in enumerate(kind.values())
        for harmonic in used
        for part in (harmonics[harmonic, number].real, -harmonics[harmonic, number].imag)
    ]
    return np.array(
        [np.log(stride.step_time_s), np.log(stride.contact_time_s), np.log(stride.peak_bw), *values]
    )


def _groups() -> NDArray[np.intp]:
    """Which weight a coefficient has."""
    sizes = [1, 1, 1, *(2 * len(harmonics) for harmonics in CHANNELS.values())]
    return np.repeat(np.arange(len(sizes)), sizes)


def table(motions: list[PelvisMotion]) -> str:
    """The text of ``pelvis.csv``."""
    speeds = np.array([motion.speed_m_s for motion in motions])
    people = sorted({motion.name.rpartition("T")[0] for motion in motions})
    values = np.array([coefficients(average_stride(m), m.speed_m_s) for m in motions])
    levels = np.unique(speeds)
    shared = len(coefficient_names())
    values, sides = values[:, :shared], values[:, shared:]
    means = np.array([values[speeds == speed].mean(axis=0) for speed in levels])
    between = values - means[np.searchsorted(levels, speeds)]
    groups = _groups()
    size = np.sqrt([np.sum(between[:, groups == g] ** 2, axis=1).mean() for g in range(9)])
    scale = (np.array(_WEIGHTS) / size)[groups]
    _, _, directions = np.linalg.svd(between * scale, full_matrices=False)
    directions = directions[:COMPONENTS]
    scores = (between * scale) @ directions.T
    of_person = np.array(
        [[scores[i] for s in levels for i in _trial(motions, name, float(s))] for name in people]
    )
    slope, level = np.polynomial.polynomial.polyfit(
        levels - MEASURED_SPEED_M_S[1], of_person.transpose(1, 0, 2).reshape(len(levels), -1), 1
    )[::-1].reshape(2, len(people), COMPONENTS)
    spread = level.std(axis=0, ddof=1)
    components = (directions / scale).T * spread
    correlation = [np.corrcoef(level[:, k], slope[:, k])[0, 1] for k in range(COMPONENTS)]
    lines = [
        # the average gait has a table of its own
        (name, *(means[:, row] if row >= len(GAIT) else 0.0 * levels), *components[row])
        for row, name in enumerate(coefficient_names())
    ]
    lines += [
        ("slope_sd", *(slope.std(axis=0, ddof=1) / spread)),
        ("slope_correlation", *correlation),
        # about their own mean: whether left or right is the stronger is nobody's property
        *zip(asymmetry_names(), _spread(sides, speeds), strict=True),
    ]
    return _HEAD + "".join(
        ",".join([name, *(f"{value:.4f}" for value in numbers)]) + "\n" for name, *numbers in lines
    )


def _spread(sides: Array, speeds: Array) -> Array:
    """Standard deviation between people at a speed, of cosine and sine together."""
    within = [sides[speeds == speed].var(axis=0, ddof=1) for speed in np.unique(speeds)]
    spread: Array = np.sqrt(np.mean(within, axis=0).reshape(-1, 2).mean(axis=1))
    return spread


def _trial(motions: list[PelvisMotion], name: str, speed_m_s: float) -> list[int]:
    return [
        i
        for i, motion in enumerate(motions)
        if motion.name.rpartition("T")[0] == name and motion.speed_m_s == speed_m_s
    ]


if __name__ == "__main__":
    found = runner_motions()
    if not found:
        raise SystemExit("no recordings of treadmill_runners/: nothing written")
    place = Path(devices.simulator.pelvis.__file__).with_name("pelvis.csv")
    place.write_text(table(found), encoding="utf-8")
