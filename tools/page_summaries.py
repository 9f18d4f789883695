"""The short tables: what the README says of agreement and speed, and which operations there are."""

from __future__ import annotations

import inspect
import re

from sklearn.utils import all_estimators

import cvkit
from cvkit.compare.measure.documents import Document, Row
from cvkit.compare.present.tables import Table, grouped, image_kind, to_markdown, worst

COMMON = (
    "rgb_to_gray[]-uint8x3",
    "resize[bilinear_exact 0.5]-uint8x3",
    "warp_affine[bilinear against OpenCV 4]-uint8x3",
    "gaussian_blur[size 5 sigma 1.2 reflect101]-uint8x1",
    "median_blur[5]-uint8x1",
    "sobel[dx=1 dy=0 border=reflect101]-uint8x1",
    "canny[50 150]-uint8x1",
    "erode[3]-uint8x1",
    "clahe[2.5, 2 x 3 tiles]-uint8x1",
    "hog[opencv]-uint8x1",
)
"""What people call most, as the tables of cases label it."""

SETTING = {"height": 1080, "width": 1920, "threads": 1, "level": "native"}
"""The measurements that the README shows."""

ROOMS = ("color", "intensity", "filters", "geometry", "morphology", "regions", "features")
OTHERS = "arrays, files and threads"
SHELVES = ("ml", "detect", "batch", "video")
"""Packages whose names are used as ``cvkit.ml.SVC``."""


def summary_section(parity: list[Row], speed: Document) -> str:
    """Describe agreement and speed of twelve operations in Markdown, the two that lose most among them.

    Parameters
    ----------
    parity : list of dict
        Rows of parity.
    speed : Document
        With rows of speed.

    Returns
    -------
    str
    """
    timed = speed.section("speed")
    slower = sum(row["ratio"] > 1 for row in timed)
    return (
        f"On one thread of {speed.machine['processor']}, images of {SETTING['width']} x {SETTING['height']};"
        " a ratio below 1: cvkit is faster.\nThe last two rows are those of the two operations furthest"
        f" behind. Of all {len(timed)} times\nof operations, {slower} are slower than the reference's.\n\n"
        f"{to_markdown(summary(parity, timed))}"
    )


def summary(parity: list[Row], timed: list[Row]) -> Table:
    """Choose ten common rows and, of two more operations, those that lose most; join their agreement.

    Parameters
    ----------
    parity, timed : list of dict
        Rows of parity and of speed.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If a common row was not measured.
    """
    here = [row for row in timed if all(row[name] == value for name, value in SETTING.items())]
    by_label = {row["label"]: row for row in here}
    missing = [label for label in COMMON if label not in by_label]
    if missing:
        raise ValueError(f"no times of {', '.join(missing)}")
    chosen = [by_label[label] for label in COMMON]
    known = {row["operation"] for row in chosen}
    others = [row for row in sorted(here, key=lambda row: -row["ratio"]) if row["operation"] not in known]
    chosen += [group[0] for group in grouped(others, ("operation",))[:2]]
    lines = []
    for row in chosen:
        compared = [other for other in parity if _subject(other) == _subject(row)]
        largest, _, equal = worst(compared) if compared else ("not measured", "", "not measured")
        ratio = f"{row['ratio']:.2f}"
        times = [f"{row[side] * 1e3:.2f}" for side in ("ours", "reference")]
        words = [f"`{row['operation']}` {row['name']}".rstrip(), image_kind(row), row["reference_version"]]
        lines.append([*words, largest, equal, *times, f"**{ratio}**" if row["ratio"] > 1 else ratio])
    header = [
        "operation",
        "image",
        "reference",
        "largest difference",
        "equal",
        "cvkit ms",
        "reference ms",
        "ratio",
    ]
    return Table("Agreement and speed", header, lines, words=3)


def _subject(row: Row) -> tuple[str, str]:
    return row["label"], row["reference_version"]


def operations_section() -> str:
    """List every public name by its room, with the first line of its docstring, in Markdown.

    Returns
    -------
    str
    """
    return "\n\n".join(
        f"## {room}\n\n{to_markdown(Table(room, ['name', 'what it does'], lines, words=2))}"
        for room, lines in listed_names().items()
    )


def listed_names() -> dict[str, list[list[str]]]:
    """Return for each room its names and what they do, each name as it is called.

    Returns
    -------
    dict

    Examples
    --------
    >>> listed_names()["color"][1]
    ['`gray_to_rgb`', 'Turn a gray image into RGB by repeating its values.']
    """
    rooms: dict[str, list[list[str]]] = {room: [] for room in (*ROOMS, OTHERS)}
    for name, module in cvkit._FUNCTIONS.items():
        room = module.split(".")[1]
        rooms[room if room in ROOMS else OTHERS].append([f"`{name}`", _first_line(getattr(cvkit, name))])
    for shelf in SHELVES:
        package = __import__(f"cvkit.{shelf}", fromlist=["__all__"])
        rooms[f"cvkit.{shelf}"] = [
            [f"`{shelf}.{name}`", _first_line(value)]
            for name in sorted(package.__all__)
            if inspect.isroutine(value := getattr(package, name)) or inspect.isclass(value)
        ]
    return rooms


def _first_line(value: object) -> str:
    text, _, _ = (inspect.getdoc(value) or "").partition("\n")
    # From the markup of docstrings to Markdown, where a star is emphasis and a bar ends a cell.
    text = re.sub(r":\w+:`([^`]*)`", r"`\1`", text).replace("``", "`")
    return text.replace("**", "^").replace("*", "\\*").replace("|", "\\|")


def learners_section() -> str:
    """List the estimators, scikit-learn's of the same name and the parameters they share, in Markdown.

    Returns
    -------
    str
    """
    rows = []
    for name, (ours, theirs) in estimators().items():
        package = public_package(theirs)
        shared = ", ".join(f"`{parameter}`" for parameter in inspect.signature(ours).parameters)
        rows.append([f"`{package}.{name}`", f"`cvkit.ml.{name}`", shared])
    return to_markdown(Table("Learners", ["scikit-learn", "cvkit", "parameters"], rows, words=3))


def public_package(estimator: type) -> str:
    """Return the package of scikit-learn that an estimator is imported from."""
    parts = estimator.__module__.split(".")
    return ".".join(part for part in parts if not part.startswith("_"))


def estimators() -> dict[str, tuple[type, type]]:
    """Return the estimators of ``cvkit.ml`` that scikit-learn has, too, each with its class."""
    theirs = dict(all_estimators())
    ours = {name: getattr(cvkit.ml, name) for name in cvkit.ml.__all__}
    return {name: (value, theirs[name]) for name, value in ours.items() if name in theirs}
