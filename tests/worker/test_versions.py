"""Workers refuse a Celery whose inner parts may be others than those that they replace."""

import pytest

from senso.errors import ConfigError
from senso.worker import versions


@pytest.mark.parametrize("found", ["5.7.0", "5.7.12"])
def test_the_minor_version_that_it_was_written_for_is_taken(monkeypatch, found):
    monkeypatch.setattr(versions, "version", lambda _: found)

    versions.require(allow_others=lambda: False)


@pytest.mark.parametrize("found", ["5.6.2", "5.70.0", "6.0.0"])
def test_another_is_refused_with_what_to_do(monkeypatch, found):
    monkeypatch.setattr(versions, "version", lambda _: found)

    with pytest.raises(
        ConfigError, match=rf"celery {found}: .*pip install 'celery==5\.7\.\*', or set UNTESTED_CELERY=true"
    ):
        versions.require(allow_others=lambda: False)
    versions.require(allow_others=lambda: True)
