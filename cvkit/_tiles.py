"""Strips, tiles and spans: which part of an image a task works on.

The one place where their bounds are derived. A parallel loop runs over ``count * strips`` tasks, or over
``count * rows * columns`` tiles, and asks here what is the task's. Each bound is the first row or column, or
the one after the last.
"""

from cvkit._jit import helper


@helper
def parts_of(length, size):
    """Return how many parts of ``size`` cover ``length``; the last may be shorter."""
    return (length + size - 1) // size


@helper
def span(part, size, length):
    """Return where a part of ``size`` begins and ends."""
    begin = part * size
    return begin, min(begin + size, length)


@helper
def equal_span(part, parts, length):
    """Return where one of a given number of parts begins and ends, as equal as whole numbers allow."""
    return part * length // parts, (part + 1) * length // parts


@helper
def strip(task, strips, size, height):
    """Return the image of a task, and the first row of its strip and the one after its last."""
    top, bottom = span(task % strips, size, height)
    return task // strips, top, bottom


@helper
def tiles_of(size, shape):
    """Return how many rows and how many columns of tiles cover ``shape``; both are (height, width)."""
    return parts_of(shape[0], size[0]), parts_of(shape[1], size[1])


@helper
def tile(task, tiles, size, shape):
    """Return the image of a task, and top, bottom, left and right of its tile; pairs are (rows, columns)."""
    rows, columns = tiles
    top, bottom = span(task // columns % rows, size[0], shape[0])
    left, right = span(task % columns, size[1], shape[1])
    return task // (rows * columns), top, bottom, left, right
