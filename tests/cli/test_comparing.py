"""`senso compare`: two periods, by what both have asked."""

import pytest
from read_batches import Days
from shell import Shell


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


@pytest.fixture
def read(make, messages, environment):
    """`read(org, days, named)`: a batch of so many days ago, in which so many of the answers name the org."""
    return Days(make, environment).read


@pytest.fixture
def org(make):
    return make.org(questions=12, countries=("US", "CA"))


def rate(told):
    (only,) = [
        one for one in told["changes"] if one["name"] == "mention_rate" and not any(list(one["slice"].values())[2:])
    ]
    return only


def test_the_newest_date_is_compared_with_the_last_one_before(senso, read, org):
    for days, named in ((14, 24), (7, 2), (0, 20)):
        today = read(org, days, named)

    told = senso("compare", org.id, "--json").json
    said = senso("compare", org.id).out

    assert told["after"]["since"] == told["after"]["until"] == str(today)
    assert (told["before"]["answers"], told["after"]["answers"]) == (24, 24)
    assert (rate(told)["before"], rate(told)["after"]) == pytest.approx((2 / 24, 20 / 24))
    assert rate(told)["verdict"] == "moved"
    assert told["changes"][0]["verdict"] == "moved"
    assert "moved by more than chance" in said
    assert "seen from: the least change" in " ".join(said.split())


def test_periods_may_be_longer_and_chosen(senso, read, org):
    oldest = read(org, 21, 10)
    read(org, 14, 12)
    since = read(org, 7, 11)
    read(org, 0, 11)

    told = senso("compare", org.id, "--since", since, "--json").json
    first = senso("compare", org.id, "--since", since, "--before-until", oldest, "--json").json

    assert (told["before"]["answers"], told["after"]["answers"]) == (48, 48)
    assert rate(told)["verdict"] == "within-noise"
    assert (rate(told)["value"], rate(told)["questions"]) == (pytest.approx(0), 12)
    assert first["before"]["answers"] == 24


def test_answers_that_another_prompt_has_read_are_compared_with_a_warning(senso, make, read, org):
    read(org, 7, 10)
    read(org, 0, 10)
    same = senso("compare", org.id).out
    make.sql(
        "UPDATE evaluations SET prompt_version = 'reading-0' WHERE batch_id = (SELECT min(id::text)::uuid FROM batches)"
    )

    assert "another model or prompt" not in same
    assert "another model or prompt" in senso("compare", org.id).out


def test_another_version_of_the_model_and_few_questions_get_no_verdict_by_chance(senso, make, read, org):
    read(org, 7, 2)
    read(org, 0, 20, version="gpt-6.1-terra-2026-12")
    few = make.org(questions=2)
    read(few, 7, 0)
    read(few, 0, 2)

    assert rate(senso("compare", org.id, "--json").json)["verdict"] == "model-changed"
    assert "another version of the model answered" in senso("compare", org.id).out
    assert rate(senso("compare", few.id, "--json").json)["verdict"] == "not-enough"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--since", "yesterday"], (2, "say a date")),
        (["--since", "2026-02-02", "--until", "2026-02-01"], (2, "begins before it ends")),
        (["--before-until", "2999-01-01"], (2, "overlap")),
        (["--since", "2026-01-01", "--until", "2026-01-02"], (4, "nothing was asked before 2026-01-01")),
        (["--before-since", "2026-01-01", "--before-until", "2026-01-02"], (4, "no batch with numbers in 2026-01-01")),
    ],
)
def test_days_that_make_no_period_are_refused_in_one_line(senso, read, org, options, expected):
    code, said = expected
    read(org, 0, 3)

    done = senso("compare", org.id, *options)

    assert (done.code, done.err.count("\n"), done.out) == (code, 1, "")
    assert said in done.err


def test_an_org_without_numbers_or_with_one_date_is_told_so(senso, make, read, org):
    empty = senso("compare", make.org().id)
    read(org, 0, 3)
    once = senso("compare", org.id)

    assert (empty.code, once.code) == (4, 4)
    assert "no numbers yet" in empty.err
    assert "nothing was asked before" in once.err
