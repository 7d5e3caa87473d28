"""Compile the filters, once on each machine, with two processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_ALL: Final = "from imu.analyzer import warm_up; warm_up()"
_CLOSING: Final = "from imu.analyzer import compile_closing; compile_closing()"
_LONGEST_S: Final = 60.0


def prepare_filters() -> None:
    """Compile what a run needs, or load it from the cache; nothing is said.

    Where nothing is compiled yet, another Python compiles half of it meanwhile and leaves it in
    the cache. If that fails, it is compiled here.
    """
    from imu.analyzer import warm_up
    from imu.compiled import is_compiled

    if is_compiled():
        warm_up()
        return
    with _compiled_elsewhere(_CLOSING):
        # what takes a sample comes first: the rest is there when it is needed
        warm_up()


async def prepare_filters_meanwhile() -> None:
    """The same while this process goes on with something else, such as a page."""
    from imu.compiled import is_compiled

    if not is_compiled():
        with (
            _compiled_elsewhere(_ALL) as every,
            _compiled_elsewhere(_CLOSING) as half,
        ):
            for other in filter(None, (every, half)):
                # a thread that waits would keep a program from ending
                while other.poll() is None:
                    await asyncio.sleep(0.1)
    prepare_filters()


@contextmanager
def _compiled_elsewhere(code: str) -> Iterator[subprocess.Popen[bytes] | None]:
    """Another process that compiles; it does not outlive the block."""
    other = None
    if not getattr(sys, "frozen", False):  # else the executable is no Python
        with suppress(OSError):
            other = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    try:
        yield other
    finally:
        if other is not None:
            other.kill()
            with suppress(subprocess.TimeoutExpired):
                other.wait(_LONGEST_S)
