"""The posture figure: how far the drawn runner leans, and what that says and does not say."""

from __future__ import annotations

import math
from typing import Any, Final

from pipelines.quantities import quantity_named
from pipelines.session.live_status import LiveStatus
from pipelines.views.terminal.wording import is_changed, shown_value

#: The figure leans this many times the angle, or a degree could not be seen.
DRAWN_TIMES: Final = 2.0
_MOST_DRAWN_DEG: Final = 50.0


_LEAN: Final = quantity_named("sacral_lean_deg")


def posture(status: LiveStatus) -> dict[str, Any]:
    """The figure of a status.

    Returns
    -------
    dict
        ``lean`` and ``usual`` (from, to) as drawn, in degrees, positive forward, None where
        unknown; ``changed``; ``words`` for people who see the figure and for those who do not.

    Examples
    --------
    >>> posture(LiveStatus(source="", device=""))["words"]
    'Lean is not known yet'
    """
    value = shown_value(status, _LEAN)
    indicator = status.indicators.get(_LEAN.column)
    usual = None
    if indicator is not None and indicator.known and indicator.gate > 0.0:
        usual = [_drawn(end) for end in indicator.range]
    return {
        "lean": _drawn(value) if math.isfinite(value) else None,
        "usual": usual,
        "changed": is_changed(status, _LEAN.column),
        "words": _words(value),
    }


def _drawn(angle_deg: float) -> float:
    return round(min(max(DRAWN_TIMES * angle_deg, -_MOST_DRAWN_DEG), _MOST_DRAWN_DEG), 1)


def _words(value: float) -> str:
    if not math.isfinite(value):
        return "Lean is not known yet"
    if _LEAN.number(value) == "0.0":
        return "Upright"
    return f"Leaning {_LEAN.amount(abs(value))} {'forward' if value > 0 else 'back'}"
