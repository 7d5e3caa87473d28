"""Whether what a tab shows is accessible."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.pipelines.views.page.browser import Tab

_CHECK: Final = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")


def _axe() -> Path | None:
    """The file of axe-core: ``$AXE_JS``, else that of the package that carries it."""
    if named := os.environ.get("AXE_JS"):
        return Path(named)
    spec = find_spec("axe_playwright_python")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (file := Path(folder) / "axe.min.js").is_file():
            return file
    return None


AXE: Final = _axe()


def assert_accessible(tab: Tab, place: str) -> None:
    """The basics hold and, where axe-core is at hand, it finds nothing."""
    found: dict[str, Any] = tab.run(_CHECK)
    assert found["wrong"] == [], place
    assert found["leastContrast"] >= 4.5
    if AXE is not None:
        if not tab.run("return Boolean(window.axe)"):
            tab.run(AXE.read_text(encoding="utf-8"))
        violations = tab.driver.execute_async_script(
            "const done = arguments[0];"
            "const brief = (one) => [one.id, one.impact, one.nodes.map((node) => node.html)];"
            "axe.run().then((found) =>"
            " done(found.passes.length < 10 ? ['few rules'] : found.violations.map(brief)))"
        )
        assert violations == [], f"{place}: {violations}"
