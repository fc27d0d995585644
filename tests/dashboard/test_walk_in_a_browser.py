"""What an operator does in the morning, by keys alone: trigger, watch, look at what failed, retry."""

from uuid import UUID

import pytest
from at_work import work_off
from browser import shoot, window
from playwright.sync_api import Page, expect

from senso.states import Scope

MOST_STOPS = 80


@pytest.fixture
def looking(browser, empty_world, running_api):
    return window(browser, running_api.url, empty_world.cookies(Scope.OPERATE))


def to(page: Page, role: str, name: str) -> None:
    """By Tab to the link or the button of that name, and Enter."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    wanted.wait_for()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("(one) => one === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no stop of Tab is the {role} {name}")


def test_a_batch_is_triggered_watched_and_retried(looking, empty_world):
    org = empty_world.make.org(texts=["Which lender is best for a boat?", "And for a barn?"])
    page = looking.go("/")

    page.keyboard.press("Control+k")
    page.keyboard.type(str(org.id))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/orgs/{org.id}")
    to(page, "link", "Trigger")
    page.wait_for_url("**/trigger?*")
    to(page, "button", "Trigger")
    page.wait_for_url("**/batches/*")
    batch = UUID(page.url.partition("?")[0].rpartition("/")[2])
    state = page.locator("#progress .badge").first
    expect(state).to_have_text("queued")
    expect(page.locator("[data-live-said]")).to_have_text("Live")

    empty_world.sandbox.fault("openai.responses", "refusal", times=1)
    work_off(empty_world.make, batch)
    expect(state).to_have_text("partial", timeout=20_000)
    shoot(page, "walk-partial")
    to(page, "link", "Failed runs")
    page.wait_for_url("**/runs?failed=true")
    number = empty_world.make.one("SELECT number FROM question_runs WHERE batch_id = :b AND state = 'failed'", b=batch)
    to(page, "link", str(number))
    page.wait_for_url(f"**/runs/{number}")
    expect(page.locator("main")).to_contain_text("refused")
    page.goto(f"{looking.url}/batches/{batch}")
    to(page, "link", "Retry…")
    to(page, "button", "Retry")
    page.wait_for_url(f"**/batches/{batch}*")
    expect(state).to_have_text("queued")

    assert empty_world.make.state(batch)["episode"] == 2
    assert looking.take() == []
