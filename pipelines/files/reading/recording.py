"""What a reader of any format gives: one or two sensors, each with its times, in SI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from imu.errors import InputError
from pipelines.files.reading.added_up import with_steps_added_up
from pipelines.files.reading.column_mapping import ColumnMapping
from pipelines.files.reading.column_names import (
    column_name,
    is_axis_of_unknown,
    is_doubtful,
    sensor_words,
)
from pipelines.files.reading.long_table import tables_by_sensor
from pipelines.files.reading.mapping import propose
from pipelines.files.reading.named_sensors import elsewhere, listed
from pipelines.files.reading.packets import sample_by_sample
from pipelines.files.reading.raw_columns import DAY, RawColumns, Values, excerpt
from pipelines.files.reading.row_groups import rows_of_one
from pipelines.files.reading.row_numbers import in_their_places, row_numbers
from pipelines.files.reading.stamps import (
    CLOCK,
    date_ns,
    day_ns,
    has_zone,
    is_month_assumed,
    is_time_in_words,
    month_comes_first,
    seconds_of_clock,
    stamps_in_words,
)
from pipelines.files.reading.stated import Earlier, Stated
from pipelines.files.reading.time_columns import TimeColumns
from pipelines.files.reading.units import unit_scale
from pipelines.files.reading.unsigned_counts import with_signs

#: Names of angles and of angular velocity alike.
_ROTATION: Final = re.compile(r"(r|rot|turn)[ _.-]?[xyz]\b.*", re.I)
_DAY_NS: Final = 86_400 * 10**9
_ROUNDING: Final = 1e-12
_FORGOTTEN: Final = "(--columns auto forgets that)"
#: How far the ends of two sensors that began at once are apart, s.
_SAME_END_S: Final = 0.1


class Memory(Protocol):
    """What is known of files of the same shape."""

    def recall(self, raw: RawColumns) -> Earlier | None:
        """What was stated of such a file."""

    def keep(self, raw: RawColumns, earlier: Earlier) -> None:
        """Keep what was stated for the next."""

    def forget(self, raw: RawColumns) -> None:
        """Forget what was stated of such a file."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a reader is told.

    Attributes
    ----------
    stated : Stated
        What the user says about the columns.
    rate_hz : float or None
        The sampling rate, where the user says it.
    progress : callable or None
        Called with what is done and how much there is.
    one_sensor : bool
        Whether the gyroscope alone will do, since another file has the accelerometer.
    memory : Memory or None
        What is known of files of the same shape.
    beside : array, shape (N, 3), or None
        The acceleration of the other file, m/s², where that was read before.
    stream : str
        Which of several sensors is meant, by its name.
    """

    stated: Stated = field(default_factory=Stated)
    rate_hz: float | None = None
    progress: Callable[[int, int], None] | None = None
    one_sensor: bool = False
    memory: Memory | None = None
    beside: Values | None = None
    stream: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sensor:
    """Readings of one sensor.

    Attributes
    ----------
    time_s : array, shape (N,), or None
        As the file has them, s; None where the rows are counted.
    values : array, shape (N, 3)
        In SI, sensor frame; NaN where nothing was measured.
    """

    time_s: Values | None
    values: Values


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording of any format.

    Attributes
    ----------
    place : str
        The file's name.
    acceleration : Sensor or None
        Specific force, m/s²; None where the file is one of two.
    angular_velocity : Sensor or None
        In rad/s; with the same times object where both were measured together.
    rate_hz : float or None
        Where the file states it.
    mapping : ColumnMapping or None
        What was taken for what, of a table.
    told : str
        The same as one line; empty where there is nothing to tell.
    preamble : mapping of str to str
        What the file says besides.
    notes : sequence of str
        What was mended or passed over.
    utc_start_ns : int
        When the first sample was taken, ns since 1970 or, below a day, since midnight; 0 where the
        file does not say.
    """

    place: str
    acceleration: Sensor | None
    angular_velocity: Sensor | None = None
    rate_hz: float | None = None
    mapping: ColumnMapping | None = None
    told: str = ""
    preamble: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    utc_start_ns: int = 0


def recording_of(raw: RawColumns, ask: Ask) -> Recording:
    """The recording that is in columns, once it is told what they are.

    Raises
    ------
    InputError
        When it cannot be told: names the readings and the option that settles it.
    """
    if not ask.stated.columns and ask.rate_hz is None:
        raw = with_steps_added_up(raw)
    raw = sample_by_sample(raw)
    if not ask.stated.columns:
        raw, stream = rows_of_one(raw, ask.stream)
        ask = replace(ask, stream=stream)
    raw = with_signs(raw)
    tables = None if ask.stated.columns else tables_by_sensor(raw)
    if tables is None:
        return _of_one_table(raw, ask)
    recording = _of_one_table(tables.acceleration, ask)
    if tables.angular_velocity is None:
        return recording
    return with_gyroscope(recording, tables.angular_velocity, ask)


def with_gyroscope(recording: Recording, raw: RawColumns, ask: Ask) -> Recording:
    """A recording of acceleration, and the table of its gyroscope."""
    beside = recording.acceleration.values if recording.acceleration else None
    turning = _of_one_table(raw, replace(ask, one_sensor=True, memory=None, beside=beside))
    gyro = turning.angular_velocity
    if gyro is None:
        return recording
    sensor, notes = on_one_clock(gyro, turning, recording)
    return replace(
        recording,
        angular_velocity=sensor,
        told=" ".join(filter(None, dict.fromkeys([recording.told, turning.told]))),
        notes=(*recording.notes, *(n for n in turning.notes if n not in recording.notes), *notes),
    )


def on_one_clock(
    turning: Sensor, second: Recording, first: Recording
) -> tuple[Sensor, tuple[str, ...]]:
    """The gyroscope of one table on the clock of the accelerometer in another.

    Times with a date count from their first sample. Where those of one table have a date and those
    of the other have a zero of their own, both began at once if they last equally long.

    Raises
    ------
    InputError
        When they do not, and nothing tells when which was measured.
    """
    acc = first.acceleration
    if turning.time_s is None or acc is None or acc.time_s is None:
        return turning, ()
    if second.utc_start_ns and first.utc_start_ns:
        late = (second.utc_start_ns - first.utc_start_ns) / 1e9
        return Sensor(turning.time_s + late, turning.values), ()
    dated = first if first.utc_start_ns else second
    if not dated.utc_start_ns or "utc_start" in dated.preamble:
        return turning, ()
    spans = [time[np.isfinite(time)] for time in (acc.time_s, turning.time_s)]
    if not all(map(len, spans)):
        return turning, ()
    (begin, own_begin), lasts = (span.min() for span in spans), [np.ptp(span) for span in spans]
    if abs(lasts[0] - lasts[1]) > _SAME_END_S:
        raise InputError(
            "its times have a zero of their own where those of the other sensor have a date, or "
            "the other way round: give both with times of one clock.",
            place=second.place,
        )
    note = f"{second.place}: its times are of another clock than those of the other sensor; as "
    note += "both last equally long, they are taken to have begun at once."
    return Sensor(turning.time_s - own_begin + begin, turning.values), (note,)


def _of_one_table(raw: RawColumns, ask: Ask) -> Recording:
    mapping, names, before = _mapping(raw, ask)
    notes = [*raw.notes]
    if mapping.acceleration and mapping.angular_velocity and not _any(raw, mapping):
        mapping = replace(mapping, angular_velocity={})
        notes.append(
            f"{raw.place}: the angular velocity has no number in any row and counts as "
            "not measured."
        )
    _refuse_empty(raw, mapping)
    notes += _elsewhere(raw, mapping) + _perhaps_turning(raw, mapping) + _assumed(raw, mapping)
    notes += _dead(raw, mapping)
    time, own_time, start_ns = _seconds(raw, mapping)
    places, missing = row_numbers(raw) if time is None else (None, ())
    notes += missing
    triads = {
        quantity: in_their_places(_triad(raw, mapping, quantity), places)
        for quantity, columns in (("acc", mapping.acceleration), ("gyr", mapping.angular_velocity))
        if columns
    }
    acc, gyr = (Sensor(time, triads[q]) if q in triads else None for q in ("acc", "gyr"))
    if own_time is not None and acc is not None and gyr is not None:
        acc, gyr = _timed_rows(acc), _timed_rows(Sensor(own_time, gyr.values))
    else:
        time, acc, gyr = _without_others(time, acc, gyr)
    return Recording(
        raw.place,
        acc,
        gyr,
        mapping=mapping,
        told="" if mapping.plain and not before else _told(raw, mapping, names, before, start_ns),
        preamble=raw.preamble,
        notes=tuple(notes),
        utc_start_ns=start_ns or _stated_start_ns(raw, time),
    )


def _elsewhere(raw: RawColumns, mapping: ColumnMapping) -> list[str]:
    """What is told where the names of the columns put the sensor elsewhere."""
    named = [(raw.shown or raw.names)[column.index] for column in mapping.acceleration.values()]
    return elsewhere(named[0], " ".join(sensor_words(named[0])), raw.place) if named else []


def _dead(raw: RawColumns, mapping: ColumnMapping) -> list[str]:
    """What is told of an axis of the accelerometer that never changes."""
    held = {column.index: raw.numbers(column.index) for column in mapping.acceleration.values()}
    same = [k for k, one in held.items() if len(one) > 2 and np.nanmin(one) == np.nanmax(one)]
    if not same or len(same) == len(held):
        return []
    names = [(raw.shown or raw.names)[k] or f"column {k + 1}" for k in same]
    note = f"{raw.place}: all rows of {listed(names)} are the same, as of an axis that is dead or "
    return [f"{note}was not measured: figures rest on the others."]


def _perhaps_turning(raw: RawColumns, mapping: ColumnMapping) -> list[str]:
    """What is told where no gyroscope is, and columns are passed over that may be one."""
    if mapping.angular_velocity or not mapping.acceleration:
        return []
    unknown = [name for name in mapping.left_out if is_doubtful(name)]
    unknown = unknown or [name for name in mapping.left_out if is_axis_of_unknown(name)]
    triad = [name for name in mapping.left_out if _ROTATION.fullmatch(name.strip())] or unknown
    if len(triad) != 3:
        return []
    return [
        f"{raw.place}: {listed(triad)} may be angles or angular velocity, and are passed over: if "
        "they are angular velocity, name them gyr_x_deg_s and so on, or say so with --columns."
    ]


def _assumed(raw: RawColumns, mapping: ColumnMapping) -> list[str]:
    """What is told of a date whose order of month and day nothing but its clock tells."""
    time = mapping.times.time
    if time is None or time.unit != "words" or not len(raw.values[time.index]):
        return []
    cell = np.asarray(raw.values[time.index], np.bytes_)[0].decode("utf-8", "replace")
    text = cell if "/" in cell or "-" in cell or "." in cell[:6] else (
        f"{raw.preamble.get(DAY, '')} {cell}"
    )  # fmt: skip
    if not is_month_assumed(text):
        return []
    return [f"{raw.place}: the date of {excerpt(text)} is read with the month first, as AM and PM "
            "go with that order."]  # fmt: skip


def _any(raw: RawColumns, mapping: ColumnMapping) -> bool:
    """Whether any column of the gyroscope holds a number."""
    columns = (raw.numbers(column.index) for column in mapping.angular_velocity.values())
    return not all(np.isnan(numbers).all() for numbers in columns)


def _stated_start_ns(raw: RawColumns, time: Values | None) -> int:
    """When the first sample was taken, where our own table says when its time was zero."""
    cell = raw.preamble.get("utc_start", "")
    if time is None or not is_time_in_words(cell):
        return 0
    zero_ns = int(stamps_in_words(np.array([cell], np.bytes_), raw.place)[0])
    first = time[np.isfinite(time)][:1]
    return zero_ns + round(float(first[0]) * 1e9) if len(first) and zero_ns > _DAY_NS else 0


def _told(
    raw: RawColumns, mapping: ColumnMapping, names: Sequence[str], before: str, start_ns: int
) -> str:
    maker = f"is a file of {raw.maker}, read" if raw.maker else "is read"
    shown = mapping.told(raw.shown or (raw.names if before and raw.headed else names))
    time = mapping.times.time
    if time is not None and time.unit == "words" and start_ns > _DAY_NS:
        first = np.asarray(raw.values[time.index], np.bytes_)[0].decode("ascii", "replace")
        if not has_zone(first):
            shown = shown.replace(" in words", " in words, of no zone and taken for UTC", 1)
    return f"{raw.place} {maker} as {shown}{before}."


def _mapping(raw: RawColumns, ask: Ask) -> tuple[ColumnMapping, tuple[str, ...], str]:
    """What the columns are, by which names, and what is to be told of what was stated earlier."""
    if ask.stated or ask.memory is None:
        found = _proposed(raw, ask, ask.stated)
        if ask.memory is not None:
            ask.memory.keep(raw, Earlier(ask.stated, _otherwise(raw, ask, ask.stated)))
        return (*found, "")
    if ask.stated.forgets:
        ask.memory.forget(raw)
    earlier = ask.memory.recall(raw)
    if earlier is None:
        return (*_proposed(raw, ask, Stated()), "")
    known, before = _as_before(raw, ask, earlier), ""
    if known:
        before = f", as for an earlier file with these columns {_FORGOTTEN}"
    if known.columns and _contradicts(raw, known):
        known = replace(known, columns=())
        before = f"; what --columns said of an earlier such file is against the names {_FORGOTTEN}"
    return (*_proposed(raw, ask, known), before)


def _contradicts(raw: RawColumns, stated: Stated) -> bool:
    """Whether a column's own name tells another sensor or axis than was stated of it."""
    for name, words in zip(raw.names, stated.columns, strict=False):
        own, said = column_name(name), column_name(words)
        told = own.quantity in {"acc", "gyr"} and own.axis in range(3)
        if words != "-" and told and (own.quantity, own.axis) != (said.quantity, said.axis):
            return True
    return False


def _proposed(raw: RawColumns, ask: Ask, stated: Stated) -> tuple[ColumnMapping, tuple[str, ...]]:
    return propose(
        raw,
        stated,
        ask.rate_hz,
        one_sensor=ask.one_sensor,
        beside=ask.beside,
        stream=ask.stream,
    )


def _otherwise(raw: RawColumns, ask: Ask, stated: Stated) -> dict[str, str]:
    """Which unit the file alone tells of each that is stated; empty where it tells none."""
    units = {}
    for quantity in stated.units:
        others = {other: unit for other, unit in stated.units.items() if other != quantity}
        try:
            mapping, _ = _proposed(raw, ask, replace(stated, units=others))
            units[quantity] = mapping.unit_of(quantity)
        except InputError:
            units[quantity] = ""
    return units


def _as_before(raw: RawColumns, ask: Ask, earlier: Earlier) -> Stated:
    """What was stated of an earlier file, as far as this one tells what that one did."""
    told = _otherwise(raw, ask, earlier.stated)
    units = {
        quantity: unit
        for quantity, unit in earlier.stated.units.items()
        if told[quantity] in (earlier.otherwise.get(quantity, ""), unit)
    }
    return replace(earlier.stated, units=units)


def _timed_rows(sensor: Sensor) -> Sensor:
    """Those that have a time: the slower of two sensors side by side has fewer."""
    assert sensor.time_s is not None
    has = np.isfinite(sensor.time_s)
    return Sensor(sensor.time_s[has], sensor.values[has])


def _without_others(
    time: Values | None, acc: Sensor | None, gyr: Sensor | None
) -> tuple[Values | None, Sensor | None, Sensor | None]:
    """Without rows of other, faster sensors, in which these have neither time nor number."""
    sensors = [sensor for sensor in (acc, gyr) if sensor is not None]
    if time is None or np.isfinite(time).all() or not sensors:
        return time, acc, gyr
    has = np.isfinite(time)
    for sensor in sensors:
        has = has | np.isfinite(sensor.values).any(axis=1)
    time = time[has]
    acc, gyr = (None if one is None else Sensor(time, one.values[has]) for one in (acc, gyr))
    return time, acc, gyr


def _seconds(raw: RawColumns, mapping: ColumnMapping) -> tuple[Values | None, Values | None, int]:
    """Times in s, those of the gyroscope where it has its own, and when the first was.

    Those with a date begin at 0.
    """
    times = mapping.times
    if times.time is None:
        return None, None, 0
    cells = raw.values[times.time.index]
    if times.time.unit == "words":
        stamps = stamps_in_words(np.asarray(cells, np.bytes_), raw.at_header(times.time.index))
        stamps = stamps + np.round(_added_s(raw, times) * 1e9).astype(np.int64)
        first = int(stamps[0]) if len(stamps) else 0
        if 0 <= first < _DAY_NS:
            day = raw.preamble.get(DAY, "").strip()
            both = np.char.add(f"{day} ".encode(), np.asarray(cells[:1], np.bytes_))
            first += day_ns(day, month_first=month_comes_first(both))
            stamps = stamps + (first - int(stamps[0]) if len(stamps) else 0)
        return (stamps - first) / 1e9, None, first
    values = raw.numbers(times.time.index)
    own = None if times.gyroscope is None else raw.numbers(times.gyroscope.index)
    scale = unit_scale("time", times.time.unit) or 1.0
    begin = float(values[0]) if len(values) else 0.0
    start_ns = date_ns(begin, times.time.unit)
    if not start_ns:
        begin = 0.0
    # what is beyond the first of dates is small enough to keep all its digits
    if times.time.unit.startswith(CLOCK):
        clock = [None if v is None else seconds_of_clock(_scaled(v, scale)) for v in (values, own)]
        return clock[0], clock[1], 0
    time = _scaled(values - begin, scale) + _added_s(raw, times)
    return time, None if own is None else _scaled(own - begin, scale), start_ns


def _scaled(values: Values, scale: float) -> Values:
    # divided, not multiplied: 10 ms are 0.01 s to the last bit
    per_second = round(1.0 / scale)
    whole = per_second > 0 and abs(per_second * scale - 1.0) < _ROUNDING
    return values / per_second if whole else values * scale


def _added_s(raw: RawColumns, times: TimeColumns) -> Values | float:
    """What is to be added to the time."""
    added = [raw.numbers(c.index) * (unit_scale("time", c.unit) or 1.0) for c in times.added]
    return sum(added[1:], added[0]) if added else 0.0


def _refuse_empty(raw: RawColumns, mapping: ColumnMapping) -> None:
    """Refuse a column that has no number from end to end."""
    for column in (*mapping.acceleration.values(), *mapping.angular_velocity.values()):
        if np.isnan(raw.numbers(column.index)).all():
            name = (raw.shown or raw.names)[column.index] or str(column.index + 1)
            raise InputError(
                "the column has no number in any row: remove it if this axis was not measured.",
                place=f"{raw.place}, column {name}",
            )


def _triad(raw: RawColumns, mapping: ColumnMapping, quantity: str) -> Values:
    columns = mapping.acceleration if quantity == "acc" else mapping.angular_velocity
    triad = np.zeros((len(raw.values[next(iter(columns.values())).index]), 3))
    for axis, column in columns.items():
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # the chain's door deals with what is not finite
            triad[:, axis] = raw.numbers(column.index) * (unit_scale(quantity, column.unit) or 1.0)
    if quantity == "acc":
        for axis, column in mapping.gravity.items():
            triad[:, axis] += raw.numbers(column.index) * (unit_scale("acc", column.unit) or 1.0)
    return triad
