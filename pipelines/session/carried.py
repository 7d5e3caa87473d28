"""What an earlier session has taught, carried into one that goes on from it.

A laptop or a program that stops in mid-run must not cost the runner the baseline. What is carried
stands in the header of the new session, whose replay therefore needs that one file alone.

State records are kept by the names of their fields: a version that has further ones reads them all
the same, and begins with those as in a new run.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.analyzer import LEARNED_STATE
from imu.drift.detector import DriftDetector
from imu.drift.indicators import INDICATORS
from imu.errors import InputError

__all__ = ["Carried", "LeanKnown", "record_from_json", "record_to_json"]

_NAMES: Final = [indicator.name for indicator in INDICATORS]


@dataclass(frozen=True, slots=True)
class LeanKnown:
    """What lean is measured from, as in :class:`~pipelines.session.lean_reference.LeanReference`.

    ``unproven`` is a baseline of other days whose lean has not been found comparable yet.
    """

    known: bool = False
    from_standing: bool = False
    marked: bool = False
    unproven: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """What a session has taught so far.

    Parameters
    ----------
    analyzer : ndarray of LEARNED_STATE, shape (1,)
        :attr:`imu.analyzer.StepAnalyzer.learned`.
    drift : ndarray of DRIFT_STATE, shape (1,)
        State of the drift detector.
    coach : dict
        State of the coach.
    lean : LeanKnown
        What lean is measured from.
    surface : str
        Marked last, empty where none was.
    gap_s : float
        From the end of that session to the beginning of the one that goes on, s.
    """

    analyzer: NDArray[np.void]
    drift: NDArray[np.void]
    coach: dict[str, Any]
    lean: LeanKnown
    surface: str = ""
    gap_s: float = 0.0

    def seen_from(self, start_s: float, gap_s: float) -> Carried:
        """The same on the clock of a session that begins then.

        The cues that were told lie before its zero. A change that still waits to be told waits
        from its zero on, since nothing is told before.

        Parameters
        ----------
        start_s : float
            Its zero on the clock of the session that taught this, s.
        gap_s : float
            From the end of that session until then, s.
        """
        coach = dict(self.coach)
        for name in ("cue_times_s", "elsewhere_s"):
            coach[name] = [min(time_s - start_s, 0.0) for time_s in coach[name]]
        if coach["answered_s"] is not None:
            coach["answered_s"] = min(coach["answered_s"] - start_s, 0.0)
        coach["waiting"] = [change | {"time_s": 0.0} for change in coach["waiting"]]
        drift = self.drift.copy()
        drift["session"]["ended"] = drift["session"]["flagged_in_row"] = (
            0  # the run goes on, with samples yet to come
        )
        return replace(self, coach=coach, drift=drift, gap_s=gap_s)

    def to_json(self) -> str:
        """As text, exactly."""
        return json.dumps(
            {
                "indicators": _NAMES,
                "analyzer": record_to_json(self.analyzer),
                "drift": record_to_json(self.drift),
                "coach": _plain(self.coach),
                "lean": [
                    self.lean.known,
                    self.lean.from_standing,
                    self.lean.marked,
                    self.lean.unproven,
                ],
                "surface": self.surface,
                "gap_s": self.gap_s,
            },
            separators=(",", ":"),
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Carried:
        """Read what :meth:`to_json` gives.

        Raises
        ------
        InputError
            When it is none, or of a version that watches other indicators.
        """
        try:
            content = json.loads(text)
            if content["indicators"] != _NAMES:
                raise InputError(
                    "this session goes on from one in which other indicators were watched: use the "
                    "version of backstride that recorded it."
                )
            known, from_standing, marked, unproven = content["lean"]
            coach: dict[str, Any] = dict(content["coach"])
            coach["waiting"] = [
                {
                    name: _number(value) if name in _NUMBERS else value
                    for name, value in item.items()
                }
                for item in coach["waiting"]
            ]
            return cls(
                record_from_json(content["analyzer"], np.zeros(1, LEARNED_STATE)),
                record_from_json(_by_lifetime(content["drift"]), DriftDetector().state),
                coach,
                LeanKnown(bool(known), bool(from_standing), bool(marked), bool(unproven)),
                str(content["surface"]),
                float(content["gap_s"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise InputError(
                "what this session goes on from cannot be read: its file is damaged."
            ) from None


def _by_lifetime(drift: dict[str, Any]) -> dict[str, Any]:
    """A state of the detector as it is now; release 0.1 wrote all fields in one record."""
    return drift if "session" in drift else {"session": drift, "segment": drift}


#: Numbers of a change, which may be NaN.
_NUMBERS: Final = frozenset({"time_s", "value", "baseline", "change", "gate"})


def record_to_json(record: NDArray[np.void]) -> dict[str, Any]:
    """A structured record of shape (1,) as what JSON takes: exact, zeros at the end left out.

    Examples
    --------
    >>> record = np.zeros(1, [("count", np.int64), ("mean", np.float64, 3)])
    >>> record["mean"][0, 0] = np.nan
    >>> record_to_json(record)
    {'count': 0, 'mean': ['nan']}
    """
    content: dict[str, Any] = {}
    for name in record.dtype.names or ():
        value = record[name][0]
        if value.dtype.names is not None:
            content[name] = record_to_json(record[name])
        elif value.ndim == 0:
            content[name] = _plain(value.item())
        else:
            last = len(value)
            while last and not any(value[last - 1].tobytes()):
                last -= 1
            content[name] = _plain(value[:last].tolist())
    return content


def record_from_json(content: dict[str, Any], fresh: NDArray[np.void]) -> NDArray[np.void]:
    """A copy of a fresh record with what :func:`record_to_json` gave of one.

    Raises
    ------
    KeyError, TypeError, ValueError
        When that is not what it gives; fields that it lacks stay fresh.

    Examples
    --------
    >>> fresh = np.zeros(1, [("count", np.int64), ("mean", np.float64, 3)])
    >>> record_from_json({"mean": [0.1, "-inf"]}, fresh)["mean"]
    array([[ 0.1, -inf,  0. ]])
    """
    if not isinstance(content, dict):
        raise TypeError("a record is an object")
    record = fresh.copy()
    for name in record.dtype.names or ():
        if name not in content:
            continue
        place = record[name]
        if place.dtype.names is not None:
            record[name] = record_from_json(content[name], place)
        elif place.ndim == 1:
            record[name] = _number(content[name])
        else:
            place[:] = 0
            rows = content[name]
            place[0, : len(rows)] = np.array(_number(rows), place.dtype).reshape(
                len(rows), *place.shape[2:]
            )
    return record


def _plain(value: Any) -> Any:
    """Numbers that JSON has no word for as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _number(value: Any) -> Any:
    """The way back."""
    if isinstance(value, str):
        return float(value)
    if isinstance(value, list):
        return [_number(item) for item in value]
    return value
