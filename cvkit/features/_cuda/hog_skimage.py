"""Histograms of oriented gradients on CUDA, with scikit-image's definitions."""

import math

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.features._arctangent_math import arctangent
from cvkit.features._math import add_hard_vote, normalize_block, strongest_gradient


@cuda_kernel
def _cell_histograms(images, cell_height, cell_width, gamma, single, out):
    """One thread for each cell; its histogram is small and stays in the cache."""
    column, row, image = cuda.grid(3)
    count, rows, columns, bins = out.shape
    if image >= count or row >= rows or column >= columns:
        return
    for orientation_bin in range(bins):
        out[image, row, column, orientation_bin] = 0.0
    for y in range(row * cell_height, (row + 1) * cell_height):
        for x in range(column * cell_width, (column + 1) * cell_width):
            length, step_x, step_y = strongest_gradient(images, image, y, x, gamma, single)
            angle = (arctangent(step_y, step_x) * (180.0 / math.pi)) % 180.0
            add_hard_vote(out[image, row, column], angle, length)
    for orientation_bin in range(bins):
        out[image, row, column, orientation_bin] /= cell_height * cell_width


def cell_histograms(images, cell, gamma, single, out):
    """Mean vote of each cell for each bin; ``out`` is (image, cell row, cell column, bin)."""
    _cell_histograms[out.shape[:3]](images, *cell, gamma, single, out)


@cuda_kernel
def _normalize_blocks(cells, side_rows, side_columns, norm, out):
    column, row, image = cuda.grid(3)
    if image >= out.shape[0] or row >= out.shape[1] or column >= out.shape[2]:
        return
    bins = cells.shape[3]
    block = out[image, row, column]
    for index in range(block.shape[0]):
        orientation_bin, place = index % bins, index // bins
        y, x = place // side_columns, place % side_columns
        block[index] = np.float32(cells[image, row + y, column + x, orientation_bin])
    normalize_block(block, norm)


def normalize_blocks(cells, side, norm, out):
    """Gather the cells of each block and normalize them; ``out`` is (image, block row, column, feature)."""
    _normalize_blocks[out.shape[:3]](cells, *side, norm, out)
