"""A group of commands of which only the one that is called is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

__all__ = ["LazyGroup", "Row", "Table"]


@dataclass(frozen=True, slots=True)
class Row:
    """A command.

    Attributes
    ----------
    place : str
        Module in ``pipelines.commands`` that holds it, in a function of the module's name.
    help : str
        The first line of what the function says of itself.
    """

    place: str
    help: str


@dataclass(frozen=True, slots=True)
class Table:
    """A group of commands, and what it says of itself."""

    help: str
    rows: Mapping[str, Row | Table]


class LazyGroup(TyperGroup):
    """Commands that are known by the rows of a table until one is called.

    Parameters
    ----------
    table : Table
        What it holds.
    **given
        Whatever typer gives a group.
    """

    def __init__(self, *, table: Table, **given: Any) -> None:
        self._rows = table.rows
        known = {name: TyperCommand(name, help=row.help) for name, row in self._rows.items()}
        given |= {"commands": known, "help": table.help}
        super().__init__(**given | {"no_args_is_help": True, "rich_markup_mode": None})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, and import it."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found and _loaded(str(name), self._rows[str(name)]), rest


def _loaded(name: str, row: Row | Table) -> Any:
    if isinstance(row, Table):
        return LazyGroup(table=row, name=name)
    module = import_module(f"pipelines.commands.{row.place}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(getattr(module, row.place.rpartition(".")[2]))
    return get_command(alone)
