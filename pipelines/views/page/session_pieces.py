"""What the page shows of a run besides its numbers: head, condition, link, recording."""

from __future__ import annotations

import math
from typing import Any, Final

from pipelines.clock_words import clock_words
from pipelines.coaching.training.traffic_light import Light
from pipelines.session.live_status import LiveStatus
from pipelines.units import Units, dose_words
from pipelines.views.terminal.cells import capital, printable
from pipelines.views.terminal.wording import condition as sentence_of
from pipelines.views.terminal.wording import gait_words, link_words, loss_words
from pipelines.words.beside_words import away_words, beside_words

#: What a light says in a word.
_LIGHTS: Final[dict[Light, str]] = {"go": "Go on", "change": "Change", "stop": "Stop"}
_STAND: Final = "Stand upright and still for five seconds, then run: that posture is your neutral."
_RUN: Final = "Run when you are ready: the numbers come with your first steps."


def head(status: LiveStatus, units: Units = "metric") -> dict[str, str]:
    """Time, gait, steps and dose.

    Examples
    --------
    >>> head(LiveStatus(source="sim:", device="clip", elapsed_s=751.0, easy_km=2.34))["dose"]
    '2.3'
    """
    dose, dose_unit = dose_words(math.nan if status.easy_km is None else status.easy_km, units)
    return {
        "device": printable(status.device),
        "source": printable(status.source),
        "time": clock_words(status.elapsed_s),
        "gait": gait_words(status),
        "steps": str(status.steps),
        "dose": dose,
        "dose_unit": dose_unit,
    }


def condition(status: LiveStatus, *, paused: bool) -> dict[str, Any]:
    """What holds now: ``title``, ``text``, ``advice``, its ``state``, a ``light``, ``asks``."""
    now = sentence_of(status)
    title, state, text, advice = capital(now.title), now.state, now.headline, now.detail
    if paused and not now.urgent:
        title, state = "Paused", "waiting"
        text, advice = "Nothing is judged until you resume. The recording goes on.", ""
    elif state == "waiting" and not status.steps and status.gait == "still":
        text = _RUN if status.axes_known else _STAND
    pain = status.pain
    if pain is not None and pain.light == "go" and status.asked_s is not None:
        pain = None  # nobody is waved on over open questions
    # a number stays with its sign
    text, advice = (words.replace(" %", "\N{NO-BREAK SPACE}%") for words in (text, advice))
    return {
        "title": title,
        "text": text,
        "advice": advice,
        "state": state,
        "light": None if pain is None else light_piece(pain.light, pain.level),
        "asks": status.asked_s is not None,
    }


def light_piece(light: Light, level: int) -> dict[str, str]:
    """The traffic light of a rating: its ``light``, which is a colour and a shape, and its words.

    Examples
    --------
    >>> light_piece("change", 4)
    {'light': 'change', 'word': 'Change', 'words': 'pain 4 of 10'}
    """
    return {"light": light, "word": _LIGHTS[light], "words": f"pain {level} of 10"}


def comparison(status: LiveStatus) -> str:
    """What the run is compared with, for as long as it lasts; how far learning is stands below.

    Examples
    --------
    >>> from pipelines.session.live_status import Compared
    >>> learning = Compared("learning it.", learning=True)
    >>> comparison(LiveStatus(source="", device="", compared=learning))
    'learning it'
    """
    words = printable(status.compared.words).removesuffix(".")
    if not status.compared.learning:
        return words
    if any(one.known for one in status.indicators.values()):
        return "compared with the beginning of this run"
    return printable(status.compared.why) if status.steps else words


def state(status: LiveStatus, units: Units = "metric") -> dict[str, Any]:
    """Link, battery, losses and recording, in words, and whether each wants attention.

    Examples
    --------
    >>> [item["text"] for item in state(LiveStatus(source="", device=""))["items"]]
    ['link connecting', 'no samples lost', 'not recording']
    """
    items = [_item(f"link {link_words(status)}", status.link != "lost")]
    if status.battery_percent is not None:
        low = ", charge it after the run" if status.battery_is_low else ""
        items.append(_item(f"battery {status.battery_percent:.0f} %{low}", not low))
    items += [_item(text, True) for text in beside_words(status, units)]
    items += [_item(text, False) for text in away_words(status)]
    items.append(_item(loss_words(status), True))
    note = printable(status.recording_note)
    recording = (
        f"recording to {printable(status.recording)}" if status.recording else ("not recording")
    )
    items.append(_item(f"{recording}: {note}" if note else recording, not note))
    return {"items": items}


def _item(text: str, calm: bool) -> dict[str, Any]:
    return {"text": text, "calm": calm}
