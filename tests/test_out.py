"""Results written to memory that is there, for every image operation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.batch.operations import NOT_COMMANDS
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.regions import grid_of_markers
from tests.fake_device import fake, recorded_launches

Operation = Callable[..., Any]

MATRIX = np.array([[0.9, 0.1, 2.0], [-0.1, 0.9, 3.0], [1e-4, 0.0, 1.0]])
MAPS = np.meshgrid(np.linspace(0, 30, 40), np.linspace(0, 20, 33))


def of_gradients(image: np.ndarray, **options: Any) -> Any:
    gradient = cvkit.sobel(image, 1, 0) if type(image) is np.ndarray else image.astype(np.int16)
    return cvkit.canny_from_gradients(gradient, gradient, 50, 150, **options)


CALLS: dict[str, Operation] = {
    "adaptive_threshold": lambda image, **out: cvkit.adaptive_threshold(image, 7, 2, **out),
    "adjust_gamma": lambda image, **out: cvkit.adjust_gamma(image, 2, **out),
    "bilateral_filter": lambda image, **out: cvkit.bilateral_filter(image, 5, 30, 3, **out),
    "bilinear_sample": lambda image, **out: cvkit.bilinear_sample(image, *np.ones((2, 5)), **out),
    "blend": lambda image, **out: cvkit.blend(image, image, 0.5, 0.25, **out),
    "box_filter": lambda image, **out: cvkit.box_filter(image, 7, **out),
    "canny": lambda image, **out: cvkit.canny(image, 50, 150, **out),
    "canny 5": lambda image, **out: cvkit.canny(image, 50, 150, ksize=5, sigma=1.0, **out),
    "canny_from_gradients": of_gradients,
    "channel_features": cvkit.channel_features,
    "demosaic": cvkit.demosaic,
    "gray_to_rgb": cvkit.gray_to_rgb,
    "harris": cvkit.harris,
    "hls_to_rgb": cvkit.hls_to_rgb,
    "clahe": cvkit.clahe,
    "equalize_histogram": cvkit.equalize_histogram,
    "filter2d": lambda image, **out: cvkit.filter2d(image, np.eye(3), **out),
    "gabor_filter": lambda image, **out: cvkit.gabor_filter(image, [np.eye(3), np.ones((3, 4))], **out),
    "flood_fill": lambda image, **out: cvkit.flood_fill(image, (9, 8), 7, tolerance=30, **out)[0],
    "watershed": lambda image, **out: cvkit.watershed(image, grid_of_markers(33, 40), **out),
    "gaussian_blur": lambda image, **out: cvkit.gaussian_blur(image, 1.5, **out),
    "histogram": cvkit.histogram,
    "hog": cvkit.hog,
    "hog skimage": lambda image, **out: cvkit.hog(image, layout="skimage", **out),
    "hsv_to_rgb": cvkit.hsv_to_rgb,
    "lab_to_rgb": cvkit.lab_to_rgb,
    "integral_image": cvkit.integral_image,
    "laplacian": cvkit.laplacian,
    "laplacian_of_gaussian": lambda image, **out: cvkit.laplacian_of_gaussian(image, 1.0, **out),
    "ldcf_features": lambda image, **out: cvkit.ldcf_features(
        image, np.full((10, 1, 5, 5), 1 / 25), np.zeros(10), np.full(10, 255), **out
    ),
    "local_binary_pattern": lambda image, **out: cvkit.local_binary_pattern(image, 8, 1, **out),
    "luv_to_rgb": cvkit.luv_to_rgb,
    "label": lambda image, **out: cvkit.label(image, **out)[0],
    "remove_small_holes": lambda image, **out: cvkit.remove_small_holes(image, 5, **out),
    "remove_small_regions": lambda image, **out: cvkit.remove_small_regions(image, 5, **out),
    "match_histogram": lambda image, **out: cvkit.match_histogram(image, image.copy(), **out),
    "match_template": lambda image, **out: cvkit.match_template(
        image, (image if image.ndim < 4 else image[0])[:3, :4], **out
    ),
    "lookup": lambda image, **out: cvkit.lookup(image, np.arange(256) // 2, **out),
    "median_blur": lambda image, **out: cvkit.median_blur(image, 3, **out),
    "median_blur 1": lambda image, **out: cvkit.median_blur(image, 1, **out),
    "minimum_eigenvalue": cvkit.minimum_eigenvalue,
    "non_local_means": lambda image, **out: cvkit.non_local_means(image, 10, patch=3, window=5, **out),
    "normalize": lambda image, **out: cvkit.normalize(image, 10, 200, **out),
    "prewitt": lambda image, **out: cvkit.prewitt(image, 1, 0, **out),
    "pyramid_down": cvkit.pyramid_down,
    "pyramid_up": cvkit.pyramid_up,
    "remap": lambda image, **out: cvkit.remap(image, *MAPS, **out),
    "resize": lambda image, **out: cvkit.resize(image, (19, 23), **out),
    "rgb_to_bgr": cvkit.rgb_to_bgr,
    "rgb_to_gray": cvkit.rgb_to_gray,
    "rgb_to_hls": cvkit.rgb_to_hls,
    "rgb_to_hsv": cvkit.rgb_to_hsv,
    "rgb_to_lab": cvkit.rgb_to_lab,
    "rgb_to_luv": cvkit.rgb_to_luv,
    "rgb_to_xyz": cvkit.rgb_to_xyz,
    "rgb_to_ycrcb": cvkit.rgb_to_ycrcb,
    "roberts": cvkit.roberts,
    "scharr": lambda image, **out: cvkit.scharr(image, 0, 1, **out),
    "sep_filter2d": lambda image, **out: cvkit.sep_filter2d(
        image, kernel_y=[1, 2, 1], kernel_x=[1, 0, -1], **out
    ),
    "sharpen": cvkit.sharpen,
    "sobel": lambda image, **out: cvkit.sobel(image, 1, 1, **out),
    "threshold": lambda image, **out: cvkit.threshold(image, 127, **out),
    "unsharp_mask": cvkit.unsharp_mask,
    "warp_affine": lambda image, **out: cvkit.warp_affine(image, MATRIX[:2], (25, 31), **out),
    "warp_perspective": lambda image, **out: cvkit.warp_perspective(image, MATRIX, (25, 31), **out),
    "black_hat": lambda image, **out: cvkit.black_hat(image, 3, **out),
    "closing": lambda image, **out: cvkit.closing(image, 3, **out),
    "dilate": lambda image, **out: cvkit.dilate(image, 3, **out),
    "distance_transform": cvkit.distance_transform,
    "thin": cvkit.thin,
    "erode": lambda image, **out: cvkit.erode(image, np.eye(3), iterations=3, **out),
    "hit_or_miss": lambda image, **out: cvkit.hit_or_miss(image, [[-1, 1]], **out),
    "morphological_gradient": lambda image, **out: cvkit.morphological_gradient(image, 3, **out),
    "opening": lambda image, **out: cvkit.opening(image, 3, **out),
    "reconstruct": lambda image, **out: cvkit.reconstruct(image // 2, image, **out),
    "top_hat": lambda image, **out: cvkit.top_hat(image, 3, **out),
    "xyz_to_rgb": cvkit.xyz_to_rgb,
    "ycrcb_to_rgb": cvkit.ycrcb_to_rgb,
}
NEEDS_GRAY = {
    "clahe",
    "demosaic",
    "distance_transform",
    "gabor_filter",
    "gray_to_rgb",
    "harris",
    "hit_or_miss",
    "label",
    "local_binary_pattern",
    "minimum_eigenvalue",
    "reconstruct",
    "remove_small_holes",
    "remove_small_regions",
    "thin",
}
NEEDS_COLORS = {name for name in CALLS if "_to_" in name} - NEEDS_GRAY
ON_PAIRS: set[str] = set()
MEASURES = {"match_descriptors", "psnr", "structural_similarity"}
ON_HOST_MAPS = {"bilinear_sample", "remap"}
WITHOUT_TWIN = {"flood_fill", "watershed"}


def kinds_of_images(name: str) -> list[np.ndarray]:
    gray, image = scene(33, 40), scene(33, 40, channels=3)
    if name in NEEDS_GRAY:
        return [gray, np.stack([gray, gray[::-1]])[..., np.newaxis]]
    of_colors = [image, np.stack([image, image[::-1]])]
    return of_colors if name in NEEDS_COLORS else [gray, *of_colors]


@pytest.mark.parametrize("name", CALLS)
def test_the_result_is_written_where_the_caller_says(name: str) -> None:
    for image in kinds_of_images(name):
        expected = CALLS[name](image)
        out = np.full_like(expected, 99)
        assert CALLS[name](image, out=out) is out
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("name", sorted(CALLS.keys() - ON_HOST_MAPS - WITHOUT_TWIN))
def test_on_a_device_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for image in kinds_of_images(name):
        out = fake(CALLS[name](image))
        with recorded_launches(monkeypatch) as launches:
            assert CALLS[name](fake(image), out=out) is out
        assert launches or name == "median_blur 1"


def test_every_image_operation_takes_out() -> None:
    called = {name.partition(" ")[0] for name in CALLS}
    functions = [name for name in cvkit.__all__ if callable(getattr(cvkit, name))]
    first = {name: [*inspect.signature(getattr(cvkit, name)).parameters, ""][0] for name in functions}
    assert {name for name in functions if first[name] in ("image", "dx", "a", "marker")} - {
        *NOT_COMMANDS,
        *MEASURES,
    } == called


IMAGE = noise(20, 30)


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ([[0]], TypeError, "out must be a NumPy array, got list"),
        (np.ma.zeros((20, 30), np.uint8), TypeError, "out must be a NumPy array, got MaskedArray"),
        (np.zeros((20, 30), np.int8), TypeError, "out must have dtype uint8, as the result has, got int8"),
        (np.zeros((30, 20), np.uint8), ValueError, r"out must have shape \(20, 30\), .*, got \(30, 20\)"),
        (np.zeros((20, 30, 1), np.uint8), ValueError, r"out must have shape \(20, 30\)"),
        (np.zeros((30, 20), np.uint8).T, ValueError, "out must be contiguous"),
        (np.zeros((20, 60), np.uint8)[:, ::2], ValueError, "out must be contiguous"),
        (np.frombuffer(bytes(600), np.uint8).reshape(20, 30), ValueError, "and writable"),
        (IMAGE, ValueError, "out must not share memory"),
        (fake(IMAGE.copy()), ValueError, "out must live where the image lives"),
    ],
)
def test_what_is_no_place_for_the_result_is_refused(out: Any, error: type[Exception], message: str) -> None:
    before = IMAGE.copy()
    with pytest.raises(error, match=message):
        cvkit.median_blur(IMAGE, 3, out=out)
    np.testing.assert_array_equal(IMAGE, before)


def test_no_input_is_overwritten() -> None:
    memory = np.zeros((41, 30), np.uint8)
    with pytest.raises(ValueError, match="out must not share memory"):
        cvkit.median_blur(memory[:21], 3, out=memory[20:])
    cvkit.median_blur(memory[:20], 3, out=memory[20:40])
    values = np.zeros((20, 30), np.float32)
    with pytest.raises(ValueError, match="out must not share memory"):
        cvkit.remap(np.ones((20, 30), np.float32), values, np.zeros_like(values), out=values)
    gradients = np.zeros((2, 20, 30), np.int16)
    with pytest.raises(ValueError, match="out must not share memory"):
        cvkit.canny_from_gradients(*gradients, 1, 2, out=gradients[1].view(np.uint8).reshape(40, 30)[:20])
    with pytest.raises(ValueError, match="out must not share memory"):
        on_device = fake(IMAGE)
        cvkit.median_blur(on_device, 3, out=on_device)
