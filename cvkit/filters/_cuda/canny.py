"""Canny on CUDA: gradients, suppression, and edges as connected components that hold a strong pixel.

Components are found by union-find, after O. Allegretti et al., "Optimized block-based algorithms to label
connected components on GPUs", 2019. Every candidate points to a candidate of its component with a smaller
index or is its root; three launches bring this to convergence, and the host waits for none of them. Pixels
are numbered through all images of a stack.
"""

import numpy as np

from cvkit._border import REPLICATE
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._canny_math import NONE, STRONG, WEAK, direction, direction_in_16_bits
from cvkit.filters._cuda.tiles import (
    BLOCK,
    HEIGHT,
    PITCH,
    load_tile,
    place_of,
    threads_for,
    tiling_of,
)
from cvkit.filters._cuda.union_find import root_of, unite

# A tile with two more rows on either side, and magnitudes of one more.
SIZE, MAGNITUDES = (HEIGHT + 4) * PITCH, (HEIGHT + 2) * PITCH


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
    pixel = np.uintp((image * height + y) * width + x)
    parents[pixel] = pixel
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
def _row_sums(tile, place, step):
    """Return the difference of a value's neighbors ``step`` away, and their sum with twice the value."""
    before, here, after = np.int32(tile[place - step]), np.int32(tile[place]), np.int32(tile[place + step])
    return np.int32(after - before), np.int32(before + after + np.int32(2) * here)


@helper
def _measure_tile(tile, start, step, squared, inside, magnitudes, gradients):
    """Measure the gradients of a column of values, from ``start`` on, and keep them where they are largest.

    ``inside`` has the thread's pixel, and the first row in the image and the one after the last.
    """
    pixel, first, last = inside
    pitch = np.uintp(PITCH)
    difference0, sum0 = _row_sums(tile, start, step)
    difference1, sum1 = _row_sums(tile, start + pitch, step)
    place = start + pitch
    target = np.uintp(pixel)
    for row in range(HEIGHT + 2):
        place += pitch
        difference2, sum2 = _row_sums(tile, place, step)
        gx = np.int32(difference0 + np.int32(2) * difference1 + difference2)
        gy = np.int32(sum2 - sum0)
        magnitude = np.int32(_magnitude(gx, gy, squared))
        if first <= row < last and magnitude > magnitudes[target]:
            magnitudes[target] = magnitude
            gradients[target] = np.uint32(np.uint32(gy) << np.uint32(16)) | np.uint32(np.uint16(gx))
        difference0, difference1 = difference1, difference2
        sum0, sum1 = sum1, sum2
        target += pitch


@helper
def _mark_of(magnitudes, gradients, place, low, high):
    """Mark a magnitude of a tile that is a maximum along the gradient."""
    here = magnitudes[place]
    if here <= low:
        return NONE
    gx, gy = np.int16(gradients[place]), np.int16(gradients[place] >> np.uint32(16))
    flat, steep = direction_in_16_bits(gx, gy)
    step = np.uintp(PITCH)
    if flat:
        step = np.uintp(1)
    elif not steep:
        step = np.uintp(PITCH - 1) if (gx < 0) != (gy < 0) else np.uintp(PITCH + 1)
    before, after = magnitudes[place - step], magnitudes[place + step]
    if here <= before or here < after or (here == after and not flat and not steep):
        return NONE
    return STRONG if here > high else WEAK


@cuda_kernel(block=BLOCK, is_block_fixed=True)
def _mark_tiles(source, tiling, squared, low, high, marks, parents):
    """Mark magnitudes of Sobel gradients that are a maximum; each is a component of its own at first."""
    tile = cuda.shared.array(SIZE, source.dtype)
    magnitudes = cuda.shared.array(MAGNITUDES, np.int32)
    gradients = cuda.shared.array(MAGNITUDES, np.uint32)
    _, height, width, channels = source.shape
    place = place_of(cuda.blockIdx.x, cuda.threadIdx.x, tiling)
    load_tile(source, place, tiling, REPLICATE, source.dtype.type(0), tile)
    column = np.uintp(place.column)
    for row in range(HEIGHT + 2):
        magnitudes[column + np.uintp(row * PITCH)] = 0
    cuda.syncthreads()
    # A thread measures the pixel before the one that it marks.
    left = place.left // channels
    pixels = min((PITCH - 2 * tiling.margin) // channels, width - left)
    if place.column < pixels + 2 and 0 < left + place.column <= width:
        inside = place.column, 1 - min(place.top, 1), min(height - place.top + 1, HEIGHT + 2)
        start = tiling.margin + (place.column - 1) * channels
        for channel in range(channels):
            _measure_tile(
                tile, np.uintp(start + channel), np.uintp(channels), squared, inside, magnitudes, gradients
            )
    cuda.syncthreads()
    if place.column < pixels:
        index = np.uintp((place.image * height + place.top) * width + left + place.column)
        row = 0
        while row < min(HEIGHT, height - place.top):
            column += np.uintp(PITCH)
            mark = _mark_of(magnitudes, gradients, column + np.uintp(1), low, high)
            marks.flat[index] = mark
            if mark != NONE:
                parents[index] = index
            row += 1
            index += np.uintp(width)


@cuda_kernel(block=(256,))
def _link(marks, parents):
    """Join every candidate with its neighbors to the left and above."""
    index = np.uintp(cuda.grid(1))
    count, height, width = marks.shape
    if index >= np.uintp(count * height * width) or marks.flat[index] == NONE:
        return
    row = index // np.uintp(width)
    x, y = index - row * np.uintp(width), row % np.uintp(height)
    if x > np.uintp(0) and marks.flat[index - np.uintp(1)] != NONE:
        unite(parents, index, index - np.uintp(1))
    if y > np.uintp(0):
        above = index - np.uintp(width)
        if marks.flat[above] != NONE:  # its own neighbors are joined with it
            unite(parents, index, above)
            return
        if x > np.uintp(0) and marks.flat[above - np.uintp(1)] != NONE:
            unite(parents, index, above - np.uintp(1))
        if x + np.uintp(1) < np.uintp(width) and marks.flat[above + np.uintp(1)] != NONE:
            unite(parents, index, above + np.uintp(1))


@cuda_kernel(block=(256,))
def _strengthen(marks, parents):
    """Make the root of every strong pixel strong. Another thread may read it as weak: it is its own root."""
    index = np.uintp(cuda.grid(1))
    if index < np.uintp(marks.size) and marks.flat[index] == STRONG:
        marks.flat[root_of(parents, index)] = STRONG


@cuda_kernel(block=(256,))
def _draw(marks, parents, out):
    """Draw every candidate whose root is strong."""
    index = np.uintp(cuda.grid(1))
    if index >= np.uintp(marks.size):
        return
    mark = marks.flat[index]
    if mark == WEAK:
        mark = marks.flat[root_of(parents, index)]
    out.flat[index] = 255 if mark == STRONG else 0


def edges_of_image(source, thresholds, squared, out):
    """Draw edges of images by Sobel derivatives of 3 x 3 pixels."""
    low, high = thresholds.astype(np.int32)
    marks, parents = _empty_marks(source)
    tiling = tiling_of(source, 2, 2, has_whole_pixels=True)
    _mark_tiles[threads_for(source, tiling)](source, tiling, squared, low, high, marks, parents)
    _draw_edges(marks, parents, out)


def edges_of_gradients(every_dx, every_dy, thresholds, squared, out):
    """Draw edges of images whose derivatives are given."""
    shape = every_dx.shape[:3]
    # Narrow lanes are for the CPU.
    magnitudes = thresholds.dtype if thresholds.dtype.kind == "f" else np.int32
    low, high = thresholds.astype(magnitudes)
    dx = temporary(shape, every_dx.dtype, every_dx)
    dy = temporary(shape, every_dy.dtype, every_dx)
    magnitude = temporary(shape, magnitudes, every_dx)
    _measure[shape](every_dx, every_dy, squared, dx, dy, magnitude)
    marks, parents = _empty_marks(every_dx)
    _suppress[shape](dx, dy, magnitude, low, high, marks, parents)
    _draw_edges(marks, parents, out)


def _empty_marks(source):
    """Make marks of pixels, and space for the numbers of their parents."""
    shape = count, height, width = source.shape[:3]
    number = np.uint32 if count * height * width < 1 << 32 else np.uint64
    marks = temporary(shape, np.uint8, source)
    return marks, temporary((count * height * width,), number, source)


def _draw_edges(marks, parents, out):
    _link[marks.size](marks, parents)
    _strengthen[marks.size](marks, parents)
    _draw[marks.size](marks, parents, out)
