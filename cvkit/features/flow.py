"""Follow points from an image to the next (Lucas and Kanade 1981, on pyramids), as OpenCV does."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, as_device_array, contiguous, reshaped
from cvkit._jit_cuda import on_device
from cvkit.features._cpu import flow as flow_kernels
from cvkit.features._flow_math import Level, Tracked
from cvkit.geometry.pyramid import pyramid_down
from cvkit.typing import ArrayT

# Sums over larger windows do not fit, and the scale of a level is a float32.
_LARGEST_WINDOW, _MOST_LEVELS = 255, 30


def optical_flow(
    previous: ArrayT,
    next: Array,
    points: Array,
    *,
    initial: Array | None = None,
    window: int | tuple[int, int] = 21,
    levels: int = 3,
    max_iterations: int = 30,
    epsilon: float = 0.01,
    minimum_eigenvalue: float = 1e-4,
) -> tuple[ArrayT, ArrayT, ArrayT]:
    """Find points of an image in the next one of a video, as ``cv2.calcOpticalFlowPyrLK``.

    Parameters
    ----------
    previous, next : array, (H, W), (H, W, C) or (N, H, W, C), uint8
        Two images or stacks of one shape, where they live.
    points : array_like, (M, 2) or (N, M, 2)
        Points (x, y) of ``previous``, the same in each image of a stack or others. NaN is found nowhere.
    initial : array_like, optional
        Where in ``next`` to look first, in the shape of ``points``; by default where they were.
    window : int or (int, int)
        Size of the window around a point that is looked for, (height, width) or one number, 3 to 255.
    levels : int
        How often the images are halved, as long as they are larger than the window.
    max_iterations : int
        Steps on each level.
    epsilon : float
        A step of at most so many pixels is the last one.
    minimum_eigenvalue : float
        Points in whose window the gradients have a smaller eigenvalue, by pixel, are not looked for.

    Returns
    -------
    found : array, (M, 2) or (N, M, 2), float32
        The points in ``next``.
    status : array, (M,) or (N, M), bool
        Which of them were found.
    error : array, (M,) or (N, M), float32
        The mean absolute difference of the windows; 0 where a point was not found.

    Raises
    ------
    TypeError, ValueError
        For unsuitable images, points or options.

    Notes
    -----
    Gradients are those of Scharr, of the windows only. Windows and sums are whole numbers, as OpenCV's, which
    adds them up in float32: points that both find are within 0.05 pixels. The CUDA twin gives the same bits.

    References
    ----------
    J.-Y. Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker", 2001.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8)
    >>> image = cvkit.gaussian_blur(image, 2)
    >>> found, status, error = cvkit.optical_flow(image, np.roll(image, 2, axis=1), [[30, 30]])
    >>> found.round(1), status
    (array([[32., 30.]], dtype=float32), array([ True]))
    """
    stack = ImageStack.of(previous, dtypes=(np.uint8,), name="previous")
    other = ImageStack.of(next, dtypes=(np.uint8,), name="next")
    if other.shape != stack.shape or other.is_on_device != stack.is_on_device:
        raise ValueError(
            f"next must have the shape of previous, {tuple(previous.shape)}, and live where it lives, got"
            f" {tuple(next.shape)}"
        )
    size = _validate.kernel_size(window, "window", odd=False)
    if not 3 <= min(size) <= max(size) <= _LARGEST_WINDOW:
        raise ValueError(f"window must be from 3 to {_LARGEST_WINDOW}, got {window!r}")
    halvings = _validate.integer(levels, "levels", minimum=0, maximum=_MOST_LEVELS)
    iterations = _validate.integer(max_iterations, "max_iterations", minimum=1, maximum=1 << 20)
    shortest = _validate.number(epsilon, "epsilon", minimum=0)
    least = _validate.number(minimum_eigenvalue, "minimum_eigenvalue", minimum=0)
    sources = _points(points, stack, "points")
    first = sources if initial is None else _points(initial, stack, "initial")
    if first.shape != sources.shape:
        raise ValueError(f"initial must have the shape of points, {sources.shape}, got {first.shape}")
    count, each = stack.shape[0], sources.shape[-2]
    tracked = Tracked(
        stack.empty((count * each, 2), np.float32),
        stack.empty((count * each,), np.bool_),
        stack.empty((count * each,), np.float32),
    )
    images = _pyramid(stack.array, other.array, halvings, size) if count * each else []
    for level, (image, following) in reversed([*enumerate(images)]):
        settings = Level(
            np.float32(0.5**level),
            level == len(images) - 1,
            level == 0,
            np.int32(size[0]),
            np.int32(size[1]),
            np.int32(iterations),
            np.float64(shortest) ** 2,
            np.float32(least),
        )
        stack.kernels(flow_kernels).track(
            image, following, reshaped(sources, (-1, 2)), reshaped(first, (-1, 2)), settings, tracked
        )
    shape = (count, each) if stack.rank == 4 else sources.shape[:-1]
    return (
        stack.give_back(reshaped(tracked.found, (*shape, 2))),
        stack.give_back(reshaped(tracked.status, shape)),
        stack.give_back(reshaped(tracked.error, shape)),
    )


def _points(value: Array, stack: ImageStack, name: str) -> Array:
    """Check points, (M, 2) or (N, M, 2), of the CPU or of where the images live."""
    is_on_device = on_device(value)
    if is_on_device and not stack.is_on_device:
        raise TypeError(f"{name} must be a NumPy array, as the images are, got an array on a GPU")
    points = as_device_array(value) if is_on_device else _validate.real_array(value, name)
    shape, count = tuple(points.shape), stack.shape[0]
    if len(shape) not in (2, 3) or shape[-1] != 2 or (len(shape) == 3 and shape[0] != count):
        raise ValueError(f"{name} must have shape (M, 2) or ({count}, M, 2), got {shape}")
    if not is_on_device:
        with np.errstate(over="ignore"):  # what float32 does not hold is infinite, and found nowhere
            return contiguous(points.astype(np.float32, copy=False))
    if points.dtype != np.float32:
        raise TypeError(f"{name} on a GPU must have dtype float32, got {points.dtype}")
    return points


def _pyramid(
    previous: Array, following: Array, levels: int, window: tuple[int, int]
) -> list[tuple[Array, Array]]:
    """Halve two stacks so often, but not to a size that the window has or is larger than."""
    images = [(previous, following)]
    for _ in range(levels):
        height, width = previous.shape[1:3]
        if (height + 1) // 2 <= window[0] or (width + 1) // 2 <= window[1]:
            break
        previous, following = pyramid_down(previous), pyramid_down(following)
        images.append((previous, following))
    return images
