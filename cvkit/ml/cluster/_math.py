"""Arrays that Lloyd's algorithm with bounds keeps, as both targets take them."""

from collections import namedtuple

Centers = namedtuple("Centers", "rows norms half_gaps shifts other_shifts")
"""Centers (k, d) and their squared norms; half the distance from each to the next; how far each moved since
the last assignment, and the longest move of any other center."""

Bounds = namedtuple("Bounds", "upper lower")
"""For each sample, at least the distance to its center, and at most that to any other center."""
