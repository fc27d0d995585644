import copy
import json
import re

import openai
import pytest

from senso.extraction import prompts
from senso.extraction.names import Variations, strict_schema
from senso.extraction.prompts.reply import AnswerReading, OrgReading, schema

ALL = [strict_schema(Variations), schema(claims=True), schema(claims=False)]
IDS = ["names", "with claims", "without claims"]


def objects(node):
    if isinstance(node, dict):
        yield from [node] if node.get("type") == "object" else []
        node = list(node.values())
    if isinstance(node, list):
        for entry in node:
            yield from objects(entry)


def untitled(node):
    if isinstance(node, list):
        return [untitled(entry) for entry in node]
    if isinstance(node, dict):
        return {name: untitled(value) for name, value in node.items() if name != "title"}
    return node


def in_place(node, defined):
    if isinstance(node, list):
        return [in_place(entry, defined) for entry in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"$ref"}:
        return in_place(defined[node["$ref"].removeprefix("#/$defs/")], defined)
    if list(node) == ["anyOf"] and all(set(one) == {"type"} for one in node["anyOf"]):
        return {"type": [one["type"] for one in node["anyOf"]]}
    return {name: in_place(value, defined) for name, value in node.items()}


def by_the_sdk(model):
    return untitled(openai.pydantic_function_tool(model)["function"]["parameters"])


def test_the_schema_of_names_is_what_the_openai_sdk_makes_of_the_model():
    assert strict_schema(Variations) == by_the_sdk(Variations)


def test_the_schema_of_readings_is_what_the_openai_sdk_makes_of_the_model():
    """But for the claims, which the model may leave out and the schema never; and each part stands where it is used."""
    expected = by_the_sdk(AnswerReading)
    expected["$defs"]["OrgReading"]["properties"]["claims"].pop("default", None)
    expected["$defs"]["OrgReading"]["required"] = list(OrgReading.model_fields)

    assert schema(claims=True) == in_place(expected, expected.pop("$defs"))


def test_without_claims_nothing_else_is_missing():
    expected = copy.deepcopy(schema(claims=True))
    reading = expected["properties"]["readings"]["items"]
    del reading["properties"]["claims"]
    reading["required"].remove("claims")

    assert schema(claims=False) == expected
    assert "laim" not in json.dumps(schema(claims=False))


@pytest.mark.parametrize("made", ALL, ids=IDS)
def test_every_object_is_closed_and_every_field_required(made):
    assert len(list(objects(made))) >= 1
    for node in objects(made):
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])


@pytest.mark.parametrize("made", ALL, ids=IDS)
def test_the_schema_has_no_titles_no_defaults_and_no_docstring(made):
    text = str(made)

    assert "'title'" not in text
    assert "'default'" not in text
    assert [node for node in objects(made) if "description" in node] == []


@pytest.mark.parametrize("made", ALL, ids=IDS)
def test_all_that_is_referred_to_is_defined_and_nothing_else(made):
    referred = set(re.findall(r"#/\$defs/(\w+)", json.dumps(made)))

    assert referred == set(made.get("$defs", {}))


def test_the_fields_stand_in_the_order_of_the_task():
    fields = schema(claims=True)["properties"]

    assert list(fields) == ["ranking", "named", "others", "readings"]
    assert list(fields["others"]["items"]["properties"]) == ["mark", "verdict"]
    assert list(fields["readings"]["items"]["properties"]) == [
        *("org", "missed", "sentiment", "evidence", "rank", "claims")
    ]


def test_every_field_of_the_reply_is_described_by_its_prompt():
    for version in prompts.known().values():
        made = schema(claims=version.claims)
        fields = {name for node in objects(made) for name in node["properties"]} - {"mark", "verdict"}

        assert {name for name in fields if name not in version.system} == set()


def test_a_field_called_title_is_kept():
    class Page(Variations):
        title: str

    assert list(strict_schema(Page)["properties"]) == ["variations", "title"]
