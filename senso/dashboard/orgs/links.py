"""Addresses of an organisation's pages: what is chosen is in the query, by names."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from senso.api.context import Context
from senso.dashboard.page_route import Handler, OpenPage, page_route
from senso.score import Metric, Slice

PARTS = ("kind", "surface", "model", "location", "tag")


def url(path: str, **values: Any) -> str:
    """Without the values that are None."""
    said = urlencode({name: str(value) for name, value in values.items() if value is not None})
    return f"{path}?{said}" if said else path


@dataclass(frozen=True, slots=True)
class Links:
    """`batch`: that the address chooses; None: the newest."""

    org: UUID
    batch: UUID | None = None

    def to(self, page: str = "", **values: Any) -> str:
        path = f"/orgs/{self.org}/{page}" if page else f"/orgs/{self.org}"
        return url(path, batch_id=self.batch, **values)

    def explain(self, metric: Metric, batch: UUID | None = None) -> str:
        """`batch`: whose number it is, where that is not the one that is chosen."""
        of = {part: getattr(metric, part) for part in PARTS}
        return url(f"/orgs/{self.org}/explain", metric=metric.name, batch_id=batch or self.batch, **of)

    def cell(self, where: Slice, model: str, location: str) -> str:
        """One model at one place."""
        return self.to(
            "explain", metric="mention_rate", kind=where.kind, surface=where.surface, model=model, location=location
        )


def filtering(context: Context) -> type[OpenPage]:
    """Routes of pages with a form: fields that were left empty are taken out of the address."""
    page = page_route(context)

    class Filtering(page):  # type: ignore[misc,valid-type]
        def get_route_handler(self) -> Handler:
            answer: Handler = super().get_route_handler()

            async def answer_without_blanks(request: Request) -> Response:
                return without_blanks(request) or await answer(request)

            return answer_without_blanks

    return Filtering


def without_blanks(request: Request) -> RedirectResponse | None:
    given = request.query_params.multi_items()
    kept = [(name, value) for name, value in given if value]
    if request.method != "GET" or len(kept) == len(given):
        return None
    said = urlencode(kept)
    return RedirectResponse(f"{request.url.path}?{said}" if said else request.url.path, 303)
