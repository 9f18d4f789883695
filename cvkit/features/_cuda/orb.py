"""ORB on CUDA: a thread for each pixel and each response, a block for each descriptor."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread, place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit._simd.extremes import larger
from cvkit._simd.numbers import nearest, product
from cvkit.features._orb_math import (
    BLUR,
    BLUR_RADIUS,
    HARRIS_RADIUS,
    PATCH_RADIUS,
    REACH,
    angle_of,
    corner_score,
    harris_response,
    rotation_of,
    turned,
)

# Threads that describe a keypoint, and the side of what they blur.
_THREADS = 128
_SIDE = 2 * REACH + 1
_BLURRED_ROWS = _SIDE + 2 * BLUR_RADIUS
_DISK_ROWS = 2 * PATCH_RADIUS + 1
_NOTHING, _TWO = np.uint8(0), np.int32(2)


@helper
def _score(image, y, x, threshold):
    """Score a pixel by the least contrast with nine neighbors on the ring; 0 up to ``threshold``."""
    number = np.uint32
    one, two, three = number(1), number(2), number(3)
    first, second, third = image[number(y - three)], image[number(y - two)], image[number(y - one)]
    here, fifth, sixth = image[y], image[number(y + one)], image[number(y + two)]
    last = image[number(y + three)]
    left, before, near = number(x - three), number(x - two), number(x - one)
    close, after, right = number(x + one), number(x + two), number(x + three)
    ring = (
        *(last[x], last[close], sixth[after], fifth[right]),
        *(here[right], third[right], second[after], first[close]),
        *(first[x], first[near], second[before], third[left]),
        *(here[left], fifth[left], sixth[before], last[near]),
    )
    return corner_score(ring, here[x], threshold)


@cuda_kernel
def _score_all(image, threshold, margin, scores, counts):
    x, y, _ = pixel_of_thread()
    height, width = np.uint32(image.shape[0]), np.uint32(image.shape[1])
    if y >= height or x >= width:
        return
    edge = np.uint32(np.uint32(margin) - np.uint32(1))
    is_inside = y >= edge and y < np.uint32(height - edge) and x >= edge and x < np.uint32(width - edge)
    score = _NOTHING
    if is_inside:
        score = _score(image, y, x, np.uint8(threshold))
    scores[y, x] = score
    if x == np.uint32(0):
        counts[y] = 0


@helper
def _largest(scores, y, x):
    """Return a score that is larger than those of all eight neighbors, or 0."""
    number = np.uint32
    before, after = number(x - number(1)), number(x + number(1))
    above, here, below = scores[number(y - number(1))], scores[y], scores[number(y + number(1))]
    around = larger(larger(above[before], above[x]), larger(above[after], here[before]))
    around = larger(around, larger(here[after], below[before]))
    around = larger(around, larger(below[x], below[after]))
    return here[x] if here[x] > around else _NOTHING


@cuda_kernel
def _suppress(scores, margin, words, counts):
    """Join eight scores to a word, and count the corners of its row."""
    place, y, _ = pixel_of_thread()
    height, width, edge = np.uint32(scores.shape[0]), np.uint32(scores.shape[1]), np.uint32(margin)
    if y >= height or place >= np.uint32(words.shape[1]):
        return
    is_inside = y >= edge and y < np.uint32(height - edge)
    count, word = np.int32(0), np.uint64(0)
    for byte in range(8):
        x = np.uint32(np.uint32(place << np.uint32(3)) + np.uint32(byte))
        if is_inside and x >= edge and x < np.uint32(width - edge):
            score = _largest(scores, y, x)
            word = np.uint64(word | np.uint64(np.uint64(score) << np.uint64(8 * byte)))
            count += np.int32(score != _NOTHING)
    words[y, place] = word
    if count:
        cuda.atomic.add(counts, y, count)


def corners(image, threshold, margin, words, counts):
    """Score the corners of an image (H, W) that are ``margin`` or more from its border; FAST-9 of 16.

    ``words`` has eight scores each, 0 where there is no corner or a better one beside it; ``counts`` (H,) is
    how many corners a row has.
    """
    scores = temporary(image.shape, np.uint8, image)
    _score_all[image.shape](image, threshold, margin, scores, counts)
    _suppress[words.shape](scores, margin, words, counts)


@cuda_kernel(block=(64, 1, 1))
def _list_corners(words, starts, found):
    y = np.uint32(place_of_thread())
    if y >= np.uint32(words.shape[0]):
        return
    index = np.uint64(starts[y])
    for place in range(np.uint32(words.shape[1])):
        word = words[y, np.uint32(place)]
        x = np.int32(np.uint32(place) << np.uint32(3))
        while word != np.uint64(0):
            score = np.int32(word & np.uint64(255))
            if score != 0:
                found[index, 0], found[index, 1], found[index, 2] = x, np.int32(y), score
                index = np.uint64(index + np.uint64(1))
            word = np.uint64(word >> np.uint64(8))
            x = np.int32(x + np.int32(1))


def list_corners(words, starts, found):
    """List x, y and score of corners; ``words`` has eight scores each, ``starts`` where a row's begin."""
    _list_corners[words.shape[0]](words, starts, found)


@cuda_kernel(block=(64, 1, 1))
def _respond(image, places, responses):
    place = np.uint32(place_of_thread())
    if place >= np.uint32(places.shape[0]):
        return
    left = np.uint32(np.uint32(places[place, 0]) - np.uint32(HARRIS_RADIUS))
    top = np.uint32(np.uint32(places[place, 1]) - np.uint32(HARRIS_RADIUS))
    xx, xy, yy, one = np.int32(0), np.int32(0), np.int32(0), np.uint32(1)
    for row in range(2 * HARRIS_RADIUS + 1):
        y = np.uint32(top + np.uint32(row))
        above, here, below = image[np.uint32(y - one)], image[y], image[np.uint32(y + one)]
        for column in range(2 * HARRIS_RADIUS + 1):
            x = np.uint32(left + np.uint32(column))
            before, after = np.uint32(x - one), np.uint32(x + one)
            a, b, c = np.int32(above[before]), np.int32(above[x]), np.int32(above[after])
            d, e = np.int32(here[before]), np.int32(here[after])
            f, g, h = np.int32(below[before]), np.int32(below[x]), np.int32(below[after])
            dx = np.int32(np.int32(np.int32(e - d) * _TWO) + np.int32(np.int32(c - a) + np.int32(h - f)))
            dy = np.int32(np.int32(np.int32(g - b) * _TWO) + np.int32(np.int32(f - a) + np.int32(h - c)))
            xx = np.int32(xx + np.int32(dx * dx))
            xy = np.int32(xy + np.int32(dx * dy))
            yy = np.int32(yy + np.int32(dy * dy))
    responses[place] = harris_response(xx, xy, yy)


def respond(image, places, responses):
    """Compute the Harris responses at places (M, 2) of an image (H, W), over 7 x 7 pixels."""
    _respond[places.shape[0]](image, places, responses)


@helper
def _row_moments(image, x, y, row, half_widths):
    """Return the sums of a row of the disk: of its values times their columns, and times the row."""
    half = np.int32(half_widths[np.uint32(abs(row))])
    line = image[np.uint32(np.int32(y + row))]
    total, weighted = np.int32(0), np.int32(0)
    for column in range(-half, half + 1):
        value = np.int32(line[np.uint32(np.int32(x + np.int32(column)))])
        total = np.int32(total + value)
        weighted = np.int32(weighted + np.int32(value * np.int32(column)))
    return weighted, np.int32(total * row)


@helper
def _direction(image, x, y, half_widths, moments):
    """Return the angle from a pixel to the center of gravity of the disk around it, to all threads."""
    thread = np.int32(cuda.threadIdx.x)
    rows = np.int32(_DISK_ROWS)
    if thread < rows:
        row = np.int32(thread - np.int32(PATCH_RADIUS))
        moment_x, moment_y = _row_moments(image, x, y, row, half_widths)
        moments[0, np.uint32(thread)], moments[1, np.uint32(thread)] = moment_x, moment_y
    cuda.syncthreads()
    total_x, total_y = np.int32(0), np.int32(0)
    for row in range(np.uint32(rows)):
        total_x = np.int32(total_x + moments[0, np.uint32(row)])
        total_y = np.int32(total_y + moments[1, np.uint32(row)])
    return angle_of(total_x, total_y)


@helper
def _weighed(a, b, c, d, e, f, g):
    """Blur by seven taps, one after the other."""
    k0, k1, k2, k3 = BLUR
    total = product(d, k3) + product(c + e, k2)
    return total + product(b + f, k1) + product(a + g, k0)


@helper
def _blur(image, x, y, rows, patch):
    """Blur the surroundings of a pixel along, then down, and round."""
    number = np.uint32
    top = number(np.int32(y - np.int32(REACH + BLUR_RADIUS)))
    left = number(np.int32(x - np.int32(REACH + BLUR_RADIUS)))
    thread, threads = number(cuda.threadIdx.x), number(_THREADS)
    for place in range(thread, number(_BLURRED_ROWS * _SIDE), threads):
        row, column = number(number(place) // number(_SIDE)), number(number(place) % number(_SIDE))
        line, begin = image[number(top + row)], number(left + column)
        rows[row, column] = _weighed(
            np.float32(line[begin]),
            np.float32(line[number(begin + number(1))]),
            np.float32(line[number(begin + number(2))]),
            np.float32(line[number(begin + number(3))]),
            np.float32(line[number(begin + number(4))]),
            np.float32(line[number(begin + number(5))]),
            np.float32(line[number(begin + number(6))]),
        )
    cuda.syncthreads()
    for place in range(thread, number(_SIDE * _SIDE), threads):
        row, column = number(number(place) // number(_SIDE)), number(number(place) % number(_SIDE))
        total = _weighed(
            rows[row, column],
            rows[number(row + number(1)), column],
            rows[number(row + number(2)), column],
            rows[number(row + number(3)), column],
            rows[number(row + number(4)), column],
            rows[number(row + number(5)), column],
            rows[number(row + number(6)), column],
        )
        patch[row, column] = np.uint8(nearest(total))
    cuda.syncthreads()


@helper
def _value(patch, pattern, point, cosine, sine):
    """Read the blurred surroundings at a turned point of the pattern."""
    x, y = turned(pattern[0, point], pattern[1, point], cosine, sine)
    reach = np.int32(REACH)
    return patch[np.uint32(np.int32(nearest(y) + reach)), np.uint32(np.int32(nearest(x) + reach))]


@helper
def _compare(patch, pattern, angle, descriptor):
    """Compare the values at pairs of points; a thread makes a byte, of which the first pair is bit 0."""
    byte = np.uint32(cuda.threadIdx.x)
    if byte >= np.uint32(descriptor.shape[0]):
        return
    cosine, sine = rotation_of(angle)
    bits = np.uint32(0)
    for bit in range(np.uint32(8)):
        point = np.uint32(np.uint32(np.uint32(byte << np.uint32(3)) + np.uint32(bit)) << np.uint32(1))
        first = _value(patch, pattern, point, cosine, sine)
        second = _value(patch, pattern, np.uint32(point + np.uint32(1)), cosine, sine)
        bits = np.uint32(bits | np.uint32(np.uint32(first < second) << np.uint32(bit)))
    descriptor[byte] = np.uint8(bits)


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _describe(image, places, tables, begin, angles, descriptors):
    moments = cuda.shared.array((2, _DISK_ROWS), np.int32)
    rows = cuda.shared.array((_BLURRED_ROWS, _SIDE), np.float32)
    patch = cuda.shared.array((_SIDE, _SIDE), np.uint8)
    pattern, half_widths = tables
    place = np.uint32(cuda.blockIdx.x)
    target = np.uint32(np.uint32(begin) + place)
    x, y = np.int32(places[place, 0]), np.int32(places[place, 1])
    angle = _direction(image, x, y, half_widths, moments)
    _blur(image, x, y, rows, patch)
    _compare(patch, pattern, angle, descriptors[target])
    if cuda.threadIdx.x == 0:
        angles[target] = angle


def describe(image, places, tables, begin, angles, descriptors):
    """Compute directions and descriptors at places (M, 2), written from ``begin`` on."""
    _describe[places.shape[0] * _THREADS](image, places, tables, begin, angles, descriptors)
