"""The view of a live run: a calm picture in a terminal, plain lines in a pipe.

Drawing happens in a thread of its own, so that a terminal held with Ctrl-S or a pipe nobody reads
never holds up the run and its recording. :func:`picture` lays out what is shown without knowing
any terminal; colour only ever repeats what the words say.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import re
import sys
import textwrap
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Final, Protocol

import numpy as np

from imu.steps import SIDE_CODES
from pipelines.live_status import IndicatorStatus, LiveStatus

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

__all__ = ["PlainLog", "TerminalView", "picture", "render_svg"]

_FRAME_S: Final = 1.0 / 8.0  # least time between two redraws
_WIDEST: Final = 120  # columns; wider pictures only pull things that belong together apart
_NARROWEST: Final = 56  # columns for three numbers side by side
_BRIEF_ROWS: Final = 14  # too few for large numbers: what stays on the screen after the run
_STEPS_A_LINE: Final = 10
_SECONDS_A_LINE: Final = 5.0
_QUIET_S: Final = 30.0  # a line at least this often, so that standing still is no silence
_SMOOTHED_STEPS: Final = 4  # of a trend: both feet twice

# readable on dark and on light grounds
_QUIET, _STRONG, _USUAL, _CHANGED = "dim", "bold", "green", "bold magenta"

Line = list[tuple[str, str]]  # pieces of text, each with its style


@dataclasses.dataclass(frozen=True, slots=True)
class _Quantity:
    """How a column of the steps table is written for people."""

    column: str
    name: str
    short: tuple[str, str]  # title and the rest of it, for narrow windows
    unit: str
    plain_unit: str
    decimals: int
    least_span: float  # of a trend, so that noise is not blown up

    def number(self, value: float, *, sign: bool = False) -> str:
        if not math.isfinite(value):
            return "–"
        text = f"{value:{'+' if sign else ''}.{self.decimals}f}"
        # rounding must not leave a zero with a minus
        return text.lstrip("-") if float(text) == 0 and not sign else text

    def amount(self, value: float, *, sign: bool = False) -> str:
        if not math.isfinite(value):
            return "–"
        gap = "" if self.unit == "°" or not self.unit else " "
        return f"{self.number(value, sign=sign)}{gap}{self.unit}"


_SHOCK = _Quantity("impact_shock_g", "impact shock", ("impact shock", ""), "g", "g", 2, 0.8)
_OSCILLATION = _Quantity(
    "vertical_oscillation_mm",
    "vertical oscillation",
    ("oscillation", "(vertical)"),
    "mm",
    "mm",
    0,
    20.0,
)
_LEAN = _Quantity(
    "sacral_lean_deg",
    "trunk lean (at the sacrum)",
    ("trunk lean", "(at the sacrum)"),
    "°",
    "deg",
    1,
    6.0,
)
_LARGE: Final = (_SHOCK, _OSCILLATION, _LEAN)
_SMALL: Final = (
    _Quantity("cadence_spm", "cadence", ("cadence", ""), "/min", "steps/min", 0, 12.0),
    _Quantity("contact_time_ms", "contact", ("contact", ""), "ms", "ms", 0, 40.0),
    _Quantity("flight_time_ms", "flight", ("flight", ""), "ms", "ms", 0, 40.0),
    _Quantity("peak_force_bw", "peak force", ("peak force", ""), "BW", "BW", 2, 0.4),
    _Quantity("lumbar_index", "lumbar index", ("lumbar index", ""), "%", "%", 0, 20.0),
)
_NAMES: Final = {quantity.column: quantity.name for quantity in (*_LARGE, *_SMALL)} | {
    "contact_time_ms": "contact time",
    "flight_time_ms": "flight time",
    "peak_10hz_bw": "peak force",
    "step_time_s": "step time",
    "braking_m_s": "braking",
    "sacral_roll_deg": "sideways lean (at the sacrum)",
}
_JUDGED_BY: Final = {"peak_force_bw": "peak_10hz_bw"}
_GAITS: Final = {"still": "standing still", "walk": "walking", "run": "running"}
_SIDES: Final = {"L": "left foot", "R": "right foot"}
_QUALITIES: Final = {
    "gap": "lost samples filled in",
    "clipped": "sensor at the end of its range",
    "no_gyro": "no gyroscope",
    "settling": "lean still settling",
    "slip": "sensor moved on the body",
    "bend": "running a bend",
    "edge": "at the edge of the recording",
}
_CALM_LINKS: Final = frozenset({"", "connecting", "connected", "ended"})

# each digit: three rows of three cells
_DIGITS: Final = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": ("╺┓ ", " ┃ ", "╺┻╸"),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", "╺━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    "-": ("   ", "╺━╸", "   "),
    "–": ("   ", "╺━╸", "   "),
    ".": (" ", " ", "▪"),
}
_BARS: Final = "▁▂▃▄▅▆▇█"
_TO_ASCII: Final = str.maketrans({"°": " deg", "·": "-", "–": "-", "…": "~"})


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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._wake.set()
        try:
            self._thread.join()
        finally:
            if self._screen is not None:
                with self._falling_silent():
                    self._screen.close(draw_last=not self._stopped and self._failure is None)
        if self._failure is not None and error is None:
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
            self._screen.notes.append(_printable(text))
            self._wake.set()
        else:
            self._say(self._log.note(text))

    def export_svg(self, path: str | os.PathLike[str], status: LiveStatus) -> None:
        """Write the picture of a status as an SVG file.

        Raises
        ------
        RecordingError
            When the file cannot be written.
        """
        from pipelines.formats.replacing import replacing

        drawing = render_svg(status).encode()
        with replacing(path) as out:
            out.write(drawing)

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
        from pipelines.formats.system_error import explain

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
            self._live.update(_text(self._picture(size.width, size.height)), refresh=True)

    def close(self, *, draw_last: bool) -> None:
        if self._live is None:
            return
        self._live.stop()
        if draw_last and self.status is not None:
            # the second screen is gone: leave the last numbers on the first
            self._console.print(_text(self._picture(self._console.size.width, _BRIEF_ROWS)))

    def _picture(self, width: int, height: int) -> list[Line]:
        return picture(
            self.status or LiveStatus(source="", device=""),
            width,
            height,
            notes=self.notes,
            unicode=not self._console.options.ascii_only,
        )


class PlainLog:
    """A live run as lines of text: which lines a status is worth.

    A heading that explains the units; one line every 10 steps or 5 s of the session, whichever is
    rarer, and every 30 s without steps; alerts, link changes and notes at once, each in a line of
    its own. No control characters, whatever a device calls itself.

    Examples
    --------
    >>> log = PlainLog()
    >>> status = LiveStatus(source="", device="clip", alert="Your lean has changed.")
    >>> log.lines(status)[-1]
    '   0:00  alert: Your lean has changed.'
    """

    def __init__(self) -> None:
        self._headed = False
        self._elapsed_s = 0.0
        self._line_steps, self._line_s = 0, 0.0
        self._alert = self._link = self._trouble = ""
        self._notes: tuple[str, ...] = ()

    def lines(self, status: LiveStatus) -> list[str]:
        """The lines this status adds, without line ends."""
        self._elapsed_s = status.elapsed_s
        lines = [] if self._headed else _heading(status)
        self._headed = True
        if status.link != self._link:
            self._link = status.link
            lines += self._stamped(f"link {status.link}")
        if status.recording_note != self._trouble:
            self._trouble = status.recording_note
            lines += self._stamped(f"recording: {status.recording_note or 'in order'}")
        for text in status.notes:
            if text not in self._notes:
                lines += self._stamped(f"note: {text}")
        self._notes = status.notes
        steps, seconds = status.steps - self._line_steps, status.elapsed_s - self._line_s
        due = steps >= _STEPS_A_LINE and seconds >= _SECONDS_A_LINE
        if due or (seconds >= _QUIET_S and steps < _STEPS_A_LINE):
            self._line_steps, self._line_s = status.steps, status.elapsed_s
            lines += self._stamped(_summary(status))
        # the same alert with newer figures in it is no new alert
        alert = re.sub(r"\d+", "", status.alert)
        if alert != self._alert:
            self._alert = alert
            lines += self._stamped(
                f"alert: {status.alert}" if status.alert else "alert over: back in your usual range"
            )
        return lines

    def note(self, text: str) -> list[str]:
        """The lines of a note."""
        return self._stamped(f"note: {text}")

    def _stamped(self, text: str) -> list[str]:
        return [_printable(f"{_clock(self._elapsed_s):>7}  {text}")]


def _heading(status: LiveStatus) -> list[str]:
    about = [text for text in (status.device, status.source) if text]
    return [
        _printable(f"Backstride live: {', '.join(about)}"),
        _printable(f"recording to {status.recording}" if status.recording else "not recording"),
        "time in min:s; medians of the last 10 steps; contact: foot on the ground; shock: impact "
        "shock, 1 g at rest; oscillation: up and down; lean: trunk lean (at the sacrum), forward "
        "positive",
    ]


def _summary(status: LiveStatus) -> str:
    def cell(quantity: _Quantity, width: int) -> str:
        number = quantity.number(status.typical(quantity.column)).replace("–", "-")
        return f"{number:>{width}} {quantity.plain_unit}"

    return (
        f"{status.steps:5d} steps  {_GAITS.get(status.gait, status.gait)}  {cell(_SMALL[0], 3)}  "
        f"contact {cell(_SMALL[1], 3)}  shock {cell(_SHOCK, 4)}  "
        f"oscillation {cell(_OSCILLATION, 3)}  lean {cell(_LEAN, 5)}  {_verdict(status)}"
    ).rstrip()


def _verdict(status: LiveStatus) -> str:
    """The state against the baseline, in words."""
    changed = [_NAMES.get(name, name) for name, one in status.indicators.items() if one.changed]
    if changed:
        return f"changed from your baseline: {', '.join(changed)}"
    judged = {name: one for name, one in status.indicators.items() if one.judged}
    if not _is_watching(status) or not judged:
        return status.baseline_status
    outside = [_NAMES.get(name, name) for name, one in judged.items() if one.outside]
    return f"{_OUTSIDE}: {', '.join(outside)}" if outside else _WITHIN


_WITHIN: Final = "within your usual range"
_OUTSIDE: Final = "outside your usual range, watching it"


def _is_watching(status: LiveStatus) -> bool:
    """Whether the detector judges at the moment, rather than warming up, learning or pausing."""
    return status.baseline_status in {"", "watching"} or status.baseline_status.endswith(" changed")


def picture(
    status: LiveStatus,
    width: int,
    height: int | None = None,
    *,
    notes: Iterable[str] = (),
    unicode: bool = True,
) -> list[Line]:
    """Lay out a status as lines of styled pieces.

    Parameters
    ----------
    status : LiveStatus
        What to show.
    width, height : int
        Columns and rows there are; everything is shown where no height is given. Small windows
        lose trends and details first, the numbers and the alert last.
    notes : iterable of str
        Shown after the status's own.
    unicode : bool
        Whether box characters can be shown; a plain ASCII layout otherwise.

    Returns
    -------
    list of list of (str, str)
        At most ``height`` lines of at most ``width`` cells, as (text, rich style).

    Examples
    --------
    >>> lines = picture(LiveStatus(source="", device="clip", alert="Lean has changed."), 60, 16)
    >>> any("Lean has changed." in text for line in lines for text, _ in line)
    True
    """
    width = max(1, min(width, _WIDEST))
    told = [_printable(text) for text in (*status.notes, *notes)]
    if not unicode:  # no frames, no large digits; room for a degree spelled out
        return [_in_ascii(line, width) for line in _small_picture(status, width - 6)][:height]
    alert = _alert_panel(status, width, 1)
    fixed = 1 + _CARD_ROWS + 1 + len(alert) + 2
    if width < _NARROWEST or (height is not None and height < fixed):
        lines = _small_picture(status, width)[:height]
    else:
        room = 10**6 if height is None else height - fixed
        shown: set[str] = set()
        for part, rows in (
            ("small numbers", 1),  # a second row, with their names above
            ("usual range", 1),
            ("note", min(1, len(told))),
            ("trend", 1),
            ("source", 1),
            ("last step", 1),
            ("gauge", 1),
            ("tall alert", max(0, 4 - len(alert))),
            ("small trends", 1),
            ("spacing", 3),
            ("notes", min(5, len(told)) - 1),
            ("legend", 1),
        ):
            if 0 < rows <= room:
                shown.add(part)
                room -= rows
        lines = _large_picture(status, width, shown, told)
    return lines


_CARD_ROWS: Final = 7  # two of frame, three of digits, two of words


def _large_picture(status: LiveStatus, width: int, shown: set[str], told: list[str]) -> list[Line]:
    gap: list[Line] = [[]] if "spacing" in shown else []
    lines = [_header(status, width)]
    if "source" in shown:
        lines.append([(_fit(f" {status.source}", width), _QUIET)])
    lines += gap + _cards(status, width, shown)
    if "small numbers" in shown:
        lines += gap + _small_numbers(status, width, trends="small trends" in shown)
    else:
        lines.append(_numbers_in_a_line(status, width))
    lines += gap + _alert_panel(status, width, 2 if "tall alert" in shown else 1)
    lines += _state(status, width, last_step="last step" in shown)
    count = 5 if "notes" in shown else 1 if "note" in shown else 0
    lines += [[(_fit(f" note: {text}", width), "")] for text in told[len(told) - count :]]
    if "legend" in shown:
        legend = "numbers: median of the last 10 steps · trends: the latest steps"
        lines.append([(_fit(f" {legend}", width), _QUIET)])
    return lines


def _small_picture(status: LiveStatus, width: int) -> list[Line]:
    lines = [_header(status, width)]
    for quantity in _LARGE:
        words, style = _words(status, quantity)
        label, column = (quantity.name, 27) if width >= 72 else (quantity.short[0], 13)
        number = quantity.amount(status.typical(quantity.column))
        lead = f" {label:<{column}}{number:>8}  "
        lines.append([(_fit(lead, width), _STRONG), (_fit(words, width - _cells(lead)), style)])
    lines.append(_numbers_in_a_line(status, width))
    text, style = _condition(status)
    text = f"alert: {text}" if status.alert else text
    lines += [[(f" {row}", style)] for row in _wrapped(text, width - 1)]
    lines += _state(status, width, last_step=False)
    return [_cut(line, width) for line in lines]


def _header(status: LiveStatus, width: int) -> Line:
    gait = _GAITS.get(status.gait, status.gait)
    steps = "1 step" if status.steps == 1 else f"{status.steps} steps"
    right = f"{_clock(status.elapsed_s)}   {steps}   {gait} "
    left = f" Backstride   {status.device}"
    left = _fit(left, max(0, width - _cells(right) - 2), pad=True)
    return [(left, _STRONG), ("  ", ""), (_fit(right, width), "")]


def _cards(status: LiveStatus, width: int, shown: set[str]) -> list[Line]:
    """The three large numbers side by side."""
    gap = 1 if width >= 90 else 0
    each = (width - 2 * gap) // 3
    cards = [_card(status, quantity, each, shown) for quantity in _LARGE]
    between: Line = [(" " * gap, "")] if gap else []
    return [a + between + b + between + c for a, b, c in zip(*cards, strict=True)]


def _card(status: LiveStatus, quantity: _Quantity, width: int, shown: set[str]) -> list[Line]:
    indicator = status.indicators.get(quantity.column)
    inner = width - (4 if width >= 24 else 2)
    value = status.typical(quantity.column)
    words, style = _words(status, quantity)
    changed = indicator is not None and indicator.changed
    body: list[Line] = [
        [(row, _CHANGED if changed else _STRONG)]
        for row in _large_number(quantity.number(value), quantity.unit)
    ]
    rows = [*_wrapped(words, inner), "", ""][:2]
    body += [[(_fit(row, inner), style)] for row in rows]
    known = indicator if indicator is not None and math.isfinite(indicator.baseline) else None
    if "usual range" in shown:
        body.append([(_fit(_usual_range(quantity, known, inner), inner), "")])
    if "gauge" in shown:
        body.append(_gauge(known, inner))
    if "trend" in shown:
        body.append([(_trend(status, quantity, inner, known), "")])
    title, rest = (quantity.name, "") if width >= 32 else quantity.short
    return _framed(title, rest, body, width, heavy=changed)


def _words(status: LiveStatus, quantity: _Quantity) -> tuple[str, str]:
    """What is to be said of a number, and in which style."""
    indicator = status.indicators.get(quantity.column)
    value = status.typical(quantity.column)
    if indicator is not None and indicator.changed:
        difference = value - indicator.baseline
        amount = quantity.amount(difference, sign=True) if math.isfinite(difference) else ""
        return f"changed from your baseline: {amount}".rstrip(": "), _CHANGED
    if status.steps and not math.isfinite(value):
        return "not measured", _QUIET
    if not status.steps:
        return "waiting for running steps", _QUIET
    if indicator is not None and indicator.judged and _is_watching(status):
        return (_OUTSIDE, "") if indicator.outside else (_WITHIN, _USUAL)
    # the sentence below says it in full
    brief = _printable(status.baseline_status).partition(", because")[0].removesuffix(" blocks")
    return brief or "no baseline yet", _QUIET


def _usual_range(quantity: _Quantity, known: IndicatorStatus | None, width: int) -> str:
    if known is None:
        return ""
    low, high = known.baseline - known.gate, known.baseline + known.gate
    full = f"usual {quantity.number(low)} to {quantity.amount(high)}"
    if len(full) <= width:
        return full
    return f"usual {quantity.number(low)} to {quantity.number(high)}"


def _large_number(number: str, unit: str) -> list[str]:
    rows = [" ".join(_DIGITS[sign][row] for sign in number) for row in range(3)]
    # the degree sign stands high, units stand on the line
    if number == "–":
        return rows
    rows[0 if unit == "°" else 2] += unit if unit == "°" else f" {unit}"
    return rows


def _gauge(known: IndicatorStatus | None, width: int) -> Line:
    """The usual range as a bar, with the value on it; as wide as two gates to both sides."""
    if known is None or not known.gate > 0.0:
        return [(" " * width, "")]
    cells = ["·"] * width
    first, last = round(0.25 * (width - 1)), round(0.75 * (width - 1))
    cells[first : last + 1] = "━" * (last + 1 - first)
    at = 0.5 + 0.25 * (known.value - known.baseline) / known.gate
    if not math.isfinite(at):
        return [("".join(cells), _QUIET)]
    place = min(max(round(at * (width - 1)), 0), width - 1)
    mark = "◂" if at < 0.0 else "▸" if at > 1.0 else "●"
    return [
        ("".join(cells[:place]), _QUIET),
        (mark, _CHANGED if known.changed else _USUAL),
        ("".join(cells[place + 1 :]), _QUIET),
    ]


def _trend(
    status: LiveStatus, quantity: _Quantity, width: int, known: IndicatorStatus | None = None
) -> str:
    """The recent steps as bars, newest at the right, smoothed over both feet."""
    values = status.history(quantity.column)
    if len(values) >= _SMOOTHED_STEPS:
        values = np.convolve(values, np.full(_SMOOTHED_STEPS, 1.0 / _SMOOTHED_STEPS), "valid")
    finite = values[np.isfinite(values)]
    if not len(finite):
        return " " * width
    if known is not None and known.gate > 0.0:
        low = min(known.baseline - 2.0 * known.gate, float(np.min(finite)))
        high = max(known.baseline + 2.0 * known.gate, float(np.max(finite)))
    else:
        middle = float(np.median(finite))
        half = max(0.5 * quantity.least_span, float(np.max(np.abs(finite - middle))))
        low, high = middle - half, middle + half
    bars = "".join(
        _BARS[min(max(int(8 * (value - low) / (high - low)), 0), 7)]
        if math.isfinite(value)
        else " "
        for value in values[-width:]
    )
    return f"{bars:>{width}}"


def _small_numbers(status: LiveStatus, width: int, *, trends: bool) -> list[Line]:
    each = width // len(_SMALL)
    margin = " " if each >= 13 else ""
    labels: Line = []
    numbers: Line = []
    bars: Line = []
    for quantity in _SMALL:
        indicator = status.indicators.get(_JUDGED_BY.get(quantity.column, quantity.column))
        changed = indicator is not None and indicator.changed
        mark = "" if not changed else " changed" if each >= 20 else " *"
        amount = quantity.amount(status.typical(quantity.column))
        if each >= 18:
            amount = amount.replace("%", "% of baseline")
        if each >= 16:
            amount = amount.replace("/min", "steps/min")
        labels.append((_fit(f"{margin}{quantity.name}{mark}", each, pad=True), _QUIET))
        numbers.append(
            (_fit(f"{margin}{amount}", each, pad=True), _CHANGED if changed else _STRONG)
        )
        bars.append((f"{margin}{_trend(status, quantity, min(each - 3, 20))}".ljust(each), ""))
    return [labels, numbers, bars] if trends else [labels, numbers]


def _numbers_in_a_line(status: LiveStatus, width: int) -> Line:
    told = (f"{item.name} {item.amount(status.typical(item.column))}" for item in _SMALL[:3])
    return [(_fit(f" {' · '.join(told)}", width), "")]


def _condition(status: LiveStatus) -> tuple[str, str]:
    """The one plain sentence of the moment."""
    if status.alert:
        return _printable(status.alert), _CHANGED
    if not status.steps:
        return "Waiting for running steps.", ""
    verdict = _printable(_verdict(status))
    if verdict == _WITHIN:
        return "Everything is within your usual range.", _USUAL
    sentence = f"{verdict[:1].upper()}{verdict[1:]}".rstrip(".")
    return f"{sentence or 'No baseline yet'}.", ""


def _alert_panel(status: LiveStatus, width: int, least_rows: int) -> list[Line]:
    text, style = _condition(status)
    rows = _wrapped(text, max(1, width - 4))
    rows += [""] * (least_rows - len(rows))
    title = "alert: changed from your baseline" if status.alert else "your baseline"
    body: list[Line] = [[(row, style)] for row in rows]
    return _framed(title, "", body, width, heavy=bool(status.alert))


def _framed(title: str, rest: str, body: list[Line], width: int, *, heavy: bool) -> list[Line]:
    """A frame around lines; a heavy one says with its shape what its colour says."""
    a, b, c, d, across, down = "┏┓┗┛━┃" if heavy else "╭╮╰╯─│"
    style = _CHANGED if heavy else _QUIET
    margin = " " if width >= 24 else ""
    inner = width - 2 - 2 * len(margin)

    def edge(left: str, text: str, right: str) -> Line:
        text = _fit(text, width - 5)
        if not text:
            return [(left + across * (width - 2) + right, style)]
        tail = across * (width - 5 - _cells(text)) + right
        return [(f"{left}{across} ", style), (text, "bold" if heavy else ""), (f" {tail}", style)]

    lines = [edge(a, title, b)]
    for line in body:
        fill = inner - sum(_cells(text) for text, _ in line)
        lines.append(
            [(down + margin, style), *line, (" " * max(0, fill), ""), (margin + down, style)]
        )
    return [*lines, edge(c, rest, d)]


def _state(status: LiveStatus, width: int, *, last_step: bool) -> list[Line]:
    """Link, battery, losses, recording, and how far the last step is to be trusted."""
    calm = status.link in _CALM_LINKS
    battery = "" if status.battery_percent is None else f"battery {status.battery_percent:.0f} %"
    lost = (
        f"{status.lost_samples or 'no'} {'sample' if status.lost_samples == 1 else 'samples'} lost"
    )
    link = f" link {status.link or 'connecting'}"
    others = "".join(f" · {text}" for text in (battery, lost) if text)
    link = _fit(link, width)
    lines: list[Line] = [
        [(link, "" if calm else _CHANGED), (_fit(others, width - _cells(link)), "")],
        [(_recording(status, width), _CHANGED if status.recording_note else "")],
    ]
    if last_step:
        lines.append([(_fit(f" {_last_step(status)}", width), _QUIET)])
    return lines


def _recording(status: LiveStatus, width: int) -> str:
    note = _printable(status.recording_note)
    if not status.recording:
        return _fit(f" not recording{': ' if note else ''}{note}", width)
    lead, tail = " recording to ", f" · {note}" if note else ""
    path = _printable(status.recording)
    room = max(width - len(lead) - _cells(tail), 16)
    if _cells(path) > room:  # the end of a path tells more than its beginning
        while _cells(path) > room - 1:
            path = path[1:]
        path = f"…{path}"
    return _fit(f"{lead}{path}{tail}", width)


def _last_step(status: LiveStatus) -> str:
    if not len(status.recent):
        return "no step yet"
    side = _SIDES.get(SIDE_CODES[int(status.recent.rows["side"][-1])], "side not settled yet")
    tokens = str(status.recent[-1:].quality[0])
    reasons = ", ".join(_QUALITIES.get(token, token) for token in tokens.split(";") if token)
    return f"last step: {side} · {reasons or 'trusted'}"


def _clock(seconds: float) -> str:
    whole = int(max(seconds, 0.0))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}"


def _printable(text: str) -> str:
    """Text from devices and files without anything that could steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _fit(text: str, width: int, *, pad: bool = False) -> str:
    """Cut to ``width`` cells, with an ellipsis where something is missing."""
    from rich.cells import set_cell_size

    text = _printable(text)
    if width <= 0:
        return ""
    if _cells(text) > width:
        text = f"{set_cell_size(text, width - 1).rstrip()}…"
    return set_cell_size(text, width) if pad else text


def _cut(line: Line, width: int) -> Line:
    kept: Line = []
    for text, style in line:
        kept.append((_fit(text, width), style))
        width -= _cells(kept[-1][0])
    return kept


def _in_ascii(line: Line, width: int) -> Line:
    spelled = _cut([(text.translate(_TO_ASCII), style) for text, style in line], width)
    return [
        (text.translate(_TO_ASCII).encode("ascii", "replace").decode(), style)
        for text, style in spelled
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at spaces where there are any."""
    rows: list[str] = []
    text = re.sub(r"(\d+) of (\d+)", "\\1\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}\\2", text)
    for kept in textwrap.wrap(text, max(1, width)) or [""]:
        row = kept.replace("\N{NO-BREAK SPACE}", " ")
        if _cells(row) <= width:
            rows.append(row)
        else:  # signs two cells wide
            rows += textwrap.wrap(row, max(1, width // 2))
    return rows


def _text(lines: Sequence[Line]) -> Text:
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for piece, style in line:
            text.append(piece, style)
    return text


def _is_terminal(file: IO[str]) -> bool:
    try:
        return file.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}
    except ValueError:  # closed
        return False


# Fonts by name alone: a picture must not make a reader's machine fetch anything.
_SVG: Final = """\
<svg class="backstride" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{
      font-family: "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace;
      font-size: 20.26px; /* most fonts are 0.602 of it wide: the grid's 12.2 px */
      line-height: {line_height}px;
      font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
  </g>
</svg>
"""


def render_svg(status: LiveStatus, width: int = 100) -> str:
    """Draw a status as an SVG document that refers to nothing outside itself.

    Parameters
    ----------
    status : LiveStatus
        What to show.
    width : int, default 100
        Columns, 20 to 120.

    Examples
    --------
    >>> render_svg(LiveStatus(source="sim:?seed=1", device="simulated sensor")).startswith("<svg")
    True
    """
    import io

    from rich.console import Console

    console = Console(
        record=True,
        width=max(20, min(width, _WIDEST)),
        height=100,  # with a width alone rich would ask the environment
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    console.print(_text(picture(status, console.width)))
    return console.export_svg(title="backstride live", code_format=_SVG)
