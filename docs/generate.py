"""The pages of the site that are made when it is built: the reference by room and the command line."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import typer

import cvkit

ROOMS = {
    "color": "Color",
    "intensity": "Intensity",
    "filters": "Filters",
    "geometry": "Geometry",
    "morphology": "Morphology",
    "regions": "Regions",
    "features": "Features",
}
PACKAGES = {
    "augment": "Augmentation",
    "layers": "Layers",
    "ml": "Learners",
    "detect": "Detectors",
    "batch": "Folders",
    "video": "Videos",
    "io": "Files",
}
# What commands do, and names of types.
UNLISTED = {"cli", "compare", "typing"}
COLUMNS = "79"


def write_pages(folder: Path) -> None:
    """Write the pages into a folder; one that has not changed keeps its time, and is not built again."""
    pages = dict(reference_pages())
    pages["reference/index.rst"] = reference_index(pages)
    pages["command_line.rst"] = command_line_page()
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def reference_pages() -> Iterator[tuple[str, str]]:
    """Give name and text of a page for each room."""
    rooms: dict[str, list[str]] = {room: [] for room in ROOMS}
    others = []
    for name, module in cvkit._FUNCTIONS.items():
        room = module.split(".")[1]
        (others if room.startswith("_") or room in PACKAGES else rooms.setdefault(room, [])).append(name)
    for room, names in rooms.items():
        yield f"reference/{room}.rst", room_page(ROOMS.get(room, room.capitalize()), "cvkit", names)
    yield "reference/arrays.rst", room_page("Arrays, files and threads", "cvkit", others)
    for package in packages():
        module = __import__(f"cvkit.{package}", fromlist=["__all__"])
        names = [
            name
            for name in sorted(module.__all__)
            if inspect.isroutine(value := getattr(module, name)) or inspect.isclass(value)
        ]
        # What stands under cvkit itself is on its own page.
        names = [name for name in names if name not in cvkit._FUNCTIONS]
        title = PACKAGES.get(package, package.capitalize())
        if package not in rooms:
            yield f"reference/{package}.rst", room_page(title, f"cvkit.{package}", names)


def packages() -> list[str]:
    """Return the packages with pages of their own: those that have titles, then all other public ones."""
    found = {
        module.name for module in pkgutil.iter_modules(cvkit.__path__) if not module.name.startswith("_")
    }
    return [*PACKAGES, *sorted(found - {*ROOMS, *PACKAGES, *UNLISTED})]


def room_page(title: str, module: str, names: list[str]) -> str:
    """Return the page of one room: a heading for each name, so that the page has a table of contents."""
    lines = [title, "=" * len(title), "", f".. currentmodule:: {module}", ""]
    owner = __import__(module, fromlist=["__all__"])
    for name in names:
        value = getattr(owner, name)
        is_class = isinstance(value, type)
        # Sphinx cannot find out the arguments of every named tuple.
        arguments = f"({', '.join(value._fields)})" if hasattr(value, "_fields") else ""
        lines += [name, "-" * len(name), ""]
        lines += [f".. auto{'class' if is_class else 'function'}:: {module}.{name}{arguments}"]
        lines += ["   :members:", "   :inherited-members: tuple, OSError"] if is_class else []
        lines += [""]
    return "\n".join(lines)


def reference_index(pages: dict[str, str]) -> str:
    """Return the page that lists the rooms."""
    lines = ["Reference", "=========", "", "What every public name takes, gives and equals, by room.", ""]
    lines += [".. toctree::", "   :maxdepth: 1", ""]
    return "\n".join([*lines, *(f"   {Path(name).stem}" for name in pages), ""])


def command_line_page() -> str:
    """Return what every command says with ``--help``; of ``cvkit batch``, one operation as an example."""
    from cvkit.cli import app

    names = typer.main.get_command(app).commands
    title = "Command line"
    lines = [title, "=" * len(title), "", "What the commands say with ``--help``.", ""]
    for words in [[], *([name] for name in names), ["batch", "canny"]]:
        heading = " ".join(["cvkit", *words])
        lines += [heading, "-" * len(heading), "", ".. code-block:: none", ""]
        lines += [f"   {line}".rstrip() for line in help_of(words).splitlines()] + [""]
    return "\n".join(lines)


def help_of(words: list[str]) -> str:
    """Return what a command says of itself."""
    from cvkit.cli import main

    os.environ["COLUMNS"] = COLUMNS
    with contextlib.redirect_stdout(io.StringIO()) as text:
        main([*words, "--help"])
    return text.getvalue()
