"""Replay: a recorded session or a sample table through the chain, once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imu.errors import ParameterError
from imu.steps import Steps
from imu.waveforms import Waveforms
from pipelines.clock_words import clock_words
from pipelines.coaching.alert import Alert
from pipelines.folding import Folded, Progress, Watch, fold_file
from pipelines.replay_options import ON_ITS_OWN, ReplayOptions, header_as_stated, refuse_rate
from pipelines.session.facts import Ended, Fact
from pipelines.session.result import SessionResult
from pipelines.session.summary import Summary, summarise
from pipelines.session.time_range import TimeRange
from pipelines.table_folding import fold_table
from pipelines.words.summary_words import run_notes


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything a replay gives.

    Parameters
    ----------
    result : SessionResult
        What the session comes to.
    waveforms : Waveforms
        Of its steps; empty unless asked for.
    summary : Summary
        Medians, losses, and what should be known about the result.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.csv"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     replayed = replay(path, ReplayOptions(), lambda done, total: None)
    >>> len(replayed.steps) > 25, replayed.alerts
    (True, ())
    """

    result: SessionResult
    waveforms: Waveforms
    summary: Summary

    @property
    def steps(self) -> Steps:
        """All steps."""
        return self.result.steps

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What the runner was told of changes."""
        return self.result.alerts


def replay(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None = None
) -> Replayed:
    """Run a session file (``.mcap``) or a recording of any other format through the chain.

    Parameters
    ----------
    path : Path
        The recording.
    options : ReplayOptions
        What is stated besides.
    report : callable
        Told what is done and how much there is, in the same unit.
    watch : callable, optional
        Given the fold and what it has found, as it goes on.

    Returns
    -------
    Replayed
        Steps and alerts to the byte as live gave them.

    Raises
    ------
    BackstrideError
        When the file cannot be read or an option does not fit it.

    Examples
    --------
    >>> replay(Path("nowhere.mcap"), ReplayOptions(), lambda done, total: None)
    Traceback (most recent call last):
    ...
    imu.errors.RecordingError: nowhere.mcap: there is no such file: check the path.
    """
    if path.suffix.lower() == ".mcap":
        return _replay_session(path, options, report, watch)
    ran = fold_table(path, options, report, watch)
    return _told(ran, path, options.within, ran.notes)


def _replay_session(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None
) -> Replayed:
    from pipelines.files.session_reader import open_session
    from pipelines.written_facts import facts_note

    refuse_rate(options)
    with open_session(path) as file:
        header = header_as_stated(file.header, options)
        ran = fold_file(
            file, header, report, waveforms=options.waveforms, params=options.params, watch=watch
        )
        session = file.session([])
    notes = [session.note] if session.note else []
    if session.header.carried is not None and header.carried is None:
        notes.append(ON_ITS_OWN)
    notes += filter(None, [facts_note(session, header, ran.facts, ran.before_end)])
    return _told(ran, path, options.within, notes, cut_short=session.cut_short)


def _told(
    ran: Folded, path: Path, within: TimeRange, notes: Sequence[str], *, cut_short: bool = False
) -> Replayed:
    """What a fold comes to, or a stretch of it."""
    waveforms, result, duration_s = ran.fold.take_waveforms(), ran.result, None
    rate_hz = (result.sensor or ran.info).rate_hz  # of a slow link it is another at the end
    if within.limits:
        _check_inside(within, ran.facts)
        found = within.facts_within(ran.facts)
        result = SessionResult(ran.header, found, begin_s=max(within.begin_s, 0.0))
        waveforms = within.waveforms_within(waveforms)
        notes = [*notes, within.words]
    elif not ran.info.protocol:
        # samples of a table are told with the interval of the last
        duration_s = result.duration_s + 1.0 / rate_hz
    summary = summarise(
        result,
        str(path),
        rate_hz=rate_hz,
        duration_s=duration_s,
        cut_short=cut_short,
        notes=[*notes, *run_notes(result)],
    )
    return Replayed(result, waveforms, summary)


def _check_inside(within: TimeRange, found: Sequence[Fact]) -> None:
    end = found[-1]
    assert isinstance(end, Ended)  # a finished fold's last fact
    begin_s = end.time_s - end.duration_s
    if within.begin_s >= end.time_s:
        last = f"a time before {clock_words(end.time_s)}, where the recording ends"
        raise ParameterError("--from", clock_words(within.begin_s), last)
    if within.end_s <= begin_s:
        first = f"a time after {clock_words(begin_s)}, where the recording begins"
        raise ParameterError("--to", clock_words(within.end_s), first)
