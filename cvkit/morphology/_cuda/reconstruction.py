"""Reconstruction on CUDA: scans of all rows and all columns at once, until none changes anything.

A thread has a line of the image and walks along it, and each value it meets takes what the three before it
have. What it reads of its neighbors' lines may be old or new: values only come nearer to what they end at.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.morphology._math import stronger


class Scan(NamedTuple):
    """How images are scanned; places are numbered through all of them."""

    lines: Any
    length: Any  # of a line
    first: Any  # where the first line begins
    across: Any  # from one line to the next
    along: Any  # from one value of a line to the next


@cuda_kernel
def _find_beyond(marker, mask, is_erosion, out):
    x, y, image = cuda.grid(3)
    count, height, width, _ = marker.shape
    if image >= count or y >= height or x >= width:
        return
    value, limit = marker[image, y, x, 0], mask[image, y, x, 0]
    if not (value >= limit if is_erosion else value <= limit):
        out[image, y] = 1


def find_beyond(marker, mask, is_erosion, out):
    """Write 1 for each row, of (N, H), in which a marker is beyond its mask; ``out`` is 0 elsewhere."""
    _find_beyond[marker.shape[:3]](marker, mask, is_erosion, out)


@cuda_kernel(block=(256,))
def _begin(marker, out, last_turn):
    index = np.uintp(cuda.grid(1))
    if index < np.uintp(marker.size):
        out.flat[index] = marker.flat[index]
    if index == np.uintp(0):
        last_turn[0] = 0


@cuda_kernel(block=(64, 1))
def _scan(mask, scan, is_maximum, turn, out, last_turn):
    """Let values spread along lines, and write the number of the turn if any does."""
    line, image = cuda.grid(2)
    count, height, width, _ = mask.shape
    if image >= count or line >= scan.lines:
        return
    across, along = np.uintp(scan.across), np.uintp(scan.along)
    index = np.uintp(image) * np.uintp(height * width) + np.uintp(scan.first) + np.uintp(line) * across
    value = out.flat[index]
    is_changed = False
    for _ in range(1, scan.length):
        found = value
        if line > 0:
            found = stronger(out.flat[index - across], found, is_maximum)
        if line + 1 < scan.lines:
            found = stronger(out.flat[index + across], found, is_maximum)
        index += along
        here = out.flat[index]
        value = stronger(here, stronger(mask.flat[index], found, not is_maximum), is_maximum)
        if value != here:
            out.flat[index] = value
            is_changed = True
    if is_changed:
        last_turn[0] = turn


def reconstruct(marker, mask, is_erosion, extent, out):
    """Write the reconstruction of masks from markers."""
    count, height, width, _ = marker.shape
    last = height * width - 1
    scans = (
        Scan(width, height, 0, 1, width),
        Scan(width, height, last, -1, -width),
        Scan(height, width, 0, width, 1),
        Scan(height, width, last, -width, -1),
    )
    last_turn = temporary((1,), np.int32, marker)
    _begin[marker.size](marker, out, last_turn)
    turn = 0
    has_changed = count > 0
    while has_changed:
        turn += 1
        for scan in scans:
            _scan[count, scan.lines](mask, scan, not is_erosion, turn, out, last_turn)
        found = last_turn.copy_to_host()
        if last_turn.stream:  # on it the copy is only begun
            last_turn.stream.synchronize()
        has_changed = found[0] == turn
