"""Speed and slope that the runner states: what holds at each step, from the marks of the session.

A mark of kind ``speed`` or ``slope`` holds from its place in the log until the next one of its
kind. What is known so is taken out of the indicators before they are judged.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from imu.drift.covariates import Covariates
from imu.errors import ParameterError
from pipelines.units import parse_slope, parse_speed, slope_words

if TYPE_CHECKING:
    from devices.records import Mark
    from imu.steps import Steps

__all__ = [
    "PACE_KINDS",
    "UNKNOWN",
    "PaceMarks",
    "marked_slope_deg",
    "marked_speed_m_s",
    "pace_mark_value",
]

#: Kinds of marks that are read here.
PACE_KINDS: Final = ("speed", "slope")
#: Value of a mark from which on nothing is known; an empty one says the same.
UNKNOWN: Final = "unknown"


_STANDS: Final = re.compile(r"0+([.,]0*)?(\s|$)")


def marked_speed_m_s(value: str, name: str = "speed") -> float:
    """What a mark of kind "speed" says, m/s: 0 for a belt that stands, NaN for unknown.

    Raises
    ------
    ParameterError
        When it is neither that nor a speed with its unit up to 12 m/s.

    Examples
    --------
    >>> marked_speed_m_s("9 km/h"), marked_speed_m_s("0.0 km/h"), marked_speed_m_s("unknown")
    (2.5, 0.0, nan)
    """
    words = value.strip()
    if _is_unknown(words):
        return math.nan
    return 0.0 if _STANDS.match(words) else parse_speed(words, name)


def marked_slope_deg(value: str, name: str = "slope") -> float:
    """What a mark of kind "slope" says, degrees, positive uphill: NaN for unknown.

    Raises
    ------
    ParameterError
        When it is neither that nor a slope with its unit from −40 to 40 %.

    Examples
    --------
    >>> round(marked_slope_deg("2 %"), 3), marked_slope_deg("")
    (1.146, nan)
    """
    return math.nan if _is_unknown(value.strip()) else parse_slope(value, name)


def pace_mark_value(kind: str, value: str, name: str = "") -> str:
    """The value of a mark as the log keeps it; those of other kinds stay as they are.

    Slopes are kept in percent, speeds in the runner's own words.

    Parameters
    ----------
    kind, value : str
        Of the mark.
    name : str
        How an error calls it; the kind otherwise.

    Raises
    ------
    ParameterError
        When a speed or a slope cannot be read, or nobody runs so fast or so steep.

    Examples
    --------
    >>> pace_mark_value("slope", "2 deg"), pace_mark_value("slope", " −3% ")
    ('3.492 %', '-3 %')
    >>> pace_mark_value("speed", "10 km/h"), pace_mark_value("speed", "")
    ('10 km/h', 'unknown')
    """
    if kind == "speed":
        return UNKNOWN if math.isnan(marked_speed_m_s(value, name or kind)) else value.strip()
    if kind == "slope":
        slope_deg = marked_slope_deg(value, name or kind)
        return UNKNOWN if math.isnan(slope_deg) else slope_words(slope_deg)
    return value


class PaceMarks:
    """The speed and the slope that the marks of a session state, and when.

    A mark whose value cannot be read ends the knowledge, since what was known holds no more; so
    does a belt that stands: whoever runs then does so elsewhere.

    Examples
    --------
    >>> from devices.records import Mark
    >>> from imu.steps import NO_STEPS
    >>> marks = PaceMarks()
    >>> marks.at(NO_STEPS) is None
    True
    >>> marks.take(Mark(0, "speed", "10 km/h"), 20.0)
    ''
    >>> marks.take(Mark(0, "slope", "steep"), 30.0)
    "the mark 'slope' says 'steep', which cannot be read: the slope counts as unknown from here."
    """

    def __init__(self) -> None:
        self._since_s: list[float] = []
        self._pace = [(math.nan, math.nan)]  # before the first mark, and from each of them

    def take(self, mark: Mark, time_s: float) -> str:
        """Take a mark of one of :data:`PACE_KINDS`; returns what is wrong with it, or nothing.

        Parameters
        ----------
        mark : Mark
            In the order of the log.
        time_s : float
            Session time from which it holds, s; −∞ for one before the first sample.
        """
        speed_m_s, slope_deg = self._pace[-1]
        value, trouble = math.nan, ""
        read = marked_speed_m_s if mark.kind == "speed" else marked_slope_deg
        try:
            value = read(mark.value)
        except ParameterError:
            trouble = (
                f"the mark {mark.kind!r} says {mark.value!r}, which cannot be read: the "
                f"{mark.kind} counts as unknown from here."
            )
        if mark.kind == "speed":
            speed_m_s = value or math.nan
        else:
            slope_deg = value
        # kept in order, whatever a sensor's clock does
        self._since_s.append(max([time_s, *self._since_s[-1:]]))
        self._pace.append((speed_m_s, slope_deg))
        return trouble

    def at(self, steps: Steps) -> Covariates | None:
        """Speed and slope at the initial contact of each step, NaN where not known.

        Returns
        -------
        Covariates or None
            None when nothing has been marked.
        """
        if not self._since_s:
            return None
        place = np.searchsorted(self._since_s, steps.initial_contact_s, side="right")
        pace = np.array(self._pace)[place]
        return Covariates(pace[:, 0], pace[:, 1])


def _is_unknown(words: str) -> bool:
    return not words or words.lower() == UNKNOWN
