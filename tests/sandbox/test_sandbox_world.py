from collections import Counter
from uuid import UUID

import pytest

from senso.sandbox.world import World

PLACES = [{"country": "US", "region": "Ohio"}, {"country": "CA"}]


def every_answer(world):
    for org in world.orgs:
        for question in world.questions(org):
            for model in ("chatgpt", "gpt-4.1"):
                yield org, question, model


def test_the_same_seed_gives_the_same_world():
    first, second = (World(3).import_document(["chatgpt"], PLACES) for _ in range(2))

    assert first == second


def test_another_seed_gives_other_orgs():
    first, second = (World(seed).import_document(["chatgpt"], PLACES) for seed in (3, 4))

    assert {org["id"] for org in first["orgs"]}.isdisjoint(org["id"] for org in second["orgs"])


def test_a_larger_world_holds_the_smaller_one():
    small, large = (World(3, orgs=size).import_document(["chatgpt"], PLACES) for size in (5, 50))

    assert large["orgs"][:5] == small["orgs"]


def test_the_import_document_hangs_together(world):
    document = world.import_document(["chatgpt"], PLACES, credits=None)
    partners = {partner["id"] for partner in document["partners"]}

    assert {org["partner"] for org in document["orgs"]} == partners
    assert len(partners) < len(document["orgs"])
    assert all(partner["credits"] is None for partner in document["partners"])
    assert all(UUID(org["id"]) and org["locations"] == PLACES for org in document["orgs"])
    assert set(document["networks"][0]["orgs"]) <= {org["id"] for org in document["orgs"]}


def test_every_question_of_a_large_world_has_its_own_text_and_is_known():
    world = World(3, orgs=400, questions=72)
    texts = [question.text for org in world.orgs for question in world.questions(org)]

    assert len(set(texts)) == len(texts)
    assert all(world.answer(text, "chatgpt", "US").sources for text in texts[::501])


def test_an_answer_names_some_orgs_of_a_network_however_large_it_is():
    for size in (10, 50):
        world = World(3, orgs=100, questions=6, networks=2, network_size=size)
        asked = [question for network in (0, 1) for question in world.network_questions(network)]
        named = [
            sum(world.truth(one.text, model, "US", org.name).mentioned for org in one.orgs)
            for one in asked
            for model in ("chatgpt", "perplexity")
        ]

        assert 3 < sum(named) / len(named) < 7


def test_branded_questions_name_the_org_and_unbranded_ones_do_not(world):
    for org in world.orgs:
        for question in world.questions(org):
            assert (org.name in question.text) == (question.kind == "branded")


def test_the_truth_differs_by_question_model_and_country(world):
    text = world.questions(world.orgs[0])[1].text
    ranks = {
        world.truth(text, model, country).competitors
        for model in ("chatgpt", "gemini", "gpt-4.1")
        for country in ("US", "CA")
    }

    assert len(ranks) == 6


def test_the_world_has_every_kind_of_answer(world):
    seen = Counter()
    for org, question, model in every_answer(world):
        truth, answer = world.truth(question.text, model, "US"), world.answer(question.text, model, "US")
        seen[f"{question.kind} {truth.mentioned}"] += 1
        seen[truth.sentiment] += 1
        seen["mentioned without a rank"] += truth.mentioned and truth.rank is None
        seen["ranked first"] += truth.rank == 1
        seen["short form"] += truth.mentioned and org.name not in answer.text
        seen["ordinary word"] += not truth.mentioned and org.first.lower() in answer.text.lower()
        seen["own page cited"] += any(source.own and source.cited for source in truth.sources)
        seen["own page only offered"] += any(source.own and not source.cited for source in truth.sources)
        pages = Counter(source.page for source in truth.sources if source.cited)
        seen["page cited twice"] += any(times > 1 for times in pages.values())

    assert min(seen.values()) > 5
    assert len(seen) == 15


def test_every_cited_source_is_linked_in_the_text_and_no_other(world):
    for _, question, model in every_answer(world):
        answer = world.answer(question.text, model, "US")
        for source in answer.sources:
            linked = f"({source.url})" in answer.text
            assert linked or not source.cited


@pytest.mark.parametrize(("model", "mark"), [("chatgpt", "chatgpt.com"), ("gpt-4.1", "openai"), ("gemini", None)])
def test_each_vendor_marks_links_in_its_own_way(world, model, mark):
    urls = [source.url for source in world.answer(world.questions(world.orgs[0])[0].text, model, "US").sources]

    assert all((f"utm_source={mark}" in url) if mark else ("utm_source" not in url) for url in urls)


def test_an_unknown_question_gets_an_answer_that_names_nobody(world):
    answer = world.answer("What is the meaning of life?", "chatgpt", "US")

    assert answer == world.answer("And of the rest?", "gemini", "CA")
    assert "**" not in answer.text
    assert not world.truth("What is the meaning of life?", "chatgpt", "US").mentioned


@pytest.mark.parametrize("sizes", [{"orgs": -1}, {"orgs": 99_999}, {"questions": 73}, {"orgs": 9, "networks": 1}])
def test_a_world_of_an_impossible_size_is_refused(sizes):
    with pytest.raises(ValueError, match="a world can have"):
        World(7, **sizes)
