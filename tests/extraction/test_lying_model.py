"""A model that lies in everything that it says: nobody is mentioned whose name the answer does not have."""

import json
import re
from dataclasses import dataclass

import pytest

from senso import extraction
from senso.extraction import Watched, names, naming
from senso.providers import Completion, Usage
from senso.sandbox.lies import NAME_KINDS, Liar
from senso.sandbox.world import World

MODELS = ("chatgpt", "gemini", "gpt-4.1", "perplexity")


@dataclass(frozen=True)
class Read:
    org: str
    forms: tuple[str, ...]
    answer: str
    reading: extraction.Reading
    lied: bool


def completion(said):
    return Completion(json.dumps(said), "liar", Usage(), "sandbox")


@pytest.fixture(scope="module")
def readings():
    """Each org's names are asked for, and then answers to its own questions and to those of others are read."""
    world = World(7, orgs=20, questions=10, networks=1)
    orgs = world.orgs
    rivals = [rival for org in orgs for rival in org.rivals]
    liar = Liar(7, 1.0, [*(org.name for org in orgs), *rivals])
    return [one for number, org in enumerate(orgs) for one in read_for(world, liar, org, orgs[(number + 1) % 20])]


def read_for(world, liar, org, other):
    found = names.find(org.name, org.websites, lambda prompt: completion(liar.names(prompt.user)))
    watched = Watched(org.name, tuple(found.names), tuple(org.websites), ())
    for question in [*world.questions(org)[:5], *world.questions(other)[:5]]:
        for model in MODELS:
            answer = world.answer(question.text, model, "US").text
            asked = extraction.prompt(answer, question.text, [watched])
            told = len(liar.told())
            said = liar.read(asked.user)
            reading = extraction.checked(answer, watched, completion(said))
            yield Read(org.name, org.forms, answer, reading, len(liar.told()) > told)


def has_a_form(one):
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", one.answer, re.IGNORECASE) for form in one.forms)


def test_a_lying_model_makes_no_mention_without_the_name(readings):
    assert len(readings) == 800
    assert sum(one.lied for one in readings) > 400
    assert [one for one in readings if one.reading.mentioned and not has_a_form(one)] == []
    assert sum(not has_a_form(one) for one in readings) > 300


def test_what_a_lying_model_says_of_names_is_not_used():
    orgs = World(7, orgs=20).orgs
    for kind in NAME_KINDS:
        liar = Liar(7, 1.0, [org.name for org in orgs])
        liar.tune(1.0, [kind])
        for org in orgs:
            found = names.find(org.name, org.websites, lambda prompt, liar=liar: completion(liar.names(prompt.user)))
            false = liar.told()[-1]["detail"].split(", ")
            honest = naming.judged(naming.Known(org.name, tuple(org.websites)), found.names).names

            assert not set(false) & set(found.names), org.name
            assert found.names == honest
