"""One `senso api` for each module, with the dashboard; and who has logged in to it."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests
from api_process import PATIENCE_SECONDS, serving
from browser import running
from browser_world import made
from ground import NOWHERE, addresses

from senso.states import Scope


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    with serving(tmp_path_factory.mktemp("api"), given) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api


@dataclass
class Browsing:
    """What somebody does who has logged in; redirects are not followed."""

    url: str
    session: requests.Session

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=PATIENCE_SECONDS, allow_redirects=False, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        headers = {"Origin": self.url} | options.pop("headers", {})
        url = self.url + path
        return self.session.post(
            url, data=data, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False, **options
        )


@pytest.fixture
def browse(api, make):
    """`browse(scope, partner)`: logs in with a new token."""

    def logged_in(scope: Scope = Scope.ADMIN, partner=None) -> Browsing:
        found = Browsing(api.url, requests.Session())
        assert found.post("/login", {"token": make.token(scope, partner)}).status_code == 303
        return found

    return logged_in


@pytest.fixture(scope="module")
def browser():
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def empty_world(running_api, one_database):
    """To be filled once for all tests of a module, which only look."""
    with made(running_api.url, one_database.url) as found:
        one_database.empty()
        yield found
