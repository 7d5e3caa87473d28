"""A report in one call, for whoever has only a session file."""

from __future__ import annotations

from pathlib import Path

from pipelines.units import Units


def make_report(session: Path, units: Units = "metric") -> Path:
    """Write the report of a session beside it; returns the page.

    Raises
    ------
    BackstrideError
        When the session cannot be read, or the page not written.
    """
    from pipelines.replay_options import ReplayOptions
    from pipelines.views.report.content import content_of
    from pipelines.views.report.page import render, write_page
    from pipelines.views.report.reading import read_recording

    recording = read_recording(session, ReplayOptions(), lambda _done, _total: None)
    page = session.with_suffix(".html")
    write_page(page, render(content_of(recording), units))
    return page
