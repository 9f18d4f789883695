"""Minima and maxima over three rows and up to three columns, four rows at a time, with nothing in between.

Loads are what counts: of the six rows that four results need each value is read once, or at three places, and
no other row.
"""

import numpy as np

from cvkit._border import border_index
from cvkit._jit import helper
from cvkit._simd.memory import read_apart, write_apart
from cvkit.morphology._cpu.rectangles import LINE, copy_window


@helper(inline=True)
def _pick_three(flat, place, second, third, pick):
    return pick(
        pick(read_apart(flat, place), read_apart(flat, place + second)), read_apart(flat, place + third)
    )


@helper
def _span(flat, taps, span, pick, outs):
    """Write a part of four rows; ``taps`` are where its windows begin and two steps to the right."""
    out0, out1, out2, out3 = outs
    start, second, third = np.uintp(taps[0] + span[0]), np.uintp(taps[1]), np.uintp(taps[2])
    first, length = np.uintp(span[0]), np.uintp(out0.shape[0])
    for x in range(first, np.uintp(span[1])):
        place = start + (x - first)
        along1 = _pick_three(flat, place + length, second, third, pick)
        along2 = _pick_three(flat, place + np.uintp(2) * length, second, third, pick)
        upper = pick(along1, along2)
        along0 = _pick_three(flat, place, second, third, pick)
        along3 = _pick_three(flat, place + np.uintp(3) * length, second, third, pick)
        write_apart(out0, x, pick(along0, upper))
        write_apart(out1, x, pick(upper, along3))
        along4 = _pick_three(flat, place + np.uintp(4) * length, second, third, pick)
        along5 = _pick_three(flat, place + np.uintp(5) * length, second, third, pick)
        lower = pick(along3, along4)
        write_apart(out2, x, pick(along2, lower))
        write_apart(out3, x, pick(lower, along5))


@helper(inline=True)
def _three_down(flat, place, length, pick):
    """Return the extremes down four columns of three rows, one below the other."""
    second, third = read_apart(flat, place + length), read_apart(flat, place + np.uintp(2) * length)
    fourth, fifth = (
        read_apart(flat, place + np.uintp(3) * length),
        read_apart(flat, place + np.uintp(4) * length),
    )
    upper, lower = pick(second, third), pick(fourth, fifth)
    return (
        pick(read_apart(flat, place), upper),
        pick(upper, fourth),
        pick(third, lower),
        pick(lower, read_apart(flat, place + np.uintp(5) * length)),
    )


@helper
def _span_of_neighbors(flat, taps, span, pick, outs):
    """Write a part of four rows whose windows are three values wide, each of which is read once.

    What the two values before had becomes a shift of vectors, in registers.
    """
    out0, out1, out2, out3 = outs
    start = np.uintp(taps[0] + span[0])
    first, length = np.uintp(span[0]), np.uintp(out0.shape[0])
    first0, first1, first2, first3 = _three_down(flat, start, length, pick)
    next0, next1, next2, next3 = _three_down(flat, start + np.uintp(1), length, pick)
    start += np.uintp(2)
    for x in range(first, np.uintp(span[1])):
        last0, last1, last2, last3 = _three_down(flat, start + (x - first), length, pick)
        write_apart(out0, x, pick(pick(first0, next0), last0))
        write_apart(out1, x, pick(pick(first1, next1), last1))
        write_apart(out2, x, pick(pick(first2, next2), last2))
        write_apart(out3, x, pick(pick(first3, next3), last3))
        first0, first1, first2, first3 = next0, next1, next2, next3
        next0, next1, next2, next3 = last0, last1, last2, last3


@helper
def _inner_values(flat, taps, span, pick, outs):
    """Write the part of four rows whose windows lie inside, in vectors on one cache line each.

    What lies before and behind goes through full vectors, too, if they fit; some values are found twice.
    """
    first, last = span
    if first == last:
        return
    lanes = LINE // outs[0].itemsize
    if last - first < 2 * lanes:
        _span(flat, taps, (first, last), pick, outs)
        return
    skipped = (-outs[0].ctypes.data // outs[0].itemsize - first) % lanes
    if skipped:
        _span(flat, taps, (first, first + lanes), pick, outs)
    after_full_vectors = first + skipped + (last - first - skipped) // lanes * lanes
    full = first + skipped, after_full_vectors
    if taps[1] == 1 and taps[2] == 2:
        _span_of_neighbors(flat, taps, full, pick, outs)
    else:
        _span(flat, taps, full, pick, outs)
    if after_full_vectors < last:
        _span(flat, taps, (last - lanes, last), pick, outs)


@helper
def _find_edges(length, rectangle, outside, edges):
    """Write for each value near an end of a row where it is, and where the three of its window are.

    Those beyond the image are replaced by the value itself; the last column tells whether there are any.
    """
    step = outside.channels
    width = length // step
    before = min(rectangle.anchor_x * step, length)
    for edge in range(edges.shape[0]):
        value = edge if edge < before else length - edges.shape[0] + edge
        pixel, channel = value // step, value % step
        column = pixel - rectangle.anchor_x
        first = border_index(column, width, outside.border)
        second = border_index(column + rectangle.width // 2, width, outside.border)
        third = border_index(column + rectangle.width - 1, width, outside.border)
        edges[edge, 0] = value
        edges[edge, 1] = first * step + channel if first >= 0 else value
        edges[edge, 2] = second * step + channel if second >= 0 else value
        edges[edge, 3] = third * step + channel if third >= 0 else value
        edges[edge, 4] = first < 0 or second < 0 or third < 0


@helper
def _write_edges(flat, start, edges, value, pick, outs):
    """Write the values of four rows whose windows reach beyond the image."""
    out0, out1, out2, out3 = outs
    length = np.uintp(out0.shape[0])
    for edge in range(edges.shape[0]):
        x, first = edges[edge, 0], np.uintp(start + edges[edge, 1])
        second, third = np.uintp(edges[edge, 2] - edges[edge, 1]), np.uintp(edges[edge, 3] - edges[edge, 1])
        along1 = _pick_three(flat, first + length, second, third, pick)
        along2 = _pick_three(flat, first + np.uintp(2) * length, second, third, pick)
        along3 = _pick_three(flat, first + np.uintp(3) * length, second, third, pick)
        along4 = _pick_three(flat, first + np.uintp(4) * length, second, third, pick)
        upper, lower = pick(along1, along2), pick(along3, along4)
        if edges[edge, 4]:
            upper, lower = pick(upper, value), pick(lower, value)
            along2, along3 = pick(along2, value), pick(along3, value)
        out0[x] = pick(upper, _pick_three(flat, first, second, third, pick))
        out1[x] = pick(upper, along3)
        out2[x] = pick(along2, lower)
        out3[x] = pick(lower, _pick_three(flat, first + np.uintp(5) * length, second, third, pick))


@helper
def strip_of_three_rows(rows, top, rectangle, outside, pick, scratch, out):
    """Fill the rows of ``out``, which begin at row ``top`` of the image; the element has three rows."""
    height, length = out.shape
    step, edges = outside.channels, scratch.edges
    top -= rectangle.anchor_y
    flat, spare = rows.reshape(rows.size), scratch.shared
    before = rectangle.anchor_x * step
    first = min(before, length)
    taps = rectangle.width // 2 * step, (rectangle.width - 1) * step
    inner = first, max(length - taps[1] + before, first)
    _find_edges(length, rectangle, outside, edges)
    for y in range(0, height, 4):
        outs = (
            out[y],
            out[y + 1] if y + 1 < height else spare,
            out[y + 2] if y + 2 < height else spare,
            out[y + 3] if y + 3 < height else spare,
        )
        is_inside = top + y >= 0 and top + y + 6 <= rows.shape[0]
        if not is_inside:
            copy_window(rows, top + y, outside, scratch.window)
        window = flat if is_inside else scratch.window
        start = (top + y) * length if is_inside else 0
        _inner_values(window, (start - before, taps[0], taps[1]), inner, pick, outs)
        _write_edges(window, start, edges, outside.value, pick, outs)
