"""Cascades on CUDA: integral images of a level, and its windows, stage by stage those that are left."""

import math

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.detect._cascade_math import pattern_total, stage_total

_THREADS = 256
# What the first stage says of a window.
_FLAT, _REJECTED, _PASSED = np.uint8(0), np.uint8(1), np.uint8(2)
# After these stages, the windows that are left are put together again.
_PAUSES = (1, 3, 7, 12)


@helper
def _column(x, step, half):
    """Return where the sums of a row have that up to column x: for steps of two, even ones come first."""
    return x if step == 1 else x // 2 + x % 2 * half


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _sum_rows(image, step, out):
    """One block for each row of a plane, a part after another; lanes add those before, ever farther."""
    sums = cuda.shared.array(_THREADS, np.int32)
    height, width = image.shape
    half = out.shape[2] // 2
    thread = cuda.threadIdx.x
    plane, y = divmod(cuda.blockIdx.x, height)
    if thread == 0:
        out[plane, y + 1, 0] = np.int32(0)
    total = np.int32(0)
    for begin in range(0, width, _THREADS):
        x = begin + thread
        value = np.int32(image[y, min(x, width - 1)])
        sums[thread] = np.int32(value * value) if plane == 1 else value
        distance = 1
        while distance < _THREADS:
            cuda.syncthreads()
            before = sums[thread - distance] if thread >= distance else np.int32(0)
            cuda.syncthreads()
            sums[thread] = np.int32(sums[thread] + before)
            distance *= 2
        cuda.syncthreads()
        if x < width:
            out[plane, y + 1, _column(x + 1, step, half)] = np.int32(total + sums[thread])
        total = np.int32(total + sums[_THREADS - 1])
        cuda.syncthreads()


@cuda_kernel(block=(_THREADS,))
def _sum_falling(height, width, step, out):
    """One thread for each diagonal that falls to the left: what rows have up to it, for tilted squares."""
    diagonal, half = cuda.grid(1), out.shape[2] // 2
    if diagonal > width + height:
        return
    if diagonal <= width:
        out[2, 0, _column(diagonal, step, half)] = np.int32(0)
    total = np.int32(0)
    for y in range(1, min(height, diagonal) + 1):
        x = diagonal - y
        total = np.int32(total + out[0, y, _column(min(x, width), step, half)])
        if x <= width:
            out[2, y, _column(x, step, half)] = total


@cuda_kernel(block=(_THREADS,))
def _subtract_rising(height, width, step, out):
    """One thread for each diagonal that falls to the right: what rows have before tilted squares."""
    diagonal, half = cuda.grid(1) - height, out.shape[2] // 2
    if diagonal >= width:
        return
    total = np.int32(0)
    for y in range(max(1, 1 - diagonal), height + 1):
        x = diagonal + y
        if x > width:
            return
        total = np.int32(total + out[0, y, _column(x - 1, step, half)])
        inside = _column(x, step, half)
        out[2, y, inside] = np.int32(out[2, y, inside] - total)


@cuda_kernel(block=(_THREADS, 1))
def _sum_columns(height, out):
    """One thread for each column of a plane of upright sums."""
    x, plane = cuda.grid(2)
    if plane >= min(out.shape[0], 2) or x >= out.shape[2]:
        return
    total = np.int32(0)
    out[plane, 0, x] = total
    for y in range(1, height + 1):
        total = np.int32(total + out[plane, y, x])
        out[plane, y, x] = total


def integrate(image, step, out):
    """Sum the pixels of a level above and before each, their squares, and those of tilted squares.

    ``out`` is (plane, row, column): as many planes as are wanted, in rows of steps of two the even columns
    first.
    """
    height, width = image.shape
    _sum_rows[min(out.shape[0], 2) * height * _THREADS](image, step, out)
    if out.shape[0] == 3:
        _sum_falling[width + height + 1](height, width, step, out)
        _subtract_rising[width + height](height, width, step, out)
    _sum_columns[min(out.shape[0], 2), out.shape[2]](height, out)


@helper
def _factor(sums, start, offsets, area):
    """Return what the features of a window are multiplied by, and whether it is no flat area."""
    total = np.int32(sums[start + offsets[0]] - sums[start + offsets[1]])
    total = np.float64(np.int32(np.int32(total - sums[start + offsets[2]]) + sums[start + offsets[3]]))
    squares = np.int32(sums[start + offsets[4]] - sums[start + offsets[5]])
    squares = np.int32(np.int32(squares - sums[start + offsets[6]]) + sums[start + offsets[7]])
    variance = area * np.float64(np.uint32(squares)) - total * total  # whole numbers, which are exact
    if variance <= 0:
        return np.float32(1), False
    factor = np.float32(1 / math.sqrt(variance))
    return factor, area * np.float64(factor) < 0.1


@helper
def _total(sums, start, model, stage):
    """Sum what a stage gives one window."""
    if model.weights.shape[0] == 0:
        return pattern_total(sums, start, model, stage)
    factor, _ = _factor(sums, start, model.norm, model.area)
    return stage_total(sums, start, factor, model, stage)


@cuda_kernel
def _first_stage(sums, model, step, states, scores, counts):
    """One thread for each window: what the first stage says."""
    column, row = cuda.grid(2)
    rows, columns = states.shape
    if row == 0 and column < counts.shape[0]:
        counts[column] = 0
    if row >= rows or column >= columns:
        return
    scores[row, column] = -np.inf
    start = np.uintp(row * step) * model.stride + np.uintp(column)
    is_textured = True
    if model.weights.shape[0] != 0:
        _, is_textured = _factor(sums, start, model.norm, model.area)
    state = _FLAT
    if is_textured:
        total = _total(sums, start, model, 0)
        state = _REJECTED if total < model.limits[0] else _PASSED
        if state == _PASSED and model.limits.shape[0] == 1:
            scores[row, column] = total
    states[row, column] = state


@cuda_kernel(block=(_THREADS,))
def _visit(states, scores, alive, counts):
    """One thread for each row: OpenCV skips a window after each that the first stage rejects."""
    row = cuda.grid(1)
    rows, columns = states.shape
    if row >= rows:
        return
    is_skipped = False
    for column in range(columns):
        state = states[row, column]
        if is_skipped:
            is_skipped = False
            scores[row, column] = -np.inf
        elif state == _REJECTED:
            is_skipped = True
        elif state == _PASSED:
            alive[0, cuda.atomic.add(counts, 0, 1)] = row * columns + column


@cuda_kernel(block=(_THREADS,))
def _later_stages(sums, model, step, bounds, alive, counts, scores):
    """One thread for each window that is left: some stages, and a place in the next list or a score."""
    number = cuda.grid(1)
    first, end, turn = bounds
    if number >= counts[turn]:
        return
    place = alive[turn % 2, number]
    row, column = divmod(place, scores.shape[1])
    start = np.uintp(row * step) * model.stride + np.uintp(column)
    total = 0.0
    for stage in range(first, end):
        total = _total(sums, start, model, stage)
        if total < model.limits[stage]:
            return
    if end == model.limits.shape[0]:
        scores[row, column] = total
    else:
        alive[(turn + 1) % 2, cuda.atomic.add(counts, turn + 1, 1)] = place


@cuda_kernel(block=(_THREADS,))
def _collect(scores, hit_columns, hit_scores, counts):
    """One thread for each row: put the windows that passed one after another."""
    row = cuda.grid(1)
    if row >= scores.shape[0]:
        return
    count = 0
    for column in range(scores.shape[1]):
        score = scores[row, column]
        if score > -np.inf:
            hit_columns[row, count] = column
            hit_scores[row, count] = score
            count += 1
    counts[row] = count


def _scan(sums, model, step, columns, hit_columns, hit_scores, counts):
    shape = (counts.shape[0], columns)
    size = shape[0] * shape[1]
    states = temporary(shape, np.uint8, sums)
    scores = temporary(shape, np.float64, sums)
    alive = temporary((2, size), np.int32, sums)
    left = temporary((len(_PAUSES) + 1,), np.int32, sums)
    stages = model.limits.shape[0]
    _first_stage[shape[0], max(columns, left.shape[0])](sums, model, step, states, scores, left)
    _visit[shape[0]](states, scores, alive, left)
    ends = [pause for pause in _PAUSES if 1 < pause < stages] + [stages]
    first = 1
    for turn, end in enumerate(ends if stages > 1 else []):
        _later_stages[size](sums, model, step, (first, end, turn), alive, left, scores)
        first = end
    _collect[shape[0]](scores, hit_columns, hit_scores, counts)


def scan_haar(sums, model, step, columns, hit_columns, hit_scores, counts):
    """Find the windows of a level that pass all stages of a cascade of Haar-like features.

    ``sums`` are the planes of :func:`integrate`, flat; windows lie in every ``step``-th row and column. The
    columns and scores of those of each row that pass are written to the row's ``hit_columns`` and
    ``hit_scores``, and how many they are to ``counts``.
    """
    _scan(sums, model, step, columns, hit_columns, hit_scores, counts)


def scan_lbp(sums, model, step, columns, hit_columns, hit_scores, counts):
    """Find the windows of a level that pass all stages of a cascade of binary patterns, as ``scan_haar``."""
    _scan(sums, model, step, columns, hit_columns, hit_scores, counts)
