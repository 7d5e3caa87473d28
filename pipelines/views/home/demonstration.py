"""Six weeks of a simulated runner, so that a newcomer sees what all pages will hold.

Her runs are those of the simulated sensor, recorded, computed and filed as anybody's; what she
writes of them is a script. She is kept in a folder of her own, in no journal but hers.
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imu.errors import BackstrideError
from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.files.stored import private_folder
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    Exercise,
    ExerciseKind,
    Pain,
    PainMoment,
    Questionnaire,
    Shoe,
    offset_minutes,
    utc_ns_of,
)
from pipelines.runner.last_letter import handed_over_store
from pipelines.system_error import explain
from pipelines.views.home.letter import letter_of, summary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from imu.drift.baseline import Baseline
    from pipelines.session.result import SessionResult


@dataclass(frozen=True, slots=True)
class _Day:
    """A run of the script: how many days ago, what was run, and how the back was."""

    ago: int
    query: str
    surface: str
    shoe: str
    pains: tuple[tuple[PainMoment, int], ...] = ()
    note: str = ""


_OLD, _NEW = "Blue pair", "Red pair"
#: The first three lie before the weeks of any letter of today, which compares with them. Twelve
#: minutes are the shortest run that learns a baseline and is then watched.
DAYS: Final = (
    _Day(
        44, "minutes=12&speed=2.6&seed=11", "treadmill", _OLD, (("after", 2),), "The first again."
    ),
    _Day(40, "minutes=12&speed=2.64&seed=11", "treadmill", _OLD, (("after", 2), ("24h", 1))),
    _Day(36, "minutes=12&speed=2.68&seed=11", "treadmill", _OLD, (("after", 1),)),
    _Day(25, "minutes=13&speed=2.7&seed=11", "treadmill", _OLD, (("24h", 0),)),
    _Day(
        18,
        "minutes=14&speed=2.9&seed=11&fatigue=lean",
        "asphalt",
        _OLD,
        (("during", 4), ("after", 4), ("24h", 3)),
        "Harder than planned; the back told me in the evening.",
    ),
    _Day(12, "minutes=12&speed=2.62&seed=11", "treadmill", _NEW, (("before", 2), ("after", 1))),
    _Day(6, "minutes=13&speed=2.72&seed=11", "track", _NEW, (("after", 1),), "New shoes, softer."),
    _Day(2, "minutes=14&speed=2.7&seed=11", "track", _NEW, (("after", 0), ("24h", 0))),
)
#: The day of a run after which she hands over a letter.
LETTER_AGO: Final = 25
#: When she answers the questions about warning signs: after the run that hurt.
_ASKED_AGO: Final = 17
_EXERCISES: Final = (25, 22, 18, 15, 11, 8, 4, 1)


class Demonstration:
    """The weeks of the simulated runner: made once, when somebody first asks for it.

    Parameters
    ----------
    folder : Path
        Where it is kept; whole or not there at all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = 0
        self.trouble = ""
        self._making: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether it is there."""
        return (self.folder / "journal.sqlite3").is_file()

    def begin(self, now: datetime) -> None:
        """Make it in the background, unless it is there or under way."""
        if self.ready or (self._making is not None and self._making.is_alive()):
            return
        self.done, self.trouble = 0, ""
        self._making = threading.Thread(target=self._make, args=(now,), daemon=True)
        self._making.start()

    def _make(self, now: datetime) -> None:
        unfinished = self.folder.with_name(f"{self.folder.name}.unfinished")
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            make_month(unfinished, now, self._count, self.folder)
            unfinished.rename(self.folder)
        except BackstrideError as error:
            self.trouble = str(error)
        except OSError as error:
            self.trouble = f"{self.folder}: the demonstration cannot be kept: {explain(error)}."

    def _count(self, done: int) -> None:
        self.done = done


def make_month(
    folder: Path, now: datetime, told: Callable[[int], None], later: Path | None = None
) -> None:
    """Record, compute and file the runs of the script.

    Parameters
    ----------
    folder : Path
        New: a journal and its recordings are written there.
    now : datetime
        The month ends the day before, on the runner's clock.
    told : callable
        Told after each run how many are done.
    later : Path, optional
        What the folder will be called.
    """
    from pipelines.runner.filing import finished_run
    from pipelines.runner.journal.runs import add_run
    from pipelines.runner.journal.stated import Distance, Stated

    private_folder(folder, "the demonstration")
    minutes = offset_minutes(now)
    usual: Baseline | None = None
    with Journal(folder / "journal.sqlite3") as journal:
        journal.change_settings(height_m=1.72, mass_kg=64.0)
        journal.add(Shoe(_OLD, start_km=620.0))
        journal.add(Shoe(_NEW))
        for number, day in enumerate(DAYS):
            start = datetime.combine(now.date() - timedelta(days=day.ago), time(18), now.tzinfo)
            path = folder / f"{start:%Y-%m-%d}.mcap"
            result, found = _run(path, day.query, utc_ns_of(start), minutes, usual)
            usual = usual or found
            metres = float(day.query.split("speed=")[1].split("&")[0]) * (result.running_s or 0.0)
            said = Stated(Distance(metres, "treadmill"), day.surface, day.shoe, day.note)
            kept = path if later is None else later / path.name
            run = finished_run(result, said, kept)
            if run.session is not None:  # here the simulated runner is the one whose journal it is
                run = replace(run, session=replace(run.session, simulated=False))
            session = add_run(journal, run)
            if session is not None:
                _rate(journal, day, session.identifier, start, minutes)
            if day.ago == LETTER_AGO:
                letter = letter_of(journal, start.date())
                handed_over_store(folder).save(summary_of(letter))
            told(number + 1)
        asked = datetime.combine(now.date() - timedelta(days=_ASKED_AGO), time(9), now.tzinfo)
        none = dict.fromkeys(QUESTIONS, False)
        journal.add(Questionnaire(utc_ns_of(asked), none, utc_offset_minutes=minutes))
        for ago in _EXERCISES:
            at = datetime.combine(now.date() - timedelta(days=ago), time(8), now.tzinfo)
            kind: ExerciseKind = "strength" if ago % 2 else "stretch"
            journal.add(Exercise(utc_ns_of(at), kind, 15.0, utc_offset_minutes=minutes))


def _rate(
    journal: Journal, day: _Day, number: int | None, start: datetime, offset_minutes: int
) -> None:
    hours: dict[PainMoment, float] = {
        "before": -0.2,
        "during": 0.15,
        "after": 0.5,
        "24h": 24.5,
        "48h": 48.5,
    }
    for when, level in day.pains:
        at = utc_ns_of(start + timedelta(hours=hours[when]))
        place = "low back, left" if level else ""
        journal.add(Pain(at, level, when, number, place, "", "", offset_minutes))


def _run(
    path: Path, query: str, utc_start_ns: int, offset_minutes: int, usual: Baseline | None
) -> tuple[SessionResult, Baseline | None]:
    """Record a simulated run and fold it: what it comes to, and the baseline at its end."""
    from devices.simulator.device import SimulatedDevice
    from devices.simulator.faults.samples import FaultyRun
    from devices.simulator.generate import SimulatedRun
    from devices.simulator.scenario import Scenario
    from pipelines.files.session_reader import read_session
    from pipelines.files.whole_recording import whole_session
    from pipelines.folding import fold_session
    from pipelines.session.facts import Ended
    from pipelines.session.header import SessionHeader

    text = f"{query}&rate=100&mass=64&height=1.72"
    device = SimulatedDevice(FaultyRun(SimulatedRun(Scenario.from_query(text))))
    header = SessionHeader(
        utc_start_ns=utc_start_ns,
        utc_offset_minutes=offset_minutes,
        source=f"sim:?{text}",
        mass_kg=64.0,
        height_m=1.72,
        baseline=usual,
    )
    with whole_session(path, header, overwrite=False, option="") as writer:
        writer.write_record(device.info)
        for record in device.records():
            writer.write_record(record)
    ran = fold_session(read_session(path), header, lambda _done, _total: None)
    ended = [fact for fact in ran.facts if isinstance(fact, Ended)]
    return ran.result, ended[0].baseline if ended else None
