"""The sample table, a sensor's samples as CSV: the way in from any other device, and out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError, ParameterError
from imu.samples import Samples, sample_rate_hz
from pipelines.files.number_rows import NumberRows, read_number_rows
from pipelines.files.sample_columns import (
    ACCELERATION_UNITS,
    ANGULAR_VELOCITY_UNITS,
    TIME_UNITS,
    Column,
    SampleColumns,
    sample_columns,
)
from pipelines.files.table_head import TableHead, excerpt, open_table
from pipelines.files.table_output import write_table

__all__ = ["RATE_RANGE_HZ", "SampleTable", "read_sample_table", "write_sample_table"]

#: Sampling rates the chain works at.
RATE_RANGE_HZ: Final = (50.0, 1600.0)

#: A wearer's median specific force lies between these whatever the gait: 9.8 standing, down to
#: about 4 where a two-axis sensor runs; a mistaken unit is off by 9.8 or more.
_MEDIAN_ACCELERATION_M_S2: Final = (2.0, 40.0)

#: No waist turns at 860 °/s half of the time; walking mistaken for rad/s reads 20.
_MEDIAN_ANGULAR_VELOCITY_RAD_S: Final = 15.0

_PLAUSIBILITY_S: Final = 1.0  # shorter clips may be nothing but one flight
_RATE_TOLERANCE: Final = 0.1
_UNEVEN_SHARE: Final = 0.05
_ROWS_A_PIECE: Final = 8192

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """A sample table as read.

    Parameters
    ----------
    samples : Samples
        SI units, sensor frame; NaN where a cell was empty, zeros along an axis not in the file.
    rate_hz : float
        Nominal sampling rate, 50 to 1600 Hz.
    axes : str
        Which signed sensor axes point forward, left and up (``"+x+y+z"``), empty when not stated.
    preamble : dict
        The ``# key: value`` lines.
    notes : tuple of str
        What the user should be told, one sentence each.

    Examples
    --------
    >>> at_rest = Samples([0.0, 0.01], [[0.0, 0.0, 9.81]] * 2)
    >>> SampleTable(at_rest, 100.0, "+x+y+z", {}, ()).rate_hz
    100.0
    """

    samples: Samples
    rate_hz: float
    axes: str
    preamble: dict[str, str]
    notes: tuple[str, ...]


def read_sample_table(
    path: str | os.PathLike[str],
    *,
    rate_hz: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SampleTable:
    """Read a sample table.

    The header names ``time_s`` (or ``_ms``, ``_us``), ``acc_x_m_s2`` … (or ``_g``, ``_mg``) and
    ``gyr_x_rad_s`` … (or ``_deg_s``), in any order; ``# key: value`` lines may stand above it, of
    which ``rate_hz`` and ``axes`` are understood. An empty cell is a lost sample, NaN. A jump in
    time is a gap and passes.

    Parameters
    ----------
    path : path
        The CSV file.
    rate_hz : float, optional
        Sampling rate, 50 to 1600 Hz; needed when the file has neither a time column nor a
        ``# rate_hz`` line. It goes before the ``# rate_hz`` line, and that before the time steps
        (the mean of those within half of their median, so that gaps do not count; to 1 mHz).
    progress : callable, optional
        Called with the bytes read so far and in all.

    Returns
    -------
    SampleTable
        N samples in SI units, sensor frame.

    Raises
    ------
    ColumnError
        When a column has no unit, is unknown, stands twice, or an axis that is needed is missing.
    InputError
        When the file cannot be read, a row or a cell is malformed, time does not increase, the
        rate is unknown or out of range, or the numbers cannot be in the unit of the column's name.
    ParameterError
        When ``rate_hz`` is out of range.

    Examples
    --------
    >>> import tempfile
    >>> at_rest = Samples(np.arange(100) / 100.0, np.tile([0.0, 0.0, 9.81], (100, 1)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sample_table(f"{folder}/run.csv", at_rest, rate_hz=100.0, axes="+x+y+z")
    ...     table = read_sample_table(f"{folder}/run.csv")
    >>> len(table.samples), table.rate_hz, table.axes
    (100, 100.0, '+x+y+z')
    """
    if rate_hz is not None and not _in_range(rate_hz):
        raise ParameterError("--rate", rate_hz, "a sampling rate between 50 and 1600 Hz")
    place = str(path)
    with open_table(path) as (file, head):
        columns = sample_columns(head.names, place=place, line=head.line)
        stated = _stated_rate(head, place) if rate_hz is None else rate_hz
        if columns.time is None and stated is None:
            raise InputError(
                "there is no time column: add time_s, or give the sampling rate with --rate.",
                place=place,
            )
        total = os.fstat(file.fileno()).st_size

        def told(below: int) -> None:
            done = head.size_bytes + below
            if progress is not None:
                progress(done, max(done, total))  # a pipe has no size

        rows = read_number_rows(
            file,
            head.names,
            place=place,
            header_line=head.line,
            progress=told,
        )
    if not len(rows.values):
        raise InputError("there are no samples below the header: give at least one.", place=place)
    return _in_si_units(rows, columns, head, stated, place)


def _in_si_units(
    rows: NumberRows, columns: SampleColumns, head: TableHead, stated: float | None, place: str
) -> SampleTable:
    """The table of rows as they stand in the file."""
    notes: list[str] = []
    if columns.time is None:
        assert stated is not None  # refused above
        rate = stated
        time = np.arange(len(rows.values)) / rate
    else:
        time = _time(rows, columns.time, head, place)
        rate = _rate(time, columns.time.unit, stated, place, notes)
    acceleration = _triad(rows.values, columns.acceleration, ACCELERATION_UNITS, head, place)
    notes.extend(_missing_axes(columns, place))
    angular_velocity = None
    if columns.angular_velocity:
        angular_velocity = _triad(
            rows.values, columns.angular_velocity, ANGULAR_VELOCITY_UNITS, head, place
        )
    if len(time) >= _PLAUSIBILITY_S * rate:
        _check_units(acceleration, angular_velocity, columns, place)
    return SampleTable(
        samples=Samples(time, acceleration, angular_velocity),
        rate_hz=rate,
        axes=head.preamble.get("axes", ""),
        preamble=head.preamble,
        notes=tuple(notes),
    )


def write_sample_table(
    path: str | os.PathLike[str],
    samples: Samples,
    *,
    rate_hz: float,
    axes: str = "",
    preamble: Mapping[str, str] | None = None,
) -> None:
    """Write samples in SI units so that reading gives back the same numbers, bit for bit.

    The quality flags are not written: the chain finds them again. An existing file is replaced
    whole or not at all. A ``.parquet`` file has the columns alone, without the preamble.

    Parameters
    ----------
    path : path or ``-``
        Ends in ``.csv`` or ``.parquet``; ``-`` is CSV on standard output.
    samples : Samples
        What to write; NaN becomes an empty cell.
    rate_hz : float
        Nominal sampling rate, 50 to 1600 Hz.
    axes : str
        Which signed sensor axes point forward, left and up, empty when not known.
    preamble : mapping, optional
        More ``# key: value`` lines; ``rate_hz`` and ``axes`` in it are passed over.

    Raises
    ------
    ParameterError
        When the rate is out of range or a preamble entry does not fit on its line.
    InputError
        When time is not finite and strictly increasing, so that nothing could read the file.
    RecordingError
        When the file cannot be written; what was there before is intact.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sample_table(f"{folder}/a.csv", Samples([0.0], [[0, 0, 9.81]]), rate_hz=100.0)
    ...     read_sample_table(f"{folder}/a.csv").samples.has_gyro
    False
    """
    if not _in_range(rate_hz):
        raise ParameterError("rate_hz", rate_hz, "a sampling rate between 50 and 1600 Hz")
    bad = _first_bad_time(samples.time_s)
    if bad is not None:
        raise InputError(
            f"time_s is {samples.time_s[bad]!s} at sample {bad} and does not increase: "
            "give strictly increasing times.",
            place=str(path),
        )
    entries = {"rate_hz": repr(float(rate_hz))} | ({"axes": axes} if axes else {})
    entries |= {
        key: value for key, value in (preamble or {}).items() if key not in ("rate_hz", "axes")
    }
    lines = [
        f"# {_preamble_key(key)}: {_preamble_value(key, value)}\n" for key, value in entries.items()
    ]
    write_table(
        path,
        table="the sample table",
        csv_lines=lambda: chain(lines, _csv_lines(samples)),
        columns=lambda: _columns(samples),
    )


def _in_range(rate_hz: float) -> bool:
    return RATE_RANGE_HZ[0] <= rate_hz <= RATE_RANGE_HZ[1]


def _stated_rate(head: TableHead, place: str) -> float | None:
    text = head.preamble.get("rate_hz")
    if text is None:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = np.nan
    if not _in_range(rate):
        raise InputError(
            f"the line # rate_hz says {excerpt(text)}: give a sampling rate between 50 and "
            "1600 Hz, a number alone.",
            place=place,
        )
    return rate


def _first_bad_time(time: Values) -> int | None:
    """Index of the first time that is not finite or not later than the one before."""
    good = np.isfinite(time)
    with np.errstate(invalid="ignore", over="ignore"):
        good[1:] &= np.diff(time) > 0
    return None if good.all() else int(np.argmin(good))


def _time(rows: NumberRows, column: Column, head: TableHead, place: str) -> Values:
    raw = rows.values[:, column.index]
    time = raw / TIME_UNITS[column.unit]
    bad = _first_bad_time(time)
    if bad is None:
        return time
    name = head.names[column.index]
    where = f"{place}, line {rows.line_of(bad)}, column {name}"
    cure = "or remove the column and give the sampling rate with --rate"
    if not np.isfinite(raw[bad]):
        raise InputError(f"the row has no time: fill it in, {cure}.", place=where)
    if raw[bad] == raw[bad - 1]:
        raise InputError(
            f"{raw[bad]!s} stands in two rows running: delete the copy if the row is one, {cure}.",
            place=where,
        )
    raise InputError(
        f"time goes back from {raw[bad - 1]!s} to {raw[bad]!s}: sort the rows or cut the file "
        f"there, {cure}.",
        place=where,
    )


def _rate(time: Values, unit: str, stated: float | None, place: str, notes: list[str]) -> float:
    if len(time) < 2:
        if stated is None:
            raise InputError(
                "one sample says nothing about the sampling rate: give it with --rate.",
                place=place,
            )
        return stated
    rate, uneven = sample_rate_hz(time)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd times end as an absurd rate
        median = float(np.median(np.diff(time)))
        overall = float((len(time) - 1) / (time[-1] - time[0]))
    if uneven > _UNEVEN_SHARE:
        notes.append(
            f"{100 * uneven:.0f} % of the time steps in {place} differ from the median of "
            f"{1000 * median:.3g} ms by more than half of it: if these are arrival times, use the "
            "sensor's own clock, or remove the time column and give --rate."
        )
    if stated is None:
        if not _in_range(rate):
            raise InputError(
                f"the time column steps at {rate:.6g} Hz, outside 50 to 1600 Hz: "
                f"{_time_unit_cure(rate, unit)}.",
                place=place,
            )
        return rate
    low, high = sorted((rate, overall))  # gaps and bursts set them apart: between is fine
    if not low * (1 - _RATE_TOLERANCE) <= stated <= high * (1 + _RATE_TOLERANCE):
        raise InputError(
            f"the rate is stated as {stated:g} Hz but the time column steps at {rate:g} Hz: "
            "correct the rate, or remove the time column to count the samples at that rate.",
            place=place,
        )
    return stated


def _time_unit_cure(rate: float, unit: str) -> str:
    for other, per_second in TIME_UNITS.items():
        if other != unit and _in_range(rate * per_second / TIME_UNITS[unit]):
            return f"the numbers look like another unit, so name the column time_{other}"
    return "resample the recording, or check the column's unit"


def _triad(
    values: Values,
    columns: Mapping[int, Column],
    units: Mapping[str, float],
    head: TableHead,
    place: str,
) -> Values:
    triad = np.zeros((len(values), 3))
    for axis, column in columns.items():
        with np.errstate(over="ignore"):  # the chain's door deals with what is not finite
            triad[:, axis] = values[:, column.index] * units[column.unit]
        if np.isnan(triad[:, axis]).all():
            name = head.names[column.index]
            raise InputError(
                "the column has no number in any row: remove it if this axis was not measured.",
                place=f"{place}, column {name}",
            )
    return triad


def _median_norm(triad: Values) -> float:
    """Median length of the vectors that are whole; NaN when none is."""
    whole = triad[np.isfinite(triad).all(axis=1)]
    with np.errstate(over="ignore"):
        return float(np.median(np.linalg.norm(whole, axis=1))) if len(whole) else float("nan")


def _missing_axes(columns: SampleColumns, place: str) -> list[str]:
    return [
        f"acc_{letter} is not in {place} and counts as not measured."
        for axis, letter in enumerate("xyz")
        if axis not in columns.acceleration
    ]


def _check_units(
    acceleration: Values, angular_velocity: Values | None, columns: SampleColumns, place: str
) -> None:
    _check_acceleration_unit(acceleration, columns, place)
    if angular_velocity is not None:
        _check_angular_velocity_unit(angular_velocity, columns, place)


def _check_acceleration_unit(acceleration: Values, columns: SampleColumns, place: str) -> None:
    low, high = _MEDIAN_ACCELERATION_M_S2
    median = _median_norm(acceleration)
    if not (median < low or median > high):  # all lost is the chain's business
        return
    units = {column.unit for column in columns.acceleration.values()}
    unit = units.pop()
    cure = "check the unit in the column names"
    if not units:
        raw = median / ACCELERATION_UNITS[unit]
        likely = [name for name, si in ACCELERATION_UNITS.items() if low <= raw * si <= high]
        if likely:
            name = likely[0]
            cure = f"the numbers look like {name}, so name the columns acc_x_{name} and so on"
    raise InputError(
        f"the median acceleration is {median:.3g} m/s², where a worn sensor measures about 9.8: "
        f"{cure}.",
        place=f"{place}, acc columns",
    )


def _check_angular_velocity_unit(
    angular_velocity: Values, columns: SampleColumns, place: str
) -> None:
    median = _median_norm(angular_velocity)
    if not median > _MEDIAN_ANGULAR_VELOCITY_RAD_S:
        return
    units = {column.unit for column in columns.angular_velocity.values()}
    cure = (
        "the numbers look like deg_s, so name the columns gyr_x_deg_s and so on"
        if units == {"rad_s"}
        else "check the unit in the column names"
    )
    raise InputError(
        f"the median angular velocity is {median:.3g} rad/s, which no wearer reaches: {cure}.",
        place=f"{place}, gyr columns",
    )


def _preamble_key(key: str) -> str:
    if not key or key != key.strip() or any(character in key for character in ":\r\n"):
        raise ParameterError("preamble key", key, "a name without a colon, line end or outer space")
    return key


def _preamble_value(key: str, value: str) -> str:
    if value != value.strip() or any(character in value for character in "\r\n"):
        raise ParameterError(f"preamble {key}", value, "one line without outer spaces")
    return value


def _columns(samples: Samples) -> dict[str, Values]:
    columns = {"time_s": samples.time_s}
    acceleration, gyro = samples.acceleration_m_s2, samples.angular_velocity_rad_s
    columns |= {f"acc_{axis}_m_s2": acceleration[:, i] for i, axis in enumerate("xyz")}
    if gyro is not None:
        columns |= {f"gyr_{axis}_rad_s": gyro[:, i] for i, axis in enumerate("xyz")}
    return columns


def _csv_lines(samples: Samples) -> Iterator[str]:
    columns = _columns(samples)
    yield ",".join(columns) + "\n"
    for start in range(0, len(samples), _ROWS_A_PIECE):
        rows = np.stack([c[start : start + _ROWS_A_PIECE] for c in columns.values()], axis=1)
        text = "\n".join(",".join(map(repr, row)) for row in rows.tolist())
        yield text.replace("nan", "") + "\n"
