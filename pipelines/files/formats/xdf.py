"""XDF, recordings of the lab streaming layer, by pyxdf; its chunks are looked through before."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Final

import numpy as np

from imu.errors import InputError
from pipelines.extras import how_to_install
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, excerpt
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.system_error import explain

_MAGIC: Final = b"XDF:"
_MOST_BYTES: Final = 4 << 30
#: Longest description of a stream.
_MOST_HEADER_BYTES: Final = 4 << 20
_HEADER, _SAMPLES = 2, 3


def _recognise(look: Look) -> bool:
    return look.start.startswith(_MAGIC)


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    try:
        import pyxdf
    except ImportError:
        raise InputError(
            f"an XDF file needs the package pyxdf: give {how_to_install('lab')}.",
            place=place,
        ) from None
    _check_chunks(look)
    logging.getLogger("pyxdf.pyxdf").setLevel(logging.CRITICAL)
    try:
        streams, _ = pyxdf.load_xdf(place, verbose=None)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None
    except Exception:  # it raises whatever its parts raise
        raise InputError(
            "the file is damaged or cut short: record it again.", place=place
        ) from None
    return _chosen([_columns(stream, place) for stream in streams], streams, ask, place)


def _chosen(tables: list[RawColumns | None], streams: list[Any], ask: Ask, place: str) -> Recording:
    """The stream with the acceleration, and the one with the gyroscope where it is another."""
    holding: dict[str, list[RawColumns]] = {"acc": [], "gyr": []}
    for table in tables:
        said = {column_name(name).quantity for name in table.names} if table else set()
        if table and said & {"acc", "xyz"}:
            holding["acc"].append(table)
        elif table and "gyr" in said:
            holding["gyr"].append(table)
    if len(holding["acc"]) != 1:
        listed = ", ".join(
            f"{excerpt(_of(s, 'name'))} ({_of(s, 'type')}, {_of(s, 'channel_count')} channels)"
            for s in streams[:6]
        )
        fault = "several streams hold" if holding["acc"] else "no stream of it holds"
        raise InputError(f"{fault} acceleration: there are {listed or 'none'}.", place=place)
    one = Ask(ask.stated, ask.rate_hz)
    recording = recording_of(holding["acc"][0], one)
    if recording.angular_velocity is None and len(holding["gyr"]) == 1:
        turning = recording_of(holding["gyr"][0], Ask(ask.stated, ask.rate_hz, one_sensor=True))
        recording = replace(recording, angular_velocity=turning.angular_velocity)
    return recording


def _columns(stream: Any, place: str) -> RawColumns | None:
    """A stream of numbers as columns by the labels of its channels."""
    series = stream["time_series"]
    if not isinstance(series, np.ndarray) or series.ndim != 2 or not len(series):
        return None
    labels, units = _labels(stream, series.shape[1])
    values = {0: np.asarray(stream["time_stamps"], np.float64)}
    values |= {k + 1: np.asarray(series[:, k], np.float64) for k in range(series.shape[1])}
    return RawColumns(place, ("time_s", *labels), values, ("", *units))


def _labels(stream: Any, count: int) -> tuple[list[str], list[str]]:
    try:
        channels = stream["info"]["desc"][0]["channels"][0]["channel"]
        labels = [str(channel["label"][0]) for channel in channels]
        units = [str((channel.get("unit") or [""])[0] or "") for channel in channels]
        if len(labels) == count:
            return labels, units
    except (TypeError, KeyError, IndexError, AttributeError):
        pass
    kind = f"{_of(stream, 'type')} {_of(stream, 'name')}".lower()
    if count == 3 and ("acc" in kind or "gyr" in kind):
        sensor = "gyr" if "gyr" in kind else "acc"
        return [f"{sensor}_{axis}" for axis in "xyz"], [""] * 3
    return [f"channel {k + 1}" for k in range(count)], [""] * count


def _of(stream: Any, key: str) -> str:
    try:
        return str(stream["info"][key][0] or "")[:40]
    except (TypeError, KeyError, IndexError):
        return ""


def _check_chunks(look: Look) -> None:
    """Walk over all chunks, so that none promises more than there is.

    Raises
    ------
    InputError
        When a length is none, or a description is too long.
    """
    place = str(look.path)
    try:
        size = look.path.stat().st_size
        if size > _MOST_BYTES:
            raise InputError("the file is larger than 4 GB: cut it into pieces.", place=place)
        with look.path.open("rb") as file:
            file.seek(len(_MAGIC))
            while (width := file.read(1)) and width[0] in (1, 4, 8):
                length = int.from_bytes(file.read(width[0]), "little")
                tag = int.from_bytes(file.read(2), "little")
                if length < 2 or file.tell() + length - 2 > size:
                    return  # cut short, which is read as far as it goes
                if tag == _HEADER and length > _MOST_HEADER_BYTES:
                    raise InputError("a stream's description is longer than any.", place=place)
                body = file.tell() + length - 2
                if tag == _SAMPLES:
                    file.seek(4, 1)
                    bytes_of = file.read(1)
                    count = int.from_bytes(file.read(bytes_of[0] if bytes_of else 0), "little")
                    if count > length:
                        raise InputError(
                            f"a chunk claims {count} samples in {length} bytes: the file is "
                            "damaged.",
                            place=place,
                        )
                file.seek(body)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None


XDF: Final = FileFormat(
    "XDF (lab streaming layer)", "`.xdf`", True, _recognise, _read,
    "a stream with channels named by sensor and axis; needs the extra `lab`",
)  # fmt: skip
