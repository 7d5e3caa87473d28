"""What a user of the library may rely on: three faces, each name documented in full."""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FACES = ("imu", "devices", "pipelines")
NAMES = [f"{face}.{name}" for face in FACES for name in importlib.import_module(face).__all__]


def named(path: str) -> Any:
    face, _, name = path.partition(".")
    return getattr(importlib.import_module(face), name)


def section(text: str, title: str) -> str:
    """The lines under a numpydoc heading; empty without one."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.M | re.S)
    return "" if found is None else found[1]


def described(text: str, *titles: str) -> set[str]:
    """The names that the sections describe."""
    lines = "\n".join(section(text, title) for title in titles)
    heads = re.findall(r"^([\w*][\w, *]*?)(?: :.*)?$", lines, re.M)
    return {name.strip(" *") for head in heads for name in head.split(",")}


def asked_for(function: Callable[..., Any]) -> set[str]:
    """What a caller gives."""
    if getattr(function, "__init__", None) is Exception.__init__:
        return set()
    return {name for name in inspect.signature(function).parameters if name not in ("self", "cls")}


def raises(function: Callable[..., Any]) -> bool:
    """Whether it refuses something itself."""
    try:
        source = inspect.getsource(function)
    except (TypeError, OSError):  # made by a decorator
        return False
    tree = ast.parse(f"if True:\n{source}" if source[0].isspace() else source)
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def gives(function: Callable[..., Any]) -> bool:
    return inspect.signature(function).return_annotation not in (None, "None", "Self")


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class of ours defines for its users."""
    for name, value in vars(kind).items():
        if not name.startswith("_"):
            yield name, value.__func__ if isinstance(value, staticmethod | classmethod) else value


def lacking(path: str, function: Callable[..., Any]) -> list[str]:
    """What the docstring of a function does not say."""
    text = inspect.getdoc(function) or ""
    lacks = [f"{path}: {name}" for name in asked_for(function) - described(text, "Parameters")]
    if not text:
        lacks.append(f"{path}: a docstring")
    if gives(function) and not section(text, "Returns") and not section(text, "Yields"):
        lacks.append(f"{path}: Returns")
    if raises(function) and not section(text, "Raises"):
        lacks.append(f"{path}: Raises")
    return lacks


def lacking_of_class(path: str, kind: type) -> list[str]:
    text = inspect.getdoc(kind) or ""
    lacks: list[str] = []
    protocol = getattr(kind, "_is_protocol", False)
    if not issubclass(kind, enum.Enum) and not protocol:
        given = asked_for(kind)
        lacks += [f"{path}: {n}" for n in given - described(text, "Parameters", "Attributes")]
    init = vars(kind).get("__post_init__") or vars(kind).get("__init__")
    if init is not None and not protocol and raises(init) and not section(text, "Raises"):
        lacks.append(f"{path}: Raises")
    for name, method in methods(kind):
        if isinstance(method, property):
            lacks += [] if method.__doc__ else [f"{path}.{name}: a docstring"]
        elif inspect.isfunction(method):
            lacks += lacking(f"{path}.{name}", method)
    return lacks


@pytest.mark.parametrize("path", NAMES)
def test_a_name_of_a_face_is_documented_in_full(path: str) -> None:
    thing = named(path)
    lacks = lacking_of_class(path, thing) if isinstance(thing, type) else lacking(path, thing)
    assert lacks == []


@pytest.mark.parametrize("path", NAMES)
def test_a_name_of_a_face_has_an_example(path: str) -> None:
    # the suite runs them all
    assert ">>> " in section(inspect.getdoc(named(path)) or "", "Examples")


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_small_sorted_and_the_same_for_people_and_type_checkers(face: str) -> None:
    module = importlib.import_module(face)
    assert 10 <= len(module.__all__) <= 25
    assert list(module.__all__) == sorted(module.__all__)
    assert set(dir(module)) >= set(module.__all__)
    assert "internal" in (module.__doc__ or "")
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If))
    homes = {
        alias.asname or alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == module._HOME
    assert sorted(homes) == list(module.__all__)


@pytest.mark.parametrize("face", FACES)
def test_a_name_that_a_face_has_not_is_an_ordinary_attribute_error(face: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{face}' has no attribute 'nothing'"):
        _ = importlib.import_module(face).nothing


def example(first: int, *, second: str = "") -> int:
    """Do something.

    Parameters
    ----------
    first : int
        A number.
    second : str
        A word.

    Returns
    -------
    int
        Another number.

    Raises
    ------
    ValueError
        Never.
    """
    raise ValueError


def bare(first: int) -> int:
    """Do something."""
    raise ValueError


def test_what_is_lacking_is_found() -> None:
    assert lacking("example", example) == []
    assert lacking("bare", bare) == ["bare: first", "bare: Returns", "bare: Raises"]
