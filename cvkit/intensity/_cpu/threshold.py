"""Thresholds on the CPU: one pass over the values, side by side for the vectorizer."""

from cvkit._jit import cpu_kernel, helper, prange, serial_kernel
from cvkit.intensity._cpu.spans import aligned_span, spans_of
from cvkit.intensity._math import Rule, beside_mean, thresholded


@helper
def _threshold_span(values, rule, out):
    for x in range(out.shape[0]):
        out[x] = thresholded(values[x], rule)


@cpu_kernel
def apply_rule(values, low, high, replacement, keeps_others, out):
    """Apply a rule to every value of a flat array.

    Its parts come one by one: to tell the type of a named tuple, Numba takes a tenth of the time of an image.
    """
    rule = Rule(low, high, replacement, keeps_others)
    for task in prange(spans_of(out.size)):
        first, stop = aligned_span(task, out)
        _threshold_span(values[first:stop], rule, out[first:stop])


@helper
def _compare_span(values, limit, is_inverse, maximum, means):
    for x in range(means.shape[0]):
        means[x] = beside_mean(values[x], means[x], limit, is_inverse, maximum)


@cpu_kernel
def compare_with_means(values, limit, is_inverse, maximum, means):
    """Replace the mean around each value by ``maximum`` where the value is that much above it, else by 0.

    In place by one name: with two names for one array the loop would not run as vectors.
    """
    for task in prange(spans_of(means.size)):
        first, stop = aligned_span(task, means)
        _compare_span(values[first:stop], limit, is_inverse, maximum, means[first:stop])


@serial_kernel(contract=False)
def otsu(counts):
    """Return the value that parts counts into two classes whose means are farthest apart.

    In the order of OpenCV's operations, which decides between values that no pixel has.
    """
    total, mean = 0.0, 0.0
    for value in range(counts.shape[0]):
        total += float(counts[value])
        mean += value * float(counts[value])
    scale = 1 / total
    mean *= scale
    smallest, best, best_value = 1.1920928955078125e-07, 0.0, 0
    below, mean_below = 0.0, 0.0
    for value in range(counts.shape[0]):
        share = float(counts[value]) * scale
        mean_below *= below
        below += share
        above = 1 - below
        if min(below, above) < smallest or max(below, above) > 1 - smallest:
            continue
        mean_below = (mean_below + value * share) / below
        mean_above = (mean - below * mean_below) / above
        distance = mean_below - mean_above
        between = below * above * distance * distance
        if between > best:
            best, best_value = between, value
    return best_value
