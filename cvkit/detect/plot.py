"""Draw curves of detectors; needs the extra ``plot``."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cvkit._paths import atomic_path

Curve = tuple[np.ndarray, np.ndarray]


@contextlib.contextmanager
def _quiet_matplotlib() -> Iterator[None]:
    """Keep the import out of the log: it tells at length of a home that cannot be written, and goes on."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def plot_det(
    panels: Sequence[tuple[str, Mapping[str, Curve]]], path: str | os.PathLike[str], *, dpi: int = 100
) -> None:
    """Draw detection error trade-off curves, both axes logarithmic, and write them as PNG.

    Parameters
    ----------
    panels : sequence of (str, mapping)
        What the horizontal axis of each panel means, and its curves: legend -> (rate of false positives,
        miss rate).
    path : path
        The file; an existing one is replaced, whole.
    dpi : int
        Pixels an inch; a panel is 5 x 4 inches.

    Raises
    ------
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "det.png"
    >>> curve = np.array([0.01, 0.1, 1.0]), np.array([0.9, 0.5, 0.2])
    >>> plot_det([("false positives per image", {"ours": curve})], path)
    >>> path.read_bytes()[1:4]
    b'PNG'
    """
    with _quiet_matplotlib():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    for number, (label, curves) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), number)
        for name, (rates, misses) in curves.items():
            seen = (rates > 0) & (misses > 0)  # the others have no logarithm
            axes.step(rates[seen], misses[seen], where="post", label=name)
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel="miss rate")
        axes.set_ylim(top=1.0)
        axes.grid(which="both", alpha=0.3)
        if any(name for name in curves):
            axes.legend()
    with atomic_path(path) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))
