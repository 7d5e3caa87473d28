"""A command of the user's for each alert: a voice, a light, a message.

The command is split into words as a shell would, but no shell runs it: nothing in an alert can be
taken for a command. The alert comes as one line of JSON on standard input; ``{message}``,
``{indicator}``, ``{direction}`` and ``{severity}`` in a word are replaced. It runs beside the
session, which never waits for it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Final

from imu.errors import ParameterError
from pipelines.coaching.alert import Alert
from pipelines.system_error import explain

_LONGEST_S: Final = 10.0
_MOST_AT_ONCE: Final = 2
_FIELDS: Final = ("message", "indicator", "direction", "severity")
_A_FIELD: Final = re.compile(r"\{([a-z_]+)\}")


class AlertCommand:
    """Runs a command for each alert, an alert hook.

    Parameters
    ----------
    command : str
        Program and arguments, quoted as in a shell.
    note : callable, optional
        Told in one sentence when the command fails, the first time only.
    longest_s : float
        The command is ended after this time, s, above 0 to 600.

    Raises
    ------
    ParameterError
        When the command is empty, its quotes do not close, it names a field that no alert has, or
        the time is outside its range.

    Notes
    -----
    At most two run at once: where a third alert comes meanwhile, it is noted and not run.

    Examples
    --------
    >>> AlertCommand('say "{message}"').words
    ('say', '{message}')
    """

    def __init__(
        self,
        command: str,
        note: Callable[[str], None] | None = None,
        *,
        longest_s: float = _LONGEST_S,
    ) -> None:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ParameterError("--on-alert", command, f"closed quotes ({error})") from None
        if not words or not words[0]:
            raise ParameterError("--on-alert", command, "a program and its arguments")
        unknown = [name for name in _A_FIELD.findall(command) if name not in _FIELDS]
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in _FIELDS)
            raise ParameterError("--on-alert", f"{{{unknown[0]}}}", f"one of {known}")
        if not 0.0 < longest_s <= 600.0:
            raise ParameterError("longest_s", longest_s, "a number above 0, at most 600")
        self.words = tuple(words)
        self._note = note
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._noted = False
        self._running: list[threading.Thread] = []

    def __call__(self, alert: Alert) -> None:
        """Start the command for a change, not for its end; returns at once."""
        if alert.severity != "raised":
            return
        self._running = [thread for thread in self._running if thread.is_alive()]
        if len(self._running) >= _MOST_AT_ONCE:
            self._fail("is still busy with earlier alerts: give one that ends sooner.")
            return
        # a thread of its own: starting a program blocks for milliseconds
        thread = threading.Thread(
            target=self._run, args=(self._filled(alert), alert.to_json()), daemon=True
        )
        self._running.append(thread)
        thread.start()

    def close(self) -> None:
        """Wait for what still runs, no longer than each may take."""
        for thread in self._running:
            thread.join(self._longest_s + 1.0)
        self._running = []

    def _filled(self, alert: Alert) -> list[str]:
        filled = list(self.words)
        for name in _FIELDS:
            value = str(getattr(alert, name))
            filled = [word.replace("{" + name + "}", value) for word in filled]
        return filled

    def _run(self, words: list[str], line: str) -> None:
        try:
            done = subprocess.run(
                words,
                input=(line + "\n").encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._longest_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._fail(f"took longer than {self._longest_s:g} s and was ended.")
        except OSError as error:
            self._fail(f"cannot be started: {explain(error)}.")
        except ValueError:
            self._fail("cannot be started: its words hold a zero byte.")
        else:
            if done.returncode:
                self._fail(f"ended with status {done.returncode}.")

    def _fail(self, what: str) -> None:
        with self._lock:
            if self._noted:
                return
            self._noted = True
        if self._note is not None:
            self._note(f"the alert command {self.words[0]} {what}")
