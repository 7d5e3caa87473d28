"""The first run: ``backstride live`` without a source asks for what it needs, in the terminal.

Every question has a default that Enter takes; the end of the input takes all of them.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from imu.errors import BackstrideError, InputError, ParameterError
from pipelines.coaching.training.pain import check_cue
from pipelines.coaching.training.traffic_light import Judged, judge_pain
from pipelines.runner.journal.advice import words_before_a_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Settings
from pipelines.runner.journal.tags import SURFACES, KnownTags, known_tags, shoe_name
from pipelines.runner.last_answers import LastAnswers, last_answers_store
from pipelines.runner.rated_before import keep_rating, light_before
from pipelines.units import (
    Units,
    height_words,
    mass_words,
    parse_typed_height,
    parse_typed_mass,
    parse_whole,
)
from pipelines.views.refusals import fitted
from pipelines.views.terminal.cells import printable

if TYPE_CHECKING:
    from devices.scan import Found

#: The simulated runner.
SIMULATED: Final = "sim:"
#: Devices of an unknown kind that are listed; a house is full of them.
_MOST_UNKNOWN: Final = 8
#: Shoes that are named in the question.
_MOST_SHOES: Final = 6
#: What takes back what was known.
_NONE: Final = "none"
#: Answers that cannot be read before a question is left out.
_TRIES: Final = 3
#: Of a Bluetooth sensor, as it stands on it.
#: As a radio shows it: of six bytes, or as macOS names a sensor.
_BARE_ADDRESS: Final = re.compile(
    r"(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE
)
_BARE_PORT: Final = re.compile(r"COM\d+|/dev/\S+", re.IGNORECASE)
_CLIP: Final = (
    "Clip the sensor to the back of your waistband, in the middle, so that it cannot slip."
)
_NEUTRAL: Final = (
    "Then stand upright and still for about five seconds before you start: that posture is your",
    "neutral, and your lean while running is told from there, unless you have calibrated it.",
)

_light_before: Final = partial(judge_pain, moment="before")

#: Takes the words of a question, gives the line typed; None at the end of the input.
Ask = Callable[[str], str | None]
Tell = Callable[[str], None]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Sightings:
    """What was found near, and what kept it from being more, in a sentence each."""

    found: tuple[Found, ...] = ()
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the guide found out: the source to run, and the settings with the runner's answers.

    ``surface``, ``shoe`` and ``pain``, the level before the run, are empty where not said; ``page``
    tells whether the run is to be shown in the browser too.
    """

    source: str
    settings: Settings
    surface: str = ""
    shoe: str = ""
    pain: str = ""
    page: bool = False


def guide(
    ask: Ask,
    tell: Tell,
    look: Callable[[], Sightings],
    settings: Settings,
    tags: KnownTags | None = None,
    *,
    surface: str = "",
    shoe: str = "",
    keep: Callable[[Settings], None] = lambda _: None,
    last: LastAnswers | None = None,
    keep_answers: Callable[[LastAnswers], None] = lambda _: None,
    keep_pain: Callable[[int], None] = lambda _: None,
    light: Callable[[int], Judged] = _light_before,
    axes_known: bool = False,
) -> FirstRun:
    """Ask for sensor, body, surface, shoe, back and page, and explain the standing neutral.

    Parameters
    ----------
    ask : callable
        Takes the words of a question and gives the line typed, None at the end of the input.
    tell : callable
        Shows a line.
    look : callable
        Looks for sensors; called again where the user wants that.
    settings : Settings
        As known so far; what is not answered stays.
    tags : KnownTags, optional
        Surface and shoe of the last run, which Enter keeps, and the shoes in use.
    surface, shoe : str
        Where stated already, which is not asked for.
    keep : callable
        Takes the answers about the body as soon as they are given.
    last : LastAnswers, optional
        What was answered before a run that did not begin, which Enter keeps.
    keep_answers : callable
        Takes sensor, surface and shoe, each as soon as it is given.
    keep_pain : callable
        Takes a rating where the guide is left before the run.
    light : callable
        Gives the light of a rating before a run.
    axes_known : bool
        Whether the sensor's axes are stated, so that standing gives no neutral.
    """
    tags = KnownTags() if tags is None else tags
    last = LastAnswers() if last is None else last
    source = _choose_source(ask, tell, look, last.source)
    given = replace(last, source=source)
    keep_answers(given)
    settings = _ask_body(ask, tell, settings)
    keep(settings)
    pain = ""
    if not source.startswith(SIMULATED):
        surface = surface or _ask_surface(ask, tell, last.surface or tags.surface)
        given = replace(given, surface=surface)
        keep_answers(given)
        shoe = shoe or _ask_shoe(ask, tell, replace(tags, shoe=last.shoe or tags.shoe))
        keep_answers(replace(given, shoe=shoe))
        pain = _ask_back(ask, tell, light)
    try:
        page = _ask_rest(ask, tell, axes_known=axes_known)
    except KeyboardInterrupt:
        if pain:
            keep_pain(int(pain))
        raise
    # from here on the run has them
    keep_answers(replace(given, surface="", shoe=""))
    return FirstRun(source, settings, surface, shoe, pain, page)


def _ask_rest(ask: Ask, tell: Tell, *, axes_known: bool) -> bool:
    """Whether to show a page; then the standing neutral, which nothing takes in known axes."""
    page = _asked(ask, tell, "Show the run on a page in the browser too? [n] ", yes_or_no, False)
    for line in (_CLIP,) if axes_known else (_CLIP, *_NEUTRAL):
        tell(line)
    ask("Enter when you are ready: ")
    return page


def ask_for_source(
    journal: JournalAtHand,
    *,
    seconds: float = 4.0,
    surface: str = "",
    shoe: str = "",
    axes_known: bool = False,
) -> FirstRun:
    """The guide in this terminal; answers about the body are kept in the journal's settings.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    seconds : float
        How long to look for Bluetooth sensors, s.
    surface, shoe : str
        Where stated already, which is not asked for.
    axes_known : bool
        Whether the sensor's axes are stated.

    Raises
    ------
    InputError
        When there is no terminal to ask in.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "there is no terminal to ask in: give a source, such as 'sim:' or 'ble:ADDRESS', to "
            "'backstride live' ('backstride scan' lists them)."
        )
    known = journal.ask(Journal.settings, Settings())
    for note in filter(None, [*journal.take_notes(), journal.trouble]):
        _tell_here(f"note: {note}")

    def keep(settings: Settings) -> None:
        # at once: whoever leaves the guide has answered all the same
        if settings != known and (trouble := journal.keep_settings(settings)):
            _tell_here(f"note: {trouble}")

    if why := journal.ask(lambda it: words_before_a_run(it, time.time_ns()), ""):
        _tell_here(why)
    store = last_answers_store(journal.path.parent)
    stored = store.load()
    if stored.note:
        _tell_here(f"note: {stored.note}")

    def keep_answers(answers: LastAnswers) -> None:
        if stored.replaceable:
            with suppress(BackstrideError):  # a convenience: the run is worth more
                store.save(answers)

    def keep_pain(level: int) -> None:
        for line in keep_rating(journal, level, time.time_ns()):
            _tell_here(line)

    return guide(
        _ask_here,
        _tell_here,
        lambda: look_around(seconds),
        known,
        journal.ask(known_tags, KnownTags()),
        surface=surface,
        shoe=shoe,
        keep=keep,
        last=stored.value,
        keep_answers=keep_answers,
        keep_pain=keep_pain,
        light=partial(light_before, journal),
        axes_known=axes_known,
    )


def look_around(seconds: float = 4.0) -> Sightings:
    """Bluetooth LE sensors and serial ports at hand; trouble with either leaves the other."""
    import asyncio

    from devices.scan import scan_bluetooth, scan_serial

    found: list[Found] = []
    troubles: list[str] = []
    try:
        found += asyncio.run(scan_bluetooth(seconds))
    except BackstrideError as error:
        troubles.append(str(error))
    try:
        found += asyncio.run(scan_serial())
    except BackstrideError as error:
        troubles.append(str(error))
    return Sightings(tuple(found), tuple(troubles))


# -------------------------------------------------------------------------------------- questions


def _choose_source(ask: Ask, tell: Tell, look: Callable[[], Sightings], before: str) -> str:
    while True:
        tell("Looking for sensors …")
        seen = look()
        for trouble in seen.troubles:
            tell(f"note: {printable(trouble)}")
        known = [item for item in seen.found if item.protocol]
        unknown = [item for item in seen.found if not item.protocol]
        offered = [*known, *unknown[:_MOST_UNKNOWN]]
        tell("  0  look again")
        for number, item in enumerate(offered, 1):
            tell(f"  {number}  {_sensor_words(item)}")
        last = len(offered) + 1
        tell(f"  {last}  the simulated runner, to try things out")
        if len(unknown) > _MOST_UNKNOWN:
            more = len(unknown) - _MOST_UNKNOWN
            tell(f"note: devices of an unknown kind that are not listed: {more}.")
        default = 1 if known else last
        default = next(
            (number for number, item in enumerate(offered, 1) if item.url == before), default
        )
        tell("     or type the address of another, such as ble:ADDRESS")
        listed = ["", *(item.url for item in offered), SIMULATED]
        read = _address(listed)
        chosen = _asked(ask, tell, f"Which one? [{default}] ", read, listed[default])
        if chosen:
            return chosen


def _address(listed: Sequence[str]) -> Callable[[str], str]:
    """A reader of the number of an address that is listed, or of any other that may be opened."""

    def read(words: str) -> str:
        url = words
        if _BARE_ADDRESS.fullmatch(words):
            hexadecimal = words.count("-") == 5
            url = f"ble:{words.replace('-', ':') if hexadecimal else words}"
        elif _BARE_PORT.fullmatch(words):
            url = f"serial:{words}"
        if ":" not in url:
            return listed[number_up_to(len(listed) - 1)(words)]
        from pipelines.sensors.opening import open_source

        open_source(url)
        return url

    return read


def _ask_body(ask: Ask, tell: Tell, settings: Settings) -> Settings:
    if settings.height_m is not None and settings.mass_kg is not None:
        tall = height_words(settings.height_m, settings.units)
        heavy = mass_words(settings.mass_kg, settings.units)
        question = f"You are {tall} tall and weigh {heavy}. Change that? [n] "
        if not _asked(ask, tell, question, yes_or_no, False):
            return settings
    else:
        tell("Height and weight serve the estimate of the load on the lower back, nothing else.")
    units = _asked(ask, tell, f"Units, metric or imperial? [{settings.units}] ", _units, None)
    settings = replace(settings, units=units or settings.units)
    height_m = _asked(
        ask,
        tell,
        _question("Height", settings.height_m, height_words, settings.units),
        _fitted(parse_typed_height, settings.units),
        settings.height_m,
    )
    mass_kg = _asked(
        ask,
        tell,
        _question("Weight", settings.mass_kg, mass_words, settings.units),
        _fitted(parse_typed_mass, settings.units),
        settings.mass_kg,
    )
    return replace(settings, height_m=height_m, mass_kg=mass_kg)


def _ask_surface(ask: Ask, tell: Tell, known: str) -> str:
    several = f"{', '.join(SURFACES[:-1])} or {SURFACES[-1]}"
    question = f"You run on {several}? [{_known(known)}] "
    return _asked(ask, tell, question, lambda words: _surface(words, known), known)


def _ask_shoe(ask: Ask, tell: Tell, tags: KnownTags) -> str:
    shoes = [printable(shoe) for shoe in tags.shoes[-_MOST_SHOES:]]
    several = f"{', '.join(shoes)}, or a new name" if shoes else "by a name of your own"
    question = f"In the shoes, {several}? [{_known(tags.shoe)}] "
    return _asked(ask, tell, question, lambda words: _shoe(words, tags.shoes), tags.shoe)


def _ask_back(ask: Ask, tell: Tell, light: Callable[[int], Judged]) -> str:
    """The level before the run, with what it means for it; empty where skipped."""
    read: Callable[[str], int | None] = number_up_to(10, "the pain")
    level = _asked(ask, tell, "Pain in your back now, from 0 to 10? [skip] ", read, None)
    if level is None:
        return ""
    tell(light(level).cue.message)
    if (questions := check_cue(level)) is not None:
        tell(questions.message)
    return str(level)


def _known(words: str) -> str:
    return f"{printable(words)}, {_NONE!r} for none" if words else "skip"


def _surface(words: str, known: str) -> str:
    wanted = words.lower()
    if wanted == _NONE:
        return ""
    if wanted == known.lower():
        return known
    fitting = [one for one in SURFACES if one.startswith(wanted)]
    if wanted not in SURFACES and len(fitting) != 1:
        raise ParameterError("the surface", words, f"one of {', '.join(SURFACES)}, or {_NONE}")
    return fitting[0]


def _fitted(parse: Callable[[str, Units], float], units: Units) -> Callable[[str], float]:
    """A reader whose refusal tells the range in the unit that was typed."""

    def read(words: str) -> float:
        try:
            return parse(words, units)
        except ParameterError as error:
            raise fitted(error, units) from None

    return read


def _shoe(words: str, known: tuple[str, ...]) -> str:
    """One of those known where only the capitals differ, else the new name."""
    if words.lower() == _NONE:
        return ""
    return next((one for one in known if one.lower() == words.lower()), shoe_name(words))


def _asked(
    ask: Ask, tell: Tell, question: str, read: Callable[[str], Answer], default: Answer
) -> Answer:
    """Ask until the answer can be read; an empty one, or too many tries, give the default."""
    for _ in range(_TRIES):
        line = ask(question)
        if line is None or not line.strip():
            return default
        try:
            return read(line.strip())
        except BackstrideError as error:
            tell(printable(str(error)))
    tell("Left as it was.")
    return default


def _question(
    name: str, known: float | None, words: Callable[[float, Units], str], units: Units
) -> str:
    if known is not None:
        return f"{name}? [{words(known, units)}] "
    example = {
        ("Height", "metric"): "175 cm",
        ("Height", "imperial"): "5 ft 9 in",
        ("Weight", "metric"): "70 kg",
        ("Weight", "imperial"): "154 lb",
    }[name, units]
    return f"{name}, such as {example}? [skip] "


def number_up_to(last: int, what: str = "the answer") -> Callable[[str], int]:
    """A reader of whole numbers from 0 on."""

    def read(words: str) -> int:
        number = parse_whole(words, last)
        if number is None:
            raise ParameterError(what, words, f"a number from 0 to {last}")
        return number

    return read


def yes_or_no(words: str) -> bool:
    """Read a yes or a no; anything else is asked for again."""
    if words.lower() not in {"y", "yes", "n", "no"}:
        raise ParameterError("the answer", words, "y or n")
    return words.lower() in {"y", "yes"}


def _units(words: str) -> Units:
    lower = words.lower()
    if "metric".startswith(lower):
        return "metric"
    if "imperial".startswith(lower):
        return "imperial"
    raise ParameterError("units", words, "metric or imperial")


def _sensor_words(item: Found) -> str:
    signal = "" if item.signal_dbm is None else f", {item.signal_dbm} dBm"
    name = item.sold_as or item.name or "without a name"
    kind = "" if item.protocol else " (unknown kind)"
    return printable(f"{name}{kind}: {item.url}{signal}")


# ------------------------------------------------------------------------------------ terminal


def _ask_here(question: str) -> str | None:
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        _tell_here("")
    return line or None


def _tell_here(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
