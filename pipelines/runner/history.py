"""Earlier runs of the same kind, from the journal, that a run is compared with from its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from imu.drift.baseline import Baseline
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.indicators import indicator_named
from imu.drift.params import DriftParams
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import utc_ns_of
from pipelines.runner.journal.queries import earlier_baselines
from pipelines.session.live_status import Compared
from pipelines.session.marks import one_line

#: What the runner is told of a run without a baseline to start from.
_LEARNING: Final = "learning your baseline on the way"

#: As long as earlier runs tell what is usual, here and for the intensity.
_DAYS: Final = 90
_DAY_NS: Final = 86_400 * 10**9
#: Runs that a baseline is made of; see :func:`imu.drift.baseline_learning.warm_start`.
_RUNS: Final = 5
_LEAST_RUNS: Final = 2
#: Blocks that one run, or several short ones together, need.
_ENOUGH_BLOCKS: Final = DriftParams().baseline_blocks


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run: what was usual in it, and the kind of sensor that measured it."""

    baseline: Baseline
    sensor: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run starts from: a baseline or None, and what the runner is told of it."""

    baseline: Baseline | None
    compared: Compared


@dataclass(frozen=True, slots=True)
class RunHistory:
    """Earlier runs of the kind of the one that begins.

    Attributes
    ----------
    runs : tuple of PastRun
        In order of time.
    surface, shoe : str
        Of all of them; empty where not said, which is a kind of its own.

    Examples
    --------
    >>> RunHistory().start("movesense 208 Hz").compared.words
    'learning your baseline on the way.'
    """

    runs: tuple[PastRun, ...] = ()
    surface: str = ""
    shoe: str = ""

    def start(self, sensor: str, *, neutral_is_old: bool = False) -> Start:
        """What a run with a sensor of this kind starts from.

        A baseline of earlier runs is taken only when it has every indicator that those runs had,
        and one of the last two runs had it too: what a given baseline lacks is not watched for the
        whole run, and what has been changed for two runs on end is becoming usual. Runs too short
        for a baseline each count where there are no two others, once they have one together.

        Parameters
        ----------
        sensor : str
            Kind of sensor (:func:`~pipelines.session.comparable.sensor_kind`).
        neutral_is_old : bool
            Whether the standing neutral is of another day, so that lean compares with none.
        """
        if neutral_is_old:
            return _learning("since the standing neutral is of another day")
        fitting = [run for run in self.runs if run.sensor == sensor]
        whole = [run for run in fitting if run.baseline.blocks >= _ENOUGH_BLOCKS]
        fitting = (whole if len(whole) >= _LEAST_RUNS else fitting)[-_RUNS:]
        if len(fitting) < _LEAST_RUNS <= len(self.runs):
            why = "since your earlier runs of this kind were measured with another kind of sensor"
            return _learning(why)
        alike = [run for run in fitting if run.baseline.is_comparable]
        if len(alike) < min(_LEAST_RUNS, len(fitting)):
            why = (
                "since your earlier runs were measured by an older version, which does not compare"
            )
            return _learning(why)
        fitting = alike
        together = sum(run.baseline.blocks for run in fitting)
        if together < _ENOUGH_BLOCKS:
            return _learning(_together(len(fitting), together))
        usual = warm_start([EarlierRun(run.baseline) for run in fitting], least=_LEAST_RUNS)
        if usual is None:
            return _learning()
        lately = [run.baseline for run in fitting[-2:]]
        missing = [
            name
            for name in dict.fromkeys(
                item.indicator for run in fitting for item in run.baseline.indicators
            )
            if usual.of(name) is None or not any(run.of(name) for run in lately)
        ]
        if missing:
            name = indicator_named(missing[0]).words
            why = f"since your last runs do not agree on what is usual ({name})"
            return _learning(why)
        return Start(
            usual, Compared(f"compared with your last {len(fitting)} runs {self._kind()}.")
        )

    def _kind(self) -> str:
        if self.surface and self.shoe:
            return f"on {self.surface} in the shoes {self.shoe}"
        if self.surface:
            return f"on {self.surface}, no shoes named"
        if self.shoe:
            return f"in the shoes {self.shoe}, no surface named"
        return "without a named surface or shoes"


def _together(runs: int, blocks: int) -> str:
    """How far short runs have come, together; nothing where there are none."""
    if not blocks:
        return ""
    last = "your last run of this kind has" if runs == 1 else f"your last {runs} runs have"
    return f"since {last} {100 * blocks // _ENOUGH_BLOCKS} % of a baseline so far"


def _learning(why: str = "") -> Start:
    """Nothing to start from, and why."""
    words = ", ".join(filter(None, (_LEARNING, why)))
    return Start(None, Compared(f"{words}.", learning=True, why=why))


def history_for_run(
    journal: JournalAtHand, now: datetime, surface: str = "", shoe: str = ""
) -> tuple[RunHistory, str]:
    """The runs of the user's journal on a surface in a shoe; a run never fails for it.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    now : datetime
        The time, with its zone.
    surface, shoe : str
        Of the run that begins, as the runner calls them; empty where not said.

    Returns
    -------
    RunHistory
        Of the last 90 days; without runs where the journal is in trouble.
    str
        That trouble in a sentence, empty without.
    """
    surface, shoe = one_line(surface), one_line(shoe)
    now_ns = utc_ns_of(now)

    def earlier_runs(opened: Journal) -> tuple[PastRun, ...]:
        found = earlier_baselines(opened, now_ns - _DAYS * _DAY_NS, now_ns, surface, shoe)
        return tuple(PastRun(Baseline.from_json(words), sensor) for words, sensor in found)

    runs = journal.ask(earlier_runs, ())
    told = journal.take_notes()
    if journal.trouble:
        told = [f"{journal.trouble} This run is not compared with earlier ones."]
    return RunHistory(runs, surface, shoe), " ".join(told)
