"""Counts of every value on the CPU."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, strip

# Values of one task: a table of 16 bits is filled and added up in a small part of its time.
SPAN = 1 << 20


@helper
def _count(values, step, tables):
    """Count values, one after another in four tables ``step`` apart.

    Where neighbors are equal, one counter would wait for itself; the next table's does not.
    """
    second, third, fourth = np.uintp(step), np.uintp(2 * step), np.uintp(3 * step)
    fours = values.shape[0] // 4
    for x in range(fours):
        tables[np.uintp(values[4 * x])] += np.uint32(1)
        tables[second + np.uintp(values[4 * x + 1])] += np.uint32(1)
        tables[third + np.uintp(values[4 * x + 2])] += np.uint32(1)
        tables[fourth + np.uintp(values[4 * x + 3])] += np.uint32(1)
    for x in range(4 * fours, values.shape[0]):
        tables[np.uintp(values[x])] += np.uint32(1)


@helper
def _add(table, total):
    for value in range(total.shape[0]):
        total[value] += table[value]


@cpu_kernel
def count_values(values, counts):
    """Add to each row of ``counts``, 256 or 65536 of uint64, how often a row has each value."""
    count, bins = counts.shape
    strips = parts_of(values.shape[1], SPAN)
    # Four tables of 16 bits leave the second-level cache; there neighbors are seldom equal.
    copies = 4 if bins == 256 else 1
    tables = np.zeros((count * strips, copies * bins), np.uint32)
    for task in prange(count * strips):
        row, first, stop = strip(task, strips, SPAN, values.shape[1])
        _count(values[row][first:stop], bins if copies == 4 else 0, tables[task])
    for row in prange(count):
        for task in range(row * strips, (row + 1) * strips):
            for copy in range(copies):
                _add(tables[task, copy * bins : (copy + 1) * bins], counts[row])
