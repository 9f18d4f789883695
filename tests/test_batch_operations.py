"""The table of operations, their options as text, and recipes."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.batch import Pipeline, image_operations, read_pipeline
from cvkit.batch.operations import NOT_COMMANDS, Operation
from cvkit.batch.parameters import parameters_of, to_json
from cvkit.batch.pipeline import PipelineError
from cvkit.batch.settings import FORMATS

TABLE = image_operations()


def test_every_public_function_of_an_image_is_in_the_table() -> None:
    expected = {"gray"}
    for name in cvkit._FUNCTIONS:
        arguments = list(inspect.signature(getattr(cvkit, name)).parameters)
        if arguments and arguments[0] == "image" and name not in NOT_COMMANDS:
            expected.add(name)
            assert TABLE[name].function is getattr(cvkit, name)
    assert set(TABLE) == expected
    assert {"canny", "hog", "resize", "warp_affine", "median_blur"} <= expected


@pytest.mark.parametrize("operation", TABLE.values(), ids=TABLE)
def test_every_option_is_described_and_has_a_kind(operation: Operation) -> None:
    assert operation.summary.endswith(".")
    assert operation.format in FORMATS
    for parameter in operation.parameters.values():
        assert parameter.metavar
        assert parameter.help, parameter.name
        assert "`" not in parameter.help
        if isinstance(parameter.default, bool | int | float):
            assert parameter.read(str(parameter.default)) == parameter.default


def parameter(operation: str, name: str) -> Any:
    return TABLE[operation].parameters[name]


@pytest.mark.parametrize(
    ("operation", "name", "text", "value"),
    [
        ("canny", "low", "50", 50),
        ("canny", "low", "-1.5", -1.5),
        ("canny", "l2_gradient", "true", True),
        ("gaussian_blur", "sigma", "1x2.5", (1, 2.5)),
        ("gaussian_blur", "sigma", "1.5", 1.5),
        ("gaussian_blur", "ksize", "3,5", (3, 5)),
        ("erode", "element", "3", 3),
        ("erode", "element", "3x5", (3, 5)),
        ("resize", "output_shape", "480x640", (480, 640)),
        ("resize", "output_shape", [480, 640], (480, 640)),
        ("resize", "interpolation", "area", "area"),
        ("warp_affine", "border_value", "255,0,0", (255, 0, 0)),
        ("filter2d", "out_dtype", "float32", np.float32),
        ("box_filter", "ksize", 5, 5),
    ],
)
def test_values_are_read_as_the_signature_says(operation: str, name: str, text: Any, value: Any) -> None:
    assert parameter(operation, name).read(text) == value


@pytest.mark.parametrize(
    ("operation", "name", "text", "message"),
    [
        ("median_blur", "ksize", "five", "ksize must be a whole number, got 'five'"),
        ("median_blur", "ksize", "5.5", "ksize must be a whole number, got '5.5'"),
        ("canny", "low", "", "low must be a number, got ''"),
        (
            "resize",
            "output_shape",
            "480",
            "output_shape must be height and width, such as 480x640, got '480'",
        ),
        ("box_filter", "ksize", "3x4x5", "ksize must be a whole number or two, such as 5 or 3x5"),
        ("canny", "l2_gradient", "maybe", "l2_gradient must be true or false, got 'maybe'"),
        ("filter2d", "out_dtype", "int9", "out_dtype must be a dtype, such as float32, got 'int9'"),
        ("filter2d", "kernel", "[[1, 2", "kernel must be an array such as"),
        ("filter2d", "kernel", "gone.npy", r"got 'gone.npy' \(\[Errno 2\]"),
    ],
)
def test_other_text_is_refused(operation: str, name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameter(operation, name).read(text)


def test_a_type_hint_that_nobody_foresaw_takes_json_or_text() -> None:
    def function(image: Any, thing: dict[str, int], *rest: Any, **more: Any) -> None: ...

    (thing,) = parameters_of(function)
    assert thing.metavar == "VALUE"
    assert thing.read('{"a": 1}') == {"a": 1}
    assert thing.read("text") == "text"


def test_arrays_come_from_json_and_files(tmp_path: Path) -> None:
    matrix = np.array([[1, 0, 5], [0, 1, 0.5]])
    np.save(tmp_path / "a.npy", matrix)
    np.savetxt(tmp_path / "a.csv", matrix, delimiter=",")
    np.savetxt(tmp_path / "a.txt", matrix)
    for text in ("a.npy", "a.csv", "a.txt", "[[1, 0, 5], [0, 1, 0.5]]"):
        found = parameter("warp_affine", "matrix").read(text, tmp_path)
        np.testing.assert_array_equal(found, matrix)
    np.testing.assert_array_equal(parameter("erode", "element").read("[[0,1],[1,1]]"), [[0, 1], [1, 1]])
    assert parameter("erode", "element").read("a.npy", tmp_path).shape == (2, 3)


def test_parameters_have_a_form_for_the_manifest() -> None:
    values = {"a": (1, np.int64(2)), "b": np.eye(2), "c": np.float32, "d": None, "e": True}
    assert json.loads(json.dumps({name: to_json(value) for name, value in values.items()})) == {
        "a": [1, 2],
        "b": [[1, 0], [0, 1]],
        "c": "float32",
        "d": None,
        "e": True,
    }
    large = np.arange(1000.0)
    assert to_json(large) == to_json(large.copy()) != to_json(large + 1)
    assert len(json.dumps(to_json(large))) < 200


def test_help_is_taken_from_the_docstring() -> None:
    def function(image: Any, size: int, first: float = 1, second: float = 2, kind: str = "a") -> None:
        """Do something.

        Parameters
        ----------
        image : array
            The image.
        size : int
            The ``size``, as for :func:`other`: it is
            long.
        first, second
            Numbers.
        kind : {"a", "b"}
            The kind.

        Returns
        -------
        size : nothing
            Not this.
        """

    described = {parameter.name: parameter.help for parameter in parameters_of(function)}
    assert described == {
        "size": "The size, as for other: it is long.",
        "first": "Numbers.",
        "second": "Numbers.",
        "kind": 'The kind. One of "a", "b".',
    }
    assert [parameter.is_required for parameter in parameters_of(function)] == [True, False, False, False]


def recipe(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_is_the_calls_one_after_another(tmp_path: Path) -> None:
    np.save(tmp_path / "kernel.npy", np.full((3, 3), 1 / 9))
    written = """
        # edges
        steps = [
            "gray",
            "gaussian_blur sigma=1.2",
            { operation = "filter2d", kernel = "kernel.npy" },
            { operation = "resize", output_shape = [20, 30], interpolation = "nearest" },
            "canny low=50 high=150",
        ]
    """
    pipeline = read_pipeline(recipe(tmp_path, written))
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    expected = cvkit.gaussian_blur(cvkit.rgb_to_gray(image), 1.2)
    expected = cvkit.filter2d(expected, np.full((3, 3), 1 / 9))
    expected = cvkit.canny(cvkit.resize(expected, (20, 30), interpolation="nearest"), 50, 150)
    np.testing.assert_array_equal(pipeline(image), expected)
    noted = pipeline.to_json()
    assert noted["name"] == "pipeline"
    assert noted["steps"][1] == {"name": "gaussian_blur", "parameters": {"sigma": 1.2}}
    assert Pipeline.of("canny", low=1, high=2).to_json() == {
        "name": "canny",
        "parameters": {"low": 1, "high": 2},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = [", "recipe.toml: not a TOML file: "),
        ("", r'recipe.toml: steps must be a list such as \["gray", "canny low=50 high=150"\]'),
        ('steps = ["gray"]\nname = "x"', "recipe.toml: unknown key name; a recipe has one: steps"),
        (
            'steps = ["gray", "blurr sigma=1"]',
            "step 2, blurr: operation must be one of 'adaptive_threshold'",
        ),
        ('steps = ["canny low=1"]', "step 1, canny: canny needs the parameter 'high'"),
        ('steps = ["canny low=1 hihg=2"]', "step 1, canny: canny has no parameter 'hihg'; it has: low, high"),
        ('steps = ["median_blur ksize=x"]', "step 1, median_blur: ksize must be a whole number, got 'x'"),
        ('steps = ["median_blur 5"]', "step 1: parameters are written name=value, got '5'"),
        ('steps = [""]', "step 1: the step is empty"),
        ("steps = [7]", 'step 1: a step is text or a table with the key "operation", got 7'),
    ],
)
def test_wrong_recipes_are_refused_with_the_step(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        read_pipeline(recipe(tmp_path, text))


def test_a_step_that_cannot_do_its_work_is_named() -> None:
    pipeline = Pipeline.of("gray").then("rgb_to_gray")
    with pytest.raises(PipelineError, match="step 2, rgb_to_gray: image must have 3 channels"):
        pipeline(np.zeros((4, 4, 3), np.uint8))


def test_gray_takes_what_images_have() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    gray = TABLE["gray"].function
    expected = cvkit.rgb_to_gray(np.ascontiguousarray(image[..., :3]))
    np.testing.assert_array_equal(gray(image), expected)
    np.testing.assert_array_equal(gray(image[..., :3]), expected)
    assert gray(expected) is expected
