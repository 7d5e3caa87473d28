"""The summary that ``replay --summary`` wrote, read back."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from imu.errors import InputError, RecordingError
from pipelines.files.loading import decoded, read_bounded
from pipelines.system_error import explain

#: A summary of a day of running has some megabytes.
_MOST_BYTES = 64_000_000


class _Column(msgspec.Struct):
    """Means of blocks of twenty steps; None where not measurable."""

    mean: list[float | None]


class WrittenSummary(msgspec.Struct, frozen=True):
    """What other programs may read of a run's summary.

    Attributes
    ----------
    source : str
        The recording.
    duration_s : float
        Its length, s.
    steps : int
        Running steps.
    median : dict of str to float or None
        By column of the steps.
    blocks : dict
        Blocks of twenty steps by column, and their times.
    stated_running_s : float, optional
        Time spent in running steps, s; summaries of older releases do not tell it.
    """

    source: str
    duration_s: float
    steps: int
    median: dict[str, float | None]
    blocks: dict[str, _Column | list[float | None]]
    stated_running_s: float | None = msgspec.field(name="running_s", default=None)

    @property
    def means(self) -> dict[str, float]:
        """Means over the blocks, by column; columns that were never measured are missing."""
        known = {
            name: [value for value in column.mean if value is not None]
            for name, column in self.blocks.items()
            if isinstance(column, _Column)
        }
        return {name: math.fsum(values) / len(values) for name, values in known.items() if values}

    @property
    def running_s(self) -> float:
        """Time spent in running steps, s, else from the median cadence; 0 where there is none."""
        if self.stated_running_s is not None:
            return self.stated_running_s
        cadence_spm = self.median.get("cadence_spm")
        return 60.0 * self.steps / cadence_spm if cadence_spm else 0.0


def read_summary(path: Path) -> WrittenSummary:
    """Read a summary.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it is none.
    """
    try:
        return decoded(read_bounded(path, _MOST_BYTES), WrittenSummary)
    except OSError as error:
        raise RecordingError(f"{explain(error)}.", path=str(path)) from None
    except InputError:
        raise InputError(
            "this is no summary of a run: give a session, or what 'replay --summary' wrote.",
            place=str(path),
        ) from None
