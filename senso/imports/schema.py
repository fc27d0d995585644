"""The schema of an import file.

The file is the complete description of the orgs and networks in it: an omitted list is an empty list.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    TypeAdapter,
    ValidationError,
)

from senso.imports.source import Place, Source
from senso.imports.values import (
    AS_A_NUMBER,
    MOST_FACTS,
    Amount,
    Count,
    Country,
    Credits,
    Day,
    Dollars,
    Fact,
    Id,
    Listed,
    Name,
    Samples,
    Slug,
    Tag,
    Text,
    Times,
    Website,
    fixed,
    moment,
    ordered,
    ranging,
)
from senso.states import QuestionKind, Surface


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Frozen):
    """For readers of the schema: `ranging` checks it."""

    least: Annotated[Times, Field(alias="from")]
    most: Annotated[Times, Field(alias="to")]


class Partner(Frozen):
    id: Id
    name: Name
    max_daily_cost: Dollars | None = None
    credits: Credits | None  # null: not metered. Required, because a forgotten line would give unlimited credits


class Question(Frozen):
    id: Id
    text: Text
    kind: QuestionKind
    tags: Annotated[Listed[Tag], AfterValidator(ordered)] = ()


class Location(Frozen):
    country: Country
    region: Name | None = None
    city: Name | None = None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        return self.country, self.region, self.city

    @property
    def id(self) -> UUID:
        """The same in every installation. No name contains U+001F, so no two locations have the same id."""
        return uuid5(NAMESPACE_URL, "senso:location:" + "\x1f".join(part or "" for part in self.key))


class Known(Frozen):
    """Facts about a model: their source, and the day on which they were read there."""

    source: Name
    read_on: Day


class Prices(Known):
    """Micro-dollars per unit: $2 per million tokens are 2 per token, $10 per thousand searches are 10000 per search.

    A call of more than `long_from` tokens of input costs `long_factor` times as much for each of its tokens; one in a
    file of many that the vendor completes within a day, `batch_factor` times as much.
    """

    token_in: Amount | None = None
    token_cached: Amount | None = None
    token_written: Amount | None = None
    token_out: Amount | None = None
    search: Amount | None = None
    record: Amount | None = None
    long_from: Count | None = None
    long_factor: Amount | None = None
    batch_factor: Amount | None = None


class Parameters(Known):
    """`reasoning_effort`: the values that the model accepts, lowest first; empty if it takes none.

    `forced_tool`: whether a tool may be demanded; `thinks`: it thinks unasked; `search_tool`: the name of its search.
    """

    temperature: StrictBool | None = None
    reasoning_effort: Listed[Slug] = ()
    max_output_tokens: Count | None = None
    forced_tool: StrictBool | None = None
    thinks: StrictBool | None = None
    search_tool: Name | None = None


class Retirement(Known):
    on: Day


class Model(Frozen):
    """An omitted property stays as it is; null removes it."""

    slug: Slug
    provider: Slug
    name: Name
    surface: Surface
    parameters: Parameters | None = None
    prices: Prices | None = None
    retirement: Retirement | None = None
    rpm: Count | None = None
    tpm: Count | None = None
    max_in_flight: Count | None = None


def model_id(slug: str) -> UUID:
    """The same id as in the migration with the well-known models."""
    return uuid5(NAMESPACE_URL, f"senso:model:{slug}")


class Owned(Frozen):
    """`partner`: who pays."""

    id: Id
    partner: Id


class Matrix(Frozen):
    """What orgs and networks have in common: a name, and what is asked."""

    name: Name
    questions: Listed[Question] = ()
    models: Listed[Slug] = ()
    locations: Listed[Location] = ()
    samples: Annotated[Samples, PlainValidator(fixed, json_schema_input_type=Times), AS_A_NUMBER] = Samples()


class Competitor(Frozen):
    name: Name
    aliases: Listed[Name] = ()
    websites: Listed[Website] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.name, *self.aliases


def competitor(value: object) -> object:
    """A name alone is a competitor without aliases."""
    return Competitor.model_validate(value) if isinstance(value, dict) else Competitor(name=NAME.validate_python(value))


NAME = TypeAdapter(Name)
Followed = Annotated[Competitor, PlainValidator(competitor, json_schema_input_type=Name | Competitor)]


class OrgDocument(Matrix):
    """An org without its id and its partner."""

    websites: Listed[Website] = ()
    created_at: Annotated[datetime, BeforeValidator(moment)]
    active: StrictBool = True
    competitors: Listed[Followed] = ()
    aliases: Listed[Name] = ()
    not_names: Listed[Name] = ()
    facts: Annotated[Listed[Fact], Field(max_length=MOST_FACTS)] = ()
    samples: Annotated[Samples, PlainValidator(ranging, json_schema_input_type=Times | Range), AS_A_NUMBER] = Samples()


class Org(OrgDocument, Owned):
    pass


class Network(Matrix, Owned):
    orgs: Listed[Id] = ()


class Contents(Frozen):
    partners: Listed[Partner] = ()
    orgs: Listed[Org] = ()
    networks: Listed[Network] = ()
    models: Listed[Model] = ()

    def asked(self) -> Iterator[tuple[Place, Org | Network]]:
        """Orgs, then networks, each with its place."""
        yield from ((("orgs", index), org) for index, org in enumerate(self.orgs))
        yield from ((("networks", index), network) for index, network in enumerate(self.networks))

    def questions(self) -> Iterator[tuple[Place, Question]]:
        for place, subject in self.asked():
            for index, question in enumerate(subject.questions):
                yield (*place, "questions", index), question


def contents(source: Source) -> Contents:
    try:
        return Contents.model_validate(source.root)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        first = min(found, key=lambda one: source.line(one["loc"]))
        raise source.refusal(first["loc"], reason(first)) from None


WHOLE = "not a whole number, 0 or more, or null"
REASONS: dict[str, str] = {
    "missing": "missing",
    "extra_forbidden": "unknown key",
    "string_type": "not text; put it in quotes",
    "string_too_short": "empty",
    "string_too_long": "longer than {max_length} characters",
    "too_long": "more than {max_length} of them",
    "string_pattern_mismatch": "not a short name of small letters, digits, dots and dashes",
    "tuple_type": "not a list",
    "model_type": "not a mapping with keys",
    "enum": "not one of {expected}",
    "bool_type": "neither true nor false",
    "int_type": WHOLE,
    "greater_than_equal": WHOLE,
    "less_than_equal": "more than {le}",
    "value_error": "{error}",
}


def reason(error: Any) -> str:
    found = REASONS.get(error["type"])
    return found.format(**error.get("ctx", {})) if found else str(error["msg"])
