"""Drawings of a comparison as pieces of HTML: images of differences, bars of times, curves over the size."""

from __future__ import annotations

import base64
import math
from html import escape
from itertools import cycle

import cv2
import numpy as np

from cvkit.compare.measure.documents import Row
from cvkit.compare.measure.parity import Results

# Widest map of differences, side of the cut around the largest one, and how much larger it is shown.
_MAP_WIDTH, _CUT, _ZOOM = 480, 32, 6


def difference_figure(results: Results) -> str:
    """Draw where two results differ: a map of the whole, and both results around the largest difference.

    Parameters
    ----------
    results : Results
        Two results that differ somewhere.

    Returns
    -------
    str
        HTML with embedded images; empty where a result is no image.

    Examples
    --------
    >>> a, b = np.zeros((40, 40), np.uint8), np.eye(40, dtype=np.uint8)
    >>> difference_figure(Results({}, a, b)).count("data:image/png")
    4
    """
    ours, reference = results.ours, results.reference
    if ours.ndim not in (2, 3) or min(ours.shape[:2]) < 2:
        return ""
    gap = np.abs(ours.astype(np.float64) - reference.astype(np.float64))
    gap = np.nan_to_num(gap, nan=np.inf, posinf=float(np.finfo(np.float32).max))
    flat = gap if gap.ndim == 2 else gap.max(axis=2)
    row, column = np.unravel_index(int(flat.argmax()), flat.shape)
    top, left = max(0, int(row) - _CUT // 2), max(0, int(column) - _CUT // 2)
    cut = np.s_[top : top + _CUT, left : left + _CUT]
    low, high = float(reference[cut].min()), float(reference[cut].max())
    panels = [
        ("where they differ, brightest most", _shrunk(flat), 0.0, float(flat.max()), 1),
        ("cvkit", ours[cut], low, high, _ZOOM),
        ("reference", reference[cut], low, high, _ZOOM),
        ("difference", flat[cut], 0.0, float(flat.max()), _ZOOM),
    ]
    return "".join(_image(*panel) for panel in panels)


def _shrunk(values: np.ndarray) -> np.ndarray:
    """Make a map small without losing a pixel that differs: each cell shows its largest value."""
    factor = -(-values.shape[1] // _MAP_WIDTH)
    if factor == 1:
        return values
    rows, columns = -(-values.shape[0] // factor), -(-values.shape[1] // factor)
    filled = np.zeros((rows * factor, columns * factor))
    filled[: values.shape[0], : values.shape[1]] = values
    return filled.reshape(rows, factor, columns, factor).max(axis=(1, 3))


def _image(caption: str, values: np.ndarray, low: float, high: float, zoom: int) -> str:
    levels = np.clip((values.astype(np.float64) - low) * (255.0 / max(high - low, 1e-12)), 0, 255)
    if levels.ndim == 3:
        levels = levels[..., 2::-1] if levels.shape[2] >= 3 else levels[..., 0]
    image = levels.astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)
    data = base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()
    return (
        f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def bars(row: Row) -> str:
    """Draw the times of a row as two bars, the longer one filling the width.

    Parameters
    ----------
    row : dict
        A timed row.

    Returns
    -------
    str

    Examples
    --------
    >>> bars({"ours": 0.001, "reference": 0.002}).count("width:100.0%")
    1
    """
    longest = max(row["ours"], row["reference"])
    return "".join(
        f'<div class="bar {side}" style="width:{100 * row[side] / longest:.1f}%">'
        f"{row[side] * 1e3:.2f} ms</div>"
        for side in ("ours", "reference")
    )


_WIDTH, _HEIGHT, _MARGIN = 300, 170, 34


def curves(rows: list[Row]) -> str:
    """Draw times over the number of pixels, both axes logarithmic, as SVG.

    Parameters
    ----------
    rows : list of dict
        Timed rows of one label at two sizes or more.

    Returns
    -------
    str

    Examples
    --------
    >>> rows = [{"height": n, "width": n, "ours": n * 1e-3, "reference": n * 2e-3} for n in (10, 20)]
    >>> curves(rows).count("<polyline")
    2
    """
    rows = sorted(rows, key=lambda row: row["height"] * row["width"])
    pixels = [math.log(row["height"] * row["width"]) for row in rows]
    times = [math.log(row[side]) for row in rows for side in ("ours", "reference")]

    def point(row: Row, side: str) -> tuple[float, float]:
        x = (math.log(row["height"] * row["width"]) - pixels[0]) / max(pixels[-1] - pixels[0], 1e-9)
        y = (math.log(row[side]) - min(times)) / max(max(times) - min(times), 1e-9)
        return _MARGIN + x * (_WIDTH - 2 * _MARGIN), _HEIGHT - _MARGIN - y * (_HEIGHT - 2 * _MARGIN)

    pieces = []
    for side in ("reference", "ours"):
        points = [point(row, side) for row in rows]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points)
        pieces.append(f'<g class="{side}"><polyline points="{path}"/>{dots}</g>')
    for row in rows:
        x, _ = point(row, "ours")
        pieces.append(f'<text x="{x:.1f}" y="{_HEIGHT - 12}">{row["height"]}x{row["width"]}</text>')
    fastest, slowest = (f"{math.exp(value) * 1e3:.2g} ms" for value in (min(times), max(times)))
    pieces.append(
        f'<text x="{_MARGIN}" y="{_MARGIN - 14}">{slowest} at the top, {fastest} at the bottom</text>'
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">{"".join(pieces)}</svg>'
    )


_DECADES = (1e-3, 1e-2, 1e-1, 1e0, 1e1)
_MISS_RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
_DET_WIDTH, _DET_HEIGHT = 460, 320
_HUES = (210, 20, 130, 280, 50)


def det_figure(rows: list[Row]) -> str:
    """Draw miss rates over false positives an image, both axes logarithmic, as SVG with a legend.

    Parameters
    ----------
    rows : list of dict
        From :func:`cvkit.compare.measure.miss_rates.compare_miss_rates`.

    Returns
    -------
    str

    Examples
    --------
    >>> row = {"name": "a", "false_positives": [0.1, 1.0], "miss_rate": [0.5, 0.2]}
    >>> det_figure([row]).count("<polyline")
    1
    """
    pieces = [
        f'<line x1="{_det_x(rate):.1f}" x2="{_det_x(rate):.1f}" y1="{_MARGIN}" y2="{_DET_HEIGHT - _MARGIN}"/>'
        f'<text x="{_det_x(rate):.1f}" y="{_DET_HEIGHT - 16}">{rate:g}</text>'
        for rate in _DECADES
    ]
    pieces += [
        f'<line x1="{_MARGIN}" x2="{_DET_WIDTH - _MARGIN}" y1="{_det_y(rate):.1f}" y2="{_det_y(rate):.1f}"/>'
        f'<text x="{_MARGIN / 2}" y="{_det_y(rate) + 3:.1f}">{rate:g}</text>'
        for rate in _MISS_RATES
    ]
    legend = []
    for row, hue in zip(rows, cycle(_HUES), strict=False):
        color = f"hsl({hue} 70% 40%)"
        points = " ".join(
            f"{_det_x(rate):.1f},{_det_y(missed):.1f}"
            for rate, missed in zip(row["false_positives"], row["miss_rate"], strict=True)
        )
        pieces.append(f'<polyline points="{points}" style="stroke:{color}"/>')
        legend.append(f'<li style="color:{color}">{escape(row["name"])}</li>')
    pieces.append(f'<text x="{_DET_WIDTH / 2}" y="{_DET_HEIGHT - 3}">false positives an image</text>')
    return (
        f'<svg class="det" viewBox="0 0 {_DET_WIDTH} {_DET_HEIGHT}" width="{_DET_WIDTH}" '
        f'height="{_DET_HEIGHT}">{"".join(pieces)}</svg><ul class="legend">{"".join(legend)}</ul>'
    )


def _det_x(rate: float) -> float:
    return _along(rate, _DECADES, _MARGIN, _DET_WIDTH - _MARGIN)


def _det_y(miss_rate: float) -> float:
    return _along(miss_rate, _MISS_RATES, _DET_HEIGHT - _MARGIN, _MARGIN)


def _along(value: float, ticks: tuple[float, ...], first: float, last: float) -> float:
    """Place a value on a logarithmic axis; one beyond its ends lies on them."""
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    share = (math.log(min(max(value, ticks[0]), ticks[-1])) - low) / (high - low)
    return first + share * (last - first)
