"""Rows as packets bring them: one time for several rows, or several samples in a row."""

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
#: Share of packets that are as long as most.
_MOSTLY: Final = 0.8


def sample_by_sample(raw: RawColumns) -> RawColumns:
    """The same with a row, and the time of its packet, for each sample."""
    return _times_carried(_samples_apart(raw))


def _times_carried(raw: RawColumns) -> RawColumns:
    """Give the time that the first row of each packet has to the rows below, which have none."""
    times = [k for k, name in enumerate(raw.names)
             if k in raw.values and column_name(name).quantity == "time"]  # fmt: skip
    if len(times) != 1:
        return raw
    (index,) = times
    cells = raw.values[index]
    has = cells != b"" if cells.dtype.kind == "S" else np.isfinite(raw.numbers(index))
    places = np.flatnonzero(has)
    lengths = np.diff(places)
    if len(lengths) < _FEWEST_PACKETS or np.median(lengths) < 2.0:
        return raw
    if np.mean(lengths == np.median(lengths)) < _MOSTLY:
        return raw
    last = np.maximum.accumulate(np.where(has, np.arange(len(has)), places[0]))
    return replace(raw, values={**raw.values, index: cells[last]})


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
