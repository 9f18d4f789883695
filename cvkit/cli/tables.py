"""Tables on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from cvkit.compare.present.tables import Table, to_text


def print_table(table: Table) -> None:
    """Print a table: fitted to the terminal's width, or in full lines where stdout is a file or a pipe."""
    console = Console()
    if not console.is_terminal:
        print(to_text(table), end="\n\n")
        return
    shown = RichTable(title=table.title, box=box.SIMPLE_HEAD, title_justify="left")
    for column, name in enumerate(table.header):
        shown.add_column(name, justify="left" if column < table.words else "right")
    for line in table.rows:
        shown.add_row(*map(Text, line))
    console.print(shown)
