"""What a trigger would do and cost, without doing it: from the subject's own history, else from the prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from senso.db import Connection
from senso.errors import NotFound
from senso.matrix import Subject
from senso.prices import Price, assumed_usage, cost_microusd, price_of
from senso.queries import batches, estimates, triggers
from senso.queries import names as name_rows
from senso.queries.batches import Batch
from senso.queries.estimates import Past, Payer, Share
from senso.queries.models import source_of
from senso.registry import JOB_PROVIDERS
from senso.states import BatchKind, BatchState, Purpose, TriggerOutcome
from senso.workflows import reading_models
from senso.workflows.trigger import StaysCancelled, Terms, outcome_for, require_ready


class Call(NamedTuple):
    """A kind of call. `asked`: whose answer it is about (a slug), None for names; `model`: the one that is paid."""

    purpose: Purpose
    asked: str | None
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Usage of calls of one kind. `answers`: past ones it is based on, 0 if assumed. Cost None: price unknown."""

    purpose: Purpose
    asked: str | None
    provider: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int | None
    answers: int = 0
    unknown: int = 0  # past calls whose cost is unknown: they may have been billed
    price_source: str | None = None  # if assumed: where the price is from, and when it was read


@dataclass(frozen=True, slots=True)
class TriggerEstimate:
    """`outcome`: what a trigger would return; `batch`: today's, if it exists.

    `further`: how many runs may be asked besides, each with its reading, where that may decide a change. They are not
    in the other numbers; credits are held for them too, if there are enough.
    """

    org_id: UUID
    org: str
    batch: UUID | None
    outcome: TriggerOutcome
    runs: int
    evaluations: int
    credits: int
    partner: Payer
    estimates: tuple[Estimate, ...]
    further: int = 0


def require_triggerable(db: Connection, subjects: Sequence[Subject], under: Terms) -> None:
    """Raises what triggering any of the subjects, all of one kind, would raise, before the first batch is opened."""
    find = triggers.networks if subjects[0].kind is BatchKind.NETWORK else triggers.orgs
    found = find(db, [subject.asking_id for subject in subjects])
    unknown = [subject for subject in subjects if subject.asking_id not in found]
    if len(unknown) > 1:
        more = f" and {len(unknown) - 1} more"
        said = f"no {unknown[0].kind} {unknown[0].asking_id}{more}; import them first; nothing was opened"
        raise NotFound(said)
    for subject in subjects:
        require_ready(db, subject, found.get(subject.asking_id), under.today)
    stopped = [] if under.reopen else triggers.cancelled(db, [subject.batch_on(under.today) for subject in subjects])
    if stopped:
        raise StaysCancelled(stopped[0], "today")


def estimate_triggers(db: Connection, orgs: Sequence[UUID], under: Terms) -> list[TriggerEstimate]:
    """Writes nothing: the transaction is made read-only. Raises what the triggers would raise."""
    estimates.read_only(db)
    require_triggerable(db, list(map(Subject.org, orgs)), under)
    payers = estimates.payers(db, orgs)
    return [estimate_trigger(db, org, payers[org], under) for org in orgs]


def estimate_trigger(db: Connection, org_id: UUID, partner: Payer, under: Terms) -> TriggerEstimate:
    subject = Subject.org(org_id)
    batch = opened(db, subject.batch_on(under.today))
    shares = shares_of(db, subject, batch)
    each = under.credits_each if batch is None else batch.credits_per_evaluation
    needed = each * sum(share.reads for share in shares)
    further = estimates.further(db, org_id) if shares and (batch is None or batch.planned is None) else 0
    found = Foreseen(subject, partner, shares, outcome(batch), needed, batch.id if batch else None, further)
    return estimate(db, found)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a trigger would do for an org, or for an org of a network. `needed`: credits; `further`: runs."""

    subject: Subject
    partner: Payer
    shares: Sequence[Share]
    outcome: TriggerOutcome
    needed: int
    batch: UUID | None = None
    further: int = 0


def estimate(db: Connection, one: Foreseen) -> TriggerEstimate:
    assert one.subject.org_id is not None  # noqa: S101  see Foreseen
    org, past = name_rows.org(db, one.subject.org_id), estimates.history(db, one.subject)
    return TriggerEstimate(
        org_id=org.id,
        org=org.name,
        batch=one.batch,
        outcome=one.outcome,
        runs=sum(share.asks for share in one.shares),
        evaluations=sum(share.reads for share in one.shares),
        credits=one.needed,
        partner=one.partner,
        estimates=tuple(estimate_calls(db, one.shares, past, needs_names=needs_names(db, org, one.shares))),
        further=one.further,
    )


def opened(db: Connection, batch: UUID) -> Batch | None:
    try:
        return batches.load(db, batch)
    except NotFound:
        return None


def outcome(batch: Batch | None) -> TriggerOutcome:
    return TriggerOutcome.OPENED if batch is None else outcome_for(batch.state)


def shares_of(db: Connection, subject: Subject, batch: Batch | None) -> list[Share]:
    """Empty for a batch that is under way or has ended: triggering it does nothing."""
    if batch is not None and batch.state not in {BatchState.BLOCKED, BatchState.CANCELLED}:
        return []
    if batch is None or batch.planned is None:
        return estimates.shares(db, subject)
    return estimates.shares_again(db, batch.id, subject.kind)


def needs_names(db: Connection, org: name_rows.OrgNames, shares: Sequence[Share]) -> bool:
    return bool(shares) and name_rows.valid_names_are_fallback(db, org.id, org.fingerprint) is None


class Priced(NamedTuple):
    """The price of one unit of each kind, and its source."""

    price: Price | None
    source: str | None


def estimate_calls(
    db: Connection, shares: Sequence[Share], past: Sequence[Past], *, needs_names: bool
) -> list[Estimate]:
    known = {Call(one.purpose, one.slug, one.provider, one.model): one for one in past}
    reader, finder = reading_models.readers(db)[0].model, reading_models.naming(db)
    found = Priced(finder.price, finder.source)
    wanted = [(Call(Purpose.NAMES, None, finder.provider, finder.name), int(needs_names), found)]
    for share in shares:
        asked = Priced(price_of(share.prices), source_of(share.prices))
        wanted.append((Call(Purpose.ASK, share.slug, share.provider, share.name), share.asks, asked))
        read = Priced(reader.price, reader.source)
        wanted.append((Call(Purpose.READ, share.slug, reader.provider, reader.name), share.reads, read))
    return [estimate_call(call, answers, known.get(call), priced) for call, answers, priced in wanted if answers]


def estimate_call(call: Call, answers: int, past: Past | None, priced: Priced) -> Estimate:
    if past is None:
        return assumed(call, answers, priced)
    each = answers / past.answers
    return Estimate(
        *call,
        calls=round(past.calls * each),
        tokens_in=round(past.tokens_in * each),
        tokens_out=round(past.tokens_out * each),
        cost_microusd=round(past.cost_microusd * answers / past.priced) if past.priced else None,
        answers=past.answers,
        unknown=past.unknown,
    )


def assumed(call: Call, answers: int, priced: Priced) -> Estimate:
    usage = assumed_usage(call.purpose, priced.price, by_job=call.provider in JOB_PROVIDERS)
    each = cost_microusd(priced.price, usage)
    cost = None if each is None else each * answers
    tokens = usage.tokens_in * answers, usage.tokens_out * answers
    return Estimate(*call, answers, *tokens, cost, price_source=priced.source)
