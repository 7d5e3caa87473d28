"""An item of a bench test: what was measured, against which limit, and who set that limit."""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec

Verdict = Literal["pass", "warn", "fail", "measured", "skipped"]


class Limit(msgspec.Struct, frozen=True):
    """What is allowed, both ends included, and where that is written.

    Attributes
    ----------
    low, high : float
        The range that passes.
    source : str
        Who says so: a specification, or the place in this project that needs it.
    low_fail, high_fail : float, optional
        What is outside of the range but within these is a warning; without them, a failure.
    """

    low: float
    high: float
    source: str
    low_fail: float | None = None
    high_fail: float | None = None

    def verdict(self, value: float) -> Verdict:
        """How a value does; NaN fails."""
        if self.low <= value <= self.high:
            return "pass"
        low = self.low if self.low_fail is None else self.low_fail
        high = self.high if self.high_fail is None else self.high_fail
        return "warn" if low <= value <= high else "fail"


class Item(msgspec.Struct, frozen=True):
    """One line of a report.

    Attributes
    ----------
    name : str
        For programs, such as ``"rate"``.
    title : str
        For people.
    value : float, optional
        As measured, in ``unit``; None where it was not.
    unit : str
    verdict : str
        ``measured`` where nobody sets a limit.
    limit : Limit, optional
    detail : str
        What else was seen, or why it was skipped.
    """

    name: str
    title: str
    value: float | None
    unit: str
    verdict: Verdict
    limit: Limit | None = None
    detail: str = ""


_DIGITS: Final = 6


def judged(
    name: str, title: str, value: float, unit: str, limit: Limit | None, detail: str = ""
) -> Item:
    """An item against its limit; without one it is measured only."""
    verdict: Verdict = "measured" if limit is None else limit.verdict(value)
    return Item(name, title, _rounded(value), unit, verdict, limit, detail)


def measured(name: str, title: str, value: float, unit: str, detail: str = "") -> Item:
    """An item for which nobody sets a limit."""
    return judged(name, title, value, unit, None, detail)


def skipped(name: str, title: str, why: str) -> Item:
    """An item that could not be tried."""
    return Item(name, title, None, "", "skipped", None, why)


def failed(name: str, title: str, why: str) -> Item:
    """An item that failed before there was a value."""
    return Item(name, title, None, "", "fail", None, why)


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
