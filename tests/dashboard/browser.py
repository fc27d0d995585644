"""A real browser, and what a page must not do in it: speak to another host, fail in a script, leave its screen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENS = Path(__file__).parents[2] / "build/screens"
WIDTHS = {1280: 900, 390: 844}
THEMES = ("light", "dark")
MOST_BYTES = 200_000
PATIENCE_MILLISECONDS = 30_000
SERIOUS = {"serious", "critical"}
AXE = Axe()
CONTRAST = {"runOnly": ["color-contrast"]}
OF_LAYOUT = {"runOnly": ["scrollable-region-focusable", "target-size", "meta-viewport", "link-in-text-block"]}
# The width and the theme change what some rules find, and not what the others do.
RULES = {(1280, "light"): {}, (1280, "dark"): CONTRAST, (390, "light"): OF_LAYOUT}
# A text from outside that runs would call one of these, or open a dialog.
TRAP = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => window.ran.push(name);
document.addEventListener("securitypolicyviolation", (event) => window.ran.push(`policy: ${event.violatedDirective}`));
"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
# Attributes that run something, and what a page of ours has none of.
STRANGE = """() => {
    const runs = (one) => [...one.attributes].some(({ name }) => /^on/i.test(name) || name === "style");
    const leads = (one) => ["href", "src", "action", "formaction"].some((name) =>
        /^\\s*(javascript|data|vbscript):/i.test(one.getAttribute(name) ?? ""));
    const foreign = "script:not([src]), iframe, object, embed, base, meta[http-equiv], main img, main style";
    const found = [...document.querySelectorAll("*")].filter((one) => runs(one) || leads(one) || one.matches(foreign));
    return found.map((one) => one.outerHTML.slice(0, 200));
}"""


def program() -> str | None:
    """SENSO_BROWSER names one; else the first that is on the PATH."""
    named = os.environ.get("SENSO_BROWSER")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def running() -> Iterator[Browser]:
    """For one module: while Playwright runs, nothing else in its thread can start an event loop."""
    path = program()
    if path is None:
        pytest.skip("no browser: install Debian's chromium, or name one by SENSO_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@dataclass
class Window:
    """A tab of somebody who has logged in, and what went wrong in it."""

    url: str
    page: Page
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        answer = self.page.goto(self.url + path)
        if answer is None or not answer.ok:
            self.problems.append(f"{path}: {answer and answer.status}: {self.page.locator('body').inner_text()[:300]}")
        return self.page

    def take(self) -> list[str]:
        """What went wrong since the last time."""
        found = self.problems + list(map(str, self.page.evaluate("() => window.ran ?? []")))
        self.problems.clear()
        return found


def log_in(context: BrowserContext, url: str, cookies: dict[str, str]) -> None:
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])


def window(browser: Browser, url: str, cookies: dict[str, str], width: int = 1280, **options: Any) -> Window:
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, **options)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    log_in(context, url, cookies)
    context.add_init_script(TRAP)
    found = Window(url, context.new_page())
    watch(found)
    return found


def watch(window: Window) -> None:
    own = urlsplit(window.url).netloc
    page, problems = window.page, window.problems

    def only_own(route: Route) -> None:
        if urlsplit(route.request.url).netloc == own:
            route.continue_()
        else:
            problems.append(f"another host: {route.request.url}")
            route.abort()

    page.context.route("**/*", only_own)
    page.on("console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its screen."""
    return int(page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth"))


def findings(page: Page, rules: dict[str, Any] | None = None) -> list[str]:
    """Of axe; the serious ones. `rules`: as `axe.run` takes them; None: all."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.axe_script)
    options = {"resultTypes": ["violations"], **(rules or {})}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]


def shoot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.jpg", full_page=True, type="jpeg", quality=85, caret="initial")
