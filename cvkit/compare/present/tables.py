"""Lay measured rows out as tables: plain text for a terminal, Markdown for the pages."""

from __future__ import annotations

from dataclasses import dataclass

from cvkit.compare.measure.documents import Row


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    title : str
        What it shows.
    header : list of str
        Names of the columns.
    rows : list of list of str
        Cells; those after the first ``words`` columns are figures, set flush right.
    words : int
        Number of leading columns that hold words.
    """

    title: str
    header: list[str]
    rows: list[list[str]]
    words: int


def to_text(table: Table) -> str:
    """Set a table in columns of equal width, for a terminal.

    Parameters
    ----------
    table : Table
        Any table.

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_text(Table("Times", ["name", "ms"], [["hog", "12.0"]], words=1)))
    Times
    name    ms
    hog   12.0
    """
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    text = [
        "  ".join(
            cell.ljust(width) if column < table.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([table.title, *text])


def to_markdown(table: Table) -> str:
    """Set a table in Markdown, without its title.

    Parameters
    ----------
    table : Table
        Any table.

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_markdown(Table("Times", ["name", "ms"], [["hog", "12.0"]], words=1)))
    | name | ms |
    |---|---:|
    | hog | 12.0 |
    """
    rule = "".join("---|" if column < table.words else "---:|" for column in range(len(table.header)))
    lines = ["| " + " | ".join(line) + " |" for line in [table.header, *table.rows]]
    return "\n".join([lines[0], "|" + rule, *lines[1:]])


def missed(row: Row) -> bool:
    """Tell whether a row has a bar and does not meet it."""
    if row["section"] == "learner":
        return any(_misses(row[step], "ratio") for step in ("fit", "predict"))
    return _misses(row, "ours" if row["section"] == "first call" else "ratio")


def _misses(row: Row, name: str) -> bool:
    return row["bar"] is not None and row[name] > row["bar"]


def verdict(row: Row) -> str:
    """Say how a row stands: against its bar where it has one, else against the reference."""
    if row["bar"] is not None:
        return f"misses {row['bar']:.2f}" if missed(row) else f"meets {row['bar']:.2f}"
    return "slower" if row.get("ratio", 0) > 1 else ""


def image_kind(row: Row) -> str:
    """Name dtype and channels of a row's image."""
    kinds = {1: "gray", 3: "RGB"}
    return f"{row['dtype']} {kinds.get(row['channels'], row['channels'])}"


_ROW_WORDS = ["operation", "parameters", "image", "size", "reference"]


def speed_tables(rows: list[Row]) -> list[Table]:
    """Lay out every timed row, one line each.

    Parameters
    ----------
    rows : list of dict
        From :mod:`cvkit.compare.measure.speed`; rows of other sections are left out.

    Returns
    -------
    list of Table
        Operations and detector; first calls. Empty ones are left out.

    Examples
    --------
    >>> speed_tables([])
    []
    """
    timed = [row for row in rows if row["section"] in ("speed", "detector")]
    speed = Table(
        "Median times in milliseconds, cvkit and reference in turns; a ratio below 1: cvkit is faster",
        [
            *_ROW_WORDS,
            "threads",
            "level",
            "first call",
            "cvkit",
            "copies",
            "reference",
            "ratio",
            "spread",
            "bar",
        ],
        [
            [
                row["operation"],
                row["name"],
                image_kind(row),
                f"{row['height']}x{row['width']}",
                row["reference_version"],
                str(row["threads"]),
                row["level"],
                f"{row['first'] * 1e3:.2f}",
                f"{row['ours'] * 1e3:.2f}",
                f"{row['copies']:.1f}" if "copies" in row else "",
                f"{row['reference'] * 1e3:.2f}",
                f"{row['ratio']:.2f}",
                f"{row['spread']:.2f}",
                verdict(row),
            ]
            for row in timed
        ],
        words=len(_ROW_WORDS),
    )
    return [table for table in (speed, first_call_table(rows)) if table.rows]


def first_call_table(rows: list[Row]) -> Table:
    """Lay out what a process pays for its first call, one line each.

    Parameters
    ----------
    rows : list of dict
        From :func:`cvkit.compare.measure.speed.time_first_call`; rows of other sections are left out.

    Returns
    -------
    Table

    Examples
    --------
    >>> first_call_table([]).rows
    []
    """
    return Table(
        "First call in a fresh process, in seconds, imports included",
        ["first call", "parameters", "level", "disk cache filled", "empty", "bar"],
        [
            [
                row["operation"],
                row["name"],
                row["level"],
                f"{row['ours']:.2f}",
                f"{row['first']:.2f}",
                verdict(row),
            ]
            for row in rows
            if row["section"] == "first call"
        ],
        words=3,
    )


def tolerance_text(row: Row) -> str:
    """Say what a row accepts."""
    tolerance = row["tolerance"]
    parts = []
    if tolerance["absolute"]:
        parts.append(f"{tolerance['absolute']:.3g}")
    if tolerance["relative"]:
        parts.append(f"{tolerance['relative']:.0e} of the range")
    text = " + ".join(parts) or "exact"
    return text + (
        f", but for {tolerance['exceptions']:.2g} of the values" if tolerance["exceptions"] else ""
    )


def share_text(share: float) -> str:
    """Write a share in percent, never rounding up to 100."""
    return "100 %" if share == 1 else f"{min(share * 100, 99.9999):.4f} %"


def parity_table(rows: list[Row]) -> Table:
    """Lay out how results differ, one line for each row and size, the worst image counting.

    Parameters
    ----------
    rows : list of dict
        From :mod:`cvkit.compare.measure.parity`; rows of other sections are left out.

    Returns
    -------
    Table

    Examples
    --------
    >>> parity_table([]).rows
    []
    """
    lines = []
    compared = [row for row in rows if row["section"] == "parity"]
    for group in grouped(compared, ("label", "height", "width", "reference_version", "device")):
        row = group[0]
        lines.append(
            [
                row["operation"],
                row["name"],
                image_kind(row),
                f"{row['height']}x{row['width']}",
                row["reference_version"],
                *worst(group),
                tolerance_text(row),
                "yes" if all(row["agrees"] for row in group) else "NO",
            ]
        )
    header = [*_ROW_WORDS, "largest difference", "mean", "equal values", "accepted", "agrees"]
    return Table("Differences between cvkit's results and the reference's", header, lines, len(_ROW_WORDS))


def grouped(rows: list[Row], names: tuple[str, ...]) -> list[list[Row]]:
    """Gather rows that share the named values, in the order of their first.

    Parameters
    ----------
    rows : list of dict
        Rows of any section that have these values.
    names : tuple of str
        Which values.

    Returns
    -------
    list of list of dict

    Examples
    --------
    >>> grouped([{"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 3}], ("a",))
    [[{'a': 1, 'b': 1}, {'a': 1, 'b': 3}], [{'a': 2, 'b': 2}]]
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(repr([row[name] for name in names]), []).append(row)
    return list(groups.values())


def worst(group: list[Row]) -> list[str]:
    """Write the largest difference, the largest mean difference and the least share of equal values."""
    return [
        f"{max(row['largest'] for row in group):.2g}",
        f"{max(row['mean'] for row in group):.2g}",
        share_text(min(row["equal"] for row in group)),
    ]


def learner_table(rows: list[Row]) -> Table:
    """Lay out agreement, times and memory of learners, one line each.

    Parameters
    ----------
    rows : list of dict
        From :mod:`cvkit.compare.measure.learners`; rows of other sections are left out.

    Returns
    -------
    Table

    Examples
    --------
    >>> learner_table([]).rows
    []
    """
    header = ["learner", "data", "reference", "threads", "largest differences", "agrees"]
    header += ["fit ms", "ratio", "predict ms", "ratio", "fit MB, cvkit / reference"]
    lines = [
        [
            row["operation"],
            row["name"],
            row["reference_version"],
            str(row["threads"]),
            ", ".join(f"{name} {value:.2g}" for name, value in row["differences"].items()),
            "yes" if row["agrees"] else "NO",
            *_learner_times(row["fit"]),
            *_learner_times(row["predict"]),
            f"{_megabytes(row['fit_bytes'])} / {_megabytes(row['reference_fit_bytes'])}",
        ]
        for row in rows
        if row["section"] == "learner"
    ]
    return Table("Learners beside scikit-learn's", header, lines, words=3)


def miss_rate_table(rows: list[Row]) -> Table:
    """Lay out how detectors did on labeled images, one line each.

    Parameters
    ----------
    rows : list of dict
        From :mod:`cvkit.compare.measure.miss_rates`; rows of other sections are left out.

    Returns
    -------
    Table

    Examples
    --------
    >>> miss_rate_table([]).rows
    []
    """
    header = ["detector", "images", "people", "log-average miss rate", "average precision", "ms an image"]
    lines = [
        [
            row["name"],
            str(row["images"]),
            str(row["objects"]),
            f"{row['log_average_miss_rate']:.3f}",
            f"{row['average_precision']:.3f}",
            f"{row['milliseconds']:.1f}",
        ]
        for row in rows
        if row["section"] == "miss rate"
    ]
    return Table("Detectors on labeled images", header, lines, words=1)


def comparison_tables(rows: list[Row]) -> list[Table]:
    """Lay out every measured row; tables without rows are left out.

    Parameters
    ----------
    rows : list of dict
        Rows of any section.

    Returns
    -------
    list of Table
        Agreement, times, learners, miss rates.

    Examples
    --------
    >>> comparison_tables([])
    []
    """
    tables = [parity_table(rows), *speed_tables(rows), learner_table(rows), miss_rate_table(rows)]
    return [table for table in tables if table.rows]


def _learner_times(timing: Row) -> list[str]:
    note = f" misses {timing['bar']:.2f}" if _misses(timing, "ratio") else ""
    return [f"{timing['ours'] * 1e3:.1f}", f"{timing['ratio']:.2f} ± {timing['spread']:.2f}{note}"]


def _megabytes(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:.1f}"
