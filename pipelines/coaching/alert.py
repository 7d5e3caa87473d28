"""An alert: what the runner is told of a change, as a record."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import Final

from imu.drift.changes import Direction, Severity

_DECIMALS: Final = 3
#: What stands in no file of alerts: the message said in other ways.
_UNWRITTEN: Final = ("aloud", "headline", "detail")


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, its attributes in the order of the JSON Lines file.

    Attributes
    ----------
    time_s : float
        Session time, s.
    indicator : str
        Name of the indicator, with its unit.
    direction : {"up", "down"}
        Away from the baseline.
    value, baseline : float
        In the indicator's unit.
    change, gate : float
        In % of the baseline, or in degrees for the lean.
    severity : {"raised", "cleared"}
        Whether the indicator changed or came back.
    message : str
        For the runner, one sentence.
    aloud : str
        The same in at most ten words, to be said; no part of the file.
    headline, detail : str
        What changed, and what to try, empty for nothing: the message in two; no part of the file.

    Examples
    --------
    >>> alert = Alert(900.0, "sacral_lean_deg", "up", 10.0, 6.0, 4.0, 2.0, "raised", "…")
    >>> alert.severity, alert.value - alert.baseline
    ('raised', 4.0)
    """

    time_s: float
    indicator: str
    direction: Direction
    value: float
    baseline: float
    change: float
    gate: float
    severity: Severity
    message: str
    aloud: str = ""
    headline: str = ""
    detail: str = ""

    def record(self) -> dict[str, object]:
        """Fields by name, in order; numbers with three decimals, None where not finite.

        Returns
        -------
        dict of str to object
            As they stand in the file.
        """
        names = (field.name for field in fields(self) if field.name not in _UNWRITTEN)
        return {name: _plain(getattr(self, name)) for name in names}

    def to_json(self) -> str:
        """One line of the file, without its end.

        Returns
        -------
        str
            JSON.

        Examples
        --------
        >>> Alert(9.0, "cadence_spm", "down", 160.0, 170.0, -5.88235, 3.0, "raised", "…").to_json()
        '{"time_s":9.0,"indicator":"cadence_spm","direction":"down","value":160.0,"baseline":170.0,"change":-5.882,"gate":3.0,"severity":"raised","message":"…"}'
        """
        return json.dumps(self.record(), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if not isinstance(value, float):
        return value
    # adding 0.0 turns -0.0 into 0.0
    return round(value, _DECIMALS) + 0.0 if math.isfinite(value) else None
