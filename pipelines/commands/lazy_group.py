"""A group of commands that are known by their signatures: a file is imported when it is called."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Table:
    """A group of commands, and what it says of itself.

    Attributes
    ----------
    help : str
        One line.
    rows : mapping of str to str or Table
        By the name of a command the module in ``pipelines.commands`` that holds it, in a function
        of the module's name.
    """

    help: str
    rows: Mapping[str, str | Table]


class LazyGroup(TyperGroup):
    """Commands of which only the one that is called is imported.

    Parameters
    ----------
    table : Table
        What it holds.
    **given
        Whatever typer gives a group.
    """

    def __init__(self, *, table: Table, **given: Any) -> None:
        self._rows = table.rows
        given |= {"commands": {name: TyperCommand(name) for name in self._rows}}
        given |= {"help": table.help, "no_args_is_help": True, "rich_markup_mode": None}
        super().__init__(**given)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, as its signature tells; None where there is none."""
        if super().get_command(ctx, cmd_name) is None:
            return None
        row = self._rows[cmd_name]
        if isinstance(row, Table):
            return LazyGroup(table=row, name=cmd_name)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(_command(row))
        command = get_command(alone)
        for parameter in command.params:
            # nothing, as a default, tells nothing
            if isinstance(parameter, TyperArgument | TyperOption) and parameter.default in (
                None,
                "",
            ):
                parameter.show_default = False
        return command


@cache  # a signature takes a tenth of a short command
def _command(place: str) -> Callable[..., object]:
    name = place.rpartition(".")[2]

    @wraps(_signature(place.replace(".", "/"), name))
    def command(**given: object) -> object:
        gc.disable()  # nothing dies among what is imported, and looking for it takes a tenth
        try:
            module = import_module(f"pipelines.commands.{place}")
        finally:
            gc.freeze()  # nor is all of it looked through again
            gc.enable()
        return getattr(module, name)(**given)

    return command


def _signature(place: str, name: str) -> Callable[..., object]:
    """A function of a file without its body, from the lines alone that its signature needs."""
    path = Path(__file__).parent / f"{place}.py"
    statements = ast.parse(path.read_bytes()).body
    bound = {known: statement for statement in statements for known in _names_bound(statement)}
    function = bound[name]
    assert isinstance(function, ast.FunctionDef)
    del function.body[1:]  # the docstring stays
    wanted: list[ast.stmt] = [function]
    for statement in wanted:  # grows on the way
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        wanted += [bound[one] for one in used & bound.keys() if bound[one] not in wanted]
    kept = [one for one in statements if one in wanted or _is_future(one)]
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(ast.Module(kept, []), path, "exec"), names)
    found: Callable[..., object] = names[name]
    return found


def _names_bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name for alias in statement.names)
    elif isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
