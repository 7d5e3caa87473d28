"""What an earlier session has taught, carried into one that goes on from it.

A laptop or a program that stops in mid-run must not cost the runner the baseline. What is carried
stands in the header of the new session, whose replay therefore needs that one file alone.

State records are kept by the names of their fields: a version that has further ones reads them all
the same, and begins with those as in a new run.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from imu.analyzer import LEARNED_STATE
from imu.drift.detector import DriftDetector
from imu.drift.indicators import INDICATORS
from imu.errors import InputError
from pipelines.coaching.coach import CoachState
from pipelines.coaching.companion import RunSoFar
from pipelines.session.felt_pain import Felt
from pipelines.session.json_form import from_plain, to_plain

#: The indicators of this version.
WATCHED: Final = tuple(indicator.name for indicator in INDICATORS)
_DAMAGED = "what this session goes on from cannot be read: its file is damaged."
_OTHERS = (
    "this session goes on from one in which other indicators were watched: use the version of "
    "backstride that recorded it."
)


class LeanKnown(msgspec.Struct, frozen=True):
    """What lean is measured from, as far as a session's log tells.

    Attributes
    ----------
    known : bool
        Whether the axes are known; before that nothing is measured from anything.
    from_standing : bool
        Whether lean can be compared with that of other days.
    marked : bool
        Whether the runner has marked the neutral in this session.
    unproven : bool
        Whether a baseline of other days has not been found comparable yet.
    """

    known: bool = False
    from_standing: bool = False
    marked: bool = False
    unproven: bool = False


class Carried(msgspec.Struct, frozen=True):
    """What a session has taught so far.

    Attributes
    ----------
    analyzer, drift : dict
        State records of the analyzer (:attr:`imu.analyzer.StepAnalyzer.learned`) and of the drift
        detector, by the names of their fields.
    coach : CoachState
        State of the coach, with the budget of cues.
    lean : LeanKnown
        What lean is measured from.
    surface : str
        Marked last, empty where none was.
    gap_s : float
        From the end of that session to the beginning of the one that goes on, s.
    indicators : tuple of str
        Those that were watched.
    run : RunSoFar
        What the companion knows of the run.
    felt : Felt
        Pain in it.
    """

    analyzer: dict[str, Any]
    drift: dict[str, Any]
    coach: CoachState
    lean: LeanKnown = LeanKnown()
    surface: str = ""
    gap_s: float = 0.0
    indicators: tuple[str, ...] = ()
    run: RunSoFar = RunSoFar()
    felt: Felt = Felt()

    @property
    def analyzer_state(self) -> NDArray[np.void]:
        """The analyzer's record, shape (1,).

        Raises
        ------
        InputError
            When it cannot be read.
        """
        return _record(self.analyzer, np.zeros(1, LEARNED_STATE))

    @property
    def of_older_definitions(self) -> bool:
        """Whether an older detector learned it, with which nothing compares."""
        segment = self.drift.get("segment", {})
        return isinstance(segment, dict) and "reference" not in segment

    @property
    def drift_state(self) -> NDArray[np.void]:
        """The detector's record, shape (1,).

        Raises
        ------
        InputError
            When it cannot be read, or is of a version that watches other indicators.
        """
        if self.indicators != WATCHED:
            raise InputError(_OTHERS)
        drift = _by_lifetime(self.drift)
        if not isinstance(drift["session"], dict):
            raise InputError(_DAMAGED)
        if self.of_older_definitions:  # what was counted stays, what was learned begins anew
            drift = {"session": {**drift["session"], "interruption": {}}}
        return _record(drift, DriftDetector().state)

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
        # the run goes on, with samples yet to come
        drift = _by_lifetime(self.drift)
        session = drift["session"] | {"ended": 0, "flagged_in_row": 0}
        return msgspec.structs.replace(
            self,
            coach=self.coach.seen_from(start_s),
            drift=drift | {"session": session},
            gap_s=gap_s,
        )


def carried_from_text(text: str) -> Carried:
    """What the header of a session of form 3 holds as text.

    Raises
    ------
    InputError
        When that is damaged.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        known, from_standing, marked, unproven = content["lean"]
        coach = dict(content["coach"])
        budget = {
            "alerts_s": coach.pop("cue_times_s"),
            "cues_s": coach.pop("elsewhere_s", []),
            "unanswered": coach.pop("unanswered"),
            "answered_s": "-inf" if coach["answered_s"] is None else coach["answered_s"],
        }
        lean = LeanKnown(bool(known), bool(from_standing), bool(marked), bool(unproven))
        return from_plain(
            content | {"lean": to_plain(lean), "coach": coach | {"budget": budget}}, Carried
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError, InputError):
        raise InputError(_DAMAGED) from None


def _record(content: dict[str, Any], fresh: NDArray[np.void]) -> NDArray[np.void]:
    try:
        return record_from_json(content, fresh)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise InputError(_DAMAGED) from None


def _by_lifetime(drift: dict[str, Any]) -> dict[str, Any]:
    """A state of the detector as it is now; release 0.1 wrote all fields in one record."""
    return drift if "session" in drift else {"session": drift, "segment": drift}


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
            content[name] = to_plain(value.item())
        else:
            last = len(value)
            while last and not any(value[last - 1].tobytes()):
                last -= 1
            content[name] = to_plain(value[:last].tolist())
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
            continue
        value = np.array(content[name], place.dtype)  # "nan" and the like are numbers to it
        if place.ndim == 1:
            place[0] = value
        else:
            place[:] = 0
            place[0, : len(value)] = value.reshape(len(value), *place.shape[2:])
    return record
