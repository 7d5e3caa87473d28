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
from imu.step.closing import run_chain
from imu.step.window import smooth_window
hits = [sum(kernel.stats.cache_hits.values()) for kernel in (smooth_window, run_chain)]
print(before, is_compiled(), len(started), all(p.poll() is not None for p in started), hits)
"""


def run_python(code: str, cache: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
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
    # what the other process has compiled is loaded, the rest was compiled here
    assert run_python(_PREPARE, tmp_path) == "False True 1 True [1, 0]"
    assert run_python(_PREPARE, tmp_path) == "True True 0 True [0, 1]"


@pytest.mark.slow
def test_a_page_goes_on_while_others_compile(tmp_path: Path) -> None:
    code = """
import asyncio, time
from imu.compiled import is_compiled
from pipelines.views.preparing import prepare_filters_meanwhile

async def main():
    before, longest, last = is_compiled(), 0.0, time.monotonic()
    preparing = asyncio.ensure_future(prepare_filters_meanwhile())
    while not is_compiled():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    await preparing
    from imu.step.closing import run_chain
    print(before, longest < 1.0, sum(run_chain.stats.cache_hits.values()))

asyncio.run(main())
"""
    assert run_python(code, tmp_path) == "False True 1"
