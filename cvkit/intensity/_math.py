"""Scalar maths of intensities that both targets share."""

from typing import Any, NamedTuple

from cvkit._jit import helper
from cvkit._simd.numbers import multiply_add


class Rule(NamedTuple):
    """What becomes of a value: numbers are of the image's dtype.

    Values from ``low`` to ``high`` are replaced; others, NaN among them, are kept or become 0.
    """

    low: Any
    high: Any
    replacement: Any
    keeps_others: bool


class Weights(NamedTuple):
    """Weights of two values and of 1, all of the dtype they are summed in."""

    a: Any
    b: Any
    offset: Any


@helper
def thresholded(value, rule):
    """Apply a rule to a value."""
    other = value if rule.keeps_others else type(value)(0)
    return rule.replacement if (value >= rule.low) & (value <= rule.high) else other


@helper
def beside_mean(value, mean, limit, is_inverse, maximum):
    """Return ``maximum`` where a value is more than ``limit`` above the mean, or where it is not, else 0."""
    difference = type(limit)(type(limit)(value) - type(limit)(mean))
    return maximum if (difference > limit) != is_inverse else type(maximum)(0)


@helper
def scaled(value, factor, offset):
    """Return a value times a factor plus an offset, rounded once."""
    return multiply_add(type(factor)(value), factor, offset)


@helper
def blended(a, b, weights):
    """Sum two values and 1 by three weights, in the order of OpenCV's instructions."""
    number = type(weights.offset)
    return multiply_add(number(a), weights.a, multiply_add(number(b), weights.b, weights.offset))


class Similarity(NamedTuple):
    """What the structural similarity is made of besides the images, of the dtype it is computed in."""

    brightness: Any  # what steadies the quotient of the means
    contrast: Any  # and that of the variances
    spread: Any  # factor of variances and covariances


@helper
def similarity(mean_a, mean_b, variances, covariance, constants):
    """Compare two windows by their means, the sum of their variances and their covariance."""
    two = type(mean_a)(2)
    product = two * mean_a * mean_b + constants.brightness
    squares = mean_a * mean_a + mean_b * mean_b + constants.brightness
    structure = two * covariance * constants.spread + constants.contrast
    contrast = variances * constants.spread + constants.contrast
    return product * structure / (squares * contrast)
