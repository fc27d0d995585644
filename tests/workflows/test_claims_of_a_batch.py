"""Claims of the answers of a batch: in its push, its report, and the story of a run."""

import csv
import io

import pytest
from shell import Shell

from senso.db import looking
from senso.queries import claims
from senso.tasks.stages import finish_batch

FACT = "We have 5 branches."
HERALD = "https://herald.example/larch"


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


def claim(make, run, position, text, verdict=None, **values):
    row = {
        "sentence": f"It says: **{text}**",
        "kind": "fact",
        "polarity": "neutral",
        "fact": None,
        "url": None,
    } | values
    make.sql(
        "INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict, fact, url) "
        "SELECT id, :position, :text, :sentence, :kind, :polarity, :verdict, :fact, :url FROM evaluations "
        "WHERE run_id = :run AND is_current",
        run=run,
        position=position,
        text=text,
        verdict=verdict,
        **row,
    )


@pytest.fixture
def batch(make, messages):
    """Of four answers three mention the org; one does not, and its claims do not count."""
    opened = make.batch(make.org(questions=4))
    first, second, third, last = make.runs(opened)
    for run in (first, second, third, last):
        make.answered(run)
    make.sql(
        "UPDATE evaluations SET state = 'done', mentioned = run_id <> :last, ended_at = now(), fence = fence + 1, "
        "sentiment = CASE WHEN run_id <> :last THEN 'neutral' END WHERE batch_id = :batch",
        last=last,
        batch=opened,
    )
    for run in (first, second):
        claim(make, run, 1, "Larch Hill has 5 branches.", "supported", fact=FACT, polarity="positive")
    claim(make, third, 1, "larch hill HAS 5 branches.", "supported", fact=FACT, polarity="positive")
    claim(make, second, 2, "Larch Hill has 7 branches.", "contradicted", fact=FACT, polarity="negative", url=HERALD)
    claim(make, third, 2, "Larch Hill is quick.", "not-covered", kind="opinion", polarity="positive")
    claim(make, last, 1, "Larch Hill is closed.", "contradicted", fact=FACT)
    make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=opened)
    finish_batch(str(opened), "rows")
    return opened


def test_the_push_has_counts_and_items_with_the_contradicted_ones_first(make, batch):
    (pushed,) = make.sql("SELECT body -> 'claims' AS claims, body -> 'schema_version' AS version FROM pushes")
    found = pushed["claims"]

    assert pushed["version"] == 1
    counts = {name: found[name] for name in ("supported", "contradicted", "not_covered", "unjudged")}
    assert counts == {"supported": 3, "contradicted": 1, "not_covered": 1, "unjudged": 0}
    first, second, third = found["items"]
    assert first == {
        "text": "Larch Hill has 7 branches.",
        "kind": "fact",
        "polarity": "negative",
        "verdict": "contradicted",
        "fact": FACT,
        "sentence": "It says: **Larch Hill has 7 branches.**",
        "url": HERALD,
        "run": first["run"],
        "answers": 1,
    }
    assert (second["verdict"], second["answers"], third["verdict"]) == ("supported", 3, "not-covered")


def test_the_report_tells_them_in_every_form(senso, make, batch):
    org = make.one("SELECT org_id FROM batches WHERE id = :b", b=batch)

    said, found = " ".join(senso("report", org).out.split()), senso("report", org, "--format", "json").json["claims"]
    sheet = list(csv.DictReader(io.StringIO(senso("report", org, "--format", "csv").out)))
    page = senso("report", org, "--format", "html").out

    assert "What is claimed" in said
    assert "contradicted, negative fact, 1 answer: Larch Hill has 7 branches. fact: We have 5 branches." in said
    assert '"It says: Larch Hill has 7 branches.", run' in said
    assert HERALD in said
    assert "supported 3 100 % 3/3" in said
    assert (found["answers"], found["supported"]) == (3, {"claims": 3, "answers": 3})
    assert found["negative"] == {"claims": 1, "answers": 1}
    assert {(one["claims_contradicted"], one["claims_supported"], one["claims_not_covered"]) for one in sheet} == {
        ("1", "3", "1")
    }
    assert page.index("What is claimed") < page.index("Larch Hill has 7 branches.") < page.index("What was asked")


def test_a_run_tells_each_claim_with_its_verdict_sentence_and_source(senso, make, batch):
    second = make.runs(batch)[1]

    said, (read,) = " ".join(senso("show", second).out.split()), senso("show", second, "--json").json["evaluations"]

    assert 'claimed: Larch Hill has 7 branches. (negative fact, contradicted by the fact "We have 5 branches.")' in said
    assert said.index("It says: **Larch Hill has 7 branches.**") < said.index(HERALD)
    assert [one["verdict"] for one in read["claims"]] == ["supported", "contradicted"]


def test_without_claims_nothing_is_told_of_them(senso, make, batch):
    make.sql("DELETE FROM claims")
    org = make.one("SELECT org_id FROM batches WHERE id = :b", b=batch)

    assert "What is claimed" not in senso("report", org).out
    assert "What is claimed" not in senso("report", org, "--format", "html").out
    with looking() as db:
        assert claims.of_batch(db, batch, org).items == ()


def test_hostile_text_of_a_claim_stays_text(senso, make, batch):
    hostile = "<script>alert(1)</script>[bold]"
    make.sql("UPDATE claims SET text = :t, sentence = :t, fact = :t", t=hostile)
    org = make.one("SELECT org_id FROM batches WHERE id = :b", b=batch)

    assert "<script>" not in senso("report", org, "--format", "html").out
    assert hostile in senso("report", org).out


def test_items_are_bounded(make, batch):
    (run, *_) = make.runs(batch)
    for number in range(60):
        claim(make, run, 10 + number, f"Claim {number}.", "not-covered")
    org = make.one("SELECT org_id FROM batches WHERE id = :b", b=batch)

    with looking() as db:
        found = claims.of_batch(db, batch, org)

    assert (len(found.items), found.not_covered.claims) == (50, 61)
    assert found.items[0].verdict == "contradicted"
