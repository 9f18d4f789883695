"""Settings of the site: ``python -m sphinx docs site``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from sphinx.application import Sphinx  # noqa: E402

from cvkit import __version__  # noqa: E402
from generate import write_pages  # noqa: E402

project = "cvkit"
author = copyright = "the cvkit contributors"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_gallery.gen_gallery",
]
# Of a gallery's example only the page that was made of it belongs to the site.
exclude_patterns = ["gallery/*"]
# The page of a room holds what its functions' docstrings say, under their public names.
add_module_names = False
autodoc_typehints = "none"
# The headings of a page name its functions already.
toc_object_entries = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1,
}

html_theme = "pydata_sphinx_theme"
html_title = "cvkit"
html_static_path = ["_static"]
html_css_files = ["cvkit.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
# Nothing stands below these pages.
html_sidebars = {page: [] for page in ("operations", "parity", "speed", "generated/command_line")}
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
    "show_toc_level": 2,
}

write_pages(HERE / "generated")


def skip_inherited(
    app: Sphinx, what: str, name: str, value: object, skip: bool, options: object
) -> bool | None:
    """Leave out what scikit-learn's classes bring along: their docstrings refer to its own pages."""
    module = getattr(value, "__module__", None) or ""
    return True if module.startswith("sklearn.") or name.endswith("_request") else None


def setup(app: Sphinx) -> None:
    """Connect the handlers."""
    app.connect("autodoc-skip-member", skip_inherited)
