"""Assistants, over stdio and over HTTP; one `senso api` for each module."""

from contextlib import ExitStack
from functools import partial

import pytest
from api_process import serving
from assistants import connected, http, on_stdio
from ground import NOWHERE, addresses


@pytest.fixture
def by_stdio(database, tmp_path):
    """`by_stdio(token)`: a context manager."""
    return partial(on_stdio, tmp_path, database)


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    with serving(tmp_path_factory.mktemp("api"), given) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api


@pytest.fixture
def by_http(api):
    """`by_http(token)`: an assistant."""
    with ExitStack() as opened:
        yield lambda token: opened.enter_context(connected(http(api.url, token)))
