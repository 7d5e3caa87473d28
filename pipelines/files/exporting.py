"""A session for other programs: samples in tables and plots, marks as lines, the result as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np

from devices.receiver import Receiver
from devices.records import DeviceInfo
from imu.errors import RecordingError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from pipelines.files.column_units import unit_of
from pipelines.files.protobuf_rows import RowMessage
from pipelines.files.provenance import Provenance, provenance_of, utc_text
from pipelines.files.replacing import replacing
from pipelines.files.sample_table import sample_columns, write_sample_table
from pipelines.files.session_reader import Session
from pipelines.files.table_output import write_text
from pipelines.session.json_form import to_plain
from pipelines.session.marks import LoggedMark
from pipelines.session.result import SessionResult

#: Ending of a file for Foxglove and PlotJuggler.
PLOTS: Final = ".mcap"


def decoded_samples(session: Session, *, raw: bool = False) -> tuple[DeviceInfo, Samples]:
    """The samples that a session's packets hold, and the sensor they are of.

    Parameters
    ----------
    session : Session
        As its file has it.
    raw : bool
        As the sensor sent them, without the calibration that the session was recorded with.

    Returns
    -------
    DeviceInfo
        The sensor, as it first introduced itself.
    Samples
        SI units, the sensor's axes, time in s from the first sample. Lost ones show as a jump.

    Raises
    ------
    RecordingError
        When there is no sample.
    """
    calibration = None if raw else session.header.calibration
    info, receiver, blocks = None, None, []
    for record in session.records:
        if isinstance(record, LoggedMark):
            continue
        if receiver is None and isinstance(record, DeviceInfo):
            info, receiver = record, Receiver(record)
        block = None if receiver is None else receiver.push(record)
        if block is not None and len(block):
            blocks.append(block if calibration is None else calibration.apply(block))
    if info is None or not blocks:
        raise RecordingError(
            "holds no sample: give a session in which the sensor had begun to send.",
            path=str(session.path),
        )
    return info, Samples.concatenate(blocks).without_unmeasured()


def write_samples(path: str | os.PathLike[str], session: Session, *, raw: bool = False) -> int:
    """Write a session's samples: a table by ``.csv`` or ``.parquet``, plots by ``.mcap``.

    Returns
    -------
    int
        How many they are.

    Raises
    ------
    BackstrideError
        When there are none, or the file cannot be written; what was there before is intact.
    """
    info, samples = decoded_samples(session, raw=raw)
    if Path(path).suffix.lower() == PLOTS:
        _write_plots(path, samples, session.header.utc_start_ns)
        return len(samples)
    calibrated = session.header.calibration is not None and not raw
    preamble = {
        **provenance_of(session.path, session.header).entries(),
        "utc_start": utc_text(session.header.utc_start_ns),
        "sensor": " ".join(f"{info.name} ({info.protocol})".split()),
        "calibrated": "yes" if calibrated else "no",
        "acc_range_g": f"{info.acceleration_range_m_s2 / STANDARD_GRAVITY_M_S2:.6g}",
    }
    axes = session.header.axes or info.axes
    write_sample_table(path, samples, rate_hz=info.rate_hz, axes=axes, preamble=preamble)
    return len(samples)


def mark_lines(session: Session) -> Iterator[dict[str, Any]]:
    """The marks of a session, each with its time in s from the first arrival, and in UTC."""
    for record in session.records:
        if isinstance(record, LoggedMark):
            time_s = (record.arrival_ns - session.first_arrival_ns) / 1e9
            utc = utc_text(session.header.utc_start_ns, time_s)
            yield {"time_s": time_s, "utc": utc, **to_plain(record.mark)}


def write_result_json(
    path: str | os.PathLike[str], result: SessionResult, made: Provenance
) -> None:
    """Write times, means, alerts and steps; null where nothing could be measured.

    Raises
    ------
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    columns = result.steps.columns()
    content: dict[str, Any] = {
        "made_by": made.entries(),
        "duration_s": result.duration_s,
        "running_s": result.running_s,
        "means": result.means,
        "heart_rate_bpm": None if result.heart_rate is None else result.heart_rate.mean,
        "alerts": [json.loads(alert.to_json()) for alert in result.alerts],
        "units": {name: unit for name in columns if (unit := unit_of(name))},
        "steps": {
            name: values.tolist()
            if values.dtype.kind != "f"
            else [value if np.isfinite(value) else None for value in values.tolist()]
            for name, values in columns.items()
        },
    }
    write_text(path, [json.dumps(content, allow_nan=False, ensure_ascii=False), "\n"])


def _write_plots(path: str | os.PathLike[str], samples: Samples, utc_start_ns: int) -> None:
    """Every sample as a message of its own: the form that viewers plot."""
    from mcap.writer import Writer

    columns = sample_columns(samples)
    kinds = tuple((name, "f8" if name == "time_s" else "f4") for name in columns)
    message = RowMessage("backstride.Sample", kinds)
    rows = message.rows(len(samples))
    for name, values in columns.items():
        rows[name] = values
    with replacing(path) as file:
        writer = cast(Any, Writer(cast(IO[Any], file)))  # its methods carry no types
        writer.start("x-backstride-samples")
        schema = writer.register_schema(message.name, "protobuf", message.description)
        channel = writer.register_channel("/samples", "protobuf", schema)
        for time_s, data in zip(samples.time_s.tolist(), message.encode(rows), strict=True):
            log_time = max(utc_start_ns + round(time_s * 1e9), 0) % 2**64
            writer.add_message(channel, log_time, data, log_time)
        writer.finish()
