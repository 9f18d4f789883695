"""The built site in a browser, on a telephone, by day and by night.

It is the folder that ``CVKIT_SITE`` names.
"""

from __future__ import annotations

import functools
import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import BROWSER, DRIVER, Browser, open_browser

SITE = Path(os.environ.get("CVKIT_SITE", ""))
WIDTH = 400
PAGES = [
    "index",
    "guide/images",
    "guide/folders",
    "coming_from/opencv",
    "operations",
    "speed",
    "hundred_questions",
    "developers",
    "generated/command_line",
    "generated/reference/filters",
    "generated/reference/ml",
    "generated/gallery/index",
    "generated/gallery/coins",
    "generated/gallery/boundaries",
]

pytestmark = [
    pytest.mark.skipif("CVKIT_SITE" not in os.environ, reason="needs the built site, which CVKIT_SITE names"),
    pytest.mark.skipif(not DRIVER or not BROWSER, reason="needs chromium and chromedriver"),
]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the site, as search and icons need it, and give its address."""
    handler = functools.partial(_Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module", params=["light", "dark"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with open_browser() as browser:
        browser.devtools(
            "Emulation.setDeviceMetricsOverride", width=WIDTH, height=800, deviceScaleFactor=1, mobile=True
        )
        scheme = {"name": "prefers-color-scheme", "value": request.param}
        browser.devtools("Emulation.setEmulatedMedia", features=[scheme])
        yield browser


def said(browser: Browser) -> list[str]:
    """Return what the console shows, but for what the theme tells of itself."""
    return [line for line in browser.messages() if "[PST]" not in line]


def brightness(browser: Browser, style: str) -> float:
    """Return the mean of the channels of a color of the text of a page."""
    color = browser.run(f"return getComputedStyle(document.querySelector('article')).{style}")
    if color.startswith("rgba(0, 0, 0, 0"):
        color = browser.run("return getComputedStyle(document.body).backgroundColor")
    return sum(map(float, color[color.index("(") + 1 : -1].split(",")[:3])) / 3


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_readable_on_a_telephone(browser: Browser, address: str, page: str) -> None:
    browser.open(f"{address}/{page}.html")
    widest = browser.run("return document.documentElement.scrollWidth")
    missing = browser.run(
        "return [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    )
    assert said(browser) == []
    assert missing == []
    assert widest <= WIDTH
    is_dark = browser.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    text, ground = brightness(browser, "color"), brightness(browser, "backgroundColor")
    assert text - ground > 120 if is_dark else ground - text > 120


def test_the_search_finds_an_operation(browser: Browser, address: str) -> None:
    browser.open(f"{address}/search.html?q=canny")
    for _ in range(50):
        if found := browser.run(
            "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
        ):
            break
        time.sleep(0.2)
    assert any("reference/filters" in link for link in found)
    assert said(browser) == []
