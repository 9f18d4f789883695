"""The nodes that best-first growth may split next, the most rewarding one first.

A binary heap whose every exchange is that of the C++ standard library, which scikit-learn uses: it decides
which of equally rewarding nodes comes first.
"""

from __future__ import annotations

from cvkit._jit import exact_helper


@exact_helper
def rise(heap, place, node, branches):
    """Put a node at a free place, or above it where its parents are less rewarding."""
    parent = (place - 1) // 2
    while place > 0 and branches[heap[parent]]["improvement"] < branches[node]["improvement"]:
        heap[place] = heap[parent]
        place = parent
        parent = (place - 1) // 2
    heap[place] = node


@exact_helper
def add_to_frontier(heap, size, node, branches):
    """Add a node; return the new size."""
    rise(heap, size, node, branches)
    return size + 1


@exact_helper
def take_from_frontier(heap, size, branches):
    """Take out the most rewarding node and return it; the frontier is one shorter afterwards."""
    best = heap[0]
    last = heap[size - 1]
    size -= 1
    place = 0
    child = 2
    while child < size:
        if branches[heap[child]]["improvement"] < branches[heap[child - 1]]["improvement"]:
            child -= 1
        heap[place] = heap[child]
        place = child
        child = 2 * (place + 1)
    if child == size:
        heap[place] = heap[child - 1]
        place = child - 1
    if size > 0:
        rise(heap, place, last, branches)
    return best
