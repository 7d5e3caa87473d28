"""From what a reader gives to a table of samples: one time axis, both sensors on it, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from imu.errors import InputError
from imu.held_rows import held_rows
from imu.samples import RATE_RANGE_HZ, STANDARD_GRAVITY_M_S2, Samples
from imu.stream_joining import decimate, join_rows, join_streams, resample
from imu.time_axis import mend_time
from imu.time_mends import Mend
from pipelines.files.reading.in_turn import refuse_several
from pipelines.files.reading.mapping import AXES
from pipelines.files.reading.physics import (
    counts_cure,
    gravity_at_rest,
    gravity_of,
    likely_acceleration_unit,
    likely_counts,
    likely_time_unit,
    median_norm,
    moving_part,
)
from pipelines.files.reading.raw_columns import Values, excerpt
from pipelines.files.reading.recording import Recording, Sensor
from pipelines.files.reading.stated import Column
from pipelines.files.reading.units import unit_scale
from pipelines.files.reading.unsigned_counts import about_a_middle, middle_of
from pipelines.files.sample_table import SampleTable

#: A wearer's median specific force lies between these whatever the gait: 9.8 standing, down to
#: about 4 where a two-axis sensor runs; a mistaken unit is off by 9.8 or more.
_MEDIAN_ACCELERATION_M_S2: Final = (2.0, 40.0)
#: No waist turns at 860 °/s half of the time; walking mistaken for rad/s reads 20.
_MEDIAN_ANGULAR_VELOCITY_RAD_S: Final = 15.0
#: What one of two sensors measured for so long before or after the other is told.
_TOLD_ALONE_S: Final = 1.0
_PLAUSIBILITY_S: Final = 1.0  # shorter clips may be nothing but one flight
#: Share of rows that lack the gyroscope where it is the slower of two sensors in one table.
_SLOWER: Final = 0.25
#: Rows, and spread of acceleration, in which a gyroscope that works shows more than one reading.
_ENOUGH_ROWS: Final = 200
_MOVES_M_S2: Final = 1.0
#: Three hundred years; a damaged stamp is mostly beyond it.
_NO_CLOCK_S: Final = 1e10
_DAY_NS: Final = 86_400 * 10**9
_NO_RATE: Final = "the times do not tell a rate"
#: How far a rate that is stated may be from that of the stamps to be the better one.
_SAME_RATE: Final = 0.02


def assembled(recording: Recording, rate_hz: float | None = None) -> SampleTable:
    """The samples of a recording.

    Parameters
    ----------
    recording : Recording
        As its reader gives it.
    rate_hz : float, optional
        Sampling rate that the user states, Hz; without times it goes before that of the file.

    Raises
    ------
    InputError
        When there are no samples, the rate is unknown or out of range, or the numbers cannot be in
        the unit that is stated.
    """
    place = recording.place
    sensor = recording.acceleration
    if sensor is None:
        raise InputError(
            "there is angular velocity alone: give the file with the acceleration besides.",
            place=place,
        )
    if not len(sensor.values):
        raise InputError("there are no samples in it: give at least one.", place=place)
    stated = rate_hz or _stated_rate(recording)
    recording = _without_stuck_gyroscope(recording)
    notes = [*filter(None, [recording.told]), *recording.notes]
    with np.errstate(over="ignore", invalid="ignore"):
        refuse_several(sensor.values, sensor.time_s, place)
        time, acceleration, gyro, rate, mends = _on_one_axis(recording, stated)
        measured = acceleration if gyro is None else np.concatenate([acceleration, gyro], axis=1)
        held = held_rows(measured, rate, gyroscope=gyro is not None)
        if held.any() and "rate_hz" not in recording.preamble:  # what we wrote comes back as it was
            time, acceleration = time[~held], acceleration[~held]
            gyro = None if gyro is None else gyro[~held]
            mends.append(Mend("held", int(np.count_nonzero(held))))
    notes += [f"{place}: {mend.sentence}" for mend in mends if mend.count]
    notes += _missing_axes(recording)
    if len(time) >= _PLAUSIBILITY_S * rate:
        _check_acceleration_unit(acceleration, recording, rate)
        _check_angular_velocity_unit(gyro, recording, rate)
    try:
        samples = Samples(time, acceleration, gyro)
    except InputError as error:  # what cannot be said in these units
        raise InputError(str(error), place=place) from None
    samples, rate, fewer = decimate(samples, rate)
    return SampleTable(
        samples=samples,
        rate_hz=rate,
        axes=recording.preamble.get("axes", ""),
        preamble=dict(recording.preamble),
        notes=tuple(notes + [f"{place}: {mend.sentence}" for mend in fewer]),
        utc_start_ns=recording.utc_start_ns if recording.utc_start_ns > _DAY_NS else 0,
        counted=sensor.time_s is None,
    )


def _without_stuck_gyroscope(recording: Recording) -> Recording:
    """The same without an angular velocity that is one reading throughout, while its wearer moves.

    Zeros come back as they are: that a gyroscope is off is told where steps are judged.
    """
    acc, gyr = recording.acceleration, recording.angular_velocity
    if acc is None or gyr is None or len(gyr.values) < _ENOUGH_ROWS:
        return recording
    known = gyr.values[np.isfinite(gyr.values).all(axis=1)]
    length = np.linalg.norm(acc.values, axis=1)
    if not known.any() or (known != known[0]).any() or not np.nanstd(length) > _MOVES_M_S2:
        return recording
    note = (
        f"{recording.place}: all rows of the angular velocity are the same while the sensor moves, "
        "and it counts as not measured: restart and charge the sensor."
    )
    return replace(recording, angular_velocity=None, notes=(*recording.notes, note))


def _on_one_axis(
    recording: Recording, stated: float | None
) -> tuple[Values, Values, Values | None, float, list[Mend]]:
    """Times, both sensors, the rate, and what was mended."""
    acc, gyr = recording.acceleration, recording.angular_velocity
    assert acc is not None  # refused before
    if acc.time_s is None:
        if stated is None:
            untold = recording.mapping.times.untold if recording.mapping else ""
            fault = untold or "there is no time column: add time_s"
            raise InputError(
                f"{fault}, or give the sampling rate with --rate.", place=recording.place
            )
        if gyr is not None and len(gyr.values) != len(acc.values):
            raise InputError(
                f"the acceleration has {len(acc.values)} rows and the angular velocity "
                f"{len(gyr.values)}, and none has a time: give files with times.",
                place=recording.place,
            )
        time = np.arange(len(acc.values)) / stated
        return time, acc.values, None if gyr is None else gyr.values, stated, []
    if gyr is None or gyr.time_s is acc.time_s:
        return _in_one_table(recording, acc, gyr, stated)
    time, acceleration, rate, mends = _mended(acc, stated, recording, all_of_it=False)
    other_time, other, _, more = _mended(gyr, None, recording, all_of_it=False)
    if len(other_time) < 2:
        return time, acceleration, None, rate, mends
    joined, both = join_streams(time, other_time, other)
    if both.stop - both.start < 2:
        raise InputError(
            "acceleration and angular velocity were not measured at the same time: give two files "
            "of one recording, with times of one clock.",
            place=recording.place,
        )
    told = {mend.kind: mend for mend in [*more, *mends]}
    alone_s = time[-1] - time[0] - (time[both][-1] - time[both][0])
    if alone_s > _TOLD_ALONE_S:
        left_out = len(time) - (both.stop - both.start)
        told["one alone"] = Mend("one alone", left_out, float(alone_s))
    return time[both], acceleration[both], joined[both], rate, list(told.values())


def _in_one_table(
    recording: Recording, acc: Sensor, gyr: Sensor | None, stated: float | None
) -> tuple[Values, Values, Values | None, float, list[Mend]]:
    assert acc.time_s is not None
    mends: list[Mend] = []
    values = acc.values
    stamps = acc.time_s
    if gyr is not None:
        turns = gyr.values
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.isfinite(turns.sum() + values.sum())
        if not whole:
            _refuse_shorter(recording, turns)
            if np.mean(np.isnan(turns).any(axis=1) | np.isnan(values).any(axis=1)) > _SLOWER:
                rows, turns, joined = join_rows(stamps, values, turns)
                stamps, values, mends = stamps[rows], values[rows], list(joined)
        values = np.concatenate([values, turns], axis=1)
    time, values, rate, more = _mended(Sensor(stamps, values), stated, recording)
    return time, values[:, :3], values[:, 3:] if gyr is not None else None, rate, mends + more


def _refuse_shorter(recording: Recording, turns: Values) -> None:
    """Refuse a gyroscope whose rows end before those of the other sensor, as if it had its pace."""
    has = np.flatnonzero(np.isfinite(turns).all(axis=1))
    rows = len(has)
    if 1 < rows < (1.0 - _SLOWER) * len(turns) and has[-1] - has[0] == rows - 1 and not has[0]:
        raise InputError(
            f"the angular velocity has numbers in the first {rows} of {len(turns)} rows alone: if "
            "it was measured more slowly than the acceleration, give it as a file of its own, with "
            "its times, by --with.",
            place=recording.place,
        )


def _mended(
    sensor: Sensor, stated: float | None, recording: Recording, *, all_of_it: bool = True
) -> tuple[Values, Values, float, list[Mend]]:
    assert sensor.time_s is not None
    if len(sensor.time_s) < 2 and stated is None:
        raise InputError(
            "one sample says nothing about the sampling rate: give it with --rate.",
            place=recording.place,
        )
    # a stamp that no clock has says no time
    stamps = np.where(np.abs(sensor.time_s) < _NO_CLOCK_S, sensor.time_s, np.nan)
    try:
        axis = mend_time(stamps, sensor.values, rate_hz=stated, all_of_it=all_of_it)
    except (InputError, ZeroDivisionError) as error:
        fault = str(error).partition(":")[0] if isinstance(error, InputError) else _NO_RATE
        raise InputError(
            f"{fault}: {_time_unit_cure(sensor.time_s, recording)}, or remove the times and give "
            "the sampling rate with --rate.",
            place=recording.place,
        ) from None
    rate, mends = axis.rate_hz, list(axis.mends)
    if stated is not None and not abs(rate / stated - 1.0) > _SAME_RATE:
        rate = stated
    low, high = RATE_RANGE_HZ
    if not low <= rate <= high:
        raise InputError(
            f"the time column steps at {rate:.6g} Hz, outside {low:g} to {high:g} Hz: "
            f"{_time_unit_cure(sensor.time_s, recording, too_fast=rate > high)}.",
            place=recording.place,
        )
    in_order = len(axis.rows) == len(sensor.values) and (np.diff(axis.rows) == 1).all()
    values = sensor.values if in_order else sensor.values[axis.rows]
    if axis.irregular:
        return *resample(axis.time_s, values, axis.rate_hz), rate, mends
    return axis.time_s, values, rate, mends


def _time_unit_cure(time_s: Values, recording: Recording, *, too_fast: bool = False) -> str:
    column = recording.mapping.time if recording.mapping else None
    scale = None if column is None else unit_scale("time", column.unit)
    if scale:
        likely = likely_time_unit(time_s / scale)
        if likely and column is not None and likely != column.unit:
            return (
                f"the numbers look like another unit, so name the column time_{likely}, or give "
                f"--units time={likely}"
            )
    low, high = RATE_RANGE_HZ
    record = f"{high:g} Hz or less" if too_fast else f"{low:g} Hz or more"
    return f"record at {record}, or check the column's unit"


def _stated_rate(recording: Recording) -> float | None:
    text = recording.preamble.get("rate_hz")
    low, high = RATE_RANGE_HZ
    if text is None:
        # what a maker's lines say is a hint, and may be of something else
        return recording.rate_hz if low <= (recording.rate_hz or 0.0) <= high else None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not low <= rate <= high:
        raise InputError(
            f"the line # rate_hz says {excerpt(text)}: give a sampling rate between {low:g} and "
            f"{high:g} Hz, a number alone.",
            place=recording.place,
        )
    return rate


def _columns(recording: Recording, quantity: str) -> dict[int, Column]:
    if recording.mapping is None:
        return {}
    found = recording.mapping.acceleration if quantity == "acc" else (
        recording.mapping.angular_velocity
    )  # fmt: skip
    return dict(found)


def _missing_axes(recording: Recording) -> list[str]:
    present = _columns(recording, "acc")
    return [
        f"acc_{letter} is not in {recording.place} and counts as not measured."
        for axis, letter in enumerate(AXES)
        if present and axis not in present
    ]


def _check_acceleration_unit(acceleration: Values, recording: Recording, rate_hz: float) -> None:
    low, high = _MEDIAN_ACCELERATION_M_S2
    median = median_norm(acceleration)
    if not (median < low or median > high):  # all lost is the chain's business
        return
    throughout = gravity_of(acceleration, rate_hz)
    moving = moving_part(acceleration, rate_hz)
    if len(moving) >= _PLAUSIBILITY_S * rate_hz:  # a sensor may freeze for the rest
        acceleration, median = moving, median_norm(moving)
        if low <= median <= high and low <= gravity_of(moving, rate_hz) <= high:
            return
    units = {column.unit for column in _columns(recording, "acc").values()} or {"m_s2"}
    cure = "check that these columns hold acceleration, gravity with it, and their unit"
    scale = unit_scale("acc", next(iter(units)))
    if len(units) == 1 and scale:
        gravity = gravity_of(acceleration, rate_hz) / scale
        counts = likely_counts(gravity, gravity_at_rest(acceleration, rate_hz) / scale)
        # two axes alone, or a short piece, show less or more than one gravity
        likely = likely_acceleration_unit(gravity, 0.2 if counts else 0.7)
        if median < low and likely_acceleration_unit(throughout / scale) in units:
            cure = "it falls for more than half of the time, as on a trampoline: give a run"
        elif middle := middle_of(np.round(acceleration / scale, 6)):
            cure = f"the numbers look like {about_a_middle(middle)}"
        elif likely and likely not in units:
            cure = (
                f"the numbers look like {likely}, so name the columns acc_x_{likely} and so on, or "
                f"give --units acc={likely}"
            )
        elif counts:
            cure = f"the numbers look like raw counts, {counts_cure(counts)}"
    raise InputError(
        f"the median acceleration is {median:.3g} m/s², where a worn sensor measures about "
        f"{STANDARD_GRAVITY_M_S2:.1f}: {cure}.",
        place=f"{recording.place}, acc columns",
    )


def _check_angular_velocity_unit(gyro: Values | None, recording: Recording, rate_hz: float) -> None:
    if gyro is None or not median_norm(gyro) > _MEDIAN_ANGULAR_VELOCITY_RAD_S:
        return
    moving = moving_part(gyro, rate_hz)
    median = median_norm(moving if len(moving) >= _PLAUSIBILITY_S * rate_hz else gyro)
    if median <= _MEDIAN_ANGULAR_VELOCITY_RAD_S:  # it froze for the rest
        return
    units: Sequence[str] = [c.unit for c in _columns(recording, "gyr").values()]
    cure = "check the unit in the column names"
    smaller = (
        unit
        for unit in ("deg_s", "mdeg_s")
        if median * (unit_scale("gyr", unit) or 1.0) <= _MEDIAN_ANGULAR_VELOCITY_RAD_S
    )
    if set(units) == {"rad_s"} and (likely := next(smaller, "")):
        cure = (
            f"the numbers look like {likely}, so name the columns gyr_x_{likely} and so on, or "
            f"give --units gyr={likely}"
        )
    elif set(units) == {"deg_s"} and _are_whole(np.degrees(gyro)):
        cure = (
            "the numbers look like raw counts; if so, give how many make one °/s, such as --units "
            "gyr=deg_s/16.4"
        )
    raise InputError(
        f"the median angular velocity is {median:.3g} rad/s, which no wearer reaches: {cure}.",
        place=f"{recording.place}, gyr columns",
    )


def _are_whole(values: Values) -> bool:
    return bool(np.nanmax(np.abs(values - np.round(values))) < 1e-6)
