"""What pages do beyond links and forms: the jump, keys, the theme, copying, and live parts."""

import time

import pytest
from browser import PATIENCE_MILLISECONDS, findings, shoot, window
from playwright.sync_api import expect

from senso.dashboard.navigation import PLACES
from senso.db import transaction
from senso.states import Scope

EVENT = """
    INSERT INTO events (batch_id, partner_id, kind, data)
    VALUES (NULL, NULL, 'breaker', '{"model": "gpt-6-luna", "change": "opened"}')
"""


@pytest.fixture(scope="module")
def world(empty_world):
    return empty_world.fill_little()


@pytest.fixture(scope="module")
def looking(browser, world, running_api):
    return window(browser, running_api.url, world.cookies(Scope.READ))


@pytest.fixture
def page(looking):
    shown = looking.go("/")
    yield shown
    assert looking.take() == []


def test_a_jump_finds_while_one_types_and_opens_by_enter(page, world, looking):
    page.keyboard.press("Control+k")
    expect(page.locator("#jump .jump-found a")).to_have_count(len(PLACES))

    page.keyboard.type("larch")
    expect(page.locator("#jump .jump-found a").first).to_contain_text("Larch Hill")
    shoot(page, "jump-open")
    assert findings(page) == []
    page.keyboard.press("ArrowDown")
    first = page.evaluate("() => document.activeElement.getAttribute('href')")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("() => document.activeElement.getAttribute('href')")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+a")
    page.keyboard.type(world.usual["org_id"])
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/orgs/{world.usual['org_id']}")
    assert first != second
    looking.take()


def test_keys(page):
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    shoot(page, "keys-open")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    page.keyboard.press("/")
    expect(page.locator("#jump")).to_be_visible()
    page.keyboard.type("g?")
    expect(page.locator("#jump-q")).to_have_value("g?")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#jump")).to_be_hidden()


def test_the_first_stop_leads_to_the_content(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("() => document.activeElement.id") == "main"


def test_the_theme_that_was_chosen_stays(page, looking):
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()

    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(17, 19, 24)"
    looking.go("/components")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(17, 19, 24)"
    page.get_by_role("button", name="Light or dark").click()


def test_an_id_is_copied(page, looking):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    looking.go("/components")

    page.locator("[data-copy]").first.click()

    expect(page.locator("[data-copy]").first).to_have_attribute("aria-label", "Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == "019ad0b4-1c7e-7d31-9a44-5f0c2b9e7a11"


def test_a_live_part_is_told_pauses_and_goes_on(page, looking):
    looking.go("/components")
    part = page.locator("[data-live]")
    part.scroll_into_view_if_needed()
    expect(page.locator("[data-live-said]")).to_have_text("Live")
    page.evaluate("""() => {
        window.told = 0;
        document.querySelector("[data-live]").addEventListener("breaker", () => window.told++);
    }""")

    tell()
    page.wait_for_function("() => window.told === 1")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-live-said]")).to_have_text("Paused")
    tell()
    page.wait_for_timeout(1500)
    told_meanwhile = page.evaluate("() => window.told")
    page.get_by_role("button", name="Go on").click()
    tell()
    page.wait_for_function("() => window.told === 2")

    assert told_meanwhile == 1
    expect(page.locator("[data-live-said]")).to_have_text("Live")


def test_a_push_that_is_sent_after_the_batch_has_ended_is_shown_without_a_reload(page, looking, world):
    batch = world.usual["batch_id"]
    with transaction() as db:
        db.exec_driver_sql(
            "INSERT INTO pushes (key, batch_id, episode, body, next_at) VALUES ('push:1', %(batch)s, 1, '{}', now())",
            {"batch": batch},
        )
    looking.go(f"/batches/{batch}")
    expect(page.locator("#sent")).to_contain_text("pending")

    with transaction() as db:
        db.exec_driver_sql("UPDATE pushes SET status = 'sent', sent_at = now(), next_at = NULL")

    expect(page.locator("#sent tbody")).to_contain_text("sent", timeout=PATIENCE_MILLISECONDS)
    assert "every" not in page.locator("#sent").get_attribute("hx-trigger")


@pytest.mark.parametrize("late", ["htmx-sse-4.0.1.min.js", "dashboard.js"])
def test_a_script_that_comes_late_is_waited_for(browser, running_api, world, late):
    window_of_its_own = window(browser, running_api.url, world.cookies(Scope.READ))
    window_of_its_own.page.route(f"**/{late}*", lambda route: (time.sleep(1), route.continue_()))

    page = window_of_its_own.go("/")

    expect(page.locator("[data-live-said]")).to_have_text("Live")
    assert window_of_its_own.take() == []
    page.context.close()


def tell():
    with transaction() as db:
        db.exec_driver_sql(EVENT)


def test_a_page_works_without_scripts(browser, running_api, world, looking):
    cookies = world.cookies(Scope.READ)
    plain = window(browser, running_api.url, cookies, java_script_enabled=False)
    shown = plain.go("/")

    shown.get_by_role("link", name="Jump").click()
    shown.get_by_role("searchbox").fill("larch")
    shown.get_by_role("button", name="Find").click()

    expect(shown.locator(".jump-found a").first).to_contain_text("Larch Hill")
    expect(shown.locator(".needs-script").first).to_be_hidden()
