"""Inngest's own client sends its events here, with nothing changed but the address."""

import asyncio

import inngest
import pytest
from api_process import KEY


@pytest.fixture
def client(api):
    made = inngest.Inngest(app_id="original", event_api_base_url=api.url, event_key=KEY, is_production=True)
    yield made
    made._http_client._http_client_sync.close()


def org_process(org, **more):
    data = {"org_id": str(org.id), "triggered_by": "manual", "user_id": "1b2d0c4e-7f0c-4a55-9f0e-0c6f5a1b2d3e"}
    return inngest.Event(name="org.process", data=data, **more)


def test_an_event_opens_the_batch_of_its_org(client, make):
    org = make.org()

    ids = client.send_sync(org_process(org))

    assert len(ids) == 1
    (batch,) = make.sql("SELECT org_id, state, triggered_by, user_id FROM batches")
    assert batch == {
        "org_id": org.id,
        "state": "queued",
        "triggered_by": "manual",
        "user_id": "1b2d0c4e-7f0c-4a55-9f0e-0c6f5a1b2d3e",
    }


def test_many_are_sent_at_once_and_asynchronously(client, make):
    orgs = [make.org() for _ in range(5)]

    async def send():
        ids = await client.send([org_process(org) for org in orgs])
        await client._http_client._http_client.aclose()
        return ids

    ids = asyncio.run(send())

    assert len(set(ids)) == 5
    assert {row["org_id"] for row in make.sql("SELECT org_id FROM batches")} == {org.id for org in orgs}


def test_an_id_is_sent_twice_and_done_once(client, make):
    org = make.org()

    first = client.send_sync(org_process(org, id="org-2026-11-21"))
    again = client.send_sync(org_process(org, id="org-2026-11-21", ts=1763712000000))

    assert first == again
    assert make.one("SELECT count(*) FROM audit") == 1


def test_the_client_tells_why_an_event_was_refused(client, make):
    with pytest.raises(Exception, match=r"no event of that name; accepted are org\.process, "):
        client.send_sync(inngest.Event(name="org.proces", data={}))


def test_the_client_tells_that_its_key_is_wrong(client, make):
    client._event_key = "other"

    with pytest.raises(Exception, match="this event key is not accepted"):
        client.send_sync(org_process(make.org()))
