"""What is known of a sensor comes back; what cannot be read never stops a session."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.records import DeviceInfo
from imu.calibration import Calibration
from imu.errors import RecordingError
from pipelines.sensors.device_store import (
    KnownDevice,
    device_path,
    sensor_store,
    settings_for,
)

NOW = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)
INFO = DeviceInfo("Clip 7", "movesense", 208.0, 78.5, 35.0, serial="174630000192")
KNOWN = KnownDevice(
    name="Clip 7",
    protocol="movesense",
    serial="174630000192",
    calibration=Calibration((0.1, 1 / 3, -0.2), positions=7),
    calibrated_utc=NOW,
    residual_mg=1.25,
    check_mg=3.0,
    neutral_up=(2.5, 0.1, 9.4),
    neutral_utc=NOW,
    axes="+x+y+z",
)


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    path = device_path(tmp_path / "new" / "devices", INFO)
    sensor_store(path).save(KNOWN)
    assert sensor_store(path).load() == (KNOWN, "", True)
    later = replace(KNOWN, neutral_up=None, neutral_utc=None, calibration=None)
    sensor_store(path).save(later)
    assert sensor_store(path).load() == (later, "", True)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_sensor_that_was_never_calibrated_is_nothing_to_tell(tmp_path: Path) -> None:
    assert sensor_store(device_path(tmp_path, INFO)).load() == (None, "", True)
    assert settings_for(tmp_path, INFO).notes == []


@given(key=st.text(min_size=1, max_size=300), other=st.text(min_size=1, max_size=300))
def test_each_sensor_has_a_file_of_its_own_with_a_safe_name(key: str, other: str) -> None:
    folder = Path("devices")
    path = device_path(folder, replace(INFO, serial=key))
    assert path.parent == folder
    assert path.name.isascii()
    assert len(path.name) < 80
    assert all(c.isalnum() or c in "-." for c in path.name)
    same = path == device_path(folder, replace(INFO, serial=other))
    assert same == (key == other)


def test_without_a_serial_number_the_address_tells_sensors_apart() -> None:
    bare = replace(INFO, serial="", name="WT901BLE68")
    folder = Path("devices")
    one = device_path(folder, bare, "ble:AA:BB:CC:DD:EE:01?protocol=witmotion")
    assert one != device_path(folder, bare, "ble:AA:BB:CC:DD:EE:02?protocol=witmotion")
    assert one == device_path(folder, bare, "ble:AA:BB:CC:DD:EE:01")
    assert "WT901BLE68" in device_path(folder, bare, "ble:?name=WT901").name


def changed(**changes: object) -> bytes:
    stored = {
        "format": 1,
        "name": "",
        "protocol": "",
        "serial": "",
        "calibration": None,
        "calibrated_utc": None,
        "residual_mg": None,
        "check_mg": None,
        "neutral_up": None,
        "neutral_utc": None,
        "axes": "",
    }
    return json.dumps(stored | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"format": 1}',
        changed(calibration={"positions": 6}),
        changed(neutral_up=[0, 0, 0]),
        changed(neutral_up=[1, 2]),
        changed(neutral_up="up"),
        changed(calibrated_utc="yesterday"),
        changed(axes="sideways"),
        changed(format="one"),
    ],
)
def test_a_damaged_file_is_kept_aside_and_told_in_a_sentence(
    content: bytes, tmp_path: Path
) -> None:
    path = device_path(tmp_path, INFO)
    for round_ in range(2):
        path.write_bytes(content)
        device, note, _ = sensor_store(path).load()
        assert device is None
        assert note.startswith(f"{path}: the sensor's calibration is damaged and is not used")
        assert note.endswith(".unreadable): calibrate again.") or "unreadable-" in note
        assert not path.exists()
        kept = [each.read_bytes() for each in tmp_path.iterdir()]
        assert kept == [content] * (round_ + 1)
    sensor_store(path).save(KNOWN)
    assert sensor_store(path).load().value == KNOWN


def test_a_file_of_a_newer_version_stays_where_it_is(tmp_path: Path) -> None:
    path = device_path(tmp_path, INFO)
    path.write_bytes(changed(format=2))
    device, note, _ = sensor_store(path).load()
    assert device is None
    assert note.endswith("update backstride.")
    assert path.exists()


def test_a_folder_in_its_place_is_told_and_the_session_goes_on(tmp_path: Path) -> None:
    path = device_path(tmp_path, INFO)
    path.mkdir()
    settings = settings_for(tmp_path, INFO)
    assert settings.calibration is None
    assert "cannot be read" in settings.notes[0]
    assert settings.notes[0].endswith(".")


def test_what_cannot_be_written_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "devices"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(RecordingError, match=r"the folder for .* cannot be made: .*\.$"):
        sensor_store(device_path(blocked, INFO)).save(KNOWN)
    assert blocked.read_text() == "a file where the folder should be"


# --- what a session takes -------------------------------------------------------------------------


def stored(folder: Path, known: KnownDevice = KNOWN) -> Path:
    sensor_store(device_path(folder, INFO)).save(known)
    return folder


def test_a_session_takes_calibration_neutral_and_axes(tmp_path: Path) -> None:
    settings = settings_for(stored(tmp_path), INFO, now=NOW + timedelta(hours=1))
    assert settings.calibration == KNOWN.calibration
    assert (settings.neutral_up, settings.axes) == (KNOWN.neutral_up, "+x+y+z")
    assert settings.notes == [
        "the sensor's calibration of 2026-05-04 is used.",
        "the standing neutral of 2026-05-04 is used.",
    ]


def test_nothing_is_taken_where_it_is_not_wanted(tmp_path: Path) -> None:
    stored(tmp_path)
    settings = settings_for(None, INFO, axes="-z+y+x")
    assert (settings.axes, settings.calibration, settings.neutral_up) == ("-z+y+x", None, None)
    assert settings.notes == []


@pytest.mark.parametrize(("days", "old"), [(89, False), (91, True)])
def test_an_old_calibration_is_used_and_said_to_be_old(
    days: int, old: bool, tmp_path: Path
) -> None:
    stored(tmp_path, replace(KNOWN, neutral_up=None))
    settings = settings_for(tmp_path, INFO, now=NOW + timedelta(days=days))
    assert settings.calibration is not None
    assert ("91 days old: calibrate it again." in settings.notes[0]) == old


def test_a_neutral_of_another_day_is_used_and_doubted(tmp_path: Path) -> None:
    settings = settings_for(stored(tmp_path), INFO, now=NOW + timedelta(days=2))
    assert settings.neutral_up == KNOWN.neutral_up
    assert "a calibration of the standing alone" in settings.notes[1]


@pytest.mark.parametrize(
    ("axes", "of_the_sensor", "expected", "neutral"),
    [
        ("", "", "+x+y+z", True),
        ("", "+y-x+z", "", True),  # the sensor says it: nothing to add
        ("+y-x+z", "", "+y-x+z", True),
        ("-z+y+x", "", "-z+y+x", False),  # up is another axis: the neutral cannot be right
        ("auto", "", "auto", False),  # finds its own
    ],
)
def test_stated_axes_come_first_and_the_neutral_has_to_fit_them(
    axes: str, of_the_sensor: str, expected: str, neutral: bool, tmp_path: Path
) -> None:
    info = replace(INFO, axes=of_the_sensor)
    settings = settings_for(stored(tmp_path), info, axes=axes, now=NOW)
    assert settings.axes == expected
    assert (settings.neutral_up is not None) == neutral
    assert any("does not fit" in note for note in settings.notes) == (axes == "-z+y+x")


def test_a_calibration_that_the_sensor_keeps_is_used_where_none_is_stored(tmp_path: Path) -> None:
    kept = Calibration((0.0, 0.3, 0.0))
    info = replace(INFO, calibration=kept)
    settings = settings_for(tmp_path, info)
    assert settings.calibration == kept
    assert settings.notes == ["the calibration that the sensor keeps is used."]
    # what this computer found is newer, or the same; who wants none gets none
    assert settings_for(stored(tmp_path), info, now=NOW).calibration == KNOWN.calibration
    assert settings_for(None, info).calibration is None
