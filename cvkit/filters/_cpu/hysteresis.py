"""Linking candidates to edges, 64 pixels at a time: one bit for each pixel, and rows that wait in turn.

Planes of bits have a frame of zeros, one row or at least one word wide, so that neighbors always exist.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.bits import WORD, pack_bits, unpack_bits
from cvkit._tiles import parts_of
from cvkit.filters._canny_math import CANDIDATE, EDGE, NONE

# Words of the widest vectors.
_LANES = 8

_ONE, _LAST = np.uint64(1), np.uint64(WORD - 1)


def framed_planes(count, height, width):
    """Make planes of bits for the candidates and for the edges of images, with empty frames."""
    # Full vectors of words: what a loop leaves over takes as long as the rest of a row.
    words = -(-width // (WORD * _LANES)) * _LANES
    return np.zeros((2, count, height + 2, words + 2), np.uint64)


@helper(allocates=True)
def empty_marks(width):
    """Make marks for a row, and marks of none beyond it that fill its last word."""
    return np.full(parts_of(width, WORD) * WORD, NONE)


@helper
def pack_marks(marks, candidates, edges):
    """Set the bits of a row whose marks :func:`empty_marks` made."""
    for word in range(marks.shape[0] // WORD):
        candidates[word + 1] = pack_bits(marks, word * WORD, CANDIDATE)
        edges[word + 1] = pack_bits(marks, word * WORD, EDGE)


@helper(force_inline=True)
def _fill_runs(seeds, allowed):
    """Extend seeds, which are allowed bits, to the full runs of allowed bits that they lie in."""
    # Adding a seed to its run carries up to the run's end and turns it to zeros on the way.
    filled = seeds | (allowed & ~(allowed + seeds))
    # Down, each step doubles the distance over which all bits are known to be allowed.
    path = allowed
    filled |= path & (filled >> np.uint64(1))
    path &= path >> np.uint64(1)
    filled |= path & (filled >> np.uint64(2))
    path &= path >> np.uint64(2)
    filled |= path & (filled >> np.uint64(4))
    path &= path >> np.uint64(4)
    filled |= path & (filled >> np.uint64(8))
    path &= path >> np.uint64(8)
    filled |= path & (filled >> np.uint64(16))
    path &= path >> np.uint64(16)
    return filled | (path & (filled >> np.uint64(32)))


@helper
def _link_row(above, here, below, candidates, linked):
    """Make edges of a row's candidates that are next to an edge; tell whether there were any.

    Within a word the edges reach the end of every run of candidates; beyond, they get on when the row's turn
    comes again.
    """
    words = linked.shape[0]
    above_before, above_middle, above_after = above[:words], above[1:], above[2:]
    here_before, here_middle, here_after = here[:words], here[1:], here[2:]
    below_before, below_middle, below_after = below[:words], below[1:], below[2:]
    allowed = candidates[1:]
    changes = np.uint64(0)
    for word in range(words):
        before = above_before[word] | here_before[word] | below_before[word]
        middle = above_middle[word] | here_middle[word] | below_middle[word]
        after = above_after[word] | here_after[word] | below_after[word]
        near = middle | (middle << _ONE) | (before >> _LAST) | (middle >> _ONE) | (after << _LAST)
        linked[word] = _fill_runs(near & allowed[word], allowed[word])
        changes |= linked[word] ^ here_middle[word]
    if changes == 0:
        return False
    for word in range(words):
        here[word + 1] = linked[word]
    return True


@helper(allocates=True)
def link(candidates, edges):
    """Make edges of all candidates that chains of candidates link to one.

    Rows take turns, down the image and up again, until none has a neighbor that changed.
    """
    height = candidates.shape[0] - 2
    linked = np.empty(candidates.shape[1] - 2, np.uint64)
    waits = np.full(height + 2, True)
    first, last, step = 1, height, 1
    while first != 0:
        again = 0
        for y in range(first, last + step, step):
            if waits[y]:
                waits[y] = _link_row(edges[y - 1], edges[y], edges[y + 1], candidates[y], linked)
                if waits[y]:
                    waits[y - 1] = waits[y + 1] = True
                    again = y
        first, last, step = again, (1 if step == 1 else height), -step


@helper
def draw_row(edges, out):
    """Draw the edges of a row."""
    full_words = out.shape[0] // WORD
    for word in range(full_words):
        unpack_bits(edges[word + 1], out, word * WORD)
    for x in range(full_words * WORD, out.shape[0]):
        bit = (edges[full_words + 1] >> np.uint64(x - full_words * WORD)) & _ONE
        out[x] = np.uint8(255) if bit else np.uint8(0)


@cpu_kernel
def draw_edges(candidates, edges, out):
    """Link the candidates of images to their edges, and draw all edges."""
    count, height, width, _ = out.shape
    drawn = out.reshape(count * height, width)
    for image in prange(count):
        link(candidates[image], edges[image])
    for y in prange(count * height):
        draw_row(edges[y // height, y % height + 1], drawn[y])
