"""`senso explain`: the answers behind a number, and what each adds to it."""

import json
from uuid import uuid4

import pytest
from shell import Shell
from worlds import Worlds

from senso.db import looking
from senso.queries import results
from senso.reads.explanations import Wanted, answers, explained
from senso.score import Slice
from senso.tasks.stages import finish_batch

UNBRANDED = ("--kind", "unbranded", "--surface", "api")


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


class Read:
    """A batch of six questions to one model of each surface, one answer of each kind. `runs`: numbers, API first."""

    def __init__(self, make) -> None:
        self.make = make
        self.org = make.org(questions=6, models=("gpt-6.1-terra", "chatgpt"))
        self.batch = make.batch(self.org)
        self.runs = [
            row["number"]
            for row in make.sql(
                "SELECT r.number FROM question_runs r JOIN models m ON m.id = r.model_id WHERE r.batch_id = :b "
                "ORDER BY m.surface, r.number",
                b=self.batch,
            )
        ]
        make.sql("UPDATE question_runs SET state = 'answered', answer_text = 'Vantry, Larch Hill.'")
        make.sql("UPDATE evaluations SET state = 'done', mentioned = false")
        self.say(0, mentioned=True, sentiment="positive", rank=2)
        self.say(1, mentioned=True, sentiment="neutral", rank=None)
        self.say(2, marks=["model-rejected"])
        self.say(3, marks=["read-by-rule"])
        self.end(5, "failed", "refused")
        self.name(0, "Vantry", "Elm Bank")
        self.name(2, "vantry")
        self.cite(0, "https://larchhill.example/rates", "larchhill.example")
        self.cite(0, "https://press.example/best", "press.example")
        make.sql("UPDATE batches SET remaining = 0, state = 'running' WHERE id = :b", b=self.batch)
        finish_batch(str(self.batch), "rows")

    def say(self, run, *, marks=(), **values):
        setting = ", ".join(f"{name} = :{name}" for name in values) or "error = NULL"
        self.make.sql(
            f"UPDATE evaluations SET {setting}, marks = CAST(:marks AS jsonb) WHERE run_id = {self.id}",
            **values,
            number=self.runs[run],
            marks=json.dumps([{"field": "mentioned", "kind": kind, "value": "Larch Hill"} for kind in marks]),
        )

    def end(self, run, state, error):
        for table, key in (("question_runs", "id"), ("evaluations", "run_id")):
            self.make.sql(
                f"UPDATE {table} SET state = :state, error = :error WHERE {key} = {self.id}",
                state=state,
                error=error,
                number=self.runs[run],
            )

    def name(self, run, *names):
        for name in names:
            self.make.sql(
                f"INSERT INTO competitors (evaluation_id, name) SELECT id, :name FROM evaluations "
                f"WHERE run_id = {self.id}",
                name=name,
                number=self.runs[run],
            )

    def cite(self, run, url, domain):
        self.make.sql(
            "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited) "
            f"SELECT {self.id}, :url, :url, :domain, :domain, "
            f"(SELECT count(*) FROM citations WHERE run_id = {self.id}), true",
            url=url,
            domain=domain,
            number=self.runs[run],
        )

    id = "(SELECT id FROM question_runs WHERE number = :number)"


@pytest.fixture
def read(make, messages):
    return Read(make)


def by_run(told):
    return {one["number"]: one for one in told["listed"]}


def shares(told, read):
    """By the place of the run: numerator, denominator, standing and reason."""
    found = by_run(told)
    return [tuple(found[number]["share"].values())[:4] for number in read.runs[:6]]


def test_each_answer_has_its_share_and_its_reason(senso, read):
    told = senso("explain", read.org.id, "mention_rate", *UNBRANDED, "--json").json

    assert shares(told, read) == [
        (1, 1, "numerator", "mentioned"),
        (1, 1, "numerator", "mentioned"),
        (0, 1, "denominator", "names-rejected"),
        (0, 1, "denominator", "no-name-stands-in-it-read-by-rule"),
        (0, 1, "denominator", "no-name-stands-in-it"),
        (0, 0, "left-out", "failed"),
    ]
    assert (told["metric"]["numerator"], told["metric"]["denominator"]) == (2, 5)
    assert told["counted"] == {"numerator": 2, "denominator": 5, "is_as_stored": True}
    rejected, failed = (by_run(told)[read.runs[place]] for place in (2, 5))
    assert (rejected["share"]["rejections"], failed["error"]) == (["model-rejected"], "refused")
    assert {one["share"]["reason"] for one in told["listed"] if one["surface"] == "consumer"} == {"another-surface"}
    assert sum(one["answers"] for one in told["answers"]) == len(told["listed"]) == 12


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("average_rank", [(2, 1, "numerator", "mentioned"), (0, 0, "nothing-to-count", "no-rank")]),
        ("share_of_voice", [(1, 3, "numerator", "mentioned"), (1, 1, "numerator", "mentioned")]),
        ("owned_citation_rate", [(1, 2, "numerator", "own-page-cited"), (0, 0, "nothing-to-count", "cites-nothing")]),
        ("named_only", [(0, 1, "denominator", "named_and_cited"), (1, 1, "numerator", "named_only")]),
        ("sentiment_neutral", [(0, 1, "denominator", "positive"), (1, 1, "numerator", "neutral")]),
    ],
)
def test_each_number_asks_something_else_of_an_answer(senso, read, metric, expected):
    told = senso("explain", read.org.id, metric, *UNBRANDED, "--json").json

    assert shares(told, read)[:2] == expected
    assert told["counted"]["is_as_stored"]


def test_competitors_and_pages_stand_beside_what_they_add(senso, read):
    told = senso("explain", read.org.id, "owned_citation_rate", *UNBRANDED, "--json").json
    said = senso("explain", read.org.id, "owned citation rate", *UNBRANDED).out

    first = by_run(told)[read.runs[0]]
    assert first["competitors"] == ["Vantry", "Elm Bank"]
    assert [page["is_own"] for page in first["citations"]] == [True, False]
    assert "own: https://larchhill.example/rates" in said
    assert "names Vantry, Elm Bank; cites 2 pages, 1 its own" in said


def test_in_words_it_tells_how_many_count_and_why(senso, read):
    said = senso("explain", read.org.id, "mention-rate", *UNBRANDED).out

    assert "mention rate: 40 %" in said
    assert "Above and below the line: 2 answers" in said
    assert "Below the line only: 3 answers" in said
    assert "1 failed" in said
    assert "model says it means another" in " ".join(said.split())


def test_the_list_goes_on_by_run_number(senso, read):
    first = senso("explain", read.org.id, "neither", *UNBRANDED, "--limit", 5, "--json").json
    second = senso("explain", read.org.id, "neither", *UNBRANDED, "--after", first["next"], "--json").json
    hint = senso("explain", read.org.id, "neither", *UNBRANDED, "--limit", 5).err

    numbers = [one["number"] for told in (first, second) for one in told["listed"]]
    assert numbers == sorted(read.runs)
    assert (len(first["listed"]), second["next"]) == (5, None)
    assert first["counted"] == second["counted"]
    assert f"--after {first['next']}" in hint


def test_one_run_shows_its_answer_with_the_mention_marked(senso, make, read):
    make.sql("UPDATE evaluations SET mention_text = 'Larch Hill' WHERE mentioned")
    said = senso("explain", read.org.id, "share_of_voice", *UNBRANDED, "--run", read.runs[0])
    told = senso("explain", read.org.id, "share_of_voice", *UNBRANDED, "--run", read.runs[0], "--json").json

    assert "1 above the line, 3 below it" in said.out
    assert "»Larch Hill«" in said.out
    assert (told["share"]["denominator"], told["mention_text"]) == (3, "Larch Hill")
    assert told["answer_text"] == "Vantry, Larch Hill."


def test_a_number_that_answers_no_longer_give_is_told_so(senso, make, read):
    make.sql("UPDATE evaluations SET mentioned = true WHERE mentioned = false")
    told = senso("explain", read.org.id, "mention_rate", *UNBRANDED, "--json").json
    said = senso("explain", read.org.id, "mention_rate", *UNBRANDED).out

    assert told["counted"] == {"numerator": 5, "denominator": 5, "is_as_stored": False}
    assert "The answers, counted now, give 5/5" in said


def test_a_part_is_by_model_or_by_place(senso, read):
    told = senso("explain", read.org.id, "mention_rate", *UNBRANDED, "--model", "gpt-6.1-terra", "--json").json
    of_place = senso("explain", read.org.id, "mention_rate", *UNBRANDED, "--location", "US", "--json").json

    hint = senso("explain", read.org.id, "mention_rate", *UNBRANDED, "--model", "gpt-6.1-terra", "--limit", 2).err

    assert hint.count("--model gpt-6.1-terra") == 2
    assert told["metric"]["slice"]["model"] == "gpt-6.1-terra"
    assert told["counted"] == of_place["counted"] == {"numerator": 2, "denominator": 5, "is_as_stored": True}


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["visibility"], 2, "mention_rate, owned_citation_rate"),
        (["mention_rate"], 2, "--kind unbranded --surface api, --kind unbranded --surface consumer"),
        (["mention_rate", "--kind", "branded"], 2, "--kind unbranded --surface api"),
        (["mention_rate", *UNBRANDED, "--model", "claude"], 2, "gpt-6.1-terra"),
        (["mention_rate", *UNBRANDED, "--location", "DE"], 2, "there are: US"),
        (["mention_rate", *UNBRANDED, "--location", "US", "--model", "gpt-6.1-terra"], 2, "not both"),
        (["mention_rate", *UNBRANDED, "--batch", "acme"], 2, "not the id of a batch"),
        (["mention_rate", *UNBRANDED, "--batch", str(uuid4())], 4, "with numbers of"),
        (["mention_rate", *UNBRANDED, "--run", "123456789"], 4, "has no run 123456789"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(senso, read, asked, code, said):
    done = senso("explain", read.org.id, *asked)

    assert (done.code, done.err.count("\n"), done.out) == (code, 1, "")
    assert said in done.err


def test_an_org_without_numbers_and_one_whose_answers_were_pruned(senso, make, read):
    empty = senso("explain", make.org().id, "mention_rate")
    make.sql("UPDATE batches SET kept = '{}', pruned_at = now() WHERE id = :b", b=read.batch)
    pruned = senso("explain", read.org.id, "mention_rate")

    assert (empty.code, pruned.code) == (4, 4)
    assert "no numbers yet" in empty.err
    assert "were pruned" in pruned.err


def test_pages_of_any_size_are_the_same_answers(read, monkeypatch):
    wanted = Wanted(read.org.id, read.batch, "share_of_voice", Slice("unbranded", "api"))
    with looking() as db:
        at_once = list(answers(db, wanted))
        monkeypatch.setattr("senso.reads.explanations.PAGE_SIZE", 5)
        assert list(answers(db, wanted)) == at_once


def test_the_answers_of_every_number_add_up_to_it(make, sandbox, messages, environment):
    """Over orgs on two dates, jobs, failures, a retry, cancelled batches, and networks."""
    Worlds(make, sandbox, environment).ended()
    batches = make.sql("SELECT id, org_id FROM batches WHERE org_id IS NOT NULL")
    told = 0
    with looking() as db:
        for batch in batches:
            for metric in results.metrics(db, batch["id"]):
                where = Slice(metric.kind, metric.surface, metric.model, metric.location)
                found = explained(db, Wanted(batch["org_id"], batch["id"], metric.name, where))
                assert (found.numerator, found.denominator) == (metric.numerator, metric.denominator), metric
                told += 1
    assert told > 200


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_report_names_the_command_once(senso, read, form):
    said = senso("report", read.org.id, "--format", form).out

    assert said.count("senso explain ORG mention_rate") == 1
