"""What a row of the table of image operations holds, and the tolerances that rows share."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cvkit._dispatch import Array, to_device, to_host
from cvkit._jit_cuda import on_device

# Makes something of an image.
Once = Callable[[Any], Any]


@dataclass(frozen=True)
class Tolerance:
    """How far a result may be from its reference.

    Parameters
    ----------
    absolute : float
        Accepted difference of a value.
    relative : float
        Accepted difference as a share of the reference's value range, added to ``absolute``.
    exceptions : float
        Share of values that may differ by more.
    """

    absolute: float = 0.0
    relative: float = 0.0
    exceptions: float = 0.0


EXACT = Tolerance()
# Float results against a reference that sums in another order.
FLOAT = Tolerance(relative=1e-5)
# The same for float images of one pixel, whose values have no range of their own but 0 to 255.
FLOAT_255 = Tolerance(absolute=1e-6 * 255)


@dataclass(frozen=True)
class Case:
    """One row: an operation with parameters, on one kind of image, against one reference.

    Parameters
    ----------
    operation : str
        Public name, ``cvkit.<operation>``.
    name : str
        Parameters that tell this row from the operation's others; unique within the operation.
    ours, reference : callable
        Take an image (``ours`` also a device array) and return the result.
    against : str
        ``"opencv"``, ``"scikit-image"``, ``"scipy"``, ``"pillow"`` or ``"naive"``.
    tolerance : Tolerance
        How far ``ours`` may be from ``reference``.
    device_tolerance : Tolerance
        How far the CUDA twin may be from the CPU twin.
    dtype : str
        dtype of the image.
    channels : int
        Channels of the image.
    bar : float or None
        Largest accepted ratio of cvkit's time to the reference's, 1920x1080, one thread each.
    minimum_shape : tuple of int
        Smallest (height, width) the reference accepts.
    opencv : tuple of int
        Major versions of OpenCV whose result the row demands.
    other_on_arm : tuple of int
        Those that have code of their own for ARM, with another result: there the row does not demand theirs.
    """

    operation: str
    name: str
    ours: Callable[[Array], Array]
    reference: Callable[[np.ndarray], np.ndarray]
    against: str = "opencv"
    tolerance: Tolerance = EXACT
    device_tolerance: Tolerance = EXACT
    dtype: str = "uint8"
    channels: int = 1
    bar: float | None = None
    minimum_shape: tuple[int, int] = (1, 1)
    opencv: tuple[int, ...] = (4, 5)
    other_on_arm: tuple[int, ...] = ()

    def demands(self, version: int) -> bool:
        """Tell whether the result is to be that of a major version of OpenCV, on this processor."""
        on_arm = platform.machine().lower() in ("aarch64", "arm64")
        return version in self.opencv and not (on_arm and version in self.other_on_arm)

    @property
    def label(self) -> str:
        """Operation, parameters and kind of image in one string, unique in the table."""
        return f"{self.operation}[{self.name}]-{self.dtype}x{self.channels}"


def image_size(image: Array) -> tuple[int, int]:
    """Return height and width of an image or a stack."""
    height, width = image.shape[1:3] if image.ndim == 4 else image.shape[:2]
    return int(height), int(width)


def changed(image: Array, change: Callable[[np.ndarray], np.ndarray]) -> Array:
    """Return what ``change`` makes of an image, where the image is."""
    result = change(to_host(image))
    return to_device(result) if on_device(image) else result


def made_once(make: Callable[[np.ndarray], np.ndarray]) -> Once:
    """Return a function that makes something of an image, where it is, and keeps it until another comes.

    So it costs no time where an operation on it is timed.
    """
    latest: list[Any] = [None, None]

    def made(image: Array) -> Array:
        if latest[0] is not image:
            latest[:] = image, changed(image, make)
        return latest[1]

    return made
