"""The comparison with references: what is measured, what is written, how the commands and scripts end."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import benchmark
from cvkit.cli import main
from cvkit.compare.cases.case import Case, Tolerance
from cvkit.compare.cases.contours import TIMED_CONTOUR_CASES
from cvkit.compare.cases.detectors import DetectorCase, our_detector
from cvkit.compare.cases.images import adapted, noise, scene
from cvkit.compare.cases.learners.table import LEARNER_CASES
from cvkit.compare.cases.skimage import TIMED_CASES
from cvkit.compare.cases.table import CASES, HOST_CASES
from cvkit.compare.measure import speed
from cvkit.compare.measure.comparison import Comparison
from cvkit.compare.measure.difference import difference
from cvkit.compare.measure.documents import Document, open_document, read_document
from cvkit.compare.measure.learners import compare_learner
from cvkit.compare.measure.machine import opencv_major
from cvkit.compare.measure.parity import compare_case, compare_detector
from cvkit.compare.measure.selection import reason_to_skip, select
from cvkit.compare.measure.timing import alternate
from cvkit.compare.present import page, tables
from cvkit.compare.present.drawings import difference_figure
from page_summaries import summary
from page_tables import (
    PAGES,
    PARITY,
    SECTIONS,
    SPEED,
    parity_summary,
    replace_between,
    speed_summary,
    with_tables,
)

ROOT = Path(__file__).resolve().parents[1]
needs_opencv_4 = pytest.mark.skipif(opencv_major() != 4, reason="OpenCV 5 has no HOGDescriptor")


def doubled(image: np.ndarray) -> np.ndarray:
    return image // 2 * 2


def wrong_at_one_pixel(image: np.ndarray) -> np.ndarray:
    result = doubled(image)
    value = int(result[2, 3])
    result[2, 3] = value + 50 if value < 128 else value - 50
    return result


FAKE = Case("fake", "one pixel wrong", wrong_at_one_pixel, doubled)


def script(name: str) -> ModuleType:
    """Import a program of scripts/."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def use_rows(monkeypatch: pytest.MonkeyPatch, *rows: Case) -> None:
    """Put rows in the place of the tables that the command compares."""
    monkeypatch.setattr("cvkit.compare.cases.table.CASES", list(rows))
    monkeypatch.setattr("cvkit.compare.cases.table.HOST_CASES", [])
    monkeypatch.setattr("cvkit.compare.cases.detectors.DETECTOR_CASES", [])
    monkeypatch.setattr("cvkit.compare.cases.learners.table.LEARNER_CASES", [])


# What is measured


def test_a_single_wrong_pixel_is_found() -> None:
    image = noise(20, 30)
    results = compare_case(FAKE, image, "noise")
    assert results.row["largest"] == 50
    assert results.row["equal"] == pytest.approx(1 - 1 / 600)
    assert not results.row["agrees"]
    accepted = replace(FAKE, tolerance=Tolerance(exceptions=1 / 600))
    assert compare_case(accepted, image, "noise").row["agrees"]


def test_nan_and_infinity_count_as_differences() -> None:
    ours = np.array([np.nan, np.nan, np.inf, 1.0])
    found = difference(ours, np.array([np.nan, 0.0, np.inf, 1.0]), Tolerance(absolute=1e9))
    assert found.largest == np.inf
    assert found.equal == 0.75
    assert found.exceeding == 0.25


def test_turns_alternate_and_slow_calls_get_fewer() -> None:
    calls: list[str] = []
    alternate(lambda: calls.append("a"), lambda: calls.append("b"), rounds=4, round_seconds=0, seconds=60)
    assert "".join(calls) == "ab" * 6
    calls.clear()
    alternate(lambda: calls.append("a"), lambda: calls.append("b"), rounds=100, round_seconds=0, seconds=0)
    assert "".join(calls) == "ab" * 7


def test_times_are_those_of_the_right_side(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def takes(seconds: float) -> np.ndarray:
        clock[0] += seconds
        return np.zeros(1)

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    case = replace(FAKE, ours=lambda _: takes(0.3), reference=lambda _: takes(0.1), bar=0.5)
    row = speed.time_case(case, np.zeros(speed.BAR_SHAPE, np.uint8), threads=1)
    assert (row["ours"], row["reference"], row["ratio"]) == pytest.approx((0.3, 0.1, 3.0))
    assert tables.missed(row)
    assert speed.time_case(case, np.zeros((4, 4), np.uint8), threads=1)["bar"] is None
    assert row["copies"] == pytest.approx(0.3 / 1e-9)  # this clock does not see the copying
    cell = speed_summary([row]).rows[0][-1]
    assert cell == "300.00 / 100.00: **3.00** (misses 0.50)"


@needs_opencv_4
def test_the_detector_is_compared_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    case = DetectorCase(300, 200, 1, bar=1.0)
    image = scene(300, 200, channels=3)
    row = compare_detector(case, image, "scene")
    assert row["agrees"]
    assert 0 < row["largest"] < 1e-3
    assert int(re.findall(r"(\d+) windows", row["name"])[0]) > 3
    real = our_detector

    def shifted(**settings: float) -> object:
        detector = real(**settings)
        detector.weights[-1] += 0.01
        return detector

    monkeypatch.setattr("cvkit.compare.measure.parity.our_detector", shifted)
    assert not compare_detector(case, image, "scene")["agrees"]


def test_a_learner_is_compared_with_times_and_memory() -> None:
    case = next(case for case in LEARNER_CASES if case.label == "LinearSVC[breast cancer, squared hinge]")
    row = compare_learner(case, 1, small=True, seconds=0.1)
    assert row["agrees"]
    assert row["differences"].keys() == case.tolerances.keys()
    assert row["fit"]["ours"] > 0
    strict = replace(case, tolerances=dict.fromkeys(case.tolerances, -1.0))
    assert not compare_learner(strict, 1, seconds=0.1)["agrees"]
    line = tables.learner_table([row]).rows[0]
    assert line[:2] == ["LinearSVC", "breast cancer, squared hinge"]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_adapted_to_the_row(dtype: str, channels: int) -> None:
    image = adapted(np.full((2, 5, 3), 255, np.uint8), channels, dtype)
    assert image.shape == ((2, 5) if channels == 1 else (2, 5, channels))
    assert image.dtype == dtype
    assert (image == (65535 if dtype == "uint16" else 255)).all()


# Which rows


def test_rows_are_selected_by_operation_then_by_label() -> None:
    rows = [replace(FAKE, operation=name) for name in ("filter2d", "sep_filter2d", "filter2d_more")]
    assert [row.operation for row in select(rows, ["filter2d"])] == ["filter2d"]
    assert len(select(rows, ["pixel wrong]"])) == 3
    assert select(rows, []) == rows
    with pytest.raises(ValueError, match=r"no row is named 'canny'; there are filter2d, filter2d_more, sep_"):
        select(rows, ["canny"])


def test_rows_of_another_opencv_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvkit.compare.measure.selection.opencv_major", lambda: 5)
    assert reason_to_skip(replace(FAKE, opencv=(4,))) == "needs OpenCV 4, installed is 5"
    assert reason_to_skip(replace(FAKE, opencv=(4, 5))) is None
    assert reason_to_skip(replace(FAKE, against="naive")) == "has no outside reference"


@pytest.mark.parametrize("processor", ["aarch64", "arm64", "x86_64"])
def test_rows_that_opencv_computes_otherwise_on_arm_are_named(
    processor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvkit.compare.measure.selection.opencv_major", lambda: 5)
    monkeypatch.setattr("platform.machine", lambda: processor)
    reason = reason_to_skip(replace(FAKE, other_on_arm=(5,)))
    on_x86 = processor == "x86_64"
    assert reason == (None if on_x86 else "needs OpenCV on x86-64: on ARM, OpenCV 5 gives other pixels")
    assert reason_to_skip(replace(FAKE, other_on_arm=(4,))) is None
    assert reason_to_skip(replace(FAKE, against="scikit-image", other_on_arm=(5,))) is None


# What is written


def test_documents_are_continued_on_the_same_machine_only(tmp_path: Path) -> None:
    path = tmp_path / "results" / "speed.json"
    document = open_document(path)
    row = {"section": "speed", "label": "a", "height": 4, "width": 4, "threads": 1, "ours": 1.0}
    document.add(row)
    document.add({**row, "threads": 2})
    document.write(path)
    again = open_document(path)
    again.add({**row, "ours": 0.5})
    assert [row["ours"] for row in again.rows] == [0.5, 1.0]
    content = json.loads(path.read_text())
    content["machine"]["processor"] = "abacus"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"measured elsewhere \(processor abacus, now"):
        open_document(path)
    path.write_text("[]")
    with pytest.raises(ValueError, match="holds no measurements"):
        read_document(path)


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_are_what_the_committed_measurements_give(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python tools/page_tables.py"


def test_every_table_is_on_one_page() -> None:
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    for name in SECTIONS:
        assert sum(text.count(f"<!-- {name}:begin -->") for text in texts) == 1, name


def test_the_readme_shows_agreement_and_losses_of_twelve_operations() -> None:
    rows = summary(read_document(PARITY).rows, read_document(SPEED).section("speed")).rows
    assert len(rows) == 12
    assert len({row[0].split("`")[1] for row in rows}) == 12
    assert all("**" in row[-1] for row in rows[-2:])
    with pytest.raises(ValueError, match="no times of rgb_to_gray"):
        summary([], [])


def test_committed_measurements_name_rows_that_exist() -> None:
    labels = {
        case.label for case in (*CASES, *HOST_CASES, *TIMED_CASES, *TIMED_CONTOUR_CASES, *LEARNER_CASES)
    }
    for path in (PARITY, SPEED):
        for row in read_document(path).rows:
            if row["section"] in ("speed", "learner", "parity") and row["operation"] != "detect":
                assert row["label"] in labels, (path.name, row["label"])


def test_markers_must_be_there() -> None:
    with pytest.raises(ValueError, match="no markers <!-- speed:begin -->"):
        replace_between("<!-- speed:end -->", "speed", "")


def test_the_summary_shows_the_worst_and_joins_equal_versions() -> None:
    row = compare_case(FAKE, noise(20, 30), "noise").row
    good = {**row, "label": "other", "largest": 0.0, "mean": 0.0, "equal": 1.0, "agrees": True}
    fifth = [{**member, "reference_version": "OpenCV 5.0.0"} for member in (row, good)]
    line = parity_summary([row, good, *fifth]).rows
    assert len(line) == 1
    assert line[0][2] == f"{row['reference_version']}, 5.0.0"
    assert line[0][3:5] == ["2", "50"]
    assert line[0][-1] == "exact **missed**"


class Balanced(HTMLParser):
    """Check that every opened element is closed, and collect what would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attributes if name in ("src", "href")]
        assert tag != "script"
        if tag not in ("meta", "img", "br", "circle", "polyline", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("circle", "polyline", "line"):
            assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_shows_differences() -> None:
    comparison = Comparison((24, 32), {"<b>&.png": scene(24, 32, channels=3)}, draw=difference_figure)
    comparison.add(FAKE)
    comparison.add(replace(FAKE, name="too large", minimum_shape=(100, 100)))
    text = page.render(comparison)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert len(parser.loaded) == 4
    assert all(source.startswith("data:image/png;base64,") for source in parser.loaded)
    assert "needs an image of at least (100, 100)" in text
    assert text.count("<polyline") == 2
    assert "0 of 1 comparisons agree" in text
    assert "http" not in text


# How the command and the scripts end


def test_compare_writes_json_and_page_and_reports_disagreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    use_rows(monkeypatch, FAKE, replace(FAKE, name="right", ours=doubled))
    assert main(["compare", "right]", "--size", "20x30"]) == 0
    assert main(["compare", "--size", "20x30"]) == 1
    shown = capsys.readouterr()
    assert "NO" in shown.out
    assert "2 rows, threads of each side: 1, device: cpu" in shown.err
    document = read_document(tmp_path / "comparison-2" / "comparison.json")
    assert {row["section"] for row in document.rows} == {"parity", "speed"}
    assert {(row["height"], row["width"]) for row in document.section("speed")} == {
        (5, 8),
        (10, 15),
        (20, 30),
    }
    assert "<h1>" in (tmp_path / "comparison-2" / "report.html").read_text(encoding="utf-8")


def broken(image: np.ndarray) -> np.ndarray:
    raise MemoryError("no memory\nfor this")


def test_a_row_that_fails_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_rows(monkeypatch, replace(FAKE, name="broken", ours=broken), replace(FAKE, ours=doubled))
    assert main(["compare", "--size", "20x30", "--output", str(tmp_path / "out")]) == 1
    assert "failed: fake[broken]-uint8x1 MemoryError: no memory\n" in capsys.readouterr().out
    assert len(read_document(tmp_path / "out" / "comparison.json").section("parity")) == 1
    assert "MemoryError: no memory" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_compare_takes_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_rows(monkeypatch, replace(FAKE, ours=doubled))
    sample = str(ROOT / "samples" / "astronaut.jpg")
    assert main(["compare", "--image", sample, "--size", "8x8", "--output", str(tmp_path / "out")]) == 0
    row = read_document(tmp_path / "out" / "comparison.json").section("parity")[0]
    assert (row["image"], row["height"], row["width"]) == ("astronaut.jpg", 512, 512)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no row is named 'nothing'"),
        (["--size", "12"], "a size is HEIGHTxWIDTH"),
        (["--threads", "1000"], "count must be a whole number"),
        (["--image", "missing.png"], "No such file or directory: 'missing.png'"),
    ],
)
def test_wrong_usage_is_one_line_and_makes_no_folder(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    use_rows(monkeypatch, FAKE)
    assert main(["compare", *arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert message in said
    assert not any(tmp_path.iterdir())


def test_benchmark_merges_rows_and_fails_on_a_missed_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "speed.json"
    monkeypatch.setattr(speed, "BAR_SHAPE", (10, 20))
    rows = [replace(FAKE, name="first", bar=1e9), replace(FAKE, name="second", bar=1e-9)]
    monkeypatch.setattr(benchmark, "CASES", rows)
    common = ["benchmark", "--sizes", "10x20", "--output", str(output), "--operations"]
    monkeypatch.setattr(sys, "argv", [*common, "first"])
    assert benchmark.main() == 0
    monkeypatch.setattr(sys, "argv", [*common, "second"])
    assert benchmark.main() == 1
    assert "misses 0.00" in capsys.readouterr().out
    assert [row["name"] for row in read_document(output).rows] == ["first", "second"]
    monkeypatch.setattr(sys, "argv", [*common, "third"])
    assert benchmark.main() == 2
    # A row that the table no longer has is forgotten.
    monkeypatch.setattr(benchmark, "CASES", rows[:1])
    monkeypatch.setattr(sys, "argv", [*common, "first"])
    assert benchmark.main() == 0
    assert [row["name"] for row in read_document(output).rows] == ["first"]


def test_the_thin_program_prints_both_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = script("compare_opencv")
    monkeypatch.setattr(program, "CASES", [FAKE, replace(FAKE, operation="naive", against="naive")])
    monkeypatch.setattr(sys, "argv", ["compare_opencv", "--size", "20x30"])
    program.main()
    shown = capsys.readouterr().out
    assert "not compared: naive[one pixel wrong]-uint8x1 has no outside reference" in shown
    assert len(re.findall(r"^fake +one pixel wrong +uint8 gray +20x30", shown, flags=re.MULTILINE)) == 2


def test_an_empty_document_has_no_tables() -> None:
    assert tables.speed_tables(Document({}, []).rows) == []
