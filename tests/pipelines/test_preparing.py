"""The filters are compiled by others, once, and found on the disk by the next."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.preparing import prepare_filters, prepare_filters_meanwhile
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
from pipelines.preparing import prepare_filters
before = is_compiled()
prepare_filters()
from imu.step.closing import run_chain
hits = sum(run_chain.stats.cache_hits.values())
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


def test_who_ends_while_others_compile_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def compiler(_code: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"]))
        return started[-1]

    async def end() -> None:
        preparing = asyncio.ensure_future(prepare_filters_meanwhile())
        while len(started) < 2:
            await asyncio.sleep(0.01)
        preparing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await preparing

    monkeypatch.setattr("imu.compiled.is_compiled", lambda: False)
    monkeypatch.setattr("imu.compiled.can_be_kept", lambda: True)
    monkeypatch.setattr("imu.compile_ahead.warm_up", lambda: pytest.fail("compiled here"))
    monkeypatch.setattr("pipelines.preparing._python", compiler)
    asyncio.run(end())
    assert all(each.poll() is not None for each in started)


def test_where_nothing_can_be_kept_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[bool] = []
    (tmp_path / "file").touch()
    monkeypatch.setattr("imu.compiled.cache_directory", lambda: tmp_path / "file" / "kernels")
    monkeypatch.setattr("imu.compile_ahead.warm_up", lambda: here.append(True))
    monkeypatch.setattr("pipelines.preparing._python", lambda _code: pytest.fail("started"))
    prepare_filters()
    assert here == [True]


@pytest.mark.slow
def test_two_processes_compile_and_the_next_run_starts_none(tmp_path: Path) -> None:
    # what the others have compiled is loaded: this process hears signals all the while
    assert run_python(_PREPARE, tmp_path) == "False True 2 True 1"
    assert run_python(_PREPARE, tmp_path) == "True True 0 True 1"


@pytest.mark.slow
def test_a_page_goes_on_while_others_compile(tmp_path: Path) -> None:
    code = """
import asyncio, time
from imu.compiled import is_compiled
from pipelines.preparing import prepare_filters_meanwhile

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
