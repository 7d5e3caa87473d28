"""The example of a file of settings, made of what the classes say of themselves."""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
from typing import Final

from imu.drift.indicators import INDICATORS, Gate
from imu.drift.params import DriftParams
from pipelines.coaching.alert_settings import keys_of, keys_of_gate
from pipelines.coaching.budget import CoachParams


def explained_defaults() -> str:
    r"""A file of settings with every key at its default, each below what it means.

    This is ``examples/alerts.toml``, in the words of the classes and of the indicators.
    To renew it: ``python -m tests.pipelines.coaching.explained_settings > examples/alerts.toml``.

    Examples
    --------
    >>> print("\n".join(explained_defaults().splitlines()[-6:]))
    [indicators.regularity]
    floor_percent = 6.0
    multiple = 2.3
    evidence = 4.5
    lasting = 4.5
    dwell_blocks = 24
    """
    lines = [_HEAD]
    for table, usual in (("detector", DriftParams()), ("coach", CoachParams())):
        lines.append(f"[{table}]")
        for names, meaning in _attributes(type(usual)):
            known = [name for name in names if name in keys_of(usual)]
            if known:
                lines += [f"# {line}" for line in textwrap.wrap(meaning, 93)]
                lines += [f"{name} = {getattr(usual, name)!r}" for name in known] + [""]
    lines.append("# Each indicator has a table of its own.")
    for names, meaning in _attributes(Gate):
        lines += [f"# {line}" for line in textwrap.wrap(f"{names[0]}: {meaning}", 93)]
    for indicator in INDICATORS:
        words = indicator.words[0].upper() + indicator.words[1:]
        lines += ["", f"# {words}; changes in {indicator.change_unit}."]
        lines.append(f"[indicators.{indicator.key}]")
        for key, name in keys_of_gate(indicator).items():
            lines.append(f"{key} = {json.dumps(getattr(indicator.gate, name))}")
    return "\n".join(lines) + "\n"


_HEAD: Final = """\
# How changes are found, and how often the runner is told of them: every setting at its default.
# Copy what you want to change, with its table's name above it, into a file of your own and give it
# with --settings FILE; what a file does not name keeps its default.
"""


def _attributes(kind: type) -> list[tuple[list[str], str]]:
    """The attributes of a class as its docstring has them: names, and what they mean."""
    text = inspect.getdoc(kind) or ""
    section = text.partition("Attributes\n----------\n")[2].partition("\n\n")[0]
    found: list[tuple[list[str], str]] = []
    for head, body in re.findall(r"^(\S.*) : .+\n((?: +.*\n?)+)", section, re.MULTILINE):
        meaning = " ".join(body.split()).replace("``", "")
        found.append((head.replace(",", " ").split(), meaning))
    return found


if __name__ == "__main__":
    sys.stdout.write(explained_defaults())
