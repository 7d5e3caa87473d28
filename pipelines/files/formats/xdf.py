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
from pipelines.files.reading.name_words import (
    ACCELERATION,
    ANGULAR_VELOCITY,
    names_waist,
    plain_words,
)
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
    whole = _check_chunks(look)
    logging.getLogger("pyxdf.pyxdf").setLevel(logging.CRITICAL)
    try:
        streams, _ = pyxdf.load_xdf(place, verbose=None)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None
    except Exception:  # it raises whatever its parts raise
        raise InputError(
            "the file is damaged or cut short: record it again.", place=place
        ) from None
    recording = _chosen([_columns(stream, place) for stream in streams], streams, ask, place)
    if whole:
        return recording
    note = f"{place}: the file is damaged or cut short, and is read as far as it goes."
    return replace(recording, notes=(*recording.notes, note))


def _chosen(tables: list[RawColumns | None], streams: list[Any], ask: Ask, place: str) -> Recording:
    """The stream with the acceleration, and the one with the gyroscope where it is another."""
    holding: dict[str, list[tuple[Any, RawColumns]]] = {"acc": [], "gyr": []}
    for stream, table in zip(streams, tables, strict=True):
        names = zip(table.names, table.units, strict=True) if table else ()
        said = {column_name(name, unit).quantity for name, unit in names}
        if table and said & {"acc", "xyz"}:
            holding["acc"].append((stream, table))
        elif table and "gyr" in said:
            holding["gyr"].append((stream, table))
    listed = ", ".join(
        f"{excerpt(_of(s, 'name'))} ({_of(s, 'type')}, {_of(s, 'channel_count')} channels)"
        for s in streams[:6]
    )
    meant = _meant(holding["acc"], ask.stream)
    if len(meant) != 1:
        fault = "several streams hold" if holding["acc"] else "no stream of it holds"
        cure = ""
        if holding["acc"]:
            named = sorted({_of(s, "name") for s, _ in holding["acc"]})
            cure = ": name one by --stream, such as --stream " + excerpt(named[0])
            if ask.stream:
                fault = f"{'several' if meant else 'none'} of the streams called "
                fault += f"{excerpt(ask.stream)} {'hold' if meant else 'holds'}"
        raise InputError(f"{fault} acceleration: there are {listed or 'none'}{cure}.", place=place)
    ((stream, table),) = meant
    one = Ask(ask.stated, ask.rate_hz)
    recording = recording_of(table, one)
    others = [_of(s, "name") for s, _ in holding["acc"] if s is not stream]
    if others:
        note = f"{place}: the stream {excerpt(_of(stream, 'name'))} is read, not "
        note += f"{', '.join(map(excerpt, others[:4]))}."
        recording = replace(recording, notes=(*recording.notes, note))
    if recording.angular_velocity is not None:
        return recording
    beside = _meant(holding["gyr"], _of(stream, "name"), also_others=not others)
    if len(beside) != 1:
        return recording
    turning = recording_of(beside[0][1], Ask(ask.stated, ask.rate_hz, one_sensor=True))
    return replace(recording, angular_velocity=turning.angular_velocity)


def _meant(
    held: list[tuple[Any, RawColumns]], name: str, *, also_others: bool = False
) -> list[tuple[Any, RawColumns]]:
    """The streams of a sensor that is named, or else of the one at the waist, or all."""
    sensor = _sensor_words(name)
    named = [one for one in held if sensor and _sensor_words(_of(one[0], "name")) == sensor]
    if named or (name and not also_others):
        return named
    at_waist = [
        (stream, table) for stream, table in held
        if names_waist(" ".join((_of(stream, "name"), *table.names)))
    ]  # fmt: skip
    return at_waist or held


def _sensor_words(name: str) -> frozenset[str]:
    """A stream's name without what it measures; all of it where there is nothing else."""
    words = frozenset(plain_words(name))
    return words - ACCELERATION - ANGULAR_VELOCITY or words


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
            return _with_sensor(labels, units, stream), units
    except (TypeError, KeyError, IndexError, AttributeError):
        pass
    sensor = _sensor(stream)
    if count == 3 and sensor:
        return [f"{sensor}_{axis}" for axis in "xyz"], [""] * 3
    return [f"channel {k + 1}" for k in range(count)], [""] * count


def _with_sensor(labels: list[str], units: list[str], stream: Any) -> list[str]:
    """Labels that are axes alone, with what the stream says that it measures."""
    said = [column_name(*both) for both in zip(labels, units, strict=True)]
    sensor = _sensor(stream)
    if not sensor or any(one.quantity in ("acc", "gyr") for one in map(column_name, labels)):
        return labels
    return [f"{sensor}_{label}" if one.axis >= 0 else label
            for label, one in zip(labels, said, strict=True)]  # fmt: skip


def _sensor(stream: Any) -> str:
    """``acc`` or ``gyr`` where type or name of a stream says one of them."""
    kind = f"{_of(stream, 'type')} {_of(stream, 'name')}".lower()
    found = [sensor for sensor in ("acc", "gyr") if sensor in kind]
    return found[0] if len(found) == 1 else ""


def _of(stream: Any, key: str) -> str:
    try:
        return str(stream["info"][key][0] or "")[:40]
    except (TypeError, KeyError, IndexError):
        return ""


def _check_chunks(look: Look) -> bool:
    """Walk over all chunks, so that none promises more than there is.

    Returns
    -------
    bool
        Whether the file ends with one.

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
                    return False  # which is read as far as it goes
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
            return file.tell() == size
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None


XDF: Final = FileFormat(
    "XDF (lab streaming layer)", "`.xdf`", True, _recognise, _read,
    "channels named by sensor and axis, of several `--stream`; needs the extra `lab`",
)  # fmt: skip
