"""How a template becomes a page."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pipelines.views.app_libraries import require

if TYPE_CHECKING:
    from jinja2 import Environment


#: Signs that control a terminal, and those that turn the direction of the text after them.
_STEERING: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def rendered(package: str, template: str, **values: Any) -> str:
    """A template with its values filled in.

    Parameters
    ----------
    package : str
        In whose folder ``templates`` it is.
    template : str
        Name of its file.
    **values
        What it names; all else that it names is a fault.

    Raises
    ------
    BackstrideError
        When a library of the extra ``app`` is not installed.
    """
    require("the report", "matplotlib", "jinja2")
    return _environment(package).get_template(template).render(**values)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )


def _harmless(value: Any) -> Any:
    """What a page says of names that come from elsewhere turns no text round; markup is ours."""
    return _STEERING.sub(" ", value) if type(value) is str else value
