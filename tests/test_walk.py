"""Finding files where folders and lists are not as they should be."""

from __future__ import annotations

import inspect
import os
import sys
from itertools import islice
from pathlib import Path

import pytest

from cvkit.batch import Entry, Manifest
from cvkit.io import LeftOut, UnreadableListError, walk


def names(paths: object, root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]  # type: ignore[attr-defined]


def make(root: Path, *files: str) -> None:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_what_is_left_out_is_counted_by_its_kind(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "b.HEIC", "c.heic", "more/d.psd", "more/e", "more/f.jpg", ".hidden.jxl")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "there").symlink_to("more")
    os.mkfifo(tmp_path / "pipe.png")
    left_out = LeftOut()
    assert names(walk(tmp_path, left_out=left_out), tmp_path) == ["a.png", "more/f.jpg"]
    assert str(left_out) == (
        "2 .heic, 1 .psd, 1 file without an ending, 1 dangling link, 1 link to a folder, 1 special file"
    )
    by_pattern = LeftOut()
    everything = ["a.png", "more/f.jpg", "there/f.jpg"]
    assert names(walk(f"{tmp_path}/**", left_out=by_pattern), tmp_path) == everything
    assert str(by_pattern).startswith("2 .heic, 2 .psd, 2 files without an ending, 1 dangling link")
    many = LeftOut({f".{number}": number for number in range(1, 14)})
    assert str(many).startswith("13 .13, 12 .12, ")
    assert str(many).endswith(", 4 .4, 6 with 3 other endings")


def test_what_cannot_be_looked_at_is_given_so_that_reading_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.png", "locked/b.png", "sub/c.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "loop").symlink_to("loop")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names(walk(tmp_path), tmp_path) == ["a.png", "loop", "loop.png", "locked", "sub/c.png"]
    with pytest.raises(PermissionError):
        walk(tmp_path / "locked")


def test_folders_deeper_than_python_recurses(tmp_path: Path) -> None:
    depth = 200
    make(tmp_path, "d/" * depth + "a.png")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + depth // 2)
    try:
        (found,) = walk(tmp_path)
    finally:
        sys.setrecursionlimit(limit)
    assert found.name == "a.png"
    found.unlink()
    for folder in islice(found.parents, depth):  # pytest's own removal recurses
        folder.rmdir()


@pytest.mark.parametrize("source", ["", "*/*.png", "**/*.png"])
def test_what_cvkit_wrote_is_no_source_unless_it_is_named(tmp_path: Path, source: str) -> None:
    make(tmp_path, "a/a.png", "out/b.png", "out/deep/c.png", "new/d.png", "foreign/e.png")
    for folder in ("out", "new"):
        with Manifest(tmp_path / folder) as manifest:
            if folder == "out":
                manifest.add(Entry("a.png", None, 1, 1, {}, "1", "failed", None, "because", 0.5))
    (tmp_path / "foreign" / "manifest.jsonl").write_text('{"path": "a.wav", "duration": 1}\n')
    left_out = LeftOut()
    assert names(walk(tmp_path / source, left_out=left_out), tmp_path) == ["a/a.png", "foreign/e.png"]
    assert str(left_out).split(", ")[-1] == "2 folders that cvkit wrote"
    assert names(walk(tmp_path / "out"), tmp_path) == ["out/b.png", "out/deep/c.png"]
    assert names(walk(f"{tmp_path}/out/*.png"), tmp_path) == ["out/b.png"]


LINES = "# mine\r\na.png\r\n\r\nü.png\r\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode("utf-8"),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        "a.png\0ü.png\0".encode(),
        "a.png\0ü.png".encode(),
    ],
)
def test_lists_are_read_in_every_usual_form(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    assert names(walk(tmp_path / "list.txt"), tmp_path) == ["a.png", "ü.png"]


def test_between_nul_names_stand_as_they_are(tmp_path: Path) -> None:
    odd = ["#a.png", " b.png ", "c\nd.png", "x" * 100_000]
    (tmp_path / "list.txt").write_text("\0".join(odd))
    assert names(walk(tmp_path / "list.txt"), tmp_path) == odd


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode("utf-16-le"),
        LINES.encode("utf-32"),
        LINES.encode("latin-1"),
        LINES.encode("utf-16")[:-1],
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01",
        b"a.png\n" + b"x" * (1 << 17) + b"\0b.png",
    ],
)
def test_what_is_no_list_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(UnreadableListError, match=r"list\.txt: no list of paths in UTF-8, in UTF-16"):
        list(walk(tmp_path / "list.txt"))


@pytest.mark.skipif(os.name != "posix", reason="names are bytes")
def test_names_in_another_encoding_are_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"f\xfcr.png")
    make(tmp_path, name)
    (tmp_path / "list.txt").write_bytes(b"f\xfcr.png\n")
    assert names(walk(tmp_path / "list.txt"), tmp_path) == [name]
