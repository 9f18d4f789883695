"""Replacing small regions on the CPU."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _invert_row(row, out):
    """Set what is 0."""
    for x in range(row.shape[0]):
        out[x] = np.uint8(row[x] == 0)


@cpu_kernel
def invert(source, out):
    """Set the pixels of masks, (N, H, W), that are 0, and no others."""
    count, height, width = source.shape
    rows, inverted = source.reshape(count * height, width), out.reshape(count * height, width)
    for y in prange(count * height):
        _invert_row(rows[y], inverted[y])


@helper
def _mark_small(area, minimum, is_small):
    """Mark the labels of small regions; 0 is none."""
    for label in range(area.shape[0]):
        is_small[label] = np.uint8((label > 0) & (area[label] < minimum))


@helper
def _replace_in_row(row, labels, is_small, value, out):
    """Replace the pixels of small regions in a row; all is loaded, so that nothing is to be guessed."""
    for x in range(row.shape[0]):
        pixel, replaced = row[x], is_small[np.uint32(labels[x])]
        out[x] = value if replaced else pixel


@cpu_kernel
def replace_small(source, labels, area, minimum, value, out):
    """Write ``value`` to the pixels of regions smaller than ``minimum``; others stay."""
    count, height, width = source.shape
    rows, rows_of_labels = source.reshape(count * height, width), labels.reshape(count * height, width)
    replaced = out.reshape(count * height, width)
    is_small = np.empty(area.shape, np.uint8)
    for image in prange(count):
        _mark_small(area[image], minimum, is_small[image])
    for y in prange(count * height):
        _replace_in_row(rows[y], rows_of_labels[y], is_small[y // height], value, replaced[y])
