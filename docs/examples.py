"""The examples of a page, run, and shown with what comes of them.

python docs/examples.py PAGE RESULT

runs the Python blocks of a page in Markdown in the folder that it is called from, and writes the page with
images of what they make, which it puts beside the result.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

import cvkit

SMALLEST, LARGEST = 8, 520
"""Sides of arrays that are taken for images, in pixels."""
BLOCK = re.compile(r"^```python\n(.*?)^```\n", flags=re.DOTALL | re.MULTILINE)


def with_results(text: str, images: Path) -> str:
    """Run the Python blocks of a page, one after another, and show below each what it makes.

    Parameters
    ----------
    text : str
        The page, in Markdown.
    images : Path
        The folder for images of results. The page names it by its last two parts.

    Returns
    -------
    str
        The page with images, and with numbers.

    Raises
    ------
    RuntimeError
        If a block fails; it holds the block.
    """
    namespace: dict[str, Any] = {}
    images.mkdir(parents=True, exist_ok=True)

    def run(found: re.Match[str]) -> str:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                value = run_block(found[1], namespace)
        except Exception as error:
            raise RuntimeError(f"an example fails: {error!r}\n{found[1]}") from error
        if isinstance(value, (int, float, np.number)):
            return f"{found[0]}\n> {value:.4g}\n"
        image = as_image(value)
        if image is None:
            return found[0]
        name = f"{found.start()}.png"
        cvkit.write_image(images / name, image)
        return f"{found[0]}\n![what it makes]({images.parent.name}/{images.name}/{name})\n"

    return BLOCK.sub(run, text)


def run_block(block: str, namespace: dict[str, Any]) -> Any:
    """Run a block and return the value of its last line, or what that assigns."""
    tree = ast.parse(block)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        exec(compile(ast.Module(tree.body[:-1], []), block, "exec"), namespace)
        return eval(compile(ast.Expression(last.value), block, "eval"), namespace)
    exec(compile(tree, block, "exec"), namespace)
    if isinstance(last, ast.Assign):
        return eval(ast.unparse(last.targets[0]), namespace)
    return None


def as_image(value: Any) -> np.ndarray | None:
    """Return an array, or several, side by side, as an image of uint8; None for what is no image."""
    if isinstance(value, np.ndarray) and value.ndim == 3 and value.shape[2] != 3:
        value = list(value)
    if isinstance(value, (list, tuple)):
        parts = [as_image(part) for part in value]
        kept = [part for part in parts if part is not None]
        return (
            np.hstack(kept) if kept and len({part.shape[:1] + part.shape[2:] for part in kept}) == 1 else None
        )
    if not isinstance(value, np.ndarray) or value.ndim not in (2, 3):
        return None
    if min(value.shape[:2]) < SMALLEST or max(value.shape[:2]) > LARGEST:
        return None
    if np.iscomplexobj(value):
        value = np.log1p(np.abs(np.fft.fftshift(value)))
    if value.dtype == np.uint8:
        return value
    return cvkit.normalize(np.ascontiguousarray(value, np.float64), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    page, result = map(Path, sys.argv[1:])
    text = with_results(page.read_text(encoding="utf-8"), result.parent)
    result.write_text(text, encoding="utf-8")
