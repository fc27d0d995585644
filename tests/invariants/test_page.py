"""docs/invariants.md says of each violation which check tells it, and of each check at least one."""

from pathlib import Path

import pytest
from violations import VIOLATIONS

from senso.checks import promises
from senso.queries import invariants

PAGE = (Path(__file__).parents[2] / "docs" / "invariants.md").read_text()


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda one: one.story.replace(" ", "-"))
def test_the_page_says_which_check_tells_a_violation(violation):
    (check,) = [check.name for check in invariants.CHECKS if check.name.endswith(violation.check)]

    assert f"| {violation.story} | {check} |\n" in PAGE


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda one: one.name)
def test_the_page_has_every_check(check):
    assert f"| {check.name} |\n" in PAGE
