"""Faults of signs, sides, units and flags, made of the text of a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutations.faults import Fault

#: What stands in code and what it becomes: one place at a time.
_CHANGES: Final = (
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r" < ", " > "),
    (r" > ", " < "),
    (r"\bleft\b", "right"),
    (r"\bright\b", "left"),
    (r"\b(?:100|1000)\.0\b", "1.0"),
    (r"\b1e-?[369]\b", "1.0"),
    (r" \* ", " / "),
    (r"\bTrue\b", "False"),
    (r"\bFalse\b", "True"),
    (r" \|= (?=_[A-Z])", " &= ~"),
    (r"\bnot ", ""),
)


def faults_of(root: Path, file: str, tests: Sequence[str]) -> list[Fault]:
    """One fault for each place of a file that can be changed; text and comments are left alone.

    Parameters
    ----------
    root : Path
        Of the project.
    file : str
        Within it.
    tests : sequence of str
        That should notice.
    """
    lines = (root / file).read_text("utf-8").split("\n")
    words = _lines_of_text("\n".join(lines))
    faults = []
    for number, line in enumerate(lines, 1):
        code = line.partition("#")[0]
        if number in words or not code.startswith(" "):
            continue
        for pattern, becomes in _CHANGES:
            for found in re.finditer(pattern, code):
                changed = line[: found.start()] + becomes + line[found.end() :]
                name = f"{file}:{number}: {found.group().strip()} → {becomes.strip() or 'nothing'}"
                faults.append(Fault(name, file, line, changed, tuple(tests), line=number))
    return faults


def _lines_of_text(source: str) -> set[int]:
    """Numbers of the lines on which text of several words or lines stands."""
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            numbers.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return numbers
