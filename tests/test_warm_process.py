"""A process that was forked is to a test what one is that was started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import HANG_S
from tests.warm_process import WarmPopen, finished

CODES = {
    "ends": "print('done')",
    "with a code": "import sys; sys.exit(3)",
    "with words": "import sys; sys.exit('no such thing')",
    "with a fault": "print('before'); 1 / 0",
    "arguments": "import sys; print(sys.argv)",
    "where": "import os; print(os.getcwd(), sorted(os.environ.items()))",
    "reads": "import sys; print(sys.stdin.read().upper())",
    "streams": "import sys; print('é'); print('ü', file=sys.stderr); print(sys.stdout.encoding)",
    "main": "print(__name__)",
    "at the end": "import atexit; atexit.register(print, 'at the end'); print('first')",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "terminated": "import os; print('x', flush=True); os.kill(os.getpid(), 15)",
    "interrupted": "import os, signal, time\nsignal.signal(2, signal.default_int_handler)\n"
    "try:\n os.kill(os.getpid(), 2); time.sleep(9)\n"
    "except KeyboardInterrupt:\n print('stopped')",
    "session": "import os; print(os.getsid(0) == os.getpid())",
    "descriptors": "import os; print(len(os.listdir('/proc/self/fd')))",
}


def outcome(kind: type[subprocess.Popen[str]], code: str, **given: Any) -> tuple[int, str, str]:
    every = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | given
    if kind is subprocess.Popen:
        every["encoding"] = "utf-8"
    with kind([sys.executable, "-c", code, "a b", "ü"], **every) as process:
        out, err = process.communicate("some words", timeout=HANG_S)
    # a traceback names where code came from; its last line says what happened
    return process.returncode, out, "".join(err.splitlines()[-1:])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
@pytest.mark.parametrize("name", CODES)
def test_a_fork_is_like_a_process_that_was_started(name: str, tmp_path: Path) -> None:
    surroundings = {
        "cwd": tmp_path,
        "env": os.environ | {"PYTHONIOENCODING": "utf-8", "SOME": "thing"},
        "start_new_session": name == "session",
    }
    started = outcome(subprocess.Popen, CODES[name], **surroundings)
    assert outcome(WarmPopen, CODES[name], **surroundings) == started


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX sends signals to one process")
def test_a_fork_is_a_child_that_hears_signals_and_leaves_nothing() -> None:
    code = "import time; print('here', flush=True); time.sleep(100)"
    with WarmPopen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == "here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANG_S) == -signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_what_python_is_told_at_its_start_starts_it_anew() -> None:
    code = "import sys; print(sys.flags.utf8_mode, 'pipelines.cli' in sys.modules)"
    done = finished([sys.executable, "-c", code], env=os.environ | {"PYTHONUTF8": "1"})
    assert done.stdout == "1 False\n"
