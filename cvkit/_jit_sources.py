"""What a kernel is compiled from: its source file, and those of cvkit that it imports, directly or not."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Any

__all__ = ["stamp"]

_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(r"^ *(?:from|import) +(cvkit[\w.]*)(?: +import +(\([^)]*\)|.*))?", re.MULTILINE)


@functools.cache
def _source(path: str) -> str | None:
    """Return a source file, also one in an archive; None where there is none."""
    loader: Any = __spec__.loader
    try:
        return loader.get_data(path).decode()
    except OSError:
        return None


@functools.cache
def _imported(path: str) -> tuple[str, ...]:
    """List the files of cvkit that a source file imports, as far as they decide what it is compiled to."""
    if path == str(_PACKAGE / "_jit.py"):  # how code is kept does not decide what it is
        return (str(_PACKAGE / "_jit_linking.py"),)
    found = []
    for module, names in _IMPORT.findall(_source(path) or ""):
        base = str(_PACKAGE.parent.joinpath(*module.split(".")))
        found += [base, *(os.path.join(base, name) for name in ("__init__", *re.findall(r"\w+", names)))]
    return tuple(f"{name}.py" for name in found if _source(f"{name}.py") is not None)


@functools.cache
def stamp(path: str) -> str:
    """Digest all that a kernel can be compiled from: its source file, and what that imports from cvkit.

    Parameters
    ----------
    path : str
        The source file.
    """
    reached, left = {path}, [path]
    while left:
        new = set(_imported(left.pop())) - reached
        reached |= new
        left += new
    if _source(path) is None:  # in a program frozen into one file
        status = os.stat(sys.executable)
        return f"{status.st_mtime_ns:x}{status.st_size:x}"
    digest = hashlib.sha256()
    for source in sorted(reached):
        digest.update(hashlib.sha256((_source(source) or "").encode()).digest())
    return digest.hexdigest()[:12]
