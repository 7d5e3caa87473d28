"""The view of a live run: a calm picture in a terminal, plain lines in a pipe.

Drawing happens in a thread of its own, so that a terminal held with Ctrl-S or a pipe nobody reads
never holds up the run and its recording.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final, Protocol

from pipelines.coaching.alert import Alert
from pipelines.files.alerts import ring_bell
from pipelines.session.live_status import LiveStatus
from pipelines.views.terminal.cells import Line, printable, rich_text
from pipelines.views.terminal.picture import picture
from pipelines.views.terminal.plain_log import PlainLog

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

_FRAME_S: Final = 1.0 / 8.0  # least time between two redraws
_BRIEF_ROWS: Final = 14  # too few for large numbers: what stays on the screen after the run


class TerminalView:
    """Show a live run in a terminal, or as plain lines where standard output is no terminal.

    Use it as a context manager around the run. :meth:`update` and :meth:`note` return at once;
    leaving the block shows the last status first, and waits for an output that is held: close the
    recording within the block. When the reader of a pipe goes away the view falls silent and the
    run goes on.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to draw; standard output otherwise.
    interactive : bool, optional
        A redrawn picture (True) or lines (False); by default what the output can do.

    Examples
    --------
    >>> with TerminalView(interactive=False) as view:  # doctest: +ELLIPSIS
    ...     view.update(LiveStatus(source="sim:?seed=1", device="simulated sensor"))
    Backstride live: simulated sensor, sim:?seed=1
    ...
    """

    def __init__(self, console: Console | None = None, *, interactive: bool | None = None) -> None:
        file = sys.stdout if console is None else console.file
        if interactive is None:
            # a terminal only by FORCE_COLOR is still a file to its reader
            interactive = _is_terminal(file)
        if interactive and console is None:
            from rich.console import Console

            console = Console(file=file)
        self._screen = _Screen(console) if interactive and console is not None else None
        self._output: _Output = self._screen or _Lines(file)
        self._file = file
        self._log = PlainLog()
        self._wake, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._draw, name="terminal view", daemon=True)
        self._failure: BaseException | None = None
        self._stopped = ""

    @property
    def interactive(self) -> bool:
        """Whether a picture is redrawn, rather than lines written."""
        return self._screen is not None

    @property
    def stopped(self) -> str:
        """Why nothing more is shown, in plain words; empty while all is well."""
        return self._stopped

    def __enter__(self) -> TerminalView:
        if self._screen is not None:
            self._screen.open()
            self._wake.set()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *failure: object) -> None:
        self._ending.set()
        self._wake.set()
        try:
            self._thread.join()
        finally:
            if self._screen is not None:
                with self._falling_silent():
                    self._screen.close(draw_last=not self._stopped and self._failure is None)
        if self._failure is not None and kind is None:
            raise self._failure  # a fault of the picture waits until the run is safe

    def update(self, status: LiveStatus) -> None:
        """Show this status: the picture at most 8 times a second, lines as :class:`PlainLog`.

        The status is copied; the caller may go on changing it.
        """
        if self._screen is not None:
            # handed over in one assignment; the thread draws the newest and skips the others
            self._screen.status = dataclasses.replace(status, indicators=dict(status.indicators))
            self._wake.set()
        else:
            self._say(self._log.lines(status))

    def note(self, text: str) -> None:
        """Tell something that is no part of the status."""
        if self._screen is not None:
            self._screen.notes.append(printable(text))
            self._wake.set()
        else:
            self._say(self._log.note(text))

    def alert(self, alert: Alert) -> None:
        """Ring the bell for a change, which the status shows; tell one that is over."""
        if alert.severity == "raised":
            ring_bell(alert)
        else:
            self.note(alert.message)

    def _say(self, lines: list[str]) -> None:
        if lines and isinstance(self._output, _Lines):
            self._output.waiting.extend(lines)
            self._wake.set()

    def _draw(self) -> None:
        with self._falling_silent():
            while True:
                self._wake.wait()
                self._wake.clear()
                ending = self._ending.is_set()
                self._output.draw()
                if ending:
                    return
                if self._screen is not None:
                    self._ending.wait(_FRAME_S)

    @contextlib.contextmanager
    def _falling_silent(self) -> Iterator[None]:
        """Keep every fault of the output away from the run."""
        from pipelines.system_error import explain

        try:
            yield
        except BrokenPipeError:
            self._fall_silent("the program reading this output has ended")
        except OSError as error:
            self._fall_silent(explain(error))
        except SystemExit:  # what rich makes of a broken pipe
            self._fall_silent("the program reading this output has ended")
        except Exception as error:
            if self._file.closed:
                self._fall_silent("the output was closed")
            else:
                self._failure = error

    def _fall_silent(self, why: str) -> None:
        self._stopped = why
        # or the interpreter, flushing on its way out, would complain
        with contextlib.suppress(OSError, ValueError):
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, self._file.fileno())
            os.close(sink)


class _Output(Protocol):
    def draw(self) -> None:
        """Show what is new; called in the view's thread."""


class _Lines:
    """Plain text, flushed so that the reader of a pipe sees each line at once."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.waiting: deque[str] = deque()

    def draw(self) -> None:
        while self.waiting:
            line = self.waiting.popleft() + "\n"
            encoding = getattr(self._file, "encoding", None) or "utf-8"
            self._file.write(line.encode(encoding, "replace").decode(encoding))
            self._file.flush()


class _Screen:
    """A picture on a terminal's second screen; the first comes back untouched."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self.status: LiveStatus | None = None
        self.notes: deque[str] = deque(maxlen=20)

    def open(self) -> None:
        from rich.live import Live

        self._live = Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def draw(self) -> None:
        if self._live is not None:
            size = self._console.size
            self._live.update(rich_text(self._picture(size.width, size.height)), refresh=True)

    def close(self, *, draw_last: bool) -> None:
        if self._live is None:
            return
        self._live.stop()
        if draw_last and self.status is not None:
            # the second screen is gone: leave the last numbers on the first
            self._console.print(rich_text(self._picture(self._console.size.width, _BRIEF_ROWS)))

    def _picture(self, width: int, height: int) -> list[Line]:
        return picture(
            self.status or LiveStatus(source="", device=""),
            width,
            height,
            notes=self.notes,
            unicode=not self._console.options.ascii_only,
        )


def _is_terminal(file: IO[str]) -> bool:
    try:
        return file.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}
    except ValueError:  # closed
        return False
