"""A live run in the lab streaming layer (LSL), beside whatever else records in a laboratory.

Four streams: samples at the sensor's rate, calibrated and in its own frame; finished steps, stamped
at their initial contact; alerts and marks as JSON. Time is the session's own clock, mapped once to
that of LSL: distances between stamps are the sensor's. How much its clock runs fast stands in the
summary. The first samples of a sensor wait for its set-up, and come late; so what is found is held
for some seconds, and those that came soonest tell what was when. The link's least delay remains.

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
from pipelines.session.facts import AlertTold, Ended, Fact, StepsFinished
from pipelines.session.json_form import to_plain
from pipelines.session.marks import LoggedMark, SessionRecord

_ACCELERATION: Final = ("acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2")
_ANGULAR_VELOCITY: Final = ("gyr_x_rad_s", "gyr_y_rad_s", "gyr_z_rad_s")
#: Letters as numbers, since a stream has one type: the place in :data:`imu.steps.SIDE_CODES`, and
#: the bits of :class:`imu.samples.Quality`.
_STEPS: Final = tuple(
    {"side": "side_code", "quality": "quality_bits"}.get(name, name) for name in STEP_COLUMNS
)


#: Seconds of samples that are held, and of which the soonest tells the clock.
_HELD_S: Final = 3.0


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
        self._offset_s = math.inf  # from the session's clock to that of LSL
        self._begin_s = math.nan
        self._now_s = 0.0
        self._held: list[tuple[Any, Any, NDArray[np.float64]]] | None = []

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
                self._send(self._steps, _numbers(fact.steps), fact.steps.initial_contact_s)
            elif isinstance(fact, AlertTold):
                self._say(self._alerts, fact.alert.record(), fact.alert.time_s)
            elif isinstance(fact, Ended):
                self._settle()

    def _send_samples(self, samples: Samples) -> None:
        self._now_s = float(samples.time_s[-1])
        if math.isnan(self._begin_s):
            self._begin_s = float(samples.time_s[0])
        if self._held is not None:
            self._offset_s = min(self._offset_s, self._lsl.local_clock() - self._now_s)
        values = samples.acceleration_m_s2
        if self._with_gyro:
            turning = samples.angular_velocity_rad_s
            values = np.hstack(
                [values, np.full_like(values, np.nan) if turning is None else turning]
            )
        self._send(self._readings, values, samples.time_s)
        if self._now_s - self._begin_s >= _HELD_S:
            self._settle()

    def _say(self, outlet: Any, said: object, time_s: float) -> None:
        self._send(outlet, [[msgspec.json.encode(said).decode()]], np.array([time_s]))

    def _send(self, outlet: Any, values: Any, time_s: NDArray[np.float64]) -> None:
        """Send it with its times, or hold it until they can be told."""
        if self._held is not None:
            self._held.append((outlet, values, time_s))
        else:
            outlet.push_chunk(values, cast("list[float]", (time_s + self._offset_s).tolist()))

    def _settle(self) -> None:
        """Send what was held: its clock is known."""
        held, self._held = self._held or [], None
        if not math.isfinite(self._offset_s):  # no sample came at all
            self._offset_s = self._lsl.local_clock() - self._now_s
        for outlet, values, time_s in held:
            self._send(outlet, values, time_s)

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
