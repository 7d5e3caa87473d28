"""The last screen: the run in a few lines, where it is recorded, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipelines.live import LiveRun
from pipelines.quantities import quantities_in
from pipelines.session.summary import Summary
from pipelines.units import Units
from pipelines.views.clock_words import clock_words
from pipelines.views.kept_recording import kept_words
from pipelines.views.terminal.cells import printable

__all__ = ["ended_pieces", "summary_rows"]

_LABEL_END: Final = 32  # of a summary line: two blanks and a label of 30


def ended_pieces(run: LiveRun, *, report: bool, units: Units = "metric") -> dict[str, Any]:
    """What the page shows of a run that has ended.

    Parameters
    ----------
    run : LiveRun
        As the run left it.
    report : bool
        Whether a report of its recording can be asked for.
    units : {"metric", "imperial"}
        Of lengths.
    """
    lines = [] if run.summary is None else run.summary.lines()
    troubles = [run.recording_trouble] if run.recording_trouble else []
    raised = [alert for alert in run.alerts if alert.severity == "raised"]
    return {
        "title": lines[0].partition(": ")[2] if lines else "The run has ended",
        "rows": [] if run.summary is None else _rows(run.summary, units),
        "changes": [{"time": clock_words(one.time_s), "text": one.message} for one in raised],
        "notes": [printable(note) for note in (run.summary.notes if run.summary else [])],
        "troubles": [printable(str(trouble)) for trouble in [*troubles, *run.other_trouble]],
        "recording": "" if run.recording is None else printable(str(run.recording)),
        "kept": kept_words(run),
        "report": report and run.recording is not None and Path(run.recording).is_file(),
    }


def _rows(summary: Summary, units: Units) -> list[dict[str, str]]:
    rows = summary_rows(summary.lines()[1:])
    if units == "imperial":
        imperial = {one.name: one for one in quantities_in("summary") if one.imperial}
        for row in rows:
            quantity = imperial.get(row["label"])
            median = None if quantity is None else summary.median.get(quantity.column)
            if quantity is not None and median is not None:
                row["value"] = quantity.amount(median, units)
    return rows


def summary_rows(lines: list[str]) -> list[dict[str, str]]:
    """Lines of a summary as labels and values.

    Examples
    --------
    >>> summary_rows(["  cadence                           166.0 steps/min"])
    [{'label': 'cadence', 'value': '166.0 steps/min'}]
    """
    return [
        {
            "label": printable(line[:_LABEL_END]).strip(),
            "value": " ".join(printable(line[_LABEL_END:]).split()),
        }
        for line in lines
    ]
