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
def _replace_in_row(row, labels, area, minimum, value, out):
    """Replace the pixels of small regions in a row."""
    for x in range(row.shape[0]):
        label = np.uint32(labels[x])
        out[x] = value if label != 0 and area[label] < minimum else row[x]


@cpu_kernel
def replace_small(source, labels, area, minimum, value, out):
    """Write ``value`` to the pixels of regions smaller than ``minimum``; others stay."""
    count, height, width = source.shape
    rows, rows_of_labels = source.reshape(count * height, width), labels.reshape(count * height, width)
    replaced = out.reshape(count * height, width)
    for y in prange(count * height):
        _replace_in_row(rows[y], rows_of_labels[y], area[y // height], minimum, value, replaced[y])
