"""Kill −9 and ending signals at random moments of a live run, its start and its end."""

from __future__ import annotations

import re
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.robustness.aftermath import Aftermath, look_at, write_first_note
from benchmarks.robustness.live_process import LiveProcess
from benchmarks.robustness.sensor_port import SensorOnAPort
from benchmarks.robustness.tab import has_browser, open_tab

#: Where in a run: at its start, within, and while it ends.
PHASES: Final = ("start", "run", "end")
#: What ends it: each POSIX signal alone, with the page and no tab, with the page in a browser, and
#: while the filters are compiled for the first time.
KINDS: Final = ("plain", "page", "tab", "compile")
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RAN: Final = re.compile(r"\b[1-9]\d* running steps")
_START_S: Final = 3.0
_RUN_S: Final = 6.0
_COMPILE_S: Final = 25.0
_END_S: Final = 0.4


@dataclass(frozen=True)
class Moment:
    """One run that was ended.

    Attributes
    ----------
    how : str
        Signal and kind.
    at_s : float
        When, s since its recording began, negative before.
    took_s, cpu_s : float
        How long the program then took to end, by the clock and of a processor.
    after : Aftermath
        What was left.
    """

    how: str
    at_s: float
    took_s: float
    cpu_s: float
    after: Aftermath


def kills(count: int, random: Random) -> Iterator[Moment]:
    """Kill −9 at random moments: a quarter at the start, a quarter while the run ends."""
    for number in range(count):
        phase = ("run", "start", "run", "end")[number % 4]
        yield end_at(phase, signal.SIGKILL, "plain", random)


def ends(count: int, kinds: Sequence[str], random: Random) -> Iterator[Moment]:
    """Ask for the end at random moments, by each signal in turn."""
    for number in range(count):
        kind = kinds[number % len(kinds)]
        if kind == "tab" and not has_browser():
            kind = "page"
        phase = "start" if kind == "compile" or number % 3 == 1 else "run"
        if kind == "tab":
            phase = "run"
        yield end_at(phase, _ENDING[number // len(kinds) % len(_ENDING)], kind, random)


def end_at(phase: str, number: signal.Signals, kind: str, random: Random) -> Moment:
    """Start a run, end it so, and look at what is left.

    Parameters
    ----------
    phase : {"start", "run", "end"}
        At the start no recording may have begun yet; at the end SIGTERM came a moment before.
    number : Signals
        What is sent.
    kind : str
        One of :data:`KINDS`.
    random : Random
        When.
    """
    query = f"minutes=3&standing_s=1&seed={random.randrange(1000)}"
    with tempfile.TemporaryDirectory() as folder, SensorOnAPort(query) as sensor:
        home = Path(folder) / "home"
        write_first_note(home)
        words, changes = [sensor.url], {}
        if kind in ("page", "tab"):
            words += ["--dashboard", "--no-browser"]
        if kind == "compile":
            changes["NUMBA_CACHE_DIR"] = str(Path(folder) / "compiled")
        live = LiveProcess(home, words, changes=changes)
        began_ns, took_s, ended_ns = _until(live, phase, number, kind, random)
        after = look_at(home, ended_ns, began_ns)
    troubles = list(after.troubles)
    if number is not signal.SIGKILL:
        troubles += _of_an_end(live, after, began_ns)
    at_s = (ended_ns - began_ns) / 1e9 if began_ns else -1.0
    left = Aftermath(after.lost_s, after.filed, after.offered, tuple(troubles))
    return Moment(f"{number.name} {kind} {phase}", at_s, took_s, live.end_cpu_s, left)


def _until(
    live: LiveProcess, phase: str, number: signal.Signals, kind: str, random: Random
) -> tuple[int, float, int]:
    """Send it when it is time.

    Returns
    -------
    began_ns, took_s, sent_ns
        When the recording had begun, 0 before; how long the end took; and when it was asked for.
    """
    began_ns = 0
    if phase == "start":
        time.sleep(random.uniform(0.0, _COMPILE_S if kind == "compile" else _START_S))
    else:
        if live.wait_for_recording() is not None:
            began_ns = time.time_ns()
        if kind == "tab" and (address := live.wait_for_page()):
            with open_tab(address):
                time.sleep(random.uniform(0.0, 2.0))
                return began_ns, *_send(live, number)
        time.sleep(random.uniform(0.0, _RUN_S))
    if phase == "end":
        live.process.send_signal(signal.SIGTERM)
        time.sleep(random.uniform(0.0, _END_S))
    return began_ns, *_send(live, number)


def _send(live: LiveProcess, number: signal.Signals) -> tuple[float, int]:
    """Send it and wait, with the browser still there."""
    sent_ns = time.time_ns()
    return live.end(number), sent_ns


def _of_an_end(live: LiveProcess, after: Aftermath, began_ns: int) -> list[str]:
    """What is promised of an end that was asked for."""
    troubles = []
    if "Traceback" in live.text or "Fatal Python error" in live.text:
        troubles.append(f"told its insides: {live.text[-600:]}")
    if live.process.returncode not in (0, 130):
        troubles.append(f"ended with {live.process.returncode}")
    if began_ns and after.lost_s:
        troubles.append("the recording was not finished")
    if _RAN.search(live.text) and not after.filed:
        troubles.append("the run is not filed")
    return troubles


def as_figures(found: Sequence[Moment]) -> dict[str, Any]:
    """Figures of moments for the report."""
    took, cpu = sorted(each.took_s for each in found), sorted(each.cpu_s for each in found)
    return {
        "moments": len(found),
        "lost_s_most": round(max(each.after.lost_s for each in found), 2),
        "over_1_s": sum(each.after.lost_s > 1.0 for each in found),
        "filed": sum(each.after.filed for each in found),
        "offered": sum(each.after.offered for each in found),
        "took_s": [round(took[len(took) // 2], 2), round(took[-1], 2)],
        "cpu_s": [round(cpu[len(cpu) // 2], 2), round(cpu[-1], 2)],
        "over_2_s": sum(each.took_s > 2.0 for each in found),
        "troubles": [f"{each.how}: {one}" for each in found for one in each.after.troubles]
        + [f"{e.how}: lost {e.after.lost_s:.2f} s" for e in found if e.after.lost_s > 1.0],
    }
