"""Values of an import file: each is checked, and says in one line what is wrong with it."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

from iso3166 import countries_by_alpha2, countries_by_alpha3
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from senso.settings.texts import cleaned
from senso.typed_ids import id_in


def one_line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text):
        raise ValueError("more than one line, or a control character")
    return text


def storable(text: str) -> str:
    if re.search(r"[\x00\ud800-\udfff]", text):
        raise ValueError("a character that Postgres cannot store")
    return text


def moment(value: object) -> datetime:
    """A date is midnight UTC; a time without a zone is UTC."""
    try:
        read = datetime.fromisoformat(value if isinstance(value, str) else "")
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a date") from None


def day(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("not a day, such as 2027-01-14") from None


def amount(value: object) -> float:
    """Micro-dollars, possibly with a fraction, which the reader of a file leaves as text."""
    if isinstance(value, int | float | str) and AMOUNT.fullmatch(str(value)):
        return float(value)
    raise ValueError("not an amount of micro-dollars, such as 0.075")


def dollars(value: object) -> float:
    """What the calls of a day may cost; up to a billion, which the reader of the file may leave as text."""
    if isinstance(value, int | float | str) and AMOUNT.fullmatch(str(value)) and float(value) <= MOST_DOLLARS:
        return float(value)
    raise ValueError("not an amount of dollars, such as 25 or 0.5")


def count(value: object) -> int:
    if type(value) is not int or not 0 < value <= MOST_TOKENS:
        raise ValueError("not a whole number above 0")
    return value


class Samples(NamedTuple):
    """How often each question is asked of each model at each location: `least` times, and up to `most` if that pays."""

    least: int = 1
    most: int = 1


def fixed(value: object) -> Samples:
    if type(value) is int and 1 <= value <= MOST_SAMPLES:
        return Samples(value, value)
    raise ValueError(f"not a whole number from 1 to {MOST_SAMPLES}")


def ranging(value: object) -> Samples:
    """A number, or `{from: 1, to: 4}`."""
    if isinstance(value, dict) and value.keys() == {"from", "to"}:
        least, most = fixed(value["from"]).least, fixed(value["to"]).most
        if least > most:
            raise ValueError(f"from {least} to {most}: the first must not be above the second")
        return Samples(least, most)
    try:
        return fixed(value)
    except ValueError as error:
        raise ValueError(f"{error}, nor two of them, such as {{from: 1, to: 4}}") from None


AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
MOST_TOKENS = 10**9
MOST_DOLLARS = 10**9
# XK (Kosovo) is in the library and widely used, but not in ISO 3166-1, which the vendors' parameters follow.
COUNTRIES = frozenset(countries_by_alpha2) - {"XK"}


def country(code: str) -> str:
    code = code.upper()
    if code == "UK":
        raise ValueError("UK is no ISO 3166-1 code; write GB")
    if code in countries_by_alpha3:
        raise ValueError(f"{code} has three letters; write {countries_by_alpha3[code].alpha2}")
    if code not in COUNTRIES:
        raise ValueError("not a country code of ISO 3166-1, such as US or GB")
    return code


# A host with a dot; no user name, because it would be a secret that is sent to a model.
WEBSITE = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d{1,4}|:[1-5]\d{4})?([/?#]\S*)?", re.IGNORECASE)


def website(url: str) -> str:
    """Adds https:// to a bare host, such as acme.com."""
    url = url if "://" in url else f"https://{url}"
    if not WEBSITE.fullmatch(url):
        raise ValueError("not a URL with a host, such as https://acme.com")
    return url


def nothing_is_empty(value: object) -> object:
    """Accepts `networks:` with nothing after it, or with all its lines commented out."""
    return [] if value is None else value


def pasted(value: object) -> UUID:
    found = id_in(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a UUID")
    return found


def ordered(words: tuple[str, ...]) -> tuple[str, ...]:
    """Each once: their order in the file says nothing."""
    return tuple(sorted(set(words)))


def around(value: object) -> object:
    return cleaned(value) if isinstance(value, str) else value


Country = Annotated[str, AfterValidator(country), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"})]
T = TypeVar("T")


class OrNull:
    """In a JSON schema: null is taken, too."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "null"}]}


MOST_LISTED = 1_000_000  # far above what a file of 50 MB can hold
Listed = Annotated[tuple[T, ...], Field(max_length=MOST_LISTED), BeforeValidator(nothing_is_empty), OrNull()]
# Some of these are in unique indexes, whose entries Postgres limits to 2704 bytes.
Id = Annotated[UUID, BeforeValidator(pasted)]
AROUND = BeforeValidator(around)
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AROUND, AfterValidator(one_line)]
Website = Annotated[str, StringConstraints(min_length=1, max_length=500), AROUND, AfterValidator(website)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096), AROUND, AfterValidator(storable)]
# All facts of an org are told to the model with each of its answers.
Fact = Annotated[str, StringConstraints(min_length=1, max_length=500), AROUND, AfterValidator(one_line)]
MOST_FACTS = 100
Tag = Annotated[str, StringConstraints(min_length=1, max_length=100), AROUND, AfterValidator(one_line)]
MOST_SAMPLES = 20
Times = Annotated[int, Field(ge=1, le=MOST_SAMPLES)]
AS_A_NUMBER = Field(json_schema_extra={"default": 1})  # for readers of the schema
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]
Credits = Annotated[StrictInt, Field(ge=0, le=10**15)]


Day = Annotated[date, BeforeValidator(day)]
Amount = Annotated[float, BeforeValidator(amount)]
Count = Annotated[int, BeforeValidator(count)]
Dollars = Annotated[float, BeforeValidator(dollars)]
