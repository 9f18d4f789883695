"""Canny on CUDA: gradients, suppression, and edges as connected components that hold a strong pixel.

Components are found by union-find, after O. Allegretti et al., "Optimized block-based algorithms to label
connected components on GPUs", 2019. Every candidate points to a candidate of its component with a smaller
index or is its root; three launches bring this to convergence, and the host waits for none of them.
"""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._canny_math import NONE, STRONG, WEAK, direction, direction_in_16_bits


@cuda_kernel
def _sobel(source, dx, dy):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    above, below = max(y - 1, 0), min(y + 1, height - 1)
    left, right = max(x - 1, 0), min(x + 1, width - 1)
    upper_left, upper_right = source[image, above, left, channel], source[image, above, right, channel]
    lower_left, lower_right = source[image, below, left, channel], source[image, below, right, channel]
    before, after = source[image, y, left, channel], source[image, y, right, channel]
    upper, lower = source[image, above, x, channel], source[image, below, x, channel]
    dx[image, y, x, channel] = (
        np.int32(upper_right)
        + 2 * np.int32(after)
        + np.int32(lower_right)
        - np.int32(upper_left)
        - 2 * np.int32(before)
        - np.int32(lower_left)
    )
    dy[image, y, x, channel] = (
        np.int32(lower_left)
        + 2 * np.int32(lower)
        + np.int32(lower_right)
        - np.int32(upper_left)
        - 2 * np.int32(upper)
        - np.int32(upper_right)
    )


@helper
def _magnitude(gx, gy, squared):
    return gx * gx + gy * gy if squared else abs(gx) + abs(gy)


@cuda_kernel
def _measure(every_dx, every_dy, squared, dx, dy, magnitude):
    """Keep of each pixel the gradient of the first channel whose magnitude is largest, or NaN."""
    x, y, image = cuda.grid(3)
    count, height, width, channels = every_dx.shape
    if image >= count or y >= height or x >= width:
        return
    number = magnitude.dtype.type
    gx, gy = number(every_dx[image, y, x, 0]), number(every_dy[image, y, x, 0])
    largest = _magnitude(gx, gy, squared)
    for channel in range(1, channels):
        other_gx, other_gy = (
            number(every_dx[image, y, x, channel]),
            number(every_dy[image, y, x, channel]),
        )
        other = _magnitude(other_gx, other_gy, squared)
        if other > largest or other != other:
            gx, gy, largest = other_gx, other_gy, other
    dx[image, y, x] = gx
    dy[image, y, x] = gy
    magnitude[image, y, x] = largest


@helper
def _at(magnitude, image, y, x):
    """Return a magnitude, which is 0 outside the image."""
    inside = 0 <= y < magnitude.shape[1] and 0 <= x < magnitude.shape[2]
    return magnitude[image, y, x] if inside else magnitude.dtype.type(0)


@cuda_kernel
def _suppress(dx, dy, magnitude, low, high, marks, parents):
    """Mark magnitudes that are a maximum along the gradient; each is a component of its own at first."""
    x, y, image = cuda.grid(3)
    count, height, width = magnitude.shape
    if image >= count or y >= height or x >= width:
        return
    parents[image, y * width + x] = y * width + x
    here = magnitude[image, y, x]
    gx, gy = dx[image, y, x], dy[image, y, x]
    if dx.itemsize == 2:
        flat, steep = direction_in_16_bits(gx, gy)
    else:
        flat, steep = direction(gx, gy)
    if flat:
        maximum = here > _at(magnitude, image, y, x - 1) and here >= _at(magnitude, image, y, x + 1)
    elif steep:
        maximum = here > _at(magnitude, image, y - 1, x) and here >= _at(magnitude, image, y + 1, x)
    else:
        step = -1 if (gx < 0) != (gy < 0) else 1
        maximum = here > _at(magnitude, image, y - 1, x - step) and here > _at(
            magnitude, image, y + 1, x + step
        )
    mark = NONE
    if maximum and here > low:
        mark = STRONG if here > high else WEAK
    marks[image, y, x] = mark


@helper
def _root(parents, image, index):
    while parents[image, index] != index:
        index = parents[image, index]
    return index


@helper
def _unite(parents, image, first, second):
    """Join two components: the larger root points to the smaller, unless another thread was there before."""
    while True:
        first, second = _root(parents, image, first), _root(parents, image, second)
        if first == second:
            return
        small, large = min(first, second), max(first, second)
        before = cuda.atomic.min(parents, (image, large), small)
        if before == large:
            return
        first, second = before, small


@cuda_kernel
def _link(marks, parents):
    """Join every candidate with its neighbors to the left and above."""
    x, y, image = cuda.grid(3)
    count, height, width = marks.shape
    if image >= count or y >= height or x >= width or marks[image, y, x] == NONE:
        return
    here = y * width + x
    if x > 0 and marks[image, y, x - 1] != NONE:
        _unite(parents, image, here, here - 1)
    if y > 0:
        for column in range(max(x - 1, 0), min(x + 2, width)):
            if marks[image, y - 1, column] != NONE:
                _unite(parents, image, here, here - width + column - x)


@cuda_kernel
def _strengthen(marks, parents):
    """Make the root of every strong pixel strong. Another thread may read it as weak: it is its own root."""
    x, y, image = cuda.grid(3)
    count, height, width = marks.shape
    if image >= count or y >= height or x >= width or marks[image, y, x] != STRONG:
        return
    root = _root(parents, image, y * width + x)
    marks[image, root // width, root % width] = STRONG


@cuda_kernel
def _draw(marks, parents, out):
    """Draw every candidate whose root is strong."""
    x, y, image = cuda.grid(3)
    count, height, width = marks.shape
    if image >= count or y >= height or x >= width:
        return
    edge = False
    if marks[image, y, x] != NONE:
        root = _root(parents, image, y * width + x)
        edge = marks[image, root // width, root % width] == STRONG
    out[image, y, x, 0] = 255 if edge else 0


def edges_of_image(source, thresholds, squared, out):
    """Draw edges of images by Sobel derivatives of 3 x 3 pixels."""
    count, height, width, channels = source.shape
    dx = temporary(source.shape, np.int16, source)
    dy = temporary(source.shape, np.int16, source)
    _sobel[count, height, width * channels](source, dx, dy)
    edges_of_gradients(dx, dy, thresholds, squared, out)


def edges_of_gradients(every_dx, every_dy, thresholds, squared, out):
    """Draw edges of images whose derivatives are given."""
    shape = count, height, width = every_dx.shape[:3]
    # Narrow lanes are for the CPU.
    magnitudes = thresholds.dtype if thresholds.dtype.kind == "f" else np.int32
    low, high = thresholds.astype(magnitudes)
    dx = temporary(shape, every_dx.dtype, every_dx)
    dy = temporary(shape, every_dy.dtype, every_dx)
    magnitude = temporary(shape, magnitudes, every_dx)
    _measure[shape](every_dx, every_dy, squared, dx, dy, magnitude)
    marks = temporary(shape, np.uint8, every_dx)
    pixel_number = np.int32 if height * width <= np.iinfo(np.int32).max else np.int64
    parents = temporary((count, height * width), pixel_number, every_dx)
    _suppress[shape](dx, dy, magnitude, low, high, marks, parents)
    _link[shape](marks, parents)
    _strengthen[shape](marks, parents)
    _draw[shape](marks, parents, out)
