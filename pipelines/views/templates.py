"""How a template becomes a page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.views.app_libraries import require

if TYPE_CHECKING:
    from jinja2 import Environment


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
    )
