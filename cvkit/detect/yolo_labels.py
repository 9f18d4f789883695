"""Read labels of YOLO: a folder of text files, or a data set that ``data.yaml`` describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cvkit.detect.labeled_images import LabeledBox, LabeledImage
from cvkit.detect.path_index import match_paths
from cvkit.io import read_image, walk

Names = Mapping[int, str]
"""Names of the classes; where there are none, classes are called by their numbers."""

# The images that data.yaml has for judging, or else whichever it has.
_SPLITS = ("val", "test", "train")


def read_yolo(folder: Path, files: Sequence[Path], images: Path) -> Iterator[LabeledImage]:
    """Read files of labels below a folder, and find their images below another one.

    Images without a file of labels have no boxes.
    """
    listed = folder / "classes.txt"
    names = listed.read_text(encoding="utf-8").split("\n") if listed.exists() else []
    paths = list(walk(images))
    found = match_paths([_yolo_name(path, folder) for path in files], paths)
    for path, image in zip(files, found, strict=True):
        if image is None:
            raise ValueError(f"{path}: there is no image of that name in {images}")
        yield _labeled(_name_in(images, image), image, path, dict(enumerate(map(str.strip, names))))
    labeled = set(found)
    for image in paths:
        if image not in labeled:
            yield LabeledImage(_name_in(images, image), ())


def read_data_yaml(path: Path, images: Path | None = None) -> Iterator[LabeledImage]:
    """Read the labels of a data set, of its validation images unless others are given.

    Parameters
    ----------
    path : Path
        The description: ``path`` (of the data set), ``val``, ``test`` and ``train`` (folders of images, or
        lists of images in text files), ``names``.
    images : Path, optional
        Folder of images to take.
    """
    try:
        content = parse_data_yaml(path.read_text(encoding="utf-8"))
        names = _names(content.get("names", {}))
    except ValueError as error:
        raise ValueError(f"{path} is damaged or of another format: {error}") from error
    root = path.parent / str(content.get("path") or ".")
    root = root if root.is_dir() else path.parent
    if images is None:
        split = next((content[name] for name in _SPLITS if content.get(name)), None)
        if split is None:
            raise ValueError(f"{path} must name images as one of {', '.join(_SPLITS)}")
        wanted = [root / place for place in (split if isinstance(split, list) else [split])]
    else:
        root, wanted = images, [images]
    for place in wanted:
        if not place.exists():
            raise ValueError(f"{path}: there is no {place}")
    for image in walk(wanted):
        labels = _labels_of(image)
        name = _name_in(root, image)
        yield _labeled(name, image, labels, names) if labels.exists() else LabeledImage(name, ())


def parse_data_yaml(text: str) -> dict[str, Any]:
    r"""Read the part of YAML that such descriptions are written in.

    Parameters
    ----------
    text : str
        Keys at the beginning of lines, with words, lists or mappings of words, in brackets or line by line.

    Returns
    -------
    dict
        Strings, lists of strings, and dicts of strings.

    Raises
    ------
    ValueError
        For a line that is neither.

    Examples
    --------
    >>> parse_data_yaml("train: images/train  # 128 images\nnames:\n  0: person\n  1: 'dog'\nnc: 2")
    {'train': 'images/train', 'names': {'0': 'person', '1': 'dog'}, 'nc': '2'}
    >>> parse_data_yaml("names: [person, dog]")
    {'names': ['person', 'dog']}
    """
    content: dict[str, Any] = {}
    key = ""
    for line in _whole_lines(text):
        item = line.strip()
        if item.startswith("- ") and key and content[key] in ("", *_lists(content[key])):
            content[key] = [*content[key], _word(item[2:])]
            continue
        name, colon, rest = item.partition(":")
        if not colon or (rest and not rest[0].isspace()):
            raise ValueError(f"a line must be a key and a value, got {line!r}")
        if not line[0].isspace():
            key = _word(name)
            content[key] = _value(rest.strip())
        elif key and (content[key] == "" or isinstance(content[key], dict)):
            content[key] = {**(content[key] or {}), _word(name): _word(rest)}
        else:
            raise ValueError(f"{line!r} belongs to nothing")
    return content


def _lists(value: Any) -> list[Any]:
    return [value] if isinstance(value, list) else []


def _whole_lines(text: str) -> Iterator[str]:
    """Yield lines without comments, those of a bracket as one."""
    begun = ""
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line)
        line = begun + line.rstrip() if begun else line.rstrip()
        if not line or line in ("---", "..."):
            continue
        _, _, value = line.partition(":")
        if value.lstrip().startswith(("[", "{")) and not value.endswith(("]", "}")):
            begun = line + " "
            continue
        begun = ""
        yield line
    if begun:
        raise ValueError(f"a bracket is not closed in {begun!r}")


def _value(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return _word(text)
    words = re.findall(r"""(?:"[^"]*"|'[^']*'|[^,"'])+""", text[1:-1])
    if text.startswith("["):
        return [_word(word) for word in words if word.strip()]
    pairs = [word.partition(":") for word in words if word.strip()]
    return {_word(name): _word(value) for name, _, value in pairs}


def _word(text: str) -> str:
    text = text.strip()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
        return text
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _names(given: Any) -> Names:
    if isinstance(given, list):
        return dict(enumerate(given))
    if not isinstance(given, dict):
        return {}
    return {int(number): name for number, name in given.items()}


def _labels_of(image: Path) -> Path:
    """Find the labels of an image: in the last folder ``images`` of its path, ``labels`` takes the place."""
    parts = list(image.with_suffix(".txt").parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return Path(*parts)


def _labeled(name: str, image: Path, labels: Path, names: Names) -> LabeledImage:
    size = read_image(image).shape[:2]
    lines = [line.split() for line in labels.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        boxes = tuple(_yolo_box(words, size, names) for words in lines)
    except KeyError as error:
        raise ValueError(f"{labels} is damaged or of another format: class {error} has no name") from error
    except ValueError as error:
        raise ValueError(f"{labels} is damaged or of another format: {error}") from error
    return LabeledImage(name, boxes, (size[0], size[1]))


def _yolo_name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix().removeprefix("labels/")


def _name_in(folder: Path, path: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _yolo_box(words: list[str], size: Sequence[int], names: Names) -> LabeledBox:
    """Read a line: a class and a box, perhaps with confidence, or a class and the points of a polygon."""
    is_polygon = len(words) >= 7 and len(words) % 2 == 1
    if len(words) not in (5, 6) and not is_polygon:
        raise ValueError(
            "a line must be a class and a box of 4 numbers, perhaps with confidence, or the points of a "
            f"polygon, got {' '.join(words)!r}"
        )
    number = int(words[0])
    if number < 0:
        raise ValueError(f"a class must be a number from 0 on, got {number}")
    label = names[number] if names else str(number)
    numbers = [float(word) for word in words[1:]]
    if is_polygon:
        across, down = ([extent * at for at in numbers[axis::2]] for axis, extent in enumerate(size[1::-1]))
        return LabeledBox((min(across), min(down), max(across), max(down)), label)
    x, y, width, height, *confidence = numbers
    (left, right), (top, bottom) = (
        (extent * (center - length / 2), extent * (center + length / 2))
        for extent, center, length in ((size[1], x, width), (size[0], y, height))
    )
    return LabeledBox((left, top, right, bottom), label, confidence=confidence[0] if confidence else None)
