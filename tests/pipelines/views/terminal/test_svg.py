"""What is promised of the drawing: complete in itself, the same everywhere, written whole."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from imu.errors import RecordingError
from pipelines.views.terminal.svg import render_svg
from pipelines.views.terminal.view import TerminalView
from tests.pipelines.views.terminal.statuses import ALERT, some_status


def test_svg_is_complete_in_itself() -> None:
    drawing = render_svg(some_status(alert=ALERT))
    root = ET.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert set(re.findall(r"https?://[^\s\"]+", drawing)) == {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in drawing
    assert "@import" not in drawing
    words = "".join(root.itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert "trunk lean (at the sacrum)" in words
    assert "changed from your baseline" in words
    assert render_svg(some_status(alert=ALERT)) == drawing


def test_svg_has_its_colours_wherever_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = render_svg(some_status(alert=ALERT))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert render_svg(some_status(alert=ALERT)) == drawing


def test_svg_is_written_whole_or_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "live.svg"
    view = TerminalView(interactive=False)
    view.export_svg(path, some_status())
    assert path.read_text("utf-8") == render_svg(some_status())
    with pytest.raises(RecordingError, match="does not exist"):
        view.export_svg(tmp_path / "missing" / "live.svg", some_status())
