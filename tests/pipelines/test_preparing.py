"""The filters are compiled by two processes, once, and found on the disk by the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.command_line import environment

_PREPARE = """
import subprocess, sys
started = []
class Popen(subprocess.Popen):
    def __init__(self, command, **given):
        started.append(self)
        super().__init__(command, **given)
subprocess.Popen = Popen
from imu.compiled import is_compiled
from pipelines.views.preparing import prepare_filters
before = is_compiled()
prepare_filters()
from imu.chain.loop import run_samples
from imu.step.finished_step import close_step
hits = [sum(kernel.stats.cache_hits.values()) for kernel in (run_samples, close_step)]
print(before, is_compiled(), len(started), all(p.poll() is not None for p in started), hits)
"""


def prepared(cache: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE],
        env=environment(NUMBA_CACHE_DIR=str(cache)),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_two_processes_compile_and_the_next_run_starts_none(tmp_path: Path) -> None:
    # what the other process has compiled is loaded, what closes a step was compiled here
    assert prepared(tmp_path) == "False True 1 True [1, 0]"
    assert prepared(tmp_path) == "True True 0 True [1, 1]"
