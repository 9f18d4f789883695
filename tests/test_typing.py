"""What type checkers are told: every public name, and for each choice exactly the names that are accepted."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import StrOptions

import cvkit
import cvkit.augment
import cvkit.batch
import cvkit.detect
import cvkit.layers
import cvkit.ml
import cvkit.typing
from cvkit._validate import names_of

ROOT = Path(cvkit.__file__).parent
CHOICES = {name: hint for name, hint in vars(cvkit.typing).items() if get_origin(hint) is Literal}

IMAGE = np.zeros((8, 8), np.uint8)
COLOR = np.zeros((8, 8, 3), np.uint8)
SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
MAP = np.zeros((8, 8), np.float32)
PLANES = np.zeros((1, 2, 4, 5), np.float32)
# What functions with a choice need besides; those that are not here take an image alone.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "adaptive_threshold": (IMAGE, 3, 2),
    "bilateral_filter": (IMAGE, 3, 10, 3),
    "bilinear_sample": (IMAGE, MAP[0], MAP[0]),
    "black_hat": (IMAGE, 3),
    "box_filter": (IMAGE, 3),
    "closing": (IMAGE, 3),
    "conv2d": (PLANES, PLANES),
    "dilate": (IMAGE, 3),
    "erode": (IMAGE, 3),
    "filter2d": (IMAGE, np.ones((3, 3))),
    "find_homography": (SQUARE, SQUARE),
    "flood_fill": (IMAGE, (0, 0), 1),
    "gabor_filter": (IMAGE, [np.ones((3, 3))]),
    "gaussian_blur": (IMAGE, 1.0),
    "global_pool": (PLANES,),
    "global_pool_backward": (PLANES[:, :, 0, 0], PLANES),
    "good_features": (IMAGE, 5, 0.1, 1),
    "hit_or_miss": (IMAGE, np.ones((3, 3), int)),
    "laplacian_of_gaussian": (IMAGE, 1.0),
    "local_binary_pattern": (IMAGE, 8, 1.0),
    "match_template": (IMAGE, IMAGE[:3, :3]),
    "morphological_gradient": (IMAGE, 3),
    "nms": (np.zeros((1, 4)), np.zeros(1)),
    "opening": (IMAGE, 3),
    "prewitt": (IMAGE, 1, 0),
    "read_image": (ROOT.parent / "samples" / "street2.jpg",),
    "reconstruct": (IMAGE, IMAGE),
    "remap": (IMAGE, MAP, MAP),
    "resize": (IMAGE, (4, 4)),
    "scharr": (IMAGE, 1, 0),
    "sobel": (IMAGE, 1, 0),
    "soft_nms": (np.zeros((1, 4)), np.zeros(1)),
    "structural_similarity": (IMAGE, IMAGE),
    "structuring_element": ("cross", 3),
    "threshold": (IMAGE, 100),
    "top_hat": (IMAGE, 3),
    "warp_affine": (IMAGE, np.eye(2, 3), (8, 8)),
    "warp_perspective": (IMAGE, np.eye(3), (8, 8)),
}


def choices() -> Iterator[tuple[str, str, str]]:
    """Name the parameters of public functions whose type is a choice: module, function and parameter."""
    tables = {cvkit: cvkit._FUNCTIONS, cvkit.detect: cvkit.detect._NAMES, cvkit.layers: cvkit.layers._NAMES}
    for package, table in tables.items():
        for name in table:
            function = getattr(package, name)
            if inspect.isfunction(function) and (name, package) != ("run", cvkit.detect):
                for parameter in inspect.signature(function).parameters.values():
                    if parameter.annotation in CHOICES:
                        yield package.__name__, name, parameter.name


@pytest.mark.parametrize(("package", "name", "parameter"), [*choices()])
def test_choices_are_what_is_accepted(package: str, name: str, parameter: str, tmp_path: Path) -> None:
    function = getattr(importlib.import_module(package), name)
    arguments = (tmp_path,) if name == "open_results" else ARGUMENTS.get(name, (IMAGE,))
    kernels = {"kernel_y": [1.0], "kernel_x": [1.0]} if name == "sep_filter2d" else {}
    given = inspect.signature(function).bind(*arguments, **kernels).arguments | {
        parameter: "nothing of that name"
    }
    accepted = get_args(CHOICES[inspect.signature(function).parameters[parameter].annotation])
    with pytest.raises(ValueError, match=re.escape(f"one of {names_of(map(repr, accepted))}, got")):
        function(**given)


def test_choices_of_runs_are_what_is_accepted() -> None:
    from cvkit.batch import settings as batch
    from cvkit.detect.results import FORMATS
    from cvkit.detect.runs.settings import CONFIDENCES

    assert set(get_args(cvkit.typing.ReadMode)) == set(batch.MODES)
    assert get_args(cvkit.typing.Conversion) == batch.CONVERSIONS
    assert get_args(cvkit.typing.ConfidenceKind) == CONFIDENCES
    assert get_args(cvkit.typing.DetectionFormat) == FORMATS


LEARNERS = [name for name in cvkit.ml.__all__ if inspect.isclass(getattr(cvkit.ml, name))]


@pytest.mark.parametrize("name", LEARNERS)
def test_choices_of_learners_are_what_is_accepted(name: str) -> None:
    learner: type[BaseEstimator] = getattr(cvkit.ml, name)
    parameters = inspect.signature(learner).parameters
    for parameter, constraints in learner._parameter_constraints.items():
        accepted = {option for one in constraints if isinstance(one, StrOptions) for option in one.options}
        hints = parameters[parameter].annotation.split(" | ")
        named = {option for hint in hints if hint in CHOICES for option in get_args(CHOICES[hint])}
        assert named == accepted, parameter


@pytest.mark.parametrize(
    ("package", "table"),
    [
        (
            cvkit,
            {**cvkit._FUNCTIONS, **dict.fromkeys(cvkit._MODULES, "cvkit"), "__version__": "cvkit._version"},
        ),
        (cvkit.augment, cvkit.augment._NAMES),
        (cvkit.layers, cvkit.layers._NAMES),
        (cvkit.ml, cvkit.ml._NAMES),
        (cvkit.detect, cvkit.detect._NAMES),
        (cvkit.batch, cvkit.batch._NAMES),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_stubs_name_what_is_public(package: Any, table: dict[str, str]) -> None:
    stub = ast.parse(Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    named = {
        f"from {node.module} import {alias.name} as {alias.asname}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert named == {f"from {module} import {name} as {name}" for name, module in table.items()}
    assert set(package.__all__) == set(table)


# Each line with what a type checker has to say about it; nothing: it is right.
SNIPPET = """\
from typing import Any
import numpy as np
import numpy.typing as npt
import cvkit
from cvkit.ml import SVC
Image = npt.NDArray[np.uint8]
image: Image = np.zeros((8, 8), np.uint8)
a: npt.NDArray[np.int16] = cvkit.sobel(image, 1, 0, border="reflect")
b: npt.NDArray[np.float32] = cvkit.distance_transform(image)
c: tuple[npt.NDArray[Any], npt.NDArray[Any]] = cvkit.distance_transform(image, return_indices=True)
d = cvkit.canny(cvkit.read_image("x.png"), 50, 150, out=image)
e: npt.NDArray[np.float64] = SVC(kernel="rbf", C=2.0).fit(image, [0] * 8).dual_coef_
class OnGPU:
    @property
    def shape(self) -> tuple[int, ...]: return ()
    @property
    def __cuda_array_interface__(self) -> dict[str, Any]: return {}
f = cvkit.canny(OnGPU(), 50, 150).__cuda_array_interface__
cvkit.cany(image)  # has no attribute "cany"
cvkit.canny(image, 50, 150, kernel_size=5)  # Unexpected keyword argument "kernel_size"
cvkit.canny("x.png", 50, 150)  # cannot be "str"
cvkit.canny(image, "low", 150)  # incompatible type "str"; expected "float"
cvkit.box_filter(image, 3, border="reflct")  # "border" to "box_filter" has incompatible type
cvkit.resize(image, (4, 4), interpolation="bicubik")  # "interpolation" to "resize" has incompatible type
cvkit.threshold(image, 9, method="otsu")  # "method" to "threshold" has incompatible type
cvkit.distance_transform(image, metric="l3")  # No overload variant
g: str = cvkit.canny(image, 50, 150)  # Incompatible types in assignment
h: npt.NDArray[Any] = cvkit.canny(OnGPU(), 50, 150)  # incompatible type "OnGPU"; expected "ndarray
SVC(kernl="x")  # Unexpected keyword argument "kernl"
SVC(kernel="rbff")  # "kernel" to "SVC" has incompatible type
cvkit.ml.KMean()  # has no attribute "KMean"
cvkit.detect.nms(image, image, overlap="io")  # "overlap" to "nms" has incompatible type
"""


@pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None and "CVKIT_REQUIRE_MYPY" not in os.environ,
    reason="mypy is of the extra dev",
)
def test_misspelt_names_and_options_are_caught(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    # As where cvkit is installed: its own files are followed, and not complained about.
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--config-file=",
        "snippet.py",
    ]
    environment = {**os.environ, "MYPYPATH": str(ROOT.parent), "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    messages: dict[int, str] = {}
    for number, message in re.findall(r"^snippet\.py:(\d+): error: (.*)$", found.stdout, re.MULTILINE):
        messages[int(number)] = messages.get(int(number), "") + message
    for number, line in enumerate(SNIPPET.splitlines(), start=1):
        _, _, expected = line.partition("  # ")
        if expected:
            assert expected in messages.pop(number, "nothing"), line
    assert not messages, found.stdout + found.stderr
