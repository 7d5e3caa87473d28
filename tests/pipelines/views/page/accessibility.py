"""Whether what a tab shows is accessible."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from tests.pipelines.views.page.browser import Tab

_CHECK: Final = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")


def assert_accessible(tab: Tab, place: str) -> None:
    """The basics hold and, where ``AXE_JS`` names the file of axe, axe finds nothing."""
    found: dict[str, Any] = tab.run(_CHECK)
    assert found["wrong"] == [], place
    assert found["leastContrast"] >= 4.5
    axe = os.environ.get("AXE_JS")
    if axe:
        tab.run(Path(axe).read_text(encoding="utf-8"))
        violations = tab.driver.execute_async_script(
            "const done = arguments[0];"
            "const brief = (one) => [one.id, one.impact, one.nodes.map((node) => node.html)];"
            "axe.run().then((found) =>"
            " done(found.passes.length < 10 ? ['few rules'] : found.violations.map(brief)))"
        )
        assert violations == [], place
