"""Change the size of an image."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, Batch

# Weights of OpenCV's INTER_LINEAR_EXACT: the two of an axis sum to 1 << 8, so that a value times the weights
# of both axes fills 24 bits and nothing is lost before the one rounding at the end.
_EXACT_BITS = 8


def resize(image: Array, output_shape: tuple[int, int], *, interpolation: str = "bilinear_exact") -> Array:
    """Resize an image by interpolation, with pixel centres aligned as in OpenCV.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8
        The image or stack.
    output_shape : (int, int)
        Height and width of the result, in pixels.
    interpolation : {"bilinear_exact"}
        ``"bilinear_exact"`` rounds once, at the end, with weights of 8 bits.

    Returns
    -------
    array
        The resized image, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, a size below 1 or an unknown interpolation.

    Notes
    -----
    ``"bilinear_exact"`` equals ``cv2.resize(..., interpolation=cv2.INTER_LINEAR_EXACT)`` byte for byte.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.resize(np.array([[0, 100]], np.uint8), (1, 4))
    array([[  0,  25,  75, 100]], dtype=uint8)
    """
    batch = Batch.of(image, dtypes=(np.uint8,))
    _validate.one_of(interpolation, ("bilinear_exact",), "interpolation")
    height, width = _validate.output_shape(output_shape)
    kernels = batch.kernels("cvkit.geometry", "resize")
    count, source_height, source_width, channels = batch.shape
    out = batch.empty((count, height, width, channels))
    kernels.bilinear_exact(
        batch.array, *_linear_table(source_height, height), *_linear_table(source_width, width), out
    )
    return batch.restore(out)


def _linear_table(source_size: int, target_size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each target index: the first of two source indices, and the fixed-point weight of the second."""
    position = (np.arange(target_size) + 0.5) * (source_size / target_size) - 0.5
    # Beyond the outermost centres the outermost pixel counts alone. The pair stays inside the image there,
    # so that kernels need no test.
    position = position.clip(0, source_size - 1)
    first = np.minimum(np.floor(position), max(source_size - 2, 0))
    weight = np.rint((position - first) * (1 << _EXACT_BITS))
    return first.astype(np.uint32), weight.astype(np.uint16)
