"""The page as people use it, in a headless Chromium: with mouse, keyboard, in both themes, wide and narrow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Command
from playwright.sync_api import Browser, Page, sync_playwright
from repository import commit, git

from .conftest import FIRST, SECOND, THIRD

pytestmark = pytest.mark.browser

MISSING = "these tests need Chromium: install it (`apt install chromium`)"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def executable() -> str:
    """Path of a Chromium; without one the tests are skipped, and fail in CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


# while it runs its event loop is the thread's: so it ends with this module
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the project of `conftest`, with its history and a comparison."""
    from conftest import run_here

    top = tmp_path_factory.mktemp("browser") / "chat"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    for number, files in enumerate((FIRST, SECOND, THIRD), 1):
        commit(top, files, tag=f"v{number}", date=f"2026-0{number}-01T00:00:00Z")
    run: Command = run_here
    done = run(
        "report",
        "--output-format",
        "html",
        "-o",
        "page.html",
        "--history",
        "--base",
        "v1",
        "--processes",
        "2",
        cwd=top,
    )
    assert done.returncode == 0, done.stderr
    return top / "page.html"


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Open]:
    """Opens the page in a theme and size; whatever it says on its console, or asks of a network, is a failure."""
    said: list[str] = []
    contexts = []

    def page_in(theme: Any = "light", size: str = "desktop") -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url[:5] != "file:" else None)
        page.goto(file.as_uri())
        return page

    yield page_in
    for context in contexts:
        context.close()
    assert said == []


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_anybody_out(opened: Open, theme: str, size: str) -> None:
    page = opened(theme, size)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.locator("#drawing .forbidden .shape").click()
    found = Axe().run(page).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert "color-contrast" in {one["id"] for one in found["passes"]}
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_a_theme_is_chosen_and_kept(opened: Open) -> None:
    page = opened("dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    assert (
        page.inner_text("#theme") == "Theme: light" and page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    )
    page.reload()
    assert page.inner_text("#theme") == "Theme: light" and page.evaluate(ground) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.click("#theme")
    assert page.inner_text("#theme") == "Theme: system" and page.evaluate(ground) == dark


def test_in_an_editor_the_system_is_its_theme(opened: Open) -> None:
    page = opened("light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for kind, is_light in (
        ("vscode-dark", False),
        ("vscode-high-contrast-light", True),
        ("vscode-high-contrast", False),
        ("vscode-light", True),
    ):
        page.evaluate("kind => { document.body.dataset.vscodeThemeKind = kind; }", kind)
        assert (page.evaluate(ground) == light) is is_light
    page.click("#theme")
    page.evaluate("document.body.dataset.vscodeThemeKind = 'vscode-dark'")
    assert page.inner_text("#theme") == "Theme: light" and page.evaluate(ground) == light


def test_tables_sort_by_a_click_and_back(opened: Open) -> None:
    page = opened()
    column = "#findings-table tbody tr td:nth-child(2)"
    head = page.locator("#findings-table th", has_text="Rule")
    head.locator("button").click()
    rising = texts(page, column)
    assert (
        rising == sorted(rising) and len(set(rising)) > 1 and head.get_attribute("aria-sort") == "ascending"
    )
    head.locator("button").press("Enter")
    assert texts(page, column) == rising[::-1] and head.get_attribute("aria-sort") == "descending"


def test_numbers_sort_as_numbers(opened: Open) -> None:
    page = opened()
    page.click("#pools > summary")
    page.click("#pools-table th:nth-child(5) button")
    limits = texts(page, "#pools-table tbody td:nth-child(5)")
    assert limits == ["not stated", "not stated", "not stated", "10", "10"]


def test_a_filter_leaves_the_rows_with_all_its_words(opened: Open) -> None:
    page = opened()
    page.fill("#findings-filter", "red201 app/")
    rows = texts(page, "#findings-table tbody tr:visible")
    assert len(rows) == 2 and all("RED201" in row and "app/" in row for row in rows)
    assert page.inner_text("#findings-status") == "2 of 6"
    page.fill("#findings-filter", "")
    assert page.locator("#findings-table tbody tr:visible").count() == 6


def test_the_graph_leads_to_the_findings(opened: Open) -> None:
    page = opened()
    page.locator("#drawing .forbidden .shape").click()
    assert "app.cache.store" in page.inner_text("#chosen")
    page.locator("#chosen button", has_text="app/hall.py").click()
    assert (
        page.locator("#drawing .node.chosen").get_attribute("aria-label")
        == "app/hall.py, imports a manager, root, 1 finding"
    )
    page.locator("#chosen button", has_text="Show 1 finding").click()
    assert page.locator("#findings-table tbody tr:visible").count() == 1
    assert page.input_value("#findings-filter") == "app/hall.py"
    assert page.locator("#findings-filter").evaluate("one => one === document.activeElement")


def test_the_graph_is_used_by_keyboard_alone(opened: Open) -> None:
    page = opened()
    page.focus("#graph-search")
    for _ in range(4):  # past the buttons for zooming
        page.keyboard.press("Tab")
    label = "document.activeElement.getAttribute('aria-label')"
    first = page.evaluate(label)
    assert first.startswith("app.redis_manager, manager")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(label) != first
    page.keyboard.press("End")
    last = page.evaluate(label)
    page.keyboard.press("Enter")
    assert last.split(",")[0] in page.inner_text("#chosen h3")
    before = page.locator("#drawing").get_attribute("viewBox")
    page.keyboard.press("+")
    assert page.locator("#drawing").get_attribute("viewBox") != before
    page.keyboard.press("0")
    assert page.locator("#drawing").get_attribute("viewBox") == before
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#drawing')") is None


def test_the_graph_is_zoomed_moved_and_searched(opened: Open) -> None:
    page = opened()
    page.locator("#graph").scroll_into_view_if_needed()
    drawing = page.locator("#drawing")

    def view() -> list[float]:
        return [float(part) for part in (drawing.get_attribute("viewBox") or "").split()]

    whole = view()
    page.click("text=Zoom in")
    assert view()[2] < whole[2] and view()[3] < whole[3]
    zoomed = view()
    box = drawing.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 20, box["y"] + box["height"] - 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40)
    page.mouse.up()
    assert view()[0] > zoomed[0] and view()[1] > zoomed[1] and view()[2:] == zoomed[2:]
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    page.wait_for_function(
        "width => parseFloat(document.querySelector('#drawing').getAttribute('viewBox').split(' ')[2]) > width",
        arg=zoomed[2],
    )
    page.click("text=Show all")
    assert view() == whole
    page.fill("#graph-search", "login")
    assert page.inner_text("#graph-status") == "1 of 7"
    assert page.locator("#drawing .node:not(.faded)").count() == 1
    page.press("#graph-search", "Enter")
    assert page.inner_text("#chosen h3") == "auth/login.py"


def test_the_budget_follows_its_assumptions(opened: Open) -> None:
    page = opened()
    assert page.inner_text("#budget-total") == "640" and page.inner_text("#budget-managers") == "40"
    page.fill("#default-limit", "1000")
    assert page.inner_text("#budget-total") == "6,040"
    page.fill("input[data-boundary='']", "4")
    assert page.inner_text("#budget-total") == "12,060" and page.inner_text("#budget-managers") == "60"
    assert "would refuse 2,060" in page.inner_text("#budget-verdict")
    page.click("#pools > summary")
    page.uncheck("#pools-table tr:has-text('scripts/load.py') input")
    assert page.inner_text("#budget-total") == "8,060" and "accepts them all" in page.inner_text(
        "#budget-verdict"
    )
    page.fill("#max-clients", "8000")
    assert "would refuse 60" in page.inner_text("#budget-verdict")


def test_the_burndown_has_a_dot_for_each_revision(opened: Open) -> None:
    page = opened()
    charts = page.locator("#history figure")
    assert charts.count() == 5
    assert charts.nth(1).locator("svg").get_attribute("aria-label") == (
        "Importing files not yet on the one import: 2 at v1, 1 at v2, 1 at v3, 1 at now; the goal is 0"
    )
    assert charts.nth(1).locator("circle").count() == 4


def test_the_page_can_be_read_without_scripts(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#findings-table tbody tr").count() == 6
    assert page.inner_text("#budget-total") == "640"
    assert not page.locator(".filter").first.is_visible() and page.locator("noscript p").first.is_visible()
    context.close()
