"""An hour of a live run in real time with the page open in a browser."""

from __future__ import annotations

import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.robustness.live_process import LiveProcess
from benchmarks.robustness.tab import open_tab

#: A link that is lost so often, s.
_EVERY_S: Final = 240
_LOOKS_S: Final = 20.0
#: After this much of the run memory is compared with what it is at the end, s.
_SETTLED_S: Final = 300.0


def soak_in_real_time(minutes: float) -> dict[str, Any]:
    """Run for so long, end it by SIGTERM with the page open, and read the recording.

    Returns
    -------
    dict
        ``minutes``, ``disconnects``; memory of the program at five minutes and at its end, MB;
        that of the page's scripts, MB; ``file_mb_per_hour``; ``end_s``, how long SIGTERM took;
        ``steps`` live and in replay; ``troubles`` in words.
    """
    from pipelines.files.session_reader import read_session
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions
    from pipelines.session.facts import LinkChanged, StepsFinished

    seconds = minutes * 60.0
    lost = range(_EVERY_S, int(seconds), _EVERY_S)
    faults = ",".join(f"{at}s" for at in lost)
    url = f"sim:?protocol=backstride&minutes={minutes + 10:g}&seed=17"
    url += f"&disconnect={faults}" if faults else ""
    looks: list[tuple[float, float, float, str]] = []
    troubles: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "run.mcap"
        words = [url, "--record", str(path), "--dashboard", "--no-browser"]
        live = LiveProcess(home, words)
        address = live.wait_for_page()
        if not address:
            live.end(signal.SIGKILL)
            raise RuntimeError(f"the page did not open:\n{live.text}")
        with open_tab(address) as driver:
            driver.execute_script("localStorage.setItem('backstride-view', 'near')")
            driver.refresh()
            began = time.monotonic()
            while (passed := time.monotonic() - began) < seconds:
                if live.process.poll() is not None:
                    troubles.append(f"the run ended after {passed:.0f} s")
                    break
                looks.append(_look(passed, live.process.pid, driver))
                time.sleep(min(_LOOKS_S, max(0.0, seconds - passed)))
            end_s = live.end(signal.SIGTERM)
        size = path.stat().st_size
        session = read_session(path)
        if session.cut_short:
            troubles.append(f"the recording is cut short: {session.note}")
        if "Traceback" in live.text:
            troubles.append(live.text[-2000:])
        told = sum(len(f.steps) for f in session.facts if isinstance(f, StepsFinished))
        again = replay(path, ReplayOptions(), lambda _done, _total: None)
        changes = [f.state for f in session.facts if isinstance(f, LinkChanged)]
    settled = [look for look in looks if look[0] >= min(_SETTLED_S, seconds / 4)]
    return {
        "minutes": round(looks[-1][0] / 60.0, 1),
        "disconnects": len(lost),
        "resumed": changes.count("resumed"),
        "memory_mb": [round(settled[0][1], 1), round(settled[-1][1], 1)],
        "page_mb": [round(settled[0][2], 1), round(settled[-1][2], 1)],
        "page_last": looks[-1][3],
        "file_mb_per_hour": round(size / 1e6 / (looks[-1][0] / 3600.0), 2),
        "end_s": round(end_s, 2),
        "exit_code": live.process.returncode,
        "steps": [told, len(again.steps)],
        "troubles": troubles,
    }


def _look(passed_s: float, pid: int, driver: Any) -> tuple[float, float, float, str]:
    """Time, memory of the program and of the page's scripts, MB, and what the page shows."""
    from selenium.common.exceptions import WebDriverException

    memory = 0.0
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        resident = next(line for line in lines if line.startswith("VmRSS"))
        memory = int(resident.split()[1]) / 1024.0
    page, shown = 0.0, ""
    with suppress(WebDriverException):
        script = "window.gc?.(); return performance.memory.usedJSHeapSize"
        page = float(driver.execute_script(script)) / 1e6
        shown = str(driver.execute_script("return document.querySelector('.count dd')?.innerText"))
    return passed_s, memory, page, shown
