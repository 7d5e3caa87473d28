"""The study: ordinary runs of the measured model, and the older model; in pieces that are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.alerts.model import Conditions
from benchmarks.alerts.ordinary import Listened, Searched, listen_and_search
from benchmarks.alerts.scenarios import SCENARIOS
from benchmarks.alerts.statistics import wilson
from benchmarks.alerts.trials import Rule, listen
from imu.errors import InputError
from pipelines.files.replacing import replacing

_OLD_HOURS: Final = 20


@dataclass(frozen=True, slots=True)
class OldModel:
    """One-hour runs of the older model, stationary or disturbed, in which nothing changes."""

    disturbed: bool
    hours: int
    told: int

    @property
    def share(self) -> tuple[float, float, float]:
        """Share of the hours with anything told, and its interval."""
        return self.told / max(self.hours, 1), *wilson(self.told, self.hours)


Piece = list[tuple[Listened, list[Searched]]]


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the page shows.

    Attributes
    ----------
    first_seed, people : int
        Who ran: drawn anew each time.
    listened : tuple of Listened
        By scenario and rule.
    searched : tuple of Searched
        By scenario, rule and change.
    old : tuple of OldModel
        The older model.
    """

    first_seed: int
    people: int
    listened: tuple[Listened, ...]
    searched: tuple[Searched, ...]
    old: tuple[OldModel, ...]


class Who(msgspec.Struct, frozen=True):
    """Whom a folder of pieces is about, and which code judged them."""

    first_seed: int
    people: int
    code: str


class Pieces:
    """Scenarios that are done, each in a file of a folder, so that a study can be gone on with.

    Parameters
    ----------
    folder : Path or None
        Made where there is none; None keeps nothing.
    first_seed, people : int
        Whom a new folder is about.

    Attributes
    ----------
    who : Who
        Whom this one is about.

    Raises
    ------
    InputError
        When other code has made it.
    """

    def __init__(self, folder: Path | None, first_seed: int, people: int) -> None:
        self._folder = folder
        self.who = Who(first_seed, people, _code())
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / "who.json"
        if not place.exists():
            _write(place, msgspec.json.encode(self.who))
        self.who = msgspec.json.decode(place.read_bytes(), type=Who)
        if self.who.code != _code():
            raise InputError(
                f"{folder} was begun with other code: give an empty folder, so that one page does "
                "not speak of two programs."
            )

    def take(self, scenario: str, make: Callable[[], Piece]) -> Piece:
        """The piece of a scenario, made and kept where there is none."""
        if self._folder is None:
            return make()
        place = self._folder / f"{list(SCENARIOS).index(scenario)}.msgpack"
        if not place.exists():
            _write(place, msgspec.msgpack.encode(make()))
        return msgspec.msgpack.decode(place.read_bytes(), type=Piece)


def _write(place: Path, content: bytes) -> None:
    with replacing(place) as file:
        file.write(content)


def _code() -> str:
    """A digest of all that judges, and of what it is judged by."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for part in ("imu", "pipelines/coaching", "benchmarks/alerts"):
        for path in sorted((root / part).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def carry_out(
    pool: Executor,
    pieces: Pieces,
    progress: Callable[[str], None],
    *,
    scenarios: Sequence[str] = tuple(SCENARIOS),
) -> Study:
    """Run all of it on the people of the pieces."""
    who = pieces.who
    seeds = range(who.first_seed, who.first_seed + who.people)
    listened: list[Listened] = []
    searched: list[Searched] = []
    for scenario in scenarios:
        progress(scenario)
        make = partial(listen_and_search, pool, seeds, scenario, oracle=True)
        for heard, found in pieces.take(scenario, make):
            listened.append(heard)
            searched += found
    progress("the older model")
    old = []
    for disturbed in (False, True):
        work = partial(listen, conditions=Conditions(disturbances=disturbed), rule=Rule())
        hours = list(pool.map(work, seeds[:_OLD_HOURS]))
        old.append(OldModel(disturbed, len(hours), sum(bool(hour.told) for hour in hours)))
    return Study(who.first_seed, who.people, tuple(listened), tuple(searched), tuple(old))
