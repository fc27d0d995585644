"""Advisory locks are numbers of one space: two purposes with one number would wait for each other."""

import re
from pathlib import Path

import senso

NUMBERED = re.compile(r"advisory_xact_lock\((\d+)\)")


def test_each_numbered_lock_has_one_purpose():
    found = [
        number
        for path in sorted(Path(senso.__file__).parent.rglob("*.py"))
        for number in NUMBERED.findall(path.read_text())
    ]

    assert len(found) > 3
    assert sorted(found) == sorted(set(found))
