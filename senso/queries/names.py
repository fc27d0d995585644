"""The names under which answers may mention an org: one call per org, kept while its fingerprint is the same."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.bulk import as_json
from senso.db.lease import LEASE, RELEASED, owned, released
from senso.encryption import opened_websites
from senso.errors import NotFound
from senso.extraction import followed
from senso.extraction.names import fingerprint
from senso.policy import Policy
from senso.queries.competitors import tracked
from senso.queries.fragments import REPORT_CALL
from senso.queries.models import Model
from senso.queries.runs import Report
from senso.queries.stopped import holds_call, may_begin
from senso.states import ProposalState


@dataclass(frozen=True, slots=True)
class OrgNames:
    """As the import file says."""

    id: UUID
    name: str
    websites: tuple[str, ...]
    aliases: tuple[str, ...]
    not_names: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.name, self.websites, self.aliases, self.not_names)


@dataclass(frozen=True, slots=True)
class Others:
    """Names that the org may not have. `rejected`: by an operator.

    `neighbours`: names and aliases of the other orgs of its partner.
    """

    rejected: tuple[str, ...]
    competitors: tuple[str, ...]
    neighbours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposedName:
    """`key`: its compared form. `state`: proposed, or rejected by a rule."""

    key: str
    name: str
    state: ProposalState
    reason: str


@dataclass(frozen=True, slots=True)
class NamesWork:
    org_id: UUID
    fence: int
    failures: int
    call_id: int
    model: Model


ORG = text("""
    SELECT id, name, ARRAY(SELECT url FROM org_websites WHERE org_id = orgs.id ORDER BY position, url) AS websites,
        ARRAY(SELECT name FROM org_aliases WHERE org_id = orgs.id ORDER BY position, name) AS aliases,
        ARRAY(SELECT name FROM org_not_names WHERE org_id = orgs.id ORDER BY position, name) AS not_names
    FROM orgs WHERE id = :org
""")


def org(db: Connection, org_id: UUID) -> OrgNames:
    found = org_if_known(db, org_id)
    if found is None:
        raise NotFound(f"no org {org_id}")
    return found


def org_if_known(db: Connection, org_id: UUID) -> OrgNames | None:
    found = db.execute(ORG, {"org": org_id}).mappings().one_or_none()
    if found is None:
        return None
    websites = opened_websites(org_id, found["websites"])
    return OrgNames(found["id"], found["name"], websites, tuple(found["aliases"]), tuple(found["not_names"]))


OTHERS = text("""
    SELECT o.competitors,
        ARRAY(SELECT name FROM name_proposals WHERE org_id = o.id AND state = 'rejected' AND decided_by IS NOT NULL)
            AS rejected,
        ARRAY(SELECT name FROM orgs n WHERE n.partner_id = o.partner_id AND n.id <> o.id
            UNION SELECT a.name FROM orgs n JOIN org_aliases a ON a.org_id = n.id
            WHERE n.partner_id = o.partner_id AND n.id <> o.id) AS neighbours
    FROM orgs o WHERE o.id = :org
""")


def others(db: Connection, org_id: UUID) -> Others:
    found = db.execute(OTHERS, {"org": org_id}).mappings().one()
    spellings = (name for one in followed(tracked(found["competitors"])) for name in one.spellings)
    return Others(tuple(found["rejected"]), tuple(spellings), tuple(found["neighbours"]))


SETTLED = text("""
    SELECT is_fallback FROM name_variations
    WHERE org_id = :org AND fingerprint = :fingerprint AND names IS NOT NULL AND expires_at > now()
""")


def valid_names_are_fallback(db: Connection, org_id: UUID, fingerprint: str) -> bool | None:
    """Whether the names are only the fallback; None if there are no valid names yet."""
    return db.execute(SETTLED, {"org": org_id, "fingerprint": fingerprint}).scalar_one_or_none()


ASK_AGAIN = text("""
    UPDATE name_variations SET failures = 0, expires_at = now(),
        lease_until = CASE WHEN lease_owner IS NOT NULL THEN lease_until END
    WHERE org_id = :org AND (is_fallback OR names IS NULL)
""")


def ask_again(db: Connection, org_id: UUID) -> bool:
    """For a retried batch: lets it ask again for names if the last call failed. False if its names are good."""
    return bool(db.execute(ASK_AGAIN, {"org": org_id}).rowcount)


CLAIM = text(f"""
    WITH claimed AS (
        INSERT INTO name_variations AS n (org_id, fence, lease_owner, lease_until)
        SELECT CAST(:org AS uuid), 1, :owner, {LEASE}
        WHERE {may_begin(holds_call(":provider", ":model", ":org"))}
        ON CONFLICT (org_id) DO UPDATE SET fence = n.fence + 1, {owned("n")}
        WHERE (n.names IS NULL OR n.fingerprint IS DISTINCT FROM :fingerprint OR n.expires_at <= now())
            AND (n.lease_until IS NULL OR n.lease_until < now())
        RETURNING org_id, fence, failures
    ),
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, org_id, fence, provider, model, prompt_version)
        SELECT 'names', :batch, org_id, fence, :provider, :model, :prompt_version FROM claimed
        RETURNING id
    )
    SELECT claimed.*, called.id AS call_id FROM claimed, called
""")


def claim(
    db: Connection,
    org_id: UUID,
    fingerprint: str,
    owner: str,
    policy: Policy,
    *,
    batch: UUID,
    model: Model,
    prompt_version: str,
) -> NamesWork | None:
    """None if there are valid names, another worker is asking for them, or the next try is not due yet."""
    values = {"org": org_id, "fingerprint": fingerprint, "owner": owner, "lease": policy.lease_seconds}
    values |= {"batch": batch, "provider": model.provider, "model": model.name, "prompt_version": prompt_version}
    found = db.execute(CLAIM, values).mappings().one_or_none()
    return NamesWork(**found, model=model) if found else None


SAVE = text(f"""
    WITH {REPORT_CALL}
    UPDATE name_variations SET names = CAST(:names AS jsonb), fingerprint = :fingerprint, is_fallback = :is_fallback,
        expires_at = now() + CAST(:kept AS interval), failures = 0, {RELEASED}
    WHERE org_id = :org AND fence = :fence
""")


def save(
    db: Connection,
    work: NamesWork,
    names: Sequence[str],
    fingerprint: str,
    report: Report,
    policy: Policy,
    *,
    is_fallback: bool,
    proposals: Sequence[ProposedName] | None = None,
) -> None:
    """`proposals`: take the place of earlier ones that nobody has decided; None: those stay."""
    values = report.values() | {
        "call_id": work.call_id,
        "org": work.org_id,
        "fence": work.fence,
        "names": as_json(list(names)),
        "fingerprint": fingerprint,
        "is_fallback": is_fallback,
        "kept": policy.plain_name_kept if is_fallback else policy.names_kept,
        "error": None,
    }
    saved = db.execute(SAVE, values).rowcount
    if saved and proposals is not None:
        propose(db, work.org_id, proposals)


WITHDRAW = text("DELETE FROM name_proposals WHERE org_id = :org AND decided_by IS NULL")
PROPOSE = text("""
    INSERT INTO name_proposals (org_id, key, name, state, reason)
    SELECT :org, key, name, state, reason
    FROM json_to_recordset(CAST(:proposals AS json)) AS given(key text, name text, state text, reason text)
    ON CONFLICT (org_id, key) DO NOTHING
""")
# The names were judged before the call ended, and an operator may have rejected one meanwhile.
WITHOUT_REJECTED = text("""
    UPDATE name_variations n SET names = n.names - ARRAY(
        SELECT name FROM name_proposals WHERE org_id = :org AND state = 'rejected' AND decided_by IS NOT NULL)
    WHERE org_id = :org AND names IS NOT NULL
""")


def propose(db: Connection, org_id: UUID, proposals: Sequence[ProposedName]) -> None:
    db.execute(WITHDRAW, {"org": org_id})
    if proposals:
        db.execute(PROPOSE, {"org": org_id, "proposals": as_json([asdict(one) for one in proposals])})
    db.execute(WITHOUT_REJECTED, {"org": org_id})


USE_PLAIN = text("""
    INSERT INTO name_variations AS n (org_id, names, fingerprint, is_fallback, expires_at)
    SELECT :org, CAST(:names AS jsonb), :fingerprint, true, now() + CAST(:kept AS interval)
    FROM batches b WHERE b.id = :batch AND b.started_at < now() - make_interval(secs => :patience)
    ON CONFLICT (org_id) DO UPDATE SET names = excluded.names, fingerprint = excluded.fingerprint, is_fallback = true,
        expires_at = excluded.expires_at
    WHERE (n.names IS NULL OR n.fingerprint IS DISTINCT FROM :fingerprint OR n.expires_at <= now())
        AND (n.lease_until IS NULL OR n.lease_until < now())
    RETURNING org_id
""")


def use_plain(
    db: Connection, org_id: UUID, names: Sequence[str], fingerprint: str, policy: Policy, *, batch: UUID
) -> bool:
    """Without a call, which may not be made: once the batch has waited for `names_wait_seconds`."""
    values = {"org": org_id, "names": as_json(list(names)), "fingerprint": fingerprint, "batch": batch}
    values |= {"kept": policy.plain_name_kept, "patience": policy.names_wait_seconds}
    return bool(db.execute(USE_PLAIN, values).scalars().all())


PUT_BACK = text(f"""
    WITH {REPORT_CALL}
    UPDATE name_variations SET failures = failures + :counted,
        {released("now() + make_interval(secs => :seconds)")}
    WHERE org_id = :org AND fence = :fence AND lease_owner IS NOT NULL
""")


def put_back(db: Connection, work: NamesWork, report: Report, *, seconds: float, counts_as_failure: bool) -> None:
    """Ends the claim; no worker may claim the row again within `seconds`."""
    values = report.values() | {"call_id": work.call_id, "org": work.org_id, "fence": work.fence}
    db.execute(PUT_BACK, values | {"seconds": seconds, "counted": int(counts_as_failure), "error": None})
