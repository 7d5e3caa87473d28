"""A virtual sacral sensor: what a sensor on a pelvis tracked by markers would have measured.

Position and orientation are splines through the marker frames; specific force and angular velocity
are their derivatives, so the truth is exactly that of the samples. Nothing above 25 Hz is in them:
an impact cannot be judged with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import data_directory
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation

    from devices.simulator.sensor import SensorModel

Array = NDArray[np.float64]

#: Low-pass of the markers, Hz.
MARKER_CUTOFF_HZ: Final = 25.0
#: At both ends, where the low-pass and the splines see one side only, s.
TRIM_S: Final = 0.3
#: From standing to the run, s.
SETTING_OFF_S: Final = 1.5

# the laboratory has x forward, y up, z right; the body frame x forward, y left, z up
_FROM_LABORATORY: Final = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
_GUARD_FRAMES: Final = 1  # beside a hidden frame a marker is often half hidden
_STANDING_HIGHER_M: Final = 0.03


@dataclass(frozen=True)
class MarkerTrial:
    """A treadmill trial with pelvis markers, as a virtual sacral sensor sees it."""

    name: str
    samples: Samples
    rate_hz: float
    height_mm: Array  # vertical position of the sensor
    position_m: Array  # (N, 3) of the sensor: along the belt, to the left of it, up
    lean_deg: Array
    roll_deg: Array
    yaw_deg: Array
    heel_height_mm: Array  # (N, 2) right, left
    force_bw: Array | None
    force_rate_hz: float
    speed_m_s: float
    force_start_s: float = 0.0  # time of the first force value
    running_s: float = 0.0  # from here on it runs as recorded
    standing_up: Array | None = None  # (3,) mean specific force in standing, sensor frame
    subject: str = ""
    runner: Runner = field(default_factory=Runner)


@dataclass(frozen=True)
class PelvisMotion:
    """One treadmill trial of N marker frames, low-passed, in the body frame's convention.

    ``frame`` turns the anatomical axes (forward from PSIS to ASIS, left, up) to the laboratory,
    ``standing_frame`` did while the runner stood, where that was recorded.
    """

    name: str
    rate_hz: float
    position_m: Array  # (N, 3) midpoint of the PSIS
    frame: Array  # (N, 3, 3)
    heel_m: Array  # (N, 2) height of right and left
    force_bw: Array | None
    force_rate_hz: float
    speed_m_s: float
    subject: str
    runner: Runner
    standing_frame: Array | None  # (3, 3)


def pelvis_motions(directory: Path | None = None) -> list[PelvisMotion]:
    """The trials of ``treadmill_mocap/``, none where the folder is missing."""
    folder = (directory or data_directory()) / "treadmill_mocap"
    return [_pelvis_motion(path) for path in sorted(folder.glob("*.npz"))]


def runner_motions(directory: Path | None = None) -> list[PelvisMotion]:
    """The trials of ``treadmill_runners/``, 18 runners at 3 speeds; none without the folder."""
    folder = (directory or data_directory()) / "treadmill_runners"
    return [_pelvis_motion(path) for path in sorted(folder.glob("*.npz"))]


def _pelvis_motion(path: Path) -> PelvisMotion:
    from scipy.signal import butter, sosfiltfilt

    with np.load(path) as file:
        data = dict(file)
    rate = float(data["marker_rate_hz"])
    markers = data["markers_m"].astype(np.float64) @ _FROM_LABORATORY
    for k in range(markers.shape[1]):
        markers[:, k] = _without_dropouts(markers[:, k])
    smooth = butter(4, MARKER_CUTOFF_HZ, fs=rate, output="sos")
    markers = sosfiltfilt(smooth, markers, axis=0)
    names = [str(name) for name in data["marker_names"]]
    at = {name: markers[:, k] for k, name in enumerate(names)}
    standing_frame = None
    if "standing_markers_m" in data:
        stood = data["standing_markers_m"].astype(np.float64) @ _FROM_LABORATORY
        standing_frame = _anatomical_frame({n: stood[None, k] for k, n in enumerate(names)})[0]
    force_bw, force_rate = None, 0.0
    if "force_n" in data:
        force_rate = float(data["force_rate_hz"])
        vertical = data["force_n"][:, 1].astype(np.float64)
        force_bw = vertical / vertical.mean()
    return PelvisMotion(
        name=path.stem,
        rate_hz=rate,
        position_m=0.5 * (at["R.PSIS"] + at["L.PSIS"]),
        frame=_anatomical_frame(at),
        heel_m=np.stack([at["R.Heel.Bottom"][:, 2], at["L.Heel.Bottom"][:, 2]], axis=1),
        force_bw=force_bw,
        force_rate_hz=force_rate,
        speed_m_s=float(data["speed_m_s"]),
        subject=path.stem.rpartition("T")[0],
        runner=Runner(
            *(float(data[key]) if key in data else None for key in ("mass_kg", "height_m"))
        ),
        standing_frame=standing_frame,
    )


def _anatomical_frame(at: dict[str, Array]) -> Array:
    """Forward from PSIS to ASIS, left, up, as the columns of (N, 3, 3), of markers (N, 3)."""
    forward = 0.5 * (at["R.ASIS"] + at["L.ASIS"] - at["R.PSIS"] - at["L.PSIS"])
    left = at["L.PSIS"] - at["R.PSIS"] + at["L.ASIS"] - at["R.ASIS"]
    up = np.cross(forward, left)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    left -= up * np.sum(up * left, axis=1, keepdims=True)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    return np.stack([np.cross(left, up), left, up], axis=2)


def _without_dropouts(marker_m: Array) -> Array:
    """A marker's path (N, 3) with hidden frames and their neighbours filled by a spline."""
    from scipy.interpolate import make_interp_spline

    hidden = ~np.isfinite(marker_m).all(axis=1)
    if not hidden.any():
        return marker_m
    wide = np.convolve(hidden, np.ones(2 * _GUARD_FRAMES + 1), "same") > 0.0
    frames = np.arange(len(marker_m))
    filled = marker_m.copy()
    # flat beyond the ends: a cubic would run away there
    inside = np.clip(frames, *np.flatnonzero(~wide)[[0, -1]])
    filled[wide] = make_interp_spline(frames[~wide], marker_m[~wide])(inside[wide])
    return filled


def virtual_sensor(
    motion: PelvisMotion,
    *,
    rate_hz: float = 200.0,
    mount_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    device: str = "ideal",
    seed: int = 1,
    standing_s: float = 0.0,
    run_lean_deg: float = 5.0,
    run_roll_deg: float = 1.0,
    trim_s: float = TRIM_S,
) -> MarkerTrial:
    """Samples of a sensor on this pelvis, with the truth at the same times.

    Parameters
    ----------
    motion : PelvisMotion
    rate_hz : float
        Sample rate, Hz.
    mount_deg : tuple of 3 floats
        Roll, pitch and yaw of the sensor on the body, degrees, as ``Scenario.mount_*``.
    offset_m : tuple of 3 floats
        Where it sits from the PSIS midpoint, forward, left and up, m.
    device : str
        Noise class of :mod:`devices.simulator.sensor`; ``ideal`` has no error.
    seed : int
        Of bias, scale, misalignment and noise.
    standing_s : float
        Quiet standing in the neutral posture before the run, s; the run is then blended in over
        1.5 s.
    run_lean_deg, run_roll_deg : float
        The run's mean lean and roll from the neutral posture, degrees, for a runner of whom no
        standing was recorded. The body axes, and with them the true lean and roll, are those of
        standing; where there is none, neither recorded nor asked for, they are the anatomical ones.
    trim_s : float
        Left out at both ends of the markers, s.

    Returns
    -------
    MarkerTrial
        On the markers' clock, later by ``standing_s``.
    """
    from scipy.interpolate import make_interp_spline
    from scipy.spatial.transform import RotationSpline

    path, turned, heels, start_s = _worn(
        motion, np.asarray(offset_m), trim_s, standing_s, run_lean_deg, run_roll_deg
    )
    running_s = start_s + standing_s + (SETTING_OFF_S if standing_s > 0.0 else 0.0)
    frame_s = start_s + np.arange(len(path)) / motion.rate_hz
    time = np.arange(start_s, frame_s[-1], 1.0 / rate_hz)
    position = make_interp_spline(frame_s, path, k=5)
    turning = RotationSpline(frame_s, turned)
    rotation = turning(time)
    matrix = rotation.as_matrix()
    force = position(time, 2) + np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])
    sensor = _sensor(rate_hz, mount_deg, device, seed)
    readings = sensor.measure(rotation.inv().apply(force), turning(time, 1), 0)
    standing = (time > start_s + 0.5 * standing_s) & (time < start_s + standing_s - 0.1)
    return MarkerTrial(
        name=motion.name,
        samples=Samples(time, *readings),
        rate_hz=rate_hz,
        height_mm=1000.0 * position(time)[:, 2],
        position_m=position(time),
        lean_deg=np.degrees(np.arctan2(-matrix[:, 2, 0], matrix[:, 2, 2])),
        roll_deg=np.degrees(np.arcsin(matrix[:, 2, 1])),
        yaw_deg=np.degrees(np.unwrap(np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))),
        heel_height_mm=1000.0 * make_interp_spline(frame_s, heels, k=1)(time),
        force_bw=motion.force_bw,
        force_rate_hz=motion.force_rate_hz,
        speed_m_s=motion.speed_m_s,
        force_start_s=standing_s,
        running_s=running_s,
        standing_up=readings[0][standing].mean(axis=0) if standing.any() else None,
        subject=motion.subject,
        runner=motion.runner,
    )


def _worn(
    motion: PelvisMotion,
    offset_m: Array,
    trim_s: float,
    standing_s: float,
    run_lean_deg: float,
    run_roll_deg: float,
) -> tuple[Array, Rotation, Array, float]:
    """Path of the sensor's place, m, its turning, the heels and the first frame's time, s.

    With standing the pelvis stands first, in its body axes, and the run grows out of it.
    """
    from scipy.spatial.transform import Rotation

    skipped = round(trim_s * motion.rate_hz)
    kept = slice(skipped, len(motion.position_m) - skipped)
    turned = Rotation.from_matrix(motion.frame[kept])
    if motion.standing_frame is not None:
        turned = turned * _level_in_standing(motion.standing_frame)
    elif standing_s > 0.0:
        turned = turned * _standing_axes(turned, run_lean_deg, run_roll_deg)
    path = motion.position_m[kept] + turned.apply(offset_m)
    heels = motion.heel_m[kept]
    if standing_s > 0.0:
        path, turned = _stand_before(path, turned, round(standing_s * motion.rate_hz), motion)
        heels = np.concatenate([np.repeat(heels[:1], len(path) - len(heels), axis=0), heels])
    return path, turned, heels, skipped / motion.rate_hz


def _sensor(
    rate_hz: float, mount_deg: tuple[float, float, float], device: str, seed: int
) -> SensorModel:
    from devices.simulator.scenario import Scenario
    from devices.simulator.sensor import SensorModel

    roll_deg, pitch_deg, yaw_deg = mount_deg
    return SensorModel(
        Scenario(
            rate=rate_hz,
            seed=seed,
            device=device,
            mount_roll=roll_deg,
            mount_pitch=pitch_deg,
            mount_yaw=yaw_deg,
        )
    )


def _level_in_standing(standing_frame: Array) -> Rotation:
    """From body axes, level in standing and facing as the pelvis did, to anatomical axes."""
    from scipy.spatial.transform import Rotation

    forward = standing_frame[:, 0]
    level = Rotation.from_euler("z", np.arctan2(forward[1], forward[0]))
    return Rotation.from_matrix(standing_frame).inv() * level


def _standing_axes(frame: Rotation, run_lean_deg: float, run_roll_deg: float) -> Rotation:
    """From body axes of the standing neutral to anatomical axes.

    In standing the body axes are level and face the run's mean heading; nobody recorded how these
    runners stood, so their neutral is the run's mean less the lean and roll given.
    """
    from scipy.spatial.transform import Rotation

    mean = frame.mean()
    forward = mean.as_matrix()[:, 0]
    heading = Rotation.from_euler("z", np.arctan2(forward[1], forward[0]))
    run = heading * Rotation.from_euler("xy", [run_roll_deg, run_lean_deg], degrees=True)
    return mean.inv() * run


def _stand_before(
    path: Array, turned: Rotation, frames: int, motion: PelvisMotion
) -> tuple[Array, Rotation]:
    """Put standing before the run, which then grows out of it over 1.5 s."""
    from scipy.spatial.transform import Rotation

    blend = np.clip(np.arange(len(path)) / (SETTING_OFF_S * motion.rate_hz), 0.0, 1.0)
    # the ninth-degree smooth step: acceleration and jerk are continuous too
    share = blend**5 * (126 - 420 * blend + 540 * blend**2 - 315 * blend**3 + 70 * blend**4)
    here = path.mean(axis=0) + np.array([0.0, 0.0, _STANDING_HIGHER_M])
    forward = turned.mean().as_matrix()[:, 0]
    level = Rotation.from_euler("z", np.arctan2(forward[1], forward[0]))
    setting_off = level * Rotation.from_rotvec((level.inv() * turned).as_rotvec() * share[:, None])
    return (
        np.concatenate(
            [np.repeat(here[None], frames, axis=0), here + share[:, None] * (path - here)]
        ),
        Rotation.concatenate(
            [Rotation.from_matrix(np.repeat(level.as_matrix()[None], frames, axis=0)), setting_off]
        ),
    )


def marker_trials(rate_hz: float = 300.0, directory: Path | None = None) -> list[MarkerTrial]:
    """Ideal virtual sensors at the PSIS midpoint, in the anatomical axes of the pelvis."""
    return [virtual_sensor(m, rate_hz=rate_hz, trim_s=0.0) for m in pelvis_motions(directory)]


def runner_trials(rate_hz: float = 300.0, directory: Path | None = None) -> list[MarkerTrial]:
    """Ideal virtual sensors on the 18 runners of ``treadmill_runners/``, level in standing."""
    return [virtual_sensor(m, rate_hz=rate_hz, trim_s=0.0) for m in runner_motions(directory)]
