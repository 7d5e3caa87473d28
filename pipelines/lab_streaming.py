"""A live run in the lab streaming layer (LSL), beside whatever else records in a laboratory.

Four streams: samples at the sensor's rate, calibrated and in its own frame; finished steps, stamped
at their initial contact; alerts and marks as JSON. Time is the session's own clock, mapped once,
when the first samples come, to that of LSL: distances between stamps are the sensor's. How much its
clock runs fast stands in the summary.

Whoever is on the local network can read an outlet; LSL has no password.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.records import DeviceInfo
from imu.errors import InputError
from imu.samples import Samples
from imu.steps import STEP_COLUMNS, Steps
from pipelines.files.column_units import unit_of
from pipelines.session.facts import AlertTold, Fact, StepsFinished
from pipelines.session.json_form import to_plain
from pipelines.session.marks import LoggedMark, SessionRecord

_ACCELERATION: Final = ("acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2")
_ANGULAR_VELOCITY: Final = ("gyr_x_rad_s", "gyr_y_rad_s", "gyr_z_rad_s")
#: Letters as numbers, since a stream has one type: the place in :data:`imu.steps.SIDE_CODES`, and
#: the bits of :class:`imu.samples.Quality`.
_STEPS: Final = tuple(
    {"side": "side_code", "quality": "quality_bits"}.get(name, name) for name in STEP_COLUMNS
)


def load_lsl() -> Any:
    """The library of LSL, ready.

    Raises
    ------
    InputError
        When it is not there.
    """
    try:
        import pylsl

        pylsl.local_clock()
    except ImportError:
        raise InputError("--lsl needs pylsl: install backstride with the extra 'lab'.") from None
    except (RuntimeError, OSError):  # the package without its library
        raise InputError(
            "--lsl needs the library liblsl, which pylsl does not bring for this system: install "
            "it, and name it in PYLSL_LIB."
        ) from None
    return pylsl


class LabStreams:
    """The outlets of one live run.

    Parameters
    ----------
    info : DeviceInfo
        The sensor.

    Raises
    ------
    InputError
        When LSL is not there.
    """

    def __init__(self, info: DeviceInfo) -> None:
        self._lsl = load_lsl()
        self._info = info
        gyro = info.angular_velocity_range_rad_s > 0.0
        self._readings = self._outlet(
            "samples", "IMU", _ACCELERATION + (_ANGULAR_VELOCITY if gyro else ()), info.rate_hz
        )
        self._with_gyro = gyro
        self._steps = self._outlet("steps", "Gait", _STEPS)
        self._alerts = self._outlet("alerts", "Markers", [])
        self._marks = self._outlet("marks", "Markers", [])
        self._offset_s = math.nan  # from the session's clock to that of LSL
        self._now_s = 0.0

    def take(
        self, record: SessionRecord | None, samples: Samples | None, found: Iterable[Fact]
    ) -> None:
        """Send a record of the log, the samples that it brought, and what was found with it."""
        if samples is not None and len(samples):
            self._send_samples(samples)
        if isinstance(record, LoggedMark):
            self._say(self._marks, to_plain(record.mark), self._now_s)
        for fact in found:
            if isinstance(fact, StepsFinished) and len(fact.steps):
                times = self._stamps(fact.steps.initial_contact_s)
                self._steps.push_chunk(_numbers(fact.steps), times)
            elif isinstance(fact, AlertTold):
                self._say(self._alerts, fact.alert.record(), fact.alert.time_s)

    def _send_samples(self, samples: Samples) -> None:
        self._now_s = float(samples.time_s[-1])
        if math.isnan(self._offset_s):
            self._offset_s = self._lsl.local_clock() - self._now_s
        values = samples.acceleration_m_s2
        if self._with_gyro:
            turning = samples.angular_velocity_rad_s
            values = np.hstack(
                [values, np.full_like(values, np.nan) if turning is None else turning]
            )
        self._readings.push_chunk(values, self._stamps(samples.time_s))

    def _stamps(self, time_s: NDArray[np.float64]) -> list[float]:
        return cast("list[float]", (time_s + self._offset_s).tolist())

    def _say(self, outlet: Any, said: object, time_s: float) -> None:
        # before the first samples there is no clock but that of LSL
        known = not math.isnan(self._offset_s)
        stamp = time_s + self._offset_s if known else self._lsl.local_clock()
        outlet.push_sample([msgspec.json.encode(said).decode()], stamp)

    def _outlet(self, what: str, kind: str, channels: Sequence[str], rate_hz: float = 0.0) -> Any:
        """An outlet; without channels of numbers it is one of text."""
        lsl, info = self._lsl, self._info
        form = lsl.cf_double64 if channels else lsl.cf_string
        source = f"backstride {info.serial or info.name} {what}"
        count = max(1, len(channels))
        stream = lsl.StreamInfo(f"Backstride {what}", kind, count, rate_hz, form, source)
        about = stream.desc()
        about.append_child_value("manufacturer", "Backstride")
        about.append_child_value("sensor", info.name)
        about.append_child_value("axes_forward_left_up", info.axes or "not known")
        listed = about.append_child("channels")
        for name in channels:
            channel = listed.append_child("channel")
            channel.append_child_value("label", name)
            channel.append_child_value("unit", unit_of(name))
        return lsl.StreamOutlet(stream)


def _numbers(steps: Steps) -> NDArray[np.float64]:
    """The steps table as numbers, shape (N, columns)."""
    return np.stack([steps.rows[name].astype(np.float64) for name in STEP_COLUMNS], axis=1)
