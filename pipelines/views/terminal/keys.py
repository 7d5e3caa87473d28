"""Keys that are pressed while a terminal shows something, without Return and without an echo."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Any, Final

#: What terminals send for a key.
_KEYS: Final = {
    b"\x1b[D": "left", b"\x1bOD": "left", b"\x1b[C": "right", b"\x1bOC": "right", b" ": "space",
    b"\xe0K": "left", b"\xe0M": "right", b"\x00K": "left", b"\x00M": "right",
}  # fmt: skip
_LOOK_S: Final = 0.05  # between two looks where the system cannot wait for a key


class Keys:
    """Keys of the terminal that this program is in the foreground of; else none ever comes.

    Use it as a context manager: afterwards the terminal is as it was.
    """

    def __init__(self) -> None:
        self._before: list[Any] | None = None
        self._waiting: list[str] = []
        self._listens = False

    @property
    def listens(self) -> bool:
        """Whether keys can come."""
        return self._listens

    def __enter__(self) -> Keys:
        try:
            self._listens = sys.stdin.isatty()
            if self._listens and sys.platform != "win32":
                import termios
                import tty

                file = sys.stdin.fileno()
                self._listens = os.tcgetpgrp(file) == os.getpgrp()
                if self._listens:
                    self._before = termios.tcgetattr(file)
                    tty.setcbreak(file, termios.TCSADRAIN)
        except (OSError, ValueError, AttributeError):  # no standard input
            self._listens = False
        return self

    def __exit__(self, *failure: object) -> None:
        self._listens = False
        if self._before is not None and sys.platform != "win32":
            import termios

            with contextlib.suppress(termios.error, OSError, ValueError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def wait(self, seconds: float) -> str | None:
        """Wait so long, or until a key is pressed; says which of those that are known."""
        if self._waiting:
            return self._waiting.pop(0)
        if not self._listens:
            time.sleep(seconds)
            return None
        self._waiting += _named(self._read(seconds))
        return self._waiting.pop(0) if self._waiting else None

    def _read(self, seconds: float) -> bytes:
        if sys.platform == "win32":
            import msvcrt

            end_s = time.monotonic() + seconds
            while not msvcrt.kbhit():
                left_s = end_s - time.monotonic()
                if left_s <= 0.0:
                    return b""
                time.sleep(min(_LOOK_S, left_s))
            pressed = b""
            while msvcrt.kbhit():
                pressed += msvcrt.getch()
            return pressed
        import select

        file = sys.stdin.fileno()
        ready, _, _ = select.select([file], [], [], seconds)
        pressed = os.read(file, 64) if ready else b""
        if ready and not pressed:  # the terminal has gone
            self._listens = False
        return pressed


def _named(pressed: bytes) -> list[str]:
    r"""The keys that are known among those that were pressed.

    Examples
    --------
    >>> _named(b"x\x1b[C \x1b[D")
    ['right', 'space', 'left']
    """
    found = []
    while pressed:
        code = next((code for code in _KEYS if pressed.startswith(code)), b"")
        if code:
            found.append(_KEYS[code])
        pressed = pressed[len(code) or 1 :]
    return found
