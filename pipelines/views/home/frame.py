"""The frame that all pages around a run share, and how a template becomes a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pipelines.views.report.page import check_libraries

if TYPE_CHECKING:
    from jinja2 import Environment

#: By the last part of their addresses, what they are called.
PAGES: Final = {"runs": "Runs", "months": "Months", "journal": "Journal", "letter": "Letter"}


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
    demonstration : bool
        Whether what is shown is that of the simulated runner.
    """

    root: str
    here: str
    page: str
    told: str = ""
    trouble: str = ""
    demonstration: bool = False


def render_page(template: str, frame: Frame, **values: Any) -> str:
    """A page as text.

    Raises
    ------
    BackstrideError
        When a library of the extra ``app`` is not installed.
    """
    check_libraries()
    return _environment().get_template(template).render(frame=frame, pages=PAGES, **values) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("pipelines.views.home", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
