"""Every page, wide and narrow, light and dark, in a real browser. Pictures of all are in build/screens."""

import pytest
from browser import MOST_BYTES, RULES, STRANGE, THEMES, WEIGHT, WIDTHS, findings, overflow, shoot, window
from page_list import PAGES, address, name

from senso.states import Scope


@pytest.fixture(scope="module")
def world(empty_world):
    return empty_world.fill()


@pytest.fixture(scope="module")
def cookies(world, running_api):
    return world.cookies(Scope.ADMIN)


@pytest.fixture(scope="module")
def windows(browser, running_api, cookies):
    return {width: window(browser, running_api.url, cookies, width) for width in WIDTHS}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page(page, width, windows, world):
    """It says no error, is reached by whoever cannot see it, and fits its screen and the line that it comes through."""
    looking = windows[width]
    shown = looking.go(address(page, world.usual | world.special.get(page, {})))
    assert looking.take() == []

    for theme in THEMES:
        shown.emulate_media(color_scheme=theme)
        shoot(shown, f"{name(page)}-{width}-{theme}")
        if (width, theme) in RULES:
            assert findings(shown, RULES[width, theme]) == []

    assert overflow(shown) <= 0
    assert shown.evaluate(WEIGHT) <= MOST_BYTES
    assert shown.locator("h1").count() == 1
    assert looking.take() == []


@pytest.mark.parametrize("page", PAGES)
def test_hostile_texts_stay_texts(page, windows, world):
    looking = windows[390]
    shown = looking.go(address(page, world.hostile))

    assert looking.take() == []
    assert shown.evaluate(STRANGE) == []
    assert overflow(shown) <= 0
    assert shown.locator("body > main").count() == 1
    shoot(shown, f"hostile/{name(page)}")
    assert looking.take() == []


def test_an_error_is_a_page(windows):
    looking = windows[390]
    shown = looking.go("/batches/00000000-0000-4000-8000-000000000000x")
    shoot(shown, "error-390-light")

    assert findings(shown) == []
    assert overflow(shown) <= 0


def test_the_login_is_a_page(browser, running_api):
    looking = window(browser, running_api.url, {}, 390)
    shown = looking.go("/jump")
    shoot(shown, "login-390-light")

    assert shown.url.endswith("/login?next=/jump")
    assert findings(shown) == []
    assert overflow(shown) <= 0
    assert looking.take() == []
