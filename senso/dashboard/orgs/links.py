"""Addresses of an organisation's pages: what is chosen is in the query, by names."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from senso.api.context import Context
from senso.dashboard.links import to, without_empty
from senso.dashboard.page_route import Handler, OpenPage, page_route
from senso.score import Metric, Slice

PARTS = ("kind", "surface", "model", "location", "tag")


@dataclass(frozen=True, slots=True)
class Links:
    """`batch`: that the address chooses; None: the newest."""

    org: UUID
    batch: UUID | None = None

    def to(self, page: str = "", **values: Any) -> str:
        path = f"/orgs/{self.org}/{page}" if page else f"/orgs/{self.org}"
        return to(path, {"batch_id": self.batch} | values)

    def explain(self, metric: Metric) -> str:
        return self.to("explain", metric=metric.name, **{part: getattr(metric, part) for part in PARTS})

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

            async def answer_without_empty(request: Request) -> Response:
                blank = without_empty(request) if request.method == "GET" else None
                return blank or await answer(request)

            return answer_without_empty

    return Filtering
