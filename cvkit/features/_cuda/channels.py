"""Sums of channels over cells on CUDA: a kernel for each stage, a thread for each pixel, then each cell."""

import math

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.features._channel_math import HALF, NORMALIZER, QUARTER, RADIUS, bin_share, orientation, triangle


@cuda_kernel
def _find_nan(images, found):
    x, y, index = pixel_of_thread()
    if index >= images.shape[0] or y >= images.shape[1] or x >= images.shape[2]:
        return
    pixel = images[index, y, x]
    for channel in range(np.uint32(pixel.shape[0])):
        if math.isnan(pixel[channel]):
            found[0] = 1


def find_nan(images, found):
    """Set ``found[0]`` to 1 if a value is NaN."""
    _find_nan[images.shape[:3]](images, found)


@helper
def _clamped(index, size):
    return np.uint32(min(max(np.int32(index), np.int32(0)), np.int32(size - 1)))


@helper
def _blend(above, here, below):
    """Blend three values of a column by 1 2 1."""
    return QUARTER * (above + below) + HALF * here


@cuda_kernel
def _smooth_pixels(images, padding, smooth):
    """Smooth the padded image by 1 2 1 along both axes; ``smooth`` is (image, y, x, channel)."""
    x, y, index = pixel_of_thread()
    if index >= smooth.shape[0] or y >= smooth.shape[1] or x >= smooth.shape[2]:
        return
    image, pixel = images[index], smooth[index, y, x]
    height, width = image.shape[0], image.shape[1]
    row, column = np.int32(np.int32(y) - padding[0]), np.int32(np.int32(x) - padding[1])
    above, here = image[_clamped(row - 1, height)], image[_clamped(row, height)]
    below = image[_clamped(row + 1, height)]
    left, middle = _clamped(column - 1, width), _clamped(column, width)
    right = _clamped(column + 1, width)
    a, b, c = above[left], above[middle], above[right]
    d, e, f = here[left], here[middle], here[right]
    g, h, i = below[left], below[middle], below[right]
    for channel in range(np.uint64(3)):
        total = np.float32(0)
        total += QUARTER * _blend(a[channel], d[channel], g[channel])
        total += HALF * _blend(b[channel], e[channel], h[channel])
        total += QUARTER * _blend(c[channel], f[channel], i[channel])
        pixel[channel] = total


@cuda_kernel
def _gradients(smooth, bins, magnitude, position):
    """Magnitude and orientation of the strongest channel's gradient."""
    x, y, index = pixel_of_thread()
    if index >= smooth.shape[0] or y >= smooth.shape[1] or x >= smooth.shape[2]:
        return
    image, number = smooth[index], np.uint32
    height, width = number(image.shape[0]), number(image.shape[1])
    upper, left = number(max(y, number(1)) - number(1)), number(max(x, number(1)) - number(1))
    lower, right = (
        min(number(y + number(1)), number(height - number(1))),
        min(number(x + number(1)), number(width - number(1))),
    )
    step_y = np.float32(1) / np.float32(max(number(lower - upper), number(1)))
    step_x = np.float32(1) / np.float32(max(number(right - left), number(1)))
    before, after, above, below = image[y, left], image[y, right], image[upper, x], image[lower, x]
    best, best_x, best_y = np.float32(-1), np.float32(0), np.float32(0)
    for channel in range(np.uint64(3)):
        across = np.float32(step_x * (after[channel] - before[channel]))
        along = np.float32(step_y * (below[channel] - above[channel]))
        square = across * across + along * along
        if square > best:
            best, best_x, best_y = square, across, along
    magnitude[index, y, x] = math.sqrt(best)
    position[index, y, x] = orientation(best_x, best_y, bins)


@cuda_kernel
def _average_rows(magnitude, average):
    """Average the rows around each by a triangle, mirrored at the border."""
    x, y, index = pixel_of_thread()
    if index >= average.shape[0] or y >= average.shape[1] or x >= average.shape[2]:
        return
    image, height = magnitude[index], average.shape[1]
    total = np.float32(0)
    if y >= np.uint32(RADIUS) and y + RADIUS < height:
        first = np.uint64(y) - np.uint64(RADIUS)
        for step in range(2 * RADIUS + 1):
            total += triangle(step - RADIUS) * image[first + np.uint64(step), x]
    else:
        for offset in range(-RADIUS, RADIUS + 1):
            total += (
                triangle(offset) * image[np.uint32(border_index(np.int64(y) + offset, height, REFLECT)), x]
            )
    average[index, y, x] = total


@cuda_kernel
def _normalize(magnitude, average, area, votes):
    """Divide each magnitude by the average of its surroundings."""
    x, y, index = pixel_of_thread()
    if index >= votes.shape[0] or y >= votes.shape[1] or x >= votes.shape[2]:
        return
    row, width = average[index, y], votes.shape[2]
    total = np.float32(0)
    if x >= np.uint32(RADIUS) and x + RADIUS < width:
        first = np.uint64(x) - np.uint64(RADIUS)
        for step in range(2 * RADIUS + 1):
            total += triangle(step - RADIUS) * row[first + np.uint64(step)]
    else:
        for offset in range(-RADIUS, RADIUS + 1):
            total += triangle(offset) * row[np.uint32(border_index(np.int64(x) + offset, width, REFLECT))]
    votes[index, y, x] = magnitude[index, y, x] * area / (total + NORMALIZER)


@cuda_kernel
def _sum_cells(smooth, votes, position, cell, area, out):
    """One thread for each channel of each cell."""
    column, row, place = pixel_of_thread()
    number = np.uint32
    count, channels, rows, columns = out.shape
    if place >= count * channels or row >= rows or column >= columns:
        return
    index, channel = number(place // number(channels)), number(place % number(channels))
    size = number(cell)
    first, stop = number(column * size), number(number(column * size) + size)
    total = np.float32(0)
    for y in range(number(row * size), number(number(row * size) + size)):
        if channel < number(3):
            pixels = smooth[index, y]
            for x in range(first, stop):
                total += pixels[x, channel] * area
        elif channel == number(3):
            row_of_votes = votes[index, y]
            for x in range(first, stop):
                total += row_of_votes[x]
        else:
            row_of_votes, positions = votes[index, y], position[index, y]
            orientation_bin, bins = number(channel - number(4)), number(number(channels) - number(4))
            for x in range(first, stop):
                total += row_of_votes[x] * bin_share(positions[x], orientation_bin, bins)
    out[index, channel, row, column] = total


def cell_sums(images, padding, cell, out):
    """Average the channels of each cell: ``out`` is (image, channel, cell row, cell column).

    ``images`` is (image, y, x, 4) of L, u, v; the cells lie on the image with its outermost pixels repeated
    by ``padding`` (rows, columns) on every side.
    """
    count, height, width, _ = images.shape
    pixels = (count, height + 2 * padding[0], width + 2 * padding[1])
    area = np.float32(1 / (cell * cell))
    smooth = temporary((*pixels, 3), np.float32, out)
    magnitude, position, average, votes = (temporary(pixels, np.float32, out) for _ in range(4))
    _smooth_pixels[pixels](images, padding, smooth)
    _gradients[pixels](smooth, out.shape[1] - 4, magnitude, position)
    _average_rows[pixels](magnitude, average)
    _normalize[pixels](magnitude, average, area, votes)
    _sum_cells[count * out.shape[1], out.shape[2], out.shape[3]](smooth, votes, position, cell, area, out)
