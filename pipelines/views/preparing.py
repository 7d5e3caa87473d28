"""Compile the filters, once on each machine, with two processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_OTHER_PART = "from imu.analyzer import warm_up; warm_up(closing=False)"
_LONGEST_S = 60.0


def prepare_filters() -> None:
    """Compile what a run needs, or load it from the cache; nothing is said.

    Where nothing is compiled yet, another Python compiles a third of it meanwhile and leaves it in
    the cache. If that fails, it is compiled here.
    """
    from imu.analyzer import warm_up
    from imu.compiled import is_compiled

    if is_compiled():
        warm_up()
        return
    with _other_part():
        # what closes a step comes first: the rest is there when it is needed
        warm_up()


@contextmanager
def _other_part() -> Iterator[None]:
    """Another process that compiles; it does not outlive the block."""
    other = None
    if not getattr(sys, "frozen", False):  # else the executable is no Python
        with suppress(OSError):
            other = subprocess.Popen(
                [sys.executable, "-c", _OTHER_PART],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    try:
        yield
    finally:
        if other is not None:
            other.kill()
            with suppress(subprocess.TimeoutExpired):
                other.wait(_LONGEST_S)
