"""Real recordings with truth, turned into samples of a sacral sensor in body axes.

They are not part of the project. They are looked for in ``$BACKSTRIDE_DATA``, else in
``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imu.errors import RecordingError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]

# one count of the accelerometers of the waist recordings
_ADXL345_M_S2 = 32.0 / 8192.0 * STANDARD_GRAVITY_M_S2
_MMA8451_M_S2 = 16.0 / 16384.0 * STANDARD_GRAVITY_M_S2

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
class OrientationTrial:
    """A hand-held sensor beside optical truth."""

    name: str
    samples: Samples
    rate_hz: float
    optical_wxyz: Array  # (N, 4) sensor → earth, NaN where the markers were hidden
    scored: NDArray[np.bool_]  # moving, and the optical orientation is known


@dataclass(frozen=True)
class WaistTrial:
    """What a person of ``waist_daily/`` did, as two accelerometers on one board saw it.

    ``activity`` is the set's code: D01 slow and D02 brisk walking, D03 slow and D04 quick jogging,
    D05 and D06 stairs slowly and quickly, D18 a stumble, D19 jumps, F05 a fall while jogging.
    """

    person: str
    activity: str
    name: str
    samples: tuple[Samples, Samples]  # of either accelerometer, with the one gyroscope
    rate_hz: float


#: Axes of the sensor of ``waist_daily/`` on people who wear it upright.
WAIST_AXES = "+z-x-y"


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Everything in a file; one that is cut short is named."""
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            return dict(file)
    except (EOFError, ValueError, zipfile.BadZipFile) as error:
        raise RecordingError(f"cannot be read: {error}", path=path.name) from error


def force_trials(directory: Path | None = None) -> list[ForceTrial]:
    """The trials of ``sacral_force/trials.npz``."""
    data = _arrays((directory or data_directory()) / "sacral_force" / "trials.npz")
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
    file = _arrays((directory or data_directory()) / "sacral_force" / "raw_512hz.npz")
    acceleration, rate = file["acc_m_s2"].astype(np.float64), float(file["rate_hz"])
    return Samples(np.arange(len(acceleration)) / rate, acceleration), rate, "-z-y-x"


def walking_trials(directory: Path | None = None) -> list[tuple[str, Samples, float, str]]:
    """Name, samples, rate and axes of each walking recording."""
    trials = []
    for path in sorted(((directory or data_directory()) / "walking").glob("*.npz")):
        file = _arrays(path)
        rate = float(file["rate_hz"])
        acceleration = file["acc_g"].astype(np.float64) * STANDARD_GRAVITY_M_S2
        angular_velocity = np.radians(file["gyr_deg_s"].astype(np.float64))
        time = np.arange(len(acceleration)) / rate
        trials.append((path.stem, Samples(time, acceleration, angular_velocity), rate, "auto"))
    return trials


def waist_trials(directory: Path | None = None) -> list[WaistTrial]:
    """The recordings of ``waist_daily/``, 20 people, none where the folder is missing."""
    trials = []
    for path in sorted(((directory or data_directory()) / "waist_daily").glob("*.npz")):
        file = _arrays(path)
        rate = float(file.pop("rate_hz"))
        for name, counts in sorted(file.items()):
            time, given = np.arange(len(counts)) / rate, counts.astype(np.float64)
            turning = np.radians(given[:, 3:6] * 4000.0 / 65536.0)
            trials.append(
                WaistTrial(
                    person=path.stem,
                    activity=name[:3],
                    name=f"{path.stem} {name}",
                    samples=(
                        Samples(time, given[:, :3] * _ADXL345_M_S2, turning),
                        Samples(time, given[:, 6:] * _MMA8451_M_S2, turning),
                    ),
                    rate_hz=rate,
                )
            )
    return trials


def orientation_trials(directory: Path | None = None) -> list[OrientationTrial]:
    """The trials of ``orientation/``, none where the folder is missing."""
    trials = []
    for path in sorted(((directory or data_directory()) / "orientation").glob("*.npz")):
        file = _arrays(path)
        rate = float(file["rate_hz"])
        acceleration = file["acc_m_s2"].astype(np.float64)
        angular_velocity = file["gyr_rad_s"].astype(np.float64)
        optical = file["optical_quat_wxyz"].astype(np.float64)
        moving = file["movement"].astype(np.bool_)
        time = np.arange(len(acceleration)) / rate
        trials.append(
            OrientationTrial(
                name=path.stem.replace("_", " "),
                samples=Samples(time, acceleration, angular_velocity),
                rate_hz=rate,
                optical_wxyz=optical,
                scored=moving & np.isfinite(optical).all(axis=1),
            )
        )
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
