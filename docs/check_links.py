"""Whether what the pages of the site refer to is there: files, and places within pages.

python docs/check_links.py site
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

REFERRING = {"href", "src", "srcset", "data-src"}


class Page(HTMLParser):
    """What a page refers to, and the places that others may refer to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep what an element refers to, and its name."""
        for name, value in attributes:
            if name == "srcset":
                self.links += [part.split()[0] for part in (value or "").split(",") if part.strip()]
            elif name in REFERRING and value is not None:
                self.links.append(value)
            elif name in ("id", "name"):
                self.places.add(value or "")


def broken_links(site: Path) -> Iterator[str]:
    """Give a line for each link within a site that leads nowhere.

    Parameters
    ----------
    site : Path
        The folder of the built pages.

    Yields
    ------
    str
        The page, and what it refers to.
    """
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path.resolve(): Page(path) for path in found}
    for path, page in pages.items():
        for link in sorted(set(page.links)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            address, place = urldefrag(link)
            name = unquote(urlsplit(address).path)
            target = (path.parent / name).resolve() if name else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{path.relative_to(site.resolve())}: there is no {link}"
            elif target in pages and unquote(place) not in pages[target].places:
                yield f"{path.relative_to(site.resolve())}: there is no place {link}"


if __name__ == "__main__":
    found = list(broken_links(Path(sys.argv[1])))
    print("\n".join(found) or "every link leads somewhere")
    sys.exit(bool(found))
