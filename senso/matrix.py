"""Stage 1: which question goes to which model at which location, and the ids of batches, runs and readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import product
from uuid import UUID

from senso.states import BatchKind

UUID_VERSION_8 = 0x8 << 76
UUID_VARIANT = 0x2 << 62
MILLISECONDS_A_DAY = 86_400_000


def dated_id(day: date, *key: object) -> UUID:
    """A UUID of version 8 (RFC 9562): 48 bits of Unix milliseconds of the day's start, the rest a hash of the key.

    The same natural key gives the same id, and ids sort by day.
    """
    return keyed_id(milliseconds_of(day), *key)


def milliseconds_of(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def first_of(day: date) -> UUID:
    """Not above any `dated_id` of that day or a later one, and above those of earlier days."""
    return UUID(int=max(0, milliseconds_of(day)) << 80)


def first_after(day: date) -> UUID:
    """`first_of` the next day, of which the calendar need not have one."""
    return UUID(int=max(0, milliseconds_of(day) + MILLISECONDS_A_DAY) << 80)


def day_of(id_: UUID) -> date:
    """The day that `dated_id` was given."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC).date()


def keyed_id(milliseconds: int, *key: object) -> UUID:
    hashed = int.from_bytes(sha256("\x1f".join(map(str, key)).encode()).digest()[:16], "big")
    value = (milliseconds << 80) | UUID_VERSION_8 | (hashed & (0xFFF << 64)) | UUID_VARIANT | (hashed & ((1 << 62) - 1))
    return UUID(int=value)


def batch_id(kind: BatchKind, org_id: UUID | None, network_id: UUID | None, day: date) -> UUID:
    return dated_id(day, "batch", kind, org_id, network_id)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a batch is about. A constraint of the table requires the ids that the kind needs."""

    kind: BatchKind
    org_id: UUID | None = None
    network_id: UUID | None = None

    @classmethod
    def org(cls, org: UUID) -> "Subject":
        return cls(BatchKind.ORG, org_id=org)

    @classmethod
    def network(cls, network: UUID) -> "Subject":
        return cls(BatchKind.NETWORK, network_id=network)

    @classmethod
    def member(cls, network: UUID, org: UUID) -> "Subject":
        return cls(BatchKind.NETWORK_ORG, org_id=org, network_id=network)

    @property
    def asking_id(self) -> UUID:
        """The network, or else the org, whose questions are asked or whose answers are read."""
        return self.network_id or self.org_id  # type: ignore[return-value]  # see the class

    def batch_on(self, day: date) -> UUID:
        """The id of its batch of that day."""
        return batch_id(self.kind, self.org_id, self.network_id, day)

    def __str__(self) -> str:
        """As the audit names it, such as `org:<id>`."""
        return ":".join([self.kind, *(str(one) for one in (self.network_id, self.org_id) if one)])


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A cell of the matrix with the id of its future row. `sample`: from 0; a cell may be asked several times."""

    id: UUID
    question_id: UUID
    model_id: UUID
    location_id: UUID
    sample: int = 0


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """The answer of a run that is to be read for an org, by the batch that asks or later by another batch."""

    id: UUID
    run_id: UUID
    org_id: UUID


@dataclass(frozen=True, slots=True)
class Matrix:
    """`samples`: how often each cell is asked; up to `most_samples` times, if more answers may decide a change."""

    questions: Sequence[UUID]
    models: Sequence[UUID]
    locations: Sequence[UUID]
    samples: int = 1
    most_samples: int = 1

    @property
    def further(self) -> int:
        """How many runs may be added to those that are planned at first."""
        cells = len(self.questions) * len(self.models) * len(self.locations)
        return cells * max(0, self.most_samples - self.samples)


def planned_runs(batch: UUID, day: date, matrix: Matrix) -> list[PlannedRun]:
    """Ordered so that a batch that ends early has asked all questions equally often, each to all models alike."""
    cells = product(range(matrix.samples), matrix.questions, matrix.locations, matrix.models)
    return [planned_run(batch, day, (question, model, place), sample) for sample, question, place, model in cells]


def planned_run(batch: UUID, day: date, cell: tuple[UUID, UUID, UUID], sample: int) -> PlannedRun:
    """`cell`: question, model, location."""
    return PlannedRun(dated_id(day, "run", batch, *cell, sample), *cell, sample)


def planned_reading(run: UUID, org: UUID) -> PlannedReading:
    """Its id contains the day of the run, whenever the reading is planned."""
    return PlannedReading(keyed_id(run.int >> 80, "evaluation", run, org, 1), run, org)
