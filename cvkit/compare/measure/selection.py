"""Which rows of the tables run here, and which of them were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from cvkit.compare.cases import detectors, table
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.detectors import DetectorCase
from cvkit.compare.cases.learners import table as learners
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.measure.machine import opencv_major

AnyCase = Case | DetectorCase | LearnerCase


class Selectable(Protocol):
    """What rows of every table have."""

    @property
    def operation(self) -> str:
        """Public name of the operation."""

    @property
    def label(self) -> str:
        """Operation, parameters and kind of image; unique."""


AnyRow = TypeVar("AnyRow", bound=Selectable)


def all_cases() -> list[AnyCase]:
    """Return the rows of every table.

    Returns
    -------
    list

    Examples
    --------
    >>> {"canny", "detect", "KMeans"} <= {case.operation for case in all_cases()}
    True
    """
    return [*table.CASES, *table.HOST_CASES, *detectors.DETECTOR_CASES, *learners.LEARNER_CASES]


def select(rows: Sequence[AnyRow], terms: Sequence[str]) -> list[AnyRow]:
    """Return the rows that were asked for, in the order of the table.

    Parameters
    ----------
    rows : sequence
        Rows of any table.
    terms : sequence of str
        Names of operations; a term that names none selects the labels that contain it. No terms: every row.

    Returns
    -------
    list

    Raises
    ------
    ValueError
        If a term selects nothing.

    Examples
    --------
    >>> from cvkit.compare.cases.table import CASES
    >>> {case.operation for case in select(CASES, ["rgb_to_gray"])}
    {'rgb_to_gray'}
    >>> [case.label for case in select(CASES, ["skimage L1]"])]
    ['hog[skimage L1]-uint8x1']
    """
    if not terms:
        return list(rows)
    chosen: set[str] = set()
    for term in terms:
        labels = {row.label for row in rows if row.operation == term}
        labels = labels or {row.label for row in rows if term in row.label}
        if not labels:
            names = ", ".join(sorted({row.operation for row in rows}))
            raise ValueError(f"no row is named {term!r}; there are {names}")
        chosen |= labels
    return [row for row in rows if row.label in chosen]


def reason_to_skip(case: AnyCase) -> str | None:
    """Say why a row cannot be compared with what is installed; None where it can.

    Parameters
    ----------
    case : Case, DetectorCase or LearnerCase
        A row of any table.

    Returns
    -------
    str or None

    Examples
    --------
    >>> from cvkit.compare.cases.table import CASES
    >>> reason_to_skip(CASES[0]) is None
    True
    """
    if isinstance(case, LearnerCase):
        return None
    if case.against == "naive":
        return "has no outside reference"
    if case.against == "opencv" and opencv_major() not in case.opencv:
        wanted = " or ".join(map(str, case.opencv))
        return f"needs OpenCV {wanted}, installed is {opencv_major()}"
    if isinstance(case, Case) and case.against == "opencv" and not case.demands(opencv_major()):
        return f"needs OpenCV on x86-64: on ARM, OpenCV {opencv_major()} gives other pixels"
    module = _OPTIONAL.get(case.against)
    if module and not _is_installed(module):
        return f"needs {case.against}, which is not installed"
    return None


# References that cvkit does not bring with it, and what they are imported as.
_OPTIONAL = {"scikit-image": "skimage", "pillow": "PIL"}


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def read_size(text: str) -> tuple[int, int]:
    """Read a size of an image.

    Parameters
    ----------
    text : str
        Height and width, such as ``1080x1920``.

    Returns
    -------
    (int, int)

    Raises
    ------
    ValueError
        If the text is no size.

    Examples
    --------
    >>> read_size("1080x1920")
    (1080, 1920)
    """
    height, separator, width = text.partition("x")
    if not separator or not height.isdecimal() or not width.isdecimal() or 0 in (int(height), int(width)):
        raise ValueError(f"a size is HEIGHTxWIDTH, such as 1080x1920, got {text!r}")
    return int(height), int(width)
