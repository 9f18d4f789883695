"""Calls of every image operation with parameters drawn at random, each with its reference.

A row of ``CALLS`` draws the parameters of one call and gives what cvkit makes of an image and what the
reference does. ``tests/test_random_calls.py`` draws the images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import scipy.ndimage
import skimage.exposure
from hypothesis import strategies as st

import cvkit
from cvkit.compare.cases.borders import BORDERS
from cvkit.compare.cases.case import EXACT, Tolerance
from cvkit.compare.cases.color import by_vectors
from cvkit.compare.cases.contours import in_one_array, mask_of, opencv_contours, opencv_drawing
from cvkit.compare.cases.corners import fast_keypoints, last_bits
from cvkit.compare.cases.features import MEASURES, hough_lines_of_opencv, lines_and_votes
from cvkit.compare.cases.geometry import TWO_TIES, pillow_resize
from cvkit.compare.cases.histogram import calc_hist
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.intensity import METHODS
from cvkit.compare.cases.matching import orb_table, orb_table_cv
from cvkit.compare.cases.morphology import opencv as opencv_morphology
from cvkit.compare.cases.morphology import opencv_distance, reconstruction
from cvkit.compare.cases.regions import (
    connected_components,
    fill_small_holes,
    opencv_flood_fill,
    opencv_watershed,
    remove_small_objects,
)
from cvkit.compare.cases.texture import filter_bank, skimage_pattern
from tests import reference

Draw = Callable[[st.SearchStrategy[Any]], Any]
Operation = Callable[[np.ndarray], np.ndarray]


class Call(NamedTuple):
    """One call: cvkit's result, the reference's, and how far they may be apart."""

    ours: Operation
    reference: Operation
    tolerance: Tolerance = EXACT


@dataclass(frozen=True)
class RandomCall:
    """How calls of an operation are drawn.

    Parameters
    ----------
    operation : str
        Public name.
    draw : callable
        Draws the parameters for an image that it is given.
    dtypes : tuple of str
        Of the images; the first two are tried in the suite, all in sweeps: each costs seconds of compilation.
    channels : tuple of int
        Channel counts of the images.
    largest : int
        Largest height and width; naive references are slow.
    smallest : int
        Smallest height and width.
    opencv : tuple of int
        Major versions of OpenCV whose result is the reference.
    """

    operation: str
    draw: Callable[[Draw, np.ndarray], Call]
    dtypes: tuple[str, ...] = ("uint8",)
    channels: tuple[int, ...] = (1, 2, 3, 4)
    largest: int = 300
    smallest: int = 1
    opencv: tuple[int, ...] = (4, 5)


_borders = st.sampled_from([*BORDERS, "wrap"])
_connectivity = st.sampled_from([4, 8])
_odd = st.integers(0, 4).map(lambda half: 2 * half + 1)


def extended(
    filtered: Operation, image: np.ndarray, reach: tuple[int, int], border: str, value: float = 0
) -> np.ndarray:
    """Filter an image that is extended by ``reach`` rows and columns, and cut the extension off again."""
    rows, columns = reach
    code = cv2.BORDER_WRAP if border == "wrap" else BORDERS[border]
    wide = cv2.copyMakeBorder(image, rows, rows, columns, columns, code, value=(value,) * 4)
    height, width = image.shape[:2]
    return np.ascontiguousarray(filtered(wide)[rows : rows + height, columns : columns + width])


def _of_range(image: np.ndarray, exact: Tolerance = EXACT, share: float = 1e-5) -> Tolerance:
    """Accept a share of the image's magnitude for floats."""
    if image.dtype.kind != "f":
        return exact
    return Tolerance(absolute=share * max(1.0, float(np.abs(image).max(initial=0))))


def _border_value(draw: Draw, image: np.ndarray) -> float:
    return float(draw(st.sampled_from([0, 7, 255 if image.dtype == np.uint8 else 1000])))


def _box_filter(draw: Draw, image: np.ndarray) -> Call:
    ksize = draw(st.tuples(_odd, _odd) | st.sampled_from([(15, 15), (17, 3), (31, 1)]))
    border, value, normalize = draw(_borders), _border_value(draw, image), draw(st.booleans())
    return Call(
        lambda image: cvkit.box_filter(image, ksize, normalize=normalize, border=border, border_value=value),
        lambda image: extended(
            lambda wide: cv2.boxFilter(wide, -1, ksize[::-1], normalize=normalize),
            image,
            ksize,
            border,
            value,
        ),
        _of_range(
            image,
            # OpenCV's vectors divide 16-bit sums in float32, its scalar ends of rows in float64.
            Tolerance(absolute=1, exceptions=0.05) if image.dtype == np.uint16 else EXACT,
            share=1e-5 * (1 if normalize else ksize[0] * ksize[1]),
        ),
    )


def _gaussian_blur(draw: Draw, image: np.ndarray) -> Call:
    ksize = draw(st.none() | _odd)
    sigma = draw(st.sampled_from([None, 0.4, 0.8, 1.2, 2.3, 4.0])) if ksize else draw(st.floats(0.3, 3.5))
    border, value = draw(_borders), _border_value(draw, image)
    return Call(
        lambda image: cvkit.gaussian_blur(image, sigma, ksize=ksize, border=border, border_value=value),
        lambda image: extended(
            lambda wide: cv2.GaussianBlur(wide, (ksize or 0, ksize or 0), sigma or 0),
            image,
            (40, 40),
            border,
            value,
        ),
        _of_range(image),
    )


def _median_blur(draw: Draw, image: np.ndarray) -> Call:
    ksize = draw(st.sampled_from([1, 3, 5] if image.dtype != np.uint8 else [1, 3, 5, 7, 9, 15, 33]))
    return Call(lambda image: cvkit.median_blur(image, ksize), lambda image: cv2.medianBlur(image, ksize))


def _draw_contours(draw: Draw, image: np.ndarray) -> Call:
    height, width = image.shape[:2]
    beyond = draw(st.sampled_from([0, 3, 2000]))
    point = st.tuples(st.integers(-beyond, width + beyond), st.integers(-beyond, height + beyond))
    contour = st.lists(point, min_size=1, max_size=9).map(lambda points: np.array(points, np.int32))
    contours, filled = draw(st.lists(contour, min_size=1, max_size=4)), draw(st.booleans())
    color = [draw(st.integers(0, 255)) for _ in range(1 if image.ndim == 2 else image.shape[2])]
    return Call(
        lambda image: cvkit.draw_contours(image, contours, color, filled=filled),
        lambda image: opencv_drawing(image, contours, color, filled),
    )


def _find_contours(draw: Draw, image: np.ndarray) -> Call:
    mode = draw(st.sampled_from(["external", "list", "two_level", "tree"]))
    method = draw(st.sampled_from(["none", "simple"]))
    return Call(
        lambda image: in_one_array(*cvkit.find_contours(mask_of(image), mode=mode, method=method)),
        lambda image: in_one_array(*opencv_contours(mask_of(image), mode, method)),
    )


def _flood_fill(draw: Draw, image: np.ndarray) -> Call:
    height, width = image.shape[:2]
    seed_point = draw(st.tuples(st.integers(0, width - 1), st.integers(0, height - 1)))
    tolerance = draw(st.tuples(st.integers(0, 90), st.integers(0, 90)) | st.just((0, 0)))
    method, connectivity = draw(st.sampled_from(["floating", "fixed"])), draw(_connectivity)
    return Call(
        lambda image: cvkit.flood_fill(
            image, seed_point, 77, tolerance=tolerance, method=method, connectivity=connectivity
        )[0],
        lambda image: opencv_flood_fill(image, seed_point, 77, tolerance, method, connectivity),
    )


def _watershed(draw: Draw, image: np.ndarray) -> Call:
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    markers = generator.integers(-3, 9, image.shape[:2], dtype=np.int32)
    markers[generator.uniform(size=image.shape[:2]) < draw(st.sampled_from([0.2, 0.9, 0.99]))] = 0
    return Call(
        lambda image: cvkit.watershed(image, markers),
        lambda image: opencv_watershed(image, markers),
    )


def _label(draw: Draw, image: np.ndarray) -> Call:
    connectivity = draw(_connectivity)
    return Call(
        lambda image: cvkit.label(mask_of(image), connectivity=connectivity)[0],
        lambda image: connected_components(mask_of(image), connectivity),
    )


def _remove_small(
    operation: str, by_skimage: Callable[..., np.ndarray]
) -> Callable[[Draw, np.ndarray], Call]:
    ours = getattr(cvkit, operation)

    def drawn(draw: Draw, image: np.ndarray) -> Call:
        area, connectivity = draw(st.integers(1, 40)), draw(_connectivity)
        return Call(
            lambda image: ours(mask_of(image), area, connectivity=connectivity),
            lambda image: by_skimage(mask_of(image), area, connectivity),
        )

    return drawn


def _morphology(operation: str) -> Callable[[Draw, np.ndarray], Call]:
    ours, by_opencv = getattr(cvkit, operation), opencv_morphology(operation)

    def draw_call(draw: Draw, image: np.ndarray) -> Call:
        height, width = draw(st.integers(1, 11)), draw(st.integers(1, 11))
        pattern = st.sampled_from([-1, 0, 1] if operation == "hit_or_miss" else [0, 1])
        values = st.lists(pattern, min_size=height * width, max_size=height * width)
        element = np.reshape(draw(st.just([1] * (height * width)) | values), (height, width))
        row, column = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        element[row, column] = 1
        border = draw(st.sampled_from([*BORDERS]))
        iterations = draw(st.integers(0, 3))
        options: dict[str, Any] = {"iterations": iterations, "border": border}
        of_opencv: dict[str, Any] = {"iterations": iterations, "borderType": BORDERS[border]}
        if draw(st.booleans()):
            value = draw(st.integers(-20, 300))
            options["border_value"], of_opencv["borderValue"] = value, (value,) * 4
        return Call(
            lambda image: ours(image, element, anchor=(row, column), **options),
            lambda image: (
                by_opencv(image, element.astype(np.int32), anchor=(column, row), **of_opencv)
                if operation == "hit_or_miss"
                else by_opencv(image, element.astype(np.uint8), anchor=(column, row), **of_opencv)
            ),
        )

    return draw_call


def _distance_transform(draw: Draw, image: np.ndarray) -> Call:
    metric = draw(st.sampled_from(["l2", "l1", "chessboard"]))
    mask_size = draw(st.sampled_from(["exact", 3, 5] if metric == "l2" else [3]))
    value = draw(st.integers(-1, 255))
    return Call(
        lambda image: cvkit.distance_transform(
            (image > value).astype(np.uint8), metric=metric, mask_size=mask_size
        ),
        lambda image: opencv_distance((image > value).astype(np.uint8), metric, mask_size),
    )


def _thin(draw: Draw, image: np.ndarray) -> Call:
    method = draw(st.sampled_from(["zhang_suen", "guo_hall"]))
    return Call(lambda image: cvkit.thin(image, method=method), lambda image: reference.thin(image, method))


def _bilateral_filter(draw: Draw, image: np.ndarray) -> Call:
    diameter = draw(st.integers(1, 11))
    sigma_color, sigma_space = draw(st.floats(1, 150)), draw(st.floats(0.5, 50))
    # OpenCV returns a float32 image of one value as it is, whatever lies beyond.
    is_copied = image.dtype == np.float32 and np.ptp(image) == 0
    border = "reflect101" if is_copied else draw(st.sampled_from([*BORDERS]))
    arguments = diameter, sigma_color, sigma_space

    def reference(image: np.ndarray) -> np.ndarray:
        # Intel's library, which OpenCV takes for small discs, makes 9 of a 10 that is unlike its neighbors.
        used = cv2.ipp.useIPP()
        cv2.ipp.setUseIPP(False)
        try:
            return cv2.bilateralFilter(image, *arguments, borderType=BORDERS[border])
        finally:
            cv2.ipp.setUseIPP(used)

    return Call(
        lambda image: cvkit.bilateral_filter(image, *arguments, border=border),
        reference,
        # The same weights in another order: a quotient that ends on a half rounds to either side.
        _of_range(image, Tolerance(exceptions=max(1e-3, 1.5 / image.size)), share=2e-5),
    )


def _weights(draw: Draw, height: int, width: int) -> np.ndarray:
    values = st.integers(-8, 8).map(lambda eighths: eighths / 8)
    return np.array(draw(st.lists(values, min_size=height * width, max_size=height * width))).reshape(
        height, width
    )


def _filter2d(draw: Draw, image: np.ndarray) -> Call:
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    kernel, delta = _weights(draw, height, width), draw(st.integers(-9, 9))
    border, value = draw(_borders), _border_value(draw, image)
    return Call(
        lambda image: cvkit.filter2d(image, kernel=kernel, delta=delta, border=border, border_value=value),
        lambda image: extended(
            lambda wide: cv2.filter2D(wide, -1, kernel, delta=delta), image, (5, 5), border, value
        ),
        _of_range(image, Tolerance(absolute=1, exceptions=max(1e-3, 1.5 / image.size)), share=1e-4),
    )


def _sep_filter2d(draw: Draw, image: np.ndarray) -> Call:
    # Few sizes: kernels are compiled for each number of taps.
    size_y, size_x = draw(st.sampled_from([(3, 3), (5, 3), (7, 9)]))
    kernel_y, kernel_x = _weights(draw, 1, size_y)[0], _weights(draw, 1, size_x)[0]
    delta, border, value = draw(st.integers(-9, 9)), draw(_borders), _border_value(draw, image)
    return Call(
        lambda image: cvkit.sep_filter2d(
            image, kernel_y=kernel_y, kernel_x=kernel_x, delta=delta, border=border, border_value=value
        ),
        lambda image: extended(
            lambda wide: cv2.sepFilter2D(wide, -1, kernel_x, kernel_y, delta=delta),
            image,
            (9, 9),
            border,
            value,
        ),
        _of_range(image, Tolerance(absolute=1, exceptions=max(1e-3, 1.5 / image.size)), share=1e-4),
    )


_DEPTHS = {"uint8": cv2.CV_16S, "uint16": cv2.CV_32F, "float32": cv2.CV_32F, "float64": cv2.CV_64F}


def _derivative_options(draw: Draw) -> dict[str, float]:
    # Sums of few powers of 2, so that no order of roundings decides a tie.
    return {"scale": draw(st.sampled_from([1, 0.5, 0.125, 2])), "delta": draw(st.integers(-5, 5))}


def _sobel(draw: Draw, image: np.ndarray) -> Call:
    ksize = draw(st.sampled_from([1, 3, 5, 7]))
    dx, dy = draw(
        st.sampled_from([(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)] if ksize > 1 else [(1, 0), (0, 1)])
    )
    options, border, depth = _derivative_options(draw), draw(_borders), _DEPTHS[image.dtype.name]
    return Call(
        lambda image: cvkit.sobel(image, dx, dy, ksize=ksize, border=border, **options),
        lambda image: extended(
            lambda wide: cv2.Sobel(wide, depth, dx, dy, ksize=ksize, **options), image, (4, 4), border
        ),
        _of_range(image, share=1e-2 if ksize == 7 else 1e-4) if depth != cv2.CV_16S else EXACT,
    )


def _scharr(draw: Draw, image: np.ndarray) -> Call:
    dx = draw(st.integers(0, 1))
    options, border, depth = _derivative_options(draw), draw(_borders), _DEPTHS[image.dtype.name]
    return Call(
        lambda image: cvkit.scharr(image, dx, 1 - dx, border=border, **options),
        lambda image: extended(
            lambda wide: cv2.Scharr(wide, depth, dx, 1 - dx, **options), image, (2, 2), border
        ),
        _of_range(image, share=1e-4) if depth != cv2.CV_16S else EXACT,
    )


def _laplacian(draw: Draw, image: np.ndarray) -> Call:
    ksize = draw(st.sampled_from([1, 3, 5]))
    options, border, depth = _derivative_options(draw), draw(_borders), _DEPTHS[image.dtype.name]
    return Call(
        lambda image: cvkit.laplacian(image, ksize=ksize, border=border, **options),
        lambda image: extended(
            lambda wide: cv2.Laplacian(wide, depth, ksize=ksize, **options), image, (4, 4), border
        ),
        _of_range(image, share=1e-4) if depth != cv2.CV_16S else EXACT,
    )


def _prewitt(draw: Draw, image: np.ndarray) -> Call:
    dx, border, depth = draw(st.integers(0, 1)), draw(_borders), _DEPTHS[image.dtype.name]
    ones, difference = np.ones(3), np.array([-1.0, 0.0, 1.0])
    kernels = (difference, ones) if dx else (ones, difference)
    return Call(
        lambda image: cvkit.prewitt(image, dx, 1 - dx, border=border),
        lambda image: extended(lambda wide: cv2.sepFilter2D(wide, depth, *kernels), image, (2, 2), border),
        _of_range(image, share=1e-4) if depth != cv2.CV_16S else EXACT,
    )


def _roberts(draw: Draw, image: np.ndarray) -> Call:
    border = draw(_borders)

    def magnitude(wide: np.ndarray) -> np.ndarray:
        pixels = wide.astype(np.float64)
        below, right = np.roll(pixels, -1, axis=0), np.roll(pixels, -1, axis=1)
        between = np.roll(below, -1, axis=1)
        return np.sqrt(((pixels - between) ** 2 + (below - right) ** 2) / 2).astype(np.float32)

    return Call(
        lambda image: cvkit.roberts(image, border=border),
        lambda image: extended(magnitude, image, (2, 2), border),
        Tolerance(absolute=1e-4 * max(1.0, float(image.max()))),
    )


def _laplacian_of_gaussian(draw: Draw, image: np.ndarray) -> Call:
    sigma = draw(st.floats(0.6, 2.5))
    return Call(
        lambda image: cvkit.laplacian_of_gaussian(image, sigma, border="reflect"),
        lambda image: scipy.ndimage.gaussian_laplace(image, sigma),
        Tolerance(absolute=2e-3),
    )


def _canny(draw: Draw, image: np.ndarray) -> Call:
    ksize, l2_gradient = draw(st.sampled_from([3, 5, 7])), draw(st.booleans())
    largest = {3: 1000, 5: 10000, 7: 100000}[ksize]
    low, high = draw(st.integers(0, largest)), draw(st.integers(0, largest))
    return Call(
        lambda image: cvkit.canny(image, low, high, ksize=ksize, l2_gradient=l2_gradient),
        lambda image: cv2.Canny(image, low, high, apertureSize=ksize, L2gradient=l2_gradient),
    )


def _canny_from_gradients(draw: Draw, image: np.ndarray) -> Call:
    low, high, l2_gradient = draw(st.integers(0, 500)), draw(st.integers(0, 500)), draw(st.booleans())
    return Call(
        lambda image: cvkit.canny_from_gradients(
            cvkit.scharr(image, 1, 0), cvkit.scharr(image, 0, 1), low, high, l2_gradient=l2_gradient
        ),
        lambda image: cv2.Canny(
            cv2.Scharr(image, cv2.CV_16S, 1, 0),
            cv2.Scharr(image, cv2.CV_16S, 0, 1),
            low,
            high,
            L2gradient=l2_gradient,
        ),
    )


def _sharpen(draw: Draw, image: np.ndarray) -> Call:
    method, amount = draw(st.sampled_from(["laplacian", "sobel"])), draw(st.integers(0, 16)) / 8
    return Call(
        lambda image: cvkit.sharpen(image, method, amount),
        lambda image: reference.sharpen(image, method, amount),
    )


def _unsharp_mask(draw: Draw, image: np.ndarray) -> Call:
    sigma, amount, threshold = draw(st.floats(0.5, 3)), draw(st.integers(0, 16)) / 8, draw(st.integers(0, 20))

    def by_opencv(image: np.ndarray) -> np.ndarray:
        blurred = cv2.GaussianBlur(image, (0, 0), sigma)
        detailed = cv2.addWeighted(image, 1 + amount, blurred, -amount, 0)
        return np.where(cv2.absdiff(image, blurred) < threshold, image, detailed)

    return Call(lambda image: cvkit.unsharp_mask(image, sigma, amount, threshold=threshold), by_opencv)


def _non_local_means(draw: Draw, image: np.ndarray) -> Call:
    h, patch, window = draw(st.integers(1, 60)), draw(st.integers(1, 8)), draw(st.integers(1, 9))
    return Call(
        lambda image: cvkit.non_local_means(image, h, patch=patch, window=window),
        lambda image: cv2.fastNlMeansDenoising(image, None, h, patch, window),
    )


def _pyramid_down(draw: Draw, image: np.ndarray) -> Call:
    return Call(cvkit.pyramid_down, cv2.pyrDown, _of_range(image))


def _pyramid_up(draw: Draw, image: np.ndarray) -> Call:
    return Call(cvkit.pyramid_up, cv2.pyrUp, _of_range(image))


_INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "nearest_exact": cv2.INTER_NEAREST_EXACT,
    "bilinear": cv2.INTER_LINEAR,
    "bilinear_exact": cv2.INTER_LINEAR_EXACT,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}


def _resampled(draw: Draw, image: np.ndarray, shape: tuple[int, int]) -> Call:
    name = draw(st.sampled_from(["bilinear", "bicubic", "lanczos"]))
    return Call(
        lambda image: cvkit.resize(image, shape, interpolation=name, antialias=True),
        lambda image: pillow_resize(image, shape, name),
        _of_range(image, EXACT if image.dtype == np.uint8 else TWO_TIES, share=1e-5),
    )


def _resize(draw: Draw, image: np.ndarray) -> Call:
    exact = image.dtype == np.uint8
    interpolation = draw(
        st.sampled_from([name for name in _INTERPOLATIONS if exact or name != "bilinear_exact"])
    )
    shape = tuple(draw(st.integers(1, 2 * size)) for size in image.shape[:2])
    if draw(st.integers(0, 2)) == 0:
        return _resampled(draw, image, shape)
    enlarges = shape[0] > image.shape[0] or shape[1] > image.shape[1]
    # Weights of 11 bits against one rounding at the end: near a tie the two round apart.
    is_bilinear = interpolation == "bilinear" or (interpolation == "area" and enlarges)
    is_exact = interpolation in ("nearest", "nearest_exact", "bilinear_exact") or (exact and is_bilinear)
    return Call(
        lambda image: cvkit.resize(image, shape, interpolation=interpolation),
        lambda image: cv2.resize(image, shape[::-1], interpolation=_INTERPOLATIONS[interpolation]),
        _of_range(image, EXACT if is_exact else Tolerance(absolute=1), share=1e-4),
    )


def _matrix(draw: Draw, image: np.ndarray, perspective: bool) -> np.ndarray:
    height, width = image.shape[:2]
    center = (width - 1) / 2, (height - 1) / 2
    matrix = cvkit.rotation_matrix(center, draw(st.integers(-180, 180)), draw(st.floats(0.5, 2)))
    matrix[:, 2] += draw(st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
    if not perspective:
        return matrix
    lean = draw(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)))
    return np.vstack([matrix, [lean[0] / max(width, 1), lean[1] / max(height, 1), 1]])


def _warp_options(draw: Draw, image: np.ndarray) -> tuple[str, str, float]:
    return draw(st.sampled_from(["bilinear", "bicubic"])), draw(_borders), _border_value(draw, image)


def _warp(draw: Draw, image: np.ndarray, perspective: bool) -> Call:
    function = cvkit.warp_perspective if perspective else cvkit.warp_affine
    matrix, (interpolation, border, value) = _matrix(draw, image, perspective), _warp_options(draw, image)
    shape = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return Call(
        lambda image: function(
            image, matrix, shape, interpolation=interpolation, border=border, border_value=value
        ),
        lambda image: reference.warp(image, matrix, shape, interpolation, border, value),
        # Coordinates are float32: half a millionth of a pixel for each pixel of the image.
        _of_range(image, Tolerance(absolute=1), share=1e-4),
    )


def _warp_affine(draw: Draw, image: np.ndarray) -> Call:
    return _warp(draw, image, perspective=False)


def _warp_perspective(draw: Draw, image: np.ndarray) -> Call:
    return _warp(draw, image, perspective=True)


def _maps(draw: Draw, image: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = image.shape[:2]
    x = generator.uniform(-3, width + 2, shape).astype(np.float32)
    y = generator.uniform(-3, height + 2, shape).astype(np.float32)
    return x, y


def _remap(draw: Draw, image: np.ndarray) -> Call:
    interpolation, border, value = _warp_options(draw, image)
    maps = _maps(draw, image, (draw(st.integers(1, 40)), draw(st.integers(1, 40))))
    return Call(
        lambda image: cvkit.remap(
            image, *maps, interpolation=interpolation, border=border, border_value=value
        ),
        lambda image: reference.remap(image, *maps, interpolation, border, value),
        _of_range(image, Tolerance(absolute=1), share=1e-4),
    )


def _bilinear_sample(draw: Draw, image: np.ndarray) -> Call:
    border, value = draw(_borders), _border_value(draw, image)
    x, y = _maps(draw, image, (draw(st.integers(1, 60)),))
    floats = np.float64 if image.dtype == np.float64 else np.float32
    return Call(
        lambda image: cvkit.bilinear_sample(image, x, y, border=border, border_value=value),
        lambda image: np.array(
            [reference.sample(image, *point, "bilinear", border, value) for point in zip(x, y, strict=True)]
        ).astype(floats),
        Tolerance(absolute=1e-4 * max(1.0, float(image.max()))),
    )


def _hog(draw: Draw, image: np.ndarray) -> Call:
    cell, orientations, signed = draw(st.integers(4, 9)), draw(st.integers(2, 12)), draw(st.booleans())
    height, width = (max(size // cell * cell, 2 * cell) for size in image.shape[:2])
    descriptor = cv2.HOGDescriptor if hasattr(cv2, "HOGDescriptor") else None

    def by_opencv(image: np.ndarray) -> np.ndarray:
        block, step = (2 * cell, 2 * cell), (cell, cell)
        hog = descriptor((width, height), block, step, step, orientations, 1, -1, 0, 0.2, True, 64, signed)
        return np.ravel(hog.compute(image))

    return Call(
        lambda image: cvkit.hog(image, pixels_per_cell=cell, orientations=orientations, signed=signed),
        by_opencv,
        Tolerance(absolute=2e-5),
    )


def _channel_features(draw: Draw, image: np.ndarray) -> Call:
    cell, orientations = draw(st.integers(1, 6)), draw(st.integers(2, 9))
    return Call(
        lambda image: cvkit.channel_features(image, cell=cell, orientations=orientations),
        lambda image: reference.channel_features(image, cell, orientations, True),
        Tolerance(absolute=1),
    )


def _ldcf_features(draw: Draw, image: np.ndarray) -> Call:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    filters = generator.normal(scale=0.2, size=(10, draw(st.integers(1, 4)), 5, 5)).astype(np.float32)
    count = filters.shape[0] * filters.shape[1]
    rule = np.full(count, -0.4, np.float32), np.full(count, 250, np.float32)
    return Call(
        lambda image: cvkit.ldcf_features(image, filters, *rule),
        lambda image: reference.ldcf_features(image, filters, *rule),
        Tolerance(absolute=1),
    )


def _corner_measure(draw: Draw, image: np.ndarray) -> tuple[tuple[int, int], dict[str, str], dict[str, int]]:
    """Draw sizes, and a border as OpenCV takes it: none of the two that Intel's primitives see otherwise."""
    border = draw(st.sampled_from(["reflect101", "reflect"]))
    sizes = draw(st.integers(1, 9)), draw(st.sampled_from([3, 5, 7]))
    return sizes, {"border": border}, {"borderType": BORDERS[border]}


def _largest(image: np.ndarray) -> float:
    # Bytes count as values from 0 to 1.
    return 1 if image.dtype == np.uint8 else 4 * float(np.abs(image).max(initial=0.25))


def _harris(draw: Draw, image: np.ndarray) -> Call:
    (block_size, ksize), border, code = _corner_measure(draw, image)
    k = draw(st.floats(0, 0.2))
    return Call(
        lambda image: cvkit.harris(image, block_size, ksize, k, **border),
        lambda image: cv2.cornerHarris(image, block_size, ksize, k, **code),
        last_bits("harris", _largest(image)),
    )


def _minimum_eigenvalue(draw: Draw, image: np.ndarray) -> Call:
    (block_size, ksize), border, code = _corner_measure(draw, image)
    return Call(
        lambda image: cvkit.minimum_eigenvalue(image, block_size, ksize, **border),
        lambda image: cv2.cornerMinEigenVal(image, block_size, ksize=ksize, **code),
        last_bits("minimum_eigenvalue", _largest(image)),
    )


def _good_features(draw: Draw, image: np.ndarray) -> Call:
    count, quality = draw(st.sampled_from([0, 1, 30])), draw(st.sampled_from([0.001, 0.02, 0.4, 1.0, 1.2]))
    distance = draw(st.sampled_from([0, 0.5, 1, 1.5, 2.5, 10.4, 400]))
    block_size, is_harris = draw(st.integers(2, 5)), draw(st.booleans())
    # Of equal corners, as among pixels of two levels, OpenCV's running sums let a few be unequal.
    is_tied = np.unique(image).size < 3

    def without_ties(image: np.ndarray) -> np.ndarray:
        return image ^ (noise(*image.shape) & np.uint8(7)) if is_tied else image

    mask = draw(st.sampled_from([None, np.random.default_rng(0).integers(0, 3, image.shape[:2], np.uint8)]))

    def by_opencv(image: np.ndarray) -> np.ndarray:
        found = cv2.goodFeaturesToTrack(
            image, count, quality, distance, mask=mask, blockSize=block_size, useHarrisDetector=is_harris
        )
        return np.empty((0, 2), np.float32) if found is None else found

    method = "harris" if is_harris else "minimum_eigenvalue"
    return Call(
        lambda image: cvkit.good_features(
            without_ties(image),
            count,
            quality,
            distance,
            block_size=block_size,
            mask=mask,
            method=method,
        ),
        lambda image: by_opencv(without_ties(image)),
    )


def _fast_corners(draw: Draw, image: np.ndarray) -> Call:
    threshold, suppress = draw(st.sampled_from([0, 1, 5, 20, 60, 254, 255])), draw(st.booleans())

    def ours(image: np.ndarray) -> np.ndarray:
        points, scores = cvkit.fast_corners(image, threshold, suppress=suppress)
        # Without suppression OpenCV has no scores.
        scores = scores if suppress else 0 * scores
        return np.concatenate([points, scores[:, np.newaxis]], axis=1, dtype=np.float32)

    return Call(ours, lambda image: fast_keypoints(image, threshold, suppress=suppress))


def _local_binary_pattern(draw: Draw, image: np.ndarray) -> Call:
    points, radius = draw(st.integers(1, 31)), draw(st.floats(0, 6) | st.integers(0, 9))
    method = draw(st.sampled_from(["default", "ror", "uniform", "nri_uniform", "var"]))
    return Call(
        lambda image: cvkit.local_binary_pattern(image, points, radius, method=method),
        lambda image: skimage_pattern(image, points, radius, method),
    )


def _gabor_filter(draw: Draw, image: np.ndarray) -> Call:
    border = draw(st.sampled_from([*BORDERS]))
    kernels = [
        cvkit.gabor_kernel(
            (2 * draw(st.integers(0, 4)) + 1, 2 * draw(st.integers(0, 4)) + 1),
            draw(st.floats(0.5, 4)),
            draw(st.floats(-4, 4)),
            draw(st.floats(2, 9)),
            draw(st.sampled_from([0.3, 1.0, 2.0])),
            draw(st.floats(-2, 2)),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return Call(
        lambda image: cvkit.gabor_filter(image, kernels, border=border),
        lambda image: filter_bank(image, kernels, BORDERS[border]),
        # All weights together, without their signs, enlarge what is rounded.
        Tolerance(absolute=1e-6 * 81 * max(1.0, float(np.abs(image).max(initial=0)))),
    )


def _threshold(draw: Draw, image: np.ndarray) -> Call:
    method = draw(st.sampled_from([*METHODS]))
    value = draw(st.floats(-3, 260) | st.sampled_from([-1, 0, 127, 254, 255]))
    maximum = draw(st.sampled_from([255, 1, -3, 99.5, 1e5]))
    return Call(
        lambda image: cvkit.threshold(image, value, maximum=maximum, method=method),
        lambda image: cv2.threshold(image, value, maximum, METHODS[method])[1],
    )


def _adaptive_threshold(draw: Draw, image: np.ndarray) -> Call:
    ksize, offset, inverse = draw(st.integers(1, 9)) * 2 + 1, draw(st.floats(-20, 20)), draw(st.booleans())
    by_mean, maximum = draw(st.booleans()), draw(st.sampled_from([255, 99.5, 300]))
    flags = (
        cv2.ADAPTIVE_THRESH_MEAN_C if by_mean else cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
        cv2.THRESH_BINARY_INV if inverse else cv2.THRESH_BINARY,
    )
    method = "mean" if by_mean else "gaussian"
    return Call(
        lambda image: cvkit.adaptive_threshold(
            image, ksize, offset, maximum=maximum, method=method, inverse=inverse
        ),
        lambda image: cv2.adaptiveThreshold(image, maximum, *flags, ksize, offset),
        # A weighted mean that ends on a half in one order of sums does not in another.
        EXACT if by_mean else Tolerance(absolute=255, exceptions=max(1e-3, 1.5 / image.size)),
    )


def _otsu_threshold(draw: Draw, image: np.ndarray) -> Call:
    return Call(
        lambda image: np.asarray(cvkit.otsu_threshold(image), np.float64),
        lambda image: np.asarray(cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0]),
    )


def _triangle_threshold(draw: Draw, image: np.ndarray) -> Call:
    return Call(
        lambda image: np.asarray(cvkit.triangle_threshold(image), np.float64),
        lambda image: np.asarray(float(reference.triangle_threshold(image))),
    )


def _lookup(draw: Draw, image: np.ndarray) -> Call:
    channels = image.shape[2] if image.ndim == 3 else 1
    columns = draw(st.sampled_from([1, channels]))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    size = 1 << 8 * image.itemsize
    table = generator.integers(0, 256, (size, columns)).astype(draw(st.sampled_from(["uint8", "float32"])))
    return Call(
        lambda image: cvkit.lookup(image, table[:, 0] if columns == 1 else table),
        lambda image: cv2.LUT(image, table[np.newaxis]),
    )


def _adjust_gamma(draw: Draw, image: np.ndarray) -> Call:
    gamma = draw(st.floats(0.2, 4))
    table = [round((value / 255) ** gamma * 255) for value in range(256)]
    return Call(
        lambda image: cvkit.adjust_gamma(image, gamma), lambda image: np.array(table, np.uint8)[image]
    )


def _normalize(draw: Draw, image: np.ndarray) -> Call:
    low, high = draw(st.integers(-50, 300)), draw(st.floats(-50, 300))
    return Call(
        lambda image: cvkit.normalize(image, low, high),
        lambda image: cv2.normalize(image, None, low, high, cv2.NORM_MINMAX),
        Tolerance(absolute=1e-3) if image.dtype.kind == "f" else EXACT,
    )


def _blend(draw: Draw, image: np.ndarray) -> Call:
    weights = draw(st.tuples(*[st.floats(-2, 2)] * 2, st.floats(-200, 200)))
    other = np.ascontiguousarray(image[::-1, ::-1])
    return Call(
        lambda image: cvkit.blend(image, other, *weights),
        lambda image: cv2.addWeighted(image, weights[0], other, *weights[1:]),
        _of_range(image),
    )


def _integral_image(draw: Draw, image: np.ndarray) -> Call:
    squared = draw(st.booleans())
    return Call(
        lambda image: cvkit.integral_image(image, squared=squared),
        lambda image: cv2.integral2(image)[1] if squared else cv2.integral(image),
        EXACT if image.dtype.kind == "u" else Tolerance(relative=1e-12),
    )


def _convert(operation: str, code: int) -> Callable[[Draw, np.ndarray], Call]:
    return lambda draw, image: Call(
        getattr(cvkit, operation), lambda image: cv2.cvtColor(image, code), _of_range(image, share=1e-6)
    )


def _hue(operation: str, code: int, code_of_full_range: int) -> Callable[[Draw, np.ndarray], Call]:
    def draw_call(draw: Draw, image: np.ndarray) -> Call:
        full_range = draw(st.booleans())
        return Call(
            lambda image: getattr(cvkit, operation)(image, full_range=full_range),
            lambda image: by_vectors(image, code_of_full_range if full_range else code),
        )

    return draw_call


def _demosaic(draw: Draw, image: np.ndarray) -> Call:
    pattern = draw(st.sampled_from(["rggb", "grbg", "gbrg", "bggr"]))
    method, ending = draw(st.sampled_from([("bilinear", ""), ("edge_aware", "_EA")]))
    code = getattr(cv2, f"COLOR_Bayer{pattern.upper()}2RGB{ending}")
    return Call(
        lambda image: cvkit.demosaic(image, pattern, method=method), lambda image: cv2.cvtColor(image, code)
    )


def _histogram(draw: Draw, image: np.ndarray) -> Call:
    largest = 65536.0 if image.dtype == np.uint16 else 256.0
    bins = draw(st.sampled_from([1, 2, 10, 255, 256, 5000]))
    bounds = draw(
        st.sampled_from([(0.0, largest), (0.0, float(bins)), (-0.5, 1.0)])
        | st.tuples(st.floats(-100, largest / 2), st.floats(0.25, largest)).map(
            lambda pair: (pair[0], sum(pair))
        )
    )
    mask = draw(st.sampled_from([None, np.random.default_rng(0).integers(0, 3, image.shape[:2], np.uint8)]))
    return Call(
        lambda image: cvkit.histogram(image, bins, range=bounds, mask=mask),
        lambda image: calc_hist(image, bins, bounds, mask),
    )


def _equalize_histogram(draw: Draw, image: np.ndarray) -> Call:
    return Call(cvkit.equalize_histogram, cv2.equalizeHist)


def _clahe(draw: Draw, image: np.ndarray) -> Call:
    clip_limit = draw(st.sampled_from([0, 0.01, 1, 40]) | st.floats(0, 10))
    tiles = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    return Call(
        lambda image: cvkit.clahe(image, clip_limit, tiles=tiles),
        lambda image: cv2.createCLAHE(clip_limit, tiles[::-1]).apply(image),
    )


def _match_histogram(draw: Draw, image: np.ndarray) -> Call:
    shape = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    channels = 1 if image.ndim == 2 else image.shape[2]
    other = draw(st.sampled_from([noise, scene]))(*shape, channels, image.dtype)
    return Call(
        lambda image: cvkit.match_histogram(image, other),
        lambda image: skimage.exposure.match_histograms(
            image.reshape(*image.shape[:2], -1), other.reshape(*shape, -1), channel_axis=-1
        ),
    )


def _orb(draw: Draw, image: np.ndarray) -> Call:
    count, levels = draw(st.integers(1, 600)), draw(st.integers(1, 4))
    scale, threshold = draw(st.floats(1.0625, 2.5, width=32)), draw(st.sampled_from([1, 20, 100]))
    detector = cv2.ORB.create(count, scale, levels, fastThreshold=threshold)
    return Call(
        lambda image: orb_table(image, count, scale=scale, levels=levels, threshold=threshold),
        lambda image: orb_table_cv(image, detector),
        # One bit in some millions is another: where a turned point or a blurred value is halfway.
        Tolerance(exceptions=1e-3),
    )


def _hough_lines(draw: Draw, image: np.ndarray) -> Call:
    rho, theta = draw(st.sampled_from([0.5, 1, 1.3, 9])), draw(st.floats(0.01, 0.7))
    bounds = draw(st.sampled_from([(0, np.pi), (0.25, 1), (-1, 4)]))
    arguments, options = (
        (rho, theta, draw(st.integers(0, 40))),
        {"min_theta": bounds[0], "max_theta": bounds[1]},
    )
    level = int(np.quantile(image, draw(st.floats(0.5, 1))))
    return Call(
        lambda image: lines_and_votes(cvkit.threshold(image, level), *arguments, **options),
        lambda image: hough_lines_of_opencv(
            cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1], *arguments, **options
        ),
    )


def circles_of_opencv(image: np.ndarray, *arguments: float, **options: float) -> np.ndarray:
    """Find circles by OpenCV, (n, 3)."""
    found = cv2.HoughCircles(image, cv2.HOUGH_GRADIENT, *arguments, **options)
    return np.empty((0, 3), np.float32) if found is None else found.reshape(-1, 3)


def _hough_circles(draw: Draw, image: np.ndarray) -> Call:
    side, distance = draw(st.sampled_from([1.0, 1.5, 3.0])), draw(st.floats(0.5, 40))
    threshold, edge, least = draw(st.integers(5, 60)), draw(st.integers(1, 300)), draw(st.integers(0, 20))
    most = draw(st.none() | st.integers(least + 1, 60))
    return Call(
        lambda image: cvkit.hough_circles(
            image,
            distance,
            threshold=threshold,
            minimum_radius=least,
            maximum_radius=most,
            edge_threshold=edge,
            side=side,
        )[0],
        lambda image: circles_of_opencv(
            image,
            side,
            distance,
            param1=edge,
            param2=threshold,
            minRadius=least,
            maxRadius=max(*image.shape[:2], least + 2) if most is None else most,
        ),
    )


def segments_of_opencv(image: np.ndarray, *arguments: Any) -> np.ndarray:
    """Find segments by OpenCV, (n, 4)."""
    found = cv2.HoughLinesP(image, *arguments)
    return np.empty((0, 4), np.int32) if found is None else found.reshape(-1, 4)


def _hough_segments(draw: Draw, image: np.ndarray) -> Call:
    rho, theta = draw(st.sampled_from([0.5, 1, 1.3, 9])), draw(st.floats(0.01, 0.7))
    threshold, length, gap = draw(st.integers(1, 40)), draw(st.integers(0, 30)), draw(st.integers(0, 9))
    level = int(np.quantile(image, draw(st.floats(0.5, 1))))
    return Call(
        lambda image: cvkit.hough_segments(
            cvkit.threshold(image, level), rho, theta, threshold, minimum_length=length, maximum_gap=gap
        ),
        lambda image: segments_of_opencv(
            cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1], rho, theta, threshold, None, length, gap
        ),
    )


def _match_template(draw: Draw, image: np.ndarray) -> Call:
    height, width = (draw(st.integers(1, min(size - 1, 20))) for size in image.shape[:2])
    channels = 1 if image.ndim == 2 else image.shape[2]
    template = draw(st.sampled_from([noise, scene]))(height, width, channels, image.dtype, 9)
    method, normalize = draw(st.sampled_from([*MEASURES])), draw(st.booleans())
    # OpenCV divides 0 by 0 where there is a mask, and takes one of four rows and one column for a scalar.
    takes_mask = not normalize and (height, width) != (4, 1)
    masks = [None, noise(height, width, dtype="float32", seed=8)] if takes_mask else [None]
    mask = draw(st.sampled_from(masks))
    # OpenCV subtracts sums of float32, each of some roundings: the last place of 255**2 is 2**-8.
    error = 2.0**-6 * template.size
    return Call(
        lambda image: cvkit.match_template(image, template, method=method, normalize=normalize, mask=mask),
        lambda image: cv2.matchTemplate(image, template, MEASURES[method] + normalize, mask=mask),
        Tolerance(absolute=error, relative=1e-4, exceptions=max(0.02, 1.5 / image.size))
        if not normalize
        else Tolerance(absolute=1e-4, exceptions=max(0.05, 2.5 / image.size)),
    )


def _reconstruct(draw: Draw, image: np.ndarray) -> Call:
    method = draw(st.sampled_from(["dilation", "erosion"]))
    seed, density = draw(st.integers(0, 9)), draw(st.sampled_from([1, 20, 255]))
    other = draw(st.sampled_from([noise, scene]))(*image.shape[:2], 1, image.dtype, seed)
    sparse = np.where(noise(*image.shape[:2], seed=seed) < density, other, image.min())
    marker = np.minimum(sparse, image) if method == "dilation" else np.maximum(sparse, image)
    return Call(
        lambda image: cvkit.reconstruct(marker, image, method=method),
        lambda image: reconstruction(marker, image, method),
    )


_ALL = ("uint8", "float32", "uint16", "float64")
_NO_DOUBLE = ("uint8", "float32", "uint16")

CALLS = [
    RandomCall("adaptive_threshold", _adaptive_threshold, channels=(1,)),
    RandomCall("adjust_gamma", _adjust_gamma),
    RandomCall("bilateral_filter", _bilateral_filter, ("uint8", "float32"), (1, 3)),
    RandomCall("bilinear_sample", _bilinear_sample, _ALL, largest=40),
    RandomCall("blend", _blend, (*_ALL, "int16"), (1, 3, 4, 7)),
    RandomCall("box_filter", _box_filter, _ALL),
    RandomCall("canny", _canny, channels=(1, 3)),
    RandomCall("canny_from_gradients", _canny_from_gradients, channels=(1, 3)),
    RandomCall("clahe", _clahe, ("uint8", "uint16"), (1,)),
    RandomCall("equalize_histogram", _equalize_histogram, channels=(1,)),
    RandomCall("channel_features", _channel_features, channels=(1, 3), largest=40, smallest=6),
    RandomCall("ldcf_features", _ldcf_features, channels=(3,), largest=40, smallest=4),
    RandomCall("demosaic", _demosaic, ("uint8", "uint16"), (1,)),
    RandomCall("filter2d", _filter2d, _NO_DOUBLE),
    RandomCall("draw_contours", _draw_contours, _ALL),
    RandomCall("find_contours", _find_contours, channels=(1,)),
    RandomCall("gaussian_blur", _gaussian_blur, _ALL),
    RandomCall("gray_to_rgb", _convert("gray_to_rgb", cv2.COLOR_GRAY2RGB), _NO_DOUBLE, (1,)),
    RandomCall("fast_corners", _fast_corners, channels=(1,)),
    RandomCall("local_binary_pattern", _local_binary_pattern, _ALL, (1,), largest=140),
    RandomCall("gabor_filter", _gabor_filter, _NO_DOUBLE, (1,)),
    RandomCall("good_features", _good_features, channels=(1,)),
    RandomCall("harris", _harris, ("uint8", "float32"), (1,)),
    RandomCall("minimum_eigenvalue", _minimum_eigenvalue, ("uint8", "float32"), (1,)),
    RandomCall("hls_to_rgb", _hue("hls_to_rgb", cv2.COLOR_HLS2RGB, cv2.COLOR_HLS2RGB_FULL), channels=(3,)),
    RandomCall("hsv_to_rgb", _hue("hsv_to_rgb", cv2.COLOR_HSV2RGB, cv2.COLOR_HSV2RGB_FULL), channels=(3,)),
    RandomCall("histogram", _histogram, _NO_DOUBLE),
    RandomCall("hog", _hog, channels=(1, 3), smallest=18, opencv=(4,)),
    RandomCall("lab_to_rgb", _convert("lab_to_rgb", cv2.COLOR_Lab2RGB), channels=(3,)),
    RandomCall("hough_lines", _hough_lines, channels=(1,)),
    RandomCall("hough_circles", _hough_circles, channels=(1,)),
    RandomCall("hough_segments", _hough_segments, channels=(1,)),
    RandomCall("integral_image", _integral_image, _ALL),
    RandomCall("laplacian", _laplacian, ("uint8", "float32")),
    RandomCall("laplacian_of_gaussian", _laplacian_of_gaussian, ("float32",), (1,)),
    RandomCall("luv_to_rgb", _convert("luv_to_rgb", cv2.COLOR_Luv2RGB), channels=(3,)),
    RandomCall("match_histogram", _match_histogram, ("uint8", "uint16")),
    RandomCall("match_template", _match_template, ("uint8", "float32"), (1, 3), smallest=2, largest=129),
    RandomCall("lookup", _lookup, ("uint8", "int16", "uint16"), (1, 2, 3, 4, 7)),
    RandomCall("median_blur", _median_blur, _NO_DOUBLE, (1, 3, 4)),
    RandomCall("non_local_means", _non_local_means, channels=(1, 2, 3), largest=40),
    RandomCall("normalize", _normalize, (*_ALL, "int16"), (1, 3, 4, 7)),
    RandomCall("orb", _orb, channels=(1,), smallest=20),
    RandomCall("otsu_threshold", _otsu_threshold, ("uint8", "uint16"), (1,)),
    RandomCall("prewitt", _prewitt, ("uint8", "float32")),
    RandomCall("pyramid_down", _pyramid_down, _NO_DOUBLE),
    RandomCall("pyramid_up", _pyramid_up, _NO_DOUBLE, largest=100),
    RandomCall("reconstruct", _reconstruct, _ALL, (1,)),
    RandomCall("remap", _remap, _ALL, largest=40),
    RandomCall("resize", _resize, _NO_DOUBLE, smallest=2),
    RandomCall("rgb_to_bgr", _convert("rgb_to_bgr", cv2.COLOR_RGB2BGR), _NO_DOUBLE, (3,)),
    RandomCall("rgb_to_gray", _convert("rgb_to_gray", cv2.COLOR_RGB2GRAY), _NO_DOUBLE, (3,)),
    RandomCall("rgb_to_hls", _hue("rgb_to_hls", cv2.COLOR_RGB2HLS, cv2.COLOR_RGB2HLS_FULL), channels=(3,)),
    RandomCall("rgb_to_hsv", _hue("rgb_to_hsv", cv2.COLOR_RGB2HSV, cv2.COLOR_RGB2HSV_FULL), channels=(3,)),
    RandomCall("rgb_to_lab", _convert("rgb_to_lab", cv2.COLOR_RGB2Lab), channels=(3,)),
    RandomCall("rgb_to_luv", _convert("rgb_to_luv", cv2.COLOR_RGB2Luv), channels=(3,)),
    RandomCall("rgb_to_xyz", _convert("rgb_to_xyz", cv2.COLOR_RGB2XYZ), _NO_DOUBLE, (3,)),
    RandomCall("rgb_to_ycrcb", _convert("rgb_to_ycrcb", cv2.COLOR_RGB2YCrCb), _NO_DOUBLE, (3,)),
    RandomCall("roberts", _roberts, _NO_DOUBLE),
    RandomCall("scharr", _scharr, ("uint8", "float32")),
    RandomCall("sep_filter2d", _sep_filter2d, _NO_DOUBLE),
    RandomCall("sharpen", _sharpen, channels=(1, 3)),
    RandomCall("sobel", _sobel, ("uint8", "float32")),
    RandomCall("threshold", _threshold, _ALL),
    RandomCall("triangle_threshold", _triangle_threshold, ("uint8", "uint16"), (1,)),
    RandomCall("unsharp_mask", _unsharp_mask, channels=(1, 3)),
    RandomCall("warp_affine", _warp_affine, _ALL, largest=40),
    RandomCall("warp_perspective", _warp_perspective, _ALL, largest=40),
    RandomCall("erode", _morphology("erode"), _NO_DOUBLE),
    RandomCall("dilate", _morphology("dilate"), _NO_DOUBLE),
    *(
        RandomCall(name, _morphology(name))
        for name in ("opening", "closing", "morphological_gradient", "top_hat", "black_hat")
    ),
    RandomCall("hit_or_miss", _morphology("hit_or_miss"), channels=(1,)),
    RandomCall("distance_transform", _distance_transform, channels=(1,)),
    RandomCall("thin", _thin, channels=(1,)),
    RandomCall("flood_fill", _flood_fill, ("uint8", "float32"), (1, 3)),
    RandomCall("watershed", _watershed, channels=(1, 3)),
    RandomCall("label", _label, channels=(1,)),
    RandomCall("remove_small_holes", _remove_small("remove_small_holes", fill_small_holes), channels=(1,)),
    RandomCall(
        "remove_small_regions", _remove_small("remove_small_regions", remove_small_objects), channels=(1,)
    ),
    RandomCall("xyz_to_rgb", _convert("xyz_to_rgb", cv2.COLOR_XYZ2RGB), _NO_DOUBLE, (3,)),
    RandomCall("ycrcb_to_rgb", _convert("ycrcb_to_rgb", cv2.COLOR_YCrCb2RGB), _NO_DOUBLE, (3,)),
]
