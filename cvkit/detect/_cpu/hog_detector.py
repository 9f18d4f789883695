"""Linear scores of all windows on the CPU, straight from the features of their blocks."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span

# Neighboring blocks that one pass over the scores adds up in registers: the seven of a 64-pixel window.
# Wider windows take several passes; their weights are filled with zeros to a multiple.
COLUMNS = 7
# Rows of windows that one task scores: few enough for their sums to stay in the first-level cache.
STRIP = 12


@helper(allocates=True)
def _add_blocks(feature, weights, scores):
    """Add one feature of COLUMNS neighboring blocks, weighted, to the scores of the windows they start."""
    count = scores.shape[0]
    # Read before the loop, so that the weights stay in registers and the loop is known not to change them.
    w0, w1, w2, w3, w4, w5, w6 = (
        weights[0],
        weights[1],
        weights[2],
        weights[3],
        weights[4],
        weights[5],
        weights[6],
    )
    f0, f1, f2, f3 = feature[0:count], feature[1 : count + 1], feature[2 : count + 2], feature[3 : count + 3]
    f4, f5, f6 = feature[4 : count + 4], feature[5 : count + 5], feature[6 : count + 6]
    for x in range(count):
        left = f0[x] * w0 + f1[x] * w1 + f2[x] * w2
        right = f3[x] * w3 + f4[x] * w4 + f5[x] * w5 + f6[x] * w6
        scores[x] += left + right


@cpu_kernel
def window_scores(features, weights, bias, out):
    """Score the window that starts at each block.

    ``features`` is (feature, block row, block column), ``weights`` (feature, block row, block column) of a
    window with the columns filled to a multiple of COLUMNS, ``out`` (window row, window column).

    Rows of blocks follow each other in memory, so several rows of windows are one long row here: the vectors
    run over the few windows at a row's end that do not exist, which costs less than short loops with ragged
    ends.
    """
    size, _, block_columns = features.shape
    rows, columns = weights.shape[1:]
    window_rows, window_columns = out.shape
    for strip in prange(parts_of(window_rows, STRIP)):
        top, bottom = span(strip, STRIP, window_rows)
        count = (bottom - top - 1) * block_columns + window_columns
        # Filling weights read past the last window's blocks: the copy ends with zeros for them.
        blocks = np.zeros((bottom - top - 1 + rows) * block_columns + columns, np.float32)
        inside = (bottom - top - 1 + rows) * block_columns
        scores = np.full(count, bias, np.float32)
        for index in range(size):
            blocks[:inside] = features[index, top : bottom - 1 + rows].reshape(inside)
            for row in range(rows):
                for column in range(0, columns, COLUMNS):
                    start = row * block_columns + column
                    _add_blocks(
                        blocks[start : start + count + COLUMNS],
                        weights[index, row, column : column + COLUMNS],
                        scores,
                    )
        for row in range(top, bottom):
            start = (row - top) * block_columns
            out[row] = scores[start : start + window_columns]


@helper(allocates=True)
def append_hits(scores, threshold, level, lattice, hits, hit_scores, count):
    """Append (level, y, x) and score of each window on the stride's grid that scores at least ``threshold``.

    ``lattice`` is (y, x) of the first window in the padded level, (y, x) between neighbors, and the stride.
    """
    origin_y, origin_x, cell_height, cell_width, stride = lattice
    for row in range(scores.shape[0]):
        y = origin_y + row * cell_height
        if y % stride != 0:
            continue
        for column in range(scores.shape[1]):
            x = origin_x + column * cell_width
            if scores[row, column] >= threshold and x % stride == 0:
                position = count[0]
                hits[position, 0], hits[position, 1], hits[position, 2] = level, y, x
                hit_scores[position] = scores[row, column]
                count[0] += 1
