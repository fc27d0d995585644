"""Stage 2: sends runs and returns answers; also completes prompts with structured output.

A provider does one or more of four kinds of work, each with its own protocol: it answers a question at once; it takes
jobs whose answers are collected later; it completes a prompt with structured output; it completes a file of prompts
later, for less. `senso.registry` lists what each provider does. A provider raises the OutsideErrors of `senso.errors`
and nothing else.

If the reply to a submission is lost, a job provider can be asked which jobs it has and what each was asked. A
fingerprint identifies the questions of a job; equal fingerprints mean the same request.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from senso.errors import OutsideError
from senso.states import JobRequest


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a model accepts. `reasoning_effort`: the accepted values, lowest first; empty if it takes none.

    `forced_tool`: whether a tool may be demanded; `thinks`: it thinks without being asked, which takes output tokens;
    `search_tool`: the name of its web search. None: not known; the model is then treated like most models.
    """

    temperature: bool | None = None
    reasoning_effort: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    forced_tool: bool | None = None
    thinks: bool | None = None
    search_tool: str | None = None

    def tokens(self, wanted: int) -> int:
        """The wanted number of output tokens, or the model's maximum if that is lower."""
        return min(wanted, self.max_output_tokens or wanted)


UNKNOWN = Parameters()
# Room for a reading: the longest of 264 real ones takes a third of it. MORE_TOKENS: for one that was cut off.
READING_TOKENS = 2048
MORE_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Run:
    """One question for one model at one location. `number` is the join key that vendors echo."""

    number: int
    question: str
    model: str  # the provider's own name for the model
    country: str  # ISO 3166-1 alpha-2
    region: str | None = None
    city: str | None = None
    parameters: Parameters = UNKNOWN


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all processes together; None: there is none. `rpm`, `tpm`: requests and tokens a minute."""

    rpm: int | None = None
    tpm: int | None = None
    max_in_flight: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Usage:
    """The billed quantities of a call; `searches` and `records` are counts.

    `tokens_in` includes `tokens_cached` (read from a cache) and `tokens_written` (written to one); `tokens_out`
    includes `tokens_thinking`. `cost_microusd`: what the vendor says that the call cost; None if it says nothing.
    """

    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    searches: int = 0
    records: int = 0
    tokens_written: int = 0
    tokens_thinking: int = 0
    cost_microusd: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    url: str
    title: str | None
    position: int  # from 1, in the order in which the vendor listed it
    cited: bool  # False: offered to the reader, but no sentence refers to it
    spans: tuple[tuple[int, int], ...] = ()  # characters of the answer that refer to it, as far as the vendor says


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one run: a text, or the vendor's reason why there is none.

    `queries`: what was searched for. `vendor_id`: the vendor's own id of the answer. `reply`: what it said about the
    answer in its own words, such as why it ended and what is billed; without texts.
    """

    number: int
    text: str | None = None
    error: str | None = None
    lasts: bool = False  # of an error: asked again, the question would meet it again
    model_version: str | None = None
    country: str | None = None  # where the vendor says it asked
    searched: bool | None = None  # None: the vendor does not say, or is not reliable about it
    sources: tuple[Source, ...] = ()
    usage: Usage = field(default_factory=Usage)
    queries: tuple[str, ...] = ()
    vendor_id: str | None = None
    reply: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request for structured output: `schema` is JSON Schema in the strict subset, `schema_name` describes it.

    `max_tokens`: of the output, besides what the model thinks.
    """

    system: str
    user: str
    schema_name: str
    schema: dict[str, Any]
    max_tokens: int = READING_TOKENS


@dataclass(frozen=True, slots=True)
class Completion:
    content: str  # JSON that should fit the schema; the caller checks it
    model_version: str
    usage: Usage
    provider: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of one prompt of a file, by the name it was given there."""

    name: str
    result: Completion | OutsideError


class Gate(Protocol):
    """Each request to a vendor of jobs goes out within one; raises LeftAlone if it may not go out now."""

    def __call__(self, kind: JobRequest, timeout_seconds: float) -> AbstractContextManager[None]: ...


def no_gate(kind: JobRequest, timeout_seconds: float) -> AbstractContextManager[None]:  # noqa: ARG001
    return nullcontext()


class Provider(Protocol):
    def check_key(self) -> None: ...  # raises Refused if the key is not accepted; free of charge


class ModelList(Protocol):
    """Can say which models it has; free of charge."""

    def models(self) -> dict[str, date | None]: ...  # by name: the day on which it retires, if that is announced


class AnswerProvider(Provider, Protocol):
    """Answers at once, so that hundreds of calls can wait concurrently in the loop of `senso.event_loop`."""

    async def ask(self, run: Run) -> Answer: ...


class Jobs(Provider, Protocol):
    """Has jobs that can be found again and cancelled; `job` is the vendor's id for one."""

    def cancel(self, job: str) -> None: ...

    def jobs_since(self, model: str, since: datetime) -> dict[str, datetime]: ...  # oldest first

    def fingerprint_of(self, job: str) -> str | None: ...  # None: the vendor does not say


class JobProvider(Jobs, Protocol):
    """Works on a job of several runs of one model."""

    @property
    def longest_question(self) -> int: ...  # in characters

    def submit(self, runs: Sequence[Run]) -> str: ...  # the job

    def collect(self, job: str, runs: Sequence[Run]) -> list[Answer] | None: ...  # None: not ready

    def fingerprint(self, runs: Sequence[Run]) -> str: ...


class FileProvider(Jobs, Protocol):
    """Completes the prompts of a file, later and for less. The fingerprint of a job is the `mark` it was given."""

    @property
    def most_lines(self) -> int: ...

    @property
    def most_bytes(self) -> int: ...

    def line(self, name: str, prompt: Prompt, model: str, parameters: Parameters) -> bytes: ...

    def upload(self, lines: Sequence[bytes]) -> str: ...  # the file; free of charge

    def submit(self, mark: str, file: str) -> str: ...  # the job

    def collect(self, job: str) -> Iterator[Completed] | None: ...  # None: not ready


class CompletionProvider(Provider, Protocol):
    """Completes a prompt with JSON that fits its schema."""

    async def complete(self, prompt: Prompt, model: str, parameters: Parameters) -> Completion: ...


Complete = Callable[[Prompt], Completion]
# Takes a refused key and returns the key that has replaced it, if there is one.
AnotherKey = Callable[[str], str | None]


def no_other(_refused: str) -> None:
    return None
