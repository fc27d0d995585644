"""The rows of calls that read labelled answers: written before each call, as those of all paid calls are."""

from senso.db import Link
from senso.db.statement import Prepared
from senso.queries.fragments import REPORT_CALL
from senso.queries.models import Model
from senso.queries.runs import Report

BEGIN = Prepared("""
    INSERT INTO llm_calls (purpose, fence, provider, model, prompt_version)
    VALUES ('eval', 0, :provider, :model, :prompt_version) RETURNING id
""")
END = Prepared(f"WITH {REPORT_CALL} SELECT 1 AS done")


def begin(db: Link, model: Model, prompt_version: str) -> int:
    """Returns the call's id."""
    values = {"provider": model.provider, "model": model.name, "prompt_version": prompt_version}
    (row,) = BEGIN.rows(db, values)
    return int(row["id"])


def end(db: Link, call_id: int, report: Report, error: str | None) -> None:
    END.rows(db, report.values() | {"call_id": call_id, "error": error})
