"""One `senso api` for each module, since it looks for alarms in the database of all tests; each finds that empty."""

import pytest
from api_process import serving
from ground import NOWHERE, addresses


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    with serving(tmp_path_factory.mktemp("api"), given) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api
