"""Which step of one account is which of another, and how far they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.steps import STEP_COLUMNS, Steps

#: Columns that are numbers of one step.
COMPARED: Final = tuple(
    name
    for name in STEP_COLUMNS
    if name not in {"step", "initial_contact_s", "toe_off_s", "side", "quality"}
)
#: Contacts further apart are of two steps: less than half of the fastest.
_SAME_STEP_S: Final = 0.1
#: Limits of agreement hold 95 % of differences (Bland and Altman 1986,
#: doi:10.1016/S0140-6736(86)90837-8).
_NORMAL_95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two accounts of a column agree; all in its unit.

    Attributes
    ----------
    column : str
        Of the steps.
    count : int
        Steps in which both have a number.
    mean_first, bias, sd : float
        Mean of the first; mean and spread of the second minus the first.
    low, high : float
        Limits of agreement.
    """

    column: str
    count: int
    mean_first: float
    bias: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two accounts, step by step.

    Attributes
    ----------
    first, second : Steps
        The steps that both have, one beside the other.
    only_first, only_second : int
        Steps that the other has not.
    contact_ms : Agreement or None
        Of the initial contacts, ms; None where they share no step.
    agreements : tuple of Agreement
        Of each column that both have.
    """

    first: Steps
    second: Steps
    only_first: int
    only_second: int
    contact_ms: Agreement | None
    agreements: tuple[Agreement, ...]

    @property
    def identical(self) -> bool:
        """Whether they are the same to the last bit."""
        return (
            not self.only_first
            and not self.only_second
            and all(
                np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
                for one, other in zip(
                    self.first.columns().values(), self.second.columns().values(), strict=True
                )
            )
        )


def compare_steps(first: Steps, second: Steps, late_s: float = 0.0) -> Comparison:
    """Compare two accounts of the same running.

    Parameters
    ----------
    first, second : Steps
        In order of time.
    late_s : float
        How much later the second's clock began, s.

    Returns
    -------
    Comparison
        A step is the same where its contacts are nearest to each other, and within 0.1 s.
    """
    one, other = _pairs(first.initial_contact_s, second.initial_contact_s + late_s)
    a, b = Steps(first.rows[one]), Steps(second.rows[other])
    contact = _agreement(
        "initial_contact_ms", 1e3 * a.initial_contact_s, 1e3 * (b.initial_contact_s + late_s)
    )
    found = (_agreement(name, a.rows[name], b.rows[name]) for name in COMPARED)
    return Comparison(
        a,
        b,
        len(first) - len(a),
        len(second) - len(b),
        contact,
        tuple(agreement for agreement in found if agreement is not None),
    )


def _pairs(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Contacts that are each other's nearest."""
    if not len(first_s) or not len(second_s):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    there, back = _nearest(first_s, second_s), _nearest(second_s, first_s)
    here = np.arange(len(first_s))
    mutual = (back[there] == here) & (np.abs(second_s[there] - first_s) <= _SAME_STEP_S)
    return here[mutual], there[mutual]


def _nearest(from_s: NDArray[np.float64], to_s: NDArray[np.float64]) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(to_s, from_s), 1, max(1, len(to_s) - 1))
    after = np.minimum(after, len(to_s) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(to_s[before] - from_s) <= np.abs(to_s[after] - from_s)
    return np.where(nearer, before, after)


def _agreement(
    column: str, first: NDArray[np.float64], second: NDArray[np.float64]
) -> Agreement | None:
    both = np.isfinite(first) & np.isfinite(second)
    count = int(np.count_nonzero(both))
    if not count:
        return None
    difference = second[both] - first[both]
    bias = float(difference.mean())
    sd = float(difference.std(ddof=1)) if count > 1 else 0.0
    reach = _NORMAL_95 * sd
    mean = float(first[both].mean())
    return Agreement(column, count, mean, bias, sd, bias - reach, bias + reach)
