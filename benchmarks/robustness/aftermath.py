"""What must hold of a data folder after whatever ended a run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devices.records import Packet
from imu.errors import BackstrideError, RecordingError
from pipelines.files.session_reader import read_session
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session
from pipelines.runner.unfiled import unfiled_run

#: A shorter recording holds no run that is missed, bytes.
_MISSED_BYTES: Final = 20_000
_FIRST_NOTE_NS: Final = 1_790_000_000_000_000_000


@dataclass(frozen=True)
class Aftermath:
    """How a data folder was found.

    Attributes
    ----------
    lost_s : float
        How much the recording lacks of what the sensor had sent, s; of none begun, 0.
    filed, offered : bool
        Whether the run is in the journal, or is offered at the next start.
    troubles : tuple of str
        What was promised and does not hold.
    """

    lost_s: float
    filed: bool
    offered: bool
    troubles: tuple[str, ...]


@contextmanager
def own_home(home: Path) -> Iterator[None]:
    """Let this process be one whose data folder that is."""
    before = os.environ.get("BACKSTRIDE_HOME")
    os.environ["BACKSTRIDE_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["BACKSTRIDE_HOME"]
        else:
            os.environ["BACKSTRIDE_HOME"] = before


def write_first_note(home: Path) -> None:
    """A note that was written days ago: nothing may cost it."""
    with own_home(home), Journal() as journal:
        journal.add(Pain(_FIRST_NOTE_NS, 3, "other", None))


def look_at(home: Path, ended_ns: int, began_ns: int = 0) -> Aftermath:
    """Read the recording and the journal of a data folder as the next start would.

    Parameters
    ----------
    home : Path
        The data folder; the first note was written there.
    ended_ns : int
        When the run was ended, ns since 1970.
    began_ns : int
        When its recording had begun at the latest; 0 where it had not.
    """
    troubles = []
    recordings = sorted(home.glob("sessions/**/*.mcap"))
    lost_s, size = 0.0, 0
    if recordings:
        size = recordings[-1].stat().st_size
        try:
            lost_s = _lost_s(recordings[-1], ended_ns)
        except RecordingError as error:
            troubles.append(f"the recording does not read: {error}")
    elif began_ns:
        lost_s = (ended_ns - began_ns) / 1e9
    filed, offered = False, False
    try:
        with own_home(home), JournalAtHand() as at_hand:
            journal = at_hand.open()
            notes = [note for note in at_hand.take_notes() if "damaged" in note]
            troubles += notes
            if not any(pain.utc_ns == _FIRST_NOTE_NS for pain in journal.entries(Pain)):
                troubles.append("the note of days ago is gone")
            filed = bool(journal.entries(Session))
            offered = unfiled_run(journal) is not None
    except BackstrideError as error:
        troubles.append(f"the journal does not open: {error}")
    if not troubles and size >= _MISSED_BYTES and not (filed or offered):
        troubles.append("the run is neither filed nor offered")
    return Aftermath(lost_s, filed, offered, tuple(troubles))


def _lost_s(recording: Path, ended_ns: int) -> float:
    session = read_session(recording)
    if not session.cut_short:
        return 0.0
    arrivals = [each.arrival_ns for each in session.records if isinstance(each, Packet)]
    # packets bear the clock of this computer, which goes on from process to process
    since_1970_ns = time.time_ns() - time.monotonic_ns()
    kept_ns = arrivals[-1] + since_1970_ns if arrivals else session.header.utc_start_ns
    return max(0.0, (ended_ns - kept_ns) / 1e9)
