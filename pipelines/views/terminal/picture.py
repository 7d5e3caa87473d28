"""The picture of a live run, laid out in rows and columns without knowing any terminal.

Colour only ever repeats what the words say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from imu.steps import SIDE_CODES
from pipelines.clock_words import clock_words
from pipelines.counted import counted
from pipelines.quantities import Quantity
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.views.terminal.cells import (
    Line,
    cells_wide,
    cut,
    fit,
    in_ascii,
    in_rows,
    printable,
    wrapped,
)
from pipelines.views.terminal.wording import (
    LARGE,
    SMALL,
    condition,
    gait_words,
    is_changed,
    link_words,
    loss_words,
    shown_value,
    smoothed,
    span_of,
    standing,
    usual_words,
)
from pipelines.words.beside_words import away_words, beside_words

#: Columns; wider pictures only pull things that belong together apart.
WIDEST: Final = 120
_NARROWEST: Final = 56  # columns for three numbers side by side
_SPACIOUS: Final = 90  # columns for a gap between them
_ASIDE: Final = 16  # columns for words beside a number, in a small window

# readable on dark and on light grounds
_QUIET, _STRONG, _USUAL, _CHANGED = "dim", "bold", "green", "bold magenta"
_STYLES: Final = {"within": _USUAL, "outside": "", "changed": _CHANGED, "waiting": _QUIET}
_CONDITIONS: Final = _STYLES | {"waiting": ""}

_SIDES: Final = {"L": "left foot", "R": "right foot"}
_QUALITIES: Final = {
    "gap": "lost samples filled in",
    "clipped": "sensor at the end of its range",
    "no_gyro": "no gyroscope",
    "settling": "lean still settling",
    "slip": "sensor moved on the body",
    "bend": "running a bend",
    "edge": "at the edge of the recording",
    "loose": "clip loose: shock, oscillation too large",
    "sensor": "readings contradict each other",
    "tilt": "lean not yet known again after lost samples",
}

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
    >>> lines = picture(LiveStatus(source="", device="clip"), 60, 16)
    >>> any("Waiting for running steps." in text for line in lines for text, _ in line)
    True
    """
    width = max(1, min(width, WIDEST))
    told = [printable(text) for text in (*status.notes, *notes)]
    if not unicode:  # no frames, no large digits; room for a degree spelled out
        small = _small_picture(status, width - 6, height, told)
        return [in_ascii(line, width) for line in small]
    alert = _alert_panel(status, width, 1)
    fixed = 1 + _CARD_ROWS + 1 + len(alert) + 2
    if width < _NARROWEST or (height is not None and height < fixed):
        lines = _small_picture(status, width, height, told)
    else:
        room = 10**6 if height is None else height - fixed
        shown: set[str] = set()
        for part, rows in (
            ("all words", _word_rows(status, _inside(_card_width(width))) - 2),
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
            ("notes", len(_note_rows(told, width, 5)) - min(1, len(told))),
            ("legend", 1),
        ):
            if 0 < rows <= room:
                shown.add(part)
                room -= rows
        lines = _large_picture(status, width, shown, told)
    return lines


_LEGEND: Final = (
    "numbers: median of 10 steps; large ones judged, without your pace",
    "trends: the latest steps",
)
_CARD_ROWS: Final = 7  # two of frame, three of digits, two of words


def _large_picture(status: LiveStatus, width: int, shown: set[str], told: list[str]) -> list[Line]:
    gap: list[Line] = [[]] if "spacing" in shown else []
    lines = [_header(status, width)]
    if "source" in shown:
        lines.append([(fit(f" {status.source}", width), _QUIET)])
    lines += gap + _cards(status, width, shown)
    if "small numbers" in shown:
        lines += gap + _small_numbers(status, width, trends="small trends" in shown)
    else:
        lines.append(_numbers_in_a_line(status, width))
    lines += gap + _alert_panel(status, width, 2 if "tall alert" in shown else 1)
    lines += _state(status, width, last_step="last step" in shown)
    count = 5 if "notes" in shown else 1 if "note" in shown else 0
    lines += [[(f" {row}", "")] for row in _note_rows(told, width, count)]
    if "legend" in shown:
        lines.append([(f" {in_rows(_LEGEND, width - 1)[0]}", _QUIET)])
    return lines


def _note_rows(told: list[str], width: int, most: int) -> list[str]:
    """The newest notes in at most so many rows, each in full where there is room."""
    rows: list[str] = []
    for text in reversed(told):
        note = f"note: {text}"
        full = wrapped(note, width - 1)
        shown = full if len(rows) + len(full) <= most else [fit(note, width - 1)]
        if len(rows) + len(shown) > most:
            break
        rows = [*shown, *rows]
    return rows


def _small_picture(
    status: LiveStatus, width: int, height: int | None, said: list[str]
) -> list[Line]:
    """Without frames and large digits; each part in full where there is room, else in brief."""
    now = condition(status)
    state, text = now.state, now.words
    text = f"alert: {text}" if status.alert and not now.urgent else text
    told: list[Line] = [[(f" {row}", _CONDITIONS[state])] for row in wrapped(text, width - 1)]
    notes = [row for note in said[-5:] for row in wrapped(f"note: {note}", width - 1)]
    empty: list[Line] = []
    # in the order of the picture: in brief, in full
    parts: dict[str, tuple[list[Line], list[Line]]] = {
        "header": ([_header(status, width)], [_header(status, width)]),
        "source": (empty, [[(fit(f" {status.source}", width), _QUIET)]]),
        "space": (empty, [[]]),
        "words": (
            [line for one in LARGE for line in _number_and_words(status, one, width, 1)],
            [line for one in LARGE for line in _number_and_words(status, one, width, None)],
        ),
        "more space": (empty, [[]]),
        "numbers": (
            [_numbers_in_a_line(status, width)],
            [[(f" {row}", "")] for row in in_rows(_small_amounts(status), width - 1)],
        ),
        "last space": (empty, [[]]),
        "condition": (told, told),
        "state": (
            _state(status, width, last_step=False),
            _state(status, width, last_step=False, rows=True),
        ),
        "last step": (empty, [[(fit(f" {_last_step(status)}", width), _QUIET)]]),
        "notes": (empty, [[(f" {row}", "")] for row in notes]),
    }
    room = 10**6 if height is None else height - sum(len(brief) for brief, _ in parts.values())
    shown = {name: brief for name, (brief, _) in parts.items()}
    for name in (
        "words",
        "numbers",
        "state",
        "notes",
        "last step",
        "source",
        "last space",
        "space",
        "more space",
    ):
        brief, full = parts[name]
        if len(full) - len(brief) <= room:
            shown[name] = full
            room -= len(full) - len(brief)
    return [cut(line, width) for part in shown.values() for line in part][:height]


def _number_and_words(
    status: LiveStatus, quantity: Quantity, width: int, most: int | None
) -> list[Line]:
    """A number with what is said of it, at most so many rows of words beside or below it."""
    words, style = _words(status, quantity)
    label, column = (quantity.name, 27) if width >= 72 else (quantity.title, 13)
    amount = quantity.amount(shown_value(status, quantity), status.units)
    lead = fit(f" {label:<{column}}{amount:>8}  ", width)
    aside = width - cells_wide(lead)
    if aside >= _ASIDE:
        rows = wrapped(words, aside) if most is None else _first_rows(words, aside, most)
        margin = " " * cells_wide(lead)
        return [
            [(margin if number else lead, _STRONG), (row, style)] for number, row in enumerate(rows)
        ]
    if most is not None:
        return [[(lead, _STRONG)]]
    return [[(lead, _STRONG)], *([(f"   {row}", style)] for row in wrapped(words, width - 3))]


def _header(status: LiveStatus, width: int) -> Line:
    steps = counted(status.steps, "step")
    right = f"{clock_words(status.elapsed_s)}   {steps}   {gait_words(status)} "
    left = f" Backstride   {status.device}"
    left = fit(left, max(0, width - cells_wide(right) - 2), pad=True)
    return [(left, _STRONG), ("  ", ""), (fit(right, width), "")]


def _cards(status: LiveStatus, width: int, shown: set[str]) -> list[Line]:
    """The three large numbers side by side."""
    cards = [_card(status, quantity, _card_width(width), shown) for quantity in LARGE]
    between: Line = [(" ", "")] if width >= _SPACIOUS else []
    return [a + between + b + between + c for a, b, c in zip(*cards, strict=True)]


def _card_width(width: int) -> int:
    return (width - 2) // 3 if width >= _SPACIOUS else width // 3


def _inside(width: int) -> int:
    """Columns within the frame of a card."""
    return width - (4 if width >= 24 else 2)


def _word_rows(status: LiveStatus, inner: int) -> int:
    """Rows that hold whatever is said of the large numbers, at least two."""
    return max(2, *(len(wrapped(_words(status, one)[0], inner)) for one in LARGE))


def _first_rows(words: str, width: int, count: int) -> list[str]:
    """The first rows of wrapped words, with an ellipsis where there are more."""
    rows = wrapped(words, width)
    if len(rows) <= count:
        return rows
    last = rows[count - 1]
    return [*rows[: count - 1], f"{last if cells_wide(last) < width else last[:-1]}…"]


def _card(status: LiveStatus, quantity: Quantity, width: int, shown: set[str]) -> list[Line]:
    indicator = status.indicators.get(quantity.column)
    inner = _inside(width)
    value, units = shown_value(status, quantity), status.units
    words, style = _words(status, quantity)
    changed = is_changed(status, quantity.column)
    body: list[Line] = [
        [(row, _CHANGED if changed else _STRONG)]
        for row in _large_number(quantity.number(value, units), quantity.unit_in(units))
    ]
    count = _word_rows(status, inner) if "all words" in shown else 2
    rows = [*_first_rows(words, inner, count), *[""] * count][:count]
    body += [[(fit(row, inner), style)] for row in rows]
    known = indicator if indicator is not None and indicator.known else None
    if "usual range" in shown:
        usual = usual_words(quantity, known, units)
        fitting = [words for words in usual if len(words) <= inner] or usual[-1:] or [""]
        body.append([(fit(fitting[0], inner), "")])
    if "gauge" in shown:
        body.append(_gauge(known, inner))
    if "trend" in shown:
        body.append([(_trend(status, quantity, inner, known), "")])
    title, rest = (quantity.name, "")
    if width < 32 and quantity.short[0]:
        title, rest = quantity.short
    return _framed(title, rest, body, width, heavy=changed)


def _words(status: LiveStatus, quantity: Quantity) -> tuple[str, str]:
    """What is to be said of a number, and in which style."""
    state, words = standing(status, quantity)
    return printable(words), _STYLES[state]


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
    at = known.place
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
    status: LiveStatus, quantity: Quantity, width: int, known: IndicatorStatus | None = None
) -> str:
    """The recent steps as bars, newest at the right, smoothed over both feet."""
    values = smoothed(status.history(quantity.column))
    finite = values[np.isfinite(values)].tolist()
    if not finite:
        return " " * width
    low, high = span_of(finite, quantity, known)
    bars = "".join(
        _BARS[min(max(int(8 * (value - low) / (high - low)), 0), 7)]
        if math.isfinite(value)
        else " "
        for value in values[-width:]
    )
    return f"{bars:>{width}}"


def _small_numbers(status: LiveStatus, width: int, *, trends: bool) -> list[Line]:
    each = width // len(SMALL)
    margin = " " if each >= 13 else ""
    labels: Line = []
    numbers: Line = []
    bars: Line = []
    for quantity in SMALL:
        changed = is_changed(status, quantity.indicator)
        mark = "" if not changed else " changed" if each >= 20 else " *"
        value = shown_value(status, quantity)
        amount = quantity.amount(value, status.units)
        if len(amount) + len(margin) >= each:
            amount = quantity.amount(value, status.units, short=True)
        labels.append((fit(f"{margin}{quantity.title}{mark}", each, pad=True), _QUIET))
        numbers.append((fit(f"{margin}{amount}", each, pad=True), _CHANGED if changed else _STRONG))
        bars.append((f"{margin}{_trend(status, quantity, min(each - 3, 20))}".ljust(each), ""))
    return [labels, numbers, bars] if trends else [labels, numbers]


def _small_amounts(status: LiveStatus) -> list[str]:
    """The small numbers with their names."""
    return [
        f"{item.title} {item.amount(shown_value(status, item), status.units, short=True)}"
        for item in SMALL
    ]


def _numbers_in_a_line(status: LiveStatus, width: int) -> Line:
    return [(f" {in_rows(_small_amounts(status)[:3], max(1, width - 1))[0]}", "")]


def _alert_panel(status: LiveStatus, width: int, least_rows: int) -> list[Line]:
    now = condition(status)
    rows = wrapped(now.words, max(1, width - 4))
    rows += [""] * (least_rows - len(rows))
    body: list[Line] = [[(row, _CONDITIONS[now.state])] for row in rows]
    title = now.title if now.urgent or not status.alert else f"alert: {now.title}"
    return _framed(title, "", body, width, heavy=now.state == "changed")


def _framed(title: str, rest: str, body: list[Line], width: int, *, heavy: bool) -> list[Line]:
    """A frame around lines; a heavy one says with its shape what its colour says."""
    a, b, c, d, across, down = "┏┓┗┛━┃" if heavy else "╭╮╰╯─│"
    style = _CHANGED if heavy else _QUIET
    margin = " " if width >= 24 else ""
    inner = width - 2 - 2 * len(margin)

    def edge(left: str, text: str, right: str) -> Line:
        text = fit(text, width - 5)
        if not text:
            return [(left + across * (width - 2) + right, style)]
        tail = across * (width - 5 - cells_wide(text)) + right
        return [(f"{left}{across} ", style), (text, "bold" if heavy else ""), (f" {tail}", style)]

    lines = [edge(a, title, b)]
    for line in body:
        fill = inner - sum(cells_wide(text) for text, _ in line)
        lines.append(
            [(down + margin, style), *line, (" " * max(0, fill), ""), (margin + down, style)]
        )
    return [*lines, edge(c, rest, d)]


def _state(status: LiveStatus, width: int, *, last_step: bool, rows: bool = False) -> list[Line]:
    """Link, battery, losses, recording, and how far the last step is to be trusted.

    In as many ``rows`` as it takes, or cut where it is too long for two.
    """
    battery = "" if status.battery_percent is None else f"battery {status.battery_percent:.0f} %"
    link = f" link {link_words(status)}"
    devices = (*beside_words(status, status.units), *away_words(status))
    others = [text for text in (battery, *devices, loss_words(status)) if text]
    beside = "".join(f" · {text}" for text in others)
    alone = rows and cells_wide(link + beside) > width
    link = fit(link, width)
    told = "" if alone else fit(beside, width - cells_wide(link))
    lines: list[Line] = [
        [(link, _CHANGED if status.link == "lost" else ""), (told, "")],
        *([(f" {row}", "")] for row in (in_rows(others, width - 1) if alone else ())),
        [(_recording(status, width), _CHANGED if status.recording_note else "")],
    ]
    if last_step:
        lines.append([(fit(f" {_last_step(status)}", width), _QUIET)])
    return lines


def _recording(status: LiveStatus, width: int) -> str:
    note = printable(status.recording_note)
    if not status.recording:
        return fit(f" not recording{': ' if note else ''}{note}", width)
    lead, tail = " recording to ", f" · {note}" if note else ""
    path = printable(status.recording)
    room = max(width - len(lead) - cells_wide(tail), 16)
    if cells_wide(path) > room:  # the end of a path tells more than its beginning
        while cells_wide(path) > room - 1:
            path = path[1:]
        path = f"…{path}"
    return fit(f"{lead}{path}{tail}", width)


def _last_step(status: LiveStatus) -> str:
    if not len(status.recent):
        return "no step yet"
    side = _SIDES.get(SIDE_CODES[int(status.recent.rows["side"][-1])], "side not settled yet")
    tokens = str(status.recent[-1:].quality[0])
    reasons = ", ".join(_QUALITIES.get(token, token) for token in tokens.split(";") if token)
    return f"last step: {side} · {reasons or 'counts'}"
