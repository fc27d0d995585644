"""One page of rows that are all read, with the address of the next one."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from senso.api.routes.numbers import Parts
from senso.dashboard.links import to
from senso.dashboard.orgs.chosen import DETAILS

After = Annotated[int, Query(ge=0, le=1_000_000, description="so many rows come before")]
ROWS = 50


def listing(rows: Sequence[Any], after: int, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """`said`: what else the address says."""
    end = after + ROWS
    following = to(path, said | {"after": end}) if len(rows) > end else None
    return {"rows": rows[after:end], "all": len(rows), "next": following}


def of_parts(of: Parts) -> dict[str, Any]:
    return {part: getattr(of, part) for part in ("kind", "surface", *DETAILS)}
