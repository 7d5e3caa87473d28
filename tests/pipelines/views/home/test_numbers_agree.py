"""One eventful month: the same numbers on every screen, command, letter, archive and FIT file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pipelines.clock_words import clock_words
from pipelines.coaching.training.weekly import monday_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    Pain,
    Session,
    Shoe,
    offset_minutes,
    utc_ns_of,
)
from pipelines.runner.journal.export import archive_of
from pipelines.runner.journal.queries import odometers_m
from pipelines.runner.journal.runs import add_run, typed_run
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.units import Units, distance_words
from pipelines.views.home.answers import Answers
from pipelines.views.home.edits import change
from pipelines.views.home.frame import Frame
from pipelines.views.home.run_files import read_run
from pipelines.views.home.served import HomePages
from pipelines.views.report.content import content_of
from pipelines.views.report.page import render
from tests.pipelines.command_line import backstride

sdk = pytest.importorskip("garmin_fit_sdk", reason="the extra lab is not installed")
pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own", "about_noon")

#: The recorded run of the month.
_RECORDED = 6


def _typed(journal: Journal, ago: int, hour: int, minutes: float, **said: Any) -> None:
    day = datetime.now().astimezone() - timedelta(days=ago)
    begun = day.replace(hour=hour, minute=0, second=0, microsecond=0)
    distance_m = said.pop("distance_m", None)
    distance = None if distance_m is None else Distance(distance_m, "user")
    run = typed_run(
        utc_ns_of(begun),
        60.0 * minutes,
        Stated(distance, **said),
        utc_offset_minutes=offset_minutes(begun),
    )
    add_run(journal, run)


@pytest.fixture
def journal(session: bytes) -> Iterator[Journal]:
    """A month of runs with and without a distance, two on one day, moved shoes, and pain."""
    path = Path("run.mcap")
    path.write_bytes(session)
    with Journal() as opened:
        opened.change_settings(units="imperial", height_m=1.75)
        opened.add(Shoe("Blue", start_km=612.34))
        opened.add(Shoe("Red"))
        _typed(opened, 27, 7, 30.5, distance_m=5270.0, shoe="Blue", surface="track")
        _typed(opened, 20, 7, 75.26, distance_m=15_960.0, shoe="Blue", note="club run")
        _typed(opened, 20, 10, 30)
        _typed(opened, 13, 7, 41, distance_m=7081.1136, shoe="Red", surface="trail")
        _typed(opened, 6, 7, 29.99, distance_m=40.0, shoe="Red")
        added = backstride("journal", "add", path, "--distance", "4.96 km", "--surface", "trail")
        assert added.exit_code == 0, added.err
        # as if somebody had run it
        opened.replace(replace(opened.entry(Session, _RECORDED), simulated=False))
        now = datetime.now().astimezone()
        # what is said later: another distance, and shoes that are given up
        change(opened, "run", {"run": "1", "distance": "5.31 km", "shoe": "Red"}, now)
        change(opened, "run", {"run": str(_RECORDED), "shoe": "Red", "surface": "grass"}, now)
        change(opened, "shoe", {"name": "Blue", "then": "retire"}, now)
        for number, level, hours in ((1, 2, -1.0), (1, 4, 1.0), (2, 1, 24.0), (4, 0, 48.0)):
            run = opened.entry(Session, number)
            utc_ns, offset = run.utc_start_ns + round(hours * 3.6e12), run.utc_offset_minutes
            opened.add(Pain(utc_ns, level, utc_offset_minutes=offset))
        yield opened


def _words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def _asked(*addresses: str) -> list[bytes]:
    """What the pages answer."""
    app = Starlette()
    with JournalAtHand() as at_hand:
        HomePages(at_hand).mount(app, "/")
        way = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=way, base_url="http://here") as client:
            return [(await client.get(one)).content for one in addresses]


def _told(journal: Journal, number: int | None, units: Units) -> tuple[str, str]:
    run = journal.entry(Session, number or 0)
    distance = None if run.distance_m is None else distance_words(run.distance_m, units)
    return distance or "", clock_words(run.duration_s)


def test_every_number_of_a_month_is_the_same_wherever_it_stands(journal: Journal) -> None:
    units = journal.settings().units
    answers = Answers(journal, Path(), datetime.now().astimezone())
    frame = Frame("/", "/home/", "runs")
    pages = {name: _words(getattr(answers, name)(frame)) for name in ("runs", "months", "letter")}
    listed = backstride("journal", "list").out
    archive = zipfile.ZipFile(io.BytesIO(archive_of(journal)[0]))
    content = json.loads(archive.read("journal.json"))
    table = list(csv.DictReader(io.StringIO(archive.read("sessions.csv").decode())))
    runs = journal.entries(Session)

    for run, kept, row in zip(runs, content["sessions"], table, strict=True):
        distance, taken = _told(journal, run.identifier, units)
        line = next(one for one in listed.splitlines() if f"run {run.identifier}:" in one)
        page = _words(answers.run(frame, run.identifier or 0))
        assert f", {taken}, {distance or 'distance unknown'}" in line
        fact = f"{distance or 'distance not said'} · {taken}"
        assert fact in page
        assert fact in pages["runs"]
        assert fact in pages["months"]
        assert f"{distance or '–'} {taken}" in pages["letter"]
        assert kept["distance_m"] == run.distance_m
        assert row["distance_m"] == ("" if run.distance_m is None else str(run.distance_m))

    _assert_sums(journal, runs, pages, units)
    _assert_shoes(journal, answers.diary_page(frame), pages["letter"], units)
    _assert_pain(listed, pages, content)
    _assert_recording(journal, units)


def _assert_sums(
    journal: Journal, runs: list[Session], pages: dict[str, str], units: Units
) -> None:
    total = distance_words(math.fsum(one.distance_m or 0.0 for one in runs), units)
    assert f"{len(runs)} runs, {total} (1 not known)" in pages["letter"]
    assert f"{len(runs)} runs, {total} (1 not known)" in pages["months"]
    weeks: dict[date, list[Session]] = {}
    for one in runs:
        weeks.setdefault(monday_of(one.day), []).append(one)
    printed = backstride("journal", "week").out
    for monday, of_week in weeks.items():
        distance = distance_words(math.fsum(one.distance_m or 0.0 for one in of_week), units)
        assert re.search(rf"week of {monday}\s+{distance}  runs: {len(of_week)}", printed)
        so_far = "(, so far)?"
        assert re.search(
            rf"{monday}{so_far} (\d+|–) \d+ {len(of_week)} {distance}", pages["letter"]
        )


def _assert_shoes(journal: Journal, diary: str, letter: str, units: Units) -> None:
    printed = backstride("journal", "shoe").out
    distances = odometers_m(journal)
    for shoe in journal.entries(Shoe):
        distance = distance_words(distances[shoe.identifier or 0], units)
        assert re.search(rf"^{shoe.name} +{distance}", printed, re.MULTILINE)
        assert f"{shoe.name}, {distance}" in _words(diary)
        assert shoe.retired is not None or f"in all {distance}" in letter
    blue, red = (distances[one.identifier or 0] for one in journal.entries(Shoe))
    assert blue == pytest.approx(612_340.0 + 15_960.0)
    assert red == pytest.approx(5310.0 + 4.4 * 1609.344 + 40.0 + 4960.0)


def _assert_pain(
    listed: str, pages: dict[str, str], content: dict[str, list[dict[str, int]]]
) -> None:
    assert "pain 2 before, 4 after" in listed
    assert "pain: 2 before the run, 4 after it" in pages["runs"]
    assert "1 after 24 h" in listed
    assert "pain: 1 the next day" in pages["runs"]
    assert "worst pain 4 of 10" in pages["letter"]
    assert "worst pain 4 of 10" in pages["months"]
    assert [one["level"] for one in content["pains"]] == [2, 4, 1, 0]


def _assert_recording(journal: Journal, units: Units) -> None:
    """The report and the activity of a run say what the journal has of it."""
    run = journal.entry(Session, _RECORDED)
    recording = read_run(run, journal)
    report = _words(render(content_of(recording, []), units))
    assert f"Distance {distance_words(4960.0, units)}, as stated" in report
    assert "Surface grass" in report
    assert "Shoe Red" in report
    page = f"/home/runs/{_RECORDED}"
    shown, fit, none = asyncio.run(
        _asked(page, f"{page}/activity.fit", "/home/runs/1/activity.fit")
    )
    assert f'href="{page}/activity.fit"' in shown.decode()
    assert "without a recording" in none.decode()
    Path("run.fit").write_bytes(fit)
    exported = backstride("export", "run.mcap", "--fit", "again.fit", "--with-journal")
    assert exported.exit_code == 0
    for name in ("run.fit", "again.fit"):
        messages, errors = sdk.Decoder(sdk.Stream.from_file(name)).read()
        assert errors == []
        activity = messages["session_mesgs"][0]
        assert activity["total_distance"] == run.distance_m
        assert activity["total_timer_time"] == pytest.approx(run.duration_s, abs=0.001)
    printed = backstride("replay", "run.mcap").out
    assert f"in {clock_words(run.duration_s)} (" in printed
