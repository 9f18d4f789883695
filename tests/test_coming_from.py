"""The pages for users of other libraries name what exists, leave out nothing, and give the same bytes."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES, HOST_CASES
from page_summaries import estimators

PAGES = Path(__file__).resolve().parents[1] / "docs" / "coming_from"
TEXTS = {page.stem: page.read_text(encoding="utf-8") for page in PAGES.glob("*.md") if page.stem != "index"}
# Parameters that scikit-learn does not have, as the page says.
OWN = {
    "AdaBoostClassifier": {"kind", "criterion", "max_depth", "max_features", "trimming"},
    "KMeans": {"batch_size"},
    "RandomForestClassifier": {"frequency_weights"},
    "RandomForestRegressor": {"frequency_weights"},
}
AGAINST = {"opencv": "opencv", "scikit_image": "scikit-image"}


def rows(text: str) -> list[tuple[str, str]]:
    """Return the pairs that the tables of a page hold in their first two columns."""
    return re.findall(r"^\| `(.*?)` \| `(.*?)` \|", text, flags=re.MULTILINE)


def resolve(name: str) -> Any:
    """Return what a dotted name stands for."""
    top, *rest = name.split(".")
    value, path = importlib.import_module(top), top
    for part in rest:
        path += f".{part}"
        value = getattr(value, part) if hasattr(value, part) else importlib.import_module(path)
    return value


@pytest.mark.parametrize("page", TEXTS)
def test_each_name_exists(page: str) -> None:
    names = set(re.findall(r"\b(?:cv2|cvkit|skimage|sklearn)(?:\.[A-Za-z_]\w*)+", TEXTS[page]))
    assert len(names) >= 20
    for name in sorted(names):
        assert resolve(name) is not None, name


@pytest.mark.parametrize("page", AGAINST)
def test_every_operation_with_such_a_reference_is_named(page: str) -> None:
    compared = {case.operation for case in (*CASES, *HOST_CASES) if case.against == AGAINST[page]}
    assert len(compared) >= 15
    assert compared <= set(re.findall(r"\bcvkit\.(\w+)", TEXTS[page]))


def test_learners_take_the_parameters_of_scikit_learn() -> None:
    pairs = estimators()
    assert len(pairs) >= 11
    for name, (ours, theirs) in pairs.items():
        assert f"`cvkit.ml.{name}`" in TEXTS["scikit_learn"]
        other = set(inspect.signature(ours).parameters) - set(inspect.signature(theirs).parameters)
        assert other <= OWN.get(name, set()), name


# Compiles fifty operations: the parity rows compare the same calls in the default suite.
@pytest.mark.sweep
@pytest.mark.parametrize(
    ("theirs", "ours"), [pair for pair in rows(TEXTS["opencv"]) if "(" in pair[0]], ids=lambda text: text
)
def test_both_calls_give_the_same_bytes(theirs: str, ours: str) -> None:
    image = scene(120, 256, 3)  # of HSV to RGB, OpenCV computes the end of other rows in another way
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    names = {
        "image": image,
        "hsv": cv2.cvtColor(image, cv2.COLOR_RGB2HSV),
        "hls": cv2.cvtColor(image, cv2.COLOR_RGB2HLS),
        "gray": gray,
        "mask": np.where(gray > 127, 255, 0).astype(np.uint8),
        "other": np.ascontiguousarray(image[::-1]),
        "table": np.arange(255, -1, -1, dtype=np.uint8),
        "element": np.ones((5, 3), np.uint8),
    }
    expected = np.asarray(eval(theirs, {"cv2": cv2, **names}))
    result = np.asarray(eval(ours, {"cvkit": cvkit, **names}))
    # OpenCV counts in float32 and numbers its thresholds with floats.
    np.testing.assert_array_equal(result, expected, strict=result.dtype == np.uint8)


def test_the_table_of_the_same_bytes_is_read() -> None:
    assert sum("(" in theirs for theirs, _ in rows(TEXTS["opencv"])) >= 50
