"""Pain marked in a run is judged at once: in words, on the screen, and alike in replay."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console

from devices.simulator.virtual_clock import VirtualClock
from imu.compile_ahead import warm_up
from pipelines.coaching.alert import Alert
from pipelines.coaching.plan import CompanionPlan, HeldBack
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.traffic_light import Rated, judge_pain
from pipelines.files.session_reader import read_session
from pipelines.folding import fold_session
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.live_controls import LiveControls
from pipelines.session.facts import CueTold, FlagsAnswered, PainJudged
from pipelines.session.json_form import to_json
from pipelines.session.live_status import LiveStatus
from pipelines.views.terminal.view import TerminalView
from pipelines.views.terminal.wording import condition, verdict
from tests.pipelines.command_line import quiet
from tests.pipelines.heard import Heard

URL = "sim:?standing_s=4&walk_s=2&speed=3&rate=50&time_scale=0&seed=3"
PLAN = CompanionPlan(intervals=RunWalkPlan(20.0, 20.0, 10, warm_up_s=0.0))


class Runner(Heard):
    """Marks what is asked of it at its times, and keeps the one sentence of the screen."""

    def __init__(self, controls: LiveControls, marks: dict[float, tuple[str, str]]) -> None:
        super().__init__()
        self._controls, self._marks = controls, marks
        self.sentences: dict[int, str] = {}

    def update(self, status: LiveStatus) -> None:
        for time_s in [time_s for time_s in self._marks if status.elapsed_s >= time_s]:
            self._controls.mark(*self._marks.pop(time_s))
        self.sentences[round(status.elapsed_s)] = condition(status).words
        assert (
            condition(status).words == verdict(status)[1]
            or status.pain is None
            or (status.pain.light == "go")
        )


def ran(
    folder: Path,
    marks: dict[float, tuple[str, str]],
    plan: CompanionPlan = PLAN,
    minutes: float = 2.5,
) -> tuple[LiveRun, str, Runner]:
    controls, screen = LiveControls(), io.StringIO()
    runner = Runner(controls, dict(marks))
    options = LiveOptions(record=folder / "run.mcap", companion=plan)

    async def watch() -> LiveRun:
        with TerminalView(Console(file=screen, width=400), interactive=False) as view:

            class Both:
                def update(self, status: LiveStatus) -> None:
                    runner.update(status)
                    view.update(status)

                def note(self, text: str) -> None:
                    view.note(text)

                def alert(self, alert: Alert) -> None:
                    view.alert(alert)

            return await run_live(
                f"{URL}&minutes={minutes}",
                options,
                Both(),
                controls=controls,
                clock=VirtualClock(),
            )

    warm_up()
    return asyncio.run(watch()), screen.getvalue(), runner


def instructions(run: LiveRun, after_s: float, before_s: float) -> list[str]:
    return [
        fact.text_id
        for fact in run.facts
        if isinstance(fact, CueTold) and after_s < fact.time_s < before_s
    ]


def test_the_light_is_told_at_once_and_training_is_silent_until_it_is_green(
    tmp_path: Path,
) -> None:
    marks = {30.0: ("pain", "4"), 90.0: ("pain", "3"), 150.0: ("pain", "6")}
    run, shown, runner = ran(tmp_path, marks, minutes=4)
    lights = [fact for fact in run.facts if isinstance(fact, PainJudged)]
    assert [(fact.light, fact.moment) for fact in lights] == [
        ("change", "during"),
        ("go", "during"),
        ("stop", "during"),
    ]
    assert "Pain of 4: change something now. Slow down or walk for two minutes" in shown
    assert "Pain of 6: stop this run. Slow to a walk now, and walk gently" in shown
    assert "worth a few questions about signs" in shown
    assert runner.sentences[60].startswith("Pain of 4: change something now.")
    assert "Everything is" not in runner.sentences[200]
    assert instructions(run, 31, 89) == instructions(run, 151, 240) == []
    assert set(instructions(run, -1, 29)) == {"intervals.run", "intervals.walk"}
    assert set(instructions(run, 91, 149)) >= {"intervals.run", "intervals.walk"}
    # the log gives the same again
    session = read_session(tmp_path / "run.mcap")
    again = fold_session(session, session.header, quiet)
    assert [to_json(fact) for fact in lights] == [
        to_json(fact) for fact in again.facts if isinstance(fact, PainJudged)
    ]


def test_pain_that_rises_within_the_run_stops_it(tmp_path: Path) -> None:
    run, shown, _ = ran(tmp_path, {20.0: ("pain", "1"), 60.0: ("pain", "3")})
    assert "Pain has risen to 3 within this run: stop this run." in shown
    assert run.result is not None
    assert run.result.stopped


def test_what_is_unanswered_keeps_training_silent_until_it_is_answered(tmp_path: Path) -> None:
    plan = CompanionPlan(
        intervals=PLAN.intervals, held=HeldBack(7, "20 hours ago", unanswered=True)
    )
    marks = {40.0: ("pain", "2"), 100.0: ("red_flags", "none")}
    run, shown, _ = ran(tmp_path, marks, plan)
    assert (
        "You rated your pain 7, 20 hours ago: walk, or leave the run for another day. No" in shown
    )
    assert instructions(run, 1, 99) == []
    assert "intervals.run" in instructions(run, 101, 240)


def test_what_ended_the_run_once_is_not_taken_back_by_a_lower_rating(tmp_path: Path) -> None:
    run, shown, runner = ran(tmp_path, {30.0: ("pain", "7"), 90.0: ("pain", "2")})
    assert [fact.light for fact in run.facts if isinstance(fact, PainJudged)] == ["stop", "stop"]
    assert "Pain of 2 now: it was more in this run, so leave it at walking today." in shown
    assert runner.sentences[120].startswith("Pain of 2 now: it was more in this run")
    assert instructions(run, 91, 240) == []


def test_no_rating_lets_a_runner_go_on_while_a_sign_for_a_doctor_stands(tmp_path: Path) -> None:
    run, shown, runner = ran(tmp_path, {30.0: ("red_flags", "sciatica"), 90.0: ("pain", "2")})
    (judged,) = [fact for fact in run.facts if isinstance(fact, PainJudged)]
    assert (judged.light, judged.warned) == ("stop", True)
    assert "you may go on" not in shown
    assert runner.sentences[120].startswith("Do not run on, because pain shoots below the knee")


def test_pain_below_the_knee_ends_the_run_in_its_own_words(tmp_path: Path) -> None:
    run, shown, _ = ran(tmp_path, {50.0: ("red_flags", "sciatica")})
    assert "Do not run on, because pain shoots below the knee" in shown
    (answer,) = [fact for fact in run.facts if isinstance(fact, FlagsAnswered)]
    assert (answer.stopped, answer.eased) == (False, True)
    assert instructions(run, 52, 240) == []


@pytest.mark.parametrize(
    ("level", "earlier", "light"),
    [
        (0, [], "go"),
        (3, [3], "go"),
        (3, [2], "go"),
        (2, [0], "stop"),
        (4, [], "change"),
        (4, [4], "change"),
        (4, [5], "change"),
        (5, [4], "stop"),
        (6, [], "stop"),
        (10, [10], "stop"),
    ],
)
def test_levels_and_rises(level: int, earlier: list[int], light: str) -> None:
    assert judge_pain(level, [Rated(one) for one in earlier]).light == light


def test_pain_before_and_after_a_run_has_words_of_its_own() -> None:
    assert "leave the run for another day" in judge_pain(7, moment="before").cue.message
    assert "no run until it is 3 or less" in judge_pain(8, moment="after").cue.message
    assert judge_pain(3, [Rated(0)], "after").light == "go"  # within a run alone it rises
