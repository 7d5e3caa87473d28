"""Compile the filters, once on each machine, in two processes beside this one.

Here it would take half a gigabyte for as long as this process lives, and no signal is heard while
the compiler optimises a function, for seconds.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

#: The second leaves half of the work in the cache meanwhile, where the first finds it.
_EVERYTHING: Final = "from imu.compile_ahead import warm_up; warm_up()"
_CLOSING: Final = "from imu.compile_ahead import compile_closing; compile_closing()"
_LONGEST_S: Final = 60.0


def prepare_filters() -> None:
    """Compile what a run needs, or load it from the cache; nothing is said.

    Where no other process can compile it, it is compiled here.
    """
    from imu.compile_ahead import warm_up

    with _compiling_elsewhere() as other:
        if other is not None:
            other.wait()
    warm_up()


async def prepare_filters_meanwhile() -> None:
    """The same while this process goes on with something else, such as a page."""
    from imu.compile_ahead import warm_up

    with _compiling_elsewhere() as other:
        # a thread that waits would keep a program from ending
        while other is not None and other.poll() is None:
            await asyncio.sleep(0.1)
    warm_up()


@contextmanager
def _compiling_elsewhere() -> Iterator[subprocess.Popen[bytes] | None]:
    """Another process that compiles, where that is to be done; it does not outlive the block."""
    from imu.compiled import can_be_kept, is_compiled

    others: list[subprocess.Popen[bytes]] = []
    try:
        # a frozen executable is no Python
        if not is_compiled() and can_be_kept() and not getattr(sys, "frozen", False):
            with suppress(OSError):
                others.extend(map(_python, (_EVERYTHING, _CLOSING)))
        yield others[0] if others else None
    finally:
        for other in others:
            other.kill()
            with suppress(subprocess.TimeoutExpired):
                other.wait(_LONGEST_S)


def _python(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
