"""Triggering by a form: first what it would do and cost, then once."""

from concurrent.futures import ThreadPoolExecutor
from html import unescape
from uuid import UUID, uuid4

from at_work import work_off
from networks import lenders
from operating import Initiator, cancel
from pages import hidden, read

from senso.states import Scope

ME = Initiator("mara")


def test_an_org_is_found_foreseen_and_triggered_once(browse, make):
    org, on = make.org(questions=3, available=2), browse(Scope.TRIGGER)
    before = make.everything()

    search, form = on.get("/trigger?q=larch"), on.get(f"/trigger?org_id={org.id}")

    assert f"/trigger?org_id={org.id}" in search.text
    assert "Runs 3" in read(form)
    assert "has 2 credits and would need 3" in read(form)
    assert make.everything() == before
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: on.post("/trigger", hidden(form)), range(3)))
    (batch,) = [row["id"] for row in make.sql("SELECT id FROM batches")]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, f"/batches/{batch}")}
    assert make.one("SELECT count(*) FROM audit WHERE action = 'trigger'") == 1
    assert "under way already" in read(on.get(f"/trigger?org_id={org.id}"))
    assert on.get(answers[0].headers["location"]).status_code == 200


def link(answer, beginning: str) -> str:
    """The first link of a page that begins so."""
    found = next(one for one in answer.text.split('href="')[1:] if one.startswith(beginning))
    return unescape(found.partition('"')[0])


def test_from_the_trigger_to_the_retry_by_links_and_forms_alone(browse, make, sandbox):
    org, on = make.org(questions=2), browse(Scope.OPERATE)

    form = on.get(link(on.get("/trigger?q=larch"), f"/trigger?org_id={org.id}"))
    batch = on.post("/trigger", hidden(form)).headers["location"]
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(make, UUID(batch.rpartition("/")[2]))
    failed = on.get(link(on.get(batch), f"{batch}/runs?failed=true"))
    run = on.get(link(failed, "/runs/"))
    retry = on.get(link(run, f"{batch}/retry"))
    done = on.post(f"{batch}/retry", hidden(retry))

    assert "the model refused to answer" in read(run)
    assert done.headers["location"] == batch
    assert "queued" in read(on.get(batch))
    assert make.one("SELECT episode FROM batches") == 2


def test_a_network_is_triggered(browse, make):
    _, network = lenders(make)
    on = browse()

    form = on.get(f"/trigger?network_id={network}")
    done = on.post("/trigger", hidden(form))

    assert "read for 3 organisations" in read(form)
    assert done.headers["location"] == f"/batches/{make.one('SELECT id FROM batches')}"


def test_a_batch_that_was_cancelled_is_opened_again_only_where_that_is_said(browse, make, messages):
    org, on = make.org(), browse()
    batch = make.queued(org)
    cancel(batch, ME)

    plain = on.get(f"/trigger?org_id={org.id}")
    again = on.get(f"/trigger?org_id={org.id}&reopen=true")

    assert "was cancelled" in read(plain)
    assert 'name="key"' not in plain.text
    assert on.post("/trigger", {"org_id": str(org.id), "key": str(uuid4())}).status_code == 409
    assert on.post("/trigger", hidden(again)).status_code == 303
    assert (make.state(batch)["state"], make.state(batch)["episode"]) == ("queued", 2)


def test_what_cannot_be_triggered_says_why(browse, make):
    on, asleep = browse(), make.org(active=False)

    assert "is not active" in read(on.get(f"/trigger?org_id={asleep.id}"))
    assert on.get(f"/trigger?org_id={uuid4()}").status_code == 404
    assert on.get("/trigger?org_id=five").status_code == 422
    assert on.get(f"/trigger?org_id={uuid4()}&network_id={uuid4()}").status_code == 422
    assert on.post("/trigger", {"key": str(uuid4())}).status_code == 422
    assert on.post("/trigger", {"org_id": str(asleep.id)}).status_code == 422
    assert make.one("SELECT count(*) FROM batches") == 0


def test_another_partners_org_is_not_there_and_a_token_that_reads_cannot_trigger(browse, make):
    mine, other = make.org(), make.org()
    on = browse(Scope.TRIGGER, mine.partner)

    assert str(other.id) not in on.get("/trigger").text
    assert on.get(f"/trigger?org_id={other.id}").status_code == 404
    sent = {"org_id": str(other.id), "key": str(uuid4())}
    assert on.post("/trigger", sent).status_code == 404
    reader = browse(Scope.READ)
    assert (reader.get("/trigger").status_code, reader.post("/trigger", sent).status_code) == (403, 403)
    assert make.one("SELECT count(*) FROM batches") == 0
