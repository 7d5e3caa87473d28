"""Where in a run the drift detector was told something: a new surface, or to learn anew.

Whether a mark does so hangs on more than the steps: a standing neutral is taken only of someone who
stands, and a baseline of other days goes where lean was measured from no standing. So the log is
run through the analysis once more, but only as far as this takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from devices.receiver import Receiver
from devices.records import Mark, Packet
from imu.samples import Samples
from pipelines.views.report.recording import DetectorMark, Restart

if TYPE_CHECKING:
    from devices.records import DeviceInfo, Record
    from pipelines.files.session_messages import SessionHeader
    from pipelines.files.session_reader import Session

__all__ = ["detector_marks"]

_REASONS: Final[dict[str, Restart]] = {"reseat": "moved", "neutral": "neutral"}
_BLOCK: Final = 4096  # samples at a time, where their number makes no difference


class _Gathering(Receiver):
    """A receiver that gives its samples in larger blocks, which are analysed several times faster.

    Parameters
    ----------
    info : DeviceInfo
        The sensor.
    """

    def __init__(self, info: DeviceInfo) -> None:
        super().__init__(info)
        self._waiting: list[Samples] = []
        self._count = 0
        self.least = 0  # samples a block
        self.now_s = math.nan

    def push(self, record: Record) -> Samples | None:
        """Take the next record; returns a block when there is one."""
        samples = super().push(record)
        if samples is not None and len(samples):
            self._waiting.append(samples)
            self._count += len(samples)
            self.now_s = float(samples.time_s[-1])
        if not self._waiting or self._count < self.least:
            return None
        block = Samples.concatenate(self._waiting)
        self._waiting, self._count = [], 0
        return block


def detector_marks(
    session: Session, header: SessionHeader, info: DeviceInfo, prepare: Callable[[], None]
) -> tuple[DetectorMark, ...]:
    """What the drift detector was told besides the steps, in order.

    Parameters
    ----------
    session : Session
        Whose log it is.
    header : SessionHeader
        As the steps were computed with.
    info : DeviceInfo
        The sensor.
    prepare : callable
        Called before samples are analysed.
    """
    records = session.records
    last = max(
        (
            number
            for number, record in enumerate(records)
            if isinstance(record, Mark) and record.kind in {*_REASONS, "surface"}
        ),
        default=-1,
    )
    undecided = _lean_is_unproven(header)
    if last < 0 and not undecided:
        return ()
    from pipelines.session.analysis import SessionAnalysis

    if undecided or any(isinstance(record, Packet) for record in records[:last]):
        prepare()
    analysis = SessionAnalysis(header, info)
    analysis.receiver = receiver = _Gathering(info)
    drift = analysis.chain.drift
    found: list[DetectorMark] = []
    contact_s = -math.inf
    for number, record in enumerate(records):
        if number > last and not undecided:
            break
        marked_next = number + 1 < len(records) and isinstance(records[number + 1], Mark)
        receiver.least = 0 if undecided or marked_next else _BLOCK
        before = drift.state.tobytes() if isinstance(record, Mark) else b""
        outcome = analysis.push(record)
        if len(outcome.steps):
            contact_s = float(outcome.steps.initial_contact_s[-1])
        if isinstance(record, Mark):
            if drift.state.tobytes() != before:
                reason = _REASONS.get(record.kind)
                found.append(DetectorMark(receiver.now_s, contact_s, reason))
        elif outcome.notes:  # only of a baseline that cannot be compared with
            found.append(DetectorMark(receiver.now_s, contact_s, "no standing"))
        if len(outcome.steps) and analysis.lean_reference.known:
            undecided = False
    return tuple(found)


def _lean_is_unproven(header: SessionHeader) -> bool:
    """Whether the first steps decide if a baseline of other days can be kept."""
    from imu.drift.baseline import Baseline
    from pipelines.session.carried import Carried

    if header.carried_json:
        return Carried.from_json(header.carried_json).lean.unproven
    if not header.baseline_json:
        return False
    lean = Baseline.from_json(header.baseline_json).of("sacral_lean_deg")
    return lean is not None and lean.level_sd > 0.0
