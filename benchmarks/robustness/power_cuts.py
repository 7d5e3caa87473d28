"""Power cuts: of what a live run did to the disk, what would be left had it ended just then."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.robustness.aftermath import Aftermath, look_at, write_first_note
from benchmarks.robustness.disk_log import DiskEvent, read_disk_log
from benchmarks.robustness.live_process import LiveProcess
from benchmarks.robustness.sensor_port import SensorOnAPort

_SECTOR: Final = 512
_RUN_S: Final = 9.0
#: Moments of one run.
_MOMENTS: Final = 25
_PRELUDE: Final = "from benchmarks.robustness.disk_log import record_disk; record_disk({!r}, {!r})"


def power_cuts(moments: int, random: Random) -> Iterator[tuple[float, Aftermath]]:
    """Cut the power at random moments of live runs that are ended by SIGTERM and filed.

    Yields
    ------
    float, Aftermath
        When in the run, s, negative before its recording began; and what was left.
    """
    left = moments
    while left > 0:
        with tempfile.TemporaryDirectory() as folder, SensorOnAPort(_query(random)) as sensor:
            home, log = Path(folder) / "home", Path(folder) / "log"
            write_first_note(home)
            untouched = {
                str(path.relative_to(home)): path.read_bytes()
                for path in home.rglob("*")
                if path.is_file()
            }
            live = LiveProcess(home, [sensor.url], _PRELUDE.format(str(log), str(home)))
            recording = live.wait_for_recording()
            if recording is None:
                live.wait()
                raise RuntimeError(f"the run did not begin:\n{live.text}")
            began_ns = time.time_ns()
            time.sleep(_RUN_S)
            live.end(signal.SIGTERM)
            ended_ns = time.time_ns()
            events = read_disk_log(log)
            now = min(left, _MOMENTS)
            for number in range(now):
                # a third of them while the run ends, where most is written
                last_ns = ended_ns - began_ns
                first_ns = last_ns - 2e9 if number % 3 == 0 else -5e8
                cut_ns = began_ns + round(random.uniform(first_ns, last_ns))
                left_over = Path(folder) / f"cut-{number}"
                after_power_cut(events, untouched, cut_ns, random, left_over)
                found = look_at(left_over, cut_ns, began_ns if cut_ns > began_ns + 5e8 else 0)
                yield (cut_ns - began_ns) / 1e9, found
            left -= now


def _query(random: Random) -> str:
    return f"minutes=3&standing_s=1&seed={random.randrange(1000)}"


def after_power_cut(
    events: Sequence[DiskEvent],
    before: dict[str, bytes],
    cut_ns: int,
    random: Random,
    folder: Path,
) -> None:
    """Write into a folder what the disk holds after a power cut.

    What was put there is there. Of what was not, a random part: a name or its lack, the beginning
    of what was added to a file or zeros in its place, single writes and halves of them.

    Parameters
    ----------
    events : sequence of DiskEvent
        In order.
    before : dict of str to bytes
        The files before them, which are on the disk.
    cut_ns : int
        When, ns since 1970.
    random : Random
        Of what there was luck with.
    folder : Path
        Is made.
    """
    done = [each for each in events if each.ended_ns <= cut_ns]
    folder.mkdir(parents=True)
    for name in sorted(_names(done, before, random)):
        if name.endswith("-shm") or "backstride-" in name:
            continue  # memory of SQLite's, and halves of files that have another name when whole
        content = _content(name, done, events, before.get(name, b""), random)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _names(done: Sequence[DiskEvent], before: dict[str, bytes], random: Random) -> set[str]:
    """Of each folder the names as they were put on the disk, or as they are."""
    names = set(before)
    if not done:
        return names
    now = {name for name, _ in done[-1].names}
    folders = {str(Path(name).parent) for name in now | names}
    kept = set()
    for folder in sorted(folders):
        synced = [each for each in done if each.kind == "folder" and each.name == folder]
        put = {name for name, _ in synced[-1].names} if synced else names
        chosen = now if random.random() < 0.5 else put
        kept |= {name for name in chosen if str(Path(name).parent) == folder}
    return kept


def _content(
    name: str,
    done: Sequence[DiskEvent],
    events: Sequence[DiskEvent],
    before: bytes,
    random: Random,
) -> bytes:
    own = [each for each in done if each.name == name]
    synced = [k for k, each in enumerate(own) if each.kind == "file"]
    content = bytearray(own[synced[-1]].data if synced else before)
    since = own[synced[-1] + 1 :] if synced else own
    for event in since:
        if random.random() < 0.5:
            continue  # never reached the disk
        if event.kind == "truncate":
            del content[event.offset :]
        elif event.kind == "write":
            whole = random.random() < 0.7
            sectors = random.randrange(len(event.data) // _SECTOR + 1)
            data = event.data if whole else event.data[: sectors * _SECTOR]
            content.extend(bytes(max(0, event.offset - len(content))))
            content[event.offset : event.offset + len(data)] = data
    later = [each for each in events if each.name == name and each.kind == "file"]
    later = [each for each in later if each not in own]
    if name.endswith(".mcap") and later:
        content += _torn(later[0].data[len(content) :], random)
    return bytes(content)


def _torn(added: bytes, random: Random) -> bytes:
    """What is left of bytes that were added and not put on the disk."""
    length = random.randrange(len(added) + 1)
    return random.choice((b"", added[:length], bytes(length), added[: length // 2] + bytes(length)))


def as_figures(found: Sequence[tuple[float, Aftermath]]) -> dict[str, Any]:
    """Figures of moments for the report."""
    lost = sorted(each.lost_s for _, each in found)
    return {
        "moments": len(found),
        "lost_s_median": round(lost[len(lost) // 2], 2),
        "lost_s_most": round(lost[-1], 2),
        "over_1_s": sum(each > 1.0 for each in lost),
        "filed": sum(each.filed for _, each in found),
        "offered": sum(each.offered for _, each in found),
        "troubles": [f"at {at:.2f} s: {one}" for at, each in found for one in each.troubles],
    }
