"""Real recordings with truth, turned into samples of a sacral sensor in body axes.

They are not part of the project. They are looked for in ``$BACKSTRIDE_DATA``, else in
``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imu.samples import STANDARD_GRAVITY_M_S2, Samples

__all__ = [
    "ForceTrial",
    "MarkerTrial",
    "data_directory",
    "force_contacts",
    "force_trials",
    "marker_trials",
    "raw_sacral_clip",
    "walking_trials",
]

Array = NDArray[np.float64]

#: Force at which contact begins and ends, body weights.
CONTACT_FORCE_BW = 0.1


def data_directory() -> Path:
    """Where the recordings are looked for."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("BACKSTRIDE_DATA", beside))


@dataclass(frozen=True)
class ForceTrial:
    """A treadmill trial with measured belt-normal force."""

    name: str
    samples: Samples  # no gyroscope, mediolateral axis zero: not measured
    rate_hz: float
    force_bw: Array
    force_rate_hz: float
    speed_m_s: float
    slope_deg: float


@dataclass(frozen=True)
class MarkerTrial:
    """A treadmill trial with pelvis markers, as a virtual sacral sensor sees it."""

    name: str
    samples: Samples
    rate_hz: float
    height_mm: Array  # vertical position of the sensor
    lean_deg: Array
    roll_deg: Array
    yaw_deg: Array
    heel_height_mm: Array  # (N, 2) right, left
    force_bw: Array | None
    force_rate_hz: float
    speed_m_s: float


def force_trials(directory: Path | None = None) -> list[ForceTrial]:
    """The trials of ``sacral_force/trials.npz``."""
    with np.load((directory or data_directory()) / "sacral_force" / "trials.npz") as file:
        data = dict(file)
    rate = float(data["rate_hz"])
    trials = []
    for k in range(len(data["row"])):
        vertical = data["acc_vertical_g"][k].astype(np.float64)
        forward = data["acc_anteroposterior_g"][k].astype(np.float64)
        acceleration = np.stack([forward, np.zeros_like(forward), vertical], axis=1)
        speed, slope = float(data["speed_m_s"][k]), float(data["slope_deg"][k])
        trials.append(
            ForceTrial(
                name=f"row {int(data['row'][k])}: {speed:.2f} m/s, {slope:+.0f}°",
                samples=Samples(
                    np.arange(vertical.shape[0]) / rate, acceleration * STANDARD_GRAVITY_M_S2
                ),
                rate_hz=rate,
                force_bw=data["normal_force_bw"][k].astype(np.float64),
                force_rate_hz=rate,
                speed_m_s=speed,
                slope_deg=slope,
            )
        )
    return trials


def raw_sacral_clip(directory: Path | None = None) -> tuple[Samples, float, str]:
    """The unfiltered clip, its rate and its axes."""
    with np.load((directory or data_directory()) / "sacral_force" / "raw_512hz.npz") as file:
        acceleration, rate = file["acc_m_s2"].astype(np.float64), float(file["rate_hz"])
    return Samples(np.arange(len(acceleration)) / rate, acceleration), rate, "-z-y-x"


def walking_trials(directory: Path | None = None) -> list[tuple[str, Samples, float, str]]:
    """Name, samples, rate and axes of each walking recording."""
    trials = []
    for path in sorted(((directory or data_directory()) / "walking").glob("*.npz")):
        with np.load(path) as file:
            rate = float(file["rate_hz"])
            acceleration = file["acc_g"].astype(np.float64) * STANDARD_GRAVITY_M_S2
            angular_velocity = np.radians(file["gyr_deg_s"].astype(np.float64))
        time = np.arange(len(acceleration)) / rate
        trials.append((path.stem, Samples(time, acceleration, angular_velocity), rate, "auto"))
    return trials


def force_contacts(force_bw: Array, rate_hz: float) -> tuple[Array, Array]:
    """Times at which the force rises and falls through 0.1 body weight, of stances over 80 ms."""
    level = CONTACT_FORCE_BW
    rise = np.flatnonzero((force_bw[:-1] < level) & (force_bw[1:] >= level))
    fall = np.flatnonzero((force_bw[:-1] >= level) & (force_bw[1:] < level))
    rises = rise + (level - force_bw[rise]) / (force_bw[rise + 1] - force_bw[rise])
    falls = fall + (force_bw[fall] - level) / (force_bw[fall] - force_bw[fall + 1])
    contacts, toe_offs = [], []
    for begin in rises:
        after = falls[falls > begin]
        if after.size and after[0] - begin > 0.08 * rate_hz:
            contacts.append(begin / rate_hz)
            toe_offs.append(after[0] / rate_hz)
    return np.array(contacts), np.array(toe_offs)


def marker_trials(rate_hz: float = 300.0, directory: Path | None = None) -> list[MarkerTrial]:
    """Virtual sacral sensors at the PSIS midpoint, from the pelvis markers."""
    folder = (directory or data_directory()) / "treadmill_mocap"
    return [_marker_trial(path, rate_hz) for path in sorted(folder.glob("*.npz"))]


def _marker_trial(path: Path, rate_hz: float) -> MarkerTrial:
    from scipy.interpolate import make_interp_spline
    from scipy.signal import butter, sosfiltfilt
    from scipy.spatial.transform import Rotation, RotationSpline

    with np.load(path) as file:
        data = dict(file)
    marker_rate = float(data["marker_rate_hz"])
    # the laboratory has x forward, y up, z right; the body frame x forward, y left, z up
    markers = data["markers_m"].astype(np.float64) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    for channel in markers.reshape(len(markers), -1).T:
        # a marker hidden for some frames
        seen = np.isfinite(channel)
        frames = np.arange(len(channel))
        channel[:] = make_interp_spline(frames[seen], channel[seen])(frames)
    smooth = butter(4, 25.0, fs=marker_rate, output="sos")
    markers = sosfiltfilt(smooth, markers, axis=0)
    at = {str(name): markers[:, k] for k, name in enumerate(data["marker_names"])}
    back = 0.5 * (at["R.PSIS"] + at["L.PSIS"])
    front = 0.5 * (at["R.ASIS"] + at["L.ASIS"])
    left = at["L.PSIS"] - at["R.PSIS"] + at["L.ASIS"] - at["R.ASIS"]
    forward = front - back
    up = np.cross(forward, left)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    left -= up * np.sum(up * left, axis=1, keepdims=True)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    frame = np.stack([np.cross(left, up), left, up], axis=2)  # body → laboratory
    marker_time = np.arange(len(back)) / marker_rate
    time = np.arange(0.0, marker_time[-1], 1.0 / rate_hz)
    position = make_interp_spline(marker_time, back, k=5)
    turning = RotationSpline(marker_time, Rotation.from_matrix(frame))
    rotation = turning(time)
    force = position(time, 2) + np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])
    matrix = rotation.as_matrix()
    heels = np.stack([at["R.Heel.Bottom"][:, 2], at["L.Heel.Bottom"][:, 2]], axis=1)
    force_bw = None
    force_rate = 0.0
    if "force_n" in data:
        force_rate = float(data["force_rate_hz"])
        vertical = data["force_n"][:, 1].astype(np.float64)
        force_bw = vertical / vertical.mean()
    return MarkerTrial(
        name=path.stem,
        samples=Samples(time, rotation.inv().apply(force), turning(time, 1)),
        rate_hz=rate_hz,
        height_mm=1000.0 * position(time)[:, 2],
        lean_deg=np.degrees(np.arctan2(-matrix[:, 2, 0], matrix[:, 2, 2])),
        roll_deg=np.degrees(np.arcsin(matrix[:, 2, 1])),
        yaw_deg=np.degrees(np.unwrap(np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))),
        heel_height_mm=1000.0 * make_interp_spline(marker_time, heels)(time),
        force_bw=force_bw,
        force_rate_hz=force_rate,
        speed_m_s=float(data["speed_m_s"]),
    )
