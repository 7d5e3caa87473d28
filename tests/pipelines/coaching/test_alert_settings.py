"""Settings of the alerts: what a runner may write, and what is said about a mistake."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import astuple, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.indicators import INDICATORS, Indicator
from imu.drift.params import DriftParams
from imu.errors import InputError, RecordingError
from imu.ranges import Within, allowed_of
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.budget import CoachParams
from pipelines.files.alert_settings_file import load_alert_settings
from pipelines.files.loading import load
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from tests.pipelines.coaching.explained_settings import explained_defaults

RANGES = allowed_of(DriftParams)
EXAMPLE = Path(__file__).parents[3] / "examples" / "alerts.toml"


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[indicators.lean]\nfloor_deg = 3\n[coach]\ncues_per_hour = 2\n")
    assert load_alert_settings(path) == AlertSettings(
        DriftParams().with_gate("sacral_lean_deg", floor=3), CoachParams(cues_per_hour=2)
    )
    assert load_alert_settings(settings_file(tmp_path, "")) == AlertSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[detector]\nsmoothing = 2.0",
            "detector.smoothing is 2.0: give a number above 0, at most 1.",
        ),
        (
            "[detector]\nblock_steps = 21",
            "detector.block_steps is 21: give an even whole number from 4",
        ),
        ("[detector]\nskip_s = true", "detector.skip_s is True: give a number from 0 to 3600."),
        ("[detector]\nskip_s = nan", "detector.skip_s is nan: give a number from 0 to 3600."),
        ('[coach]\ncues_per_hour = "six"', "coach.cues_per_hour is 'six': give a whole number"),
        ("[coach]\nfade_after = 0", "coach.fade_after is 0: give a whole number from 1 to 60."),
        ("[detector]\nsmothing = 3", "detector.smothing is 3, and there is no such setting"),
        ("[lean]\nfloor = 3", "'lean' is no table of settings: give [indicators.lean]; examples/"),
        ("[watch]\nfloor = 3", "give [detector], [coach] or [indicators.NAME]; examples/"),
        ("[indicators.leen]\nlimit = 2", "[indicators.leen] is no indicator: give lean"),
        ("[indicators.lean]\nfloor_percent = 3", "no such setting: give floor_deg"),
        ("[indicators.lean]\nleast_percent = 3", "indicators.lean.least_percent is 3, and there"),
        (
            "[indicators.lean]\nfloor_deg = 0",
            "indicators.lean.floor_deg is 0: give a number from 0.1 to 100.",
        ),
        ("indicators.lean = 3", "indicators.lean is 3: give a table, [indicators.lean]."),
        ("detector = 3", "detector is 3: give a table, [detector]."),
        ("[detector", "this is no TOML (expected ']' at the end"),
        ("[detector]\nskip_s 3", "line 2"),
        ("[detector]\nskip_s = \n", "each line is a key and its value, such as floor_deg = 3.0."),
    ],
)
def test_a_mistake_is_named_with_file_key_value_and_range(
    tmp_path: Path, text: str, said: str
) -> None:
    path = settings_file(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_alert_settings(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert said in message
    assert message.endswith(".") and "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "[coach]\nwindow_s = '{}'",
        "[coach]\n{} = 1",
        "[{}]\nx = 1",
        "coach = '{}'",
        "[indicators.lean]\nlimit_percent = '{}'",
    ],
)
def test_a_mistake_of_ten_thousand_letters_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = settings_file(tmp_path, text.format("a" * 10_000))
    with pytest.raises(InputError) as caught:
        load_alert_settings(path)
    assert len(str(caught.value)) < 1000


def test_a_key_that_is_nearly_right_is_suggested(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[indicators.lean]\nflor_deg = 3")
    with pytest.raises(InputError, match="give floor_deg"):
        load_alert_settings(path)


@pytest.mark.parametrize(
    ("key", "now"),
    [
        ("lean_floor_deg = 3.0", "it is floor_deg in [indicators.lean] now"),
        (
            "pelvic_floor_percent = 9",
            "it is floor_percent in [indicators.pelvic_tilt], [indicators.pelvic_drop] and "
            "[indicators.pelvic_rotation] now",
        ),
        ("skip_s = 60.0", "it is skip_s in [detector] now"),
        ("cusum_limit = 5", "drift.cusum_limit is from release 0.1 and is gone: leave it out"),
        ("nonsense = 3", "[drift] is from release 0.1: give [detector], [coach] or"),
    ],
)
def test_a_setting_of_release_0_1_is_refused_with_its_new_name(
    tmp_path: Path, key: str, now: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_alert_settings(settings_file(tmp_path, f"[drift]\n{key}"))
    assert now in str(caught.value)
    assert str(caught.value).endswith("; examples/alerts.toml explains them all.")


def test_the_settings_of_an_old_session_mean_what_they_meant() -> None:
    old = {
        "drift": {
            "skip_s": 60.0,
            "lean_floor_deg": 3.5,
            "gate_limit": 1.5,  # gone since
            "supporting_dwell_blocks": 30,
            "difference_least_percent": 25.0,
        },
        "coach": {"cues_per_hour": 3},
    }
    read = AlertSettings.from_json(json.dumps({"alerts": old}))
    expected = replace(DriftParams(), skip_s=60.0).with_gate("sacral_lean_deg", floor=3.5)
    for one in INDICATORS:
        if one.gate.dwell_blocks == 24:
            expected = expected.with_gate(one.name, dwell_blocks=30)
    expected = expected.with_gate("shock_difference_percent", least=25.0)
    assert read == AlertSettings(expected, CoachParams(cues_per_hour=3))


@pytest.mark.parametrize(
    "text", ["[detector]\nnonsense = 3", "[coach]\ncues = 3", "[lean]\nfloor = 3"]
)
def test_what_is_unknown_is_told_with_where_all_is_explained(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_alert_settings(settings_file(tmp_path, text))
    assert str(caught.value).endswith("; examples/alerts.toml explains them all.")
    assert len(str(caught.value)) < 250 + len(str(tmp_path))
    assert EXAMPLE.is_file()


def test_the_example_has_every_key_at_its_default() -> None:
    assert load_alert_settings(EXAMPLE) == AlertSettings()
    tables = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert set(tables) == {"detector", "coach", "indicators"}
    assert set(tables["detector"]) == {item.name for item in fields(DriftParams)} - {"gates"}
    assert set(tables["coach"]) == {item.name for item in fields(CoachParams)}
    assert set(tables["indicators"]) == {one.key for one in INDICATORS}
    assert len(set(tables["indicators"])) == len(INDICATORS)
    for one in INDICATORS:
        found = list(tables["indicators"][one.key].values())
        assert found == list(astuple(one.gate))[: len(found)]
    for name, usual in (("detector", DriftParams()), ("coach", CoachParams())):
        for key, value in tables[name].items():
            assert type(value) is type(getattr(usual, key))


def test_the_example_says_what_the_classes_say() -> None:
    """To renew it: python -m tests.pipelines.coaching.explained_settings > examples/alerts.toml."""
    assert EXAMPLE.read_text(encoding="utf-8") == explained_defaults()


def test_the_example_tells_the_range_of_every_key() -> None:
    said = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        key, is_key, _ = line.partition(" = ")
        if not line:
            said = ""
        elif line.startswith("#"):
            said += line.removeprefix("#")
        elif is_key and key in RANGES:
            rule = RANGES[key].rule
            assert isinstance(rule, Within)
            low, high = f"{rule.low:g}", f"{rule.high:g}"
            if "The same " not in said:  # as the one above it
                assert re.search(rf"\b{re.escape(low)}\b", said), key
                assert re.search(rf"\b{re.escape(high)}\b", said), key
            assert len(said) > 20


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="nowhere"):
        load_alert_settings(tmp_path / "nowhere.toml")
    binary = tmp_path / "alerts.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text"):
        load_alert_settings(binary)


@given(
    name=st.sampled_from([f.name for f in fields(DriftParams) if isinstance(f.default, float)]),
    indicator=st.sampled_from(INDICATORS),
    share=st.floats(0.01, 1.0),
)
def test_settings_survive_the_session_header_exactly(
    name: str, indicator: Indicator, share: float
) -> None:
    rule = RANGES[name].rule
    assert isinstance(rule, Within)
    tables = {
        "detector": {name: rule.low + share * (rule.high - rule.low)},
        "indicators": {indicator.key: {"multiple": 20.0 * share}},
    }
    settings = AlertSettings.from_tables(tables)
    assert settings.drift.gate_of(indicator.name).multiple == 20.0 * share
    header = SessionHeader(0, "", settings=settings)
    assert load(to_json(header), SessionHeader).settings == settings
    assert AlertSettings.from_json(json.dumps({"alerts": tables})) == settings


@pytest.mark.parametrize("text", ["", "3", "[1]", "[" * 100_000, '{"alerts": 3}'])
def test_a_damaged_header_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^the session's .*\.$"):
        AlertSettings.from_json(text)


def test_other_parameters_in_the_header_are_passed_over() -> None:
    assert AlertSettings.from_json(json.dumps({"something": 1})) == AlertSettings()
