"""What is sent to trigger, cancel or retry a batch."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from senso.api.models import Body, Id, Line
from senso.matrix import Subject
from senso.states import BatchKind

NEEDS = {
    BatchKind.ORG: ("org_id",),
    BatchKind.NETWORK: ("network_id",),
    BatchKind.NETWORK_ORG: ("network_id", "org_id"),
}
DryRun = Annotated[bool, Field(description="What it would do and cost; nothing is written.")]


class Trigger(Body):
    """`kind` org: `org_id`; network: `network_id`; network_org, what an org lacks of a network's answers: both.

    `reopen`: also if it was cancelled. `triggered_by`: why or through what; default: api. `user_id`: of your user.
    """

    kind: Annotated[BatchKind, Field(examples=["org"])]
    org_id: Annotated[Id | None, Field(examples=["5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002"])] = None
    network_id: Id | None = None
    dry_run: DryRun = False
    reopen: bool = False
    triggered_by: Line | None = None
    user_id: Line | None = None

    @model_validator(mode="after")
    def has_the_ids_of_its_kind(self) -> "Trigger":
        given = tuple(name for name in ("network_id", "org_id") if getattr(self, name) is not None)
        if set(given) != set(NEEDS[self.kind]):
            said = " and ".join(NEEDS[self.kind])
            raise PydanticCustomError("ids", "a batch of kind {kind} needs {said}", {"kind": self.kind, "said": said})
        return self

    @property
    def subject(self) -> Subject:
        return Subject(self.kind, self.org_id, self.network_id)


class BatchChange(Body):
    """Of a cancel or a retry. `user_id`: of your user who asks for it."""

    dry_run: DryRun = False
    user_id: Line | None = None


class StopReason(Body):
    """`reason`: shown wherever the stop is."""

    reason: Line | None = None
