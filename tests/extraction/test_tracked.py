"""Tracked competitors have marks, too: the model judges their places, and the rule decides where it does not."""

from dataclasses import replace

import pytest
from saying import completion, marks, read, reply, sent

from senso.extraction import Mark, Tracked, checked_for, prompt, said

ANSWER = "Globex Bank is good. The Globex Bank of the river is muddy. Acme Bank is old."
NOT_NAMED = ["everyday-word", "other-entity", "source", "nothing-known", "instruction"]
MISSED, UNSURE = "tracked-competitor-missed", "tracked-competitor-unsure"
REJECTED = "tracked-competitor-rejected"


@pytest.fixture
def check(acme):
    """What is read if the model lists these organisations, and judges of the tracked ones only what is told."""

    def of(*organisations, answer=ANSWER, org=acme, judged=None):
        found = read(
            answer, org, organisations=organisations, by_default=None, judged={"1.1": "named"} | (judged or {})
        )
        return found.competitors, [mark.kind for mark in found.marks if mark.field == "competitors"]

    return of


def test_each_place_of_a_tracked_competitor_has_a_mark_and_its_label_is_told(acme):
    assert sent(ANSWER, acme) == (
        "⟦T1.1⟧Globex Bank is good. The ⟦T1.2⟧Globex Bank of the river is muddy. ⟦1.1⟧Acme Bank is old."
    )
    assert '"tracked":{"T1":"Globex Bank"}' in prompt(ANSWER, "Which bank?", [acme]).user.partition("\n")[0]


def test_one_that_does_not_occur_is_not_told(acme):
    assert "tracked" not in prompt("Acme Bank is old.", "Which bank?", [acme]).user


def test_it_is_marked_under_all_of_its_names_and_names_that_overlap_are_one_place(acme):
    org = replace(acme, competitors=("Initech", Tracked("Globex", ("Globex Bank", "GBX"), ("https://gbx.example",))))

    assert sent("Globex Bank, or GBX, or gbx.example.", org) == "⟦T1.1⟧Globex Bank, or ⟦T1.2⟧GBX, or ⟦T1.3⟧gbx.example."


@pytest.mark.parametrize("judged", [{"T1.1": "named", "T1.2": "other-entity"}, {"T1.2": "named"}])
def test_one_confirmed_place_is_enough(check, judged):
    assert check(judged=judged) == (("Globex Bank",), [])


def test_a_confirmed_one_is_kept_also_where_the_rule_is_unsure(check, acme):
    org, answer = replace(acme, competitors=("Shell",)), "Acme Bank is good. Shell is hard."

    assert check(answer=answer, org=org) == ((), [UNSURE])
    assert check(answer=answer, org=org, judged={"T1.1": "named"}) == (("Shell",), [])


@pytest.mark.parametrize("verdict", NOT_NAMED)
@pytest.mark.parametrize("listed", [(), ("Globex Bank",), ("GLOBEX BANK",), ("Globex Bank AG", "Globex Bank")])
def test_one_whose_places_are_all_rejected_is_none_even_if_the_model_lists_it(check, verdict, listed):
    answer = f"{ANSWER} Globex Bank AG is a form of it."
    rejected = {f"T1.{place}": verdict for place in (1, 2, 3)}

    competitors, kinds = check(*listed, answer=answer, judged=rejected)

    assert (competitors, set(kinds)) == ((), {REJECTED})


@pytest.mark.parametrize(
    "judged",
    [
        {},
        {"T1.1": "other-entity"},
        {"T1.1": ["named", "other-entity"], "T1.2": "other-entity"},
        {"T2.1": "other-entity", "T1": "other-entity", "T1.3": "other-entity"},
    ],
    ids=["nothing", "one of two", "contradictory", "of other marks"],
)
def test_where_a_place_is_not_judged_and_none_is_confirmed_the_rule_decides(check, judged):
    assert check(judged=judged) == (("Globex Bank",), [MISSED])
    assert check("Globex Bank", judged=judged) == (("Globex Bank",), [])


def test_of_many_places_five_are_marked_and_those_behind_them_go_with_them(check, acme):
    answer = "Globex Bank is good.\n" * 7
    rejected = {f"T1.{place}": "other-entity" for place in range(1, 6)}

    assert marks(answer, acme) == list(rejected)
    assert check(answer=answer, judged=rejected) == ((), ["tracked-competitor-rejected"])
    assert check(answer=answer, judged=rejected | {"T1.2": "named"})[0] == ("Globex Bank",)


def test_at_most_thirty_are_marked_and_the_others_are_decided_by_rule(check, acme):
    names = [f"Umbra {number}" for number in range(1, 33)]
    org, answer = replace(acme, competitors=tuple(names)), "Try " + ", ".join(names) + "."

    assert marks(answer, org) == [f"T{number}.1" for number in range(1, 31)]
    rejected = {f"T{number}.1": "source" for number in range(1, 31)}
    assert check(answer=answer, org=org, judged=rejected) == (tuple(names[30:]), [REJECTED] * 30 + [MISSED] * 2)


def test_two_orgs_that_track_the_same_share_its_mark_and_each_has_it(acme):
    initech = replace(acme, name="Initech", variations=("Initech",), websites=(), competitors=("Umbra", "Globex Bank"))
    answer = "Umbra, Globex Bank and Acme Bank are good."
    says = reply(answer, acme, beside=[initech], judged={"T1.1": "named", "T2.1": "source"})
    told = said(completion(says), answer, [acme], [initech])

    assert marks(answer, acme, beside=[initech]) == ["T2.1", "T1.1", "1.1"]
    assert checked_for(answer, acme, told, 1).competitors == ("Globex Bank",)
    found = checked_for(answer, initech, told, None)
    assert found.competitors == ("Globex Bank",)
    assert Mark("competitors", REJECTED, "Umbra") in found.marks
