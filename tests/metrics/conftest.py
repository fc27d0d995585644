"""Scrapes by the exporter's own code, in this process."""

import pytest
from scrapes import samples

from senso.metrics import collector


@pytest.fixture
def scraped(database):
    """`scraped()`: by the exporter's own code, in this process. With time enough for a machine that is busy."""
    made = collector.Senso(seconds=20)
    return lambda: samples(collector.text(made).decode())
