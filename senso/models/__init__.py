"""The schema. Promises are kept here first: by keys and checks, and only then by code.

Ids of batches, runs and evaluations come from `senso.matrix.dated_id`: the same natural key gives the same id, so an
insert is idempotent by its primary key, and ids sort by date.
"""

from senso.models.base import Base
from senso.models.ledger import LedgerRow, LlmCall
from senso.models.results import Metric
from senso.models.sending import Audit, Beat, Outbox, Push, Repair, ScheduleRun, Trigger, Worker
from senso.models.watched import (
    Location,
    Model,
    Network,
    NetworkLocation,
    NetworkModel,
    NetworkOrg,
    NetworkQuestion,
    Org,
    OrgLocation,
    OrgModel,
    OrgQuestion,
    OrgWebsite,
    Partner,
    Question,
)
from senso.models.work import Batch, Citation, Claim, Competitor, Evaluation, NameVariation, QuestionRun, Snapshot

__all__ = [
    "Audit",
    "Base",
    "Batch",
    "Beat",
    "Citation",
    "Claim",
    "Competitor",
    "Evaluation",
    "LedgerRow",
    "LlmCall",
    "Location",
    "Metric",
    "Model",
    "NameVariation",
    "Network",
    "NetworkLocation",
    "NetworkModel",
    "NetworkOrg",
    "NetworkQuestion",
    "Org",
    "OrgLocation",
    "OrgModel",
    "OrgQuestion",
    "OrgWebsite",
    "Outbox",
    "Partner",
    "Push",
    "Question",
    "QuestionRun",
    "Repair",
    "ScheduleRun",
    "Snapshot",
    "Trigger",
    "Worker",
]
