"""Whether a paid call may begin: SQL that every claim contains. A stop is a pause, or a ceiling that was reached.

Where nothing is stopped, which is nearly always, a claim reads two empty tables once and evaluates nothing else.
"""

from senso.states import StopScope

# The stops in force: for whom, and by what.
IN_FORCE = f"""(
    SELECT scope, subject FROM pauses
    UNION ALL
    SELECT CASE WHEN partner_id IS NULL THEN '{StopScope.ALL}' ELSE '{StopScope.PARTNER}' END, partner_id::text
    FROM cost_stops WHERE lifted_at IS NULL
) AS stop"""
ANY_STOP = "(SELECT EXISTS (SELECT FROM pauses) OR EXISTS (SELECT FROM cost_stops WHERE lifted_at IS NULL))"
UNKNOWN = "NULL"  # SQL that never matches: the provider, or the partner, is not known yet


class Holding(str):
    """A condition on `stop`. `in_force`: that any stop in force fulfils it, with each kind of them read only once."""

    __slots__ = ("in_force",)
    in_force: str


def holds(provider: str = UNKNOWN, model: tuple[str, str] | None = None, partner: str = UNKNOWN) -> Holding:
    """`model`: columns of the rows `asked` of models, and SQL for their values; the others are SQL for a text."""
    columns, values = model or ("asked.id", "NULL")
    of_model = f"SELECT FROM models asked WHERE asked.slug = stop.subject AND ({columns}) = ({values})"
    found = Holding(f"""(stop.scope = '{StopScope.ALL}'
        OR (stop.scope = '{StopScope.PROVIDER}' AND stop.subject = {provider})
        OR (stop.scope = '{StopScope.PARTNER}' AND stop.subject = {partner})
        OR (stop.scope = '{StopScope.MODEL}' AND EXISTS ({of_model})))""")
    parts = [f"EXISTS ({in_force(StopScope.ALL)})"]
    if provider != UNKNOWN:
        parts.append(is_held(StopScope.PROVIDER, provider))
    if model is not None:
        slugs = f"SELECT {columns} FROM models asked WHERE asked.slug = ANY(ARRAY({in_force(StopScope.MODEL)}))"
        parts.append(f"(EXISTS ({in_force(StopScope.MODEL)}) AND ({values}) IN ({slugs}))")
    if partner != UNKNOWN:
        parts.append(is_held(StopScope.PARTNER, partner))
    found.in_force = f"(({' OR '.join(parts)}) IS TRUE)"
    return found


def in_force(scope: StopScope) -> str:
    return f"SELECT stop.subject FROM {IN_FORCE} WHERE stop.scope = '{scope}'"


def is_held(scope: StopScope, subject: str) -> str:
    return f"(EXISTS ({in_force(scope)}) AND {subject} = ANY(ARRAY({in_force(scope)})))"


def may_begin(holding: str) -> str:
    """Condition: no stop in force `holding` it. Postgres evaluates the second part only where there is any stop."""
    return f"(NOT {ANY_STOP} OR NOT EXISTS (SELECT FROM {IN_FORCE} WHERE {holding}))"


def may_begin_each(holding: Holding) -> str:
    """The same for a statement that passes over many rows: of a hundred thousand that are stopped, none looks up stops.

    It takes Postgres longer to begin, which a claim must not pay.
    """
    return f"(NOT {ANY_STOP} OR NOT {holding.in_force})"


def partner_of_batch(batch: str) -> str:
    """Without a join: each row is looked up by its key."""
    return f"""(SELECT coalesce((SELECT partner_id FROM orgs WHERE id = its.org_id),
            (SELECT partner_id FROM networks WHERE id = its.network_id))::text
            FROM batches its WHERE its.id = {batch})"""


def holds_run(run: str) -> Holding:
    """`run`: an alias of question_runs."""
    return holds(
        f"(SELECT its.provider FROM models its WHERE its.id = {run}.model_id)",
        ("asked.id", f"{run}.model_id"),
        partner_of_batch(f"{run}.batch_id"),
    )


def holds_call(provider: str, name: str, org: str) -> Holding:
    """A call to read an answer, or for names: by the SQL for its provider, the model's name there, and its org."""
    return holds(
        provider,
        ("asked.provider, asked.name", f"{provider}, {name}"),
        f"(SELECT its.partner_id::text FROM orgs its WHERE its.id = {org})",
    )


# The value for the row's reader; for the last one where the list has become shorter.
BY_READER = "(CAST(:{} AS text[]))[1 + least(reader, :last_reader)]"


def holds_reading(evaluation: str) -> Holding:
    """`evaluation`: an alias of evaluations. The statement takes the values of `senso.queries.models.by_reader`."""
    return holds_call(BY_READER.format("providers"), BY_READER.format("models"), f"{evaluation}.org_id")


def may_hold_reading(evaluation: str) -> str:
    """For checks, which do not know which model reads: true for every pause of a provider or a model."""
    return f"""(stop.scope IN ('{StopScope.PROVIDER}', '{StopScope.MODEL}')
        OR {holds(partner=f"(SELECT its.partner_id::text FROM orgs its WHERE its.id = {evaluation}.org_id)")})"""


def holds_job(job: str) -> Holding:
    """`job`: an alias of vendor_jobs."""
    return holds(f"{job}.provider", ("asked.id", f"{job}.model_id"), partner_of_batch(f"{job}.batch_id"))


def holds_batch(batch: str) -> Holding:
    """By its partner, or by a stop of everything; `batch`: an alias of batches."""
    return holds(partner=partner_of_batch(f"{batch}.id"))
