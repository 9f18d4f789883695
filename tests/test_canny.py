"""Canny: errors, properties, the gradients' limits, and a sweep against OpenCV."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.ndimage

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.filters import _canny_math
from cvkit.filters._cpu import hysteresis


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((float("nan"), 100), {}, "low must be finite"),
        ((50, float("inf")), {}, "high must be finite"),
        ((50, 100), {"ksize": 4}, "ksize must be one of 3, 5, 7"),
        ((50, 100), {"ksize": 9}, "ksize must be one of 3, 5, 7"),
        ((50, 100), {"sigma": -1.0}, "sigma must be"),
    ],
)
def test_rejects_values(arguments: tuple[float, float], options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cvkit.canny(noise(8, 8), *arguments, **options)


def test_rejects_types() -> None:
    with pytest.raises(TypeError, match="image must have dtype uint8, uint16, float32, float64, got int16"):
        cvkit.canny(np.zeros((8, 8), np.int16), 50, 100)
    with pytest.raises(TypeError, match="low must be a number"):
        cvkit.canny(noise(8, 8), "50", 100)
    with pytest.raises(TypeError, match="dx must have dtype int16, float32, float64, got int32"):
        cvkit.canny_from_gradients(np.zeros((4, 4), np.int32), np.zeros((4, 4), np.int32), 1, 2)
    with pytest.raises(TypeError, match="dy must have dtype int16, got float32"):
        cvkit.canny_from_gradients(np.zeros((4, 4), np.int16), np.zeros((4, 4), np.float32), 1, 2)


def test_rejects_gradients_of_different_shapes() -> None:
    with pytest.raises(ValueError, match="dx and dy must have the same shape"):
        cvkit.canny_from_gradients(np.zeros((4, 4), np.int16), np.zeros((4, 5), np.int16), 1, 2)


def test_constant_has_no_edges_and_an_empty_stack_none() -> None:
    assert not cvkit.canny(np.full((9, 9), 200, np.uint8), 0, 0).any()
    assert cvkit.canny(np.zeros((0, 9, 9, 3), np.uint8), 50, 100).shape == (0, 9, 9, 1)


def test_order_of_thresholds_does_not_matter() -> None:
    image = scene(40, 50)
    np.testing.assert_array_equal(cvkit.canny(image, 150, 50), cvkit.canny(image, 50, 150))


def test_follows_a_long_weak_chain_from_its_strong_end() -> None:
    # A spiral of weak gradients over several strips, with one strong pixel at its inner end.
    dx = np.zeros((200, 41), np.int16)
    dx[::4, 1:-1] = 60
    dx[:, 1] = dx[:, -2] = 0
    for row in range(0, 196, 4):
        dx[row : row + 4, -2 if row % 8 == 0 else 1] = 60
    dy = np.zeros_like(dx)
    dx[dx > 0] = 0
    dy[::4, 1:-1] = 60
    dy[196, 20] = 200
    links = np.zeros_like(dx)
    for row in range(0, 196, 4):
        links[row + 1 : row + 4, 39 if row % 8 == 0 else 1] = 60
    dx += links
    edges = cvkit.canny_from_gradients(dx, dy, 30, 100)
    np.testing.assert_array_equal(edges, cv2.Canny(dx, dy, 30, 100))
    assert edges[0, 20] == 255


def connected(candidates: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Keep the components of candidates, of eight neighbors, that hold an edge."""
    components, _ = scipy.ndimage.label(candidates, np.ones((3, 3)))
    return np.isin(components, np.setdiff1d(components[edges], [0]))


@pytest.mark.parametrize("width", [1, 63, 64, 65, 511, 530])
def test_links_what_candidates_join(width: int) -> None:
    random = np.random.default_rng(width)
    # About here, components of random pixels grow as large as the image, with the longest ways through them.
    for density in (0.3, 0.4, 0.5):
        candidates = random.random((70, width)) < density
        edges = candidates & (random.random(candidates.shape) < 0.01)
        np.testing.assert_array_equal(linked(candidates, edges), connected(candidates, edges))


@pytest.mark.parametrize("transposed", [False, True])
def test_links_a_snake_from_its_tail(transposed: bool) -> None:
    candidates = np.zeros((101, 300), bool)
    candidates[::2] = True
    candidates[1::4, -1] = candidates[3::4, 0] = True
    edges = np.zeros_like(candidates)
    edges[-1, -1 if candidates[-2, 0] else 0] = True
    if transposed:
        candidates, edges = candidates.T, edges.T
    np.testing.assert_array_equal(linked(candidates, edges), candidates)


def linked(candidates: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Link as the kernels do."""
    height, width = candidates.shape
    planes = hysteresis.framed_planes(1, height, width)[:, 0]
    drawn = np.empty((height, width), np.uint8)
    for y in range(height):
        marks = hysteresis.empty_marks(width)
        marks[:width][candidates[y]] = _canny_math.WEAK
        marks[:width][edges[y]] = _canny_math.STRONG
        hysteresis.pack_marks(marks, planes[0, y + 1], planes[1, y + 1])
    hysteresis.link(planes[0], planes[1])
    for y in range(height):
        hysteresis.draw_row(planes[1, y + 1], drawn[y])
    return drawn == 255


def edges_of_opencv(dx: np.ndarray, dy: np.ndarray, low: float, high: float, l2_gradient: bool) -> np.ndarray:
    use_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)  # the primitives, used on one thread, decide ties in another way
    try:
        return cv2.Canny(dx, dy, low, high, L2gradient=l2_gradient)
    finally:
        cv2.ipp.setUseIPP(use_ipp)


@pytest.mark.parametrize("l2_gradient", [False, True])
def test_gradients_up_to_where_opencv_overflows(l2_gradient: bool) -> None:
    # Beyond 27145, 79109 / 32768 times dx does not fit in OpenCV's 32 bits.
    dx, dy = np.random.default_rng(0).integers(-27145, 27146, (2, 60, 61)).astype(np.int16)
    expected = edges_of_opencv(dx, dy, 20000, 30000, l2_gradient)
    ours = cvkit.canny_from_gradients(dx, dy, 20000, 30000, l2_gradient=l2_gradient)
    np.testing.assert_array_equal(ours, expected)


def test_directions_part_at_the_tangent_of_opencv() -> None:
    """Gradients on either side of 22.5 degrees, where the last digit of the constant decides."""
    across = np.arange(20_000, 27_146)
    below, above = (across * tangent // 65536 for tangent in (27_145, 27_147))
    across, along = (values[below != above] for values in (across, above))
    random = np.random.default_rng(0)
    drawn = random.integers(0, across.size, (120, 61))
    dx = across[drawn].astype(np.int16)
    dy = (along[drawn] - random.integers(0, 2, drawn.shape)).astype(np.int16)
    expected = edges_of_opencv(dx, dy, 100, 200, False)
    np.testing.assert_array_equal(cvkit.canny_from_gradients(dx, dy, 100, 200), expected)


def test_largest_gradients_have_a_direction() -> None:
    # |-32768| has no place in 16 bits; a wall of it is horizontal all the same.
    dx = np.tile(np.array([0, 100, -32768, 100, 0], np.int16), (3, 1))
    edges = cvkit.canny_from_gradients(dx, np.zeros_like(dx), 200, 300)
    np.testing.assert_array_equal(edges, np.tile(np.array([0, 0, 255, 0, 0], np.uint8), (3, 1)))


@pytest.mark.sweep
@pytest.mark.parametrize("ksize", [3, 5, 7])
def test_bytes_in_a_wider_dtype_have_the_same_edges(ksize: int) -> None:
    image, scale = scene(90, 80), {3: 1, 5: 8, 7: 100}[ksize]
    expected = cvkit.canny(image, 40 * scale, 120 * scale, ksize=ksize, l2_gradient=True)
    for dtype in (np.uint16, np.float32):
        edges = cvkit.canny(image.astype(dtype), 40 * scale, 120 * scale, ksize=ksize, l2_gradient=True)
        # The 16-bit gradients of 7 x 7 bytes are rounded.
        assert (edges != expected).mean() <= (0.01 if ksize == 7 else 0)


@pytest.mark.sweep
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ksize", [3, 5, 7])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (2, 2), (33, 47), (240, 321), (1080, 1920)])
def test_sweep_equals_opencv(shape: tuple[int, int], ksize: int, channels: int) -> None:
    scale = {3: 1, 5: 8, 7: 100}[ksize]
    for image in (noise(*shape, channels), scene(shape[0], 2 * shape[1], channels)[:, ::2]):
        for low, high in [(50, 150), (150, 50), (0, 0), (0, 500), (100.5, 100.5), (-5, 20)]:
            for l2_gradient in (False, True):
                ours = cvkit.canny(image, low * scale, high * scale, ksize=ksize, l2_gradient=l2_gradient)
                expected = cv2.Canny(
                    np.ascontiguousarray(image),
                    low * scale,
                    high * scale,
                    apertureSize=ksize,
                    L2gradient=l2_gradient,
                )
                np.testing.assert_array_equal(ours, expected)


def test_where_a_channel_is_nan_there_is_no_edge() -> None:
    image = np.zeros((9, 12, 2), np.float32)
    image[:, 6:] = 100
    edges = cvkit.canny(image, 50, 100)
    image[4, 6, 1] = np.nan
    found = cvkit.canny(image, 50, 100)
    assert edges[:, 5:7].any(axis=1).all()
    assert not found[3:6].any()
    np.testing.assert_array_equal(
        np.delete(found, slice(2, 7), axis=0), np.delete(edges, slice(2, 7), axis=0)
    )


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads code for x86-64")
def test_suppression_runs_in_vectors_on_avx2(root: Path, tmp_path: Path) -> None:
    # A decision at the wrong place leaves the loop scalar: all values stay, and it takes 20 times as long.
    code = """
import numpy as np
from numba import njit
from cvkit.filters._cpu import canny

@njit
def suppress(dx, dy, above, here, below, thresholds, marks):
    canny._suppress(dx, dy, above, here, below, thresholds, marks)

rows, wide = np.zeros((2, 70), np.int16), np.zeros((3, 72), np.int16)
suppress(*rows, *wide, np.zeros(2, np.int16), np.zeros(70, np.uint8))
print(*suppress.inspect_asm().values())
"""
    level = {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    environment = {**os.environ, **level}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-4000:]
    assert re.search(r"vpcmpgtw\t%ymm", run.stdout)
