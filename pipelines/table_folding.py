"""A table of samples through the chain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devices.records import DeviceInfo
from imu.errors import InputError, ParameterError, as_given
from imu.mounting import mounting_from_axes
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.folding import Folded, Progress, Watch
from pipelines.replay_options import ReplayOptions
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult

if TYPE_CHECKING:
    from pipelines.files.sample_table import SampleTable

#: Samples a block, where the user states none.
_BLOCK: Final = 4096


def fold_table(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None = None
) -> Folded:
    """Fold a table of samples, which has neither packets nor marks.

    Raises
    ------
    BackstrideError
        When the table cannot be read or an option does not fit it.
    """
    from pipelines.files.reading.front_door import read
    from pipelines.files.reading.stated_rate import rate_doubt, times_doubt

    # reading is about half of the work
    table = read(
        path,
        beside=options.beside,
        columns=options.columns,
        stream=options.stream,
        units=options.units,
        rate_hz=options.rate_hz,
        memory=options.memory,
        progress=lambda done, total: report(0.5 * done, total),
    )
    header = SessionHeader(
        table.utc_start_ns,
        str(path),
        axes=options.axes or _stated_axes(table, path),
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        baseline=options.baseline,
        settings=options.settings or AlertSettings(),
    )
    acc_range = _range(table, "acc_range_g", STANDARD_GRAVITY_M_S2, path)
    gyr_range = _range(table, "gyr_range_deg_s", math.radians(1.0), path)
    info = DeviceInfo("", "", table.rate_hz, acc_range, gyr_range)
    fold = SessionFold(header, info, waveforms=options.waveforms, params=options.params)
    found: list[Fact] = []
    size = options.block or (_BLOCK if watch is None else _shown_block(table.rate_hz))
    for done, block in _blocks(table.samples, size):
        new = fold.push_samples(block)
        found += new
        if watch is not None:
            watch(fold, new, float(block.time_s[-1]))
        report(0.5 + 0.5 * done / len(table.samples), 1.0)
    facts, notes = found + fold.finish(), list(table.notes)
    cadence_spm = SessionResult(header, facts).steps.cadence_spm
    if not table.counted:
        doubt = times_doubt(table.samples, cadence_spm, table.rate_hz)
    else:
        stated = options.rate_hz or table.rate_hz  # by the user, or else by the file
        doubt = rate_doubt(table.samples, cadence_spm, stated)
    notes += [f"{path}: {doubt}"] if doubt else []
    return Folded(header, info, fold, facts, len(found), tuple(notes))


def _shown_block(rate_hz: float) -> int:
    """A tenth of a second: somebody watches."""
    return max(1, round(0.1 * rate_hz))


def _stated_axes(table: SampleTable, path: Path) -> str:
    """The axes of the preamble, or auto."""
    if table.axes in {"", "auto"}:
        return "auto"
    try:
        mounting_from_axes(table.axes)
    except ParameterError as error:
        raise InputError(f"the preamble's {error}", place=str(path)) from None
    return table.axes


def _range(table: SampleTable, key: str, unit: float, path: Path) -> float:
    """The sensor's range from the preamble, SI; 0 when it does not say."""
    text = table.preamble.get(key)
    if text is None:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise InputError(
            f"the preamble's {key} is {as_given(text)}: give the sensor's range as a positive "
            "number.",
            place=str(path),
        )
    return value * unit


def _blocks(samples: Samples, size: int) -> Iterator[tuple[int, Samples]]:
    for start in range(0, len(samples), size):
        yield start, samples[start : start + size]
