import json

import pytest

from senso.extraction import Watched
from senso.providers import Completion, Usage


class Model:
    """A stand-in for a model: says what it was given, and keeps what it was asked."""

    def __init__(self, content):
        self.content = content
        self.asked = []

    def __call__(self, prompt):
        self.asked.append(prompt)
        return Completion(self.content, "gpt-6-luna-2026-09-22", Usage(tokens_in=900, tokens_out=60), "openai")


@pytest.fixture
def says():
    return lambda content: Model(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def acme():
    return Watched(
        name="Acme Bank",
        variations=("Acme Bank", "acmebank.com"),
        websites=("https://www.acmebank.com",),
        competitors=("Globex Bank",),
    )


@pytest.fixture
def reading():
    """What a model says of an answer; nothing found unless given."""
    nothing = {"mentioned": False, "mention_text": None, "sentiment": None, "rank": None, "competitors": []}

    def said(*competitors, **fields):
        return nothing | {"competitors": [{"name": name} for name in competitors]} | fields

    return said
