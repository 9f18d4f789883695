"""Groups of similar boxes on the CPU: those that a chain of similar ones connects."""

import numpy as np

from cvkit._jit import helper, serial_kernel


@helper
def _are_similar(one, other, tolerance):
    """Whether no edge of a box (left, top, width, height) is far from the other's."""
    limit = tolerance * (min(one[2], other[2]) + min(one[3], other[3])) * 0.5
    return (
        abs(one[0] - other[0]) <= limit
        and abs(one[1] - other[1]) <= limit
        and abs(one[0] + one[2] - other[0] - other[2]) <= limit
        and abs(one[1] + one[3] - other[1] - other[3]) <= limit
    )


@serial_kernel(allocates=True)
def partition(boxes, tolerance, groups):
    """Number the group of each box, the groups in the order of their first boxes."""
    count = boxes.shape[0]
    groups[:] = -1
    waiting = np.empty(count, np.int64)
    number = 0
    for first in range(count):
        if groups[first] >= 0:
            continue
        groups[first] = number
        waiting[0], length = first, 1
        while length > 0:
            length -= 1
            box = boxes[waiting[length]]
            for other in range(first + 1, count):
                if groups[other] < 0 and _are_similar(box, boxes[other], tolerance):
                    groups[other] = number
                    waiting[length] = other
                    length += 1
        number += 1
