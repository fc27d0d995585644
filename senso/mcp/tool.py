"""What a tool is."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from senso.api.access import Caller, Scope
from senso.api.context import Context
from senso.api.models import Shown
from senso.db import Connection
from senso.mcp.arguments import Arguments
from senso.mcp.outside import WARNING, Quoting

A = TypeVar("A", bound=Arguments)
S = TypeVar("S", bound=Shown)
Work = Callable[[Context, Caller, Any], Awaitable[Shown]]
InTransaction = Callable[[Context, Caller, A, Connection], S]


@dataclass(frozen=True, slots=True)
class Hints:
    """Of the protocol. `destroys`: what it does cannot be taken back, such as spending credits."""

    reads_only: bool = True
    destroys: bool = False
    same_again: bool = True
    asks_outside: bool = False


READS = Hints()


@dataclass(frozen=True, slots=True)
class Tool:
    """`about`: what it does, for the model that chooses it."""

    name: str
    about: str
    scope: Scope
    takes: type[Arguments]
    gives: type[Shown]
    work: Work
    hints: Hints = READS

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        warning = f"\n\n{WARNING}" if issubclass(self.gives, Quoting) else ""
        return f"{self.about}{warning}\n\nNeeds a token of scope {self.scope}."


def reading(work: InTransaction[A, S], takes: type[A], gives: type[S], scope: Scope = Scope.READ) -> Tool:
    """`work`, in a read-only transaction; its docstring is what the tool is about."""

    async def read(context: Context, caller: Caller, asked: A) -> S:
        return await context.read(partial(work, context, caller, asked))

    return Tool(work.__name__, about(work), scope, takes, gives, read)


def writing(work: InTransaction[A, S], takes: type[A], gives: type[S], scope: Scope, hints: Hints) -> Tool:
    """`work`, in a transaction; its docstring is what the tool is about."""

    async def write(context: Context, caller: Caller, asked: A) -> S:
        return await context.write(partial(work, context, caller, asked))

    return Tool(work.__name__, about(work), scope, takes, gives, write, hints)


def about(work: Callable[..., Any]) -> str:
    return inspect.cleandoc(work.__doc__ or "")
