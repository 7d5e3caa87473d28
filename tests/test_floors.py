"""The house stands: floors import downwards only, and the signal knows no file, device or clock."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("imu", "devices", "pipelines")
SOURCES = [source for floor in FLOORS for source in sorted((ROOT / floor).rglob("*.py"))]
SIGNAL = [source for source in SOURCES if source.relative_to(ROOT).parts[0] == "imu"]

#: What the signal may import: nothing that reads, writes, waits or tells the time.
PURE = {
    "__future__", "bisect", "collections", "dataclasses", "enum", "functools", "hashlib", "imu",
    "importlib", "itertools", "json", "math", "numba", "numbers", "numpy", "types", "typing",
    "unicodedata",
}  # fmt: skip
#: How code is compiled, and where it is kept: the one thing on floor 1 that is a file.
CACHE = {"contextlib", "gc", "os", "pathlib", "platform", "platformdirs", "sys"}
#: The weights of the step model, which come with the package: the one file that is read.
WEIGHTS = {"functools", "pathlib", "zipfile"}
WEIGHTS_FILE = "imu/step/model_file.py"
#: For data frames, asked for by the caller; never while importing.
FRAMES = {"pandas", "polars"}


def name_of(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Full name of every imported module and its line."""
    for node in ast.walk(tree):
        yield from imports_of(node)


def imports_of(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The same of a single node."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield ("." * node.level) + (node.module or ""), node.lineno


def at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run, or may run, while the module is imported."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        for name in ("body", "orelse", "finalbody"):
            waiting += getattr(node, name, [])


def parse(source: Path) -> ast.Module:
    return ast.parse(source.read_text("utf-8"))


def test_there_is_a_house() -> None:
    assert len(SIGNAL) > 15
    assert len(SOURCES) > len(SIGNAL)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at in a file of the house: its tree is large and takes long to make."""

    imports: list[tuple[str, int]]
    needs: set[str]
    long: list[str]
    made: list[str]


@pytest.fixture(scope="module")
def house() -> dict[Path, Looked]:
    known = modules()
    found = {}
    for name, source in known.items():
        tree = parse(source)
        needed = needs(tree, known) - {name}
        found[source] = Looked([*imports(tree)], needed, long_functions(tree), made_by(tree))
    return found


#: The one way out, which makes files and folders for their owner alone; a folder of the compiler's
#: code, likewise; and a copy in a temporary folder, which is its owner's.
WAYS_OUT = {
    "imu/compiled.py",
    *(f"pipelines/files/{name}.py" for name in ("kept_file", "replacing", "stored")),
    "pipelines/files/formats/sound_parts.py",
}


def made_by(tree: ast.AST) -> list[str]:
    """Calls that make a file or a folder for whoever the system lets read it."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        words = [
            word.value
            for word in [*call.args, *(one.value for one in call.keywords)]
            if isinstance(word, ast.Constant) and isinstance(word.value, str)
        ]
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        method = isinstance(call.func, ast.Attribute)
        writing = name == "open" and any(re.fullmatch("[wax]b?[+]?", word) for word in words)
        if (
            (writing and not any(one.arg == "opener" for one in call.keywords))
            or name in {"mkdir", "makedirs", "touch"}
            or (method and name in {"write_text", "write_bytes"})
        ):
            found.append(f"{call.lineno} calls {name}")
    return found


def test_what_is_made_is_made_private_in_one_place(house: dict[Path, Looked]) -> None:
    found = [
        f"{name_of(source)}:{made}"
        for source in SOURCES
        if name_of(source) not in WAYS_OUT
        for made in house[source].made
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('path.open("ab")', True),
        ('open(path, mode="w")', True),
        ('open(path, "ab", opener=private_file)', False),
        ('path.open("rb")', False),
        ("folder.mkdir(parents=True)", True),
        ('path.write_text("")', True),
        ('write_text(path, [""])', False),
    ],
)
def test_what_makes_a_file_is_found(code: str, found: bool) -> None:
    assert bool(made_by(ast.parse(code))) is found


def test_floors_import_downwards_only(house: dict[Path, Looked]) -> None:
    wrong = []
    for source in SOURCES:
        floor = FLOORS.index(source.relative_to(ROOT).parts[0])
        forbidden = {"", *FLOORS[floor + 1 :], "tests", "benchmarks", "examples"}  # "": relatively
        wrong += [
            f"{name_of(source)}:{line} imports {module}"
            for module, line in house[source].imports
            if module.split(".")[0] in forbidden
        ]
    assert wrong == []


def test_the_signal_knows_no_file_device_or_clock() -> None:
    wrong = [f"{name_of(source)}:{what}" for source in SIGNAL for what in worldly(source)]
    assert wrong == []


def worldly(source: Path) -> Iterator[str]:
    """Whatever the signal should not know, with its line."""
    tree = parse(source)
    allowed = PURE | FRAMES | (CACHE if source.name == "compiled.py" else set())
    files = {"np.load", "np.save", "np.savez", "np.loadtxt", "np.fromfile"}
    if name_of(source) == WEIGHTS_FILE:
        allowed |= WEIGHTS
        files.remove("np.load")
    for node in ast.walk(tree):
        for module, line in imports_of(node):
            if module.split(".")[0] not in allowed:
                yield f"{line} imports {module}"
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"{node.lineno} waits"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            known = {"open", "print", "input", *files}
            if called in known or called.startswith("np.random."):
                yield f"{node.lineno} calls {called}"


def test_importing_the_signal_loads_no_data_frames() -> None:
    found = [
        f"{name_of(source)}:{line} imports {module}"
        for source in SIGNAL
        for node in at_import(parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module, line in imports(node)
        if module.split(".")[0] in FRAMES
    ]
    assert found == []


#: Rooms of ``pipelines``, each above all that it imports.
ROOMS = (
    *("counted", "clock_words", "units", "system_error", "extras", "stopping", "preparing"),
    *("intervals", "quantities"),
    *("coaching", "session", "words", "files", "written_facts", "live_controls", "lab_streaming"),
    *(
        "playback",
        "folding",
        "replay_options",
        "table_folding",
        "replay",
        "runner",
        "bench",
        "sensors",
        "live",
        "views",
        "commands",
        "cli",
    ),
)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_downwards_only(room: str, house: dict[Path, Looked]) -> None:
    place = ROOT / "pipelines" / room
    sources = sorted(place.rglob("*.py")) or [place.with_suffix(".py")]
    below = {room, *ROOMS[: ROOMS.index(room)]}
    for source in sources:
        for module, line in house[source].imports:
            floor, _, rest = module.partition(".")
            asked = rest.partition(".")[0]
            assert floor != "pipelines" or asked in below, f"{name_of(source)}:{line}: {module}"


def test_every_room_has_its_place() -> None:
    paths = (ROOT / "pipelines").glob("[!_]*")
    inside = {path.stem for path in paths if path.suffix in {"", ".py"}}
    assert inside == set(ROOMS)


HOUSE = [*SOURCES, *sorted((ROOT / "benchmarks").rglob("*.py"))]

#: Rings that are being undone, and how; it ends empty.
KNOWN_RINGS: dict[frozenset[str], str] = {}
LONGEST = 80


def modules() -> dict[str, Path]:
    """Every module of the house by name."""
    return {
        ".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): source
        for source in HOUSE
    }


def needs(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Modules of the house that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            whole = {f"{node.module}.{alias.name}" for alias in node.names} & set(known)
            found |= whole or {node.module or ""}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(known)


def rings(graph: Mapping[str, set[str]]) -> list[frozenset[str]]:
    """Groups of files that need one another."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        waiting, seen = [start], set[str]()
        while waiting:
            for module in graph[waiting.pop()] - seen:
                seen.add(module)
                waiting.append(module)
        reached[start] = seen
    found = {frozenset(b for b in reached[a] if a in reached[b]) for a in graph if a in reached[a]}
    return sorted(found, key=sorted)


def test_no_files_need_each_other_in_a_ring(house: dict[Path, Looked]) -> None:
    found = rings({name: house[source].needs for name, source in modules().items()})
    assert [sorted(ring) for ring in found if ring not in KNOWN_RINGS] == []


def test_a_ring_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str]()}
    assert rings(graph) == [frozenset({"b", "c"})]


def long_functions(tree: ast.Module) -> list[str]:
    """Functions that are longer than anybody reads at once; compiled kernels may be."""
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST
        and not {"kernel", "part_of_kernel"} & {ast.unparse(by) for by in node.decorator_list}
    ]


def test_no_function_is_too_long(house: dict[Path, Looked]) -> None:
    found = [f"{name_of(source)}: {name}" for source in HOUSE for name in house[source].long]
    assert found == []


@pytest.mark.parametrize(("lines", "long"), [(LONGEST, False), (LONGEST + 1, True)])
def test_a_long_function_is_found(lines: int, long: bool) -> None:
    body = "    pass\n" * (lines - 1)
    assert bool(long_functions(ast.parse(f"def f():\n{body}"))) is long
    assert not long_functions(ast.parse(f"@kernel\ndef f():\n{body}"))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os.path", ["os.path"]),
        ("def f():\n    from asyncio import run", ["asyncio"]),
        ("from . import x", ["."]),
        ("if True:\n    import a, b.c", ["a", "b.c"]),
    ],
)
def test_the_search_sees_every_kind_of_import(code: str, found: list[str]) -> None:
    assert [module for module, _ in imports(ast.parse(code))] == found
