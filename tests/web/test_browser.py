"""A morning's review in a real browser, on the demonstration's own data: what an analyst does, and whether everybody can.

One browser and one daemon for all of it. Pictures are kept in `var/screenshots/`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from monitor.app import App
from monitor.config.settings import WebSettings
from monitor.demo import run
from monitor.web.server import PageServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
#: WCAG 2.0, 2.1 and 2.2 at levels A and AA.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Milliseconds to wait for what a shared machine may take long to do.
PATIENCE = 30_000

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed and could not be: run `make browser` where that is permitted"),
    pytest.mark.xdist_group("model"),
]


class Morning:
    """The page over the demonstration's data, and a browser before it."""

    def __init__(self, address: str, browser: Browser) -> None:
        self.address = address
        self.browser = browser
        self.said: list[str] = []

    def open(self, path: str, **context: Any) -> Page:
        """Open a page in a context of its own; whatever the browser complains of is remembered."""
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "Asia/Baghdad", "locale": "en-GB"}
        page = self.browser.new_context(**options | context).new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "console",
            lambda message: self.said.append(f"{message.text} {message.location}") if message.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith((self.address, "data:")) else self.said.append(request.url))
        page.goto(self.address + path.removeprefix("/"))
        return page


@pytest.fixture(scope="module")
def morning() -> Iterator[Morning]:
    """Tell the story once, serve the page on it, and start the browser."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-browser-")))
        kept: list[App] = []

        def keep(app: App) -> None:
            # The demonstration's database goes when it ends; the page gets a copy.
            from monitor.store.session import backup

            backup(app.database_url, folder / "demo.db")
            database = app.settings.database.model_copy(update={"url": type(app.settings.database.url)(f"sqlite:///{folder / 'demo.db'}")})
            kept.append(replace(app, settings=app.settings.model_copy(update={"database": database, "web": WebSettings(port=0)})))
            _ = kept[0].ladders

        run(lambda _: None, afterwards=keep)
        app = kept[0]
        stack.callback(app.uow.close)
        page = stack.enter_context(PageServer(app))
        playwright = stack.enter_context(sync_playwright())
        assert CHROMIUM is not None
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE * 3)
        stack.callback(browser.close)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        yield Morning(page.address, browser)


def check(page: Page, name: str) -> None:
    """Keep a picture, and make sure that everybody can use the page: axe finds nothing, and nothing is wider than the window."""
    page.wait_for_load_state("load")
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    # Evaluated, not added as a script: the page's policy takes none.
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    # What the check and the picture leave on elements, htmx would copy to what it swaps in, and the policy refuse.
    page.evaluate("document.querySelectorAll('[style]').forEach(element => element.removeAttribute('style'))")
    told = [(row["id"], [node["html"][:120] for node in row["nodes"]]) for row in found["violations"]]
    assert told == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def test_a_morning_of_review(morning: Morning) -> None:
    page = morning.open("/")
    check(page, "1-board")
    cards = page.locator("#waiting .card")
    n_waiting = cards.count()
    assert n_waiting >= 2
    # The newest change, with its proof, accepted with one click; the page itself stays where it is.
    first = cards.first
    assert "joint statement issued" in first.inner_text()
    first.get_by_role("button", name="Accept").click()
    expect(cards).to_have_count(n_waiting - 1, timeout=PATIENCE)
    # Who goes by keyboard stands at the next one.
    expect(page.locator("#waiting button").first).to_be_focused(timeout=PATIENCE)
    check(page, "2-one-accepted")
    # Why the next one: both sentences, the scores, and a word on it.
    cards.first.get_by_role("link", name="Why, and more").click()
    page.wait_for_url("**/changes/*")
    assert page.locator("mark").count() >= 2
    check(page, "3-change")
    page.get_by_label("Note (optional)").first.fill("The desk has it from the ministry as well.")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_selector("#review .verdict.accepted")
    assert "The desk has it from the ministry" in page.locator("#review").inner_text()
    check(page, "4-change-reviewed")
    page.locator("#review").get_by_role("button", name="Take back").first.click()
    page.wait_for_selector(".taken-back")
    # The course of the issue; its status set by hand, with a reason.
    page.get_by_role("link", name="Will the US-led coalition").first.click()
    page.wait_for_selector(".picture svg")
    check(page, "5-issue")
    page.get_by_text("Set or correct the status").click()
    page.get_by_label("Status", exact=True).select_option(label="signed")
    page.get_by_label("Why", exact=True).fill("Signed according to the official gazette.")
    page.get_by_role("button", name="Set the status").click()
    page.wait_for_selector(".kind-manual")
    assert page.get_by_role("button", name="Take back: set status").count() == 1
    check(page, "6-issue-set-by-hand")
    assert page.locator(".picture svg rect.mark").count() == 1
    # What was not told, and why not.
    page.get_by_role("link", name="Articles", exact=True).click()
    page.get_by_label("Words").fill("iraq -coalition")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**q=iraq*")
    check(page, "7-search")
    page.locator(".headline").first.click()
    page.wait_for_selector(".verdict-block")
    check(page, "8-article")
    assert morning.said == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1920, "light")])
def test_every_page_fits_and_reads_on_any_screen(morning: Morning, width: int, scheme: str) -> None:
    page = morning.open("/", viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width < 500)
    change = page.locator("a[href^='/changes/c_']").first.get_attribute("href") or ""
    paths = {
        "board": "",
        "issue": "issues/us-iraq-coalition",
        "change": change.removeprefix("/"),
        "changes": "changes",
        "articles": "articles",
    }
    paths |= {
        "feeds": "feeds",
        "outbox": "outbox",
        "reviews": "reviews",
        "settings": "settings",
        "report": "issues/us-iraq-coalition/report",
    }
    for name, path in paths.items():
        page.goto(morning.address + path)
        check(page, f"{width}-{scheme}-{name}")
    assert morning.said == []


def test_on_a_small_screen_the_answer_is_at_hand_and_hides_nothing(morning: Morning) -> None:
    page = morning.open("/changes", viewport={"width": 360, "height": 740}, has_touch=True)
    # Neither of the two that the morning has answered.
    page.locator("tbody .plain-link").nth(2).click()
    page.wait_for_selector("#act-bar")
    bar = page.locator("#act-bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] == pytest.approx(740, abs=1)
    # By keyboard the answers come before the proof, and the link leads to the whole panel.
    page.locator(".crumb a").last.focus()
    for name in ("Accept", "Not a change", "More ↓ ways to review, below"):
        page.keyboard.press("Tab")
        assert " ".join(page.evaluate("document.activeElement.textContent").split()) == name
    page.keyboard.press("Enter")
    panel = page.locator("#review h2").bounding_box()
    assert panel is not None
    assert 0 <= panel["y"] < bar["y"]
    # Nothing that has the focus stands behind the bar, and the last line of the page can be read.
    page.locator("footer").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    foot = page.locator(".foot p").bounding_box()
    assert foot is not None
    assert foot["y"] + foot["height"] <= bar["y"]
    # An answer is taken as in the panel itself, and the bar tells it.
    page.locator("#act-bar").get_by_role("button", name="Accept").click()
    page.wait_for_selector("#act-bar .verdict.accepted")
    check(page, "360-change-answered")
    assert page.locator("#review .verdict.accepted").count() == 1
    page.locator("#review").get_by_role("button", name="Take back").first.click()
    page.wait_for_selector(".taken-back")
    assert morning.said == []


def test_a_report_keeps_to_utc_wherever_it_is_read(morning: Morning) -> None:
    page = morning.open("/issues/us-iraq-coalition/report")
    page.wait_for_load_state("load")
    told = page.locator(".report-date time")
    assert told.inner_text() == (told.get_attribute("datetime") or "")[:16].replace("T", " ")
    assert page.locator("#zone").inner_text() == "UTC"


def test_it_reads_and_acts_without_scripts_and_by_keyboard(morning: Morning) -> None:
    page = morning.open("/changes", java_script_enabled=False)
    assert page.locator("tbody tr").count() >= 3
    assert page.locator("#zone").inner_text() == "UTC"
    page.locator("tbody .plain-link").first.click()
    page.get_by_role("button", name="Told before").click()
    page.wait_for_selector("#review .verdict.rejected")
    page = morning.open("/")
    assert page.locator("#zone").inner_text() == "Asia/Baghdad"
    times = page.locator("time").first
    assert "UTC" in (times.get_attribute("title") or "")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    # Nothing moves while the page is drawn.
    shift = page.evaluate(
        "() => new Promise(done => { let sum = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; })"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"
    )
    assert shift < 0.01
