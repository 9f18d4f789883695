"""Two images that are combined or compared value by value."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack


def pair_of_images(
    a: Array,
    b: Array,
    *,
    dtypes: tuple[type, ...] = _validate.IMAGE_DTYPES,
    channels: tuple[int, ...] | None = (1, 2, 3, 4),
    out: Array | None = None,
) -> tuple[ImageStack, ImageStack]:
    """Check two images of one shape and dtype on one device, and view them as stacks."""
    first = ImageStack.of(a, dtypes=dtypes, channels=channels, name="a", out=out)
    second = ImageStack.of(b, dtypes=(first.dtype.type,), channels=channels, name="b")
    shapes = [tuple(np.shape(image)) for image in (a, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"a and b must have the same shape, got {shapes[0]} and {shapes[1]}")
    if first.is_on_device != second.is_on_device:
        raise ValueError("a and b must live on the same device, got one NumPy and one device array")
    return first, second
