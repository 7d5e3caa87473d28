"""Every fault shows in a session, and does not where it is switched off or its handling is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from bleak.exc import BleakError

import devices.ble
import devices.receiver
import pipelines.session.engine
from devices.protocols.backstride import data_bytes, decode_data
from devices.protocols.cobs import Deframer
from devices.protocols.polar import Reply, decode_reply
from devices.sensor_source import SensorSource
from devices.sequence import account
from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.plan import Fault, FaultPlan, plan_to_toml, read_plan
from imu.analyzer import StepAnalyzer
from imu.chain.intake import IntakeParams
from imu.errors import DeviceLost, ParameterError
from imu.samples import Quality
from imu.steps import Steps
from pipelines.bench.faults.drawing import SENSORS, drawn_fault, drawn_plan, kinds_of
from pipelines.bench.faults.judging import UNTOLD, judge
from pipelines.bench.faults.session import run_plan
from tests.pipelines.command_line import backstride, one_sentence

PLAIN, BY_RADIO, BY_CABLE, MOVESENSE, POLAR, WITMOTION, WIRED, SHIMMER = SENSORS


#: Of plans that more than one test begins with: nothing of the code is replaced meanwhile.
judged = cache(judge)


def plan_of(kind: str, sensor: str) -> FaultPlan:
    return FaultPlan(faults=(drawn_fault(kind, sensor, Random(1)),), sensor=sensor)


#: Of those that are told from some size on alone.
STRONG: dict[str, Fault] = {
    "bias_g": Fault("bias_g", 9.0, 8.0, 0.7, "flagged"),
    "gyro_bias_deg_s": Fault("gyro_bias_deg_s", 9.0, 3.0, 60.0, "flagged"),
    "stuck_axis": Fault("stuck_axis", 9.0, 3.0, 4.0, "flagged"),
    "temperature_c": Fault("temperature_c", 9.0, 10.0, 60.0, "flagged"),
    "clip_slip_deg": Fault("clip_slip_deg", 9.0, None, 35.0, "flagged"),
    "mtu": Fault("mtu", size=23),
}


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_each_fault_shows_and_does_not_where_it_is_switched_off(kind: str) -> None:
    fitting = [each for each in (BY_RADIO, BY_CABLE, MOVESENSE) if kind in kinds_of(each)]
    plan = plan_of(kind, fitting[0])
    there, gone = judged(plan), judge(plan, without=kind)
    assert there.holds, there.words
    assert not gone.findings[0].holds
    assert not gone.wrong_steps


@pytest.mark.slow
@pytest.mark.parametrize("sensor", SENSORS)
def test_each_fault_shows_with_each_sensor_over_each_link(sensor: str) -> None:
    for kind in kinds_of(sensor):
        plan = plan_of(kind, sensor)
        there, gone = judge(plan), judge(plan, without=kind)
        assert there.holds, (kind, there.words)
        assert not gone.findings[0].holds, kind


Remove = Callable[[pytest.MonkeyPatch], None]


def counting(patch: pytest.MonkeyPatch) -> None:
    """Each packet is taken for the first."""

    def first_again(_state: object, *given: Any, **more: Any) -> Any:
        return account(None, *given, **more)

    for kind in ("numbered", "stamped"):
        patch.setattr(f"devices.timing.{kind}_timeline.account", first_again)


def coming_back(patch: pytest.MonkeyPatch) -> None:
    """A lost link is lost."""

    async def give_up(_: SensorSource, why: str) -> None:
        raise DeviceLost(f"the link was lost: {why}.", source="the sensor")

    patch.setattr(SensorSource, "_come_back", give_up)


def range_ends(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether a sample is at the end of its range."""
    place = devices.receiver.Receiver._place

    def unflagged(self: devices.receiver.Receiver, reading: Any, arrival_ns: int) -> Any:
        return place(self, reading._replace(quality=None), arrival_ns)

    patch.setattr(devices.receiver.Receiver, "_place", unflagged)
    made = pipelines.session.engine._analyzer

    def unranged(header: Any, info: Any, *given: Any, **more: Any) -> StepAnalyzer:
        wide = IntakeParams()
        endless = replace(
            info,
            acceleration_range_m_s2=wide.acceleration_range_m_s2,
            angular_velocity_range_rad_s=wide.angular_velocity_range_rad_s,
        )
        return made(header, endless, *given, **more)

    patch.setattr(pipelines.session.engine, "_analyzer", unranged)


def battery(patch: pytest.MonkeyPatch) -> None:
    """What is told of the battery is passed over."""
    patch.setattr(devices.receiver, "Battery", type(None))


def sensor_time(patch: pytest.MonkeyPatch) -> None:
    """Samples are placed where they arrive."""
    place = devices.receiver.Receiver._place

    def where_they_arrive(self: devices.receiver.Receiver, reading: Any, arrival_ns: int) -> Any:
        block = place(self, reading, arrival_ns)
        if block is None:
            return None
        before_s = np.arange(1 - len(block), 1) * (0.01 / max(1, len(block)))
        return type(block)(
            arrival_ns * 1e-9 + before_s, block.acceleration_m_s2, block.angular_velocity_rad_s
        )

    patch.setattr(devices.receiver.Receiver, "_place", where_they_arrive)


def sentences(patch: pytest.MonkeyPatch) -> None:
    """What the Bluetooth library says goes on as it is."""
    patch.setattr(devices.ble, "in_words", nullcontext)


def joining(patch: pytest.MonkeyPatch) -> None:
    """Half a frame is forgotten when the next bytes come."""
    push = Deframer.push

    def forgetful(self: Deframer, chunk: bytes) -> list[bytes]:
        vars(self).update(vars(Deframer()))
        return push(self, chunk)

    patch.setattr(Deframer, "push", forgetful)


def doubts(patch: pytest.MonkeyPatch) -> None:
    """Nothing that contradicts itself is doubted, and no slip is seen."""
    doubted = Quality.SENSOR | Quality.NO_GYRO | Quality.SLIP
    take = pipelines.session.engine.SessionFold._take_steps

    def believing(self: Any, steps: Steps, finished: Any) -> None:
        rows = steps.rows.copy()
        rows["quality"] &= ~np.asarray(doubted, rows["quality"].dtype)
        take(self, Steps(rows), finished)

    patch.setattr(pipelines.session.engine.SessionFold, "_take_steps", believing)


def lengths(patch: pytest.MonkeyPatch) -> None:
    """A message is as long as it happens to be: what it holds less of, or more, is made up."""

    def padded(payload: bytes) -> Any:
        n, layout = payload[0] & 31, payload[0] >> 5
        size = data_bytes(n, layout)
        return decode_data(payload[:size].ljust(size, b"\0"))

    patch.setattr("devices.protocols.backstride_decoder.decode_data", padded)


def parts(patch: pytest.MonkeyPatch) -> None:
    """Each message is taken for a whole reply."""

    def alone(_: object, payload: bytes) -> Reply:
        return decode_reply(payload)

    patch.setattr("devices.drivers.polar.ReplyParts.push", alone)


HANDLINGS: list[tuple[str, str, Remove]] = [
    *((kind, BY_RADIO, counting) for kind in ("loss", "nan", "duplicate", "reorder")),
    ("clock_jump_s", BY_RADIO, counting),
    ("reset", BY_CABLE, counting),
    *((kind, BY_RADIO, coming_back) for kind in ("disconnect", "blackout", "reset")),
    ("saturate", BY_RADIO, range_ends),
    ("battery_percent", BY_RADIO, battery),
    ("split", BY_CABLE, joining),
    *((kind, BY_RADIO, sensor_time) for kind in ("jitter_ms", "interval_ms", "retransmit")),
    *((kind, BY_RADIO, sentences) for kind in ("att_error", "pairing")),
    *((kind, BY_RADIO, sensor_time) for kind in ("delay_ms", "clock_ppm")),
    *(
        (kind, BY_RADIO, doubts)
        for kind in ("gyro_dead", "gyro_frozen", *sorted(STRONG))
        if kind != "mtu"
    ),
    *((kind, BY_RADIO, lengths) for kind in ("corrupt", "truncate")),
    ("mtu", POLAR, parts),
]


#: Kinds that nothing handles, by design, and why: none. A new kind needs a row in one of the two.
UNHANDLED: dict[str, str] = {}


def test_each_fault_has_a_handling_that_a_test_removes_or_a_reason_why_not() -> None:
    handled = {kind for kind, _, _ in HANDLINGS}
    assert handled | set(UNHANDLED) == set(FAULT_KINDS)
    assert not handled & set(UNHANDLED)
    assert {name.split("/")[-1] for name in UNTOLD} <= set(FAULT_KINDS)


@pytest.mark.parametrize("sensor", [BY_CABLE, MOVESENSE, WITMOTION, SHIMMER])
def test_a_mistake_in_a_simulated_sensor_ends_its_plan_with_its_reason(
    sensor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("devices.simulator.measured.MeasuredStream.take", take)
    session = run_plan(FaultPlan(sensor=sensor, seed=7))
    assert "failed: RuntimeError('out of memory')" in session.end


def test_each_fault_is_named_where_addresses_are_told() -> None:
    told = (Path(devices.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in FAULT_KINDS if f"`{kind}`" not in told] == []


def test_what_is_known_to_go_wrong_excuses_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = FaultPlan(faults=(STRONG["stuck_axis"],), sensor=BY_RADIO)
    for many, excused in (
        (UNTOLD["stuck_axis"].most, True),
        (UNTOLD["stuck_axis"].most + 1, False),
    ):
        monkeypatch.setattr("pipelines.bench.faults.judging.wrong_steps", lambda *_, n=many: n)
        assert judge(plan).holds is excused


@pytest.mark.parametrize(
    ("kind", "sensor", "remove"),
    HANDLINGS,
    ids=[f"{kind} without {remove.__name__}" for kind, _, remove in HANDLINGS],
)
def test_a_plan_fails_where_the_handling_of_its_fault_is_gone(
    kind: str, sensor: str, remove: Remove, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(kind, sensor)
    if kind in STRONG:
        plan = FaultPlan(faults=(STRONG[kind],), sensor=sensor)
    assert judged(plan).holds  # and the faultless session is kept before anything is removed
    remove(monkeypatch)
    if remove is sentences:
        with pytest.raises(BleakError):
            judge(plan)
        return
    assert not judge(plan).holds


@pytest.mark.parametrize(
    # 848: a cable that damages for a while, then a sensor that starts anew; 0 and 1 are below
    "number",
    [848, *(pytest.param(each, marks=pytest.mark.slow) for each in (2, 8, 17, 150))],
)
def test_plans_drawn_by_chance_hold(number: int) -> None:
    verdict = judged(drawn_plan(number))
    assert verdict.holds, verdict.words


@pytest.mark.parametrize("at_s", [0.02, 0.3])
def test_a_wired_sensor_that_starts_anew_before_its_first_ping_is_started_again(
    at_s: float,
) -> None:
    """Its status and its answers go on coming, and its clock has never been read before."""
    sensor = "protocol=backstride&link=serial&rate=100&minutes=0.1"
    session = run_plan(FaultPlan(faults=(Fault("reset", at_s),), sensor=sensor))
    assert len(session.samples) > 1000


def test_what_came_twice_without_its_border_is_no_restart() -> None:
    """Of a message that is told by the stamp of its first sample alone, that sample is lost."""
    fault = Fault("duplicate", 3.0, size=20.0)
    sensor = "protocol=shimmer3&rate=204.8&minutes=0.1"
    losses = run_plan(FaultPlan(faults=(fault,), sensor=sensor)).arrivals.losses[-1]
    assert losses.duplicated > 200
    assert losses.restarts == losses.filled == losses.lost == 0


def test_the_same_plan_gives_the_same_session() -> None:
    plan = drawn_plan(848)
    assert judge(plan) == judged(plan)


@pytest.mark.slow
def test_a_failing_plan_is_made_small_and_its_file_reproduces_it(tmp_path: Path) -> None:
    sensor = BY_RADIO
    plan = FaultPlan(
        faults=(
            Fault("saturate", 9.31, 2.7, 22.0),
            Fault("loss", 14.72, 3.1, 71.3, "restarted"),  # it will not be
            Fault("battery_percent", 0.0, None, 5.0),
            Fault("disconnect", 20.4),
        ),
        seed=2,
        sensor=sensor,
    )
    (tmp_path / "plan.toml").write_text(plan_to_toml(plan))
    assert backstride("faults", tmp_path / "plan.toml", "--out", tmp_path / "out").exit_code == 1
    path = tmp_path / "out" / "plan_small.toml"
    small = read_plan(path)
    (fault,) = small.faults
    assert (fault.kind, fault.onset_s, fault.size) == ("loss", 15.0, None)
    ended = backstride("faults", path)
    assert ended.exit_code == 1
    assert "loss from 15 to 18 s, lost in the sensor's queue, in runs (10 percent of messages)" in (
        ended.out
    )
    assert "NOT SHOWN that a restart of the sensor is counted." in ended.out


def test_a_plan_of_a_file_is_judged_in_words(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plan_to_toml(FaultPlan(faults=(Fault("pairing"),), sensor=BY_RADIO)))
    ended = backstride("faults", path, "--seed", 3)
    assert ended.exit_code == 0, ended.err
    assert "seed=3" in ended.out
    assert "pairing from 0 s on, everything is refused until the computer has paired: shown, " in (
        ended.out
    )
    assert "asks for pairing" in ended.out


def test_drawn_plans_are_counted(tmp_path: Path) -> None:
    ended = backstride("faults", "--count", 2, "--out", tmp_path)
    assert (ended.exit_code, ended.out) == (0, "2 fault plans: 0 failed\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[fault]]\nkind = "lost"\n', "lost"),
        ('[[fault]]\nkind = "loss"\nsize = 200.0\n', "from 0 to 100 percent"),
        ('[[fault]]\nkind = "reset"\nwhen = 3\n', "when"),
        ('[[fault]]\nkind = "reset"\n' * 5, "at most 4"),
        ('sensor = "protocol=shimmer3"\n[[fault]]\nkind = "mtu"\n', "serial line has none"),
        ("seed = \n", "TOML"),
        ('[[fault]]\nkind = "reset"\nonset_s = 1200\n', "which ends after 54 s"),
    ],
)
def test_a_plan_that_is_none_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    ended = backstride("faults", path)
    assert ended.exit_code == 2
    assert words in one_sentence(ended)


def test_a_consequence_that_is_none_is_named() -> None:
    with pytest.raises(ParameterError, match="consequence is 'sold out': give one of lost, "):
        Fault("loss", consequence="sold out")  # type: ignore[arg-type]


def test_a_fault_of_which_nothing_shows_needs_a_consequence_of_its_own() -> None:
    silent = FaultPlan(faults=(Fault("clock_ppm"),), sensor=WITMOTION)
    with pytest.raises(ParameterError, match="carry no time"):
        judge(silent)


def test_a_wire_without_numbers_tells_each_loss_from_the_beginning() -> None:
    """Samples of a wired sensor come on time: a pause of whole periods is as many samples."""
    sensor = "protocol=witmotion&link=serial&rate=100&minutes=0.4&standing_s=4"
    verdict = judge(FaultPlan(faults=(Fault("loss", size=3.0),), sensor=sensor))
    assert verdict.holds
    assert not verdict.wrong_steps
