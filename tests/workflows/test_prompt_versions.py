"""Several versions of the prompt read at the same time, each its share of the answers."""

import pytest
from at_work import work_off, work_off_network
from operating import Initiator, trigger_network, trigger_org
from reading_jobs import answered, work
from sqlalchemy import text

from senso.db import transaction
from senso.errors import ConfigError
from senso.queries.prompts import Prompts, version_of
from senso.settings import settings
from senso.workflows import prompt_versions

ME = Initiator("mara")
NEWEST, BRIEF = prompt_versions.versions()[:2]


@pytest.fixture
def halves(environment):
    environment.setenv("READING_PROMPTS", f"{NEWEST}=50, {BRIEF}=50")
    settings.cache_clear()


def expected(run) -> str:
    return BRIEF if (run.int & 0xFFFF) % 100 >= 50 else NEWEST


def by_run(make) -> dict:
    rows = make.sql(
        "SELECT e.run_id, e.prompt_version, c.prompt_version AS called FROM evaluations e JOIN llm_calls c "
        "ON c.run_id = e.run_id AND c.org_id = e.org_id AND c.purpose = 'read' WHERE e.state = 'done'"
    )
    assert all(one["prompt_version"] == one["called"] for one in rows)
    return {one["run_id"]: one["prompt_version"] for one in rows}


def test_a_run_says_by_which_version_its_answer_is_read(make, sandbox, halves):
    batch = trigger_org(make.org(questions=12, models=("gpt-6-luna",)).id, ME).batch.id
    work_off(make, batch)

    found = by_run(make)

    assert len(found) == 12
    assert found == {run: expected(run) for run in found}
    assert set(found.values()) == {NEWEST, BRIEF}


def test_an_answer_is_read_by_one_version_for_all_orgs_of_a_network(make, sandbox, halves):
    orgs = [make.org(questions=0) for _ in range(3)]
    network = make.network(*orgs, questions=6, models=("gpt-6-luna",))
    work_off_network(make, trigger_network(network, ME).batch.id)

    rows = make.sql("SELECT run_id, prompt_version FROM evaluations WHERE state = 'done'")

    assert len(rows) == 18
    assert all(one["prompt_version"] == expected(one["run_id"]) for one in rows)


def test_answers_in_files_are_read_by_the_version_of_their_run(make, in_batches, halves):
    answered(make, questions=8, models=("gpt-6-luna",))
    work(make, times=3)

    found = by_run(make)
    assert len(found) == 8
    assert found == {run: expected(run) for run in found}


@pytest.mark.parametrize(
    ("bounds", "place", "version"),
    [((), 99, "a"), ((90,), 89, "a"), ((90,), 90, "b"), ((0,), 0, "b"), ((100,), 99, "a"), ((10, 30), 30, "c")],
)
def test_shares_are_places_of_a_hundred(db, bounds, place, version):
    run = f"00000000-0000-8000-8000-{place:012x}"
    values = Prompts(("a", "b", "c"), bounds).values() | {"run": run}

    assert db.execute(text(f"SELECT {version_of('CAST(:run AS uuid)')}"), values).scalar_one() == version


def test_without_the_setting_the_newest_reads_all(environment):
    environment.delenv("READING_PROMPTS", raising=False)
    settings.cache_clear()

    assert prompt_versions.in_use() == Prompts((NEWEST,))
    assert prompt_versions.usual() == NEWEST


def test_a_version_that_there_is_not_is_refused_by_name(environment):
    environment.setenv("READING_PROMPTS", f"{NEWEST}=90, reading-99=10")
    settings.cache_clear()

    with pytest.raises(ConfigError, match=rf"READING_PROMPTS: no prompt 'reading-99'.*{NEWEST}"):
        prompt_versions.in_use()


def test_a_trigger_refuses_it_before_anything_is_held(make, sandbox, environment):
    org = make.org(models=("gpt-6-luna",))
    environment.setenv("READING_PROMPTS", "reading-99=100")
    settings.cache_clear()

    with pytest.raises(ConfigError, match="READING_PROMPTS"):
        trigger_org(org.id, ME)
    with transaction():
        assert make.one("SELECT count(*) FROM batches") == 0
