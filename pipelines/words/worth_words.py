"""How far a change of an indicator can be relied on, in a line beside what it is."""

from __future__ import annotations

from typing import Final

from imu.drift.indicators import INDICATORS, Indicator

_UNITS: Final = {"%": " %", "deg": "°", "points": " points"}


def worth_words(indicator: Indicator) -> str:
    """What share of a true change is told, and the smallest that is more than chance.

    Examples
    --------
    >>> from imu.drift.indicators import indicator_named
    >>> worth_words(indicator_named("contact_time_ms"))
    'Of a true change it shows 95 %; within a run it sees one from 3.7 % on (measured).'
    >>> worth_words(indicator_named("impact_shock_g")).partition(";")[0]
    'How much of a true change it shows is not measured'
    """
    worth, unit = indicator.worth, _UNITS[indicator.change_unit]
    shows = "How much of a true change it shows is not measured"
    if worth.response is not None:
        shows = f"Of a true change it shows {100.0 * worth.response:.0f} %"
    sees = "what it sees within a run is not measured"
    if worth.within_run is not None:
        how = "measured" if worth.measured else "assumed"
        sees = f"within a run it sees one from {worth.within_run:g}{unit} on ({how})"
    days = "" if worth.between_days is None else f", between days {worth.between_days:g}{unit}"
    return f"{shows}; {sees}{days}."


def between_days_words() -> str:
    """Once for all indicators, that what they see between days is not measured."""
    unknown = [one for one in INDICATORS if one.worth.between_days is None]
    others = "" if len(unknown) == len(INDICATORS) else ", but where it says so"
    return f"Between days: not measured{others}." if unknown else ""
