"""The first run: every question has a default, every answer is kept, nothing is asked in a pipe."""

from __future__ import annotations

import codecs
import io
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scan import Found
from devices.sources import open_source
from imu.errors import InputError
from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.files.session_reader import read_session
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Questionnaire, Settings
from pipelines.runner.journal.tags import SURFACES, KnownTags
from pipelines.session.marks import LoggedMark, Shoe, Surface
from pipelines.views.terminal.first_run import SIMULATED, FirstRun, Sightings, ask_for_source, guide
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, environment
from tests.warm_process import WarmPopen

POLAR = Found("ble:AA:BB:CC:DD:EE:01", "Polar H10", "polar", "Polar H10", -60)
KETTLE = Found("ble:AA:BB:CC:DD:EE:02", "kettle\x1b[31m", "", "", -50)
PORT = Found("serial:/dev/ttyACM0", "USB serial")


def guided(
    answers: Iterable[str | None],
    found: tuple[Found, ...] = (),
    settings: Settings | None = None,
    troubles: tuple[str, ...] = (),
    tags: KnownTags | None = None,
    surface: str = "",
    shoe: str = "",
    axes_known: bool = False,
) -> tuple[FirstRun, str]:
    """The guide with these answers; what lies beyond them is the end of the input."""
    shown: list[str] = []
    left = iter(answers)

    def ask(question: str) -> str | None:
        shown.append(question)
        return next(left, None)

    seen = Sightings(found, troubles)
    result = guide(
        ask,
        shown.append,
        lambda: seen,
        settings or Settings(),
        tags,
        surface=surface,
        shoe=shoe,
        axes_known=axes_known,
    )
    return result, "\n".join(shown)


def test_enter_takes_the_first_sensor_of_a_known_kind() -> None:
    result, shown = guided([""] * 5, (KETTLE, PORT, POLAR))
    assert result == FirstRun(POLAR.url, Settings())
    assert "  1  Polar H10: ble:AA:BB:CC:DD:EE:01, -60 dBm" in shown
    assert "\x1b" not in shown
    assert "stand upright and still" in shown
    stated = guided([""] * 5, (POLAR,), axes_known=True)[1]
    assert "Clip the sensor" in stated and "neutral" not in stated


def test_without_a_sensor_the_simulated_runner_is_the_default() -> None:
    result, shown = guided([], (KETTLE,), troubles=("Bluetooth is off: switch it on.",))
    assert result == FirstRun(SIMULATED, Settings())
    assert "note: Bluetooth is off: switch it on." in shown
    open_source(result.source)  # a URL that live takes


def test_numbers_choose_and_nought_looks_again() -> None:
    result, shown = guided(["0", "2"], (POLAR, PORT))
    assert result.source == PORT.url
    assert shown.count("Looking for sensors") == 2
    assert guided(["3"], (POLAR, PORT))[0].source == SIMULATED


def test_a_sensor_that_is_not_found_can_be_named_by_its_address() -> None:
    answers = ["AA:BB:CC:DD:EE", "serial:", "AA:BB:CC:DD:EE:03"]
    result, shown = guided(answers)
    assert result.source == "ble:AA:BB:CC:DD:EE:03"
    assert "give ble:ADDRESS" in shown
    assert "give a port, such as" in shown
    assert "Pain in your back" in shown
    for typed, url in (
        ("aa-bb-cc-dd-ee-03", "ble:aa:bb:cc:dd:ee:03"),
        ("COM3", "serial:COM3"),
        ("12345678-1234-1234-1234-123456789abc", "ble:12345678-1234-1234-1234-123456789abc"),
    ):
        assert guided([typed])[0].source == url
    # the simulated runner's back is asked for nowhere, however it is named
    result, shown = guided(["sim:?minutes=1"])
    assert "Pain in your back" not in shown


def test_a_house_full_of_devices_stays_readable() -> None:
    many = tuple(Found(f"ble:{n}", f"lamp {n}") for n in range(30))
    _, shown = guided([], many)
    assert shown.count("lamp") == 8
    assert "not listed: 22" in shown


@pytest.mark.parametrize(
    ("units", "height", "mass", "height_m", "mass_kg"),
    [
        ("metric", "175", "70", 1.75, 70.0),
        ("m", "1,75", "70,5 kg", 1.75, 70.5),
        ("imperial", "5 ft 9 in", "154 lb", 1.7526, 69.853),
        ("Imp", "69", "154", 1.7526, 69.853),
        ("", "", "", None, None),
    ],
)
def test_body_data_are_taken_as_people_write_them(
    units: str, height: str, mass: str, height_m: float | None, mass_kg: float | None
) -> None:
    result, _ = guided(["", units, height, mass])
    settings = result.settings
    assert settings.height_m == (None if height_m is None else pytest.approx(height_m, abs=1e-3))
    assert settings.mass_kg == (None if mass_kg is None else pytest.approx(mass_kg, abs=1e-3))
    assert settings.units == ("imperial" if units.lower().startswith("i") else "metric")


def test_an_absurd_answer_is_asked_again_and_then_left_out() -> None:
    result, shown = guided(["99", "1", "", "17 m", "175 cm", "heavy", "1000 kg", "?"], (POLAR,))
    assert result.source == POLAR.url
    assert (result.settings.height_m, result.settings.mass_kg) == (1.75, None)
    assert "height is '17 m': give a height from 1.0 to 2.5 m, such as '1.75 m'." in shown
    assert "Left as it was." in shown


def test_what_is_known_is_asked_for_in_one_question() -> None:
    known = Settings(height_m=1.75, mass_kg=70.0, units="imperial", strength_days=3)
    result, shown = guided(["", "", ""], settings=known)
    assert result.settings == known
    assert "You are 5 ft 9 in tall and weigh 154.3 lb. Change that?" in shown
    result, _ = guided(["", "y", "", "", "160"], settings=known)
    assert result.settings.mass_kg == pytest.approx(72.57, abs=0.01)
    assert replace(result.settings, mass_kg=known.mass_kg) == known


LAST = KnownTags("track", "Blue pair", ("Blue pair", "Old\x1b[31m"))
BODY = Settings(height_m=1.75, mass_kg=70.0)


@pytest.mark.parametrize(
    ("surface", "shoe", "told"),
    [
        ("", "", ("track", "Blue pair")),
        ("none", "NONE", ("", "")),
        ("tread", "blue PAIR", ("treadmill", "Blue pair")),
        ("Trail", "  Green ones ", ("trail", "Green ones")),
        (None, None, ("track", "Blue pair")),
    ],
)
def test_surface_and_shoe_are_one_line_each_and_enter_keeps_the_last(
    surface: str | None, shoe: str | None, told: tuple[str, str]
) -> None:
    result, shown = guided(["", "", surface, shoe], (POLAR,), BODY, tags=LAST)
    assert (result.surface, result.shoe) == told
    assert "You run on concrete, asphalt, track, treadmill, trail or grass? [track" in shown
    assert "In the shoes, Blue pair, Old" in shown
    assert "\x1b" not in shown


def test_unknown_surface_is_asked_again() -> None:
    result, shown = guided(["", "", "tr", "lava", "grass"], (POLAR,), BODY, tags=LAST)
    assert result.surface == "grass"
    assert "the surface is 'tr': give one of concrete, asphalt" in shown


def test_nothing_is_asked_that_was_stated_or_that_a_simulated_runner_has_not() -> None:
    stated, shown = guided(["", ""], (POLAR,), BODY, tags=LAST, surface="beach", shoe="Red")
    assert (stated.surface, stated.shoe) == ("beach", "Red")
    assert "You run on" not in shown
    assert "In the shoes" not in shown
    simulated, shown = guided(["2"], (POLAR,), BODY, tags=LAST)
    assert (simulated.source, simulated.surface, simulated.shoe) == (SIMULATED, "", "")
    assert "You run on" not in shown
    assert "You run on" in guided([], (POLAR,), BODY)[1]


def left_at(question: str, answers: list[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the guide has asked until Ctrl-C came at that question."""
    shown: list[str] = []
    left = iter(answers)

    def ask(words: str) -> str | None:
        shown.append(words)
        if question in words:
            raise KeyboardInterrupt
        return next(left, None)

    module = "pipelines.views.terminal.first_run"
    monkeypatch.setattr(f"{module}._ask_here", ask)
    monkeypatch.setattr(f"{module}._tell_here", shown.append)
    monkeypatch.setattr(f"{module}.look_around", lambda _: Sightings((KETTLE, POLAR)))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with JournalAtHand(home / "journal.sqlite3") as journal, pytest.raises(KeyboardInterrupt):
        ask_for_source(journal)
    return "\n".join(shown)


def test_ctrl_c_in_the_guide_keeps_every_answer_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["2", "metric", "180 cm", "80", "trail", "Blue pair", "4"]
    left_at("Enter when you are ready", answers, tmp_path, monkeypatch)
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert journal.settings().height_m == 1.8
        assert [pain.level for pain in journal.entries(Pain)] == [4]
    again = left_at("Pain in your back", [""] * 4, tmp_path, monkeypatch)
    assert "Which one? [2]" in again  # the kettle, as the last time
    assert "[trail, 'none' for none]" in again
    assert "[Blue pair, 'none' for none]" in again


def test_a_sign_for_a_doctor_is_told_before_the_guide_and_lets_no_rating_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no = dict.fromkeys(QUESTIONS, False)
    with Journal(tmp_path / "journal.sqlite3") as journal:
        journal.add(Questionnaire(time.time_ns(), no | {"sciatica": True}))
    answers = ["2", "metric", "180 cm", "80", "", "", "2"]
    told = left_at("Enter when you are ready", answers, tmp_path, monkeypatch)
    assert told.startswith("Do not run on, because pain shoots below the knee")
    assert "Pain of 2: do not run while one of the signs for a doctor is there." in told


def test_questions_that_are_due_are_asked_before_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    with Journal(tmp_path / "journal.sqlite3") as journal:
        journal.add(Pain(time.time_ns() - 10**9, 7))
    terminal = SimpleNamespace(isatty=lambda: True, readline=lambda: "n\n")
    monkeypatch.setattr("sys.stdin", terminal)

    def guided(journal: JournalAtHand, **_: str) -> FirstRun:
        assert len(journal.open().entries(Questionnaire)) == 1
        raise InputError("the guide has begun.")

    monkeypatch.setattr("pipelines.commands.live.ask_for_source", guided)
    ended = backstride("live")
    assert "Is the skin between your legs numb?" in ended.out
    assert "the guide has begun." in ended.err


def test_a_strong_pain_in_the_guide_tells_of_the_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["2", "metric", "180 cm", "80", "", "", "7"]
    told = left_at("Enter when you are ready", answers, tmp_path, monkeypatch)
    assert "Pain of 7 is worth a few questions about signs" in told


@pytest.mark.parametrize("stated", [(), ("--surface", "grass")])
def test_answers_of_the_guide_are_marks_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: tuple[str, ...]
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    recording = tmp_path / "run.mcap"

    def asked(_: JournalAtHand, *, surface: str, shoe: str, axes_known: bool) -> FirstRun:
        assert (surface, shoe, axes_known) == ("grass" if stated else "", "", False)
        return FirstRun("sim:?minutes=0.1&time_scale=0", BODY, surface or "track", "Blue pair")

    monkeypatch.setattr("pipelines.commands.live.ask_for_source", asked)
    ended = backstride("live", "--record", recording, *stated)
    assert ended.exit_code == 0
    assert "your journal has no shoe 'Blue pair' yet" in ended.err
    marks = [one.mark for one in read_session(recording).records if isinstance(one, LoggedMark)]
    assert marks == [Surface("grass" if stated else "track"), Shoe("Blue pair")]


@given(st.lists(st.none() | st.text(max_size=12), max_size=30))
def test_whatever_is_typed_there_is_a_source_in_the_end(answers: list[str | None]) -> None:
    result, _ = guided(answers, (POLAR, KETTLE))
    assert result.surface in ("", *SURFACES)
    assert result.shoe.isprintable()
    assert result.source in {POLAR.url, KETTLE.url, SIMULATED}
    assert result.settings.units in {"metric", "imperial"}


def test_in_a_pipe_a_source_is_asked_for_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    with pytest.raises(InputError, match="no terminal to ask in: give a source, such as 'sim:'"):
        ask_for_source(JournalAtHand(tmp_path / "journal.sqlite3"))
    assert list(tmp_path.iterdir()) == []


PROGRAM = """
from pipelines.views.terminal.first_run import ask_for_source
from pipelines.runner.journal.at_hand import JournalAtHand
with JournalAtHand() as journal:
    print("source", ask_for_source(journal, seconds=0.5).source, "is chosen")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX systems")
def test_in_a_terminal_the_answers_are_kept(tmp_path: Path) -> None:
    shown = in_a_terminal(tmp_path, [("Which one?", ""), ("Units", "imperial")], "Height")
    assert "5 ft 9 in" in shown
    assert not (tmp_path / "journal.sqlite3").exists()
    # who leaves after the body has answered that all the same
    body = [("Which one?", ""), ("Units", ""), ("Height", "180 cm"), ("Weight", "80")]
    in_a_terminal(tmp_path / "left", body, "on a page")
    with Journal(tmp_path / "left" / "journal.sqlite3") as journal:
        assert journal.settings().height_m == 1.8
    answers = [
        ("Which one?", ""),
        ("Units", "imperial"),
        ("Height", "5 ft 9 in"),
        ("Weight", "150"),
        ("on a page", ""),
        ("Enter when you are ready", ""),
    ]
    shown = in_a_terminal(tmp_path, answers, "is chosen")
    assert "source sim:" in shown or "source serial:" in shown or "source ble:" in shown
    with Journal(tmp_path / "journal.sqlite3") as journal:
        settings = journal.settings()
    assert settings.units == "imperial"
    assert settings.height_m == pytest.approx(1.7526)
    assert settings.mass_kg == pytest.approx(68.04, abs=0.01)


def in_a_terminal(home: Path, answers: list[tuple[str, str]], until: str) -> str:
    """Run the guide behind a pseudo terminal: wait for each question, type the answer."""
    import pty
    import select

    master, slave = pty.openpty()
    process = WarmPopen(
        [sys.executable, "-c", PROGRAM],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(BACKSTRIDE_HOME=str(home)),
        start_new_session=True,
    )
    os.close(slave)
    shown = ""
    # a read may end in the midst of a character
    text = codecs.getincrementaldecoder("utf-8")()
    try:
        for question, answer in [*answers, (until, None)]:
            deadline = time.monotonic() + HANG_S
            seen = len(shown)
            while question not in shown[seen:]:
                assert time.monotonic() < deadline, shown
                if select.select([master], [], [], 0.2)[0]:
                    shown += text.decode(os.read(master, 4096))
            if answer is not None:
                os.write(master, f"{answer}\n".encode())
        if answers[-1][0].startswith("Enter"):
            assert process.wait(HANG_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return shown
