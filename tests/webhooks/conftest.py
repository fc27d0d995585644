"""A receiver, and a key by which secrets are encrypted."""

import pytest
from hooks import Receiver, keys


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


@pytest.fixture
def encrypting(environment):
    with keys(environment) as held:
        yield held
