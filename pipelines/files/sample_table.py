"""A recording as a table of samples, and how it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError, ParameterError
from imu.samples import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Samples
from pipelines.files.table_output import write_table

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """A recording as read.

    Parameters
    ----------
    samples : Samples
        SI units, sensor frame; NaN where a cell was empty, zeros along an axis not in the file.
    rate_hz : float
        Nominal sampling rate, 24.5 to 1600 Hz.
    axes : str
        Which signed sensor axes point forward, left and up (``"+x+y+z"``), empty when not stated.
    preamble : dict
        What the file says besides, such as the ``# key: value`` lines.
    notes : tuple of str
        What the user should be told, one sentence each; first what was taken for what.
    utc_start_ns : int
        When the first sample was taken, ns since 1970; 0 where the file does not say.
    counted : bool
        Whether its times are those of counted rows, at a rate that was stated.

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
    utc_start_ns: int = 0
    counted: bool = False


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
    whole or not at all. A ``.parquet`` file has the preamble as its metadata.

    Parameters
    ----------
    path : path or ``-``
        Ends in ``.csv`` or ``.parquet``; ``-`` is CSV on standard output.
    samples : Samples
        What to write; NaN becomes an empty cell.
    rate_hz : float
        Nominal sampling rate, 24.5 to 1600 Hz.
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
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sample_table(f"{folder}/a.csv", Samples([0.0], [[0, 0, 9.81]]), rate_hz=100.0)
    ...     Path(f"{folder}/a.csv").read_text().splitlines()[1:]
    ['time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2', '0.0,0.0,0.0,9.81']
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise ParameterError("rate_hz", rate_hz, "a sampling rate between 24.5 and 1600 Hz")
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
    lines = [_preamble_line(key, value) for key, value in entries.items()]
    columns = sample_columns(samples)
    write_table(
        path,
        columns,
        ["!r"] * len(columns),
        table="the sample table",
        about=entries,
        preamble=lines,
    )


def _first_bad_time(time: Values) -> int | None:
    """Index of the first time that is not finite or not later than the one before."""
    good = np.isfinite(time)
    with np.errstate(invalid="ignore", over="ignore"):
        good[1:] &= np.diff(time) > 0
    return None if good.all() else int(np.argmin(good))


def _preamble_line(key: str, value: str) -> str:
    if not key or key != key.strip() or any(character in key for character in ":\r\n"):
        raise ParameterError("preamble key", key, "a name without a colon, line end or outer space")
    if value != value.strip() or any(character in value for character in "\r\n"):
        raise ParameterError(f"preamble {key}", value, "one line without outer spaces")
    return f"# {key}: {value}"


def sample_columns(samples: Samples) -> dict[str, Values]:
    """What was measured as columns, by their names in a table."""
    columns = {"time_s": samples.time_s}
    acceleration, gyro = samples.acceleration_m_s2, samples.angular_velocity_rad_s
    columns |= {f"acc_{axis}_m_s2": acceleration[:, i] for i, axis in enumerate("xyz")}
    if gyro is not None:
        columns |= {f"gyr_{axis}_rad_s": gyro[:, i] for i, axis in enumerate("xyz")}
    return columns
