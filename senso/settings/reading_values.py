"""Checks which models and prompts read answers. Each check raises PydanticCustomError."""

from pydantic_core import PydanticCustomError

from senso.settings import prompt_shares
from senso.settings.texts import listed


def check_one_model(name: str | None) -> str | None:
    if name and "," in name:
        raise PydanticCustomError("models", "names more than one model; it takes one")
    return name


def check_models(said: str) -> str:
    found = listed(said)
    if not found:
        raise PydanticCustomError("models", "names no model; write slugs with commas between")
    return ",".join(dict.fromkeys(found))


def check_prompts(said: str | None) -> str | None:
    try:
        prompt_shares.shares(said or "")
    except ValueError as error:
        raise PydanticCustomError("shares", "{said}", {"said": str(error)}) from None
    return said
