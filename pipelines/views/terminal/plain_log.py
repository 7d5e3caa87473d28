"""A live run as plain lines of text, for pipes and files."""

from __future__ import annotations

from typing import Final

from pipelines.clock_words import clock_words
from pipelines.coaching.alert import Alert
from pipelines.quantities import quantity_named
from pipelines.session.live_status import LiveStatus
from pipelines.views.terminal.cells import printable
from pipelines.views.terminal.wording import NAMES, gait_words, link_words, verdict
from pipelines.words.beside_words import beside_words

_PLAIN: Final = str.maketrans("–−", "--")
_STEPS_A_LINE: Final = 10
_SECONDS_A_LINE: Final = 5.0
_QUIET_S: Final = 30.0  # a line at least this often, so that standing still is no silence


class PlainLog:
    """A live run as lines of text: which lines a status is worth.

    A heading that explains the units; one line every 10 steps or 5 s of the session, whichever is
    rarer, and every 30 s without steps; alerts, link changes and notes at once, each in a line of
    its own. No control characters, whatever a device calls itself.

    Examples
    --------
    >>> log = PlainLog()
    >>> log.lines(LiveStatus(source="", device="clip", notes=("No gyroscope.",)))[-1]
    '   0:00  note: No gyroscope.'
    """

    def __init__(self) -> None:
        self._headed = False
        self._elapsed_s = 0.0
        self._line_steps, self._line_s = 0, 0.0
        self._link = self._trouble = ""
        self._battery_told = False
        self._alert: Alert | None = None
        self._notes: tuple[str, ...] = ()

    def lines(self, status: LiveStatus) -> list[str]:
        """The lines this status adds, without line ends."""
        self._elapsed_s = status.elapsed_s
        lines = [] if self._headed else _heading(status)
        self._headed = True
        if status.link != self._link:
            self._link = status.link
            lines += self._stamped(f"link {link_words(status)}")
        if status.recording_note != self._trouble:
            self._trouble = status.recording_note
            lines += self._stamped(f"recording: {status.recording_note or 'in order'}")
        if status.battery_is_low and not self._battery_told:
            self._battery_told = True
            lines += self._stamped(
                f"battery {status.battery_percent:.0f} %: charge it after the run"
            )
        for text in status.notes:
            if text not in self._notes:
                lines += self._stamped(f"note: {text}")
        self._notes = status.notes
        steps, seconds = status.steps - self._line_steps, status.elapsed_s - self._line_s
        due = steps >= _STEPS_A_LINE and seconds >= _SECONDS_A_LINE
        if due or (seconds >= _QUIET_S and steps < _STEPS_A_LINE):
            self._line_steps, self._line_s = status.steps, status.elapsed_s
            lines += self._stamped(_summary(status))
        before, self._alert = self._alert, status.alert
        if self._alert is None and before is not None:
            lines += self._stamped(_over(before, status))
        elif self._alert is not None and (before is None or before.time_s != self._alert.time_s):
            lines += self._stamped(f"alert: {self._alert.message}")
        return lines

    def note(self, text: str) -> list[str]:
        """The lines of a note."""
        return self._stamped(f"note: {text}")

    def _stamped(self, text: str) -> list[str]:
        return [printable(f"{clock_words(self._elapsed_s):>7}  {text}")]


def _over(alert: Alert, status: LiveStatus) -> str:
    """That an alert no longer holds; its indicator may have lost its baseline instead."""
    name = alert.indicator
    back = name in status.indicators and status.indicators[name].judged
    return f"alert over: {NAMES[name]} back in your usual range" if back else "alert over"


def _heading(status: LiveStatus) -> list[str]:
    about = [text for text in (status.device, status.source) if text]
    return [
        printable(f"Backstride live: {', '.join(about)}"),
        printable(f"recording to {status.recording}" if status.recording else "not recording"),
        "time in min:s; medians of the last 10 steps; contact: foot on the ground; shock: impact "
        "shock, 1 g at rest; oscillation: up and down; lean: pelvic lean, forward "
        "positive",
    ]


def _summary(status: LiveStatus) -> str:
    def cell(column: str, width: int) -> str:
        quantity = quantity_named(column).live
        number = quantity.number(status.typical(column), status.units).translate(_PLAIN)
        return f"{number:>{width}} {quantity.unit_in(status.units).replace('°', 'deg')}"

    beside = beside_words(status, status.units)
    return (
        f"{status.steps:5d} steps  {gait_words(status)}  "
        f"{cell('cadence_spm', 3)}  contact {cell('contact_time_ms', 3)}  "
        f"shock {cell('impact_shock_g', 4)}  "
        f"oscillation {cell('vertical_oscillation_mm', 3)}  "
        f"lean {cell('sacral_lean_deg', 5)}  {''.join(f'{one}  ' for one in beside)}"
        f"{verdict(status)[1]}"
    ).rstrip()
