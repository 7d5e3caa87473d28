"""Score every number against a truth, print the tables and write the page."""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.accuracy.tables import Missing, Section
from benchmarks.recordings import data_directory
from imu.errors import BackstrideError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Modules of this package, each with ``sections(data, *, quick)``, in the order of the page.
SUBJECTS: Final = (
    "strangers",
    "real_sensor",
    "agreement",
    "gait",
    "inclination",
    "population",
    "simulated",
    "shock",
)

#: Characters in a line where the output is a file or a pipe.
_PAGE_WIDTH: Final = 132

#: What a recording that is cut short, renamed or of another layout raises.
_UNREADABLE = (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Outcome:
    """What a subject gave."""

    subject: str
    sections: list[Section]

    @property
    def complete(self) -> bool:
        """Whether nothing was missing."""
        return not any(section.missing for section in self.sections)


def score(subject: str, data: Path, *, quick: bool) -> Outcome:
    """Score one subject; a recording that cannot be read is reported, not raised."""
    module = import_module(f"benchmarks.accuracy.{subject}")
    try:
        found: list[Section] = module.sections(data, quick=quick)
    except (BackstrideError, *_UNREADABLE) as error:
        # a system's message would print where the folder lies
        said = error.strerror if isinstance(error, OSError) else str(error)
        name_of_file = getattr(error, "filename", None)
        said = f"{Path(name_of_file).name}: {said}" if name_of_file else said
        what = f"readable recordings for {subject} ({type(error).__name__}: {said})"
        section = Section(
            subject.capitalize(), "Nothing could be scored.", (), (Missing(what, str(data)),)
        )
        return Outcome(subject, [section])
    return Outcome(subject, found)


def _empty_table(metric: str, unit: str, headings: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    title = f"{metric} ({unit})" if unit else metric
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("condition", min_width=30, overflow="fold")
    table.add_column("who")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("goal", min_width=12, overflow="fold")
    table.add_column("")
    return table


def _print(console: Console, outcome: Outcome) -> None:
    from rich.markup import escape

    from benchmarks.accuracy.report import by_metric, interval, limits, number, yes_or_no

    for section in outcome.sections:
        console.rule(escape(section.title), align="left")
        console.print(escape(section.about), style="dim")
        for (metric, unit), rows in by_metric(section.rows).items():
            table = _empty_table(metric, unit, ("n", "bias", "SD", "RMSE", "its 95 %", "limits"))
            for row in rows:
                values = (row.bias, row.sd, row.rmse)
                table.add_row(
                    escape(row.condition), row.people or section.people, str(row.n),
                    *(number(v) for v in values), interval(row.rmse_95), limits(row),
                    escape(row.goal), yes_or_no(row.goal_met).strip("*"),
                )  # fmt: skip
            console.print(table)
            for reference in dict.fromkeys(row.reference for row in rows if row.reference):
                console.print(escape(f"published: {reference}"), style="dim")
        for (metric, unit), scores in by_metric(section.scores).items():
            table = _empty_table(metric, unit, ("people", "found", "its 95 %"))
            for score in scores:
                table.add_row(
                    escape(score.condition), score.people or section.people, str(score.runners),
                    number(score.found.value), interval(score.found),
                    escape(score.goal), yes_or_no(score.goal_met).strip("*"),
                )  # fmt: skip
            console.print(table)
        for note in section.notes:
            console.print(escape(f"note: {note}"))
        for part in section.missing:
            console.print(escape(f"missing: {part.what}: {part.path}"), style="yellow")


def _write(outcomes: Sequence[Outcome], data: Path, out: Path, *, whole: bool) -> list[Path]:
    from benchmarks.accuracy import figures, report

    sections = [section for outcome in outcomes for section in outcome.sections]
    out.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, list[str]] = {}
    written = []
    folder = out / "figures" / "accuracy"
    if figures.can_draw():
        drawn: set[Path] = set()
        for section in sections:
            if figures.is_breakdown(section, sections):
                continue
            paths = figures.draw(section, folder)
            drawn.update(paths)
            pictures[section.title] = [path.relative_to(out).as_posix() for path in paths]
        if whole:
            # figures of metrics that exist no more
            for old in set(folder.glob("*.svg")) - drawn:
                old.unlink()
        written.append(folder)
    page = out / "ACCURACY.md"
    page.write_text(report.to_markdown(sections, data, figures=pictures), "utf-8", newline="\n")
    table = out / "accuracy.json"
    table.write_text(report.to_json(sections, data), "utf-8", newline="\n")
    return [page, table, *written]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description="Score every number against a truth; print the tables and write the page.",
        epilog="Exit status: 0 everything was scored, 1 a part of the data was missing, 2 usage.",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="recordings (default: $BACKSTRIDE_DATA or beside)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR",
        help="where ACCURACY.md, accuracy.json and figures/accuracy/ go (default: benchmarks/; "
        "with --only or --quick nothing is written unless this is given)",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", choices=SUBJECTS, metavar="SUBJECT",
        help="one of " + ", ".join(SUBJECTS) + "; may be given more than once",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="a smaller part of each subject")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit status."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    given = _parser().parse_args(arguments)
    data: Path = given.data or data_directory()
    subjects = [subject for subject in SUBJECTS if not given.only or subject in given.only]
    whole = not given.only and not given.quick
    out: Path | None = given.out or (Path(__file__).parents[1] if whole else None)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PAGE_WIDTH)
    if not data.is_dir():
        console.print(
            f"no recordings in {data}: give --data or set BACKSTRIDE_DATA", style="yellow"
        )
    outcomes = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(subjects))
        for subject in subjects:
            progress.update(task, description=subject)
            outcome = score(subject, data, quick=given.quick)
            outcomes.append(outcome)
            _print(console, outcome)
            progress.advance(task)
    if out is not None:
        for path in _write(outcomes, data, out, whole=whole):
            console.print(f"wrote {path}", style="dim", soft_wrap=True)
    return 0 if all(outcome.complete for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
