"""What the runner is promised of a calibration on the page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imu.calibration import FACES
from imu.errors import DeviceError, RecordingError
from pipelines.files.session_reader import read_session
from pipelines.sensors.calibrate import CalibrationStatus
from pipelines.sensors.device_store import sensor_store
from pipelines.views.page.calibration_screen import CalibrationScreen
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.page.calibrations import calibrated


def _status(phase: str, missing: tuple[str, ...] = (), hint: str = "") -> CalibrationStatus:
    return CalibrationStatus(phase, missing, 1.2, 3.0 if phase == "faces" else 5.0, hint, 251.0)


def test_each_side_that_is_seen_is_ticked_and_told_once() -> None:
    told: list[str] = []
    screen = CalibrationScreen(tell=told.append)
    assert not any(face["seen"] for face in screen.pieces()["faces"])
    for missing in (FACES, FACES[1:], FACES[1:], FACES[3:]):
        screen.update(_status("faces", missing))
    shown = screen.pieces()
    assert [face["axis"] for face in shown["faces"] if face["seen"]] == ["+x", "-x", "+y"]
    assert (shown["still"], shown["still_words"]) == (0.4, "still for 1.2 of 3 seconds")
    assert shown["left"] == "4:11 left"
    screen.update(_status("clip"))
    screen.update(_status("stand", hint="it is still, but its +z axis does not point up."))
    assert screen.pieces()["faces"] == []
    assert screen.pieces()["hint"] == "It is still, but its +z axis does not point up."
    assert told == [
        "Side 1 of 6 seen.",
        "Side 3 of 6 seen.",
        "Clip the sensor on.",
        "Stand upright and still.",
        "It is still, but its +z axis does not point up.",
    ]


def test_what_is_tried_with_a_silent_sensor_is_shown_until_it_is_found() -> None:
    told: list[str] = []
    screen = CalibrationScreen(tell=told.append)
    screen.note("nothing has come from it so far: check the cable.")
    assert screen.pieces()["hint"] == "Nothing has come from it so far: check the cable."
    assert told == [screen.pieces()["hint"]]
    screen.update(_status("faces", FACES))
    assert screen.pieces()["hint"] == ""


def test_result_is_one_sentence_with_what_was_found_below() -> None:
    screen = CalibrationScreen()
    screen.finish(calibrated())
    shown = screen.pieces()
    assert (shown["stage"], shown["trouble"]) == ("done", "")
    assert shown["result"] == "clip is calibrated: every run with it uses what was found."
    assert any("1.2 mg off 1 g: well done" in line for line in shown["details"])
    assert not shown["stand_again"]


def test_part_that_is_missing_is_told_with_the_way_to_it_on_the_page() -> None:
    screen = CalibrationScreen()
    trouble = DeviceError(
        "300 s are over, and the runner was not seen to stand upright and still for 5 s: take "
        "the standing again, which goes without the sides."
    )
    screen.finish(calibrated(stood=False, trouble=trouble))
    shown = screen.pieces()
    assert (shown["stage"], shown["title"]) == ("done", "A part is stored")
    assert shown["trouble"].endswith("take the standing again, which goes without the sides.")
    assert shown["stand_again"]
    screen.begin(faces=False)
    screen.fail(trouble)
    assert screen.pieces()["stand_again"]


def test_calibration_that_cannot_be_stored_is_not_called_done() -> None:
    screen = CalibrationScreen()
    screen.finish(calibrated(path=None, trouble=RecordingError("the disk is full.", path="a")))
    shown = screen.pieces()
    assert (shown["stage"], shown["result"]) == ("failed", "")
    assert "the disk is full." in shown["trouble"]


@pytest.mark.parametrize("wish", ["run", "again", "stand", "back"])
def test_runner_chooses_what_comes_next(wish: str) -> None:
    async def story() -> str:
        page = Dashboard(calibrates=True)
        page.calibrate()
        page.ask(wish)  # before the end: left alone
        chosen = asyncio.create_task(page.calibration.wish())
        await asyncio.sleep(0)
        page.ask("rm -rf")
        page.ask(wish)
        page.ask("back")
        return await chosen

    assert asyncio.run(story()) == wish


def test_page_without_a_store_offers_no_calibration() -> None:
    async def story() -> None:
        page = Dashboard()
        assert page.shown()["setup"]["calibrates"] is False
        choice = asyncio.create_task(page.setup.chosen())
        await asyncio.sleep(0)
        page.ask("calibrate", "sim:")
        await asyncio.sleep(0)
        assert not choice.done()
        choice.cancel()

    asyncio.run(story())


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from imu.compile_ahead import warm_up
from pipelines.views.page.run import run_dashboard
from pipelines.sensors.device_store import devices_directory
from pipelines.live import LiveOptions
warm_up()
options = LiveOptions(devices=devices_directory(), record=Path(sys.argv[1]))
asyncio.run(run_dashboard(None, options, open_browser=False))
"""


@pytest.mark.slow
@needs_chromium
def test_six_sides_are_guided_stored_and_used_by_the_run_that_follows(
    tab: Tab, tmp_path: Path
) -> None:
    recording, store = tmp_path / "run.mcap", tmp_path / "devices"
    with program(_PROGRAM, str(recording), home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("Connect your sensor")
        # a runner is no sensor on a table: it ends, and says why
        _calibrate(tab, "sim:?minutes=0.1&time_scale=0")
        tab.until_shown("1 of 6 faces were seen", ".trouble")
        assert "The calibration did not work" in tab.text("h1")
        tab.press("Choose another sensor")
        _calibrate(tab, "sim:?motion=six_faces&seed=3")
        tab.until_shown("six sides", "h1")
        tab.press("Stop, and store nothing")
        tab.until_shown("Connect your sensor")
        assert not store.exists()

        _calibrate(tab, "sim:?motion=six_faces&time_scale=20&seed=3")
        tab.until_shown("1 of 6 seen", ".faces, h2")
        tab.until(lambda: tab.find("progress").get_attribute("value") != "0", "progress")
        tab.until_shown("is calibrated: every run with it uses what was found.", ".result")
        assert "well done" in tab.text(".details")
        spoken = tab.run("return window.spoken")  # what is shown for a moment may be missed
        assert "Side 5 of 6 seen." in spoken
        assert any("Stand upright and still" in words for words in spoken), spoken
        (path,) = store.iterdir()
        device, trouble, _ = sensor_store(path).load()
        assert (device is not None, trouble) == (True, "")

        # the title has the focus, so that a screen reader says it
        assert tab.run("return document.activeElement.id") == "calibrate-title"
        tab.press("Start the run")
        tab.until_shown("The sensor's calibration of", ".condition")
        tab.key("x")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        tab.press("End Backstride")
        assert "Traceback" not in running.wait()
    assert device is not None
    assert read_session(recording).header.calibration == device.calibration


def _calibrate(tab: Tab, address: str) -> None:
    tab.until(lambda: tab.find(".by-address summary").is_displayed(), "the first screen")
    if not tab.find("#address").is_displayed():
        tab.find(".by-address summary").click()
    tab.find("#address").clear()
    tab.find("#address").send_keys(address)
    tab.press("Calibrate")
