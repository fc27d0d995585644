"""Tags and the newer numbers, from what was read to the push, the table, the reports and the promises."""

import csv
import io
import json
from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from senso.cli.report_format import Form
from senso.cli.reporting import report
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import finish_batch

# Of each answer: tags of its question, whether it names the org, sentiment, rank, shares of text, verdicts of claims.
READ = (
    (["loans", "price"], True, "positive", 1, 0.25, 0.5, ["supported", "contradicted", None]),
    (["loans"], True, "negative", 3, 0.125, 0.1251, ["not-covered"]),
    (["loans"], True, "mixed", None, 0.0625, None, []),
    ([], False, None, None, 0.0, 0.0, []),
)


@pytest.fixture
def batch(make, messages):
    """A batch with these answers, that has ended."""
    org = make.org(questions=len(READ))
    batch = make.batch(org)
    make.sql("UPDATE question_runs SET state = 'answered' WHERE batch_id = :b", b=batch)
    for run, (tags, mentioned, sentiment, rank, of_text, of_entries, verdicts) in zip(
        make.runs(batch), READ, strict=True
    ):
        make.sql(
            "UPDATE questions SET tags = :tags WHERE id = (SELECT question_id FROM question_runs WHERE id = :run)",
            tags=tags,
            run=run,
        )
        make.sql(
            "UPDATE evaluations SET state = 'done', mentioned = :mentioned, sentiment = :sentiment, rank = :rank, "
            "share_of_text = :of_text, share_of_entries = :of_entries WHERE run_id = :run",
            mentioned=mentioned,
            sentiment=sentiment,
            rank=rank,
            of_text=of_text,
            of_entries=of_entries,
            run=run,
        )
        for position, verdict in enumerate(verdicts):
            make.sql(
                "INSERT INTO claims (evaluation_id, position, text, verdict) "
                "SELECT id, :position, 'It is good.', :verdict FROM evaluations WHERE run_id = :run",
                position=position,
                verdict=verdict,
                run=run,
            )
    make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=batch)
    finish_batch(str(batch), "rows")
    return org, batch


def by_hand(tag=None):
    """The ratios of the answers of a tag, or of all, added one by one."""
    above, below = defaultdict(Fraction), Counter()

    def add(name, amount, of=1):
        above[name] += Fraction(str(amount))
        below[name] += of

    for tags, mentioned, sentiment, rank, of_text, of_entries, verdicts in READ:
        if tag is None or tag in tags:
            add("mention_rate", int(mentioned))
            add("share_of_text", of_text)
            if of_entries is not None:
                add("share_of_entries", of_entries)
            if mentioned:
                add("net_sentiment", {"positive": 1, "negative": -1}.get(sentiment, 0))
                add("sentiment_mixed", int(sentiment == "mixed"))
            if rank:
                add("first_place_share", int(rank == 1))
            for verdict in filter(None, verdicts):
                add("claims_supported", int(verdict == "supported"))
                add("claims_contradicted", int(verdict == "contradicted"))
                add("claims_not_covered", int(verdict == "not-covered"))
    return {name: float(above[name] / below[name]) for name in below}


@pytest.mark.parametrize("tag", [None, "loans", "price"])
def test_the_push_has_what_is_counted_by_hand_for_all_and_for_each_tag(make, batch, tag):
    body = make.one("SELECT body FROM pushes WHERE batch_id = :b", b=batch[1])
    where = {"kind": "unbranded", "surface": body["metrics"][0]["slice"]["surface"]}
    where |= {"model": None, "location": None, "tag": tag}
    found = {one["name"]: one["value"] for one in body["metrics"] if one["slice"] == where}

    expected = by_hand(tag)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert {one["slice"]["tag"] for one in body["metrics"]} == {None, "loans", "price"}


def test_the_promises_hold_of_them(batch):
    checks = [one for one in invariants.CHECKS if one.promise == "I4"]
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500, only=checks) == {}


def test_they_are_in_each_form_of_the_report(batch, tmp_path):
    org, _ = batch
    said = {}
    for form in Form:
        report(org.id, form, tmp_path / form)
        said[form] = (tmp_path / form).read_text()

    rows = [one for one in csv.DictReader(io.StringIO(said[Form.csv])) if one["name"] == "mention_rate" and one["tag"]]
    assert [(one["tag"], one["numerator"], one["denominator"]) for one in rows] == [
        ("loans", "3", "3"),
        ("price", "1", "1"),
    ]
    assert {one["slice"]["tag"] for one in json.loads(said[Form.json])["metrics"]} == {None, "loans", "price"}
    assert "net sentiment" in said[Form.text]
    assert "loans" in said[Form.text]
    assert "By tag" in said[Form.html]
    assert "share of text, by entries" in said[Form.html]
