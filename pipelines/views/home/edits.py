"""What the runner writes on the pages, put into the journal; each edit answers in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final, get_args

from imu.errors import InputError, ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.effort import perceived_cue
from pipelines.coaching.training.pain import ago_words, check_cue
from pipelines.coaching.training.pain_moments import felt_ns, is_too_early, is_too_late
from pipelines.coaching.training.red_flags import QUESTIONS, RedFlagState, judge
from pipelines.runner.journal.advice import (
    advice,
    after_the_questions,
    judged_note,
    return_state,
    stop_cue,
)
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    Exercise,
    ExerciseKind,
    Pain,
    PainMoment,
    Questionnaire,
    Session,
    Shoe,
    offset_minutes,
    utc_ns_of,
)
from pipelines.runner.journal.queries import red_flag_state, run_time
from pipelines.runner.journal.runs import edit_run
from pipelines.runner.journal.shoe_names import retired_shoe, shoe_in_use, shoe_of_day
from pipelines.runner.journal.stated import (
    UNRECORDED_M,
    Distance,
    Stated,
    distance_run,
    odd_distance_words,
)
from pipelines.runner.journal.tags import SURFACES, shoe_name
from pipelines.runner.unfiled import file_it, unfiled_run
from pipelines.units import (
    LONG,
    UNITS,
    distance_words,
    parse_distance,
    parse_typed_height,
    parse_typed_mass,
    parse_whole,
    read_typed,
)
from pipelines.views.refusals import fitted
from pipelines.views.terminal.cells import capital, printable

#: What a form sends, by the names of its fields.
Fields = Mapping[str, str]
_LONGEST: Final = 500
#: What a pair may have run, m.
_MOST_SHOE_M: Final = 50_000_000.0


def change(journal: Journal, what: str, fields: Fields, now: datetime) -> str:
    """Make one change; what became of it in a sentence.

    Parameters
    ----------
    journal : Journal
        Open.
    what : str
        One of :data:`EDITS`.
    fields : mapping of str to str
        What was typed.
    now : datetime
        The time on the runner's clock, with its zone.

    Raises
    ------
    ParameterError, InputError
        When something that was typed makes no sense; nothing is changed then.
    RecordingError
        When the journal cannot take it.
    """
    edit = EDITS.get(what)
    if edit is None:
        raise ParameterError("what to change", what, "something that the pages offer")
    known = {name: printable(value).strip()[:_LONGEST] for name, value in fields.items()}
    try:
        return edit(journal, known, now)
    except ParameterError as error:  # fields of the journal are no words for a runner
        raise ParameterError(error.name.replace("_", " "), error.value, error.accepted) from None


def _run(journal: Journal, fields: Fields, _: datetime) -> str:
    number = _whole(fields, "run")
    before = journal.entry(Session, number)
    units = journal.settings().units
    distance: Distance | None = None
    words = fields.get("distance", "")
    was_m = before.distance_m
    # what the page itself has written is rounded
    if words and (was_m is None or words != distance_words(was_m, units)):
        taken_s = before.running_s or before.duration_s
        outside_m = UNRECORDED_M if before.source_file else 0.0
        run_m = read_typed(
            lambda known: distance_run(known, "distance", taken_s, outside_m),
            words,
            LONG[units][1],
        )
        distance = Distance(run_m, "user")
    surface = fields.get("surface", "")
    if surface and surface not in (*SURFACES, before.surface):
        raise ParameterError("surface", surface, "one of the list")
    effort = _whole(fields, "effort") if fields.get("effort") else None
    was = None if was_m is None else Distance(was_m, before.distance_source)
    pair = "" if before.shoe_id is None else journal.entry(Shoe, before.shoe_id).name
    # the pair that a run was in stays, also where it has been retired since
    shoe = "" if fields.get("shoe") == pair else _shoe_worn(journal, fields, before)
    had = Stated(was, before.surface, pair, before.note, before.effort).said
    emptied = frozenset(one for one in had if fields.get(one) == "")
    said = Stated(distance, surface, shoe, fields.get("note", ""), effort, emptied)
    edit_run(journal, number, said)
    told = f"Run {number} is as you said."
    if distance is not None and (odd := odd_distance_words(journal.entry(Session, number), units)):
        told += f" {capital(odd)}"
    if effort is not None and effort != before.effort:
        told += f" {perceived_cue(effort).message}"
    return told


def _shoe_worn(journal: Journal, fields: Fields, run: Session) -> str:
    name = shoe_name(fields.get("shoe"))
    retired = name and retired_shoe(journal, name) is not None
    if retired and shoe_of_day(journal, name, run.day) is None:
        raise ParameterError("shoe", name, "a pair in use then: bring this one back first")
    return name


def _pain(journal: Journal, fields: Fields, now: datetime) -> str:
    level, when = _whole(fields, "level"), fields.get("when", "")
    moment = next((one for one in get_args(PainMoment) if one == when), None)
    if moment is None:
        raise ParameterError("when", when, "one of the list")
    number, now_ns = None, utc_ns_of(now)
    utc_ns = now_ns
    if moment not in {"", "other"}:
        number = _whole(fields, "run")
        run = run_time(journal.entry(Session, number))
        if is_too_early(moment, run.end_ns, now_ns, offset_minutes(now)):
            hours = (now_ns - run.end_ns) / 3.6e12
            raise ParameterError(
                "when", when, f"another moment: that run ended {ago_words(max(hours, 0.0))}"
            )
        utc_ns = felt_ns(moment, run, now_ns)
    note = Pain(
        utc_ns,
        level,
        moment,
        number,
        place=fields.get("place", ""),
        quality=fields.get("quality", ""),
        activity=fields.get("activity", ""),
        utc_offset_minutes=offset_minutes(now),
    )
    journal.add(note)
    found = advice(journal, now)
    light = judged_note(journal, note)
    told = []
    if light is not None and (level or light.most) and not is_too_late(utc_ns, now_ns):
        told = [light.cue.message]
    told += [one.message for one in found.cues if one.text_id.startswith(("pain.", "red_flags."))]
    asks = check_cue(level, note.place, note.quality, note.activity)
    if asks is not None and not found.red_flags.stopped:
        told.append("Please answer the questions about warning signs, on the journal's page.")
    return " ".join([f"Pain {level} of 10 is noted.", *told])


def _exercise(journal: Journal, fields: Fields, now: datetime) -> str:
    kind = next((one for one in get_args(ExerciseKind) if one == fields.get("kind")), None)
    if kind is None:
        raise ParameterError("kind", fields.get("kind", ""), "one of the list")
    minutes = _number(fields, "minutes")
    journal.add(
        Exercise(utc_ns_of(now), kind, minutes, fields.get("note", ""), offset_minutes(now))
    )
    return f"Noted: {kind}, {minutes:g} min."


def _shoe(journal: Journal, fields: Fields, now: datetime) -> str:
    name, then = shoe_name(fields.get("name")), fields.get("then", "")
    if not name:
        raise ParameterError("name", "", "the name of the pair, such as make and colour")
    found = shoe_in_use(journal, name)
    if then == "retire":
        if found is None:
            raise ParameterError("name", name, "a pair in use")
        journal.replace(replace(found, retired=now.date()))
        return f"{name} is retired."
    given_up = retired_shoe(journal, name)
    if then == "back":
        if given_up is None or found:
            raise ParameterError("name", name, "a retired pair")
        journal.replace(replace(given_up, retired=None))
        return f"{name} is in use again."
    if found is None and given_up is not None:
        raise ParameterError("name", name, "another name for a new pair: this one is retired")
    pair, units = found or Shoe(name), journal.settings().units
    if start := fields.get("start"):
        start_m = read_typed(
            lambda known: parse_distance(
                known, "distance so far", most_m=_MOST_SHOE_M, may_be_0=True
            ),
            start,
            LONG[units][1],
        )
        pair = replace(pair, start_km=start_m / 1000.0)
    if bought := fields.get("bought"):
        try:
            day = date.fromisoformat(bought)
        except ValueError:
            raise ParameterError("bought", bought, "a day, such as 2026-03-02") from None
        if day > now.date():
            raise ParameterError("bought", bought, f"a day up to today, {now.date()}")
        pair = replace(pair, bought=day)
    if found:
        journal.replace(pair)
        return f"{name} is in your journal."
    journal.add(pair)
    return f"{name} is in your journal. {Cue('words.shoe_fit').message}"


def _settings(journal: Journal, fields: Fields, _: datetime) -> str:
    units = next((one for one in UNITS if one == fields.get("units")), None)
    if units is None:
        raise ParameterError("units", fields.get("units", ""), "metric or imperial")
    known: dict[str, object] = {"units": units}
    height, mass, ceiling = (fields.get(name, "") for name in ("height", "weight", "ceiling"))
    try:
        known["height_m"] = parse_typed_height(height, units) if height else None
        known["mass_kg"] = parse_typed_mass(mass, units) if mass else None
    except ParameterError as error:
        raise fitted(error, units) from None
    known["weekly_ceiling_m"] = None
    if ceiling:
        known["weekly_ceiling_m"] = read_typed(
            lambda words: parse_distance(words, "weekly ceiling"),
            ceiling,
            LONG[units][1],
        )
    known["strength_days"] = _whole(fields, "strength")
    known["stretches_per_day"] = _whole(fields, "stretches")
    pulse = fields.get("pulse", "")
    known["highest_heart_rate_bpm"] = _whole(fields, "pulse") if pulse else None
    journal.change_settings(**known)
    return "Your settings are kept."


def _plan(journal: Journal, fields: Fields, now: datetime) -> str:
    if fields.get("then") == "stop":
        journal.change_settings(return_since_ns=None)
        return "The return to running has ended."
    stopped = stop_cue(journal)
    if stopped is not None:
        raise InputError(stopped.message)
    rest = _whole(fields, "rest")
    state = return_state(journal)
    since = None if state is None or state.finished else journal.settings().return_since_ns
    since = since or utc_ns_of(now)
    journal.change_settings(return_since_ns=since, rest_days=rest)
    return "The return to running has begun."


def _check(journal: Journal, fields: Fields, now: datetime) -> str:
    unanswered = [name for name in QUESTIONS if fields.get(name) not in {"yes", "no"}]
    answers = {name: fields.get(name) == "yes" for name in QUESTIONS}
    yes = [name for name in QUESTIONS if answers[name]]
    # what belongs into a doctor's hands now waits for no other answer
    if unanswered and not judge(RedFlagState(), yes).stopped:
        raise InputError(f"{len(unanswered)} of the questions are open: answer yes or no to each.")
    cleared = fields.get("cleared") == "yes"
    after = judge(red_flag_state(journal), yes, cleared=cleared)
    journal.add(Questionnaire(utc_ns_of(now), answers, cleared, offset_minutes(now)))
    told = [] if after.cue is None else [after.cue]
    if not (after.stopped or after.eased):
        told += after_the_questions(journal, utc_ns_of(now))
    return " ".join(one.message for one in told)


def _file(journal: Journal, _fields: Fields, _: datetime) -> str:
    from imu.compile_ahead import warm_up

    missed = unfiled_run(journal)
    if missed is None:
        return "All that was recorded is in your journal."
    warm_up()
    session = file_it(missed, journal)
    if session is None:
        return "No step was found in it, so it is not added."
    return f"Run {session.identifier} is in your journal now. Its page asks how your back is."


def _delete(journal: Journal, fields: Fields, _: datetime) -> str:
    kinds: dict[str, type[Session | Pain | Exercise]] = {
        "run": Session,
        "pain": Pain,
        "exercise": Exercise,
    }
    kind = kinds.get(fields.get("kind", ""))
    if kind is None or fields.get("sure") != "yes":
        raise ParameterError("what to delete", fields.get("kind", ""), "it with its tick")
    journal.delete(kind, _whole(fields, "number"))
    if kind is not Session:
        return "Taken back."
    return "Deleted. The recording, where there is one, is still there."


#: By the name under which the pages ask for them.
EDITS: Final[Mapping[str, Callable[[Journal, Fields, datetime], str]]] = {
    "run": _run,
    "pain": _pain,
    "exercise": _exercise,
    "shoe": _shoe,
    "settings": _settings,
    "plan": _plan,
    "check": _check,
    "delete": _delete,
    "file": _file,
}


def _whole(fields: Fields, name: str) -> int:
    number = parse_whole(fields.get(name, ""), 10**9)
    if number is None:
        raise ParameterError(name, fields.get(name, ""), "a whole number")
    return number


def _number(fields: Fields, name: str) -> float:
    words = fields.get(name, "").replace(",", ".")
    try:
        return float(words)
    except ValueError:
        raise ParameterError(name, words, "a number") from None
