"""Routes of pages: who asks is looked at first, and what goes wrong is a page too."""

from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from senso.api.access.needs import takes_several
from senso.api.context import Context
from senso.api.observing import internal_error
from senso.api.problems import Problem, invalid, refusal, wrong
from senso.dashboard.rendering import error_page
from senso.dashboard.same_origin import require_same_origin
from senso.dashboard.sessions import LoggedOut, admit, to_login
from senso.errors import SensoError
from senso.log import logger

LONGEST_NAME = 60
log = logger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OpenPage(APIRoute):
    """For anybody: the login, and the style sheet."""

    def get_route_handler(self) -> Handler:
        answer = super().get_route_handler()

        async def answer_or_error_page(request: Request) -> Response:
            try:
                require_same_origin(request.method, request.headers)
                await self.admit(request)
                await self.require_single(request)
                return await answer(request)
            except LoggedOut as error:
                return to_login(request, has_ended=error.has_ended)
            except (Problem, SensoError, RequestValidationError, HTTPException) as error:
                return error_page(request, refused(error))
            except ClientDisconnect:
                raise
            except Exception:
                log.exception("a request failed")
                return error_page(request, internal_error())

        return answer_or_error_page

    async def admit(self, request: Request) -> None:
        """Raises Problem."""

    async def require_single(self, request: Request) -> None:
        """Of a field that is given twice, the last would count as if it were the only one. Raises Problem 422."""
        fields = dict(form_fields(self.dependant))
        given = [name for name, _ in (await request.form()).multi_items()] if fields else []
        twice = sorted({name for name in given if given.count(name) > 1 and not fields.get(name, False)})
        if twice:
            raise invalid([(name[:LONGEST_NAME], "is given twice, and takes one value") for name in twice])


def form_fields(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The name of each, and whether it takes several values."""
    yield from ((one.alias, takes_several(one.field_info.annotation)) for one in dependant.body_params)
    for one in dependant.dependencies:
        yield from form_fields(one)


def refused(error: Problem | SensoError | RequestValidationError | HTTPException) -> Problem:
    """HTTPException: of a form that cannot be taken apart, or that has too many fields."""
    match error:
        case Problem():
            return error
        case SensoError():
            return refusal(error)
        case RequestValidationError():
            return invalid(list(map(wrong, error.errors())))
    return Problem(HTTPStatus(error.status_code), str(error.detail))


def page_route(context: Context) -> type[OpenPage]:
    """For who has logged in."""

    class Page(OpenPage):
        async def admit(self, request: Request) -> None:
            await admit(context, request)

    return Page
