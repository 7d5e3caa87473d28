"""Compiled code is found again when nothing changed, made anew when a source did."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import imu
from imu import compiled
from tests.patience import HANG_S

PACKAGE = Path(imu.__file__).parent


def python(code: str, *, path: Path, cache: Path, **environment: str) -> str:
    """Run code in a new interpreter that sees the packages in ``path`` first."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(path),
            "NUMBA_CACHE_DIR": str(cache),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        cwd=path,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A place with a copy of the package that may be edited."""
    shutil.copytree(PACKAGE, tmp_path / "imu", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_cache_directory_follows_every_source(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "__file__", str(copied / "imu" / "compiled.py"))
    directory = compiled.cache_directory.__wrapped__
    before = directory()
    assert directory() == before
    seen = {before}
    for source in sorted((copied / "imu").glob("*.py")):
        source.write_text(source.read_text("utf-8") + "\n# edited\n", "utf-8")
        seen.add(directory())
    assert len(seen) == 1 + len(list((copied / "imu").glob("*.py")))
    monkeypatch.setattr("numba.__version__", "0.0")
    assert directory() not in seen


def test_it_lies_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiled.cache_directory.__wrapped__().parent == tmp_path / "backstride"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    elsewhere = compiled.cache_directory.__wrapped__()
    assert "backstride" in elsewhere.parts
    assert not elsewhere.is_relative_to(PACKAGE)


def test_some_that_an_interrupted_start_has_left_are_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "cache_directory", lambda: tmp_path)
    (tmp_path / "smooth_window.nbc").touch()
    assert not compiled.is_compiled()
    compiled.note_compiled()
    assert compiled.is_compiled()


def test_what_another_environment_has_compiled_is_not_on_disk_for_this_one(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same sources: numba goes by their place and time, and finds nothing of it."""
    monkeypatch.setattr(compiled, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(compiled, "_word_of_all", compiled._word_of_all.__wrapped__)
    compiled.note_compiled()
    assert compiled.is_compiled()
    monkeypatch.setattr(compiled, "__file__", str(copied / "imu" / "compiled.py"))
    assert not compiled.is_compiled()
    compiled.note_compiled()
    assert compiled.is_compiled()
    os.utime(copied / "imu" / "samples.py", (1, 1))  # installed again
    assert not compiled.is_compiled()


def test_where_nothing_can_be_kept_it_still_works(copied: Path, tmp_path: Path) -> None:
    """A read-only home and a read-only installation, as in a locked-down container."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no directory")
    (copied / "imu" / "__pycache__").write_text("nor this")
    code = (
        "from imu.chain.filters import SosFilter\n"
        "print(SosFilter([[2, 0, 0, 1, 0, 0]]).push([1, 2]))"
    )
    home = str(in_the_way)
    places = {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home, "USERPROFILE": home}
    assert python(code, path=copied, cache=in_the_way, **places) == "[2. 4.]"


def test_what_is_on_disk_is_loaded_without_the_compiler(tmp_path: Path) -> None:
    code = (
        "import sys; from imu.drift.pace import _beyond;"
        "print(_beyond(3.0, 2.0), 'numba.np.linalg' in sys.modules)"
    )
    compiling = python(code, path=PACKAGE.parent, cache=tmp_path)
    loading = python(code, path=PACKAGE.parent, cache=tmp_path)
    assert (compiling, loading) == ("0.5 True", "0.5 False")


def test_a_full_disk_keeps_nothing_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiled, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(compiled, "_not_kept", [])
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert compiled.kernel(_twice)(2.0) == 4.0
    compiled.note_compiled()
    assert not compiled.is_compiled()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_nobody_else_can_put_code_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "backstride" / "kernels"
    monkeypatch.setattr(compiled, "cache_directory", lambda: place)
    before = os.umask(0)
    try:
        compiled.kernel(_twice)
    finally:
        os.umask(before)
    assert [one.stat().st_mode & 0o777 for one in (place.parent, place)] == [0o700, 0o700]


def _twice(x: float) -> float:
    return 2.0 * x


@pytest.mark.slow
def test_an_edited_callee_in_another_file_is_compiled_anew(tmp_path: Path) -> None:
    """What numba's own cache would miss."""
    room = tmp_path / "imu"
    room.mkdir()
    shutil.copy(PACKAGE / "compiled.py", room)
    (room / "__init__.py").write_text("")
    callee = room / "callee.py"
    callee.write_text("from imu.compiled import kernel\n@kernel\ndef f(x):\n    return x + 1.0\n")
    (room / "caller.py").write_text(
        "from imu.compiled import kernel\nfrom imu.callee import f\n"
        "@kernel\ndef g(x):\n    return 2.0 * f(x)\n"
    )
    code = "from imu.caller import g; print(g(1.0), len(g.stats.cache_hits))"
    cache = tmp_path / "cache"
    assert python(code, path=tmp_path, cache=cache) == "4.0 0"
    assert python(code, path=tmp_path, cache=cache) == "4.0 1"
    callee.write_text(callee.read_text().replace("1.0", "10.0"))
    assert python(code, path=tmp_path, cache=cache) == "22.0 0"


def test_importing_compiles_nothing_and_loads_no_scipy(copied: Path, tmp_path: Path) -> None:
    code = (
        "import sys, numba\n"
        "with_numba = set(sys.modules)\n"  # numba looks at scipy's version
        "from imu import Samples, Runner, StepAnalyzer, InclinationFilter, analyze\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - with_numba}\n"
        "print(sorted(new & {'scipy', 'pandas', 'polars', 'pyarrow', 'rich', 'mcap', 'asyncio'}))\n"
        "from numba.core.dispatcher import Dispatcher\n"
        "print([k for m in list(sys.modules) if m.split('.')[0] == 'imu'\n"
        "       for k, v in vars(sys.modules[m]).items()\n"
        "       if isinstance(v, Dispatcher) and v.signatures])\n"
    )
    cache = tmp_path / "cache"
    assert python(code, path=copied, cache=cache) == "[]\n[]"
    assert not [file for file in cache.rglob("*") if file.suffix in (".nbi", ".nbc")]


def test_warming_up_leaves_nothing_to_compile(tmp_path: Path) -> None:
    """A compile in mid-run would stall the event loop; every kind of run is warm."""
    code = """
import sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from tests.imu.synthetic import running
from imu.analyzer import StepAnalyzer
from imu.compile_ahead import warm_up
from imu.drift.baseline_in_use import baseline_now
from imu.drift.detector import DriftDetector, DriftParams
warm_up()
def compiled():
    return {(name, str(signature)) for module in list(sys.modules) if module.startswith('imu.')
            for name, kernel in vars(sys.modules[module]).items()
            if isinstance(kernel, Dispatcher) for signature in kernel.signatures}
before = compiled()
for gyro in (True, False):
    for axes in ('auto', '+x+y+z'):
        run = running(steps=16, gyro=gyro)
        analyzer = StepAnalyzer(run.rate_hz, axes=axes, waveforms=True)
        detector = DriftDetector(DriftParams(skip_s=0.0, block_steps=4))
        for k in range(0, len(run.samples), 8):
            detector.push(analyzer.push(run.samples[k:k + 8]))
        assert int(detector.state[0]['session']['blocks']) > 0
        assert baseline_now(detector.state['segment'][0], 2) is not None
        assert analyzer.flush() is not None and analyzer.mounting is not None
print(sorted(name for name, _ in compiled() - before))
"""
    root = Path(__file__).parents[2]
    # the cache of this very checkout: what is asked is what warming up covers, not how fast
    cache = os.environ.get("NUMBA_CACHE_DIR", "")
    assert python(code, path=root, cache=tmp_path, NUMBA_CACHE_DIR=cache) == "[]"


def test_arithmetic_is_strict() -> None:
    """No reordering, no division trap: what makes results the same on every machine."""

    @compiled.kernel
    def odd(values: np.ndarray, zero: float) -> tuple[float, float]:
        total = 0.0
        for value in values:
            total += value
        return total, 1.0 / zero

    total, quotient = odd(np.array([1e16, 1.0, -1e16, 1.0] * 64), 0.0)
    plain = 0.0
    for value in [1e16, 1.0, -1e16, 1.0] * 64:
        plain += value
    assert total == plain
    assert quotient == np.inf
