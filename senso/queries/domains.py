"""What kind of site a cited domain is, where the table of the program does not know it: a model is asked once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from senso.db import Connection, Link
from senso.db.bulk import as_json
from senso.db.lease import RELEASED, UNLEASED, owned, released
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.queries.fragments import REPORT_CALL
from senso.queries.models import Model
from senso.queries.runs import Report
from senso.queries.stopped import holds_call, may_begin
from senso.states import Category

# Sorted, so that two batches that end together and cite the same new domains do not deadlock.
NOTICE = Prepared("""
    INSERT INTO domain_categories (domain)
    SELECT domain FROM jsonb_array_elements_text(CAST(:domains AS jsonb)) AS domain ORDER BY domain
    ON CONFLICT DO NOTHING
""")


def notice(db: Link, domains: Collection[str]) -> None:
    """Domains that are noticed already stay as they are."""
    if domains:
        NOTICE.rows(db, {"domains": as_json(sorted(domains))})


CATEGORIES = Prepared("""
    SELECT domain, category FROM domain_categories
    WHERE domain = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:domains AS jsonb)))) AND category IS NOT NULL
""")


def categories(db: Link, domains: Collection[str]) -> dict[str, Category]:
    """Of those that a model has classified."""
    if not domains:
        return {}
    found = CATEGORIES.rows(db, {"domains": as_json(sorted(domains))})
    return {one["domain"]: Category(one["category"]) for one in found}


WAITS = f"category IS NULL AND failures < :most AND {UNLEASED}"
ANY = Prepared(f"SELECT EXISTS (SELECT FROM domain_categories WHERE {WAITS}) AS any")


def any_waiting(db: Link, policy: Policy) -> bool:
    return bool(ANY.column(db, {"most": policy.domain_tries})[0])


@dataclass(frozen=True, slots=True)
class DomainsWork:
    """A claim of several domains, which one call classifies. `fences`: by domain."""

    call_id: int
    fences: Mapping[str, int]
    model: Model


CLAIM = Prepared(f"""
    WITH free AS (
        SELECT domain FROM domain_categories
        WHERE {WAITS} AND {may_begin(holds_call(":provider", ":model", "CAST(NULL AS uuid)"))}
        ORDER BY noticed_at, domain LIMIT :limit FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE domain_categories d SET fence = d.fence + 1, {owned("d")}
        FROM free WHERE d.domain = free.domain RETURNING d.domain, d.fence
    ),
    called AS (
        INSERT INTO llm_calls (purpose, fence, provider, model, prompt_version)
        SELECT 'domains', 0, :provider, :model, :prompt_version WHERE EXISTS (SELECT FROM claimed) RETURNING id
    )
    SELECT claimed.domain, claimed.fence, called.id AS call_id FROM claimed, called ORDER BY claimed.domain
""")


def claim(db: Link, owner: str, policy: Policy, *, model: Model, prompt_version: str) -> DomainsWork | None:
    """Up to `policy.domains_at_once`, those noticed first; None: none waits, or no call may begin."""
    values = {"owner": owner, "lease": policy.lease_seconds, "most": policy.domain_tries}
    values |= {"limit": policy.domains_at_once, "prompt_version": prompt_version}
    found = CLAIM.rows(db, values | {"provider": model.provider, "model": model.name})
    if not found:
        return None
    return DomainsWork(found[0]["call_id"], {one["domain"]: one["fence"] for one in found}, model)


GIVEN = "jsonb_to_recordset(CAST(:given AS jsonb)) AS given(domain text, fence int, category text)"
SAVE = Prepared(f"""
    WITH {REPORT_CALL}
    UPDATE domain_categories d SET category = given.category, model = :model, version = :version, decided_at = now(),
        failures = 0, {RELEASED}
    FROM {GIVEN} WHERE d.domain = given.domain AND d.fence = given.fence AND d.category IS NULL
    RETURNING d.domain
""")


def save(db: Connection, work: DomainsWork, found: Mapping[str, Category], version: str, report: Report) -> int:
    """Returns how many were saved: a domain that somebody else has claimed since is not."""
    given = [{"domain": one, "fence": work.fences[one], "category": category} for one, category in found.items()]
    values = report.values() | {"call_id": work.call_id, "error": None, "given": as_json(given)}
    return len(SAVE.rows(db, values | {"model": work.model.name, "version": version}))


PUT_BACK = Prepared(f"""
    WITH {REPORT_CALL}
    UPDATE domain_categories d SET failures = failures + :counted,
        {released("now() + make_interval(secs => :seconds)")}
    FROM {GIVEN} WHERE d.domain = given.domain AND d.fence = given.fence AND d.lease_owner IS NOT NULL
    RETURNING d.domain
""")


def put_back(
    db: Connection, work: DomainsWork, report: Report, error: str, *, seconds: float, counts_as_failure: bool
) -> None:
    """Ends the claim; nobody may claim them again within `seconds`."""
    given = [{"domain": one, "fence": fence, "category": None} for one, fence in work.fences.items()]
    values = report.values() | {"call_id": work.call_id, "error": error, "given": as_json(given)}
    PUT_BACK.rows(db, values | {"seconds": seconds, "counted": int(counts_as_failure)})
