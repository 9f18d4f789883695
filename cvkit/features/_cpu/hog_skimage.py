"""Histograms of oriented gradients on the CPU, with scikit-image's definitions."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.features._math import hard_bin, normalize_block, strongest_gradient


@helper
def _vote_row(images, image, y, cell_width, gamma, histograms):
    """Let the pixels of one row vote; ``histograms`` is (cell column, bin)."""
    columns, bins = histograms.shape
    for x in range(columns * cell_width):
        length, step_x, step_y = strongest_gradient(images, image, y, x, gamma)
        orientation_bin = hard_bin(step_x, step_y, bins)
        if orientation_bin < bins:
            histograms[x // cell_width, orientation_bin] += length


@cpu_kernel
def cell_histograms(images, cell, gamma, out):
    """Mean vote of each cell for each bin; ``out`` is (image, cell row, cell column, bin)."""
    count, rows = out.shape[:2]
    cell_height, cell_width = cell
    for task in prange(count * rows):
        image, row = task // rows, task % rows
        histograms = out[image, row]
        histograms[:] = 0.0
        for y in range(row * cell_height, (row + 1) * cell_height):
            _vote_row(images, image, y, cell_width, gamma, histograms)
        histograms /= cell_height * cell_width


@cpu_kernel
def normalize_blocks(cells, side, norm, out):
    """Gather the cells of each block and normalise them; ``out`` is (image, block row, column, feature)."""
    count, rows, columns, _ = out.shape
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
