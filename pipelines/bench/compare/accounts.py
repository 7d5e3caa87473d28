"""What a replay is compared with: parameters, a table of steps, or another recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.bench.compare.alignment import Comparison, compare_steps
from pipelines.bench.compare.overrides import overridden
from pipelines.files.steps_reading import is_steps_table, read_steps
from pipelines.replay import Replayed, replay
from pipelines.replay_options import ReplayOptions


def compare_with(
    other: Path,
    file: Path,
    first: Replayed,
    options: ReplayOptions,
    report: Callable[[float, float], None],
) -> Comparison:
    """Compare what a replay found with another account of the same running.

    Parameters
    ----------
    other : Path
        Parameters (``.toml``) with which the same file is replayed; a steps table, as another
        version wrote it; or another recording, which is replayed alike. Where both recordings say
        when they began, times are put beside each other by that.
    file : Path
        What was replayed.
    first : Replayed
        What was found.
    options : ReplayOptions
        How.
    report : callable
        Told what is done and how much there is.

    Raises
    ------
    BackstrideError
        When the other cannot be read.
    """
    if other.suffix.lower() == ".toml":
        second = replay(file, overridden(options, other), report)
        return compare_steps(first.steps, second.steps)
    if is_steps_table(other):
        return compare_steps(first.steps, read_steps(other))
    second = replay(other, options, report)
    starts = [one.result.header.utc_start_ns for one in (first, second)]
    late_s = (starts[1] - starts[0]) / 1e9 if all(starts) else 0.0
    return compare_steps(first.steps, second.steps, late_s)
