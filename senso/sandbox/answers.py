"""One answer of an assistant, from the made-up world or from a recording."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """`url` is the vendor's URL with its tracking parameters; `page` is the URL of the page itself."""

    url: str
    title: str
    cited: bool = True
    page: str = ""
    own: bool = False  # a page of the org that was asked about


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    sources: tuple[Source, ...] = ()


# Takes question, model and country. None: there is no answer.
Ask = Callable[[str, str, str], Answer | None]
