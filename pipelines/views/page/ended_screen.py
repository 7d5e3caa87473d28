"""The last screen: the run in a few lines, where it is recorded, and its report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pipelines.clock_words import clock_words
from pipelines.coaching.training.traffic_light import Rated, judge_pain
from pipelines.live import LiveRun
from pipelines.session.facts import FlagsAnswered, PainJudged
from pipelines.units import Units
from pipelines.views.kept_recording import kept_words
from pipelines.views.page.session_pieces import light_piece
from pipelines.views.terminal.cells import capital, printable
from pipelines.words.fact_words import light_parts
from pipelines.words.summary_words import summary_rows, summary_title


def ended_pieces(
    run: LiveRun,
    number: int | None = None,
    said: Sequence[str] = (),
    *,
    report: bool,
    units: Units = "metric",
) -> dict[str, Any]:
    """What the page shows of a run that has ended.

    Parameters
    ----------
    run : LiveRun
        As the run left it.
    number : int, optional
        Of the run in the journal, whose page is then the next one.
    said : sequence of str
        What there is to say of it.
    report : bool
        Whether a report of its recording can be asked for.
    units : {"metric", "imperial"}
        Of lengths.
    """
    summary = run.summary
    rows = [] if summary is None else summary_rows(summary, units)
    troubles = [run.recording_trouble] if run.recording_trouble else []
    ratings = [fact for fact in run.facts.others if isinstance(fact, PainJudged)]
    pain = ratings[-1] if ratings else None
    raised = [alert for alert in run.alerts if alert.severity == "raised"]
    hurts = pain is not None and pain.light != "go"
    return {
        "title": "The run has ended" if summary is None else summary_title(summary),
        "rows": [{"label": label, "value": printable(value).strip()} for label, value in rows],
        "page": "home/runs" if number is None else f"home/runs/{number}",
        "filed": number is not None,
        "simulated": run.result is not None and run.result.header.simulated,
        "pain": _pain_piece(ratings) if ratings else None,
        "may_follow": not (hurts if run.result is None else run.result.stopped),
        "asks": _still_asks(run),
        "said": [capital(printable(sentence)) for sentence in said],
        "changes": [{"time": clock_words(one.time_s), "text": one.message} for one in raised],
        "notes": [printable(note) for note in (summary.notes if summary else [])],
        "troubles": [printable(str(trouble)) for trouble in [*troubles, *run.other_trouble]],
        "recording": "" if run.recording is None else printable(str(run.recording)),
        "kept": kept_words(run),
        "report": report and run.recording is not None and Path(run.recording).is_file(),
    }


def _still_asks(run: LiveRun) -> bool:
    """Whether a rating called for questions that were not answered since."""
    asks = False
    for fact in run.facts.others:
        if isinstance(fact, PainJudged):
            asks = asks or fact.asks
        elif isinstance(fact, FlagsAnswered):
            asks = False
    return asks


def _pain_piece(ratings: Sequence[PainJudged]) -> dict[str, Any] | None:
    """The run's last rating and what to do now.

    The run is over: nobody is to go on with it, or to stop it. One that pain had stopped calls for
    an easier one at least, however little it is by now. A little before it says nothing any more.
    """
    pain = ratings[-1]
    if pain.moment == "before" and pain.light == "go":
        return None
    if pain.moment != "before" and not pain.warned:
        felt = [Rated(one.level, one.moment) for one in ratings]
        judged = judge_pain(pain.level, felt, "after", stopped=pain.light == "stop")
        pain = replace(
            pain,
            light=judged.light,
            moment="after",
            rising=False,
            stopped=False,
            most=judged.most,
        )
    headline, detail = light_parts(pain)
    return {"light": light_piece(pain.light, pain.level), "text": headline, "advice": detail}
