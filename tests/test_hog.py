"""hog: options, errors, properties and the image; its values are checked row by row in test_parity."""

from __future__ import annotations

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.features._cpu import hog_skimage as kernels

LAYOUTS = ("opencv", "skimage")


def test_the_length_follows_the_geometry() -> None:
    image = scene(70, 45)
    assert cvkit.hog(image).shape == (7 * 4 * 36,)
    assert cvkit.hog(image, cells_per_block=1, orientations=12).shape == (8 * 5 * 12,)
    assert cvkit.hog(image, pixels_per_cell=(10, 5), cells_per_block=(3, 2)).shape == (5 * 8 * 54,)
    assert cvkit.hog(np.stack([image, image])[..., np.newaxis]).shape == (2, 7 * 4 * 36)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_flat_image_has_no_gradients(layout: str) -> None:
    vector = cvkit.hog(np.full((40, 40), 77, np.uint8), layout=layout)
    assert vector.dtype == np.float32
    assert not vector.any()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_blocks_have_at_most_unit_length(layout: str) -> None:
    vector = cvkit.hog(noise(64, 64), layout=layout).reshape(-1, 36)
    lengths = np.linalg.norm(vector, axis=1)
    assert (lengths > 0.9).all()
    assert (lengths <= 1 + 1e-6).all()


def test_a_vertical_edge_votes_for_horizontal_gradients() -> None:
    image = np.zeros((16, 16), np.uint8)
    image[:, 8:] = 200
    histogram = (
        cvkit.hog(image, layout="skimage", cells_per_block=2, block_norm="L2").reshape(4, 9).sum(axis=0)
    )
    assert histogram.argmax() == 0
    assert not histogram[1:].any()


def test_gray_and_equal_channels_agree() -> None:
    gray = scene(48, 48)
    for layout in ("opencv", "skimage"):
        color = cvkit.hog(np.stack([gray] * 3, axis=2), layout=layout)
        np.testing.assert_array_equal(color, cvkit.hog(gray, layout=layout))


def test_floats_of_the_same_values_agree() -> None:
    image = scene(48, 48, channels=3)
    for dtype in (np.uint16, np.float32, np.float64):
        np.testing.assert_allclose(cvkit.hog(image.astype(dtype)), cvkit.hog(image), atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_image_shows_edges_where_they_are(layout: str) -> None:
    image = np.zeros((64, 80), np.uint8)
    image[:, 40:] = 255
    _, drawing = cvkit.hog(image, layout=layout, visualize=True)
    assert drawing.shape == image.shape
    assert drawing.dtype == np.float32
    across = drawing.sum(axis=0)
    assert across[32:48].sum() > 0.9 * across.sum()
    # The line in a cell runs along the edge: from top to bottom, tilted by half a bin at most.
    line = drawing[:8, 32:40] > 0
    assert line.any(axis=1).all()
    assert line.any(axis=0).sum() <= 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_stack_has_neither_vectors_nor_images(layout: str) -> None:
    vectors, images = cvkit.hog(np.zeros((0, 32, 40, 1), np.uint8), layout=layout, visualize=True)
    assert vectors.shape == (0, 432)
    assert images.shape == (0, 32, 40)


@pytest.mark.parametrize(
    ("layout", "hole", "gamma"),
    [
        *((layout, *hole) for layout in LAYOUTS for hole in ((np.nan, True), (-np.inf, False), (-1.0, True))),
        ("opencv", 3e38, False),  # its square overflows; scikit-image takes no square of a float32
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_no_number_changes_the_blocks_around_it_to_nan(
    layout: str, hole: float, gamma: bool, channels: int
) -> None:
    image = noise(64, 80, channels, np.float32)
    whole = cvkit.hog(image, layout=layout, gamma=gamma, visualize=True)
    image[37, 44, ...] = hole
    vector, drawing = cvkit.hog(image, layout=layout, gamma=gamma, visualize=True)
    blocks = np.isnan(vector).reshape(-1, 36)
    assert blocks.any(axis=1).sum() == 4
    assert (blocks.any(axis=1) == blocks.all(axis=1)).all()
    np.testing.assert_array_equal(vector[~np.isnan(vector)], whole[0][~np.isnan(vector)])
    assert np.isnan(drawing[32:40, 40:48]).all()


@pytest.mark.parametrize("size", [1e-170, 1e150])
def test_gradients_whose_squares_leave_the_range_of_doubles_keep_their_length(size: float) -> None:
    image = scene(24, 24, dtype=np.float64)
    histograms = np.empty((1, 3, 3, 9)), np.empty((1, 3, 3, 9))
    for factor, out in zip((1.0, size), histograms, strict=True):
        kernels.cell_histograms((image * factor).reshape(1, 24, 24, 1), (8, 8), False, False, out)
    np.testing.assert_allclose(histograms[1], histograms[0] * size, rtol=1e-13)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_full_of_ties_is_described_as_scikit_image_does(dtype: str, channels: int) -> None:
    from skimage import data
    from skimage.feature import hog

    photo = data.astronaut()[:, :, 0] if channels == 1 else data.astronaut()
    image = (photo / 255).astype(dtype) if dtype == "float64" else photo.astype(dtype)
    expected = hog(
        image,
        orientations=8,  # 45 degrees, where many gradients of whole numbers lie, is an edge between two bins
        cells_per_block=(2, 2),
        transform_sqrt=True,
        channel_axis=2 if channels == 3 else None,
    )
    np.testing.assert_allclose(cvkit.hog(image, orientations=8, layout="skimage"), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"orientations": 0}, "orientations must be from 1 to 64, got 0"),
        ({"orientations": 65}, "orientations must be from 1 to 64, got 65"),
        ({"pixels_per_cell": 0}, "pixels_per_cell must be at least 1, got 0"),
        ({"cells_per_block": (1, 2, 3)}, r"cells_per_block must be one value or \(height, width\)"),
        ({"block_norm": "L3"}, "block_norm must be one of 'L1', 'L1-sqrt', 'L2', 'L2-Hys', got 'L3'"),
        ({"block_norm": "L1"}, 'block_norm must be "L2-Hys" in layout "opencv"'),
        ({"layout": "matlab"}, "layout must be one of 'opencv', 'skimage', got 'matlab'"),
        ({"layout": "skimage", "signed": True}, 'signed must be False in layout "skimage"'),
        ({"cells_per_block": 9}, r"image must have at least \(72, 72\) pixels for one block, got \(64, 64\)"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cvkit.hog(np.zeros((64, 64), np.uint8), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("image", [np.zeros((64, 64), np.int32), np.zeros((64, 64), bool), [[1, 2]], "image"])
def test_bad_dtypes_are_named(image: object) -> None:
    with pytest.raises(TypeError, match="image must have dtype uint8, uint16, float32, float64, got"):
        cvkit.hog(image)
