"""Thresholds on CUDA: one thread for each value."""

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.intensity._math import Rule, beside_mean, thresholded

_BLOCK = (256, 1)


@cuda_kernel(block=_BLOCK)
def _apply_rule(values, low, high, replacement, keeps_others, out):
    x = cuda.grid(1)
    if x < out.shape[0]:
        out[x] = thresholded(values[x], Rule(low, high, replacement, keeps_others))


def apply_rule(values, low, high, replacement, keeps_others, out):
    """Apply a rule to every value of a flat array."""
    _apply_rule[out.size](values, low, high, replacement, keeps_others, out)


@cuda_kernel(block=_BLOCK)
def _compare_with_means(values, limit, is_inverse, maximum, means):
    x = cuda.grid(1)
    if x < means.shape[0]:
        means[x] = beside_mean(values[x], means[x], limit, is_inverse, maximum)


def compare_with_means(values, limit, is_inverse, maximum, means):
    """Replace the mean around each value by ``maximum`` where the value is that much above it, else by 0."""
    _compare_with_means[means.size](values, limit, is_inverse, maximum, means)
