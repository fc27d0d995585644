"""One answer of an assistant, whoever gives it: the made-up world or a recording."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """`url` is what the vendor gives, tracking and all; `page` is the page that it means."""

    url: str
    title: str
    cited: bool = True
    page: str = ""
    own: bool = False  # a page of the org that was asked about


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    sources: tuple[Source, ...] = ()


# Question, model, country. None: nobody knows an answer.
Ask = Callable[[str, str, str], Answer | None]
