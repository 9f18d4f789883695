"""Typical calls of every operation: what ``cvkit compile`` compiles, and what wheels bring compiled.

Kernels are compiled for types, and for the sizes of small filters, not for images. So small arrays do.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import cvkit
from cvkit._jit import thread_limit
from cvkit.typing import ResizeInterpolation

Calls = Callable[[Any], object]

# Larger than the arrays for which kernels with threads are not worth their start.
_SHAPE = 144, 160
_SMALLER, _LARGER = (72, 80), (216, 240)
_CROSS = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
_EMBOSS = [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
_TILT = [[1, 0.1, 2], [0, 1, 3], [0, 1e-4, 1]]


def _each(function: Callable[..., object], *parameters: dict[str, Any]) -> Calls:
    def call(image: np.ndarray) -> None:
        for given in parameters or [{}]:
            function(image, **given)

    return call


def _derivatives(function: Callable[..., object], *more: dict[str, Any]) -> Calls:
    orders = [{"dx": 1, "dy": 0}, {"dx": 0, "dy": 1}]
    return _each(function, *({**order, **given} for order in orders for given in more or [{}]))


def _resize(image: np.ndarray) -> None:
    ways: tuple[ResizeInterpolation, ...] = ("bilinear", "nearest", "bicubic", "area")
    for shape, interpolation in itertools.product((_SMALLER, _LARGER, (100, 130)), ways):
        cvkit.resize(image, shape, interpolation=interpolation)


def _warp(function: Callable[..., object], matrix: Any) -> Calls:
    ways = [{"interpolation": way} for way in ("bilinear", "nearest")]
    return _each(function, *({"matrix": matrix, "output_shape": _SHAPE, **way} for way in ways))


def _remap(image: np.ndarray) -> None:
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]].astype(np.float32)
    for interpolation in ("bilinear", "nearest"):
        cvkit.remap(image, x + 0.5, y + 0.5, interpolation=interpolation)
    cvkit.bilinear_sample(image, x.ravel() + 0.5, y.ravel() + 0.5)


def _draw_contours(image: np.ndarray) -> None:
    for filled in (False, True):
        cvkit.draw_contours(image, [[(3, 4), (60, 8), (30, 90)]], 255, filled=filled)


# Operations on images of any of the common types.
_IMAGES: dict[str, Calls] = {
    **{
        name: _each(
            getattr(cvkit, name), {"element": 3}, {"element": cvkit.structuring_element("ellipse", 5)}
        )
        for name in (
            *("erode", "dilate", "opening", "closing"),
            *("morphological_gradient", "top_hat", "black_hat"),
        )
    },
    "adjust_gamma": _each(cvkit.adjust_gamma, {"gamma": 2}),
    "bilateral_filter": _each(cvkit.bilateral_filter, {"diameter": 5, "sigma_color": 40, "sigma_space": 3}),
    "blend": lambda image: cvkit.blend(image, image, 0.5, 0.5),
    "box_filter": _each(cvkit.box_filter, {"ksize": 3}, {"ksize": 5}),
    "canny": _each(
        cvkit.canny,
        {"low": 50, "high": 150},
        {"low": 50, "high": 150, "l2_gradient": True},
        {"low": 50, "high": 150, "sigma": 1.4},
    ),
    "filter2d": _each(cvkit.filter2d, {"kernel": _EMBOSS}),
    "gaussian_blur": _each(
        cvkit.gaussian_blur,
        *({"ksize": ksize} for ksize in (3, 5, 7)),
        *({"sigma": sigma} for sigma in (1, 1.5, 2)),
    ),
    "histogram": _each(cvkit.histogram, {"range": (0, 256)}),
    "hog": _each(cvkit.hog),
    "integral_image": _each(cvkit.integral_image, {}, {"squared": True}),
    "laplacian": _each(cvkit.laplacian, {"ksize": 1}, {"ksize": 3}),
    "median_blur": _each(cvkit.median_blur, {"ksize": 3}, {"ksize": 5}, {"ksize": 7}),
    "non_local_means": _each(cvkit.non_local_means, {"window": 7}),
    "normalize": _each(cvkit.normalize, {"low": 5, "high": 200}),
    "psnr": lambda image: cvkit.psnr(image, image, data_range=255),
    "pyramid_down": _each(cvkit.pyramid_down),
    "pyramid_up": _each(cvkit.pyramid_up),
    "remap": _remap,
    "resize": _resize,
    "scharr": _derivatives(cvkit.scharr),
    "sharpen": _each(cvkit.sharpen),
    "sobel": _derivatives(cvkit.sobel, {"ksize": 3}, {"ksize": 5}),
    "structural_similarity": lambda image: cvkit.structural_similarity(image, image, data_range=255),
    "threshold": _each(cvkit.threshold, {"value": 127}),
    "unsharp_mask": _each(cvkit.unsharp_mask),
    "warp_affine": _warp(cvkit.warp_affine, _TILT[:2]),
    "warp_perspective": _warp(cvkit.warp_perspective, _TILT),
}
_COLORS: dict[str, Calls] = {
    "channel_features": _each(cvkit.channel_features),
    "hls_to_rgb": _each(cvkit.hls_to_rgb),
    "hsv_to_rgb": _each(cvkit.hsv_to_rgb),
    "lab_to_rgb": _each(cvkit.lab_to_rgb),
    "luv_to_rgb": _each(cvkit.luv_to_rgb),
    "rgb_to_bgr": _each(cvkit.rgb_to_bgr),
    "rgb_to_gray": _each(cvkit.rgb_to_gray),
    "rgb_to_hls": _each(cvkit.rgb_to_hls),
    "rgb_to_hsv": _each(cvkit.rgb_to_hsv),
    "rgb_to_lab": _each(cvkit.rgb_to_lab),
    "rgb_to_luv": _each(cvkit.rgb_to_luv),
    "rgb_to_xyz": _each(cvkit.rgb_to_xyz),
    "rgb_to_ycrcb": _each(cvkit.rgb_to_ycrcb),
    "xyz_to_rgb": _each(cvkit.xyz_to_rgb),
    "ycrcb_to_rgb": _each(cvkit.ycrcb_to_rgb),
}
# Of bytes only, and of gray ones.
_BYTES: dict[str, Calls] = {
    "adaptive_threshold": _each(cvkit.adaptive_threshold, {"ksize": 11, "offset": 2}),
    "equalize_histogram": _each(cvkit.equalize_histogram),
    "flood_fill": _each(
        cvkit.flood_fill, *({"seed_point": (1, 1), "value": 7, "tolerance": limit} for limit in (0, 9))
    ),
    "watershed": lambda image: cvkit.watershed(image, np.eye(*_SHAPE, dtype=np.int32)),
    "lookup": _each(cvkit.lookup, {"table": np.arange(256)}),
    "match_template": lambda image: cvkit.match_template(image, image[:8, :8]),
    "match_histogram": lambda image: cvkit.match_histogram(image, image),
}
_GRAY_BYTES: dict[str, Calls] = {
    "clahe": _each(cvkit.clahe),
    "distance_transform": _each(cvkit.distance_transform, {}, {"mask_size": 3}, {"mask_size": 5}),
    "draw_contours": _draw_contours,
    "fast_corners": _each(cvkit.fast_corners, {"threshold": 20}),
    "find_contours": _each(cvkit.find_contours),
    "gabor_filter": lambda image: cvkit.gabor_filter(image, [cvkit.gabor_kernel(11, 3, 0.5, 6, 0.5)]),
    "good_features": _each(cvkit.good_features, {"count": 50, "quality": 0.01, "minimum_distance": 5}),
    "harris": _each(cvkit.harris),
    "hit_or_miss": _each(cvkit.hit_or_miss, {"element": [[-1, 1]]}),
    "hough_circles": _each(cvkit.hough_circles, {"minimum_distance": 10, "maximum_radius": 30}),
    "hough_lines": _each(cvkit.hough_lines, {"rho": 1, "theta": 0.0175, "threshold": 100}),
    "hough_segments": _each(cvkit.hough_segments, {"rho": 1, "theta": 0.0175, "threshold": 100}),
    "label": _each(cvkit.label, {}, {"connectivity": 4}),
    "local_binary_pattern": _each(cvkit.local_binary_pattern, {"points": 8, "radius": 1}),
    "minimum_eigenvalue": _each(cvkit.minimum_eigenvalue),
    "orb": _each(cvkit.orb),
    "otsu_threshold": _each(cvkit.otsu_threshold),
    "reconstruct": lambda image: cvkit.reconstruct(image // 2, image),
    "region_stats": lambda image: cvkit.region_stats(image.astype(np.int32)),
    "remove_small_holes": _each(cvkit.remove_small_holes, {"minimum_area": 9}),
    "remove_small_regions": _each(cvkit.remove_small_regions, {"minimum_area": 9}),
    "thin": _each(cvkit.thin, {}, {"method": "guo_hall"}),
    "triangle_threshold": _each(cvkit.triangle_threshold),
}
_DETECTORS = ("person-acf", "person-ldcf", "person-hog")


def _for_images(
    call: Calls, channels: tuple[int, ...], dtypes: tuple[type, ...] = (np.uint8, np.float32)
) -> None:
    for count, dtype in itertools.product(channels, dtypes):
        shape = _SHAPE if count == 1 else (*_SHAPE, count)
        image: np.ndarray = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
        call(image)


def _demosaic() -> None:
    for dtype in (np.uint8, np.uint16):
        mosaic = np.zeros(_SHAPE, dtype)
        cvkit.demosaic(mosaic)
        cvkit.demosaic(mosaic, method="edge_aware")


def _detect(name: str) -> None:
    for shape, upscale in itertools.product(((256, 128), (256, 128, 3)), (1, 2)):
        detector = cvkit.detect.pretrained(name, upscale=upscale)
        detector.detect(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))


def _find_homography() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (40, 2))
    for method in ("ransac", "least_squares"):
        cvkit.find_homography(points, points + 3, method=method)


def _for_contours(function: Callable[..., object], *rest: Any) -> None:
    for dtype in (np.int32, np.float32):
        function(np.array([(3, 4), (60, 8), (40, 50), (20, 60), (8, 20)], dtype), *rest)


def _optical_flow() -> None:
    for shape in (_SHAPE, (*_SHAPE, 3)):
        image: np.ndarray = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
        cvkit.optical_flow(image, image, [[20, 20], [30, 40]])


def _match_descriptors() -> None:
    descriptors = np.random.default_rng(0).integers(0, 256, (200, 32)).astype(np.uint8)
    cvkit.match_descriptors(descriptors, descriptors)


def _fit(name: str, *parameters: dict[str, Any]) -> None:
    """Fit a learner to few samples, and apply it in every way it has."""
    random = np.random.default_rng(0)
    values = random.normal(size=(600, 8))
    targets: list[np.ndarray] = [random.integers(0, 2, 600), random.integers(0, 3, 600)]
    if name.endswith("Regressor"):
        targets = [values[:, 0]]
    elif name == "AdaBoostClassifier":  # tells two classes apart
        del targets[1]
    for dtype, target, given in itertools.product((np.float64, np.float32), targets, parameters or ({},)):
        samples = values.astype(dtype)
        if name == "MultinomialNB":  # counts
            samples = np.abs(samples)
        learner = getattr(cvkit.ml, name)(**given).fit(samples, target)
        for method in ("predict", "predict_proba", "decision_function", "transform", "kneighbors"):
            if hasattr(learner, method):
                getattr(learner, method)(samples)


_LEARNERS: dict[str, tuple[dict[str, Any], ...]] = {
    "AdaBoostClassifier": (),
    "BernoulliNB": (),
    "DecisionTreeClassifier": (),
    "DecisionTreeRegressor": (),
    "ElasticNet": (),
    "GaussianMixture": ({"n_components": 2},),
    "GaussianNB": (),
    "KMeans": (),
    "KNeighborsClassifier": (),
    "KNeighborsRegressor": (),
    "Lasso": (),
    "LinearRegression": (),
    "LinearSVC": (),
    "LogisticRegression": (),
    "MultinomialNB": (),
    "PCA": (),
    "RandomForestClassifier": ({"n_estimators": 4},),
    "RandomForestRegressor": ({"n_estimators": 4},),
    "Ridge": (),
    "SVC": ({}, {"kernel": "linear"}, {"kernel": "poly"}),
}

# Of contours; Hu's moments are those of moments.
_CONTOURS: dict[str, tuple[Any, ...]] = {
    "bounding_box": (cvkit.bounding_box,),
    "contour_area": (cvkit.contour_area,),
    "contour_length": (cvkit.contour_length,),
    "convex_hull": (cvkit.convex_hull,),
    "fit_ellipse": (cvkit.fit_ellipse,),
    "hu_moments": (lambda contour: cvkit.hu_moments(cvkit.moments(contour)),),
    "minimum_area_box": (cvkit.minimum_area_box,),
    "moments": (cvkit.moments,),
    "point_in_contour": (cvkit.point_in_contour, (9, 9)),
    "simplify_contour": (cvkit.simplify_contour, 2),
}

CALLS: dict[str, Callable[[], None]] = {
    **{name: functools.partial(_for_images, call, (1, 3)) for name, call in _IMAGES.items()},
    **{name: functools.partial(_for_images, call, (3,)) for name, call in _COLORS.items()},
    "demosaic": _demosaic,
    **{name: functools.partial(_for_images, call, (1, 3), (np.uint8,)) for name, call in _BYTES.items()},
    **{name: functools.partial(_for_images, call, (1,), (np.uint8,)) for name, call in _GRAY_BYTES.items()},
    **{name: functools.partial(_for_contours, *call) for name, call in _CONTOURS.items()},
    "find_homography": _find_homography,
    "match_descriptors": _match_descriptors,
    "optical_flow": _optical_flow,
    "gray_to_rgb": functools.partial(_for_images, _each(cvkit.gray_to_rgb), (1,)),
    **{name: functools.partial(_detect, name) for name in _DETECTORS},
    **{name: functools.partial(_fit, name, *given) for name, given in _LEARNERS.items()},
}
"""Operation -> calls of it. Detectors and learners go by their names, too."""


def call_twice(operation: str) -> None:
    """Make the calls of an operation, with threads and without: other kernels run there."""
    cvkit.set_num_threads(2)
    for threads in (1, 2):
        with thread_limit(threads):
            CALLS[operation]()
