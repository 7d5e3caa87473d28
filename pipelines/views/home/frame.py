"""The frame that all pages around a run share, and how a template becomes a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.coaching.training.traffic_light import judge_pain
from pipelines.views.templates import rendered

if TYPE_CHECKING:
    from markupsafe import Markup

#: Sign and word of each light.
_LIGHTS: Final = {"go": ("●", "go on"), "change": ("▲", "change"), "stop": ("■", "stop")}
#: By the last part of their addresses, what they are called.
PAGES: Final = {
    "runs": "Runs",
    "months": "Months",
    "journal": "Journal",
    "exercises": "Exercises",
    "letter": "Letter",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page.

    Attributes
    ----------
    root : str
        Address of the live page, ending in a slash.
    here : str
        Address of the folder of these pages, ending in a slash.
    page : str
        Which of :data:`PAGES`.
    told, trouble : str
        What became of the last change, in a sentence.
    due : str
        Why the questions about warning signs are to be answered; empty where they are not.
    unfiled : str
        That the newest recording is not in the journal; empty where it is.
    demonstration : bool
        Whether what is shown is that of the simulated runner.
    """

    root: str
    here: str
    page: str
    told: str = ""
    trouble: str = ""
    due: str = ""
    unfiled: str = ""
    demonstration: bool = False


def render_page(template: str, frame: Frame, **values: Any) -> str:
    """A page as text.

    Raises
    ------
    BackstrideError
        When a library of the extra ``app`` is not installed.
    """
    values |= {"frame": frame, "pages": PAGES, "light": _light}
    return rendered("pipelines.views.home", template, **values) + "\n"


def _light(level: int) -> Markup:
    """A rating as a traffic light: a shape and a word in one colour."""
    from markupsafe import Markup

    light = judge_pain(level).light
    sign, word = _LIGHTS[light]
    return Markup('<span class="light {}"><span aria-hidden="true">{}</span> {}:</span>').format(
        light, sign, word
    )
