"""A run as a FIT activity: running dynamics a second, with shock and lean as developer fields."""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import BackstrideError, RecordingError
from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps
from pipelines.extras import how_to_install
from pipelines.files.replacing import replacing
from pipelines.session.result import SessionResult

#: Seconds over whose steps a record's values are means: a step a second would flicker.
_WINDOW_S: Final = 5.0
#: Whose file it is: FIT's number for those who have none of their own.
_DEVELOPMENT: Final = "development"
#: FIT's number for that type.
_FLOAT32: Final = 0x88
#: What FIT has no field for: columns of the steps, with name and unit.
_OWN: Final = {
    "impact_shock_g": ("impact_shock", "g"),
    "sacral_lean_deg": ("sacral_lean", "deg"),
    "peak_force_bw": ("peak_force", "BW"),
}
_OWNER: Final[dict[str, Any]] = {
    "developer_data_index": 0,
    "application_id": list(b"backstride-lumbr"),
    "application_version": 1,
}
_OWN_FIELDS: Final[list[dict[str, Any]]] = [
    {
        "developer_data_index": 0,
        "field_definition_number": number,
        "fit_base_type_id": _FLOAT32,
        "field_name": name,
        "units": unit,
    }
    for number, (name, unit) in enumerate(_OWN.values())
]


def check_fit_library() -> None:
    """Refuse an activity file where the official package is not installed.

    Raises
    ------
    BackstrideError
        With what to install.
    """
    if importlib.util.find_spec("garmin_fit_sdk") is None:
        raise BackstrideError(
            f"FIT needs the package garmin-fit-sdk: give {how_to_install('lab')}."
        )


def write_fit(path: str | os.PathLike[str], result: SessionResult) -> None:
    """Write what a session comes to as a FIT activity (profile of Garmin's SDK).

    A record a second from the first step on, whose values are means over the trusted steps of the
    five seconds around it: cadence in strides a minute, stance time, its share of the stride,
    vertical oscillation; impact shock, lean and peak force as developer fields. Where nobody ran
    there are the times alone.

    Parameters
    ----------
    path : path
        Replaced whole or not at all.
    result : SessionResult
        Of a recording that says when it began.

    Raises
    ------
    BackstrideError
        When garmin-fit-sdk is not installed.
    RecordingError
        When nobody runs in it, it does not say when it began, or the file cannot be written.
    """
    data = fit_of(result)
    with replacing(path) as file:
        file.write(data)


def fit_of(result: SessionResult) -> bytes:
    """The same activity in memory.

    Raises
    ------
    BackstrideError
        As :func:`write_fit`.
    """
    check_fit_library()
    from garmin_fit_sdk import Encoder

    start_ns, place = result.header.utc_start_ns, result.header.source
    if not len(result.steps):
        raise RecordingError("nobody runs in it: there is no activity to write.", path=place)
    if start_ns < 631_065_600 * 10**9:  # FIT counts from 1989-12-31
        lacks = "does not say when it began, which FIT needs: give a recording that does"
        raise RecordingError(f"{lacks}.", path=place)
    own: dict[int, Any] = {
        number: {"developer_data_id_mesg": _OWNER, "field_description_mesg": field}
        for number, field in enumerate(_OWN_FIELDS)
    }
    encoder: Any = Encoder(own)
    for message in _messages(result):
        encoder.write_mesg(message)
    return bytes(encoder.close())


def _messages(result: SessionResult) -> list[dict[str, Any]]:
    from garmin_fit_sdk import Profile

    numbers = Profile["mesg_num"]
    start_s = result.header.utc_start_ns / 1e9
    seconds = np.arange(0.0, max(1.0, np.floor(result.duration_s)) + 1.0)
    end = _moment(start_s + seconds[-1])
    found: list[dict[str, Any]] = [
        {
            "mesg_num": numbers["FILE_ID"],
            "type": "activity",
            "manufacturer": _DEVELOPMENT,
            "product": 0,
            "serial_number": 1 + (int(start_s) & 0x7FFFFFFF),
            "time_created": _moment(start_s),
        },
        {"mesg_num": numbers["DEVELOPER_DATA_ID"], **_OWNER},
        *({"mesg_num": numbers["FIELD_DESCRIPTION"], **one} for one in _OWN_FIELDS),
        _event(numbers, _moment(start_s), "start"),
    ]
    columns = _second_by_second(trusted_steps(result.steps), seconds)
    for number, second in enumerate(seconds.tolist()):
        found.append(
            {"mesg_num": numbers["RECORD"], "timestamp": _moment(start_s + second)}
            | _record({name: float(values[number]) for name, values in columns.items()})
        )
    whole = _whole(result, start_s, end)
    found += [
        _event(numbers, end, "stop_all"),
        {"mesg_num": numbers["LAP"], "message_index": 0, **whole},
        {
            "mesg_num": numbers["SESSION"],
            "message_index": 0,
            "first_lap_index": 0,
            "num_laps": 1,
            **whole,
        },
        {
            "mesg_num": numbers["ACTIVITY"],
            "timestamp": end,
            "total_timer_time": result.duration_s,
            "num_sessions": 1,
            "type": "manual",
            "event": "activity",
            "event_type": "stop",
        },
    ]
    return found


def _whole(result: SessionResult, start_s: float, end: datetime) -> dict[str, Any]:
    """What lap and session say alike."""
    means = result.means
    said: dict[str, Any] = {
        "timestamp": end,
        "start_time": _moment(start_s),
        "event": "lap",
        "event_type": "stop",
        "sport": "running",
        "sub_sport": "treadmill" if result.surface == "treadmill" else "generic",
        "total_elapsed_time": result.duration_s,
        "total_timer_time": result.duration_s,
        "total_cycles": len(result.steps) // 2,
    }
    if result.distance_m is not None:
        said["total_distance"] = result.distance_m
    if result.heart_rate is not None:
        said["avg_heart_rate"] = round(result.heart_rate.mean)
    said |= _strides(means, "avg_")
    for column, name in (
        ("contact_time_ms", "avg_stance_time"),
        ("vertical_oscillation_mm", "avg_vertical_oscillation"),
    ):
        if column in means:
            said[name] = means[column]
    return said


def _record(values: dict[str, float]) -> dict[str, Any]:
    """Fields of a record; what was not measured is left out."""
    known = {name: value for name, value in values.items() if np.isfinite(value)}
    said = _strides(known)
    if "contact_time_ms" in known:
        said["stance_time"] = known["contact_time_ms"]
        if "step_time_s" in known:
            said["stance_time_percent"] = known["contact_time_ms"] / known["step_time_s"] / 20.0
    if "vertical_oscillation_mm" in known:
        said["vertical_oscillation"] = known["vertical_oscillation_mm"]
    own = {number: known[column] for number, column in enumerate(_OWN) if column in known}
    return said | ({"developer_fields": own} if own else {})


def _strides(values: dict[str, float], prefix: str = "") -> dict[str, Any]:
    """The cadence as FIT has it, in strides a minute."""
    if "cadence_spm" not in values:
        return {}
    cadence, fraction = divmod(values["cadence_spm"] / 2.0, 1.0)
    return {f"{prefix}cadence": int(cadence), f"{prefix}fractional_cadence": fraction}


def _second_by_second(steps: Steps, seconds: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Means over the steps around each second; NaN where there are none."""
    names = ["cadence_spm", "contact_time_ms", "step_time_s", "vertical_oscillation_mm", *_OWN]
    begins = np.searchsorted(steps.initial_contact_s, seconds - _WINDOW_S / 2.0)
    ends = np.searchsorted(steps.initial_contact_s, seconds + _WINDOW_S / 2.0)
    found = {}
    for name in names:
        values = steps.rows[name]
        measured = np.isfinite(values)
        sums = np.concatenate([[0.0], np.cumsum(np.where(measured, values, 0.0))])
        counts = np.concatenate([[0], np.cumsum(measured)])
        count = counts[ends] - counts[begins]
        found[name] = np.where(
            count > 0, (sums[ends] - sums[begins]) / np.maximum(count, 1), np.nan
        )
    return found


def _event(numbers: dict[str, int], when: datetime, kind: str) -> dict[str, Any]:
    return {
        "mesg_num": numbers["EVENT"],
        "timestamp": when,
        "event": "timer",
        "event_type": kind,
        "event_group": 0,
    }


def _moment(utc_s: float) -> datetime:
    return datetime.fromtimestamp(int(utc_s), tz=UTC)
