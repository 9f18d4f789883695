"""Classical computer vision and machine learning on every CPU and any CUDA GPU.

Functions take images as ``(H, W)`` or ``(H, W, C)`` arrays, RGB, and stacks as ``(N, H, W, C)``. They run
where the array lives: NumPy on the CPU, anything with ``__cuda_array_interface__`` on its GPU. Names are
loaded when they are first used, so that ``import cvkit`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

from cvkit._version import __version__

# Public name -> the module that defines it.
_FUNCTIONS = {
    "get_num_threads": "cvkit._jit",
    "hog": "cvkit.features.hog",
    "read_image": "cvkit.io",
    "resize": "cvkit.geometry.resize",
    "rgb_to_bgr": "cvkit.color",
    "rgb_to_gray": "cvkit.color",
    "set_num_threads": "cvkit._jit",
    "to_device": "cvkit._dispatch",
    "to_host": "cvkit._dispatch",
    "write_image": "cvkit.io",
}
_MODULES = ("batch", "color", "compare", "detect", "features", "filters", "geometry", "io", "ml")

__all__ = ["__version__", *_FUNCTIONS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        value = getattr(importlib.import_module(_FUNCTIONS[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"cvkit.{name}")
    else:
        raise AttributeError(f"module 'cvkit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
