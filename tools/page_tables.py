"""Write the tables of the README and of docs/: agreement and speed as measured, and the operations there are.

python tools/page_tables.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import geometric_mean

from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.measure.documents import Document, Row, read_document
from cvkit.compare.present.tables import (
    Table,
    first_call_table,
    grouped,
    image_kind,
    learner_table,
    missed,
    to_markdown,
    tolerance_text,
    worst,
)
from page_summaries import learners_section, operations_section, summary_section

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "tools" / "results"
"""Where the committed measurements are."""

PARITY, SPEED, BATCH = RESULTS / "parity.json", RESULTS / "speed.json", RESULTS / "batch.json"


PAGES = (
    "README.md",
    "docs/coming_from/scikit_learn.md",
    "docs/guide/folders.md",
    "docs/operations.md",
    "docs/parity.md",
    "docs/speed.md",
)
"""The pages that have tables."""


@program
def main() -> None:
    """Write the tables, each between its markers; what is outside of them stays."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path, help="the files; by default, all that have tables")
    for page in parser.parse_args().pages or [ROOT / name for name in PAGES]:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """Return a page with the tables that belong between its markers.

    Parameters
    ----------
    text : str
        A page with the markers of some of the tables.

    Returns
    -------
    str

    Examples
    --------
    >>> with_tables("no markers")
    Traceback (most recent call last):
    ValueError: the text has no markers, such as <!-- parity:begin --> and <!-- parity:end -->
    """
    names = [name for name in SECTIONS if f"<!-- {name}:" in text]
    if not names:
        raise ValueError("the text has no markers, such as <!-- parity:begin --> and <!-- parity:end -->")
    for name in names:
        text = replace_between(text, name, SECTIONS[name]())
    return text


def replace_between(text: str, name: str, content: str) -> str:
    r"""Replace what is between two markers.

    Parameters
    ----------
    text : str
        Holds ``<!-- name:begin -->`` and ``<!-- name:end -->``.
    name : str
        Name of the markers.
    content : str
        What to put there.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a marker is missing.

    Examples
    --------
    >>> replace_between("<!-- a:begin -->old<!-- a:end -->", "a", "new")
    '<!-- a:begin -->\nnew\n<!-- a:end -->'
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the text has no markers {begin} and {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def parity_section(document: Document) -> str:
    """Describe agreement in Markdown.

    Parameters
    ----------
    document : Document
        With rows of parity.

    Returns
    -------
    str
    """
    images = ", ".join(sorted({row["image"] for row in document.section("parity")}))
    return (
        "One line for each operation, dtype, reference and tolerance, over all settings in the table\n"
        f"`cvkit/compare/cases/table.py`; the worst setting and image count. Images: {images}.\n"
        "`cvkit compare` shows every row, on your own images.\n\n"
        f"{to_markdown(parity_summary(document.rows))}"
    )


def parity_summary(rows: list[Row]) -> Table:
    """Gather rows of parity by operation, dtype, reference and tolerance; equal lines share the versions.

    Parameters
    ----------
    rows : list of dict
        Rows of any section.

    Returns
    -------
    Table

    Examples
    --------
    >>> parity_summary([]).rows
    []
    """
    versions: dict[tuple[str, ...], list[str]] = {}
    for group in grouped(rows, ("operation", "dtype", "reference_version", "tolerance")):
        row = group[0]
        settings = len({member["label"] for member in group})
        agrees = "" if all(member["agrees"] for member in group) else " **missed**"
        library, _, version = row["reference_version"].rpartition(" ")
        words = (row["operation"], row["dtype"], library)
        line = (*words, str(settings), *worst(group), tolerance_text(row) + agrees)
        versions.setdefault(line, []).append(version)
    return Table(
        "Agreement",
        ["operation", "dtype", "reference", "settings", "largest difference", "mean", "equal", "accepted"],
        [
            [*line[:2], f"{line[2]} {', '.join(numbers)}", *line[3:]]
            for line, numbers in sorted(versions.items(), key=lambda item: item[0][:3])
        ],
        words=3,
    )


def speed_section(document: Document) -> str:
    """Describe speed in Markdown: one line for each row of the tables, one column for each setting.

    Parameters
    ----------
    document : Document
        With rows of speed.

    Returns
    -------
    str
    """
    timed = [row for row in document.rows if row["section"] in ("speed", "detector")]
    slower = sum(row["ratio"] > 1 for row in timed)
    machine = document.machine
    return (
        f"Measured on {machine['processor']}, {machine['cores']} cores, Python {machine['python']},\n"
        f"NumPy {machine['numpy']}, Numba {machine['numba']}. Each cell is the median time of cvkit and of\n"
        "the reference in milliseconds, in turns within one process and on equally many threads, and the\n"
        f"ratio: below 1 cvkit is faster. Of {len(timed)} measurements {slower} are slower than the\n"
        f"reference, in bold; missed bars, which this project set itself: {sum(map(missed, timed))}.\n"
        f"Geometric means of the ratios to OpenCV: {mean_ratios(timed)}.\n"
        f"{_meanings(timed)}\n"
        f"{to_markdown(speed_summary(timed))}\n\n"
        f"{_table_of(learner_table(document.rows))}"
        f"{_table_of(first_call_table(document.rows))}"
    ).rstrip("\n")


def mean_ratios(rows: list[Row]) -> str:
    """Say by setting what the geometric mean of the ratios to OpenCV is.

    Parameters
    ----------
    rows : list of dict
        Timed rows.

    Returns
    -------
    str

    Examples
    --------
    >>> setting = {"height": 1080, "width": 1920, "threads": 1, "level": "native"}
    >>> row = {**setting, "reference_version": "OpenCV 5"}
    >>> mean_ratios([{**row, "ratio": 0.5}, {**row, "ratio": 2.0}])
    '1.00 (1080x1920, 1 thread)'
    """
    opencv = [row for row in rows if row["reference_version"].startswith("OpenCV")]
    means = []
    for setting in _settings(opencv):
        ratios = [row["ratio"] for row in opencv if _setting(row) == setting]
        means.append(f"{geometric_mean(ratios):.2f} ({_setting_text(setting)})")
    return ", ".join(means)


def _meanings(rows: list[Row]) -> str:
    """Explain what only some measurements have; nothing where none has it."""
    text = ""
    if any(row["level"] != "native" for row in rows):
        text += "Under x86-64-v3 both are held to AVX2, as on processors without AVX-512.\n"
    if any("copies" in row for row in rows):
        text += "*Copies*: how many times the image is copied, on one thread, in the time of a call.\n"
    return text


def _table_of(table: Table) -> str:
    return f"{to_markdown(table)}\n\n" if table.rows else ""


def speed_summary(rows: list[Row]) -> Table:
    """Put the measurements of one row of the tables, at all sizes and thread counts, into one line.

    Parameters
    ----------
    rows : list of dict
        Timed rows.

    Returns
    -------
    Table

    Examples
    --------
    >>> speed_summary([]).rows
    []
    """
    columns = _settings(rows)
    lines = []
    for group in grouped(rows, ("operation", "name", "dtype", "channels", "reference_version")):
        cells = {_setting(row): _cell(row) for row in group}
        row = group[0]
        words = [row["operation"], row["name"], image_kind(row), row["reference_version"]]
        copies = next(
            (f"{row['copies']:.1f}" for row in group if _setting(row) == columns[0] and "copies" in row), ""
        )
        lines.append(words + [copies] + [cells.get(setting, "") for setting in columns])
    header = ["operation", "parameters", "image", "reference", "copies", *map(_setting_text, columns)]
    return Table("Speed", header, lines, words=4)


def batch_section(document: Document) -> str:
    """Describe the speed of batches in Markdown.

    Parameters
    ----------
    document : Document
        With rows of ``tools/batch_benchmark.py``.

    Returns
    -------
    str
    """
    return (
        "Images a second of `cvkit batch canny`, beside OpenCV when it only decodes each file and encodes\n"
        "it again, in the same format and on as many threads, on the machine of the page\n"
        "[Speed](../speed.md). The ratio is above 1 where cvkit is faster (`tools/batch_benchmark.py`).\n\n"
        f"{to_markdown(batch_summary(document.rows))}"
    )


def batch_summary(rows: list[Row]) -> Table:
    """Put the measurements of one kind of file into one line.

    Parameters
    ----------
    rows : list of dict
        Rows of ``tools/batch_benchmark.py``.

    Returns
    -------
    Table

    Examples
    --------
    >>> batch_summary([]).rows
    []
    """
    lines = []
    for row in rows:
        rates = row["images_per_second"]
        ratio = f"{row['ratio']:.2f}"
        ratio = f"**{ratio}**" if row["ratio"] < 1 else ratio
        missing = f" (misses {row['bar']:.2f})" if row["ratio"] < row["bar"] else ""
        figures = [f"{rates['transcode']:.1f}", f"{rates['batch']:.1f}", ratio + missing]
        lines.append([row["files"], row["reference_version"], str(row["threads"]), *figures])
    header = ["files", "reference", "threads", "decode and encode", "cvkit batch canny", "ratio"]
    return Table("Folders, images a second", header, lines, words=2)


Setting = tuple[int, int, int, str]


def _setting(row: Row) -> Setting:
    return row["height"], row["width"], row["threads"], row["level"]


def _settings(rows: list[Row]) -> list[Setting]:
    """Large images before small ones, one thread before two, the processor before what it is held to."""
    return sorted({_setting(row) for row in rows}, key=lambda setting: (-setting[0], *setting[1:]))


def _setting_text(setting: Setting) -> str:
    height, width, threads, level = setting
    held = "" if level == "native" else f", {level}"
    return f"{height}x{width}, {threads} thread{'s' if threads > 1 else ''}{held}"


def _cell(row: Row) -> str:
    ratio = f"{row['ratio']:.2f}"
    ratio = f"**{ratio}**" if row["ratio"] > 1 else ratio
    bar = f" (misses {row['bar']:.2f})" if missed(row) else ""
    return f"{row['ours'] * 1e3:.2f} / {row['reference'] * 1e3:.2f}: {ratio}{bar}"


SECTIONS = {
    "summary": lambda: summary_section(read_document(PARITY).rows, read_document(SPEED)),
    "operations": operations_section,
    "learners": learners_section,
    "parity": lambda: parity_section(read_document(PARITY)),
    "speed": lambda: speed_section(read_document(SPEED)),
    "batch": lambda: batch_section(read_document(BATCH)),
}
"""What is written between the markers of each name."""


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
