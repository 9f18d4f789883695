"""``cvkit report``: what the page says, that no name can break it, and that it works in a real browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.batch import Entry, Manifest, write_report
from cvkit.batch.report.page import Bar, histogram
from cvkit.batch.report.thumbnails import thumbnail
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from cvkit.video import open_video
from tests.browser import BROWSER, DRIVER, open_browser

CANNY = {"name": "canny", "parameters": {"low": 50, "high": 150}}
HOSTILE = "<img src=x onerror=alert(1)> \"'&quot; #?ü.png"


def entry(path: str, status: str = "done", milliseconds: float = 10.0, error: str | None = None) -> Entry:
    output = path if status == "done" else None
    return Entry(path, None, 9, 9, CANNY, "0.1.0", status, output, error, milliseconds)


def write_manifest(folder: Path, *entries: Entry) -> Path:
    folder.mkdir(exist_ok=True)
    with Manifest(folder) as manifest:
        for item in entries:
            manifest.add(item)
    return folder


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a small batch of which two files failed and one name is hostile."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "tall.png", HOSTILE):
        cvkit.write_image(tmp_path / name, scene(300, 400, 3))
    (tmp_path / "out").mkdir()
    for name in ("a.png", HOSTILE):
        cvkit.write_image(tmp_path / "out" / name, scene(300, 400))
    cvkit.write_image(tmp_path / "out" / "tall.png", scene(400, 100))
    return write_manifest(
        tmp_path / "out",
        entry("a.png", "failed", error="an earlier run"),
        entry("a.png", milliseconds=20),
        entry("tall.png", milliseconds=40),
        entry("empty.png", "failed", 0.1, "the file is empty"),
        entry(HOSTILE, milliseconds=4000),
        entry("more/cut.jpg", "failed", 0.2, "truncated <JPEG>"),
        entry("gone.png", "skipped", 0),
    )


class Reader(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_page_tells_what_became_of_each_file(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "out"]) == 0
    assert Path(capsys.readouterr().out.strip()) == Path("out/report.html")
    page = Reader((batch / "report.html").read_text(encoding="utf-8"))
    assert "canny low=50 high=150, cvkit 0.1.0" in page.text
    assert "6 files 3 done 2 failed 1 skipped 40 ms median" in page.text
    assert "4 s longest" in page.text
    assert "1 truncated <JPEG>" in page.text
    assert "an earlier run" not in page.text, "the last entry of a file counts"
    statuses = [row["data-status"] for row in page.all("tr") if "data-status" in row]
    assert statuses == ["done", "done", "failed", "done", "failed", "skipped"]
    assert HOSTILE in page.text
    assert len(page.all("rect")) == 24


def test_no_name_becomes_markup_and_nothing_is_fetched(batch: Path) -> None:
    page = Reader(write_report(batch).read_text(encoding="utf-8"))
    assert len(page.all("script")) == 1
    addresses = [link["href"] for link in page.all("a")]
    assert "./%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%20%22%27%26quot%3B%20%23%3F%C3%BC.png" in addresses
    sources = [attributes.get("src") for attributes in page.all("img")]
    assert len(sources) == 6
    assert all(source and source.startswith("data:image/jpeg;base64,") for source in sources)
    (icon,) = page.all("link")
    assert icon["href"] == "data:,"


def test_images_of_other_proportions_stand_side_by_side(batch: Path) -> None:
    page = Reader(write_report(batch).read_text(encoding="utf-8"))
    kinds = [attributes.get("class") for attributes in page.all("div")]
    assert (kinds.count("overlay"), kinds.count("beside")) == (2, 1)
    assert len([one for one in page.all("input") if one.get("type") == "range"]) == 2
    assert "before: 400 x 300" in page.text
    assert "after: 100 x 400" in page.text


def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    write_manifest(tmp_path / "out", entry("a\udce4.png"))
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert r"a\udce4.png" in page
    assert 'href="./a%E4.png"' in page


def test_a_page_about_many_files_stays_small_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    cvkit.write_image(tmp_path / "image.png", scene(120, 160, 3))
    image = (tmp_path / "image.png").read_bytes()
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(0, 5000, 50):
        (folder / f"{number}.png").write_bytes(image)
    entries = (
        entry(f"{number}.png")
        if number % 5 < 4
        else entry(f"{number}.png", "failed", error=f"reason {number % 100}")
        for number in range(5000)
    )
    write_manifest(folder, *entries)
    path = write_report(folder, thumbnails=12)
    page = Reader(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 1_500_000
    assert "5000 files 4000 done 1000 failed" in page.text
    assert "2000 of 5000 files, those that failed first" in page.text
    assert "12 of 4000 files, evenly taken" in page.text
    statuses = [row["data-status"] for row in page.all("tr") if "data-status" in row]
    assert statuses == ["failed"] * 1000 + ["done"] * 1000
    assert page.words.count("50") == 20, "each of twenty reasons fifty times"


def test_thumbnails(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 300 * 500).reshape(300, 500).astype(np.uint16)
    cvkit.write_image(tmp_path / "deep.png", deep)
    cvkit.write_image(tmp_path / "float.tiff", (deep / 100 - 300).astype(np.float32))
    cvkit.write_image(tmp_path / "alpha.png", np.zeros((8, 9, 4), np.uint8))
    with open_video(tmp_path / "clip.avi", 5) as video:
        video.write(np.zeros((32, 48, 3), np.uint8))
    (tmp_path / "broken.mp4").write_text("no video")
    captions = {
        name: thumbnail(tmp_path / name).caption
        for name in ("deep.png", "float.tiff", "alpha.png", "clip.avi", "broken.mp4", "a.npz", "gone.png")
    }
    assert captions == {
        "deep.png": "500 x 300, 16 bits",
        "float.tiff": "500 x 300, shown from -300 to 355.4",
        "alpha.png": "9 x 8",
        "clip.avi": "48 x 32",
        "broken.mp4": "not readable",
        "a.npz": "no image (npz)",
        "gone.png": "not found",
    }
    small = thumbnail(tmp_path / "deep.png")
    assert (small.height, small.width) == (168, 280)


def test_histogram_counts_every_time_once() -> None:
    times = np.random.default_rng(0).lognormal(3, 1, 1000)
    bars = histogram(times)
    assert sum(bar.count for bar in bars) == 1000
    assert bars[3].count == int(((times >= bars[3].low) & (times < bars[3].high)).sum()) > 0
    assert [bar.count for bar in histogram(np.full(7, 5.0))] == [7]
    assert histogram(np.zeros(2)) == [Bar(1e-3, pytest.approx(1e-3), 2)]
    assert histogram(np.empty(0)) == []


def test_an_empty_batch(tmp_path: Path) -> None:
    page = Reader(write_report(write_manifest(tmp_path / "out")).read_text(encoding="utf-8"))
    assert "0 files 0 done" in page.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone"], "gone holds no manifest.jsonl"),
        (["."], r". holds no manifest.jsonl"),
        (["damaged"], "line 1 is no entry"),
        (["out", "--thumbnails", "501"], "Invalid value for '--thumbnails'"),
    ],
)
def test_wrong_usage(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("damaged").mkdir()
    Path("damaged/manifest.jsonl").write_text("{}\n")
    assert main(["report", *arguments]) == 2
    assert re.fullmatch(rf"cvkit: .*{re.escape(message)}.*\n", capsys.readouterr().err)


VISIBLE = """
return [...document.querySelectorAll("#files tr")]
  .filter(row => row.offsetHeight > 0).map(row => row.children[1].textContent)
"""


@pytest.mark.skipif(not DRIVER or not BROWSER, reason="needs chromium and chromedriver")
def test_the_page_works_in_a_browser_without_errors_and_without_network(batch: Path) -> None:
    with open_browser() as browser:
        browser.open(write_report(batch))
        assert browser.run("return document.title") == "cvkit report: out"
        assert len(browser.run(VISIBLE)) == 6
        broken = "return [...document.images].filter(image => image.naturalWidth === 0).length"
        assert browser.run(broken) == 0
        browser.click("input[value=failed]")
        assert browser.run(VISIBLE) == ["empty.png", "more/cut.jpg"]
        browser.type("#search", "JPEG")
        assert browser.run(VISIBLE) == ["more/cut.jpg"]
        assert browser.run("return document.getElementById('shown').textContent") == "1 shown"
        split = "return getComputedStyle(document.querySelector('.overlay img + img')).clipPath"
        assert "50%" in browser.run(split)
        browser.run(
            "const slider = document.querySelector('input[type=range]');"
            "slider.value = 20; slider.dispatchEvent(new Event('input'))"
        )
        assert "20%" in browser.run(split)
        assert browser.messages() == []
        addresses = browser.requests()
        assert any(address.endswith("/out/report.html") for address in addresses)
        assert all(address.startswith(("file:", "data:")) for address in addresses), addresses
