"""What the runner is promised where the recording ends before the run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.live import LiveRun
from pipelines.views.page.ended_screen import ended_pieces
from tests.pipelines.views.page.browser import Tab, needs_chromium, program

_RUN = """
import asyncio, resource, sys
from pathlib import Path
from imu.compile_ahead import warm_up
from pipelines.commands.after_run import file_and_review
from pipelines.commands.live import _tell_end
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
warm_up()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
options = LiveOptions(record=Path(sys.argv[1]))
address = "sim:?minutes=20&time_scale=40&seed=5&rate=100"
run = asyncio.run(run_dashboard(address, options, open_browser=False))
with JournalAtHand() as journal:
    _tell_end(run, file_and_review(run, journal), journal)
"""


def test_whole_recording_is_told_without_more_words(tmp_path: Path) -> None:
    assert ended_pieces(LiveRun(recording=tmp_path / "run.mcap"), report=False)["kept"] == ""
    assert ended_pieces(LiveRun(recorded_s=3.0), report=False)["kept"] == ""  # nothing recorded


@pytest.mark.slow
@needs_chromium
@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of files")
def test_page_and_terminal_tell_alike_how_much_a_full_disk_has_kept(
    tab: Tab, tmp_path: Path
) -> None:
    recording = tmp_path / "run.mcap"
    with program(_RUN, str(recording), home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("The run goes on.", ".condition", 40)
        tab.key("x")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        shown = tab.text(".file")
        tab.press("End Backstride")
        said = running.wait()
    assert shown.startswith(f"Recorded in {recording}: about the first ")
    assert shown.endswith("and the run went on without it")
    assert shown[0].lower() + shown[1:] in said
