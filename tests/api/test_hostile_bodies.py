"""Whatever is posted, the answer is a 4xx that says why, and nothing is written."""

from uuid import UUID

import pytest
from api_process import KEY
from factories import Factory
from ground import use_database
from hostile_bodies import BODIES, ORG, OTHER, USED, event
from refusal_world import fingerprint


@pytest.fixture(scope="module")
def world(one_database, running_api):
    """Two orgs, and the event that is replayed."""
    one_database.empty()
    use_database(one_database.url)
    for org in (ORG, OTHER):
        Factory().org(org_id=UUID(org))
    assert running_api.send(event(id=USED)).status_code == 200
    return one_database.url


def test_there_are_200_of_them():
    assert len(BODIES) >= 200


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_refused_with_a_reason_and_nothing_is_written(world, running_api, body):
    before = fingerprint(world)

    answer = running_api.post(body)

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert 10 < len(answer.json()["detail"]) < 1000
    assert answer.json()["error"] == answer.json()["detail"]
    assert KEY not in answer.text
    assert fingerprint(world) == before
