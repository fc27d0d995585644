"""docs/languages.md says what is found in which language, and that must be true."""

import pytest
from languages import CHECKS, PAGE, PROBES, page


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.language)
def test_a_language_is_read_as_a_person_reads_it(probe, check):
    assert check(probe)


def test_the_page_has_what_was_found():
    assert PAGE.read_text(encoding="utf-8") == page()
