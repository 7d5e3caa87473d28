"""Waveforms: what the chain knows between the steps, one value a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import InputError

#: The columns of the waveform table, in order.
WAVEFORM_COLUMNS: Final = (
    "time_s",
    "vertical_force_bw",
    "vertical_displacement_mm",
    "sacral_lean_deg",
    "sacral_roll_deg",
)


@dataclass(frozen=True, slots=True, eq=False)
class Waveforms:
    """Force, displacement and lean over time; NaN where a value could not be estimated.

    Parameters
    ----------
    time_s : array_like, shape (N,)
        Time of each value in the recording's own time, s.
    vertical_force_bw : array_like, shape (N,)
        Vertical ground reaction force, body weights.
    vertical_displacement_mm : array_like, shape (N,)
        Vertical displacement of the sensor about its mean over the step, mm, positive up.
    sacral_lean_deg, sacral_roll_deg : array_like, shape (N,)
        Lean at the sacrum, degrees, positive forward and to the right.

    Raises
    ------
    InputError
        When an array is not numeric, not one-dimensional, or longer than another.

    Examples
    --------
    >>> len(Waveforms([0.0, 0.01], [1, 1], [0, 0], [8, 8], [0, 0]))
    2
    """

    time_s: NDArray[np.float64]
    vertical_force_bw: NDArray[np.float64]
    vertical_displacement_mm: NDArray[np.float64]
    sacral_lean_deg: NDArray[np.float64]
    sacral_roll_deg: NDArray[np.float64]

    def __init__(
        self,
        time_s: ArrayLike,
        vertical_force_bw: ArrayLike,
        vertical_displacement_mm: ArrayLike,
        sacral_lean_deg: ArrayLike,
        sacral_roll_deg: ArrayLike,
    ) -> None:
        given = (
            time_s,
            vertical_force_bw,
            vertical_displacement_mm,
            sacral_lean_deg,
            sacral_roll_deg,
        )
        length = -1
        for name, values in zip(WAVEFORM_COLUMNS, given, strict=True):
            try:
                column = np.ascontiguousarray(values, np.float64)
            except (TypeError, ValueError):
                raise InputError(f"{name} is not an array of numbers: give one a time.") from None
            length = len(column) if length < 0 else length
            if column.shape != (length,):
                raise InputError(f"{name} has shape {column.shape}: give ({length},), one a time.")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, window: slice) -> Waveforms:
        """The waveforms of a slice."""
        return Waveforms(*(column[window] for column in self.columns().values()))

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """The waveform table: its columns by name, in order.

        Returns
        -------
        dict of ndarray, shape (N,)
            As the files have them.
        """
        return {name: getattr(self, name) for name in WAVEFORM_COLUMNS}

    @staticmethod
    def concatenate(parts: list[Waveforms]) -> Waveforms:
        """Join waveforms that follow one another; an empty list gives none.

        Parameters
        ----------
        parts : list of Waveforms
            In order of time.

        Returns
        -------
        Waveforms
            Those of all parts, copied.

        Examples
        --------
        >>> len(Waveforms.concatenate([]))
        0
        """
        if not parts:
            return NO_WAVEFORMS
        return Waveforms(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in WAVEFORM_COLUMNS)
        )


#: The one shared result of a push that finishes no waveform.
NO_WAVEFORMS: Final = Waveforms([], [], [], [], [])
