import copy

import pytest

from senso.errors import Malformed, OutsideError, Refused
from senso.providers import Answer, Run, Source, Usage
from senso.providers.linkup import has_depth, is_wrong_key, question, read_answer

RUN = Run(7, "Which bank is best for students?", "standard", "CA", "Ontario", "Toronto")
ODD = (None, "", 0, [], {}, True, "x" * 100_000, "\ud800")
REPLY = {
    "answer": "Maple Bank charges students nothing.",
    "sources": [
        {
            "name": "Student accounts",
            "url": "https://a.example/students",
            "snippet": "…",
            "favicon": "https://a.example/i",
        },
        {"name": "", "url": "https://b.example/", "snippet": "", "favicon": ""},
    ],
}


def test_a_reply_becomes_an_answer_whose_sources_support_it_and_stand_nowhere():
    assert read_answer(RUN, REPLY) == Answer(
        number=7,
        text="Maple Bank charges students nothing.",
        searched=True,
        sources=(
            Source("https://a.example/students", "Student accounts", 1, cited=True),
            Source("https://b.example/", None, 2, cited=True),
        ),
        usage=Usage(searches=1),
    )


def test_neither_a_country_nor_a_model_is_reported():
    answer = read_answer(RUN, REPLY)

    assert (answer.country, answer.model_version) == (None, None)


def test_a_reply_that_names_a_model_is_taken_at_its_word():
    assert read_answer(RUN, REPLY | {"model": "linkup/standard"}).model_version == "linkup/standard"


def test_each_page_counts_by_itself_and_once():
    listed = [None, "https://a.example/x", 7, {"url": None}, {"url": "/relative"}, {"url": "https://a.example/x"}]
    listed += [{"name": 5, "url": " https://b.example/ "}]

    assert read_answer(RUN, REPLY | {"sources": listed}).sources == (
        Source("https://a.example/x", None, 1, cited=True),
        Source("https://b.example/", None, 2, cited=True),
    )


@pytest.mark.parametrize("listed", [None, {}, "https://a.example/", True, 7])
def test_a_list_that_is_none_brings_no_sources(listed):
    assert read_answer(RUN, REPLY | {"sources": listed}).sources == ()


@pytest.mark.parametrize("told", ["", " \n", None, 5, {"text": "Maple"}])
def test_an_answer_without_words_cannot_be_used_and_was_billed(told):
    with pytest.raises(Malformed, match="the answer is empty") as caught:
        read_answer(RUN, REPLY | {"answer": told})

    assert caught.value.usage == Usage(searches=1)


def test_a_question_asks_for_an_answer_with_sources_and_names_no_place():
    assert question(RUN) == {"q": RUN.question, "depth": "standard", "outputType": "sourcedAnswer"}


@pytest.mark.parametrize(("name", "known"), [("standard", True), ("deep", True), ("flash", True), ("gpt-5", False)])
def test_the_models_are_the_depths_of_a_search(name, known):
    assert has_depth(name) is known


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("UNAUTHORIZED", True),
        ("FORBIDDEN", True),
        (None, True),
        ("IP_NOT_WHITELISTED", False),
        ("TASK_TYPE_NOT_SUPPORTED", False),
    ],
)
def test_only_some_refusals_speak_of_the_key(code, wrong):
    error = Refused("linkup", "No.", status=403)
    error.body = {"statusCode": 403, "error": {"message": "No.", "code": code, "details": []}}

    assert is_wrong_key(error) is wrong


def mutated(value):
    """The value with each part of it, at any depth, replaced by each odd one."""
    yield from ODD
    if isinstance(value, dict | list):
        for place, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            for odd in mutated(inner):
                changed = copy.copy(value)
                changed[place] = odd
                yield changed


def outcome(body):
    try:
        return read_answer(RUN, body)
    except OutsideError as error:
        return error


def test_nothing_that_a_reply_may_hold_raises_anything_but_our_errors():
    found = [outcome(body) for body in mutated(REPLY | {"model": "linkup/standard"}) if isinstance(body, dict)]

    assert len(found) > 100
    assert all(one.text.strip() for one in found if isinstance(one, Answer))
    assert {one.usage for one in found} == {Usage(searches=1)}
