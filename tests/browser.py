"""A real browser without a window, driven through the HTTP interface of chromedriver."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRIVER = shutil.which("chromedriver")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """A session of chromedriver."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/session"
        options = {"binary": BROWSER, "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"]}
        capabilities = {
            "goog:chromeOptions": {**options, "perfLoggingPrefs": {"enableNetwork": True}},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self._ask("", {"capabilities": {"alwaysMatch": capabilities}})
        self._address += f"/{session['sessionId']}"

    def _ask(self, command: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        request = urllib.request.Request(
            self._address + command,
            data=None if method != "POST" else json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, page: Path | str) -> None:
        """Open a file, or an address."""
        self._ask("/url", {"url": page if isinstance(page, str) else page.resolve().as_uri()})

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Run a command of Chrome's own protocol."""
        return self._ask("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script: str) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self._ask("/execute/sync", {"script": script, "args": []})

    def click(self, selector: str) -> None:
        found = self._ask("/element", {"using": "css selector", "value": selector})
        self._ask(f"/element/{next(iter(found.values()))}/click")

    def type(self, selector: str, text: str) -> None:
        found = self._ask("/element", {"using": "css selector", "value": selector})
        self._ask(f"/element/{next(iter(found.values()))}/value", {"text": text})

    def messages(self) -> list[str]:
        """Return what the console has shown since it was last asked."""
        return [line["message"] for line in self._ask("/se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since it was last asked."""
        lines = [json.loads(line["message"]) for line in self._ask("/se/log", {"type": "performance"})]
        events = [line["message"] for line in lines]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        self._ask("", method="DELETE")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a browser, and end it."""
    with subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        try:
            assert driver.stdout is not None
            line = next(line for line in driver.stdout if "successfully" in line)
            browser = Browser(int(line.rstrip(".\n").rpartition(" ")[2]))
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
