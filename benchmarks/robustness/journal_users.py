"""Several processes that write into one journal at once, some of them killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.robustness.aftermath import own_home, write_first_note
from benchmarks.robustness.live_process import HANGS_S, environment
from imu.errors import BackstrideError
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain

#: Files notes as a run does at its end, and says of each that it is kept.
_WRITING: Final = """
import sys
from imu.errors import RecordingError
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain
from pipelines.runner.journal.pending import keep_for_later
for number in range(int(sys.argv[2])):
    pain = Pain(1_780_000_000_000_000_000 + int(sys.argv[1]) * 10**12 + number, 1, "other", None)
    with JournalAtHand() as journal:
        try:
            journal.open().add(pain)
        except RecordingError:
            keep_for_later([pain], journal.path)
    print(pain.utc_ns, flush=True)
"""
_NOTES: Final = 25


def several_writers(count: int) -> dict[str, Any]:
    """Let so many processes write at once, and kill every third in the middle.

    Returns
    -------
    dict
        ``processes``, ``killed``, ``told`` notes that a process said it had kept, ``found`` of
        them, and ``troubles`` in words.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_first_note(home)
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITING, str(number), str(_NOTES)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                env=environment(home),
            )
            for number in range(count)
        ]
        killed, told = writers[2::3], set[int]()
        for writer in killed:
            assert writer.stdout is not None
            told.add(int(writer.stdout.readline()))
            time.sleep(0.05)
            writer.kill()
        troubles = list[str]()
        for writer in writers:
            out, err = writer.communicate(timeout=HANGS_S)
            told |= set(map(int, out.split()))
            if err and writer not in killed:
                troubles.append(err[-300:])
        try:
            with own_home(home), JournalAtHand() as journal:
                found = {pain.utc_ns for pain in journal.open().entries(Pain)}
                troubles += [note for note in journal.take_notes() if "damaged" in note]
        except BackstrideError as error:
            found = set()
            troubles.append(str(error))
    if told - found:
        troubles.append(f"{len(told - found)} notes that were kept are gone")
    return {
        "processes": count,
        "killed": len(killed),
        "told": len(told),
        "found": len(told & found),
        "troubles": troubles,
    }
