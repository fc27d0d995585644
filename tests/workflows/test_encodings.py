"""What is paid for ends up in rows and its batch ends, whatever the database can hold of it."""

import pytest
from at_work import work_off
from factories import Factory
from ground import encoded, own_database

from senso.migrations import migrate
from senso.providers import Answer
from senso.workflows import asking

ANSWER = "👍 Acme – 星河 Bank is best. 'Übung'"


@pytest.fixture(params=["LATIN1", "SQL_ASCII", "EUC_JP", "UTF8"])
def foreign(request, urls):
    """As it was before `migrate` refused it."""
    with own_database(urls, "foreign_letters", encoded(request.param)):
        migrate()
        yield Factory()


def test_a_batch_ends_in_a_database_that_cannot_hold_its_answers(foreign, sandbox, monkeypatch):
    async def answer(work):
        return Answer(work.run.number, text=ANSWER)

    monkeypatch.setattr(asking, "ask_now", answer)
    org = foreign.org()
    foreign.sql("UPDATE orgs SET name = :name", name="Übung – 星河")
    batch = foreign.queued(org)

    work_off(foreign, batch)

    assert foreign.state(batch)["state"] == "completed"
    assert foreign.one("SELECT count(*) FROM question_runs WHERE answer_text LIKE '%Bank is best.%'") > 0
    assert foreign.one("SELECT count(*) FROM pushes") == 1


@pytest.mark.parametrize(
    ("table", "check"), [("metrics", "name = ''"), ("pushes", "NOT body ? 'metrics' OR body->'metrics' = '[]'")]
)
def test_a_batch_whose_numbers_cannot_be_stored_ends_and_says_so(make, sandbox, table, check):
    """A rule of the database's own stands for a number or a text that it does not take."""
    batch = make.queued(make.org())
    make.sql(f"ALTER TABLE {table} ADD CONSTRAINT odd CHECK ({check}) NOT VALID")
    try:
        work_off(make, batch)
    finally:
        make.sql(f"ALTER TABLE {table} DROP CONSTRAINT odd")

    state = make.state(batch)
    assert (state["state"], state["error"]) == ("completed", "senso: the numbers cannot be stored (IntegrityError)")
    assert make.one("SELECT jsonb_array_length(body->'metrics') FROM pushes") == 0
    assert make.one("SELECT -sum(credits) FROM ledger WHERE entry = 'charge'") == state["planned"]
