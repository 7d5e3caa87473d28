"""Keep the computer awake during a session: a laptop that sleeps ends the link to its sensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def staying_awake() -> Iterator[bool]:
    """Ask the system not to sleep by itself for as long as the context lasts.

    The screen may go dark and lock; closing the lid still sends most computers to sleep. Nothing
    is raised where the system does not agree.

    Yields
    ------
    bool
        Whether the system has agreed.

    Examples
    --------
    >>> with staying_awake() as awake:
    ...     isinstance(awake, bool)
    True
    """
    from wakepy import keep

    with keep.running(on_fail="pass") as mode:
        yield bool(mode.active)
