"""A table that says how long each row took, and no time: the times that these add up to."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import plain_words, word_set
from pipelines.files.reading.physics import likely_time_unit
from pipelines.files.reading.raw_columns import RawColumns, excerpt
from pipelines.files.reading.units import TIME_UNITS

_STEPS: Final = word_set("dt delta deltat deltatime timedelta interval")
_BESIDE: Final = word_set("time t step sample since last previous s ms us ns sec in the")
#: How many times the usual step the longest one has at most; a count or a time has more.
_LONGEST: Final = 1e4


def names_a_step(name: str) -> bool:
    """Whether a column says how long each row took.

    Examples
    --------
    >>> names_a_step("dt"), names_a_step("delta_ms"), names_a_step("dt [us]"), names_a_step("t")
    (True, True, True, False)
    """
    words = frozenset(plain_words(name))
    return bool(words & _STEPS) and words <= _STEPS | _BESIDE


def with_steps_added_up(raw: RawColumns) -> RawColumns:
    """The same with a time, where nothing but the steps between rows tells one."""
    said = [column_name(name) for name in raw.names]
    steps = [k for k, name in enumerate(raw.names) if k in raw.values and names_a_step(name)]
    if any(one.quantity == "time" for one in said) or len(steps) != 1 or "rate_hz" in raw.preamble:
        return raw
    (index,) = steps
    if raw.values[index].dtype.kind == "S":
        return raw
    each = raw.numbers(index)
    usual = float(np.median(each)) if np.isfinite(each).all() and len(each) else 0.0
    if not (usual > 0.0 and (each[1:] > 0.0).all() and (each < _LONGEST * usual).all()):
        return raw
    if (np.diff(each) >= 0.0).all() and each.max() > 2.0 * each[1:].min():
        return raw  # what only grows counts
    time = np.cumsum(each) - each[0]
    unit = said[index].unit if said[index].unit in TIME_UNITS else likely_time_unit(time)
    if not unit:
        return raw
    shown = (raw.shown or raw.names)[index]
    note = f"{raw.place}: the time is what {excerpt(shown)}, in {unit}, adds up to."
    names = tuple(f"time_{unit}" if k == index else name for k, name in enumerate(raw.names))
    units = tuple("" if k == index else unit for k, unit in enumerate(raw.units))
    return replace(
        raw,
        names=names,
        units=units,
        shown=raw.shown or raw.names,
        values={**raw.values, index: time},
        notes=(*raw.notes, note),
    )
