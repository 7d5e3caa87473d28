"""``backstride live`` in a process and a data folder of its own, watched from outside."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: What takes longer hangs, on however busy a machine, s.
HANGS_S: Final = 120.0
#: A shell has what it runs in the background ignore Ctrl-C, and so would all that this starts.
_AS_A_USER: Final = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
_ROOT: Final = Path(__file__).parents[2]
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\S+")


def environment(home: Path, **changes: str) -> dict[str, str]:
    """That of a user whose data folder is ``home``."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    own = {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return os.environ | own | {"BACKSTRIDE_HOME": str(home)} | changes


@dataclass
class LiveProcess:
    """A live run from its start to its end.

    Parameters
    ----------
    home : Path
        Its data folder.
    words : sequence of str
        After ``live``.
    prelude : str
        Python code that runs before the program, in its process.
    changes : dict of str to str
        Of its environment.

    Attributes
    ----------
    told : list of str
        What it has printed so far, a line each.
    end_cpu_s : float
        Time of the processor that its end took: on a busy machine that says more than the clock.
    """

    home: Path
    words: Sequence[str]
    prelude: str = ""
    changes: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    end_cpu_s: float = 0.0

    def __post_init__(self) -> None:
        code = f"{_AS_A_USER}{self.prelude}\nfrom pipelines.__main__ import main\nmain()\n"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "live", *self.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=environment(self.home, **self.changes),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that it has printed."""
        return "".join(self.told)

    @property
    def sessions(self) -> list[Path]:
        """The session files in its data folder, oldest first."""
        return sorted(self.home.glob("sessions/**/*.mcap"))

    def wait_for_recording(self) -> Path | None:
        """The session file once there is one; None when the run ends or hangs before that."""
        end = time.monotonic() + HANGS_S
        while time.monotonic() < end:
            if found := self.sessions:
                return found[-1]
            if self.process.poll() is not None:
                return None
            time.sleep(0.005)
        return None

    def wait_for_page(self) -> str:
        """The address of the page; empty when there is none."""
        end = time.monotonic() + HANGS_S
        while time.monotonic() < end and self.process.poll() is None:
            if found := _ADDRESS.search(self.text):
                return found[0]
            time.sleep(0.02)
        return ""

    def end(self, number: signal.Signals) -> float:
        """Send a signal; how long the process then took to end, s, infinity for hanging."""
        began, spent_s, ended_s = time.monotonic(), self._cpu_s(), _cpu_of_ended_s()
        self.process.send_signal(number)
        took_s = self.wait(began)
        self.end_cpu_s = max(0.0, _cpu_of_ended_s() - ended_s - spent_s)
        return took_s

    def wait(self, began: float | None = None) -> float:
        """How long it still takes to end, s; what hangs is killed and took infinitely long."""
        began = time.monotonic() if began is None else began
        try:
            self.process.wait(HANGS_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return float("inf")
        took_s = time.monotonic() - began
        self._reader.join(5.0)
        return took_s

    def _cpu_s(self) -> float:
        """What it has used of a processor so far, s; 0 where the system does not say."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text("ascii")
        except OSError:
            return 0.0
        used = stat.rpartition(")")[2].split()[11:13]
        return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(line)
        self.process.stdout.close()


def _cpu_of_ended_s() -> float:
    """What all processes that this one has waited for had used of a processor, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
