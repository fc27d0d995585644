import openai
import pytest

from senso.extraction import SCHEMA, AnswerReading
from senso.extraction.names import Variations, strict_schema


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


@pytest.mark.parametrize("model", [AnswerReading, Variations])
def test_the_schema_is_what_the_openai_sdk_makes_of_the_model(model):
    assert strict_schema(model) == untitled(openai.pydantic_function_tool(model)["function"]["parameters"])


@pytest.mark.parametrize("model", [AnswerReading, Variations])
def test_every_object_is_closed_and_every_field_required(model):
    for node in objects(strict_schema(model)):
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])


@pytest.mark.parametrize("model", [AnswerReading, Variations])
def test_the_schema_has_no_titles_no_defaults_and_no_docstring(model):
    text = str(strict_schema(model))

    assert "'title'" not in text
    assert "'default'" not in text
    assert "description" not in strict_schema(model)


def test_the_fields_stand_in_the_order_of_the_task():
    assert list(SCHEMA["properties"]) == ["mentioned", "mention_text", "sentiment", "rank", "competitors"]


def test_every_field_is_described():
    assert all("description" in field for field in SCHEMA["properties"].values())


def test_a_field_called_title_is_kept():
    class Page(Variations):
        title: str

    assert list(strict_schema(Page)["properties"]) == ["variations", "title"]
