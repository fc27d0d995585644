"""The first page is drawn once as the server starts, and a server that cannot draw it starts all the same."""

import asyncio

import pytest

from senso.api.problems import Problem
from senso.cli import serving
from senso.dashboard.first_page import FirstPage
from senso.dashboard.rendering import TEMPLATES


@pytest.fixture
def first_page(make):
    _, beside = serving.built()
    (found,) = [one for one in beside if isinstance(one, FirstPage)]
    TEMPLATES.cache.clear()
    return found


async def started(first_page) -> None:
    first_page.begin(asyncio.get_running_loop())
    await first_page.drawing


def compiled() -> set[str]:
    return {name for _, name in TEMPLATES.cache}


def test_the_first_page_is_drawn_before_anybody_asks_for_it(first_page):
    asyncio.run(started(first_page))

    assert {"overview.html", "overview_now.html"} <= compiled()


def test_what_cannot_be_read_hinders_no_start(first_page, monkeypatch):
    async def away(work):
        raise Problem(503, "Postgres: no connection became free in time")

    monkeypatch.setattr(first_page.context.places, "run", away)

    asyncio.run(started(first_page))

    assert "overview.html" not in compiled()
