"""``backstride report`` where the extra for pages is not installed."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.pipelines.command_line import backstride, one_sentence


@pytest.mark.parametrize(
    ("missing", "named"),
    [({"matplotlib", "jinja2"}, "matplotlib and jinja2"), ({"jinja2"}, "jinja2")],
)
def test_what_to_install_is_one_sentence_as_in_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: set[str], named: str
) -> None:
    def without(name: str) -> ModuleSpec | None:
        return None if name in missing else find_spec(name)

    monkeypatch.setattr("importlib.util.find_spec", without)
    session = tmp_path / "run.mcap"
    session.write_bytes(b"")
    ended = backstride("report", session)
    install = 'python -m pip install ".[app]"'
    assert ended.exit_code == 1
    assert one_sentence(ended) == (
        f"the report needs {named}, not installed here: give {install} in the folder that you "
        "installed Backstride from."
    )
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert install in readme
