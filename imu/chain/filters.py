"""Low-pass filters: streaming second-order sections, and zero-phase ones over a finished step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.checked_arrays import number_block
from imu.compiled import Record, kernel
from imu.errors import ParameterError
from imu.stage import Stage

#: Most second-order sections a :class:`SosFilter` takes.
MAX_SECTIONS: Final = 8

#: Delay elements of each section (direct form II, transposed).
SOS_STATE: Final = np.dtype([("delay", np.float64, (MAX_SECTIONS, 2))], align=True)


def butterworth_low_pass(cutoff_hz: float, rate_hz: float) -> NDArray[np.float64]:
    """Coefficients of a second-order Butterworth low-pass, bilinear transform.

    Parameters
    ----------
    cutoff_hz : float
        Frequency of −3 dB, between 0 and half the rate, Hz.
    rate_hz : float
        Sample rate, Hz.

    Returns
    -------
    ndarray, shape (5,)
        ``b0, b1, b2, a1, a2`` with ``a0 = 1``.

    Raises
    ------
    ParameterError
        When the cutoff is not below half the rate.

    Examples
    --------
    >>> butterworth_low_pass(25.0, 100.0).round(4).tolist()
    [0.2929, 0.5858, 0.2929, -0.0, 0.1716]
    """
    if not 0.0 < cutoff_hz < rate_hz / 2.0:
        raise ParameterError("cutoff_hz", cutoff_hz, f"a frequency between 0 and {rate_hz / 2:g}")
    k = math.tan(math.pi * cutoff_hz / rate_hz)
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    b0 = k * k * scale
    a1 = 2.0 * (k * k - 1.0) * scale
    a2 = (1.0 - math.sqrt(2.0) * k + k * k) * scale
    return np.array([b0, 2.0 * b0, b0, a1, a2])


def zero_phase_cutoff(cutoff_hz: float) -> float:
    """Cutoff of one pass such that forward and backward together have −3 dB at ``cutoff_hz``.

    Examples
    --------
    >>> round(zero_phase_cutoff(10.0), 3)
    12.465
    """
    # |H|² of a second-order Butterworth pass is 1/(1 + r⁴); two passes: 1/(1 + r⁴) = 1/√2
    return float(cutoff_hz / (math.sqrt(2.0) - 1.0) ** 0.25)


@kernel
def zero_phase_low_pass(
    coefficients: NDArray[np.float64], values: NDArray[np.float64], n: int
) -> None:
    """Filter the first ``n`` values in place, forward and backward, from a settled start.

    Each pass starts in the steady state of its first value, so a constant stays a constant; the
    start-up error dies out within about one period of the cutoff, which is what the pad is for.
    """
    b0, b1, b2 = coefficients[0], coefficients[1], coefficients[2]
    a1, a2 = coefficients[3], coefficients[4]
    if n == 0:
        return
    x = values[0]
    z0 = x * (1.0 - b0)
    z1 = x * (b2 - a2)
    for i in range(n):
        x = values[i]
        y = b0 * x + z0
        z0 = b1 * x - a1 * y + z1
        z1 = b2 * x - a2 * y
        values[i] = y
    x = values[n - 1]
    z0 = x * (1.0 - b0)
    z1 = x * (b2 - a2)
    for i in range(n - 1, -1, -1):
        x = values[i]
        y = b0 * x + z0
        z0 = b1 * x - a1 * y + z1
        z1 = b2 * x - a2 * y
        values[i] = y


@kernel
def _sos_sample(sos: NDArray[np.float64], state: Record, value: float) -> float:
    for k in range(sos.shape[0]):
        y = sos[k, 0] * value + state.delay[k, 0]
        state.delay[k, 0] = sos[k, 1] * value - sos[k, 4] * y + state.delay[k, 1]
        state.delay[k, 1] = sos[k, 2] * value - sos[k, 5] * y
        value = y
    return value


@kernel
def _sos_push(
    sos: NDArray[np.float64],
    state: NDArray[np.void],
    values: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    for i in range(values.shape[0]):
        out[i] = _sos_sample(sos, state[0], values[i])


@dataclass(frozen=True, slots=True)
class SosParams:
    """Parameters of :class:`SosFilter`.

    Attributes
    ----------
    sections : tuple of 6-tuples
        ``b0 b1 b2 a0 a1 a2`` of each section, as :mod:`scipy.signal` designs them.
    """

    sections: tuple[tuple[float, ...], ...]


def _new_state() -> NDArray[np.void]:
    return np.zeros(1, SOS_STATE)


class SosFilter(Stage[SosParams]):
    """A cascade of second-order sections over a stream of numbers.

    Equal to :func:`scipy.signal.sosfilt` bit for bit on x86-64, for any way of cutting the stream.

    Parameters
    ----------
    sos : array_like, shape (S, 6)
        Sections as :mod:`scipy.signal` designs them, ``a0 = 1``, at most 8.

    Raises
    ------
    ParameterError
        When the shape is another or a section is not normalised.

    Examples
    --------
    >>> smooth = SosFilter([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]])
    >>> smooth.push([1.0, 1.0, 3.0]).tolist()
    [0.5, 1.0, 2.0]
    """

    def __init__(self, sos: ArrayLike) -> None:
        try:
            sections = np.array(sos, np.float64, ndmin=2)
        except (TypeError, ValueError):
            sections = np.empty(0)
        if sections.shape[1:] != (6,) or not 1 <= sections.shape[0] <= MAX_SECTIONS:
            raise ParameterError("sos", sections.shape, f"1 to {MAX_SECTIONS} rows of 6 numbers")
        if not np.all(sections[:, 3] == 1.0):
            raise ParameterError("sos", sections[:, 3].tolist(), "sections with a0 = 1")
        frozen = SosParams(tuple(tuple(float(v) for v in row) for row in sections))
        super().__init__(frozen, _new_state)
        self._sos = sections

    def push(self, values: ArrayLike) -> NDArray[np.float64]:
        """Filter the next values, shape (N,)."""
        block = number_block(values, "values")
        out = np.empty_like(block)
        _sos_push(self._sos, self._state, block, out)
        return out

    def flush(self) -> NDArray[np.float64]:
        """Nothing is held back: an empty array."""
        return np.empty(0)
