"""Which arrays may be images: none whose values would silently count as others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import scene

MASKED = np.ma.array(np.ones((8, 8), np.uint8), mask=np.eye(8, dtype=bool))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: cvkit.gaussian_blur(MASKED, 1.0), "image"),
        (lambda: cvkit.gaussian_blur([MASKED, MASKED], 1.0), "image"),
        (lambda: cvkit.hog(MASKED.astype(np.float32)), "image"),
        (lambda: cvkit.canny_from_gradients(MASKED.astype(np.int16), np.ones((8, 8), np.int16), 1, 2), "dx"),
        (lambda: cvkit.to_device(MASKED), "array"),
        (lambda: cvkit.to_host(MASKED), "array"),
        (lambda: cvkit.write_image("nowhere.png", MASKED), "array"),
    ],
)
def test_masks_are_not_lost(call: Callable[[], object], name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must not be a masked array, whose mask would be lost"):
        call()


@pytest.mark.parametrize(
    "image",
    [
        [[1, 2], [3]],
        np.zeros((4, 4), object),
        np.zeros((4, 4), ">u2"),
        np.zeros((4, 4), np.float16),
        np.zeros((4, 4), [("r", "u1")]),
        np.zeros((4, 4), "M8[s]"),
        np.uint8(1).reshape(()).astype(bool),
    ],
)
def test_other_arrays_are_refused_by_the_name_of_the_argument(image: object) -> None:
    with pytest.raises(TypeError, match="image must"):
        cvkit.sharpen(image)


def test_views_and_subclasses_are_the_arrays_they_show() -> None:
    image = scene(12, 10, dtype=np.uint16)
    expected = cvkit.sharpen(image)
    unaligned = np.zeros(image.nbytes + 1, np.uint8)[1:].view(np.uint16).reshape(image.shape)
    unaligned[...] = image
    backwards = image[::-1, ::-1].copy()[::-1, ::-1]
    for same in (image.view(np.matrix), backwards, np.asfortranarray(image), unaligned):
        found = cvkit.sharpen(same)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, expected)


class OnlyDLPack:
    """An array of a library that knows nothing of NumPy."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__(**options)


class OnAnotherProcessor(OnlyDLPack):
    """Memory that neither NumPy nor CUDA reads."""

    def __dlpack_device__(self) -> tuple[int, int]:
        return 8, 0  # Metal

    def __dlpack__(self, **options: object) -> object:
        raise BufferError("no export to another device")


def test_arrays_that_have_dlpack_only_are_read() -> None:
    image = scene(9, 8, 3, "uint8")
    np.testing.assert_array_equal(cvkit.rgb_to_bgr(OnlyDLPack(image)), image[..., ::-1])
    maps = np.mgrid[:9, :8].astype(np.float32)
    warped = cvkit.remap(image, OnlyDLPack(maps[1]), OnlyDLPack(maps[0]))
    np.testing.assert_array_equal(warped, image)
    with pytest.raises(TypeError, match="image must be an array, got OnAnotherProcessor: no export"):
        cvkit.rgb_to_bgr(OnAnotherProcessor(image))
