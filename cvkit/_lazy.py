"""Public names that are imported when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: dict[str, Any], modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : dict
        The package's ``globals()``, which has ``__all__``.
    modules : mapping
        The module that defines each name; a name that is no attribute of it stands for the module itself.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        module = importlib.import_module(modules[name])
        value = module if modules[name] == f"{package['__name__']}.{name}" else getattr(module, name)
        package[name] = value
        return value

    return load, lambda: sorted(package["__all__"])
