"""Circles on the CPU: edges vote along their gradients for centers, and around each for a radius."""

import math

import numpy as np

from cvkit._jit import helper, serial_kernel

# Bits of a fraction of a counter, on the way along a gradient.
_SHIFT = 10
# Bins of radii in the side of a counter.
_BINS = 10
_LEAST_RADIUS = 1.1920929e-07


@helper
def _vote_along(start, step, radii, counters):
    """Count every center on one side of an edge."""
    height, width = counters.shape[0] - 2, counters.shape[1] - 2
    x, y = start[0] + radii[0] * step[0], start[1] + radii[0] * step[1]
    for _ in range(radii[0], radii[1] + 1):
        column, row = x >> _SHIFT, y >> _SHIFT
        if column < 0 or column >= width or row < 0 or row >= height:
            return
        counters[row, column] += np.int32(1)
        x += step[0]
        y += step[1]


@helper(contract=False)
def _steps(x, y, dx, dy, scale):
    """Return where an edge is among the counters, and its direction; in fractions."""
    one = np.float32(1 << _SHIFT)
    across, down = np.float32(dx), np.float32(dy)
    length = np.float32(math.sqrt(np.float32(np.float32(across * across) + np.float32(down * down))))
    step_x = np.int64(np.rint(np.float32(np.float32(across * scale) * one) / length))
    step_y = np.int64(np.rint(np.float32(np.float32(down * scale) * one) / length))
    start_x = np.int64(np.rint(np.float32(np.float32(np.float32(x) * scale) * one)))
    start_y = np.int64(np.rint(np.float32(np.float32(np.float32(y) * scale) * one)))
    return (start_x, start_y), (step_x, step_y)


@serial_kernel
def vote_for_centers(edges, dx, dy, scale, radii, counters, points):
    """Vote for the centers of circles through each edge; list the edges and return how many there are."""
    count = 0
    for y in range(edges.shape[0]):
        for x in range(edges.shape[1]):
            if edges[y, x] and (dx[y, x] != 0 or dy[y, x] != 0):
                start, step = _steps(x, y, dx[y, x], dy[y, x], scale)
                _vote_along(start, step, radii, counters)
                _vote_along(start, (-step[0], -step[1]), radii, counters)
                points[0, count], points[1, count] = x, y
                count += 1
    return count


@helper(contract=False)
def _count_radii(x, y, points, radii, side, bins):
    """Count the edges around a center by their distance."""
    least = np.float32(np.float32(radii[0]) * np.float32(radii[0]))
    most = np.float32(np.float32(radii[1]) * np.float32(radii[1]))
    bins[:] = 0
    count = 0
    for place in range(points.shape[1]):
        across, down = np.float32(points[0, place] - x), np.float32(points[1, place] - y)
        square = np.float32(np.float32(across * across) + np.float32(down * down))
        if least <= square and square <= most:
            distance = np.float32(np.float32(math.sqrt(square)) - np.float32(radii[0]))
            bin_of = np.rint(np.float32(np.float32(distance / side) * np.float32(_BINS)))
            bins[max(0, min(bins.shape[0] - 1, np.int64(bin_of)))] += 1
            count += 1
    return count


@helper(contract=False)
def _best_radius(bins, least, side):
    """Return the radius with the most edges for its length, and how many there are.

    Runs of bins are as long as the side of a counter, from the largest radius down.
    """
    best, most = np.float32(0), 0
    place = bins.shape[0] - 1
    while place > 0:
        if bins[place]:
            upper, count = place, 0
            while place > upper - _BINS and place >= 0:
                count += bins[place]
                place -= 1
            middle = np.float32(np.float32(upper + place) / np.float32(2))
            radius = np.float32(np.float32(middle / np.float32(_BINS)) * side) + np.float32(least)
            if np.float32(count) * best >= np.float32(most) * radius or (
                best < np.float32(_LEAST_RADIUS) and count >= most
            ):
                best, most = np.float32(radius), count
        place -= 1
    return best, most


@serial_kernel(allocates=True)
def measure(centers, points, radii, side, circles):
    """Find the best radius around each center; ``circles`` are x, y, radius and the number of its edges."""
    bins = np.zeros(max(1, np.int64(np.rint(np.float32((radii[1] - radii[0]) / side * _BINS)))), np.int32)
    for place in range(centers.shape[1]):
        x = np.float32(np.float32(np.float32(centers[1, place]) + np.float32(0.5)) * side)
        y = np.float32(np.float32(np.float32(centers[0, place]) + np.float32(0.5)) * side)
        radius, count = np.float32(0), 0
        if _count_radii(x, y, points, radii, side, bins):
            radius, count = _best_radius(bins, radii[0], side)
        circles[0, place], circles[1, place], circles[2, place], circles[3, place] = x, y, radius, count


@serial_kernel(contract=False)
def keep_apart(circles, distance, kept):
    """Mark the circles whose centers are not nearer than a distance to those before them that are kept."""
    least = np.float32(distance * distance)
    for place in range(circles.shape[1]):
        kept[place] = True
        for before in range(place):
            if kept[before]:
                across = np.float32(circles[0, place] - circles[0, before])
                down = np.float32(circles[1, place] - circles[1, before])
                if np.float32(np.float32(across * across) + np.float32(down * down)) < least:
                    kept[place] = False
                    break
