"""Calibrate: what a sensor reads wrongly, and how the runner stands, found by laying and standing.

No key is pressed: stillness is noticed. First the sensor is laid on each of its six faces, then it
is clipped on and the runner stands upright. Nothing is stored before a part is complete.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent
from devices.source import Source
from devices.sources import open_connector, open_source
from devices.timing.program_clock import ProgramClock
from imu.calibration import (
    FACES,
    NO_CALIBRATION,
    Calibration,
    StillnessFinder,
    StillParams,
    fit_calibration,
    missing_faces,
)
from imu.errors import BackstrideError, DeviceError, InputError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from pipelines.sensors.device_store import KnownDevice, device_path, sensor_store
from pipelines.session.standing import fits

#: A face counts when the sensor has lain still on it for this long, s.
FACE_S: Final = 3.0
#: Quiet standing that makes a neutral, s.
STAND_S: Final = 5.0
#: Movement before it, so that a sensor still on the table is not taken for a runner, s.
MOVED_S: Final = 2.0
#: The whole must be done within this long, s.
TIME_LIMIT_S: Final = 300.0

# A runner who stands sways and breathes: the pelvis turns by some degrees a second.
_STANDING: Final = StillParams(
    acceleration_m_s2=0.3, angular_velocity_rad_s=0.1, drift_deg=4.0, least_s=STAND_S
)
_LYING: Final = StillParams(least_s=FACE_S)
_LOOK_S: Final = 0.25
_KEEPS_NOTHING: Final = (
    "keeps no calibration itself, only sensors of the Backstride profile do: calibrate without "
    "--to-sensor."
)


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """What the user states about a calibration."""

    axes: str = ""
    sensor: bool = True  # the six faces
    neutral: bool = True  # the standing
    to_sensor: bool = False  # the user wants to store it there too
    time_limit_s: float = TIME_LIMIT_S


@dataclass(frozen=True, slots=True)
class CalibrationStatus:
    """How far a calibration is.

    Attributes
    ----------
    phase : {"faces", "clip", "stand", "done"}
        What the user does now.
    missing : tuple of str
        The axes that have not pointed up yet.
    still_s, needed_s : float
        How long it has been still now, and has to be, s.
    hint : str
        What is in the way, a sentence; empty while all is well.
    left_s : float
        Time that is left, s.
    """

    phase: str
    missing: tuple[str, ...]
    still_s: float
    needed_s: float
    hint: str
    left_s: float


class CalibrationView(Protocol):
    """Shows how far a calibration is; every call returns at once and never raises."""

    def update(self, status: CalibrationStatus) -> None:
        """Show this."""
        ...


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came out, and is stored.

    Attributes
    ----------
    device : KnownDevice
        All that is known of the sensor now.
    info : DeviceInfo
        The sensor.
    path : Path, optional
        The file; None when it could not be written.
    calibration : Calibration, optional
        None when the faces were not asked for.
    before_mg : float
        How far the uncalibrated positions are off 1 g, root mean square.
    has_gyro : bool
        Whether the sensor has a gyroscope.
    tilt_deg : float
        Angle from the stated up axis to the neutral, NaN without either.
    stood : bool
        Whether a neutral was taken.
    trouble : BackstrideError, optional
        Why it is not all that was asked for.
    """

    device: KnownDevice
    info: DeviceInfo
    path: Path | None
    calibration: Calibration | None
    before_mg: float
    has_gyro: bool
    tilt_deg: float
    stood: bool
    trouble: BackstrideError | None = None


async def calibrate(
    source: Source,
    url: str,
    options: CalibrateOptions,
    view: CalibrationView,
    folder: Path,
    *,
    now: datetime | None = None,
) -> Calibrated:
    """Guide through a calibration and store what is complete of it.

    Parameters
    ----------
    source : Source
        Entered by the caller.
    url : str
        Where it came from.
    options : CalibrateOptions
    view : CalibrationView
        Tells the user what to do.
    folder : Path
        Of the device store.
    now : datetime, optional
        The time of day, UTC.

    Raises
    ------
    DeviceError
        When the sensor is lost, or the time is over, before anything is complete.
    InputError
        When the positions make no calibration.
    """
    info = source.info
    if options.to_sensor and info.protocol != "backstride":
        raise DeviceError(_KEEPS_NOTHING, source=info.name)
    store = sensor_store(device_path(folder, info, url))
    known = store.load().value or KnownDevice()
    work = _Work(options, info, known)
    trouble: BackstrideError | None = None
    try:
        await _run(source, work, view, options.time_limit_s)
    except (DeviceError, InputError) as error:
        if work.calibration is None:
            raise
        # the faces are complete in themselves
        trouble = error
    now = now or datetime.now(UTC)
    device = work.result(now)
    stored: Path | None = store.path
    try:
        store.save(device)
    except BackstrideError as error:
        stored, trouble = None, error
    return Calibrated(
        device=device,
        info=info,
        path=stored,
        calibration=work.calibration,
        before_mg=work.before_mg,
        has_gyro=work.has_gyro,
        tilt_deg=work.tilt_deg,
        stood=work.stood,
        trouble=trouble,
    )


async def run_calibration(
    url: str,
    options: CalibrateOptions,
    view: CalibrationView,
    folder: Path,
    *,
    clock: ProgramClock | None = None,
    tell: Callable[[str], None] | None = None,
) -> Calibrated:
    """Open a source and calibrate its sensor, see :func:`calibrate`.

    ``tell`` is told what is tried, where the sensor takes long to connect.
    """
    async with open_source(url, clock=clock, tell=tell) as source:
        return await calibrate(source, url, options, view, folder)


async def write_to_sensor(url: str, calibration: Calibration) -> None:
    """Store a calibration in a sensor of the project's own profile.

    Raises
    ------
    DeviceError
        When it is no such sensor, is not there, or refuses.
    """
    from devices.drivers.backstride_requests import read_info
    from devices.drivers.backstride_storage import write_calibration
    from devices.inbox import Inbox
    from devices.protocols.backstride_control import Calibration as StoredCalibration
    from devices.timing.program_clock import SystemClock

    connector = open_connector(url)
    link = await connector.connect(Inbox(SystemClock()))
    try:
        if connector.driver is None or connector.driver.protocol != "backstride":
            raise DeviceError(_KEEPS_NOTHING, source=connector.place)
        await read_info(link)
        stored = StoredCalibration(
            acceleration_bias_m_s2=calibration.acceleration_bias_m_s2,
            acceleration_matrix=tuple(np.ravel(calibration.acceleration_matrix).tolist()),
            angular_velocity_bias_rad_s=calibration.angular_velocity_bias_rad_s,
            angular_velocity_matrix=tuple(np.ravel(calibration.angular_velocity_matrix).tolist()),
        )
        await write_calibration(link, stored)
    finally:
        await link.close()
        await connector.end()


class _Work:
    """The parts of a calibration, sample by sample."""

    def __init__(self, options: CalibrateOptions, info: DeviceInfo, known: KnownDevice) -> None:
        self.calibration: Calibration | None = None
        self.before_mg = self.tilt_deg = math.nan
        self.has_gyro = False
        self.hint = ""
        self._options, self._info, self._known = options, info, known
        axes = options.axes or info.axes or known.axes
        self._axes = "" if axes == "auto" else axes
        self._check_mg: float | None = None
        self._up: NDArray[np.float64] | None = None
        self._applied = known.calibration or info.calibration or NO_CALIBRATION
        self._finder = StillnessFinder(info.rate_hz, _LYING)
        self.phase = "faces"
        if not options.sensor:
            # who calls this alone stands there with the sensor on
            self._begin_standing()

    @property
    def missing(self) -> tuple[str, ...]:
        """Faces that were not seen yet."""
        if self.phase != "faces":
            return ()
        positions = self._finder.positions
        return tuple(missing_faces([p.mean for p in positions]) if positions else FACES)

    @property
    def stood(self) -> bool:
        """Whether a neutral was taken."""
        return self._up is not None

    def status(self, left_s: float) -> CalibrationStatus:
        """For the view."""
        needed_s = FACE_S if self.phase == "faces" else STAND_S
        still_s = 0.0 if self.phase in {"clip", "done"} else min(self._finder.still_s, needed_s)
        return CalibrationStatus(self.phase, self.missing, still_s, needed_s, self.hint, left_s)

    def push(self, samples: Samples) -> None:
        """Take the next samples.

        Raises
        ------
        InputError
            When the faces make no calibration.
        """
        self.has_gyro = self.has_gyro or samples.without_unmeasured().has_gyro
        if self.phase == "faces":
            self._finder.push(samples)
            if not self.missing:
                self._fit()
            return
        self._finder.push(self._applied.apply(samples))
        if self.phase == "clip":
            if self._finder.moved_s >= MOVED_S:
                self._begin_standing()
        elif self.phase == "stand":
            self._look_at_standing()

    def result(self, now: datetime) -> KnownDevice:
        """What is known of the device now."""
        info = self._info
        device = replace(
            self._known, name=info.name, protocol=info.protocol, serial=info.serial, axes=self._axes
        )
        if self.calibration is not None:
            device = replace(
                device,
                calibration=self.calibration,
                calibrated_utc=now,
                residual_mg=_mg(self.calibration.residual_m_s2 or 0.0),
                check_mg=self._check_mg,
            )
        if self._up is not None:
            x, y, z = self._up.tolist()
            device = replace(device, neutral_up=(x, y, z), neutral_utc=now)
        return device

    def _fit(self) -> None:
        means = np.array([position.mean for position in self._finder.positions])
        self.calibration = fit_calibration(means)
        off = np.linalg.norm(means[:, :3], axis=1) - STANDARD_GRAVITY_M_S2
        self.before_mg = _mg(float(np.sqrt(np.mean(off**2))))
        self._applied = self.calibration
        if not self._options.neutral:
            self.phase = "done"
            return
        self.phase = "clip"
        self._finder = StillnessFinder(self._info.rate_hz, _LYING)

    def _begin_standing(self) -> None:
        self.phase = "stand"
        self._finder = StillnessFinder(self._info.rate_hz, _STANDING)

    def _look_at_standing(self) -> None:
        if not self._finder.positions:
            if self._finder.still_s == 0.0:
                self.hint = ""
            return
        force = self._finder.positions.pop().mean[:3]
        length = float(np.linalg.norm(force))
        x, y, z = (force / length).tolist()
        if self._axes and not fits((x, y, z), self._axes):
            # it lies somewhere: go on looking
            self.hint = f"it is still, but its {self._axes[4:]} axis does not point up."
            self._finder = StillnessFinder(self._info.rate_hz, _STANDING)
            return
        if self.calibration is not None:
            self._check_mg = abs(_mg(length - STANDARD_GRAVITY_M_S2))
        if self._axes:
            up = np.zeros(3)
            up["xyz".index(self._axes[5])] = 1.0 if self._axes[4] == "+" else -1.0
            self.tilt_deg = math.degrees(math.acos(min(1.0, float(up @ (x, y, z)))))
        self._up = force
        self.phase = "done"


async def _run(source: Source, work: _Work, view: CalibrationView, limit_s: float) -> None:
    """Until it is done; raises what ended it before."""
    receiver = Receiver(source.info)
    began_ns = source.now_ns()

    def left_s() -> float:
        return limit_s - (source.now_ns() - began_ns) * 1e-9

    view.update(work.status(limit_s))
    async with _closed_when_over(source, left_s):
        async for record in source:
            if isinstance(record, LinkEvent):
                work.hint = "the link was lost, trying again." if record.kind == "lost" else ""
            samples = receiver.push(record)
            if samples is not None and len(samples):
                work.push(samples)
            view.update(work.status(left_s()))
            if work.phase == "done":
                return
            if left_s() <= 0.0:
                break
    why = f"{limit_s:g} s are over" if left_s() <= 0.0 else "the sensor has stopped sending"
    raise DeviceError(_unfinished(work, why), source=source.info.name)


@contextlib.asynccontextmanager
async def _closed_when_over(source: Source, left_s: Callable[[], float]) -> AsyncIterator[None]:
    """Close the source when the time is over, even if nothing comes from it any more."""

    async def watch() -> None:
        while left_s() > 0.0:
            await asyncio.sleep(_LOOK_S)
        await source.close()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError, DeviceError):
            await watcher


def _unfinished(work: _Work, why: str) -> str:
    """One sentence about what is missing."""
    if work.phase == "faces":
        return (
            f"{why}, and {len(FACES) - len(work.missing)} of 6 faces were seen, with "
            f"{' '.join(work.missing)} up still missing: calibrate again, and let the sensor lie "
            f"still for {FACE_S:g} s on each of its six sides."
        )
    return (
        f"{why}, and the runner was not seen to stand upright and still for {STAND_S:g} s: take "
        "the standing again, which goes without the sides."
    )


def _mg(acceleration_m_s2: float) -> float:
    return 1000.0 * acceleration_m_s2 / STANDARD_GRAVITY_M_S2
