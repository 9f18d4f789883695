"""Sums of channels over cells on CUDA: a kernel for each stage, a thread for each pixel, then each cell."""

import math

import numpy as np

from cvkit._border import REFLECT, border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._channel_math import HALF, NORMALIZER, QUARTER, RADIUS, bin_share, orientation, triangle


@cuda_kernel
def _find_nan(images, found):
    position, y, image = cuda.grid(3)
    count, height, width, channels = images.shape
    if image >= count or y >= height or position >= width * channels:
        return
    if math.isnan(images[image, y, position // channels, position % channels]):
        found[0] = 1


def find_nan(images, found):
    """Set ``found[0]`` to 1 if a value is NaN."""
    count, height, width, channels = images.shape
    _find_nan[count, height, width * channels](images, found)


@cuda_kernel
def _smooth_pixels(images, padding, smooth):
    """Smooth the padded image by 1 2 1 along both axes; ``smooth`` is (image, y, x, channel)."""
    x, y, image = cuda.grid(3)
    if image >= smooth.shape[0] or y >= smooth.shape[1] or x >= smooth.shape[2]:
        return
    height, width = images.shape[1], images.shape[2]
    row, column = y - padding[0], x - padding[1]
    for channel in range(3):
        total = np.float32(0)
        for offset in range(-1, 2):
            near = min(max(column + offset, 0), width - 1)
            above = images[image, min(max(row - 1, 0), height - 1), near, channel]
            here = images[image, min(max(row, 0), height - 1), near, channel]
            below = images[image, min(max(row + 1, 0), height - 1), near, channel]
            blend = QUARTER * (above + below) + HALF * here
            total += (HALF if offset == 0 else QUARTER) * blend
        smooth[image, y, x, channel] = total


@cuda_kernel
def _gradients(smooth, bins, magnitude, position):
    """Magnitude and orientation of the strongest channel's gradient."""
    x, y, image = cuda.grid(3)
    if image >= smooth.shape[0] or y >= smooth.shape[1] or x >= smooth.shape[2]:
        return
    upper, lower = max(y - 1, 0), min(y + 1, smooth.shape[1] - 1)
    left, right = max(x - 1, 0), min(x + 1, smooth.shape[2] - 1)
    step_y = np.float32(1) / np.float32(max(lower - upper, 1))
    step_x = np.float32(1) / np.float32(max(right - left, 1))
    best, best_x, best_y = np.float32(-1), np.float32(0), np.float32(0)
    for channel in range(3):
        across = np.float32(step_x * (smooth[image, y, right, channel] - smooth[image, y, left, channel]))
        along = np.float32(step_y * (smooth[image, lower, x, channel] - smooth[image, upper, x, channel]))
        square = across * across + along * along
        if square > best:
            best, best_x, best_y = square, across, along
    magnitude[image, y, x] = math.sqrt(best)
    position[image, y, x] = orientation(best_x, best_y, bins)


@cuda_kernel
def _average_rows(magnitude, average):
    """Average the rows around each by a triangle, mirrored at the border."""
    x, y, image = cuda.grid(3)
    if image >= average.shape[0] or y >= average.shape[1] or x >= average.shape[2]:
        return
    total = np.float32(0)
    for offset in range(-RADIUS, RADIUS + 1):
        total += triangle(offset) * magnitude[image, border_index(y + offset, average.shape[1], REFLECT), x]
    average[image, y, x] = total


@cuda_kernel
def _normalize(magnitude, average, area, votes):
    """Divide each magnitude by the average of its surroundings."""
    x, y, image = cuda.grid(3)
    if image >= votes.shape[0] or y >= votes.shape[1] or x >= votes.shape[2]:
        return
    total = np.float32(0)
    for offset in range(-RADIUS, RADIUS + 1):
        total += triangle(offset) * average[image, y, border_index(x + offset, votes.shape[2], REFLECT)]
    votes[image, y, x] = magnitude[image, y, x] * area / (total + NORMALIZER)


@cuda_kernel
def _sum_cells(smooth, votes, position, cell, area, out):
    """One thread for each channel of each cell."""
    column, row, index = cuda.grid(3)
    count, channels, rows, columns = out.shape
    if index >= count * channels or row >= rows or column >= columns:
        return
    image, channel = index // channels, index % channels
    total = np.float32(0)
    for y in range(row * cell, (row + 1) * cell):
        for x in range(column * cell, (column + 1) * cell):
            if channel < 3:
                total += smooth[image, y, x, channel] * area
            elif channel == 3:
                total += votes[image, y, x]
            else:
                share = bin_share(position[image, y, x], channel - 4, channels - 4)
                total += votes[image, y, x] * share
    out[image, channel, row, column] = total


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
