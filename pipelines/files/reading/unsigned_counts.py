"""Whole numbers of some bits that were written without their sign."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt

#: Of converters, and of what programs count with.
_BITS: Final = (16, 24, 32)
#: How much smaller steps from row to row become where a number that passes zero no longer leaps.
_SMOOTHER: Final = 0.5


def with_signs(raw: RawColumns) -> RawColumns:
    """The same columns, with their upper half taken for negative where that is plain.

    A reading that passes zero leaps by 2¹⁶ there; as two's complement it does not.
    """
    unsigned = {
        k: raw.numbers(k) for k, name in enumerate(raw.names)
        if k in raw.values and raw.values[k].dtype.kind == "f"
        and (not name or column_name(name).axis >= 0) and _is_whole(raw.numbers(k))
    }  # fmt: skip
    for bits in _BITS:
        beyond = {k: v for k, v in unsigned.items() if np.nanmax(v) >= 2.0 ** (bits - 1)}
        if not beyond or not all(np.nanmax(v) < 2.0**bits for v in beyond.values()):
            continue
        if not any(_leaps(v, bits) for v in beyond.values()):
            return raw
        first = next(iter(beyond))
        shown = (raw.shown or raw.names)[first]
        named = excerpt(shown) if shown else f"column {first + 1}"
        note = (
            f"{raw.place}: {named}{f' and {len(beyond) - 1} more' if len(beyond) > 1 else ''} "
            f"without a sign: numbers from 2^{bits - 1} up were read as negative, by {bits} bits."
        )
        signed = {k: _signed(v, bits) for k, v in beyond.items()}
        return replace(raw, values={**raw.values, **signed}, notes=(*raw.notes, note))
    return raw


def _is_whole(values: Values) -> bool:
    if not np.nanmin(values, initial=0.0) >= 0.0:
        return False
    known = values[np.isfinite(values)]
    return len(known) > 2 and bool((known % 1.0 == 0.0).all())


def _signed(values: Values, bits: int) -> Values:
    return np.where(values >= 2.0 ** (bits - 1), values - 2.0**bits, values)


def _leaps(values: Values, bits: int) -> bool:
    steps = [float(np.nanmean(np.abs(np.diff(v)))) for v in (values, _signed(values, bits))]
    return steps[1] < _SMOOTHER * steps[0]
