"""Twenty kinds of files made to take time and memory, twenty of each, read within bounds."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.robustness.hostile_sessions import SESSIONS, hostile_session
from benchmarks.robustness.outcome import LONGEST_S, trouble_of

#: Of one file, with all libraries.
MOST_MB: Final = 500.0
_A_KIND: Final = 20
_SHORTEST_BYTES: Final = 6_500

#: Reads files in one process; of each it tells time and the most memory.
_READING: Final = """
import json, sys, time
from pathlib import Path
from benchmarks.robustness.hostile_files import most_memory_mb, read
for name in sys.argv[1:]:
    most_memory_mb(anew=True)
    began = time.process_time()
    told = read(Path(name))
    print(json.dumps([time.process_time() - began, most_memory_mb(), told]), flush=True)
"""


def read(path: Path) -> str:
    """Read a file as the program does for such a name; what it told, or what is wrong."""
    from benchmarks.robustness.targets import read_as_named

    trouble = trouble_of(lambda _: read_as_named(path), b"")
    return trouble and f"trouble: {trouble}"


def most_memory_mb(*, anew: bool = False) -> float:
    """The most that this process has held since it was asked anew, MB; Linux alone says."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        return 0.0
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024.0


def read_all(kinds: list[str] | None = None, each: int = _A_KIND) -> dict[str, dict[str, Any]]:
    """Make and read the files.

    Returns
    -------
    dict
        Of each kind: ``files``, ``longest_s``, ``most_mb``, and ``troubles`` in words.
    """
    found = {}
    for kind in kinds or FILES:
        with tempfile.TemporaryDirectory() as folder:
            paths = [make(kind, Path(folder), number) for number in range(each)]
            done = subprocess.run(
                [sys.executable, "-c", _READING, *map(str, paths)],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
        read_s, most_mb, told = [0.0], [0.0], list[str]()
        for line in done.stdout.splitlines():
            seconds, megabytes, words = json.loads(line)
            read_s.append(seconds)
            most_mb.append(megabytes)
            told.append(words)
        troubles = sorted(set(filter(None, told)))
        if len(told) < each:
            troubles.append(f"the process ended at file {len(told)}: {done.stderr[-300:]}")
        troubles += [f"a file took {max(read_s):.1f} s"] * (max(read_s) > LONGEST_S)
        troubles += [f"a file took {max(most_mb):.0f} MB"] * (max(most_mb) > MOST_MB)
        found[kind] = {
            "files": len(told),
            "longest_s": round(max(read_s), 2),
            "most_mb": round(max(most_mb)),
            "troubles": troubles,
        }
    return found


def make(kind: str, folder: Path, number: int) -> Path:
    """One file: the higher the number, the longer it is, up to 130 kB of what is packed."""
    return FILES[kind](folder, (number + 1) * _SHORTEST_BYTES)


def _session(kind: str, folder: Path, length: int) -> Path:
    return hostile_session(folder / f"{length}.mcap", kind, length)


def _written(folder: Path, length: int, ending: str, content: bytes) -> Path:
    path = folder / f"{length}.{ending}"
    path.write_bytes(content)
    return path


_HEAD: Final = b"time_s,acc_x_g,acc_y_g,acc_z_g\n"
_ROW: Final = b"0.01,0,0,1\n"


def _zipped(folder: Path, length: int) -> Path:
    """A table that expands a thousandfold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("run.csv", _HEAD + _ROW * (length * 700 // len(_ROW)))
    return _written(folder, length, "zip", out.getvalue())


def _many_in_a_zip(folder: Path, length: int) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(length // 100):
            archive.writestr(f"{number}.csv", b"")
    return _written(folder, length, "zip", out.getvalue())


def _gzipped(folder: Path, length: int) -> Path:
    return _written(
        folder, length, "csv.gz", gzip.compress(_HEAD + _ROW * (length * 700 // len(_ROW)))
    )


def _one_line(folder: Path, length: int) -> Path:
    return _written(folder, length, "csv", _HEAD + b"1" * (length * 400))


def _many_columns(folder: Path, length: int) -> Path:
    names = b",".join(b"c%d" % number for number in range(length))
    return _written(folder, length, "csv", names + b"\n" + b"0," * length + b"0\n")


def _long_preface(folder: Path, length: int) -> Path:
    return _written(folder, length, "csv", b"Device: A\n" * (length * 10) + _HEAD + _ROW * 20)


def _deep(ending: str, folder: Path, length: int) -> Path:
    opened = {"json": b'{"data":', "toml": b"a = ["}[ending]
    return _written(folder, length, ending, opened + b"[" * length * 5)


def _array(folder: Path, length: int) -> Path:
    """An array whose head promises a billion times what follows."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({length * 10**7}, 4), }}\n"
    start = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()
    return _written(folder, length, "npy", start + bytes(length))


def _matlab(folder: Path, length: int) -> Path:
    """A MATLAB file of one compressed element that expands a thousandfold."""
    count = length * 100
    inner = np.array([14, count * 8 + 56], "<u4").tobytes()
    inner += np.array([6, 8, 6, 0, 5, 8, count // 4, 4], "<u4").tobytes()
    inner += np.array([(3 << 16) | 1], "<u4").tobytes() + b"acc\0"
    inner += np.array([9, count * 8], "<u4").tobytes() + bytes(count * 8)
    packed = zlib.compress(inner, 9)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    element = np.array([15, len(packed)], "<u4").tobytes() + packed
    return _written(folder, length, "mat", head + element)


def _xdf(folder: Path, length: int) -> Path:
    """Chunks of a lab's stream that claim to be as long as a disk."""
    body = b"\x08" + (2**60 // length).to_bytes(8, "little") + bytes(length)
    chunk = b"\x04" + (len(body) + 2).to_bytes(4, "little") + b"\x03\x00" + body
    return _written(folder, length, "xdf", b"XDF:" + chunk)


def _parquet(folder: Path, length: int) -> Path:
    """Columns of one value, so often that each packs into nothing."""
    import pyarrow as pa
    from pyarrow import parquet

    count = length * 1500
    columns = pa.table({"time_s": np.zeros(count), "acc_x_g": np.zeros(count)})
    path = folder / f"{length}.parquet"
    parquet.write_table(columns, path, compression="zstd", row_group_size=count)
    return path


def _feather(folder: Path, length: int) -> Path:
    import pyarrow as pa
    from pyarrow import feather

    path = folder / f"{length}.feather"
    columns = pa.table({"time_s": np.zeros(length * 1500), "acc_x_g": np.zeros(length * 1500)})
    feather.write_feather(columns, str(path), compression="zstd", chunksize=length * 1500)
    return path


FILES: Final[dict[str, Callable[[Path, int], Path]]] = {
    **{f"session: {kind}": partial(_session, kind) for kind in SESSIONS},
    "zip: a table": _zipped,
    "zip: many files": _many_in_a_zip,
    "gzip: a table": _gzipped,
    "csv: one line": _one_line,
    "csv: many columns": _many_columns,
    "csv: a long preface": _long_preface,
    "json: deep": partial(_deep, "json"),
    "toml: deep": partial(_deep, "toml"),
    "npy: a promise": _array,
    "mat: packed": _matlab,
    "xdf: a claim": _xdf,
    "parquet: packed": _parquet,
    "feather: packed": _feather,
}
