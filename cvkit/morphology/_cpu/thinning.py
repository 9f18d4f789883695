"""Thinning on the CPU, 64 pixels at a time: one bit for each, in planes with a frame of zeros.

A row is looked at again only where it or a row next to it has changed in the last two turns.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.bits import WORD, pack_bits, unpack_bits
from cvkit._tiles import parts_of, strip
from cvkit.morphology._thinning_math import neighbors_of, removed_by

# Rows of a task, and words of the widest vectors.
_STRIP, _LANES = 32, 8
# Of a byte: set from 128 on.
_SET = np.uint8(128)
_ONE = np.uint64(1)


@helper
def _pack_row(source, line, words):
    """Set the bits of a row; ``line`` holds zeros beyond it."""
    copy_row(source, line[: source.shape[0]])
    for word in range(line.shape[0] // WORD):
        words[word + 1] = pack_bits(line, word * WORD, _SET)


@helper
def _draw_row(words, out):
    """Draw the set bits of a row as 255."""
    full_words = out.shape[0] // WORD
    for word in range(full_words):
        unpack_bits(words[word + 1], out, word * WORD)
    for x in range(full_words * WORD, out.shape[0]):
        bit = (words[full_words + 1] >> np.uint64(x - full_words * WORD)) & _ONE
        out[x] = np.uint8(255) if bit else np.uint8(0)


@helper
def _peel(rows, interior, method, is_second, out):
    """Write a row without what a turn removes; tell whether there was any. ``rows`` are around it, too."""
    above, here, below = rows
    words = interior.shape[0]
    above_before, above_here, above_after = above[:words], above[1:], above[2:]
    before, middle, after = here[:words], here[1:], here[2:]
    below_before, below_here, below_after = below[:words], below[1:], below[2:]
    kept = out[1:]
    found = np.uint64(0)
    for word in range(words):
        neighbors = neighbors_of(
            (above_before[word], above_here[word], above_after[word]),
            (before[word], middle[word], after[word]),
            (below_before[word], below_here[word], below_after[word]),
        )
        removed = removed_by(method, neighbors, is_second) & middle[word] & interior[word]
        kept[word] = middle[word] & ~removed
        found |= removed
    return found != 0


@helper
def _peel_strip(planes, has_changed, interior, method, turn, top, bottom):
    """Take a turn on rows of an image from one plane to the other; return how many rows have changed.

    A row that is not looked at is the same in both planes.
    """
    source, target = planes[turn % 2], planes[(turn + 1) % 2]
    now, before, earlier = has_changed[turn % 3], has_changed[(turn + 2) % 3], has_changed[(turn + 1) % 3]
    count = 0
    for y in range(top, bottom):
        around = before[y - 1] | before[y] | before[y + 1] | earlier[y - 1] | earlier[y] | earlier[y + 1]
        now[y] = False
        if around:
            rows = source[y - 1], source[y], source[y + 1]
            now[y] = _peel(rows, interior, method, turn % 2 == 1, target[y])
            count += now[y]
    return count


@helper(allocates=True)
def _empty_planes(count, height, width):
    """Make two planes of bits for each image, and marks of rows that have changed for three turns."""
    # Full vectors of words: what a loop leaves over takes as long as the rest of a row.
    words = parts_of(width, WORD * _LANES) * _LANES
    return np.zeros((count, 2, height + 2, words + 2), np.uint64), np.full((count, 3, height + 2), True)


@helper(allocates=True)
def _interior(width, words):
    """Return the bits of all columns but the outermost, which stay as they are."""
    interior = np.zeros(words, np.uint64)
    for x in range(1, width - 1):
        interior[x // WORD] |= _ONE << np.uint64(x % WORD)
    return interior


@helper(allocates=True)
def _pack_strip(source, planes, top):
    """Set the bits of rows in both planes."""
    line = np.zeros(parts_of(source.shape[1], WORD) * WORD, np.uint8)
    for y in range(source.shape[0]):
        _pack_row(source[y], line, planes[0, top + 1 + y])
        copy_row(planes[0, top + 1 + y], planes[1, top + 1 + y])


@cpu_kernel
def thin(source, method, out):
    """Remove pixels from the outlines of regions until only lines are left.

    Parameters
    ----------
    source, out : (N, H, W, 1) uint8 arrays
        Masks, set from 128 on, and what is left of them.
    method : int
        ``ZHANG_SUEN`` or ``GUO_HALL``.
    """
    count, height, width, _ = source.shape
    pixels, drawn = source.reshape(count, height, width), out.reshape(count, height, width)
    planes, has_changed = _empty_planes(count, height, width)
    interior = _interior(width, planes.shape[3] - 2)
    strips = parts_of(height, _STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        _pack_strip(pixels[image, top:bottom], planes[image], top)
    turn, still = 0, 0
    while still < 2:
        changed = 0
        for task in prange(count * strips):
            image, top, bottom = strip(task, strips, _STRIP, height)
            changed += _peel_strip(
                planes[image],
                has_changed[image],
                interior,
                method,
                turn,
                max(top, 1) + 1,
                min(bottom, height - 1) + 1,
            )
        still = 0 if changed else still + 1
        turn += 1
    for y in prange(count * height):
        _draw_row(planes[y // height, turn % 2, y % height + 1], drawn[y // height, y % height])
