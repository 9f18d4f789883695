"""Hulls, the boxes around them, and outlines of fewer points, with OpenCV's decisions.

Points are int64, or float32 as OpenCV's are.
"""

import numpy as np

from cvkit._jit import helper, serial_kernel

# More than products of coordinates can be wrong by as float64.
_ROUNDING = 1e6


@helper
def _sign(value):
    """Return 1, 0 or -1."""
    return int(value > 0) - int(value < 0)


@helper(contract=False)
def _inverse_length(x, y):
    """Return 1 by the length of a vector, or 0 where it has none."""
    length = np.sqrt(np.float64(x) * np.float64(x) + np.float64(y) * np.float64(y))
    return 1 / length if length > 0 else 0.0


@helper(contract=False)
def _turn(points, first, second, third):
    """Return how much three points turn; of floats, the sine of the angle, whose rounding knows no unit."""
    x, y = points[second, 0] - points[first, 0], points[second, 1] - points[first, 1]
    u, v = points[third, 0] - points[second, 0], points[third, 1] - points[second, 1]
    if points.itemsize == 4:
        shorter, other = _inverse_length(x, y), _inverse_length(u, v)
        x, y = np.float32(x * shorter), np.float32(y * shorter)
        u, v = np.float32(u * other), np.float32(v * other)
        return np.float64(y) * np.float64(u) - np.float64(x) * np.float64(v)
    estimate = np.float64(y) * np.float64(u) - np.float64(x) * np.float64(v)
    # Wrapped products of the largest int64 have a difference that is right, if it is small.
    return estimate if abs(estimate) > _ROUNDING else np.float64(y * u - x * v)


@helper
def _same(points, first, second):
    """Tell whether two points lie at one place."""
    return points[first, 0] == points[second, 0] and points[first, 1] == points[second, 1]


@helper
def _scan(points, start, end, stack, vertical, turning):
    """Walk through sorted points, after Sklansky, and put those of a quarter of the hull on a stack.

    ``vertical`` is the sign of steps that leave the quarter, ``turning`` that of the turns which stay in it.
    """
    step = 1 if end > start else -1
    if start == end or _same(points, start, end):
        stack[0] = start
        return 1
    before, current, after = start, start + step, start + 2 * step
    stack[0], stack[1], stack[2] = before, current, after
    size = 3
    while after != end + step:
        if _sign(points[after, 1] - points[current, 1]) == vertical:
            after += step
            stack[size - 1] = after
        elif _sign(_turn(points, before, current, after)) == turning and not _same(points, before, current):
            before, current = current, after
            after += step
            stack[size] = after
            size += 1
        elif before == start:
            current = after
            stack[1] = current
            after += step
            stack[2] = after
        else:
            stack[size - 2] = after
            current = before
            before = stack[size - 4]
            size -= 1
    return size - 1


@helper
def _join(first, first_size, second, second_size, hull, count):
    """Append two quarters, the second one backwards, without the points that the next ones begin with."""
    for index in range(first_size - 1):
        hull[count] = first[index]
        count += 1
    for index in range(second_size - 1, 0, -1):
        hull[count] = second[index]
        count += 1
    return count


@serial_kernel(allocates=True)
def find_hull(points, clockwise, hull):
    """Find the hull of points that are sorted by x, then by y; return how many places of them it takes."""
    total = points.shape[0]
    top, bottom = 0, 0
    for index in range(1, total):
        if points[index, 1] < points[top, 1]:
            top = index
        if points[index, 1] > points[bottom, 1]:
            bottom = index
    if _same(points, 0, total - 1):
        hull[0] = 0
        return 1
    left, right = np.empty(total + 2, np.int64), np.empty(total + 2, np.int64)
    left_size = _scan(points, 0, bottom, left, -1, 1)
    right_size = _scan(points, total - 1, bottom, right, -1, -1)
    if not clockwise:
        left, right, left_size, right_size = right, left, right_size, left_size
    count = _join(left, left_size, right, right_size, hull, 0)
    stop = np.int64(-1)
    if right_size > 2:
        stop = right[1]
    elif left_size > 2:
        stop = left[left_size - 2]
    left_size = _scan(points, 0, top, left, 1, -1)
    right_size = _scan(points, total - 1, top, right, 1, 1)
    if clockwise:
        left, right, left_size, right_size = right, left, right_size, left_size
    if stop >= 0:
        other = np.int64(-1)
        if left_size > 2:
            other = left[1]
        elif left_size + right_size > 2:
            other = right[2 - left_size]
        # All points lie on a line, of which both halves are one.
        if other >= 0 and _same(points, other, stop):
            left_size, right_size = min(left_size, 2), min(right_size, 2)
    return _join(left, left_size, right, right_size, hull, count)


@serial_kernel(contract=False, allocates=True)
def smallest_box(hull, box):
    """Turn four sides around a hull; fill a corner and the two sides of the box of the smallest area.

    In float32, as OpenCV: rounding decides between boxes of one area.
    """
    size = hull.shape[0]
    touching = np.zeros(4, np.int64)  # the lowest, the rightmost, the highest and the leftmost point
    for index in range(1, size):
        x, y = hull[index, 0], hull[index, 1]
        if y < hull[touching[0], 1]:
            touching[0] = index
        if x > hull[touching[1], 0]:
            touching[1] = index
        if y > hull[touching[2], 1]:
            touching[2] = index
        if x < hull[touching[3], 0]:
            touching[3] = index
    smallest = np.float32(np.inf)
    for _ in range(size):
        main, main_x, main_y = 0, np.float32(0), np.float32(0)
        for side in range(4):
            after = (touching[side] + 1) % size
            x = hull[after, 0] - hull[touching[side], 0]
            y = hull[after, 1] - hull[touching[side], 1]
            # As if it was the lower side.
            if side == 1:
                x, y = y, -x
            elif side == 2:
                x, y = -x, -y
            elif side == 3:
                x, y = -y, x
            if side == 0 or y * main_x - x * main_y < 0:
                main, main_x, main_y = side, x, y
        wide_x, wide_y = np.float64(main_x), np.float64(main_y)
        inverse = np.float32(1 / np.sqrt(wide_x * wide_x + wide_y * wide_y))
        x, y = main_x * inverse, main_y * inverse
        touching[main] = (touching[main] + 1) % size
        lowest, rightmost, highest, leftmost = touching[0], touching[1], touching[2], touching[3]
        across = hull[rightmost, 0] - hull[leftmost, 0], hull[rightmost, 1] - hull[leftmost, 1]
        down = hull[highest, 0] - hull[lowest, 0], hull[highest, 1] - hull[lowest, 1]
        width, height = across[0] * x + across[1] * y, down[1] * x - down[0] * y
        if width * height <= smallest:
            smallest = width * height
            along = x * hull[leftmost, 0] + hull[leftmost, 1] * y
            aside = x * hull[lowest, 1] - y * hull[lowest, 0]
            inverse = np.float32(1) / (x * x + y * y)
            box[0, 0], box[0, 1] = (along * x - aside * y) * inverse, (x * aside + y * along) * inverse
            box[1, 0], box[1, 1] = x * width, y * width
            box[2, 0], box[2, 1] = -y * height, x * height


@helper(contract=False)
def _apart(points, first, second):
    """Return the square of the distance between two points."""
    x, y = np.float64(points[first, 0] - points[second, 0]), np.float64(points[first, 1] - points[second, 1])
    return x * x + y * y


@helper(contract=False)
def _from_segment(points, index, first, second):
    """Return the square of the distance from a segment, times that of its length."""
    u, v = np.float64(points[second, 0] - points[first, 0]), np.float64(points[second, 1] - points[first, 1])
    x, y = points[index, 0] - points[first, 0], points[index, 1] - points[first, 1]
    along, length = x * u + y * v, u * u + v * v
    if length == 0:
        return np.float64(x * x + y * y)
    if along < 0:
        return (x * x + y * y) * length
    if along > length:
        x, y = points[index, 0] - points[second, 0], points[index, 1] - points[second, 1]
        return (x * x + y * y) * length
    aside = y * u - x * v
    return aside * aside


@helper(contract=False)
def _is_almost_straight(points, first, second, third, limit):
    """Tell whether a point adds nothing to the line between its neighbors, unless that runs along an axis."""
    u, v = np.float64(points[third, 0] - points[first, 0]), np.float64(points[third, 1] - points[first, 1])
    x, y = points[second, 0] - points[first, 0], points[second, 1] - points[first, 1]
    aside = x * v - y * u
    is_between = x * (points[third, 0] - points[second, 0]) + y * (points[third, 1] - points[second, 1]) >= 0
    return aside * aside <= 0.5 * limit * (u * u + v * v) and u != 0 and v != 0 and is_between


@helper
def _straighten(points, limit, is_closed, kept, count):
    """Leave points out that lie almost on the line between their neighbors; return how many stay."""
    remaining = count
    read = count - 1 if is_closed else 0
    first = kept[read]
    read = (read + 1) % count
    write = read
    second = kept[read]
    read = (read + 1) % count
    index, last = (0, count) if is_closed else (1, count - 1)
    while index < last and remaining > 2:
        third = kept[read]
        read = (read + 1) % count
        if _is_almost_straight(points, first, second, third, limit):
            remaining -= 1
            first = third
            second = kept[read]
            read = (read + 1) % count
            index += 2
        else:
            first, second = second, third
            index += 1
        kept[write] = first
        write = (write + 1) % count
    if not is_closed:
        kept[write] = second
    return remaining


@helper
def _farthest(points, first):
    """Return by how many places the farthest point comes later, and the square of its distance."""
    count = points.shape[0]
    found, most = 0, 0.0
    for offset in range(1, count):
        apart = _apart(points, (first + offset) % count, first)
        if apart > most:
            found, most = offset, apart
    return found, most


@serial_kernel(contract=False, allocates=True)
def simplify(points, tolerance, is_closed, kept):
    """Keep points of a contour from which no others are farther than a tolerance; return how many.

    After Douglas and Peucker; where a closed contour begins is the farther one of two far points.
    """
    count = points.shape[0]
    limit = tolerance * tolerance
    begins, ends = np.empty(count + 2, np.int64), np.empty(count + 2, np.int64)
    waiting, size = 0, 0
    is_open = not is_closed and not _same(points, 0, count - 1)
    if is_open:
        begins[0], ends[0], waiting = 0, count - 1, 1
    else:
        first, offset, most = 0, 0, 0.0
        for _ in range(3 if is_closed else 1):
            first = (first + offset) % count
            offset, most = _farthest(points, first)
        if most <= limit:
            kept[0], size = first, 1
        else:
            other = (first + offset) % count
            begins[0], ends[0], begins[1], ends[1], waiting = other, first, first, other, 2
    while waiting:
        waiting -= 1
        begin, end = begins[waiting], ends[waiting]
        found, most = begin, 0.0
        index = (begin + 1) % count
        while index != end:
            apart = _from_segment(points, index, begin, end)
            if apart > most:
                found, most = index, apart
            index = (index + 1) % count
        length = _apart(points, begin, end)
        if most <= limit * (length if length > 0 else 1.0):
            kept[size] = begin
            size += 1
        else:
            begins[waiting], ends[waiting], begins[waiting + 1], ends[waiting + 1] = found, end, begin, found
            waiting += 2
    if is_open:
        kept[size] = count - 1
        size += 1
    return _straighten(points, limit, is_closed, kept, size)
