"""Texts: every one has its fields, its sources, and no word that diagnoses or frightens."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

from imu.errors import ParameterError
from pipelines.coaching.catalogue import ARTICLES, CATALOGUE, SUBJECTS, texts_by_source
from pipelines.coaching.training.cues import Cue, Number

ROOT = Path(__file__).parents[4]
#: Words that only a reference to a study or a red flag may use.
FRIGHTENING = r"injur|damag|harm|danger|risk|wrong|\bbad\b|\bmust\b|warning|diagnos|\bstop\b|disc\b"
MAY = {
    "chart.acwr",
    "red_flags.stop",
    "red_flags.urgent",
    "red_flags.emergency",
    "pain.light_stop",
    "pain.light_stop_rising",
}


def text(name: str, /, **numbers: Number) -> str:
    return Cue(name, numbers).message


@pytest.mark.parametrize("name", sorted(CATALOGUE.keys() - MAY))
def test_no_text_diagnoses_or_frightens(name: str) -> None:
    assert re.search(FRIGHTENING, CATALOGUE[name].whole, re.IGNORECASE) is None


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_text_is_complete_with_its_fields(name: str) -> None:
    words = CATALOGUE[name].whole
    numbers: dict[str, float | str] = {}
    for _, field, form, _ in string.Formatter().parse(words):
        if field is not None:
            assert form in {"", ".0f", "+.1f"} or (form or "").startswith("#")
            numbers[field] = 7.0 if form else "x"
    told = text(name, **numbers)
    assert "{" not in told
    assert told == told.strip()
    assert "  " not in told
    if numbers:
        with pytest.raises(ParameterError, match="too"):
            text(name)


#: Families that advise; what is left is plain wording.
ADVISING = (
    "warm_up.", "cool_down.", "session.", "weekly.why", "chart.", "pain.phys", "pain.spec",
    "red_flags.s", "red_flags.w", "red_flags.u", "return.", "intervals.", "bends.", "strength.",
    "desk.", "twisting.", "shoes.", "metronome.", "effort.", "stretch.due", "stretch.hold",
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.startswith(ADVISING)])
def test_advice_names_its_sources(name: str) -> None:
    assert CATALOGUE[name].sources
    for source in CATALOGUE[name].sources:
        assert re.search(r"(19|20)\d\d|rule of thumb", source) or source in ARTICLES, source


@pytest.mark.parametrize(
    ("name", "numbers", "one", "two"),
    [
        ("desk.nudge", {"minutes": 1.4}, "1 minute without", "11 minutes without"),
        ("strength.open", {"target": 1, "days": 0}, "0 of 1 day so far", "0 of 11 days so far"),
        ("strength.due", {"target": 1, "days": 0}, "0 of 1 day so far", "0 of 11 days so far"),
        ("strength.late", {"target": 1, "days": 0}, "0 of 1 day.", "0 of 11 days."),
        ("strength.done", {"days": 1}, "week: 1 day,", "week: 11 days,"),
        ("warm_up.ease", {"minutes": 1.0}, "1 more easy minute for", "11 more easy minutes for"),
        ("intervals.run", {"seconds": 1.0}, "1 second.", "11 seconds."),
    ],
)
def test_one_of_a_thing_is_in_the_singular(
    name: str, numbers: dict[str, float], one: str, two: str
) -> None:
    assert one in text(name, **numbers)
    more = numbers | {field: value + 10 for field, value in numbers.items() if value}
    assert two in text(name, **more)


def test_whole_minutes_are_told_as_such() -> None:
    assert text("intervals.walk", seconds=300.0) == "Walk for 5 minutes."
    assert text("intervals.run", seconds=60.0) == "Jog for 60 seconds."
    assert text("intervals.run", seconds=150.0) == "Jog for 150 seconds."


def test_sources_are_found_with_the_texts_that_stand_on_them() -> None:
    found = texts_by_source()
    assert sum(map(len, found.values())) == sum(len(entry.sources) for entry in CATALOGUE.values())
    assert [source in ARTICLES for source in found] == [False] * (len(found) - 5) + [True] * 5


def test_every_family_says_what_it_is_about() -> None:
    assert list(dict.fromkeys(name.partition(".")[0] for name in CATALOGUE)) == list(SUBJECTS)


def test_two_miles_a_week_is_labelled_a_rule_of_thumb() -> None:
    assert "rule of thumb" in text("weekly.why")
    assert "users' rule of thumb" in Cue("weekly.reached").sources


def test_charts_are_marked_as_charts_only() -> None:
    for name in ("acwr", "monotony", "strain"):
        assert text(f"chart.{name}").startswith("Chart only: ")


def test_an_unknown_text_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"no\.such"):
        text("no.such")


@cache
def named_in_the_code() -> set[str]:
    """Texts that some code names, in full or by their family."""
    found: set[str] = set()
    for source in (ROOT / "pipelines").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_text_that_the_rules_name_exists() -> None:
    """A name in the code that the catalogue lacks would fail before a runner's eyes."""
    families = "|".join({name.split(".")[0] for name in CATALOGUE} - {"session"})
    named = {
        name for name in named_in_the_code() if re.fullmatch(rf"({families})\.[a-z_0-9]+", name)
    }
    assert len(named) > 50
    endings = (".py", ".json", ".csv", ".toml", ".", "_")
    assert {name for name in named if not name.endswith(endings)} <= set(CATALOGUE)


def test_every_text_can_be_met() -> None:
    named = named_in_the_code()
    built = (
        "chart.",
        "red_flags.",
        "return.",
        "stretch.",
        "shoes.",
        "session.longe",
        "pain.light",
        "routine.",
        "effort.",
        "core.",
        "cross.",
    )
    assert {name for name in CATALOGUE.keys() - named if not name.startswith(built)} == set()


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("session.no_history", {}),
        ("session.longest_distance", {"distance": "24.0 miles"}),
        ("session.beyond_distance", {"distance": "24.0 miles", "percent": 112.0}),
        ("session.beyond_dose", {"distance": "24.0 miles", "percent": 112.0}),
        ("weekly.reached_now", {"distance": "24.0 miles"}),
        ("weekly.beyond_now", {"distance": "24.0 miles", "percent": 112.0}),
        ("warm_up.ease", {"minutes": 5.0}),
        ("return.treadmill", {"percent": 80.0}),
        ("return.track", {"percent": 80.0}),
        ("return.usual", {"percent": 90.0}),
        ("return.ceiling", {"percent": 80.0}),
        ("return.resting_run", {"day": 3.0, "days": 7.0}),
        ("intervals.still_running", {}),
    ],
)
def test_what_is_read_from_two_metres_fits_its_two_lines(
    name: str, numbers: dict[str, float | str]
) -> None:
    assert len(text(name, **numbers)) <= 92, text(name, **numbers)


def test_what_pain_asks_for_comes_before_why() -> None:
    for one in ("pain.held", "pain.held_easy"):
        said = text(one, level=5.0, ago="10 hours ago")
        assert said.index("walk, or") < said.index("No training") <= 92
