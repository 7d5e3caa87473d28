"""What the page shows of a run besides its numbers: head, condition, link, recording."""

from __future__ import annotations

from typing import Any, Final

from pipelines.session.live_status import LiveStatus
from pipelines.units import Units, dose_words
from pipelines.views.beside_words import away_words, beside_words
from pipelines.views.clock_words import clock_words
from pipelines.views.terminal.cells import printable
from pipelines.views.terminal.wording import GAITS, WITHIN, verdict

__all__ = ["condition", "head", "state"]

_CALM_LINKS: Final = frozenset({"", "connecting", "connected", "ended"})
_LOW_BATTERY_PERCENT: Final = 15.0
_STAND: Final = "Stand upright and still for five seconds, then run: that posture is your neutral."


def head(status: LiveStatus, units: Units = "metric") -> dict[str, str]:
    """Time, gait, steps and dose.

    Examples
    --------
    >>> head(LiveStatus(source="sim:", device="clip", elapsed_s=751.0, easy_km=2.34))["dose"]
    '2.3'
    """
    dose, dose_unit = dose_words(status.easy_km, units)
    return {
        "device": printable(status.device),
        "source": printable(status.source),
        "time": clock_words(status.elapsed_s),
        "gait": GAITS.get(status.gait, printable(status.gait)),
        "steps": str(status.steps),
        "dose": dose,
        "dose_unit": dose_unit,
    }


def condition(status: LiveStatus, *, paused: bool) -> dict[str, Any]:
    """The one plain sentence of the moment: ``title``, ``text``, ``advice`` and its ``state``."""
    advice = ""
    if status.alert:
        title, state = "Changed from your baseline", "changed"
        text, stop, advice = printable(status.alert).partition(". ")
        text += stop.strip()
    elif not status.steps:
        title, state = "Your baseline", "waiting"
        text = _STAND if status.gait == "still" else "Waiting for running steps."
    else:
        words = printable(verdict(status))
        title, state = "Your baseline", "waiting"
        if words == WITHIN:
            text, state = "Everything is within your usual range.", "within"
        else:
            sentence = f"{words[:1].upper()}{words[1:]}".rstrip(".")
            text = f"{sentence or 'No baseline yet'}."
    if paused:
        title, state = "Paused", "waiting"
        text, advice = "Nothing is judged until you resume. The recording goes on.", ""
    # a number stays with its sign
    text, advice = (words.replace(" %", "\N{NO-BREAK SPACE}%") for words in (text, advice))
    return {"title": title, "text": text, "advice": advice, "state": state}


def state(status: LiveStatus, units: Units = "metric") -> dict[str, Any]:
    """Link, battery, losses and recording, in words, and whether each wants attention.

    Examples
    --------
    >>> [item["text"] for item in state(LiveStatus(source="", device=""))["items"]]
    ['link connecting', 'no samples lost', 'not recording']
    """
    items = [_item(f"link {printable(status.link) or 'connecting'}", status.link in _CALM_LINKS)]
    if status.battery_percent is not None:
        enough = status.battery_percent >= _LOW_BATTERY_PERCENT
        low = "" if enough else ", charge it after the run"
        items.append(_item(f"battery {status.battery_percent:.0f} %{low}", enough))
    items += [_item(text, True) for text in beside_words(status, units)]
    items += [_item(text, False) for text in away_words(status)]
    samples = "sample" if status.lost_samples == 1 else "samples"
    items.append(_item(f"{status.lost_samples or 'no'} {samples} lost", True))
    note = printable(status.recording_note)
    recording = (
        f"recording to {printable(status.recording)}" if status.recording else ("not recording")
    )
    items.append(_item(f"{recording}: {note}" if note else recording, not note))
    return {"items": items}


def _item(text: str, calm: bool) -> dict[str, Any]:
    return {"text": text, "calm": calm}
