"""Rows as packets bring them: without a time of their own, or with several samples each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.in_turn import NEARER, usual_changes
from pipelines.files.reading.raw_columns import RawColumns

#: An axis with the number of its sample, "acc_x_0".
_NUMBERED: Final = re.compile(r"(.*[xyz])[ _.]?\[?(\d{1,3})\]?", re.I)
_FEWEST_SAMPLES: Final = 3
_FEWEST_PACKETS: Final = 8
#: How much less several sensors at one place differ than each changes to the next row.
_APART: Final = 0.6
#: Share of packets that are about as long as most.
_MOSTLY: Final = 0.8
#: How far the steps around a row without a time are from the usual one at most, as a part of it.
_EVEN: Final = 0.3


def sample_by_sample(raw: RawColumns) -> RawColumns:
    """The same with a row, and the time of its packet, for each sample."""
    return _times_filled(_samples_apart(raw))


def _times_filled(raw: RawColumns) -> RawColumns:
    """Give rows that have no time one: that of the first row of their packet, or one between.

    Rows between two others are so where these are as far apart as so many rows are.
    """
    times = [k for k, name in enumerate(raw.names)
             if k in raw.values and column_name(name).quantity == "time"]  # fmt: skip
    if len(times) != 1:
        return raw
    (index,) = times
    cells = raw.values[index]
    has = cells != b"" if cells.dtype.kind == "S" else np.isfinite(raw.numbers(index))
    places, rows = np.flatnonzero(has), np.arange(len(has))
    if len(places) < _FEWEST_PACKETS or has.all():
        return raw
    lengths = np.diff(places)
    usual = np.median(lengths)
    if usual >= 2.0 and np.mean(np.abs(lengths - usual) <= 0.5 * usual) >= _MOSTLY:
        last = np.maximum.accumulate(np.where(has, rows, places[0]))
        return replace(raw, values={**raw.values, index: cells[last]})
    if cells.dtype.kind == "S":
        return raw
    stamps = raw.numbers(index)
    steps = np.diff(stamps[places]) / lengths
    even = np.abs(steps - np.median(steps)) <= _EVEN * np.median(steps)
    before = (np.searchsorted(places, rows) - 1).clip(0, len(even) - 1)
    within = ~has & even[before] & (rows > places[0]) & (rows < places[-1])
    if not within.any():
        return raw
    count = np.count_nonzero(within)
    are = f"{count} rows have no time, and are" if count > 1 else "one row has no time, and is"
    note = f"{raw.place}: {are} taken to lie evenly between those around."
    filled = np.where(within, np.interp(rows, places, stamps[places]), stamps)
    return replace(raw, values={**raw.values, index: filled}, notes=(*raw.notes, note))


def _samples_apart(raw: RawColumns) -> RawColumns:
    """Put samples that stand side by side below each other, where they go on from row to row."""
    groups: dict[int, dict[str, int]] = {}
    for k, name in enumerate(raw.names):
        found = _NUMBERED.fullmatch(name.strip())
        if found and k in raw.values and column_name(name).quantity in ("acc", "gyr"):
            groups.setdefault(int(found[2]), {})[found[1]] = k
    packets = [groups[number] for number in sorted(groups)]
    count = len(packets)
    if count < _FEWEST_SAMPLES or any(one.keys() != packets[0].keys() for one in packets):
        return raw
    held = {
        name: np.stack([raw.numbers(one[name]) for one in packets], axis=1).ravel()
        for name in packets[0]
    }
    readings = np.stack([*held.values()], axis=1)
    goes_on = usual_changes(readings, 1) < NEARER * usual_changes(readings, count)
    steps = np.abs(np.diff(readings, axis=0))
    # sensors at one place change from row to row alone
    within, between = (np.median(steps[k::count], axis=0) for k in (0, count - 1))
    if not goes_on.all() or (within < _APART * between).any():
        return raw
    places = {k for one in packets for k in one.values()}
    names = {k: name for name, k in packets[0].items()}
    line_of = raw.line_of
    return replace(
        raw,
        names=tuple(names.get(k, "" if k in places else name) for k, name in enumerate(raw.names)),
        values={k: held[names[k]] if k in names else np.repeat(v, count)
                for k, v in raw.values.items() if k in names or k not in places},
        line_of=None if line_of is None else lambda row: line_of(row // count),
    )  # fmt: skip
