"""A session's log, folded once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from devices.records import DeviceInfo
from imu.analyzer import AnalyzerParams
from imu.errors import RecordingError
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult

if TYPE_CHECKING:
    from pipelines.files.session_reader import Session, SessionFile
    from pipelines.session.marks import SessionRecord

#: Told what is done and how much there is, in the same unit.
Progress = Callable[[float, float], None]

#: Records of a session that are taken together; more of them gain nothing and fill the memory.
TOGETHER: Final = 512


class Watch(Protocol):
    """Watches a fold; it may take its time."""

    def __call__(self, fold: SessionFold, found: list[Fact], time_s: float) -> None:
        """What was found up to a moment of the session, s."""
        ...


@dataclass(frozen=True, slots=True)
class Folded:
    """A session's log, or a table of samples, folded once more.

    Attributes
    ----------
    header : SessionHeader
        That it was folded with.
    info : DeviceInfo
        The sensor.
    fold : SessionFold
        Finished.
    facts : list of Fact
        All of them.
    before_end : int
        How many of them came before the log had ended.
    notes : tuple of str
        What should be known of a table that was read for it.
    """

    header: SessionHeader
    info: DeviceInfo
    fold: SessionFold
    facts: list[Fact]
    before_end: int
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> SessionResult:
        """What they come to."""
        return SessionResult(self.header, self.facts)


def sensor_of(session: Session, wanted: str = "replay") -> DeviceInfo:
    """The sensor of a session.

    Parameters
    ----------
    session : Session
        As its file has it.
    wanted : str
        What cannot be done without one, for the message.

    Raises
    ------
    RecordingError
        When it never introduced itself.
    """
    info = _introduced(session.records)
    if info is None:
        raise _without_sensor(session, wanted)
    return info


def _introduced(records: Iterable[SessionRecord]) -> DeviceInfo | None:
    return next((record for record in records if isinstance(record, DeviceInfo)), None)


def _without_sensor(session: Session, wanted: str) -> RecordingError:
    why = f"{session.path}: the session ends before the sensor had introduced itself"
    if session.note:
        why = f"{session.note.removesuffix('.')}, but not what the sensor introduced itself with"
    return RecordingError(f"{why}: there is nothing to {wanted}.")


def fold_session(session: Session, header: SessionHeader, report: Progress) -> Folded:
    """Fold a session's log once more, marks and all.

    Raises
    ------
    RecordingError
        When the sensor never introduced itself.
    """

    def pieces() -> Iterator[Sequence[SessionRecord]]:
        for start in range(0, len(session.records), TOGETHER):
            report(start, len(session.records))
            yield session.records[start : start + TOGETHER]

    return _fold_log(pieces(), header, lambda: session)


def fold_file(
    file: SessionFile,
    header: SessionHeader,
    report: Progress,
    *,
    waveforms: bool = False,
    params: AnalyzerParams | None = None,
    watch: Watch | None = None,
) -> Folded:
    """Fold the log of a file, of which no more than a piece is in memory.

    Parameters
    ----------
    file : SessionFile
        Of which nothing was read but the header.
    header : SessionHeader
        To fold it with.
    report : callable
        Told the progress.
    waveforms, params, watch
        As for :func:`pipelines.replay.replay`.

    Raises
    ------
    RecordingError
        When the sensor never introduced itself.
    """

    def pieces() -> Iterator[Sequence[SessionRecord]]:
        for piece in file.pieces(TOGETHER):
            report(file.share, 1.0)
            yield piece

    known = partial(file.session, [])
    return _fold_log(pieces(), header, known, waveforms=waveforms, params=params, watch=watch)


def _fold_log(
    log: Iterable[Sequence[SessionRecord]],
    header: SessionHeader,
    known: Callable[[], Session],
    *,
    waveforms: bool = False,
    params: AnalyzerParams | None = None,
    watch: Watch | None = None,
) -> Folded:
    """Fold a log that comes in pieces; ``known`` gives what is known of its file at the end."""
    if watch is not None:
        log = ((record,) for piece in log for record in piece)
    begun: tuple[SessionFold, DeviceInfo] | None = None
    found: list[Fact] = []
    waiting: list[SessionRecord] = []
    for piece in log:
        waiting += piece
        if begun is None:
            info = _introduced(piece)
            if info is None:
                continue
            begun = SessionFold(header, info, waveforms=waveforms, params=params), info
        fold, _ = begun
        new = fold.push_all(waiting)
        waiting.clear()
        found += new
        if watch is not None:
            watch(fold, new, fold.elapsed_s)
    if begun is None:
        raise _without_sensor(known(), "replay")
    fold, info = begun
    return Folded(header, info, fold, found + fold.finish(), len(found))
