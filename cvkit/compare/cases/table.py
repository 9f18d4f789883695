"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and pages."""

from __future__ import annotations

from cvkit.compare.cases.case import Case
from cvkit.compare.cases.color import COLOR_CASES
from cvkit.compare.cases.contours import CONTOUR_CASES
from cvkit.compare.cases.corners import CORNER_CASES
from cvkit.compare.cases.derivatives import DERIVATIVE_CASES
from cvkit.compare.cases.features import FEATURE_CASES
from cvkit.compare.cases.filters import FILTER_CASES
from cvkit.compare.cases.geometry import GEOMETRY_CASES
from cvkit.compare.cases.histogram import HISTOGRAM_CASES
from cvkit.compare.cases.intensity import INTENSITY_CASES
from cvkit.compare.cases.matching import MATCHING_CASES
from cvkit.compare.cases.morphology import MORPHOLOGY_CASES
from cvkit.compare.cases.regions import REGION_CASES, REGION_HOST_CASES
from cvkit.compare.cases.skimage import SKIMAGE_CASES
from cvkit.compare.cases.texture import TEXTURE_CASES
from cvkit.compare.cases.tracking import TRACKING_CASES

CASES: list[Case] = [
    *COLOR_CASES,
    *FEATURE_CASES,
    *CORNER_CASES,
    *TEXTURE_CASES,
    *GEOMETRY_CASES,
    *INTENSITY_CASES,
    *FILTER_CASES,
    *DERIVATIVE_CASES,
    *MORPHOLOGY_CASES,
    *REGION_CASES,
    *HISTOGRAM_CASES,
    *SKIMAGE_CASES,
    *TRACKING_CASES,
    *MATCHING_CASES,
]

HOST_CASES: list[Case] = [*CONTOUR_CASES, *REGION_HOST_CASES]
"""Rows of operations that have no CUDA twin."""
