"""Settings of the alerts: what a runner may write, and what is said about a mistake."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.params import RANGES, DriftParams
from imu.errors import InputError, RecordingError
from pipelines.coaching.alert_settings import AlertSettings, explained_defaults, load_alert_settings
from pipelines.coaching.coach import CoachParams

EXAMPLE = Path(__file__).parents[3] / "examples" / "alerts.toml"


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[drift]\nlean_floor_deg = 3\n[coach]\ncues_per_hour = 2\n")
    assert load_alert_settings(path) == AlertSettings(
        DriftParams(lean_floor_deg=3), CoachParams(cues_per_hour=2)
    )
    assert load_alert_settings(settings_file(tmp_path, "")) == AlertSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[drift]\nsmoothing = 2.0", "drift.smoothing is 2.0: give a number above 0, at most 1."),
        ("[drift]\nblock_steps = 21", "drift.block_steps is 21: give an even whole number from 4"),
        ("[drift]\nskip_s = true", "drift.skip_s is True: give a number from 0 to 3600."),
        ("[drift]\nskip_s = nan", "drift.skip_s is nan: give a number from 0 to 3600."),
        ('[coach]\ncues_per_hour = "six"', "coach.cues_per_hour is 'six': give a whole number"),
        ("[coach]\nfade_after = 0", "coach.fade_after is 0: give a whole number from 1 to 60."),
        ("[drift]\nlean_flor_deg = 3", "drift.lean_flor_deg is 3, and there is no such setting"),
        ("[lean]\nfloor = 3", "'lean' is no table of settings: give [drift] or [coach]; examples/"),
        ("drift = 3", "drift is 3: give a table, [drift]."),
        ("[drift", "this is no TOML (expected ']' at the end"),
        ("[drift]\nskip_s 3", "line 2"),
        ("[drift]\nskip_s = \n", "each line is a key and its value, such as lean_floor_deg = 3.0."),
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


def test_a_key_that_is_nearly_right_is_suggested(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[drift]\nlean_flor_deg = 3")
    with pytest.raises(InputError, match="give lean_floor_deg"):
        load_alert_settings(path)


@pytest.mark.parametrize(
    "text", ["[drift]\nnonsense = 3", "[coach]\ncues = 3", "[lean]\nfloor = 3"]
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
    assert {name: set(keys) for name, keys in tables.items()} == {
        "drift": {item.name for item in fields(DriftParams)},
        "coach": {item.name for item in fields(CoachParams)},
    }
    for name, usual in (("drift", DriftParams()), ("coach", CoachParams())):
        for key, value in tables[name].items():
            assert type(value) is type(getattr(usual, key))


def test_the_example_says_what_the_classes_say() -> None:
    """To renew it: write ``explained_defaults()`` into it."""
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
            low, high = (f"{end:g}" for end in RANGES[key])
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
    share=st.floats(0.01, 1.0),
)
def test_settings_survive_the_session_header_exactly(name: str, share: float) -> None:
    low, high = RANGES[name]
    settings = AlertSettings.from_tables({"drift": {name: low + share * (high - low)}})
    assert AlertSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize("text", ["", "3", "[1]", "[" * 100_000, '{"alerts": 3}'])
def test_a_damaged_header_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^the session's .*\.$"):
        AlertSettings.from_json(text)


def test_other_parameters_in_the_header_are_passed_over() -> None:
    assert AlertSettings.from_json(json.dumps({"something": 1})) == AlertSettings()
