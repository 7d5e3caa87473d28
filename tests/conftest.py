"""What all tests share: filters that are compiled already, and how hypothesis looks for examples.

No deadlines, since the first call of a kernel compiles it. The same few examples every time, so
that a suite that passed passes again, here and elsewhere; ``--hypothesis-profile=random`` looks for
many new ones.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.examples import MANY_TIMES, USUAL

# before numpy is imported, here and in the workers: there is one for each core already, and the
# threads of their linear algebra wait for each other by counting
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("same", deadline=None, derandomize=True, max_examples=USUAL)
settings.register_profile("random", deadline=None, print_blob=True, max_examples=MANY_TIMES * USUAL)
settings.load_profile("same")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a quarter of the time they wait for browsers and processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Generator[None, object, object]:
    """Compile the filters before the first test where that was not done yet.

    Otherwise whichever tests come first compile them, each process for itself, and commands tell
    their users that they do. The workers have been started by then, and collect meanwhile; tests
    are handed to them when this is over.
    """
    started = yield
    config = session.config
    if hasattr(config, "workerinput") or config.option.collectonly:
        return started
    from imu.compile_ahead import warm_up
    from imu.compiled import is_compiled

    if not is_compiled():
        warm_up()  # in one process: two take half as much again, and the workers have work
    return started


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for dead objects, nor ever after through what was collected.

    Modules and thousands of tests stay to the end; to look through them again and again was a
    third of the time that collecting took, and is a part of every test that makes many objects.
    What tests make is looked through less often than usual.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()
