"""Measurements of the regions of an image as a table: CSV, one line for each region."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

import cvkit
from cvkit._paths import atomic_path

COLUMNS = ("label", "area", "left", "top", "width", "height", "centroid_x", "centroid_y")


def write_measurements(path: Path, result: Any) -> None:
    """Measure the regions of a label image and write the table, complete or not at all.

    Parameters
    ----------
    path : Path
        The file to write.
    result : numpy.ndarray, (H, W), int32, or what :func:`cvkit.label` returns
        The labels. Those without pixels, and the background, get no line.

    Raises
    ------
    ValueError
        If ``result`` is not of labels.
    """
    labels = result[0] if isinstance(result, tuple) else result
    if labels.dtype != np.int32:
        raise ValueError(f"measurements are of labels, as label gives them, got {labels.dtype}")
    area, box, centroid = cvkit.region_stats(labels)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        for label in np.flatnonzero(area[1:]) + 1:
            lines.writerow([label, area[label], *box[label], *centroid[label].tolist()])
