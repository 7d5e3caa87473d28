"""Whole numbers of 16 bits that were written without their sign."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt

_BITS: Final = 65_536.0
_HALF: Final = 32_768.0
#: How much smaller steps from row to row become where a number that passes zero no longer leaps.
_SMOOTHER: Final = 0.5


def with_signs(raw: RawColumns) -> RawColumns:
    """The same columns, with what is beyond 15 bits taken for negative where that is plain.

    A reading that passes zero leaps by 65536 there; as two's complement it does not.
    """
    measured = [
        k for k, name in enumerate(raw.names)
        if k in raw.values and raw.values[k].dtype.kind == "f" and column_name(name).axis >= 0
    ]  # fmt: skip
    whole = [k for k in measured if _is_unsigned(raw.numbers(k))]
    if not any(_leaps(raw.numbers(k)) for k in whole):
        return raw
    signed = {k: np.where((v := raw.numbers(k)) >= _HALF, v - _BITS, v) for k in whole}
    first = (raw.shown or raw.names)[whole[0]]
    note = (
        f"{raw.place}: {excerpt(first)} and {len(whole) - 1} more hold numbers of 16 bits without "
        "a sign; those from 32768 up were read as negative."
    )
    return replace(raw, values={**raw.values, **signed}, notes=(*raw.notes, note))


def _is_unsigned(values: Values) -> bool:
    if not np.nanmin(values, initial=0.0) >= 0.0 or not np.nanmax(values, initial=0.0) >= _HALF:
        return False
    known = values[np.isfinite(values)]
    return bool(known.max() < _BITS and (known % 1.0 == 0.0).all())


def _leaps(values: Values) -> bool:
    signed = np.where(values >= _HALF, values - _BITS, values)
    steps = [float(np.nanmean(np.abs(np.diff(v)))) if len(v) > 2 else 0.0 for v in (values, signed)]
    return steps[1] < _SMOOTHER * steps[0]
