"""A live run in the lab streaming layer, heard by real inlets on this machine."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from devices.records import DeviceInfo
from imu.samples import Samples
from imu.steps import STEP_COLUMNS
from pipelines import lab_streaming
from pipelines.coaching.alert import Alert
from pipelines.live import LiveOptions, run_live
from pipelines.live_controls import LiveControls
from pipelines.session.facts import AlertTold, Ended
from pipelines.session.live_status import LiveStatus
from tests.pipelines.command_line import backstride

#: Outlets of a test are for this machine alone.
ALONE = """
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
MachineAddresses = {127.0.0.1}
ListenAddress = 127.0.0.1
[log]
level = -3
"""
#: Far longer than a connection within this machine takes, s.
HANG_S = 30.0
STREAMS = ("samples", "steps", "alerts", "marks")


@pytest.fixture(scope="module")
def lsl() -> Any:
    try:
        import pylsl
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"pylsl of the extra lab, with its library, is not here: {error}")
    pylsl.set_config_content(ALONE)  # before anything else is asked of it
    return lab_streaming.load_lsl()


@pytest.fixture
def outlets(lsl: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Those that are made, so that a test can wait until somebody listens."""
    made: list[Any] = []
    opened = lsl.StreamOutlet

    def kept(info: Any) -> Any:
        made.append(opened(info))
        return made[-1]

    monkeypatch.setattr(lsl, "StreamOutlet", kept)
    return made


@dataclass
class Laboratory:
    """A view that connects inlets once the outlets are there, and empties them at the end."""

    lsl: Any
    outlets: list[Any]
    controls: LiveControls
    inlets: dict[str, Any] = field(default_factory=dict)
    heard: dict[str, tuple[list[Any], list[float]]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    began_s: float = 0.0

    def update(self, status: LiveStatus) -> None:
        if not self.inlets:
            self.connect()
            self.controls.mark("surface", "track")
        if status.link == "ended" and not self.heard:
            for name, inlet in self.inlets.items():
                self.heard[name] = pulled(inlet, at_least=0 if name == "alerts" else 1)

    def note(self, text: str) -> None: ...
    def alert(self, alert: Alert) -> None: ...

    def connect(self) -> None:
        for name in STREAMS:
            (found,) = self.lsl.resolve_byprop("name", f"Backstride {name}", 1, HANG_S)
            inlet = self.lsl.StreamInlet(found, 600)
            inlet.open_stream(HANG_S)
            self.about[name] = inlet.info(HANG_S)
            self.inlets[name] = inlet
        assert all(outlet.wait_for_consumers(HANG_S) for outlet in self.outlets)
        self.began_s = self.lsl.local_clock()


def pulled(inlet: Any, at_least: int) -> tuple[list[Any], list[float]]:
    """All that comes, until nothing has come for a while."""
    values: list[Any] = []
    stamps: list[float] = []
    began = quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 0.5 or (
        len(values) < at_least and time.monotonic() - began < HANG_S
    ):
        more, when = inlet.pull_chunk(timeout=0.1, max_samples=4096)
        if len(when):
            values += list(more)
            stamps += list(when)
            quiet_since = time.monotonic()
    return values, stamps


def labels(info: Any) -> list[str]:
    channel = info.desc().child("channels").child("channel")
    names = []
    while not channel.empty():
        names.append(channel.child_value("label"))
        channel = channel.next_sibling("channel")
    return names


def test_a_run_is_heard_whole_on_the_clock_of_the_sensor(lsl: Any, outlets: list[Any]) -> None:
    controls = LiveControls()
    laboratory = Laboratory(lsl, outlets, controls)
    url = "sim:?minutes=0.3&standing_s=1&rate=100&seed=2&time_scale=0"
    run = asyncio.run(run_live(url, LiveOptions(lsl=True), laboratory, controls=controls))
    assert run.result is not None
    steps = run.result.steps

    assert labels(laboratory.about["samples"])[:4] == [
        "acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2", "gyr_x_rad_s",
    ]  # fmt: skip
    assert laboratory.about["samples"].nominal_srate() == 100.0
    readings, when = laboratory.heard["samples"]
    assert len(readings) == round(100 * run.result.duration_s) + 1
    # one clock, which is the sensor's: its interval, from the moment they came
    assert np.ptp(np.diff(when)) < 1e-4
    assert np.mean(np.diff(when)) == pytest.approx(0.01, rel=1e-3)
    # of a run that is as fast as it goes, the first seconds come at once
    assert -4.0 < when[0] - laboratory.began_s < HANG_S
    assert np.median(np.linalg.norm(np.array(readings)[:100, :3], axis=1)) == pytest.approx(
        9.8, abs=0.3
    )

    rows, contacts = laboratory.heard["steps"]
    names = labels(laboratory.about["steps"])
    assert len(names) == len(STEP_COLUMNS)
    assert len(rows) == len(steps) > 40
    column = np.array(rows)[:, names.index("contact_time_ms")]
    np.testing.assert_array_equal(column, steps.contact_time_ms)
    # a step stands at its contact, on the clock of the samples
    np.testing.assert_allclose(
        np.array(contacts) - when[0], steps.initial_contact_s, rtol=0, atol=1e-6
    )

    marks, _ = laboratory.heard["marks"]
    assert [json.loads(mark[0]) for mark in marks] == [{"kind": "surface", "name": "track"}]
    assert laboratory.heard["alerts"] == ([], [])


def test_an_alert_is_heard_as_its_file_has_it(lsl: Any, outlets: list[Any]) -> None:
    streams = lab_streaming.LabStreams(DeviceInfo("clip", "", 100.0, 156.9, 0.0))
    (found,) = lsl.resolve_byprop("name", "Backstride alerts", 1, HANG_S)
    inlet = lsl.StreamInlet(found)
    inlet.open_stream(HANG_S)
    assert outlets[2].wait_for_consumers(HANG_S)
    alert = Alert(900.0, "cadence_spm", "down", 160.0, 170.0, -5.9, 3.0, "raised", "Cadence …")
    streams.take(None, None, [AlertTold(900.0, alert), Ended(901.0, 901.0)])
    heard, _ = pulled(inlet, at_least=1)
    assert [json.loads(one[0]) for one in heard] == [alert.record()]


def test_the_samples_that_come_soonest_tell_the_clock(
    lsl: Any, outlets: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = lab_streaming.LabStreams(DeviceInfo("fob", "", 10.0, 156.9, 0.0))
    (found,) = lsl.resolve_byprop("source_id", "backstride fob samples", 1, HANG_S)
    inlet = lsl.StreamInlet(found)
    inlet.open_stream(HANG_S)
    assert outlets[0].wait_for_consumers(HANG_S)
    now_s = lsl.local_clock()
    # the first two seconds come together, at their end; then each tenth of a second 20 ms late
    arrivals = [2.0] * 20 + [0.1 * k + 0.12 for k in range(20, 40)]
    for k, came_s in enumerate(arrivals):
        monkeypatch.setattr(lsl, "local_clock", lambda came_s=came_s: now_s + came_s)
        block = Samples([0.1 * (k + 1)], [[0.0, 0.0, 9.81]])
        streams.take(None, block, [])
    values, stamps = pulled(inlet, at_least=40)
    assert len(values) == 40
    late_s = np.array(stamps) - now_s - 0.1 * np.arange(1, 41)
    np.testing.assert_allclose(late_s, 0.0, atol=0.021)
    assert np.ptp(late_s) < 1e-9


def test_without_the_library_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    shown = backstride("live", "sim:?minutes=0.1&time_scale=0", "--lsl", "--no-record")
    assert shown.exit_code != 0
    assert "--lsl needs pylsl: install backstride with the extra 'lab'." in shown.err
