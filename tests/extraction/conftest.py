import json

import pytest
from saying import completion

from senso.extraction import Watched


class Model:
    """A stand-in for a model: says what it was given, and keeps what it was asked."""

    def __init__(self, content):
        self.content = content
        self.asked = []

    def __call__(self, prompt):
        self.asked.append(prompt)
        return completion(self.content)


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
