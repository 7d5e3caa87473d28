"""Nothing that is shown on a page or spoken names a command of the shell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.coaching.catalogue import CATALOGUE
from pipelines.commands.table import COMMANDS

ROOT = Path(__file__).parents[4]
#: What only a terminal shows: commands, the bench, reading tables of others, and guides there.
TERMINAL_ALONE = (
    "pipelines/bench/", "pipelines/cli.py", "pipelines/commands/", "pipelines/replay.py",
    "pipelines/replay_options.py",
    "pipelines/files/formats/", "pipelines/files/reading/", "pipelines/files/simulation.py",
    "pipelines/files/table_output.py", "pipelines/files/fit_activity.py",
    "pipelines/files/motion_bids.py", "pipelines/files/stream_table.py",
    "pipelines/files/summary_file.py", "pipelines/files/provenance.py",
    "pipelines/views/terminal/first_run.py", "pipelines/runner/continuing.py",
    "pipelines/runner/journal/arguments.py", "pipelines/runner/journal/recorded.py",
    "pipelines/sensors/download.py", "pipelines/views/cohort_page.py",
    "pipelines/views/comparison.py", "pipelines/units.py",
    "pipelines/playback.py", "pipelines/session/time_range.py", "pipelines/lab_streaming.py",
)  # fmt: skip
#: Sentences that say why there is no page at all, or are replaced before one shows them.
BEFORE_ANY_PAGE = {
    "pipelines/extras.py": ("python -m",),
    "pipelines/views/page/server.py": ("--port",),
    "pipelines/coaching/alert_command.py": ("--on-alert",),
    "pipelines/sensors/calibrate.py": ("--to-sensor",),
}
_NAMES = sorted({*COMMANDS.rows, "journal"}, key=len, reverse=True)
A_COMMAND = re.compile(
    rf"backstride ({'|'.join(map(re.escape, _NAMES))})\b|pip install|python -m"
    r"|(?<![\w-])--[a-z][\w-]*"
)


def reaching() -> list[Path]:
    """The files whose sentences may come to a page."""
    found = []
    for floor in ("imu", "devices", "pipelines"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(TERMINAL_ALONE):
                found.append(path)
    return found


def sentences(path: Path) -> Iterator[str]:
    """Every text of a file that is no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    described = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in described:
            yield from [node.value] if isinstance(node.value, str) else []


def test_no_sentence_that_may_come_to_a_page_names_a_command() -> None:
    named = []
    for path in reaching():
        name = path.relative_to(ROOT).as_posix()
        allowed = BEFORE_ANY_PAGE.get(name, ())
        named += [
            f"{name}: {text}"
            for text in sentences(path)
            if (found := A_COMMAND.search(text)) and found[0] not in allowed
        ]
    assert "\n".join(named) == ""


@pytest.mark.parametrize("kind", ["js", "j2"])
def test_no_page_or_script_names_a_command(kind: str) -> None:
    files = sorted((ROOT / "pipelines" / "views").rglob(f"*.{kind}"))
    assert len(files) > 5
    for file in files:
        text = re.sub(r"var\(--[\w-]+\)|<!--|--[\w-]+:|-->", "", file.read_text("utf-8"))
        assert A_COMMAND.search(text) is None, file


def test_no_text_of_the_coach_names_a_command() -> None:
    for name, entry in CATALOGUE.items():
        assert A_COMMAND.search(entry.whole) is None, name
