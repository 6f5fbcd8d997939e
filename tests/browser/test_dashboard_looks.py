"""The dashboard's looks: a narrow screen, and text that stands out in both themes."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser

from stockstream.connectors.postgres.connection import Connection
from tests.browser.conftest import TIMEOUT, View
from tests.browser.market import find, put, random_trades

# The element is looked up and measured in one go: a refresh may replace it between two calls, and an element
# that is no longer in the page has no colour.
COLOURS = """(selector) => {
  const numbers = (colour) =>
    colour.match(/[\\d.]+/g).map((part) => part * (colour.startsWith("color(srgb") ? 255 : 1))
  let node = document.querySelector(selector)
  if (!node) return null
  const ink = numbers(getComputedStyle(node).color)
  for (; node; node = node.parentElement) {
    const ground = getComputedStyle(node).backgroundColor
    if (/^(rgb|color)\\(/.test(ground)) return [ink, numbers(ground)]
  }
}"""


def test_the_page_fits_a_phone(chromium: Browser, dashboard: str, connection: Connection) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 600))
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = View(context.new_page())
    phone.open(dashboard)
    main = "document.querySelector('.stMain')"
    assert phone.page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    widths = phone.page.evaluate("[...document.querySelectorAll('.plot')].map((node) => node.clientWidth)")
    assert all(250 < width <= 390 for width in widths)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    chromium: Browser, dashboard: str, connection: Connection, scheme: str
) -> None:
    put(connection, random_trades(500, datetime.now(UTC), 600))
    find(connection, "TSLA")
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    seen = View(context.new_page())
    seen.open(dashboard)
    for selector in (
        ".wide td.up",
        ".wide td.down",
        ".wide td.found:not(:empty)",
        ".wide th",
        ".status span",
        '.heat td[style*=" 50%"]',
    ):
        assert contrast(seen, selector) >= 4.5, selector
    context.close()


def contrast(view: View, selector: str) -> float:
    """Return the contrast of an element's text to the nearest ground behind it, as WCAG 2 counts it."""
    ink, ground = view.page.wait_for_function(COLOURS, arg=selector, timeout=TIMEOUT * 1000).json_value()
    bright, dim = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: list[float]) -> float:
    red, green, blue = (part / 255 for part in colour[:3])
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
