"""A comparison as one HTML file that needs nothing else: no network, no scripts."""

from __future__ import annotations

import os
from html import escape

from cvkit._paths import atomic_path
from cvkit.compare.measure.comparison import Comparison
from cvkit.compare.measure.documents import Row
from cvkit.compare.present.drawings import bars, curves, det_figure
from cvkit.compare.present.tables import (
    Table,
    grouped,
    image_kind,
    learner_table,
    miss_rate_table,
    parity_table,
    verdict,
)

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
  color: #1c2330; background: #fff }
h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #dde2ea; vertical-align: top }
th { border-bottom-width: 2px }
td.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.times { width: 38% }
.bar { font-size: 11px; line-height: 15px; margin: 1px 0; padding-left: 4px; white-space: nowrap;
  box-sizing: border-box; overflow: visible }
.ours { background: #9cc9a3; stroke: #2f7d3b; fill: #2f7d3b }
.reference { background: #c5cad3; stroke: #6b7383; fill: #6b7383 }
.slower { color: #b3261e; font-weight: 600 }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; font-size: 12px; vertical-align: top }
figure img { display: block; border: 1px solid #c5cad3; image-rendering: pixelated }
polyline { fill: none; stroke-width: 2 }
svg text { font-size: 10px; text-anchor: start; fill: #1c2330 }
svg.det line { stroke: #dde2ea }
svg.det text { text-anchor: middle }
.legend { display: inline-block; vertical-align: top; font-weight: 600 }
svg text:not(:last-child) { text-anchor: middle }
"""


def write_page(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write a comparison as an HTML page into a file; an interrupted call leaves none.

    Parameters
    ----------
    comparison : Comparison
        Rows that were compared.
    path : path
        The file.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(render(comparison), encoding="utf-8")


def render(comparison: Comparison) -> str:
    """Return a comparison as an HTML page.

    Parameters
    ----------
    comparison : Comparison
        Rows that were compared.

    Returns
    -------
    str

    Examples
    --------
    >>> "<h1>" in render(Comparison((48, 64)))
    True
    """
    document = comparison.document
    judged, miss_rates = document.section("miss rate"), miss_rate_table(document.rows)
    sections = [
        _machine(comparison),
        _section("Agreement", _table(parity_table(document.rows)), document.section("parity")),
        _section("Where results differ", _figures(comparison.figures), comparison.figures),
        _section("Speed", _speed(comparison), document.section("speed") + document.section("detector")),
        _section("Time over the size of the image", _scaling(comparison), document.section("speed")),
        _section("Learners", _table(learner_table(document.rows)), document.section("learner")),
        _section(miss_rates.title, _table(miss_rates) + det_figure(judged), judged),
        _section("Failed", _reasons(comparison.failed), comparison.failed),
        _section("Not compared", _reasons(comparison.skipped), comparison.skipped),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>cvkit compare</title>'
        f"<style>{_STYLE}</style></head><body><h1>cvkit beside its references</h1>{''.join(sections)}"
        "</body></html>\n"
    )


def _section(title: str, content: str, needed: object) -> str:
    """Return a section, or nothing where there is nothing to show."""
    return f"<h2>{title}</h2>{content}" if needed and content else ""


def _machine(comparison: Comparison) -> str:
    facts = {**comparison.document.machine, "threads of each side": comparison.threads}
    facts["cvkit runs on"] = "GPU" if comparison.on_cuda else "CPU"
    text = ", ".join(f"{name} {value}" for name, value in facts.items())
    compared = [row for row in comparison.document.rows if "agrees" in row]
    agreeing = sum(row["agrees"] for row in compared)
    return (
        f"<p>{agreeing} of {len(compared)} comparisons agree within their tolerance.</p><p>{escape(text)}</p>"
    )


def _table(table: Table) -> str:
    header = "".join(f"<th>{escape(name)}</th>" for name in table.header)
    lines = (
        "".join(
            f"<td{'' if column < table.words else ' class=figure'}>{escape(cell)}</td>"
            for column, cell in enumerate(line)
        )
        for line in table.rows
    )
    return f"<table><tr>{header}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _figures(figures: dict[str, str]) -> str:
    return "".join(f"<h3>{escape(label)}</h3>{drawing}" for label, drawing in figures.items() if drawing)


def _timed(comparison: Comparison) -> list[Row]:
    return comparison.document.section("speed") + comparison.document.section("detector")


def _speed(comparison: Comparison) -> str:
    """Bars for each row at the largest of its sizes."""
    lines = []
    for group in grouped(_timed(comparison), ("label", "reference_version")):
        row = max(group, key=lambda row: row["height"] * row["width"])
        slower = " slower" if row["ratio"] > 1 else ""
        lines.append(
            f"<tr><td>{escape(row['operation'])} {escape(row['name'])}<br>{image_kind(row)}, "
            f"{row['height']}x{row['width']}</td><td>{escape(row['reference_version'])}</td>"
            f"<td class=times>{bars(row)}</td>"
            f'<td class="figure{slower}">{row["ratio"]:.2f} ± {row["spread"]:.2f}</td>'
            f"<td class=figure>{row['first']:.2f} s</td><td>{verdict(row)}</td></tr>"
        )
    header = "".join(
        f"<th>{name}</th>"
        for name in ("row", "reference", "median times", "ratio", "first call in the process", "")
    )
    return (
        "<p>cvkit green, the reference gray, in turns. A ratio below 1: cvkit is faster.</p>"
        f"<table><tr>{header}</tr>{''.join(lines)}</table>"
    )


def _scaling(comparison: Comparison) -> str:
    figures = []
    for group in grouped(comparison.document.section("speed"), ("label", "reference_version")):
        if len(group) > 1:
            caption = f"{group[0]['operation']} {group[0]['name']}, {image_kind(group[0])}"
            figures.append(f"<figure>{curves(group)}<figcaption>{escape(caption)}</figcaption></figure>")
    return f"<p>cvkit green, the reference gray; both axes are logarithmic.</p>{''.join(figures)}"


def _reasons(reasons: dict[str, str]) -> str:
    return _table(Table("", ["row", "why"], [[label, why] for label, why in reasons.items()], words=2))
