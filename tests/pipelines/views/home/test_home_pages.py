"""What the runner is promised of the pages around a run, in a real browser."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.support.select import Select
from starlette.applications import Starlette

from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session, Shoe, utc_ns_of
from pipelines.runner.journal.export import export_journal
from pipelines.runner.journal.runs import edit_run
from pipelines.runner.journal.stated import Stated
from pipelines.views.home.demonstration import DAYS, make_month
from pipelines.views.home.served import HomePages
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program

pytestmark = pytest.mark.usefixtures("about_noon")

_PAGES = """
import asyncio, sys
from pathlib import Path
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.views.home.served import HomePages
from pipelines.views.page.server import listen, serve
from pipelines.views.page.view import Dashboard

async def main():
    with JournalAtHand(Path(sys.argv[1]) / "journal.sqlite3") as journal:
        home = HomePages(journal)
        async with serve(Dashboard(), listen(0), home=home) as address:
            print("the live page is at", address, flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""
#: Words that stand outside of the picture that they are drawn in.
_OUT_OF_THEIR_PICTURE = """
const right = (one) => one.getBoundingClientRect().right;
return [...document.querySelectorAll("svg text")].map((one) => [one, one.closest("svg")])
  .filter(([one, picture]) => right(one) > right(picture) + 1).map(([one]) => one.textContent);
"""
_ALL = ("runs", "runs/4", "months?days=92", "journal", "letter")


def _some_weeks(folder: Path) -> None:
    now = datetime.now().astimezone()
    with Journal(folder / "journal.sqlite3") as journal:
        journal.add(Shoe("Blue pair", start_km=610.0))
        journal.add(Shoe("Old " + "x" * 50, retired=now.date()))
        for ago, lean, level in ((20, 4.1, 2), (13, 4.4, 4), (6, 4.0, 1), (1, 4.9, 0)):
            start_ns = utc_ns_of(now - timedelta(days=ago))
            means = {"sacral_lean_deg": lean, "impact_shock_g": 3.0 + 0.1 * level}
            number = journal.add(
                Session(
                    start_ns,
                    1800.0,
                    steps=4800,
                    distance_m=5000.0,
                    distance_source="user",
                    surface="track",
                    shoe_id=2 if ago == 13 else 1,
                    means=means,
                )
            )
            journal.add(Pain(start_ns + 2 * 10**12, level, "after", number, "low <b>back</b>"))


@needs_chromium
def test_every_page_is_accessible_from_a_phone_to_a_large_screen(tab: Tab, tmp_path: Path) -> None:
    _some_weeks(tmp_path)
    with program(_PAGES, str(tmp_path)) as running:
        for page in _ALL:
            tab.open(f"{running.address}home/{page}")
            for width, dark in ((1920, False), (320, True)):
                tab.size(width, 900, dark=dark)
                assert_accessible(tab, f"{page} at {width}")
                assert tab.run("return document.documentElement.scrollWidth") <= width, page
                assert tab.run(_OUT_OF_THEIR_PICTURE) == [], page
                tab.picture(f"home-{page.replace('/', '-').partition('?')[0]}-{width}")
            assert "low <b>back</b>" in tab.text() or page in {"runs", "months?days=92"}
            refused = [one for one in tab.log("browser") if "Policy" in one["message"]]
            assert refused == [], page
        tab.size(1280, 800)


@needs_chromium
def test_run_is_edited_and_a_lost_program_is_told(tab: Tab, tmp_path: Path) -> None:
    _some_weeks(tmp_path)
    with program(_PAGES, str(tmp_path)) as running:
        tab.open(f"{running.address}home/runs")
        assert tab.text(".runs").count("5.0 km") == 4
        assert tab.run("return document.querySelectorAll('.picture svg').length") == 4
        tab.run("document.querySelector('.runs a').click()")
        tab.until_shown("this run was written down without a recording")
        field = tab.find("[name=distance]")
        field.clear()
        field.send_keys("far")
        tab.find("[name=note]").send_keys("windy ")
        tab.press("Keep it")
        tab.until_shown("distance is 'far'", "form .trouble")
        assert tab.find("[name=note]").get_attribute("value") == "windy "
        field = tab.find("[name=distance]")
        field.clear()
        field.send_keys("6.4")
        Select(tab.find("[name=surface]")).select_by_visible_text("grass")
        tab.find("[name=note]").send_keys("<script>alert(1)</script>")
        tab.press("Keep it")
        tab.until_shown("Run 4 is as you said.", "[role=status]")
        assert "6.4 km" in tab.text("main")
        assert "grass" in tab.text("main")
        field = tab.find("[name=distance]")
        field.clear()
        field.send_keys("far")
        tab.press("Keep it")
        tab.until_shown("distance is 'far'", "form .trouble")
        assert "as you said" not in tab.text("main")
        # what is written elsewhere while this page is open stays, but for what is changed here
        with Journal(tmp_path / "journal.sqlite3") as journal:
            edit_run(journal, 4, Stated(None, "track", "", "", 3))
        field = tab.find("[name=distance]")
        field.clear()
        field.send_keys("6.5")
        tab.press("Keep it")
        tab.until_shown("6.5 km", "main")
        with Journal(tmp_path / "journal.sqlite3") as journal:
            kept = journal.entry(Session, 4)
        assert (kept.surface, kept.effort, kept.distance_m) == ("track", 3, 6500.0)
        tab.open(f"{running.address}home/runs")
        tab.until_shown("windy <script>alert(1)</script>")
        tab.open(f"{running.address}home/journal")
        tab.until_shown("Pain", "#pain-title")
        # pressed twice it is noted once, and a slip is taken back
        tab.find("[name=level]").send_keys("7")
        tab.run(
            "const b = document.querySelector('[name=level]').form.querySelector('button');"
            "b.click(); b.click()"
        )
        tab.until_shown("Pain 7 of 10 is noted.", "[role=status]")
        assert tab.text("[aria-labelledby=pain-title]").count("7 of 10") == 1
        tab.find("[aria-label^='Take back the 7 of']").click()
        tab.until_shown("Taken back.", "[role=status]")
        assert "7 of 10" not in tab.text("[aria-labelledby=pain-title]")
        tab.find("[aria-label='Retire Blue pair']").click()
        tab.until_shown("Blue pair is retired.", "[role=status]")
        archive = tmp_path / "all.zip"
        archive.write_bytes(b"PK")
        tab.find("[name=archive]").send_keys(str(archive))
        tab.press("Bring it back")
        tab.until_shown("all.zip: this is no archive of a journal", "form .trouble")
        with Journal(tmp_path / "other" / "journal.sqlite3") as journal:
            journal.add(Session(utc_ns_of(datetime.now().astimezone()) - 10**14, 1800.0))
            export_journal(journal, archive)
        tab.find("[name=archive]").send_keys(str(archive))
        tab.press("Bring it back")
        tab.until_shown("Brought back: 1 run.", "[role=status]")
        saved = "const a = await fetch(arguments[0]); return (await a.blob()).size"
        assert tab.run(f"return (async () => {{ {saved} }})()", "journal.zip") > 2000
        tab.open(f"{running.address}home/runs/99")  # a page that is not there leads on
        assert "the number of the run is 99" in tab.text(".trouble")
        tab.find("nav a[href$='home/runs']").click()
        tab.until_shown("6.5 km")
        running.process.kill()
        tab.until_shown("Backstride has ended", "#gone")


@needs_chromium
def test_letter_prints_on_three_pages(tab: Tab, tmp_path: Path) -> None:
    _some_weeks(tmp_path)
    with Journal(tmp_path / "journal.sqlite3") as journal:  # as much as four weeks may hold
        morning = datetime.now(UTC).replace(hour=9)
        for ago in range(1, 28):
            start_ns = utc_ns_of(morning - timedelta(days=ago))
            number = journal.add(Session(start_ns, 1800.0, means={"sacral_lean_deg": 4.0}))
            for when in ("before", "after"):
                words = "low back, on the left side, pulling"
                journal.add(Pain(start_ns, 3, when, number, words, words, words))
    with program(_PAGES, str(tmp_path)) as running:
        tab.open(f"{running.address}home/letter")
        assert tab.find("#print").is_displayed()
        pdf = base64.b64decode(tab.command("Page.printToPDF", preferCSSPageSize=True)["data"])
        (tmp_path / "letter.pdf").write_bytes(pdf)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 3
        tab.press("I hand this one over")
        tab.until_shown("the next letter tells what has changed", "[role=status]")
        assert "(was 31 and 20.0 km)" in tab.text()


@pytest.mark.slow
@needs_chromium
def test_demonstration_shows_all_of_it_and_is_kept_apart(tab: Tab, tmp_path: Path) -> None:
    make_month(
        tmp_path / "new", datetime.now().astimezone(), lambda _: None, tmp_path / "demonstration"
    )
    (tmp_path / "new").rename(tmp_path / "demonstration")
    with Journal(tmp_path / "journal.sqlite3") as journal:
        journal.change_settings(units="imperial")  # what is shown has the runner's own units
    with program(_PAGES, str(tmp_path)) as running:
        for page, words in (
            ("runs", "1.3 mi"),
            ("runs/8", "What changed and when"),
            ("months", "worst pain 4 of 10"),
            ("journal", "Red pair"),
            ("letter", "Since the last letter"),
        ):
            tab.open(f"{running.address}demonstration/{page}")
            tab.until_shown(words)
            assert "Nothing of it is yours" in tab.text(".demonstration")
            assert_accessible(tab, page)
            tab.picture(f"demonstration-{page.replace('/', '-')}")
        tab.open(f"{running.address}home/runs")
        assert "There is no run yet" in tab.text()
    with Journal(tmp_path / "demonstration" / "journal.sqlite3") as journal:
        assert len(journal.entries(Session)) == len(DAYS)
        assert all(Path(one.source_file).is_file() for one in journal.entries(Session))


@pytest.mark.parametrize("length", [None, "many"])
def test_an_archive_that_came_broken_is_told_in_a_sentence(
    tmp_path: Path, length: str | None
) -> None:
    app = Starlette()

    async def sent() -> httpx.Response:
        with JournalAtHand(tmp_path / "journal.sqlite3") as at_hand:
            HomePages(at_hand).mount(app, "/")
            way = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=way, base_url="http://here") as client:
                kind = {"content-type": "multipart/form-data; boundary=x"}
                known = kind | ({} if length is None else {"content-length": length})
                return await client.post("/home/bring-back", content=b"--y\r\nbad", headers=known)

    answer = asyncio.run(sent())
    assert answer.status_code == (400 if length is None else 413)
    assert answer.headers["content-type"].startswith("text/html")
    assert "archive" in answer.text
