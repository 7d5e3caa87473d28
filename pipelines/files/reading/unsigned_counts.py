"""Whole numbers of some bits that were written without their sign, or about a middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt

#: Of converters, and of what programs count with.
_BITS: Final = (16, 24, 32)
#: Bits of converters that count about a middle, and how far two axes of a sensor are from it, and
#: the third with gravity, as a part of it. Signed counts of one g on such axes are further off.
_BITS_ABOUT_A_MIDDLE: Final = (8, 10, 12, 14, 16, 18, 20, 24)
_NEAR_MIDDLE: Final = 0.05
_WITH_GRAVITY: Final = 0.8
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


def middle_of(triad: Values) -> int:
    """What three axes read at nought where they count about the middle of a converter; else 0.

    Examples
    --------
    >>> beat = np.round(30.0 * np.sin(np.arange(50) / 3.0))[:, None]
    >>> middle_of(2048.0 + beat * [1, 2, 9]), middle_of(beat * [1, 2, 9])
    (2048, 0)
    """
    if not all(map(_is_whole, triad.T)) or not len(triad):
        return 0
    usual, most = np.nanmedian(triad, axis=0), float(np.nanmax(triad))
    for bits in _BITS_ABOUT_A_MIDDLE:
        middle = 1 << (bits - 1)
        off = np.sort(np.abs(usual / middle - 1.0))
        if most < 2 * middle and off[1] <= _NEAR_MIDDLE and off[2] <= _WITH_GRAVITY:
            return middle
    return 0


def about_a_middle(middle: int) -> str:
    """What such numbers are, and what to do."""
    return (
        f"raw counts about {middle}, the middle of a converter: take from each axis what it reads "
        f"at nought, about {middle}, and write the difference in its place"
    )


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
