"""One way in for recordings: look at a file, propose what it holds, say so, and check it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imu.errors import InputError, ParameterError
from imu.samples import RATE_RANGE_HZ
from pipelines.files.formats.table import read_format
from pipelines.files.reading.assembling import assembled
from pipelines.files.reading.recording import Ask, Recording, on_one_clock
from pipelines.files.reading.remembered import Remembered
from pipelines.files.reading.stated import parse_stated
from pipelines.files.sample_table import SampleTable


def read(
    path: str | os.PathLike[str],
    *,
    beside: str | os.PathLike[str] | None = None,
    columns: str = "",
    units: str = "",
    rate_hz: float | None = None,
    stream: str = "",
    memory: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SampleTable:
    r"""Read a recording of any known format, or a table of any maker.

    What the columns are is told by their names, their units by names, brackets or a row of units,
    else by physics: one gravity, the turning of a body, the steps of time. What cannot be told for
    certain is refused, with the readings and the option that settles it. What was taken for what is
    the first of the notes.

    Parameters
    ----------
    path : path
        The file, or a folder of a phone's.
    beside : path, optional
        A second file of the same recording, joined by time: the gyroscope where the first has none.
    columns : str
        What the columns are, in their order and separated by commas, ``-`` for one to pass over:
        ``"time_s,acc_x_g,acc_y_g,acc_z_g,-"``.
    units : str
        Units that go before all others: ``"acc=g,gyr=deg_s,time=ms"``.
    rate_hz : float, optional
        Sampling rate, 24.5 to 4000 Hz, for a file without times. Times go before it.
    stream : str
        Which of several sensors in the file is meant: words of its name, or of its columns'.
    memory : path, optional
        Where what was stated or found is kept for files of the same shape, and taken from where
        nothing else tells; nothing is kept without it.
    progress : callable, optional
        Called with what was read so far and in all.

    Returns
    -------
    SampleTable
        N samples in SI units, sensor frame, up to 1600 Hz.

    Raises
    ------
    ColumnError
        When a column has an unknown unit or one that cannot be told, stands twice, or is missing.
    InputError
        When the file cannot be read or is of no format known, or the numbers cannot be in the unit
        that is stated.
    ParameterError
        When an argument is outside its range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "run.csv"
    ...     rows = (f"{k * 10};0,02;-0,01;0,99" for k in range(100))
    ...     _ = file.write_text("\n".join(["Time [ms];Acc X [g];Acc Y [g];Acc Z [g]", *rows]))
    ...     table = read(file)
    >>> len(table.samples), table.rate_hz, table.samples.acceleration_m_s2[0].round(3).tolist()
    (100, 100.0, [0.196, -0.098, 9.709])
    """
    low, high = RATE_RANGE_HZ
    if rate_hz is not None and not low <= rate_hz <= high:
        raise ParameterError("--rate", rate_hz, f"a sampling rate between {low:g} and {high:g} Hz")
    kept = Remembered(Path(memory)) if memory is not None else None
    ask = Ask(
        parse_stated(columns, units),
        rate_hz,
        progress,
        one_sensor=beside is not None,
        memory=kept,
        stream=stream,
    )
    recording = read_format(Path(path), ask) if beside is None else _both(path, beside, ask)
    table = assembled(recording, rate_hz)
    return table if kept is None else replace(table, notes=(*table.notes, *kept.settle()))


def _both(path: str | os.PathLike[str], beside: str | os.PathLike[str], ask: Ask) -> Recording:
    """Two files as one recording: the acceleration of one tells the unit of the other."""
    # what is stated of columns is said of the first file
    second = replace(ask, stated=replace(ask.stated, columns=()), progress=None)
    try:
        one = read_format(Path(path), ask)
    except InputError:
        other = read_format(Path(beside), second)
        if other.acceleration is None:
            raise
        one = read_format(Path(path), replace(ask, beside=other.acceleration.values))
        return _joined(one, other)
    if one.acceleration is not None:
        second = replace(second, beside=one.acceleration.values)
    return _joined(one, read_format(Path(beside), second))


def _joined(one: Recording, other: Recording) -> Recording:
    """Two files of one recording, of which one has the acceleration and one the gyroscope."""
    first, second = (one, other) if one.acceleration is not None else (other, one)
    if first.acceleration is None or second.angular_velocity is None:
        lacking = "angular velocity" if first.acceleration is not None else "acceleration"
        raise InputError(f"neither file has {lacking}: give one that has.", place=other.place)
    if first.angular_velocity is not None or second.acceleration is not None:
        raise InputError(
            "both files have the same sensor: give one with the acceleration, and one with the "
            "angular velocity alone.",
            place=other.place,
        )
    turning, told = on_one_clock(second.angular_velocity, second, first)
    return replace(
        first,
        angular_velocity=turning,
        told=" ".join(filter(None, [first.told, second.told])),
        notes=(*first.notes, *second.notes, *told),
    )
