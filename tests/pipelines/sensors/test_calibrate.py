"""Calibrating without hardware: true errors come back, and whatever goes wrong is a sentence."""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from devices.records import DeviceInfo, LinkEvent, Record
from devices.sensor_source import SensorSource
from devices.simulator.device import SimulatedDevice, SimulatedSource
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from devices.simulator.six_faces import ORDER, SixFacesRun
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import virtual_connector
from devices.source import Source
from devices.timing.program_clock import ScaledClock, SystemClock
from imu.calibration import Calibration
from imu.errors import DeviceError, DeviceLost, InputError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps
from pipelines.files.session_reader import read_session
from pipelines.files.stored import Store
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.desk.run import run_desk
from pipelines.sensors import calibrate as calibrating
from pipelines.sensors.calibrate import (
    Calibrated,
    CalibrateOptions,
    calibrate,
    run_calibration,
    write_to_sensor,
)
from pipelines.sensors.device_store import KnownDevice, sensor_store
from pipelines.views.terminal.calibration_guide import CalibrationGuide
from pipelines.views.terminal.view import TerminalView
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, one_sentence, quiet
from tests.warm_process import WarmPopen

SIX = "sim:?motion=six_faces&time_scale=0"
POSIX = sys.platform != "win32"


pytestmark = pytest.mark.usefixtures("home")


def files(home: Path) -> list[Path]:
    return sorted((home / "devices").glob("*")) if home.exists() else []


def known(home: Path) -> KnownDevice:
    (path,) = files(home)
    device, note, _ = sensor_store(path).load()
    assert note == ""
    assert device is not None
    return device


def require_true_errors(device: KnownDevice, scenario: Scenario) -> None:
    """Within 0.5 mg, 0.1 % and 0.02 °/s of what the simulated sensor has."""
    found, true = device.calibration, SensorModel(scenario)
    assert found is not None
    off_mg = np.subtract(found.acceleration_bias_m_s2, true.acceleration_bias_m_s2)
    assert np.abs(off_mg).max() * 1000 / STANDARD_GRAVITY_M_S2 < 0.5
    off_deg_s = np.degrees(
        np.subtract(found.angular_velocity_bias_rad_s, true.angular_velocity_bias_rad_s)
    )
    assert np.abs(off_deg_s).max() < 0.02
    scale = np.linalg.norm(true.acceleration_gain, axis=1)
    np.testing.assert_allclose(np.diag(found.acceleration_matrix) * scale, 1.0, atol=1e-3)


# --- what is promised -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "scenario"),
    [
        ("seed=1", Scenario(seed=1)),
        ("seed=4&mount_pitch=20&loss=1&jitter_ms=30", Scenario(seed=4)),
        ("seed=7&protocol=witmotion", Scenario(seed=7)),
        ("seed=2&protocol=backstride", Scenario(seed=2)),
        ("seed=3&protocol=movesense", Scenario(seed=3, rate=208.0)),
    ],
)
def test_the_true_errors_are_found_and_stored(keys: str, scenario: Scenario, home: Path) -> None:
    ended = backstride("calibrate", f"{SIX}&{keys}")
    assert (ended.exit_code, ended.err) == (0, "")
    require_true_errors(known(home), scenario)
    device = known(home)
    assert device.calibrated_utc is not None
    assert device.check_mg is not None
    assert device.check_mg < 2.0
    for words in ("+z up: seen; missing:", "clip the sensor on", "stand upright", "°/s", "mg off"):
        assert words in ended.out
    assert ended.out.count("up: seen") == 6
    assert "\x1b" not in ended.out


def test_the_neutral_is_how_the_clip_sits(home: Path) -> None:
    assert backstride("calibrate", f"{SIX}&mount_pitch=15&axes=-z%2By%2Bx").exit_code == 0
    device = known(home)
    assert device.axes == "-z+y+x"
    assert device.neutral_up is not None
    # 1° of misalignment is the sensor's own
    tilt = math.degrees(math.acos(device.neutral_up[0] / math.hypot(*device.neutral_up)))
    assert tilt == pytest.approx(15.0, abs=1.0)


def test_each_part_may_be_done_alone_and_keeps_the_other(home: Path) -> None:
    ended = backstride("calibrate", f"{SIX}&seed=6", "--sensor-only")
    assert ended.exit_code == 0
    assert "stand upright" not in ended.out
    first = known(home)
    assert (first.neutral_up, first.check_mg) == (None, None)
    ended = backstride("calibrate", "sim:?seed=6&minutes=0.1&time_scale=0", "--neutral-only")
    assert ended.exit_code == 0
    second = known(home)
    assert second.calibration == first.calibration
    assert second.calibrated_utc == first.calibrated_utc
    assert second.neutral_up is not None
    # calibrated readings: standing is 1 g
    assert math.hypot(*second.neutral_up) == pytest.approx(STANDARD_GRAVITY_M_S2, abs=0.01)


def live(url: str, path: Path, devices: Path | None) -> tuple[LiveRun, str]:
    shown = io.StringIO()

    async def watch() -> LiveRun:
        from rich.console import Console

        with TerminalView(Console(file=shown), interactive=False) as view:
            options = LiveOptions(record=path, devices=devices)
            return await run_live(url, options, view, clock=VirtualClock())

    return asyncio.run(watch()), shown.getvalue()


def lean(steps: Steps) -> float:
    return float(np.median(steps.sacral_lean_deg[-30:]))


def test_the_next_session_uses_it_records_it_and_replays_to_the_byte(
    home: Path, tmp_path: Path
) -> None:
    assert backstride("calibrate", f"{SIX}&seed=8&mount_pitch=15").exit_code == 0
    url = "sim:?seed=8&mount_pitch=15&minutes=0.5&time_scale=0"
    run, shown = live(url, tmp_path / "run.mcap", home / "devices")
    assert "the sensor's calibration of 20" in shown
    assert "the standing neutral of 20" in shown
    steps = run.facts.steps
    assert lean(steps) == pytest.approx(Scenario().lean, abs=0.5)
    header = read_session(tmp_path / "run.mcap").header
    assert header.calibration == known(home).calibration
    assert header.neutral_up == known(home).neutral_up
    for path in files(home):
        path.unlink()  # the session has all that it needs
    again = replay(tmp_path / "run.mcap", ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == steps.rows.tobytes()
    # without it, the same sensor reads otherwise
    raw, shown = live(url, tmp_path / "raw.mcap", None)
    assert "calibration" not in shown
    assert lean(raw.facts.steps) > Scenario().lean + 13
    assert read_session(tmp_path / "raw.mcap").header.calibration is None


def test_the_command_takes_it_unless_told_not_to(home: Path, tmp_path: Path) -> None:
    assert backstride("calibrate", f"{SIX}&seed=8").exit_code == 0
    url = "sim:?seed=8&minutes=0.1&time_scale=0"
    for options, used in (((), True), (("--no-calibration",), False)):
        path = tmp_path / f"{used}.mcap"
        ended = backstride("live", url, "--record", path, *options)
        assert ended.exit_code == 0, ended.err
        assert (read_session(path).header.calibration is not None) == used


def test_axes_that_contradict_the_recorded_neutral_are_refused_in_a_replay(
    home: Path, tmp_path: Path
) -> None:
    assert backstride("calibrate", f"{SIX}&seed=8").exit_code == 0
    path = tmp_path / "run.mcap"
    live("sim:?seed=8&minutes=0.1&time_scale=0", path, home / "devices")
    sentence = one_sentence(backstride("replay", path, "--axes=-z+y+x"))
    assert sentence.startswith("axes is '-z+y+x'")
    assert backstride("replay", path, "--axes=auto").exit_code == 0


def test_a_calibration_is_written_to_a_sensor_that_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connector = virtual_connector(Scenario(protocol="backstride", minutes=1))
    monkeypatch.setattr(calibrating, "open_connector", lambda _url: connector)
    known = Calibration((0.1, -0.2, 0.3), ((1.01, 0, 0), (0, 0.99, 0), (0, 0, 1)), (0.01, 0, -0.02))

    async def there_and_back() -> DeviceInfo:
        await write_to_sensor("sim:?protocol=backstride", known)
        async with SensorSource(connector) as source:
            return source.info

    kept = asyncio.run(there_and_back()).calibration
    assert kept is not None
    for name in ("acceleration_bias_m_s2", "acceleration_matrix", "angular_velocity_bias_rad_s"):
        np.testing.assert_allclose(getattr(kept, name), getattr(known, name), rtol=1e-6)


# --- what goes wrong ------------------------------------------------------------------------------


class Watched:
    """Keeps every status."""

    def __init__(self) -> None:
        self.hints: set[str] = set()

    def update(self, status: calibrating.CalibrationStatus) -> None:
        self.hints.add(status.hint)


def calibrated(
    run: SixFacesRun | SimulatedRun, home: Path, view: Watched | None = None, **options: object
) -> Calibrated:
    async def through() -> Calibrated:
        async with SimulatedSource(run) as source:
            chosen = CalibrateOptions(**options)  # type: ignore[arg-type]
            return await calibrate(source, "sim:", chosen, view or Watched(), home / "devices")

    return asyncio.run(through())


def six(**keys: object) -> Scenario:
    return Scenario(motion="six_faces", time_scale=0.0, **keys)  # type: ignore[arg-type]


def test_a_sensor_that_moves_all_the_time_makes_nothing(home: Path) -> None:
    url = "sim:?minutes=0.3&standing_s=0&time_scale=0"
    ended = backstride("calibrate", url, "--time-limit", 15)
    assert ended.exit_code == 1
    assert ended.err.count("\n") == 1
    assert "0 of 6 faces were seen, with +x -x +y -y +z -z up still missing" in ended.err
    assert files(home) == []


@pytest.mark.parametrize("missing", ORDER)
def test_a_face_that_is_missing_is_named(missing: str, home: Path) -> None:
    faces = [face for face in ORDER if face != missing]
    run = SixFacesRun(six(mount_pitch=44.0, mount_roll=44.0), faces)  # worn on no face
    with pytest.raises(DeviceError, match=rf"5 of 6 .* \{missing} up still missing: .*\.$"):
        calibrated(run, home)
    assert files(home) == []


def test_the_time_limit_is_told_with_what_is_missing(home: Path) -> None:
    with pytest.raises(DeviceError, match=r"25 s are over, and 3 of 6 faces .* -x -y -z up"):
        calibrated(SixFacesRun(six()), home, time_limit_s=25.0)
    assert files(home) == []


def test_who_never_stands_still_keeps_the_six_faces(home: Path) -> None:
    ended = backstride("calibrate", f"{SIX}&seed=9&standing_s=2")
    assert ended.exit_code == 1
    assert ended.err.count("\n") == 1
    assert "take the standing again" in ended.err
    assert "the accelerometer's errors" in ended.out
    device = known(home)
    require_true_errors(device, Scenario(seed=9))
    assert device.neutral_up is None


def test_a_sensor_left_on_the_table_is_no_runner(home: Path) -> None:
    view = Watched()
    done = calibrated(SixFacesRun(six()), home, view, axes="-z+y+x")
    assert isinstance(done.trouble, DeviceError)
    assert not done.stood
    assert "it is still, but its +x axis does not point up." in view.hints


def test_a_range_that_was_misread_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = SixFacesRun(six())
    read = run.read

    def halved(n: int) -> Samples:
        block = read(n)
        block.acceleration_m_s2[:] *= 0.5
        return block

    monkeypatch.setattr(run, "read", halved)
    with pytest.raises(InputError, match="no sensor is that wrong"):
        calibrated(run, home)
    assert files(home) == []


def test_a_store_that_cannot_be_written_still_tells_the_result(home: Path) -> None:
    home.mkdir()
    (home / "devices").write_text("in the way")
    ended = backstride("calibrate", SIX)
    assert ended.exit_code == 1
    assert "the accelerometer's errors" in ended.out
    assert "stored in" not in ended.out
    assert ended.err.startswith("backstride: ")
    assert "the folder for the sensor's calibration cannot be made" in ended.err
    assert ended.err.count("\n") == 1


def test_a_damaged_store_is_put_aside_for_the_new_one_and_for_a_run(
    home: Path, tmp_path: Path
) -> None:
    assert backstride("calibrate", SIX, "--sensor-only").exit_code == 0
    (path,) = files(home)
    path.write_bytes(path.read_bytes()[:100])
    run, shown = live("sim:?minutes=0.1&time_scale=0", tmp_path / "run.mcap", home / "devices")
    assert "damaged and is not used" in shown
    assert len(run.facts.steps) > 5
    assert backstride("calibrate", SIX, "--sensor-only").exit_code == 0
    device, note, _ = sensor_store(path).load()
    assert device is not None
    assert note == ""
    require_true_errors(device, Scenario())
    assert [each.name for each in files(home)] == [path.name, f"{path.name}.unreadable"]


class Scripted(Source):
    """A source that yields records and then does something."""

    def __init__(self, records: int, then: Callable[[], AsyncIterator[Record]]) -> None:
        self._device = SimulatedDevice(SixFacesRun(six()))
        self._count, self._then = records, then
        self._start_ns = time.monotonic_ns()
        self._closed = asyncio.Event()
        self._iterator = self._records()

    @property
    def info(self) -> DeviceInfo:
        return self._device.info

    def now_ns(self) -> int:
        return time.monotonic_ns() - self._start_ns

    async def close(self) -> None:
        self._closed.set()

    async def __aenter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        return await anext(self._iterator)

    async def _records(self) -> AsyncIterator[Record]:
        for number, record in enumerate(self._device.records()):
            if number == self._count:
                break
            yield record
        async for last in self._then():
            yield last
        await self._closed.wait()


def scripted(
    home: Path, records: int, then: Callable[[], AsyncIterator[Record]], limit_s: float
) -> tuple[Calibrated, Watched]:
    async def through() -> tuple[Calibrated, Watched]:
        view = Watched()
        options = CalibrateOptions(time_limit_s=limit_s)
        source = Scripted(records, then)
        return await calibrate(source, "sim:", options, view, home / "devices"), view

    return asyncio.run(asyncio.wait_for(through(), HANG_S))


async def lost_for_good() -> AsyncIterator[Record]:
    yield LinkEvent(0, "lost", "out of range")
    raise DeviceLost("the link was lost and did not come back.", source="Clip")


async def silence() -> AsyncIterator[Record]:
    yield LinkEvent(0, "lost", "out of range")


def test_a_sensor_that_is_lost_between_the_faces_leaves_nothing(home: Path) -> None:
    with pytest.raises(DeviceLost):
        scripted(home, 500, lost_for_good, 60.0)
    assert files(home) == []


def test_a_sensor_that_falls_silent_ends_with_the_time_limit(home: Path) -> None:
    with pytest.raises(DeviceError, match=r"1\.5 s are over, and 2 of 6"):
        scripted(home, 350, silence, 1.5)
    assert files(home) == []


def test_a_sensor_that_is_lost_after_the_faces_keeps_them(home: Path) -> None:
    done, view = scripted(home, 1000, lost_for_good, 60.0)
    assert isinstance(done.trouble, DeviceLost)
    assert "the link was lost, trying again." in view.hints
    require_true_errors(known(home), Scenario())


@pytest.mark.skipif(not POSIX, reason="signals are POSIX")
def test_ctrl_c_stores_nothing_and_says_so(home: Path) -> None:
    with WarmPopen(
        command("calibrate", "sim:?motion=six_faces&time_scale=3"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(BACKSTRIDE_HOME=str(home)),
    ) as process:
        assert process.stdout is not None
        while "+z up: seen" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert err == "backstride: stopped before the end: nothing was stored.\n"
    assert files(home) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sim:?motion=dance",), "motion is 'dance'"),
        (("nowhere",), "source is 'nowhere'"),
        ((SIX, "--axes", "up"), "axes is 'up'"),
        ((SIX, "--sensor-only", "--neutral-only"), "either --sensor-only or --neutral-only"),
        ((SIX, "--neutral-only", "--to-sensor"), "--to-sensor without --neutral-only"),
        ((SIX, "--to-sensor"), "sim:?protocol="),
    ],
)
def test_a_mistake_is_told_before_anything_begins(
    arguments: tuple[str, ...], words: str, home: Path
) -> None:
    ended = backstride("calibrate", *arguments)
    assert ended.exit_code == 2
    assert words in one_sentence(ended)
    assert files(home) == []


def test_a_sensor_that_keeps_nothing_is_refused_before_the_work(home: Path) -> None:
    ended = backstride("calibrate", f"{SIX}&protocol=movesense", "--to-sensor")
    assert ended.exit_code == 1
    assert "only sensors of the Backstride profile do" in ended.err
    assert files(home) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize("command", ["calibrate", "desk"])
def test_a_port_that_says_nothing_is_told_while_it_is_tried(command: str, home: Path) -> None:
    said: list[str] = []
    clock = ScaledClock(SystemClock(), 20.0)
    other_end, port = os.openpty()
    url = f"serial:{os.ttyname(port)}?protocol=backstride&baud=115200"
    work: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "calibrate": lambda: run_calibration(
            url, CalibrateOptions(), Watched(), home, clock=clock, tell=said.append
        ),
        "desk": lambda: run_desk(url, lambda _: None, clock=clock, note=said.append),
    }
    try:
        with pytest.raises(DeviceError, match="check the cable"):
            asyncio.run(work[command]())
    finally:
        os.close(other_end)
        os.close(port)
    assert len(said) == 1
    assert "nothing has come from it so far: check the cable" in said[0]


def test_in_a_terminal_one_line_lives_below_those_that_stay() -> None:
    screen = io.StringIO()

    async def through() -> Calibrated:
        async with SimulatedSource(SixFacesRun(six())) as source:
            with CalibrationGuide(screen, interactive=True) as guide:
                options = CalibrateOptions(neutral=False)
                return await calibrate(source, "sim:", options, guide, Path("never"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "save", lambda _store, _device: None)
        asyncio.run(through())
    assert screen.getvalue().count("up: seen") == 6


def test_what_is_stored_is_plain_json(home: Path) -> None:
    assert backstride("calibrate", SIX).exit_code == 0
    (path,) = files(home)
    content = json.loads(path.read_text(encoding="ascii"))
    assert content["calibration"]["positions"] == 6
    assert len(content["neutral_up"]) == 3
