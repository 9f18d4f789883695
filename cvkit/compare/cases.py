"""The table: operation, parameters, reference and tolerance; it drives tests, benchmark and README."""

from __future__ import annotations

from cvkit.compare.case import Case
from cvkit.compare.derivative_cases import DERIVATIVE_CASES
from cvkit.compare.feature_cases import FEATURE_CASES
from cvkit.compare.filter_cases import FILTER_CASES
from cvkit.compare.geometry_cases import GEOMETRY_CASES
from cvkit.compare.skimage_cases import SKIMAGE_CASES

CASES: list[Case] = [*FEATURE_CASES, *GEOMETRY_CASES, *FILTER_CASES, *DERIVATIVE_CASES, *SKIMAGE_CASES]
