"""What the documentation shows works as shown; the site itself is built in ``.ci/run``."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.command_line import backstride

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
GALLERY = sorted((ROOT / "examples" / "gallery").glob("plot_*.py"))
#: Commands that end with 1, as the text says.
FAILING = {"linktest"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("page", TUTORIALS, ids=name_of)
@pytest.mark.slow
def test_a_tutorial_does_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    pytest.importorskip("matplotlib").use("Agg")
    pytest.importorskip("pandas")
    pages = re.findall(r"^```(sh|python|toml)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    said = ""
    for language, text in pages:
        if language == "toml":
            Path(text.partition("\n")[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        elif language == "python" and "pytest" not in text:
            exec(compile(text, page.name, "exec"), {"__name__": "tutorial"})
        elif language == "sh":
            for words in map(shlex.split, text.splitlines()):
                if words[0] == "mkdir":
                    Path(words[1]).mkdir()
                    continue
                assert words[0] == "backstride"
                done = backstride(*words[1:])
                said += done.out
                assert done.exit_code == int(words[1] in FAILING), (words, done.err)
    if page.stem == "runner":
        assert "changed from your baseline" in said
    if page.stem == "researcher":
        compared = backstride("replay", "runs/fast.csv", "--compare", "slower.toml")
        assert "to the last bit" not in compared.out


@pytest.mark.parametrize("script", GALLERY, ids=name_of)
@pytest.mark.slow
def test_a_script_of_the_gallery_draws(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    drawn: list[int] = []
    monkeypatch.setattr(pyplot, "show", lambda: drawn.append(len(pyplot.gcf().axes)))
    runpy.run_path(str(script), run_name="gallery")
    pyplot.close("all")
    assert drawn
    assert drawn[0] >= 1
    if script.stem == "plot_change_told":
        assert "Pelvic lean changed from your baseline" in capsys.readouterr().out


def called() -> Iterator[str]:
    for page in TUTORIALS:
        for text in [*blocks(page, "console"), *blocks(page, "sh")]:
            yield from re.findall(r"^backstride.*", text.replace("\\\n", " "), re.M)


def test_every_command_and_option_of_the_tutorials_exists() -> None:
    options: dict[tuple[str, ...], set[str]] = {}
    for line in called():
        words = line.partition("#")[0].split()[1:]
        command = tuple(words[:2] if words[0] == "journal" else words[:1])
        options.setdefault(command, set()).update(re.findall(r"(?<=\s)--[a-z-]+", line))
    assert len(options) > 8
    for command, shown in options.items():
        known = set(re.findall(r"--[a-z-]+", backstride(*command, "--help").out))
        assert shown <= known, f"{shown - known} of {command}"


def test_every_table_of_the_site_is_made_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sphinx", reason="sphinx, of the extra docs, is not installed")
    pytest.importorskip("numpydoc")
    monkeypatch.syspath_prepend(ROOT / "docs")
    from importlib import import_module

    tables = import_module("made_of_code").TABLES
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md"))
    shown = re.findall(r"^```\{made-of-code\} (.+)$", pages, re.M)
    assert sorted(shown) == sorted(tables)
    for name, made in tables.items():
        *_, first = made().splitlines()[:3]
        assert first, name
        if name not in {"formats", "commands"}:
            assert not re.search(r"^\| `[^|]*` \|\s*\|", made(), re.M), f"{name}: no meaning"
    worth = tables["indicators"]()
    assert "Of a true change it shows 63 %" in worth and worth.count("Between days") == 1
