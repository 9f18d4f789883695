"""Histograms of oriented gradients on the CPU, with scikit-image's definitions."""

import numpy as np

from cvkit._jit import cpu_kernel, prange
from cvkit.features._math import add_hard_vote, normalize_block, strongest_gradient


@cpu_kernel
def _gradients(images, gamma, single, length, step_y, step_x):
    count, height, width, _ = images.shape
    for task in prange(count * height):
        image, y = task // height, task % height
        for x in range(width):
            gradient = strongest_gradient(images, image, y, x, gamma, single)
            length[image, y, x], step_x[image, y, x], step_y[image, y, x] = gradient


@cpu_kernel
def _vote(length, angle, cell_height, cell_width, out):
    """Let every pixel vote for one bin of its cell."""
    count, rows, columns, _ = out.shape
    for task in prange(count * rows):
        image, row = task // rows, task % rows
        histograms = out[image, row]
        histograms[:] = 0.0
        for y in range(row * cell_height, (row + 1) * cell_height):
            for x in range(columns * cell_width):
                add_hard_vote(histograms[x // cell_width], angle[image, y, x], length[image, y, x])
        histograms /= cell_height * cell_width


def cell_histograms(images, cell, gamma, single, out):
    """Mean vote of each cell for each bin; ``out`` is (image, cell row, cell column, bin).

    The arctangent is NumPy's, because scikit-image's is: its vector code and the C library differ in the last
    bit, which is enough to move a pixel on the edge of a bin to the other side.
    """
    length, step_y, step_x = (np.empty(images.shape[:3]) for _ in range(3))
    _gradients(images, gamma, single, length, step_y, step_x)
    angle = np.rad2deg(np.arctan2(step_y, step_x)) % 180
    _vote(length, angle, *cell, out)


@cpu_kernel
def normalize_blocks(cells, side, norm, out):
    """Gather the cells of each block and normalize them; ``out`` is (image, block row, column, feature)."""
    count, rows, columns = out.shape[:3]
    bins = cells.shape[3]
    for task in prange(count * rows):
        image, row = task // rows, task % rows
        for column in range(columns):
            block = out[image, row, column]
            index = 0
            for y in range(side[0]):
                for x in range(side[1]):
                    for orientation_bin in range(bins):
                        block[index] = np.float32(cells[image, row + y, column + x, orientation_bin])
                        index += 1
            normalize_block(block, norm)
