"""An exported journal, brought back into this one: what is missing is added, what is here stays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from imu.errors import InputError
from pipelines.counted import counted
from pipelines.files.loading import decoded
from pipelines.runner.journal.entries import (
    Entry,
    Exercise,
    Pain,
    Questionnaire,
    RunBaseline,
    Session,
    Settings,
    Shoe,
)
from pipelines.runner.journal.export import FORMAT
from pipelines.runner.journal.queries import session_at, session_of_steps
from pipelines.runner.journal.runs import edit_run, stated_of, write_stated
from pipelines.runner.journal.schema import VERSION
from pipelines.runner.journal.stated import SAID, Stated
from pipelines.runner.last_letter import HandedOver, handed_over_store
from pipelines.runner.user_directory import sessions_directory
from pipelines.system_error import explain

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal

#: A year of daily runs takes some megabytes.
_MOST_BYTES: Final = 256_000_000
#: Up to this version a rating of which nothing was said had this moment.
_NOTHING_SAID: Final = (5, "other")
_WORDS: Final = {
    Shoe: ("pair of shoes", "pairs of shoes"),
    Session: ("run", "runs"),
    Pain: ("rating of pain", "ratings of pain"),
    Exercise: ("exercise", "exercises"),
    Questionnaire: ("answer about warning signs", "answers about warning signs"),
}


class _OfPain(msgspec.Struct, frozen=True):
    marked: bool = False


class _OfStated(msgspec.Struct, frozen=True):
    session_id: int


class _OfBaseline(msgspec.Struct, frozen=True):
    session_id: int
    baseline: dict[str, Any] | str  # a text up to version 0.2.0.dev1
    surface: str = ""
    sensor: str = ""

    def of_run(self, number: int) -> RunBaseline:
        """The same as the journal keeps it, of a run's number here."""
        kept = self.baseline
        text = kept if isinstance(kept, str) else msgspec.json.encode(kept).decode()
        return RunBaseline(number, text, self.surface, self.sensor)


class _Archive(msgspec.Struct, frozen=True):
    """What ``journal.json`` holds."""

    format: str
    version: int
    shoes: list[Shoe] = []
    sessions: list[Session] = []
    run_baselines: list[_OfBaseline] = []
    pains: list[msgspec.Raw] = []
    exercises: list[Exercise] = []
    questionnaires: list[Questionnaire] = []
    stated: list[msgspec.Raw] = []
    settings: Settings = Settings()
    last_letter: HandedOver | None = None


@dataclass(slots=True)
class BroughtBack:
    """What became of an archive.

    Attributes
    ----------
    added, here : dict of type to int
        How many entries of a kind were added, and how many were here already.
    completed : list of int
        Numbers of runs that were here, and of which something was said in the archive alone.
    otherwise : list of int
        Of runs that were here, and of which something else was said; it stays.
    settings : bool
        Whether settings that were not set here were taken.
    """

    added: dict[type[Entry], int] = field(default_factory=dict)
    here: dict[type[Entry], int] = field(default_factory=dict)
    completed: list[int] = field(default_factory=list)
    otherwise: list[int] = field(default_factory=list)
    settings: bool = False

    @property
    def words(self) -> str:
        """The same in sentences."""
        added = _listed(self.added) + ["settings"] * self.settings
        told = [f"Brought back: {', '.join(added) or 'nothing'}."]
        if here := _listed(self.here):
            told.append(f"Here already: {', '.join(here)}.")
        if self.completed:
            told.append(f"What was said of them was added to {_runs(self.completed)}.")
        if self.otherwise:
            told.append(
                f"Something else is said here of {_runs(self.otherwise)}, and stays as it is."
            )
        return " ".join(told)


def bring_back(journal: Journal, archive: BinaryIO, name: str) -> BroughtBack:
    """Add what an archive has and the journal has not, all of it or nothing.

    Entries are the same that are equal; runs that began at the same moment or are of the same
    recording, shoes that have the same name and were retired on the same day, or came with the same
    distance and day. Of a run that is here, what nobody has said here is taken from the archive. A
    recording that was moved to the sessions of this computer is found there.

    Parameters
    ----------
    journal : Journal
        Open.
    archive : file
        What :func:`~pipelines.runner.journal.export.export_journal` wrote.
    name : str
        What it is called in a refusal.

    Raises
    ------
    InputError
        When it is no such archive.
    RecordingError
        When the journal cannot be written; nothing was.
    """
    content = _content(archive, name)
    came = BroughtBack()
    with journal.transaction():
        shoes = _shoes(journal, content, came)
        runs = _runs_of(journal, content, shoes, came)
        _noted(journal, content, runs, came, name)
        _settings(journal, content, came)
    store = handed_over_store(journal.path.parent)
    if content.last_letter is not None and store.load().value is None and not store.kept():
        store.save(content.last_letter)
    return came


def _content(archive: BinaryIO, name: str) -> _Archive:
    try:
        with zipfile.ZipFile(archive) as packed, packed.open("journal.json") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"it cannot be read: {explain(error)}.", place=name) from None
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError, ValueError):
        text = b""
    none = "this is no archive of a journal, or a damaged one: give one that was exported."
    if not text or len(text) > _MOST_BYTES:
        raise InputError(none, place=name)
    content = decoded(text, _Archive, name)
    if content.format != FORMAT:
        raise InputError(none, place=name)
    if content.version > VERSION:
        raise InputError("a newer version wrote this archive: update the program.", place=name)
    return content


def _shoes(journal: Journal, content: _Archive, came: BroughtBack) -> dict[int, int]:
    """Numbers here by those of the archive; a pair here is one pair there."""
    free = journal.entries(Shoe)
    numbers: dict[int, int] = {}

    def take(shoe: Shoe, same: list[Shoe]) -> None:
        found = [one for one in same if one.name.casefold() == shoe.name.casefold()]
        if found:
            free.remove(found[0])
            numbers[shoe.identifier or 0] = found[0].identifier or 0
            _count(came.here, Shoe)

    for shoe in content.shoes:
        take(shoe, [one for one in free if one.retired == shoe.retired])
    for shoe in content.shoes:
        if shoe.identifier not in numbers:  # or was it retired since, here or there
            began = (shoe.bought, shoe.start_km)
            take(shoe, [one for one in free if (one.bought, one.start_km) == began])
        if shoe.identifier not in numbers:
            numbers[shoe.identifier or 0] = journal.add(shoe)
            _count(came.added, Shoe)
    return numbers


def _runs_of(
    journal: Journal, content: _Archive, shoes: Mapping[int, int], came: BroughtBack
) -> dict[int, int]:
    """The same of runs, with what was said of them and what was usual in them."""
    stated = {decoded(raw, _OfStated).session_id: decoded(raw, Stated) for raw in content.stated}
    numbers: dict[int, int] = {}
    new: set[int] = set()
    for exported in content.sessions:
        there, shoe = exported.identifier or 0, shoes.get(exported.shoe_id or 0)
        run = replace(exported, shoe_id=shoe, source_file=_recording(exported))
        own = session_at(journal, run.utc_start_ns)
        own = own or session_of_steps(journal, run.steps, run.running_s or 0.0)
        _count(came.added if own is None else came.here, Session)
        if own is None:
            number = numbers[there] = journal.add(run)
            write_stated(journal, number, stated.get(there, Stated()))
            new.add(there)
            continue
        number = numbers[there] = own.identifier or 0
        _complete(journal, own, run, stated.get(there, Stated()), came)
    for usual in content.run_baselines:
        if usual.session_id in new:
            journal.add(usual.of_run(numbers[usual.session_id]))
    return numbers


def _complete(
    journal: Journal, own: Session, theirs: Session, stated: Stated, came: BroughtBack
) -> None:
    """Take what was said of a run there and not here; tell what was said otherwise."""
    number = own.identifier or 0
    known: dict[str, tuple[object, object]] = {
        "distance": (own.distance_m, theirs.distance_m),
        "surface": (own.surface, theirs.surface),
        "shoe": (own.shoe_id, theirs.shoe_id),
        "note": (own.note, theirs.note),
        "effort": (own.effort, theirs.effort),
    }
    empty = {one for one, (here, _) in known.items() if here in (None, "")}
    taken = (stated.said & empty) - stated_of(journal, number).taken_back
    if taken:
        said: dict[str, Any] = {one: getattr(stated, one) for one in SAID if one in taken}
        edit_run(journal, number, Stated(**said))
        came.completed.append(number)
    if any(
        here != there and there not in (None, "")
        for one, (here, there) in known.items()
        if one not in empty
    ):
        came.otherwise.append(number)


def _recording(run: Session) -> str:
    """Where the recording of a run is: as it was, else among the sessions of this computer."""
    # of whichever system it comes from
    name = run.source_file.replace("\\", "/").rpartition("/")[2]
    moved = sessions_directory() / name
    here = bool(name) and not Path(run.source_file).exists() and moved.is_file()
    return str(moved) if here else run.source_file


def _noted(
    journal: Journal, content: _Archive, runs: Mapping[int, int], came: BroughtBack, name: str
) -> None:
    """Ratings, exercises and answers."""
    pains: list[tuple[Pain, bool]] = []
    for raw in content.pains:
        pain = decoded(raw, Pain, name)
        if content.version <= _NOTHING_SAID[0] and pain.session_id is None:
            pain = replace(pain, when="" if pain.when == _NOTHING_SAID[1] else pain.when)
        number = runs.get(pain.session_id or 0)
        pains.append((replace(pain, session_id=number), decoded(raw, _OfPain, name).marked))
    others: list[Exercise | Questionnaire] = [*content.exercises, *content.questionnaires]
    kinds = (Pain, Exercise, Questionnaire)
    here = {_all_of(one) for kind in kinds for one in journal.entries(kind)}
    with journal.transaction() as connection:
        for one, marked in [*pains, *((other, False) for other in others)]:
            if _all_of(one) in here:
                _count(came.here, type(one))
                continue
            number = journal.add(one)
            if marked:
                connection.execute("UPDATE pains SET marked = 1 WHERE identifier = ?", (number,))
            _count(came.added, type(one))


def _all_of(entry: Entry) -> bytes:
    """All that an entry says, but its number."""
    said = msgspec.json.encode(replace(entry, identifier=None), order="deterministic")
    return entry.TABLE.encode() + said


def _settings(journal: Journal, content: _Archive, came: BroughtBack) -> None:
    """Take what is not set here; that ratings were lost is a matter of the other computer."""
    own, usual = journal.settings(), Settings()
    changes = {
        one.name: getattr(content.settings, one.name)
        for one in fields(Settings)
        if one.name != "ratings_lost_ns"
        and getattr(own, one.name) == getattr(usual, one.name)
        and getattr(content.settings, one.name) != getattr(own, one.name)
    }
    if changes:
        journal.change_settings(**changes)
        came.settings = True


def _count(counts: dict[type[Entry], int], kind: type[Entry]) -> None:
    counts[kind] = counts.get(kind, 0) + 1


def _listed(counts: Mapping[type[Entry], int]) -> list[str]:
    return [counted(counts[kind], *words) for kind, words in _WORDS.items() if counts.get(kind)]


def _runs(numbers: list[int]) -> str:
    return f"run{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
