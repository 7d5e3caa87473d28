"""Pages made of the tables in the code: the directive ``made-of-code`` and what it can show.

Nothing that the code knows is written down here a second time: names come from its tables, meanings
from its docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import click
import typer
from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import imu
from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.scenario import Scenario
from devices.streams.foot_pod import FootPodReading
from devices.streams.heart_rate import HeartRateReading
from devices.streams.treadmill import TreadmillReading
from imu.drift.indicators import INDICATORS
from imu.samples import Quality
from imu.steps import STEP_COLUMNS, STEP_ROW, Steps
from imu.waveforms import WAVEFORM_COLUMNS, Waveforms
from pipelines.bench.cohort.outcome import FIGURES
from pipelines.bench.cohort.table import columns_of
from pipelines.bench.compare.alignment import COMPARED
from pipelines.coaching.alert import Alert
from pipelines.commands.lazy_group import LazyGroup, Table
from pipelines.commands.table import COMMANDS
from pipelines.files.formats.table import format_list
from pipelines.files.stream_table import STREAM_COLUMNS
from pipelines.quantities import MEANS, QUANTITIES
from pipelines.session.facts import FACT_KINDS
from pipelines.session.marks import MARKS
from pipelines.session.summary import Summary
from pipelines.views.report.particulars import flag_words
from pipelines.words.worth_words import between_days_words, worth_words

__all__ = ["TABLES", "setup"]


def described(thing: type) -> dict[str, str]:
    """What a numpydoc docstring says of each parameter or attribute."""
    parsed = NumpyDocString(thing.__doc__ or "")
    return {
        name.strip(): " ".join(one.desc)
        for title in ("Parameters", "Attributes")
        for one in parsed[title]
        for name in one.name.split(",")
    }


def first_line(thing: Any) -> str:
    """What a docstring says first."""
    return (thing.__doc__ or "").strip().partition("\n")[0]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table of Markdown."""
    head = list(head)
    cells = [[str(cell).replace("|", "\\|").replace("``", "`") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def columns(names: Iterable[str], meaning: Callable[[str], str]) -> str:
    """Names and what they mean."""
    return table(("column", "meaning"), ((f"`{name}`", meaning(name)) for name in names))


def of_steps(name: str) -> str:
    """What a column of the steps is."""
    return first_line(getattr(Steps, name))


def of_streams() -> dict[str, str]:
    """What the columns of devices beside the sensor are."""
    return described(TreadmillReading) | described(FootPodReading) | described(HeartRateReading)


def kinds_of_a_log(kinds: Iterable[Any]) -> str:
    """Marks or facts with their fields."""
    return table(
        ("kind", "meaning", "fields"),
        (
            (
                f"`{kind.__struct_config__.tag}`",
                first_line(kind),
                ", ".join(f"`{name}`" for name in kind.__struct_fields__),
            )
            for kind in kinds
        ),
    )


def commands(group: Table = COMMANDS, before: str = "backstride") -> str:
    """Every command, what it does, and its options."""
    lazy = LazyGroup(table=group, name=before)
    pages = []
    for name, row in group.rows.items():
        called = f"{before} {name}"
        if isinstance(row, Table):
            pages.append(commands(row, called))
            continue
        command = lazy.get_command(click.Context(lazy), name)
        rows = [
            (
                ", ".join(f"`{word}`" for word in one.opts) if one.opts[0][0] == "-" else one.name,
                getattr(one, "help", "") or "",
            )
            for one in command.params
            if isinstance(one, typer.core.TyperOption | typer.core.TyperArgument)
        ]
        pages.append(f"## {called}\n\n{command.help}\n\n{table(('option', 'meaning'), rows)}")
    return "\n\n".join(pages)


#: What the directive can show, by name.
TABLES: Final[dict[str, Callable[[], str]]] = {
    "formats": format_list,
    "steps": lambda: columns(STEP_COLUMNS, of_steps),
    "further steps": lambda: columns(
        [name for name in STEP_ROW.names or () if name not in STEP_COLUMNS], of_steps
    ),
    "flags": lambda: table(
        ("flag", "meaning"),
        ((f"`{one.tokens}`", flag_words(one.tokens)[1]) for one in Quality if one),
    ),
    "waveforms": lambda: columns(WAVEFORM_COLUMNS, described(Waveforms).__getitem__),
    "alerts": lambda: columns(
        [name for name in described(Alert) if name != "aloud"], described(Alert).__getitem__
    ),
    "summary": lambda: columns(described(Summary), described(Summary).__getitem__),
    "streams": lambda: columns(STREAM_COLUMNS, of_streams().__getitem__),
    "differences": lambda: columns(
        [f"difference_{name}" for name in COMPARED],
        lambda name: of_steps(name.removeprefix("difference_")),
    ),
    "cohort": lambda: table(
        ("column", "type"),
        (
            (f"`{name}`", kind)
            for name, kind in columns_of(()).items()
            if not name.startswith(tuple(MEANS))
        ),
    ),
    "cohort metrics": lambda: table(
        ("metric", *(f"`_{figure}`" for figure in FIGURES)),
        ((f"`{name}`", *("yes" for _ in FIGURES)) for name in MEANS),
    ),
    "quantities": lambda: table(
        ("name", "column", "unit", "meaning"),
        ((one.name, f"`{one.column}`", one.unit, one.meaning) for one in QUANTITIES),
    ),
    "indicators": lambda: (
        table(
            ("indicator", "told", "what it is", "what it cannot tell", "how far to rely on it"),
            (
                (
                    *(one.words, ", ".join(one.told) or "never", one.definition, one.limits),
                    worth_words(one),
                )
                for one in INDICATORS
            ),
        )
        + f"\n\n{between_days_words()}\n"
    ),
    "facts": lambda: kinds_of_a_log(FACT_KINDS.values()),
    "marks": lambda: kinds_of_a_log(MARKS.values()),
    "faults": lambda: table(
        ("key", "what happens", "range", "where"),
        (
            (
                f"`{name}`",
                one.says,
                f"{one.low:g} to {one.high:g} {one.unit}" if one.has_size else "",
                ", ".join(one.links),
            )
            for name, one in FAULT_KINDS.items()
        ),
    ),
    "scenario": lambda: columns(described(Scenario), described(Scenario).__getitem__),
    "commands": commands,
}


class MadeOfCode(SphinxDirective):
    """Shows one of :data:`TABLES`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The nodes of the table."""
        made = TABLES[self.arguments[0]]()
        return self.parse_text_to_nodes(made, allow_section_headings=True)


def leave_to_the_signal(app: Sphinx, *told: Any) -> bool | None:
    """Leave out of a face what the face of the signal has, too: it is described there."""
    what, name = told[:2]
    above = app.env.docname in {"reference/devices", "reference/pipelines"}
    return True if above and what == "module" and name in imu.__all__ else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("made-of-code", MadeOfCode)
    app.connect("autodoc-skip-member", leave_to_the_signal)
    # what is read of the code may be another at the next build
    return {"parallel_read_safe": True, "parallel_write_safe": True}
