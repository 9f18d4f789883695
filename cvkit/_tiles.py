"""Strips, tiles and spans: which part of an image a task works on.

The one place where their bounds are derived. A parallel loop runs over ``count * strips`` tasks, or over
``count * strips * tiles``, and asks here what is the task's.
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
def strip(task, strips, size, height):
    """Return the image of a task, and the first row of its strip and the one after its last."""
    top, bottom = span(task % strips, size, height)
    return task // strips, top, bottom
