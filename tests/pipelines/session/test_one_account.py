"""One account of a run: live, replay, ``journal add`` and a file cut anywhere give the same.

A sensor's log of a minute is run live on a virtual clock, with marks and a plan at random; the file
that this wrote is then read in every way there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devices.records import DeviceInfo, Record
from imu.compile_ahead import warm_up
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.indicators import INDICATORS, indicator_named
from imu.drift.params import DriftParams
from pipelines import live
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.budget import CoachParams
from pipelines.coaching.plan import CompanionPlan, UsualIntensity
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.single_session import LongestSession
from pipelines.coaching.training.warm_up import WarmUpParams
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.simulation import write_simulation
from pipelines.folding import Folded, fold_session
from pipelines.live_controls import LiveControls
from pipelines.quantities import WATCHED
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.continuing import EarlierSession, earlier_session
from pipelines.runner.filing import finished_run
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session
from pipelines.runner.journal.recorded import AddOptions, recorded_run
from pipelines.runner.journal.runs import FinishedRun
from pipelines.session.facts import (
    BaselineGivenUp,
    BaselineKnown,
    CueTold,
    Ended,
    Fact,
    PainJudged,
    UsualRange,
)
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from pipelines.session.marks import LoggedMark
from pipelines.views.report.content import content_of
from pipelines.views.report.judgement import Judgement
from pipelines.views.report.reading import read_recording
from pipelines.written_facts import facts_note
from tests.examples import few
from tests.pipelines.command_line import backstride, quiet
from tests.pipelines.heard import Heard

SENSOR = "ble:00:11:22:33:44:55"
#: Another runner's: nearly all that is run here is a change from it.
OTHERS = Baseline(
    (
        IndicatorBaseline("peak_10hz_bw", 2.0, 0.02),
        IndicatorBaseline("impact_shock_g", 2.0, 0.02),
        IndicatorBaseline("cadence_spm", 150.0, 0.5),
        IndicatorBaseline("lumbar_index", 2.3, 0.05),
    ),
    blocks=40,
)
QUICK = AlertSettings(
    DriftParams(
        skip_s=5.0,
        block_steps=4,
        baseline_blocks=6,
        gates=tuple(replace(one.gate, dwell_blocks=2) for one in INDICATORS),
    ),
    CoachParams(shortest_interval_s=4.0, cues_per_hour=20, derived_wait_s=2.0),
)
MARKS = (
    ("surface", "track"),
    ("surface", "grass"),
    ("shoe", "Blue pair"),
    ("speed", "12 km/h"),
    ("speed", "unknown"),
    ("slope", "2 %"),
    ("distance", "150 m"),
    ("pain", "2 before"),
    ("pain", "5 lower back"),
    ("neutral", ""),
    ("reseat", ""),
    ("pause", ""),
    ("resume", ""),
    ("red_flags", "numbness"),
    ("red_flags", "cleared"),
)
plans = st.none() | st.builds(
    CompanionPlan,
    stopped=st.sampled_from(["", "", "red_flags.stop"]),
    usual=st.sampled_from([None, UsualIntensity(2.6, 165.0)]),
    longest=st.sampled_from([None, LongestSession(), LongestSession(100.0)]),
    intervals=st.sampled_from([None, RunWalkPlan(15.0, 10.0, 2, 5.0)]),
    walk_bends=st.booleans(),
    return_stage=st.sampled_from([None, 2]),
    warm_up=st.just(WarmUpParams(warm_up_s=60.0, patience_s=8.0, shortest_run_s=20.0)),
)


class Log(list[Record]):
    """Records that do not fill the screen when a test fails."""

    def __repr__(self) -> str:
        return f"Log of {len(self)} records"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """What a sensor gave: its introduction, a minute of packets, and a link that was lost."""
    warm_up()
    path = tmp_path_factory.mktemp("log") / "log.mcap"
    query = "minutes=0.9&rate=50&standing_s=4&walk_s=3&speed=3.3&seed=2&disconnect=25s&loss=0.5"
    write_simulation(path, query, quiet)
    records = Log()
    for record in read_session(path).records:
        assert not isinstance(record, LoggedMark)
        records.append(record)
    return records


class Feed:
    """A source that yields a log, and asks for marks before some of its records."""

    def __init__(
        self, log: Sequence[Record], marks: Sequence[tuple[int, str, str]], controls: LiveControls
    ) -> None:
        info, *self._log = log
        assert isinstance(info, DeviceInfo)
        self.info, self._controls = info, controls
        self._marks = sorted(marks, key=lambda item: item[0])
        self._now_ns = 0

    def now_ns(self) -> int:
        return self._now_ns

    async def __aiter__(self) -> AsyncIterator[Record]:
        waiting = list(self._marks)
        for number, record in enumerate(self._log):
            self._now_ns = getattr(record, "arrival_ns", self._now_ns)
            while waiting and waiting[0][0] <= number:
                self._controls.mark(*waiting.pop(0)[1:])
            yield record


def fed(
    log: Sequence[Record], marks: Sequence[tuple[int, str, str]], controls: LiveControls
) -> AbstractContextManager[Any]:
    """Whatever is run live meanwhile gets this log."""

    @asynccontextmanager
    async def opened(_url: str, **_options: object) -> AsyncIterator[Feed]:
        yield Feed(log, marks, controls)

    return patch.object(live, "open_source", opened)


def lived(
    log: Sequence[Record],
    marks: Sequence[tuple[int, str, str]],
    path: Path,
    url: str = SENSOR,
    **options: Any,
) -> live.LiveRun:
    """A live run of the log, recorded."""
    controls = LiveControls()
    path.unlink(missing_ok=True)
    stated = live.LiveOptions(axes="auto", settings=QUICK, record=path, **options)
    with fed(log, marks, controls):
        return asyncio.run(live.run_live(url, stated, Heard(), controls=controls))


def as_text(facts: Sequence[Fact]) -> list[bytes]:
    return [to_json(fact) for fact in facts]


def refolded(path: Path) -> Folded:
    session = read_session(path)
    return fold_session(session, session.header, quiet)


def added(path: Path, journal: Journal) -> FinishedRun:
    return recorded_run(path, AddOptions(), journal).run


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with Journal(tmp_path_factory.mktemp("journal") / "journal.sqlite3") as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@settings(
    max_examples=few(5),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    marks=st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(MARKS)).map(lambda x: (x[0], *x[1])),
        max_size=10,
    ),
    plan=plans,
    baseline=st.sampled_from([None, OTHERS]),
    cut=st.floats(0.1, 0.999),
)
def test_every_way_to_read_a_run_gives_the_same(
    log: Log,
    journal: Journal,
    folder: Path,
    marks: list[tuple[int, str, str]],
    plan: CompanionPlan | None,
    baseline: Baseline | None,
    cut: float,
) -> None:
    path = folder / "run.mcap"
    run = lived(log, marks, path, companion=plan, baseline=baseline)
    assert run.result is not None
    assert run.summary is not None

    # what was written, and what the log gives again
    session = read_session(path)
    told = as_text(list(run.facts))
    assert as_text(session.facts) == told
    again = refolded(path)
    assert as_text(again.facts) == told
    assert facts_note(session, again.header, again.facts, again.before_end) == ""

    # summary, cues and alerts of a replay; the entry of ``journal add``
    replayed = replay(path, ReplayOptions(), quiet)
    assert replayed.summary.to_json().replace(str(path), SENSOR) == run.summary.to_json()
    assert replayed.result.cues == run.result.cues
    assert list(replayed.alerts) == run.alerts
    assert added(path, journal) == finished_run(run.result, recording=path)

    # killed at any byte: what came before is as it was
    part = folder / "part.mcap"
    content = path.read_bytes()
    part.write_bytes(content[: int(cut * len(content))])
    torn = read_session(part)
    if not any(isinstance(record, DeviceInfo) for record in torn.records):
        return
    left = fold_session(torn, torn.header, quiet)
    before = as_text(left.facts[: left.before_end])
    assert before == told[: len(before)]
    assert facts_note(torn, left.header, left.facts, left.before_end) == ""
    assert as_text(refolded(part).facts) == as_text(left.facts)
    assert isinstance(added(part, journal), FinishedRun)

    # and gone on from: the second file alone gives what its run gave
    if not len(left.result.steps):
        return
    earlier = EarlierSession(
        part,
        torn.header,
        left.info,
        left.fold.carried,
        left.fold.elapsed_s,
        left.result.surface,
        left.result.shoe,
    )
    second = folder / "second.mcap"
    rest = [log[0], *log[len(torn.records) :]]
    went_on = lived(rest, [], second, companion=plan, earlier=earlier)
    assert went_on.result is not None
    assert as_text(refolded(second).facts) == as_text(list(went_on.facts))
    assert added(second, journal) == finished_run(went_on.result, recording=second)


# ------------------------------------------------------------------------------ what was once wrong


def test_pain_warm_up_and_distance_are_filed_alike(
    log: Log, journal: Journal, folder: Path
) -> None:
    path = folder / "alike.mcap"
    marks = [
        (0, "speed", "12 km/h"),
        (3, "pain", "2"),
        (200, "pain", "5 lower back"),
        (300, "speed", "9 km/h"),
    ]
    plan = CompanionPlan(usual=UsualIntensity(2.6, 165.0))
    run = lived(log, marks, path, companion=plan, url="sim:?minutes=1")
    assert run.result is not None
    filed = finished_run(run.result, recording=path)
    again = added(path, journal)
    assert again == filed
    assert again.session is not None
    assert [(pain.level, pain.when) for pain in again.pains] == [(2, "before"), (5, "during")]
    assert again.session.warm_up_s is not None
    assert again.session.before_warm_up_m is not None
    assert again.session.distance_m is not None
    assert again.session.distance_m > 100.0


def test_the_baseline_that_a_run_refuses_its_recording_does_not_hand_on(
    log: Log, journal: Journal, folder: Path
) -> None:
    kept: dict[bool, FinishedRun] = {}
    for neutral_is_old in (False, True):
        path = folder / f"old-{neutral_is_old}.mcap"
        header = SessionHeader(
            1_800_000_000 * 10**9,
            SENSOR,
            axes="auto",
            settings=QUICK,
            neutral_is_old=neutral_is_old,
        )
        with SessionWriter(path, header) as writer:
            for record in log:
                writer.write_record(record)
        kept[neutral_is_old] = added(path, journal)
    assert kept[False].baseline is not None
    assert kept[True].baseline is None


def test_a_shoe_that_was_named_before_the_run_is_added_with_its_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    path = tmp_path / "a.mcap"
    url = "sim:?minutes=0.3&rate=50&standing_s=1&time_scale=0"
    assert backstride("live", url, "--shoe", "Blue pair", "--record", path).exit_code == 0
    ended = backstride("journal", "add", path)
    assert ended.exit_code == 0, ended.err
    assert "Blue pair" in backstride("journal", "shoe").out


def test_a_simulated_run_is_accompanied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    path = tmp_path / "a.mcap"
    url = "sim:?minutes=0.3&rate=50&standing_s=1&time_scale=0"
    ended = backstride("live", url, "--record", path)
    assert "No distance of the last 30 days to go by" in ended.out
    assert read_session(path).header.plan is not None
    assert [cue.text_id for cue in replay(path, ReplayOptions(), quiet).result.cues] == [
        "session.no_history"
    ]


def judged(facts: Sequence[Fact]) -> list[object]:
    """Baselines in order: where each is from, what ended it, and its ranges then."""
    watched = {quantity.indicator for quantity in WATCHED}
    found: list[object] = []
    for fact in facts:
        if isinstance(fact, BaselineKnown):
            found.append(fact.origin)
        elif isinstance(fact, BaselineGivenUp | Ended):
            why = fact.reason if isinstance(fact, BaselineGivenUp) else "end"
            kept = {one.indicator: ends(one) for one in fact.ranges if one.indicator in watched}
            found.append((why, fact.time_s, fact.baseline, kept))
    return found


def ends(usual: UsualRange) -> tuple[float, float, float]:
    """Baseline, and the ends of the usual range in its unit."""
    relative = indicator_named(usual.indicator).relative
    half = usual.baseline * usual.gate / 100.0 if relative else usual.gate
    return usual.baseline, usual.baseline - half, usual.baseline + half


def reported(judgement: Judgement, end_s: float) -> list[object]:
    """The same as the report has it."""
    found: list[object] = []
    reasons = [*(stretch.reason for stretch in judgement.stretches[1:]), "end"]
    for stretch, why in zip(judgement.stretches, reasons, strict=True):
        if stretch.origin is not None:
            found.append(stretch.origin)
        bands = {q.indicator: stretch.bands.get(q.column) for q in WATCHED}
        gates = {name: (band.baseline, band.low, band.high) for name, band in bands.items() if band}
        found.append((why, min(stretch.end_s, end_s), stretch.baseline, gates))
    return found


def test_the_report_judges_as_the_run_did(log: Log, folder: Path) -> None:
    """As written, as found again, and of a file that was cut: stretches, ranges and changes."""
    path = folder / "judged.mcap"
    marks = [(500, "surface", "track"), (600, "reseat", ""), (700, "speed", "12 km/h")]
    for baseline, origins in ((None, ["learned"]), (OTHERS, ["given"])):
        run = lived(log, marks, path, baseline=baseline)
        assert run.result is not None
        expected = judged(list(run.facts))
        assert [each for each in expected if isinstance(each, str)][:1] == origins
        assert "moved" in [each[0] for each in expected if isinstance(each, tuple)]
        written = read_recording(path, ReplayOptions(), quiet)
        again = read_recording(path, ReplayOptions(), quiet, fresh=True)
        assert (written.recomputed, again.recomputed) == (False, True)
        for recording in (written, again):
            assert as_text(recording.facts) == as_text(list(run.facts))
            content = content_of(recording)
            assert reported(content.judgement, run.facts.others[-1].time_s) == expected
            assert content.recording.result.changes == run.result.changes
            shown = [each.told_s for each in content.episodes if each.told_s is not None]
            told = [alert.time_s for alert in run.alerts if alert.severity == "raised"]
            assert sorted(shown) == told
    assert told
    # without its end the facts are found again, as far as it goes
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    torn = read_recording(path, ReplayOptions(), quiet)
    assert torn.recomputed
    changes = content_of(torn).recording.result.changes
    assert run.result is not None
    assert changes == run.result.changes[: len(changes)]


def test_a_run_computed_anew_keeps_what_people_wrote(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    path = tmp_path / "run.mcap"
    lived(log, [(0, "surface", "track"), (200, "pain", "5")], path)
    stated = ("--distance", "3 km", "--note", "windy")
    assert backstride("journal", "add", path, *stated).exit_code == 0
    with Journal() as journal:
        (first,) = journal.entries(Session)
        journal.add(Pain(first.utc_start_ns + 10**12, 3, "after", first.identifier))
        # as an earlier version might have it
        journal.replace(replace(first, steps=1, distance_m=7.0, means={}, surface=""))
    refused = backstride("journal", "add", path)
    assert refused.exit_code == 1
    assert "as run 1; to compute it anew from its recording, add --again" in refused.err
    assert backstride("journal", "add", path, "--again").exit_code == 0
    with Journal() as journal:
        assert journal.entries(Session) == [first]
        assert sorted(pain.level for pain in journal.entries(Pain)) == [3, 5]
    # what is stated now goes before what was
    assert backstride("journal", "add", path, "--again", "--distance", "4 km").exit_code == 0
    with Journal() as journal:
        (again,) = journal.entries(Session)
    assert (again.distance_m, again.note, again.surface) == (4000.0, "windy", "track")


def told(run: live.LiveRun) -> list[str]:
    return [fact.text_id for fact in run.facts if isinstance(fact, CueTold)]


def test_a_run_that_goes_on_is_accompanied_as_one_run(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    half, path = len(log) // 2, tmp_path / "first.mcap"
    plan = CompanionPlan(
        usual=UsualIntensity(1.5, 120.0),
        longest=LongestSession(60.0),
        warm_up=WarmUpParams(warm_up_s=60.0, patience_s=8.0),
    )
    first = lived(log[:half], [(0, "speed", "12 km/h"), (3, "pain", "2")], path, companion=plan)
    before = {"warm_up.ease", "session.longest_distance", "session.beyond_distance"}
    assert before.intersection(told(first)) == before - {"session.longest_distance"}

    # neither to ease off nor the longest run is told again, and pain has risen within the run
    rest = Log([log[0], *log[half:]])
    later = [(0, "speed", "12 km/h"), (len(rest) - 50, "pain", "4")]
    earlier = earlier_session(path, time.time_ns(), quiet)
    second = lived(rest, later, tmp_path / "second.mcap", companion=plan, earlier=earlier)
    assert not before.intersection(told(second))
    [judged] = [fact for fact in second.facts if isinstance(fact, PainJudged)]
    assert (judged.light, judged.rising) == ("stop", True)

    # the journal knows of what was run before, and felt in it, even where no sensor answers now
    refused = backstride("live", "serial:/dev/none", "--continue", path, "--no-record")
    assert refused.exit_code == 1
    assert "What you ran before is in your journal: run 1: " in refused.out
    with fed(rest, [], LiveControls()):
        ended = backstride("live", SENSOR, "--continue", path, "--no-record")
    assert ended.exit_code == 0, ended.err
    assert "What you ran before" not in ended.out  # it is there already
    assert backstride("journal", "list").out.count("run ") == 2
    assert "pain 2 before" in backstride("journal", "list").out
    # which is no earlier run that this one is longer than
    assert "longest run" not in ended.out
