"""Arrays a user hands in, made ready for compiled code or refused in one sentence."""

from __future__ import annotations

from typing import Final, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import InputError

_FLOAT64: Final = np.dtype(np.float64)
_DATES: Final = ("M", "m")  # numpy's datetime64 and timedelta64


def number_block(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """A contiguous array of numbers, shape (N,).

    Raises
    ------
    InputError
        When the values are no numbers or have another shape.
    """
    block = values if is_ready(values) else _float_array(values, name)
    if block.ndim != 1:
        raise InputError(f"{name} has shape {block.shape}: give one value per sample, (N,).")
    return block


def vector_block(values: ArrayLike, name: str, n: int | None = None) -> NDArray[np.float64]:
    """A contiguous array of vectors, shape (N, 3).

    Raises
    ------
    InputError
        When the values are no numbers or have another shape, or not ``n`` rows.
    """
    block = values if is_ready(values) else _float_array(values, name)
    if block.shape != (n, 3) and (n is not None or block.ndim != 2 or block.shape[1] != 3):
        rows = "N" if n is None else n
        raise InputError(
            f"{name} has shape {block.shape}: give ({rows}, 3), one vector per sample."
        )
    return block


def is_ready(values: ArrayLike) -> TypeGuard[NDArray[np.float64]]:
    """Whether they are as decoders give them, and as compiled code is compiled for.

    In C order, aligned and writeable: for others it would be compiled anew, in mid-run.
    """
    return type(values) is np.ndarray and values.dtype is _FLOAT64 and values.flags.carray


def _float_array(values: ArrayLike, name: str) -> NDArray[np.float64]:
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in _DATES:
        raise InputError(
            f"{name} holds dates: give seconds, (t - t[0]) / numpy.timedelta64(1, 's')."
            if kind == "M"
            else f"{name} holds durations: give seconds, t / numpy.timedelta64(1, 's')."
        )
    if kind == "c":
        raise InputError(f"{name} holds complex numbers: give their real parts.")
    try:
        of_a_kind = isinstance(values, np.ndarray) and type(values) is not np.ndarray
        # numpy.ma is imported where it is named
        if of_a_kind and isinstance(values, np.ma.MaskedArray):  # what is masked was not measured
            return np.where(np.ma.getmaskarray(values), np.nan, np.asarray(values, np.float64))
        block = np.asarray(values, np.float64, order="C")
        return block if block.flags.carray else block.copy()
    except (TypeError, ValueError):
        raise InputError(
            f"{name} is not an array of numbers: give floats, with numpy.nan for what is missing."
        ) from None
