"""ORB on the CPU: corners row by row, their responses, directions and descriptors one by one."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.extremes import larger
from cvkit._simd.numbers import nearest, trailing_zeros
from cvkit._tiles import parts_of, span
from cvkit.features._orb_math import (
    BLUR,
    BLUR_RADIUS,
    HARRIS_RADIUS,
    PATCH_RADIUS,
    REACH,
    RING,
    angle_of,
    corner_score,
    harris_response,
    rotation_of,
    turned,
)

# Rows of corners, and keypoints, that one task works on.
STRIP, KEYPOINTS = 32, 32
# Columns of a blurred patch: whole vectors of eight, which end within the margin of the image.
_COLUMNS = 2 * REACH + 4
_NOTHING, _TWO = np.uint8(0), np.int32(2)


@helper
def _score_row(rows, threshold, scores):
    """Score pixels by the least contrast with nine neighbors on the ring; 0 up to ``threshold``."""
    first, second, third, here, fifth, sixth, last = rows
    for x in range(scores.shape[0]):
        ring = (
            *(last[x + 3], last[x + 4], sixth[x + 5], fifth[x + 6]),
            *(here[x + 6], third[x + 6], second[x + 5], first[x + 4]),
            *(first[x + 3], first[x + 2], second[x + 1], third[x]),
            *(here[x], fifth[x], sixth[x + 1], last[x + 2]),
        )
        scores[x] = corner_score(ring, here[x + 3], threshold)


@helper
def _suppress_row(above, here, below, out):
    """Keep scores that are larger than those of all eight neighbors; return how many there are."""
    count = np.uint32(0)
    for x in range(out.shape[0]):
        around = larger(larger(above[x], above[x + 1]), larger(above[x + 2], here[x]))
        around = larger(larger(around, here[x + 2]), larger(larger(below[x], below[x + 1]), below[x + 2]))
        score = here[x + 1] if here[x + 1] > around else _NOTHING
        out[x] = score
        count = np.uint32(count + np.uint32(score != _NOTHING))
    return count


@helper
def _corners_of_strip(image, threshold, margin, part, scores, out, counts):
    top, bottom = part
    length = image.shape[1] - 2 * margin
    first = margin - 1 - RING
    for y in range(top - 1, bottom + 1):
        rows = (
            image[y - 3, first:],
            image[y - 2, first:],
            image[y - 1, first:],
            image[y, first:],
            image[y + 1, first:],
            image[y + 2, first:],
            image[y + 3, first:],
        )
        _score_row(rows, threshold, scores[y - top + 1, : length + 2])
    for y in range(top, bottom):
        index = y - top
        counts[y] = _suppress_row(
            scores[index], scores[index + 1], scores[index + 2], out[y, margin : margin + length]
        )


@cpu_kernel
def corners(image, threshold, margin, words, counts):
    """Score the corners of an image (H, W) that are ``margin`` or more from its border; FAST-9 of 16.

    ``words`` has eight scores each, 0 where there is no corner or a better one beside it; ``counts`` (H,) is
    how many corners a row has.
    """
    height, out = image.shape[0], words.view(np.uint8)
    out[:margin] = 0
    out[height - margin :] = 0
    counts[:margin] = 0
    counts[height - margin :] = 0
    inner = height - 2 * margin
    parts = parts_of(inner, STRIP)
    for part in prange(parts):
        top, bottom = span(part, STRIP, inner)
        top, bottom = top + margin, bottom + margin
        out[top:bottom, :margin] = 0
        out[top:bottom, image.shape[1] - margin :] = 0
        scores = np.empty((STRIP + 2, image.shape[1]), np.uint8)
        _corners_of_strip(image, np.uint8(threshold), margin, (top, bottom), scores, out, counts)


@helper
def _list_row(words, y, found):
    count = 0
    for place in range(words.shape[0]):
        word = words[place]
        while word != 0:
            byte = np.int32(trailing_zeros(word)) >> np.int32(3)
            shift = np.uint64(np.uint64(byte) << np.uint64(3))
            score = np.uint64(np.uint64(word >> shift) & np.uint64(255))
            found[count, 0], found[count, 1], found[count, 2] = place * 8 + byte, y, np.int32(score)
            word = np.uint64(word ^ np.uint64(score << shift))
            count += 1


@cpu_kernel
def list_corners(words, starts, found):
    """List x, y and score of corners; ``words`` has eight scores each, ``starts`` where a row's begin."""
    for y in prange(words.shape[0]):
        if starts[y + 1] > starts[y]:
            _list_row(words[y], y, found[starts[y] : starts[y + 1]])


@helper
def _harris(image, x, y):
    """Sum the products of Sobel's derivatives around a pixel."""
    xx, xy, yy = np.int32(0), np.int32(0), np.int32(0)
    for row in range(y - HARRIS_RADIUS, y + HARRIS_RADIUS + 1):
        above, here, below = image[row - 1], image[row], image[row + 1]
        for column in range(x - HARRIS_RADIUS, x + HARRIS_RADIUS + 1):
            a, b, c = np.int32(above[column - 1]), np.int32(above[column]), np.int32(above[column + 1])
            d, e = np.int32(here[column - 1]), np.int32(here[column + 1])
            f, g, h = np.int32(below[column - 1]), np.int32(below[column]), np.int32(below[column + 1])
            dx = np.int32(np.int32(np.int32(e - d) * _TWO) + np.int32(np.int32(c - a) + np.int32(h - f)))
            dy = np.int32(np.int32(np.int32(g - b) * _TWO) + np.int32(np.int32(f - a) + np.int32(h - c)))
            xx = np.int32(xx + np.int32(dx * dx))
            xy = np.int32(xy + np.int32(dx * dy))
            yy = np.int32(yy + np.int32(dy * dy))
    return harris_response(xx, xy, yy)


@cpu_kernel
def respond(image, places, responses):
    """Compute the Harris responses at places (M, 2) of an image (H, W), over 7 x 7 pixels."""
    parts = parts_of(places.shape[0], KEYPOINTS)
    for part in prange(parts):
        begin, end = span(part, KEYPOINTS, places.shape[0])
        for place in range(begin, end):
            responses[place] = _harris(image, places[place, 0], places[place, 1])


@helper
def _direction(image, x, y, half_widths):
    """Return the angle from a pixel to the center of gravity of the disk around it."""
    moment_x, moment_y = np.int32(0), np.int32(0)
    for row in range(-PATCH_RADIUS, PATCH_RADIUS + 1):
        half = half_widths[abs(row)]
        values = image[y + row, x - half : x + half + 1]
        total, weighted = np.int32(0), np.int32(0)
        for column in range(values.shape[0]):
            value = np.int32(values[column])
            total = np.int32(total + value)
            weighted = np.int32(weighted + np.int32(value * np.int32(column)))
        moment_x = np.int32(moment_x + np.int32(weighted - np.int32(total * half)))
        moment_y = np.int32(moment_y + np.int32(total * np.int32(row)))
    return angle_of(moment_x, moment_y)


@helper(contract=False)
def _blur_row(row, out):
    """Blur along; one tap after the other."""
    k0, k1, k2, k3 = BLUR
    for x in range(out.shape[0]):
        outer = np.float32(np.int32(row[x]) + np.int32(row[x + 6])) * k0
        next_outer = np.float32(np.int32(row[x + 1]) + np.int32(row[x + 5])) * k1
        inner = np.float32(np.int32(row[x + 2]) + np.int32(row[x + 4])) * k2
        out[x] = np.float32(np.int32(row[x + 3])) * k3 + inner + next_outer + outer


@helper(contract=False)
def _blur_column(rows, out):
    """Blur down, and round."""
    k0, k1, k2, k3 = BLUR
    a, b, c, d, e, f, g = rows
    for x in range(out.shape[0]):
        total = d[x] * k3 + (c[x] + e[x]) * k2 + (b[x] + f[x]) * k1 + (a[x] + g[x]) * k0
        out[x] = np.uint8(nearest(total))


@helper
def _blur(image, x, y, rows, patch):
    """Blur the surroundings of a pixel."""
    for row in range(rows.shape[0]):
        _blur_row(image[y - REACH - BLUR_RADIUS + row, x - REACH - BLUR_RADIUS :], rows[row])
    for row in range(patch.shape[0]):
        window = (
            rows[row],
            rows[row + 1],
            rows[row + 2],
            rows[row + 3],
            rows[row + 4],
            rows[row + 5],
            rows[row + 6],
        )
        _blur_column(window, patch[row])


@helper
def _turn(pattern, angle, offsets):
    """Round the turned points of the pattern to pixels of the patch."""
    cosine, sine = rotation_of(angle)
    reach = np.int32(REACH)
    for index in range(offsets.shape[0]):
        x, y = turned(pattern[0, index], pattern[1, index], cosine, sine)
        row, column = np.int32(nearest(y) + reach), np.int32(nearest(x) + reach)
        offsets[index] = np.int32(np.int32(row * np.int32(_COLUMNS)) + column)


@helper
def _compare(values, offsets, descriptor):
    """Compare the values at pairs of points; the first eight pairs are the first byte."""
    for byte in range(descriptor.shape[0]):
        bits = np.uint32(0)
        for bit in range(8):
            pair = 2 * (8 * byte + bit)
            is_less = values[offsets[pair]] < values[offsets[pair + 1]]
            bits = np.uint32(bits | np.uint32(np.uint32(is_less) << np.uint32(bit)))
        descriptor[byte] = np.uint8(bits)


@helper
def _describe_some(image, places, tables, work, angles, descriptors):
    pattern, half_widths = tables
    rows, values, offsets = work
    patch = values.reshape(2 * REACH + 1, _COLUMNS)
    for index in range(places.shape[0]):
        x, y = places[index, 0], places[index, 1]
        angles[index] = _direction(image, x, y, half_widths)
        _blur(image, x, y, rows, patch)
        _turn(pattern, angles[index], offsets)
        _compare(values, offsets, descriptors[index])


@cpu_kernel
def describe(image, places, tables, begin, angles, descriptors):
    """Compute directions and descriptors at places (M, 2), written from ``begin`` on."""
    parts = parts_of(places.shape[0], KEYPOINTS)
    for part in prange(parts):
        first, last = span(part, KEYPOINTS, places.shape[0])
        rows = np.empty((2 * (REACH + BLUR_RADIUS) + 1, _COLUMNS), np.float32)
        values = np.empty((2 * REACH + 1) * _COLUMNS, np.uint8)
        work = rows, values, np.empty(tables.pattern.shape[1], np.int32)
        _describe_some(
            image,
            places[first:last],
            tables,
            work,
            angles[begin + first : begin + last],
            descriptors[begin + first : begin + last],
        )
