"""Rows as dataclasses: each column sets the field of its name, and an enum of `senso.states` gets its member."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_args

from sqlalchemy import CursorResult

T = TypeVar("T")
Row = Mapping[Any, Any]


def typed(shape: Callable[..., T], row: Row) -> T:
    """Raises TypeError for an extra or missing column, ValueError for a state that this version does not know."""
    found = dict(row)
    for name, members in enums(shape).items():
        if found.get(name) is not None:
            found[name] = members(found[name])
    return shape(**found)


def each(shape: Callable[..., T], result: CursorResult[Any]) -> list[T]:
    return [typed(shape, row) for row in result.mappings()]


def first(shape: Callable[..., T], result: CursorResult[Any]) -> T | None:
    return next(iter(each(shape, result)), None)


@cache
def enums(shape: Any) -> dict[str, type[StrEnum]]:
    """The fields of a dataclass that hold a member of an enum, or None."""
    found = {one.name: members(one.type) for one in fields(shape)}
    return {name: kind for name, kind in found.items() if kind is not None}


def members(annotation: Any) -> type[StrEnum] | None:
    kinds = (kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type))
    return next((kind for kind in kinds if issubclass(kind, StrEnum)), None)
