"""What is sent to trigger, cancel or retry a batch."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from senso.api.models import Body, Id, Line
from senso.matrix import Subject
from senso.states import BatchKind

ORG = UUID("5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002")
NETWORK = UUID("7d1e0b44-20c3-4f0e-8a55-0a9d4c2e0003")
DryRun = Annotated[bool, Field(description="what it would do and cost; nothing is written")]
UserId = Annotated[Line | None, Field(description="of your user who asks for it", examples=["u-17"])]
OrgId = Annotated[Id, Field(examples=[ORG])]
NetworkId = Annotated[Id, Field(examples=[NETWORK])]


class TriggerBody(Body):
    dry_run: DryRun = False
    reopen: Annotated[bool, Field(description="also if it was cancelled")] = False
    triggered_by: Annotated[
        Line | None, Field(description="why or through what; unset: api", examples=["nightly job"])
    ] = None
    user_id: UserId = None


class OrgTrigger(TriggerBody):
    """Today's batch of an org."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "org", "org_id": str(ORG)}]})
    kind: Literal[BatchKind.ORG]
    org_id: OrgId

    @property
    def subject(self) -> Subject:
        return Subject.org(self.org_id)


class NetworkTrigger(TriggerBody):
    """Today's batch of a network; its answers are then read for each of its orgs."""

    kind: Literal[BatchKind.NETWORK]
    network_id: NetworkId

    @property
    def subject(self) -> Subject:
        return Subject.network(self.network_id)


class MissingTrigger(TriggerBody):
    """What an org lacks of its network's answers."""

    kind: Literal[BatchKind.NETWORK_ORG]
    network_id: NetworkId
    org_id: OrgId

    @property
    def subject(self) -> Subject:
        return Subject.member(self.network_id, self.org_id)


Trigger = OrgTrigger | NetworkTrigger | MissingTrigger


class BatchChange(Body):
    """Of a cancel or a retry."""

    dry_run: DryRun = False
    user_id: UserId = None


class StopReason(Body):
    reason: Annotated[
        Line | None, Field(description="shown wherever the stop is", examples=["their status page says so"])
    ] = None
