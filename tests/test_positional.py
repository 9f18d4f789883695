"""Calls in the order of OpenCV's functions are refused with the order that is meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise

IMAGE = noise(6, 7)
_FLAGS = cv2.INTER_LINEAR
_MAPS = np.mgrid[0:6, 0:7].astype(np.float32)
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "adaptiveThreshold": (cvkit.adaptive_threshold, (255, 0, 0, 5, 2)),
    "threshold": (cvkit.threshold, (127, 255, cv2.THRESH_BINARY)),
    "addWeighted": (cvkit.blend, (0.5, IMAGE, 0.5, 0.0, None)),
    "normalize": (cvkit.normalize, (None, 0, 255, cv2.NORM_MINMAX)),
    "boxFilter": (cvkit.box_filter, (-1, (3, 3))),
    "GaussianBlur": (cvkit.gaussian_blur, ((5, 5), 1.2)),
    "filter2D": (cvkit.filter2d, (-1, np.ones((3, 3)))),
    "sepFilter2D": (cvkit.sep_filter2d, (-1, np.ones(3), np.ones(5))),
    "Sobel": (cvkit.sobel, (cv2.CV_16S, 1, 0)),
    "Scharr": (cvkit.scharr, (cv2.CV_16S, 1, 0)),
    "Laplacian": (cvkit.laplacian, (cv2.CV_16S,)),
    "Canny": (cvkit.canny, (50, 150, None, 5)),
    "distanceTransform": (cvkit.distance_transform, (cv2.DIST_L2, 5)),
    "cornerMinEigenVal": (cvkit.minimum_eigenvalue, (3, None, 3)),
    "goodFeaturesToTrack": (cvkit.good_features, (9, 0.01, 10, None, None)),
    "cornerHarris": (cvkit.harris, (2, 3, 0.04, None)),
    "bilateralFilter": (cvkit.bilateral_filter, (5, 20, 20, None, cv2.BORDER_REFLECT)),
    "warpAffine": (cvkit.warp_affine, (np.eye(3)[:2], (7, 6), None, _FLAGS)),
    "warpPerspective": (cvkit.warp_perspective, (np.eye(3), (7, 6), None, _FLAGS)),
    "HoughCircles": (cvkit.hough_circles, (cv2.HOUGH_GRADIENT, 1, 5)),
    "HoughLinesP": (cvkit.hough_segments, (1, 0.1, 20, None, 5, 2)),
    "HoughLines": (cvkit.hough_lines, (1, 0.1, 20, None)),
    "matchTemplate": (cvkit.match_template, (IMAGE[:2, :3], cv2.TM_SQDIFF)),
    "remap": (cvkit.remap, (_MAPS[1], _MAPS[0], _FLAGS)),
    "findContours": (cvkit.find_contours, (cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)),
    "floodFill": (cvkit.flood_fill, (None, (1, 1), 7, 2, 2, 4)),
    "connectedComponents": (cvkit.label, (None, 8, cv2.CV_32S)),
    "resize": (cvkit.resize, ((7, 6), None, 0, 0, _FLAGS)),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_in_the_order_of_opencv_are_refused(name: str) -> None:
    function, arguments = CALLS[name]
    getattr(cv2, name)(IMAGE, *arguments)  # as OpenCV takes them
    message = rf"{function.__name__} takes (image|a, b).* by position and .* by keyword, unlike cv2\.{name}\("
    with pytest.raises(TypeError, match=message):
        function(IMAGE, *arguments)


def test_two_kernels_by_position_could_be_in_either_order() -> None:
    message = (
        r"sep_filter2d takes image by position and kernel_y, kernel_x, .* by keyword, unlike "
        r"cv2\.sepFilter2D\(src, ddepth, kernelX, kernelY\); got 3 arguments by position"
    )
    with pytest.raises(TypeError, match=message):
        cvkit.sep_filter2d(IMAGE, [1, 2, 1], [1])  # type: ignore[misc]


@pytest.mark.parametrize("size", [(5, 5), [5, 3], np.array([5, 5]), (1.5, 2.0)])
def test_a_pair_by_position_could_be_a_size_or_sigmas(size: Any) -> None:
    message = (
        r"takes a pair by keyword, as sigma=\(y, x\) or ksize=\(height, width\), unlike cv2.GaussianBlur"
    )
    with pytest.raises(TypeError, match=message):
        cvkit.gaussian_blur(IMAGE, size)
    with pytest.raises(TypeError, match=message):
        cvkit.gaussian_blur(IMAGE, size, border="replicate")
    assert cvkit.gaussian_blur(IMAGE, sigma=(1.5, 2.0)).shape == IMAGE.shape
    np.testing.assert_array_equal(
        cvkit.gaussian_blur(IMAGE, np.float32(1.5)), cvkit.gaussian_blur(IMAGE, sigma=1.5)
    )


def test_signatures_stay_what_they_are() -> None:
    assert list(inspect.signature(cvkit.gaussian_blur).parameters)[:3] == ["image", "sigma", "ksize"]
    assert inspect.signature(cvkit.sep_filter2d).parameters["kernel_y"].kind == inspect.Parameter.KEYWORD_ONLY
