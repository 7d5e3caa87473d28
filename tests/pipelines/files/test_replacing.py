"""A file is replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imu.errors import RecordingError
from imu.steps import NO_STEPS
from imu.waveforms import Waveforms
from pipelines.files.replacing import refuse_existing, replacing
from pipelines.files.steps_table import write_steps
from pipelines.files.waveform_table import write_waveforms
from tests.pipelines.files.sentences import one_sentence

POSIX = sys.platform != "win32"
PYTHON = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


def test_the_new_content_appears_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    with replacing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_an_interrupted_write_changes_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    def write_and_fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise failure

    with pytest.raises(failure):
        write_and_fail()
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("extension", ["csv", "parquet"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_full_disk_leaves_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str, exists: bool
) -> None:
    path = tmp_path / f"steps.{extension}"
    if exists:
        path.write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordingError) as caught:
        write_steps(path, NO_STEPS)
    state = "the previous file is unchanged" if exists else "nothing was written"
    one_sentence(caught.value, str(path), "disk is full", "free some space", state)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["before"] * exists


@pytest.mark.skipif(not POSIX, reason="only POSIX limits the size of files")
@pytest.mark.parametrize("extension", ["csv", "parquet"])
def test_a_system_that_stops_taking_bytes_leaves_the_previous_file(
    tmp_path: Path, extension: str
) -> None:
    """A real refusal by the system in mid-file, in a process of its own."""
    path = tmp_path / f"waves.{extension}"
    path.write_text("before")
    code = f"""
import resource, sys
import numpy as np
from imu.errors import RecordingError
from imu.waveforms import Waveforms
from pipelines.files.waveform_table import write_waveforms
noise = np.random.default_rng(0).normal(size=(5, 50_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_waveforms({str(path)!r}, Waveforms(*noise))
except RecordingError as error:
    sys.exit(str(error))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=PYTHON
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the file grows larger" in done.stderr
    assert "the previous file is unchanged" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not POSIX, reason="sends SIGKILL")
def test_killed_in_the_middle_the_previous_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    code = f"""
import time
from pipelines.files.replacing import replacing
with replacing({str(path)!r}) as file:
    file.write(b"half" * 100_000)
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=PYTHON) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"writing\n"
        run.send_signal(signal.SIGKILL)
    assert path.read_text() == "before"


@pytest.mark.skipif(not POSIX, reason="folders have no write permission on Windows")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "steps.csv"
    path.write_text("before")
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this account may write everywhere")
        with pytest.raises(RecordingError) as caught:
            write_steps(path, NO_STEPS)
        one_sentence(caught.value, str(path), "permission", "the previous file is unchanged")
        assert path.read_text() == "before"
    finally:
        folder.chmod(0o700)


def test_permission_refused_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where another program holds the file open on Windows."""
    path = tmp_path / "steps.csv"
    path.write_text("before")

    def held(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(RecordingError) as caught:
        write_steps(path, NO_STEPS)
    one_sentence(caught.value, str(path), "permission", "close programs", "unchanged")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["before"]


def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("before")
    path.chmod(0o400)
    try:
        if os.access(path, os.W_OK):
            pytest.skip("this account may write every file")
        with pytest.raises(RecordingError) as caught:
            write_steps(path, NO_STEPS)
        one_sentence(caught.value, str(path), "write-protected")
        assert path.read_text() == "before"
    finally:
        path.chmod(0o600)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_is_private_is_so_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    path.write_text("before")
    path.chmod(0o644)
    for private, mode in ((False, 0o644), (True, 0o600)):
        with replacing(path, private=private) as file:
            file.write(b"after")
        assert path.stat().st_mode & 0o777 == mode


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(RecordingError) as caught:
        write_steps(folder, NO_STEPS)
    one_sentence(caught.value, str(folder), "this is a folder")
    with pytest.raises(RecordingError) as caught:
        write_steps(tmp_path / "none" / "steps.csv", NO_STEPS)
    one_sentence(caught.value, "does not exist", "create it first")
    (tmp_path / "file").write_text("before")
    with pytest.raises(RecordingError) as caught:
        write_steps(tmp_path / "file" / "steps.csv", NO_STEPS)
    one_sentence(caught.value, str(tmp_path / "file"))


@pytest.mark.skipif(not POSIX, reason="permissions and links as POSIX has them")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text("before")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    write_steps(link, NO_STEPS)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_text().startswith("step,")


@pytest.mark.skipif(not POSIX, reason="devices as files exist on POSIX alone")
def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    code = f"import pathlib; print(pathlib.Path({str(pipe)!r}).read_text(), end='')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as reader:
        write_waveforms(pipe, Waveforms(*np.zeros((5, 1))))
        assert reader.stdout is not None
        assert reader.stdout.read().count(b"\n") == 2
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device() -> None:
    with pytest.raises(RecordingError) as caught, replacing("/dev/full") as file:
        file.write(b"x")
    one_sentence(caught.value, "/dev/full", "disk is full", "incomplete")
    assert not Path("/dev/full").is_file()


def test_a_name_that_is_taken_is_refused_also_by_a_broken_link(tmp_path: Path) -> None:
    refuse_existing(tmp_path / "new.zip")
    old = tmp_path / "old.zip"
    old.touch()
    with pytest.raises(RecordingError) as caught:
        refuse_existing(old)
    one_sentence(caught.value, str(old), "already exists: give another name.")
    with pytest.raises(RecordingError) as caught:
        refuse_existing(old, "--overwrite")
    one_sentence(caught.value, "or --overwrite to replace it")
    if POSIX:
        link = tmp_path / "link.zip"
        link.symlink_to("nowhere")
        with pytest.raises(RecordingError, match="already exists"):
            refuse_existing(link)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "steps.csv") as file:
        file.write(b"step")
    assert (tmp_path / "steps.csv").stat().st_mode & 0o777 == 0o600
