"""What the run is promised of the page, and what the runner finds there in words."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.scan import Found
from devices.simulator.virtual_clock import VirtualClock
from imu.drift.params import DriftParams
from imu.errors import DeviceError
from pipelines.coaching.companion import red_flags_before
from pipelines.coaching.plan import CompanionPlan, HeldBack
from pipelines.live import LiveRun
from pipelines.live_controls import LiveControls
from pipelines.session.fact_log import FactLog
from pipelines.session.facts import AlertTold, AxesFound, FlagsAnswered, PainJudged
from pipelines.session.live_status import IndicatorStatus, LiveStatus, asked_before
from pipelines.session.marks import Mark, Neutral, mark_from_words
from pipelines.views.page.ended_screen import ended_pieces
from pipelines.views.page.setup_screen import Choice, SetupScreen
from pipelines.views.page.view import Dashboard
from pipelines.views.terminal.wording import condition, verdict
from tests.examples import few
from tests.patience import HANG_S
from tests.pipelines.views.terminal.statuses import (
    ALERT,
    PARTS,
    an_alert,
    some_status,
    some_steps,
    text_of,
    words_of,
)

_LEAN = an_alert(ALERT)


def _running(status: LiveStatus | None = None) -> Dashboard:
    page = Dashboard()
    page.start()
    page.update(status or some_status())
    return page


def test_run_waits_for_no_tab() -> None:
    async def took_s() -> float:
        page = _running()

        async def never(pieces: dict[str, Any]) -> None:
            await asyncio.Event().wait()

        tabs = [page.join(never) for _ in range(20)]
        tasks = [asyncio.create_task(tab.run()) for tab in tabs]
        await asyncio.sleep(0.05)
        begin = time.process_time()
        for number in range(200):
            page.update(some_status_after(number))
            await asyncio.sleep(0)
        took = time.process_time() - begin
        for task in tasks:
            task.cancel()
        return took

    assert asyncio.run(took_s()) < 1.0  # 5 ms of work an update


def some_status_after(number: int) -> LiveStatus:
    return dataclasses.replace(some_status(), steps=2071 + number, elapsed_s=751.0 + number)


def test_each_large_number_says_how_it_stands_to_the_baseline() -> None:
    shock, oscillation, lean = _running(some_status(alert=ALERT)).shown()["cards"]
    assert (shock["number"], shock["unit"], shock["state"]) == ("2.31", "g", "within")
    assert shock["words"] == "within your usual range"
    assert oscillation["usual"] == "usual 72 to 84 mm"
    assert (lean["number"], lean["state"], lean["sign"]) == ("9.9", "changed", "▲")
    assert lean["words"] == "changed from your baseline: +3.8°"
    assert lean["gauge"] == pytest.approx(0.975)


def test_number_word_and_gauge_of_a_change_are_of_the_value_that_is_judged() -> None:
    status = some_status()  # whose last steps have a shock of 2.31 g
    status.indicators = {
        "impact_shock_g": IndicatorStatus(2.859, 2.545, 0.2036, changed=True),
        "lumbar_index": IndicatorStatus(131.0, 100.0, 10.0, changed=True),
    }
    pieces = _running(status).shown()
    shock = pieces["cards"][0]
    assert (shock["number"], shock["gauge"]) == ("2.86", pytest.approx(0.886))
    assert shock["words"] == "changed from your baseline: +12 %"
    far = {one["name"]: one["number"] for one in pieces["far"]}
    assert (far["shock"], far["lumbar"]) == ("2.86", "131")
    words = "impact shock 2.86 g changed from your baseline: +12 %"
    assert words in words_of(text_of(status, 100, 12))
    status.recent.rows["impact_shock_g"][-10:] = math.nan
    assert _running(status).shown()["cards"][0]["number"] == "–"


def test_value_beyond_the_gate_is_watched_before_it_counts_as_changed() -> None:
    status = some_status()
    status.indicators = {"sacral_lean_deg": IndicatorStatus(9.0, 6.1, 2.0, changed=False)}
    lean = _running(status).shown()["cards"][2]
    assert (lean["state"], lean["words"]) == ("outside", "outside your usual range, watching it")


def test_nothing_is_called_usual_while_nothing_is_judged() -> None:
    page = _running(some_status(learning=True))
    learned = f"{1200 // DriftParams().baseline_blocks} %"
    assert {card["state"] for card in page.shown()["cards"]} == {"waiting"}
    assert page.shown()["cards"][0]["words"] == f"learning your baseline: {learned}"
    told = page.shown()["condition"]["text"].replace("\N{NO-BREAK SPACE}", " ")
    assert told == f"Learning your baseline: {learned}."
    page = _running()
    page.ask("pause")
    assert page.shown()["condition"]["title"] == "Paused"
    assert page.controls.paused


def test_runner_is_told_to_stand_before_the_first_steps() -> None:
    page = _running(LiveStatus(source="", device=""))
    assert page.shown()["condition"]["text"].startswith("Stand upright and still for five seconds")
    page.update(LiveStatus(source="", device="", gait="walk"))
    assert page.shown()["condition"]["text"] == "Waiting for running steps."
    stated = LiveStatus(source="", device="")
    stated.take(AxesFound(0.0, from_standing=False))  # nothing is learned of standing in them
    page.update(stated)
    assert page.shown()["condition"]["text"].startswith("Run when you are ready")


def test_alert_stands_out_from_its_advice() -> None:
    shown = _running(some_status(alert=ALERT)).shown()["condition"]
    assert shown["text"].endswith("3.9° further forward.")
    whole = f"{shown['text']} {shown['advice']}"
    assert whole.replace("\N{NO-BREAK SPACE}", " ") == ALERT.replace("\N{NO-BREAK SPACE}", " ")


def test_dose_is_shown_once_it_is_known() -> None:
    assert _running().shown()["head"]["dose"] == ""
    known = dataclasses.replace(some_status(), easy_km=4.26)
    assert _running(known).shown()["head"]["dose"] == "4.3"


def test_posture_leans_with_the_runner_and_says_where_it_is_measured() -> None:
    figure = _running(some_status(alert=ALERT)).shown()["posture"]
    assert figure["lean"] == pytest.approx(19.8, abs=0.1)
    assert figure["usual"] == [8.2, 16.2]
    assert figure["words"] == "Leaning 9.9° forward"
    back = some_status()
    back.indicators = {"sacral_lean_deg": IndicatorStatus(-3.0, -2.5, 2.0)}
    assert _running(back).shown()["posture"]["words"] == "Leaning 3.0° back"


def test_trouble_is_said_in_words() -> None:
    status = dataclasses.replace(
        some_status(), link="lost", battery_percent=9.0, recording_note="disk full"
    )
    items = _running(status).shown()["state"]["items"]
    assert [item["text"] for item in items if not item["calm"]] == [
        "link lost, trying again",
        "battery 9 %, charge it after the run",
        "recording to /home/runner/backstride/sessions/2026-11-22T01-50-12.mcap: disk full",
    ]


def test_alerts_are_counted_so_that_a_tab_sounds_each_once() -> None:
    page = _running()
    page.alert(dataclasses.replace(_LEAN, aloud="Pelvic lean 3.9° further forward."))
    headline, detail = PARTS
    words = {"text": headline, "detail": detail}
    first = {"number": 1, **words, "aloud": "Pelvic lean 3.9° further forward."}
    assert page.shown()["alert"] == first
    page.alert(dataclasses.replace(_LEAN, severity="cleared", message="Lean is back."))
    assert page.shown()["alert"] == first
    assert _told(page) == ["Lean is back."]
    page.alert(_LEAN)  # what has no shorter words is spoken as it is shown
    assert page.shown()["alert"] == {"number": 2, **words, "aloud": ALERT}


def test_caller_may_go_on_changing_the_status() -> None:
    status = some_status()
    indicators = dict(status.indicators)
    status.indicators = indicators
    page = _running(status)
    status.elapsed_s = 9999.0
    indicators.clear()
    assert page.shown()["head"]["time"] == "12:31"
    assert page.shown()["cards"][0]["state"] == "within"


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=40),
    st.integers(0, 70),
    st.floats(allow_nan=True, allow_infinity=True),
)
@example(number=0.0, text="", steps=1, baseline=3.6e16)  # where a gate is nothing
@example(number=1e308, text="", steps=60, baseline=-1e308)
@settings(max_examples=few(30), deadline=None)
def test_no_status_makes_the_page_raise(
    number: float, text: str, steps: int, baseline: float
) -> None:
    recent = some_steps(steps)
    if steps:
        recent.rows["sacral_lean_deg"][-1] = number
    status = dataclasses.replace(
        some_status(),
        recent=recent,
        steps=steps,
        elapsed_s=0.0,
        easy_km=number,
        link=text,
        gait=text,
        told=an_alert(text),
        device=text,
        battery_percent=None,
        indicators={"sacral_lean_deg": IndicatorStatus(number, baseline, 2.0)},
    )
    page = _running(status)
    page.note(text)
    shown = page.shown()
    assert len(shown["cards"]) == 3
    assert "nan" not in str(shown["cards"]).lower()


def test_note_is_spoken_and_one_that_keeps_coming_is_told_once() -> None:
    page = _running()
    for _ in range(500):
        page.note("The disk is full.")
    (told,) = page.shown()["told"]
    assert (told["number"], told["text"], told["aloud"]) == (1, "The disk is full.", True)
    for number in range(10):
        page.note(f"Walk for {number} minutes.")
    assert [note["text"] for note in page.shown()["notes"]] == [
        f"Walk for {number} minutes." for number in (7, 8, 9)
    ]
    assert [told["number"] for told in page.shown()["told"]] == [*range(2, 12)]  # all are spoken


def test_note_says_when_in_the_run_it_was_told_and_a_lasting_one_does_not() -> None:
    page = _running()
    page.update(dataclasses.replace(some_status(), elapsed_s=65.0))
    page.note("Ease off: this is the warm-up.")
    page.update(dataclasses.replace(some_status(), elapsed_s=1200.0, notes=("No gyroscope.",)))
    page.note("The disk is full.")
    assert page.shown()["notes"] == [
        {"text": "No gyroscope.", "at": ""},
        {"text": "Ease off: this is the warm-up.", "at": "1:05"},
        {"text": "The disk is full.", "at": "20:00"},
    ]
    page.note("Ease off: this is the warm-up.")  # the newest time counts
    page.update(page._status)
    assert page.shown()["notes"][-1] == {"text": "Ease off: this is the warm-up.", "at": "20:00"}


def _told(page: Dashboard) -> list[str]:
    return [told["text"] for told in page.shown()["told"]]


def _marks(controls: LiveControls) -> list[Mark]:
    return [item.mark for item in controls.take_marks(0)]


@pytest.mark.parametrize(
    ("what", "value", "mark", "told"),
    [
        ("pain", "3", [("pain", "3")], "Pain 3 of 10 marked."),
        ("pain", "11", [], "Pain is told from 0 to 10."),
        ("pain", "³", [], "Pain is told from 0 to 10."),
        ("pain", "9" * 5000, [], "Pain is told from 0 to 10."),
        ("surface", "track", [("surface", "track")], "Surface marked: track."),
        ("surface", "lava", [], "That surface is not known: choose one of the list."),
        ("shoe", "  blue\x1b pair ", [("shoe", "blue pair")], "Shoe marked: blue pair."),
        ("shoe", " ", [], "The shoe has no name yet"),
        ("rm -rf", "", [], ""),
    ],
)
def test_page_marks_what_makes_sense_and_says_so(
    what: str, value: str, mark: list[tuple[str, str]], told: str
) -> None:
    page = _running()
    page.ask(what, value)
    assert _marks(page.controls) == [mark_from_words(kind, words) for kind, words in mark]
    assert " ".join(_told(page)).startswith(told)


def test_sensor_moved_waits_until_it_can_no_longer_be_taken_back() -> None:
    async def story(*, taken_back: bool) -> list[Mark]:
        clock = VirtualClock()
        page = Dashboard(clock=clock)
        page.start()
        page.update(some_status())
        page.ask("reseat")
        await clock.sleep(5.5)
        assert page.shown()["moving"] == 5
        assert _marks(page.controls) == []
        if taken_back:
            page.ask("unmoved")
        await clock.sleep(6.0)
        assert page.shown()["moving"] is None
        assert ("Taken back" in " ".join(_told(page))) == taken_back
        return _marks(page.controls)

    assert asyncio.run(story(taken_back=True)) == []
    assert asyncio.run(story(taken_back=False)) == [mark_from_words("reseat", "")]


def test_note_of_a_moment_ages_away(monkeypatch: pytest.MonkeyPatch) -> None:
    page = _running()
    page.note("Ease off: this is the warm-up.")
    now_s = time.monotonic()
    for later_s, there in ((60.0, True), (121.0, False)):
        monkeypatch.setattr(time, "monotonic", lambda at=now_s + later_s: at)
        page.update(some_status())
        assert ("Ease off" in str(page.shown()["notes"])) == there


def test_neutral_is_taken_after_a_countdown_of_three_seconds() -> None:
    async def story() -> None:
        clock = VirtualClock()
        page = Dashboard(clock=clock)
        page.start()
        page.update(some_status())
        seen = []
        page.ask("neutral")
        page.ask("neutral")  # pressed twice: one countdown
        await clock.sleep(0.5)
        for _ in range(3):
            seen.append(page.shown()["countdown"])
            assert _marks(page.controls) == []
            await clock.sleep(1.0)
        assert seen == [3, 2, 1]
        assert page.shown()["countdown"] is None
        assert _marks(page.controls) == [Neutral()]

    asyncio.run(story())


def test_stop_asks_the_run_to_end_and_the_summary_tells_where_it_is_recorded(
    tmp_path: Path,
) -> None:
    page = _running()
    page.ask("stop")
    assert page.controls.stop_wanted
    trouble = DeviceError("the link ended.", source="ble:1")
    run = LiveRun(
        FactLog([AlertTold(_LEAN.time_s, _LEAN)]),
        recording=tmp_path / "run.mcap",
        other_trouble=[trouble],
    )
    page.end(run)
    ended = page.shown()["ended"]
    assert ended["changes"] == [{"time": "11:01", "text": ALERT}]
    assert ended["troubles"] == ["ble:1: the link ended."]
    assert ended["recording"].endswith("run.mcap")
    assert ended["report"] is False
    page.ask("pain", "3")  # too late: nothing happens
    assert _marks(page.controls) == []
    page.ask("finish")
    assert page.finish_wanted.is_set()


def test_search_shows_what_is_near_and_says_what_could_not_be_searched() -> None:
    async def story() -> None:
        async def radio() -> list[Found]:
            raise DeviceError("Bluetooth is off: switch it on.")

        async def ports() -> list[Found]:
            return [
                Found("serial:/dev/ttyS0", "a port"),
                Found("serial:/dev/ttyACM0", "clip", "backstride", "Backstride clip"),
            ]

        setup = SetupScreen(lambda: None, (radio, ports))
        setup.scan()
        assert setup.pieces()["words"] == "Looking for sensors …"
        async with asyncio.timeout(HANG_S):
            while setup.pieces()["words"].startswith("Looking"):
                await asyncio.sleep(0)
        pieces = setup.pieces()
        assert [one["name"] for one in pieces["found"]] == ["clip", "a port"]
        assert pieces["trouble"] == "Bluetooth is off: switch it on."
        assert pieces["words"] == "2 sensors and ports found."
        assert len(pieces["simulated"]) == 2
        choice = asyncio.create_task(setup.chosen())
        await asyncio.sleep(0)
        setup.choose("blue:tooth")
        assert "source is 'blue:tooth'" in setup.pieces()["trouble"]
        setup.choose("sim:?minutes=2")
        assert await choice == Choice("sim:?minutes=2")

    asyncio.run(story())


def test_trend_of_a_day_takes_the_room_of_an_hour() -> None:
    from pipelines.views.page.trends import RunTrends

    trends = RunTrends(span_s=5.0, most=8)
    for number in range(2000):
        trends.push(some_steps(1, first=1 + 3 * number))
    (lean,) = [one for one in trends.lines(some_status()) if one["name"] == "pelvic lean"]
    assert len(lean["path"]) < 8 * 20
    assert trends.span_s * 8 >= 2000 * 3 * 0.36
    assert "now 6.1°" in lean["label"]
    assert math.isfinite(lean["band"][1])


def test_pain_stays_on_the_last_screen_with_its_questions_and_without_training() -> None:
    calm = ended_pieces(LiveRun(), report=False)
    assert calm["pain"] is None and not calm["asks"]
    run = LiveRun(
        FactLog(
            [
                PainJudged(60.0, 7, "stop", "during", asks=True),
                PainJudged(90.0, 6, "stop", "during"),
            ]
        )
    )
    shown = ended_pieces(run, report=False)
    assert shown["pain"]["light"]["words"] == "pain 6 of 10"
    assert not shown["may_follow"] and shown["asks"]
    assert shown["pain"]["text"].startswith("Pain of 6 with this run: no run until it is 3 or less")
    # a run that pain had stopped is over: nobody is told to stop it, and nothing is made light of
    eased = ended_pieces(
        LiveRun(FactLog([PainJudged(90.0, 2, "stop", "during", stopped=True)])), report=False
    )
    assert eased["pain"]["light"]["light"] == "change" and not eased["may_follow"]
    assert "make the next one shorter and easier" in eased["pain"]["text"]
    ratings = [
        PainJudged(60.0, 7, "stop", "during"),
        PainJudged(90.0, 1, "stop", "during", stopped=True),
    ]
    eased = ended_pieces(LiveRun(FactLog(ratings)), report=False)
    assert eased["pain"]["text"].startswith("Pain of 1 now, and up to 7 with this run: make")
    before = PainJudged(0.0, 4, "change", "before")
    shown = ended_pieces(LiveRun(FactLog([before])), report=False)
    assert shown["pain"]["text"].startswith("Pain of 4: make the next run a walk")
    none = PainJudged(90.0, 0, "go", "during")
    shown = ended_pieces(LiveRun(FactLog([before, none])), report=False)
    assert "with this run" not in shown["pain"]["text"]


def test_nothing_that_is_noted_turns_the_page_around() -> None:
    page, name = _running(some_status()), "heard \x1b[2J\u202enrut"
    page.note(name)
    page.desk.note(name)
    for shown in (str(page.shown()), str(page.desk.pieces())):
        assert "eard" in shown and "\\x1b" not in shown and "\\u202e" not in shown


def test_run_that_waits_for_the_filters_says_so_and_can_be_left() -> None:
    page = Dashboard()
    page.prepare()
    assert page.shown()["screen"] == "preparing"
    left: list[bool] = []
    page.cancel_start = lambda: left.append(True)
    page.ask("cancel")
    assert left


def test_warning_sign_stands_before_all_else_for_as_long_as_it_is_not_cleared() -> None:
    plan = CompanionPlan(stopped="red_flags.emergency", because="the skin there is numb")
    status = dataclasses.replace(some_status(), red_flags=red_flags_before(plan))
    status.take(PainJudged(60.0, 7, "stop", "during", asks=True))
    page = _running(status)
    page.ask("pause")
    shown = page.shown()["condition"]
    assert shown["title"] == "Warning signs"
    assert shown["text"] == (
        "Stop running and go to an emergency department now, because the skin there is numb."
    )
    assert "Coaching is off until a professional has cleared you." in shown["advice"]
    status.take(FlagsAnswered(90.0, (), cleared=True, stopped=False))
    page.update(status)
    assert page.shown()["condition"]["title"] == "Pain"
    assert not page.shown()["condition"]["asks"]


def test_open_questions_stay_until_they_are_answered_or_put_off() -> None:
    status = some_status()
    for rating in (
        PainJudged(60.0, 7, "stop", "during", asks=True),
        PainJudged(90.0, 2, "stop", "during", stopped=True),
    ):
        status.take(rating)
    page = _running(status)
    shown = page.shown()["condition"]
    assert shown["asks"]
    assert shown["text"].startswith("Pain of 2 now")
    assert "The questions about signs for a doctor are not answered yet." in shown["advice"]
    assert condition(status).words == verdict(status)[1]
    page.ask("questions_later")
    page.update(status)
    shown = page.shown()["condition"]
    assert not shown["asks"] and "questions" not in shown["advice"]
    # a rating that calls for them anew, though it lets her go on, asks again
    status.take(PainJudged(120.0, 2, "go", "during", asks=True))
    page.update(status)
    shown = page.shown()["condition"]
    assert shown["asks"] and "worth a few questions" in shown["text"]
    assert shown["light"] is None  # nobody is waved on over them
    assert page.shown()["cadence"]["suggested"] is None
    answered = FlagsAnswered(150.0, (), cleared=False, stopped=False)
    status.take(answered)
    page.update(status)
    assert not page.shown()["condition"]["asks"]
    facts = [PainJudged(60.0, 7, "stop", "during", asks=True), answered]
    assert not ended_pieces(LiveRun(FactLog(facts)), report=False)["asks"]


def test_questions_that_waited_before_the_run_wait_in_it() -> None:
    plan = CompanionPlan(held=HeldBack(unanswered=True))
    page = _running(dataclasses.replace(some_status(), asked_s=asked_before(plan)))
    shown = page.shown()["condition"]
    assert shown["asks"] and "not answered yet" in shown["text"]
