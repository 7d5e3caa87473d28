"""Recorders that write weeks of acceleration in a binary file of their own, read by actfast."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from imu.errors import InputError
from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.extras import how_to_install
from pipelines.files.formats.format import Look
from pipelines.files.formats.sound_parts import SoundParts, sound_file
from pipelines.files.reading.recording import Recording, Sensor
from pipelines.files.reading.whole_file import check_length
from pipelines.system_error import explain

#: Three weeks of an AX6 at 100 Hz.
_MOST_BYTES: Final = 2 << 30


def read_activity_monitor(
    look: Look, maker: str, sound_of: Callable[[Path], SoundParts] | None = None
) -> Recording:
    """The recording of such a file: acceleration in g, angular velocity in °/s, absolute times.

    Parameters
    ----------
    look : Look
        The file.
    maker : str
        Whose it is.
    sound_of : callable, optional
        Gives what is sound of it, where one part may be damaged and the others are not.

    Raises
    ------
    InputError
        When actfast is not installed, or cannot read it.
    """
    place = str(look.path)
    try:
        import actfast
    except ImportError:
        raise InputError(
            f"a file of {maker} needs the package actfast: give {how_to_install('lab')}.",
            place=place,
        ) from None
    check_length(look.path, _MOST_BYTES)
    sound = None if sound_of is None else sound_of(look.path)
    try:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(sound_file(look.path, sound)) if sound else look.path
            found = actfast.read(str(file))
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of compiled code is no Exception
        raise InputError(
            f"this looks like a file of {maker}, but is damaged, cut short or of another version: "
            "fetch it from the recorder again, or save it as CSV in its maker's program.",
            place=place,
        ) from None
    recording = _recording(found, place, maker)
    if sound is None:
        return recording
    return replace(recording, notes=(*sound.notes(place), *recording.notes))


def _recording(found: Any, place: str, maker: str) -> Recording:
    table = found["timeseries"].get("high_frequency") or found["timeseries"].get("acceleration")
    if not table or "acceleration" not in table or not len(table["acceleration"]):
        raise InputError(f"this file of {maker} holds no acceleration.", place=place)
    stamps = np.asarray(table["datetime"], np.int64)
    time = (stamps - stamps[0]) / 1e9
    acceleration = np.asarray(table["acceleration"], np.float64) * STANDARD_GRAVITY_M_S2
    turning = table.get("gyroscope")
    gyro = None
    if turning is not None and len(turning) == len(time):
        gyro = Sensor(time, np.radians(np.asarray(turning, np.float64)))
    return Recording(
        place,
        Sensor(time, acceleration),
        gyro,
        told=f"{place} is a file of {maker}.",
        utc_start_ns=int(stamps[0]),
        notes=tuple(f"{place}: {str(w).strip().rstrip('.')}." for w in found.get("warnings") or ()),
    )
