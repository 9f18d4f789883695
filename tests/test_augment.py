"""Augmentation: what is random is reproducible, and marks follow the pixels they mark."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit.augment
from cvkit.augment import (
    Blur,
    Brightness,
    ColorShift,
    Compose,
    Contrast,
    Crop,
    Cutout,
    Elastic,
    Gamma,
    HueSaturation,
    JPEGArtifacts,
    Mirror,
    Noise,
    OneOf,
    Perspective,
    ResizedCrop,
    Rotate,
    Sample,
    Scale,
    Shear,
    Transform,
    read_recipe,
)
from cvkit.compare.cases.images import scene
from tests.fake_device import fake
from tests.ptx_device import needs_ptx_device, ptx_device

IMAGE = scene(48, 64, channels=3)
WARPS: list[Transform] = [
    Mirror(probability=1),
    Mirror("vertical", probability=1),
    Rotate(20),
    Shear(15),
    Scale((0.8, 1.3)),
    Perspective(0.15),
    Crop((40, 50)),
    Crop((60, 80)),
    ResizedCrop((40, 40)),
    Elastic(4, 12),
]
PIXELS: list[Transform] = [
    Brightness(),
    Contrast(),
    Gamma(),
    ColorShift(),
    HueSaturation(),
    Blur(),
    Noise(),
    JPEGArtifacts(),
    Cutout(),
]
COMBINED: list[Transform] = [Compose([Mirror(), Rotate(5), Noise()]), OneOf([Mirror(), Blur()])]


def names(transforms: list[Transform]) -> list[str]:
    return [f"{type(transform).__name__}{number}" for number, transform in enumerate(transforms)]


def test_every_transform_is_tried_here() -> None:
    public = {
        name
        for name in cvkit.augment.__all__
        if isinstance(getattr(cvkit.augment, name), type) and name not in ("Sample", "Transform")
    }
    assert public == {type(transform).__name__ for transform in [*WARPS, *PIXELS, *COMBINED]}


@pytest.mark.parametrize("transform", [*WARPS, *PIXELS, *COMBINED], ids=names([*WARPS, *PIXELS, *COMBINED]))
def test_equal_seeds_give_equal_results(transform: Transform) -> None:
    before = IMAGE.copy()
    first, again = (transform(IMAGE, [[5, 6, 30, 40, 7]], seed=3) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(IMAGE, before)
    assert first[0].dtype == IMAGE.dtype
    assert first[0].flags.c_contiguous
    stack = np.stack([IMAGE, IMAGE[:, ::-1]])
    images, boxes = transform(stack, [[[5, 6, 30, 40]], []], seed=3)
    for number in range(2):
        alone, its_boxes = transform(stack[number], [[[5, 6, 30, 40]], []][number], seed=(3, number))
        np.testing.assert_array_equal(images[number], alone)
        np.testing.assert_array_equal(boxes[number], its_boxes)


@pytest.mark.parametrize("transform", [*WARPS, *PIXELS, *COMBINED], ids=names([*WARPS, *PIXELS, *COMBINED]))
def test_what_is_not_applied_changes_nothing(transform: Transform) -> None:
    never = dataclasses.replace(transform, probability=0)
    image, boxes = never(IMAGE, [[-3, 6, 30, 40]], seed=1)
    np.testing.assert_array_equal(image, IMAGE)
    assert boxes.tolist() == [[-3, 6, 30, 40]]


@pytest.mark.parametrize("transform", WARPS, ids=names(WARPS))
@pytest.mark.parametrize("seed", range(3))
def test_marks_follow_the_pixels(transform: Transform, seed: int) -> None:
    """A bright square on black stays in its box, under its mask and about its keypoint."""
    image = np.zeros((48, 64), np.uint8)
    image[20:28, 30:40] = 255
    sample = Sample(image, [[30, 20, 40, 28, 5]], (image > 0).astype(np.uint8), [[34.5, 23.5]])
    found = transform.apply(sample, seed=seed)
    bright = found.image > 127
    assert bright.any()
    assert abs(int(bright.sum()) - int(found.mask.sum())) <= 0.2 * bright.sum() + 8
    rows, columns = np.nonzero(bright)
    (box,) = found.boxes
    assert box[4] == 5
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(box[:4], seen, atol=1.5)
    assert (box[:4] >= 0).all()
    assert (box[:4] <= [*found.image.shape[::-1], *found.image.shape[::-1]]).all()
    is_whole = (box[:2] > 0).all() and (box[2:4] < found.image.shape[::-1]).all()
    if is_whole:  # else its middle has moved
        np.testing.assert_allclose(found.keypoints[0], [columns.mean(), rows.mean()], atol=1.5)


def test_boxes_that_leave_are_dropped_with_what_belongs_to_them() -> None:
    image = np.zeros((10, 20), np.uint8)
    boxes = [[0, 0, 4, 4, 1], [9, 0, 13, 4, 2], [16, 0, 20, 4, 3]]
    cropping = Crop((10, 10), minimum_visible=0.5)
    for seed in range(6):
        _, found = cropping(image, boxes, seed=seed)
        left = next(left for left in range(11) if _crop(image, left, cropping, seed))
        kept = [box for box in boxes if min(box[2], left + 10) - max(box[0], left) >= 2]
        assert found[:, 4].tolist() == [box[4] for box in kept]


def _crop(image: np.ndarray, left: int, cropping: Crop, seed: int) -> bool:
    ramp = np.tile(np.arange(image.shape[1], dtype=np.uint8), (image.shape[0], 1))
    return int(cropping(ramp, seed=seed)[0][0, 0]) == left


def test_images_of_one_value_keep_it_within() -> None:
    gray = np.full((33, 47), 100, np.uint8)
    for transform in (Elastic(), Blur(), Rotate(border="replicate"), Perspective(border="wrap")):
        assert (transform(gray, seed=5)[0] == 100).all(), transform


def test_noise_has_its_deviation() -> None:
    gray = np.full((200, 200), 128, np.uint8)
    noise = Noise((6, 6))(gray, seed=0)[0].astype(float) - 128
    assert abs(noise.std() - 6) < 0.1
    assert abs(noise.mean()) < 0.1
    floats = Noise((6, 6))(gray.astype(np.float64), seed=0)[0]
    assert floats.dtype == np.float64


def test_one_of_and_compose_ask_their_parts() -> None:
    both = Compose([Brightness((0.2, 0.2)), Brightness((-0.2, -0.2), probability=0.5)])
    image = np.full((1, 1), 100, np.uint8)
    assert {int(both(image, seed=seed)[0][0, 0]) for seed in range(20)} == {151, 100}


def test_a_recipe_says_what_the_classes_do(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(
        "[[steps]]\ntransform = 'Rotate'\ndegrees = [1, 2]\n"
        "[[steps]]\ntransform = 'OneOf'\nprobability = 0.5\n"
        "transforms = [{transform = 'Blur'}, {transform = 'Noise', sigma = [1, 3]}]\n"
    )
    assert read_recipe(path) == Compose((Rotate((1, 2)), OneOf((Blur(), Noise((1, 3))), probability=0.5)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = 3", "a recipe has one key"),
        ("steps = [] \nother = 1", "a recipe has one key"),
        ("steps = [", "not a TOML file"),
        ("steps = [1]", 'step 1: must be a table with the key "transform", got 1'),
        ("steps = [{transform = 'Mirro'}]", "step 1: transform must be one of Blur, .* got 'Mirro'"),
        ("steps = [{transform = 'Sample'}]", "transform must be one of"),
        ("steps = [{transform = 'Mirror', degrees = 3}]", "step 1, Mirror: unknown parameter degrees"),
        ("steps = [{transform = 'Rotate', degrees = 'x'}]", "step 1, Rotate: degrees must be"),
        ("steps = [{transform = 'Crop'}]", "step 1, Crop: .*size"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_recipe(path)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Mirror(probability=1.5), ValueError, "probability must be from 0 to 1, got 1.5"),
        (lambda: Mirror("diagonal"), ValueError, "axis must be"),
        (lambda: Rotate((3, 1)), ValueError, "degrees must be a number or the lowest and the highest one"),
        (lambda: Rotate((1, 2, 3)), ValueError, "degrees must be a number or the lowest"),
        (lambda: Rotate("x"), TypeError, "degrees must be a number"),
        (lambda: Rotate(interpolation="cubic"), ValueError, "interpolation must be"),
        (lambda: Shear(90), ValueError, "degrees must be from -89 to 89"),
        (lambda: Scale((0, 1)), ValueError, "factor must be greater than 0"),
        (lambda: Perspective(0.5), ValueError, "share must be from 0 to 0.4"),
        (lambda: Crop(0), ValueError, "size must be"),
        (lambda: ResizedCrop((4, 4), area=(0.5, 2)), ValueError, "area must be"),
        (lambda: Scale(2), ValueError, "factor must be the lowest and the highest one, got 2"),
        (lambda: Elastic(-1), ValueError, "displacement must be at least 0"),
        (lambda: Elastic(1, 0), ValueError, "sigma must be greater than 0"),
        (lambda: Brightness(2), ValueError, "share must be from -1 to 1"),
        (lambda: JPEGArtifacts((0, 50)), ValueError, "quality must be from 1 to 100"),
        (lambda: JPEGArtifacts((1.5, 50)), TypeError, "quality must be a whole number"),
        (lambda: Cutout((2, 1)), ValueError, "count must be"),
        (lambda: Cutout((0.5, 1)), TypeError, "count must be a whole number"),
        (lambda: Compose([1]), TypeError, "transforms must be a sequence of transforms, got 1"),
        (lambda: OneOf([]), ValueError, "transforms must be one at least"),
        (lambda: Mirror()(IMAGE, seed=-1), ValueError, "seed must be at least 0"),
        (lambda: Mirror()(IMAGE, seed=1.5), TypeError, "seed must be a whole number"),
        (lambda: Mirror()(IMAGE.astype(np.int32), seed=0), TypeError, "image must have dtype"),
        (lambda: Mirror()(IMAGE, [[1, 2, 3]], seed=0), ValueError, "boxes must be rows of left, top"),
        (lambda: Mirror()(IMAGE, [[5, 2, 3, 4]], seed=0), ValueError, "boxes must be rows of left, top"),
        (lambda: Mirror()(IMAGE, [1, 2, 3, 4], seed=0), ValueError, "boxes must be rows of numbers"),
        (lambda: Mirror()(IMAGE, [[1, 2, 3, np.nan]], seed=0), ValueError, "boxes must be finite"),
        (
            lambda: Mirror().apply(Sample(IMAGE, mask=IMAGE[:5]), seed=0),
            ValueError,
            "mask must have the",
        ),
        (
            lambda: Mirror().apply(Sample(IMAGE, keypoints=[[1, 2, 3]]), seed=0),
            ValueError,
            "keypoints must be rows of x and y",
        ),
        (
            lambda: Mirror()(np.stack([IMAGE, IMAGE]), [[]], seed=0),
            ValueError,
            "boxes must be 2, one for",
        ),
        (lambda: Gamma()(IMAGE.astype(np.float32), seed=0), TypeError, "image must have dtype"),
        (lambda: HueSaturation()(IMAGE[..., 0], seed=0), ValueError, "image must have 3"),
    ],
)
def test_wrong_arguments_are_named(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@needs_ptx_device
@pytest.mark.parametrize(
    "transform", [Rotate(20), Crop((40, 50)), Gamma(), HueSaturation(), Elastic(4, 12), Cutout()]
)
def test_images_on_a_gpu_change_as_others_do(transform: Transform, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [[5, 6, 30, 40]]
    with ptx_device(monkeypatch):
        found, found_boxes = transform(fake(IMAGE), boxes, seed=2)
        found = np.asarray(cvkit.to_host(found))
        stack, _ = transform(fake(IMAGE[np.newaxis]), [boxes], seed=2)
        stack = np.asarray(cvkit.to_host(stack))
    image, its_boxes = transform(IMAGE, boxes, seed=2)
    assert np.abs(found.astype(int) - image).max() <= 1  # floats between may round a tie apart
    np.testing.assert_array_equal(found_boxes, its_boxes)
    alone = transform(IMAGE, boxes, seed=(2, 0))[0]
    assert np.abs(stack[0].astype(int) - alone).max() <= 1
