"""docs/metrics.md has every metric with its type, labels and meaning, and no other."""

import re
from pathlib import Path

from senso.metrics.families import DECLARED

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(senso_\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$", re.MULTILINE)


def test_the_page_has_every_metric_as_the_exporter_shows_it():
    said = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in ROW.findall(PAGE)}

    assert said == {declared.name: (declared.kind, declared.labels, declared.help) for declared in DECLARED}


def test_what_the_page_names_elsewhere_is_one_of_them():
    names = {declared.name for declared in DECLARED}

    assert set(re.findall(r"\bsenso_\w+", PAGE)) <= names
