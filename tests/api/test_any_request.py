"""Requests that schemathesis makes up, valid and not, to every route of the OpenAPI document: all pass its checks.

The seed is fixed, so that a failure comes again; `make requests EXAMPLES=100 SEED=8` looks further.
"""

import os

import pytest
import schemathesis
from another_partner import World
from api_process import serving
from ground import NOWHERE, addresses
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from test_routes import DOCUMENT

SEED, EXAMPLES = int(os.environ.get("SEED", "7")), int(os.environ.get("EXAMPLES", "6"))
PATIENCE_SECONDS = 60
# A schema cannot say what makes a cursor, or a text that is more than spaces: 422 may be right for what fits it.
BEYOND = [positive_data_acceptance]


def is_stream(operation):
    contents = [one.get("content", {}) for one in operation.definition.raw["responses"].values()]
    return any("text/event-stream" in content for content in contents)


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ALL = [found.ok() for found in SCHEMA.get_all_operations()]
# A stream does not end: tests of its own read it.
OPERATIONS = [one for one in ALL if not is_stream(one)]


@pytest.fixture(scope="module")
def unlimited_api(one_database, tmp_path_factory):
    given_ = addresses(NOWHERE) | {"DATABASE_URL": one_database.url, "API_REQUESTS_PER_MINUTE": "1000000"}
    with serving(tmp_path_factory.mktemp("api"), given_) as api:
        yield api


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_no_request_is_answered_in_a_way_that_openapi_does_not_say(unlimited_api, database, make, operation, mode):
    world = World(make)
    headers = {"Authorization": f"Bearer {make.token()}"}
    known = {one.name: world.known(one.name) for one in operation.path_parameters if world.known(one.name) is not None}
    filled = known if mode is GenerationMode.POSITIVE else {}

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data):
        case = data.draw(operation.as_strategy(mode))
        if filled and data.draw(st.booleans()):
            case.path_parameters = {**case.path_parameters, **filled}
        case.call_and_validate(
            base_url=unlimited_api.url, headers=headers, timeout=PATIENCE_SECONDS, excluded_checks=BEYOND
        )

    ask()


def test_every_route_but_streams_is_asked():
    assert len(ALL) == sum(len(methods) for methods in DOCUMENT["paths"].values())
