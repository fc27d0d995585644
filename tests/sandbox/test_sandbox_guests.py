import json

import pytest
from sandbox_client import Client

from senso.sandbox.guests import Guest
from senso.sandbox.server import Settings, running
from senso.sandbox.state import Timing
from senso.sandbox.world import World

QUESTIONS = (("Which dentist is best?", "unbranded"), ("Is Fir Dental any good?", "branded"), ("Whom?", "unbranded"))
FIR = Guest("Fir Dental", ("https://fir.example",), ("Larch Dental",), QUESTIONS, frozenset({"chatgpt"}))
MODELS = ("chatgpt", "perplexity", "gpt-4.1", "gpt-4.1-mini")


def answers(world, questions):
    return [world.answer(text, model, country) for text in questions for model in MODELS for country in ("US", "DE")]


@pytest.mark.parametrize("name", ["Fir Dental", "L'Étoile & Co. {7}", "星河银行", "A**B", "Yes"])
def test_the_first_question_at_the_first_model_names_the_org_whatever_it_is_called(name):
    guest = Guest(name, questions=(("Who is best?", "unbranded"),), models=frozenset({"chatgpt"}))
    truths = [World(seed, guests=[guest]).truth("Who is best?", "chatgpt", "US", name) for seed in range(20)]
    world = World(guests=[guest])

    assert all(truth.mentioned for truth in truths)
    assert name in world.answer("Who is best?", "chatgpt", "US").text


def test_answers_name_an_org_of_a_file_sometimes_and_cite_it_and_its_competitors():
    world = World(guests=[FIR])
    given = answers(world, [text for text, _ in QUESTIONS])
    named = [answer for answer in given if "Fir Dental" in answer.text]

    assert 0 < len(named) < len(given)
    assert any("Larch Dental" in answer.text for answer in given)
    assert any(source.page.startswith("https://fir.example") for answer in named for source in answer.sources)


def test_what_an_answer_says_of_an_org_of_a_file_is_what_is_true():
    world = World(guests=[FIR])
    for text, _ in QUESTIONS:
        for model in MODELS:
            assert world.truth(text, model, "US").mentioned == ("Fir Dental" in world.answer(text, model, "US").text)


def test_a_question_of_two_orgs_is_answered_about_both():
    other = Guest("Oak Dental", questions=QUESTIONS[:1], models=frozenset({"chatgpt"}))
    text = World(guests=[FIR, other]).answer(QUESTIONS[0][0], "chatgpt", "US").text

    assert "Fir Dental" in text
    assert "Oak Dental" in text


def test_an_org_is_never_its_own_competitor():
    guest = Guest("Vantry", competitors=("VANTRY", "Quillon"), questions=(("Who?", "unbranded"),))
    truths = [World(seed, guests=[guest]).truth("Who?", "m", "US") for seed in range(30)]

    assert not [truth for truth in truths if "vantry" in map(str.lower, truth.competitors)]
    assert any("Quillon" in truth.competitors for truth in truths)


def test_the_world_keeps_its_own_questions():
    own = World(orgs=1).questions(World(orgs=1).orgs[0])[0].text
    stranger = Guest("Fir Dental", questions=((own, "unbranded"),))

    assert World(guests=[stranger]).answer(own, "chatgpt", "US") == World().answer(own, "chatgpt", "US")


def test_whoever_is_met_is_named_in_the_next_answer():
    with running(Settings(timing=Timing(0, 0, 0), meets=True)) as url:
        client = Client(url)
        before = said(client, "Who is best?")
        meet(client, "Fir Dental")
        after = said(client, "Who is best?")

    assert "Fir Dental" not in before
    assert "Fir Dental" in after


def test_a_question_is_about_the_org_that_it_names():
    world = World()
    for name in ("Fir Dental", "Oak Dental"):
        world.guests.meet(name, [])
    texts = [answer.text for answer in answers(world, ["Is Fir Dental any good?"])]

    assert any("Fir Dental" in text for text in texts)
    assert not any("Oak Dental" in text for text in texts)


def test_nobody_is_met_unless_it_is_wanted(client):
    meet(client, "Fir Dental")

    assert "Fir Dental" not in said(client, "Who is best?")


def test_the_truth_is_told(client, world):
    question = world.questions(world.orgs[0])[0]
    told = client.control(f"truth?question={question.text}&model=chatgpt&country=US")
    truth = world.truth(question.text, "chatgpt", "US")

    assert (told["mentioned"], told["sentiment"], told["rank"]) == (truth.mentioned, truth.sentiment, truth.rank)
    assert told["competitors"] == list(truth.competitors)
    assert client.control(f"truth?question={question.text}&organisation=Nobody")["status"] == 404


def meet(client, name):
    asked = json.dumps({"organisation": name, "websites": ["https://fir.example"]})
    schema = {"type": "object", "additionalProperties": False, "required": ["variations"]}
    schema["properties"] = {"variations": {"type": "array", "items": {"type": "string"}}}
    client.chat(asked, name="name_variations", schema=schema)


def said(client, question):
    return client.responses(input=question).json()["output"][-1]["content"][0]["text"]
