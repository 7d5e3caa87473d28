"""How kernels are compiled and where the compiled code is kept.

numba's own cache does not notice when a kernel that another kernel calls is edited in a different
file, so the directory is keyed by a digest of every source in this package and the numba version.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

import numba
from numba.core import config as numba_config
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

#: One element of a structured array inside compiled code: fields are attributes.
Record: TypeAlias = Any

P = ParamSpec("P")
R = TypeVar("R")

_ALL_OF_THEM: Final = "all-of-them"
#: What the disk had no room for; each process compiles it anew.
_not_kept: Final[list[str]] = []


@functools.cache
def cache_directory() -> Path:
    """Where this version's compiled kernels are kept.

    Under ``NUMBA_CACHE_DIR`` when that is set, else in the user's cache directory.
    """
    digest = hashlib.blake2b(f"{numba.__version__} {platform.python_version()}".encode())
    here = Path(__file__).parent
    for source in sorted(here.rglob("*.py")):
        digest.update(source.relative_to(here).as_posix().encode())
        digest.update(source.read_bytes())
    return _cache_root() / digest.hexdigest()[:16]


def _cache_root() -> Path:
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(configured) / "backstride"
    from platformdirs import user_cache_path

    return user_cache_path("backstride", appauthor=False)


def _make_private() -> None:
    """Make the place, where there is none, so that nobody else can put code there that we run."""
    with suppress(OSError):
        for folder in (cache_directory().parent, cache_directory()):
            folder.mkdir(0o700, parents=True, exist_ok=True)


@functools.cache
def _word_of_all() -> str:
    """Name of the word that all are on disk for the sources of this place and these times.

    numba asks for both: it knows nothing of what another environment has compiled, or an earlier
    installation, of the same sources.
    """
    here = Path(__file__).parent
    times = [source.stat().st_mtime_ns for source in sorted(here.rglob("*.py"))]
    digest = hashlib.blake2b(f"{here} {times}".encode(), digest_size=8).hexdigest()
    return f"{_ALL_OF_THEM}-{digest}"


def is_compiled() -> bool:
    """Whether all compiled kernels of this installation are already on disk."""
    return (cache_directory() / _word_of_all()).exists()


def can_be_kept() -> bool:
    """Whether there is a place on disk for compiled kernels."""
    _make_private()
    return os.access(cache_directory(), os.W_OK)


def note_compiled() -> None:
    """Leave word that all are on disk: what was interrupted has left only some."""
    if _not_kept:
        return
    with suppress(OSError):  # nowhere to keep them
        (cache_directory() / _word_of_all()).touch()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a typed, module-level function on first use and keep the result on disk.

    Strict IEEE arithmetic: no fused multiply-add, no reordering, so results are the same for every
    way of cutting the input. Such a function makes no arrays, so that none has to be counted: that
    took a tenth of the chain's time.
    """
    return _compiled(function, inline="never", counting=False)


def part_of_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel that becomes a part of the one kernel that calls it.

    Each kernel is optimised once more within each that calls it: a large one with one caller need
    not be optimised for itself.
    """
    return _compiled(function, inline="always", counting=False)


def small_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel that is put into each that calls it: to hand it arrays costs more than it does."""
    return _compiled(function, inline="never", counting=False, forceinline=True)


def kernel_with_arrays(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel that makes arrays of its own."""
    return _compiled(function, inline="never", counting=True)


def _compiled(
    function: Callable[P, R], *, inline: str, counting: bool, forceinline: bool = False
) -> Callable[P, R]:
    _make_private()
    config: Any = numba_config
    previous = config.CACHE_DIR
    # numba reads the directory while it decorates; other packages' setting stays as it was
    config.CACHE_DIR = str(cache_directory())
    # nothing calls these from C: without that wrapper the first compilation is shorter
    options: dict[str, Any] = {
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        "inline": inline,
        "_nrt": counting,
        "forceinline": forceinline,
    }
    compiled: Callable[P, R]
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # nowhere to keep it: compile anew in every process
        compiled = numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = previous
    _compile_once_for_constants(compiled)
    _load_without_the_compiler(compiled, counting=counting)
    _go_on_where_the_disk_is_full(compiled)
    return compiled


def _load_without_the_compiler(compiled: Any, *, counting: bool) -> None:
    """Take what is on disk as it is: to load all that numba can compile takes 50 MB and 0.4 s.

    It loads that by itself as soon as something has to be compiled.
    """
    if not isinstance(compiled._cache, FunctionCache):
        return
    cache: Any = compiled._cache

    def load(signature: Any, target: Any) -> Any:
        if counting:
            rtsys.initialize(target)
        with cache._guard_against_spurious_io_errors():
            return cache._load_overload(signature, target)

    cache.load_overload = load


def _go_on_where_the_disk_is_full(compiled: Any) -> None:
    """A kernel that cannot be kept is as good as another."""
    save = compiled._cache.save_overload

    def save_if_there_is_room(signature: Any, code: Any) -> None:
        try:
            save(signature, code)
        except OSError:
            _not_kept.append(str(compiled))

    compiled._cache.save_overload = save_if_there_is_room


def _compile_once_for_constants(compiled: Any) -> None:
    """Let callers that pass different constants share one compiled form: numba makes one each."""
    numba_types: Any = types
    template, plain = compiled.get_call_template, numba_types.unliteral

    def shared(args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
        return template(tuple(map(plain, args)), {name: plain(kind) for name, kind in kws.items()})

    compiled.get_call_template = shared


@contextmanager
def compiling() -> Iterator[None]:
    """Let the compiler work undisturbed.

    It makes millions of small objects, and looking for dead ones is a tenth of its time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
