"""The page of a report: one HTML file with everything in it, for screen and paper."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.clock_words import clock_words
from pipelines.quantities import QUANTITIES, Quantity
from pipelines.views.report import method, particulars, words
from pipelines.views.report.content import Content
from pipelines.views.report.said import said_in
from pipelines.views.templates import rendered
from pipelines.views.terminal.cells import capital
from pipelines.words.change_words import change_words
from pipelines.words.worth_words import between_days_words, worth_words

if TYPE_CHECKING:
    from pipelines.units import Units


def render(content: Content, units: Units = "metric") -> str:
    """The page as text; the same content gives the same text.

    Parameters
    ----------
    content : Content
        What to say.
    units : {"metric", "imperial"}
        For people.

    Raises
    ------
    BackstrideError
        When matplotlib or jinja2 is not installed.
    """
    return _rendered("report.html.j2", **_values(content, units)) + "\n"


def render_main(content: Content, units: Units = "metric") -> str:
    """What the page says of a run alone, to stand inside another page with :func:`style`.

    Parameters and errors are those of :func:`render`.
    """
    return _rendered("report_main.html.j2", **_values(content, units))


def style() -> str:
    """The style sheet of the page."""
    return _rendered("report.css.j2")


def _rendered(template: str, **values: Any) -> str:
    return rendered("pipelines.views.report", template, **values)


def write_page(path: str | os.PathLike[str], page: str) -> None:
    """Write a page, whole or not at all.

    Raises
    ------
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    from pipelines.files.replacing import replacing

    data = page.encode("utf-8", "backslashreplace")
    with replacing(Path(path)) as file:
        file.write(data)


def _meaning(measure: Quantity) -> str:
    """What a measure is, and what a change of it is worth where it is watched."""
    watched = measure.watched
    return measure.meaning if watched is None else f"{measure.meaning} {worth_words(watched)}"


def _values(content: Content, units: Units) -> dict[str, Any]:
    from pipelines.views.report import plots

    recording = content.recording
    timeline = [
        {
            "words": words.episode_words(episode, units),
            "told": ""
            if episode.told_s is None
            else f"{clock_words(episode.told_s)}: “{episode.message}”",
            "begin": clock_words(episode.begin_s),
            "end": "end of run" if episode.end_s is None else clock_words(episode.end_s),
            "change": change_words(episode.change, episode.change_unit),
            "name": episode.measure.name,
        }
        for episode in content.episodes
    ]
    timeline_picture = ""
    if content.episodes:
        told = " ".join(words.episode_words(episode, units) for episode in content.episodes)
        timeline_picture = plots.timeline_figure(content, "timeline", told)
    sides_picture = ""
    if content.sides:
        sides_picture = plots.sides_figure(content.sides, "sides", words.sides_words(content.sides))
    return {
        "content": content,
        "recording": recording,
        "title": words.title_words(recording),
        "units": units,
        "words": words,
        "clock_words": clock_words,
        "particulars": particulars,
        "method": method,
        "head_rows": particulars.head_rows(recording, units),
        "sentences": words.summary_sentences(content),
        "said": said_in(recording.facts, units),
        "timeline": timeline,
        "timeline_picture": timeline_picture,
        "glossary": [
            *((capital(m.name), _meaning(m)) for m in QUANTITIES if m.column != "lumbar_index"),
            ("A change that is seen", f"More than chance, 19 times in 20. {between_days_words()}"),
            *method.GLOSSARY,
        ],
        "courses": [
            (
                course,
                plots.course_figure(
                    course, content, f"course{n}", words.course_words(course, units), units
                ),
            )
            for n, course in enumerate(content.courses)
            if course.measured
        ],
        "not_measured": [
            course.measure.name
            for course in content.courses
            if all(row.measure is not course.measure for row in content.levels)
        ],
        "sides_picture": sides_picture,
        "distributions": [
            (
                item,
                plots.distribution_figure(
                    item, f"spread{n}", words.distribution_words(item, units), units
                ),
            )
            for n, item in enumerate(content.distributions)
        ],
        "previous": [
            (
                item,
                words.previous_words(item, units),
                plots.previous_figure(
                    item, f"previous{n}", words.previous_words(item, units), units
                ),
            )
            for n, item in enumerate(content.previous)
        ],
    }
