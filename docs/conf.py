"""Settings of the site: ``python -m sphinx docs site``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from docutils import nodes  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.errors import SphinxError  # noqa: E402

from check_links import broken_links  # noqa: E402
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
exclude_patterns = ["gallery/*", "generated/hundred_questions/*"]
# The page of a room holds what its functions' docstrings say, under their public names.
add_module_names = False
autodoc_typehints = "none"
# The headings of a page name its functions already.
toc_object_entries = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_heading_anchors = 3

# A reference in a docstring that leads nowhere is a warning, but for those to names that are not public, and
# for what the methods of dict say of themselves.
nitpicky = True
nitpick_ignore_regex = [
    ("py:func", "estimate_exponents|learn_filters"),
    ("py:meth", r"WindowDetector\..*"),
    ("py:class", "Operation|ScoredGrid|Warp|None\\..*|an? .*"),
]

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py$",
    # Most of the time goes into compiling kernels, which each process keeps for the others.
    "parallel": 2,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1,
}

html_theme = "pydata_sphinx_theme"
html_title = "cvkit"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["cvkit.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
# Nothing stands below these pages.
html_sidebars = {
    page: []
    for page in (
        "operations",
        "hundred_questions",
        "parity",
        "speed",
        "developers",
        "generated/command_line",
    )
}
html_theme_options = {
    "header_links_before_dropdown": 6,
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


class Questions:
    """The page of questions, whose examples run in a process of their own while others do."""

    page = "hundred_questions"
    result = HERE / "generated" / page / "page.md"

    def start(self, *_: Any) -> None:
        """Begin to run them."""
        self.result.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, HERE / "examples.py", HERE / f"{self.page}.md", self.result]
        self.process = subprocess.Popen(command, cwd=HERE.parent, stderr=subprocess.PIPE, text=True)

    def read(self, app: Sphinx, page: str, source: list[str]) -> None:
        """Put in what they have made."""
        if page == self.page:
            _, said = self.process.communicate()
            if self.process.returncode:
                raise SphinxError(said)
            source[0] = self.result.read_text(encoding="utf-8")

    def stop(self, *_: Any) -> None:
        """End what nobody has waited for, because the page has not changed."""
        self.process.kill()
        self.process.wait()


def link_names(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Let names of cvkit, where they stand as code in a text, lead to the reference."""
    known = app.env.get_domain("py").objects
    for literal in list(tree.findall(nodes.literal)):
        name = literal.astext().partition("(")[0]
        entry = known.get(name) or known.get(f"cvkit.{name}")
        if entry is None or isinstance(literal.parent, nodes.reference) or page == entry.docname:
            continue
        literal.replace_self(link_to(app, entry, page, literal.deepcopy()))


def link_to(app: Sphinx, entry: Any, page: str, text: nodes.Node) -> nodes.reference:
    """Return a link from a page to where a name is explained."""
    address = f"{app.builder.get_relative_uri(page, entry.docname)}#{entry.node_id}"
    return nodes.reference("", "", text, internal=True, refuri=address)


def find_elsewhere(app: Sphinx, environment: Any, node: Any, text: nodes.Node) -> nodes.reference | None:
    """Find a public name that a docstring refers to as its own module knows it."""
    name = node.get("reftarget", "").rpartition(".")[2]
    known = app.env.get_domain("py").objects
    found = [key for key in (f"cvkit.{name}", f"cvkit.detect.{name}") if key in known]
    return link_to(app, known[found[0]], node["refdoc"], text) if found else None


NAME_IN_CODE = re.compile(
    r'<span class="n">cvkit</span><span class="o">\.</span><span class="n">(\w+)</span>'
)


def link_code(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Let functions of cvkit in blocks of code lead to the reference, as the gallery's do."""
    known = app.env.get_domain("py").objects

    def link(found: re.Match[str]) -> str:
        entry = known.get(f"cvkit.{found[1]}")
        if entry is None or entry.docname == page:
            return found[0]
        address = f"{app.builder.get_relative_uri(page, entry.docname)}#{entry.node_id}"
        return f'<a class="in-code" href="{address}">{found[0]}</a>'

    if "body" in context and not page.startswith("generated/gallery/"):
        context["body"] = NAME_IN_CODE.sub(link, context["body"])


def check_links(app: Sphinx, error: Exception | None) -> None:
    """Refuse a site in which a link leads nowhere."""
    if error is None and app.builder.format == "html" and (found := list(broken_links(Path(app.outdir)))):
        raise SphinxError("links lead nowhere:\n" + "\n".join(found))


def setup(app: Sphinx) -> None:
    """Connect the handlers."""
    app.connect("autodoc-skip-member", skip_inherited)
    questions = Questions()
    app.connect("config-inited", questions.start)
    app.connect("source-read", questions.read)
    app.connect("build-finished", questions.stop)
    app.connect("missing-reference", find_elsewhere)
    app.connect("doctree-resolved", link_names)
    app.connect("html-page-context", link_code)
    # After the gallery has put its links in.
    app.connect("build-finished", check_links, priority=900)
