"""Files that are damaged, cut short or made to do harm: a reason, soon, and nothing is run."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import re
import struct
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imu.errors import BackstrideError, InputError
from pipelines import read
from pipelines.files.reading.text_source import text_from
from pipelines.files.reading.vector_cells import with_vectors_apart
from tests.pipelines.files.formats.test_named_formats import MAKERS, Made
from tests.pipelines.files.reading.shapes import Run, Shape, a_run, text_of

RUN = a_run(seconds=4.0)
#: Of the processor: far more than any of these files takes.
LONGEST_S = 20.0
MOST_BYTES = 400 << 20


def refused(path: Path, *, measure: bool = True) -> str:
    """The reason, which comes within bounds of time and, measured, which is slow, of memory."""
    if measure:
        tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(BackstrideError) as caught:
            read(path)
        assert not measure or tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < LONGEST_S
    text = str(caught.value)
    assert text.startswith(str(path)), text
    assert text.endswith(".") and "\n" not in text and not re.search(r"[.!?] +[A-Z]", text), text
    return text


def read_or_refused(path: Path) -> None:
    try:
        read(path)
    except BackstrideError as error:
        text = str(error)
        assert str(path) in text
        assert "\n" not in text and text.endswith(".")


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_file_that_is_cut_anywhere_is_read_as_far_as_it_goes_or_refused(
    tmp_path: Path, make: Callable[[Path, Run], Made]
) -> None:
    file = make(tmp_path, RUN).file
    whole = file.read_bytes()
    for part in (0.03, 0.2, 0.5, 0.9, 0.999):
        file.write_bytes(whole[: int(len(whole) * part)])
        read_or_refused(file)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_file_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, make: Callable[[Path, Run], Made]
) -> None:
    file = make(tmp_path, RUN).file
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    rng = np.random.default_rng(3)
    for count in (1, 1, 8, 200):
        spoiled = whole.copy()
        where = rng.integers(0, min(len(whole), 3000 if count == 8 else len(whole)), count)
        spoiled[where] = rng.integers(0, 256, count)
        file.write_bytes(spoiled.tobytes())
        read_or_refused(file)


def test_a_packed_table_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    head = gzip.compress(b"time_s,acc_x_g,acc_y_g,acc_z_g\n")
    path.write_bytes(head + 60 * gzip.compress(b"0,0,0,1\n" * 131_072))
    assert "longer than" in refused(path, measure=False)
    path.write_bytes(100 * gzip.compress(bytes(1_000_000)))
    assert "no text" in refused(path)
    path.write_bytes(100 * gzip.compress(b"1" * 1_000_000))
    refused(path)


def test_a_list_beside_which_long_cells_would_be_repeated_is_none() -> None:
    row = 3 * (',"' + "1;" * 999 + '1"')
    for word, known in (("w" * 2000, False), ("w", True)):
        rows = [f"{k * 10},{word}{row}" for k in range(20)]
        source = text_from("\n".join(["t,note,ax,ay,az", *rows]).encode(), "run.csv")
        look = with_vectors_apart(source, "run.csv").look
        assert (look.count(b"\n") > 1000) is known
        assert len(look) < 64 * len(source.look)


def test_a_packed_folder_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time_s,acc_x_g,acc_y_g,acc_z_g\n0,0,0,1\n")
    with tarfile.open(tmp_path / "run.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "a.csv", "a.csv")
    (tmp_path / "run.zip.gz").write_bytes(gzip.compress(b"PK\x03\x04" + bytes(600)))
    for name in ("run.tar.gz", "run.zip.gz"):
        assert "this is a packed folder: unpack it" in refused(tmp_path / name, measure=False)


@pytest.mark.parametrize(
    "line",
    [
        b"a:b:c:d" + b" " * 30_000 + b"e",
        b"t," + b"_a" * 15_000 + b",b,c",
        b"::: " + b"a b" * 10_000,
        b"t=1 a=2 b=3 " + b"1," * 25_000,
        b"acc (g" * 9000 + b",x",
    ],
)
def test_a_line_that_is_made_to_take_long(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"\n".join([line] * 20) + b"\n1,2,3,4" * 40)
    refused(path, measure=False)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"<?xml version='1.0'?>", "XML"),
        (b"\x02P\x00\x01", "C3D"),
        (b"SQLite format 3\0", "database"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(
    tmp_path: Path, start: bytes, kind: str
) -> None:
    path = tmp_path / "run.dat"
    path.write_bytes(start + bytes(5000))
    with pytest.raises(InputError, match=rf"this is (a )?{kind}\b.*: export"):
        read(path)


def test_a_zip_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Metadata.csv", "platform\nandroid\n")
        packed.writestr(
            "TotalAcceleration.csv", b"time,seconds_elapsed,z,y,x\n" + bytes(200_000_000)
        )
    assert "would unpack to 200 MB" in refused(path)
    # the head claims less than there is
    data = path.read_bytes().replace(struct.pack("<I", 200_000_027), struct.pack("<I", 4000))
    path.write_bytes(data)
    refused(path)


def test_a_zip_with_too_many_or_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for k in range(5000):
            packed.writestr(f"{k}.csv", "")
    assert "more than 4096 files" in refused(path)
    outside = tmp_path / "outside.csv"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("../outside.csv", "/etc/Passwd.CSV"):
            packed.writestr(name, "time_s,acc_x_g,acc_y_g\n0,0,1\n0.01,0,1\n")
    assert "/etc/Passwd.CSV): give the one you mean" in refused(path)
    assert not outside.exists()


def test_a_file_within_itself_and_one_that_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "locked.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.csv", text_of(RUN, Shape()))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # says that it is encrypted
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    assert "password" in refused(path)


class Harm:
    """What would run if it were unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", ["npy", "npz", "pickle"])
def test_nothing_is_unpickled(tmp_path: Path, kind: str) -> None:
    mark, path = tmp_path / "mark", tmp_path / f"run.{kind}"
    harm = np.array([Harm(mark)], object)
    if kind == "npy":
        np.save(path, harm, allow_pickle=True)
        assert "never unpickled" in refused(path)
    elif kind == "npz":
        np.savez(path, acc=np.zeros((9, 3)), other=harm)
        assert "never unpickled" in refused(path)
    else:
        path.write_bytes(pickle.dumps(harm))
        refused(path)
    assert not mark.exists()


def test_an_array_that_claims_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "run.npy"
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 7)}
    )
    path.write_bytes(out.getvalue() + bytes(800))
    assert "cut short" in refused(path)
    path.write_bytes(out.getvalue().replace(b"1000000000000", b"-100000000000") + bytes(800))
    refused(path)


def test_a_matlab_file_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mat"
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    packed = zlib.compress(bytes(100_000_000))
    path.write_bytes(head + struct.pack("<II", 15, len(packed)) + packed)
    assert "would unpack" in refused(path)


def test_a_matlab_file_whose_types_are_none_is_refused_before_it_is_read(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    path = tmp_path / "run.mat"
    scipy_io.savemat(path, {"acc": np.ones((60, 3)), "fs": 100.0})
    whole = path.read_bytes()
    at = whole.index(struct.pack("<II", 9, 60 * 3 * 8))  # the numbers: doubles
    path.write_bytes(whole[:at] + struct.pack("<I", 6409) + whole[at + 4 :])
    # it would end the process of the library
    assert "no recording" in refused(path) or "no arrays" in refused(path)
    path.write_bytes(whole[:136] + b"\x07" + whole[137:])
    refused(path)


def test_a_newer_matlab_file_without_its_library_is_refused_with_how_to_save_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    path = tmp_path / "new.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "-v7" in refused(path)


def test_streams_that_claim_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "run.xdf"
    body = struct.pack("<I", 1) + b"\x08" + struct.pack("<Q", 2**60) + bytes(100)
    path.write_bytes(b"XDF:" + b"\x04" + struct.pack("<IH", len(body) + 2, 3) + body)
    assert "claims" in refused(path)


@pytest.mark.parametrize(
    "text",
    [
        b"{" * 100_000 + b'"ArrayAcc"',
        b'{"data":[{"acc":{"Timestamp":1,"ArrayAcc":[{"x":1,"y":2,"z":"far"}]}}]}',
        b'{"data":[{"acc":{"Timestamp":1,"ArrayAcc":[{"x":1,"y":2,"z":3}]}}]}',
        b'{"data":[{"acc":{"Timestamp":1e999,"ArrayAcc":[]}},{"acc":{"Timestamp":2,"ArrayAcc":[]}}]}',
        b'[{"sensor":"TotalAcceleration","seconds_elapsed":"1","x":"much"}]',
        b'[{"sensor":"Gyroscope","seconds_elapsed":"1"}]',
        b'{"ArrayAcc": 3}',
    ],
)
def test_json_of_another_layout(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(text)
    refused(path)


def test_lines_and_heads_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"time_s,acc_x_g,acc_y_g\n0,0,1\n0.01,0,1\n" + b"1" * 5_000_000)
    assert "too long" in refused(path, measure=False)
    path.write_bytes(b",".join(b"acc_x_g" for _ in range(20_000)) + b"\n0,0\n")
    refused(path)
    path.write_bytes(b"Device: A\n" * 50_000 + b"time_s,acc_x_g,acc_y_g\n0,0,1\n0.01,0,1\n")
    refused(path)
