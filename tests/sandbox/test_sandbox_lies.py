import json

import pytest

from senso.sandbox.lies import EVERYDAY

ANSWER = """They are building a strong community here.

1. **Larkspur Bank** – is often praised.
2. **CFCU** – has branches."""
ABSENT = ANSWER.replace("CFCU", "Vantry")
ORG = "Community Financial Credit Union"


def lie(client, kind, answer):
    client.control("lies", {"share": 1, "kinds": [kind]})
    reading = client.reading(answer, ORG, variations=["CFCU"], question="Who is best?")
    return reading, client.control("lies")


def test_an_ordinary_word_is_taken_for_a_mention(client):
    reading, told = lie(client, "generic-mention", ABSENT)

    assert (reading["mentioned"], reading["mention_text"]) == (True, "They are building a strong community here.")
    assert [(one["kind"], one["organisation"], one["question"]) for one in told] == [
        ("generic-mention", ORG, "Who is best?")
    ]


def test_a_quote_is_altered(client):
    reading, told = lie(client, "altered-quote", ANSWER)

    assert reading["mention_text"] not in ANSWER
    assert "CFCU" in reading["mention_text"]
    assert told[0]["detail"] == reading["mention_text"]


def test_a_competitor_is_invented(client):
    reading, told = lie(client, "invented-competitor", ANSWER)

    assert reading["competitors"][-1]["name"] == told[0]["detail"]
    assert told[0]["detail"] not in ANSWER


def test_the_organisation_competes_with_itself(client):
    reading, _ = lie(client, "self-as-competitor", ANSWER)

    assert {"name": ORG} in reading["competitors"]


@pytest.mark.parametrize(("kind", "answer"), [("generic-mention", ANSWER), ("altered-quote", ABSENT)])
def test_a_lie_that_does_not_fit_is_not_told(client, kind, answer):
    reading, told = lie(client, kind, answer)

    assert reading["mentioned"] == (answer is ANSWER)
    assert told == []


def test_the_same_answer_is_lied_about_in_the_same_way(client):
    client.control("lies", {"share": 1})
    first, second = (client.reading(ANSWER, ORG, variations=["CFCU"]) for _ in range(2))

    assert first == second
    assert [one["times"] for one in client.control("lies")] == [2]


def test_about_the_wanted_share_is_lied_about(client):
    client.control("lies", {"share": 0.3})
    for number in range(50):
        client.reading(f"{ANSWER} {number}", ORG, variations=["CFCU"])

    assert 5 <= len(client.control("lies")) <= 25


def test_nobody_lies_unless_asked_to(client):
    client.reading(ANSWER, ORG)

    assert client.control("lies") == []


@pytest.mark.parametrize("wish", [{"share": 2}, {"kinds": ["generic-mention"]}, {"share": 1, "kinds": ["white"]}])
def test_a_wish_for_lies_that_makes_no_sense_is_refused(client, wish):
    assert client.post("/_sandbox/lies", wish).status_code == 400


def test_any_sentence_is_taken_for_one_about_the_organisation(client):
    reading, told = lie(client, "false-mention", ABSENT)

    assert (reading["mentioned"], reading["mention_text"]) == (True, told[0]["detail"])


def asked_for_names(client):
    schema = {"type": "object", "additionalProperties": False, "required": ["variations"]}
    schema["properties"] = {"variations": {"type": "array", "items": {"type": "string"}}}
    asked = json.dumps({"organisation": ORG, "websites": []})
    reply = client.chat(asked, name="name_variations", schema=schema)
    return json.loads(reply.json()["choices"][0]["message"]["content"])["variations"]


def test_names_of_others_and_everyday_words_are_given_for_an_organisation(client):
    honest = asked_for_names(client)
    client.control("lies", {"share": 1, "kinds": ["foreign-name"], "names": ["Umbra", ORG]})
    assert asked_for_names(client) == [*honest, "Umbra"]

    client.control("lies", {"share": 1, "kinds": ["everyday-name"]})
    assert set(asked_for_names(client)) - set(honest) <= set(EVERYDAY)
    assert [one["kind"] for one in client.control("lies")] == ["foreign-name"]
