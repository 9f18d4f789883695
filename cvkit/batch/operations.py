"""What can run over many images: one table, made from the library's own functions and their signatures."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import cvkit
from cvkit import _validate
from cvkit.batch.parameters import Parameter, parameters_of
from cvkit.intensity.threshold import FINDERS

# The format of results that are not images as they came: derivatives and other colors are signed or not
# whole, features are vectors or have many channels, regions are measured. All others keep the format of their
# source.
_FORMATS = {
    "bilinear_sample": "npy",
    "channel_features": "npz",
    "distance_transform": "tiff",
    "gabor_filter": "npz",
    "harris": "tiff",
    "histogram": "npz",
    "flood_fill": "npz",
    "hog": "npz",
    "integral_image": "npz",
    "label": "csv",
    "laplacian": "tiff",
    "laplacian_of_gaussian": "tiff",
    "ldcf_features": "npz",
    "match_template": "tiff",
    "local_binary_pattern": "tiff",
    "minimum_eigenvalue": "tiff",
    "prewitt": "tiff",
    "rgb_to_hls": "tiff",
    "rgb_to_hsv": "tiff",
    "rgb_to_lab": "tiff",
    "rgb_to_luv": "tiff",
    "rgb_to_xyz": "tiff",
    "rgb_to_ycrcb": "tiff",
    "roberts": "tiff",
    "scharr": "tiff",
    "sobel": "tiff",
    "watershed": "npy",
}

# Operation and parameter whose value may be the name of what finds it in an image.
_FOUND = {"threshold": {"value": FINDERS}}

NOT_COMMANDS = (
    "draw_contours",
    "fast_corners",
    "find_contours",
    "good_features",
    "hough_circles",
    "hough_lines",
    "hough_segments",
    "orb",
    "otsu_threshold",
    "triangle_threshold",
)
"""Functions of an image that no command runs: they give numbers, points or contours, which are no file."""


@dataclass(frozen=True)
class Operation:
    """A function of one image, and what is known of it.

    Attributes
    ----------
    name : str
        As in commands and recipes.
    function : callable
        Takes an image and the parameters.
    format : str
        The format of its results, unless the caller wants another: an ending, or "keep" for the source's.
    """

    name: str
    function: Callable[..., Any]
    format: str = "keep"

    @functools.cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The options, by name."""
        return {parameter.name: parameter for parameter in parameters_of(self.function)}

    @property
    def summary(self) -> str:
        """The first line of the function's documentation."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0].replace("``", "")

    def check(self, given: Mapping[str, Any]) -> None:
        """Raise ``TypeError`` where a parameter is unknown or missing."""
        for name in given:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise TypeError(f"{self.name} has no parameter {name!r}; it has: {known}")
        for parameter in self.parameters.values():
            if parameter.is_required and parameter.name not in given:
                raise TypeError(f"{self.name} needs the parameter {parameter.name!r}")

    def find(self, image: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Find the parameters that are given by the name of a method, such as Otsu's threshold."""
        return {
            name: finders[given[name]](image)
            for name, finders in _FOUND.get(self.name, {}).items()
            if isinstance(given[name], str) and given[name] in finders
        }


def gray(image: Any) -> Any:
    """Gray values of a color image; a gray image stays as it is.

    Parameters
    ----------
    image : array, (H, W), (H, W, 3) or (H, W, 4)
        The image; its alpha does not count.

    Returns
    -------
    array, (H, W)
        As :func:`cvkit.rgb_to_gray` gives it.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.batch.operations import gray
    >>> gray(np.full((1, 2, 4), 90, np.uint8))
    array([[90, 90]], dtype=uint8)
    """
    if image.ndim == 2:
        return image
    return cvkit.rgb_to_gray(np.ascontiguousarray(image[..., :3]) if image.shape[2] == 4 else image)


@functools.cache
def image_operations() -> dict[str, Operation]:
    """Return the table: every public function of an image that gives an array, and ``gray``.

    Returns
    -------
    dict
        Name to :class:`Operation`, sorted by name.

    Examples
    --------
    >>> from cvkit.batch import image_operations
    >>> list(image_operations()["canny"].parameters)
    ['low', 'high', 'ksize', 'l2_gradient', 'sigma']
    """
    table = {"gray": Operation("gray", gray)}
    for name, module in cvkit._FUNCTIONS.items():
        if name in NOT_COMMANDS:
            continue
        function = getattr(importlib.import_module(module), name)
        if next(iter(inspect.signature(function).parameters), None) == "image":
            table[name] = Operation(name, function, _FORMATS.get(name, "keep"))
    return dict(sorted(table.items()))


def find_operation(name: str) -> Operation:
    """Look an operation up; a hyphen counts as an underscore."""
    return image_operations()[
        _validate.one_of(name.replace("-", "_"), tuple(image_operations()), "operation")
    ]
