"""Regions on the CPU: runs of pixels as nodes of a union-find, found as bits, 64 pixels at a time.

Rows are taken in bands: one row for 4 neighbors, and two for 8, where all that touches in two rows is one run
of the columns that hold a pixel in either. A run is a node; its parent is a run of the same region with a
smaller number, or itself. Numbers go down the image and along the bands, so that a root is the first run of
its region.
"""

from typing import NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange, serial_kernel
from cvkit._simd.bits import WORD, pack_bits
from cvkit._simd.counts import count_bits
from cvkit._simd.numbers import trailing_zeros
from cvkit._tiles import parts_of, span, strip

# Bands of one task; its runs are linked to those of other tasks at the end.
STRIP = 32
# Labels that are written at once, whatever the length of a run.
LANES = 16

_ONE, _LAST = np.uint64(1), np.uint64(WORD - 1)
_ANY = np.uint8(255)


class Runs(NamedTuple):
    """The runs of images, those of an image in a row of each array.

    A strip's runs begin where the numbers of all that fit into the strips before it end.
    """

    starts: np.ndarray
    """The first column of each run."""
    parents: np.ndarray
    """The number of each run's parent; later the label of each run."""
    bounds: np.ndarray
    """Of each band the number of its first run, and the one after its last: (N, bands, 2)."""


class Band(NamedTuple):
    """A band of rows as bits, a word for 64 columns."""

    top: np.ndarray
    bottom: np.ndarray
    starts: np.ndarray
    """Where runs begin."""
    before: np.ndarray
    """The number of the first run that begins in the word or after it."""


@helper(allocates=True)
def _empty_band(width):
    words = parts_of(width, WORD)
    return Band(
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
    )


@helper
def _pack_row(row, words):
    """Set the bits of the pixels that are not 0."""
    width = row.shape[0]
    whole = width // WORD
    for word in range(whole):
        words[word] = pack_bits(row, word * WORD, _ANY)
    rest = width - whole * WORD
    if rest > 0 and whole > 0:  # the last 64 pixels, without those that have their bits
        words[whole] = pack_bits(row, width - WORD, _ANY) >> np.uint64(WORD - rest)
    elif rest > 0:
        bits = np.uint64(0)
        for x in range(width):
            bits |= np.uint64(row[x] != 0) << np.uint64(x)
        words[0] = bits


@helper
def _load_band(rows, size, index, band):
    """Pack the rows of a band; the last one of an image may lack its second row."""
    top, bottom = span(index, size, rows.shape[0])
    _pack_row(rows[top], band.top)
    if size == 1:
        _pack_row(rows[top], band.bottom)
    elif bottom - top == 2:
        _pack_row(rows[top + 1], band.bottom)
    else:
        band.bottom[:] = 0


@helper
def _number_runs(band, first, starts):
    """Number the runs of a band from ``first`` on, and return the number after the last."""
    carry = np.uint64(0)
    number = np.uint64(first)
    for word in range(band.top.shape[0]):
        columns = band.top[word] | band.bottom[word]
        beginning = columns & ~((columns << _ONE) | carry)
        carry = columns >> _LAST
        band.starts[word] = beginning
        band.before[word] = number
        column = word * WORD
        while beginning:
            starts[number] = column + np.int64(trailing_zeros(beginning))
            number += _ONE
            beginning &= beginning - _ONE
    return number


@helper
def _root_of(parents, run):
    """Follow a run to its root; those on the way skip one of two from now on."""
    parent = np.uint64(parents[run])
    while parent != run:
        beyond = parents[parent]
        parents[run] = beyond
        run, parent = parent, np.uint64(beyond)
    return run


@helper
def _unite(parents, first, second):
    """Join the regions of two runs: the larger root gets the smaller for its parent."""
    first, second = _root_of(parents, first), _root_of(parents, second)
    smaller, larger = min(first, second), max(first, second)
    parents[larger] = smaller


@helper(force_inline=True)
def _link(places, word, upper, lower, parents):
    """Join a run of one band with a run of the next at each of ``places``, bits of a word of columns.

    ``upper`` and ``lower`` are a band each, and whether the run is the one of the column, or of the column
    before.
    """
    above, above_is_here = upper
    below, below_is_here = lower
    while places:
        place = places & (~places + _ONE)
        places ^= place
        left = place - _ONE
        here = left | place
        first = count_bits(above.starts[word] & (here if above_is_here else left))
        second = count_bits(below.starts[word] & (here if below_is_here else left))
        _unite(parents, above.before[word] + first - _ONE, below.before[word] + second - _ONE)


@helper
def _link_bands(above, here, has_diagonals, parents):
    """Join the runs of two bands wherever pixels of them touch, once for each stretch of columns."""
    carry_above, carry_here = np.uint64(0), np.uint64(0)
    for word in range(here.top.shape[0]):
        upper, lower = above.bottom[word], here.top[word]
        upper_before = (upper << _ONE) | carry_above
        lower_before = (lower << _ONE) | carry_here
        both = upper & lower
        _link(both & ~(upper_before & lower_before), word, (above, True), (here, True), parents)
        if has_diagonals:  # where nothing else links the two
            falling = lower & upper_before & ~(upper | lower_before)
            rising = upper & lower_before & ~(lower | upper_before)
            _link(falling, word, (above, False), (here, True), parents)
            _link(rising, word, (above, True), (here, False), parents)
        carry_above, carry_here = upper >> _LAST, lower >> _LAST


@helper
def _begin_band(rows, size, index, band, runs, image, first):
    """Find the runs of a band, each a region of its own at first; return the number after the last."""
    _load_band(rows, size, index, band)
    stop = _number_runs(band, first, runs.starts[image])
    parents = runs.parents[image]
    for run in range(first, stop):
        parents[run] = run
    runs.bounds[image, index, 0] = first
    runs.bounds[image, index, 1] = stop
    return stop


@cpu_kernel
def _find_runs(source, size, runs):
    """Find the runs of images in bands of ``size`` rows, and link those of each strip."""
    count, height, width = source.shape
    bands = parts_of(height, size)
    strips = parts_of(bands, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, bands)
        above, here = _empty_band(width), _empty_band(width)
        number = np.uint64(top * parts_of(width, 2))
        for band in range(top, bottom):
            number = _begin_band(source[image], size, band, here, runs, image, number)
            if band > top:
                _link_bands(above, here, size == 2, runs.parents[image])
            above, here = here, above


@helper
def _label_runs(bounds, parents):
    """Replace the parents of an image by labels, from 1 on in the order of the roots; return how many."""
    label = 0
    for band in range(bounds.shape[0]):
        for run in range(bounds[band, 0], bounds[band, 1]):
            parent = np.uint64(parents[run])
            if parent == run:
                label += 1
                parents[run] = label
            else:  # which is labeled by now: parents come first
                parents[run] = parents[parent]
    return label


@serial_kernel(allocates=True)
def _join_strips(source, size, runs, counts):
    """Link the strips of images to each other, and replace the parents of runs by labels."""
    count, height, width = source.shape
    bands = parts_of(height, size)
    above, here = _empty_band(width), _empty_band(width)
    for image in range(count):
        starts = runs.starts[image]
        for band in range(STRIP, bands, STRIP):
            _load_band(source[image], size, band - 1, above)
            _load_band(source[image], size, band, here)
            _number_runs(above, runs.bounds[image, band - 1, 0], starts)
            _number_runs(here, runs.bounds[image, band, 0], starts)
            _link_bands(above, here, size == 2, runs.parents[image])
        counts[image] = _label_runs(runs.bounds[image], runs.parents[image])


def find_regions(source, size):
    """Find the regions of images, in bands of ``size`` rows; return their runs, and how many there are."""
    count, height, width = source.shape
    bands = -(-height // size)
    most = bands * -(-width // 2)
    runs = Runs(
        np.empty((count, most), np.uint32),
        np.empty((count, most), np.uint32 if most < 1 << 32 else np.uint64),
        np.empty((count, bands, 2), np.uint64),
    )
    counts = np.empty(count, np.int64)
    _find_runs(source, size, runs)
    _join_strips(source, size, runs, counts)
    return runs, counts


@helper
def _spread(starts, labels, row):
    """Write the label of each run from its start to the next one's, in whole vectors."""
    width = row.shape[0] - LANES
    for run in range(starts.shape[0]):
        label = np.int32(labels[run])
        stop = starts[run + 1] if run + 1 < starts.shape[0] else width
        x = np.int64(starts[run])
        while x < stop:
            part = row[x : x + LANES]
            for lane in range(LANES):
                part[lane] = label
            x += LANES


@helper
def _keep_inside(row, labels, out):
    """Copy the labels of pixels that are not 0."""
    for x in range(out.shape[0]):
        out[x] = labels[x] if row[x] != 0 else np.int32(0)


@cpu_kernel
def write_labels(source, size, regions, out):
    """Write the labels of runs to their pixels, and 0 to others."""
    count, height, width = source.shape
    bands = parts_of(height, size)
    strips = parts_of(bands, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, bands)
        labels = np.zeros(width + LANES, np.int32)
        for band in range(top, bottom):
            first, stop = regions.bounds[image, band]
            _spread(regions.starts[image, first:stop], regions.parents[image, first:stop], labels)
            begin, end = span(band, size, height)
            for y in range(begin, end):
                _keep_inside(source[image, y], labels, out[image, y])
