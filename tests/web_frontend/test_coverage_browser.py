"""The coverage plot in a browser: drawn, pointed at, clicked, dragged, by keys, and accessible."""

import re

import pytest
from playwright.sync_api import FloatRect, Page, expect

from librarian.client.librarian import Librarian
from librarian.client.records import Observation
from tests.web_frontend.observed import FIRST_NIGHT, LAST_NIGHT, RANGE, observe

COLUMNS, BINS = LAST_NIGHT - FIRST_NIGHT + 1, 48


@pytest.fixture(scope="module")
def observed(admin: Librarian, tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    return observe(admin, tmp_path_factory.mktemp("observed"))


def cell_of(observation: Observation) -> tuple[int, int]:
    column = int((observation.start_time_jd or 0) - FIRST_NIGHT)
    return column, int((observation.start_lst_hr or 0) * BINS / 24)


def middle(page: Page, cell: tuple[int, int]) -> tuple[float, float]:
    box: FloatRect | None = page.locator("#coverage > svg").bounding_box()
    assert box is not None
    column, lst_bin = cell
    return (
        box["x"] + box["width"] * (column + 0.5) / COLUMNS,
        box["y"] + box["height"] * (BINS - lst_bin - 0.5) / BINS,
    )


def colour_at(page: Page, cell: tuple[int, int]) -> bytes:
    """Return what is seen in the middle of a cell, as a tiny picture."""
    x, y = middle(page, cell)
    return page.screenshot(clip={"x": x - 1, "y": y - 1, "width": 2, "height": 2})


def test_a_cell_is_drawn_told_of_and_leads_to_its_files(
    browser_page: Page, observed: list[Observation]
) -> None:
    page, cell = browser_page, cell_of(observed[0])
    page.goto(f"/coverage?{RANGE}")
    x, y = middle(page, cell)
    assert colour_at(page, cell) != colour_at(page, (1, cell[1]))
    page.mouse.move(x, y)
    expect(page.locator("#coverage-read")).to_contain_text(f"JD {FIRST_NIGHT}")
    expect(page.locator("#coverage-read")).to_contain_text(re.compile(r"\d file"))
    page.mouse.click(x, y)
    page.wait_for_url(re.compile("/search"))
    names = page.locator("#bulk tbody input[name=name]")
    expect(names.first).to_be_attached()
    assert all(str(FIRST_NIGHT) in (one.get_attribute("value") or "") for one in names.all())


@pytest.mark.usefixtures("observed")
def test_a_drag_looks_closer_and_a_click_on_nothing_stays(browser_page: Page) -> None:
    page = browser_page
    page.goto(f"/coverage?{RANGE}&by=files")
    page.mouse.click(*middle(page, (1, 5)))
    expect(page.locator("#coverage-read")).to_contain_text("nothing")
    page.mouse.move(*middle(page, (0, 5)))
    page.mouse.down()
    page.mouse.move(*middle(page, (1, 7)))
    page.mouse.up()
    page.wait_for_url(re.compile(f"from={FIRST_NIGHT}&to={FIRST_NIGHT + 1}&by=files"))


def test_without_a_mouse_a_cell_is_found_and_opened(
    browser_page: Page, observed: list[Observation]
) -> None:
    page = browser_page
    page.goto(f"/coverage?{RANGE}")
    page.locator("#coverage").focus()
    # It begins at the newest cell.
    expect(page.locator("#coverage-read")).to_contain_text(f"JD {LAST_NIGHT}")
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#coverage-read")).to_contain_text(re.compile(r"\d file"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search"))
