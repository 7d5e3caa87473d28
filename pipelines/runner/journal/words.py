"""Entries and settings of the journal as lines for people."""

from __future__ import annotations

from typing import Final

from pipelines.clock_words import clock_words
from pipelines.counted import counted
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, Settings, Shoe, moment
from pipelines.runner.journal.queries import PlacedPain
from pipelines.units import Units, distance_words, height_words, mass_words

_MOMENTS: Final = {
    "before": "before",
    "during": "during",
    "after": "after",
    "24h": "the day after",
    "48h": "two days after",
}

#: How a distance is known.
_SOURCES: Final = {
    "user": "as stated",
    "treadmill": "as the treadmill showed",
    "pod": "as the foot pod measured",
    "speed": "from the treadmill's speed and the time spent running",
    "mark": "from what was stated in it",
}


def run_line(journal: Journal, session: Session) -> str:
    """A run of a journal in one line, in its units and with its shoe."""
    shoe = "" if session.shoe_id is None else journal.entry(Shoe, session.shoe_id).name
    return session_line(session, journal.settings().units, shoe)


def session_line(session: Session, units: Units = "metric", shoe: str = "") -> str:
    """A session in one line; the dose comes with its range over the exponents 2 to 6.

    Examples
    --------
    >>> from dataclasses import replace
    >>> run = Session(1_772_474_400 * 10**9, 1800.0, steps=4800, source_file="a.mcap", identifier=3)
    >>> session_line(run)
    'run 3: 2026-03-02 18:00, 30:00, distance unknown, 4800 steps'
    >>> session_line(replace(run, steps=0, source_file=""))  # typed in: nobody counted
    'run 3: 2026-03-02 18:00, 30:00, distance unknown'
    """
    begin = moment(session.utc_start_ns, session.utc_offset_minutes)
    words = "distance unknown"
    if session.distance_m is not None:
        distance = distance_words(session.distance_m, units)
        words = f"{distance} ({_SOURCES[session.distance_source]})"
    dose = session.dose_easy_km_m4
    low, high = session.dose_easy_km_m2, session.dose_easy_km_m6
    load = ""
    if dose is not None:
        load = f", load of {distance_words(dose * 1000.0, units)} easy"
        if low is not None and high is not None:
            ends = sorted((low * 1000.0, high * 1000.0))
            load += f" ({distance_words(ends[0], units)} to {distance_words(ends[1], units)})"
    where = f", on {session.surface}" if session.surface else ""
    where += f", in {shoe}" if shoe else ""
    effort = "" if session.effort is None else f", effort {session.effort} of 10"
    simulated = ", simulated" if session.simulated else ""
    steps = f", {counted(session.steps, 'step')}" if session.steps or session.source_file else ""
    taken = clock_words(session.duration_s)
    return (
        f"run {session.identifier}: {begin:%Y-%m-%d %H:%M}, {taken}, {words}"
        f"{where}{steps}{load}{effort}{simulated}"
    )


def odometer_words(distance_m: float, unmeasured: int, units: Units = "metric") -> str:
    """What a pair of shoes has run, and of how many runs that is not known.

    Examples
    --------
    >>> odometer_words(120_000.0, 0), odometer_words(120_000.0, 1)
    ('120.0 km', '120.0 km and 1 run of no known distance')
    """
    distance = distance_words(distance_m, units)
    return distance + f" and {counted(unmeasured, 'run')} of no known distance" * (unmeasured > 0)


def pain_line(item: PlacedPain) -> str:
    """A note of pain in one line, with the run that it belongs to and all that was said of it."""
    pain = item.pain
    words = f"pain {pain.identifier}: {moment(pain.utc_ns, pain.utc_offset_minutes):%Y-%m-%d %H:%M}"
    places = [f"{_MOMENTS[place.moment]} run {place.number}" for place in item.places]
    by_time = " by its time" if places and item.by_time else ""
    said = [f"{pain.level} of 10", " and ".join(places) + by_time, pain.place, pain.quality]
    came = f"with {pain.activity}" if pain.activity else ""
    return ", ".join([words, *filter(None, [*said, came])])


def settings_lines(settings: Settings) -> list[str]:
    """The settings, one line each.

    Examples
    --------
    >>> settings_lines(Settings(height_m=1.75))[0]
    'height            1.75 m'
    """
    units, own_m = settings.units, settings.weekly_ceiling_m
    tall = "not set" if settings.height_m is None else height_words(settings.height_m, units)
    heavy = "not set" if settings.mass_kg is None else mass_words(settings.mass_kg, units)
    ceiling = "two miles more than the week before"
    if own_m is not None:
        ceiling = distance_words(own_m, units)
    highest = settings.highest_heart_rate_bpm
    pulse = "not set" if highest is None else f"{highest} beats a minute"
    return [
        f"height            {tall}",
        f"mass              {heavy}",
        f"units             {units}",
        f"weekly ceiling    {ceiling}",
        f"strength          {counted(settings.strength_days, 'day')} a week",
        f"stretching        {counted(settings.stretches_per_day, 'time')} a day",
        f"highest pulse     {pulse}",
    ]
